//! Operands: a word or a text in quotes in, the numbers, times, networks and octets that it means
//! out. Every number is an interval: `5xx` is 500 to 599, `12:04` is a minute.

use std::net::IpAddr;

use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case};
use nom::character::complete::{char, digit0, digit1, one_of};
use nom::combinator::{all_consuming, map, map_opt, opt, value};
use nom::multi::many1;
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};

use super::evaluate::{Base, Interval, Network};
use super::kind::Kind;
use crate::rules::Severity;

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;

type Scanned<'t, T> = IResult<&'t str, T, ()>;

/// Reads the whole of a word, or not at all.
fn whole<'t, T>(word: &'t str, parser: impl Parser<&'t str, Output = T, Error = ()>) -> Option<T> {
    all_consuming(parser).parse(word).ok().map(|(_, read)| read)
}

fn exactly(base: Base, low: i64, high: i64) -> Interval {
    Interval { base, low, high }
}

fn point(number: i64) -> Interval {
    exactly(Base::Zero, number, number)
}

/// The numbers that a word means as a value of a kind. `seconds` says that a duration without a unit
/// is one of seconds. The error says what is wrong with it.
pub(super) fn interval(kind: Kind, word: &str, seconds: bool) -> Result<Interval, String> {
    if let Some((first, last)) = word.split_once("..") {
        let (first, last) = (single(kind, first, seconds)?, single(kind, last, seconds)?);
        if first.base != last.base {
            return Err("both ends of a range have to be times of the same form".to_owned());
        }
        if first.low > last.high {
            return Err("the range runs backwards".to_owned());
        }
        return Ok(exactly(first.base, first.low, last.high));
    }
    single(kind, word, seconds)
}

fn single(kind: Kind, word: &str, seconds: bool) -> Result<Interval, String> {
    let read = match kind {
        Kind::Number => whole(word, whole_number).map(point),
        Kind::Status => whole(word, alt((class, map(whole_number, point))))
            .filter(|interval| interval.high <= 999),
        Kind::Class => whole(word, alt((class, map(whole_number, point))))
            .map(|found| if found.low < 100 { found } else { point(found.low / 100) })
            .filter(|found| found.high <= 9),
        Kind::Duration if seconds => {
            whole(word, alt((all_consuming(duration), map_opt(decimal, |it| it.times(SECOND)))))
                .map(point)
        }
        Kind::Duration => whole(word, duration).map(point),
        Kind::Size => whole(word, size).map(point),
        Kind::Version => whole(word, version).map(point),
        Kind::Time => time(word),
        Kind::Severity => {
            let place = |severity: &Severity| severity.name().eq_ignore_ascii_case(word);
            Severity::ALL.iter().position(place).map(|place| point(place as i64))
        }
        Kind::Flag
        | Kind::Text
        | Kind::Name
        | Kind::Flaw
        | Kind::Cause
        | Kind::Rule
        | Kind::Address => None,
    };
    read.ok_or_else(|| {
        let unit = kind == Kind::Duration && whole(word, decimal).is_some();
        match kind {
            _ if word.is_empty() => "a range needs two ends, as in 500..504".to_owned(),
            _ if unit => format!("a unit is missing: {word}ms, {word}s"),
            Kind::Status => "expected a status code of three digits, or a class as 5xx".to_owned(),
            _ => format!("expected a {}: {}", kind.name(), kind.looks()),
        }
    })
}

/// A number as written, with the digits behind its point.
struct Decimal<'t> {
    whole: i64,
    fraction: &'t str,
}

impl Decimal<'_> {
    /// So many of a unit, rounded down; `None` beyond 2^63.
    fn times(&self, unit: i64) -> Option<i64> {
        let mut part = unit;
        let mut sum = self.whole.checked_mul(unit)?;
        for digit in self.fraction.bytes() {
            // A unit that is no power of ten is divided late, so that 1.5KiB is right.
            sum = sum.checked_add(
                i64::from(digit.wrapping_sub(b'0')) * (part / 10)
                    + i64::from(digit.wrapping_sub(b'0')) * (part % 10) / 10,
            )?;
            part /= 10;
        }
        Some(sum)
    }
}

fn whole_number(input: &str) -> Scanned<'_, i64> {
    map_opt(digit1, |digits: &str| digits.parse().ok()).parse(input)
}

fn decimal(input: &str) -> Scanned<'_, Decimal<'_>> {
    let (rest, whole) = whole_number(input)?;
    let (rest, fraction) = opt(preceded(char('.'), digit1)).parse(rest)?;
    Ok((rest, Decimal { whole, fraction: fraction.unwrap_or_default() }))
}

