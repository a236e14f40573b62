//! Segments in, out comes whether the capture held the same packet a moment ago. Copies come from
//! capturing on several interfaces at once (`-i any`, a bridge and its ports, both sides of a router)
//! and from mirror ports that see a packet enter and leave.
//!
//! # When two segments are one packet
//!
//! They agree in all that a copy keeps: both ends, sequence and acknowledgement number, control
//! bits, window, payload length, TCP checksum and IP identification. (The checksum covers the urgent
//! pointer, the options and the payload.) And they are no further apart than [`COPY_WINDOW`].
//!
//! * If they came by **different ways** (interface, direction mark, link addresses, VLAN, tunnels, time
//!   to live), they are copies: a host sends a repeated segment by the way of the first.
//! * If they came by the **same way**, it depends. A retransmission carries a new IP identification
//!   or a newer TCP timestamp, and it waits for a round trip at least, so equal segments with payload,
//!   SYN or FIN are copies. An acknowledgement without data is repeated at once for every segment
//!   that arrives out of order, and all of them may be equal where the host sends identification 0
//!   (RFC 6864) or speaks IPv6: those are not copies, because fast retransmission counts
//!   them. With an identification that is not zero they are.
//!
//! A resent segment that is equal in all would be missed as a copy only if it came within the window,
//! over IPv6 or with identification 0, and within the same tick of the TCP timestamps: a path with a
//! round trip below a millisecond. What is lost then is one retransmission in the statistics and
//! never an octet.
//!
//! The table is direct-mapped: a segment that falls on the place of another replaces it, so a
//! collision can hide a copy but never invent one. One entry is one cache line.

use super::{Flags, Segment};
use crate::limits::{COPIES, COPY_WINDOW};

/// What a copy keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fingerprint {
    source: [u8; 16],
    destination: [u8; 16],
    ports: [u16; 2],
    sequence: u32,
    acknowledgement: u32,
    window: u16,
    checksum: u16,
    identification: u16,
    flags: u8,
    /// Whether there is an identification, and the payload length modulo 128: the checksum covers
    /// the length too. Never 0 in an entry that is in use.
    rest: u8,
}

#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Entry {
    fingerprint: Fingerprint,
    /// In units of 1,024 ns, modulo 2^32: enough to compare with the window, small enough for the
    /// cache line.
    at: u32,
    way: u32,
}

const _: () = assert!(size_of::<Entry>() == 64);
const _: () = assert!(COPIES.is_power_of_two());

impl Entry {
    const EMPTY: Self = Self {
        fingerprint: Fingerprint {
            source: [0; 16],
            destination: [0; 16],
            ports: [0; 2],
            sequence: 0,
            acknowledgement: 0,
            window: 0,
            checksum: 0,
            identification: 0,
            flags: 0,
            rest: 0,
        },
        at: 0,
        way: 0,
    };
}

/// The segments of the last moment.
#[derive(Debug)]
pub(super) struct Copies {
    entries: Box<[Entry]>,
}

impl Default for Copies {
    fn default() -> Self {
        Self { entries: vec![Entry::EMPTY; COPIES].into_boxed_slice() }
    }
}

impl Copies {
    /// Whether the segment is a copy of an earlier one; remembers it if not. `tunnels` tells the
    /// encapsulations apart.
    pub fn is_copy(&mut self, segment: &Segment<'_>, checksum: u16, tunnels: u128) -> bool {
        let fingerprint = Fingerprint::of(segment, checksum);
        let at = (segment.at.as_nanos() >> 10).to_le_bytes();
        let at = u32::from_le_bytes([at[0], at[1], at[2], at[3]]);
        let way = way(segment, tunnels);
        let index = fingerprint.hash() & (COPIES as u64 - 1);
        let Some(entry) = usize::try_from(index).ok().and_then(|i| self.entries.get_mut(i)) else {
            return false;
        };
        if entry.fingerprint == fingerprint && is_near(entry.at, at) {
            let occupies =
                !segment.payload.is_empty() || segment.flags.0 & (Flags::SYN | Flags::FIN) != 0;
            let is_identified = segment.via.identification.is_some_and(|id| id != 0);
            if entry.way != way || occupies || is_identified {
                return true;
            }
        }
        *entry = Entry { fingerprint, at, way };
        false
    }
}

/// Whether two times are within the window, in either direction: a capture of several interfaces
/// need not be in order.
fn is_near(earlier: u32, later: u32) -> bool {
    const WINDOW: u64 = COPY_WINDOW.as_nanos() >> 10;
    let apart = later.wrapping_sub(earlier).min(earlier.wrapping_sub(later));
    u64::from(apart) <= WINDOW
}

impl Fingerprint {
    fn of(segment: &Segment<'_>, checksum: u16) -> Self {
        const IN_USE: u8 = 0x80;
        let len = segment.payload.len().wrapping_add(segment.cut as usize);
        Self {
            source: segment.ends.source.address,
            destination: segment.ends.destination.address,
            ports: [segment.ends.source.port, segment.ends.destination.port],
            sequence: segment.sequence,
            acknowledgement: segment.acknowledgement,
            window: segment.window,
            checksum,
            identification: segment.via.identification.unwrap_or(0),
            flags: segment.flags.0,
            rest: IN_USE | (len & 0x7f) as u8,
        }
    }

    /// Spreads fingerprints over the table. Whoever forces collisions only hides his own copies.
    fn hash(&self) -> u64 {
        let [s0, s1] = halves(self.source);
        let [d0, d1] = halves(self.destination);
        let ports = u64::from(self.ports[0]) << 16 | u64::from(self.ports[1]);
        let numbers = u64::from(self.sequence) << 32 | u64::from(self.acknowledgement);
        let small = u64::from(self.checksum) << 16 | u64::from(self.identification);
        let mixed = fold(s0 ^ d1.rotate_left(24), s1 ^ d0.rotate_left(40) ^ ports);
        fold(mixed ^ numbers, numbers.rotate_left(32) ^ small ^ mixed)
    }
}

/// The way that a segment came, as a number that differs where the ways do.
fn way(segment: &Segment<'_>, tunnels: u128) -> u32 {
    let via = &segment.via;
    let address = |address: Option<[u8; 6]>| match address {
        Some([a, b, c, d, e, f]) => u64::from_be_bytes([0, 1, a, b, c, d, e, f]),
        None => 0,
    };
    let marks = u64::from(via.interface) << 32
        | u64::from(via.vlan.map_or(0, |vlan| vlan | 0x8000)) << 16
        | u64::from(via.ttl) << 8
        | via.direction.map_or(0, |direction| direction as u64 + 1);
    let links = fold(address(via.link_source), address(via.link_destination));
    let inside = if tunnels == 0 {
        0
    } else {
        let [high, low] = halves(tunnels.to_be_bytes());
        fold(high, low)
    };
    let all = fold(links ^ marks, marks ^ inside).to_le_bytes();
    u32::from_le_bytes([all[0], all[1], all[2], all[3]])
}

const fn halves(octets: [u8; 16]) -> [u64; 2] {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = octets;
    [u64::from_be_bytes([a, b, c, d, e, f, g, h]), u64::from_be_bytes([i, j, k, l, m, n, o, p])]
}

/// Multiplies to 128 bits and folds the halves, after the odd constants have kept zeros away.
fn fold(one: u64, other: u64) -> u64 {
    let product =
        u128::from(one ^ 0x9e37_79b9_7f4a_7c15) * u128::from(other ^ 0xc2b2_ae3d_27d4_eb4f);
    let [high, low] = halves(product.to_be_bytes());
    high ^ low
}
