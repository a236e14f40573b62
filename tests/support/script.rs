//! A conversation as data: who connects to whom, who says what after how long, what the capture
//! lost, how it ends. Knows nothing of segments.

use httpwhy::units::Duration;
use httpwhy::wire::Endpoint;

use super::exchange::{Exchange, endpoint};

/// One end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The one that opens the connection.
    Client,
    /// The one that was listening.
    Server,
}

impl Side {
    /// The other end.
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// What one side does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It sends these octets.
    Octets(Vec<u8>),
    /// It sends so many octets that the capture lost; the other side has them.
    Lost(u32),
    /// It sends no more.
    Fin,
    /// It resets the connection.
    Reset,
}

/// One event and how long after the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Time since the turn before.
    pub after: Duration,
    /// Whose turn it is.
    pub side: Side,
    /// What happens.
    pub event: Event,
}

/// How a connection begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// SYN, SYN-ACK, ACK.
    Handshake,
    /// It was open before the capture began.
    NotCaptured,
    /// The SYN is answered by a RST.
    Refused,
    /// So many SYNs, none of them answered.
    Unanswered(u32),
}

/// One TCP connection and what is said on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The end that opens it.
    pub client: Endpoint,
    /// The end that was listening.
    pub server: Endpoint,
    /// When it begins, counted from the beginning of the script.
    pub begins: Duration,
    /// How it begins.
    pub opening: Opening,
    /// What happens then, in order.
    pub turns: Vec<Turn>,
    /// The exchanges that this makes.
    pub exchanges: Vec<Exchange>,
}

impl Connection {
    /// A connection between two endpoints written `10.9.1.2:49690` or `[2001:db8::1]:80`.
    ///
    /// Panics if one is not written so.
    pub fn new(client: &str, server: &str) -> Self {
        let read = |text| endpoint(text).expect("an endpoint");
        Self::between(read(client), read(server))
    }

    /// A connection between two endpoints.
    pub fn between(client: Endpoint, server: Endpoint) -> Self {
        Self {
            client,
            server,
            begins: Duration::default(),
            opening: Opening::Handshake,
            turns: Vec::new(),
            exchanges: Vec::new(),
        }
    }

    /// Begins so long after the beginning of the script.
    pub fn begins(mut self, begins: Duration) -> Self {
        self.begins = begins;
        self
    }

    /// Begins in this way.
    pub fn opening(mut self, opening: Opening) -> Self {
        self.opening = opening;
        self
    }

    /// Adds a turn that follows at once; see [`Self::after`].
    pub fn turn(mut self, side: Side, event: Event) -> Self {
        self.turns.push(Turn { after: Duration::default(), side, event });
        self
    }

    /// Puts a time between the last turn and the one before it.
    ///
    /// Panics if nothing has happened yet.
    pub fn after(mut self, after: Duration) -> Self {
        self.turns.last_mut().expect("a turn to delay").after = after;
        self
    }

    /// The client sends octets.
    pub fn client_says(self, octets: impl Into<Vec<u8>>) -> Self {
        self.turn(Side::Client, Event::Octets(octets.into()))
    }

    /// The server sends octets.
    pub fn server_says(self, octets: impl Into<Vec<u8>>) -> Self {
        self.turn(Side::Server, Event::Octets(octets.into()))
    }

    /// One side closes, then the other.
    pub fn closed_by(self, side: Side) -> Self {
        self.turn(side, Event::Fin).turn(side.other(), Event::Fin)
    }

    /// States an exchange of this connection, written as [`Exchange::parse`] reads it.
    ///
    /// Panics if it is not written so.
    pub fn makes(mut self, exchange: &str) -> Self {
        let exchange = Exchange::parse(self.client, self.server, exchange).expect("an exchange");
        self.exchanges.push(exchange);
        self
    }

    /// All that one side sends, without what the capture lost.
    pub fn octets_of(&self, side: Side) -> Vec<u8> {
        let mut all = Vec::new();
        for turn in self.turns.iter().filter(|turn| turn.side == side) {
            if let Event::Octets(octets) = &turn.event {
                all.extend_from_slice(octets);
            }
        }
        all
    }
}

/// Several connections, each with its own clock from one beginning.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Script {
    /// The connections.
    pub connections: Vec<Connection>,
}

impl Script {
    /// The exchanges of all connections, in the order of the connections.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.connections.iter().flat_map(|c| c.exchanges.iter().cloned()).collect()
    }
}

impl From<Connection> for Script {
    fn from(connection: Connection) -> Self {
        Self { connections: vec![connection] }
    }
}