/// `5xx`
fn class(input: &str) -> Scanned<'_, Interval> {
    let (rest, digit) = terminated(one_of("123456789"), tag_no_case("xx")).parse(input)?;
    let low = i64::from(digit.to_digit(10).unwrap_or(0)) * 100;
    Ok((rest, exactly(Base::Zero, low, low + 99)))
}

/// `300ms`, `1.5s`, `1m30s`: nanoseconds.
fn duration(input: &str) -> Scanned<'_, i64> {
    let part = |input| {
        let (rest, number) = decimal(input)?;
        // Longer units first: `ms` is not `m`.
        let units = alt((
            value(1, tag("ns")),
            value(1_000, alt((tag("us"), tag("µs"), tag("μs")))),
            value(1_000_000, tag("ms")),
            value(60 * SECOND, tag("min")),
            value(60 * SECOND, tag("m")),
            value(SECOND, tag("s")),
            value(3_600 * SECOND, tag("h")),
            value(DAY, tag("d")),
        ));
        map_opt(units, |unit| number.times(unit)).parse(rest)
    };
    let sum = |parts: Vec<i64>| parts.into_iter().try_fold(0_i64, i64::checked_add);
    map_opt(many1(part), sum).parse(input)
}

/// `512`, `10k`, `2MB`, `1MiB`: octets.
fn size(input: &str) -> Scanned<'_, i64> {
    let (rest, number) = decimal(input)?;
    let (rest, letter) = opt(one_of("kKmMgGtT")).parse(rest)?;
    let (rest, binary) = match letter {
        Some(_) => opt(one_of("iI")).parse(rest)?,
        None => (rest, None),
    };
    let (rest, _) = opt(one_of("bB")).parse(rest)?;
    let power = letter.and_then(|letter| "kmgt".find(letter.to_ascii_lowercase()));
    let power = power.map_or(0, |power| power as u32 + 1);
    let unit = i64::pow(if binary.is_some() { 1_024 } else { 1_000 }, power);
    match number.times(unit) {
        // Half an octet is nothing that one can mean.
        Some(octets) if power > 0 || number.fraction.is_empty() => Ok((rest, octets)),
        _ => Err(nom::Err::Error(())),
    }
}

/// `1.1` or `HTTP/1.1`, as the fields give it: the major number times 256, and the minor.
fn version(input: &str) -> Scanned<'_, i64> {
    let number = || map_opt(digit1, |digits: &str| digits.parse::<u8>().ok());
    let (rest, _) = opt(tag_no_case("HTTP/")).parse(input)?;
    let (rest, major) = number().parse(rest)?;
    let (rest, minor) = opt(preceded(char('.'), number())).parse(rest)?;
    Ok((rest, i64::from(major) << 8 | i64::from(minor.unwrap_or(0))))
}

/// A time: what is not written — seconds, the time of day — may be any.
pub(super) fn time(word: &str) -> Option<Interval> {
    if let Some(offset) = word.strip_prefix('+') {
        let offset = whole(offset, duration)?;
        return Some(exactly(Base::Start, offset, offset));
    }
    if let Some((low, precision)) = whole(word, clock) {
        return Some(exactly(Base::FirstDay, low, low + (precision - 1)));
    }
    let ((days, clock), zone) = whole(
        word,
        ((date, opt(preceded(one_of("tT "), clock))), opt(alt((value(0, one_of("zZ")), zone)))),
    )?;
    let (of_day, precision) = clock.unwrap_or((0, DAY));
    if clock.is_none() && zone.is_some() {
        return None;
    }
    let low = days.checked_mul(DAY)?.checked_add(of_day)?.checked_sub(zone.unwrap_or(0))?;
    Some(exactly(Base::Zero, low, low.checked_add(precision - 1)?))
}

/// A number of exactly so many digits that is less than a bound.
fn digits<'t>(count: usize, bound: i64) -> impl Parser<&'t str, Output = i64, Error = ()> {
    let number = move |digits: &str| digits.parse().ok().filter(|number| *number < bound);
    map_opt(
        nom::bytes::complete::take_while_m_n(count, count, |c: char| c.is_ascii_digit()),
        number,
    )
}

