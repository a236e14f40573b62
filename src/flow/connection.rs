//! One TCP connection: segments of both sides in, a reader told of both streams in causal order.
//!
//! ```text
//! in order, causally ready ──────────────────────────────→ reader.data   (borrowed)
//! early, or ahead of what its sender acknowledged → held ─→ reader.data   (copied)
//! behind what was handed over                    → repeated
//! hole that the receiver has acknowledged        → waited for, then reader.gap
//! ```
//!
//! RFC 9293 says what a segment means; what an observer has to do with loss, copies and
//! disorder of the capture itself is said where it is decided.

mod delivery;
mod ends;
mod prediction;

pub(super) use ends::window_scale;
pub(super) use prediction::Prediction;

use super::ledger::Ledger;
use super::reader::{
    Arrival, Conflict, End, Ending, Facts, Handshake, Health, Mark, Missing, Reader, Side,
};
use super::reassembly::{Reassembly, Urgent};
use super::stream::{EarlySegment, Overdue, Stream, UrgentOctets};
use crate::limits;
use crate::units::Timestamp;
use crate::wire::{Endpoint, Flags, Segment};

/// Where the reader's words and the ledger go while a segment is worked in.
pub(super) struct Sink<'s, R: Reader> {
    pub out: &'s mut R::Output,
    pub ledger: &'s mut Ledger,
    /// Whether all connections together hold more than they may.
    pub overfull: bool,
    /// How streams are put together.
    pub reassembly: Reassembly,
}

/// What a segment meant for the connection that its ports belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was worked in.
    Taken,
    /// It belongs to a new connection between the same ports and was not worked in.
    Successor,
}

/// What is remembered of a connection that is over: enough to tell its late segments from a new
/// connection between the same ports.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Remains {
    /// Initial sequence number of each side.
    initial: [Option<u32>; 2],
    /// Sequence number behind everything that each side sent; `None` where it sent nothing.
    behind: [Option<u32>; 2],
}

impl Remains {
    /// Whether a segment of one side belongs to the connection that is over.
    pub fn own(&self, side: Side, segment: &Segment<'_>) -> bool {
        let index = side.index();
        if segment.flags.has(Flags::SYN) {
            return self.initial[index] == Some(segment.sequence);
        }
        let Some(behind) = self.behind[index] else { return segment.payload.is_empty() };
        let end = segment.sequence.wrapping_add(segment.payload.len() as u32);
        // One number more than the data is the FIN's.
        segment.payload.is_empty() || (end.wrapping_sub(behind.wrapping_add(1)) as i32) <= 0
    }
}

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// SYNs alone were seen.
    Opening,
    /// Anything between.
    Open,
    /// The given side reset it; what the other had sent by then may still come.
    Reset(Side),
    /// Both streams are over.
    Closed,
}

/// See the module's words.
pub(super) struct Connection<R> {
    pub facts: Facts,
    streams: [Stream; 2],
    reader: Option<Box<R>>,
    /// How a side ended, where there was nothing to read by then.
    untold: [Option<(End, Mark)>; 2],
    state: State,
    ending: Option<Ending>,
    /// A SYN that may begin a successor: its side, sequence number and packet.
    rival: Option<Box<(Side, u32, Mark)>>,
    /// What the client's segments had that were captured in front of its SYN: sequence number, and the lowest
    /// acknowledgement.
    before_syn: Option<(u32, u32)>,
    /// The scale of each side's window, while the next segment can be predicted.
    predicted: Option<[u8; 2]>,
    /// When it was not silent, for the timers: see [`Table::segment`](super::Table::segment).
    pub heard: Timestamp,
    /// What the table has charged for it.
    pub charged: u64,
}

/// The reader, from the first octet on. It is told which side had ended by then.
fn reading<'r, R: Reader>(
    reader: &'r mut Option<Box<R>>,
    untold: &mut [Option<(End, Mark)>; 2],
    facts: &Facts,
    out: &mut R::Output,
) -> &'r mut R {
    reader.get_or_insert_with(|| {
        let mut reader = Box::<R>::default();
        for side in Side::BOTH {
            if let Some((how, mark)) = untold[side.index()].take() {
                reader.end(side, how, mark, facts, out);
            }
        }
        reader
    })
}

