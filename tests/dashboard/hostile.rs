//! What somebody else wrote reaches no terminal as it is: every view, pane, popup and message, as cells and
//! as the octets that are written; the clipboard; the names of files.

use std::sync::Arc;

use crossterm::clipboard::CopyToClipboard;
use crossterm::execute;
use httpwhy::dashboard::{App, Effect, Options, draw};
use httpwhy::export::escape::is_unsafe;
use httpwhy::flow::Trace;
use httpwhy::snapshot::{Ended, Now, Snapshot};
use httpwhy::wire::Endpoint;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};

use super::screen::{buffer, kept, press};
use super::support::export::captured;
use super::support::script::{Connection, Script, Side};

/// What terminals obey, or hide; octets that are no UTF-8, too.
const HOSTILE: &[&[u8]] = &[
    b"\x1b]0;owned\x07",
    b"\x1b]52;c;b3duZWQ=\x07",
    b"\x1b]8;;http://evil.example\x1b\\x\x1b]8;;\x1b\\",
    b"\x1bP+q544e\x1b\\",
    b"\x1b[2J\x1b[38;5;199m\x1b[9;9H",
    b"\x1b[201~\x1b[?1049l\x1bc",
    // C1 as UTF-8, and as single octets.
    "\u{9b}2J\u{9d}0;owned\u{9c}\u{85}".as_bytes(),
    b"\x9b2J\x9d0;owned\x9c\x90x\x84",
    // Overlong, cut, surrogates, beyond.
    b"\xc0\x9b\xe2\x80 \xed\xa0\x80\xf4\x90\x80\x80\xff\xfe",
    b"a\x08\x08b\x0b\x0c\x0e\x0f\x7f\x00",
    "gpj.\u{202e}exe\u{2066}\u{2069}\u{200f}\u{61c}".as_bytes(),
    "in\u{200b}vis\u{2060}ible\u{feff}\u{200d}".as_bytes(),
    "line\u{2028}para\u{2029}".as_bytes(),
    "tag\u{e0041}\u{e007f}\u{fe0f}\u{fff9}".as_bytes(),
    "\u{ad}\u{180e}\u{115f}\u{3164}\u{ffa0}".as_bytes(),
];

/// Every view: tabs, groups, panes, forms of bodies, columns, popups, lines that are typed, messages.
const VIEWS: &[&str] = &[
    "",
    "2",
    "2t",
    "2tt",
    "2c",
    "2cjj jjj jj ⏎",
    "2⏎",
    "2⏎⇥",
    "2⏎⇥⇥",
    "2⏎⇥⇥⇥",
    "2⏎⏎",
    "2⏎⇥⏎",
    "2⏎⇥⇥⏎",
    "2⏎⇥⇥⇥⏎",
    "2⏎⇥⏎x",
    "2⏎b",
    "2⏎x",
    "2⏎⇥x",
    "2⏎jjjjj",
    "2⏎+++lll",
    "2⏎]",
    "2R",
    "2⏎R",
    "2⏎Rb",
    "2⏎Rx",
    "2R⏎jjjjjjjjjjjjjj",
    "3",
    "3⏎",
    "3s",
    "4",
    "4⏎",
    "4o",
    "2o",
    "2⏎o",
    "5",
    "5j",
    "5jj",
    "5jjj",
    "5⏎",
    "5j⏎",
    "5jj⏎",
    "?",
    "2?",
    "5?",
    "2y",
    "2w",
    "2⏎y",
    "2⏎w",
    "2 *",
    "2/",
    "2/path ~ x⏎",
    "2/x⏎/↑",
    "2:77⏎",
    "2:",
    "2yu",
    "2wj",
    "2wP",
    "p",
    "q",
];

