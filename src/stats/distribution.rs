//! Durations in, quantiles out, in as little memory as the durations are alike: for tables of many
//! rows. Within 0.8 % of the truth.

use crate::units::Duration;

/// Buckets of an octave: each is 1/64 of its lowest value wide.
const STEPS: usize = 64;

/// The bits of [`STEPS`].
const BITS: u32 = 6;

/// One octave of durations, and how many are in each of its buckets.
#[derive(Debug, Clone)]
struct Octave {
    number: u16,
    counts: [u32; STEPS],
}

/// How durations are distributed.
#[derive(Debug, Clone, Default)]
pub struct Distribution {
    /// Those that hold some, ascending: few, since durations of one kind are alike.
    octaves: Vec<Octave>,
    /// Where that of the latest stands.
    latest: usize,
    longest: Duration,
    count: u64,
}

impl Distribution {
    /// Counts a duration.
    pub fn record(&mut self, duration: Duration) {
        let (number, step) = bucket(duration.as_nanos());
        let octave = match self.octaves.get_mut(self.latest) {
            Some(octave) if octave.number == number => octave,
            _ => {
                self.latest = self.place(number);
                &mut self.octaves[self.latest]
            }
        };
        let count = &mut octave.counts[step % STEPS];
        *count = count.saturating_add(1);
        self.longest = self.longest.max(duration);
        self.count += 1;
    }

    /// Where an octave stands, which is entered if it is new.
    fn place(&mut self, number: u16) -> usize {
        let place = self.octaves.partition_point(|octave| octave.number < number);
        if self.octaves.get(place).is_none_or(|octave| octave.number != number) {
            self.octaves.insert(place, Octave { number, counts: [0; STEPS] });
        }
        place
    }

    /// Buckets, ascending: the middle of each and how many it holds.
    fn buckets(&self) -> impl Iterator<Item = (u64, u32)> {
        self.octaves.iter().flat_map(|octave| {
            let number = octave.number;
            (0..).zip(octave.counts).map(move |(step, count)| (middle(number, step), count))
        })
    }

    /// How many were recorded.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The longest, exactly.
    pub fn longest(&self) -> Option<Duration> {
        (self.count > 0).then_some(self.longest)
    }

    /// The duration that the given share of all, 0 to 1, does not exceed; `None` where nothing was
    /// recorded.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let longest = self.longest()?;
        let counted: u64 = self.buckets().map(|(_, count)| u64::from(count)).sum();
        let rank = ((share * counted as f64).ceil() as u64).clamp(1, counted);
        let mut passed = 0;
        for (middle, count) in self.buckets() {
            passed += u64::from(count);
            if passed >= rank {
                return Some(Duration::from_nanos(middle).min(longest));
            }
        }
        Some(longest)
    }
}

/// The octave of a duration and its bucket there. Values below 64 have buckets of their own; of an octave
/// above, the six bits behind the first tell.
fn bucket(nanos: u64) -> (u16, usize) {
    let octave = (nanos | STEPS as u64).ilog2() - BITS;
    let place = ((octave as usize) << BITS) + (nanos >> octave) as usize;
    ((place >> BITS) as u16, place % STEPS)
}

/// The middle of a bucket.
fn middle(octave: u16, step: u64) -> u64 {
    match octave.checked_sub(1) {
        None => step,
        Some(octave) => ((STEPS as u64 + step) << octave) + ((1 << octave) >> 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_a_hundredth_over_the_whole_range() {
        // From nanoseconds to hours, unevenly.
        let truth: Vec<u64> = (0..50_000_u64).map(|n| (n * n * n) / 7 + n).collect();
        let mut distribution = Distribution::default();
        for nanos in &truth {
            distribution.record(Duration::from_nanos(*nanos));
        }
        for share in [0.001, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0] {
            let rank = (share * truth.len() as f64).ceil() as usize - 1;
            let (exact, found) = (truth[rank], distribution.quantile(share).unwrap().as_nanos());
            assert!(found.abs_diff(exact) * 100 <= exact, "{share}: {found} for {exact}");
        }
        assert_eq!(distribution.longest(), truth.last().copied().map(Duration::from_nanos));
        assert_eq!(distribution.count(), 50_000);
        assert_eq!(Distribution::default().quantile(0.5), None);
    }

    #[test]
    fn every_value_has_a_bucket_near_it() {
        for bits in 0..64 {
            for nanos in [1_u64 << bits, (1 << bits) + 1, u64::MAX >> bits] {
                let (octave, step) = bucket(nanos);
                let found = middle(octave, step as u64);
                assert!(found.abs_diff(nanos) <= nanos / 128 + 1, "{nanos}: {found}");
            }
        }
        assert_eq!((bucket(0), middle(0, 0)), ((0, 0), 0));
    }
}
