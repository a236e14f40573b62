//! Why exchanges failed, by cause and server to blame: a bounded table in order of appearance.

use crate::diagnosis::{Cause, Confidence, Verdict};
use crate::limits;
use crate::wire::Endpoint;

/// Verdicts of one cause about one server.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The cause.
    pub cause: &'static Cause,
    /// The server to blame; `None` where none was asked or captured.
    pub upstream: Option<Endpoint>,
    /// How many exchanges.
    pub exchanges: u64,
    /// The surest verdict among them.
    pub confidence: Confidence,
    /// One line about the first of them.
    pub summary: String,
    /// Number of the first of them.
    pub first: u64,
    /// First packet of the evidence of the first one.
    pub first_packet: Option<u64>,
    /// Last packet of the evidence of the last one.
    pub last_packet: Option<u64>,
}

/// See the module's words.
#[derive(Debug, Clone, Default)]
pub struct Problems {
    known: Vec<Problem>,
    /// Verdicts that did not fit the table.
    pub others: u64,
}

impl Problems {
    pub(super) fn verdict(&mut self, verdict: &Verdict) {
        let packets = || verdict.evidence.iter().map(|evidence| evidence.mark.packet);
        let same = |problem: &&mut Problem| {
            problem.cause == verdict.cause && problem.upstream == verdict.upstream
        };
        if let Some(problem) = self.known.iter_mut().find(same) {
            problem.exchanges += 1;
            problem.confidence = problem.confidence.max(verdict.confidence);
            problem.last_packet = problem.last_packet.max(packets().max());
        } else if self.known.len() < limits::FAILURES {
            self.known.push(Problem {
                cause: verdict.cause,
                upstream: verdict.upstream,
                exchanges: 1,
                confidence: verdict.confidence,
                summary: verdict.summary.clone(),
                first: verdict.transaction,
                first_packet: packets().min(),
                last_packet: packets().max(),
            });
        } else {
            self.others += 1;
        }
    }

    /// The most frequent first; among equals the one that came first.
    pub fn sorted(&self) -> Vec<&Problem> {
        let mut sorted: Vec<&Problem> = self.known.iter().collect();
        sorted.sort_by_key(|problem| std::cmp::Reverse(problem.exchanges));
        sorted
    }
}
