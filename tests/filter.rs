//! The filter language: what each expression finds among a handful of exchanges, what people are told
//! about a slip, and that no text can do harm. `UPDATE_DOCS=1 cargo test --test filter` writes
//! `docs/filter.md` anew.

// The measured speed is shown.
#![allow(clippy::print_stdout)]

mod support;

use std::fmt::Write;
use std::path::Path;
use std::sync::LazyLock;

use httpwhy::engine::{Collector, Record, Shard};
use httpwhy::export::{self, FORMATS};
use httpwhy::filter::{self, FIELDS, Filter, Kind, Subject};
use httpwhy::flow::{End, Mark, Side};
use httpwhy::http::{Exchange, Unanswered};
use httpwhy::limits;
use httpwhy::rules::Severity;
use httpwhy::units::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use support::dialogue;
use support::packets::{self, Stacks};
use support::script::Script;

/// Eight exchanges, one letter each; where they begin is the time behind `===`.
const DIALOGUE: &str = r#"
=== 10.9.1.2:49690 10.0.0.5:8080
>>>
GET /api/v1/Cart?id=1&b=2 HTTP/1.1
Host: shop.example.com:8080
User-Agent: curl/8.5.0
X-Request-Id: 5f0c

<<< +14ms
HTTP/1.1 200 OK
Server: nginx/1.25.4
Content-Type: application/json; charset=utf-8
Content-Length: 5

hello\
>>> +60s
POST /api/v1/checkout HTTP/1.1
Host: shop.example.com
Content-Type: application/json
Content-Length: 4

a=1&\
<<< +2500ms
HTTP/1.1 502 Bad Gateway
Server: nginx/1.25.4
Retry-After: 30
Content-Type: text/html
Content-Length: 3

bad\
>>> +1s
PUT /never HTTP/1.1
Host: shop.example.com
Content-Length: 0

