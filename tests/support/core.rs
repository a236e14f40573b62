//! TCP segments in, what the core makes of them out, in a form that says nothing of packets and
//! times: the same however the segments were cut and mixed.

use httpwhy::engine::{Clock, Collector, Record, Shard};
use httpwhy::flow::Mark;
use httpwhy::http::{self, Message, text};

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
}

/// What the core made of a capture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Made {
    /// The exchanges by connection and position.
    pub seen: Vec<Seen>,
    /// Connections, with their ends and what became of them.
    pub connections: Vec<String>,
    /// Octets that stood where none may.
    pub strays: usize,
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
    let mut shard = Shard::default();
    let mut collector = Collector::default();
    let mut clock = Clock::default();
    let mut made = Made::default();
    let mut last = Mark::default();
    for (index, segment) in segments.iter().enumerate() {
        let number = index as u64 + 1;
        last = Mark { at: last.at.max(segment.at), packet: number };
        if clock.passes(segment.at) {
            shard.tick(last);
        }
        shard.segment(&segment.as_wire(number));
        assert!(shard.ledger().balances(), "{:?}", shard.ledger());
    }
    shard.finish(last);
    let ledger = *shard.ledger();
    assert!(ledger.balances() && ledger.holding == 0, "{ledger:?}");
    let taken = collector.take(shard.events(), |record| -> Result<(), ()> {
        match record {
            Record::Exchange(_, exchange) => made.seen.push(seen(exchange)),
            Record::Connection(connection) => made.connections.push(format!(
                "{} {} {:?} {:?}",
                connection.client, connection.server, connection.ending, connection.protocol
            )),
            Record::Stray(_) => made.strays += 1,
        }
        Ok(())
    });
    assert_eq!(taken, Ok(()));
    made.sort();
    made.connections.sort();
    made
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
