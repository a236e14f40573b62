//! Range and Content-Range (RFC 9110 sections 14.1 to 14.4).

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while1};
use nom::character::complete::digit1;
use nom::combinator::{map, map_opt, opt, value};
use nom::{IResult, Parser};

use crate::http::tolerant::is_token;
use crate::limits;

/// One range of a Range field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeSpec {
    /// From one octet to another, both included, or to the end.
    From(u64, Option<u64>),
    /// The last so many octets.
    Suffix(u64),
}

/// A Range field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranges<'v> {
    /// The unit as written; `bytes` is the only one in use.
    pub unit: &'v [u8],
    /// The ranges in order; empty where they could not be read.
    pub specs: Vec<RangeSpec>,
    /// Whether the value follows the grammar, and no range ends before it begins.
    pub valid: bool,
}

impl<'v> Ranges<'v> {
    /// Reads a value; `None` where it has not even a unit.
    pub fn parse(value: &'v [u8]) -> Option<Self> {
        let (rest, (unit, _)) = (token, tag(&b"="[..])).parse(value.trim_ascii()).ok()?;
        let mut specs = Vec::new();
        let mut valid = true;
        for member in rest.split(|octet| *octet == b',') {
            let member = member.trim_ascii();
            if member.is_empty() {
                // RFC 9110 section 5.6.1.2: empty members count for nothing.
                continue;
            }
            match spec(member) {
                Ok(([], spec)) if specs.len() < limits::RANGES => {
                    valid &= !matches!(spec, RangeSpec::From(first, Some(last)) if last < first);
                    specs.push(spec);
                }
                _ => valid = false,
            }
        }
        valid &= !specs.is_empty();
        Some(Self { unit, specs, valid })
    }

    /// Whether its unit is `bytes`.
    pub fn of_bytes(&self) -> bool {
        self.unit.eq_ignore_ascii_case(b"bytes")
    }

    /// Whether a representation of so many octets has any of them (RFC 9110 section 14.1.2).
    pub fn satisfiable(&self, len: u64) -> bool {
        self.specs.iter().any(|spec| match *spec {
            RangeSpec::From(first, _) => first < len,
            RangeSpec::Suffix(octets) => octets > 0 && len > 0,
        })
    }

    /// Whether the returned range overlaps one that was asked for.
    pub fn meets(&self, returned: &ContentRange<'_>) -> bool {
        let Some((first, last)) = returned.range else { return false };
        self.specs.iter().any(|spec| match *spec {
            RangeSpec::From(from, to) => from <= last && to.is_none_or(|to| to >= first),
            RangeSpec::Suffix(octets) => {
                returned.complete.is_none_or(|len| last >= len.saturating_sub(octets))
            }
        })
    }

    /// How many pairs of ranges overlap.
    pub fn overlaps(&self) -> usize {
        let ends = |spec: &RangeSpec| match *spec {
            RangeSpec::From(first, last) => Some((first, last.unwrap_or(u64::MAX))),
            RangeSpec::Suffix(_) => None,
        };
        // Sorted, a range overlaps those behind it that begin before it ends.
        let mut ranges: Vec<(u64, u64)> = self.specs.iter().filter_map(ends).collect();
        ranges.sort_unstable();
        let firsts: Vec<u64> = ranges.iter().map(|range| range.0).collect();
        let pairs = ranges.iter().enumerate().map(|(place, (_, last))| {
            firsts.partition_point(|first| first <= last).saturating_sub(place + 1)
        });
        let suffixes =
            self.specs.iter().filter(|spec| matches!(spec, RangeSpec::Suffix(_))).count();
        pairs.sum::<usize>() + suffixes.saturating_sub(1)
    }

    /// Whether every range begins behind the one before.
    pub fn ascending(&self) -> bool {
        let ends = |spec: &RangeSpec| match *spec {
            RangeSpec::From(first, last) => (first, last.unwrap_or(u64::MAX)),
            RangeSpec::Suffix(_) => (u64::MAX, u64::MAX),
        };
        self.specs.windows(2).all(|pair| match pair {
            [one, other] => ends(one).1 < ends(other).0,
            _ => true,
        })
    }
}

/// A Content-Range field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentRange<'v> {
    /// The unit as written.
    pub unit: &'v [u8],
    /// First and last octet; `None` for `*`, which a 416 says.
    pub range: Option<(u64, u64)>,
    /// Octets of the whole representation; `None` for `*`.
    pub complete: Option<u64>,
}

