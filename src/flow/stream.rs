//! One direction of a connection: where its octets lie, which came early, what is missing.
//!
//! Sequence numbers come in and become 64-bit offsets into the stream (0 is the first octet behind
//! the SYN), so that nothing beyond this file sees a number wrap. Arithmetic is total: a sequence
//! number that makes no sense gives an offset that no window allows.

use std::collections::VecDeque;

use super::reader::{Conflict, Mark, Side};
use super::reassembly::Overlap;
use crate::limits;
use crate::units::Timestamp;

/// A segment that came before the octets in front of it.
#[derive(Debug)]
pub(super) struct Early {
    /// Offset of its first octet; before the stream is anchored, its sequence number.
    pub offset: u64,
    /// How many octets were captured.
    pub len: u32,
    /// How many more were sent behind them, but cut off by the snap length.
    pub cut: u32,
    /// The captured octets, or nothing where the reader will not look at them.
    pub octets: Option<Box<[u8]>>,
    /// The acknowledgement number of the segment.
    pub acknowledgement: Option<u32>,
    /// The packet.
    pub mark: Mark,
    /// Whether it begins where its segment began.
    pub boundary: bool,
    /// Octets of its segment in front of it and behind it.
    pub around: (u32, u32),
}

impl Early {
    /// Offset behind its last octet.
    pub fn end(&self) -> u64 {
        self.offset + u64::from(self.len) + u64::from(self.cut)
    }

    /// Begin and end of the segment that it is of.
    fn segment(&self) -> (u64, u64) {
        let (before, behind) = self.around;
        (self.offset.saturating_sub(u64::from(before)), self.end() + u64::from(behind))
    }

    fn cost(&self) -> u64 {
        // The queue has room for up to twice as many as are in it, and no allocation is smaller.
        const OVERHEAD: u64 = 2 * size_of::<Early>() as u64 + 32;
        OVERHEAD + self.octets.as_ref().map_or(0, |octets| octets.len() as u64)
    }
}

/// When a hole that should have been filled was noticed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Overdue {
    pub packets: u64,
    pub at: Timestamp,
}

/// Places of the queue of waiting segments that are kept while nothing waits.
const KEPT_CAPACITY: usize = 16;

/// See the module's words.
///
/// What few connections ever have is in boxes: there are many that have not said anything yet.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// Sequence number of offset 0, once it is known.
    pub base: Option<u32>,
    /// Initial sequence number, where a SYN was captured.
    pub initial: Option<u32>,
    /// Whether `base` is but what data of the other side acknowledged: sent again, they acknowledge more
    /// than the SYN.
    pub presumed: bool,
    /// Another one, of a second SYN-ACK.
    pub alternate: Option<u32>,
    /// Window scale that the SYN offered (RFC 7323 section 2.2).
    pub window_scale: Option<u8>,
    /// Offset of the next octet to hand over.
    pub next: u64,
    /// Highest offset that the receiver acknowledged.
    pub acknowledged: u64,
    /// Highest offset that the receiver's window allowed.
    pub allowed: u64,
    /// Offset behind the last octet that was seen.
    pub sent: u64,
    /// Where the FIN stands, once one was seen.
    pub fin: Option<(u64, Mark)>,
    /// The sequence number of a FIN that came before it was known where the stream begins.
    pub unplaced_fin: Option<Box<(u32, Mark)>>,
    /// Whether the receiver acknowledged it.
    pub fin_acknowledged: bool,
    /// A RST inside the window, but not where the stream is.
    pub pending_reset: Option<Box<(u64, Mark)>>,
    /// What was handed over last.
    pub recent: Recent,
    /// Whether the reader was told of the end.
    pub ended: bool,
    /// Urgent octets that are to be taken out and were not come to yet.
    pub urgent: Option<Box<UrgentOctets>>,
    /// Segments that wait, in order of their offset, without overlap.
    pub early: VecDeque<Early>,
    /// What they cost, octets.
    pub early_cost: u64,
    /// When the first hole was noticed to be overdue.
    pub overdue: Option<Overdue>,
    /// The latest place beyond the window that a segment spoke of, and how many agreed on it
    /// while none spoke of a place inside.
    beyond: Option<Box<(u64, u32)>>,
}

