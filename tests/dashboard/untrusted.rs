//! Secrets reach no screen, no clipboard and no file until they are revealed.

use std::sync::Arc;

use httpwhy::dashboard::Effect;

use super::screen::{app, buffer, press, snapshot};
use super::support::export::captured;
use super::support::planter::{MARK, Planter};
use super::support::script::{Connection, Side};

const SCREENS: &[&str] = &[
    "", "2", "2⏎", "2⏎⇥", "2⏎b", "2⏎x", "2⏎⇥b", "2⏎⇥x", "2x", "2o", "2R", "2⏎R", "3", "3⏎", "4",
    "4⏎", "4o", "5", "5j", "5jj", "5jjj", "5⏎", "5j⏎",
];

#[test]
fn secrets_are_not_drawn_until_they_are_revealed() {
    const CANARY: &str = "CANARY5f0c";
    let script = Connection::new("10.9.1.2:49690", "10.9.1.1:80")
        .client_says(format!(
            "POST /login?access_token={CANARY} HTTP/1.1\r\nHost: u:{CANARY}@shop.example\r\n\
             Authorization: Bearer {CANARY}\r\nCookie: sid={CANARY}\r\nContent-Length: 17\r\n\r\n\
             password={CANARY}"
        ))
        .server_says(format!(
            "HTTP/1.1 502 Bad Gateway\r\nSet-Cookie: sid={CANARY}; Path=/\r\n\
             Location: https://u:{CANARY}@shop.example/\r\nContent-Length: 0\r\n\r\n"
        ))
        .client_says(format!("CONNECT u:{CANARY}@shop.example:443 HTTP/1.1\r\n\r\n"))
        .server_says("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
        .closed_by(Side::Client)
        .into();
    let snapshot = Arc::new(snapshot(captured(&script)));
    let text = |keys: &str, columns, rows| {
        let mut app = app("x.pcap", &snapshot);
        press(&mut app, keys);
        let drawn = buffer(&mut app, columns, rows);
        drawn.content.iter().map(|cell| cell.symbol()).collect::<String>()
    };
    for keys in SCREENS.iter().filter(|keys| !keys.contains('R')).chain(&["2j", "2j⏎", "2jo"]) {
        for (columns, rows) in [(200, 60), (120, 36), (80, 24), (40, 10)] {
            assert!(!text(keys, columns, rows).contains(CANARY), "{keys} {columns}x{rows}");
        }
    }
    assert!(text("2R", 200, 60).contains(CANARY));
}

#[test]
fn no_planted_secret_is_drawn_copied_or_saved() {
    let snapshot = Arc::new(snapshot(captured(&Planter::new(0xda5b).script())));
    for keys in SCREENS.iter().filter(|keys| !keys.contains('R')) {
        let mut app = app("x.pcap", &snapshot);
        press(&mut app, keys);
        for _ in 0..20 {
            let drawn = buffer(&mut app, 160, 50);
            let text: String = drawn.content.iter().map(|cell| cell.symbol()).collect();
            assert!(!text.contains(MARK), "{keys}: {text}");
            press(&mut app, if keys.ends_with('⏎') { "]" } else { "j" });
        }
    }
    let mut app = app("x.pcap", &snapshot);
    press(&mut app, "2");
    let mut bodies = 0;
    for _ in 0..60 {
        for letter in "ucefsjhb".chars() {
            if let Some(Effect::Copy(text)) = press(&mut app, &format!("y{letter}")) {
                assert!(!text.contains(MARK), "{letter}: {text}");
            }
        }
        if let Some(Effect::Save { octets, .. }) = press(&mut app, "wb") {
            bodies += 1;
            let text = String::from_utf8_lossy(&octets);
            assert!(!text.contains(MARK), "{text}");
        }
        press(&mut app, "j");
    }
    assert!(bodies > 0);
    for letter in "jhJH".chars() {
        let Some(Effect::Save { octets, .. }) = press(&mut app, &format!("w{letter}")) else {
            panic!("{letter} saves nothing");
        };
        let text = String::from_utf8(octets).unwrap();
        assert!(text.contains("<hidden>") && !text.contains(MARK), "{letter}: {text}");
    }
}
