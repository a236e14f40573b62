//! What `http` gives out: exchanges (a request and what answered it), connections, and octets that
//! stood where none may. All owned and final: nothing here changes after it was given out.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::flaw::Flaws;
use super::head::Head;
use super::message::Message;
use super::method::Method;
use super::waiting::Queue;
use crate::flow::{Conflict, End, Ending, Facts, Handshake, Health, Mark, Side};
use crate::limits;
use crate::units::Duration;
use crate::wire::{Endpoint, Via};

/// How sure it is that a response answers the request that it stands with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pairing {
    /// By the order of the stream (RFC 9112 section 9.3.2).
    Ordered,
    /// Messages were lost before; the numbers of the stream tell that it is this one.
    Recovered,
    /// There is nothing to pair, or it cannot be told what belongs together.
    None,
}

/// Why a request has no final response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unanswered {
    /// The stream of the server ended so without one.
    Ended(End),
    /// There may have been one in octets that the capture does not have.
    NotCaptured,
    /// Too many requests waited at the same time to keep this one.
    TooMany,
}

/// What a connection became when HTTP on it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Switch {
    /// CONNECT was granted: a tunnel.
    Tunnel,
    /// 101: the protocols that the response's Upgrade field names, as written.
    Upgrade(Box<[u8]>),
}

/// A request, the interim responses and the final response to it, as far as each was captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The connection: the number of its first packet.
    pub connection: u64,
    /// Who asked.
    pub client: Endpoint,
    /// Who was asked.
    pub server: Endpoint,
    /// Position on the connection, from 1; orphaned responses count.
    pub nth: u32,
    /// The request; `None` where it was not captured.
    pub request: Option<Box<Message>>,
    /// Interim responses (1xx apart from 101), the first ones.
    pub interim: Vec<Message>,
    /// How many interim responses there were.
    pub interim_count: u64,
    /// The final response; `None` where there was none, or none was captured.
    pub response: Option<Box<Message>>,
    /// How request and response found each other.
    pub pairing: Pairing,
    /// What the connection became with it.
    pub switch: Option<Switch>,
    /// Whether it took place inside a tunnel on the connection.
    pub tunnelled: bool,
    /// Where there is no final response: why.
    pub unanswered: Option<Unanswered>,
    /// SYN to the segment that ends the handshake, for the first exchange of a connection.
    pub connect: Option<Duration>,
    /// How long the connection had been idle when the request began: since the last octet of the
    /// exchange before.
    pub idle_before: Option<Duration>,
    /// Segments sent again while it lasted, both sides.
    pub retransmissions: u32,
    /// How much of the request's content had been sent when the final response came; `None` where
    /// the request was whole by then.
    pub before_answer: Option<u64>,
    /// Octets that the client sent behind a CONNECT or a request for an upgrade before the answer
    /// came.
    pub early: u64,
    /// Whether the response, that nobody asked for, began right behind the one before.
    pub contiguous: bool,
    /// The packet that completed it, which gives the order of exchanges.
    pub completed: Mark,
    /// How its connection stood then.
    pub circumstances: Circumstances,
    /// Octets that its messages take.
    pub(super) octets: u64,
}

/// How a connection stood when an exchange on it was over: what tells who ended what. Pairs have the
/// client first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances {
    /// The beginning of the connection.
    pub handshake: Handshake,
    /// Whether the capture began inside the connection.
    pub midstream: bool,
    /// Whether the packets of one side alone were captured.
    pub one_sided: bool,
    /// By which way the first packet of each side came.
    pub via: [Option<Via>; 2],
    /// First FIN of each side.
    pub fin: [Option<Mark>; 2],
    /// First RST of each side.
    pub reset: [Option<Mark>; 2],
    /// Latest packet with which the other side acknowledged new octets of each side.
    pub acknowledged: [Option<Mark>; 2],
    /// Octets of each side that no packet of the capture carries, or not in full.
    pub missing: [u64; 2],
    /// Of those, octets that no packet carries.
    pub lost: [u64; 2],
    /// Whether octets of each side, or its FIN, were acknowledged that no packet showed so far.
    pub unseen: [bool; 2],
}