/// Sequence numbers of urgent octets, the oldest first: a few, on few connections.
#[derive(Debug, Default)]
pub(super) struct UrgentOctets(VecDeque<u32>);

impl UrgentOctets {
    /// Octets that they take.
    pub fn memory(&self) -> u64 {
        limits::allocated(size_of::<Self>()) + limits::allocated(4 * self.0.capacity())
    }
}

/// So many octets of either end of a segment.
type Sample = [u8; 16];

/// What is remembered of a segment that was handed over.
#[derive(Debug, Clone, Copy)]
struct Piece {
    offset: u64,
    len: u32,
    /// Its first octets; zeros behind them where it has fewer.
    front: Sample,
    /// Its last octets. Two answers may well begin with the same status line; but whoever answers in the
    /// server's place says something else, and has said it in another number of octets.
    back: Sample,
}

/// Both ends of the latest segments that were handed over: enough to see that one of them was sent in two
/// versions, as by somebody who answers in the server's place.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// Grows to [`limits::RECENT_SEGMENTS`]: most connections never have so many, and there are many.
    segments: Vec<Piece>,
    at: usize,
}

impl Recent {
    fn piece(offset: u64, octets: &[u8]) -> Piece {
        let len = octets.len() as u32;
        if let (Some(front), Some(back)) = (octets.first_chunk(), octets.last_chunk()) {
            return Piece { offset, len, front: *front, back: *back };
        }
        let mut front = Sample::default();
        for (to, from) in front.iter_mut().zip(octets) {
            *to = *from;
        }
        Piece { offset, len, front, back: Sample::default() }
    }

    /// Notes a segment.
    pub fn note(&mut self, offset: u64, octets: &[u8]) {
        let segment = Self::piece(offset, octets);
        match self.segments.get_mut(self.at) {
            Some(place) => *place = segment,
            None => {
                if self.segments.len() == self.segments.capacity() {
                    self.segments.reserve_exact(self.segments.len().max(1));
                }
                self.segments.push(segment);
            }
        }
        self.at = (self.at + 1) % limits::RECENT_SEGMENTS;
    }

    /// Whether it takes no more memory for another segment.
    pub const fn is_full(&self) -> bool {
        self.segments.len() >= limits::RECENT_SEGMENTS
    }

    /// Octets that it takes beside itself.
    pub fn memory(&self) -> u64 {
        match self.segments.capacity() {
            0 => 0,
            places => limits::allocated(places * size_of::<Piece>()),
        }
    }

    /// What of a segment differs from either end of one of them.
    pub fn differs(&self, side: Side, mark: Mark, offset: u64, octets: &[u8]) -> Option<Conflict> {
        let between = |begin: u64, known: &[u8]| {
            let from = offset.max(begin);
            let known = known.get(usize::try_from(from - begin).ok()?..)?;
            let again = octets.get(usize::try_from(from - offset).ok()?..)?;
            Conflict::between(side, mark, from, known, again)
        };
        self.segments.iter().find_map(|piece| {
            let len = piece.len as usize;
            let back = len.checked_sub(size_of::<Sample>());
            between(piece.offset, piece.front.get(..len).unwrap_or(&piece.front))
                .or_else(|| between(piece.offset + back? as u64, &piece.back))
        })
    }
}

/// What a segment had in common with what was held.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// Octets that are held now.
    pub held: u64,
    /// Octets that were there already.
    pub repeated: u64,
    /// What differs first in the two versions of those.
    pub conflict: Option<Conflict>,
}

impl Stream {
    /// The offset of a sequence number: the one nearest to where the stream is. `None` before
    /// the stream is anchored, or for what lies in front of it.
    pub fn offset(&self, sequence: u32) -> Option<u64> {
        let here = self.base?.wrapping_add(self.next as u32);
        let distance = i64::from(sequence.wrapping_sub(here) as i32);
        self.next.checked_add_signed(distance)
    }

