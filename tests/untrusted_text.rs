//! What somebody else wrote reaches no output as it is: neither what a terminal would obey, nor
//! secrets.

mod support;

use httpwhy::export::{FORMATS, Options, Secrets, detail, escape};
use support::export::{OPTIONS, captured, exported_with, shown};
use support::random::{Random, rounds};
use support::script::{Connection, Script, Side};

const CANARY: &str = "CANARY5f0c";

/// Secrets wherever traffic carries them.
fn secretive() -> Script {
    let mut request = format!(
        "POST /login?access_token={CANARY}1&x=1 HTTP/1.1\r\nHost: u:{CANARY}2@shop.example\r\n\
         Authorization: Bearer {CANARY}3\r\nProxy-Authorization: Basic {CANARY}4\r\n\
         Cookie: sid={CANARY}5; {CANARY}6\r\nX-Api-Key: {CANARY}7\r\n\
         Referer: http://a:{CANARY}8@shop.example/?sig={CANARY}9\r\n"
    );
    let mut response = format!(
        "HTTP/1.1 302 Found\r\nSet-Cookie: sid={CANARY}a; Path=/; HttpOnly\r\n\
         Set-Cookie: path={CANARY}b\r\nLocation: https://u:{CANARY}c@shop.example/#id_token={CANARY}d\r\n\
         Authentication-Info: nextnonce=\"{CANARY}e\"\r\nTransfer-Encoding: chunked\r\n\
         Trailer: X-Session-Token\r\n"
    );
    // Many more, so that no single case is all there is to it.
    for number in 0..50 {
        request.push_str(&format!("X-Token-{number}: {CANARY}r{number}\r\n"));
        response.push_str(&format!("X-Secret-{number}: {CANARY}s{number}\r\n"));
    }
    let body = format!("user=a&password={CANARY}f&x=1");
    request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    let body = format!("{{\"token\":\"{CANARY}g\",\"n\":1}}");
    let chunk = format!("{:x}\r\n{body}\r\n", body.len());
    response.push_str(&format!("\r\n{chunk}0\r\nX-Session-Token: {CANARY}h\r\n\r\n"));
    Connection::new("10.9.1.2:49690", "10.9.1.1:80")
        .client_says(request)
        .server_says(response)
        .client_says(format!("CONNECT u:{CANARY}i@shop.example:443 HTTP/1.1\r\n\r\n"))
        .server_says("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
        .closed_by(Side::Client)
        .into()
}

/// Everything that every format makes of a script.
fn outputs(script: &Script, options: Options) -> Vec<(String, String)> {
    let text = |octets| String::from_utf8(octets).expect("outputs are UTF-8");
    let mut all = vec![("show".to_owned(), text(shown(captured(script), options)))];
    for format in FORMATS {
        let preview = detail::PREVIEW_OCTETS;
        let made = exported_with(captured(script), format.name, options, preview);
        all.push((format.name.to_owned(), text(made)));
    }
    all
}

#[test]
fn secrets_are_hidden_in_every_output() {
    for (format, output) in outputs(&secretive(), OPTIONS) {
        if let Some(at) = output.find(CANARY) {
            let begin = at.saturating_sub(80);
            panic!("{format} tells a secret: {}", output.get(begin..at + 20).unwrap_or(&output));
        }
        // Two formats show no captured text but names of servers.
        if !["text", "prom"].contains(&format.as_str()) {
            let hidden = output.contains("<hidden>") || output.contains("&lt;hidden&gt;");
            assert!(hidden, "{format}");
        }
    }
}

#[test]
fn secrets_are_shown_where_that_was_asked_for_and_it_is_said() {
    let options = Options { secrets: Secrets::Shown, ..OPTIONS };
    for (format, output) in outputs(&secretive(), options) {
        // What a rule quotes stays hidden: a finding is made before it is known who reads it.
        let quotes = |line: &&str| line.contains("\"type\":\"finding\"");
        let elsewhere: String = output.lines().filter(|line| !quotes(line)).collect();
        if !["text", "md", "html", "show"].contains(&format.as_str()) {
            assert!(!elsewhere.contains("<hidden>"), "{format}");
        }
        if format == "jsonl" {
            assert!(output.contains("\"secrets_shown\":true"));
            for end in "123456789abcdehi".chars() {
                assert!(output.contains(&format!("{CANARY}{end}")), "{end}");
            }
        }
        if format == "har" {
            assert!(output.contains("\"secretsShown\":true"));
            for end in "123456789abcdefgi".chars() {
                assert!(output.contains(&format!("{CANARY}{end}")), "{end}");
            }
        }
        if ["md", "html"].contains(&format.as_str()) {
            assert!(output.contains("Secrets are shown."));
        }
    }
}

/// What terminals obey, or hide.
const HOSTILE: &[&str] = &[
    "\u{1b}]0;owned\u{7}",
    "\u{1b}]52;c;b3duZWQ=\u{7}",
    "\u{1b}[2J\u{1b}[31m",
    "\u{1b}P1$r\u{1b}\\",
    "\u{9b}2J",
    "a\u{8}\u{8}b",
    "gpj.\u{202e}exe",
    "\u{2066}x\u{2069}\u{61c}\u{200e}",
    "in\u{200b}vis\u{2060}ible\u{feff}",
    "line\u{2028}para\u{2029}",
    "tag\u{e0041}\u{e007f}",
];

#[test]
fn nothing_that_a_terminal_obeys_reaches_an_output() {
    for hostile in HOSTILE {
        let tower = "\u{301}".repeat(300);
        let request = format!(
            "G{hostile}ET /{hostile}?{hostile} HTTP/1.1\r\nHost: {hostile}\r\nX-{hostile}: e{tower}\r\n\
             Upgrade: {hostile}\r\nContent-Length: {}\r\n\r\n{hostile}",
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
        for columns in [None, Some(80), Some(20)] {
            for (format, output) in outputs(&script, Options { columns, ..OPTIONS }) {
                assert!(!output.is_empty(), "{format}");
                // RFC 4180 ends lines so.
                let output = if format == "csv" { output.replace("\r\n", "\n") } else { output };
                // Nothing that was captured makes a cell more.
                let output = if format == "tsv" || format == "fields" {
                    for line in output.lines() {
                        assert_eq!(line.matches('\t').count(), 9, "{format}: {line}");
                    }
                    output.replace('\t', " ")
                } else {
                    output
                };
                let odd = |one: &char| *one != '\n' && escape::is_unsafe(*one);
                if let Some(odd) = output.chars().find(odd) {
                    panic!("{format}: {odd:?} of {hostile:?}\n{}", output.escape_debug());
                }
                // A reader of JSON gets every octet back.
                if !["jsonl", "json", "har"].contains(&format.as_str()) {
                    assert!(!output.contains(&"\u{301}".repeat(5)), "{format}");
                }
            }
        }
    }
}

#[test]
fn with_colours_only_our_own_sequences_come_out() {
    let options = Options { colour: true, ..OPTIONS };
    for (format, output) in outputs(&secretive(), options) {
        for sequence in output.split('\u{1b}').skip(1) {
            let end = sequence.find('m').expect("a sequence of ours ends in m");
            let codes = sequence.get(..end).unwrap();
            assert!(
                codes.starts_with('[')
                    && codes.chars().skip(1).all(|one| one.is_ascii_digit() || one == ';'),
                "{format}: {codes:?}"
            );
        }
    }
}

/// What a terminal did beside showing characters.
#[derive(Default)]
struct Obeyed(Vec<String>);

impl vte::Perform for Obeyed {
    fn print(&mut self, shown: char) {
        if escape::is_unsafe(shown) {
            self.0.push(format!("print {shown:?}"));
        }
    }

    fn execute(&mut self, control: u8) {
        self.0.push(format!("execute {control:#x}"));
    }

    fn hook(&mut self, _: &vte::Params, _: &[u8], _: bool, action: char) {
        self.0.push(format!("hook {action:?}"));
    }

    fn put(&mut self, octet: u8) {
        self.0.push(format!("put {octet:#x}"));
    }

    fn unhook(&mut self) {
        self.0.push("unhook".to_owned());
    }

    fn osc_dispatch(&mut self, parameters: &[&[u8]], _: bool) {
        self.0.push(format!("operating system command {parameters:?}"));
    }

    fn csi_dispatch(&mut self, _: &vte::Params, _: &[u8], _: bool, action: char) {
        self.0.push(format!("control sequence {action:?}"));
    }

    fn esc_dispatch(&mut self, _: &[u8], _: bool, octet: u8) {
        self.0.push(format!("escape sequence {octet:#x}"));
    }
}

/// What a terminal does with a text.
fn obeyed(text: &str) -> Vec<String> {
    let (mut parser, mut obeyed) = (vte::Parser::new(), Obeyed::default());
    parser.advance(&mut obeyed, text.as_bytes());
    obeyed.0
}

/// Octets of the kinds that matter to terminals, in any order.
fn octets_for_a_terminal(random: &mut Random) -> Vec<u8> {
    const PIECES: [&[u8]; 16] = [
        b"\x1b",
        b"[",
        b"]",
        b"P",
        b"\\",
        b"\x07",
        b";",
        b"31m",
        b"52;c;",
        b"\xc2\x9b",
        b"\x9b",
        b"\xe2\x80\xae",
        b"\xcc\x81",
        b"\xf3\xa0\x81\x81",
        b"\r\n",
        b"a",
    ];
    let mut octets = Vec::new();
    for _ in 0..random.between(0, 16) {
        match random.below(4) {
            0 => octets.extend(*random.pick(&PIECES)),
            1 => octets.push(random.next() as u8),
            2 => octets.extend_from_slice(random.pick(HOSTILE).as_bytes()),
            _ => {
                let one = char::from_u32(random.next() as u32 & 0x1f_ffff).unwrap_or('\u{85}');
                octets.extend_from_slice(one.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
    octets
}

/// `HTTPWHY_ROUNDS=10000000 cargo test --release --test untrusted_text terminal` tries ten million.
#[test]
fn a_terminal_only_shows_what_was_made_safe() {
    assert_eq!(obeyed("\u{1b}[31m").len(), 1, "what it obeys is noticed");
    for round in rounds(20_000) {
        let mut random = Random::new(round);
        let octets = octets_for_a_terminal(&mut random);
        let columns = random.between(0, 40);
        for safe in [escape::text(&octets), escape::cut(&octets, columns)] {
            let obeyed = obeyed(&safe);
            assert!(
                obeyed.is_empty(),
                "HTTPWHY_SEED={round}: {octets:?} became {safe:?}: {obeyed:?}"
            );
        }
        assert!(escape::width(&escape::cut(&octets, columns)) <= columns, "HTTPWHY_SEED={round}");
    }
}
