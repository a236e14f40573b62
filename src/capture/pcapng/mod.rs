//! The octets of a pcapng file in, its packets out: sections of either byte order, interfaces with
//! link types and clocks of their own. What is damaged inside a block costs that block; where the
//! length of a block cannot be true, the next credible block is looked for.
//!
//! ```text
//! block        type 4 | length 4 | body, padded to 4 | the same length 4
//! section      0x0a0d0d0a | length | byte-order magic 4 | version 2+2 | section length 8 | options
//! ```
//!
//! Unknown blocks, names, secrets, journal entries and custom blocks are passed over.

mod interface;
mod option;
mod packet;
mod statistics;

use nom::number::Endianness;
use nom::number::complete::u32;
use nom::{IResult, Parser};

use crate::limits::{BLOCK_OCTETS, INTERFACES, INTERFACES_ALL, RESYNC_BLOCK_OCTETS, RESYNC_OCTETS};
use crate::units::Timestamp;

use super::record::{Record, Step};
use super::report::{Fault, Input, Then};
use super::window::Window;
use interface::Described;
use packet::Found;

/// Type and two lengths: the smallest block there is.
const FRAME_OCTETS: usize = 12;
const BODY_AT: usize = 8;
const ZERO_OCTETS: usize = 64;

/// The types of blocks that are read or known to exist (draft-ietf-opsawg-pcapng section 10.1).
mod kind {
    pub(super) const INTERFACE: u32 = 1;
    pub(super) const OLD_PACKET: u32 = 2;
    pub(super) const SIMPLE_PACKET: u32 = 3;
    pub(super) const NAMES: u32 = 4;
    pub(super) const STATISTICS: u32 = 5;
    pub(super) const ENHANCED_PACKET: u32 = 6;
    pub(super) const JOURNAL: u32 = 9;
    pub(super) const SECRETS: u32 = 10;
    pub(super) const CUSTOM: u32 = 0xbad;
    pub(super) const CUSTOM_NOT_COPIED: u32 = 0x4000_0bad;
    /// The same in either byte order.
    pub(super) const SECTION: u32 = 0x0a0d_0d0a;
}

/// A reader of one pcapng file.
#[derive(Debug)]
pub(super) struct Pcapng {
    /// The byte order of the section; `None` before the first.
    order: Option<Endianness>,
    /// The interfaces of the section.
    interfaces: Vec<Described>,
    /// The time of the last packet, for packets without one.
    last: Timestamp,
    noted_missing_time: bool,
}

/// The frame of the block at the window's front.
#[derive(Debug, Clone, Copy)]
struct Block {
    kind: u32,
    length: u32,
    order: Endianness,
}

impl Pcapng {
    /// Whether an input begins as a pcapng file does.
    pub(super) fn is_begun_by(octets: &[u8]) -> bool {
        octets.starts_with(&kind::SECTION.to_be_bytes())
    }

    pub(super) const fn new() -> Self {
        Self {
            order: None,
            interfaces: Vec::new(),
            last: Timestamp::from_nanos(0),
            noted_missing_time: false,
        }
    }

    /// The next packet. By itself, so that the way of the simpler format stays short.
    #[inline(never)]
    pub(super) fn next(&mut self, window: &mut Window, input: &mut Input) -> Step {
        loop {
            if !window.holds_already(FRAME_OCTETS) {
                return Step::Starved;
            }
            let offset = window.offset();
            let Some(block) = self.frame(window.at_hand()) else {
                if !self.resynchronise(window, input, Fault::BadSection) {
                    return Step::Over;
                }
                continue;
            };
            let length = block.length as usize;
            let bad = Fault::BadBlockLength { octets: block.length };
            if !(FRAME_OCTETS..=BLOCK_OCTETS).contains(&length) || !length.is_multiple_of(4) {
                if zeros_follow(window) {
                    input.damage(offset, Fault::ZeroTail, Then::WentOn);
                    return Step::Over;
                }
                if !self.resynchronise(window, input, bad) {
                    return Step::Over;
                }
                continue;
            }
            if !window.holds_already(length) {
                return Step::Starved;
            }
            if trailing_length(window.at_hand(), block) != Some(block.length) {
                if !self.resynchronise(window, input, bad) {
                    return Step::Over;
                }
                continue;
            }
            let start = window.start();
            let body = window.at_hand().get(BODY_AT..length.saturating_sub(4)).unwrap_or_default();
            let read = self.read(block, body, offset, input);
            window.drop_front(length);
            match read {
                Ok(Some(found)) => {
                    self.last = found.at;
                    return Step::Packet(found.into_record(start, offset));
                }
                Ok(None) => {}
                Err(fault) => input.damage(offset, fault, Then::WentOn),
            }
        }
    }