impl Circumstances {
    pub(super) fn new(facts: &Facts, swapped: bool) -> Self {
        let Health { missing, cut, .. } = facts.health;
        let mut this = Self {
            handshake: facts.handshake,
            midstream: facts.midstream(),
            one_sided: facts.one_sided(),
            via: facts.via,
            fin: facts.fin,
            reset: facts.reset,
            acknowledged: facts.acknowledged,
            missing: [missing[0].saturating_add(cut[0]), missing[1].saturating_add(cut[1])],
            lost: missing,
            unseen: facts.unseen,
        };
        if swapped {
            this.via.swap(0, 1);
            this.fin.swap(0, 1);
            this.reset.swap(0, 1);
            this.acknowledged.swap(0, 1);
            this.missing.swap(0, 1);
            this.lost.swap(0, 1);
            this.unseen.swap(0, 1);
        }
        this
    }

    /// Whether something of the connection is not in the capture that was on the wire.
    pub fn is_holed(&self) -> bool {
        self.lost != [0; 2] || self.unseen != [false; 2]
    }
}

impl Exchange {
    /// Reads something of all that it consists of, and gives what nobody needs. Where another thread made it,
    /// that comes from the cache of another core: for many exchanges one after the other at the same time,
    /// later piece by piece.
    pub fn fetch(&self) -> u8 {
        let messages = [self.request.as_deref(), self.response.as_deref()];
        let own =
            self.nth as u8 ^ self.retransmissions as u8 ^ u8::from(self.circumstances.midstream);
        messages.into_iter().flatten().fold(own, |sum, message| sum ^ message.fetch())
    }

    /// Octets that it takes, itself included.
    pub const fn memory(&self) -> u64 {
        limits::allocated(size_of::<Self>()) + self.octets
    }

    /// The final status code, where there is one that can be read.
    pub fn status(&self) -> Option<u16> {
        self.response.as_ref().and_then(|response| response.head.status())
    }

    /// The method, where the request was captured.
    pub fn method(&self) -> Option<Method> {
        self.request.as_ref().map(|request| request.head.method())
    }

    /// The first packet of either message.
    pub fn first(&self) -> Mark {
        if let Some(request) = self.request.as_deref()
            && self.interim.is_empty()
            && self.response.as_deref().is_none_or(|own| own.first.packet >= request.first.packet)
        {
            return request.first;
        }
        let messages = [self.request.as_deref(), self.response.as_deref()];
        let firsts = messages.into_iter().flatten().map(|message| message.first);
        let interim = self.interim.iter().map(|message| message.first);
        firsts.chain(interim).min_by_key(|mark| mark.packet).unwrap_or(self.completed)
    }

    /// First to last octet of the request.
    pub fn request_time(&self) -> Option<Duration> {
        let request = self.request.as_ref()?;
        Some(request.last.since(request.first))
    }

    /// Last octet of the request (or its head, where the server answered before the body was
    /// whole) to the first octet of the final response.
    pub fn think_time(&self) -> Option<Duration> {
        let (request, response) = (self.request.as_ref()?, self.response.as_ref()?);
        let asked = if request.last.packet <= response.first.packet {
            request.last
        } else {
            request.head_end
        };
        Some(response.first.since(asked))
    }

    /// First to last octet of the final response.
    pub fn response_time(&self) -> Option<Duration> {
        let response = self.response.as_ref()?;
        Some(response.last.since(response.first))
    }

    /// First octet of the request to the last of the final response.
    pub fn total_time(&self) -> Option<Duration> {
        let (request, response) = (self.request.as_ref()?, self.response.as_ref()?);
        Some(response.last.since(request.first))
    }

    /// Octets of either message that the capture does not have.
    pub fn missing(&self) -> u64 {
        let messages = [self.request.as_deref(), self.response.as_deref()];
        messages.into_iter().flatten().map(|message| message.missing).sum()
    }
}

