//! ARP (RFC 826) and IPv6 neighbour discovery (RFC 4861): a message in, the [`SignalKind`] out that
//! says whose link-layer address is wanted or given.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::ArpPacketSlice;

use super::descent::{Descent, Found, Step};
use super::link::ETHER_IPV4;
use super::{Layer, SignalKind, Skip};

/// An ARP packet.
pub(super) fn arp<'p>(descent: &Descent, bytes: &'p [u8]) -> Step<'p> {
    const REQUEST: u16 = 1;
    const REPLY: u16 = 2;
    let packet = ArpPacketSlice::from_slice(bytes).map_err(|_| descent.short(Layer::Arp))?;
    let address = |octets: &[u8]| {
        <[u8; 4]>::try_from(octets).map(|octets| IpAddr::V4(Ipv4Addr::from(octets)))
    };
    if packet.proto_addr_type().0 != ETHER_IPV4 {
        return Err(Skip::Arp);
    }
    let (Ok(sender), Ok(target)) =
        (address(packet.sender_protocol_addr()), address(packet.target_protocol_addr()))
    else {
        return Err(Skip::Malformed(Layer::Arp));
    };
    Ok(Found::Signal(match packet.operation().0 {
        // RFC 5227 section 3: who asks for its own address announces it.
        REQUEST if sender == target => SignalKind::AddressAnswered { target },
        REQUEST => SignalKind::AddressAsked { by: sender, target },
        REPLY => SignalKind::AddressAnswered { target: sender },
        _ => return Err(Skip::Arp),
    }))
}

/// A neighbour solicitation (135) or advertisement (136), from behind the eight octets of its
/// header.
pub(super) fn neighbour<'p>(descent: &Descent, kind: u8, bytes: &'p [u8]) -> Step<'p> {
    const SOLICITATION: u8 = 135;
    let (target, _) = descent.take::<16>(bytes, Layer::Icmp)?;
    let target = IpAddr::V6(Ipv6Addr::from(*target));
    let by = IpAddr::V6(Ipv6Addr::from(descent.network.source));
    Ok(Found::Signal(if kind == SOLICITATION {
        SignalKind::AddressAsked { by, target }
    } else {
        SignalKind::AddressAnswered { target }
    }))
}
