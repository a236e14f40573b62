//! IPv4 (RFC 791) and IPv6 (RFC 8200) with its extension headers: an IP packet in, what its
//! payload is out. Fragments are handed back to the decoder, which owns the store for them.

use etherparse::checksum::Sum16BitWords;
use etherparse::err::ipv4::HeaderSliceError as Ipv4Error;
use etherparse::err::ipv6::HeaderSliceError as Ipv6Error;
use etherparse::{
    IpAuthHeaderSlice, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice,
    Ipv6RawExtHeaderSlice,
};

use super::descent::{Descent, Found, Network, Step};
use super::fragment::Fragment;
use super::{Endpoint, Layer, Skip, icmp, link, mpls, tunnel, udp};
use crate::limits::EXTENSION_HEADERS;

pub(super) const TCP: u8 = 6;
const ICMP: u8 = 1;
const IPV4: u8 = 4;
const UDP: u8 = 17;
const IPV6: u8 = 41;
const GRE: u8 = 47;
const ESP: u8 = 50;
const AUTHENTICATION: u8 = 51;
const ICMP_V6: u8 = 58;
/// KA9Q's number for IP in IP, still sent by some tunnels.
const IPIP: u8 = 94;
const ETHER_IP: u8 = 97;
const MPLS: u8 = 137;

// Extension headers of IPv6 (RFC 8200 section 4, RFC 6275, RFC 7401, RFC 5533).
const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const DESTINATION: u8 = 60;
const MOBILITY: u8 = 135;
const HIP: u8 = 139;
const SHIM6: u8 = 140;

/// An IP packet whose version only its first four bits tell.
pub(super) fn either<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    match bytes.first().map(|octet| octet >> 4) {
        Some(4) => v4(descent, bytes),
        Some(6) => v6(descent, bytes),
        Some(_) => Err(Skip::Malformed(Layer::Ipv4)),
        None => Err(descent.short(Layer::Ipv4)),
    }
}

/// An IPv4 packet.
pub(super) fn v4<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    let header = Ipv4HeaderSlice::from_slice(bytes).map_err(|error| match error {
        Ipv4Error::Len(_) => descent.short(Layer::Ipv4),
        Ipv4Error::Content(_) => Skip::Malformed(Layer::Ipv4),
    })?;
    let header_len = header.slice().len();
    let total_len = usize::from(header.total_len());
    let datagram = if total_len == 0 {
        // The packet was captured before the network card cut it into segments: it has no length
        // of its own yet, so all of it counts.
        bytes
    } else if total_len < header_len {
        return Err(Skip::Malformed(Layer::Ipv4));
    } else {
        descent.trim(bytes, total_len)
    };
    let payload = descent.behind(datagram, header_len, Layer::Ipv4)?;
    descent.via.ttl = header.ttl();
    descent.via.identification = Some(header.identification());
    descent.network = Network {
        source: Endpoint::v4(header.source(), 0).address,
        destination: Endpoint::v4(header.destination(), 0).address,
        v6: false,
    };
    if descent.verify
        && total_len != 0
        && Sum16BitWords::new().add_slice(header.slice()).ones_complement() != 0
    {
        return Err(Skip::Checksum(Layer::Ipv4));
    }
    let protocol = header.protocol().0;
    if header.is_fragmenting_payload() {
        return Ok(Found::Fragment(Fragment {
            identification: u32::from(header.identification()),
            protocol,
            offset: u32::from(header.fragments_offset().value()) * 8,
            more: header.more_fragments(),
            bytes: payload,
        }));
    }
    if protocol == TCP {
        return Ok(Found::Segment(payload));
    }
    headers(descent, protocol, payload)
}

/// An IPv6 packet.
pub(super) fn v6<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    let header = Ipv6HeaderSlice::from_slice(bytes).map_err(|error| match error {
        Ipv6Error::Len(_) => descent.short(Layer::Ipv6),
        Ipv6Error::Content(_) => Skip::Malformed(Layer::Ipv6),
    })?;
    let mut payload = descent.behind(bytes, 40, Layer::Ipv6)?;
    let protocol = header.next_header().0;
    match header.payload_length() {
        // A jumbogram, or captured before segmentation by the network card: all of it counts.
        0 => {
            if protocol == HOP_BY_HOP
                && let Some(len) = jumbo_len(payload)
            {
                payload = descent.trim(payload, len);
            }
        }
        len => payload = descent.trim(payload, usize::from(len)),
    }
    descent.via.ttl = header.hop_limit();
    descent.via.identification = None;
    descent.network =
        Network { source: header.source(), destination: header.destination(), v6: true };
    if protocol == TCP {
        return Ok(Found::Segment(payload));
    }
    headers(descent, protocol, payload)
}

