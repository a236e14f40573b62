//! Pseudo headers that capture tools and drivers put in place of the link layer or before it:
//! loopback, Linux cooked, packet filter logs, per-packet information. A captured record in, the
//! packet inside it out; interface and direction are noted on the way.

use super::descent::{Descent, Step};
use super::{Direction, Layer, LinkType, Skip, ieee80211, ip, link};

/// Address families of the systems that have a loopback header: IPv4 is 2 everywhere.
const FAMILY_IPV4: u32 = 2;
/// IPv6 is 10 on Linux, 23 on Windows, 24 on NetBSD and OpenBSD, 28 on FreeBSD, 30 on macOS.
const FAMILIES_IPV6: [u32; 5] = [10, 23, 24, 28, 30];

/// A packet of the named address family.
fn family<'p>(descent: &mut Descent, family: u32, bytes: &'p [u8]) -> Step<'p> {
    if family == FAMILY_IPV4 {
        ip::v4(descent, bytes)
    } else if FAMILIES_IPV6.contains(&family) {
        ip::v6(descent, bytes)
    } else {
        Err(Skip::AddressFamily(family))
    }
}

/// BSD loopback: the address family in the byte order of the capturing host.
pub(super) fn loopback<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    let (header, rest) = descent.take::<4>(bytes, Layer::Capture)?;
    family(descent, small(*header), rest)
}

/// A small number in any byte order: whichever half is zero is the high one. Some systems wrote it
/// as 16 bits, which makes four orders.
fn small(octets: [u8; 4]) -> u32 {
    match octets {
        [0, 0, high, low] | [low, high, 0, 0] => {
            let (one, other) = (u16::from_be_bytes([high, low]), u16::from_be_bytes([low, high]));
            u32::from(one.min(other))
        }
        other => u32::from_be_bytes(other),
    }
}

/// OpenBSD's `enc` device: address family, security association, flags, then the decrypted packet.
pub(super) fn encapsulated<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    let (header, rest) = descent.take::<12>(bytes, Layer::Capture)?;
    let [a, b, c, d, ..] = *header;
    family(descent, small([a, b, c, d]), rest)
}

/// Log of the BSD packet filter.
pub(super) fn pflog<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    let (&[len, address_family, ..], _) = descent.take::<4>(bytes, Layer::Capture)?;
    // The length leaves out the padding to four octets.
    let rest = descent.behind(bytes, usize::from(len).next_multiple_of(4), Layer::Capture)?;
    const DIRECTION: usize = 60;
    descent.via.direction = match bytes.get(DIRECTION) {
        Some(1) if usize::from(len) > DIRECTION => Some(Direction::Inbound),
        Some(2) if usize::from(len) > DIRECTION => Some(Direction::Outbound),
        _ => None,
    };
    family(descent, u32::from(address_family), rest)
}

/// The packet types of Linux (`linux/if_packet.h`): 0 to 2 came to this host, 4 was sent by it, 3
/// was between others.
const fn direction(packet_type: u16) -> Option<Direction> {
    match packet_type {
        0..=2 => Some(Direction::Inbound),
        4 => Some(Direction::Outbound),
        _ => None,
    }
}

/// The link-layer address of a cooked header, where it has the usual length.
const fn sender(len: u16, address: [u8; 8]) -> Option<[u8; 6]> {
    let [a, b, c, d, e, f, _, _] = address;
    if len == 6 { Some([a, b, c, d, e, f]) } else { None }
}

/// What follows a cooked header: an EtherType, unless the hardware has numbers of its own.
fn cooked<'p>(descent: &mut Descent, hardware: u16, protocol: u16, bytes: &'p [u8]) -> Step<'p> {
    const NETLINK: u16 = 824;
    const RADIOTAP: u16 = 803;
    const LLC: u16 = 4;
    match (hardware, protocol) {
        (NETLINK, _) => Err(Skip::LinkType(253)),
        (RADIOTAP, _) => ieee80211::radiotap(descent, bytes),
        (_, LLC) => link::llc(descent, bytes),
        // Below 1536 are Linux' own numbers (`linux/if_ether.h`), not lengths.
        (_, other @ 0..0x600) => Err(Skip::EtherType(other)),
        (_, kind) => link::ether_type(descent, kind, bytes),
    }
}

/// Linux cooked capture, version 1: what `-i any` gives.
pub(super) fn sll<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    let (header, rest) = descent.take::<16>(bytes, Layer::Capture)?;
    let [t0, t1, h0, h1, l0, l1, a, b, c, d, e, f, g, h, p0, p1] = *header;
    descent.via.direction = direction(u16::from_be_bytes([t0, t1]));
    descent.via.link_source = sender(u16::from_be_bytes([l0, l1]), [a, b, c, d, e, f, g, h]);
    cooked(descent, u16::from_be_bytes([h0, h1]), u16::from_be_bytes([p0, p1]), rest)
}

