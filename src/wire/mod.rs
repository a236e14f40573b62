//! One captured frame in, one TCP segment out: link layers, tunnels and fragments are taken off.
//!
//! In comes a [`Packet`] that borrows its octets; out comes a [`Segment`] that borrows the same
//! octets, a [`Signal`] about somebody's connection, or a [`Skip`] that says why there is neither.
//! This module keeps no connections, knows nothing of HTTP and never panics on what it is given.

mod address;
mod arcnet;
mod checksums;
mod cooked;
mod copies;
mod decoder;
mod descent;
mod fragment;
mod icmp;
mod ieee80211;
mod ip;
mod link;
mod mpls;
mod plain;
mod ppp;
mod skip;
mod tcp;
#[cfg(test)]
mod tests;
mod tunnel;
mod udp;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use checksums::Checksums;
pub use decoder::{Decoded, Decoder};
pub use fragment::FragmentCounts;
pub use skip::{Layer, Skip, SkipGroup, Skips};

use crate::units::Timestamp;

/// The link-layer type of an interface: the number of the registry at
/// tcpdump.org/linktypes, kept as it is so that an unknown one can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkType(pub u16);

/// One captured frame, as the source hands it over. The octets are borrowed for one call.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'p> {
    /// Position in the capture, counted from 1 as Wireshark does.
    pub number: u64,
    /// When it was captured.
    pub at: Timestamp,
    /// What the first octet is the beginning of.
    pub link: LinkType,
    /// The interface that it was captured on, counted from 0 over the whole input.
    pub interface: u32,
    /// Its length on the wire, octets; more than `bytes` holds where the snap length cut it.
    pub len: u32,
    /// Which way it went, where the capture file says so (pcapng `epb_flags`).
    pub direction: Option<Direction>,
    /// The captured octets.
    pub bytes: &'p [u8],
    /// Where the octets begin in the file, for messages.
    pub offset: u64,
}

/// An IP address and a port. IPv4 is kept as the IPv4-mapped IPv6 address, so that comparing and
/// hashing need no branch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    address: [u8; 16],
    port: u16,
}

impl Endpoint {
    /// An endpoint of IPv4.
    #[inline]
    pub const fn v4(address: [u8; 4], port: u16) -> Self {
        // As one number, which is made in registers; octet by octet it would be made in memory.
        let mapped = 0xffff << 32 | u32::from_be_bytes(address) as u128;
        Self { address: mapped.to_be_bytes(), port }
    }

    /// An endpoint of IPv6.
    pub const fn v6(address: [u8; 16], port: u16) -> Self {
        Self { address, port }
    }

    /// The address.
    pub fn address(&self) -> IpAddr {
        let v6 = Ipv6Addr::from(self.address);
        match self.address {
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d] => {
                IpAddr::V4(Ipv4Addr::new(a, b, c, d))
            }
            _ => IpAddr::V6(v6),
        }
    }

    /// The address as 16 octets, IPv4 mapped.
    pub const fn octets(&self) -> [u8; 16] {
        self.address
    }

    /// The port.
    pub const fn port(&self) -> u16 {
        self.port
    }
}

/// `10.9.1.1:80`, `[2001:db8::1]:80`.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address() {
            IpAddr::V4(address) => {
                let [a, b, c, d] = address.octets().map(u16::from);
                let mut text = Text::default();
                for (number, behind) in [(a, "."), (b, "."), (c, "."), (d, ":"), (self.port, "")] {
                    text.decimal(number);
                    text.push(behind.as_bytes());
                }
                f.write_str(text.written())
            }
            IpAddr::V6(address) => write!(f, "[{address}]:{}", self.port),
        }
    }
}

/// An IPv4 endpoint in the making: `255.255.255.255:65535` is the longest. It is written often, and handed
/// on at once: what formatting costs for each number is several times as much as the number.
#[derive(Default)]
struct Text {
    octets: [u8; 21],
    end: usize,
}

impl Text {
    fn push(&mut self, octets: &[u8]) {
        for octet in octets {
            if let Some(place) = self.octets.get_mut(self.end) {
                *place = *octet;
                self.end += 1;
            }
        }
    }

    fn decimal(&mut self, number: u16) {
        for divisor in [10_000, 1_000, 100, 10, 1] {
            // Zeros in front are left out.
            if number >= divisor || divisor == 1 {
                self.push(&[b'0' + (number / divisor % 10) as u8]);
            }
        }
    }

