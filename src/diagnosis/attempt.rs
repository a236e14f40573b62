//! One attempt of a proxy to have a request answered: a request on a connection, a connection on
//! which none was sent, or the vain search for a host. Facts in one shape, so that a cause need
//! not care where they came from. Judges nothing.

use std::net::IpAddr;

use crate::flow::{Ending, Handshake, Mark, Side};
use crate::http::{Connection, Exchange, Message, MessageEnd, Stray};
use crate::wire::{Direction, Endpoint, Via};

/// What an ICMP error or an unanswered question for an address says about an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    pub mark: Mark,
    /// Whether it is that nobody answered, and not what somebody said.
    pub silence: bool,
    pub says: String,
}

/// See the module's words.
#[derive(Debug, Clone)]
pub(super) struct Attempt<'m> {
    /// Who tried; the port is 0 where no connection was seen.
    pub client: Endpoint,
    /// Whom.
    pub server: Endpoint,
    /// First octet of the request, or what else came first.
    pub began: Mark,
    /// The last that is known of it.
    pub ended: Mark,
    /// Number and content of the exchange.
    pub exchange: Option<(u64, &'m Exchange)>,
    /// The connection, where it is over and carried no exchange or something strange.
    pub connection: Option<&'m Connection>,
    /// Octets of the server that were no HTTP.
    pub stray: Option<&'m Stray>,
    /// Why the server could not be reached.
    pub trouble: Vec<Trouble>,
}

impl<'m> Attempt<'m> {
    /// An exchange by itself, where it does not matter what else is known of its connection.
    pub fn alone(number: u64, exchange: &'m Exchange) -> Self {
        Self::of_exchange(number, exchange, None, None)
    }

    pub fn of_exchange(
        number: u64,
        exchange: &'m Exchange,
        connection: Option<&'m Connection>,
        stray: Option<&'m Stray>,
    ) -> Self {
        Self {
            client: exchange.client,
            server: exchange.server,
            began: exchange.first(),
            ended: exchange.completed,
            exchange: Some((number, exchange)),
            connection,
            stray,
            trouble: Vec::new(),
        }
    }

    pub fn of_connection(connection: &'m Connection, trouble: Vec<Trouble>) -> Self {
        Self {
            client: connection.client,
            server: connection.server,
            began: connection.first,
            ended: connection.last,
            exchange: None,
            connection: Some(connection),
            stray: None,
            trouble,
        }
    }

    /// An attempt that never became a connection in the capture.
    pub fn unreached(client: IpAddr, server: Endpoint, trouble: Vec<Trouble>) -> Option<Self> {
        let client = match client {
            IpAddr::V4(address) => Endpoint::v4(address.octets(), 0),
            IpAddr::V6(address) => Endpoint::v6(address.octets(), 0),
        };
        let (began, ended) = (trouble.first()?.mark, trouble.last()?.mark);
        Some(Self {
            client,
            server,
            began,
            ended,
            exchange: None,
            connection: None,
            stray: None,
            trouble,
        })
    }

