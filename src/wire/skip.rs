//! Why a packet gave no segment, and how often. In come [`Skip`]s, out go counts in a stable order.
//! Nothing is skipped without a reason, and no reason carries octets of the packet.

use std::fmt;

use crate::limits::SKIP_NUMBERS;

/// Why a packet gave neither a segment nor a signal. `Display` is the text of the records:
/// [`Skip::name`], then what it is about after a colon, as in `ether-type:0x88cc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Skip {
    /// No octet was captured.
    Empty,
    /// The link type is not decoded.
    LinkType(u16),
    /// A loopback or packet filter header names an address family that is not IP.
    AddressFamily(u32),
    /// The EtherType is not decoded.
    EtherType(u16),
    /// IEEE 802.2 with this destination service access point (spanning tree, IPX, IS-IS …).
    Llc(u8),
    /// The PPP protocol is not decoded (control protocols, compressed packets …).
    Ppp(u16),
    /// The IP protocol is not decoded.
    Protocol(u8),
    /// UDP that is neither QUIC nor a tunnel.
    Udp,
    /// QUIC, by a version 1 or 2 long header or by port 443.
    Quic,
    /// ICMP that says nothing about a TCP segment.
    Icmp,
    /// ARP that neither asks for nor gives an IPv4 address.
    Arp,
    /// An 802.11 frame that carries no data: management, control, null.
    WlanControl,
    /// Encrypted by IPsec.
    Esp,
    /// Encrypted or authenticated by MACsec.
    Macsec,
    /// Encrypted by WEP, WPA or one of its successors.
    WlanProtected,
    /// The capture ends inside this header.
    Truncated(Layer),
    /// This header contradicts itself or the one around it.
    Malformed(Layer),
    /// This checksum is wrong.
    Checksum(Layer),
    /// Kept until the other fragments of its datagram come.
    FragmentHeld,
    /// Contradicts fragments that came before it.
    FragmentConflict,
    /// Its datagram needs more fragments or octets than are held.
    FragmentLimit,
    /// A link-layer frame that holds several packets or a part of one.
    LinkAggregate,
    /// The capture holds the same packet twice.
    Copy,
    /// More layers, tags or extension headers than anyone needs.
    TooDeep,
}

/// The header that a [`Skip`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// What the capture tool or driver put before the frame: cooked, radiotap, loopback …
    Capture,
    /// Ethernet or another link-layer frame.
    Link,
    /// A VLAN tag or one of its relatives.
    Vlan,
    /// IEEE 802.11.
    Wlan,
    /// MPLS.
    Mpls,
    /// PPP and PPPoE.
    Ppp,
    /// ARP.
    Arp,
    /// IPv4.
    Ipv4,
    /// IPv6 with its extension headers.
    Ipv6,
    /// A fragment, or the datagram made of fragments.
    Fragment,
    /// ICMP and ICMPv6.
    Icmp,
    /// UDP.
    Udp,
    /// A tunnel between two IP headers: GRE, VXLAN, GENEVE …
    Tunnel,
    /// TCP.
    Tcp,
}

impl Layer {
    /// Its name in the records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::Link => "link",
            Self::Vlan => "vlan",
            Self::Wlan => "802.11",
            Self::Mpls => "mpls",
            Self::Ppp => "ppp",
            Self::Arp => "arp",
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::Fragment => "fragment",
            Self::Icmp => "icmp",
            Self::Udp => "udp",
            Self::Tunnel => "tunnel",
            Self::Tcp => "tcp",
        }
    }
}

/// What kinds of reasons there are, for people who want one line and not thirty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipGroup {
    /// Decoded as far as needed to see that it is not TCP.
    Other,
    /// Could hold TCP, but is not decoded here.
    Unsupported,
    /// Could hold TCP, but nobody without the key can tell.
    Encrypted,
    /// Cut by the snap length, or a fragment without its siblings.
    Incomplete,
    /// No receiver would accept it either.
    Damaged,
    /// Counted already.
    Duplicate,
}

