//! The formats that other programs read: CSV, Markdown, HAR and Prometheus's. Golden files
//! (`UPDATE_GOLDEN=1 cargo test --test formats` writes them anew), and what their readers rely on.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use httpwhy::capture::Capture;
use httpwhy::engine::Record;
use httpwhy::error::Error;
use httpwhy::export::{FORMATS, Options, Secrets};
use httpwhy::pipeline;
use httpwhy::units::Duration;
use serde_json::Value;
use support::export::{OPTIONS, captured, exported, exported_with, open};
use support::frames::frames;
use support::link::Encapsulation;
use support::packets::{Stacks, segments};
use support::pcap;
use support::script::{Connection, Script, Side};

/// Samples whose outputs are kept.
const KEPT: &[&str] = &["502-refused.pcap", "truncated-body.pcap", "post-upload.pcap"];

const PREVIEW: usize = 2_048;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The names of all samples.
fn samples() -> Vec<String> {
    let names = fs::read_dir(root().join("samples")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.contains(".pcap")).collect();
    names.sort();
    assert!(names.len() > 20, "{names:?}");
    names.iter().map(|name| format!("samples/{name}")).collect()
}

fn text(octets: Vec<u8>) -> String {
    String::from_utf8(octets).expect("outputs are UTF-8")
}

/// What a format makes of a sample.
fn of(sample: &str, format: &str) -> String {
    text(exported_with(open(sample), format, OPTIONS, PREVIEW))
}

fn har(capture: Capture, options: Options, preview: usize) -> Value {
    let made = text(exported_with(capture, "har", options, preview));
    serde_json::from_str(&made).unwrap_or_else(|error| panic!("{error}: {made}"))
}

fn entries(har: &Value) -> &Vec<Value> {
    har["log"]["entries"].as_array().unwrap()
}

/// Reads CSV as RFC 4180 says; whether a cell stood between quotation marks comes with it.
fn read_csv(csv: &str) -> Vec<Vec<(String, bool)>> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut rest = csv;
    while !rest.is_empty() {
        let (cell, quoted, behind) = match rest.strip_prefix('"') {
            Some(mut inside) => {
                let mut cell = String::new();
                loop {
                    let end = inside.find('"').expect("a closing mark");
                    cell.push_str(&inside[..end]);
                    inside = &inside[end + 1..];
                    match inside.strip_prefix('"') {
                        Some(more) => {
                            cell.push('"');
                            inside = more;
                        }
                        None => break (cell, true, inside),
                    }
                }
            }
            None => {
                let end = rest.find([',', '\r', '\n', '"']).expect("an end of the line");
                (rest[..end].to_owned(), false, &rest[end..])
            }
        };
        row.push((cell, quoted));
        rest = match (behind.strip_prefix(','), behind.strip_prefix("\r\n")) {
            (Some(rest), _) => rest,
            (None, Some(rest)) => {
                rows.push(std::mem::take(&mut row));
                rest
            }
            (None, None) => panic!("neither a comma nor an end of the line: {behind:.20}"),
        };
    }
    assert!(row.is_empty(), "the last line ends as all do");
    rows
}

#[test]
fn outputs_are_as_kept() {
    let folder = root().join("tests/golden/formats");
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    if update {
        fs::create_dir_all(&folder).unwrap();
    }
    for sample in KEPT {
        for format in ["csv", "md", "har", "prom", "html"] {
            let made = of(&format!("samples/{sample}"), format);
            let version = format!("\"version\":\"{}\"", env!("CARGO_PKG_VERSION"));
            let made = made.replace(&version, "\"version\":\"0.0.0\"");
            let version = concat!("by httpwhy ", env!("CARGO_PKG_VERSION"));
            let made = made.replace(version, "by httpwhy 0.0.0");
            let kept = folder.join(format!("{sample}.{format}"));
            if update {
                fs::write(&kept, &made).unwrap();
            }
            let expected = fs::read_to_string(&kept).unwrap_or_default();
            if expected != made {
                let kept = kept.display();
                panic!("{kept} is not as kept (UPDATE_GOLDEN=1 writes it anew):\n{made}");
            }
        }
    }
}

#[test]
fn json_is_one_document_of_the_same_records() {
    for sample in samples() {
        let document: Vec<Value> = serde_json::from_str(&of(&sample, "json")).expect(&sample);
        let lines = of(&sample, "jsonl");
        let records: Vec<Value> =
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(!records.is_empty(), "{sample}: there is a summary in any case");
        assert_eq!(document, records, "{sample}");
    }
}