    pub fn request(&self) -> Option<&'m Message> {
        self.exchange?.1.request.as_deref()
    }

    pub fn response(&self) -> Option<&'m Message> {
        self.exchange?.1.response.as_deref()
    }

    pub fn handshake(&self) -> Handshake {
        match (self.exchange, self.connection) {
            (Some((_, exchange)), _) => exchange.circumstances.handshake,
            (None, Some(connection)) => connection.handshake,
            (None, None) => Handshake::default(),
        }
    }

    /// The way of the first packet of the one who tried.
    pub fn via(&self) -> Option<Via> {
        match (self.exchange, self.connection) {
            (Some((_, exchange)), _) => exchange.circumstances.via[0],
            (None, Some(connection)) => connection.via[0],
            (None, None) => None,
        }
    }

    pub fn direction(&self) -> Option<Direction> {
        self.via()?.direction
    }

    pub fn ending(&self) -> Option<Ending> {
        self.connection.map(|connection| connection.ending)
    }

    /// How a side closed or reset the connection: where and whether by RST.
    pub fn closed_by(&self, side: Side) -> Option<(Mark, bool)> {
        let index = side.index();
        let (fin, reset) = match (self.exchange, self.connection) {
            (Some((_, exchange)), _) => {
                let now = &exchange.circumstances;
                (now.fin[index], now.reset[index])
            }
            (None, Some(connection)) => (connection.fin[index], connection.reset[index]),
            (None, None) => (None, None),
        };
        match (fin, reset) {
            (Some(fin), Some(reset)) if reset.packet < fin.packet => Some((reset, true)),
            (Some(fin), _) => Some((fin, false)),
            (None, Some(reset)) => Some((reset, true)),
            (None, None) => None,
        }
    }

    /// Who closed or reset first, where, and whether by RST.
    pub fn closed_first(&self) -> Option<(Side, Mark, bool)> {
        let client = self.closed_by(Side::Client).map(|(at, reset)| (Side::Client, at, reset));
        let server = self.closed_by(Side::Server).map(|(at, reset)| (Side::Server, at, reset));
        client.into_iter().chain(server).min_by_key(|(_, at, _)| at.packet)
    }

    /// Where the server closed or reset before the other side did.
    pub fn server_closed_first(&self) -> Option<(Mark, bool)> {
        match self.closed_first()? {
            (Side::Server, at, reset) => Some((at, reset)),
            (Side::Client, ..) => None,
        }
    }

    /// Where the proxy closed or reset before the server did.
    pub fn proxy_closed_first(&self) -> Option<(Mark, bool)> {
        match self.closed_first()? {
            (Side::Client, at, reset) => Some((at, reset)),
            (Side::Server, ..) => None,
        }
    }

    /// Whether the connection had carried an exchange before.
    pub fn reused(&self) -> bool {
        self.exchange.is_some_and(|(_, exchange)| {
            exchange.nth > 1 || exchange.circumstances.midstream && exchange.idle_before.is_some()
        })
    }

    /// Whether the capture does not show if the connection had carried an exchange before.
    pub fn perhaps_reused(&self) -> bool {
        !self.reused()
            && self.exchange.is_some_and(|(_, exchange)| exchange.circumstances.midstream)
    }

    /// The packet with which the server acknowledged the end of the request.
    pub fn delivered(&self) -> Option<Mark> {
        let (_, exchange) = self.exchange?;
        let asked = self.request()?.last;
        exchange.circumstances.acknowledged[0].filter(|at| at.packet > asked.packet)
    }

    /// Whether something of the server may be missing in the capture.
    pub fn blind(&self) -> bool {
        match (self.exchange, self.connection) {
            (Some((_, exchange)), _) => {
                let now = &exchange.circumstances;
                now.one_sided || now.missing[1] > 0
            }
            (None, Some(connection)) => {
                let health = &connection.health;
                health.missing[1] > 0 || health.cut[1] > 0
            }
            (None, None) => false,
        }
    }

    /// The first octets of the server, where they were no HTTP, and their packet.
    pub fn strange(&self) -> Option<(Mark, &'m [u8])> {
        if let Some(stray) = self.stray.filter(|stray| stray.side == Side::Server) {
            return Some((stray.first, &stray.octets));
        }
        let (mark, octets) = self.connection?.foreign[1].as_ref()?;
        Some((*mark, octets))
    }

    /// The first octets of the one who tried, where they were no HTTP.
    pub fn spoke(&self) -> Option<(Mark, &'m [u8])> {
        let (mark, octets) = self.connection?.foreign[0].as_ref()?;
        Some((*mark, octets))
    }

    /// Whether the server sent any part of a response.
    pub fn silent(&self) -> bool {
        self.response().is_none() && self.strange().is_none()
    }

    /// Whether the response was cut short, by an end of the connection and not by the capture.
    pub fn cut_short(&self) -> bool {
        self.response().is_some_and(|response| {
            !response.complete()
                && response.missing == 0
                && matches!(response.end, Some(MessageEnd::Fin | MessageEnd::Reset))
        })
    }
}

/// Whether octets are the beginning of a TLS record (RFC 8446 section 5.1).
pub(super) fn is_tls(octets: &[u8]) -> bool {
    matches!(octets, [0x14..=0x17, 3, 0..=4, ..])
}