impl<R: Reader> Connection<R> {
    /// A connection that the given segment begins.
    pub fn new(client: Endpoint, server: Endpoint, mark: Mark) -> Self {
        Self {
            facts: Facts {
                id: mark.packet,
                ends: [client, server],
                first: mark,
                last: mark,
                handshake: Handshake::default(),
                health: Health::default(),
                via: [None; 2],
                fin: [None; 2],
                reset: [None; 2],
                acknowledged: [None; 2],
                unseen: [false; 2],
                conflicts: Vec::new(),
            },
            streams: [Stream::default(), Stream::default()],
            reader: None,
            untold: [None; 2],
            state: State::Opening,
            ending: None,
            rival: None,
            before_syn: None,
            predicted: None,
            heard: mark.at,
            charged: 0,
        }
    }

    /// Which side an endpoint is.
    pub fn side_of(&self, source: Endpoint) -> Side {
        if self.facts.ends[0] == source { Side::Client } else { Side::Server }
    }

    /// Whether SYNs alone were seen.
    pub fn is_embryonic(&self) -> bool {
        self.state == State::Opening
    }

    /// Whether both streams are over.
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// Whether somebody waits for an answer.
    pub fn is_waiting(&self) -> bool {
        self.reader.as_ref().is_some_and(|reader| reader.waiting())
    }

    /// Whether something would be lost with it: an answer that is waited for, or the rest of a message.
    pub fn is_needed(&self) -> bool {
        self.reader.as_ref().is_some_and(|reader| reader.waiting() || reader.inside())
    }

    /// Whether anything was read on it.
    pub fn has_data(&self) -> bool {
        self.reader.is_some()
    }

    /// What waits in both directions costs so many octets.
    pub fn held(&self) -> u64 {
        self.streams.iter().map(|stream| stream.early_cost).sum()
    }

    /// Octets that it takes, itself included, with all that it may have in boxes.
    pub fn memory(&self) -> u64 {
        let recent: u64 = self.streams.iter().map(|stream| stream.recent.memory()).sum();
        let reader = self.reader.as_ref().map_or(0, |reader| reader.memory());
        let urgent = self.streams.iter().filter_map(|stream| stream.urgent.as_deref());
        let urgent: u64 = urgent.map(UrgentOctets::memory).sum();
        let conflict = limits::allocated(size_of::<Conflict>() + 2 * limits::CONFLICT_OCTETS);
        let odd = urgent + self.facts.conflicts.capacity() as u64 * conflict;
        let boxes = 7 * limits::allocated(size_of::<(Side, u32, Mark)>());
        limits::allocated(size_of::<Self>())
            + boxes
            + limits::PLACE
            + recent
            + self.held()
            + reader
            + odd
    }

    /// The SYN that announced this connection's successor, for the successor to begin with.
    pub fn rival(&self) -> Option<(Side, u32, Mark)> {
        self.rival.as_deref().copied()
    }

    /// Counts a SYN that came before this connection was known to be a new one.
    pub fn adopt_syn(&mut self, side: Side, sequence: u32, mark: Mark) {
        let stream = &mut self.streams[side.index()];
        stream.initial = Some(sequence);
        stream.base = Some(sequence.wrapping_add(1));
        if side == Side::Client {
            self.facts.handshake.syn = Some(mark);
            self.facts.handshake.syns = 1;
            self.facts.first = mark;
        }
    }

    /// Works one segment in, whatever it is.
    pub fn segment(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        sink: &mut Sink<'_, R>,
    ) -> Outcome {
        let outcome = self.work_in(side, segment, sink);
        self.predict();
        outcome
    }