/// What streams has written an exchange before the next one comes, so that it needs no memory.
#[test]
fn csv_and_har_write_as_they_go() {
    for name in ["csv", "har"] {
        let format = FORMATS.iter().find(|format| format.name == name).unwrap();
        let mut exporter = (format.open)(OPTIONS);
        let (mut out, mut seen) = (Vec::new(), 0);
        exporter.begin(&mut out).unwrap();
        let mut capture = open("samples/pipelining.pcap");
        let run = pipeline::run(&mut capture, pipeline::Options::default(), |record| {
            if let Record::Exchange(id, exchange) = record {
                let before = out.len();
                exporter.exchange(id, exchange, &mut out).unwrap();
                assert!(out.len() > before + 100, "{name}: {id}");
                seen += 1;
            }
            Ok::<_, Error>(ControlFlow::Continue(()))
        });
        let outcome = run.unwrap();
        assert!(seen > 1, "{seen}");
        let before = out.len();
        exporter.end(&outcome.summary, &outcome.statistics, &mut out).unwrap();
        // The line that waited for its verdict.
        assert!(name == "har" || out.len() == before + ",,,\r\n".len());
    }
}

#[test]
fn every_cell_of_csv_is_what_the_records_say() {
    let (mut compared, mut explained) = (0, 0);
    for sample in samples() {
        let records = text(exported(open(&sample), "jsonl", OPTIONS));
        let records = records.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let all: Vec<Value> = records.collect();
        let records: Vec<&Value> =
            all.iter().filter(|record| record["type"] == "transaction").collect();
        let rows = read_csv(&of(&sample, "csv"));
        let (names, rows) = rows.split_first().expect("a header line");
        assert_eq!(rows.len(), records.len(), "{sample}");
        let diagnoses: Vec<&Value> =
            all.iter().filter(|record| record["type"] == "diagnosis").collect();
        for (row, record) in rows.iter().zip(&records) {
            assert_eq!(row.len(), names.len(), "{sample}");
            let cell = |name: &str| {
                let place = names.iter().position(|(column, _)| column == name).expect(name);
                row[place].0.as_str()
            };
            for name in ["id", "time", "client", "server", "connection", "nth", "method", "host"]
                .into_iter()
                .chain(["target", "version", "status", "reason", "unanswered", "pairing"])
                .chain(["request_body_bytes", "response_body_bytes", "missing_bytes"])
                .chain(["request_complete", "response_complete", "tunnelled", "interim_count"])
                .chain(["retransmissions", "completed_packet"])
            {
                let expected = match &record[name] {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                // Text that is no UTF-8, or no text, is written in another way in each.
                if !record[name].is_object() && !expected.contains(char::is_control) {
                    assert_eq!(cell(name), expected, "{sample}: {name}");
                    compared += 1;
                }
            }
            let verdict = diagnoses.iter().find(|one| one["transaction"] == record["id"]);
            for name in ["cause", "confidence", "upstream"] {
                let expected = verdict.and_then(|verdict| verdict[name].as_str());
                assert_eq!(cell(name), expected.unwrap_or_default(), "{sample}: {name}");
            }
            explained += usize::from(verdict.is_some());
            for name in ["connect", "request", "think", "response", "total", "idle_before"] {
                let shown = cell(&format!("{name}_ms"));
                match record[format!("{name}_ns")].as_u64() {
                    None => assert_eq!(shown, "", "{sample}: {name}"),
                    Some(nanos) => {
                        let (_, decimals) = shown.split_once('.').expect("a point");
                        assert_eq!(decimals.len(), 3, "{sample}: {shown}");
                        let micros: u64 = shown.replace('.', "").parse().unwrap();
                        assert!((micros * 1_000).abs_diff(nanos) <= 500, "{sample}: {shown}");
                    }
                }
            }
            for side in ["request", "response"] {
                let packets = &record[format!("{side}_packets")];
                for (index, end) in ["first", "last"].into_iter().enumerate() {
                    let shown = cell(&format!("{side}_{end}_packet"));
                    let expected = packets[index].as_u64().map(|packet| packet.to_string());
                    assert_eq!(shown, expected.unwrap_or_default(), "{sample}");
                }
            }
        }
    }
    assert!(compared > 1_000, "{compared}");
    assert!(explained >= 5, "{explained}");
}

#[test]
fn the_columns_of_csv_are_documented_in_their_order() {
    let page = fs::read_to_string(root().join("docs/csv.md")).unwrap();
    let documented = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let documented: Vec<String> = documented.map(str::to_owned).collect();
    let rows = read_csv(&of("samples/hello.pcap", "csv"));
    let columns: Vec<String> = rows[0].iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(documented, columns, "docs/csv.md");
}

/// Fails where one of the keys is missing or of another type: `s` a string, `n` a number, `l` a
/// list, `o` an object.
fn has(what: &Value, keys: &[(&str, char)]) {
    for (key, kind) in keys {
        let value = &what[key];
        let right = match kind {
            's' => value.is_string(),
            'n' => value.is_number(),
            'l' => value.is_array(),
            _ => value.is_object(),
        };
        assert!(right, "{key} of {what}");
    }
}

#[test]
fn har_has_all_that_its_specification_demands() {
    let mut seen = 0;
    for sample in samples() {
        let made = har(open(&sample), OPTIONS, PREVIEW);
        let log = &made["log"];
        has(log, &[("version", 's'), ("creator", 'o'), ("entries", 'l')]);
        assert_eq!(log["version"], "1.2");
        has(&log["creator"], &[("name", 's'), ("version", 's')]);
        assert!(log.get("pages").is_none());
        assert_eq!(log["_httpwhy"]["exchanges"], entries(&made).len(), "{sample}");
        for entry in entries(&made) {
            let (request, response) = (&entry["request"], &entry["response"]);
            has(
                entry,
                &[("startedDateTime", 's'), ("time", 'n'), ("cache", 'o'), ("timings", 'o')],
            );
            has(entry, &[("serverIPAddress", 's'), ("connection", 's'), ("_httpwhy", 'o')]);
            has(request, &[("method", 's'), ("url", 's'), ("httpVersion", 's'), ("cookies", 'l')]);
            has(request, &[("headers", 'l'), ("queryString", 'l'), ("headersSize", 'n')]);
            has(request, &[("bodySize", 'n')]);
            has(response, &[("status", 'n'), ("statusText", 's'), ("httpVersion", 's')]);
            has(response, &[("cookies", 'l'), ("headers", 'l'), ("content", 'o')]);
            has(response, &[("redirectURL", 's'), ("headersSize", 'n'), ("bodySize", 'n')]);
            has(&response["content"], &[("size", 'n'), ("mimeType", 's')]);
            for list in [&request["headers"], &response["headers"], &request["queryString"]] {
                for pair in list.as_array().unwrap() {
                    has(pair, &[("name", 's'), ("value", 's')]);
                }
            }
            if let Some(data) = request.get("postData") {
                has(data, &[("mimeType", 's'), ("text", 's')]);
            }
            let url = request["url"].as_str().unwrap();
            assert!(url.contains("://") && !url.contains(['"', '<', '>', ' ', '\\']), "{url}");
            let started = entry["startedDateTime"].as_str().unwrap();
            assert!(started.len() == 30 && started.ends_with('Z'), "{started}");
            entry["serverIPAddress"].as_str().unwrap().parse::<std::net::IpAddr>().unwrap();
            timings_add_up(entry);
            let unanswered = entry["_httpwhy"]["unanswered"].is_string();
            if unanswered {
                assert_eq!((&response["status"], &response["statusText"]), (&0.into(), &"".into()));
                assert_eq!(response["_error"], entry["_httpwhy"]["unanswered"]);
            }
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen}");
}

fn timings_add_up(entry: &Value) {
    let timings = entry["timings"].as_object().unwrap();
    let mut names: Vec<&str> = timings.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["blocked", "connect", "dns", "receive", "send", "ssl", "wait"]);
    let known = timings.values().map(|phase| phase.as_f64().unwrap()).filter(|phase| {
        assert!(*phase == -1.0 || *phase >= 0.0, "{timings:?}");
        *phase >= 0.0
    });
    let (sum, time) = (known.sum::<f64>(), entry["time"].as_f64().unwrap());
    assert!((sum - time).abs() < 1e-6, "{sum} is not {time}: {timings:?}");
}

/// A conversation of one request and its response, if any.
fn dialogue(request: impl Into<Vec<u8>>, response: Option<Vec<u8>>) -> Script {
    let connection = Connection::new("10.9.1.2:49690", "10.9.1.1:8080").client_says(request);
    let connection = match response {
        Some(response) => connection.server_says(response),
        None => connection,
    };
    connection.closed_by(Side::Server).into()
}

fn response(fields: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// The only entry that HAR has for a conversation.
fn entry(script: &Script, secrets: Secrets, preview: usize) -> Value {
    let made = har(captured(script), Options { secrets, ..OPTIONS }, preview);
    assert_eq!(entries(&made).len(), 1);
    entries(&made)[0].clone()
}

#[test]
fn har_has_the_url_that_was_asked_for() {
    for (line, host, url) in [
        ("GET /a?b=c", "shop.example", "http://shop.example/a?b=c"),
        ("GET /a", "shop.example:81", "http://shop.example:81/a"),
        ("GET /a", "", "http://10.9.1.1:8080/a"),
        ("GET /a", "x y<z>", "http://10.9.1.1:8080/a"),
        ("GET /a", "[2001:db8::1]:80", "http://[2001:db8::1]:80/a"),
        ("GET http://other.example/x", "shop.example", "http://other.example/x"),
        ("GET http://[2001:db8::1]:81/x?y", "shop.example", "http://[2001:db8::1]:81/x?y"),
        ("GET http://other.example:XXX/x", "shop.example", "http://10.9.1.1:8080/x"),
        ("GET http://u:CANARY@other.example", "shop.example", "http://other.example"),
        ("CONNECT shop.example:443", "shop.example:443", "http://shop.example:443"),
        ("OPTIONS *", "shop.example", "http://shop.example"),
        (
            "GET /a?token=CANARY",
            "u:CANARY@shop.example",
            "http://shop.example/a?token=%3Chidden%3E",
        ),
    ] {
        let request = format!("{line} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let script = dialogue(request, Some(response("", b"")));
        assert_eq!(entry(&script, Secrets::Hidden, 0)["request"]["url"], url, "{line} of {host}");
    }
    let parameters = entry(
        &dialogue("GET /a?b=c&d&e=f=g HTTP/1.1\r\nHost: h\r\n\r\n", Some(response("", b""))),
        Secrets::Hidden,
        0,
    )["request"]["queryString"]
        .clone();
    let expected = [("b", "c"), ("d", ""), ("e", "f=g")]
        .map(|(name, value)| serde_json::json!({"name": name, "value": value}));
    assert_eq!(parameters, Value::from(expected.to_vec()));
}

#[test]
fn har_has_bodies_as_far_as_they_were_kept_and_says_what_is_not_as_sent() {
    const JSON: &str = "Content-Type: application/json\r\n";
    const GZIP: &str = "Content-Encoding: gzip\r\nContent-Type: text/plain\r\n";
    let content = |fields: &str, body: &[u8], secrets, preview| {
        let script = dialogue("GET / HTTP/1.1\r\nHost: h\r\n\r\n", Some(response(fields, body)));
        entry(&script, secrets, preview)["response"]["content"].clone()
    };
    let body = br#"{"user":"a","password":"CANARY"}"#;
    let (hidden, shown) = (Secrets::Hidden, Secrets::Shown);

    let none = content(JSON, body, hidden, 0);
    assert_eq!(none["size"], body.len());
    assert!(none.get("text").is_none() && none.get("comment").is_none(), "{none}");

    let masked = content(JSON, body, hidden, PREVIEW);
    assert_eq!(masked["text"], r#"{"user":"a","password":"<hidden>"}"#);
    assert_eq!(masked["comment"], "secrets are hidden");
    let whole = content(JSON, body, shown, PREVIEW);
    assert_eq!(whole["text"].as_str().unwrap().as_bytes(), body);
    assert!(whole.get("comment").is_none() && whole.get("encoding").is_none(), "{whole}");

    // The cut does not split a character, nor does it show a secret whose end it took.
    let cut = content(JSON, "aé".as_bytes(), hidden, 2);
    assert_eq!(
        (&cut["text"], &cut["comment"]),
        (&"a".into(), &"cut: the first 2 of 3 octets".into())
    );
    let cut = content(JSON, body, hidden, 26);
    assert!(!cut["text"].as_str().unwrap().contains("CAN"), "{cut}");

    let image = content("Content-Type: image/png\r\n", b"\x89PNG", hidden, PREVIEW);
    assert_eq!((&image["text"], &image["encoding"]), (&"iVBORw==".into(), &"base64".into()));
    let half = content("Content-Type: image/png\r\n", b"\x89PNG", hidden, 2);
    assert!(half.get("text").is_none() && half["comment"].is_string(), "{half}");

    // Who can say what is inside?
    let multipart = "Content-Type: multipart/form-data; boundary=x\r\n";
    for (fields, body) in [(GZIP, &b"\x1f\x8b"[..]), (multipart, b"--x"), (JSON, b"\xff")] {
        let left_out = content(fields, body, hidden, PREVIEW);
        assert!(left_out.get("text").is_none(), "{left_out}");
        assert!(left_out["comment"].as_str().unwrap().contains("--show-secrets"), "{left_out}");
        let given = content(fields, body, shown, PREVIEW);
        assert!(given["text"].is_string(), "{given}");
    }
    let coded = content(GZIP, b"\x1f\x8b", shown, PREVIEW);
    assert_eq!((&coded["text"], &coded["encoding"]), (&"H4s=".into(), &"base64".into()));
    assert_eq!(coded["comment"], "content coding gzip still on");
}

#[test]
fn har_has_requests_with_a_body_and_without_an_answer() {
    let request = "POST /login HTTP/1.1\r\nHost: h\r\nContent-Length: 21\r\n\
                   Content-Type: application/x-www-form-urlencoded\r\n\r\nuser=a&password=CANRY";
    let made = entry(&dialogue(request, None), Secrets::Hidden, PREVIEW);
    assert_eq!(made["request"]["postData"]["text"], "user=a&password=<hidden>");
    assert_eq!(made["request"]["bodySize"], 21);
    let response = &made["response"];
    assert_eq!((&response["status"], &response["_error"]), (&0.into(), &"fin".into()));
    assert_eq!((&response["headersSize"], &response["bodySize"]), (&(-1).into(), &(-1).into()));
    assert!(made["timings"]["wait"].as_f64().unwrap() >= 0.0);
    assert!(
        entry(&dialogue(request, None), Secrets::Hidden, 0)["request"].get("postData").is_none()
    );
}

/// What spreadsheets compute, and what Markdown and HTML obey.
const HOSTILE: &[&str] = &[
    "=HYPERLINK(\"http://evil.example\",\"x\")",
    "+1+cmd|'/c calc'!A0",
    "-2+3",
    "@SUM(1,1)",
    "\t=1+1",
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "a|b|c",
    "`x` [y](javascript:z) ![i](http://evil.example/i.png)",
    "**bold** _it_ # h @everyone",
    "http://evil.example/ www.evil.example",
    "</code><b>",
    "\\|\\",
    "\u{1b}[2J\u{202e}",
    "\"} 1\nhttpwhy_packets 7",
];

/// Text wherever a capture and a file name can put it. The exchanges fail, so that they are told.
fn hostile(text: &str) -> Capture {
    hostile_in(text, text)
}

/// The same in a file of this name.
fn hostile_in(name: &str, text: &str) -> Capture {
    let line = text.replace(['\r', '\n'], " ");
    let token = line.replace(' ', "");
    let request = format!(
        "{token} /{line} HTTP/1.1\r\nHost: {line}\r\nUser-Agent: {line}\r\n{token}: {line}\r\n\
         Content-Type: {line}\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    );
    let fields = format!("Content-Type: {line}\r\nLocation: {line}\r\nUpgrade: {line}\r\n");
    let to_proxy = Connection::new("10.9.1.2:49690", "10.9.1.1:80")
        .client_says(request)
        .server_says(format!("HTTP/1.1 500 {line}\r\n{fields}Content-Length: 1\r\n\r\nx"))
        .client_says(format!("GET {token} HTTP/1.1\r\nHost: h\r\nUpgrade: {line}\r\n\r\n"))
        .server_says(format!("HTTP/1.1 5{line} {line}\r\n{fields}Content-Length: 0\r\n\r\n"))
        .server_says(text.as_bytes())
        .closed_by(Side::Server);
    // The cause of a bad gateway quotes what the upstream said.
    let asked = "GET /upstream HTTP/1.1\r\nHost: h\r\n\r\n";
    let failing = Connection::new("10.9.1.2:49691", "10.9.1.1:80")
        .begins(Duration::from_secs(1))
        .client_says(asked)
        .server_says("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
        .after(Duration::from_millis(500))
        .closed_by(Side::Client);
    let upstream = Connection::new("10.9.1.1:40000", "10.9.2.1:9000")
        .begins(Duration::from_millis(1_100))
        .client_says(asked)
        .server_says(format!("{line}\r\n\r\n"))
        .closed_by(Side::Server);
    let script = Script { connections: vec![to_proxy, failing, upstream] };
    let file =
        pcap::pcap(&frames(&segments(&script, &Stacks::default()), &Encapsulation::ethernet()));
    Capture::from_reader(PathBuf::from(name), Box::new(Cursor::new(file))).expect("a capture")
}

#[test]
fn case_103_lines_for_people_have_an_end() {
    let tower = format!("a{}", "\u{301}".repeat(3_000));
    for text_of_all in [&tower, &"long".repeat(3_000)] {
        for format in ["wide", "text", "md"] {
            let shown = text(exported_with(hostile_in("x", text_of_all), format, OPTIONS, PREVIEW));
            let longest = shown.lines().map(|line| line.chars().count()).max().unwrap_or(0);
            let line = shown.lines().find(|line| line.chars().count() == longest).unwrap_or("");
            let front: String = line.chars().take(60).collect();
            assert!((40..8_600).contains(&longest), "{longest} in {format}: {front}");
        }
    }
    // What is long and may be right is whole.
    let target = "a".repeat(4_000);
    let script = dialogue(format!("GET /{target} HTTP/1.1\r\nHost: h\r\n\r\n"), None);
    let file =
        pcap::pcap(&frames(&segments(&script, &Stacks::default()), &Encapsulation::ethernet()));
    let capture = Capture::from_reader(PathBuf::from("long"), Box::new(Cursor::new(file))).unwrap();
    assert!(text(exported_with(capture, "wide", OPTIONS, PREVIEW)).contains(&target));
}

#[test]
fn no_format_obeys_what_somebody_else_wrote() {
    for given in HOSTILE {
        let make = |format| text(exported_with(hostile(given), format, OPTIONS, PREVIEW));

        let rows = read_csv(&make("csv"));
        assert!(rows.len() > 1, "{given}");
        for row in &rows {
            assert_eq!(row.len(), rows[0].len(), "{given}");
            for (cell, quoted) in row {
                assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{given}: {cell}");
                assert!(!cell.contains(char::is_control), "{given}: {cell}");
                assert!(*quoted || !cell.contains(['"', '\'', '<', '=']), "{given}: {cell}");
            }
        }

        let page = make("md");
        for raw in ["<script", "<img", "<b>", "http://", "www.", "\u{1b}", "\u{202e}"] {
            assert!(!page.contains(raw), "{raw} of {given}:\n{page}");
        }
        assert!(page.contains("upstream-invalid-response"), "{given}:\n{page}");
        assert_eq!(page.matches("<code>").count(), page.matches("</code>").count(), "{page}");
        let mut columns = None;
        for line in page.lines() {
            let bars = unescaped(line, '|');
            assert!(columns.is_none_or(|columns| bars == 0 || bars == columns), "{line}");
            columns = (bars > 0).then_some(bars);
            for sign in ['`', '[', ']', '*', '_', '!', '@'] {
                assert_eq!(unescaped(line, sign), 0, "{sign} of {line}");
            }
        }

        let page = make("html");
        assert!(!page.contains(['\u{1b}', '\u{202e}']), "{given}");
        read_html(&page);
        assert!(page.contains("upstream-invalid-response"), "{given}:\n{page}");

        let archive = make("har");
        assert!(!archive.contains(['\u{1b}', '\u{202e}']), "{given}");
        let archive: Value = serde_json::from_str(&archive).unwrap();
        assert!(!entries(&archive).is_empty(), "{given}");

        let innocent = text(exported(hostile("x"), "prom", OPTIONS));
        assert_eq!(names(&make("prom")), names(&innocent), "{given}");
    }
}

/// Reads a page as HTML that closes what it opens, and fails where there is anything that our pages
/// do not have: another element or attribute, a script, a reference. Gives all text.
fn read_html(page: &str) -> String {
    const ELEMENTS: &[&str] = &[
        "html",
        "head",
        "title",
        "style",
        "body",
        "header",
        "h1",
        "h2",
        "h3",
        "p",
        "dl",
        "div",
        "dt",
        "dd",
        "small",
        "figure",
        "figcaption",
        "span",
        "svg",
        "g",
        "rect",
        "ul",
        "li",
        "i",
        "b",
        "section",
        "article",
        "details",
        "summary",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "code",
        "pre",
        "footer",
    ];
    const ATTRIBUTES: &[&str] = &[
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
        "class",
        "id",
        "role",
        "aria-label",
        "aria-hidden",
        "viewBox",
        "preserveAspectRatio",
        "x",
        "y",
        "width",
        "height",
    ];
    let rest = page.strip_prefix("<!doctype html>").expect("a page");
    let style = rest.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    assert!(!style.contains("url(") && !style.contains("@import") && !style.contains('<'));
    let rest = rest.replace(style, "");
    let (mut open, mut text) = (Vec::new(), String::new());
    for (index, part) in rest.split('<').enumerate() {
        let Some((tag, behind)) = part.split_once('>') else {
            assert_eq!((index, part.trim()), (0, ""), "text outside of elements");
            continue;
        };
        assert!(!behind.contains('>'), "{part}");
        text.push_str(behind);
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{part}");
            continue;
        }
        let (tag, closed) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(ELEMENTS.contains(&name) || name == "meta", "{part}");
        while !attributes.is_empty() {
            let (attribute, behind) = attributes.split_once("=\"").expect(attributes);
            assert!(ATTRIBUTES.contains(&attribute), "{attribute} of {part}");
            attributes = behind.split_once('"').expect("an end of the value").1.trim_start();
        }
        if !closed && name != "meta" {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
    text
}

#[test]
fn the_page_for_a_browser_refers_to_nothing_and_counts_everything() {
    for sample in samples() {
        let page = of(&sample, "html");
        let read = read_html(&page);
        assert!(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'\""));
        let records = text(exported(open(&sample), "jsonl", OPTIONS));
        let records: Vec<Value> =
            records.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let of_type = |kind: &str| {
            let kind = kind.to_owned();
            records.iter().filter(move |record| record["type"] == *kind)
        };
        let exchanges = of_type("transaction").count();
        assert!(read.contains(&format!("exchanges{exchanges}")), "{sample}: {exchanges}\n{read}");
        // The legend of the drawing has every exchange once.
        let drawn = page.split_once("Exchanges over time</h2>").map_or("", |(_, behind)| behind);
        let legend = drawn.split_once("<ul class=\"legend\">").map_or("", |(_, behind)| behind);
        let legend = legend.split_once("</ul>").map_or("", |(legend, _)| legend);
        let counts = legend.split("<b>").skip(1).map(|part| part.split_once("</b>").unwrap().0);
        let counts = counts.map(|count| count.replace(',', "").parse::<usize>().unwrap());
        assert_eq!(counts.sum::<usize>(), exchanges, "{sample}");
        // Why exchanges failed, with every packet of the evidence of the first one.
        for verdict in of_type("diagnosis") {
            let cause = verdict["cause"].as_str().unwrap();
            assert!(page.contains(&format!("httpwhy explain {cause}<")), "{sample}: {cause}");
            let upstream = verdict["upstream"].as_str().unwrap_or("");
            assert!(read.contains(upstream), "{sample}: {upstream}");
        }
        for failed in of_type("transaction").filter(|one| one["status"].as_u64() >= Some(500)) {
            let id = failed["id"].as_u64().unwrap();
            assert!(page.contains(&format!("<code>httpwhy show {id} -r")), "{sample}: {id}");
        }
    }
}

/// How often a sign stands without a backslash that makes it text.
fn unescaped(line: &str, sign: char) -> usize {
    let mut escaped = false;
    let count = line.chars().filter(|one| {
        let counts = *one == sign && !escaped;
        escaped = *one == '\\' && !escaped;
        counts
    });
    count.count()
}

/// The metrics of a page, without labels, in their order.
fn names(page: &str) -> BTreeSet<String> {
    read_prometheus(page).into_iter().map(|(metric, _, _)| metric).collect()
}

/// Reads the text exposition format: metric, labels as written, value.
fn read_prometheus(page: &str) -> Vec<(String, String, f64)> {
    let mut typed: Option<(String, String)> = None;
    let mut samples = Vec::new();
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(["gauge", "summary"].contains(&kind), "{line}");
            typed = Some((name.to_owned(), kind.to_owned()));
            continue;
        }
        if line.starts_with("# HELP ") {
            continue;
        }
        let (series, value) = line.rsplit_once(' ').expect("a value");
        let (metric, labels) = match series.split_once('{') {
            Some((metric, labels)) => (metric, labels.strip_suffix('}').expect("an end of labels")),
            None => (series, ""),
        };
        assert_eq!(unescaped(labels, '"') % 2, 0, "{line}");
        let (name, kind) = typed.as_ref().expect("a type before a value");
        let base = match kind.as_str() {
            "summary" => metric.trim_end_matches("_sum").trim_end_matches("_count"),
            _ => metric,
        };
        assert_eq!(base, name, "{line}");
        let plain = |one: char| one.is_ascii_lowercase() || one == '_';
        assert!(metric.starts_with("httpwhy_") && metric.chars().all(plain), "{line}");
        samples.push((metric.to_owned(), labels.to_owned(), value.parse().unwrap()));
    }
    samples
}

#[test]
fn numbers_for_prometheus_agree_with_the_records() {
    for sample in samples() {
        let records = text(exported(open(&sample), "jsonl", OPTIONS));
        let summary: Value = serde_json::from_str(records.lines().last().unwrap()).unwrap();
        let page = of(&sample, "prom");
        assert_eq!(page, of(&sample, "prom"), "{sample}: the same capture, the same octets");
        let read = read_prometheus(&page);
        let series: BTreeSet<(&str, &str)> =
            read.iter().map(|(metric, labels, _)| (metric.as_str(), labels.as_str())).collect();
        assert_eq!(series.len(), read.len(), "{sample}: a series comes once");
        let sum = |metric: &str| -> f64 {
            let metric = format!("httpwhy_{metric}");
            read.iter().filter(|(name, _, _)| *name == metric).map(|(_, _, value)| value).sum()
        };
        let number = |value: &Value| value.as_f64().unwrap();
        for (metric, value) in [
            ("exchanges", &summary["transactions"]),
            ("server_exchanges", &summary["transactions"]),
            ("failed_exchanges", &summary["failed"]),
            ("failures", &summary["failed"]),
            ("packets", &summary["packets"]),
            ("connections", &summary["connections"]),
            ("server_connections", &summary["connections"]),
            ("time_to_first_byte_seconds_count", &summary["think_ns"]["count"]),
        ] {
            assert_eq!(sum(metric), number(value), "{sample}: {metric}");
        }
        let statuses = summary["statuses"].as_object().unwrap().values().map(number);
        assert_eq!(sum("responses"), statuses.sum::<f64>(), "{sample}");
        let skips = summary["skips"].as_object().unwrap().values().map(number);
        assert_eq!(sum("skipped_packets"), skips.sum::<f64>(), "{sample}");
        let totals = records.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let totals = totals.filter_map(|record| record["think_ns"].as_u64()).sum::<u64>();
        let seconds = sum("time_to_first_byte_seconds_sum");
        assert!((seconds - totals as f64 / 1e9).abs() < 1e-6, "{sample}: {seconds}");
    }
}

#[test]
fn the_metrics_for_prometheus_are_documented_in_their_order() {
    let page = fs::read_to_string(root().join("docs/prometheus.md")).unwrap();
    let documented = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    // No sample has a counter of drops, without which there is no metric of them.
    let documented = documented.filter(|metric| *metric != "httpwhy_dropped_packets");
    let documented: Vec<String> = documented.map(str::to_owned).collect();
    let page = of("samples/hello.pcap", "prom");
    let typed = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    let typed: Vec<String> = typed.map(str::to_owned).collect();
    assert_eq!(documented, typed, "docs/prometheus.md");
}

#[test]
fn a_ticket_lists_the_first_failures_and_counts_the_rest() {
    let mut connection = Connection::new("10.9.1.2:49690", "10.9.1.1:80");
    for number in 0..30 {
        connection = connection
            .client_says(format!("GET /orders/{number} HTTP/1.1\r\nHost: shop.example\r\n\r\n"))
            .server_says("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
    }
    let page = text(exported(captured(&connection.closed_by(Side::Client).into()), "md", OPTIONS));
    let (_, failed) = page.split_once("## Failed exchanges\n").unwrap();
    let (failed, behind) = failed.split_once("## ").unwrap();
    let rows: Vec<&str> = failed.lines().filter(|line| line.contains("<code>")).collect();
    assert_eq!(rows.len(), 20, "{page}");
    assert!(rows[0].contains("/orders/0<") && rows[19].contains("/orders/19<"), "{page}");
    assert!(failed.contains("and 10 more."), "{page}");
    assert!(page.contains("| failed | 30 (100.0 %) |") && page.contains("| 503 | 30 |"), "{page}");
    let slowest = behind.lines().filter(|line| line.contains("<code>")).count();
    assert_eq!(slowest, OPTIONS.top, "{page}");
}

/// A rule that speaks of every endpoint has one line for each server, in every format for people.
#[test]
fn one_rule_does_not_fill_the_findings() {
    let mut script = Script::default();
    for number in 0..12_u64 {
        let client = format!("10.9.1.2:{}", 40_000 + number);
        let server = if number < 9 { "10.9.1.1:80" } else { "10.9.1.3:80" };
        let connection = Connection::new(&client, server)
            .begins(Duration::from_millis(number * 50))
            .client_says(format!("GET /place-{number}x HTTP/1.1\r\nHost: shop.example\r\n\r\n"))
            .server_says("HTTP/1.1 500 No\r\nDate: x\r\nContent-Length: 0\r\n\r\n")
            .closed_by(Side::Server);
        script.connections.push(connection);
    }
    let options = Options { top: 100, ..OPTIONS };
    for (format, row) in [("md", "| http-date-invalid |"), ("html", "<td>http-date-invalid</td>")] {
        let page = text(exported(captured(&script), format, options));
        let (_, found) = page.split_once("Findings</h2>").unwrap_or(("", &page));
        let (found, _) = found.split_once("</section>").unwrap_or((found, ""));
        assert_eq!(found.matches(row).count(), 2, "{format}: {page}");
        assert!(page.contains("and 8 × in 8 other places"), "{format}: {page}");
        assert!(page.contains("and 2 × in 2 other places"), "{format}: {page}");
    }
    let report = text(exported(captured(&script), "text", options));
    assert!(report.contains("and 8 × in 8 other places"), "{report}");
}
