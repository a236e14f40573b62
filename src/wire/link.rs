//! Link layers: a frame of any link type in, the packet inside it out. Ethernet with its tags is
//! here; the other families have files of their own.

use etherparse::{Ethernet2HeaderSlice, SingleVlanHeaderSlice};

use super::descent::{Descent, Step, u16_at};
use super::{Layer, LinkType, Skip, address, arcnet, cooked, ieee80211, ip, mpls, ppp, tunnel};

pub(super) const ETHER_IPV4: u16 = 0x0800;
pub(super) const ETHER_IPV6: u16 = 0x86dd;
pub(super) const ETHER_ARP: u16 = 0x0806;
pub(super) const ETHER_ETHERNET: u16 = 0x6558;
pub(super) const ETHER_MPLS: u16 = 0x8847;
pub(super) const ETHER_MPLS_UPSTREAM: u16 = 0x8848;
pub(super) const ETHER_PPP: u16 = 0x880b;
pub(super) const ETHER_NSH: u16 = 0x894f;

/// A frame as it was captured.
pub(super) fn frame<'p>(descent: &mut Descent, link: LinkType, bytes: &'p [u8]) -> Step<'p> {
    match link.0 {
        1 => ethernet(descent, bytes),
        0 | 108 => cooked::loopback(descent, bytes),
        7 => arcnet::bsd(descent, bytes),
        9 | 50 => ppp::serial(descent, bytes),
        12 | 14 | 101 => ip::either(descent, bytes),
        51 => ppp::over_ethernet(descent, bytes),
        104 => ppp::cisco(descent, bytes),
        105 => ieee80211::frame(descent, bytes),
        107 => ppp::frame_relay(descent, bytes),
        109 => cooked::encapsulated(descent, bytes),
        113 => cooked::sll(descent, bytes),
        117 => cooked::pflog(descent, bytes),
        119 => ieee80211::prism(descent, bytes),
        127 => ieee80211::radiotap(descent, bytes),
        129 => arcnet::linux(descent, bytes),
        163 => ieee80211::avs(descent, bytes),
        166 | 204 => {
            let rest = ppp::direction(descent, bytes)?;
            // Linux' pppd puts the mark in the place of the HDLC address.
            ppp::ppp(descent, rest.strip_prefix(&[3]).unwrap_or(rest))
        }
        178 => cooked::juniper_ethernet(descent, bytes),
        192 => cooked::ppi(descent, bytes),
        205 => {
            let rest = ppp::direction(descent, bytes)?;
            ppp::cisco(descent, rest)
        }
        206 => {
            let rest = ppp::direction(descent, bytes)?;
            ppp::frame_relay(descent, rest)
        }
        219 => mpls::labelled(descent, bytes),
        228 => ip::v4(descent, bytes),
        229 => ip::v6(descent, bytes),
        239 => cooked::nflog(descent, bytes),
        258 => cooked::pktap(descent, bytes),
        276 => cooked::sll2(descent, bytes),
        other => Err(Skip::LinkType(other)),
    }
}

/// An Ethernet frame without its check sequence.
pub(super) fn ethernet<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    let header = Ethernet2HeaderSlice::from_slice(bytes).map_err(|_| descent.short(Layer::Link))?;
    if descent.is_outermost() {
        descent.via.link_source = Some(header.source());
        descent.via.link_destination = Some(header.destination());
    }
    let rest = descent.behind(bytes, 14, Layer::Link)?;
    ether_type(descent, header.ether_type().0, rest)
}