    /// As [`Self::offset`], with a place in front of the stream counted as its beginning and the
    /// octets up to there given as the second value.
    pub fn placed(&self, sequence: u32) -> Option<(u64, u64)> {
        let here = self.base?.wrapping_add(self.next as u32);
        let distance = i64::from(sequence.wrapping_sub(here) as i32);
        match self.next.checked_add_signed(distance) {
            Some(offset) => Some((offset, 0)),
            None => Some((0, distance.unsigned_abs().saturating_sub(self.next))),
        }
    }

    /// Whether octets from `offset` on could be sent at all: inside the window that the
    /// receiver announced (RFC 9293 section 3.4).
    pub fn in_window(&self, offset: u64) -> bool {
        // Before the receiver has said anything, a window cannot be larger than 2^30.
        let allowed = if self.allowed > 0 { self.allowed } else { self.next + (1 << 30) };
        offset <= allowed.max(self.next)
    }

    /// Whether nothing that belongs to this stream can have this sequence number.
    pub fn is_elsewhere(&self, sequence: u32) -> bool {
        match self.placed(sequence) {
            Some((offset, skip)) => {
                let behind = self.next.saturating_sub(offset) + skip;
                behind > limits::HELD_OCTETS || !self.in_window(offset)
            }
            None => false,
        }
    }

    /// Whether a place beyond the window is to be believed: where the capture had a pause that the
    /// hosts had not, all that follows lies there, and nothing lies inside any more.
    pub fn believes(&mut self, beyond: u64) -> bool {
        let agreed = match self.beyond.as_deref().copied() {
            Some((before, agreed)) if before.abs_diff(beyond) <= limits::HELD_OCTETS => agreed + 1,
            _ => 1,
        };
        let believed = beyond > self.next && agreed >= limits::BEYOND_WINDOW;
        self.beyond = (!believed).then(|| Box::new((beyond, agreed)));
        if believed {
            self.allowed = self.allowed.max(beyond);
        }
        believed
    }

    /// Something lies inside the window.
    pub fn stays(&mut self) {
        self.beyond = None;
    }

    /// Whether nothing has spoken of a place beyond the window since.
    pub const fn stayed(&self) -> bool {
        self.beyond.is_none()
    }

    /// Moves the beginning of a stream of which nothing was handed over yet to the front.
    pub fn rebase(&mut self, base: u32) {
        let Some(old) = self.base else { return };
        let by = u64::from(old.wrapping_sub(base));
        self.base = Some(base);
        self.acknowledged += by;
        self.allowed += u64::from(self.allowed > 0) * by;
        self.sent += u64::from(self.sent > 0) * by;
        for early in &mut self.early {
            early.offset += by;
        }
        if let Some((place, _)) = &mut self.fin {
            *place += by;
        }
        if let Some(reset) = &mut self.pending_reset {
            reset.0 += by;
        }
    }

    /// Octets between what was handed over and the next that is there: up to where the stream
    /// is known to continue.
    pub fn hole(&self) -> Option<u64> {
        match self.early.front() {
            Some(early) if early.offset <= self.next => None,
            Some(early) => Some(early.offset),
            None if self.acknowledged > self.next => Some(self.acknowledged),
            None => None,
        }
    }

    /// Puts a segment of one side among the waiting ones. Where it overlaps them, `overlap` says which one
    /// holds; `look_from` is the offset from which the reader wants the octets.
    pub fn hold(
        &mut self,
        segment: EarlySegment<'_>,
        look_from: u64,
        side: Side,
        overlap: Overlap,
    ) -> Kept {
        let mut kept = Kept::default();
        let end = segment.end();
        let mut cursor = segment.offset;
        let mut index = self.early.partition_point(|early| early.end() <= cursor);
        while cursor < end {
            let Some(early) = self.early.get_mut(index) else {
                self.insert(index, &segment, cursor, end, look_from, &mut kept);
                break;
            };
            if cursor < early.offset {
                let to = end.min(early.offset);
                index +=
                    usize::from(self.insert(index, &segment, cursor, to, look_from, &mut kept));
                cursor = to;
                continue;
            }
            let to = end.min(early.end());
            let again = segment.range(cursor, to);
            kept.repeated += again.len() as u64;
            let (earlier, later) = (early.segment(), segment.whole());
            if let Some(octets) = &mut early.octets {
                let from = (cursor - early.offset) as usize;
                let there = octets.get_mut(from..).unwrap_or_default();
                let conflict = || Conflict::between(side, segment.mark, cursor, there, again);
                kept.conflict = kept.conflict.take().or_else(conflict);
                if overlap.later_wins(earlier, later) {
                    there.iter_mut().zip(again).for_each(|(there, again)| *there = *again);
                }
            }
            cursor = to;
            index += 1;
        }
        kept
    }

