//! What is remembered of one connection while it lives: the exchanges that are not settled, since
//! what comes behind them may belong to them, and what earlier ones announced.

use std::collections::VecDeque;
use std::sync::Arc;

use super::bits::Bits;
use super::finding::Finding;
use super::traffic::Parties;
use crate::flow::{Mark, Side};
use crate::http::{Connection, Exchange, Message, Stray, Version};
use crate::limits;

/// What is known behind an exchange.
#[derive(Debug, Clone, Copy, Default)]
pub struct Aftermath<'a> {
    /// Octets that follow its messages where none may.
    pub strays: &'a [Stray],
    /// The exchange behind it on the connection.
    pub next: Option<&'a Exchange>,
    /// The connection, where that is over.
    pub connection: Option<&'a Connection>,
}

/// An exchange that more may belong to.
#[derive(Debug)]
pub(super) struct Unsettled {
    pub id: u64,
    pub exchange: Arc<Exchange>,
    /// Octets that it takes.
    pub octets: u64,
    /// Whether only the end of the connection settles it: known by then without a look at the exchange,
    /// which has left the cache.
    pub waits_for_end: bool,
    /// The guards that it meets.
    pub met: u16,
    /// The rules that are to look once it is settled.
    pub called: Bits,
    /// Findings that one of these rules may make superfluous.
    pub held: Vec<Finding>,
    pub strays: Vec<Stray>,
}

/// Who said first that the connection is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announced {
    /// Who.
    pub side: Side,
    /// The last packet of that message.
    pub at: Mark,
}

/// See the module's words.
#[derive(Debug, Default)]
pub struct Trail {
    pub(super) unsettled: VecDeque<Unsettled>,
    /// Octets that these exchanges take.
    pub(super) octets: u64,
    /// Octets behind messages of an exchange that is not over.
    pub(super) strays: Vec<Stray>,
    /// A request, or a whole response, that ends the connection (RFC 9112 section 9.3).
    pub announced: Option<Announced>,
    /// Whether a response said `Connection: close`.
    pub response_said_close: bool,
    /// Whether a message was framed ambiguously.
    pub ambiguous: bool,
    /// The last packet of the newest response; beyond all packets while that is awaited.
    pub(super) answered: u64,
    /// Where its exchanges belong among all.
    pub(super) parties: Option<Parties>,
}

impl Trail {
    /// Octets that it takes with its exchanges; nothing before it has one.
    pub(super) fn memory(&self) -> u64 {
        if self.unsettled.is_empty() {
            return 0;
        }
        // The table that it stands in has room for up to twice as many.
        let place = 2 * size_of::<Self>() as u64;
        let own = limits::allocated(self.unsettled.capacity() * size_of::<Unsettled>());
        place + own + self.octets
    }

    /// Whether a message said that the connection is to end.
    pub(super) const fn has_announced(&self) -> bool {
        self.announced.is_some() || self.response_said_close
    }

    /// The exchange before, where it is still known.
    pub fn previous(&self) -> Option<&Exchange> {
        self.unsettled.back().map(|unsettled| &*unsettled.exchange)
    }

    /// Notes what an exchange means for those behind it.
    pub(super) fn note(&mut self, exchange: &Exchange) {
        let (request, response) = (exchange.request.as_deref(), exchange.response.as_deref());
        self.answered = response.map_or(u64::MAX, |response| response.last.packet);
        if let Some(request) = request
            && request.head.closes()
        {
            let announced = Announced { side: Side::Client, at: request.last };
            self.announced.get_or_insert(announced);
        }
        if let (Some(_), Some(response)) = (request, response)
            && response.complete()
            && response_closes(response)
        {
            let announced = Announced { side: Side::Server, at: response.last };
            self.announced.get_or_insert(announced);
        }
        self.response_said_close |= response.is_some_and(|response| response.head.closes());
        let certain = |message: Option<&Message>| message.is_none_or(|message| message.certain);
        self.ambiguous |= !certain(request) || !certain(response);
    }
}

/// Whether a response ends the connection: by saying so, or as HTTP/1.0 without `keep-alive`.
pub(super) fn response_closes(response: &Message) -> bool {
    let head = &response.head;
    head.closes() || head.version() == Some(Version::HTTP_10) && !head.keeps_alive()
}

/// Whether the connection ends with this exchange, by what its messages say.
pub(super) fn closes(exchange: &Exchange) -> bool {
    let request = exchange.request.as_deref();
    request.is_some_and(|request| request.head.closes())
        || exchange.response.as_deref().is_some_and(response_closes)
}
