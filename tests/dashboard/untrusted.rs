//! What somebody else wrote reaches no screen and no clipboard as it is.

use std::sync::Arc;

use httpwhy::dashboard::Effect;
use httpwhy::export::escape::is_unsafe;

use super::screen::{app, buffer, press, snapshot};
use super::support::export::captured;
use super::support::planter::{MARK, Planter};
use super::support::script::{Connection, Side};

/// What terminals obey, or hide.
const HOSTILE: &[&str] = &[
    "\u{1b}]0;owned\u{7}",
    "\u{1b}]52;c;b3duZWQ=\u{7}",
    "\u{1b}[2J\u{1b}[31m",
    "\u{9b}2J",
    "a\u{8}\u{8}b",
    "gpj.\u{202e}exe",
    "in\u{200b}vis\u{2060}ible\u{feff}",
    "line\u{2028}para\u{2029}",
    "tag\u{e0041}\u{e007f}",
    "\u{ad}\u{180e}\u{115f}\u{3164}\u{ffa0}",
];

const SCREENS: &[&str] = &[
    "", "2", "2⏎", "2⏎⇥", "2R", "2⏎R", "3", "3⏎", "4", "4⏎", "5", "5j", "5jj", "5jjj", "5⏎", "5j⏎",
];

#[test]
fn nothing_that_a_terminal_obeys_is_drawn_or_copied() {
    for hostile in HOSTILE {
        let tower = "\u{301}".repeat(300);
        let request = format!(
            "G{hostile}ET /{hostile}/{hostile}?{hostile} HTTP/1.1\r\nHost: {hostile}\r\n\
             X-{hostile}: e{tower}\r\nUpgrade: {hostile}\r\nContent-Length: {}\r\n\r\n{hostile}",
            hostile.len()
        );
        let response = format!(
            "HTTP/1.1 500 {hostile}\r\nServer: {hostile}\r\nTransfer-Encoding: chunked\r\n\r\n\
             3\r\nabc\r\n0\r\nX: {hostile}\r\n\r\n"
        );
        let script = Connection::new("10.9.1.2:49690", "10.9.1.1:80")
            .client_says(request)
            .server_says(response)
            .server_says(hostile.as_bytes())
            .closed_by(Side::Server)
            .into();
        let snapshot = Arc::new(snapshot(captured(&script)));
        for keys in SCREENS {
            for (columns, rows) in [(120, 36), (200, 60), (80, 24), (40, 10), (20, 5)] {
                let mut app = app(&format!("{hostile}.pcap"), &snapshot);
                press(&mut app, keys);
                for cell in &buffer(&mut app, columns, rows).content {
                    let symbol = cell.symbol();
                    let odd = symbol.chars().any(is_unsafe) || symbol.chars().count() > 5;
                    assert!(!odd, "{symbol:?} of {hostile:?} after {keys:?}");
                }
            }
        }
        let mut app = app("x.pcap", &snapshot);
        for letter in "ucefsjh".chars() {
            let Some(Effect::Copy(text)) = press(&mut app, &format!("2y{letter}")) else {
                panic!("{letter} copies nothing");
            };
            let odd = |one: char| one != '\n' && is_unsafe(one);
            assert!(!text.contains(odd), "{letter}: {text:?}");
        }
    }
}

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
    for _ in 0..60 {
        for letter in "ucefsjh".chars() {
            if let Some(Effect::Copy(text)) = press(&mut app, &format!("y{letter}")) {
                assert!(!text.contains(MARK), "{letter}: {text}");
            }
        }
        press(&mut app, "j");
    }
    for letter in "jhJH".chars() {
        let Some(Effect::Save { octets, .. }) = press(&mut app, &format!("w{letter}")) else {
            panic!("{letter} saves nothing");
        };
        let text = String::from_utf8(octets).unwrap();
        assert!(text.contains("<hidden>") && !text.contains(MARK), "{letter}: {text}");
    }
}
