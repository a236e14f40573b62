//! An Interface Description Block in, its clock and its place in the report out.

use nom::number::Endianness;
use nom::number::complete::{i64, u16, u32};
use nom::{IResult, Parser};

use crate::units::Timestamp;
use crate::wire::LinkType;

use super::super::report::{Interface, name};
use super::option::Options;

const IF_NAME: u16 = 2;
const IF_DESCRIPTION: u16 = 3;
const IF_TSRESOL: u16 = 9;
const IF_TSOFFSET: u16 = 14;

const NANOS: u128 = 1_000_000_000;

/// What packets of an interface need.
#[derive(Debug, Clone, Copy)]
pub(super) struct Described {
    pub(super) link: LinkType,
    /// 0: no limit.
    pub(super) snaplen: u32,
    pub(super) clock: Clock,
    /// Index in the report.
    pub(super) index: u32,
}

/// What one block says.
pub(super) struct Read {
    pub(super) described: Described,
    pub(super) interface: Interface,
    pub(super) odd_clock: Option<u8>,
    pub(super) options_overrun: bool,
}

/// Reads the body of a block; `None` where it is too short. `index` is that of the interface in
/// the report.
pub(super) fn read(body: &[u8], order: Endianness, index: usize) -> Option<Read> {
    let fields: IResult<&[u8], _, ()> = (u16(order), u16(order), u32(order)).parse(body);
    let (options, (link, _reserved, snaplen)) = fields.ok()?;
    let mut described = Described {
        link: LinkType(link),
        snaplen,
        clock: Clock::MICROSECONDS,
        index: u32::try_from(index).ok()?,
    };
    let mut interface = Interface::new(described.link, (snaplen > 0).then_some(snaplen));
    let mut odd_clock = None;
    let mut options_overrun = false;
    for option in Options::new(options, order) {
        match option {
            Ok((IF_NAME, value)) => interface.name = name(value),
            Ok((IF_DESCRIPTION, value)) => interface.description = name(value),
            Ok((IF_TSRESOL, &[resolution, ..])) => {
                described.clock.scale = Scale::new(resolution);
                odd_clock = described.clock.scale.is_odd().then_some(resolution);
            }
            Ok((IF_TSOFFSET, value)) => {
                let parsed: IResult<&[u8], _, ()> = i64(order).parse(value);
                if let Ok((_, seconds)) = parsed {
                    described.clock.offset = seconds.saturating_mul(1_000_000_000);
                }
            }
            Ok(_) => {}
            Err(_) => options_overrun = true,
        }
    }
    Some(Read { described, interface, odd_clock, options_overrun })
}

/// How an interface counts time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    scale: Scale,
    /// Added to every time, nanoseconds.
    offset: i64,
}

/// What one tick is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scale {
    /// So many nanoseconds.
    Times(u64),
    /// One nanosecond by so many.
    Parts(u128),
    /// One second by two to this.
    Binary(u8),
}

impl Clock {
    /// The clock of an interface that says nothing about it (section 4.2, `if_tsresol`).
    const MICROSECONDS: Self = Self { scale: Scale::Times(1_000), offset: 0 };

    /// The instant of so many ticks, exact to the nanosecond, rounded down.
    pub(super) fn at(self, high: u32, low: u32) -> Timestamp {
        let ticks = u128::from(u64::from(high) << 32 | u64::from(low));
        // 2^64 ticks by 10^9 are less than 2^94.
        let nanos = match self.scale {
            Scale::Times(nanos) => ticks * u128::from(nanos),
            Scale::Parts(parts) => ticks / parts,
            Scale::Binary(power) => (ticks * NANOS).checked_shr(power.into()).unwrap_or(0),
        };
        let nanos = i64::try_from(nanos).unwrap_or(i64::MAX);
        Timestamp::from_nanos(nanos.saturating_add(self.offset))
    }
}

impl Scale {
    /// From the octet of `if_tsresol`: a negative power of 10, or of 2 with the highest bit.
    fn new(resolution: u8) -> Self {
        let power = u32::from(resolution & 0x7f);
        if resolution & 0x80 != 0 {
            Self::Binary(resolution & 0x7f)
        } else if let Some(missing) = 9_u32.checked_sub(power) {
            Self::Times(10_u64.saturating_pow(missing))
        } else {
            Self::Parts(10_u128.saturating_pow(power - 9))
        }
    }

    /// Whether 2^64 ticks are less than a second, so that no two times differ as they should.
    fn is_odd(self) -> bool {
        match self {
            Self::Times(_) => false,
            Self::Parts(parts) => parts >= 100_000_000_000,
            Self::Binary(power) => power >= 64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(resolution: u8, offset: i64, ticks: u64) -> i64 {
        let clock = Clock { scale: Scale::new(resolution), offset };
        clock.at((ticks >> 32) as u32, ticks as u32).as_nanos()
    }

    #[test]
    fn times_are_exact_in_every_resolution() {
        let ns = 1_700_000_000_123_456_789;
        for (resolution, ticks, nanos) in [
            (0, 1_700_000_000, 1_700_000_000_000_000_000),
            (3, 1_700_000_000_123, 1_700_000_000_123_000_000),
            (6, 1_700_000_000_123_456, 1_700_000_000_123_456_000),
            (9, ns as u64, ns),
            (10, 17_000_000_001_234_567_899, ns),
            (12, 1_234_567, 1_234),
            (0x80 | 20, 3 << 19, 1_500_000_000),
            (0x80, 7, 7_000_000_000),
            (0x80 | 32, (1_700_000_000 << 32) | (1 << 31), 1_700_000_000_500_000_000),
            (127, u64::MAX, 0),
            (255, u64::MAX, 0),
            (0, u64::MAX, i64::MAX),
        ] {
            assert_eq!(at(resolution, 0, ticks), nanos, "{resolution:#x}");
        }
        assert_eq!(at(9, -1_000, 999), -1);
        assert_eq!(at(6, i64::MAX, u64::MAX), i64::MAX);
        assert_eq!(at(6, i64::MIN, 0), i64::MIN);
    }

    #[test]
    fn clocks_that_cannot_be_meant_are_told_apart() {
        let odd: Vec<u8> = (0..=255).filter(|&octet| Scale::new(octet).is_odd()).collect();
        assert!(!odd.contains(&19) && odd.contains(&20) && odd.contains(&127));
        assert!(!odd.contains(&(0x80 | 63)) && odd.contains(&(0x80 | 64)) && odd.contains(&255));
    }
}
