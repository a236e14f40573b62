//! A reader in, the octets at hand out: one reused buffer whose front is the next octet of the
//! input. Packets borrow from it, so they are not copied; only a record that straddles the end
//! of what was read is moved, once, to the front. Whoever wants to keep packets for longer than that
//! holds the block that they lie in; reading then goes on in another one. It knows no file format.

use std::io::{self, BufRead, Read};
use std::ops::Range;
use std::sync::Arc;

use crate::limits::READ_OCTETS;

use super::ahead::{Ahead, FRONT, Filled};
use super::source::Block;

/// Blocks that are kept for reuse once nobody holds them any more.
const SPARE_BLOCKS: usize = 32;

/// The octets of an input that were read and not yet consumed, and the reader of the rest.
pub(super) struct Window {
    reader: Ahead,
    /// Whether the reader is to go to a thread of its own when it is asked for the second time.
    reads_ahead: bool,
    buffer: Block,
    /// Blocks that somebody held when they were full, and perhaps no longer does.
    spare: Vec<Block>,
    start: usize,
    end: usize,
    /// Where `buffer[start]` stands in the input.
    offset: u64,
    ended: bool,
    failure: Option<io::Error>,
    /// Whether the reader says [`io::ErrorKind::WouldBlock`] where nothing has come for a while.
    live: bool,
    quiet: bool,
}

impl Window {
    /// A window at the beginning of what `reader` gives.
    pub(super) fn new(reader: Box<dyn Read + Send>) -> Self {
        Self {
            reader: Ahead::new(reader),
            reads_ahead: false,
            buffer: Block::default(),
            spare: Vec::new(),
            start: 0,
            end: 0,
            offset: 0,
            ended: false,
            failure: None,
            live: false,
            quiet: false,
        }
    }

    /// From the second block on, the reader works on a thread of its own; what is small costs none.
    pub(super) const fn read_ahead(&mut self) {
        // What comes while it is read is never waited for on another thread.
        self.reads_ahead = !self.live;
    }

    /// The reader works here again.
    pub(super) fn read_here(&mut self) {
        self.reads_ahead = false;
        // Few blocks that come soon again are few that stay in the cache.
        self.spare.clear();
        self.reader.stop();
    }

    /// A window at the beginning of what comes while it is read: where nothing has come for a while,
    /// the reader waits a little and then says [`io::ErrorKind::WouldBlock`].
    pub(super) fn live(reader: Box<dyn Read + Send>) -> Self {
        Self { live: true, ..Self::new(reader) }
    }

    /// Where the first octet at hand stands in the input.
    #[inline]
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// Where the first octet at hand stands in the buffer: the base of ranges for [`Self::range`].
    #[inline]
    pub(super) const fn start(&self) -> usize {
        self.start
    }