    fn work_in(&mut self, side: Side, segment: &Segment<'_>, sink: &mut Sink<'_, R>) -> Outcome {
        let mark = Mark { at: segment.at, packet: segment.number };
        let flags = segment.flags;
        if flags.has(Flags::SYN) {
            if self.synchronise(side, segment, mark, sink) == Outcome::Successor {
                return Outcome::Successor;
            }
        } else if self.rival.as_deref().is_some_and(|(rival, sequence, _)| {
            *rival == side && segment.sequence == sequence.wrapping_add(1) && !flags.has(Flags::RST)
        }) {
            // The answer to that SYN was not captured, but its sender goes on as if it had come.
            return Outcome::Successor;
        }
        if self.is_outlived(side, segment, mark) {
            return Outcome::Successor;
        }
        self.count(side, segment, mark);
        let captured = segment.payload.len() as u64;
        sink.ledger.received += captured;
        if flags.has(Flags::RST) {
            // RFC 9293 section 3.10.7: text in a RST is a reason for people, not data.
            sink.ledger.discarded += captured;
            self.reset(side, segment, mark, sink);
            return Outcome::Taken;
        }
        if self.state == State::Reset(side) {
            sink.ledger.discarded += captured;
            if flags.has(Flags::FIN) {
                self.facts.fin[side.index()].get_or_insert(mark);
            }
            return Outcome::Taken;
        }
        if flags.has(Flags::ACK) {
            self.acknowledge(side, segment, mark, sink);
        }
        if !flags.has(Flags::SYN) && self.state == State::Opening {
            self.state = State::Open;
        }
        if sink.reassembly.urgent == Urgent::OutOfBand
            && flags.has(Flags::URG)
            && let Some(behind) = segment.urgent.checked_sub(1)
        {
            let first = segment.sequence.wrapping_add(u32::from(flags.has(Flags::SYN)));
            self.streams[side.index()].note_urgent(first.wrapping_add(u32::from(behind)));
        }
        if !segment.payload.is_empty() || segment.cut > 0 {
            if self.state == State::Opening {
                self.state = State::Open;
            }
            self.payload(side, segment, mark, sink);
        }
        if flags.has(Flags::FIN) {
            self.finish(side, segment, mark);
        }
        if self.unsettled() {
            self.advance(sink);
        }
        Outcome::Taken
    }

    /// Whether the connection was over when this segment was sent, though the clock has not told so yet: it
    /// believes a jump when a second packet confirms it, and the first one is to be read too.
    fn is_outlived(&mut self, side: Side, segment: &Segment<'_>, mark: Mark) -> bool {
        let silent = mark.since(self.facts.last);
        if silent < limits::RESET_LINGER || segment.payload.is_empty() {
            return false;
        }
        let idle = if self.is_waiting() { limits::IDLE_WAITING } else { limits::IDLE };
        let over = self.is_reset() || silent >= idle;
        if !over || !self.streams[side.index()].is_elsewhere(segment.sequence) {
            return false;
        }
        self.ending.get_or_insert(Ending::Idle);
        true
    }

    fn count(&mut self, side: Side, segment: &Segment<'_>, mark: Mark) {
        let health = &mut self.facts.health;
        let index = side.index();
        health.packets[index] += 1;
        if segment.window == 0 && segment.flags.0 & (Flags::SYN | Flags::RST | Flags::FIN) == 0 {
            health.zero_windows[index] += 1;
        }
        if segment.flags.has(Flags::URG) && segment.urgent > 0 {
            health.urgent[index] += 1;
        }
        self.facts.via[index].get_or_insert(segment.via);
        self.facts.came(mark);
    }

    /// By how many bits the window of a segment of one side is to be shifted.
    fn scale(&self, side: Side, is_syn: bool) -> u8 {
        let [client, server] = &self.streams;
        match (client.window_scale, server.window_scale) {
            (Some(client), Some(server)) if !is_syn => [client, server][side.index()].min(14),
            // RFC 7323 section 2.2: scaling needs both SYNs. Unseen ones allow the largest.
            _ if client.initial.is_none() || server.initial.is_none() => 14,
            _ => 0,
        }
    }