/// Octets where a start line had to stand: behind a message that must not have a body, or behind the
/// end of one, up to the next start line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// The connection.
    pub connection: u64,
    /// Who sent them.
    pub side: Side,
    /// Position on the connection of the exchange whose message they follow, from 1; 0 where there
    /// was none.
    pub nth: u32,
    /// Whether they follow an interim response.
    pub interim: bool,
    /// The packet with the first of them.
    pub first: Mark,
    /// The first octets.
    pub octets: Vec<u8>,
    /// How many octets there were.
    pub count: u64,
}

impl Stray {
    pub(super) fn take(&mut self, octets: &[u8]) {
        self.count = self.count.saturating_add(octets.len() as u64);
        let room = crate::limits::EXTRA_OCTETS.saturating_sub(self.octets.len());
        self.octets.extend_from_slice(octets.get(..room.min(octets.len())).unwrap_or_default());
    }
}

/// What one side said first where HTTP had ended, or never begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// The packet that brought it.
    pub mark: Mark,
    /// Its first octets.
    pub octets: Vec<u8>,
}

/// What a connection carried, as far as its first octets tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// HTTP/1.x or HTTP/0.9.
    Http1,
    /// HTTP/2 without TLS, by its preface or an upgrade to h2c.
    Http2,
    /// TLS.
    Tls,
    /// SSH.
    Ssh,
    /// SOCKS, with something else than HTTP inside.
    Socks,
    /// WebSocket from its first octet, or anything else.
    Unknown,
}

impl Protocol {
    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http1 => "http",
            Self::Http2 => "http2",
            Self::Tls => "tls",
            Self::Ssh => "ssh",
            Self::Socks => "socks",
            Self::Unknown => "other",
        }
    }
}

/// A connection when it is over: every attempt is one, with or without HTTP on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Number of its first packet, which names it.
    pub id: u64,
    /// Who opened it.
    pub client: Endpoint,
    /// Who was connected to.
    pub server: Endpoint,
    /// First packet.
    pub first: Mark,
    /// Last packet.
    pub last: Mark,
    /// Its beginning.
    pub handshake: Handshake,
    /// Whether the capture began inside it.
    pub midstream: bool,
    /// Whether the packets of one side alone were captured.
    pub one_sided: bool,
    /// What became of it.
    pub ending: Ending,
    /// Who closed or reset first.
    pub first_closer: Option<Side>,
    /// First FIN of each side, client first.
    pub fin: [Option<Mark>; 2],
    /// First RST of each side, client first.
    pub reset: [Option<Mark>; 2],
    /// What went wrong on the way, client first.
    pub health: Health,
    /// The first of the octets that were sent in two versions.
    pub conflicts: Vec<Conflict>,
    /// What it carried; `None` where no octet was sent.
    pub protocol: Option<Protocol>,
    /// Exchanges on it.
    pub exchanges: u32,
    /// Where the response to the last of them ended; `None` where that one had none.
    pub idle_since: Option<Mark>,
    /// Octets behind a switch of protocols, client first.
    pub switched: [u64; 2],
    /// By which way the first packet of each side came, client first.
    pub via: [Option<Via>; 2],
    /// Where it is not HTTP/1.x: the first octets of each side, and their packets.
    pub foreign: [Option<(Mark, Box<[u8]>)>; 2],
    /// The end of the head that switched protocols by 101.
    pub switched_at: Option<Mark>,
    /// What each side said first behind it, or first of all where it is no HTTP; client first.
    pub greetings: [Option<Greeting>; 2],
    /// Octets of each side that were lost or cut off.
    pub lost: [bool; 2],
    /// The packet at which it was over.
    pub completed: Mark,
}

/// Which sides have octets that the capture does not.
pub(super) fn lost(facts: &Facts) -> [bool; 2] {
    let health = &facts.health;
    [0, 1].map(|side: usize| {
        health.missing.get(side).is_some_and(|octets| *octets > 0)
            || health.cut.get(side).is_some_and(|octets| *octets > 0)
    })
}

