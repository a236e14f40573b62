//! A hundred filters, each asked of the program over samples, and each answer computed a second time
//! from the records alone, by code that knows nothing of the filter.

mod support;

use std::collections::BTreeMap;
use std::process::Command;

use regex::Regex;
use serde_json::Value;
use support::records::{self, Said};

/// Read as one capture.
const SAMPLES: &[&str] = &[
    "samples/100-continue.pcap",
    "samples/304-and-ranges.pcap",
    "samples/502-keepalive-race.pcap",
    "samples/503-haproxy-refused.pcap",
    "samples/504-timeout.pcap",
    "samples/chunked-gzip.pcap",
    "samples/chunked-trailers.pcap",
    "samples/connect-tunnel.pcap",
    "samples/head-and-204.pcap",
    "samples/http-1.0-close.pcap",
    "samples/ipv6-vlan.pcap",
    "samples/keep-alive.pcap",
    "samples/no-answers.pcap",
    "samples/pipelining.pcap",
    "samples/post-upload.pcap",
    "samples/proxy-both-sides.pcap",
    "samples/reset-before-response.pcap",
    "samples/slow-response.pcap",
    "samples/smuggling.pcap",
    "samples/truncated-body.pcap",
    "samples/websocket-upgrade.pcap",
];

/// What the records say of an exchange.
struct Told {
    said: Said,
    /// Nanoseconds from the first packet of the capture to its own.
    since: i64,
}

impl std::ops::Deref for Told {
    type Target = Said;

    fn deref(&self) -> &Said {
        &self.said
    }
}

impl Told {
    fn number(&self, key: &str) -> Option<u64> {
        self.exchange[key].as_u64()
    }

    /// Whether a number is there and passes.
    fn is(&self, key: &str, such: impl Fn(u64) -> bool) -> bool {
        self.number(key).is_some_and(such)
    }

    fn status(&self, such: impl Fn(u64) -> bool) -> bool {
        self.is("status", such)
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.exchange[key].as_str()
    }

    fn method(&self, method: &str) -> bool {
        self.text("method") == Some(method)
    }

    fn path(&self) -> Option<&str> {
        let target = self.text("target").filter(|_| !self.method("CONNECT"))?;
        let path = match target.split_once("://") {
            Some((_, rest)) => &rest[rest.find('/').unwrap_or(rest.len())..],
            None => target,
        };
        path.split('?').next()
    }

    fn path_has(&self, pattern: &str) -> bool {
        let pattern = Regex::new(&format!("(?i){pattern}")).unwrap();
        self.path().is_some_and(|path| pattern.is_match(path))
    }

    fn url(&self) -> String {
        match self.text("target") {
            Some(target) if target.starts_with('/') => {
                self.text("host").unwrap_or_default().to_owned() + target
            }
            target => target.unwrap_or_default().to_owned(),
        }
    }

    fn fields(&self, sides: &[&str], name: &str) -> Vec<&str> {
        sides
            .iter()
            .flat_map(|side| self.exchange[*side].as_array().into_iter().flatten())
            .filter(|pair| pair[0].as_str().is_some_and(|found| found.eq_ignore_ascii_case(name)))
            .filter_map(|pair| pair[1].as_str())
            .collect()
    }

    fn asked(&self, name: &str) -> Vec<&str> {
        self.fields(&["request_headers"], name)
    }

    fn answered(&self, name: &str) -> Vec<&str> {
        self.fields(&["response_headers"], name)
    }

    fn either(&self, name: &str) -> Vec<&str> {
        self.fields(&["request_headers", "response_headers"], name)
    }

    fn address(&self, key: &str) -> &str {
        let (address, _) = self.text(key).unwrap().rsplit_once(':').unwrap();
        address.trim_matches(['[', ']'])
    }

    fn port(&self, key: &str) -> u16 {
        self.text(key).unwrap().rsplit(':').next().unwrap().parse().unwrap()
    }

    fn either_address(&self, such: impl Fn(&str) -> bool) -> bool {
        such(self.address("client")) || such(self.address("server"))
    }

