//! IEEE 802.11, bare or behind a radio header (radiotap, Prism, AVS): a captured frame in, the packet
//! of a data frame out. Nothing is decrypted.

use super::descent::{Descent, Step, u16_at};
use super::{Layer, Skip, link};

/// What a radio header says about the frame behind it.
#[derive(Clone, Copy, Default)]
struct Radio {
    /// Four octets of check sequence are at its end.
    check_sequence: bool,
    /// The header is padded to four octets.
    padded: bool,
}

/// A bare frame.
pub(super) fn frame<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    data(descent, Radio::default(), bytes)
}

/// Radiotap: a length, a bitmap of the fields that are there, the fields.
pub(super) fn radiotap<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    const HAS_TIME: u8 = 0x01;
    const HAS_FLAGS: u8 = 0x02;
    const MORE_BITMAPS: u8 = 0x80;
    const CHECK_SEQUENCE: u8 = 0x10;
    const PADDED: u8 = 0x20;
    const BAD_CHECK_SEQUENCE: u8 = 0x40;
    let (header, _) = descent.take::<8>(bytes, Layer::Capture)?;
    let [version, _, l0, l1, present, _, _, last] = *header;
    let len = usize::from(u16::from_le_bytes([l0, l1]));
    if version != 0 || len < header.len() {
        return Err(Skip::Malformed(Layer::Capture));
    }
    let rest = descent.behind(bytes, len, Layer::Capture)?;
    let fields = bytes.get(..len).unwrap_or_default();
    let mut radio = Radio::default();
    if present & HAS_FLAGS == HAS_FLAGS {
        // Flags follow the bitmaps and, if it is there, a time of eight octets that is aligned.
        let mut at = header.len();
        let mut more = last & MORE_BITMAPS == MORE_BITMAPS;
        while more {
            let bitmap = fields.get(at..at + 4).ok_or(Skip::Malformed(Layer::Capture))?;
            more = bitmap.last().is_some_and(|octet| octet & MORE_BITMAPS == MORE_BITMAPS);
            at += 4;
        }
        if present & HAS_TIME == HAS_TIME {
            at = at.next_multiple_of(8) + 8;
        }
        let flags = *fields.get(at).ok_or(Skip::Malformed(Layer::Capture))?;
        if flags & BAD_CHECK_SEQUENCE == BAD_CHECK_SEQUENCE {
            // No station took this frame; the sender repeats it.
            return Err(Skip::Checksum(Layer::Wlan));
        }
        radio.check_sequence = flags & CHECK_SEQUENCE == CHECK_SEQUENCE;
        radio.padded = flags & PADDED == PADDED;
    }
    data(descent, radio, rest)
}

/// Prism: a message of a stated length; some drivers put AVS under its link type.
pub(super) fn prism<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    const CODE: [u32; 2] = [0x41, 0x44];
    let (header, _) = descent.take::<8>(bytes, Layer::Capture)?;
    let [c0, c1, c2, c3, l0, l1, l2, l3] = *header;
    let (code, len) = ([c0, c1, c2, c3], [l0, l1, l2, l3]);
    let len = if CODE.contains(&u32::from_le_bytes(code)) {
        u32::from_le_bytes(len)
    } else if CODE.contains(&u32::from_be_bytes(code)) {
        u32::from_be_bytes(len)
    } else {
        return avs(descent, bytes);
    };
    behind(descent, bytes, len)
}

/// AVS: a version, a length, the rest of the header.
pub(super) fn avs<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    const VERSIONS: std::ops::RangeInclusive<u32> = 0x8021_1001..=0x8021_1002;
    let (header, _) = descent.take::<8>(bytes, Layer::Capture)?;
    let [v0, v1, v2, v3, l0, l1, l2, l3] = *header;
    if !VERSIONS.contains(&u32::from_be_bytes([v0, v1, v2, v3])) {
        return Err(Skip::Malformed(Layer::Capture));
    }
    behind(descent, bytes, u32::from_be_bytes([l0, l1, l2, l3]))
}

fn behind<'p>(descent: &mut Descent, bytes: &'p [u8], len: u32) -> Step<'p> {
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    if len < 8 {
        return Err(Skip::Malformed(Layer::Capture));
    }
    let rest = descent.behind(bytes, len, Layer::Capture)?;
    data(descent, Radio::default(), rest)
}

/// A frame of the data type: header, then LLC.
fn data<'p>(descent: &mut Descent, radio: Radio, bytes: &'p [u8]) -> Step<'p> {
    const DATA: u8 = 2;
    const NO_DATA: u8 = 0x40;
    const QOS: u8 = 0x80;
    const TO_DS: u8 = 0x01;
    const FROM_DS: u8 = 0x02;
    const PROTECTED: u8 = 0x40;
    const ORDER: u8 = 0x80;
    const AGGREGATE: u8 = 0x80;
    // IEEE 802.11-2020 section 9.2.4.1: version, type and subtype, then flags.
    let (&[kind, flags], _) = descent.take::<2>(bytes, Layer::Wlan)?;
    if kind & 3 != 0 {
        return Err(Skip::Malformed(Layer::Wlan));
    }
    if kind >> 2 & 3 != DATA || kind & NO_DATA != 0 {
        return Err(Skip::WlanControl);
    }
    if flags & PROTECTED != 0 {
        return Err(Skip::WlanProtected);
    }
    let (header, _) = descent.take::<24>(bytes, Layer::Wlan)?;
    let address = |index: usize| header.get(index..).and_then(<[u8]>::first_chunk).copied();
    let four_addresses = flags & (TO_DS | FROM_DS) == TO_DS | FROM_DS;
    let mut len = header.len();
    if four_addresses {
        len += 6;
    }
    let (destination, source) = match (flags & TO_DS != 0, flags & FROM_DS != 0) {
        (false, false) => (address(4), address(10)),
        (false, true) => (address(4), address(16)),
        (true, false) => (address(16), address(10)),
        (true, true) => (address(16), bytes.get(24..).and_then(<[u8]>::first_chunk).copied()),
    };
    if descent.is_outermost() {
        descent.via.link_source = source;
        descent.via.link_destination = destination;
    }
    let mut is_aggregate = false;
    if kind & QOS != 0 {
        let control = *bytes.get(len).ok_or_else(|| descent.short(Layer::Wlan))?;
        is_aggregate = control & AGGREGATE != 0;
        len += 2;
        if flags & ORDER != 0 {
            len += 4;
        }
    }
    if radio.padded {
        len = len.next_multiple_of(4);
    }
    let mut body = descent.behind(bytes, len, Layer::Wlan)?;
    // A cut frame has lost its check sequence before anything else.
    if radio.check_sequence {
        match descent.cut {
            0 => body = body.split_last_chunk::<4>().map_or(&[][..], |(body, _)| body),
            cut => descent.cut = cut.saturating_sub(4),
        }
    }
    if is_aggregate {
        return aggregate(descent, body);
    }
    link::llc(descent, body)
}

/// A-MSDU (section 9.3.2.2): subframes, each with addresses, a length and padding to four octets.
/// Only one that is alone is decoded, since a frame gives at most one segment.
fn aggregate<'p>(descent: &mut Descent, bytes: &'p [u8]) -> Step<'p> {
    let rest = descent.behind(bytes, 14, Layer::Wlan)?;
    let len = usize::from(u16_at(bytes, 12).ok_or_else(|| descent.short(Layer::Wlan))?);
    if len.next_multiple_of(4) < rest.len() {
        return Err(Skip::LinkAggregate);
    }
    let body = descent.trim(rest, len);
    link::llc(descent, body)
}