impl SkipGroup {
    /// Its name in the records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Other => "other",
            Self::Unsupported => "unsupported",
            Self::Encrypted => "encrypted",
            Self::Incomplete => "incomplete",
            Self::Damaged => "damaged",
            Self::Duplicate => "duplicate",
        }
    }
}

impl Skip {
    /// Its stable name, without the number or layer that it is about.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::LinkType(_) => "link-type",
            Self::AddressFamily(_) => "address-family",
            Self::EtherType(_) => "ether-type",
            Self::Llc(_) => "llc",
            Self::Ppp(_) => "ppp",
            Self::Protocol(_) => "ip-protocol",
            Self::Udp => "udp",
            Self::Quic => "quic",
            Self::Icmp => "icmp",
            Self::Arp => "arp",
            Self::WlanControl => "802.11-control",
            Self::Esp => "esp",
            Self::Macsec => "macsec",
            Self::WlanProtected => "802.11-protected",
            Self::Truncated(_) => "truncated",
            Self::Malformed(_) => "malformed",
            Self::Checksum(_) => "checksum",
            Self::FragmentHeld => "fragment-held",
            Self::FragmentConflict => "fragment-conflict",
            Self::FragmentLimit => "fragment-limit",
            Self::LinkAggregate => "link-aggregate",
            Self::Copy => "copy",
            Self::TooDeep => "too-deep",
        }
    }

    /// The kind of reason.
    pub const fn group(self) -> SkipGroup {
        match self {
            Self::Udp | Self::Quic | Self::Icmp | Self::Arp | Self::WlanControl => SkipGroup::Other,
            // What stands alone on 802.2: spanning tree, IS-IS, IPX, NetBIOS.
            Self::Llc(0x42 | 0xe0 | 0xf0 | 0xfe | 0xff) => SkipGroup::Other,
            // Discovery and control on Ethernet: RARP, IPX, slow protocols, PPPoE discovery,
            // EAPOL, LLDP, precision time, loopback tests.
            Self::EtherType(
                0x8035 | 0x8137 | 0x8809 | 0x8863 | 0x888e | 0x88cc | 0x88f7 | 0x9000,
            ) => SkipGroup::Other,
            // RFC 1661 section 2: network control protocols and those of the link.
            Self::Ppp(0x8000..) => SkipGroup::Other,
            // IGMP, RSVP, "no next header", EIGRP, OSPF, PIM, VRRP, SCTP.
            Self::Protocol(2 | 46 | 59 | 88 | 89 | 103 | 112 | 132) => SkipGroup::Other,
            Self::LinkType(_)
            | Self::AddressFamily(_)
            | Self::EtherType(_)
            | Self::Llc(_)
            | Self::Ppp(_)
            | Self::Protocol(_)
            | Self::LinkAggregate
            | Self::TooDeep => SkipGroup::Unsupported,
            Self::Esp | Self::Macsec | Self::WlanProtected => SkipGroup::Encrypted,
            Self::Empty | Self::Truncated(_) | Self::FragmentHeld | Self::FragmentLimit => {
                SkipGroup::Incomplete
            }
            Self::Malformed(_) | Self::Checksum(_) | Self::FragmentConflict => SkipGroup::Damaged,
            Self::Copy => SkipGroup::Duplicate,
        }
    }

    /// Whether the reason holds a number that the packet chose.
    const fn is_numbered(self) -> bool {
        matches!(
            self,
            Self::LinkType(_)
                | Self::AddressFamily(_)
                | Self::EtherType(_)
                | Self::Llc(_)
                | Self::Ppp(_)
                | Self::Protocol(_)
        )
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::LinkType(number) => write!(f, ":{number}"),
            Self::AddressFamily(number) => write!(f, ":{number}"),
            Self::EtherType(number) | Self::Ppp(number) => write!(f, ":0x{number:04x}"),
            Self::Llc(number) => write!(f, ":0x{number:02x}"),
            Self::Protocol(number) => write!(f, ":{number}"),
            Self::Truncated(layer) | Self::Malformed(layer) | Self::Checksum(layer) => {
                write!(f, ":{}", layer.name())
            }
            _ => Ok(()),
        }
    }
}

