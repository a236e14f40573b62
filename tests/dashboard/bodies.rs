//! Bodies in the full view: pretty, as sent, in hexadecimal; without secrets in each of them; and what is
//! not kept is said.

use std::io::Write;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use httpwhy::dashboard::{App, Effect, Options};
use httpwhy::snapshot::Snapshot;

use super::screen::{app, picture, press, snapshot};
use super::support::export::captured;
use super::support::script::{Connection, Side};

const CANARY: &str = "CANARY5f0c";

/// A login: JSON there, gzip in chunks back.
fn login() -> Arc<Snapshot> {
    let asked = format!("{{\"user\":\"ada\",\"password\"\n:\"{CANARY}\",\"n\":[1.50,2]}}");
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    write!(gzip, "{{\"token\":\"{CANARY}\",\"ok\":true}}").unwrap();
    let gzip = gzip.finish().unwrap();
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n\
         Transfer-Encoding: chunked\r\n\r\n{:x}\r\n",
        gzip.len()
    )
    .into_bytes();
    answer.extend_from_slice(&gzip);
    answer.extend_from_slice(b"\r\n0\r\n\r\n");
    let script = Connection::new("10.9.1.2:49690", "10.9.1.1:80")
        .client_says(format!(
            "POST /login HTTP/1.1\r\nHost: shop.example\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{asked}",
            asked.len()
        ))
        .server_says(answer)
        .closed_by(Side::Client)
        .into();
    Arc::new(snapshot(captured(&script)))
}

#[test]
fn bodies_are_pretty_as_sent_or_hexadecimal() {
    let mut app = app("login.pcap", &login());
    press(&mut app, "2⏎");
    let pretty = picture(&mut app, 160, 60);
    for word in [
        "Request, body pretty",
        "Response, body pretty",
        "b raw  x hex",
        "│   \"user\": \"ada\",",
        "│   \"password\": \"<hidden>\",",
        "│     1.50,",
        "(gzip taken off)",
        "│   \"token\": \"<hidden>\",",
    ] {
        assert!(pretty.contains(word), "{word}: {pretty}");
    }
    press(&mut app, "b");
    assert!(picture(&mut app, 160, 60).contains("body raw; b pretty  x hex"));
    press(&mut app, "jk");
    let raw = picture(&mut app, 160, 60);
    for word in
        ["Request, body raw", "b pretty  x hex", "{\"user\":\"ada\",\"password\"", ":\"<hidden>\","]
    {
        assert!(raw.contains(word), "{word}: {raw}");
    }
    press(&mut app, "xjk");
    let hex = picture(&mut app, 160, 60);
    for word in
        ["Request, body hex", "b text", "000000  7b 22 75 73 65 72 22 3a", "{\"user\":\"ada\",\"p"]
    {
        assert!(hex.contains(word), "{word}: {hex}");
    }
    assert!(hex.contains("with <hidden> where secrets were"), "{hex}");
    // Back to the text as it was before.
    press(&mut app, "xjk");
    assert_eq!(picture(&mut app, 160, 60), raw);
    press(&mut app, "xbjk");
    assert_eq!(picture(&mut app, 160, 60), raw);
}

#[test]
fn no_form_of_a_body_shows_a_secret_until_it_is_revealed() {
    // The canary as hexadecimal shows it, in the columns that each size has room for.
    let hex: String = CANARY.bytes().map(|octet| format!("{octet:02x}")).collect();
    let drawn = |keys: &str, columns: u16| {
        let mut app = app("login.pcap", &login());
        press(&mut app, keys);
        let mut text = String::new();
        for _ in 0..60 {
            text.push_str(&picture(&mut app, columns, 40));
            press(&mut app, "j");
        }
        text.retain(|one| !one.is_whitespace());
        text
    };
    for columns in [200, 120, 80, 40] {
        for keys in ["2⏎", "2⏎b", "2⏎x", "2⏎⇥", "2⏎⇥b", "2⏎⇥x"] {
            let text = drawn(keys, columns);
            assert!(!text.contains(CANARY), "{keys} {columns}");
            assert!(!text.contains(&hex[..8]), "{keys} {columns}");
        }
    }
    assert!(drawn("2R⏎", 120).contains(CANARY));
    assert!(drawn("2R⏎x", 200).contains(&hex[..8]));
}

/// A long download, of which lists keep the front.
fn download() -> Arc<Snapshot> {
    let body = "0123456789abcdef".repeat(100);
    let script = Connection::new("10.9.1.2:49690", "10.9.1.1:80")
        .client_says("GET /big HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        .server_says(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
        .closed_by(Side::Client)
        .into();
    Arc::new(snapshot(captured(&script)))
}

#[test]
fn what_is_not_kept_of_a_body_is_said() {
    // Live, where no packets are kept.
    let options = Options { source: "lo".to_owned(), live: true, ..Options::default() };
    let mut app = App::new(options);
    app.update(download(), None);
    assert_eq!(press(&mut app, "2⏎"), None);
    let live = picture(&mut app, 120, 60);
    assert!(live.contains("(512 B of 1.6 kB as sent are kept; dashboard --body"), "{live}");
    // Of a file it is read again.
    let options = Options { source: "x.pcap".to_owned(), again: true, ..Options::default() };
    let mut app = App::new(options);
    let kept = download();
    app.update(Arc::clone(&kept), None);
    assert_eq!(press(&mut app, "2⏎"), Some(Effect::Recall(1)));
    assert!(picture(&mut app, 120, 60).contains("being read again"));
    let mut whole = kept.whole(1).unwrap().clone();
    let exchange = Arc::make_mut(&mut whole.exchange);
    exchange.response.as_mut().unwrap().preview = "0123456789abcdef".repeat(100).into_bytes();
    app.recall(1, Some(whole));
    let all = picture(&mut app, 120, 60);
    assert!(!all.contains("being read again") && !all.contains("are kept"), "{all}");
    // Where that is not enough either, it is said what is.
    app.recall(1, kept.whole(1).cloned());
    assert!(picture(&mut app, 120, 60).contains("--extract DIR saves whole bodies"));
}