impl<'v> ContentRange<'v> {
    /// Reads a value; `None` where it does not follow the grammar, or contradicts itself.
    pub fn parse(value: &'v [u8]) -> Option<Self> {
        let (rest, (unit, _)) = (token, tag(&b" "[..])).parse(value.trim_ascii()).ok()?;
        let (rest, (range, _, complete)) =
            (star_or(pair), tag(&b"/"[..]), star_or(number)).parse(rest).ok()?;
        let sound = match (range, complete) {
            (Some((first, last)), Some(complete)) => first <= last && last < complete,
            (Some((first, last)), None) => first <= last,
            (None, Some(_)) => true,
            (None, None) => false,
        };
        (rest.is_empty() && sound).then_some(Self { unit, range, complete })
    }

    /// Whether its unit is `bytes`.
    pub fn of_bytes(&self) -> bool {
        self.unit.eq_ignore_ascii_case(b"bytes")
    }

    /// How many octets it covers.
    pub fn len(&self) -> Option<u64> {
        let (first, last) = self.range?;
        (last - first).checked_add(1)
    }

    /// Whether it covers none, as that of a 416.
    pub const fn is_empty(&self) -> bool {
        self.range.is_none()
    }
}

fn token(input: &[u8]) -> IResult<&[u8], &[u8]> {
    take_while1(is_token).parse(input)
}

fn number(input: &[u8]) -> IResult<&[u8], u64> {
    map_opt(digit1, |digits| std::str::from_utf8(digits).ok()?.parse().ok()).parse(input)
}

fn pair(input: &[u8]) -> IResult<&[u8], (u64, u64)> {
    map((number, tag(&b"-"[..]), number), |(first, _, last)| (first, last)).parse(input)
}

fn star_or<'i, T: Clone>(
    mut inner: impl FnMut(&'i [u8]) -> IResult<&'i [u8], T>,
) -> impl FnMut(&'i [u8]) -> IResult<&'i [u8], Option<T>> {
    move |input| alt((value(None, tag(&b"*"[..])), map(&mut inner, Some))).parse(input)
}

fn spec(input: &[u8]) -> IResult<&[u8], RangeSpec> {
    alt((
        map((number, tag(&b"-"[..]), opt(number)), |(first, _, last)| RangeSpec::From(first, last)),
        map((tag(&b"-"[..]), number), |(_, octets)| RangeSpec::Suffix(octets)),
    ))
    .parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_grammar_says() {
        let ranges = Ranges::parse(b"bytes=0-99, 200-,-5").unwrap();
        assert!(ranges.valid && ranges.of_bytes());
        assert_eq!(
            ranges.specs,
            [RangeSpec::From(0, Some(99)), RangeSpec::From(200, None), RangeSpec::Suffix(5)]
        );
        for value in [&b"bytes="[..], b"bytes=a-b", b"bytes=5-1", b"bytes=,", b"bytes=1"] {
            assert!(!Ranges::parse(value).unwrap().valid, "{value:?}");
        }
        assert_eq!(Ranges::parse(b"0-99"), None);
    }

    #[test]
    fn overlaps_and_order_are_counted() {
        for (value, overlaps, ascending) in [
            ("bytes=0-1,2-3,4-", 0, true),
            ("bytes=0-,0-,0-", 3, false),
            ("bytes=5-9,0-3", 0, false),
            ("bytes=0-5,5-9,20-30,25-26", 2, false),
            ("bytes=-5,-6", 1, false),
        ] {
            let ranges = Ranges::parse(value.as_bytes()).unwrap();
            assert_eq!((ranges.overlaps(), ranges.ascending()), (overlaps, ascending), "{value}");
        }
    }

    #[test]
    fn a_content_range_is_read_or_contradicts_itself() {
        let range = ContentRange::parse(b"bytes 0-99/200").unwrap();
        assert_eq!(
            (range.range, range.complete, range.len()),
            (Some((0, 99)), Some(200), Some(100))
        );
        assert!(ContentRange::parse(b"bytes */200").unwrap().is_empty());
        assert_eq!(ContentRange::parse(b"bytes 5-9/*").unwrap().complete, None);
        for value in [
            &b"bytes 0-99"[..],
            b"bytes=0-99/200",
            b"bytes 9-5/200",
            b"bytes 0-200/200",
            b"bytes */*",
            b"0-1/2",
            b"bytes 0-1/2x",
            b"",
        ] {
            assert_eq!(ContentRange::parse(value), None, "{value:?}");
        }
    }

    #[test]
    fn what_was_asked_for_meets_what_came() {
        let meets = |asked: &[u8], came: &[u8]| {
            Ranges::parse(asked).unwrap().meets(&ContentRange::parse(came).unwrap())
        };
        assert!(meets(b"bytes=0-9", b"bytes 5-20/100"));
        assert!(!meets(b"bytes=0-9", b"bytes 10-20/100"));
        assert!(meets(b"bytes=-10", b"bytes 90-99/100"));
        assert!(!meets(b"bytes=-10", b"bytes 0-89/100"));
        assert!(meets(b"bytes=50-", b"bytes 99-99/100"));
    }
}
