//! Exchanges and connections in, numbers out.
//!
//! Counting an exchange allocates nothing once its server is known. Every table that traffic can
//! grow is bounded, and what did not fit is counted together. Keeps no text of anybody's.

mod distribution;
mod endings;
mod endpoints;
mod failures;
mod flaws;
mod forgotten;
mod groups;
mod latency;
mod outcome;
mod problems;
mod protocols;
mod quality;
mod series;
mod servers;
mod statuses;
mod trust;

pub use distribution::Distribution;
pub use endings::Endings;
pub use endpoints::{Answer, EndpointCount, Endpoints};
pub use failures::{Failure, FailureCount, Failures};
pub use flaws::{FlawCount, FlawCounts};
pub use forgotten::Forgotten;
pub use groups::{By, Group, Groups};
pub use latency::Latency;
pub use outcome::{Outcome, Outcomes};
pub use problems::{Problem, Problems};
pub use protocols::{PortCount, Protocols};
pub use quality::Quality;
pub use series::{Bucket, Series};
pub use servers::{Server, Servers};
pub use statuses::{Methods, Statuses};
pub use trust::Trust;

use crate::diagnosis::{Upstream, Verdict};
use crate::http::{Connection, Exchange, Protocol, Stray};
use crate::rules::{Finding, Findings, Hashes};

/// All numbers of a capture.
#[derive(Debug, Clone, Default)]
pub struct Statistics {
    /// Exchanges of any kind.
    pub exchanges: u64,
    /// How exchanges came out.
    pub outcomes: Outcomes,
    /// Failed exchanges by server and kind.
    pub failures: Failures,
    /// Why they failed.
    pub problems: Problems,
    /// What the connections to each server show together; known when all is finished.
    pub upstreams: Vec<Upstream>,
    /// What rules found, equal findings together.
    pub findings: Findings,
    /// Final status codes.
    pub statuses: Statuses,
    /// Methods.
    pub methods: Methods,
    /// Interim responses.
    pub interim: u64,
    /// Responses whose request was not captured.
    pub orphans: u64,
    /// Exchanges after which the connection spoke something else: tunnels and upgrades.
    pub switches: u64,
    /// Exchanges inside a tunnel.
    pub tunnelled: u64,
    /// Captured octets of content, requests and responses.
    pub content: [u64; 2],
    /// Last octet of the request to the first of the response.
    pub think: Latency,
    /// First octet of the request to the last of the response.
    pub total: Latency,
    /// Servers, each with its numbers.
    pub servers: Servers,
    /// Exchanges by what somebody wants to see them grouped by.
    pub groups: Vec<Groups>,
    /// Connections.
    pub connections: u64,
    /// Connections with HTTP on them.
    pub http_connections: u64,
    /// What became of connections.
    pub endings: Endings,
    /// Flaws of messages.
    pub flaws: FlawCounts,
    /// What connections carried.
    pub protocols: Protocols,
    /// What the capture lacks, and what went wrong on the way.
    pub quality: Quality,
    /// How far all this can be trusted.
    pub trust: Trust,
    /// Runs of octets that stood where none may.
    pub strays: u64,
    /// What rules and diagnosis had no room for.
    pub forgotten: Forgotten,
}

impl Statistics {
    /// Numbers that group exchanges by these too.
    pub fn grouped(by: &[By]) -> Self {
        Self { groups: by.iter().copied().map(Groups::new).collect(), ..Self::default() }
    }

    /// Counts an exchange; `id` is its number, `hashes` are those of its request.
    pub fn exchange(&mut self, id: u64, exchange: &Exchange, hashes: Option<&Hashes>) {
        let outcome = Outcome::of(exchange);
        self.exchanges += 1;
        self.outcomes.add(outcome, exchange);
        self.failures.add(id, outcome, exchange);
        self.trust.add(exchange.doubts());
        self.statuses.add(exchange);
        self.methods.add(exchange);
        self.interim = self.interim.saturating_add(exchange.interim_count);
        self.orphans += u64::from(exchange.request.is_none());
        self.switches += u64::from(exchange.switch.is_some());
        self.tunnelled += u64::from(exchange.tunnelled);
        let messages = [exchange.request.as_deref(), exchange.response.as_deref()];
        for (sum, message) in self.content.iter_mut().zip(messages) {
            let Some(message) = message else { continue };
            *sum = sum.saturating_add(message.content);
            self.flaws.add(message);
        }
        for interim in &exchange.interim {
            self.flaws.add(interim);
        }
        let think = exchange.think_time();
        if let Some(think) = think {
            self.think.record(think);
        }
        if let Some(total) = exchange.total_time() {
            self.total.record(total);
        }
        self.servers.exchange(exchange.server, outcome, think);
        for groups in &mut self.groups {
            groups.exchange(exchange, hashes, outcome, think);
        }
    }

    /// Counts octets where none may stand.
    pub fn stray(&mut self, _stray: &Stray) {
        self.strays += 1;
    }

    /// Counts a verdict.
    pub fn verdict(&mut self, verdict: &Verdict) {
        self.problems.verdict(verdict);
    }

    /// Counts a finding.
    pub fn finding(&mut self, finding: &Finding) {
        self.findings.add(finding);
    }

    /// Counts a connection.
    pub fn connection(&mut self, connection: &Connection) {
        self.connections += 1;
        self.http_connections += u64::from(connection.protocol == Some(Protocol::Http1));
        self.endings.add(connection.ending);
        self.protocols.add(connection);
        self.quality.add(connection);
        self.servers.connection(connection);
    }
}