    /// Works in what `side` says that it has received.
    fn acknowledge(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        mark: Mark,
        sink: &mut Sink<'_, R>,
    ) {
        let index = side.index();
        let scale = self.scale(side, segment.flags.has(Flags::SYN));
        // What a SYN-ACK acknowledges is the peer's SYN, and so does the first segment of a client.
        let opening = self.streams[index].initial.map(|initial| initial.wrapping_add(1));
        let acknowledges_syn = segment.flags.has(Flags::SYN)
            || side == Side::Client && opening == Some(segment.sequence);
        let peer = &self.streams[side.other().index()];
        if acknowledges_syn && peer.base.is_none() {
            // Sent again, it acknowledges more than it did at first: what came already tells.
            let beginning = peer.unplaced_before(segment.acknowledgement);
            self.anchor(side.other(), beginning.unwrap_or(segment.acknowledgement), sink);
            self.streams[side.other().index()].presumed = !segment.payload.is_empty();
        } else if side == Side::Client && opening.is_none() && peer.base.is_none() {
            let (sequence, acknowledgement) = (segment.sequence, segment.acknowledgement);
            let lowest = match self.before_syn {
                Some((same, lowest))
                    if same == sequence && (lowest.wrapping_sub(acknowledgement) as i32) < 0 =>
                {
                    lowest
                }
                _ => acknowledgement,
            };
            self.before_syn = Some((sequence, lowest));
        }
        let peer = &mut self.streams[side.other().index()];
        if peer.next == 0
            && peer
                .alternate
                .is_some_and(|initial| initial.wrapping_add(1) == segment.acknowledgement)
        {
            // Of several SYN-ACKs the acknowledged one holds.
            peer.initial = peer.alternate.take();
            peer.base = Some(segment.acknowledgement);
        }
        if side == Side::Client
            && self.facts.handshake.done.is_none()
            && self.facts.handshake.syn_ack.is_some()
            && !segment.flags.has(Flags::SYN)
        {
            self.facts.handshake.done = Some(mark);
        }
        let Some(offset) = peer.offset(segment.acknowledgement) else { return };
        if peer.allowed == 0 || offset <= peer.allowed.max(peer.sent) + 1 {
            peer.stays();
        } else if !peer.believes(offset) {
            // Acknowledges what the receiver itself never allowed to be sent.
            self.facts.health.ignored[index] += 1;
            return;
        }
        let window = u64::from(segment.window) << scale;
        peer.allowed = peer.allowed.max(offset + window);
        if offset > peer.acknowledged {
            self.facts.acknowledged[side.other().index()] = Some(mark);
        }
        match peer.fin {
            Some((fin, _)) if offset > fin => {
                peer.fin_acknowledged = true;
                peer.acknowledged = peer.acknowledged.max(fin);
            }
            _ => peer.acknowledged = peer.acknowledged.max(offset),
        }
        self.facts.unseen[side.other().index()] = peer.acknowledged > peer.sent;
        if peer.overdue.is_none() && peer.acknowledged > peer.next && peer.hole().is_some() {
            let packets = self.facts.health.packets.iter().sum();
            peer.overdue = Some(Overdue { packets, at: self.facts.last.at });
        }
    }

