//! ICMP (RFC 792) and ICMPv6 (RFC 4443): a message in, out comes what an error says about the TCP
//! segment that it quotes. Echo, router discovery and the like are of no use here.

use std::net::IpAddr;

use etherparse::{Ipv4HeaderSlice, Ipv6HeaderSlice};

use super::descent::{Descent, Found, Step, u16_at};
use super::ip::TCP;
use super::{Endpoint, Ends, Layer, SignalKind, Skip, Unreachable, address};

/// Octets before the quoted datagram.
const HEADER: usize = 8;

/// ICMP for IPv4.
pub(super) fn v4<'p>(descent: &Descent, bytes: &'p [u8]) -> Step<'p> {
    let (&[kind, code, ..], quoted) = descent.take::<HEADER>(bytes, Layer::Icmp)?;
    let error = match (kind, code) {
        // RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1.
        (3, 0 | 6 | 11) => Unreachable::Network,
        (3, 1 | 7 | 8 | 12) => Unreachable::Host,
        (3, 2 | 3) => Unreachable::Port,
        (3, 4) => Unreachable::TooBig,
        (3, 9 | 10 | 13) => Unreachable::Prohibited,
        (11, _) => Unreachable::TimeExceeded,
        (3 | 4 | 12, _) => Unreachable::Other(kind, code),
        _ => return Err(Skip::Icmp),
    };
    signal(descent, quoted_v4(quoted), error)
}

/// ICMP for IPv6, neighbour discovery with it.
pub(super) fn v6<'p>(descent: &Descent, bytes: &'p [u8]) -> Step<'p> {
    let (&[kind, code, ..], quoted) = descent.take::<HEADER>(bytes, Layer::Icmp)?;
    let error = match (kind, code) {
        // RFC 4443 sections 3.1 to 3.4.
        (1, 0) => Unreachable::Network,
        (1, 1 | 5 | 6) => Unreachable::Prohibited,
        (1, 3) => Unreachable::Host,
        (1, 4) => Unreachable::Port,
        (2, _) => Unreachable::TooBig,
        (3, _) => Unreachable::TimeExceeded,
        (4, 1) => Unreachable::Port,
        (1 | 4, _) => Unreachable::Other(kind, code),
        (135 | 136, _) => return address::neighbour(descent, kind, quoted),
        _ => return Err(Skip::Icmp),
    };
    signal(descent, quoted_v6(quoted), error)
}

fn signal<'p>(descent: &Descent, ends: Option<Ends>, error: Unreachable) -> Step<'p> {
    let ends = ends.ok_or(Skip::Icmp)?;
    let from: IpAddr = Endpoint { address: descent.network.source, port: 0 }.address();
    Ok(Found::Signal(SignalKind::Icmp { from, ends, error }))
}

/// RFC 792 promises eight octets of the payload: enough for both ports.
fn quoted_v4(bytes: &[u8]) -> Option<Ends> {
    let header = Ipv4HeaderSlice::from_slice(bytes).ok()?;
    if header.protocol().0 != TCP || header.fragments_offset().value() != 0 {
        return None;
    }
    let segment = bytes.get(header.slice().len()..)?;
    Some(Ends {
        source: Endpoint::v4(header.source(), u16_at(segment, 0)?),
        destination: Endpoint::v4(header.destination(), u16_at(segment, 2)?),
    })
}

fn quoted_v6(bytes: &[u8]) -> Option<Ends> {
    let header = Ipv6HeaderSlice::from_slice(bytes).ok()?;
    if header.next_header().0 != TCP {
        return None;
    }
    let segment = bytes.get(40..)?;
    Some(Ends {
        source: Endpoint::v6(header.source(), u16_at(segment, 0)?),
        destination: Endpoint::v6(header.destination(), u16_at(segment, 2)?),
    })
}
