//! Segments in, out comes whether the capture held the same packet a moment ago. Copies come from
//! capturing on several interfaces at once (`-i any`, a bridge and its ports, both sides of a router)
//! and from mirror ports that see a packet enter and leave.
//!
//! # When two segments are one packet
//!
//! They agree in all that a copy keeps: both ends, sequence and acknowledgement number, control
//! bits, window, urgent pointer, payload length, TCP checksum and IP identification. (The checksum covers
//! the options and the payload.) And they are no further apart than [`COPY_WINDOW`].
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
//! The table has places for four segments each, of which the oldest makes room: a fifth that falls on the
//! same place within the lag of a copy hides it, which is one of a hundred thousand where copies come 64
//! packets later. Of each segment a hash of 64 bits is kept, with a key that changes from
//! run to run, so that nobody can make two segments that look like one: the four of a place share a cache
//! line, and the table stays in the second-level cache.

use std::hash::{BuildHasher as _, RandomState};

use super::descent::Descent;
use super::tcp::Tcp;
use super::{Flags, Via};
use crate::limits::{COPIES, COPY_WINDOW};

/// What a copy keeps, packed into words, since this runs for every tcp.
struct Fingerprint {
    /// Both addresses: those of IPv4 as they are, of IPv6 a hash.
    ends: u64,
    /// With both ports.
    sequence: u64,
    /// With window and checksum.
    acknowledgement: u64,
    /// Identification, control bits, urgent pointer, length.
    small: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    /// Of its fingerprint.
    hash: u64,
    /// In units of 1,024 ns, modulo 2^32: enough to compare with the window.
    at: u32,
    way: u32,
}

/// Segments that fall on one place, the latest first.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Place([Entry; 4]);

/// Places of the table.
const PLACES: usize = COPIES / 4;

const _: () = assert!(size_of::<Place>() == 64);
const _: () = assert!(PLACES.is_power_of_two());

/// The segments of the last moment.
#[derive(Debug)]
pub(super) struct Copies {
    places: Box<[Place]>,
    key: [u64; 4],
}

impl Default for Copies {
    fn default() -> Self {
        let random = RandomState::new();
        Self {
            places: vec![Place::default(); PLACES].into_boxed_slice(),
            key: [1, 2, 3, 4].map(|nth| random.hash_one(nth)),
        }
    }
}

impl Copies {
    /// Whether the segment is a copy of an earlier one; remembers it if not.
    #[inline]
    pub fn is_copy(&mut self, descent: &Descent, tcp: &Tcp<'_>) -> bool {
        let fingerprint = Fingerprint::of(descent, tcp, self.key);
        let at = low_half((descent.at.as_nanos() >> 10).cast_unsigned());
        // By which way it came need not be known where it does not matter. Whether it matters can be told by
        // the fingerprint, so that of two equal ones both ways are known or neither.
        let way = if fingerprint.is_telling() { 0 } else { way(descent.via, descent.tunnels()) };
        // It does not depend on the key: what a collision hides is the same in every run.
        let index = fingerprint.place() & (PLACES as u64 - 1);
        let hash = fingerprint.hash(self.key);
        let Some(place) = usize::try_from(index).ok().and_then(|i| self.places.get_mut(i)) else {
            return false;
        };
        let latest = Entry { hash, at, way };
        let Some(entry) = place.0.iter_mut().find(|entry| entry.hash == hash) else {
            let [first, second, third, _] = place.0;
            place.0 = [latest, first, second, third];
            return false;
        };
        if is_near(entry.at, at) && (fingerprint.is_telling() || entry.way != way) {
            return true;
        }
        *entry = latest;
        false
    }
}

/// Whether two times are within the window, in either direction: a capture of several interfaces
/// need not be in order.
#[inline]
fn is_near(earlier: u32, later: u32) -> bool {
    const WINDOW: u64 = COPY_WINDOW.as_nanos() >> 10;
    let apart = later.wrapping_sub(earlier).min(earlier.wrapping_sub(later));
    u64::from(apart) <= WINDOW
}

