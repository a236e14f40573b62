//! Tunnels between two IP headers: GRE with its relatives, and those that ride on UDP. The octets
//! behind the outer header in, the packet inside out. A UDP payload whose first octets contradict
//! the tunnel that its port suggests is [`Skip::Udp`].

use super::descent::{Descent, Step, u16_at};
use super::{Layer, Skip, ieee80211, ip, link, mpls, ppp};

/// IP protocol number of GRE; for UDP tunnels the port stands for the kind.
const GRE: u16 = 47;

/// GRE (RFC 2784, RFC 2890), its PPTP variant (RFC 2637), and what they carry.
pub(super) fn gre<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    const CHECKSUM: u16 = 0x8000;
    const ROUTING: u16 = 0x4000;
    const KEY: u16 = 0x2000;
    const SEQUENCE: u16 = 0x1000;
    const ACKNOWLEDGEMENT: u16 = 0x0080;
    const VERSION: u16 = 0x0007;
    let (&[f0, f1, p0, p1], rest) = descent.take::<4>(bytes, Layer::Tunnel)?;
    let (flags, protocol) = (u16::from_be_bytes([f0, f1]), u16::from_be_bytes([p0, p1]));
    let words = |bits: &[u16]| bits.iter().filter(|&bit| flags & bit != 0).count() * 4;
    let optional = match flags & VERSION {
        // Source routes of RFC 1701 were dropped by RFC 2784.
        0 if flags & ROUTING != 0 => return Err(Skip::Protocol(47)),
        0 => words(&[CHECKSUM, KEY, SEQUENCE]),
        // RFC 2637 section 4.1: without a sequence number there is no payload.
        1 if flags & SEQUENCE == 0 => return Err(Skip::Protocol(47)),
        1 => words(&[KEY, SEQUENCE, ACKNOWLEDGEMENT]),
        _ => return Err(Skip::Malformed(Layer::Tunnel)),
    };
    let payload = descent.behind(rest, optional, Layer::Tunnel)?;
    descent.enter(GRE)?;
    match protocol {
        // ERSPAN: type II has a header and a sequence number, type I has neither.
        0x88be if flags & SEQUENCE == 0 => link::ethernet(descent, payload),
        0x88be => {
            let frame = descent.behind(payload, 8, Layer::Tunnel)?;
            link::ethernet(descent, frame)
        }
        // ERSPAN type III: the last bit announces a subheader of the platform.
        0x22eb => {
            let (header, frame) = descent.take::<12>(payload, Layer::Tunnel)?;
            let subheader = if header[11] & 1 == 1 { 8 } else { 0 };
            let frame = descent.behind(frame, subheader, Layer::Tunnel)?;
            link::ethernet(descent, frame)
        }
        // WCCP: version 2 puts four octets before the redirected packet, version 1 does not.
        0x883e => match payload.first() {
            Some(0x45..=0x4f) => ip::v4(descent, payload),
            _ => {
                let packet = descent.behind(payload, 4, Layer::Tunnel)?;
                ip::either(descent, packet)
            }
        },
        _ => link::ether_type(descent, protocol, payload),
    }
}

/// GRE in UDP (RFC 8086).
pub(super) fn gre_in_udp<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    match u16_at(bytes, 2) {
        Some(link::ETHER_IPV4 | link::ETHER_IPV6 | link::ETHER_ETHERNET) => gre(descent, bytes),
        _ => Err(Skip::Udp),
    }
}

/// MPLS in UDP (RFC 7510).
pub(super) fn mpls_in_udp<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    descent.enter(6635)?;
    mpls::labelled(descent, bytes)
}

/// VXLAN (RFC 7348), also with Linux' group policy bits.
pub(super) fn vxlan<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    const HAS_IDENTIFIER: u8 = 0x08;
    let (header, frame) = descent.take::<8>(bytes, Layer::Tunnel).map_err(|_| Skip::Udp)?;
    if header[0] & HAS_IDENTIFIER == 0 || header[7] != 0 {
        return Err(Skip::Udp);
    }
    descent.enter(4789)?;
    link::ethernet(descent, frame)
}

