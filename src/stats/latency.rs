//! Durations in, quantiles out: histograms of bounded size and known precision.

use std::fmt;

use hdrhistogram::Histogram;

use crate::units::Duration;

/// Longer durations count as this long: an hour, in nanoseconds. Its maximum is kept exactly.
const LONGEST: u64 = 3_600_000_000_000;

/// Significant digits: a quantile is off by at most a thousandth.
const DIGITS: u8 = 3;

/// How durations are distributed.
#[derive(Clone)]
pub struct Latency {
    histogram: Option<Histogram<u64>>,
    longest: Option<Duration>,
}

impl Default for Latency {
    fn default() -> Self {
        Self { histogram: Histogram::new_with_bounds(1, LONGEST, DIGITS).ok(), longest: None }
    }
}

impl Latency {
    pub(super) fn record(&mut self, duration: Duration) {
        if let Some(histogram) = &mut self.histogram {
            histogram.saturating_record(duration.as_nanos());
        }
        self.longest = self.longest.max(Some(duration));
    }

    /// How many were recorded.
    pub fn count(&self) -> u64 {
        self.histogram.as_ref().map_or(0, Histogram::len)
    }

    /// The duration that the given share of all, 0 to 1, does not exceed; `None` where nothing was
    /// recorded.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let longest = self.longest?;
        let value = self.histogram.as_ref()?.value_at_quantile(share);
        Some(Duration::from_nanos(value).min(longest))
    }

    /// The longest.
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
}
