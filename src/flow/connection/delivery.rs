//! The order of octets: what came early is kept, and handed to the reader when it is next and nothing in
//! it answers what the reader has not seen; holes are waited for, then declared. What a segment means for
//! the connection is said in the parent.

use super::{Connection, Octets, Sink, State, reading};
use crate::flow::reader::{Arrival, End, Ending, Mark, Missing, Reader, Side};
use crate::flow::stream::{Early, EarlySegment, Overdue, Stream};
use crate::limits;

impl<R: Reader> Connection<R> {
    /// Keeps a segment that cannot be handed over yet.
    pub(super) fn hold(&mut self, side: Side, segment: EarlySegment<'_>, sink: &mut Sink<'_, R>) {
        let index = side.index();
        let unread = self.reader.as_ref().map_or(0, |reader| reader.unread(side));
        let stream = &mut self.streams[index];
        let look_from = stream.next.saturating_add(unread);
        let segment = if segment.offset < stream.next {
            let skip = (stream.next - segment.offset) as usize;
            let octets = segment.octets.get(skip..).unwrap_or_default();
            let beyond = (skip - (segment.octets.len() - octets.len())) as u32;
            sink.ledger.repeated += (segment.octets.len() - octets.len()) as u64;
            let cut = segment.cut.saturating_sub(beyond);
            let before = segment.before.saturating_add(skip as u32);
            EarlySegment { offset: stream.next, octets, cut, boundary: false, before, ..segment }
        } else {
            segment
        };
        let kept = stream.hold(segment, look_from, side, sink.reassembly.overlap);
        sink.ledger.holding += kept.held;
        sink.ledger.held_segments += u64::from(kept.held > 0);
        sink.ledger.repeated += kept.repeated;
        let health = &mut self.facts.health;
        if kept.repeated > 0 {
            health.retransmissions[index] += 1;
        }
        if stream.overdue.is_none() && stream.acknowledged > stream.next && stream.hole().is_some()
        {
            let packets = health.packets.iter().sum();
            stream.overdue = Some(Overdue { packets, at: self.facts.last.at });
        }
        self.note_conflict(kept.conflict);
    }

    /// Whether a segment may be handed over: its sender had received nothing that was not handed
    /// over. So an answer never comes before its question, whatever the order of capture.
    ///
    /// What may have something in front of it that nothing has told of is waited with, for as long
    /// as a beginning is.
    pub(super) fn ready(&self, side: Side, acknowledgement: Option<u32>) -> bool {
        let own = &self.streams[side.index()];
        if own.presumed && own.initial.is_none() && own.next == 0 && !self.settled() {
            return false;
        }
        let Some(acknowledgement) = acknowledgement else { return true };
        let peer = &self.streams[side.other().index()];
        let Some(needed) = peer.offset(acknowledgement) else { return peer.base.is_some() };
        if needed <= peer.next {
            return true;
        }
        if self.facts.health.packets[side.other().index()] == 0 {
            // Perhaps the other direction was not captured at all.
            return self.settled();
        }
        match peer.fin {
            Some((fin, _)) if peer.next == fin => needed <= fin + 1,
            // Nobody can have received what was never allowed to be sent.
            _ => peer.allowed > 0 && needed > peer.allowed.max(peer.sent) + 1,
        }
    }

    /// Whether so much was seen that what is missing of the beginning will not come any more.
    fn settled(&self) -> bool {
        let packets: u64 = self.facts.health.packets.iter().sum();
        packets > u64::from(limits::SETTLING_PACKETS)
            || self.facts.last.since(self.facts.first) >= limits::GAP_WAIT
    }

    pub(super) fn seen_of_peer(&self, side: Side, acknowledgement: Option<u32>) -> Option<u64> {
        let peer = &self.streams[side.other().index()];
        match peer.base {
            Some(_) => peer.offset(acknowledgement?),
            // It begins with what came of it so far, as far as is known.
            None => {
                let seen = acknowledgement?.wrapping_sub(peer.lowest_unplaced()?);
                u64::try_from(seen as i32).ok()
            }
        }
    }

    /// Whether anything waits, so that [`Self::advance`] has work.
    pub(super) fn unsettled(&self) -> bool {
        self.streams.iter().any(|stream| {
            !stream.early.is_empty()
                || stream.unplaced_fin.is_some()
                || stream.overdue.is_some()
                || stream.fin.is_some()
                || stream.pending_reset.is_some()
        })
    }

