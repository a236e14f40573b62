//! Packets in, the same packets out, with their octets copied one behind the other: what is kept of a
//! source that lends them for a moment. The room of a batch is used again and again.

use std::ops::Range;

use crate::limits::{BUFFERED_OCTETS, BUFFERED_PACKETS};
use crate::wire::Packet;

/// Packets and their octets.
#[derive(Default)]
pub(super) struct Batch {
    octets: Vec<u8>,
    packets: Vec<Stored>,
}

/// A packet whose octets lie in its batch.
struct Stored {
    packet: Packet<'static>,
    place: Range<usize>,
}

impl Batch {
    /// One with all its room, so that none is asked for while packets come.
    pub(super) fn new() -> Self {
        Self {
            octets: Vec::with_capacity(BUFFERED_OCTETS),
            packets: Vec::with_capacity(BUFFERED_PACKETS),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.packets.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// Whether a packet of so many octets has room. An empty one has room for any.
    pub(super) fn has_room(&self, octets: usize) -> bool {
        self.is_empty()
            || self.packets.len() < BUFFERED_PACKETS
                && self.octets.len().saturating_add(octets) <= BUFFERED_OCTETS
    }

    pub(super) fn add(&mut self, packet: &Packet<'_>) {
        let start = self.octets.len();
        self.octets.extend_from_slice(packet.bytes);
        let place = start..self.octets.len();
        let Packet { number, at, link, interface, len, direction, bytes: _, offset } = *packet;
        let packet = Packet { number, at, link, interface, len, direction, bytes: &[], offset };
        self.packets.push(Stored { packet, place });
    }

    pub(super) fn get(&self, index: usize) -> Option<Packet<'_>> {
        let Stored { packet, place } = self.packets.get(index)?;
        Some(Packet { bytes: self.octets.get(place.clone()).unwrap_or_default(), ..*packet })
    }

    /// Where the packet with this number is, if they came in the order of their numbers.
    pub(super) fn position(&self, number: u64) -> Option<usize> {
        self.packets.binary_search_by_key(&number, |stored| stored.packet.number).ok()
    }

    pub(super) fn clear(&mut self) {
        self.octets.clear();
        self.packets.clear();
    }
}
