//! What is kept of each exchange and connection while a view is open: few octets, texts shared.
//! Captured octets, not yet safe to show.

use std::sync::Arc;

use crate::diagnosis::{Cause, Verdict};
use crate::flow::Ending;
use crate::http::{Exchange, Unanswered};
use crate::rules::{Finding, Rule};
use crate::stats::{Failure, Outcome};
use crate::units::{Duration, Timestamp};
use crate::wire::Endpoint;

/// A cause and the server to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blame {
    /// Why.
    pub cause: &'static Cause,
    /// Who; `None` where none was asked or captured.
    pub upstream: Option<Endpoint>,
}

/// A duration that may be absent, in 8 octets.
#[derive(Debug, Clone, Copy)]
struct Maybe(u64);

impl Maybe {
    fn new(value: Option<Duration>) -> Self {
        Self(value.map_or(u64::MAX, |duration| duration.as_nanos().min(u64::MAX - 1)))
    }

    fn get(self) -> Option<Duration> {
        (self.0 != u64::MAX).then(|| Duration::from_nanos(self.0))
    }
}

/// An exchange as a line of a list.
#[derive(Debug, Clone)]
pub struct Row {
    /// First packet of either message.
    pub at: Timestamp,
    /// The first packet and the one that completed it.
    pub packets: (u64, u64),
    /// The connection: the number of its first packet.
    pub connection: u64,
    think: Maybe,
    total: Maybe,
    /// Captured octets of the content of the response; `None` where there is none.
    size: Option<u32>,
    /// Position on the connection, from 1.
    pub nth: u32,
    /// Its place among the endpoints.
    pub endpoint: u32,
    /// The method; empty where the request was not captured.
    pub method: Arc<[u8]>,
    /// The host that it asks for; empty where it names none.
    pub host: Arc<[u8]>,
    /// The target, its front if it is long; empty where the request was not captured.
    pub target: Arc<[u8]>,
    /// Why it failed, where that is known.
    pub blame: Option<Arc<Blame>>,
    /// What rules found.
    pub rules: Option<Arc<[&'static Rule]>>,
    /// Who asked.
    pub client: Endpoint,
    /// Who was asked.
    pub server: Endpoint,
    /// The final status.
    pub status: Option<u16>,
    /// How it came out.
    pub outcome: Outcome,
    /// Where there is no final response: why.
    pub unanswered: Option<Unanswered>,
}

/// Texts of a row that are shared with others.
pub(super) struct Texts {
    pub method: Arc<[u8]>,
    pub host: Arc<[u8]>,
    pub target: Arc<[u8]>,
    pub endpoint: u32,
}

impl Row {
    pub(super) fn new(exchange: &Exchange, outcome: Outcome, texts: Texts) -> Self {
        let first = exchange.first();
        let size = exchange.response.as_ref().map(|response| response.content);
        Self {
            at: first.at,
            packets: (first.packet, exchange.completed.packet),
            connection: exchange.connection,
            think: Maybe::new(exchange.think_time()),
            total: Maybe::new(exchange.total_time()),
            size: size.map(|size| u32::try_from(size).unwrap_or(u32::MAX)),
            nth: exchange.nth,
            endpoint: texts.endpoint,
            method: texts.method,
            host: texts.host,
            target: texts.target,
            blame: None,
            rules: None,
            client: exchange.client,
            server: exchange.server,
            status: exchange.status(),
            outcome,
            unanswered: exchange.unanswered,
        }
    }

    /// Last octet of the request to the first of the final response.
    pub fn think_time(&self) -> Option<Duration> {
        self.think.get()
    }

    /// First octet of the request to the last of the final response.
    pub fn total_time(&self) -> Option<Duration> {
        self.total.get()
    }

    /// Captured octets of the content of the response, 4 GiB at most; `None` where there is none.
    pub fn size(&self) -> Option<u64> {
        self.size.map(u64::from)
    }

    /// How it failed, where it did.
    pub fn failure(&self) -> Option<Failure> {
        Failure::of(self.outcome, self.status, self.unanswered)
    }
}

/// An exchange with all that is known of it.
#[derive(Debug, Clone)]
pub struct Whole {
    /// The exchange.
    pub exchange: Arc<Exchange>,
    /// Why it failed.
    pub verdicts: Vec<Arc<Verdict>>,
    /// What rules found.
    pub findings: Vec<Arc<Finding>>,
}

/// A connection as a line of a list.
#[derive(Debug, Clone)]
pub struct ConnectionRow {
    /// The number of its first packet.
    pub id: u64,
    /// Who opened it.
    pub client: Endpoint,
    /// Who was connected to.
    pub server: Endpoint,
    /// Its first packet; before the connection is over, the first of its first exchange.
    pub first: Timestamp,
    /// The latest that is known of it.
    pub last: Timestamp,
    /// SYN to the end of the handshake.
    pub connect: Option<Duration>,
    /// What became of it; `None` while it is open.
    pub ending: Option<Ending>,
    /// Exchanges on it.
    pub exchanges: u32,
    /// Of those, failures.
    pub failed: u32,
    /// Octets of payload, client first; 0 while it is open.
    pub octets: [u64; 2],
    /// Segments sent again.
    pub retransmissions: u32,
    /// Octets that the capture lacks.
    pub missing: u64,
    /// Segments that announced a window of zero.
    pub zero_windows: u32,
    /// What it carried, in a word; `None` while that is not known.
    pub protocol: Option<&'static str>,
}
