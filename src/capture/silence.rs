//! What the clock of a capture shows while no packet comes. In come the times of packets, out goes an
//! estimate; this is the one place that looks at a clock of the machine, and only at one that never
//! jumps.

use std::time::Instant;

use crate::units::{Duration, Timestamp};

/// Tells the time of the capture by its last packet and what has passed since.
#[derive(Debug, Default)]
pub(super) struct Silence {
    last: Option<Timestamp>,
    /// When the source was first found dry behind that packet.
    since: Option<Instant>,
}

impl Silence {
    /// A packet came.
    #[inline]
    pub(super) fn broken(&mut self, at: Timestamp) {
        self.last = self.last.max(Some(at));
        self.since = None;
    }

    /// Nothing comes: the time by now, if any packet ever came. It is never ahead of what the
    /// capturing machine shows, but for the time that packets need to get here.
    pub(super) fn now(&mut self) -> Option<Timestamp> {
        let since = self.since.get_or_insert_with(Instant::now);
        let nanos = u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        Some(self.last?.plus(Duration::from_nanos(nanos)))
    }
}