    /// Puts the payload of a segment where it belongs.
    fn payload(&mut self, side: Side, segment: &Segment<'_>, mark: Mark, sink: &mut Sink<'_, R>) {
        let index = side.index();
        let captured = segment.payload.len() as u64;
        let acknowledgement = segment.flags.has(Flags::ACK).then_some(segment.acknowledgement);
        // RFC 9293 section 3.4: the SYN takes the sequence number in front of the data.
        let sequence = segment.sequence.wrapping_add(u32::from(segment.flags.has(Flags::SYN)));
        let early = EarlySegment {
            offset: 0,
            octets: segment.payload,
            cut: segment.cut,
            acknowledgement,
            mark,
            boundary: true,
            before: 0,
        };
        let stream = &mut self.streams[index];
        let Some((offset, skip)) = stream.placed(sequence) else {
            sink.ledger.holding += captured;
            sink.ledger.held_segments += 1;
            stream.hold_unplaced(sequence, &early);
            return;
        };
        // Without its SYN a stream is anchored by what was acknowledged first, or by what came first; that
        // may not have been far enough in front. A probe of one octet tells nothing.
        let guessed = self.facts.midstream() || stream.initial.is_none() && captured > 1;
        if skip > 0 && stream.next == 0 && guessed && skip <= limits::HELD_OCTETS {
            stream.rebase(sequence);
            return self.payload(side, segment, mark, sink);
        }
        let whole = captured + u64::from(segment.cut);
        let end = offset + whole.saturating_sub(skip);
        if stream.ended || !stream.in_window(offset) && !stream.believes(offset) {
            sink.ledger.discarded += captured;
            self.facts.health.ignored[index] += 1;
            return;
        }
        if end <= stream.next {
            sink.ledger.repeated += captured;
            // RFC 9293 sections 3.8.4 and 3.8.6.1: a probe repeats the octet in front of the next.
            if whole <= 1 && stream.next.saturating_sub(offset) <= 1 {
                self.facts.health.probes[index] += 1;
            } else {
                self.facts.health.retransmissions[index] += 1;
                // Of what begins in front of the stream the rest.
                let known = (skip as usize).min(segment.payload.len());
                let again = segment.payload.get(known..).unwrap_or_default();
                self.compare(side, offset, again, mark);
            }
            return;
        }
        let in_front = (skip as usize).min(segment.payload.len());
        let octets = segment.payload.get(in_front..).unwrap_or_default();
        sink.ledger.repeated += in_front as u64;
        if let Some((fin, _)) = stream.fin
            && end > fin
        {
            // Nobody sends data behind its own FIN: that FIN was not its own.
            stream.fin = None;
            stream.fin_acknowledged = false;
            self.facts.fin[index] = None;
            self.facts.health.ignored[index] += 1;
        }
        stream.sent = stream.sent.max(end);
        self.facts.unseen[index] &= stream.acknowledged > stream.sent;
        stream.stays();
        if offset < stream.next {
            self.facts.health.retransmissions[index] += 1;
            if skip == 0 {
                self.compare(side, offset, segment.payload, mark);
            }
        } else if let Some(first) = stream.early.front()
            && offset < first.offset
        {
            // It fills a hole: overtaken on its way, or sent again.
            if mark.since(first.mark) < limits::REORDERING {
                self.facts.health.reordered[index] += 1;
            } else {
                self.facts.health.retransmissions[index] += 1;
            }
        }
        let stream = &self.streams[index];
        if offset <= stream.next && stream.early.is_empty() && self.ready(side, acknowledgement) {
            let skip = (stream.next - offset) as usize;
            let seen_of_peer = self.seen_of_peer(side, acknowledgement);
            let fresh = octets.get(skip..).unwrap_or_default();
            sink.ledger.repeated += (octets.len() - fresh.len()) as u64;
            let boundary = skip + in_front == 0;
            let arrival = Arrival { mark, offset: stream.next, seen_of_peer, boundary };
            let cut = end - (stream.next + fresh.len() as u64);
            if boundary {
                self.note_recent(side, fresh);
            }
            self.give(side, Octets::Borrowed(fresh), arrival, sink);
            self.miss(side, cut, Missing::Cut, mark, sink);
            return;
        }
        let cut = (end - offset).saturating_sub(octets.len() as u64) as u32;
        self.hold(side, EarlySegment { offset, octets, cut, ..early }, sink);
    }

    /// Remembers how a segment begins and ends that is handed over now.
    fn note_recent(&mut self, side: Side, octets: &[u8]) {
        let stream = &mut self.streams[side.index()];
        stream.recent.note(stream.next, octets);
    }

    /// A segment repeats what was handed over: whether it says the same.
    fn compare(&mut self, side: Side, offset: u64, octets: &[u8], mark: Mark) {
        let conflict = self.streams[side.index()].recent.differs(side, mark, offset, octets);
        self.note_conflict(conflict);
    }

