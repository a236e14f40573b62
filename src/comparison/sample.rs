//! Durations in, a bounded sample of them out: all while there are few, then each with the same
//! chance (Vitter's algorithm R). The same durations in the same order give the same sample.

use crate::limits;
use crate::units::Duration;

/// A sample of durations.
#[derive(Debug, Clone)]
pub struct Sample {
    kept: Vec<Duration>,
    seen: u64,
    state: u64,
}

impl Default for Sample {
    fn default() -> Self {
        Self { kept: Vec::new(), seen: 0, state: 0x9e37_79b9_7f4a_7c15 }
    }
}

impl Sample {
    /// Takes a duration.
    pub(super) fn add(&mut self, duration: Duration) {
        self.seen += 1;
        if self.kept.len() < limits::COMPARED_DURATIONS {
            self.kept.push(duration);
            return;
        }
        let place = self.random() % self.seen;
        if let Some(kept) = usize::try_from(place).ok().and_then(|place| self.kept.get_mut(place)) {
            *kept = duration;
        }
    }

    /// Xorshift (Marsaglia 2003): fair enough to choose by, and without a seed from outside.
    fn random(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }

    /// The sample in ascending order.
    pub(super) fn sorted(&self) -> Vec<Duration> {
        let mut sorted = self.kept.clone();
        sorted.sort_unstable();
        sorted
    }

    /// How many durations there were, kept or not.
    pub const fn seen(&self) -> u64 {
        self.seen
    }
}

/// The duration in an ascending sample that the given share of it, 0 to 1, does not exceed.
pub(super) fn quantile(sorted: &[Duration], share: f64) -> Option<Duration> {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_keeps_all_of_few_and_a_fair_part_of_many() {
        let mut sample = Sample::default();
        for millis in 1..=100 {
            sample.add(Duration::from_millis(millis));
        }
        let sorted = sample.sorted();
        assert_eq!(quantile(&sorted, 0.5), Some(Duration::from_millis(50)));
        assert_eq!(quantile(&sorted, 1.0), Some(Duration::from_millis(100)));
        assert_eq!(quantile(&sorted, 0.0), Some(Duration::from_millis(1)));
        assert_eq!(quantile(&[], 0.5), None);
        for millis in 101..=100_000 {
            sample.add(Duration::from_millis(millis));
        }
        assert_eq!((sample.kept.len(), sample.seen()), (limits::COMPARED_DURATIONS, 100_000));
        // The standard error of the median's rank is 1.6 % of all.
        let median = quantile(&sample.sorted(), 0.5).unwrap().as_nanos() / 1_000_000;
        assert!((45_000..55_000).contains(&median), "{median}");
    }
}
