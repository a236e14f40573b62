//! What is done with any octets at all, and what must hold then. The fuzzer calls these functions, and
//! `cargo test --test corpus` calls them with everything that is stored; a claim that fails panics.

// Each fuzz target compiles all of this and uses one function.
#![allow(dead_code)]
#![allow(clippy::expect_used, clippy::indexing_slicing)]

use std::io::{Cursor, Read};
use std::ops::ControlFlow;
use std::path::PathBuf;

use httpwhy::capture::Capture;
use httpwhy::engine::Shard;
use httpwhy::error::Error;
use httpwhy::export::{FORMATS, Options, Secrets, Sort, escape};
use httpwhy::filter::{Filter, Subject};
use httpwhy::flow::Mark;
use httpwhy::http::{Event, Exchange, MessageEnd, Protocol, text};
use httpwhy::pipeline::{self, Threads};
use httpwhy::units::{Duration, Timestamp};
use httpwhy::wire::{Decoded, Decoder, Endpoint, Ends, Flags, LinkType, Packet, Segment, Via};
use httpwhy::{limits, secret};

/// 2026-01-01T00:00:00Z.
const START: Timestamp = Timestamp::from_nanos(1_767_225_600_000_000_000);

/// Gives one octet at a time, as a slow pipe does.
struct Slow(Cursor<Vec<u8>>);

impl Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let few = buffer.len().min(1);
        self.0.read(&mut buffer[..few])
    }
}

/// Number, time and length of each packet, and what was wrong.
type FileRead = (Vec<(u64, i64, usize)>, Vec<String>);

/// A file: its packets are no larger than packets are, there are no more of them than it has octets for,
/// and they are the same however the octets come.
pub fn file(input: &[u8]) {
    let read = |reader: Box<dyn Read + Send>| -> Option<FileRead> {
        let mut capture = Capture::from_reader(PathBuf::from("fuzz"), reader).ok()?;
        let mut packets = Vec::new();
        while let Some(packet) = capture.next().expect("memory can be read") {
            assert!(packet.bytes.len() <= limits::PACKET_OCTETS);
            packets.push((packet.number, packet.at.as_nanos(), packet.bytes.len()));
        }
        let inputs = capture.inputs();
        let damages = inputs.flat_map(|input| &input.damages).map(ToString::to_string).collect();
        Some((packets, damages))
    };
    let whole = read(Box::new(Cursor::new(input.to_vec())));
    let is_compressed =
        [&[0x1f, 0x8b][..], &[0x28, 0xb5, 0x2f, 0xfd]].iter().any(|magic| input.starts_with(magic));
    if let Some((packets, _)) = &whole
        && !is_compressed
    {
        assert!(packets.len() <= input.len() / 16, "{} of {}", packets.len(), input.len());
    }
    if input.len() <= 8_192 {
        let slow = read(Box::new(Slow(Cursor::new(input.to_vec()))));
        assert_eq!(whole, slow, "one octet at a time");
    }
}

/// Frames: two octets of link type, then frames behind two octets of length each.
pub fn packet(input: &[u8]) {
    let Some((link, mut rest)) = input.split_first_chunk::<2>() else { return };
    let link = LinkType(u16::from_le_bytes(*link) & 0x1ff);
    let mut decoder = Decoder::new();
    decoder.verify_checksums(input.len() % 2 == 1);
    let mut number = 0;
    while let Some((len, more)) = rest.split_first_chunk::<2>() {
        let len = usize::from(u16::from_le_bytes(*len) & 0x7ff).min(more.len());
        let (bytes, more) = more.split_at(len);
        rest = more;
        number += 1;
        let packet = Packet {
            number,
            at: START.plus(Duration::from_millis(number)),
            link,
            interface: 0,
            len: bytes.len() as u32,
            direction: None,
            bytes,
            offset: 0,
        };
        match decoder.decode(&packet) {
            // A whole datagram may be put together from several frames.
            Decoded::Segment(segment) => assert!(segment.payload.len() <= input.len()),
            Decoded::Signal(signal) => assert_eq!(signal.number, number),
            Decoded::Skip(skip) => assert!(!skip.to_string().is_empty()),
        }
    }
}