impl Connection {
    pub(super) fn new(facts: &Facts, ending: Ending, completed: Mark) -> Self {
        Self {
            id: facts.id,
            client: facts.end(Side::Client),
            server: facts.end(Side::Server),
            first: facts.first,
            last: facts.last,
            handshake: facts.handshake,
            midstream: facts.midstream(),
            one_sided: facts.one_sided(),
            ending,
            first_closer: facts.first_closer(),
            fin: facts.fin,
            reset: facts.reset,
            health: facts.health,
            conflicts: facts.conflicts.clone(),
            protocol: None,
            exchanges: 0,
            idle_since: None,
            switched: [0; 2],
            via: facts.via,
            foreign: [None, None],
            switched_at: None,
            greetings: [None, None],
            lost: lost(facts),
            completed,
        }
    }

    /// Exchanges the two sides, where what was read shows that the guess was wrong.
    pub(super) fn swap(&mut self) {
        std::mem::swap(&mut self.client, &mut self.server);
        self.first_closer = self.first_closer.map(Side::other);
        self.fin.swap(0, 1);
        self.reset.swap(0, 1);
        self.switched.swap(0, 1);
        self.via.swap(0, 1);
        self.lost.swap(0, 1);
        for conflict in &mut self.conflicts {
            conflict.side = conflict.side.other();
        }
        let health = &mut self.health;
        health.packets.swap(0, 1);
        health.octets.swap(0, 1);
        health.missing.swap(0, 1);
        health.cut.swap(0, 1);
        for pair in [
            &mut health.retransmissions,
            &mut health.reordered,
            &mut health.conflicts,
            &mut health.probes,
            &mut health.zero_windows,
            &mut health.ignored,
            &mut health.urgent,
        ] {
            pair.swap(0, 1);
        }
        self.ending = match self.ending {
            Ending::Reset(side) => Ending::Reset(side.other()),
            other => other,
        };
    }
}

/// One thing that `http` has understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An exchange is over.
    Exchange(Arc<Exchange>),
    /// Octets stood where none may.
    Stray(Box<Stray>),
    /// A connection is over; the last word about it.
    Connection(Box<Connection>),
}

impl Event {
    /// The connection that it happened on.
    pub fn connection(&self) -> u64 {
        match self {
            Self::Exchange(exchange) => exchange.connection,
            Self::Stray(stray) => stray.connection,
            Self::Connection(connection) => connection.id,
        }
    }
}

/// Says of a message, by its head, its flaws so far and for a response the request's method, how
/// many octets of its content somebody wants to see.
pub type Appetite = fn(&Head, Flaws, Option<Method>) -> usize;

/// Exchanges whose contents somebody wants to see as a whole.
#[derive(Debug, Clone, Default)]
pub struct Bodies {
    /// Octets of each content to keep.
    pub octets: usize,
    /// [`Exchange::connection`] and [`Exchange::nth`] of each of them.
    pub of: BTreeSet<(u64, u32)>,
}

impl Output {
    /// How many octets of the content of this message, of the exchange at this place, to keep.
    pub(super) fn wanted(
        &self,
        place: (u64, u32),
        head: &Head,
        flaws: Flaws,
        method: Option<Method>,
    ) -> usize {
        let asked = self.appetite.map_or(0, |appetite| appetite(head, flaws, method));
        self.preview.max(asked).max(self.wanted_at(place))
    }

    /// The same where nothing is known of the message.
    pub(super) fn wanted_at(&self, place: (u64, u32)) -> usize {
        let bodies = self.bodies.as_ref().filter(|bodies| bodies.of.contains(&place));
        self.preview.max(bodies.map_or(0, |bodies| bodies.octets))
    }
}

/// Where readers of connections put what they have understood, in order.
#[derive(Debug, Default)]
pub struct Output {
    /// What is new.
    pub events: Vec<Event>,
    /// How many octets of each content to keep in [`Message::preview`].
    pub preview: usize,
    /// Who may want more of some.
    pub appetite: Option<Appetite>,
    /// Exchanges whose contents are wanted as a whole.
    pub bodies: Option<Arc<Bodies>>,
    /// Requests that wait for the end of their answer, where somebody asks.
    pub waiting: Option<Queue>,
    /// Octets of heads and lines that were copied, since they lay in several segments.
    pub carried: u64,
    /// Heads read.
    pub heads: u64,
    /// Of those, heads that httparse refused.
    pub tolerated: u64,
}