    /// Judges the octets that are left where the input ended inside a block. `true`: blocks were
    /// found in them after all.
    pub(super) fn salvage(&mut self, window: &mut Window, input: &mut Input) -> bool {
        let offset = window.offset();
        let Some(block) = self.frame(window.at_hand()) else {
            input.damage(offset, Fault::CutHeader, Then::WentOn);
            return false;
        };
        // Either the end is missing, or the length is wrong and blocks are hidden in it.
        if let Some(skipped) = self.search(window) {
            let what = Fault::BadBlockLength { octets: block.length };
            input.damage(offset, what, Then::Resumed { skipped });
            return true;
        }
        let number = input.packets.saturating_add(1);
        let what = match block.kind {
            kind::ENHANCED_PACKET | kind::SIMPLE_PACKET | kind::OLD_PACKET => {
                Fault::CutPacket { number }
            }
            kind::SECTION if self.order.is_none() => Fault::CutHeader,
            _ => Fault::CutBlock,
        };
        input.damage(offset, what, Then::WentOn);
        false
    }

    /// The type and first length of a block; `None` for a section of no known byte order, for
    /// anything else before the first section, and where the octets do not suffice.
    fn frame(&self, octets: &[u8]) -> Option<Block> {
        let order = if Self::is_begun_by(octets) {
            match octets.get(BODY_AT..FRAME_OCTETS)? {
                [0x1a, 0x2b, 0x3c, 0x4d] => Endianness::Big,
                [0x4d, 0x3c, 0x2b, 0x1a] => Endianness::Little,
                _ => return None,
            }
        } else {
            self.order?
        };
        let parsed: IResult<&[u8], _, ()> = (u32(order), u32(order)).parse(octets);
        let (_, (kind, length)) = parsed.ok()?;
        Some(Block { kind, length, order })
    }

    /// Reads a whole block.
    fn read(
        &mut self,
        block: Block,
        body: &[u8],
        offset: u64,
        input: &mut Input,
    ) -> Result<Option<Found>, Fault> {
        let order = block.order;
        let short = Fault::ShortBlock { kind: block.kind };
        let found = match block.kind {
            kind::ENHANCED_PACKET => Some(packet::enhanced(body, order, &self.interfaces, short)?),
            kind::OLD_PACKET => Some(packet::old(body, order, &self.interfaces, short)?),
            kind::SIMPLE_PACKET => {
                let found = packet::simple(body, order, &self.interfaces, self.last, short)?;
                if !self.noted_missing_time {
                    self.noted_missing_time = true;
                    input.note(offset, Fault::NoTime);
                }
                Some(found)
            }
            kind::INTERFACE => {
                self.describe(body, order, offset, input, short)?;
                None
            }
            kind::STATISTICS => {
                statistics::read(body, order, &self.interfaces, input, short)?;
                None
            }
            kind::SECTION => {
                self.order = Some(order);
                self.interfaces.clear();
                // Version 1.0; 1.2 was written by mistake and means the same (section 4.1).
                let fields: IResult<&[u8], _, ()> =
                    (u32(order), nom::number::complete::u16(order)).parse(body);
                match fields {
                    Ok((_, (_, 1))) => None,
                    Ok(_) => return Err(Fault::BadSection),
                    Err(_) => return Err(short),
                }
            }
            _ => None,
        };
        if let Some(Found { options_overrun: true, .. }) = found {
            input.damage(offset, Fault::OptionOverrun, Then::WentOn);
        }
        Ok(found)
    }