/// The two ends of the conversations below.
fn ends() -> [Endpoint; 2] {
    [Endpoint::v4([10, 1, 0, 1], 40_000), Endpoint::v4([192, 0, 2, 10], 80)]
}

/// Segments: ten octets each of side, flags, sequence, acknowledgement, time and length, then so many
/// octets. Whatever they say, every octet is accounted for.
pub fn segments(input: &[u8]) {
    let mut shard = Shard::default();
    let [client, server] = ends();
    let mut rest = input;
    let mut at = START;
    let mut number = 0;
    while let Some((head, more)) = rest.split_first_chunk::<10>() {
        let [side, flags, s0, s1, a0, a1, urgent, t0, t1, len] = *head;
        let (payload, more) = more.split_at(usize::from(len).min(more.len()));
        rest = more;
        number += 1;
        let step = Duration::from_millis(u64::from(u16::from_le_bytes([t0, t1 & 0x7f])));
        at = match t1 & 0x80 {
            0 => at.plus(step),
            _ => Timestamp::from_nanos(at.as_nanos() - step.as_nanos() as i64),
        };
        let (source, destination) = if side & 1 == 0 { (client, server) } else { (server, client) };
        // Small numbers mostly, near the wrap, and sometimes far away.
        let spread = |low: u8, high: u8| match side >> 6 {
            3 => u32::from_le_bytes([low, high, low, high]),
            _ => u32::from(u16::from_le_bytes([low, high & 0x0f])).wrapping_sub(1_000),
        };
        shard.segment(&Segment {
            at,
            number,
            ends: Ends { source, destination },
            sequence: spread(s0, s1),
            acknowledgement: spread(a0, a1),
            flags: Flags(flags),
            window: u16::from_le_bytes([a1, s1]),
            urgent: u16::from(urgent),
            options: &[],
            payload,
            cut: if side & 2 == 0 { 0 } else { u32::from(urgent) },
            via: Via::default(),
        });
        let ledger = shard.ledger();
        assert!(ledger.balances(), "{ledger:?}");
        if side & 4 != 0 {
            shard.tick(Mark { at, packet: number });
        }
    }
    shard.finish(Mark { at, packet: number });
    let ledger = shard.ledger();
    assert!(ledger.balances() && ledger.holding == 0, "{ledger:?}");
}

/// What was said, by whom, in order.
type Turn<'o> = (bool, &'o [u8]);