/// Linux cooked capture, version 2: names the interface too.
pub(super) fn sll2<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    let (header, rest) = descent.take::<20>(bytes, Layer::Capture)?;
    let [p0, p1, _, _, i0, i1, i2, i3, h0, h1, kind, len, a, b, c, d, e, f, g, h] = *header;
    descent.via.interface = u32::from_be_bytes([i0, i1, i2, i3]);
    descent.via.direction = direction(u16::from(kind));
    descent.via.link_source = sender(u16::from(len), [a, b, c, d, e, f, g, h]);
    cooked(descent, u16::from_be_bytes([h0, h1]), u16::from_be_bytes([p0, p1]), rest)
}

/// Linux netfilter log: a family, then attributes, one of them the packet.
pub(super) fn nflog<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    const PAYLOAD: u16 = 9;
    let (&[address_family, version, _, _], mut rest) = descent.take::<4>(bytes, Layer::Capture)?;
    if version != 0 {
        return Err(Skip::Malformed(Layer::Capture));
    }
    loop {
        let (header, _) = descent.take::<4>(rest, Layer::Capture)?;
        let [l0, l1, k0, k1] = *header;
        // Attributes are in the byte order of the capturing host. The kind is below 256, so the
        // octet that is not zero is the low one.
        let (len, kind) = if k1 == 0 {
            (u16::from_le_bytes([l0, l1]), u16::from_le_bytes([k0, k1]))
        } else {
            (u16::from_be_bytes([l0, l1]), u16::from_be_bytes([k0, k1]))
        };
        let len = usize::from(len);
        if len < header.len() {
            return Err(Skip::Malformed(Layer::Capture));
        }
        if kind == PAYLOAD {
            let rest = descent.trim(rest, len);
            let packet = descent.behind(rest, header.len(), Layer::Capture)?;
            return family(descent, u32::from(address_family), packet);
        }
        rest = descent.behind(rest, len.next_multiple_of(4), Layer::Capture)?;
    }
}

/// A frame whose link type a pseudo header names. Those headers do not nest, which bounds the
/// recursion.
fn named<'p>(descent: &mut Descent, link: u32, bytes: &'p [u8]) -> Step<'p> {
    match u16::try_from(link) {
        Ok(link @ (192 | 258)) => Err(Skip::LinkType(link)),
        Ok(link) => link::frame(descent, LinkType(link), bytes),
        Err(_) => Err(Skip::Malformed(Layer::Capture)),
    }
}

/// Per-packet information: a header of its own length that names the link type.
pub(super) fn ppi<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    let (header, _) = descent.take::<8>(bytes, Layer::Capture)?;
    let [version, _, l0, l1, d0, d1, d2, d3] = *header;
    let len = usize::from(u16::from_le_bytes([l0, l1]));
    if version != 0 || len < header.len() {
        return Err(Skip::Malformed(Layer::Capture));
    }
    let rest = descent.behind(bytes, len, Layer::Capture)?;
    named(descent, u32::from_le_bytes([d0, d1, d2, d3]), rest)
}

/// macOS `pktap`: a header of its own length that names the link type.
pub(super) fn pktap<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    const PACKET: u32 = 1;
    const INBOUND: u32 = 1;
    const OUTBOUND: u32 = 2;
    let (header, _) = descent.take::<40>(bytes, Layer::Capture)?;
    let word = |index: usize| {
        header
            .get(index..)
            .and_then(<[u8]>::first_chunk)
            .map_or(0, |word| u32::from_le_bytes(*word))
    };
    let (len, kind, link, flags) = (word(0), word(4), word(8), word(36));
    let rest = descent.behind(bytes, usize::try_from(len).unwrap_or(usize::MAX), Layer::Capture)?;
    if kind != PACKET || usize::try_from(len).is_ok_and(|len| len < header.len()) {
        return Err(Skip::Malformed(Layer::Capture));
    }
    descent.via.direction = match flags & (INBOUND | OUTBOUND) {
        INBOUND => Some(Direction::Inbound),
        OUTBOUND => Some(Direction::Outbound),
        _ => None,
    };
    named(descent, link, rest)
}

/// Juniper's header before Ethernet: a magic number, flags, perhaps extensions.
pub(super) fn juniper_ethernet<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    const INBOUND: u8 = 0x01;
    const NO_LINK_LAYER: u8 = 0x02;
    const EXTENSIONS: u8 = 0x80;
    let (&[m0, m1, m2, flags], mut rest) = descent.take::<4>(bytes, Layer::Capture)?;
    if [m0, m1, m2] != *b"MGC" {
        return Err(Skip::Malformed(Layer::Capture));
    }
    descent.via.direction =
        Some(if flags & INBOUND == INBOUND { Direction::Inbound } else { Direction::Outbound });
    if flags & EXTENSIONS == EXTENSIONS {
        let (len, behind) = descent.take::<2>(rest, Layer::Capture)?;
        rest = descent.behind(behind, usize::from(u16::from_be_bytes(*len)), Layer::Capture)?;
    }
    if flags & NO_LINK_LAYER == NO_LINK_LAYER {
        // The extensions would name the protocol; the packet does too.
        return ip::either(descent, rest);
    }
    link::ethernet(descent, rest)
}