/// The generic protocol extension of VXLAN: names what is inside.
pub(super) fn vxlan_generic<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    const HAS_IDENTIFIER: u8 = 0x08;
    const HAS_PROTOCOL: u8 = 0x04;
    let (header, rest) = descent.take::<8>(bytes, Layer::Tunnel).map_err(|_| Skip::Udp)?;
    if header[0] & HAS_IDENTIFIER == 0 {
        return Err(Skip::Udp);
    }
    descent.enter(4790)?;
    if header[0] & HAS_PROTOCOL == 0 {
        return link::ethernet(descent, rest);
    }
    next_protocol(descent, header[3], rest)
}

/// Network service header (RFC 8300), after its EtherType or inside VXLAN.
pub(super) fn service_header<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    let (&[_, len, _, protocol], _) = descent.take::<4>(bytes, Layer::Tunnel)?;
    // Section 2.2: the length counts words of four octets and the first eight octets with them.
    let len = usize::from(len & 0x3f) * 4;
    if len < 8 {
        return Err(Skip::Malformed(Layer::Tunnel));
    }
    let rest = descent.behind(bytes, len, Layer::Tunnel)?;
    descent.enter(link::ETHER_NSH)?;
    next_protocol(descent, protocol, rest)
}

/// The numbers that NSH and the VXLAN extension share.
fn next_protocol<'p>(descent: &mut Descent, protocol: u8, bytes: &'p [u8]) -> Step<'p> {
    match protocol {
        1 => ip::v4(descent, bytes),
        2 => ip::v6(descent, bytes),
        3 => link::ethernet(descent, bytes),
        4 => service_header(descent, bytes),
        5 => mpls::labelled(descent, bytes),
        other => Err(Skip::Protocol(other)),
    }
}

/// GENEVE (RFC 8926).
pub(super) fn geneve<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    let (header, rest) = descent.take::<8>(bytes, Layer::Tunnel).map_err(|_| Skip::Udp)?;
    let [first, _, p0, p1, .., reserved] = *header;
    if first >> 6 != 0 || reserved != 0 {
        return Err(Skip::Udp);
    }
    let options = usize::from(first & 0x3f) * 4;
    let payload = descent.behind(rest, options, Layer::Tunnel)?;
    descent.enter(6081)?;
    link::ether_type(descent, u16::from_be_bytes([p0, p1]), payload)
}

/// GTP version 1, user plane (3GPP TS 29.281 section 5): packets of telephones.
pub(super) fn gtp<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    const USER_DATA: u8 = 255;
    const EXTENSION: u8 = 0x04;
    const OPTIONAL: u8 = 0x07;
    let (header, rest) = descent.take::<8>(bytes, Layer::Tunnel).map_err(|_| Skip::Udp)?;
    let [flags, kind, l0, l1, ..] = *header;
    // Version 1 and the protocol type that is not GTP'.
    if flags & 0xf0 != 0x30 || kind != USER_DATA {
        return Err(Skip::Udp);
    }
    let mut rest = descent.trim(rest, usize::from(u16::from_be_bytes([l0, l1])));
    if flags & OPTIONAL != 0 {
        let (&[_, _, _, mut next], behind) = descent.take::<4>(rest, Layer::Tunnel)?;
        rest = behind;
        // Section 5.2.1: each has its length in words first and the next type last. A length of
        // zero would never end.
        while flags & EXTENSION != 0 && next != 0 {
            let words = *rest.first().ok_or_else(|| descent.short(Layer::Tunnel))?;
            let len = usize::from(words) * 4;
            let last = len.checked_sub(1).ok_or(Skip::Malformed(Layer::Tunnel))?;
            next = *rest.get(last).ok_or_else(|| descent.short(Layer::Tunnel))?;
            rest = descent.behind(rest, len, Layer::Tunnel)?;
        }
    }
    subscriber(descent, 2152, rest)
}

/// GTP version 0 (GSM 09.60): a header of 20 octets.
pub(super) fn gtp_version_0<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    const USER_DATA: u8 = 255;
    let (header, rest) = descent.take::<20>(bytes, Layer::Tunnel).map_err(|_| Skip::Udp)?;
    if header[0] & 0xf0 != 0x10 || header[1] != USER_DATA {
        return Err(Skip::Udp);
    }
    subscriber(descent, 3386, rest)
}

/// What a mobile subscriber sent: IP, or PPP where the context says so, which is not here.
fn subscriber<'p>(descent: &mut Descent, port: u16, bytes: &'p [u8]) -> Step<'p> {
    descent.enter(port)?;
    match bytes.first() {
        Some(0x45..=0x4f | 0x60..=0x6f) => ip::either(descent, bytes),
        _ => ppp::ppp(descent, bytes),
    }
}