/// The exchanges of a connection whose segments are no larger than so many octets, and whether everything
/// stood where it may.
fn told(turns: &[Turn<'_>], largest: usize) -> (Vec<String>, bool) {
    let mut shard = Shard::default();
    let [client, server] = ends();
    let mut next = [1_000_u32, 0xffff_ff00];
    let mut number = 0;
    let mut send = |of_client: bool, flags: u8, payload: &[u8], number: u64| {
        let own = usize::from(!of_client);
        let (source, destination) = if of_client { (client, server) } else { (server, client) };
        shard.segment(&Segment {
            // Time stands still, so that how it is cut changes no duration.
            at: START,
            number,
            ends: Ends { source, destination },
            sequence: next[own],
            acknowledgement: next[1 - own],
            flags: Flags(flags),
            window: 60_000,
            urgent: 0,
            options: &[],
            payload,
            cut: 0,
            via: Via::default(),
        });
        let one = u32::from(flags & (Flags::SYN | Flags::FIN) != 0);
        next[own] = next[own].wrapping_add(payload.len() as u32 + one);
    };
    let mut numbered = |of_client, flags, payload: &[u8]| {
        number += 1;
        send(of_client, flags, payload, number);
    };
    numbered(true, Flags::SYN, b"");
    numbered(false, Flags::SYN | Flags::ACK, b"");
    numbered(true, Flags::ACK, b"");
    for (of_client, octets) in turns {
        for piece in octets.chunks(largest) {
            numbered(*of_client, Flags::ACK, piece);
        }
        numbered(!of_client, Flags::ACK, b"");
    }
    numbered(true, Flags::FIN | Flags::ACK, b"");
    numbered(false, Flags::FIN | Flags::ACK, b"");
    shard.finish(Mark { at: START, packet: number });
    let ledger = shard.ledger();
    assert!(ledger.balances() && ledger.holding == 0, "{ledger:?}");
    let (mut exchanges, mut in_place) = (Vec::new(), true);
    for event in shard.events().drain(..) {
        match event {
            Event::Exchange(exchange) => {
                let messages = [exchange.request.as_deref(), exchange.response.as_deref()];
                in_place &= messages.into_iter().flatten().all(|message| {
                    matches!(message.end, Some(MessageEnd::Framing | MessageEnd::Fin))
                });
                exchanges.push(essence(&exchange));
            }
            Event::Stray(_) => in_place = false,
            Event::Connection(connection) => {
                in_place &= connection.protocol == Some(Protocol::Http1);
            }
        }
    }
    (exchanges, in_place)
}

/// All of an exchange that does not depend on how its octets were cut into segments.
fn essence(exchange: &Exchange) -> String {
    let messages = [exchange.request.as_deref(), exchange.response.as_deref()];
    let messages = messages.into_iter().flatten().chain(&exchange.interim).map(|message| {
        format!(
            "{} {:?} {:?} {} {} {} {:?} {:?} {:?}",
            text(message.head.octets()),
            message.framing,
            message.content_length,
            message.content,
            message.body,
            message.chunks,
            message.trailers,
            message.end,
            message.flaws.iter().collect::<Vec<_>>(),
        )
    });
    format!("{} {:?} {:?}", exchange.nth, exchange.switch, messages.collect::<Vec<_>>())
}

fn told_the_same_however_cut(turns: &[Turn<'_>]) {
    let (whole, in_place) = told(turns, 60_000);
    // What a SOCKS server, a stranger or a place that was lost looks like is told by how segments begin.
    let may_be_socks = turns.iter().any(|(_, octets)| matches!(octets.first(), Some(4 | 5)));
    for largest in [1, 2, 7] {
        let (cut, cut_in_place) = told(turns, largest);
        let comparable = in_place && cut_in_place && !may_be_socks;
        assert!(!comparable || whole == cut, "in segments of {largest}: {cut:#?} not {whole:#?}");
    }
}

/// A conversation: turns end with the octet 0xff, the client has the first one.
pub fn connection(input: &[u8]) {
    let turns = input.split(|octet| *octet == 0xff).take(32).enumerate();
    let turns: Vec<Turn<'_>> = turns.map(|(nth, octets)| (nth % 2 == 0, octets)).collect();
    told_the_same_however_cut(&turns);
}

/// A head: of a request, and of a response.
pub fn head(input: &[u8]) {
    told_the_same_however_cut(&[(true, input)]);
    told_the_same_however_cut(&[(true, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), (false, input)]);
}

/// A chunked body and what follows it.
pub fn chunk(input: &[u8]) {
    const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    const REQUEST: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let answered = [RESPONSE, input].concat();
    told_the_same_however_cut(&[(true, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), (false, &answered)]);
    told_the_same_however_cut(&[(true, &[REQUEST, input].concat())]);
}

/// A filter: read, or refused with a place inside it; asked about an exchange; read again as it is
/// written.
pub fn filter(input: &[u8]) {
    let Ok(expression) = std::str::from_utf8(input) else { return };
    match Filter::parse(expression) {
        Ok(filter) => {
            let exchange = example();
            let subject = Subject { start: Some(START), ..Subject::new(1, &exchange) };
            let found = filter.matches(&subject);
            if let Some(by_now) = filter.matches_by_now(&subject) {
                assert_eq!(by_now, found);
            }
            let again = Filter::parse(filter.text()).expect("what was read");
            assert_eq!(again.matches(&subject), found);
        }
        Err(mistake) => assert!(!mistake.to_string().is_empty()),
    }
}

fn example() -> Exchange {
    let mut shard = Shard::default();
    let [client, server] = ends();
    let turns = [
        (client, server, &b"GET /a?b=1 HTTP/1.1\r\nHost: shop.example\r\nAccept: */*\r\n\r\n"[..]),
        (server, client, b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\nServer: x\r\n\r\nno"),
    ];
    for (number, (source, destination, payload)) in (1..).zip(turns) {
        shard.segment(&Segment {
            at: START.plus(Duration::from_millis(number)),
            number,
            ends: Ends { source, destination },
            sequence: 1,
            acknowledgement: 1,
            flags: Flags(Flags::ACK),
            window: 60_000,
            urgent: 0,
            options: &[],
            payload,
            cut: 0,
            via: Via::default(),
        });
    }
    shard.finish(Mark { at: START.plus(Duration::from_secs(2)), packet: 2 });
    let exchange = shard.events().drain(..).find_map(|event| match event {
        Event::Exchange(exchange) => Some(exchange.as_ref().clone()),
        Event::Stray(_) | Event::Connection(_) => None,
    });
    exchange.expect("an exchange")
}

/// Whether a terminal would obey it or show something else than what is there.
fn is_dangerous(one: char) -> bool {
    one.is_control()
        || matches!(one,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
            | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// Text for people: nothing in it is obeyed, and no secret is left.
pub fn sanitiser(input: &[u8]) {
    let shown = escape::text(input);
    assert!(!shown.chars().any(is_dangerous), "{shown:?}");
    assert_eq!(escape::text(shown.as_bytes()), shown, "safe text stays as it is");
    for columns in [0, 1, 7, 80] {
        let cut = escape::cut(input, columns);
        assert!(escape::width(&cut) <= columns, "{cut:?} in {columns}");
        assert!(!cut.chars().any(is_dangerous), "{cut:?}");
    }
    const CANARY: &[u8] = b"CANARY5f0c";
    let quoted = [b"password=", CANARY, b"&", input].concat();
    let contains = |octets: &[u8]| octets.windows(CANARY.len()).any(|window| window == CANARY);
    if !contains(input) {
        assert!(!contains(&secret::quoted(&quoted)), "{:?}", text(&quoted));
        let target = [b"/?access_token=", CANARY, b"&", input].concat();
        assert!(!contains(&Secrets::Hidden.target(&target)), "{:?}", text(&target));
    }
}

/// A whole capture to every format: the books balance, and nothing dangerous comes out.
pub fn capture(input: &[u8]) {
    let options = Options {
        secrets: Secrets::Hidden,
        top: 10,
        columns: None,
        colour: false,
        servers: true,
        sort: Sort::Failed,
        accounts: true,
        body: 200,
    };
    let reader = Box::new(Cursor::new(input.to_vec()));
    let Ok(mut capture) = Capture::from_reader(PathBuf::from("fuzz"), reader) else { return };
    let mut exporters: Vec<_> =
        FORMATS.iter().map(|format| ((format.open)(options), Vec::new())).collect();
    for (exporter, out) in &mut exporters {
        exporter.begin(out).expect("a vector");
    }
    let wanted =
        pipeline::Options { preview: 200, threads: Threads::default(), ..Default::default() };
    let run = pipeline::run::<Error>(&mut capture, wanted, |record| {
        use httpwhy::engine::Record;
        for (exporter, out) in &mut exporters {
            let written = match record {
                Record::Exchange(id, exchange) => exporter.exchange(id, exchange, out),
                Record::Stray(stray) => exporter.stray(stray, out),
                Record::Connection(connection) => exporter.connection(connection, out),
                Record::Verdict(verdict) => exporter.verdict(verdict, out),
                Record::Finding(finding) => exporter.finding(finding, out),
            };
            written.expect("a vector");
        }
        Ok(ControlFlow::Continue(()))
    });
    let outcome = run.expect("memory can be read");
    assert!(outcome.summary.balances(), "{:?}", outcome.summary);
    let ledger = &outcome.summary.ledger;
    assert!(ledger.balances() && ledger.holding == 0, "{ledger:?}");
    for ((exporter, out), format) in exporters.iter_mut().zip(FORMATS) {
        exporter.end(&outcome.summary, &outcome.statistics, out).expect("a vector");
        let text =
            std::str::from_utf8(out).unwrap_or_else(|_| panic!("{} is no text", format.name));
        let between = |one: char| match one {
            '\n' | '\r' => true,
            '\t' => matches!(format.name, "tsv" | "fields"),
            _ => false,
        };
        let dangerous = text.chars().find(|one| is_dangerous(*one) && !between(*one));
        assert_eq!(dangerous, None, "in {}", format.name);
    }
}
