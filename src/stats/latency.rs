//! Durations in, quantiles out: a histogram of fixed size and known precision, with the buckets of
//! HdrHistogram. Within a thousandth of the truth.

use std::fmt;

use crate::units::Duration;

/// An hour; what is longer counts as that long, but for the longest.
const LONGEST: u64 = 3_600_000_000_000;

/// The bits of [`STEPS`].
const BITS: u32 = 10;

/// Buckets of an octave: each is no wider than a thousandth of its lowest value.
const STEPS: usize = 1 << BITS;

/// Durations of many exchanges.
#[derive(Clone)]
pub struct Latency {
    /// How many are in each bucket: those of one nanosecond first, behind them octave by octave.
    counts: Box<[u64]>,
    count: u64,
    longest: Option<Duration>,
}

impl Default for Latency {
    fn default() -> Self {
        let octaves = bucket(LONGEST) / STEPS + 1;
        let counts = vec![0; octaves * STEPS].into_boxed_slice();
        Self { counts, count: 0, longest: None }
    }
}

/// The bucket of a duration.
const fn bucket(nanos: u64) -> usize {
    let octave = (nanos | STEPS as u64).ilog2() - BITS;
    ((octave as usize) << BITS) + (nanos >> octave) as usize
}

/// The longest duration that a bucket holds.
const fn longest_of(bucket: usize) -> u64 {
    let octave = (bucket >> BITS).saturating_sub(1);
    (((bucket - (octave << BITS) + 1) as u64) << octave) - 1
}

impl Latency {
    /// Counts a duration.
    pub(super) fn record(&mut self, duration: Duration) {
        let nanos = duration.as_nanos();
        let place = match bucket(nanos) {
            place if place < self.counts.len() => place,
            _ => bucket(LONGEST),
        };
        self.counts[place] += 1;
        self.count += 1;
        self.longest = self.longest.max(Some(duration));
    }

    /// How many were recorded.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The duration that the given share of all, 0 to 1, does not exceed; `None` where nothing was
    /// recorded.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let longest = self.longest?;
        let rank = ((share.min(1.0) * self.count as f64).ceil() as u64).max(1);
        let mut passed = 0;
        let place = self.counts.iter().position(|count| {
            passed += count;
            passed >= rank
        })?;
        Some(Duration::from_nanos(longest_of(place)).min(longest))
    }

    /// The longest, exactly.
    pub const fn longest(&self) -> Option<Duration> {
        self.longest
    }
}

impl fmt::Debug for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Latency").field("count", &self.count()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_to_a_thousandth() {
        let mut latency = Latency::default();
        assert_eq!((latency.quantile(0.5), latency.longest()), (None, None));
        for millis in 1..=1_000 {
            latency.record(Duration::from_millis(millis));
        }
        for (share, millis) in [(0.5, 500), (0.95, 950), (0.99, 990)] {
            let found = latency.quantile(share).unwrap().as_nanos();
            let truth = millis * 1_000_000;
            assert!(found.abs_diff(truth) <= truth / 1_000, "{share}: {found}");
        }
        assert_eq!(latency.longest(), Some(Duration::from_millis(1_000)));
        assert_eq!(latency.quantile(1.0), latency.longest());
    }

    #[test]
    fn the_longest_is_exact_even_beyond_the_table() {
        let mut latency = Latency::default();
        latency.record(Duration::from_secs(7_200));
        latency.record(Duration::from_nanos(0));
        assert_eq!(latency.longest(), Some(Duration::from_secs(7_200)));
        assert_eq!(latency.count(), 2);
    }

    #[test]
    fn quantiles_are_those_of_hdrhistogram() {
        let mut latency = Latency::default();
        let mut other = hdrhistogram::Histogram::<u64>::new_with_bounds(1, LONGEST, 3).unwrap();
        // From nanoseconds to more than an hour, unevenly.
        for nanos in (0..20_000_u64).map(|n| n * n * n + n).chain([LONGEST, u64::MAX, 1 << 42]) {
            latency.record(Duration::from_nanos(nanos));
            other.saturating_record(nanos);
        }
        for share in (0..=1_000).map(|permille| f64::from(permille) / 1_000.0).skip(1) {
            let expected = Duration::from_nanos(other.value_at_quantile(share));
            assert_eq!(latency.quantile(share), Some(expected), "{share}");
        }
    }
}
