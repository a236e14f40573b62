//! HTTP as it really comes: odd heads, odd framing, gaps, floods, tunnels and strangers. Every case
//! has the number of the list that the project was planned by (R, S and C are the tables of odd
//! requests, responses and chunk lines).

mod support;

use httpwhy::flow::{End, Ending};
use httpwhy::http::{
    Exchange, FieldName, Flaw, Framing, Message, MessageEnd, Pairing, Protocol, Switch, Unanswered,
};
use httpwhy::limits;
use httpwhy::units::Duration;
use support::core::{self, Told};
use support::packets::{self, Acknowledge, Segment, Stacks};
use support::script::{Connection, Event, Opening, Side};
use support::transform;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn connection() -> Connection {
    Connection::new("10.1.0.1:40000", "192.0.2.10:80")
}

fn segments(connection: Connection) -> Vec<Segment> {
    packets::segments(&connection.into(), &Stacks::default())
}

fn tell(connection: Connection) -> Told {
    core::tell(&segments(connection))
}

/// A request for `/nth`.
fn get(nth: usize) -> Vec<u8> {
    format!("GET /{nth} HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes()
}

/// A response with a body of so many octets.
fn ok(body: usize) -> Vec<u8> {
    let mut response = format!("HTTP/1.1 200 OK\r\nContent-Length: {body}\r\n\r\n").into_bytes();
    response.resize(response.len() + body, b'x');
    response
}

fn request(exchange: &Exchange) -> &Message {
    exchange.request.as_deref().expect("a request")
}

fn response(exchange: &Exchange) -> &Message {
    exchange.response.as_deref().expect("a response")
}

fn names(message: Option<&Message>) -> String {
    let names: Vec<_> =
        message.into_iter().flat_map(|message| message.flaws.iter()).map(Flaw::name).collect();
    names.join(" ")
}

/// What must be the same however the octets are cut into segments.
fn essence(told: &Told) -> (Vec<String>, Vec<Option<Protocol>>, usize) {
    let lines = told.exchanges.iter().map(|exchange| {
        let describe = |message: Option<&Message>| {
            message.map(|message| {
                (
                    message.framing,
                    message.content,
                    message.end,
                    message.head_whole,
                    message.flaws.iter().collect::<Vec<_>>(),
                    message.head.octets().len(),
                )
            })
        };
        format!(
            "{} {:?} {:?} {:?}",
            core::line(exchange),
            describe(exchange.request.as_deref()),
            describe(exchange.response.as_deref()),
            exchange.switch
        )
    });
    let protocols = told.connections.iter().map(|connection| connection.protocol).collect();
    (lines.collect(), protocols, told.strays.len())
}

/// Reads a conversation whole and in segments of one to a few octets; both must say the same.
fn tell_cut(connection: Connection, what: &str) -> Told {
    let whole = segments(connection);
    let told = core::tell(&whole);
    let octets: usize = whole.iter().map(|segment| segment.payload.len()).sum();
    for (largest, seed) in [(1, 1), (3, 2), (60, 3)] {
        if octets > 10_000 && largest < 60 {
            continue;
        }
        let cut = core::tell(&transform::resegment(&whole, largest, seed));
        assert_eq!(essence(&told), essence(&cut), "{what} in segments of {largest}");
    }
    told
}

// --- the tables -----------------------------------------------------------------------------

fn fields(number: usize) -> Vec<u8> {
    let mut text = String::from("GET / HTTP/1.1\r\nHost: a\r\n");
    for index in 1..number {
        text += &format!("X-{index}: 1\r\n");
    }
    (text + "\r\n").into_bytes()
}

fn uri(octets: usize) -> Vec<u8> {
    [b"GET /", vec![b'a'; octets - 1].as_slice(), b" HTTP/1.1\r\nHost: a\r\n\r\n"].concat()
}

#[test]
fn case_57_odd_requests_are_transactions() {
    use Flaw::*;
    type Row = (&'static str, &'static [u8], &'static str, &'static [Flaw]);
    let table: &[Row] = &[
        ("R01", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / 200", &[]),
        ("R02", b"GET / HTTP/1.1\nHost: a\n\n", "GET / 200", &[BareLf]),
        ("R03", b"GET / HTTP/1.1\r\nHost: a\n\r\n", "GET / 200", &[BareLf]),
        ("R05", b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / 200", &[LeadingEmptyLines]),
        (
            "R06",
            b"\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / 200",
            &[LeadingEmptyLines],
        ),
        ("R07", b" GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / 200", &[LeadingSpace]),
        ("R08", b"\0GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / 200", &[Nul, LeadingSpace]),
        ("R09", b"GET  /  HTTP/1.1\r\nHost: a\r\n\r\n", "GET / 200", &[OddStartLine]),
        ("R10", b"GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n", "GET / 200", &[OddStartLine]),
        (
            "R11",
            b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
            "GET / 200",
            &[OddStartLine, TextBehindVersion],
        ),
        ("R12", b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a b 200", &[SpaceInTarget]),
        ("R14", b"GET HTTP/1.1\r\nHost: a\r\n\r\n", "GET  200", &[NoTarget]),
        ("R15", b"get / HTTP/1.1\r\nHost: a\r\n\r\n", "get / 200", &[]),
        ("R16", b"FOOBAR / HTTP/1.1\r\nHost: a\r\n\r\n", "FOOBAR / 200", &[]),
        ("R17", b"G!#$ / HTTP/1.1\r\nHost: a\r\n\r\n", "G!#$ / 200", &[]),
        ("R18", b"GE/T / HTTP/1.1\r\nHost: a\r\n\r\n", "GE/T / 200", &[OddMethod]),
        ("R19", b"GET / HTTP/1.0\r\n\r\n", "GET / 200", &[]),
        ("R20", b"GET / HTTP/1.2\r\nHost: a\r\n\r\n", "GET / 200", &[OddVersion]),
        ("R22", b"GET / http/1.1\r\nHost: a\r\n\r\n", "GET / 200", &[LowerCaseVersion]),
        ("R23", b"GET / HTTP/1.10\r\nHost: a\r\n\r\n", "GET / 200", &[OddVersion]),
        ("R24", b"GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", "GET /\u{e9} 200", &[OddTarget]),
        ("R25", b"GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n", "GET /\u{fffd} 200", &[OddTarget]),
        (
            "R26",
            b"GET /\x1b[31m HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /\x1b[31m 200",
            &[ControlOctet, OddTarget],
        ),
        (
            "R27",
            b"GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /\x7f 200",
            &[ControlOctet, OddTarget],
        ),
        ("R28", b"GET /\"<>{}|^`\\ HTTP/1.1\r\nHost: a\r\n\r\n", "GET /\"<>{}|^`\\ 200", &[]),
        (
            "R29",
            b"GET /\xc2\x9b31m HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /\u{9b}31m 200",
            &[OddTarget],
        ),
        (
            "R30",
            b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: \x1b]0;x\x07\r\n\r\n",
            "GET / 200",
            &[ControlOctet],
        ),
        ("R31", b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", "GET / 200", &[Nul]),
        ("R32", b"GET / HTTP/1.1\r\nHost: a\r\nX: caf\xe9\r\n\r\n", "GET / 200", &[]),
        ("R33", b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", "GET / 200", &[BareCr]),
        ("R34", b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", "GET / 200", &[FoldedField]),
        ("R35", b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", "GET / 200", &[SpaceBeforeColon]),
        ("R36", b"GET / HTTP/1.1\r\n Host: a\r\n\r\n", "GET / 200", &[FoldBeforeFields]),
        ("R37", b"GET / HTTP/1.1\r\nHost: a\r\nfoo\r\n\r\n", "GET / 200", &[NoColon]),
        ("R38", b"GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", "GET / 200", &[EmptyFieldName]),
        ("R39", b"GET / HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n", "GET / 200", &[OddFieldName]),
        ("R40", b"GET / HTTP/1.1\r\nHost: a\r\nX\xe9: 1\r\n\r\n", "GET / 200", &[OddFieldName]),
        ("R41", b"GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET / 200", &[]),
        (
            "R42",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n\
              0\r\n\r\n",
            "POST / 200",
            &[LengthAndCoding],
        ),
        (
            "R43",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
            "POST / 200",
            &[LengthDiffers, FramingGuessed],
        ),
        (
            "R44",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nabcde",
            "POST / 200",
            &[LengthInvalid, FramingGuessed],
        ),
        (
            "R45",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
            "POST / 200",
            &[LengthInvalid, FramingGuessed],
        ),
        (
            "R46",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n",
            "POST / 200",
            &[LengthInvalid, FramingGuessed],
        ),
        (
            "R47",
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
            "POST / 200",
            &[ObscuredFraming, CodingNotChunked, FramingGuessed],
        ),
        (
            "R48",
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n\
              0\r\n\r\n",
            "POST / 200",
            &[SpaceBeforeColon, ObscuredFraming, LengthAndCoding],
        ),
        ("R49", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET / 200", &[]),
        ("R50", b"GET / HTTP/1.1\r\n\r\n", "GET / 200", &[]),
        ("R51", b"GET http://a/b HTTP/1.1\r\nHost: c\r\n\r\n", "GET http://a/b 200", &[]),
    ];
    for (number, octets, line, flaws) in table {
        // The connection goes on behind it: what is odd must not take the next request with it.
        let talk = connection()
            .client_says(*octets)
            .server_says(OK)
            .client_says(get(2))
            .server_says(OK)
            .closed_by(Side::Client);
        // Where framing is lost, the next start line is looked for where a segment begins.
        let lost = flaws.contains(&FramingGuessed) && !flaws.contains(&LengthDiffers);
        let told = if lost { tell(talk) } else { tell_cut(talk, number) };
        let lines = told.lines();
        assert_eq!(lines, [*line, "GET /2 200"], "{number}");
        let expected: Vec<_> = flaws.iter().map(|flaw| flaw.name()).collect();
        assert_eq!(names(told.exchanges[0].request.as_deref()), expected.join(" "), "{number}");
        assert!(told.strays.is_empty(), "{number} {:?}", told.strays);
        assert_eq!(request(&told.exchanges[0]).head.octets().first(), octets_in_head(octets));
    }
}

fn octets_in_head(octets: &'static [u8]) -> Option<&'static u8> {
    octets.iter().find(|octet| !matches!(octet, b'\r' | b'\n'))
}

/// Of 63 requests and 53 responses of the list every one is a transaction here or a protocol with a name,
/// but for five that are hardly responses: 96 % of those that libhtp makes one of. Nobody may lose a row.
#[test]
fn case_57_every_row_of_the_list_is_tried() {
    let source = include_str!("http_cases.rs");
    for (kind, rows) in [("R", 63), ("S", 53), ("C", 28)] {
        for row in 1..=rows {
            let name = format!("{kind}{row:02}");
            assert!(source.contains(&name), "{name} is not tried");
        }
    }
}

#[test]
fn case_57_requests_of_an_old_kind_and_for_a_tunnel() {
    // R13: HTTP/0.9 has no version, and an answer without a head.
    let told = tell(
        connection()
            .client_says(&b"GET /old\r\n"[..])
            .server_says(&b"<html>hi</html>"[..])
            .closed_by(Side::Server),
    );
    assert_eq!(told.lines(), ["GET /old -"]);
    assert!(request(told.only()).flaws.has(Flaw::NoVersion));
    // R52: what stands behind the head of a CONNECT is for whoever is at the other end.
    let told = tell(
        connection()
            .client_says(&b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n\x16\x03\x01"[..])
            .server_says(&b"HTTP/1.1 200 OK\r\n\r\n\x16\x03\x03"[..])
            .closed_by(Side::Server),
    );
    assert_eq!(told.lines(), ["CONNECT a:443 200"]);
    assert!(told.strays.is_empty(), "{:?}", told.strays);
}

#[test]
fn case_57_requests_without_an_end_are_transactions() {
    // R04: a lone CR ends no line (RFC 9112 section 2.2), so this head never ends; a server that
    // thinks otherwise answers.
    let told = tell(
        connection()
            .client_says(&b"GET / HTTP/1.1\rHost: a\r\r"[..])
            .server_says(OK)
            .closed_by(Side::Server),
    );
    assert_eq!(told.lines(), ["GET / 200"]);
    let flaws = request(told.only()).flaws;
    assert!(flaws.has(Flaw::BareCr) && !request(told.only()).head_whole);
    // A server that does not wait for the end of a head: 408, 431.
    for cut in 20..28 {
        let told = tell(
            connection()
                .client_says(&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..cut - 2])
                .server_says(&b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"[..])
                .closed_by(Side::Server),
        );
        assert_eq!(told.lines(), ["GET / 408"], "{cut}");
    }
}

#[test]
fn case_57_requests_of_other_protocols_are_named() {
    let random = b"\x00\x9e<\xdax\x17\xb5S\xf1\x8f.\xccj\x08\xa7E\xe3\x81\x92\x00\x01";
    for (number, octets, protocol) in [
        ("R21", &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], Protocol::Http2),
        ("R60", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03abcdefgh", Protocol::Tls),
        ("R61", b"SSH-2.0-OpenSSH_9.6\r\n", Protocol::Ssh),
        ("R62", random, Protocol::Unknown),
        ("R63", b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00d", Protocol::Unknown),
    ] {
        let told = core::tell(&segments(
            connection().client_says(octets).server_says(octets).closed_by(Side::Client),
        ));
        assert!(told.exchanges.is_empty(), "{number} {:?}", told.lines());
        assert_eq!(told.connections[0].protocol, Some(protocol), "{number}");
        assert!(told.strays.is_empty(), "{number}: what is no HTTP has no strays");
    }
}

#[test]
fn case_57_large_requests_are_transactions() {
    for (number, octets, line_begins, flaw) in [
        ("R53", fields(64), "GET / ", None),
        ("R54", fields(65), "GET / ", None),
        ("R55", fields(1024), "GET / ", Some(Flaw::TooManyFields)),
        ("R56", uri(8 << 10), "GET /aaaa", None),
        ("R57", uri(64 << 10), "GET /aaaa", Some(Flaw::HeadTooLarge)),
        ("R58", uri(1 << 20), "GET /aaaa", Some(Flaw::HeadTooLarge)),
        (
            "R59",
            [
                b"GET / HTTP/1.1\r\nX: ",
                vec![b'a'; 1 << 20].as_slice(),
                b"\r\nContent-Length: 2\r\nHost: a\r\n\r\nhi",
            ]
            .concat(),
            "GET / ",
            Some(Flaw::HeadTooLarge),
        ),
    ] {
        let told = tell_cut(
            connection()
                .client_says(octets)
                .server_says(OK)
                .client_says(get(2))
                .server_says(OK)
                .closed_by(Side::Client),
            number,
        );
        let lines = told.lines();
        assert_eq!(lines.len(), 2, "{number}");
        assert!(lines[0].starts_with(line_begins) && lines[0].ends_with(" 200"), "{number}");
        assert_eq!(lines[1], "GET /2 200", "{number}");
        let message = request(&told.exchanges[0]);
        match flaw {
            Some(flaw) => assert!(message.flaws.has(flaw), "{number}"),
            None => assert!(message.flaws.is_empty(), "{number}"),
        }
        assert!(message.head.octets().len() <= limits::HEAD_OCTETS + limits::CHUNK_LINE_OCTETS);
        if number == "R59" {
            assert_eq!((message.framing, message.content), (Framing::Length(2), 2));
            assert_eq!(message.head.value(FieldName::Host), Some(&b"a"[..]));
        }
    }
}

#[test]
fn case_57_odd_responses_are_transactions() {
    use Flaw::*;
    type Row = (&'static str, &'static [u8], &'static str, &'static [Flaw]);
    let table: &[Row] = &[
        ("S01", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "200", &[]),
        ("S02", b"HTTP/1.1 200 OK\nContent-Length: 0\n\n", "200", &[BareLf]),
        ("S04", b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "200", &[]),
        ("S05", b"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "200", &[]),
        ("S06", b"HTTP/1.1 404 Non trouv\xe9\r\nContent-Length: 0\r\n\r\n", "404", &[]),
        (
            "S07",
            b"HTTP/1.1 404 \xe6\x9c\xaa\xe6\x89\xbe\xe5\x88\xb0\r\nContent-Length: 0\r\n\r\n",
            "404",
            &[],
        ),
        ("S08", b"HTTP/1.1 200 \x1b[31mOK\r\nContent-Length: 0\r\n\r\n", "200", &[ControlOctet]),
        ("S09", b"HTTP/1.1 200 O\tK\r\nContent-Length: 0\r\n\r\n", "200", &[]),
        ("S10", b"HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n", "200", &[OddStartLine]),
        ("S11", b"HTTP/1.1 200  OK\r\nContent-Length: 0\r\n\r\n", "200", &[]),
        ("S12", b"HTTP/1.1\t200\tOK\r\nContent-Length: 0\r\n\r\n", "200", &[OddStartLine]),
        ("S13", b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n", "-", &[BadStatus]),
        ("S14", b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n", "-", &[BadStatus]),
        ("S15", b"HTTP/1.1 000 X\r\n\r\n", "0", &[StatusOutOfRange]),
        ("S16", b"HTTP/1.1 099 X\r\n\r\n", "99", &[StatusOutOfRange]),
        ("S17", b"HTTP/1.1 600 X\r\n\r\n", "600", &[StatusOutOfRange]),
        (
            "S18",
            b"HTTP/1.1 999 Request denied\r\nContent-Length: 0\r\n\r\n",
            "999",
            &[StatusOutOfRange],
        ),
        ("S19", b"HTTP/1.1 2OO OK\r\n\r\n", "-", &[BadStatus]),
        ("S20", b"HTTP/1.1 -20 OK\r\n\r\n", "-", &[BadStatus]),
        ("S21", b"HTTP/1.0 200 OK\r\n\r\n", "200", &[]),
        ("S22", b"HTTP/1.2 200 OK\r\n\r\n", "200", &[OddVersion]),
        ("S23", b"HTTP/2.0 200 OK\r\n\r\n", "200", &[OddVersion]),
        ("S24", b"HTTP/2 200\r\n\r\n", "200", &[OddVersion]),
        ("S25", b"http/1.1 200 OK\r\n\r\n", "200", &[LowerCaseVersion]),
        ("S26", b"ICY 200 OK\r\nicy-name: x\r\n\r\n", "200", &[OddVersion]),
        ("S28", b"\r\nHTTP/1.1 200 OK\r\n\r\n", "200", &[LeadingEmptyLines]),
        ("S32", b"HTTP/1.1 200 OK\r\n\r\n", "200", &[]),
        (
            "S33",
            b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
            "200",
            &[FoldedField],
        ),
        (
            "S34",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
            "200",
            &[FoldedField, ObscuredFraming],
        ),
        (
            "S35",
            b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
            "200",
            &[SpaceBeforeColon, ObscuredFraming],
        ),
        ("S36", b"HTTP/1.1 200 OK\r\nfoo\r\nContent-Length: 0\r\n\r\n", "200", &[NoColon]),
        (
            "S37",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding\r\nContent-Length: 0\r\n\r\n",
            "200",
            &[NoColon],
        ),
        ("S38", b"HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 0\r\n\r\n", "200", &[EmptyFieldName]),
        ("S39", b"HTTP/1.1 200 OK\r\nX Y: 1\r\nContent-Length: 0\r\n\r\n", "200", &[OddFieldName]),
        (
            "S40",
            b"HTTP/1.1 200 OK\r\n X: 1\r\nContent-Length: 0\r\n\r\n",
            "200",
            &[FoldBeforeFields],
        ),
        (
            "S41",
            b"HTTP/1.1 200 OK\r\nX\xe9: 1\r\nContent-Length: 0\r\n\r\n",
            "200",
            &[OddFieldName],
        ),
        ("S42", b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n", "200", &[Nul]),
        (
            "S43",
            b"HTTP/1.1 200 OK\r\nServer: \x1b[2J\r\nContent-Length: 0\r\n\r\n",
            "200",
            &[ControlOctet],
        ),
        (
            "S44",
            b"HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename=\xce\xc4\r\n\
              Content-Length: 0\r\n\r\n",
            "200",
            &[],
        ),
        ("S45", b"HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n", "200", &[BareCr]),
        (
            "S46",
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
            "200",
            &[LengthRepeated],
        ),
        ("S47", b"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nabcde", "200", &[LengthRepeated]),
        (
            "S48",
            b"HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nabcde",
            "200",
            &[LengthInvalid, FramingGuessed],
        ),
        (
            "S49",
            b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "200",
            &[CodingInHttp10, FramingGuessed],
        ),
        (
            "S51",
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            "200",
            &[],
        ),
    ];
    for (number, octets, status, flaws) in table {
        let talk = connection().client_says(GET).server_says(*octets).closed_by(Side::Server);
        let told = tell_cut(talk, number);
        assert_eq!(told.lines(), [format!("GET / {status}")], "{number}");
        let expected: Vec<_> = flaws.iter().map(|flaw| flaw.name()).collect();
        let found = response(told.only());
        assert_eq!(names(Some(found)), expected.join(" "), "{number}");
        assert!(found.complete(), "{number} {found:?}");
        assert!(told.strays.is_empty(), "{number} {:?}", told.strays);
    }
}

#[test]
fn case_57_what_is_hardly_a_response() {
    // Octets that are none: the request stays without an answer, and they are shown.
    for (number, octets) in [
        ("S27", &b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"[..]),
        ("S29", b"xHTTP/1.1 200 OK\r\n\r\n"),
        ("S50", b"<html>hi</html>"),
    ] {
        let told = tell_cut(
            connection().client_says(GET).server_says(octets).closed_by(Side::Server),
            number,
        );
        assert_eq!(told.lines(), ["GET / -"], "{number}");
        assert_eq!(told.strays.len(), 1, "{number}");
        assert_eq!(told.only().unanswered, Some(Unanswered::Ended(End::Fin)), "{number}");
    }
    // S30: the end of a chunked body stands in front of the status line.
    let told = tell(
        connection()
            .client_says(GET)
            .server_says(&b"0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"[..])
            .closed_by(Side::Server),
    );
    assert_eq!(told.lines(), ["GET / 200"]);
    // S03: a lone CR ends no line.
    let told = tell(
        connection()
            .client_says(GET)
            .server_says(&b"HTTP/1.1 200 OK\rContent-Length: 0\r\r"[..])
            .closed_by(Side::Server),
    );
    assert_eq!(told.lines(), ["GET / 200"]);
    // S31, S52, S53: cut by the end of the connection.
    for (number, octets, line) in [
        ("S31", &b"HTTP/1.1 200 OK\r\n"[..], "GET / 200"),
        ("S52", b"HTTP/1.1 20", "GET / -"),
        ("S53", b"H", "GET / -"),
    ] {
        let told = tell_cut(
            connection().client_says(GET).server_says(octets).closed_by(Side::Server),
            number,
        );
        assert_eq!(told.lines(), [line], "{number}");
        let found = told.only().response.as_deref();
        assert!(found.is_none_or(|found| !found.complete()), "{number}");
        assert_eq!(names(found), "", "{number}: what was cut off is not known to be wrong");
    }
}

#[test]
fn case_62_chunk_lines() {
    use Flaw::*;
    // What follows the line is `hello`, and a proper end.
    type Row = (&'static str, &'static [u8], Option<u64>, &'static [Flaw]);
    let table: &[Row] = &[
        ("C01", b"5\r\n", Some(5), &[]),
        ("C04", b"000000000000005\r\n", Some(5), &[]),
        ("C05", b"0000000000000005\r\n", Some(5), &[]),
        ("C06", b"00000000000000005\r\n", Some(5), &[]),
        ("C08", b"1ffffffffffffffff\r\n", None, &[ChunkSizeInvalid]),
        ("C09", b"\r\n", None, &[ChunkSizeInvalid]),
        ("C10", b";a=b\r\n", None, &[ChunkSizeInvalid]),
        ("C11", b"0x5\r\n", None, &[ChunkSizeInvalid]),
        ("C12", b"+5\r\n", None, &[ChunkSizeInvalid]),
        ("C13", b"-5\r\n", None, &[ChunkSizeInvalid]),
        ("C14", b" 5\r\n", None, &[ChunkSizeInvalid]),
        ("C15", b"5 \r\n", Some(5), &[]),
        ("C16", b"5 5\r\n", None, &[ChunkSizeInvalid]),
        ("C17", b"5\n", Some(5), &[ChunkBareLf]),
        ("C18", b"5\r", None, &[ChunkSizeInvalid, ChunkBareCr]),
        ("C19", b"5;a=b\r\n", Some(5), &[ChunkExtension]),
        ("C20", b"5;a\nb\r\n", None, &[ChunkExtension, ChunkBareLf, ChunkDataOverrun]),
        ("C21", b"5;a\rb\r\n", Some(5), &[ChunkExtension, ChunkBareCr]),
        ("C22", b"5;\0\r\n", Some(5), &[ChunkExtension]),
        ("C23", b"5;a=\"\r\n\"\r\n", None, &[ChunkExtension, ChunkDataOverrun]),
        ("C24", b"5_0\r\n", None, &[ChunkSizeInvalid]),
        ("C25", b"\xef\xbc\x95\r\n", None, &[ChunkSizeInvalid]),
    ];
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (number, line, content, flaws) in table {
        let octets = [&head[..], line, b"hello\r\n0\r\n\r\n"].concat();
        let talk = connection().client_says(GET).server_says(octets).closed_by(Side::Server);
        let told = tell_cut(talk, number);
        assert_eq!(told.lines(), ["GET / 200"], "{number}");
        let found = response(told.only());
        assert_eq!(found.complete(), content.is_some(), "{number}");
        match content {
            Some(content) => assert_eq!(found.content, *content, "{number}"),
            None => assert_eq!(found.end, Some(MessageEnd::Invalid), "{number}"),
        }
        let expected: Vec<_> = flaws.iter().map(|flaw| flaw.name()).collect();
        assert_eq!(names(Some(found)), expected.join(" "), "{number}");
    }
    let chunked = |rest: &[u8]| {
        let octets = [&head[..], rest].concat();
        tell(connection().client_says(GET).server_says(octets).closed_by(Side::Server))
    };
    // C02, C03, C26: other digits, the last chunk, and one that is cut.
    let data = [&b"FF\r\n"[..], &[b'x'; 255], b"\r\n0\r\n\r\n"].concat();
    assert_eq!(response(chunked(&data).only()).content, 255);
    assert!(response(chunked(b"0\r\n\r\n").only()).complete());
    assert_eq!(response(chunked(b"5").only()).end, Some(MessageEnd::Fin));
    // C07: 2^64-1 octets are announced; counting them must not overflow.
    let told = chunked(b"ffffffffffffffff\r\nhello");
    let found = response(told.only());
    assert_eq!((found.content, found.end), (5, Some(MessageEnd::Fin)));
    // C27, C28: long extensions, with an end and without.
    for octets in [16 << 10, 1 << 20] {
        let line = [b"5;a", vec![b'a'; octets].as_slice(), b"\r\nhello\r\n0\r\n\r\n"].concat();
        let told = chunked(&line);
        let found = response(told.only());
        assert!(found.flaws.has(ChunkSizeInvalid), "{octets}");
        assert!(told.carried < 64 << 10, "{octets}: {}", told.carried);
    }
    // The limit is the same however the line is cut.
    for over in [0usize, 1] {
        let extension = vec![b'a'; limits::CHUNK_LINE_OCTETS - 3 + over];
        let octets = [&head[..], b"5;", &extension, b"\r\nhello\r\n0\r\n\r\n"].concat();
        let talk = connection().client_says(GET).server_says(octets).closed_by(Side::Server);
        let told = tell_cut(talk, "an extension at its limit");
        assert_eq!(response(told.only()).complete(), over == 0);
    }
}

// --- bounds ---------------------------------------------------------------------------------

/// One segment of the client for each run of octets, all acknowledged by nobody.
fn raw(side: Side, pieces: &[Vec<u8>]) -> Vec<Segment> {
    let mut talk = connection();
    for piece in pieces {
        talk = talk.turn(side, Event::Octets(piece.clone()));
    }
    let stacks = Stacks { mss: 60_000, acknowledge: Acknowledge::Never, ..Stacks::default() };
    packets::segments(&talk.into(), &stacks)
}

/// The least of a few measurements: what disturbs them makes them longer.
fn cost(segments: &[Segment]) -> f64 {
    (0..5)
        .map(|_| {
            let begun = std::time::Instant::now();
            std::hint::black_box(core::tell(segments));
            begun.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min)
}

#[test]
fn case_58_a_head_in_segments_of_one_octet_costs_little() {
    let mut head = b"GET / HTTP/1.1\r\nHost: a\r\n".to_vec();
    while head.len() < limits::HEAD_OCTETS - 100 {
        head.extend_from_slice(b"X-Field: some value\r\n");
    }
    head.extend_from_slice(b"\r\n");
    let whole = raw(Side::Client, std::slice::from_ref(&head));
    let single: Vec<Vec<u8>> = head.iter().map(|octet| vec![*octet]).collect();
    let single = raw(Side::Client, &single);
    assert_eq!(core::tell(&single).lines(), ["GET / -"]);
    // A segment has its own price, whatever it carries: what counts is that the head is not
    // read again for each. The same number of segments, each with a head of its own:
    let apart: Vec<Vec<u8>> = vec![b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(); single.len()];
    let (one, many) = (cost(&single), cost(&raw(Side::Client, &apart)));
    assert!(one < many * 2.0, "{one} s against {many} s");
    assert!(core::tell(&whole).carried <= 2 * head.len() as u64);
}

#[test]
fn case_59_leading_empty_lines_are_dropped_as_they_come() {
    let empty = b"\r\n".repeat(1_000_000);
    let mut pieces: Vec<Vec<u8>> = empty.chunks(1_460).map(<[u8]>::to_vec).collect();
    pieces.push(GET.to_vec());
    let told = core::tell(&raw(Side::Client, &pieces));
    assert_eq!(told.lines(), ["GET / -"]);
    assert!(request(told.only()).flaws.has(Flaw::LeadingEmptyLines));
    assert_eq!(told.carried, 0);
    // However they are cut, and an octet of them costs no more than one of a head.
    let odd: Vec<Vec<u8>> = empty[..100_001].chunks(7).map(<[u8]>::to_vec).collect();
    let told = core::tell(&raw(Side::Client, &[&odd[..], &[GET.to_vec()]].concat()));
    assert_eq!(told.lines(), ["GET / -"]);
    let heads = get(1).repeat(empty.len() / get(1).len());
    let heads: Vec<Vec<u8>> = heads.chunks(1_460).map(<[u8]>::to_vec).collect();
    let (lines, clean) = (cost(&raw(Side::Client, &pieces)), cost(&raw(Side::Client, &heads)));
    assert!(lines < clean, "{lines} s against {clean} s");
}

#[test]
fn case_60_a_head_at_its_limit_is_the_same_however_it_is_cut() {
    // Whatever stands at the limit: a name, a value, a line end, the empty line.
    for over in -6..40i64 {
        let mut head = b"POST /a HTTP/1.1\r\nHost: a\r\n".to_vec();
        let to = usize::try_from(limits::HEAD_OCTETS as i64 - 40 + over).unwrap();
        while head.len() + 22 < to {
            head.extend_from_slice(b"X-Field: some value\r\n");
        }
        let fill = to - head.len();
        head.extend_from_slice(&[&vec![b'y'; fill.saturating_sub(4)][..], b": z\r\n"].concat());
        head.extend_from_slice(b"Content-Length: 5\r\n\r\n");
        let octets = [&head[..], b"hello"].concat();
        let talk = connection()
            .client_says(octets)
            .server_says(OK)
            .client_says(get(2))
            .server_says(OK)
            .closed_by(Side::Client);
        let told = tell_cut(talk, "a head at its limit");
        assert_eq!(told.lines(), ["POST /a 200", "GET /2 200"], "{over}");
        let large = head.len() > limits::HEAD_OCTETS;
        let message = request(&told.exchanges[0]);
        assert_eq!(message.flaws.has(Flaw::HeadTooLarge), large, "{over}");
        assert_eq!((message.framing, message.content), (Framing::Length(5), 5), "{over}");
        assert!(message.complete(), "{over}");
    }
}

#[test]
fn case_60_a_line_cut_at_the_limit_forges_no_field() {
    // Behind the limit, the rest of a value reads as a field or as the empty line.
    for forged in ["Transfer-Encoding: chunked", "Content-Length: 9", ""] {
        let mut head = b"POST /a HTTP/1.1\r\nHost: a\r\nX: ".to_vec();
        head.resize(limits::HEAD_OCTETS, b'y');
        head.extend_from_slice(forged.as_bytes());
        head.extend_from_slice(b"\r\nContent-Length : 5\r\n\r\nhello");
        let talk = connection()
            .client_says(head)
            .server_says(OK)
            .client_says(get(2))
            .server_says(OK)
            .closed_by(Side::Client);
        let told = tell_cut(talk, forged);
        assert_eq!(told.lines(), ["POST /a 200", "GET /2 200"], "{forged:?}");
        let message = request(&told.exchanges[0]);
        assert_eq!((message.framing, message.content), (Framing::Length(5), 5), "{forged:?}");
    }
    // The same of a target.
    let mut head = b"GET /".to_vec();
    head.resize(limits::HEAD_OCTETS, b'y');
    head.extend_from_slice(b"\r\nHost: a\r\n\r\n");
    let talk = connection().client_says(head).server_says(OK).client_says(get(2)).server_says(OK);
    let told = tell_cut(talk, "a target");
    assert_eq!(told.exchanges.len(), 2);
    assert!(told.strays.is_empty());
    assert_eq!(told.lines()[1], "GET /2 200");
}

#[test]
fn case_60_ten_thousand_fields() {
    let mut head = b"POST / HTTP/1.1\r\nHost: a\r\n".to_vec();
    for index in 0..10_000 {
        head.extend_from_slice(format!("F{index}: {index}\r\n").as_bytes());
    }
    head.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    let told = tell_cut(connection().client_says(head).server_says(OK), "ten thousand fields");
    assert_eq!(told.lines(), ["POST / 200"]);
    let message = request(told.only());
    assert!(message.flaws.has(Flaw::HeadTooLarge) && message.flaws.has(Flaw::TooManyFields));
    assert_eq!((message.framing, message.content), (Framing::Chunked, 5));
    assert!(message.head.field_count() <= 2 * limits::HEAD_FIELDS);
}

#[test]
fn case_62_trailers_beyond_the_limit() {
    let mut body = b"5\r\nhello\r\n0\r\n".to_vec();
    for index in 0..10_000 {
        body.extend_from_slice(format!("T{index}: {index}\r\n").as_bytes());
    }
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let octets = [&head[..], &body, b"\r\n"].concat();
    let talk = connection()
        .client_says(GET)
        .server_says(octets)
        .client_says(get(2))
        .server_says(OK)
        .closed_by(Side::Client);
    let told = tell_cut(talk, "trailers");
    assert_eq!(told.lines(), ["GET / 200", "GET /2 200"]);
    let message = response(&told.exchanges[0]);
    assert!(message.flaws.has(Flaw::TrailersTooLarge) && message.complete());
    let trailers = message.trailers.as_ref().expect("trailers");
    assert!(
        trailers.len() <= limits::TRAILER_OCTETS && trailers.starts_with(b"T0: 0\r\nT1: 1\r\n")
    );
}

#[test]
fn case_63_a_million_chunks_of_one_octet() {
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let octets = [&head[..], &b"1;a=b\r\nx\r\n".repeat(1_000_000), b"0\r\n\r\n"].concat();
    let pieces: Vec<Vec<u8>> = octets.chunks(60_000).map(<[u8]>::to_vec).collect();
    let told = core::tell(&raw(Side::Server, &pieces));
    let message = response(told.only());
    assert_eq!((message.content, message.chunks), (1_000_000, 1_000_000));
    assert!(message.complete() && message.flaws.has(Flaw::ChunkExtension));
    assert_eq!(message.longest_extension, 4);
}

#[test]
fn case_65_a_thousand_requests_without_an_answer() {
    let all: Vec<u8> = (1..=1_000).flat_map(get).collect();
    let told = tell(connection().client_says(all.clone()).closed_by(Side::Client));
    assert_eq!(told.exchanges.len(), 1_000);
    let too_many =
        told.exchanges.iter().filter(|one| one.unanswered == Some(Unanswered::TooMany)).count();
    assert_eq!(too_many, 1_000 - limits::UNANSWERED_REQUESTS);
    // The answers to those that were given up belong to nobody else.
    let mut talk = connection().client_says(all);
    for nth in 1..=1_000usize {
        talk = talk.server_says(ok(nth));
    }
    let told = tell(talk.closed_by(Side::Client));
    let paired: Vec<&Exchange> =
        told.exchanges.iter().filter(|one| one.pairing != Pairing::None).collect();
    assert_eq!(paired.len(), limits::UNANSWERED_REQUESTS);
    for exchange in paired {
        let target = String::from_utf8(request(exchange).head.target().to_vec()).unwrap();
        assert_eq!(target, format!("/{}", response(exchange).content));
    }
}

#[test]
fn case_66_a_flood_of_interim_responses() {
    let two = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let flood = two.repeat(500_000);
    let told = tell(
        connection()
            .client_says(GET)
            .server_says([&flood[..], OK].concat())
            .closed_by(Side::Server),
    );
    assert_eq!(told.lines(), ["GET / 200"]);
    let exchange = told.only();
    assert_eq!(exchange.interim_count, 1_000_000);
    assert_eq!(exchange.interim.len(), limits::INTERIM_RESPONSES);
    assert!(response(exchange).complete());
}

// --- order and bodies -----------------------------------------------------------------------

#[test]
fn case_64_responses_that_nobody_asked_for() {
    let timeout = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    let told = tell_cut(
        connection().server_says(&timeout[..]).closed_by(Side::Server),
        "before any request",
    );
    assert_eq!(told.lines(), ["- - 408"]);
    let told = tell_cut(
        connection()
            .client_says(get(1))
            .server_says(OK)
            .server_says(&timeout[..])
            .after(Duration::from_secs(30))
            .closed_by(Side::Server),
        "on an idle connection",
    );
    assert_eq!(told.lines(), ["GET /1 200", "- - 408"]);
    assert_eq!(told.exchanges[1].nth, 2);
    // One answer too many does not shift those behind it.
    let told = tell_cut(
        connection()
            .client_says(get(1))
            .server_says([OK, b"HTTP/1.1 203 Extra\r\nContent-Length: 0\r\n\r\n"].concat())
            .client_says(get(2))
            .server_says(&b"HTTP/1.1 204 No Content\r\n\r\n"[..])
            .closed_by(Side::Client),
        "one too many",
    );
    assert_eq!(told.lines(), ["GET /1 200", "- - 203", "GET /2 204"]);
}

#[test]
fn case_67_responses_that_have_no_body() {
    let get_of = |method: &str, nth: usize| {
        format!("{method} /{nth} HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes()
    };
    let told = tell_cut(
        connection()
            .client_says(get_of("HEAD", 1))
            .server_says(&b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"[..])
            .client_says(get_of("HEAD", 2))
            .server_says(&b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"[..])
            .client_says(get_of("GET", 3))
            .server_says(&b"HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n"[..])
            .client_says(get_of("GET", 4))
            .server_says(&b"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n"[..])
            .client_says(get_of("GET", 5))
            .server_says(OK)
            .closed_by(Side::Client),
        "no body",
    );
    let expected = ["HEAD /1 200", "HEAD /2 200", "GET /3 304", "GET /4 204", "GET /5 200"];
    assert_eq!(told.lines(), expected);
    assert!(told.exchanges.iter().all(|one| response(one).complete()));
    assert!(response(&told.exchanges[3]).flaws.has(Flaw::FramingOnBodiless));
    assert!(told.strays.is_empty());
}

#[test]
fn case_67_octets_behind_a_response_without_a_body_are_stray() {
    for (request_line, head) in [
        ("GET", "HTTP/1.1 204 No Content\r\n"),
        ("GET", "HTTP/1.1 304 Not Modified\r\n"),
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n"),
    ] {
        let asked = format!("{request_line} /2 HTTP/1.1\r\nHost: a\r\n\r\n");
        let told = tell(
            connection()
                .client_says(get(1))
                .server_says(OK)
                .client_says(asked)
                .server_says(format!("{head}\r\n<p>oops</p>"))
                .client_says(get(3))
                .server_says(OK)
                .closed_by(Side::Client),
        );
        assert_eq!(told.exchanges.len(), 3, "{:?}", told.lines());
        assert_eq!(told.lines()[2], "GET /3 200");
        let [stray] = told.strays.as_slice() else { panic!("{:?}", told.strays) };
        assert_eq!((stray.nth, &stray.octets[..]), (2, &b"<p>oops</p>"[..]));
    }
    // Of several requests that wait, it is still the answered one.
    let all: Vec<u8> = (1..=3).flat_map(get).collect();
    let told = tell(
        connection()
            .client_says(all)
            .server_says(&b"HTTP/1.1 204 No Content\r\n\r\noops"[..])
            .server_says(ok(2))
            .server_says(ok(3))
            .closed_by(Side::Client),
    );
    assert_eq!(told.lines(), ["GET /1 204", "GET /2 200", "GET /3 200"]);
    assert_eq!(told.strays[0].nth, 1);
}

#[test]
fn case_68_a_body_up_to_the_end_of_the_connection() {
    let response_begins = b"HTTP/1.1 200 OK\r\n\r\nfirst part, ";
    let begins = || connection().client_says(GET).server_says(&response_begins[..]);
    let told = tell_cut(begins().server_says(&b"second"[..]).closed_by(Side::Server), "closed");
    let message = response(told.only());
    assert!(message.complete());
    assert_eq!((message.end, message.content), (Some(MessageEnd::Fin), 18));
    let told = tell(begins().turn(Side::Server, Event::Reset));
    assert!(!response(told.only()).complete());
    assert_eq!(response(told.only()).end, Some(MessageEnd::Reset));
    let told = tell(
        begins()
            .turn(Side::Server, Event::Lost(100))
            .server_says(&b"third"[..])
            .closed_by(Side::Server),
    );
    let message = response(told.only());
    assert!(!message.complete());
    assert_eq!((message.missing, message.content), (100, 17));
    let told = tell(begins());
    assert_eq!(response(told.only()).end, Some(MessageEnd::CaptureEnd));
    assert!(!response(told.only()).complete());
}

#[test]
fn case_79_messages_inside_bodies_are_bodies() {
    let fake = [OK, &ok(3), GET, b"0\r\n\r\n", OK].concat();
    let length = format!("Content-Length: {}\r\n\r\n", fake.len());
    let answer = [b"HTTP/1.1 200 OK\r\n", length.as_bytes(), &fake].concat();
    let asked = |nth: usize| {
        let head = format!("POST /{nth} HTTP/1.1\r\nHost: a\r\n{length}");
        [head.as_bytes(), &fake].concat()
    };
    // Serial; the body begins where a segment begins; pipelined.
    let mut serial = connection();
    let mut bodies_apart = connection();
    for nth in 1..=3 {
        serial = serial.client_says(asked(nth)).server_says(answer.clone());
        let (head, body) = answer.split_at(answer.len() - fake.len());
        bodies_apart = bodies_apart.client_says(asked(nth)).server_says(head).server_says(body);
    }
    let mut pipelined = connection().client_says([asked(1), asked(2), asked(3)].concat());
    for _ in 0..3 {
        let (head, body) = answer.split_at(answer.len() - fake.len());
        pipelined = pipelined.server_says(head).server_says(body);
    }
    for (what, talk) in [("serial", serial), ("apart", bodies_apart), ("pipelined", pipelined)] {
        let told = tell_cut(talk.closed_by(Side::Client), what);
        assert_eq!(told.lines(), ["POST /1 200", "POST /2 200", "POST /3 200"], "{what}");
        for exchange in &told.exchanges {
            assert_eq!(response(exchange).content, fake.len() as u64, "{what}");
            assert_eq!(request(exchange).content, fake.len() as u64, "{what}");
            assert!(response(exchange).complete() && request(exchange).complete(), "{what}");
        }
        assert!(told.strays.is_empty());
    }
    // Chunked, each message a chunk of its own.
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = [format!("{:x}\r\n", fake.len()).as_bytes(), &fake, b"\r\n"].concat();
    let talk = connection()
        .client_says(get(1))
        .server_says(&head[..])
        .server_says(chunk.clone())
        .server_says([&chunk[..], b"0\r\n\r\n"].concat())
        .client_says(get(2))
        .server_says(OK)
        .closed_by(Side::Client);
    let told = tell_cut(talk, "chunked");
    assert_eq!(told.lines(), ["GET /1 200", "GET /2 200"]);
    assert_eq!(response(&told.exchanges[0]).content, 2 * fake.len() as u64);
}

#[test]
fn bodies_may_hold_anything() {
    for body in [
        &b"--x\r\nContent-Type: a/b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n--x--\r\n\r\n"[..],
        b"\x1f\x8b\x08\0\0\r\n\r\n\0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        b"\r\n\r\n\r\n\r\n",
    ] {
        let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len());
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        let talk = connection()
            .client_says([head.as_bytes(), body].concat())
            .server_says([answer.as_bytes(), body].concat())
            .client_says(get(2))
            .server_says(OK)
            .closed_by(Side::Client);
        let told = tell_cut(talk, "a body");
        assert_eq!(told.lines(), ["POST / 200", "GET /2 200"]);
        assert_eq!(request(&told.exchanges[0]).content, body.len() as u64);
        assert!(told.exchanges.iter().all(|one| response(one).complete()));
    }
}

#[test]
fn an_answer_before_the_request_is_whole() {
    let talk = connection()
        .client_says(&b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345"[..])
        .server_says(&b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n"[..])
        .client_says(&b"67890"[..])
        .client_says(get(2))
        .server_says(OK)
        .closed_by(Side::Client);
    let told = tell_cut(talk, "answered early");
    assert_eq!(told.lines(), ["POST / 413", "GET /2 200"]);
    assert!(request(&told.exchanges[0]).complete());
    // Refused before the body, which is never sent.
    let talk = connection()
        .client_says(
            &b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n"[..],
        )
        .server_says(&b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n"[..])
        .client_says(get(2))
        .server_says(OK)
        .closed_by(Side::Client);
    // Which of the two it is, is seen where a segment begins.
    let told = tell(talk);
    assert_eq!(told.lines(), ["PUT / 417", "GET /2 200"]);
    assert_eq!(request(&told.exchanges[0]).end, Some(MessageEnd::NextMessage));
    // Continued.
    let talk = connection()
        .client_says(
            &b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n"[..],
        )
        .server_says(&b"HTTP/1.1 100 Continue\r\n\r\n"[..])
        .client_says(&b"GET / HTTP"[..])
        .server_says(OK)
        .closed_by(Side::Client);
    let told = tell_cut(talk, "continued");
    assert_eq!(told.lines(), ["PUT / 200"]);
    assert_eq!((told.only().interim_count, request(told.only()).content), (1, 10));
}

// --- switches, tunnels, strangers -----------------------------------------------------------

const HELLO: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03abcdefgh";
const CONNECT: &[u8] = b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n";
const GRANTED: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";
const UPGRADE: &[u8] =
    b"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const SWITCHED: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

#[test]
fn case_69_a_tunnel() {
    for early in [false, true] {
        for inside in [HELLO, b"SSH-2.0-x\r\n", b"\0\x01\x02"] {
            let talk = match early {
                // Octets of the client that do not wait for the answer.
                true => connection().client_says([CONNECT, inside].concat()).server_says(GRANTED),
                false => connection().client_says(CONNECT).server_says(GRANTED).client_says(inside),
            };
            let talk = talk.server_says(HELLO).client_says(&b"more"[..]).closed_by(Side::Client);
            let told = tell_cut(talk.clone(), "a tunnel");
            assert_eq!(told.lines(), ["CONNECT a:443 200"], "{early}");
            assert_eq!(told.only().switch, Some(Switch::Tunnel));
            assert!(told.strays.is_empty());
            let expected = [inside.len() as u64 + 4, HELLO.len() as u64];
            assert_eq!(told.connections[0].switched, expected, "{early} {inside:?}");
            let single = core::tell(&transform::resegment(&segments(talk), 1, 1));
            assert_eq!(single.connections[0].switched, expected, "{early} {inside:?}");
        }
    }
}

#[test]
fn case_69_http_inside_a_tunnel() {
    let talk = connection()
        .client_says(&b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"[..])
        .server_says(GRANTED)
        .client_says(get(1))
        .server_says(OK)
        .client_says(get(2))
        .server_says(ok(20))
        .closed_by(Side::Client);
    let told = tell_cut(talk, "HTTP inside");
    assert_eq!(told.lines(), ["CONNECT a:80 200", "GET /1 200", "GET /2 200"]);
    let inside: Vec<bool> = told.exchanges.iter().map(|one| one.tunnelled).collect();
    assert_eq!(inside, [false, true, true]);
}

#[test]
fn case_69_a_tunnel_that_is_refused() {
    let refused: &[u8] =
        b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno";
    let talk = connection()
        .client_says(CONNECT)
        .server_says(refused)
        .client_says(get(2))
        .server_says(OK)
        .client_says(CONNECT)
        .server_says(GRANTED)
        .client_says(HELLO)
        .closed_by(Side::Client);
    let told = tell_cut(talk, "refused");
    assert_eq!(told.lines(), ["CONNECT a:443 407", "GET /2 200", "CONNECT a:443 200"]);
    assert_eq!(told.exchanges[0].switch, None);
    // What came too early is HTTP after all.
    let talk = connection()
        .client_says([CONNECT, &get(2)].concat())
        .server_says(refused)
        .server_says(OK)
        .closed_by(Side::Client);
    let told = tell_cut(talk, "refused, with more behind");
    assert_eq!(told.lines(), ["CONNECT a:443 407", "GET /2 200"]);
}

#[test]
fn case_69_an_upgrade() {
    let frames = b"\x81\x05hello";
    for early in [false, true] {
        let talk = match early {
            true => connection().client_says([UPGRADE, frames].concat()).server_says(SWITCHED),
            false => {
                connection().client_says(UPGRADE).server_says(SWITCHED).client_says(&frames[..])
            }
        };
        let talk = talk.server_says(OK).closed_by(Side::Client);
        let told = tell_cut(talk, "an upgrade");
        assert_eq!(told.lines(), ["GET /chat 101"]);
        assert_eq!(told.only().switch, Some(Switch::Upgrade(b"websocket"[..].into())));
        assert_eq!(told.connections[0].switched, [7, OK.len() as u64]);
        assert!(told.strays.is_empty());
    }
    // Refused: HTTP goes on, with what was sent too early.
    let talk = connection()
        .client_says([UPGRADE, &get(2), &get(3)].concat())
        .server_says(&b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n"[..])
        .server_says([OK, OK].concat())
        .closed_by(Side::Client);
    let told = tell_cut(talk, "refused");
    assert_eq!(told.lines(), ["GET /chat 426", "GET /2 200", "GET /3 200"]);
    // To HTTP/2, behind a request with a body.
    let talk = connection()
        .client_says(
            &b"POST / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\
               Content-Length: 2\r\n\r\nhi"[..],
        )
        .server_says(
            &b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n\0\0\x12\x04\0\0\0\0\0"[..],
        )
        .client_says(&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..])
        .closed_by(Side::Client);
    let told = tell_cut(talk, "h2c");
    assert_eq!(told.lines(), ["POST / 101"]);
    assert_eq!(told.connections[0].switched, [24, 9]);
}

#[test]
fn case_69_octets_lost_while_an_upgrade_waits() {
    // They may have held a request, so what follows is looked at with care, but looked at.
    let refused: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let talk = connection()
        .client_says(UPGRADE)
        .turn(Side::Client, Event::Lost(500))
        .server_says(refused)
        .client_says(get(2))
        .after(Duration::from_secs(1))
        .server_says(OK)
        .client_says(get(3))
        .server_says(OK)
        .closed_by(Side::Client);
    let told = tell(talk);
    assert_eq!(told.lines(), ["GET /chat 200", "GET /2 200", "GET /3 200"]);
}

#[test]
fn case_70_strangers_cost_little_and_are_named() {
    for (port, octets, protocol) in [
        (80, HELLO, Protocol::Tls),
        (80, b"SSH-2.0-OpenSSH_9.6\r\n", Protocol::Ssh),
        (443, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", Protocol::Http1),
        (31_337, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", Protocol::Http1),
        (80, b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0", Protocol::Unknown),
        (25, b"EHLO mail.example\r\n", Protocol::Unknown),
    ] {
        let mut talk = Connection::new("10.1.0.1:40000", &format!("192.0.2.10:{port}"));
        let stranger = protocol != Protocol::Http1;
        talk = talk.client_says(octets).server_says(if stranger { octets } else { OK });
        for _ in 0..50 {
            if stranger {
                talk = talk.client_says(vec![7; 500]).server_says(vec![9; 500]);
            }
        }
        let told = tell(talk.closed_by(Side::Client));
        assert_eq!(told.connections[0].protocol, Some(protocol), "{port} {octets:?}");
        assert_eq!(told.exchanges.is_empty(), stranger);
        assert!(told.strays.is_empty());
        assert_eq!(told.connections[0].switched[0] > 20_000, stranger, "{port} {octets:?}");
    }
}

#[test]
fn case_78_roles_without_a_handshake() {
    // The ports deceive: the server has the high one, or both are odd.
    for (client, server) in [
        ("10.1.0.1:80", "192.0.2.10:40000"),
        ("10.1.0.1:1024", "192.0.2.10:31337"),
        ("10.1.0.1:31337", "192.0.2.10:1024"),
        ("10.1.0.1:40000", "192.0.2.10:80"),
    ] {
        for first_seen in 0..2 {
            let mut talk = Connection::new(client, server).opening(Opening::NotCaptured);
            if first_seen == 0 {
                talk = talk.client_says(get(1));
            }
            let talk = talk
                .server_says(ok(10))
                .client_says(get(2))
                .server_says(ok(20))
                .closed_by(Side::Server);
            let told = tell(talk);
            let expected: &[&str] = match first_seen {
                0 => &["GET /1 200", "GET /2 200"],
                _ => &["- - 200", "GET /2 200"],
            };
            assert_eq!(told.lines(), expected, "{client} {server}");
            for exchange in &told.exchanges {
                assert_eq!(exchange.client.to_string(), client);
                assert_eq!(exchange.server.to_string(), server);
            }
            assert_eq!(told.connections[0].client.to_string(), client);
            assert_eq!(told.connections[0].ending, Ending::Closed);
            assert_eq!(told.connections[0].first_closer, Some(httpwhy::flow::Side::Server));
        }
    }
}

// --- gaps -----------------------------------------------------------------------------------

/// Three exchanges, one behind the other; of the second response so many octets of the given
/// ones are lost.
fn serial_with_gap(second: &[u8], from: usize, to: usize) -> Told {
    let mut talk = connection().client_says(get(1)).server_says(ok(100)).client_says(get(2));
    if from > 0 {
        talk = talk.server_says(&second[..from]);
    }
    if to > from {
        talk = talk.turn(Side::Server, Event::Lost((to - from) as u32));
    }
    if to < second.len() {
        talk = talk.server_says(&second[to..]);
    }
    let talk = talk
        .client_says(get(3))
        .after(Duration::from_millis(500))
        .server_says(ok(300))
        .client_says(get(4))
        .server_says(ok(400))
        .closed_by(Side::Client);
    tell(talk)
}

/// Whatever was lost, what is paired is right: the target tells the size of the body.
fn assert_pairs(told: &Told, what: &str) {
    for exchange in &told.exchanges {
        let (Some(request), Some(response)) = (&exchange.request, &exchange.response) else {
            continue;
        };
        let target = String::from_utf8_lossy(request.head.target()).into_owned();
        let nth: u64 = target.trim_start_matches('/').parse().unwrap_or(0);
        let whole = response.content + response.missing;
        assert!(
            response.content_length.value().is_none_or(|length| length == nth * 100),
            "{what}: {target} with {whole} octets, {:?}",
            told.lines()
        );
        assert!(!response.complete() || whole == nth * 100, "{what}: {target} with {whole}");
    }
}

#[test]
fn cases_15_to_18_gaps_in_serial_responses() {
    let plain = ok(200);
    let chunked = {
        let chunk = [&b"32\r\n"[..], &[b'x'; 50], b"\r\n"].concat();
        let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        [&head[..], &chunk.repeat(4), b"0\r\n\r\n"].concat()
    };
    for (what, second) in [("length", &plain), ("chunked", &chunked)] {
        let ends = second.len();
        let head = memchr(second, b"\r\n\r\n") + 4;
        for from in 0..ends {
            for to in [from + 1, from + 7, from + 60, ends] {
                if to > ends {
                    continue;
                }
                let told = serial_with_gap(second, from, to);
                let place = format!("{what} {from}..{to} of {ends}");
                assert_pairs(&told, &place);
                let lines = told.lines();
                assert_eq!(lines.first().map(String::as_str), Some("GET /1 200"), "{place}");
                // Those behind the gap are whole and find each other.
                for nth in [3, 4] {
                    let line = format!("GET /{nth} 200");
                    let at = lines.iter().position(|found| *found == line);
                    let at = at.unwrap_or_else(|| panic!("{place}: {lines:?}"));
                    let exchange = &told.exchanges[at];
                    assert!(response(exchange).complete() && request(exchange).complete());
                }
                let second_one = told.exchanges.iter().find(|one| {
                    one.request.as_ref().is_some_and(|request| request.head.target() == b"/2")
                });
                let second_one = second_one.unwrap_or_else(|| panic!("{place}: {lines:?}"));
                // The head is there, so the status is.
                if from >= head {
                    let found = response(second_one);
                    assert_eq!(found.head.status(), Some(200), "{place}");
                    assert!(!found.complete(), "{place}");
                    let in_body = what == "length";
                    if in_body {
                        assert_eq!(found.missing, (to - from) as u64, "{place}");
                        assert_eq!(found.content + found.missing, 200, "{place}");
                    }
                } else if let Some(found) = &second_one.response {
                    assert!(!found.complete(), "{place}");
                }
            }
        }
    }
}

fn memchr(octets: &[u8], wanted: &[u8]) -> usize {
    octets.windows(wanted.len()).position(|window| window == wanted).expect("it is in there")
}

#[test]
fn case_16_a_gap_inside_the_data_of_a_chunk_loses_nothing_else() {
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let told = tell(
        connection()
            .client_says(get(1))
            .server_says([&head[..], b"64\r\n", &[b'x'; 30]].concat())
            .turn(Side::Server, Event::Lost(50))
            .server_says([&[b'x'; 20][..], b"\r\n5\r\nhello\r\n0\r\n\r\n"].concat())
            .client_says(get(2))
            .server_says(ok(200))
            .closed_by(Side::Client),
    );
    assert_eq!(told.lines(), ["GET /1 200", "GET /2 200"]);
    let found = response(&told.exchanges[0]);
    assert_eq!((found.content, found.missing, found.chunks), (55, 50, 2));
    assert_eq!(found.end, Some(MessageEnd::Framing));
    assert!(!found.complete());
}

#[test]
fn a_whole_request_is_lost() {
    for lost_alone in [true, false] {
        let second = get(2);
        let mut talk = connection()
            .client_says(get(1))
            .server_says(ok(100))
            .turn(Side::Client, Event::Lost(second.len() as u32));
        talk = match lost_alone {
            true => talk.server_says(ok(200)),
            false => talk.turn(Side::Server, Event::Lost(ok(200).len() as u32)),
        };
        let talk = talk
            .client_says(get(3))
            .after(Duration::from_millis(500))
            .server_says(ok(300))
            .closed_by(Side::Client);
        let told = tell(talk);
        let expected: &[&str] = match lost_alone {
            true => &["GET /1 200", "- - 200", "GET /3 200"],
            false => &["GET /1 200", "GET /3 200"],
        };
        assert_eq!(told.lines(), expected);
        assert_pairs(&told, "a lost request");
    }
}

#[test]
fn case_18_pipelining_and_loss_never_pair_wrongly() {
    // Every range of the requests or of the responses of a connection that pipelines.
    let requests: Vec<u8> = (1..=5).flat_map(get).collect();
    let responses: Vec<u8> = (1..=5).flat_map(|nth| ok(nth * 100)).collect();
    let cut = |all: &[u8], from: usize, to: usize| {
        let mut events = vec![Event::Octets(all[..from].to_vec())];
        events.push(Event::Lost((to - from) as u32));
        events.push(Event::Octets(all[to..].to_vec()));
        events.retain(|event| !matches!(event, Event::Octets(octets) if octets.is_empty()));
        events
    };
    let step = |all: &[u8]| all.len() / 60 + 1;
    for side in [Side::Client, Side::Server] {
        let all = if side == Side::Client { &requests } else { &responses };
        for from in (0..all.len()).step_by(if side == Side::Client { 3 } else { step(all) }) {
            for len in [1, 20, 28, 56, 150, 340, 700] {
                let to = from + len;
                if to > all.len() {
                    continue;
                }
                let mut talk = connection();
                let gap = cut(all, from, to);
                for event in if side == Side::Client {
                    gap.clone()
                } else {
                    vec![Event::Octets(requests.clone())]
                } {
                    talk = talk.turn(Side::Client, event);
                }
                for event in
                    if side == Side::Server { gap } else { vec![Event::Octets(responses.clone())] }
                {
                    talk = talk.turn(Side::Server, event);
                }
                let told = tell(talk.closed_by(Side::Client));
                assert_pairs(&told, &format!("{side:?} {from}..{to}"));
            }
        }
    }
}

// --- sizes that lie ---------------------------------------------------------------------------

#[test]
fn case_76_lengths_beyond_all_that_comes() {
    // A hundred gibibytes that are read slowly, and the largest number that there is.
    for length in [100 << 30, u64::MAX >> 2] {
        let response = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nabc");
        let slow = connection().client_says(GET).server_says(response.into_bytes());
        let slow = slow.server_says(b"de").after(Duration::from_secs(9)).server_says(b"f");
        let told = tell(slow.closed_by(Side::Server));
        let message = response_of_the_only(&told);
        assert_eq!(message.framing, Framing::Length(length));
        assert_eq!((message.content, message.body), (6, 6), "{length}");
        assert!(!message.complete());
        // What is lost of it is counted, too.
        let lossy = connection()
            .client_says(GET)
            .server_says(
                format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").into_bytes(),
            )
            .turn(Side::Server, Event::Lost(60_000))
            .server_says(b"x")
            .closed_by(Side::Server);
        let told = tell(lossy);
        let message = response_of_the_only(&told);
        assert_eq!((message.content, message.missing), (1, 60_000), "{length}");
    }
}

fn response_of_the_only(told: &Told) -> &Message {
    response(told.only())
}
