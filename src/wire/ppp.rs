//! PPP (RFC 1661) and what is framed like it: HDLC, Cisco HDLC, Frame Relay, PPPoE. A frame in, the
//! packet inside it out.

use super::descent::{Descent, Step};
use super::{Direction, Layer, Skip, ip, link, mpls};

/// Network layer protocol identifiers (RFC 2427, ISO/IEC TR 9577).
const NLPID_SNAP: u8 = 0x80;
const NLPID_IPV6: u8 = 0x8e;
const NLPID_IPV4: u8 = 0xcc;
const NLPID_PPP: u8 = 0xcf;

/// A PPP packet, with the address and control octets of HDLC (RFC 1662) or without.
pub(super) fn ppp<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    let bytes = match bytes {
        [0xff, 0x03, rest @ ..] => rest,
        _ => bytes,
    };
    let first = *bytes.first().ok_or_else(|| descent.short(Layer::Ppp))?;
    // RFC 1661 section 6.5: a protocol of one octet is odd, the first octet of two is even.
    let (protocol, rest) = if first & 1 == 1 {
        (u16::from(first), descent.behind(bytes, 1, Layer::Ppp)?)
    } else {
        let (number, rest) = descent.take::<2>(bytes, Layer::Ppp)?;
        (u16::from_be_bytes(*number), rest)
    };
    match protocol {
        0x0021 => ip::v4(descent, rest),
        0x0057 => ip::v6(descent, rest),
        0x0281 | 0x0283 => mpls::labelled(descent, rest),
        // RFC 3518: bridged frames; MAC type 1 is Ethernet.
        0x0031 => {
            let (&[_, mac_type], frame) = descent.take::<2>(rest, Layer::Ppp)?;
            if mac_type != 1 {
                return Err(Skip::Ppp(protocol));
            }
            descent.enter(protocol)?;
            link::ethernet(descent, frame)
        }
        other => Err(Skip::Ppp(other)),
    }
}

/// A serial line: PPP, or Cisco HDLC by its address octet.
pub(super) fn serial<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    match bytes {
        [0x0f | 0x8f, 0, ..] => cisco(descent, bytes),
        _ => ppp(descent, bytes),
    }
}

/// The octet that some link types put before the frame: 0 for what the host received.
pub(super) fn direction<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Result<&'p [u8], Skip> {
    let (&[mark], rest) = descent.take::<1>(bytes, Layer::Capture)?;
    descent.via.direction = Some(if mark == 0 { Direction::Inbound } else { Direction::Outbound });
    Ok(rest)
}

/// Cisco HDLC: address, control, EtherType.
pub(super) fn cisco<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    if let [0xff, 0x03, ..] = bytes {
        return ppp(descent, bytes);
    }
    let (header, rest) = descent.take::<4>(bytes, Layer::Link)?;
    link::ether_type(descent, u16::from_be_bytes([header[2], header[3]]), rest)
}

/// Frame Relay with the encapsulation of RFC 2427 or Cisco's.
pub(super) fn frame_relay<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    // Q.922: the last octet of the address, of at most four, is odd.
    let address_len = bytes
        .iter()
        .take(4)
        .position(|octet| octet & 1 == 1)
        .ok_or_else(|| descent.short(Layer::Link))?
        + 1;
    let rest = descent.behind(bytes, address_len, Layer::Link)?;
    match rest {
        [3, NLPID_IPV4, packet @ ..] => ip::v4(descent, packet),
        [3, NLPID_IPV6, packet @ ..] => ip::v6(descent, packet),
        [3, NLPID_PPP, packet @ ..] => ppp(descent, packet),
        [3, 0, NLPID_SNAP, packet @ ..] | [3, NLPID_SNAP, packet @ ..] => {
            link::snap(descent, packet)
        }
        [3, other, ..] => Err(Skip::Llc(*other)),
        _ => {
            let (kind, packet) = descent.take::<2>(rest, Layer::Link)?;
            link::ether_type(descent, u16::from_be_bytes(*kind), packet)
        }
    }
}

/// PPP over Ethernet, session stage (RFC 2516 section 4).
pub(super) fn over_ethernet<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    let (header, rest) = descent.take::<6>(bytes, Layer::Ppp)?;
    let [version, code, ..] = *header;
    if version != 0x11 {
        return Err(Skip::Malformed(Layer::Ppp));
    }
    if code != 0 {
        return Err(Skip::EtherType(0x8863));
    }
    let len = usize::from(u16::from_be_bytes([header[4], header[5]]));
    // A segmentation offload leaves the length at 0.
    let rest = if len == 0 { rest } else { descent.trim(rest, len) };
    ppp(descent, rest)
}
