//! Exchanges in, what happened over time out: a bounded number of buckets, each as wide as the
//! capture needs, with outcomes and times to the first octet.

use std::collections::BTreeMap;

use crate::http::Exchange;
use crate::stats::Outcome;
use crate::units::{Duration, Timestamp};

/// Buckets at most; more are narrower than a screen shows.
const BUCKETS: i64 = 120;

const MILLISECOND: i64 = 1_000_000;
const SECOND: i64 = 1_000 * MILLISECOND;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// How wide a bucket may be: widths that people read, each a multiple of the one before, so that
/// buckets can be put together.
const WIDTHS: &[i64] = &[
    MILLISECOND,
    2 * MILLISECOND,
    10 * MILLISECOND,
    20 * MILLISECOND,
    100 * MILLISECOND,
    200 * MILLISECOND,
    SECOND,
    2 * SECOND,
    10 * SECOND,
    30 * SECOND,
    MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    6 * HOUR,
    24 * HOUR,
    240 * HOUR,
    2_400 * HOUR,
    24_000 * HOUR,
    240_000 * HOUR,
    // All of time that a timestamp can tell is eleven of these.
    480_000 * HOUR,
];

/// How an exchange is drawn. The order is that of the drawing, from the axis up: what failed stands
/// on the axis, where heights can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    ServerError,
    NoAnswer,
    ClientError,
    Redirection,
    Successful,
    NotSeen,
}

impl Kind {
    /// All of them, in the order of the drawing.
    pub const ALL: [Self; 6] = [
        Self::ServerError,
        Self::NoAnswer,
        Self::ClientError,
        Self::Redirection,
        Self::Successful,
        Self::NotSeen,
    ];

    pub fn of(exchange: &Exchange, outcome: Outcome) -> Self {
        match (outcome, exchange.status()) {
            (Outcome::ServerError, _) => Self::ServerError,
            (Outcome::Unanswered | Outcome::CutShort, _) => Self::NoAnswer,
            (Outcome::NotSeen, _) => Self::NotSeen,
            (Outcome::Answered, Some(400..)) => Self::ClientError,
            (Outcome::Answered, Some(300..)) => Self::Redirection,
            (Outcome::Answered, _) => Self::Successful,
        }
    }

    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ServerError => "5xx",
            Self::NoAnswer => "no answer, or cut short",
            Self::ClientError => "4xx",
            Self::Redirection => "3xx",
            Self::Successful => "2xx",
            Self::NotSeen => "outcome not captured",
        }
    }

    /// Its class in the style sheet.
    pub const fn class(self) -> &'static str {
        match self {
            Self::ServerError => "k5",
            Self::NoAnswer => "k0",
            Self::ClientError => "k4",
            Self::Redirection => "k3",
            Self::Successful => "k2",
            Self::NotSeen => "kx",
        }
    }
}

/// Upper ends of the rows of times, in nanoseconds: four a decade, from 0.1 ms to 100 s.
pub(super) const ROWS: [u64; 25] = [
    100_000,
    178_000,
    316_000,
    562_000,
    1_000_000,
    1_780_000,
    3_160_000,
    5_620_000,
    10_000_000,
    17_800_000,
    31_600_000,
    56_200_000,
    100_000_000,
    178_000_000,
    316_000_000,
    562_000_000,
    1_000_000_000,
    1_780_000_000,
    3_160_000_000,
    5_620_000_000,
    10_000_000_000,
    17_800_000_000,
    31_600_000_000,
    56_200_000_000,
    100_000_000_000,
];

/// What began in one stretch of time.
#[derive(Debug, Clone, Default)]
pub(super) struct Bucket {
    /// Exchanges by [`Kind`].
    pub kinds: [u64; Kind::ALL.len()],
    /// Exchanges by time to the first octet: a row of [`ROWS`], and one for what took longer.
    pub times: [u64; ROWS.len() + 1],
}

impl Bucket {
    /// All exchanges in it.
    pub fn exchanges(&self) -> u64 {
        self.kinds.iter().sum()
    }

