//! Segments on their way from one thread to another: their headers are copied into a batch that is
//! reused, their octets stay in the block that they were read into. Knows no protocol.

use std::hint::black_box;
use std::ops::Range;
use std::sync::Arc;

use crate::capture::Block;
use crate::wire::{Packet, Segment};

/// Octets of most heads.
const HEAD: u32 = 512;

/// Segments in order, and the blocks that their octets lie in.
#[derive(Default)]
pub(super) struct Batch {
    blocks: Vec<Block>,
    segments: Vec<Stored>,
}

/// A segment whose octets lie in a block of the batch.
struct Stored {
    header: Segment<'static>,
    block: usize,
    options: Range<u32>,
    payload: Range<u32>,
}

/// A segment between the packet that it was decoded from and a batch.
pub(super) struct Loose {
    header: Segment<'static>,
    /// Its octets, where they do not lie in the packet: a datagram was put together from fragments.
    own: Option<Block>,
    /// Addresses of the octets: to be found again in the block, never to be read.
    options: Range<usize>,
    payload: Range<usize>,
}

impl Loose {
    /// Takes a segment off its packet. Its octets are copied where they do not lie in the packet, or
    /// where that does not lie in a block.
    pub fn of(segment: &Segment<'_>, packet: &Packet<'_>, is_in_block: bool) -> Self {
        let whole = addresses(packet.bytes);
        let inside = |octets: &[u8]| {
            let range = addresses(octets);
            is_in_block
                && (octets.is_empty() || whole.start <= range.start && range.end <= whole.end)
        };
        let header = segment.over(&[], &[]);
        if inside(segment.options) && inside(segment.payload) {
            let (options, payload) = (addresses(segment.options), addresses(segment.payload));
            return Self { header, own: None, options, payload };
        }
        let own: Block = [segment.options, segment.payload].concat().into();
        let start = own.as_ptr() as usize;
        let middle = start + segment.options.len();
        let payload = middle..start + own.len();
        Self { header, own: Some(own), options: start..middle, payload }
    }
}

/// Where octets lie; nowhere, where there are none.
fn addresses(octets: &[u8]) -> Range<usize> {
    let start = octets.as_ptr() as usize;
    if octets.is_empty() { 0..0 } else { start..start + octets.len() }
}

impl Batch {
    /// Adds a segment; `block` is what its packet lies in.
    ///
    /// # Panics
    ///
    /// It does not lie there: the source is wrong, and so would be everything that follows.
    pub fn add(&mut self, loose: Loose, block: Option<&Block>) {
        let Loose { header, own, options, payload } = loose;
        let none = Block::default();
        let block = own.as_ref().or(block).unwrap_or(&none);
        let start = block.as_ptr() as usize;
        let place = |range: Range<usize>| {
            if range.is_empty() {
                return Some(0..0);
            }
            let from = range.start.checked_sub(start)?;
            let to = range.end.checked_sub(start).filter(|to| *to <= block.len())?;
            Some(u32::try_from(from).ok()?..u32::try_from(to).ok()?)
        };
        let (Some(options), Some(payload)) = (place(options), place(payload)) else {
            panic!("packet {} does not lie in the block of its source", header.number);
        };
        // Nearly always the one of the segment before.
        let known = self.blocks.iter().rposition(|known| Arc::ptr_eq(known, block));
        let block = known.unwrap_or_else(|| {
            self.blocks.push(Arc::clone(block));
            self.blocks.len() - 1
        });
        self.segments.push(Stored { header, block, options, payload });
    }

    /// The segments, in order.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        self.segments.iter().map(|stored| {
            let block: &[u8] = self.blocks.get(stored.block).map_or(&[], |block| block);
            let part = |range: &Range<u32>| {
                block.get(range.start as usize..range.end as usize).unwrap_or_default()
            };
            stored.header.over(part(&stored.options), part(&stored.payload))
        })
    }

    /// Reads something of the front of each segment, where heads are: what lies in the cache of the core
    /// that read it comes for many at the same time then. What is behind that, nobody reads.
    pub fn fetch(&self) {
        let sum = self.segments.iter().fold(0, |sum, stored| {
            let Range { start, end } = stored.payload;
            let front = start as usize..end.min(start.saturating_add(HEAD)) as usize;
            let block: &[u8] = self.blocks.get(stored.block).map_or(&[], |block| block);
            let front = block.get(front).unwrap_or_default();
            front.iter().step_by(64).fold(sum, |sum, octet| sum ^ octet)
        });
        black_box(sum);
    }

    /// Forgets everything but the room.
    pub fn clear(&mut self) {
        self.blocks.clear();
        self.segments.clear();
    }
}
