//! What diagnosis gives out: a cause, how sure it is, and the packets that show it.

use super::cause::Cause;
use super::leg::Leg;
use crate::flow::Mark;
use crate::wire::Endpoint;

/// How sure a verdict is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// The best explanation among several that the capture allows.
    Low,
    /// Nothing speaks against it, but a link of the proof was not captured.
    Medium,
    /// The packets prove it.
    High,
}

impl Confidence {
    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// One packet and what it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The packet.
    pub mark: Mark,
    /// What it says.
    pub says: String,
}

/// Another cause that was considered, and what speaks against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rival {
    /// The cause's id.
    pub cause: &'static str,
    /// Why it is not that.
    pub why_not: &'static str,
}

/// Why one exchange failed, or what its good answer hides.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Number of the exchange that it explains.
    pub transaction: u64,
    /// The cause.
    pub cause: &'static Cause,
    /// The server to blame or to look at next; `None` where none was asked, or none was captured.
    pub upstream: Option<Endpoint>,
    /// How sure it is …
    pub confidence: Confidence,
    /// … and why not more or less.
    pub reason: String,
    /// One line.
    pub summary: String,
    /// The packets that show it, in their order.
    pub evidence: Vec<Evidence>,
    /// What else it could have been.
    pub rivals: Vec<Rival>,
    /// What to do.
    pub advice: &'static str,
    /// The client's leg, and behind it every attempt upstream that belongs to the exchange.
    pub legs: Vec<Leg>,
}

impl Verdict {
    /// How many attempts upstream belong to the exchange.
    pub const fn attempts(&self) -> usize {
        self.legs.len().saturating_sub(1)
    }

    /// A display filter of Wireshark for exactly the packets of the evidence.
    pub fn display_filter(&self) -> String {
        let numbers: Vec<String> =
            self.evidence.iter().map(|evidence| evidence.mark.packet.to_string()).collect();
        format!("frame.number in {{{}}}", numbers.join(","))
    }
}