    fn add(&mut self, other: &Self) {
        let kinds = self.kinds.iter_mut().zip(other.kinds);
        for (sum, count) in kinds.chain(self.times.iter_mut().zip(other.times)) {
            *sum = sum.saturating_add(count);
        }
    }
}

/// See the module's words.
#[derive(Debug, Default)]
pub(super) struct Series {
    /// Which of [`WIDTHS`] a bucket has.
    step: usize,
    /// By time over width.
    buckets: BTreeMap<i64, Bucket>,
}

impl Series {
    /// Counts an exchange that began at a time.
    pub fn add(&mut self, at: Timestamp, kind: Kind, think: Option<Duration>) {
        let bucket = self.buckets.entry(at.as_nanos().div_euclid(self.width())).or_default();
        if let Some(count) = bucket.kinds.get_mut(kind as usize) {
            *count += 1;
        }
        if let Some(think) = think {
            let row = ROWS.partition_point(|end| *end <= think.as_nanos());
            if let Some(count) = bucket.times.get_mut(row) {
                *count += 1;
            }
        }
        while self.len() > BUCKETS && self.step + 1 < WIDTHS.len() {
            self.widen();
        }
    }

    /// How many buckets there are from the first to the last.
    pub fn len(&self) -> i64 {
        match (self.buckets.first_key_value(), self.buckets.last_key_value()) {
            (Some((first, _)), Some((last, _))) => last.saturating_sub(*first).saturating_add(1),
            _ => 0,
        }
    }

    /// The width of a bucket in nanoseconds.
    pub fn width(&self) -> i64 {
        WIDTHS.get(self.step).copied().unwrap_or(i64::MAX)
    }

    /// The beginning of the bucket at a place.
    pub fn begin(&self, place: i64) -> Option<Timestamp> {
        let (first, _) = self.buckets.first_key_value()?;
        let nanos = first.saturating_add(place).saturating_mul(self.width());
        Some(Timestamp::from_nanos(nanos))
    }

    /// The buckets that hold something, each with its place from the first.
    pub fn iter(&self) -> impl Iterator<Item = (i64, &Bucket)> {
        let first = self.buckets.first_key_value().map_or(0, |(first, _)| *first);
        self.buckets.iter().map(move |(place, bucket)| (place.saturating_sub(first), bucket))
    }

    fn widen(&mut self) {
        let before = self.width();
        self.step += 1;
        let ratio = self.width() / before;
        let mut wider: BTreeMap<i64, Bucket> = BTreeMap::new();
        for (place, bucket) in &self.buckets {
            wider.entry(place.div_euclid(ratio)).or_default().add(bucket);
        }
        self.buckets = wider;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(times: impl IntoIterator<Item = i64>) -> Series {
        let mut series = Series::default();
        for nanos in times {
            let think = Some(Duration::from_millis(3));
            series.add(Timestamp::from_nanos(nanos), Kind::Successful, think);
        }
        series
    }

    #[test]
    fn widths_divide_one_another_and_cover_all_of_time() {
        for pair in WIDTHS.windows(2) {
            assert_eq!(pair[1] % pair[0], 0, "{pair:?}");
        }
        let all = series([i64::MIN, 0, i64::MAX]);
        assert!(all.len() <= BUCKETS, "{}", all.len());
        assert_eq!(all.iter().map(|(_, bucket)| bucket.exchanges()).sum::<u64>(), 3);
    }

    #[test]
    fn every_exchange_stands_where_it_began() {
        // Backwards, so that the first bucket moves too.
        let hour = series((0..3_600).rev().map(|second| second * SECOND));
        assert_eq!((hour.width(), hour.len()), (30 * SECOND, 120));
        for (place, bucket) in hour.iter() {
            assert_eq!((bucket.exchanges(), bucket.times[6]), (30, 30), "{place}");
        }
        assert_eq!(hour.begin(2), Some(Timestamp::from_nanos(60 * SECOND)));
    }

    #[test]
    fn rows_of_times_are_quarters_of_a_decade() {
        for pair in ROWS.windows(2) {
            let ratio = pair[1] as f64 / pair[0] as f64;
            assert!((1.75..1.80).contains(&ratio), "{pair:?}");
        }
    }
}