    /// Inserts the part `from..to` of a segment; false where there is nothing of it.
    fn insert(
        &mut self,
        index: usize,
        segment: &EarlySegment<'_>,
        from: u64,
        to: u64,
        look_from: u64,
        kept: &mut Kept,
    ) -> bool {
        let octets = segment.range(from, to);
        let missing = (to - from).saturating_sub(octets.len() as u64);
        let looked_at = to > look_from;
        let early = Early {
            offset: from,
            len: octets.len() as u32,
            cut: missing as u32,
            octets: looked_at.then(|| octets.into()),
            acknowledgement: segment.acknowledgement,
            mark: segment.mark,
            boundary: segment.boundary && from == segment.offset,
            around: (
                segment.before.saturating_add((from - segment.offset) as u32),
                (segment.end() - to) as u32,
            ),
        };
        kept.held += octets.len() as u64;
        self.early_cost += early.cost();
        self.early.insert(index, early);
        true
    }

    /// Takes the first waiting segment.
    pub fn take_first(&mut self) -> Option<Early> {
        let early = self.early.pop_front()?;
        self.early_cost = self.early_cost.saturating_sub(early.cost());
        if self.early.is_empty() && self.early.capacity() > KEPT_CAPACITY {
            self.early = VecDeque::new();
        }
        Some(early)
    }

    /// Whether more waits than one stream may hold.
    pub fn overfull(&self) -> bool {
        self.early.len() > limits::HELD_SEGMENTS || self.early_cost > limits::HELD_OCTETS
    }

    /// An octet with this sequence number is urgent, and to be taken out.
    pub fn note_urgent(&mut self, sequence: u32) {
        if self.base.is_some() && self.offset(sequence).is_none_or(|offset| offset < self.next) {
            return;
        }
        let urgent = &mut self.urgent.get_or_insert_default().0;
        if urgent.contains(&sequence) {
            return;
        }
        if urgent.len() >= limits::URGENT_OCTETS {
            urgent.pop_front();
        }
        urgent.push_back(sequence);
    }

    /// How far it is to the next urgent octet, of those within so many octets. What lies behind is
    /// forgotten.
    pub fn urgent_within(&mut self, octets: u64) -> Option<u64> {
        let mut urgent = self.urgent.take()?;
        urgent
            .0
            .retain(|sequence| self.offset(*sequence).is_some_and(|offset| offset >= self.next));
        let places = urgent.0.iter().filter_map(|sequence| self.offset(*sequence));
        let first = places.min().map(|offset| offset - self.next);
        self.urgent = (!urgent.0.is_empty()).then_some(urgent);
        first.filter(|distance| *distance < octets)
    }

    /// Keeps a segment whose place is not known yet.
    pub fn hold_unplaced(&mut self, sequence: u32, segment: &EarlySegment<'_>) {
        let early = Early {
            offset: u64::from(sequence),
            len: segment.octets.len() as u32,
            cut: segment.cut,
            octets: Some(segment.octets.into()),
            acknowledgement: segment.acknowledgement,
            mark: segment.mark,
            boundary: segment.boundary,
            around: (0, 0),
        };
        self.early_cost += early.cost();
        self.early.push_back(early);
    }

    /// Takes all segments whose place was not known.
    pub fn take_unplaced(&mut self) -> VecDeque<Early> {
        self.early_cost = 0;
        std::mem::take(&mut self.early)
    }