    /// Counts octets that there are two versions of, and keeps the first of them.
    fn note_conflict(&mut self, conflict: Option<Conflict>) {
        let Some(conflict) = conflict else { return };
        self.facts.health.conflicts[conflict.side.index()] += 1;
        if self.facts.conflicts.len() < limits::CONFLICTS_KEPT {
            self.facts.conflicts.push(conflict);
        }
    }

    /// Whether one side has reset it, and the other is still listened to.
    pub fn is_reset(&self) -> bool {
        matches!(self.state, State::Reset(_))
    }

    /// The time for what was on its way when the connection was reset is over.
    pub fn settle_reset(&mut self, mark: Mark, sink: &mut Sink<'_, R>) {
        if self.is_reset() {
            self.close(mark, sink);
        }
    }

    /// What to remember of it when it is over.
    pub fn remains(&self) -> Remains {
        let behind = |stream: &Stream| Some(stream.base?.wrapping_add(stream.next as u32));
        // A SYN that is still to come stands in front of the first octet.
        let initial = |stream: &Stream| {
            stream.initial.or_else(|| stream.base.map(|first| first.wrapping_sub(1)))
        };
        Remains {
            initial: [initial(&self.streams[0]), initial(&self.streams[1])],
            behind: [behind(&self.streams[0]), behind(&self.streams[1])],
        }
    }

    /// The connection is given up for a reason that lies outside it.
    pub fn conclude(&mut self, why: Ending, mark: Mark, sink: &mut Sink<'_, R>) {
        if self.state != State::Closed {
            self.flush(&Side::BOTH, sink);
            for side in Side::BOTH {
                let stream = &self.streams[side.index()];
                if let Some((place, mark)) = stream.fin
                    && stream.next == place
                {
                    self.end(side, Some(End::Fin), mark, sink);
                }
                let stream = &self.streams[side.index()];
                if let Some((place, mark)) = stream.pending_reset.as_deref().copied()
                    && stream.next <= place
                {
                    self.facts.reset[side.index()] = Some(mark);
                    self.ending.get_or_insert(Ending::Reset(side));
                }
            }
            let unanswered = self.state == State::Opening
                && self.streams.iter().filter(|stream| stream.initial.is_some()).count() == 1;
            let all_ended = self.streams.iter().all(|stream| stream.ended);
            self.ending.get_or_insert(match why {
                _ if all_ended => Ending::Closed,
                Ending::Idle | Ending::Replaced | Ending::Open if unanswered => Ending::Unanswered,
                why => why,
            });
            for side in Side::BOTH {
                self.end(side, None, mark, sink);
            }
        }
        let ending = self.ending.unwrap_or(why);
        R::closed(self.reader.as_deref(), &self.facts, ending, mark, sink.out);
    }
}

/// Octets on their way to the reader.
#[derive(Clone, Copy)]
enum Octets<'p> {
    /// Where they lie in their packet.
    Borrowed(&'p [u8]),
    /// Copies of them.
    Held(&'p [u8]),
    /// So many, which came early and were not kept.
    Counted(u64),
}

impl Octets<'_> {
    const fn len(&self) -> u64 {
        match self {
            Self::Borrowed(octets) | Self::Held(octets) => octets.len() as u64,
            Self::Counted(count) => *count,
        }
    }

    /// The first `len` of them, and the others.
    fn split(self, len: u64) -> (Self, Self) {
        let at =
            |octets: &[u8]| usize::try_from(len).map_or(octets.len(), |len| len.min(octets.len()));
        match self {
            Self::Borrowed(octets) => {
                let (front, rest) = octets.split_at(at(octets));
                (Self::Borrowed(front), Self::Borrowed(rest))
            }
            Self::Held(octets) => {
                let (front, rest) = octets.split_at(at(octets));
                (Self::Held(front), Self::Held(rest))
            }
            Self::Counted(count) => {
                (Self::Counted(count.min(len)), Self::Counted(count.saturating_sub(len)))
            }
        }
    }
}
