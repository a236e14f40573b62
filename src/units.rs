//! Times and sizes: in come numbers from the capture, out go types with total arithmetic and
//! short texts for people. Nothing here reads a clock.

use std::fmt;

/// An instant of the capture: nanoseconds since 1970-01-01T00:00:00Z.
///
/// Arithmetic saturates, since the number comes from a file that may say anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// An instant from nanoseconds since the epoch.
    #[inline]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the epoch.
    #[inline]
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// The time that passed since `earlier`; zero if `earlier` is in fact later.
    #[inline]
    pub const fn since(self, earlier: Self) -> Duration {
        let nanos = self.0.saturating_sub(earlier.0);
        Duration(if nanos < 0 { 0 } else { nanos as u64 })
    }

    /// This instant plus a duration.
    pub const fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add_unsigned(duration.0))
    }

    /// The instant in UTC with nanoseconds (RFC 3339): `2026-11-22T12:04:11.204113852Z`, always
    /// 30 octets of ASCII.
    pub fn to_rfc3339(self) -> [u8; 30] {
        let seconds = self.0.div_euclid(1_000_000_000);
        let (year, month, day) = civil_date(seconds.div_euclid(86_400));
        let second = seconds.rem_euclid(86_400);
        let mut out = *b"0000-00-00T00:00:00.000000000Z";
        for (last, digits, value) in [
            (3, 4, year),
            (6, 2, month),
            (9, 2, day),
            (12, 2, second / 3_600),
            (15, 2, second / 60 % 60),
            (18, 2, second % 60),
            (28, 9, self.0.rem_euclid(1_000_000_000)),
        ] {
            let mut rest = value;
            for place in out.iter_mut().take(last + 1).rev().take(digits) {
                *place = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        }
        out
    }
}

/// As [`Timestamp::to_rfc3339`].
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&String::from_utf8_lossy(&self.to_rfc3339()))
    }
}

/// Year, month and day of the Gregorian calendar from days since 1970-01-01. Years are counted
/// from March, so that a leap day is the last of its year; 400 years have 146,097 days.
const fn civil_date(days: i64) -> (i64, i64, i64) {
    // From 0000-03-01, which is 719,468 days earlier.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, after_december) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year + era * 400 + after_december, month, day)
}

/// A length of time in nanoseconds, never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Duration(u64);

impl Duration {
    /// A duration of so many nanoseconds.
    #[inline]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// A duration of so many milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// A duration of so many seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000))
    }

    /// Nanoseconds.
    #[inline]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }
}

/// As people say it: `14 ms`, `1.9 s`, `4 m 12 s`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0;
        let scaled = |scale: f64| nanos as f64 / scale;
        let text = match nanos {
            0..1_000 => format!("{nanos} ns"),
            1_000..9_950 => format!("{:.1} µs", scaled(1e3)),
            9_950..999_500 => format!("{:.0} µs", scaled(1e3)),
            999_500..9_950_000 => format!("{:.1} ms", scaled(1e6)),
            9_950_000..999_500_000 => format!("{:.0} ms", scaled(1e6)),
            999_500_000..59_950_000_000 => format!("{:.1} s", scaled(1e9)),
            _ => {
                let seconds = nanos.saturating_add(500_000_000) / 1_000_000_000;
                let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
                if hours > 0 {
                    format!("{hours} h {minutes:02} m")
                } else {
                    format!("{minutes} m {:02} s", seconds % 60)
                }
            }
        };
        f.pad(&text)
    }
}

/// A number of octets, written for people: `157 B`, `2.1 kB`, `812 MB` (powers of ten).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Octets(pub u64);

impl fmt::Display for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scaled = |scale: f64| self.0 as f64 / scale;
        let (value, unit) = match self.0 {
            0..1_000 => return f.pad(&format!("{} B", self.0)),
            1_000..999_500 => (scaled(1e3), "kB"),
            999_500..999_500_000 => (scaled(1e6), "MB"),
            999_500_000..999_500_000_000 => (scaled(1e9), "GB"),
            _ => (scaled(1e12), "TB"),
        };
        let decimals = usize::from(value < 9.95);
        f.pad(&format!("{value:.decimals$} {unit}"))
    }
}

/// A whole number with thousands separated: `1,214,332`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count(pub u64);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let mut text = String::with_capacity(digits.len() + digits.len() / 3);
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        for (nanos, text) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_500, "1.5 µs"),
            (14_000_000, "14 ms"),
            (999_600_000, "1.0 s"),
            (1_940_000_000, "1.9 s"),
            (30_000_000_000, "30.0 s"),
            (252_000_000_000, "4 m 12 s"),
            (7_260_000_000_000, "2 h 01 m"),
        ] {
            assert_eq!(Duration::from_nanos(nanos).to_string(), text);
        }
    }

    #[test]
    fn sizes_and_counts_read_as_people_say_them() {
        assert_eq!(Octets(157).to_string(), "157 B");
        assert_eq!(Octets(2_100).to_string(), "2.1 kB");
        assert_eq!(Octets(812_000_000).to_string(), "812 MB");
        assert_eq!(Count(999).to_string(), "999");
        assert_eq!(Count(1_214_332).to_string(), "1,214,332");
    }

    #[test]
    fn instants_are_written_as_rfc_3339() {
        for (nanos, text) in [
            (0, "1970-01-01T00:00:00.000000000Z"),
            (-1, "1969-12-31T23:59:59.999999999Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00.000000000Z"),
            (1_795_349_051_204_113_852, "2026-11-22T12:04:11.204113852Z"),
            (i64::MAX, "2262-04-11T23:47:16.854775807Z"),
            (i64::MIN, "1677-09-21T00:12:43.145224192Z"),
        ] {
            assert_eq!(Timestamp::from_nanos(nanos).to_string(), text);
        }
        // Every day is the one behind the day before.
        let mut before = civil_date(-110_000);
        for day in -109_999..110_000 {
            let (year, month, date) = civil_date(day);
            let follows = (year, month, date) == (before.0, before.1, before.2 + 1)
                || (date == 1 && (year, month) == (before.0, before.1 + 1))
                || ((month, date) == (1, 1) && before == (year - 1, 12, 31));
            assert!(follows, "{before:?} {year}-{month}-{date}");
            before = (year, month, date);
        }
    }

    #[test]
    fn a_clock_that_steps_back_gives_no_negative_duration() {
        let early = Timestamp::from_nanos(5);
        let late = Timestamp::from_nanos(9);
        assert_eq!(late.since(early), Duration::from_nanos(4));
        assert_eq!(early.since(late), Duration::from_nanos(0));
        let extremes = Timestamp::from_nanos(i64::MAX).since(Timestamp::from_nanos(i64::MIN));
        assert_eq!(extremes, Duration::from_nanos(i64::MAX as u64));
    }
}