    /// Hands over what has become ready, gives up holes that will not be filled, and closes.
    pub(super) fn advance(&mut self, sink: &mut Sink<'_, R>) {
        loop {
            self.place(sink);
            self.drain(sink);
            if !self.give_up_holes(sink) {
                break;
            }
        }
        for side in Side::BOTH {
            let stream = &self.streams[side.index()];
            let peer_closed = self.streams[side.other().index()].fin.is_some();
            let unseen = self.facts.health.packets[side.other().index()] == 0;
            if let Some((place, mark)) = stream.fin
                && stream.next == place
                && !stream.ended
                // A FIN that nobody acknowledges may be forged; it counts once it is believed.
                && (stream.fin_acknowledged || peer_closed || unseen)
            {
                self.end(side, Some(End::Fin), mark, sink);
            }
            let stream = &self.streams[side.index()];
            if let Some((place, mark)) = stream.pending_reset.as_deref().copied()
                && stream.next >= place
                && self.state == State::Open
            {
                if stream.next == place {
                    self.close_by_reset(side, mark, false, sink);
                } else {
                    self.streams[side.index()].pending_reset = None;
                }
            }
        }
        if self.state != State::Closed && self.streams.iter().all(|stream| stream.ended) {
            self.state = State::Closed;
            self.ending.get_or_insert(Ending::Closed);
        }
    }

    /// Finds a beginning for streams of which no SYN was captured, once waiting for it is over.
    fn place(&mut self, sink: &mut Sink<'_, R>) {
        let full = sink.overfull || self.streams.iter().any(Stream::overfull);
        if !full && !self.settled() {
            return;
        }
        for side in Side::BOTH {
            let stream = &self.streams[side.index()];
            if stream.base.is_none()
                && let Some(lowest) = stream.lowest_unplaced()
            {
                self.anchor(side, lowest, sink);
            }
        }
    }

    /// Hands over all waiting segments that are next and ready.
    fn drain(&mut self, sink: &mut Sink<'_, R>) {
        loop {
            let mut progress = false;
            for side in Side::BOTH {
                while self.next_is_ready(side, false) {
                    self.give_first(side, None, sink);
                    progress = true;
                }
            }
            // A repeated segment carries a newer acknowledgement than its octets had when they
            // were sent first, so two streams can seem to wait for each other. The question goes
            // first.
            if !progress
                && self.next_is_ready(Side::Client, true)
                && self.next_is_ready(Side::Server, true)
            {
                // And that acknowledgement says nothing about when the octets were sent.
                let handed_over = self.streams[Side::Server.index()].next;
                self.give_first(Side::Client, Some(handed_over), sink);
                progress = true;
            }
            if !progress {
                return;
            }
        }
    }

    fn next_is_ready(&self, side: Side, at_any_rate: bool) -> bool {
        let stream = &self.streams[side.index()];
        stream.base.is_some()
            && stream.early.front().is_some_and(|early| {
                early.offset <= stream.next
                    && (at_any_rate || self.ready(side, early.acknowledgement))
            })
    }

    /// Hands over the first segment that waits. Its sender had seen no more than `most` of the other
    /// stream, whatever its acknowledgement says.
    fn give_first(&mut self, side: Side, most: Option<u64>, sink: &mut Sink<'_, R>) {
        let Some(early) = self.streams[side.index()].take_first() else { return };
        let next = self.streams[side.index()].next;
        let Early { offset, len, cut, octets, acknowledgement, mark, boundary, .. } = early;
        sink.ledger.holding = sink.ledger.holding.saturating_sub(u64::from(len));
        let seen_of_peer = self.seen_of_peer(side, acknowledgement);
        let seen_of_peer = seen_of_peer.map(|seen| seen.min(most.unwrap_or(seen)));
        // A gap may have been declared over a part of it.
        let skip = next.saturating_sub(offset).min(u64::from(len));
        sink.ledger.repeated += skip;
        let arrival = Arrival { mark, offset: next, seen_of_peer, boundary: boundary && skip == 0 };
        match &octets {
            Some(octets) => {
                let fresh = octets.get(skip as usize..).unwrap_or_default();
                if arrival.boundary {
                    self.note_recent(side, fresh);
                }
                self.give(side, Octets::Held(fresh), arrival, sink);
            }
            None => {
                self.give(side, Octets::Counted(u64::from(len) - skip), arrival, sink);
            }
        }
        let end = offset + u64::from(len) + u64::from(cut);
        let rest = end.saturating_sub(self.streams[side.index()].next);
        self.miss(side, rest, Missing::Cut, mark, sink);
    }

