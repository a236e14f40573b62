//! TCP segments in, what the core makes of them out, in a form that says nothing of packets and
//! times: the same however the segments were cut and mixed.

use std::path::Path;

use httpwhy::capture::Capture;
use httpwhy::engine::{Clock, Collector, Record, Shard};
use httpwhy::flow::{Ledger, Mark};
use httpwhy::http::{self, Message, text};
use httpwhy::units::Timestamp;
use httpwhy::wire::{Decoded, Decoder, Skips};

use super::exchange::Exchange;
use super::packets::Segment;

/// One exchange in all that does not depend on how it was carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// As the truth is stated.
    pub exchange: Exchange,
    /// Position on its connection.
    pub nth: u32,
    /// Whether request and response were captured whole.
    pub whole: [bool; 2],
    /// Heads, framing, octets and flaws of every message.
    pub messages: Vec<String>,
    /// Whether it took place inside a tunnel.
    pub tunnelled: bool,
}

/// What the core made of a capture.
#[derive(Debug, Default)]
pub struct Made {
    /// The exchanges by connection and position.
    pub seen: Vec<Seen>,
    /// Connections, with their ends and what became of them.
    pub connections: Vec<String>,
    /// Octets that stood where none may.
    pub strays: usize,
    /// What became of every octet of payload.
    pub ledger: Ledger,
    /// Packets that say something about connections, but are none of theirs.
    pub signals: u64,
    /// Packets that were not decoded.
    pub skips: Skips,
    /// Whether the file was damaged.
    pub damaged: bool,
}

impl Made {
    /// Puts the exchanges in the order of their connections and places.
    pub fn sort(&mut self) {
        self.seen.sort_by_key(|seen| (seen.exchange.client, seen.exchange.server, seen.nth));
    }

    /// The exchanges as the truth is stated.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.seen.iter().map(|seen| seen.exchange.clone()).collect()
    }
}

/// Reads segments as if they had been captured in this order.
pub fn read(segments: &[Segment]) -> Made {
    let mut core = Core::default();
    for (index, segment) in segments.iter().enumerate() {
        let number = index as u64 + 1;
        core.at(segment.at, number);
        core.shard.segment(&segment.as_wire(number));
        assert!(core.shard.ledger().balances(), "{:?}", core.shard.ledger());
    }
    core.finish()
}

/// All that the core says, as it says it.
#[derive(Debug, Default)]
pub struct Told {
    /// The exchanges in the order of their completion.
    pub exchanges: Vec<http::Exchange>,
    /// The connections in the order in which they were over.
    pub connections: Vec<http::Connection>,
    /// Octets that stood where none may.
    pub strays: Vec<http::Stray>,
    /// What became of every octet of payload.
    pub ledger: Ledger,
    /// Octets that were copied, since a head or line lay in several segments.
    pub carried: u64,
}

impl Told {
    /// Method, target and status of each exchange, `-` for what is not there.
    pub fn lines(&self) -> Vec<String> {
        self.exchanges.iter().map(line).collect()
    }

    /// The only exchange.
    ///
    /// # Panics
    ///
    /// Where there are none or several.
    pub fn only(&self) -> &http::Exchange {
        let [exchange] = self.exchanges.as_slice() else { panic!("{:?}", self.lines()) };
        exchange
    }
}

/// `GET /a 200`: method, target and status, `-` for what is not there.
pub fn line(exchange: &http::Exchange) -> String {
    let request = exchange.request.as_deref();
    let word = |octets: &[u8]| text(octets).into_owned();
    let method = request.map_or("-".to_owned(), |request| word(request.head.method_octets()));
    let target = request.map_or("-".to_owned(), |request| word(request.head.target()));
    let status = exchange.status().map_or("-".to_owned(), |status| status.to_string());
    format!("{method} {target} {status}")
}