    /// The lowest sequence number among those segments, where it lies in front of an acknowledgement; not
    /// that of a probe, which stands one octet in front of where the stream is.
    pub fn unplaced_before(&self, acknowledgement: u32) -> Option<u32> {
        let lowest = self.lowest_unplaced().filter(|_| !self.early.is_empty())?;
        let before = acknowledgement.wrapping_sub(lowest);
        (before > 1 && u64::from(before) <= limits::HELD_OCTETS).then_some(lowest)
    }

    /// The lowest sequence number among those segments; that of the FIN where there are none.
    pub fn lowest_unplaced(&self) -> Option<u32> {
        let Some(first) = self.early.front() else {
            return self.unplaced_fin.as_ref().map(|fin| fin.0);
        };
        let first = first.offset as u32;
        let nearest =
            self.early.iter().map(|early| (early.offset as u32).wrapping_sub(first) as i32);
        Some(first.wrapping_add(nearest.min()? as u32))
    }
}

/// A segment on its way into [`Stream::hold`].
#[derive(Debug, Clone, Copy)]
pub(super) struct EarlySegment<'p> {
    pub offset: u64,
    pub octets: &'p [u8],
    pub cut: u32,
    pub acknowledgement: Option<u32>,
    pub mark: Mark,
    pub boundary: bool,
    /// Octets that its packet had in front of it, and that were handed over by then.
    pub before: u32,
}

impl<'p> EarlySegment<'p> {
    /// Offset behind its last octet.
    fn end(&self) -> u64 {
        self.offset + self.octets.len() as u64 + u64::from(self.cut)
    }

    /// Where its packet's payload began and ended.
    fn whole(&self) -> (u64, u64) {
        (self.offset.saturating_sub(u64::from(self.before)), self.end())
    }