    /// Adds an interface to the section and to the report.
    fn describe(
        &mut self,
        body: &[u8],
        order: Endianness,
        offset: u64,
        input: &mut Input,
        short: Fault,
    ) -> Result<(), Fault> {
        if self.interfaces.len() >= INTERFACES || input.interfaces.len() >= INTERFACES_ALL {
            return Err(Fault::TooManyInterfaces);
        }
        let read = interface::read(body, order, input.interfaces.len()).ok_or(short)?;
        if let Some(resolution) = read.odd_clock {
            input.note(offset, Fault::OddClock { resolution });
        }
        self.interfaces.push(read.described);
        input.interfaces.push(read.interface);
        if read.options_overrun { Err(Fault::OptionOverrun) } else { Ok(()) }
    }

    /// Goes on behind a block that cannot be, if there is anything.
    #[cold]
    fn resynchronise(&mut self, window: &mut Window, input: &mut Input, what: Fault) -> bool {
        let offset = window.offset();
        let found = self.search(window);
        let then = found.map_or(Then::Stopped, |skipped| Then::Resumed { skipped });
        input.damage(offset, what, then);
        found.is_some()
    }

    /// Drops octets until a credible block stands at the front; how many, or `None`.
    fn search(&self, window: &mut Window) -> Option<u64> {
        let mut skipped = 0;
        while skipped < RESYNC_OCTETS && window.holds(FRAME_OCTETS + 1) {
            window.drop_front(1);
            skipped += 1;
            if self.block_follows(window) {
                return Some(skipped);
            }
        }
        None
    }

    /// Whether a block of a known type follows whose two lengths agree.
    fn block_follows(&self, window: &mut Window) -> bool {
        let Some(block) = self.frame(window.at_hand()) else { return false };
        let length = block.length as usize;
        let known = matches!(
            block.kind,
            kind::SECTION
                | kind::INTERFACE
                | kind::OLD_PACKET
                | kind::SIMPLE_PACKET
                | kind::NAMES
                | kind::STATISTICS
                | kind::ENHANCED_PACKET
                | kind::JOURNAL
                | kind::SECRETS
                | kind::CUSTOM
                | kind::CUSTOM_NOT_COPIED
        );
        known
            && (FRAME_OCTETS..=RESYNC_BLOCK_OCTETS).contains(&length)
            && length.is_multiple_of(4)
            && window.holds(length)
            && trailing_length(window.at_hand(), block) == Some(block.length)
    }
}

impl Found {
    /// The packet as it stands in the window, in a block that began at `start` and `offset`.
    fn into_record(self, start: usize, offset: u64) -> Record {
        let before = BODY_AT.saturating_add(self.data_at);
        Record {
            at: self.at,
            link: self.link,
            interface: self.interface,
            len: self.len,
            start: start.saturating_add(before),
            caplen: self.caplen,
            offset: offset.saturating_add(before as u64),
            direction: self.direction,
        }
    }
}

/// The second length of the block at the front of `octets`.
fn trailing_length(octets: &[u8], block: Block) -> Option<u32> {
    let length = block.length as usize;
    let trailer = octets.get(length.checked_sub(4)?..length)?;
    let parsed: IResult<&[u8], u32, ()> = u32(block.order).parse(trailer);
    parsed.ok().map(|(_, length)| length)
}

/// Whether the file system had only zeros to give from here on.
#[cold]
fn zeros_follow(window: &mut Window) -> bool {
    window.holds(ZERO_OCTETS);
    window.at_hand().iter().take(ZERO_OCTETS).all(|&octet| octet == 0)
}