/// Traffic with the same in every place that a peer can fill.
fn filled(hostile: &[u8]) -> Script {
    let tower = "\u{301}".repeat(300);
    let says = |text: &str| -> Vec<u8> {
        let mut out = Vec::new();
        for (place, part) in text.split("{}").enumerate() {
            if place > 0 {
                out.extend_from_slice(hostile);
            }
            out.extend_from_slice(part.as_bytes());
        }
        out
    };
    let length = hostile.len();
    let json = says("{\"{}\":[\"{}\",{}],\"{}");
    let request = says(&format!(
        "G{{}}ET /{{}}/{{}}?{{}} HTTP/1.1\r\nHost: {{}}\r\nX-{{}}: e{tower}\r\nX-Forwarded-For: {{}}\r\n\
         Upgrade: {{}}\r\nContent-Length: {length}\r\n\r\n{{}}"
    ));
    let answer = says(
        "HTTP/1.1 500 {}\r\nServer: {}\r\n{}: {}\r\nLocation: {}\r\nContent-Type: {}\r\nTransfer-Encoding: chunked\r\n\r\n3;{}\r\nabc\r\n0\r\nX: {}\r\n\r\n",
    );
    // A head that both would take, so that pairs, endpoints and causes are full of it too.
    let plain = says(
        "POST /{} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nCookie: {}={}\r\nContent-Length: ",
    );
    let plain = [plain, format!("{}\r\n\r\n", json.len()).into_bytes(), json.clone()].concat();
    let refused = [
        says("HTTP/1.1 502 {}\r\nRetry-After: {}\r\nVia: {}\r\nContent-Type: application/json\r\nContent-Length: "),
        format!("{}\r\n\r\n", json.len()).into_bytes(),
        json,
    ]
    .concat();
    let first = Connection::new("10.9.1.2:49690", "10.9.1.1:80")
        .client_says(plain)
        .server_says(refused)
        .client_says(request)
        .server_says(answer)
        .server_says(hostile)
        .closed_by(Side::Server);
    // What is no HTTP at all, and a request that nobody answers.
    let second = Connection::new("10.9.1.3:49691", "10.9.1.1:81")
        .client_says(hostile)
        .server_says(hostile)
        .closed_by(Side::Client);
    let third = Connection::new("10.9.1.4:49692", "10.9.1.1:80")
        .client_says(says("GET /{} HTTP/1.1\r\nHost: {}\r\nReferer: {}\r\n\r\n"))
        .closed_by(Side::Server);
    Script { connections: vec![first, second, third] }
}

/// An app whose file names and errors are hostile, too.
fn shown(snapshot: &Arc<Snapshot>, hostile: &str, live: bool) -> App {
    let options =
        Options { source: format!("{hostile}.pcap"), live, again: !live, ..Options::default() };
    let mut app = App::new(options);
    app.update(Arc::clone(snapshot), Some(38_000_000));
    app
}

/// What an app writes to a terminal of this size.
fn written(app: &mut App, columns: u16, rows: u16) -> Vec<u8> {
    let mut octets = Vec::new();
    let area = Rect::new(0, 0, columns, rows);
    let options = TerminalOptions { viewport: Viewport::Fixed(area) };
    let backend = CrosstermBackend::new(&mut octets);
    let mut terminal = Terminal::with_options(backend, options).unwrap();
    terminal.draw(|frame| draw(app, frame)).unwrap();
    drop(terminal);
    octets
}

/// Holds the cells and the octets against what a terminal may be told by us: text, places, looks, and
/// whether there is a cursor.
fn is_harmless(app: &mut App, (columns, rows): (u16, u16), what: &str) {
    for cell in &buffer(app, columns, rows).content {
        let symbol = cell.symbol();
        let odd = symbol.chars().any(is_unsafe) || symbol.chars().count() > 5;
        assert!(!odd, "{symbol:?} in {what}");
    }
    let octets = written(app, columns, rows);
    let text = String::from_utf8(octets).expect("UTF-8");
    let mut rest = text.as_str();
    while let Some(at) = rest.find(is_unsafe) {
        let sequence = rest[at..].strip_prefix("\u{1b}[");
        let sequence =
            sequence.unwrap_or_else(|| panic!("{:?} in {what}", rest[at..].chars().next()));
        let end = sequence.find(|one: char| one.is_ascii_alphabetic()).unwrap_or(0);
        let (parameters, last) = (&sequence[..end], &sequence[end..=end]);
        let numbers = parameters.chars().all(|one| one.is_ascii_digit() || one == ';');
        let ours = match last {
            "H" => numbers,
            // No theme has this colour, and no picture its place.
            "m" => numbers && !parameters.contains("199"),
            "h" | "l" => parameters == "?25",
            _ => false,
        };
        assert!(ours, "ESC [ {parameters} {last} in {what}");
        rest = &sequence[end + 1..];
    }
}

