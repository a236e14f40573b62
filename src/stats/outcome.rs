//! How an exchange came out, as its packets show it: the one place that says what "failed" means.

use crate::flow::End;
use crate::http::{Exchange, MessageEnd, Unanswered};
use crate::units::Duration;

/// How one exchange came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// There was a final response, and it was no server error.
    Answered,
    /// The status is 500 or above (a code beyond 599 counts as one, RFC 9110 section 15).
    ServerError,
    /// The connection ended, or fell silent, without a final response.
    Unanswered,
    /// The final response began, and the connection ended inside it.
    CutShort,
    /// The capture does not tell: the answer, if there was one, is not in it.
    NotSeen,
}

impl Outcome {
    /// How this exchange came out.
    pub fn of(exchange: &Exchange) -> Self {
        let Some(response) = &exchange.response else {
            return match exchange.unanswered {
                Some(Unanswered::Ended(End::Fin | End::Reset(_) | End::Idle)) => Self::Unanswered,
                _ => Self::NotSeen,
            };
        };
        if response.head.status().is_some_and(|status| status >= 500) {
            return Self::ServerError;
        }
        let ended = matches!(response.end, Some(MessageEnd::Fin | MessageEnd::Reset));
        // What the capture lost may hold the end.
        if ended && !response.complete() && response.missing == 0 {
            return Self::CutShort;
        }
        Self::Answered
    }

    /// Whether the client did not get what it asked for, and the server's side is to be asked why.
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::ServerError | Self::Unanswered | Self::CutShort)
    }
}

/// How many exchanges came out how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcomes {
    /// Answered, and not by a server error.
    pub answered: u64,
    /// Answered by a server error.
    pub server_errors: u64,
    /// Without a final response: the stream of the server was closed.
    pub closed: u64,
    /// Without a final response: one side reset the connection.
    pub reset: u64,
    /// Without a final response: the connection fell silent.
    pub silent: u64,
    /// Responses that end before their framing does.
    pub cut_short: u64,
    /// Still waiting when the capture ended, or the connection was given up.
    pub open: u64,
    /// The longest that one of these had waited by then.
    pub longest_open: Option<Duration>,
    /// The answer may be in octets that the capture does not have.
    pub not_captured: u64,
}

impl Outcomes {
    pub(super) fn add(&mut self, outcome: Outcome, exchange: &Exchange) {
        let count = match (outcome, exchange.unanswered) {
            (Outcome::Answered, _) => &mut self.answered,
            (Outcome::ServerError, _) => &mut self.server_errors,
            (Outcome::CutShort, _) => &mut self.cut_short,
            (_, Some(Unanswered::Ended(End::Fin))) => &mut self.closed,
            (_, Some(Unanswered::Ended(End::Reset(_)))) => &mut self.reset,
            (_, Some(Unanswered::Ended(End::Idle))) => &mut self.silent,
            (_, Some(Unanswered::NotCaptured)) => &mut self.not_captured,
            (_, _) => {
                let asked = exchange.request.as_ref().map(|request| request.last);
                let waited = asked.map(|asked| exchange.completed.since(asked));
                self.longest_open = self.longest_open.max(waited);
                &mut self.open
            }
        };
        *count += 1;
    }

    /// Exchanges that failed.
    pub const fn failed(&self) -> u64 {
        self.server_errors + self.unanswered() + self.cut_short
    }

    /// Exchanges that ended without a final response.
    pub const fn unanswered(&self) -> u64 {
        self.closed + self.reset + self.silent
    }

    /// Exchanges whose outcome is not in the capture.
    pub const fn not_seen(&self) -> u64 {
        self.open + self.not_captured
    }
}
