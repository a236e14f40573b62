//! What the lines of a table are ordered by.

use std::cmp::Reverse;

use crate::units::Duration;

/// What stands first in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// What failed most often, then what was asked for most often.
    #[default]
    Failed,
    /// What was asked for most often.
    Requests,
    /// What half of its responses took longest.
    P50,
    /// The same of 95 in 100.
    P95,
    /// The same of 99 in 100.
    P99,
    /// By name.
    Name,
}

impl Sort {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Failed, Self::Requests, Self::P50, Self::P95, Self::P99, Self::Name];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Requests => "reqs",
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Name => "name",
        }
    }

    /// A key for a line; the least stands first. Equal ones are told apart by their names, so that
    /// the order is the same every time.
    pub(super) fn key(
        self,
        name: &[u8],
        exchanges: u64,
        failed: u64,
        think: impl Fn(f64) -> Option<Duration>,
    ) -> (Reverse<(u64, u64)>, Vec<u8>) {
        let nanos = |share| think(share).map_or(0, Duration::as_nanos);
        let first = match self {
            Self::Failed => (failed, exchanges),
            Self::Requests => (exchanges, failed),
            Self::P50 => (nanos(0.5), exchanges),
            Self::P95 => (nanos(0.95), exchanges),
            Self::P99 => (nanos(0.99), exchanges),
            Self::Name => (0, 0),
        };
        (Reverse(first), name.to_vec())
    }
}