/// Reads segments as if they had been captured in this order, and keeps all that is said.
pub fn tell(segments: &[Segment]) -> Told {
    let mut core = Core::default();
    for (index, segment) in segments.iter().enumerate() {
        let number = index as u64 + 1;
        core.at(segment.at, number);
        core.shard.segment(&segment.as_wire(number));
    }
    assert!(core.shard.ledger().balances(), "{:?}", core.shard.ledger());
    core.shard.finish(core.last);
    let ledger = core.shard.ledger();
    assert!(ledger.balances() && ledger.holding == 0, "{ledger:?}");
    let carried = core.shard.carried();
    let mut told = Told { ledger, carried, ..Told::default() };
    for event in core.shard.events().drain(..) {
        match event {
            http::Event::Exchange(exchange) => told.exchanges.push(exchange.as_ref().clone()),
            http::Event::Stray(stray) => told.strays.push(*stray),
            http::Event::Connection(connection) => told.connections.push(*connection),
        }
    }
    told
}

/// Reads a capture file, from its octets to its exchanges.
///
/// # Panics
///
/// Where the file cannot be opened.
pub fn read_file(path: &Path) -> Made {
    let mut capture = Capture::open(&[path]).unwrap_or_else(|error| panic!("{error}"));
    let mut decoder = Decoder::new();
    let mut core = Core::default();
    while let Some(packet) = capture.next().unwrap_or_else(|error| panic!("{error}")) {
        core.at(packet.at, packet.number);
        match decoder.decode(&packet) {
            Decoded::Segment(segment) => core.shard.segment(&segment),
            Decoded::Signal(_) => core.made.signals += 1,
            Decoded::Skip(skip) => core.made.skips.add(skip),
        }
    }
    core.made.damaged = capture.is_damaged();
    core.finish()
}

/// The core, fed packet by packet.
#[derive(Default)]
struct Core {
    shard: Shard,
    clock: Clock,
    last: Mark,
    made: Made,
}

impl Core {
    fn at(&mut self, at: Timestamp, number: u64) {
        let passes = self.clock.passes(at);
        self.last = Mark { at: self.clock.now(), packet: number };
        if passes {
            self.shard.tick(self.last);
        }
    }

    fn finish(mut self) -> Made {
        self.shard.finish(self.last);
        let ledger = self.shard.ledger();
        assert!(ledger.balances() && ledger.holding == 0, "{ledger:?}");
        let mut made = self.made;
        let taken = Collector::default().take(self.shard.events(), |record| -> Result<(), ()> {
            match record {
                Record::Exchange(_, exchange) => made.seen.push(seen(exchange)),
                Record::Connection(connection) => made.connections.push(format!(
                    "{} {} {:?} {:?}",
                    connection.client, connection.server, connection.ending, connection.protocol
                )),
                Record::Stray(_) => made.strays += 1,
                Record::Finding(_) | Record::Verdict(_) => {}
            }
            Ok(())
        });
        assert_eq!(taken, Ok(()));
        made.ledger = ledger;
        made.sort();
        made.connections.sort();
        made
    }
}

fn seen(exchange: &http::Exchange) -> Seen {
    let (request, response) = (exchange.request.as_deref(), exchange.response.as_deref());
    let owned = |octets: &[u8]| text(octets).into_owned();
    Seen {
        exchange: Exchange {
            client: exchange.client,
            server: exchange.server,
            method: request.map(|request| owned(request.head.method_octets())),
            target: request.map(|request| owned(request.head.target())),
            status: exchange.status(),
            request_body: request.map(|request| request.content),
            response_body: response.map(|response| response.content),
        },
        nth: exchange.nth,
        whole: [request, response].map(|message| message.is_some_and(Message::complete)),
        messages: request
            .into_iter()
            .chain(&exchange.interim)
            .chain(response)
            .map(describe)
            .collect(),
        tunnelled: exchange.tunnelled,
    }
}

fn describe(message: &Message) -> String {
    format!(
        "{:?} {:?} {} {} missing {} {:?} {:?} {:?}",
        text(message.head.octets()),
        message.framing,
        message.content,
        message.body,
        message.missing,
        message.end,
        message.trailers.as_deref().map(text),
        message.flaws.iter().collect::<Vec<_>>(),
    )
}
