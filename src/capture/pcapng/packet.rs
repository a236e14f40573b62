//! A packet block of any of the three kinds in, where its packet stands out.
//!
//! ```text
//! enhanced     interface 4 | time 4+4 | captured 4 | length 4 | octets, padded to 4 | options
//! old          interface 2 | drops 2 | time 4+4 | captured 4 | length 4 | the same
//! simple       length 4 | octets, cut at the snap length of the first interface
//! ```

use nom::number::Endianness;
use nom::number::complete::{u16, u32};
use nom::{IResult, Parser};

use crate::limits::PACKET_OCTETS;
use crate::units::Timestamp;
use crate::wire::{Direction, LinkType};

use super::super::report::Fault;
use super::interface::Described;
use super::option::Options;

/// `epb_flags`, and `pack_flags` of the old block.
const FLAGS: u16 = 2;

/// A packet found in the body of a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) at: Timestamp,
    pub(super) link: LinkType,
    /// Index in the report.
    pub(super) interface: u32,
    pub(super) len: u32,
    /// Where its octets begin in the body.
    pub(super) data_at: usize,
    pub(super) caplen: usize,
    pub(super) direction: Option<Direction>,
    pub(super) options_overrun: bool,
}

/// The fields that both longer kinds have, read up to the octets of the packet.
struct Fields {
    interface: u32,
    time: (u32, u32),
    caplen: u32,
    len: u32,
}

/// Reads an Enhanced Packet Block.
pub(super) fn enhanced(
    body: &[u8],
    order: Endianness,
    interfaces: &[Described],
    short: Fault,
) -> Result<Found, Fault> {
    let fields: IResult<&[u8], _, ()> =
        (u32(order), (u32(order), u32(order)), u32(order), u32(order)).parse(body);
    let (rest, (interface, time, caplen, len)) = fields.map_err(|_| short)?;
    find(Fields { interface, time, caplen, len }, body, rest, order, interfaces)
}

/// Reads a Packet Block, which was replaced in 2009 and is still found.
pub(super) fn old(
    body: &[u8],
    order: Endianness,
    interfaces: &[Described],
    short: Fault,
) -> Result<Found, Fault> {
    let fields: IResult<&[u8], _, ()> =
        (u16(order), u16(order), (u32(order), u32(order)), u32(order), u32(order)).parse(body);
    let (rest, (interface, _drops, time, caplen, len)) = fields.map_err(|_| short)?;
    let interface = interface.into();
    find(Fields { interface, time, caplen, len }, body, rest, order, interfaces)
}

/// Reads a Simple Packet Block; it has no time, so it takes `last`.
pub(super) fn simple(
    body: &[u8],
    order: Endianness,
    interfaces: &[Described],
    last: Timestamp,
    short: Fault,
) -> Result<Found, Fault> {
    let fields: IResult<&[u8], u32, ()> = u32(order).parse(body);
    let (rest, len) = fields.map_err(|_| short)?;
    let interface = interfaces.first().ok_or(Fault::NoSuchInterface { interface: 0 })?;
    let snaplen = if interface.snaplen == 0 { u32::MAX } else { interface.snaplen };
    let kept = len.min(snaplen);
    let caplen = kept as usize;
    if caplen > rest.len() || caplen > PACKET_OCTETS {
        return Err(Fault::BadPacketLength { octets: kept });
    }
    Ok(Found {
        at: last,
        link: interface.link,
        interface: interface.index,
        len,
        data_at: body.len() - rest.len(),
        caplen,
        direction: None,
        options_overrun: false,
    })
}

/// The packet at the front of `rest`, the end of `body`.
fn find(
    fields: Fields,
    body: &[u8],
    rest: &[u8],
    order: Endianness,
    interfaces: &[Described],
) -> Result<Found, Fault> {
    let Fields { interface, time: (high, low), caplen: claimed, len } = fields;
    let described =
        interfaces.get(interface as usize).ok_or(Fault::NoSuchInterface { interface })?;
    let caplen = claimed as usize;
    if caplen > PACKET_OCTETS {
        return Err(Fault::Oversized { octets: claimed.into() });
    }
    if caplen > rest.len() {
        return Err(Fault::BadPacketLength { octets: claimed });
    }
    let mut found = Found {
        at: described.clock.at(high, low),
        link: described.link,
        interface: described.index,
        len,
        data_at: body.len() - rest.len(),
        caplen,
        direction: None,
        options_overrun: false,
    };
    let options = rest.get(caplen.next_multiple_of(4)..).unwrap_or_default();
    for option in Options::new(options, order) {
        match option {
            Ok((FLAGS, value)) => {
                let flags: IResult<&[u8], u32, ()> = u32(order).parse(value);
                // Bits 0 and 1: 1 is inbound, 2 is outbound.
                found.direction = match flags.map(|(_, flags)| flags & 3) {
                    Ok(1) => Some(Direction::Inbound),
                    Ok(2) => Some(Direction::Outbound),
                    _ => None,
                };
            }
            Ok(_) => {}
            Err(_) => found.options_overrun = true,
        }
    }
    Ok(found)
}