/// What follows the IP header, or what a datagram put together from fragments holds: extension
/// headers first, a bounded number of them.
pub(super) fn headers<'p>(
    descent: &mut Descent,
    mut protocol: u8,
    mut bytes: &'p [u8],
) -> Step<'p> {
    for _ in 0..=EXTENSION_HEADERS {
        match protocol {
            AUTHENTICATION => {
                let header =
                    IpAuthHeaderSlice::from_slice(bytes).map_err(|_| descent.short(Layer::Ipv6))?;
                protocol = header.next_header().0;
                bytes = descent.behind(bytes, header.slice().len(), Layer::Ipv6)?;
            }
            FRAGMENT if descent.network.v6 => {
                let header = Ipv6FragmentHeaderSlice::from_slice(bytes)
                    .map_err(|_| descent.short(Layer::Ipv6))?;
                protocol = header.next_header().0;
                bytes = descent.behind(bytes, 8, Layer::Ipv6)?;
                // RFC 6946: a fragment that is the whole datagram is no fragment.
                if header.is_fragmenting_payload() {
                    return Ok(Found::Fragment(Fragment {
                        identification: header.identification(),
                        protocol,
                        offset: u32::from(header.fragment_offset().value()) * 8,
                        more: header.more_fragments(),
                        bytes,
                    }));
                }
            }
            HOP_BY_HOP | ROUTING | DESTINATION | MOBILITY | HIP | SHIM6 if descent.network.v6 => {
                let header = Ipv6RawExtHeaderSlice::from_slice(bytes)
                    .map_err(|_| descent.short(Layer::Ipv6))?;
                if protocol == ROUTING
                    && let Some(last) = last_destination(header.slice())
                {
                    descent.network.destination = last;
                }
                protocol = header.next_header().0;
                bytes = descent.behind(bytes, header.slice().len(), Layer::Ipv6)?;
            }
            _ => return payload(descent, protocol, bytes),
        }
    }
    Err(Skip::TooDeep)
}

fn payload<'p>(descent: &mut Descent, protocol: u8, bytes: &'p [u8]) -> Step<'p> {
    match protocol {
        TCP => Ok(Found::Segment(bytes)),
        UDP => udp::datagram(descent, bytes),
        ICMP if !descent.network.v6 => icmp::v4(descent, bytes),
        ICMP_V6 if descent.network.v6 => icmp::v6(descent, bytes),
        IPV4 | IPIP => {
            descent.enter(u16::from(protocol))?;
            v4(descent, bytes)
        }
        IPV6 => {
            descent.enter(u16::from(protocol))?;
            v6(descent, bytes)
        }
        GRE => tunnel::gre(descent, bytes),
        ESP => Err(Skip::Esp),
        ETHER_IP => {
            // RFC 3378: version 3, twelve bits of nothing, a frame.
            let (header, rest) = descent.take::<2>(bytes, Layer::Tunnel)?;
            if header[0] >> 4 != 3 {
                return Err(Skip::Protocol(protocol));
            }
            descent.enter(u16::from(protocol))?;
            link::ethernet(descent, rest)
        }
        MPLS => {
            descent.enter(u16::from(protocol))?;
            mpls::labelled(descent, bytes)
        }
        _ => Err(Skip::Protocol(protocol)),
    }
}

/// The jumbo payload length (RFC 2675 section 2) of a hop-by-hop header.
fn jumbo_len(bytes: &[u8]) -> Option<usize> {
    const PAD_1: u8 = 0;
    const JUMBO: u8 = 0xc2;
    let header = Ipv6RawExtHeaderSlice::from_slice(bytes).ok()?;
    let mut options = header.slice().get(2..)?;
    while let [kind, rest @ ..] = options {
        if *kind == PAD_1 {
            options = rest;
            continue;
        }
        let (&len, rest) = rest.split_first()?;
        if *kind == JUMBO {
            return usize::try_from(u32::from_be_bytes(*rest.first_chunk()?)).ok();
        }
        options = rest.get(usize::from(len)..)?;
    }
    None
}

/// The destination that a routing header keeps while the IPv6 header names the next hop: the
/// connection is with that one, and the TCP checksum is computed with it (RFC 8200 section 8.1).
fn last_destination(header: &[u8]) -> Option<[u8; 16]> {
    let [_, _, kind, segments_left, ..] = header else { return None };
    if *segments_left == 0 {
        return None;
    }
    match kind {
        // RFC 5095 (source route), RFC 6275 section 6.4 (home address): the last address.
        0 | 2 => header.get(8..)?.last_chunk().copied(),
        // RFC 8754 section 2: segments are listed from the last to the first.
        4 => header.get(8..)?.first_chunk().copied(),
        _ => None,
    }
}