    fn millis(&self, key: &str, such: impl Fn(f64) -> bool) -> bool {
        self.is(key, |nanos| such(nanos as f64 / 1e6))
    }

    fn failed(&self) -> bool {
        let cut = self.exchange["response"]["end"].as_str();
        self.status(|status| status >= 500)
            || self.unanswered()
            || self.exchange["response_complete"] == false && matches!(cut, Some("fin" | "reset"))
    }

    fn unanswered(&self) -> bool {
        let reasons = ["fin", "reset-by-client", "reset-by-server", "timeout"];
        self.text("unanswered").is_some_and(|why| reasons.contains(&why))
    }

    fn flaws(&self) -> Vec<&str> {
        ["request", "response"]
            .iter()
            .flat_map(|side| self.exchange[*side]["flaws"].as_array().into_iter().flatten())
            .filter_map(Value::as_str)
            .collect()
    }

    fn grade(&self, such: impl Fn(usize) -> bool) -> bool {
        let grades = ["info", "notice", "warning", "error"];
        self.findings.iter().any(|finding| {
            such(grades.iter().position(|grade| finding["severity"] == **grade).unwrap())
        })
    }

    fn within(&self, side: &str, packet: u64) -> bool {
        let pair = &self.exchange[side];
        pair[0].as_u64().is_some_and(|first| first <= packet)
            && pair[1].as_u64().is_some_and(|last| packet <= last)
    }
}

