//! An Interface Statistics Block in, the counters of its interface in the report out. A later
//! block replaces an earlier one: counters only grow.

use nom::number::Endianness;
use nom::number::complete::{u32, u64};
use nom::{IResult, Parser};

use super::super::report::{Fault, Input, Statistics};
use super::interface::Described;
use super::option::Options;

const RECEIVED: u16 = 4;
const DROPPED: u16 = 5;
const ACCEPTED: u16 = 6;
const DROPPED_BY_SYSTEM: u16 = 7;
const DELIVERED: u16 = 8;

/// Reads the body of a block into the report.
pub(super) fn read(
    body: &[u8],
    order: Endianness,
    interfaces: &[Described],
    input: &mut Input,
    short: Fault,
) -> Result<(), Fault> {
    let fields: IResult<&[u8], _, ()> = (u32(order), u32(order), u32(order)).parse(body);
    let (options, (interface, _high, _low)) = fields.map_err(|_| short)?;
    let missing = Fault::NoSuchInterface { interface };
    let described = interfaces.get(interface as usize).ok_or(missing)?;
    let mut statistics = Statistics::default();
    let mut overrun = false;
    for option in Options::new(options, order) {
        let Ok((code, value)) = option else {
            overrun = true;
            continue;
        };
        let parsed: IResult<&[u8], _, ()> = u64(order).parse(value);
        let count = parsed.ok().map(|(_, count)| count);
        match code {
            RECEIVED => statistics.received = count,
            DROPPED => statistics.dropped = count,
            ACCEPTED => statistics.accepted = count,
            DROPPED_BY_SYSTEM => statistics.dropped_by_system = count,
            DELIVERED => statistics.delivered = count,
            _ => {}
        }
    }
    if let Some(interface) = input.interfaces.get_mut(described.index as usize) {
        interface.statistics = Some(statistics);
    }
    if overrun { Err(Fault::OptionOverrun) } else { Ok(()) }
}
