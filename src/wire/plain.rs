//! The frames that nearly all are: on Ethernet with at most one VLAN tag, IPv4 without options or IPv6
//! without extension headers, and in it a TCP segment or the front of one. A packet in, its TCP header
//! and payload out, after a look at a few fixed places instead of a way down through the layers.
//!
//! Whatever is unusual in the least is left to [`link::frame`](super::link::frame), which alone says why
//! something is skipped. What is found here, it finds alike: a test holds both against each other.

use super::descent::{Descent, Network};
use super::ip::TCP;
use super::link::{ETHER_IPV4, ETHER_IPV6};
use super::{Endpoint, LinkType, Packet};

const ETHERNET: LinkType = LinkType(1);
const ETHER_VLAN: u16 = 0x8100;

/// Goes down to the TCP segment of a plain frame, and gives its octets; `None` where the frame is
/// another one. Checksums are not verified.
#[inline]
pub(super) fn segment<'p>(descent: &mut Descent, packet: &Packet<'p>) -> Option<&'p [u8]> {
    if packet.link != ETHERNET {
        return None;
    }
    let (&[d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, k0, k1], mut bytes) =
        packet.bytes.split_first_chunk()?;
    descent.via.link_source = Some([s0, s1, s2, s3, s4, s5]);
    descent.via.link_destination = Some([d0, d1, d2, d3, d4, d5]);
    let mut kind = u16::from_be_bytes([k0, k1]);
    if kind == ETHER_VLAN {
        let (&[v0, v1, k0, k1], rest) = bytes.split_first_chunk()?;
        // Identifier 0 is a priority without a VLAN.
        let identifier = u16::from_be_bytes([v0, v1]) & 0x0fff;
        descent.via.vlan = (identifier != 0).then_some(identifier);
        kind = u16::from_be_bytes([k0, k1]);
        bytes = rest;
    }
    match kind {
        ETHER_IPV4 => v4(descent, bytes),
        ETHER_IPV6 => v6(descent, bytes),
        _ => None,
    }
}

/// An IPv4 packet without options that is no fragment and says how long it is.
#[inline]
fn v4<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Option<&'p [u8]> {
    const VERSION_AND_WORDS: u8 = 0x45;
    const MORE_AND_OFFSET: u16 = 0x3fff;
    let (&[first, _, l0, l1, i0, i1, f0, f1, ttl, protocol, _, _, rest @ ..], _) =
        bytes.split_first_chunk::<20>()?;
    let len = usize::from(u16::from_be_bytes([l0, l1]));
    let is_part = u16::from_be_bytes([f0, f1]) & MORE_AND_OFFSET != 0;
    if first != VERSION_AND_WORDS || protocol != TCP || is_part || len < 20 {
        return None;
    }
    let [a, b, c, d, e, f, g, h] = rest;
    descent.via.ttl = ttl;
    descent.via.identification = Some(u16::from_be_bytes([i0, i1]));
    descent.network = Network {
        source: Endpoint::v4([a, b, c, d], 0).address,
        destination: Endpoint::v4([e, f, g, h], 0).address,
        v6: false,
    };
    descent.trim(bytes, len).get(20..)
}

/// An IPv6 packet whose header is followed by that of TCP, and which says how long it is.
#[inline]
fn v6<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Option<&'p [u8]> {
    let (&[first, _, _, _, l0, l1, protocol, hop_limit, ref addresses @ ..], payload) =
        bytes.split_first_chunk::<40>()?;
    let len = usize::from(u16::from_be_bytes([l0, l1]));
    if first >> 4 != 6 || protocol != TCP || len == 0 {
        return None;
    }
    descent.via.ttl = hop_limit;
    descent.network = Network {
        source: *addresses.first_chunk()?,
        destination: *addresses.last_chunk()?,
        v6: true,
    };
    Some(descent.trim(payload, len))
}
