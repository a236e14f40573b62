//! Durations in, the one that most of them gather at out: a timer shows itself in that things end
//! after the same time again and again. Keeps the latest ones alone, and judges nothing.

use crate::limits;
use crate::units::Duration;

/// Durations of one kind of event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Durations {
    /// The latest, as a ring.
    latest: Vec<Duration>,
    next: usize,
    /// How many there were.
    pub count: u64,
    /// The shortest and the longest of all.
    pub range: Option<(Duration, Duration)>,
}

/// Where durations gather.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Typical {
    /// The middle one of those that are alike.
    pub duration: Duration,
    /// The shortest and the longest of those.
    pub range: (Duration, Duration),
    /// How many are alike …
    pub count: usize,
    /// … of how many that were looked at, the latest.
    pub of: usize,
}

impl Durations {
    pub(super) fn record(&mut self, duration: Duration) {
        self.count = self.count.saturating_add(1);
        let (shortest, longest) = self.range.unwrap_or((duration, duration));
        self.range = Some((shortest.min(duration), longest.max(duration)));
        match self.latest.get_mut(self.next) {
            Some(oldest) => *oldest = duration,
            None => self.latest.push(duration),
        }
        self.next = (self.next + 1) % limits::UPSTREAM_DURATIONS;
    }

    /// Where at least half of them gather, two at the least. Timers of servers tick once a second at the
    /// coarsest, so those are alike that differ by no more than a second, or by a tenth where they
    /// are shorter.
    pub fn typical(&self) -> Option<Typical> {
        let mut sorted = self.latest.clone();
        sorted.sort_unstable();
        let alike = |shortest: Duration, other: Duration| {
            let tolerance = (shortest.as_nanos() / 10).clamp(5_000_000, 1_000_000_000);
            other.as_nanos() - shortest.as_nanos() <= tolerance
        };
        let groups = sorted.iter().enumerate().filter_map(|(start, shortest)| {
            let rest = sorted.get(start..)?;
            rest.get(..rest.partition_point(|other| alike(*shortest, *other)))
        });
        // Of groups of one size the first, since `max_by_key` takes the last.
        let group = groups.rev().max_by_key(|group| group.len())?;
        let (shortest, longest) = (*group.first()?, *group.last()?);
        let enough = group.len() >= 2 && group.len() * 2 >= sorted.len();
        enough.then_some(Typical {
            duration: *group.get(group.len() / 2)?,
            range: (shortest, longest),
            count: group.len(),
            of: sorted.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(millis: &[u64]) -> Option<Typical> {
        let mut durations = Durations::default();
        for millis in millis {
            durations.record(Duration::from_millis(*millis));
        }
        durations.typical()
    }

    #[test]
    fn a_timer_is_found_among_other_ends() {
        let found = of(&[60_010, 3_000, 60_000, 60_020, 17_000]).unwrap();
        assert_eq!((found.count, found.of), (3, 5));
        assert_eq!(found.duration, Duration::from_millis(60_010));
        assert_eq!(found.range, (Duration::from_millis(60_000), Duration::from_millis(60_020)));
    }

    #[test]
    fn what_is_scattered_or_single_is_no_timer() {
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[5_000]), None);
        assert_eq!(of(&[100, 900, 5_000, 17_000, 31_000]), None);
    }

    #[test]
    fn the_memory_is_bounded_and_the_latest_count() {
        let mut durations = Durations::default();
        for millis in 0..100_000 {
            durations.record(Duration::from_millis(millis * 7));
        }
        for _ in 0..limits::UPSTREAM_DURATIONS {
            durations.record(Duration::from_secs(5));
        }
        let found = durations.typical().unwrap();
        assert_eq!(
            (found.count, found.of),
            (limits::UPSTREAM_DURATIONS, limits::UPSTREAM_DURATIONS)
        );
        assert_eq!(durations.count, 100_000 + limits::UPSTREAM_DURATIONS as u64);
    }
}
