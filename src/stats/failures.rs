//! Failed exchanges by server and by how they failed: a bounded table in order of appearance.

use super::outcome::Outcome;
use crate::flow::{End, Side};
use crate::http::{Exchange, Unanswered};
use crate::limits;
use crate::wire::Endpoint;

/// How an exchange failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// With this status, 500 or above.
    Status(u16),
    /// The server closed the connection instead of answering.
    Closed,
    /// The given side reset the connection before there was an answer.
    Reset(Side),
    /// No answer came for as long as the capture or our patience lasted.
    Silent,
    /// The response ends before its framing does.
    CutShort,
}

impl Failure {
    /// Of an exchange with this outcome and final status; `None` where it did not fail.
    pub fn of(
        outcome: Outcome,
        status: Option<u16>,
        unanswered: Option<Unanswered>,
    ) -> Option<Self> {
        match (outcome, unanswered) {
            (Outcome::ServerError, _) => status.map(Self::Status),
            (Outcome::CutShort, _) => Some(Self::CutShort),
            (Outcome::Unanswered, Some(Unanswered::Ended(End::Fin))) => Some(Self::Closed),
            (Outcome::Unanswered, Some(Unanswered::Ended(End::Reset(side)))) => {
                Some(Self::Reset(side))
            }
            (Outcome::Unanswered, _) => Some(Self::Silent),
            (Outcome::Answered | Outcome::NotSeen, _) => None,
        }
    }
}

/// Failures of one kind at one server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailureCount {
    /// The server.
    pub server: Endpoint,
    /// How.
    pub failure: Failure,
    /// How many.
    pub exchanges: u64,
    /// The number of the first of them.
    pub first: u64,
    /// The first packet of that one.
    pub first_packet: u64,
}

/// See the module's words.
#[derive(Debug, Clone, Default)]
pub struct Failures {
    known: Vec<FailureCount>,
    /// Failures that did not fit the table.
    pub others: u64,
}

impl Failures {
    pub(super) fn add(&mut self, number: u64, outcome: Outcome, exchange: &Exchange) {
        if !outcome.is_failure() {
            return;
        }
        let failure = Failure::of(outcome, exchange.status(), exchange.unanswered);
        let Some(failure) = failure else { return };
        let server = exchange.server;
        let same = |known: &FailureCount| (known.server, known.failure) == (server, failure);
        if let Some(count) = self.known.iter_mut().find(|known| same(known)) {
            count.exchanges += 1;
        } else if self.known.len() < limits::FAILURES {
            let first_packet = exchange.first().packet;
            self.known.push(FailureCount {
                server,
                failure,
                exchanges: 1,
                first: number,
                first_packet,
            });
        } else {
            self.others += 1;
        }
    }

    /// All kinds, the most frequent first.
    pub fn sorted(&self) -> Vec<FailureCount> {
        let mut sorted = self.known.clone();
        sorted.sort_by_key(|count| (std::cmp::Reverse(count.exchanges), count.first));
        sorted
    }
}