<<< +1s fin
=== 192.168.7.20:51514 10.0.0.9:80 +10s
>>>
GET http://Other.example/Redirect HTTP/1.0
Host: other.example
Accept: */*\n\

<<< +300ms fin
HTTP/1.0 301 Moved Permanently
Location: https://other.example/
Content-Length: 0

=== [2001:db8::1]:40000 [2001:db8::2]:80 +20s
>>>
GET /chat HTTP/1.1
Host: chat.example
Connection: Upgrade
Upgrade: websocket

<<< +1ms
HTTP/1.1 101 Switching Protocols
Connection: Upgrade
Upgrade: websocket

=== 192.168.7.21:51515 10.0.0.9:80 +30s
>>>
GET /big.zip HTTP/1.1
Host: files.example

<<< +5ms
HTTP/1.1 103 Early Hints
Link: </style.css>

<<< +5ms fin
HTTP/1.1 200 OK
Content-Length: 20000

\x61{12000}\
=== 192.168.7.22:51516 10.0.0.9:80 +40s not-captured
<<<
HTTP/1.1 404 Not Found
Content-Length: 0

=== 10.9.1.3:50000 10.0.0.7:3128 +50s
>>>
CONNECT tunnel.example:443 HTTP/1.1
Host: tunnel.example:443

<<< +3ms
HTTP/1.1 200 OK

"#;

struct Sample {
    letter: char,
    id: u64,
    exchange: Exchange,
}

struct Samples {
    start: Timestamp,
    /// By their letters: a b c on the first connection, then one a connection, d to h.
    all: Vec<Sample>,
    /// Records of them.
    lines: Vec<serde_json::Value>,
}

static SAMPLES: LazyLock<Samples> = LazyLock::new(|| {
    let script = dialogue::parse(DIALOGUE).unwrap_or_else(|mistake| panic!("{mistake}"));
    let exchanges = exchanges(&script);
    let record = |(id, exchange): &(u64, Exchange)| record_of(*id, exchange);
    let lines: std::io::Result<_> = exchanges.iter().map(record).collect();
    let letter = |exchange: &Exchange| match (exchange.client.port(), exchange.nth) {
        (49690, nth @ 1..=3) => char::from(b'`' + nth as u8),
        (51514, 1) => 'd',
        (40000, 1) => 'e',
        (51515, 1) => 'f',
        (51516, 1) => 'g',
        (50000, 1) => 'h',
        other => panic!("{other:?}"),
    };
    let sample = |(id, exchange)| Sample { letter: letter(&exchange), id, exchange };
    let mut all: Vec<Sample> = exchanges.into_iter().map(sample).collect();
    all.sort_by_key(|sample| sample.letter);
    Samples { start: Stacks::default().start, all, lines: lines.expect("records are written") }
});

/// What the core makes of a conversation.
fn exchanges(script: &Script) -> Vec<(u64, Exchange)> {
    let mut shard = Shard::default();
    let mut last = Mark::default();
    for (index, segment) in packets::segments(script, &Stacks::default()).iter().enumerate() {
        last = Mark { at: segment.at, packet: index as u64 + 1 };
        shard.segment(&segment.as_wire(last.packet));
    }
    shard.finish(last);
    let mut exchanges = Vec::new();
    let taken = Collector::default().take(shard.events(), |record| -> Result<(), ()> {
        if let Record::Exchange(id, exchange) = record {
            exchanges.push((id, Exchange::clone(exchange)));
        }
        Ok(())
    });
    assert_eq!(taken, Ok(()));
    exchanges
}

/// The record of an exchange.
fn record_of(id: u64, exchange: &Exchange) -> std::io::Result<serde_json::Value> {
    let options = export::Options {
        secrets: export::Secrets::Shown,
        top: 10,
        columns: None,
        colour: false,
        servers: true,
        sort: export::Sort::default(),
        accounts: false,
        body: 0,
    };
    let format = FORMATS.iter().find(|format| format.name == "jsonl").expect("the format");
    let mut line = Vec::new();
    (format.open)(options).exchange(id, exchange, &mut line)?;
    Ok(serde_json::from_slice(&line)?)
}

/// A subject for each sample; the second has a finding and a cause.
fn subject(sample: &Sample) -> Subject<'_> {
    let mut subject = Subject::new(sample.id, &sample.exchange);
    subject.start = Some(SAMPLES.start);
    match sample.letter {
        'b' => {
            subject.findings =
                &[("host-missing", Severity::Error), ("body-on-204", Severity::Notice)];
            subject.causes = &["upstream-refused"];
        }
        'd' => subject.findings = &[("syntax-bare-lf", Severity::Warning)],
        _ => {}
    }
    subject
}

/// The letters of what an expression finds.
fn found(text: &str) -> String {
    let filter = Filter::parse(text).unwrap_or_else(|mistake| panic!("{text}\n{mistake}"));
    let samples = SAMPLES.all.iter().filter(|sample| filter.matches(&subject(sample)));
    samples.map(|sample| sample.letter).collect()
}

#[rustfmt::skip]
const EXPRESSIONS: &[(&str, &str)] = &[
    // Status and class.
    ("status = 502", "b"), ("status == 502", "b"), ("status eq 502", "b"),
    ("status != 502", "acdefgh"), ("status ne 502", "acdefgh"),
    ("status >= 500", "b"), ("status ge 500", "b"), ("status > 502", ""), ("status gt 404", "b"),
    ("status < 300", "aefh"), ("status lt 300", "aefh"), ("status <= 200", "aefh"), ("status le 101", "e"),
    ("status in {301, 404}", "dg"), ("status in {301 404}", "dg"), ("status in {301,404..502}", "bdg"),
    ("status not in {200, 101}", "bcdg"), ("status in 400..599", "bg"), ("status in 5xx", "b"),
    ("status = 5xx", "b"), ("status = 2XX", "afh"), ("status > 3xx", "bg"), ("status < 3xx", "aefh"),
    ("status >= 3xx", "bdg"), ("status <= 3xx", "adefh"), ("status in {1xx, 3xx}", "de"),
    ("status", "abdefgh"), ("not status", "c"), ("class = 5", "b"), ("class = 5xx", "b"),
    ("class in {3, 4}", "dg"), ("502", "b"), ("5xx", "b"), ("4xx or 3xx", "dg"), ("STATUS >= 500", "b"),
    ("reason = \"Bad Gateway\"", "b"), ("reason ~ found", "g"),
    // Methods and targets.
    ("method = POST", "b"), ("method = post", "b"), ("method in {POST, PUT}", "bc"),
    ("method in {\"POST\" \"PUT\"}", "bc"), ("method != GET", "bcgh"), ("method ~ ^p", "bc"),
    ("method ~ (?-i)^p", ""), ("method", "abcdefh"), ("method contains on", "h"),
    ("path = /api/v1/checkout", "b"), ("path = /API/v1/checkout", ""), ("path ~ /checkout", "b"),
    ("path ~ ^/api/v\\d/(cart|checkout)$", "ab"), ("(path ~ ^/api)", "ab"),
    ("path !~ ^/api", "cdefgh"), ("path and path !~ ^/api", "cdef"), ("path = /Redirect", "d"),
    ("path ~ \"\\.zip$\"", "f"), ("path contains CART", "a"), ("query = id=1&b=2", "a"), ("query", "a"),
    ("query ~ b=\\d && method=GET", "a"), ("target = http://Other.example/Redirect", "d"),
    ("uri contains \"v1/\"", "ab"), ("url ~ shop.example.com/api", "b"), ("url ~ ^tunnel", "h"),
    ("host = shop.example.com", "abc"), ("host = SHOP.example.com:8080", "a"),
    ("host in {chat.example, files.example}", "ef"), ("host = tunnel.example", "h"),
    ("host = other.example", "d"), ("host ~ example$", "defh"), ("not host", "g"),
    ("checkout", "b"), ("CHECKOUT", "b"), ("shop.example.com:8080/api", "a"), ("/api/v1", "ab"),
    ("\"/api\"", "ab"), ("'never'", "c"), ("\"status\"", ""), ("id=1", "a"), ("http://shop.example.com/never", "c"), ("HTTP://other", "d"),
    ("full_url = http://shop.example.com/never", "c"), ("url ~ http", "d"), ("http.request.full_uri contains \"http://chat\"", "e"), ("Cart?id=1", "a"), ("9999", ""),
    // Versions and headers.
    ("version = 1.0", "d"), ("version = HTTP/1.0", "d"), ("version >= 1.1", "abcefh"), ("version < 1.1", "d"),
    ("response.version = 1.1", "abefgh"), ("http.request.version == \"HTTP/1.1\"", "abcefh"),
    ("header(\"retry-after\")", "b"), ("header(retry-after)", "b"), ("not header('Retry-After')", "acdefgh"),
    ("header(\"x-request-id\") = \"5f0c\"", "a"), ("header(\"X-Request-ID\") = 5F0C", ""),
    ("header(\"server\") ~ nginx", "ab"), ("request.header(\"server\")", ""),
    ("response.header(\"server\") ~ ^nginx/1\\.", "ab"), ("request.header(\"content-type\") contains json", "b"),
    ("header(\"content-type\") contains json", "ab"), ("header(\"content-length\") in {0, 4}", "bcdg"),
    ("header(\"server\") != nginx/1.25.4", "cdefgh"), ("header ( \"x\" )", "never"),
    ("user_agent contains CURL", "a"), ("user-agent ~ curl", "a"), ("user_agent", "a"),
    ("content_type = application/json", "a"), ("content_type = \"application/json; charset=utf-8\"", "a"),
    ("content_type ~ ^text/", "b"), ("location ~ ^https:", "d"), ("location", "d"), ("referer", ""),
    ("interim", "f"), ("interim = 103", "f"), ("interim = 1xx", "f"), ("interim != 103", "abcdegh"),
    ("upgrade", "eh"), ("upgrade = websocket", "e"), ("upgrade = tunnel", "h"),
    // Addresses.
    ("client = 10.9.1.2", "abc"), ("client = 10.9.1.2:49690", "abc"), ("client = 10.9.1.2:1", ""),
    ("client in 10.0.0.0/8", "abch"), ("client in {192.168.7.20, 192.168.7.21}", "df"),
    ("client in {10.9.1.3, 192.168.0.0/16}", "dfgh"), ("client not in 10.0.0.0/8", "defg"),
    ("client = 2001:db8::/32", "e"), ("client = [2001:db8::1]:40000", "e"), ("client.ip = 2001:db8::1", "e"),
    ("client ~ ^192\\.168", "dfg"), ("client.port > 51514", "fg"), ("server = 10.0.0.5:8080", "abc"),
    ("server = :80", "defg"), ("server.ip in 10.0.0.0/24", "abcdfgh"), ("server.port in {80, 3128}", "defgh"),
    ("server != 10.0.0.9", "abceh"), ("ip = 10.9.1.3", "h"), ("ip = 10.0.0.9", "dfg"), ("ip != 10.0.0.9", "abceh"),
    ("port = 8080", "abc"), ("port = 51514", "d"), ("port in 51514..51515", "df"),
    ("client in 0.0.0.0/0", "abcdfgh"), ("client in ::/0", "abcdefgh"),
    // Numbers, sizes and times.
    ("connection = 1", "abc"), ("nth > 1", "bc"), ("nth = 1", "adefgh"),
    ("ttfb > 2s", "b"), ("ttfb > 1s and ttfb < 1m", "b"), ("ttfb > 12ms", "abd"), ("ttfb >= 2500ms", "b"),
    ("think > 2.4s", "b"), ("http.time > 2.4", "b"), ("http.time > 1s", "b"), ("ttfb in 5ms..1s", "adf"),
    ("not ttfb", "cg"), ("ttfb != 1s", "abcdefgh"), ("total > 2s", "b"), ("connect", "adefh"),
    ("connect < 1s", "adefh"), ("idle > 59s", "b"), ("idle > 1m30s", ""), ("request_time >= 0s", "abcdefh"),
    ("response_time < 1s", "abdefgh"), ("request.bytes > 0", "b"), ("request.body = 4", "b"),
    ("response.bytes >= 10k", "f"), ("response.bytes = 12kB", "f"), ("response.bytes > 11KiB", "f"),
    ("bytes < 1MB", "abdefgh"), ("retransmissions", ""), ("retransmissions = 0", "abcdefgh"),
    ("missing", ""), ("missing = 0", "abcdefgh"), ("packet = 4", "a"), ("frame.number in {1..4}", "a"),
    ("time > +30s", "bcfgh"), ("time < +1s", "a"), ("time in +10s..+35s", "def"),
    ("time >= 2026-01-01T00:00:30Z", "bcfgh"), ("time > 2026-01-01T01:00:30+01:00", "bcgh"),
    ("time = 2026-01-01", "abcdefgh"), ("time = 2025-12-31", ""), ("time >= 00:01", "bc"),
    ("time < 00:00:10", "a"), ("time = \"2026-01-01 00:00:10\"", "d"),
    // What others have found out, and how it came out.
    ("flaw", "d"), ("flaw = bare-lf", "d"), ("flaw in {nul, bare-lf}", "d"), ("flaw = nul", ""),
    ("finding", "bd"), ("finding = Body-On-204", "b"), ("finding ~ bare", "d"), ("severity >= warning", "bd"),
    ("severity = error", "b"), ("severity = Notice", "b"), ("severity < warning", "b"), ("severity in {error, warning}", "bd"), ("why = upstream-refused", "b"),
    ("cause", "b"), ("why != upstream-refused", "acdefgh"), ("failed", "bcf"), ("problems", "bcdf"),
    ("problems and not failed", "d"), ("unanswered", "c"), ("unanswered.why = fin", "c"), ("truncated", "f"),
    ("complete", "abdeh"), ("not complete", "cfg"), ("orphan", "g"), ("tunnelled", ""), ("request", "abcdefh"),
    ("response", "abdefgh"), ("complete = false", "cfg"), ("complete != true", "cfg"), ("failed = yes", "bcf"),
    ("all", "abcdefgh"), ("not all", ""),
    // And, or, not.
    ("method = GET and status = 200", "af"), ("method = GET && status = 200", "af"), ("5xx | 3xx", "bd"),
    ("5xx || 3xx & orphan", "b"), ("5xx or 3xx and orphan", "b"), ("(5xx or 3xx) and orphan", ""),
    ("not 5xx and method = POST", ""), ("not (5xx and method = POST)", "acdefgh"), ("!5xx", "acdefgh"),
    ("! orphan and !request", ""), ("not not 5xx", "b"), ("NOT 5xx AND Method = POST OR orphan", "g"),
    ("((((5xx))))", "b"), ("status>=500and", "never"), ("5xx and(orphan or CHECKOUT)", "b"),
    ("status>=500&&method==POST", "b"), ("(status=502)", "b"), ("\t status\n=\n502 ", "b"),
    ("response and status != 200", "bdeg"), ("checkout and 5xx", "b"), ("not-there", ""),
    // As in Wireshark.
    ("http.response.code == 502", "b"), ("http.response.code >= 400 && http.response.code <= 499", "g"),
    ("http.request.method == \"POST\"", "b"), ("http.request.method in {\"PUT\", \"POST\"}", "bc"),
    ("http.host == \"shop.example.com\"", "abc"), ("http.request.uri contains \"checkout\"", "b"),
    ("http.request.uri matches \"v[12]/c\"", "ab"), ("http.user_agent contains \"curl\"", "a"),
    ("ip.addr == 10.0.0.5", "abc"), ("ip.addr eq 10.0.0.5 and tcp.port eq 49690", "abc"),
    ("ip.src == 10.9.1.2", "abc"), ("ip.dst == 10.0.0.7", "h"), ("ip.addr == 192.168.7.0/24", "dfg"),
    ("ip.src in {192.168.7.20, 10.9.1.0/24}", "abcdh"), ("!(ip.addr == 10.0.0.5)", "defgh"),
    ("tcp.srcport == 51514", "d"), ("tcp.dstport == 80", "defg"), ("tcp.stream eq 1", "abc"),
    ("frame.number == 4", "a"), ("http.request", "abcdefh"), ("http.response", "abdefgh"), ("http", "abcdefgh"),
    ("http.request && !http.response", "c"), ("ipv6.addr == 2001:db8::2", "e"),
    // As in mitmproxy.
    ("~c 502", "b"), ("~m POST", "b"), ("~u api/v1", "ab"), ("~u ^https?://shop", "abc"), ("~d ^shop", "abc"), ("~h ^retry-after:.30$", "b"),
    ("~hq curl", "a"), ("~hs curl", ""), ("~hs nginx", "ab"), ("~t json", "ab"), ("~ts json", "a"),
    ("~tq json", "b"), ("~q", "c"), ("~s", "abdefgh"), ("~e", "cf"), ("~m POST ~c 502", "b"),
    ("~m POST & ~c 502", "b"), ("~c 502|~c 404", "bg"), ("5xx|orphan", "bg"), ("~c 502 | ~c 404", "bg"), ("!~c 502", "acdefgh"), ("~m GET !~c 200", "de"),
    ("~m GET & !(~c 200 | ~c 301)", "e"), ("~u \"big\\.zip\"", "f"), ("~src 192.168.7.2", "dfg"), ("~all", "abcdefgh"),
];

#[test]
fn expressions_find_what_they_ask_for() {
    let mut wrong = String::new();
    let rows = EXPRESSIONS.iter().filter(|(_, expected)| *expected != "never");
    assert!(rows.clone().count() >= 120);
    for (text, expected) in rows {
        let letters = found(text);
        if letters != *expected {
            writeln!(wrong, "{text}: expected {expected:?}, found {letters:?}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    for (text, _) in EXPRESSIONS.iter().filter(|(_, expected)| *expected == "never") {
        assert!(Filter::parse(text).is_err(), "{text}");
    }
}

/// What is wrong, the expression with its mark, a line each; blank lines between.
const MISTAKES: &str = r#"
unknown field `staus`
  status >= 500 and staus = 404
                    ^^^^^ did you mean `status`?   all fields: httpwhy explain filter

unknown field `usr_agent`
  usr_agent ~ curl
  ^^^^^^^^^ did you mean `user_agent`?   all fields: httpwhy explain filter

unknown field `zzzzzzzz`
  zzzzzzzz = 1
  ^^^^^^^^ all fields: httpwhy explain filter

unknown word `problms`
  5xx or problms
         ^^^^^^^ did you mean `problems`?   to look for the text: "problms"

unknown field `http.response.cod`
  http.response.cod == 502
  ^^^^^^^^^^^^^^^^^ did you mean `http.response.code`?   all fields: httpwhy explain filter

a condition is expected here

  ^ as in: status >= 500 and path ~ /checkout

a condition is expected here

     ^ as in: status >= 500 and path ~ /checkout

a value is expected here
  status >=
           ^

`and` is not a status
  status >= and path
            ^^^ expected a status code of three digits, or a class as 5xx

`5oo` is not a status
  status = 5oo
           ^^^ expected a status code of three digits, or a class as 5xx

`1000` is not a status
  status = 1000
           ^^^^ expected a status code of three digits, or a class as 5xx

this `{` is not closed
  status in {500, 502
            ^ expected a `}`

the list is empty
  status in {}
             ^ as in {500, 502..504}

`504..500` is not a status
  status in 504..500
            ^^^^^^^^ the range runs backwards

`500..` is not a status
  status in 500..
            ^^^^^ a range needs two ends, as in 500..504

`status` (status) cannot be compared with `~`
  status ~ ^5
         ^ use = != > >= < <= in

`host` (name) cannot be compared with `>`
  host > a
       ^ use = != ~ !~ contains in

`client` (address) cannot be compared with `>`
  client > 10.0.0.1
         ^ use = != in ~ contains

`shop.example` is not an address
  client = shop.example
           ^^^^^^^^^^^^ as in 10.0.0.5, 10.0.0.0/8, 2001:db8::/32; names are asked with host =

`10.0.0.1:80` is not an address
  server.ip = 10.0.0.1:80
              ^^^^^^^^^^^ an address without a port; ports are asked with server.port = 80

`10.0.0.0/33` is not an address
  client in 10.0.0.0/33
            ^^^^^^^^^^^ as in 10.0.0.5, 10.0.0.0/8, 2001:db8::/32; names are asked with host =

`300` is not a duration
  ttfb > 300
         ^^^ a unit is missing: 300ms, 300s

`2` is not a duration
  ttfb > 2 s
         ^ a unit is missing: 2ms, 2s

`yesterday` is not a time
  time > yesterday
         ^^^^^^^^^ expected a time: 2026-11-22T12:04:11Z, 12:04:11 (UTC), +30s from the first packet

`10q` is not a size
  response.bytes > 10q
                   ^^^ expected a size: 512, 10k, 2MB (powers of ten), 1MiB (of two)

`one` is not a version
  version = one
            ^^^ expected a version: 1.1

unknown flaw `bare-lff`
  flaw = bare-lff
         ^^^^^^^^ did you mean `bare-lf`?   all flaws: httpwhy explain

unknown cause `stale-keepalif`
  why = stale-keepalif
        ^^^^^^^^^^^^^^ did you mean `stale-keepalive`?   all causes: httpwhy explain

`failed` (yes or no) cannot be compared with `>`
  failed > 1
         ^ it stands alone

`failed` is true or false
  failed = maybe
           ^^^^^ or stands alone

the regular expression cannot be read
  path ~ a(b
         ^^^ unclosed group

the regular expression cannot be read
  path ~ "["
         ^^^ unclosed character class

the regular expression cannot be read
  path ~ (a{1000}){1000}
         ^^^^^^^^^^^^^^^ it is too large

this `(` is not closed
  (status = 500
  ^ expected a `)`

expected `and`, `or` or `)`
  (status = 500 method = GET)
                ^^^^^^

there is no `(` to this `)`
  status = 500)
              ^

two conditions without a word between them
  status = 500 method = GET
               ^^^^^^ expected `and`, `or` or the end; text with blanks goes in "quotes"

a condition is expected here
  and status = 500
  ^^^ as in: status >= 500 and path ~ /checkout

a condition is expected here
  status = 500 or
                 ^ as in: status >= 500 and path ~ /checkout

a condition is expected here
  not
     ^ as in: status >= 500 and path ~ /checkout

a condition is expected here
  = 500
  ^ as in: status >= 500 and path ~ /checkout

a field has to stand in front of `=`
  "status" = 500
  ^^^^^^^^ all fields: httpwhy explain filter

this quote is not closed
  path = "/a
         ^

unknown escape
  path = "a\qb"
           ^^ there are \" \' \\ \n \r \t \0 \xHH

unknown function `headr`
  headr("x")
  ^^^^^ did you mean `header(…)`?

unknown function `foo`
  foo("x")
  ^^^ there are header(…), request.header(…) and response.header(…)

expected a `)` behind the field name
  header("x"
            ^

a value is expected here
  header()
         ^

`header` (text) cannot be compared with `>`
  header("age") > 60
                ^ use = != ~ !~ contains in

unknown term `~x`
  ~x foo
  ^^ there are ~c ~m ~u ~d ~h ~hq ~hs ~t ~tq ~ts ~src ~dst ~q ~s ~e ~all

unknown term `~b`
  ~b secret
  ^^ bodies are not kept, so they cannot be searched

a value is expected here
  ~c
    ^

`abc` is not a status
  ~c abc
     ^^^ expected a status code of three digits, or a class as 5xx

unknown field `staus`
  host = 网站 and staus = 1
                  ^^^^^ did you mean `status`?   all fields: httpwhy explain filter

unknown field `staus`
  path = / [2J and staus = 1
                   ^^^^^ did you mean `status`?   all fields: httpwhy explain filter
"#;

#[test]
fn mistakes_are_shown_where_they_are() {
    let mut shown = String::from("\n");
    for text in [
        "status >= 500 and staus = 404",
        "usr_agent ~ curl",
        "zzzzzzzz = 1",
        "5xx or problms",
        "http.response.cod == 502",
        "",
        "   ",
        "status >=",
        "status >= and path",
        "status = 5oo",
        "status = 1000",
        "status in {500, 502",
        "status in {}",
        "status in 504..500",
        "status in 500..",
        "status ~ ^5",
        "host > a",
        "client > 10.0.0.1",
        "client = shop.example",
        "server.ip = 10.0.0.1:80",
        "client in 10.0.0.0/33",
        "ttfb > 300",
        "ttfb > 2 s",
        "time > yesterday",
        "response.bytes > 10q",
        "version = one",
        "flaw = bare-lff",
        "why = stale-keepalif",
        "failed > 1",
        "failed = maybe",
        "path ~ a(b",
        "path ~ \"[\"",
        "path ~ (a{1000}){1000}",
        "(status = 500",
        "(status = 500 method = GET)",
        "status = 500)",
        "status = 500 method = GET",
        "and status = 500",
        "status = 500 or",
        "not",
        "= 500",
        "\"status\" = 500",
        "path = \"/a",
        "path = \"a\\qb\"",
        "headr(\"x\")",
        "foo(\"x\")",
        "header(\"x\"",
        "header()",
        "header(\"age\") > 60",
        "~x foo",
        "~b secret",
        "~c",
        "~c abc",
        "host = \u{7f51}\u{7ad9} and staus = 1",
        "path\n= /\u{1b}[2J and staus = 1",
    ] {
        match Filter::parse(text) {
            Ok(_) => panic!("{text} is a filter"),
            Err(mistake) => writeln!(shown, "{mistake}\n").unwrap(),
        }
    }
    let shown = shown.trim_end().to_owned() + "\n";
    assert!(shown == MISTAKES, "{shown}");
}

#[test]
fn a_mistake_in_a_long_expression_is_shown_with_what_is_around_it() {
    let long = "status = 200 or ".repeat(100) + "staus = 404" + &" or status = 200".repeat(100);
    let mistake = Filter::parse(&long).unwrap_err();
    assert_eq!(mistake.column(), 1601);
    let text = mistake.to_string();
    let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
    let from = lines[2].iter().position(|letter| *letter == '^').unwrap();
    assert_eq!(lines[1][from..from + 5].iter().collect::<String>(), "staus");
    assert_eq!(lines[2].iter().filter(|letter| **letter == '^').count(), 5);
    assert!(lines[1].len() <= 80 && lines[1].starts_with(&[' ', ' ', '…']), "{text}");
}

#[test]
fn limits_hold() {
    let nested = |depth: usize| format!("{}5xx{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(found(&nested(limits::FILTER_DEPTH)), "b");
    assert!(Filter::parse(&nested(limits::FILTER_DEPTH + 1)).is_err());
    assert_eq!(found(&("!".repeat(limits::FILTER_DEPTH) + "5xx")), "b");
    for text in ["(".repeat(4_000), "!".repeat(4_000), "not ".repeat(1_000), "a or ".repeat(819)] {
        assert!(Filter::parse(&text).is_err());
    }
    let list = |len: usize| format!("path = {}", "a".repeat(len - 7));
    assert!(Filter::parse(&list(limits::FILTER_OCTETS)).is_ok());
    let what = Filter::parse(&list(limits::FILTER_OCTETS + 1)).unwrap_err();
    assert!(what.what().contains("too long"), "{what}");
    // As many conditions as fit.
    assert_eq!(found(&("5xx|".repeat(1_000) + "5xx")), "b");
}

#[test]
fn every_field_is_documented_and_found_by_all_of_its_names() {
    let mut names = std::collections::BTreeSet::new();
    for field in FIELDS {
        for name in std::iter::once(&field.name).chain(field.aliases) {
            assert!(names.insert(*name), "{name} is there twice");
            let plain = |octet: u8| octet.is_ascii_lowercase() || b"._6".contains(&octet);
            assert!(name.bytes().all(plain), "{name}");
            for name in [(*name).to_owned(), name.to_uppercase(), name.replace('_', "-")] {
                assert_eq!(found(&name), found(field.name), "{name}");
            }
        }
        assert!(field.meaning.ends_with(['.', '…']), "{}: {}", field.name, field.meaning);
        Filter::parse(field.example).unwrap_or_else(|mistake| panic!("{mistake}"));
        let mentions = std::iter::once(&field.name).chain(field.aliases);
        assert!(mentions.clone().any(|name| field.example.contains(name)), "{}", field.example);
        // No word of the language, and nothing that reads as a status.
        assert!(Filter::parse(field.name).is_ok());
    }
    for kind in Kind::ALL {
        assert!(FIELDS.iter().any(|field| field.kind == *kind), "{}", kind.name());
    }
}

#[test]
fn a_filter_goes_to_any_thread() {
    fn is_shared<T: Send + Sync + Clone>() {}
    is_shared::<Filter>();
}

#[test]
fn what_has_to_be_waited_for_is_known() {
    for (text, findings, causes) in [
        ("5xx", false, false),
        ("5xx and (path ~ a or not why = upstream-refused)", false, true),
        ("finding", true, false),
        ("severity = error", true, false),
        ("problems", true, true),
        ("header(\"why\") = x", false, false),
        ("~h why", false, false),
    ] {
        let filter = Filter::parse(text).unwrap();
        assert_eq!(filter.asks_for_findings(), findings, "{text}");
        assert_eq!(filter.asks_for_causes(), causes, "{text}");
    }
}

/// What cannot change any more is said at once, and never otherwise later.
#[test]
fn an_answer_is_given_as_soon_as_it_is_certain() {
    for (text, nothing_known, refused, found) in [
        ("why = upstream-refused", None, Some(true), None),
        ("why != upstream-refused", None, Some(false), None),
        ("why = stale-keepalive", None, None, None),
        ("status = 404 and why", Some(false), Some(false), Some(false)),
        ("status = 502 and why", None, Some(true), None),
        ("status = 502 or why", Some(true), Some(true), Some(true)),
        ("severity >= warning", None, None, Some(true)),
        ("not (severity >= warning)", None, None, Some(false)),
        ("finding = host-missing and why", None, None, None),
        ("problems", Some(true), Some(true), Some(true)),
        ("5xx", Some(true), Some(true), Some(true)),
    ] {
        let sample = SAMPLES.all.iter().find(|sample| sample.letter == 'b').unwrap();
        let bare = Subject::new(sample.id, &sample.exchange);
        let filter = Filter::parse(text).unwrap();
        let by_now = |subject| filter.matches_by_now(&subject);
        // The sample failed, so that `problems` is certain.
        assert_eq!(by_now(bare), nothing_known, "{text}");
        assert_eq!(by_now(Subject { causes: &["upstream-refused"], ..bare }), refused, "{text}");
        let findings = &[("host-missing", Severity::Error)];
        assert_eq!(by_now(Subject { findings, ..bare }), found, "{text}");
    }
}

/// A filter finds the values that records show.
#[test]
fn filters_and_records_agree() {
    for (key, field) in [
        ("status", "status"),
        ("method", "method"),
        ("target", "target"),
        ("host", "host"),
        ("version", "version"),
        ("client", "client"),
        ("server", "server"),
        ("connection", "connection"),
        ("nth", "nth"),
        ("id", "id"),
        ("request_body_bytes", "request_body_bytes"),
        ("response_body_bytes", "response_body_bytes"),
        ("unanswered", "unanswered.why"),
        ("missing_bytes", "missing_bytes"),
        ("retransmissions", "retransmissions"),
        ("time", "time"),
        ("think_ns", "ttfb"),
        ("total_ns", "total"),
        ("connect_ns", "connect"),
        ("idle_before_ns", "idle"),
    ] {
        for line in &SAMPLES.lines {
            let value = match &line[key] {
                serde_json::Value::String(text) => format!("\"{text}\""),
                serde_json::Value::Number(number) if key.ends_with("_ns") => format!("{number}ns"),
                serde_json::Value::Number(number) => number.to_string(),
                serde_json::Value::Null => continue,
                other => panic!("{key} is {other}"),
            };
            let filter = Filter::parse(&format!("{field} = {value} and id = {}", line["id"]));
            let filter = filter.unwrap_or_else(|mistake| panic!("{mistake}"));
            let one = SAMPLES.all.iter().filter(|sample| filter.matches(&subject(sample)));
            assert_eq!(one.count(), 1, "{filter}");
        }
    }
}

#[test]
fn the_words_for_missing_answers_are_those_of_the_records() {
    let mut exchange = SAMPLES.all[2].exchange.clone();
    for end in [
        End::Fin,
        End::Reset(Side::Client),
        End::Reset(Side::Server),
        End::Idle,
        End::Replaced,
        End::Evicted,
        End::CaptureEnd,
    ]
    .map(Unanswered::Ended)
    .into_iter()
    .chain([Unanswered::NotCaptured, Unanswered::TooMany])
    {
        exchange.unanswered = Some(end);
        let record = record_of(1, &exchange).unwrap();
        let filter = Filter::parse(&format!("unanswered.why = {}", record["unanswered"])).unwrap();
        assert!(filter.matches(&Subject::new(1, &exchange)), "{filter}");
    }
}

#[test]
fn what_does_not_fit_the_buffer_is_found_too() {
    let mut found = Vec::new();
    for length in [400, 505, 512, 513, 5_000] {
        let dialogue = format!(
            ">>>\nGET /{} HTTP/1.1\nHost: long.example\n\n<<< fin\nHTTP/1.1 204 No Content\n\n",
            "x".repeat(length)
        );
        let script = dialogue::parse(&dialogue).unwrap_or_else(|mistake| panic!("{mistake}"));
        let exchange = exchanges(&script).pop().unwrap().1;
        let filter = Filter::parse("long.example/xxx and http://long.example/x and url ~ x$");
        found.push(filter.unwrap().matches(&Subject::new(1, &exchange)));
    }
    assert_eq!(found, [true; 5]);
}

#[test]
fn the_help_fits_a_terminal_and_names_everything() {
    let text = filter::explain();
    for line in text.lines() {
        assert!(line.chars().count() <= 80 && line.trim_end() == line, "{line:?}");
    }
    for field in FIELDS {
        assert!(text.contains(&format!("\n  {}", field.name)), "{}", field.name);
    }
}

#[test]
fn the_page_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/filter.md");
    let page = filter::page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(written == page, "not current; run UPDATE_DOCS=1 cargo test --test filter");
}

/// Pieces that expressions are made of, right and wrong.
fn piece() -> impl Strategy<Value = String> {
    let words = FIELDS.iter().map(|field| field.name).chain([
        "and",
        "or",
        "not",
        "(",
        ")",
        "!",
        "&&",
        "|",
        "=",
        "!=",
        ">",
        "<=",
        "~",
        "!~",
        "in",
        "not in",
        "contains",
        "{",
        "}",
        ",",
        "..",
        "502",
        "5xx",
        "10.0.0.0/8",
        "::1/999",
        "2s",
        "10k",
        "+30s",
        "12:04",
        "2026-11-22T12:04:11Z",
        "\"a b\"",
        "'",
        "\"",
        "\\",
        "header(\"x\")",
        "header(",
        "~c",
        "~h",
        "~u",
        "[a-z]+",
        "(?i",
        "é",
        "\u{0}",
        "99999999999999999999",
        "-1",
        "1.5",
        "a{9999}",
    ]);
    let words: Vec<String> = words.map(str::to_owned).collect();
    prop_oneof![4 => prop::sample::select(words), 1 => ".{0,6}"]
}

/// `HTTPWHY_SEED=N` begins elsewhere.
fn random_texts() -> ProptestConfig {
    let seed = std::env::var("HTTPWHY_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    println!("HTTPWHY_SEED={seed}");
    ProptestConfig {
        cases: 4_000,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(random_texts())]

    /// Any text is a filter or a mistake inside of it, and a filter answers.
    #[test]
    fn no_text_does_harm(pieces in prop::collection::vec((piece(), prop::bool::ANY), 0..12)) {
        let text: String =
            pieces.iter().flat_map(|(piece, blank)| [piece.as_str(), if *blank { " " } else { "" }]).collect();
        match Filter::parse(&text) {
            Ok(filter) => {
                let again = Filter::parse(&filter.to_string()).expect("what it shows is a filter");
                let opposite = Filter::parse(&format!("not ({text} )"));
                for sample in &SAMPLES.all {
                    let holds = filter.matches(&subject(sample));
                    prop_assert_eq!(holds, again.matches(&subject(sample)));
                    if let Ok(opposite) = &opposite {
                        prop_assert_eq!(holds, !opposite.matches(&subject(sample)));
                    }
                }
            }
            Err(mistake) => {
                prop_assert!(mistake.column() <= text.chars().count() + 1);
                prop_assert!(!mistake.what().is_empty());
                prop_assert!((2..=3).contains(&mistake.to_string().lines().count()), "{}", mistake);
                prop_assert!(mistake.to_string().contains('^'));
            }
        }
    }

    /// All of Unicode is only text.
    #[test]
    fn not_even_random_letters_do_harm(text in "\\PC{0,80}") {
        let _ = Filter::parse(&text).map_err(|mistake| mistake.to_string());
    }
}

/// Shows how long typical filters take. What a machine needs is no matter of right and wrong, so the
/// bound holds for optimised builds alone, and is a wide one.
#[test]
fn filters_are_fast() {
    const ROUNDS: u32 = 20_000;
    let subjects: Vec<Subject<'_>> = SAMPLES.all.iter().map(subject).collect();
    for text in [
        "status >= 500",
        "status >= 500 and path ~ /checkout",
        "client in 10.0.0.0/8 and not method = GET",
        "header(\"x-request-id\") = \"5f0c\"",
        "path ~ ^/api/v[12]/ and ttfb > 1s",
        "checkout",
        "url ~ shop.*cart",
    ] {
        let filter = Filter::parse(text).unwrap();
        let begun = std::time::Instant::now();
        let mut holds = 0_u32;
        for _ in 0..ROUNDS {
            holds += subjects.iter().filter(|subject| filter.matches(subject)).count() as u32;
        }
        let nanos = begun.elapsed().as_nanos() / u128::from(ROUNDS) / subjects.len() as u128;
        println!("{nanos:>6} ns  {text}");
        assert!(holds > 0, "{text}");
        assert!(cfg!(debug_assertions) || nanos < 1_000, "{nanos} ns for {text}");
    }
}
