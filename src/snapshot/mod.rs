//! What a view may look at: a [`Snapshot`] that never changes, taken as often as somebody wants one
//! while reading goes on, and the [`Summary`] of a capture that was read to its end. A [`Keeper`]
//! takes what a run gives and makes the snapshots; nothing here reads a capture or a clock.
//!
//! ```text
//! records → Keeper (rows, endpoints, series; bounded) ─Arc<Snapshot>→ Board → whoever draws
//! ```

mod keeper;
mod log;
mod row;
mod share;
mod summary;

use std::sync::{Arc, Mutex, PoisonError};

use crate::http::Waiting;
use crate::stats::{Endpoints, FailureCount, Series, Statistics};
use crate::units::Timestamp;

pub use keeper::Keeper;
pub use log::Log;
pub use row::{Blame, ConnectionRow, Row, Whole};
pub use summary::{Checksums, Copies, Damage, Drops, Input, Interface, Skipped, Summary};

/// How far reading has come, as a view shows it.
#[derive(Debug, Clone, Default)]
pub struct Now {
    /// Packets read.
    pub packets: u64,
    /// Octets read of what is stored.
    pub octets: u64,
    /// How many octets there are to read, where that is known.
    pub size: Option<u64>,
    /// Packets lost while capturing.
    pub drops: Drops,
    /// Packets that the capture holds more than once.
    pub copies: Copies,
    /// Time of the earliest packet.
    pub first: Option<Timestamp>,
    /// Time of the first packet, which relative times of filters count from.
    pub start: Option<Timestamp>,
    /// What the clock of the capture shows.
    pub at: Option<Timestamp>,
    /// Requests that wait for the end of their answer; `None` where nobody counts them, or no more.
    pub waiting: Option<Waiting>,
    /// What ended the reading, where it is over.
    pub end: Option<Ended>,
}

/// How reading ended.
#[derive(Debug, Clone)]
pub enum Ended {
    /// At the end of the capture, or because somebody wanted no more; what was wrong with the
    /// inputs, a line each, not yet safe to show.
    Done(Vec<String>),
    /// It could not go on; why.
    Failed(String),
}

/// All that a view shows, as it was at one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// How far reading has come.
    pub now: Now,
    /// All numbers.
    pub statistics: Statistics,
    /// Exchanges, each at its number less 1.
    pub rows: Log<Row>,
    /// Exchanges with all that is known of them, each at its number less 1; fewer than rows.
    pub whole: Log<Whole>,
    /// The same for those that failed, which stay longer, in the order of their numbers.
    pub failed: Log<(u64, Whole)>,
    /// Connections in the order in which they were first heard of.
    pub connections: Log<ConnectionRow>,
    /// What was asked for.
    pub endpoints: Endpoints,
    /// Exchanges over time.
    pub series: Series,
    /// Failures that no verdict has explained until now; some counts may be 0.
    pub unexplained: Vec<FailureCount>,
}

impl Snapshot {
    /// The row of an exchange, by its number.
    pub fn row(&self, id: u64) -> Option<&Row> {
        self.rows.get(place(id)?)
    }

    /// All that is known of an exchange, where it is still kept.
    pub fn whole(&self, id: u64) -> Option<&Whole> {
        self.whole.get(place(id)?).or_else(|| {
            let (mut low, mut high) = (self.failed.first(), self.failed.end());
            while low < high {
                let middle = low + (high - low) / 2;
                let (number, whole) = self.failed.get(middle)?;
                match number.cmp(&id) {
                    std::cmp::Ordering::Equal => return Some(whole),
                    std::cmp::Ordering::Less => low = middle + 1,
                    std::cmp::Ordering::Greater => high = middle,
                }
            }
            None
        })
    }

    /// The row of a connection, by its number.
    pub fn connection(&self, id: u64) -> Option<&ConnectionRow> {
        self.connections.iter().rev().find(|connection| connection.id == id)
    }
}

/// The place of an exchange in a log, by its number.
fn place(id: u64) -> Option<usize> {
    usize::try_from(id.checked_sub(1)?).ok()
}

/// Where the latest snapshot hangs: who reads the capture puts it there, who draws takes it, and
/// neither waits for the other's work.
#[derive(Debug, Default)]
pub struct Board {
    latest: Mutex<Arc<Snapshot>>,
}

impl Board {
    /// Puts a newer snapshot in the place of the last.
    pub fn publish(&self, snapshot: Snapshot) {
        let snapshot = Arc::new(snapshot);
        let before = {
            let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *latest, snapshot)
        };
        // Freed here, where nobody waits for it.
        drop(before);
    }

    /// The latest.
    pub fn latest(&self) -> Arc<Snapshot> {
        Arc::clone(&self.latest.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