/// `12:04`, `12:04:11` or `12:04:11.204`: nanoseconds since midnight, and how many of them it is.
fn clock(input: &str) -> Scanned<'_, (i64, i64)> {
    let (rest, (hour, minute)) =
        (digits(2, 24), preceded(char(':'), digits(2, 60))).parse(input)?;
    let minutes = (hour * 60 + minute) * 60 * SECOND;
    // RFC 3339 section 5.6 allows the 60 of a leap second.
    let (rest, second) = opt(preceded(char(':'), digits(2, 61))).parse(rest)?;
    let Some(second) = second else { return Ok((rest, (minutes, 60 * SECOND))) };
    let (rest, fraction) = opt(preceded(char('.'), digit0)).parse(rest)?;
    let (mut nanos, mut precision) = (0, SECOND);
    for digit in fraction.unwrap_or_default().bytes().take(9) {
        precision /= 10;
        nanos += i64::from(digit.wrapping_sub(b'0')) * precision;
    }
    Ok((rest, (minutes + second * SECOND + nanos, precision)))
}

/// `+01:00`: nanoseconds that the clock is before UTC.
fn zone(input: &str) -> Scanned<'_, i64> {
    let (rest, sign) = one_of("+-").parse(input)?;
    let (rest, hours) = digits(2, 24).parse(rest)?;
    let (rest, minutes) = preceded(opt(char(':')), digits(2, 60)).parse(rest)?;
    let ahead = (hours * 60 + minutes) * 60 * SECOND;
    Ok((rest, if sign == '-' { -ahead } else { ahead }))
}

/// `2026-11-22`: days since 1970-01-01.
fn date(input: &str) -> Scanned<'_, i64> {
    let parts =
        (digits(4, 10_000), preceded(char('-'), digits(2, 13)), preceded(char('-'), digits(2, 32)));
    map_opt(parts, |(year, month, day)| {
        let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        let last = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 => 28 + i64::from(leap),
            _ => 0,
        };
        // Years from March, so that a leap day is the last of its year.
        let year = if month > 2 { year } else { year - 1 };
        let month = (month + 9) % 12;
        let of_year = (153 * month + 2) / 5 + day - 1;
        let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        (1..=last).contains(&day).then_some(days + of_year - 719_468)
    })
    .parse(input)
}

/// The addresses that a word means: `10.0.0.5`, `10.0.0.0/8`, `10.0.0.5:80`, `[2001:db8::1]:80`,
/// `:80`. With `ports` false, one with a port is none.
pub(super) fn network(word: &str, ports: bool) -> Option<Network> {
    if let Some(port) = word.strip_prefix(':').and_then(port)
        && ports
    {
        return Some(Network { address: 0, mask: 0, port: Some(port) });
    }
    if let Some((address, bits)) = word.split_once('/') {
        let (address, width) = mapped(address)?;
        let bits = whole(bits, whole_number).and_then(|bits| u32::try_from(bits).ok())?;
        let shift = width.checked_sub(bits)?;
        let mask = u128::MAX.checked_shl(shift).unwrap_or(0);
        return Some(Network { address, mask, port: None });
    }
    let bare = word.strip_prefix('[').and_then(|word| word.strip_suffix(']')).unwrap_or(word);
    if let Some((address, _)) = mapped(bare) {
        return Some(Network { address, mask: u128::MAX, port: None });
    }
    let (address, number) = word.rsplit_once(':').filter(|_| ports)?;
    let address = match address.strip_prefix('[') {
        Some(address) => mapped(address.strip_suffix(']')?)?.0,
        None => mapped(address)?.0,
    };
    Some(Network { address, mask: u128::MAX, port: Some(port(number)?) })
}

fn port(word: &str) -> Option<u16> {
    whole(word, whole_number).and_then(|port| u16::try_from(port).ok())
}

/// An address, IPv4 mapped, and how many bits those who write it count.
fn mapped(word: &str) -> Option<(u128, u32)> {
    match word.parse().ok()? {
        IpAddr::V4(v4) => Some((v4.to_ipv6_mapped().to_bits(), 32)),
        IpAddr::V6(v6) => Some((v6.to_bits(), 128)),
    }
}