    /// Declares gaps where waiting is over; true where something was declared.
    fn give_up_holes(&mut self, sink: &mut Sink<'_, R>) -> bool {
        let mut given_up = false;
        let packets: u64 = self.facts.health.packets.iter().sum();
        for side in Side::BOTH {
            let blind = self.facts.health.packets[side.other().index()] == 0;
            let stream = &mut self.streams[side.index()];
            if stream.base.is_none() {
                continue;
            }
            let full = stream.overfull() || (sink.overfull && !stream.early.is_empty());
            let Some(hole_end) = stream.hole() else {
                stream.overdue = None;
                if full {
                    // Nothing is missing in front, but the other side's hole holds this one up.
                    self.give_first(side, None, sink);
                    given_up = true;
                }
                continue;
            };
            let to = if full {
                Some(hole_end)
            } else if let Some(overdue) = stream.overdue
                && stream.acknowledged > stream.next
            {
                let waited = packets.saturating_sub(overdue.packets);
                (waited >= u64::from(limits::GAP_PACKETS)
                    || self.facts.last.at.since(overdue.at) >= limits::GAP_WAIT)
                    .then(|| hole_end.min(stream.acknowledged))
            } else if blind && let Some(first) = stream.early.front() {
                (self.facts.last.since(first.mark) >= limits::BLIND_GAP_WAIT
                    || stream.early_cost > limits::BLIND_GAP_OCTETS
                    || stream.early.len() > limits::BLIND_GAP_SEGMENTS)
                    .then_some(hole_end)
            } else {
                None
            };
            if let Some(to) = to {
                let missing = to - stream.next;
                let mark = stream.early.front().map_or(self.facts.last, |early| early.mark);
                self.miss(side, missing, Missing::Lost, mark, sink);
                given_up = true;
            }
        }
        given_up
    }

    /// Hands octets over that are next, without the urgent ones where they are to be taken out.
    pub(super) fn give(
        &mut self,
        side: Side,
        mut octets: Octets<'_>,
        mut arrival: Arrival,
        sink: &mut Sink<'_, R>,
    ) {
        while self.streams[side.index()].urgent.is_some()
            && let Some(ahead) = self.streams[side.index()].urgent_within(octets.len())
        {
            let (front, rest) = octets.split(ahead);
            self.hand_over(side, front, arrival, sink);
            (_, octets) = rest.split(1);
            let stream = &mut self.streams[side.index()];
            stream.next += 1;
            stream.overdue = None;
            self.facts.health.octets[side.index()] += 1;
            sink.ledger.discarded += 1;
            arrival = Arrival { offset: stream.next, boundary: false, ..arrival };
        }
        self.hand_over(side, octets, arrival, sink);
    }

    fn hand_over(
        &mut self,
        side: Side,
        octets: Octets<'_>,
        arrival: Arrival,
        sink: &mut Sink<'_, R>,
    ) {
        let count = octets.len();
        if count == 0 {
            return;
        }
        let stream = &mut self.streams[side.index()];
        stream.next += count;
        stream.overdue = None;
        self.facts.health.octets[side.index()] += count;
        let way = match octets {
            Octets::Borrowed(_) => &mut sink.ledger.borrowed,
            Octets::Held(_) => &mut sink.ledger.held,
            Octets::Counted(_) => &mut sink.ledger.passed,
        };
        *way += count;
        let reader = reading(&mut self.reader, &mut self.untold, &self.facts, sink.out);
        match octets {
            Octets::Borrowed(octets) | Octets::Held(octets) => {
                reader.data(side, octets, arrival, &self.facts, sink.out);
            }
            Octets::Counted(count) => reader.passed(side, count, arrival, &self.facts, sink.out),
        }
    }

    pub(super) fn miss(
        &mut self,
        side: Side,
        count: u64,
        why: Missing,
        mark: Mark,
        sink: &mut Sink<'_, R>,
    ) {
        if count == 0 {
            return;
        }
        let index = side.index();
        let stream = &mut self.streams[index];
        stream.next += count;
        stream.overdue = None;
        let health = &mut self.facts.health;
        health.octets[index] += count;
        match why {
            Missing::Lost => {
                health.missing[index] += count;
                sink.ledger.missing += count;
            }
            Missing::Cut => health.cut[index] += count,
        }
        let reader = reading(&mut self.reader, &mut self.untold, &self.facts, sink.out);
        reader.gap(side, count, why, mark, &self.facts, sink.out);
    }

    /// Hands over everything that waits on the given sides, holes declared as gaps: nothing more
    /// will come there.
    pub(super) fn flush(&mut self, sides: &[Side], sink: &mut Sink<'_, R>) {
        for side in sides.iter().copied() {
            let stream = &self.streams[side.index()];
            if stream.base.is_none()
                && let Some(lowest) = stream.lowest_unplaced()
            {
                self.anchor(side, lowest, sink);
            }
        }
        loop {
            self.drain(sink);
            // What the receiver acknowledged was certainly sent; a hole behind which segments
            // wait is as certain, since they lie in the window.
            let hole = sides.iter().copied().find_map(|side| {
                let stream = &self.streams[side.index()];
                let to = stream.hole().filter(|_| stream.base.is_some() && !stream.ended)?;
                Some((side, to))
            });
            if let Some((side, to)) = hole {
                let missing = to.saturating_sub(self.streams[side.index()].next);
                self.miss(side, missing, Missing::Lost, self.facts.last, sink);
                continue;
            }
            let waiting = sides.iter().copied().find(|side| self.next_is_ready(*side, true));
            let Some(side) = waiting else { return };
            self.give_first(side, None, sink);
        }
    }
}
