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
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the epoch.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// The time that passed since `earlier`; zero if `earlier` is in fact later.
    pub const fn since(self, earlier: Self) -> Duration {
        let nanos = self.0.saturating_sub(earlier.0);
        Duration(if nanos < 0 { 0 } else { nanos as u64 })
    }

    /// This instant plus a duration.
    pub const fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add_unsigned(duration.0))
    }
}

/// A length of time in nanoseconds, never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Duration(u64);

impl Duration {
    /// A duration of so many nanoseconds.
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
    fn a_clock_that_steps_back_gives_no_negative_duration() {
        let early = Timestamp::from_nanos(5);
        let late = Timestamp::from_nanos(9);
        assert_eq!(late.since(early), Duration::from_nanos(4));
        assert_eq!(early.since(late), Duration::from_nanos(0));
        let extremes = Timestamp::from_nanos(i64::MAX).since(Timestamp::from_nanos(i64::MIN));
        assert_eq!(extremes, Duration::from_nanos(i64::MAX as u64));
    }
}
