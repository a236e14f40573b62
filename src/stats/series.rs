//! Exchanges over time: how many began and ended when, and with which class of status. The whole
//! capture in a bounded number of equal intervals, which grow with it, and its newest part
//! second by second.

use std::collections::VecDeque;

use super::outcome::Outcome;
use crate::limits;
use crate::units::{Duration, Timestamp};

/// The first length of an interval, in nanoseconds.
const STEP: i64 = 1_000_000;

const SECOND: i64 = 1_000_000_000;

/// What happened in one interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bucket {
    /// Exchanges that began.
    pub begun: u64,
    /// Exchanges that were over.
    pub ended: u64,
    /// Of those that were over: final statuses 500 and above.
    pub server_errors: u64,
    /// Of those that were over: failures of any kind.
    pub failed: u64,
}

impl Bucket {
    fn add(&mut self, other: Self) {
        self.begun += other.begun;
        self.ended += other.ended;
        self.server_errors += other.server_errors;
        self.failed += other.failed;
    }
}

/// See the module's words.
#[derive(Debug, Clone, Default)]
pub struct Series {
    /// The beginning of the first interval; `None` while nothing was counted.
    start: Option<i64>,
    /// Length of an interval in nanoseconds; 0 while nothing was counted.
    step: i64,
    buckets: Vec<Bucket>,
    /// The second of the newest of `seconds`.
    newest: i64,
    seconds: VecDeque<Bucket>,
}

impl Series {
    /// Counts an exchange from its first packet to its last.
    pub fn exchange(&mut self, first: Timestamp, last: Timestamp, outcome: Outcome) {
        let ended = Bucket {
            begun: 0,
            ended: 1,
            server_errors: u64::from(outcome == Outcome::ServerError),
            failed: u64::from(outcome.is_failure()),
        };
        self.add(first.as_nanos(), Bucket { begun: 1, ..Bucket::default() });
        self.add(last.as_nanos().max(first.as_nanos()), ended);
    }

    fn add(&mut self, at: i64, what: Bucket) {
        self.add_second(at.div_euclid(SECOND), what);
        let start = *self.start.get_or_insert(at);
        self.step = self.step.max(STEP);
        // What was earlier than the first counts with it: captures are in order but for little.
        let from_start = at.saturating_sub(start).max(0);
        while from_start / self.step >= limits::SERIES_BUCKETS as i64 {
            self.halve();
        }
        let place = usize::try_from(from_start / self.step).unwrap_or_default();
        if self.buckets.len() <= place {
            self.buckets.resize(place + 1, Bucket::default());
        }
        if let Some(bucket) = self.buckets.get_mut(place) {
            bucket.add(what);
        }
    }

    /// Makes the intervals twice as long.
    fn halve(&mut self) {
        self.step = self.step.saturating_mul(2);
        self.buckets = self
            .buckets
            .chunks(2)
            .map(|pair| {
                pair.iter().fold(Bucket::default(), |mut sum, bucket| {
                    sum.add(*bucket);
                    sum
                })
            })
            .collect();
    }

    fn add_second(&mut self, second: i64, what: Bucket) {
        if self.seconds.is_empty() {
            self.newest = second;
            self.seconds.push_back(Bucket::default());
        }
        if second > self.newest {
            let gap = second.saturating_sub(self.newest);
            if gap >= limits::SERIES_SECONDS as i64 {
                self.seconds.clear();
                self.seconds.push_back(Bucket::default());
            } else {
                for _ in 0..gap {
                    self.seconds.push_back(Bucket::default());
                }
            }
            while self.seconds.len() > limits::SERIES_SECONDS {
                self.seconds.pop_front();
            }
            self.newest = second;
        }
        let back = usize::try_from(self.newest.saturating_sub(second)).unwrap_or(usize::MAX);
        let place = self.seconds.len().checked_sub(1).and_then(|last| last.checked_sub(back));
        if let Some(bucket) = place.and_then(|place| self.seconds.get_mut(place)) {
            bucket.add(what);
        }
    }

    /// The whole capture in intervals of the second value.
    pub fn whole(&self) -> (Vec<Bucket>, Duration) {
        (self.buckets.clone(), Duration::from_nanos(self.step.unsigned_abs()))
    }

    /// The newest so many seconds, one by one, the oldest first; fewer where there are not so many.
    pub fn newest(&self, seconds: usize) -> Vec<Bucket> {
        let skipped = self.seconds.len().saturating_sub(seconds);
        self.seconds.iter().skip(skipped).copied().collect()
    }

    /// How many exchanges were under way at the end of each interval of the whole capture, and at least
    /// one where some began in it.
    pub fn under_way(&self) -> Vec<u64> {
        let mut now = 0_u64;
        let step = |bucket: &Bucket| {
            now = (now + bucket.begun).saturating_sub(bucket.ended);
            now.max(u64::from(bucket.begun > 0))
        };
        self.buckets.iter().map(step).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_nanos(millis * 1_000_000)
    }

    #[test]
    fn intervals_grow_with_the_capture_and_lose_nothing() {
        let mut series = Series::default();
        for number in 0..10_000 {
            let outcome = if number % 10 == 0 { Outcome::ServerError } else { Outcome::Answered };
            series.exchange(at(number * 7), at(number * 7 + 30), outcome);
        }
        let (buckets, step) = series.whole();
        assert!(buckets.len() <= limits::SERIES_BUCKETS && buckets.len() > 400);
        assert_eq!(step, Duration::from_millis(128));
        let sum = |of: fn(&Bucket) -> u64| buckets.iter().map(of).sum::<u64>();
        assert_eq!((sum(|b| b.begun), sum(|b| b.ended)), (10_000, 10_000));
        assert_eq!(sum(|b| b.server_errors), 1_000);
        assert_eq!(series.newest(5).len(), 5);
        assert_eq!(series.newest(10_000).iter().map(|b| b.begun).sum::<u64>(), 10_000);
        assert_eq!(series.under_way().last(), Some(&0));
        assert!((3..=5).contains(&series.under_way()[100]), "{:?}", series.under_way()[100]);
    }

    #[test]
    fn no_clock_makes_it_large_or_stops_it() {
        let mut series = Series::default();
        for nanos in [0, i64::MAX, i64::MIN, 5, i64::MAX - 1] {
            let at = Timestamp::from_nanos(nanos);
            series.exchange(at, at, Outcome::Answered);
        }
        assert!(series.whole().0.len() <= limits::SERIES_BUCKETS);
        assert!(series.newest(usize::MAX).len() <= limits::SERIES_SECONDS);
    }
}