    /// The captured octets between two offsets.
    fn range(&self, from: u64, to: u64) -> &'p [u8] {
        let start = (from.saturating_sub(self.offset) as usize).min(self.octets.len());
        let end = (to.saturating_sub(self.offset) as usize).min(self.octets.len());
        self.octets.get(start..end).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(offset: u64, octets: &[u8]) -> EarlySegment<'_> {
        EarlySegment {
            offset,
            octets,
            cut: 0,
            acknowledgement: None,
            mark: Mark::default(),
            boundary: true,
            before: 0,
        }
    }

    fn hold(stream: &mut Stream, segment: EarlySegment<'_>, overlap: Overlap) -> (u64, u64, bool) {
        let kept = stream.hold(segment, 0, Side::Client, overlap);
        (kept.held, kept.repeated, kept.conflict.is_some())
    }

    fn drained(mut stream: Stream) -> Vec<(u64, Vec<u8>)> {
        std::iter::from_fn(|| stream.take_first())
            .map(|early| (early.offset, early.octets.unwrap().into_vec()))
            .collect()
    }

    #[test]
    fn offsets_do_not_see_the_wrap() {
        for base in [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ff00, 0xffff_ffff] {
            let stream = Stream { base: Some(base), next: 300, ..Stream::default() };
            assert_eq!(stream.offset(base.wrapping_add(300)), Some(300));
            assert_eq!(stream.offset(base.wrapping_add(299)), Some(299));
            assert_eq!(stream.offset(base.wrapping_add(5_000)), Some(5_000));
            assert_eq!(stream.offset(base.wrapping_sub(1)), None);
            assert_eq!(stream.placed(base.wrapping_sub(2)), Some((0, 2)));
        }
        let far = Stream { base: Some(7), next: 1 << 40, ..Stream::default() };
        let here = 7u32.wrapping_add((1u64 << 40) as u32);
        assert_eq!(far.offset(here.wrapping_add(10)), Some((1 << 40) + 10));
    }

    /// Every pair of segments in a space of six octets, in both orders, with each policy.
    #[test]
    fn case_7_of_two_versions_the_one_holds_that_the_policy_says() {
        use Overlap::{Bsd, First, Last, Linux, Solaris};
        let policies = [First, Last, Bsd, Linux, Solaris];
        for (policy, (a, b), (c, d)) in policies.into_iter().flat_map(|policy| {
            pairs().flat_map(move |one| pairs().map(move |other| (policy, one, other)))
        }) {
            // As Novak and Sturges tell it, in other words than the code.
            let later_wins = match policy {
                First => false,
                Last => true,
                Bsd => c < a,
                Linux => c < a || c == a && b < d,
                Solaris => c <= a && b <= d || a < c && c < b && b < d,
            };
            let mut stream = Stream { base: Some(0), ..Stream::default() };
            let first = hold(&mut stream, segment(a, &b"AAAAAA"[..(b - a) as usize]), policy);
            assert_eq!(first, (b - a, 0, false));
            let overlap = b.min(d).saturating_sub(a.max(c));
            let second = hold(&mut stream, segment(c, &b"BBBBBB"[..(d - c) as usize]), policy);
            assert_eq!(second, (d - c - overlap, overlap, overlap > 0));
            let mut space = *b"......";
            for (offset, octets) in drained(stream) {
                for (index, octet) in octets.into_iter().enumerate() {
                    let at = offset as usize + index;
                    assert_eq!(space[at], b'.', "nothing comes twice");
                    space[at] = octet;
                }
            }
            for (at, octet) in space.into_iter().enumerate() {
                let at = at as u64;
                let expected = match ((a..b).contains(&at), (c..d).contains(&at)) {
                    (true, true) if later_wins => b'B',
                    (true, _) => b'A',
                    (_, true) => b'B',
                    _ => b'.',
                };
                assert_eq!(octet, expected, "{policy:?} {a}..{b} {c}..{d} at {at}");
            }
        }
    }

    /// A segment that waits in two pieces still begins and ends where it was sent.
    #[test]
    fn case_7_a_segment_in_pieces_is_compared_as_a_whole() {
        let mut stream = Stream { base: Some(0), ..Stream::default() };
        hold(&mut stream, segment(2, b"xx"), Overlap::Linux);
        hold(&mut stream, segment(0, b"AAxxAA"), Overlap::Linux);
        // It begins with the second and is longer than its first piece, but not than the second itself.
        assert_eq!(hold(&mut stream, segment(0, b"BBxxB"), Overlap::Linux), (0, 5, true));
        let text: Vec<u8> = drained(stream).into_iter().flat_map(|(_, octets)| octets).collect();
        assert_eq!(text, b"AAxxAA");
    }

    fn pairs() -> impl Iterator<Item = (u64, u64)> {
        (0..6).flat_map(|from| (from + 1..=6).map(move |to| (from, to)))
    }

    #[test]
    fn a_segment_over_several_holes_fills_them_all() {
        let mut stream = Stream { base: Some(0), ..Stream::default() };
        hold(&mut stream, segment(2, b"cd"), Overlap::First);
        hold(&mut stream, segment(6, b"gh"), Overlap::First);
        let kept = hold(&mut stream, segment(0, b"abcdefghij"), Overlap::First);
        assert_eq!(kept, (6, 4, false));
        let text: Vec<u8> = drained(stream).into_iter().flat_map(|(_, octets)| octets).collect();
        assert_eq!(text, b"abcdefghij");
    }

    #[test]
    fn what_the_reader_will_not_look_at_is_not_kept() {
        let mut stream = Stream { base: Some(0), ..Stream::default() };
        stream.hold(segment(10, &[0; 1_000]), 2_000, Side::Client, Overlap::First);
        assert!(stream.early_cost < 300);
        assert!(stream.early[0].octets.is_none());
        assert_eq!(stream.early[0].end(), 1_010);
    }

    #[test]
    fn the_lowest_sequence_number_is_found_across_the_wrap() {
        let mut stream = Stream::default();
        for sequence in [5, 0xffff_fff0, 100] {
            stream.hold_unplaced(sequence, &segment(0, b"x"));
        }
        assert_eq!(stream.lowest_unplaced(), Some(0xffff_fff0));
    }
}