    fn written(&self) -> &str {
        self.octets.get(..self.end).and_then(|text| str::from_utf8(text).ok()).unwrap_or_default()
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The two ends of a segment, as its headers give them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ends {
    /// Who sent it.
    pub source: Endpoint,
    /// Whom it is for.
    pub destination: Endpoint,
}

/// The control bits of a TCP segment (RFC 9293 section 3.1), in wire order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags(pub u8);

impl Flags {
    /// No more data from the sender.
    pub const FIN: u8 = 0x01;
    /// Synchronise sequence numbers.
    pub const SYN: u8 = 0x02;
    /// Reset the connection.
    pub const RST: u8 = 0x04;
    /// Push.
    pub const PSH: u8 = 0x08;
    /// The acknowledgement number is meant.
    pub const ACK: u8 = 0x10;
    /// The urgent pointer is meant.
    pub const URG: u8 = 0x20;

    /// Whether all the given bits are set.
    pub const fn has(self, bits: u8) -> bool {
        self.0 & bits == bits
    }
}

/// Which way a frame went, where the link layer says so (SLL packet type, pcapng `epb_flags`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Received by the capturing host.
    Inbound,
    /// Sent by the capturing host.
    Outbound,
}

/// By which way a segment came: what joins the two legs of a proxy and tells copies apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Via {
    /// The interface, as in [`Packet::interface`]; for SLL2 the one its header names.
    pub interface: u32,
    /// Direction mark, where there is one.
    pub direction: Option<Direction>,
    /// Link-layer source and destination of the outermost frame, where it has them.
    pub link_source: Option<[u8; 6]>,
    /// See `link_source`.
    pub link_destination: Option<[u8; 6]>,
    /// Innermost VLAN identifier.
    pub vlan: Option<u16>,
    /// Time to live or hop limit of the IP header around the TCP segment.
    pub ttl: u8,
    /// Identification field of that header; `None` for IPv6.
    pub identification: Option<u16>,
}

/// One TCP segment. The payload borrows the packet's octets.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'p> {
    /// When it was captured.
    pub at: Timestamp,
    /// Number of the packet that carried it (of the last fragment, where there were several).
    pub number: u64,
    /// Source and destination.
    pub ends: Ends,
    /// Sequence number.
    pub sequence: u32,
    /// Acknowledgement number; meaningless without [`Flags::ACK`].
    pub acknowledgement: u32,
    /// Control bits.
    pub flags: Flags,
    /// Window field, before scaling.
    pub window: u16,
    /// Urgent pointer; meaningless without [`Flags::URG`].
    pub urgent: u16,
    /// The options of the TCP header.
    pub options: &'p [u8],
    /// The captured octets of the payload.
    pub payload: &'p [u8],
    /// Octets of the payload that were sent but not captured, behind `payload`.
    pub cut: u32,
    /// The way it came.
    pub via: Via,
}

impl Segment<'_> {
    /// The same segment over other octets: those of a copy of its packet, or none at all.
    #[must_use]
    pub const fn over<'q>(&self, options: &'q [u8], payload: &'q [u8]) -> Segment<'q> {
        Segment {
            at: self.at,
            number: self.number,
            ends: self.ends,
            sequence: self.sequence,
            acknowledgement: self.acknowledgement,
            flags: self.flags,
            window: self.window,
            urgent: self.urgent,
            options,
            payload,
            cut: self.cut,
            via: self.via,
        }
    }
}

/// What an ICMP error says about the datagram that it quotes (RFC 792, RFC 4443).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unreachable {
    /// No route to the network.
    Network,
    /// No route to the host, or it does not answer ARP or neighbour discovery.
    Host,
    /// The host refuses the protocol or port.
    Port,
    /// A filter on the way forbids it.
    Prohibited,
    /// Too big for the next link and not to be fragmented.
    TooBig,
    /// The time to live ran out on the way.
    TimeExceeded,
    /// Any other error, by ICMP type and code.
    Other(u8, u8),
}

/// Something that is not a TCP segment but says something about TCP connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signal {
    /// When it was captured.
    pub at: Timestamp,
    /// Number of the packet.
    pub number: u64,
    /// What it says.
    pub what: SignalKind,
}

/// See [`Signal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignalKind {
    /// An ICMP error that quotes a TCP segment.
    Icmp {
        /// Who sent the error.
        from: IpAddr,
        /// The ends of the quoted segment.
        ends: Ends,
        /// What is wrong.
        error: Unreachable,
    },
    /// ARP or neighbour discovery: `by` asks who has `target`.
    AddressAsked {
        /// Who asks.
        by: IpAddr,
        /// Whose link-layer address is wanted.
        target: IpAddr,
    },
    /// ARP or neighbour discovery: somebody has `target`.
    AddressAnswered {
        /// Whose link-layer address was given.
        target: IpAddr,
    },
}