impl Fingerprint {
    const IN_USE: u64 = 1 << 63;
    /// It has an identification: IPv4.
    const IDENTIFIED: u64 = 1 << 62;
    const IDENTIFICATION: u64 = 0xffff << 44;
    const FLAGS: u32 = 36;
    /// A length of 20 bits is more than any packet has.
    const LENGTH: u64 = 0xf_ffff;

    #[inline]
    fn of(descent: &Descent, tcp: &Tcp<'_>, [one, two, three, four]: [u64; 4]) -> Self {
        let [s0, s1] = halves(descent.network.source);
        let [d0, d1] = halves(descent.network.destination);
        let identification = descent.via.identification;
        let len = (tcp.payload.len() as u64).saturating_add(u64::from(descent.cut));
        Self {
            // The rest of a mapped address is always the same.
            ends: match identification {
                Some(_) => s1 >> 32 | d1 & !0xffff_ffff,
                None => fold(s0 ^ one, s1 ^ two) ^ fold(d0 ^ three, d1 ^ four),
            },
            sequence: u64::from(tcp.source_port) << 48
                | u64::from(tcp.destination_port) << 32
                | u64::from(tcp.sequence),
            acknowledgement: u64::from(tcp.acknowledgement) << 32
                | u64::from(tcp.window) << 16
                | u64::from(tcp.checksum),
            small: Self::IN_USE
                | identification.map_or(0, |id| Self::IDENTIFIED | u64::from(id) << 44)
                | u64::from(tcp.flags.0) << Self::FLAGS
                | u64::from(tcp.urgent) << 20
                | len.min(Self::LENGTH),
        }
    }

    /// Whether two that are equal are of one packet, by whatever way they came: it has payload, SYN, FIN
    /// or an identification.
    #[inline]
    const fn is_telling(&self) -> bool {
        const BITS: u64 = ((Flags::SYN | Flags::FIN) as u64) << Fingerprint::FLAGS;
        self.small & (Self::LENGTH | Self::IDENTIFICATION | BITS) != 0
    }

    /// Spreads fingerprints over the table, in every run alike. Whoever forces collisions only hides his
    /// own copies.
    #[inline]
    fn place(&self) -> u64 {
        fold(self.sequence, self.acknowledgement ^ self.small.rotate_left(32))
    }

    /// A hash that nobody can foresee who does not know the key.
    #[inline]
    fn hash(&self, key: [u64; 4]) -> u64 {
        let [one, two, three, four] = key;
        let front = fold(self.ends ^ one, self.sequence ^ two);
        fold(front, fold(self.acknowledgement ^ three, self.small ^ four))
    }
}

/// The way that a segment came, as a number that differs where the ways do.
fn way(via: Via, tunnels: u128) -> u32 {
    let address = |address: Option<[u8; 6]>| match address {
        Some([a, b, c, d, e, f]) => u64::from_le_bytes([a, b, c, d, e, f, 1, 0]),
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
        let [high, low] = halves(tunnels.to_le_bytes());
        fold(high, low)
    };
    low_half(fold(links ^ marks, marks ^ inside))
}

#[inline]
const fn low_half(word: u64) -> u32 {
    let [a, b, c, d, ..] = word.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

#[inline]
const fn halves(octets: [u8; 16]) -> [u64; 2] {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = octets;
    [u64::from_le_bytes([a, b, c, d, e, f, g, h]), u64::from_le_bytes([i, j, k, l, m, n, o, p])]
}

/// Multiplies to 128 bits and folds the halves, after the odd constants have kept zeros away.
#[inline]
fn fold(one: u64, other: u64) -> u64 {
    let product =
        u128::from(one ^ 0x9e37_79b9_7f4a_7c15) * u128::from(other ^ 0xc2b2_ae3d_27d4_eb4f);
    let [low, high] = halves(product.to_le_bytes());
    high ^ low
}