type Row = (&'static str, fn(&Told) -> bool);

#[rustfmt::skip]
const TABLE: &[Row] = &[
    ("status = 502", |s| s.status(|it| it == 502)),
    ("status != 200", |s| !s.status(|it| it == 200)),
    ("response and status != 200", |s| !s.exchange["response"].is_null() && !s.status(|it| it == 200)),
    ("status >= 500", |s| s.status(|it| it >= 500)),
    ("status > 5xx", |s| s.status(|it| it > 599)),
    ("status in {301, 304, 502..504}", |s| s.status(|it| matches!(it, 301 | 304 | 502..=504))),
    ("status not in 200..299", |s| !s.status(|it| (200..300).contains(&it))),
    ("5xx", |s| s.status(|it| it / 100 == 5)),
    ("2xx or 3xx", |s| s.status(|it| matches!(it / 100, 2 | 3))),
    ("class = 4", |s| s.status(|it| it / 100 == 4)),
    ("not status", |s| s.number("status").is_none()),
    ("http.response.code == 200", |s| s.status(|it| it == 200)),
    ("http.response.code >= 300 && http.response.code < 400", |s| s.status(|it| it / 100 == 3)),
    ("~c 504", |s| s.status(|it| it == 504)),
    ("reason = OK", |s| s.text("reason") == Some("OK")),
    ("http.response.phrase contains \"gateway\"", |s| s.text("reason").is_some_and(|it| it.to_lowercase().contains("gateway"))),
    ("method = POST", |s| s.method("POST")),
    ("method = post", |s| s.method("POST")),
    ("method in {PUT, POST, DELETE}", |s| ["PUT", "POST", "DELETE"].iter().any(|it| s.method(it))),
    ("method != GET", |s| !s.method("GET")),
    ("http.request.method == \"HEAD\"", |s| s.method("HEAD")),
    ("~m CONNECT", |s| s.method("CONNECT")),
    ("~m GET ~c 200", |s| s.method("GET") && s.status(|it| it == 200)),
    ("method ~ ^P", |s| s.text("method").is_some_and(|it| it.to_uppercase().starts_with('P'))),
    ("path = /orders", |s| s.path() == Some("/orders")),
    ("path ~ ^/orders", |s| s.path_has("^/orders")),
    ("path ~ /\\d+$", |s| s.path_has("/[0-9]+$")),
    ("path !~ /o", |s| !s.path_has("/o")),
    ("path and path !~ /o", |s| s.path().is_some() && !s.path_has("/o")),
    ("path contains ORD", |s| s.path().is_some_and(|it| it.to_lowercase().contains("ord"))),
    ("query", |s| s.text("target").is_some_and(|it| it.contains('?'))),
    ("target contains /", |s| s.text("target").is_some_and(|it| it.contains('/'))),
    ("http.request.uri matches \"^/[a-f]\"", |s| s.text("target").is_some_and(|it| Regex::new("(?i)^/[a-f]").unwrap().is_match(it))),
    ("orders", |s| s.url().to_lowercase().contains("orders")),
    ("\"example/o\"", |s| s.url().to_lowercase().contains("example/o")),
    ("url ~ example/", |s| s.url().contains("example/")),
    ("~u shop.*orders", |s| Regex::new("shop.*orders").unwrap().is_match(&s.url())),
    ("host = shop.example", |s| s.asked("host").contains(&"shop.example") || s.url().starts_with("shop.example")),
    ("http.host contains \"app\"", |s| s.asked("host").iter().any(|it| it.contains("app"))),
    ("version = 1.0", |s| s.text("version") == Some("1.0")),
    ("version >= 1.1", |s| s.text("version").is_some_and(|it| it >= "1.1")),
    ("response.version = 1.1", |s| s.text("response_version") == Some("1.1")),
    ("http.response.version == HTTP/1.0", |s| s.text("response_version") == Some("1.0")),
    ("user_agent ~ curl", |s| s.asked("user-agent").first().is_some_and(|it| it.to_lowercase().contains("curl"))),
    ("http.user_agent", |s| !s.asked("user-agent").is_empty()),
    ("content_type = text/html", |s| s.answered("content-type").first().is_some_and(|it| it.split(';').next().unwrap().trim().eq_ignore_ascii_case("text/html"))),
    ("header(\"server\") ~ nginx", |s| s.either("server").iter().any(|it| it.contains("nginx"))),
    ("request.header(\"content-type\")", |s| !s.asked("content-type").is_empty()),
    ("response.header(\"connection\") = close", |s| s.answered("connection").contains(&"close")),
    ("header(\"content-length\") in {0, 6}", |s| s.either("content-length").iter().any(|it| ["0", "6"].contains(it))),
    ("not header(\"date\")", |s| s.either("date").is_empty()),
    ("header(\"transfer-encoding\")", |s| !s.either("transfer-encoding").is_empty()),
    ("~hs content-encoding", |s| !s.answered("content-encoding").is_empty()),
    ("~t html", |s| s.either("content-type").iter().any(|it| it.contains("html"))),
    ("interim = 100", |s| s.exchange["interim"].as_array().unwrap().iter().any(|it| it == 100)),
    ("upgrade = websocket", |s| s.exchange["upgrade"]["protocol"] == "websocket"),
    ("upgrade", |s| !s.exchange["upgrade"].is_null()),
    ("client = 10.1.0.2", |s| s.address("client") == "10.1.0.2"),
    ("client in 10.0.0.0/8", |s| s.address("client").starts_with("10.")),
    ("client not in 10.1.0.0/16", |s| !s.address("client").starts_with("10.1.")),
    ("server = :80", |s| s.port("server") == 80),
    ("server = 10.2.0.2:9001", |s| s.text("server") == Some("10.2.0.2:9001")),
    ("server.port in 9000..9999", |s| (9000..=9999).contains(&s.port("server"))),
    ("tcp.port == 80", |s| s.port("server") == 80 || s.port("client") == 80),
    ("client.port > 50000", |s| s.port("client") > 50000),
    ("ip.addr == 10.1.0.1", |s| s.either_address(|it| it == "10.1.0.1")),
    ("!(ip.addr == 10.1.0.1)", |s| !s.either_address(|it| it == "10.1.0.1")),
    ("ipv6.addr == ::/0 and client ~ :", |s| s.address("client").contains(':') || s.text("client").unwrap().contains(':')),
    ("ip.src == 10.2.0.1", |s| s.address("client") == "10.2.0.1"),
    ("ip.dst in {10.2.0.2, 10.1.0.1}", |s| ["10.2.0.2", "10.1.0.1"].contains(&s.address("server"))),
    ("nth > 1", |s| s.is("nth", |it| it > 1)),
    ("nth = 1 and connection < 100", |s| s.is("nth", |it| it == 1) && s.is("connection", |it| it < 100)),
    ("id <= 10", |s| s.is("id", |it| it <= 10)),
    ("id in {3, 5..7}", |s| s.is("id", |it| matches!(it, 3 | 5..=7))),
    ("packet = 100", |s| s.within("request_packets", 100) || s.within("response_packets", 100) || s.is("completed_packet", |it| it == 100)),
    ("ttfb > 1s", |s| s.millis("think_ns", |it| it > 1_000.0)),
    ("ttfb < 1ms", |s| s.millis("think_ns", |it| it < 1.0)),
    ("http.time > 0.1", |s| s.millis("think_ns", |it| it > 100.0)),
    ("ttfb in 200us..5ms", |s| s.millis("think_ns", |it| (0.2..=5.0).contains(&it))),
    ("total >= 300ms", |s| s.millis("total_ns", |it| it >= 300.0)),
    ("connect > 20us", |s| s.millis("connect_ns", |it| it > 0.02)),
    ("idle > 1ms", |s| s.millis("idle_before_ns", |it| it > 1.0)),
    ("response_time > 100us", |s| s.millis("response_ns", |it| it > 0.1)),
    ("time >= +1s", |s| s.since >= 1_000_000_000),
    ("time < +60s", |s| s.since < 60_000_000_000),
    ("request.bytes > 0", |s| s.is("request_body_bytes", |it| it > 0)),
    ("response.bytes >= 1k", |s| s.is("response_body_bytes", |it| it >= 1_000)),
    ("bytes < 1KiB", |s| s.is("response_body_bytes", |it| it < 1_024)),
    ("retransmissions", |s| s.is("retransmissions", |it| it > 0)),
    ("missing = 0", |s| s.is("missing_bytes", |it| it == 0)),
    ("flaw", |s| !s.flaws().is_empty()),
    ("finding", |s| !s.findings.is_empty()),
    ("finding = server-error-response", |s| s.findings.iter().any(|it| it["rule"] == "server-error-response")),
    ("severity >= warning", |s| s.grade(|it| it >= 2)),
    ("severity = error", |s| s.grade(|it| it == 3)),
    ("severity < notice and not failed", |s| s.grade(|it| it < 1) && !s.failed()),
    ("why", |s| !s.verdicts.is_empty()),
    ("why = stale-keepalive", |s| s.verdicts.iter().any(|it| it["cause"] == "stale-keepalive")),
    ("why ~ upstream", |s| s.verdicts.iter().any(|it| it["cause"].as_str().unwrap().contains("upstream"))),
    ("failed", Told::failed),
    ("unanswered", Told::unanswered),
    ("unanswered.why = reset-by-server", |s| s.text("unanswered") == Some("reset-by-server")),
    ("problems", |s| s.failed() || !s.verdicts.is_empty() || s.grade(|it| it >= 2)),
    ("complete", |s| s.exchange["request_complete"] == true && s.exchange["response_complete"] == true),
    ("orphan", |s| s.exchange["request"].is_null()),
    ("tunnelled", |s| s.exchange["tunnelled"] == true),
    ("not 5xx and method = POST", |s| !s.status(|it| it / 100 == 5) && s.method("POST")),
    ("not (5xx and method = POST)", |s| !(s.status(|it| it / 100 == 5) && s.method("POST"))),
    ("5xx or 4xx and method = GET", |s| s.status(|it| it / 100 == 5) || s.status(|it| it / 100 == 4) && s.method("GET")),
    ("(5xx or 2xx) and method = GET", |s| s.status(|it| matches!(it / 100, 2 | 5)) && s.method("GET")),
    ("~c 502 | ~m HEAD", |s| s.status(|it| it == 502) || s.method("HEAD")),
    ("ttfb > 100ms or unanswered", |s| s.millis("think_ns", |it| it > 100.0) || s.unanswered()),
    ("all", |_| true),
    ("not all", |_| false),
];

/// What a person sees of a slip: the column, what is wrong, and what it suggests.
const MISTAKES: &[(&str, usize, &str, &str)] = &[
    ("staus = 404", 1, "unknown field `staus`", "`status`"),
    ("status >= 500 and mehtod = GET", 19, "unknown field `mehtod`", "`method`"),
    ("status = 5000", 10, "`5000`", "three digits"),
    ("status => 500", 9, "", ""),
    ("ttfb > 2", 8, "`2`", "2s"),
    ("client = 10.0.0.300", 10, "not an address", "10.0.0.5"),
    ("why = stale-keepalve", 7, "unknown cause", "`stale-keepalive`"),
    ("finding = body-on-24", 11, "unknown rule", "`body-on-204`"),
    ("problms", 1, "unknown word", "`problems`"),
    ("path ~ (", 8, "regular expression", "unclosed"),
    ("(status = 200", 1, "not closed", "`)`"),
    ("status = 200)", 13, "no `(`", ""),
    ("path = \"a", 8, "not closed", ""),
    ("status = 200 method = GET", 14, "between", "`and`"),
    ("", 1, "a condition is expected", "status >= 500"),
    ("~b secret", 1, "unknown term", "bodies are not kept"),
    ("path > /a", 6, "", ""),
    ("http.response.cod == 2", 1, "unknown field", "`http.response.code`"),
];

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpwhy"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["-q", "--threads", "1"]).args(SAMPLES);
    let output = command.args(arguments).output().unwrap();
    let text = |octets| String::from_utf8(octets).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Nanoseconds from the beginning of 2026 to a time of the records.
fn nanos(time: &str) -> i64 {
    let number = |from: usize, to: usize| time[from..to].parse::<i64>().unwrap();
    let months = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let month = usize::try_from(number(5, 7)).unwrap();
    let days =
        (number(0, 4) - 2026) * 365 + months[..month - 1].iter().sum::<i64>() + number(8, 10);
    let seconds = ((days * 24 + number(11, 13)) * 60 + number(14, 16)) * 60 + number(17, 19);
    seconds * 1_000_000_000 + number(20, 29)
}

fn said() -> BTreeMap<u64, Told> {
    let (code, records, told) = run(&["--json", "--show-secrets"]);
    assert_eq!(code, Some(0), "{told}");
    let records: Vec<Value> =
        records.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let summary = records.last().filter(|record| record["type"] == "summary").unwrap();
    let start = nanos(summary["first_time"].as_str().unwrap());
    let told = |(id, said): (u64, Said)| {
        let since = nanos(said.exchange["time"].as_str().unwrap()) - start;
        (id, Told { said, since })
    };
    records::said(records).into_iter().map(told).collect()
}

#[test]
fn a_hundred_filters_find_what_the_records_say() {
    let said = said();
    assert!(said.len() > 40 && TABLE.len() >= 100, "{} {}", said.len(), TABLE.len());
    let (mut wrong, mut telling) = (Vec::new(), 0);
    for (filter, holds) in TABLE {
        let expected: Vec<String> =
            said.iter().filter(|(_, said)| holds(said)).map(|(id, _)| id.to_string()).collect();
        let (code, out, told) = run(&["-Y", filter, "-T", "fields", "-e", "id"]);
        assert_eq!(code, Some(0), "{filter}: {told}");
        let found: Vec<&str> = out.lines().collect();
        if found != expected {
            wrong.push(format!("{filter}: records {expected:?}, filter {found:?}"));
        }
        telling += usize::from(!expected.is_empty() && expected.len() < said.len());
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(telling >= 95, "of {} filters {telling} find some and not all", TABLE.len());
}

#[test]
fn slips_are_told_with_their_column_and_a_cure() {
    for (filter, column, what, hint) in MISTAKES {
        for option in ["-Y", "--fail-on"] {
            let (code, out, told) = run(&[option, filter]);
            assert_eq!((code, out.as_str()), (Some(2), ""), "{filter}: {told}");
            let lines: Vec<&str> = told.lines().collect();
            assert!(lines[0].contains(what), "{told}");
            let mark = lines[2].find('^').unwrap_or_else(|| panic!("{told}"));
            // The expression begins behind four blanks.
            assert_eq!(mark - 3, *column, "{told}");
            assert!(lines[2].contains(hint) || lines[0].contains(hint), "{filter} {hint}: {told}");
        }
    }
}