/// L2TP version 2 over UDP (RFC 2661 section 3.1). Version 3 has cookies whose length only the
/// control connection knows.
pub(super) fn l2tp<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    const CONTROL: u16 = 0x8000;
    const LENGTH: u16 = 0x4000;
    const SEQUENCE: u16 = 0x0800;
    const OFFSET: u16 = 0x0200;
    const VERSION: u16 = 0x000f;
    let flags = u16_at(bytes, 0).ok_or(Skip::Udp)?;
    if flags & VERSION != 2 || flags & CONTROL != 0 {
        return Err(Skip::Udp);
    }
    let mut bytes = bytes;
    // Flags, tunnel and session; then what the flags announce.
    let mut len = 6;
    if flags & LENGTH != 0 {
        let total = usize::from(u16_at(bytes, 2).ok_or_else(|| descent.short(Layer::Tunnel))?);
        bytes = descent.trim(bytes, total);
        len += 2;
    }
    if flags & SEQUENCE != 0 {
        len += 4;
    }
    if flags & OFFSET != 0 {
        let offset = u16_at(bytes, len).ok_or_else(|| descent.short(Layer::Tunnel))?;
        len += 2 + usize::from(offset);
    }
    let rest = descent.behind(bytes, len, Layer::Tunnel)?;
    descent.enter(1701)?;
    ppp::ppp(descent, rest)
}

/// Teredo (RFC 4380 section 5.1.1): IPv6, perhaps behind authentication and origin.
pub(super) fn teredo<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    let mut rest = bytes;
    if let [0, 1, client, authentication, ..] = rest {
        let len = 13 + usize::from(*client) + usize::from(*authentication);
        rest = rest.get(len..).ok_or(Skip::Udp)?;
    }
    if let [0, 0, ..] = rest {
        rest = rest.get(8..).ok_or(Skip::Udp)?;
    }
    match rest.first() {
        Some(0x60..=0x6f) => {
            descent.enter(3544)?;
            ip::v6(descent, rest)
        }
        _ => Err(Skip::Udp),
    }
}

/// AYIYA ("anything in anything") of the SixXS tunnel broker.
pub(super) fn ayiya<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    const FORWARD: u8 = 1;
    const IPV4: u8 = 4;
    const IPV6: u8 = 41;
    let (header, rest) = descent.take::<8>(bytes, Layer::Tunnel).map_err(|_| Skip::Udp)?;
    let [identity, signature, operation, next, ..] = *header;
    if operation & 0x0f != FORWARD {
        return Err(Skip::Udp);
    }
    // The identity is two to the power of its length octets long; 128 bits are the longest used.
    let identity_len = match identity >> 4 {
        power @ 0..=4 => 1_usize << power,
        _ => return Err(Skip::Udp),
    };
    let len = identity_len + usize::from(signature >> 4) * 4;
    let rest = descent.behind(rest, len, Layer::Tunnel)?;
    descent.enter(5072)?;
    match next {
        IPV4 => ip::v4(descent, rest),
        IPV6 => ip::v6(descent, rest),
        other => Err(Skip::Protocol(other)),
    }
}

/// TZSP, as MikroTik's routers and some access points send what they sniff.
pub(super) fn tzsp<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    const PADDING: u8 = 0;
    const END: u8 = 1;
    let (&[version, kind, p0, p1], mut rest) =
        descent.take::<4>(bytes, Layer::Tunnel).map_err(|_| Skip::Udp)?;
    // Type 0 is a received packet; others keep the session.
    if version != 1 || kind != 0 {
        return Err(Skip::Udp);
    }
    loop {
        let (&[tag], behind) = descent.take::<1>(rest, Layer::Tunnel)?;
        rest = behind;
        match tag {
            PADDING => {}
            END => break,
            _ => {
                let (&[len], behind) = descent.take::<1>(rest, Layer::Tunnel)?;
                rest = descent.behind(behind, usize::from(len), Layer::Tunnel)?;
            }
        }
    }
    descent.enter(37008)?;
    match u16::from_be_bytes([p0, p1]) {
        1 => link::ethernet(descent, rest),
        18 => ieee80211::frame(descent, rest),
        _ => Err(Skip::Udp),
    }
}
