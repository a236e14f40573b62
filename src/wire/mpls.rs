//! MPLS (RFC 3032): a stack of labels in, the packet below it out. Nothing in a label says what is
//! below, so the first octets have to.

use super::descent::{Descent, Step, u16_at};
use super::{Layer, Skip, ip, link};
use crate::limits::ENCAPSULATIONS;

/// The EtherType stands for the tunnel wherever the stack holds a whole frame.
const PSEUDOWIRE: u16 = link::ETHER_MPLS;

pub(super) fn labelled<'p>(descent: &mut Descent, mut bytes: &'p [u8]) -> Step<'p> {
    for _ in 0..ENCAPSULATIONS {
        let (entry, rest) = descent.take::<4>(bytes, Layer::Mpls)?;
        bytes = rest;
        let is_last = entry[2] & 1 == 1;
        if is_last {
            return below(descent, bytes);
        }
    }
    Err(Skip::TooDeep)
}

fn below<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    let first = *bytes.first().ok_or_else(|| descent.short(Layer::Mpls))?;
    match first {
        // RFC 4928 section 3: what is not IP must not begin with 4 or 6; old pseudowires without
        // a control word do, where the address of their frame does.
        0x45..=0x4f => ip::v4(descent, bytes),
        0x60..=0x6f if fits_v6(descent, bytes) || !link::looks_like_ethernet(bytes) => {
            ip::v6(descent, bytes)
        }
        // RFC 4448 section 4.6: a control word begins with four zero bits. So do the addresses of
        // many frames without one.
        0x00..=0x0f => {
            let inside = bytes.get(4..).unwrap_or_default();
            let frame = if link::looks_like_ethernet(bytes) && !link::looks_like_ethernet(inside) {
                bytes
            } else {
                descent.behind(bytes, 4, Layer::Mpls)?
            };
            descent.enter(PSEUDOWIRE)?;
            link::ethernet(descent, frame)
        }
        _ => {
            descent.enter(PSEUDOWIRE)?;
            link::ethernet(descent, bytes)
        }
    }
}

/// Whether the octets could be an IPv6 packet by its length field.
fn fits_v6(descent: &Descent, bytes: &[u8]) -> bool {
    let len = u16_at(bytes, 4).map_or(0, usize::from) + 40;
    len <= bytes.len() || descent.cut > 0
}