#[test]
fn nothing_hostile_is_written_in_any_view() {
    for octets in HOSTILE {
        let hostile = String::from_utf8_lossy(octets).into_owned();
        let (keeper, now, statistics) = kept(captured(&filled(octets)));
        let snapshot = Arc::new(keeper.snapshot(now.clone(), &statistics));
        assert!(snapshot.rows.len() > 1, "{hostile:?} makes no exchanges");
        for keys in VIEWS {
            for size in [(120, 36), (80, 24), (40, 10)] {
                let live = *keys == "q";
                let mut app = shown(&snapshot, &hostile, live);
                if let Some(Effect::Trace(wanted)) = press(&mut app, keys) {
                    // The file is gone, or is none any more.
                    app.trace(wanted.connection, Err(format!("cannot read {hostile}")));
                }
                is_harmless(&mut app, size, &format!("{keys:?} with {hostile:?}"));
            }
        }
        // What the outside says, and how reading ended.
        let mut app = shown(&snapshot, &hostile, false);
        app.tell(format!("not saved: {hostile}"));
        is_harmless(&mut app, (120, 36), "a message");
        press(&mut app, "2⏎");
        app.recall(1, None);
        is_harmless(&mut app, (120, 36), "an exchange that is gone");
        for end in [Ended::Failed(hostile.clone()), Ended::Done(vec![hostile.clone()])] {
            let now = Now { end: Some(end), ..now.clone() };
            let ended = Arc::new(keeper.snapshot(now, &statistics));
            for size in [(120, 36), (80, 24), (40, 10), (20, 5)] {
                is_harmless(&mut shown(&ended, &hostile, false), size, "an end");
            }
        }
        // Live, without packets.
        let mut app = shown(&snapshot, &hostile, true);
        press(&mut app, "2⏎o");
        is_harmless(&mut app, (120, 36), "a connection without packets");
        let (client, server) = (Endpoint::v4([10, 9, 1, 2], 1), Endpoint::v4([10, 9, 1, 1], 80));
        app.trace(1, Ok(Trace::new(client, server, 1)));
        is_harmless(&mut app, (120, 36), "a connection without segments");
    }
}

#[test]
fn nothing_hostile_is_copied_or_names_a_file() {
    for octets in HOSTILE {
        let hostile = String::from_utf8_lossy(octets).into_owned();
        let (keeper, now, statistics) = kept(captured(&filled(octets)));
        let snapshot = Arc::new(keeper.snapshot(now, &statistics));
        for secrets in ["", "R"] {
            for letter in "ucefsjhb".chars() {
                let mut app = shown(&snapshot, &hostile, false);
                press(&mut app, secrets);
                let Some(Effect::Copy(text)) = press(&mut app, &format!("2y{letter}")) else {
                    panic!("{letter} copies nothing of {hostile:?}");
                };
                let odd = |one: char| one != '\n' && is_unsafe(one);
                assert!(!text.contains(odd), "{letter}: {text:?}");
                // What goes to the terminal is letters between the two ends of OSC 52.
                let mut written = Vec::new();
                execute!(written, CopyToClipboard::to_clipboard_from(&text)).unwrap();
                let written = String::from_utf8(written).unwrap();
                let inside = written.strip_prefix("\u{1b}]52;c;").and_then(|rest| {
                    rest.strip_suffix("\u{1b}\\").or_else(|| rest.strip_suffix('\u{7}'))
                });
                let base64 = |one: char| one.is_ascii_alphanumeric() || "+/=".contains(one);
                assert!(inside.is_some_and(|inside| inside.chars().all(base64)), "{written:?}");
            }
            for letter in "jhbpJHP".chars() {
                let mut app = shown(&snapshot, &hostile, false);
                press(&mut app, secrets);
                let (name, ending) = match press(&mut app, &format!("2w{letter}")) {
                    Some(Effect::Save { name, ending, .. }) => (name, ending),
                    Some(Effect::SavePackets { name, .. }) => (name, "pcapng"),
                    other => panic!("{letter}: {other:?}"),
                };
                let plain = |one: char| one.is_ascii_alphanumeric() || one == '-';
                assert!(name.chars().all(plain) && ending.chars().all(plain), "{name}.{ending}");
            }
        }
    }
}
