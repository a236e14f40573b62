//! Final responses of somebody in; how many there were in a span of time, and whether he failed lately, out.

use std::collections::VecDeque;

use crate::units::{Duration, Timestamp};

/// How long a server counts as troubled behind a failure, in responses.
const TROUBLED: u64 = 1_000;

/// Numbers of responses at points of time, at least so many milliseconds apart: at most that much is
/// missing at the front of a span.
#[derive(Debug, Default)]
struct Checkpoints<const MILLIS: u64, const ROOM: usize> {
    known: VecDeque<(Timestamp, u64)>,
    /// When the next one is due.
    due: Option<Timestamp>,
}

impl<const MILLIS: u64, const ROOM: usize> Checkpoints<MILLIS, ROOM> {
    fn note(&mut self, at: Timestamp, before: u64) {
        if self.due.is_none_or(|due| at >= due) {
            self.add(at, before);
        }
    }

    #[cold]
    fn add(&mut self, at: Timestamp, before: u64) {
        self.due = Some(at.plus(Duration::from_millis(MILLIS)));
        if self.known.len() >= ROOM {
            self.known.pop_front();
        }
        self.known.push_back((at, before));
    }

    /// How many responses there were up to an instant.
    fn before(&self, at: Timestamp, all: u64) -> u64 {
        let place = self.known.partition_point(|(time, _)| *time <= at);
        self.known.get(place).map_or(all, |(_, before)| *before)
    }
}

/// Final responses, counted over time.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// How many there were so far.
    pub seen: u64,
    latest: Timestamp,
    fine: Checkpoints<32, 384>,
    coarse: Checkpoints<1_000, 384>,
    /// Number of the latest exchange that failed.
    failed: Option<u64>,
}

impl Tally {
    pub fn note(&mut self, at: Timestamp) -> Timestamp {
        self.latest = self.latest.max(at);
        self.fine.note(self.latest, self.seen);
        self.coarse.note(self.latest, self.seen);
        self.seen += 1;
        self.latest
    }

    /// How many there were behind an instant: exact to 32 ms within the last 12 seconds, and to a
    /// second within the last 6 minutes, which is as far as it goes.
    pub fn behind(&self, at: Timestamp) -> u64 {
        let near = self.fine.known.front().is_some_and(|(first, _)| *first <= at);
        let all = self.seen <= 384 && !self.fine.known.is_empty();
        let before = if near || all {
            self.fine.before(at, self.seen)
        } else {
            self.coarse.before(at, self.seen)
        };
        self.seen - before
    }

    /// How many there were behind the first instant, up to the second.
    pub fn between(&self, from: Timestamp, to: Timestamp) -> u64 {
        self.behind(from).saturating_sub(self.behind(to))
    }

    /// When the latest one came.
    pub const fn latest(&self) -> Timestamp {
        self.latest
    }

    /// The same for those of whom there are many: only to the second.
    pub fn note_coarsely(&mut self, at: Timestamp) {
        self.latest = self.latest.max(at);
        self.coarse.note(self.latest, self.seen);
        self.seen += 1;
    }

    /// The newest exchange failed.
    pub const fn fail(&mut self) {
        self.failed = Some(self.seen);
    }

    /// Whether the latest failure is not long past.
    pub fn troubled(&self) -> bool {
        self.failed.is_some_and(|failed| self.seen - failed <= TROUBLED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_are_counted_over_time() {
        let at = |millis: i64| Timestamp::from_nanos(millis * 1_000_000);
        let mut tally = Tally::default();
        // One a second for 100 s, then a thousand a second for 10 s.
        for second in 0..100 {
            tally.note(at(second * 1_000 + 20));
        }
        assert_eq!((tally.behind(at(89_020)), tally.behind(at(89_019))), (10, 11));
        for milli in 0..10_000 {
            tally.note(at(100_000 + milli));
        }
        let last = tally.behind(at(104_999));
        assert!((4_968..=5_000).contains(&last), "{last}");
        let all = tally.behind(at(59_999));
        assert!((10_039..=10_040).contains(&all), "{all}");
        assert_eq!(tally.between(at(9_999), at(19_999)), 10);
        assert_eq!(tally.behind(at(120_000)), 0);
    }
}
