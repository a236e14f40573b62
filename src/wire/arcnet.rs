//! ARCNET with the protocols of RFC 1051 and RFC 1201: a frame in, the packet inside it out. A
//! packet that was split over several frames is not put together.

use super::descent::{Descent, Step};
use super::{Layer, Skip, link};

/// As BSD captures it: source, destination, then the protocol.
pub(super) fn bsd<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    let (&[_, _, protocol], rest) = descent.take::<3>(bytes, Layer::Link)?;
    inside(descent, protocol, rest)
}

/// As Linux captures it: two octets of offset before the protocol.
pub(super) fn linux<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    let (&[_, _, _, _, protocol], rest) = descent.take::<5>(bytes, Layer::Link)?;
    inside(descent, protocol, rest)
}

fn inside<'p>(descent: &mut Descent, protocol: u8, bytes: &'p [u8]) -> Step<'p> {
    match protocol {
        // RFC 1051: no more header.
        0xf0 => link::ether_type(descent, link::ETHER_IPV4, bytes),
        0xf1 => link::ether_type(descent, link::ETHER_ARP, bytes),
        // RFC 1201: a split flag and a sequence number.
        0xd4 => link::ether_type(descent, link::ETHER_IPV4, whole(descent, bytes)?),
        0xd5 => link::ether_type(descent, link::ETHER_ARP, whole(descent, bytes)?),
        0xc4 => link::ether_type(descent, link::ETHER_IPV6, whole(descent, bytes)?),
        other => Err(Skip::Llc(other)),
    }
}

fn whole<'p>(descent: &Descent, bytes: &'p [u8]) -> Result<&'p [u8], Skip> {
    let (&[split, _, _], rest) = descent.take::<3>(bytes, Layer::Link)?;
    match split {
        0 => Ok(rest),
        // RFC 1201 section 2.1.1: the exception frame repeats the header.
        0xff => {
            let (&[split, ..], rest) = descent.take::<4>(rest, Layer::Link)?;
            if split == 0 { Ok(rest) } else { Err(Skip::LinkAggregate) }
        }
        _ => Err(Skip::LinkAggregate),
    }
}