/// How many packets were skipped, by reason.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Skips {
    /// Sorted by reason.
    counts: Vec<(Skip, u64)>,
    numbered: usize,
    other: u64,
}

impl Skips {
    /// Counts one packet.
    pub fn add(&mut self, skip: Skip) {
        self.add_many(skip, 1);
    }

    /// Adds the counts of another part of the same input.
    pub fn merge(&mut self, others: &Self) {
        for (skip, count) in others.iter() {
            self.add_many(skip, count);
        }
        self.other = self.other.saturating_add(others.other);
    }

    /// Reasons and numbers of packets, sorted by reason, without [`Skips::other`].
    pub fn iter(&self) -> impl Iterator<Item = (Skip, u64)> + '_ {
        self.counts.iter().copied()
    }

    /// Packets with a number (link type, EtherType, protocol …) that came after
    /// [`SKIP_NUMBERS`] different ones.
    pub const fn other(&self) -> u64 {
        self.other
    }

    /// Packets skipped for this reason.
    pub fn count(&self, skip: Skip) -> u64 {
        self.iter().find(|(reason, _)| *reason == skip).map_or(0, |(_, count)| count)
    }

    /// All packets skipped.
    pub fn total(&self) -> u64 {
        self.iter().fold(self.other, |sum, (_, count)| sum.saturating_add(count))
    }

    fn add_many(&mut self, skip: Skip, count: u64) {
        match self.counts.binary_search_by_key(&skip, |(reason, _)| *reason) {
            Ok(index) => {
                if let Some((_, packets)) = self.counts.get_mut(index) {
                    *packets = packets.saturating_add(count);
                }
            }
            Err(_) if skip.is_numbered() && self.numbered >= SKIP_NUMBERS => {
                self.other = self.other.saturating_add(count);
            }
            Err(index) => {
                self.numbered += usize::from(skip.is_numbered());
                self.counts.insert(index, (skip, count));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_counted_in_a_stable_order_and_add_up() {
        let mut skips = Skips::default();
        for skip in [Skip::Copy, Skip::Udp, Skip::EtherType(0x88cc), Skip::Udp] {
            skips.add(skip);
        }
        let texts: Vec<_> = skips.iter().map(|(skip, count)| format!("{skip} {count}")).collect();
        assert_eq!(texts, ["ether-type:0x88cc 1", "udp 2", "copy 1"]);
        assert_eq!(skips.total(), 4);
    }

    #[test]
    fn what_cannot_hold_tcp_is_told_from_what_is_not_decoded() {
        assert_eq!(Skip::EtherType(0x88cc).group(), SkipGroup::Other);
        assert_eq!(Skip::Ppp(0xc021).group(), SkipGroup::Other);
        assert_eq!(Skip::Ppp(0x002d).group(), SkipGroup::Unsupported);
        assert_eq!(Skip::Protocol(115).group(), SkipGroup::Unsupported);
        assert_eq!(Skip::LinkType(147).group(), SkipGroup::Unsupported);
        assert_eq!(Skip::Truncated(Layer::Tcp).group(), SkipGroup::Incomplete);
    }

    #[test]
    fn numbers_chosen_by_packets_cannot_grow_the_table() {
        let mut skips = Skips::default();
        for number in 0..=u16::MAX {
            skips.add(Skip::EtherType(number));
        }
        skips.add(Skip::Truncated(Layer::Tcp));
        assert_eq!(skips.iter().count(), SKIP_NUMBERS + 1);
        assert_eq!(skips.other(), 65_536 - SKIP_NUMBERS as u64);
        assert_eq!(skips.total(), 65_537);
        let mut sum = skips.clone();
        sum.merge(&skips);
        assert_eq!(sum.total(), 2 * skips.total());
    }
}