/// What an EtherType announces, after any number of tags up to the limit.
pub(super) fn ether_type<'p>(
    descent: &mut Descent,
    mut kind: u16,
    mut bytes: &'p [u8],
) -> Step<'p> {
    loop {
        match kind {
            ETHER_IPV4 => return ip::v4(descent, bytes),
            ETHER_IPV6 => return ip::v6(descent, bytes),
            // 802.1Q, 802.1ad and the numbers that were in use before it.
            0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300 => {
                descent.tag()?;
                let tag = SingleVlanHeaderSlice::from_slice(bytes)
                    .map_err(|_| descent.short(Layer::Vlan))?;
                // Identifier 0 is a priority without a VLAN (802.1Q table 9-2).
                if tag.vlan_identifier().value() != 0 {
                    descent.via.vlan = Some(tag.vlan_identifier().value());
                }
                kind = tag.ether_type().0;
                bytes = descent.behind(bytes, 4, Layer::Vlan)?;
            }
            // Cisco VN-Tag: four octets, then the next EtherType.
            0x8926 => {
                descent.tag()?;
                let (tag, rest) = descent.take::<6>(bytes, Layer::Vlan)?;
                kind = u16::from_be_bytes([tag[4], tag[5]]);
                bytes = rest;
            }
            // 802.1BR E-Tag: six octets, then the next EtherType.
            0x893f => {
                descent.tag()?;
                let (tag, rest) = descent.take::<8>(bytes, Layer::Vlan)?;
                kind = u16::from_be_bytes([tag[6], tag[7]]);
                bytes = rest;
            }
            // Cisco metadata (TrustSec): version 1, one option with a security group.
            0x8909 if bytes.starts_with(&[1, 1]) => {
                descent.tag()?;
                let (tag, rest) = descent.take::<8>(bytes, Layer::Vlan)?;
                kind = u16::from_be_bytes([tag[6], tag[7]]);
                bytes = rest;
            }
            0..=1500 => {
                let frame = descent.trim(bytes, usize::from(kind));
                return llc(descent, frame);
            }
            // 802.1AC for jumbo frames, which no length fits.
            0x8870 => {
                descent.tag()?;
                return llc(descent, bytes);
            }
            ETHER_MPLS | ETHER_MPLS_UPSTREAM => return mpls::labelled(descent, bytes),
            0x8864 => return ppp::over_ethernet(descent, bytes),
            ETHER_PPP => return ppp::ppp(descent, bytes),
            ETHER_ARP => return address::arp(descent, bytes),
            ETHER_ETHERNET => {
                descent.enter(kind)?;
                return ethernet(descent, bytes);
            }
            // 802.1ah: an instance tag, then the customer's frame.
            0x88e7 => {
                let rest = descent.behind(bytes, 4, Layer::Vlan)?;
                descent.enter(kind)?;
                return ethernet(descent, rest);
            }
            ETHER_NSH => return tunnel::service_header(descent, bytes),
            0x88e5 => return Err(Skip::Macsec),
            other => return Err(Skip::EtherType(other)),
        }
    }
}

/// IEEE 802.2 logical link control, with a SNAP header or without (RFC 1042).
pub(super) fn llc<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    let (&[destination, source, control], rest) = descent.take::<3>(bytes, Layer::Link)?;
    match (destination, source, control) {
        (0xaa, 0xaa, 3) => snap(descent, rest),
        (6, 6, 3) => ip::v4(descent, rest),
        // 0xffff is no service access point but Novell's checksum-less IPX: LLC in name only.
        _ => Err(Skip::Llc(destination)),
    }
}

/// A SNAP header: who defines the protocol number, and the number.
pub(super) fn snap<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    let (header, rest) = descent.take::<5>(bytes, Layer::Link)?;
    let number = u16::from_be_bytes([header[3], header[4]]);
    match header[..3] {
        // RFC 1042, and IEEE 802.1H for numbers that some bridges treat differently.
        [0, 0, 0] | [0, 0, 0xf8] => {
            // SNAP may announce another length, and that another SNAP.
            descent.tag()?;
            ether_type(descent, number, rest)
        }
        // RFC 2427 section 4.2: bridged Ethernet, with (1) or without (7) its check sequence.
        [0, 0x80, 0xc2] if matches!(number, 1 | 7) => {
            descent.enter(number)?;
            ethernet(descent, rest)
        }
        _ => Err(Skip::Llc(0xaa)),
    }
}

/// Whether the octets look like an Ethernet frame: for encapsulations that do not say so.
pub(super) fn looks_like_ethernet(bytes: &[u8]) -> bool {
    match u16_at(bytes, 12) {
        Some(len @ 0..=1500) => usize::from(len) <= bytes.len().saturating_sub(14),
        Some(kind) => matches!(
            kind,
            ETHER_IPV4
                | ETHER_IPV6
                | ETHER_ARP
                | ETHER_MPLS
                | ETHER_MPLS_UPSTREAM
                | 0x8100
                | 0x88a8
                | 0x9100
                | 0x9200
                | 0x8863
                | 0x8864
                | 0x88cc
        ),
        None => false,
    }
}