/// The octets of a text in quotes: `\"` `\'` `\\` `\n` `\r` `\t` `\0` `\xHH`. The error is where
/// something else is escaped, in octets.
pub(super) fn unescape(raw: &str) -> Result<Vec<u8>, usize> {
    let mut octets = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(backslash) = rest.find('\\') {
        let (plain, escape) = rest.split_at(backslash);
        octets.extend_from_slice(plain.as_bytes());
        let bad = raw.len() - escape.len();
        let hex =
            |digits: &str| u8::from_str_radix(digits, 16).ok().filter(|_| !digits.contains('+'));
        let (octet, len) = match escape.as_bytes().get(1).ok_or(bad)? {
            octet @ (b'"' | b'\'' | b'\\' | b'/') => (*octet, 2),
            b'n' => (b'\n', 2),
            b'r' => (b'\r', 2),
            b't' => (b'\t', 2),
            b'0' => (0, 2),
            b'x' => (escape.get(2..4).and_then(hex).ok_or(bad)?, 4),
            _ => return Err(bad),
        };
        octets.push(octet);
        rest = escape.get(len..).unwrap_or_default();
    }
    octets.extend_from_slice(rest.as_bytes());
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Timestamp;

    #[test]
    fn durations_and_sizes_are_exact() {
        for (word, nanos) in [
            ("300ms", Some(300_000_000)),
            ("1.5s", Some(1_500_000_000)),
            ("1m30s", Some(90 * SECOND)),
            ("2h", Some(7_200 * SECOND)),
            ("0.000000001s", Some(1)),
            ("5us", Some(5_000)),
            ("5µs", Some(5_000)),
            ("1", None),
            ("", None),
            ("s", None),
            ("1.s", None),
            ("9999999999999h", None),
        ] {
            assert_eq!(whole(word, duration), nanos, "{word}");
        }
        for (word, octets) in [
            ("0", Some(0)),
            ("10k", Some(10_000)),
            ("10KiB", Some(10_240)),
            ("1.5KiB", Some(1_536)),
            ("2MB", Some(2_000_000)),
            ("1.5M", Some(1_500_000)),
            ("1g", Some(1_000_000_000)),
            ("12B", Some(12)),
            ("1.5", None),
            ("10q", None),
            ("99999999999T", None),
        ] {
            assert_eq!(whole(word, size), octets, "{word}");
        }
    }

    #[test]
    fn times_are_as_exact_as_they_are_written() {
        for (word, low, high) in [
            ("2026-11-22T12:04:11.204113852Z", "12:04:11.204113852", "12:04:11.204113852"),
            ("2026-11-22T12:04:11.204Z", "12:04:11.204000000", "12:04:11.204999999"),
            ("2026-11-22T13:04:11+01:00", "12:04:11.000000000", "12:04:11.999999999"),
            ("2026-11-22t12:04", "12:04:00.000000000", "12:04:59.999999999"),
            ("2026-11-22", "00:00:00.000000000", "23:59:59.999999999"),
        ] {
            let found = time(word).unwrap();
            let shown = |nanos| Timestamp::from_nanos(nanos).to_string();
            assert_eq!(shown(found.low), format!("2026-11-22T{low}Z"), "{word}");
            assert_eq!(shown(found.high), format!("2026-11-22T{high}Z"), "{word}");
        }
        assert_eq!(
            time("+90s").map(|found| (found.base, found.low)),
            Some((Base::Start, 90 * SECOND))
        );
        assert_eq!(time("00:01").map(|found| found.low), Some(60 * SECOND));
        for word in
            ["", "+", "2026-02-29", "2026-13-01", "24:00", "9999-01-01", "12", "2026-11-22Z"]
        {
            assert_eq!(time(word), None, "{word}");
        }
        // Every day is the one behind the day before.
        let day = |word: &str| whole(word, date).unwrap();
        assert_eq!(day("1970-01-01"), 0);
        assert_eq!(day("2000-03-01") - day("2000-02-28"), 2);
        assert_eq!(day("1900-03-01") - day("1900-02-28"), 1);
    }

    #[test]
    fn networks_are_read_in_all_their_forms() {
        let read =
            |word| network(word, true).map(|network| (network.mask.count_zeros(), network.port));
        assert_eq!(read("10.0.0.0/8"), Some((24, None)));
        assert_eq!(read("0.0.0.0/0"), Some((32, None)));
        assert_eq!(read("::/0"), Some((128, None)));
        assert_eq!(read("10.0.0.5"), Some((0, None)));
        assert_eq!(read("10.0.0.5:80"), Some((0, Some(80))));
        assert_eq!(read("2001:db8::1"), Some((0, None)));
        assert_eq!(read("[2001:db8::1]"), Some((0, None)));
        assert_eq!(read("[2001:db8::1]:80"), Some((0, Some(80))));
        assert_eq!(read(":80"), Some((128, Some(80))));
        for word in ["", ":", "10.0.0.0/33", "10.0.0", "[::1", "10.0.0.1:99999", "a.example"] {
            assert_eq!(read(word), None, "{word}");
        }
        assert_eq!(network("10.0.0.5:80", false), None);
    }

    #[test]
    fn escapes_are_read_or_refused_where_they_stand() {
        assert_eq!(unescape(r#"a\"\\\x00\xff"#).as_deref(), Ok(&b"a\"\\\x00\xff"[..]));
        assert_eq!(unescape(r"ab\q"), Err(2));
        assert_eq!(unescape(r"\x+1"), Err(0));
        assert_eq!(unescape(r"\xé"), Err(0));
        assert_eq!(unescape("\\"), Err(0));
    }
}