    /// The octets at hand.
    #[inline]
    pub(super) fn at_hand(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Octets by their place in the buffer, also those just consumed: they stay until the next
    /// [`Self::holds`].
    #[inline]
    pub(super) fn range(&self, range: Range<usize>) -> &[u8] {
        self.buffer.get(range).unwrap_or_default()
    }

    /// The block that the octets at hand lie in. Its octets stay as they are for as long as somebody
    /// else holds it, too.
    #[inline]
    pub(super) const fn block(&self) -> &Block {
        &self.buffer
    }

    /// Whether the next `octets` are at hand, after reading as far as is needed for it. `false`
    /// means that the input ended, or failed, before.
    ///
    /// Memory follows what was really read, never what a length field claims: the buffer grows
    /// by doubling, and only when half of it is at hand.
    #[inline]
    pub(super) fn holds(&mut self, octets: usize) -> bool {
        self.end - self.start >= octets || self.fill(octets, true)
    }

    /// The same, but does not wait for what has not come yet: then the window [is
    /// quiet](Self::is_quiet).
    #[inline]
    pub(super) fn holds_already(&mut self, octets: usize) -> bool {
        self.end - self.start >= octets || self.fill(octets, false)
    }

    /// Whether the last [`Self::holds_already`] was `false` since more may come later.
    #[inline]
    pub(super) const fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Drops up to `octets` of those at hand.
    #[inline]
    pub(super) fn drop_front(&mut self, octets: usize) {
        let octets = octets.min(self.end - self.start);
        self.start += octets;
        self.offset = self.offset.saturating_add(octets as u64);
    }

    /// What the operating system or the decoder said when reading ended early; once.
    pub(super) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    #[cold]
    fn fill(&mut self, octets: usize, patient: bool) -> bool {
        self.quiet = false;
        while self.end - self.start < octets {
            if self.ended {
                return false;
            }
            if self.reads_ahead && !self.buffer.is_empty() {
                self.reads_ahead = false;
                self.reader.start();
            }
            if octets <= FRONT
                && self.end - self.start <= FRONT
                && let Some(next) = self.reader.next_block()
            {
                match next {
                    Ok(Some(filled)) => self.move_on(filled),
                    Ok(None) => self.ended = true,
                    Err(error) => {
                        self.ended = true;
                        self.failure = Some(error);
                    }
                }
                continue;
            }
            self.make_room(octets);
            let Some(room) =
                Arc::get_mut(&mut self.buffer).and_then(|block| block.get_mut(self.end..))
            else {
                return false;
            };
            match self.reader.read(room) {
                Ok(0) => self.ended = true,
                Ok(read) => self.end = self.end.saturating_add(read).min(self.buffer.len()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if self.live && error.kind() == io::ErrorKind::WouldBlock => {
                    if !patient {
                        self.quiet = true;
                        return false;
                    }
                }
                Err(error) => {
                    self.ended = true;
                    self.failure = Some(error);
                }
            }
        }
        true
    }

    /// Goes on in a block that was filled meanwhile: what is left of the one before goes in front of it.
    fn move_on(&mut self, mut filled: Filled) {
        let held = self.buffer.get(self.start..self.end).unwrap_or_default();
        let start = filled.start - held.len();
        if let Some(front) =
            Arc::get_mut(&mut filled.block).and_then(|block| block.get_mut(start..filled.start))
        {
            front.copy_from_slice(held);
        }
        self.spare.push(std::mem::replace(&mut self.buffer, filled.block));
        (self.start, self.end) = (start, filled.end);
        while let Some(free) = self.spare.iter_mut().position(|block| Arc::get_mut(block).is_some())
        {
            let free = self.spare.swap_remove(free);
            if free.len() == READ_OCTETS {
                self.reader.give_back(free);
            }
        }
        self.spare.truncate(SPARE_BLOCKS);
    }

    /// Sees that something can be read behind what is at hand, where `octets` are wanted.
    ///
    /// Half the buffer at least is free after a move, so that octets are moved less often than they
    /// are consumed, even where a search goes octet by octet and always wants more than there is.
    fn make_room(&mut self, octets: usize) {
        let held = self.end - self.start;
        let size = self.buffer.len();
        let own = Arc::get_mut(&mut self.buffer);
        let is_own = own.is_some();
        if is_own && self.end < size && octets <= size - self.start {
            return;
        }
        let enough = if held >= size / 2 {
            size.saturating_mul(2).min(octets.saturating_mul(2)).max(READ_OCTETS).max(size)
        } else {
            size
        };
        match own {
            Some(block) if enough == size => block.copy_within(self.start..self.end, 0),
            _ => {
                let mut block = self.free_block(enough);
                let held = self.buffer.get(self.start..self.end).unwrap_or_default();
                if let Some(block) = Arc::get_mut(&mut block)
                    && let Some(front) = block.get_mut(..held.len())
                {
                    front.copy_from_slice(held);
                }
                let old = std::mem::replace(&mut self.buffer, block);
                if !is_own && self.spare.len() < SPARE_BLOCKS {
                    self.spare.push(old);
                }
            }
        }
        self.start = 0;
        self.end = held;
    }

    /// A block of so many octets that nobody else holds.
    fn free_block(&mut self, octets: usize) -> Block {
        let free = self.spare.iter_mut().position(|block| {
            let is_free = Arc::get_mut(block).is_some();
            is_free && block.len() == octets
        });
        match free {
            Some(place) => self.spare.swap_remove(place),
            None => {
                self.spare.retain(|block| block.len() == octets);
                std::iter::repeat_n(0, octets).collect()
            }
        }
    }
}

/// A window is itself a reader, so that a decoder can stand between it and the next window.
impl BufRead for Window {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if !self.holds(1)
            && let Some(failure) = self.take_failure()
        {
            return Err(failure);
        }
        Ok(self.at_hand())
    }

    fn consume(&mut self, octets: usize) {
        self.drop_front(octets);
    }
}

impl Read for Window {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let octets = self.fill_buf()?.read(into)?;
        self.consume(octets);
        Ok(octets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives the octets of `left`, `step` at a time, every other call interrupted.
    struct Dribble {
        left: Vec<u8>,
        step: usize,
        interrupt: bool,
    }

    impl Read for Dribble {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.interrupt = !self.interrupt;
            if self.interrupt {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let octets = self.step.min(into.len()).min(self.left.len());
            for (to, from) in into.iter_mut().zip(self.left.drain(..octets)) {
                *to = from;
            }
            Ok(octets)
        }
    }

    #[test]
    fn short_and_interrupted_reads_give_every_octet_once() {
        let all: Vec<u8> = (0..=255).cycle().take(3_000).collect();
        let mut window =
            Window::new(Box::new(Dribble { left: all.clone(), step: 7, interrupt: false }));
        let mut seen = Vec::new();
        for piece in [1, 16, 500, 1_000].into_iter().cycle() {
            if !window.holds(piece) {
                break;
            }
            assert_eq!(window.offset(), seen.len() as u64);
            seen.extend_from_slice(&window.at_hand()[..piece]);
            window.drop_front(piece);
        }
        seen.extend_from_slice(window.at_hand());
        assert_eq!(seen, all);
    }

    #[test]
    fn a_claim_that_the_input_does_not_hold_costs_no_memory() {
        let mut window = Window::new(Box::new(io::repeat(1).take(1_000)));
        assert!(!window.holds(1 << 40));
        assert!(window.buffer.len() <= READ_OCTETS);
        assert_eq!(window.at_hand().len(), 1_000);
    }

    #[test]
    fn a_search_that_wants_more_than_there_is_moves_little() {
        let mut window = Window::new(Box::new(io::repeat(1).take(3_000_000)));
        let wanted = READ_OCTETS * 2;
        let mut moves = 0;
        while window.holds(wanted) {
            let before = window.start();
            window.drop_front(1);
            window.holds(wanted);
            moves += usize::from(window.start() < before);
        }
        assert!(window.buffer.len() <= 2 * wanted);
        assert!(moves <= 3_000_000 / wanted + 4, "{moves} moves");
    }

    #[test]
    fn a_block_that_somebody_holds_stays_as_it_is_and_is_reused_afterwards() {
        let octets = READ_OCTETS * 40;
        let all: Vec<u8> = (0..=250).cycle().take(octets).collect();
        let mut window = Window::new(Box::new(io::Cursor::new(all.clone())));
        let (mut held, mut seen) = (std::collections::VecDeque::new(), Vec::new());
        let mut blocks = std::collections::BTreeSet::new();
        while window.holds(1_000) {
            let piece = window.start()..window.start() + 1_000;
            seen.extend_from_slice(window.range(piece.clone()));
            held.push_back((Arc::clone(window.block()), piece, seen.len() - 1_000));
            blocks.insert(window.block().as_ptr());
            window.drop_front(1_000);
            if held.len() > 600 {
                held.pop_front();
            }
            for (block, piece, at) in &held {
                assert_eq!(block[piece.start], all[*at]);
            }
        }
        seen.extend_from_slice(window.at_hand());
        assert_eq!(seen, all);
        assert!(blocks.len() <= 6, "{}", blocks.len());
    }

    #[test]
    fn a_record_larger_than_a_block_is_held_whole() {
        let octets = READ_OCTETS * 3 + 5;
        let mut window = Window::new(Box::new(io::repeat(7).take(octets as u64 + 10)));
        assert!(window.holds(11));
        window.drop_front(10);
        assert!(window.holds(octets));
        assert_eq!(window.offset(), 10);
        assert!(window.at_hand().iter().all(|&octet| octet == 7));
    }

    /// Reads pieces of many sizes, holding the blocks of the last ones; what comes is what was put in.
    fn reads_everything(all: &[u8], mut window: Window, back_at: Option<usize>) {
        let (mut held, mut at) = (std::collections::VecDeque::new(), 0);
        let sizes = [1_000, 16, 90_000, 1, FRONT, FRONT + 1, 300_000, 1_500, 2 * READ_OCTETS + 3];
        for (nth, size) in sizes.into_iter().cycle().enumerate() {
            if back_at == Some(nth) {
                window.read_here();
            }
            let size = size.min(all.len() - at);
            if size == 0 {
                break;
            }
            assert!(window.holds(size), "{size} octets at {at}");
            assert_eq!(window.offset(), at as u64);
            let piece = window.start()..window.start() + size;
            assert!(window.range(piece.clone()) == &all[at..at + size], "{size} octets at {at}");
            held.push_back((Arc::clone(window.block()), piece, at));
            if held.len() > 5 {
                held.pop_front();
            }
            window.drop_front(size);
            for (block, piece, at) in &held {
                assert!(block[piece.clone()] == all[*at..*at + piece.len()], "held from {at}");
            }
            at += size;
        }
        assert!(!window.holds(1) && window.take_failure().is_none());
    }

    #[test]
    fn what_is_read_ahead_is_what_is_read_here() {
        let all: Vec<u8> = (0..=250).cycle().take(READ_OCTETS * 40 + 99).collect();
        let dribble = |step| Box::new(Dribble { left: all.clone(), step, interrupt: false });
        for step in [READ_OCTETS, 50_001] {
            for back_at in [None, Some(0), Some(1), Some(13), Some(30)] {
                let mut window = Window::new(dribble(step));
                window.read_ahead();
                reads_everything(&all, window, back_at);
            }
            reads_everything(&all, Window::new(dribble(step)), None);
        }
    }

    #[test]
    fn a_failure_ahead_comes_behind_what_was_read_before() {
        struct Failing(usize);
        impl Read for Failing {
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                self.0 += 1;
                if self.0 > 6 {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                into.fill(self.0 as u8);
                Ok(into.len())
            }
        }
        let mut window = Window::new(Box::new(Failing(0)));
        window.read_ahead();
        let mut octets = 0;
        while window.holds(1_000) {
            octets += 1_000;
            window.drop_front(1_000);
        }
        octets += window.at_hand().len();
        assert!(octets > 5 * (READ_OCTETS - FRONT), "{octets}");
        assert_eq!(window.take_failure().unwrap().kind(), io::ErrorKind::InvalidData);
    }
}
