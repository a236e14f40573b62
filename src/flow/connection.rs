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

use super::ledger::Ledger;
use super::reader::{Arrival, End, Ending, Facts, Handshake, Health, Mark, Missing, Reader, Side};
use super::stream::{Early, EarlySegment, Overdue, Recent, Stream};
use crate::limits;
use crate::units::Timestamp;
use crate::wire::{Endpoint, Flags, Segment};

/// Where the reader's words and the ledger go while a segment is worked in.
pub(super) struct Sink<'s, R: Reader> {
    pub out: &'s mut R::Output,
    pub ledger: &'s mut Ledger,
    /// Whether all connections together hold more than they may.
    pub overfull: bool,
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
    rival: Option<(Side, u32, Mark)>,
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
            },
            streams: [Stream::default(), Stream::default()],
            reader: None,
            untold: [None; 2],
            state: State::Opening,
            ending: None,
            rival: None,
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

    /// Octets that it takes, itself included.
    pub fn memory(&self) -> u64 {
        let recent = self.streams.iter().filter(|stream| stream.recent.is_some()).count();
        let reader = self.reader.as_ref().map_or(0, |reader| reader.memory());
        let pieces = 1 + recent as u64 + u64::from(self.reader.is_some());
        let own = (size_of::<Self>() + recent * size_of::<Recent>()) as u64;
        own + pieces * limits::ALLOCATION + limits::PLACE + self.held() + reader
    }

    /// The SYN that announced this connection's successor, for the successor to begin with.
    pub fn rival(&self) -> Option<(Side, u32, Mark)> {
        self.rival
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

    /// Works one segment in.
    pub fn segment(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        sink: &mut Sink<'_, R>,
    ) -> Outcome {
        let mark = Mark { at: segment.at, packet: segment.number };
        let flags = segment.flags;
        if flags.has(Flags::SYN) {
            if self.synchronise(side, segment, mark, sink.ledger) == Outcome::Successor {
                return Outcome::Successor;
            }
        } else if self.rival.is_some_and(|(rival, sequence, _)| {
            rival == side && segment.sequence == sequence.wrapping_add(1) && !flags.has(Flags::RST)
        }) {
            // The answer to that SYN was not captured, but its sender goes on as if it had come.
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
            self.acknowledge(side, segment, mark, sink.ledger);
        }
        if !flags.has(Flags::SYN) && self.state == State::Opening {
            self.state = State::Open;
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
        // The clock of a capture may step back; idle times are measured from the latest instant.
        if mark.at >= self.facts.last.at {
            self.facts.last = mark;
        } else {
            self.facts.last.packet = mark.packet;
        }
    }

    /// A segment with SYN: the beginning of this connection, a copy of it, or of the next one.
    fn synchronise(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        mark: Mark,
        ledger: &mut Ledger,
    ) -> Outcome {
        let first = segment.sequence.wrapping_add(1);
        let answers = segment.flags.has(Flags::ACK);
        let closed = self.state == State::Closed;
        let peer = &self.streams[side.other().index()];
        let plausible = !answers
            || match (peer.initial, peer.base) {
                (Some(initial), _) => {
                    // A SYN-ACK acknowledges the SYN, and with TCP Fast Open (RFC 7413) perhaps
                    // the data on it.
                    let beyond = segment.acknowledgement.wrapping_sub(initial.wrapping_add(1));
                    u64::from(beyond) <= peer.sent.max(peer.next)
                }
                (None, _) => true,
            };
        let peer_silent = peer.initial.is_none();
        let stream = &mut self.streams[side.index()];
        match stream.initial {
            Some(initial) if initial == segment.sequence && (plausible || !answers) => {
                // A repetition.
            }
            Some(_) if closed => return Outcome::Successor,
            Some(_) if answers => {
                if self.rival.is_some_and(|(rival, sequence, _)| {
                    rival == side.other() && segment.acknowledgement == sequence.wrapping_add(1)
                }) || !plausible
                {
                    return Outcome::Successor;
                }
                if stream.next == 0 && stream.early.is_empty() {
                    stream.alternate = Some(segment.sequence);
                } else {
                    self.facts.health.ignored[side.index()] += 1;
                }
                return Outcome::Taken;
            }
            Some(_) => {
                if self.state == State::Opening && peer_silent {
                    // The earlier attempt was never answered: this is the next one.
                    return Outcome::Successor;
                }
                self.rival = Some((side, segment.sequence, mark));
                self.facts.health.ignored[side.index()] += 1;
                return Outcome::Taken;
            }
            None if !plausible => {
                self.facts.health.ignored[side.index()] += 1;
                return Outcome::Taken;
            }
            None => match stream.base {
                // Data was captured before the SYN that precedes it.
                Some(base) if base == first => stream.initial = Some(segment.sequence),
                Some(base)
                    if stream.next == 0
                        && base.wrapping_sub(first) <= limits::HELD_OCTETS as u32 =>
                {
                    stream.rebase(first);
                    stream.initial = Some(segment.sequence);
                }
                Some(_) if answers => return Outcome::Successor,
                Some(_) => {
                    self.rival = Some((side, segment.sequence, mark));
                    self.facts.health.ignored[side.index()] += 1;
                    return Outcome::Taken;
                }
                None => {
                    // Data that came before may be behind this SYN, or of another connection.
                    let strange = stream.lowest_unplaced().is_some_and(|lowest| {
                        u64::from(lowest.wrapping_sub(first)) > limits::HELD_OCTETS
                    });
                    if closed || strange && answers {
                        return Outcome::Successor;
                    }
                    if strange {
                        self.rival = Some((side, segment.sequence, mark));
                        self.facts.health.ignored[side.index()] += 1;
                        return Outcome::Taken;
                    }
                    stream.initial = Some(segment.sequence);
                }
            },
        }
        let stream = &mut self.streams[side.index()];
        stream.window_scale = window_scale(segment.options);
        if stream.base.is_none() {
            self.anchor(side, first, ledger);
        }
        let handshake = &mut self.facts.handshake;
        match (side, answers) {
            (Side::Client, false) => {
                handshake.syn.get_or_insert(mark);
                handshake.syns += 1;
            }
            (Side::Server, true) => {
                handshake.syn_ack.get_or_insert(mark);
            }
            // Simultaneous open (RFC 9293 section 3.5): each side is client and server.
            (Side::Server, false) | (Side::Client, true) => {}
        }
        Outcome::Taken
    }

    /// Learns where a stream begins, and finds the place of what waited for that.
    fn anchor(&mut self, side: Side, base: u32, ledger: &mut Ledger) {
        let stream = &mut self.streams[side.index()];
        stream.base = Some(base);
        for mut early in stream.take_unplaced() {
            let Some((offset, skip)) = stream.placed(early.offset as u32) else { continue };
            let octets = early.octets.take().unwrap_or_default();
            let skip = (skip as usize).min(octets.len());
            stream.sent = stream.sent.max(offset + (octets.len() - skip) as u64);
            let segment = EarlySegment {
                offset,
                octets: octets.get(skip..).unwrap_or_default(),
                cut: early.cut,
                acknowledgement: early.acknowledgement,
                mark: early.mark,
                boundary: early.boundary && skip == 0,
            };
            let kept = stream.hold(segment, 0);
            let dropped = skip as u64 + kept.repeated;
            ledger.holding = ledger.holding.saturating_sub(dropped);
            ledger.repeated += dropped;
            self.facts.health.conflicts[side.index()] += u32::from(kept.conflict);
            self.facts.health.retransmissions[side.index()] += u32::from(kept.repeated > 0);
        }
        let stream = &mut self.streams[side.index()];
        if let Some((sequence, mark)) = stream.unplaced_fin.take()
            && let Some(place) = stream.offset(sequence)
            && place >= stream.sent
        {
            stream.fin = Some((place, mark));
        }
    }

    /// Works in what `side` says that it has received.
    fn acknowledge(&mut self, side: Side, segment: &Segment<'_>, mark: Mark, ledger: &mut Ledger) {
        let index = side.index();
        let scale = match (self.streams[0].window_scale, self.streams[1].window_scale) {
            (Some(_), Some(_)) if !segment.flags.has(Flags::SYN) => {
                self.streams[index].window_scale.unwrap_or_default()
            }
            // RFC 7323 section 2.2: scaling needs both SYNs. Unseen ones allow the largest.
            _ if self.streams[0].initial.is_none() || self.streams[1].initial.is_none() => 14,
            _ => 0,
        };
        // What a SYN-ACK acknowledges is the peer's SYN, and so does the first segment of a client.
        let opening = self.streams[index].initial.map(|initial| initial.wrapping_add(1));
        let acknowledges_syn = segment.flags.has(Flags::SYN)
            || side == Side::Client && opening == Some(segment.sequence);
        if acknowledges_syn && self.streams[side.other().index()].base.is_none() {
            self.anchor(side.other(), segment.acknowledgement, ledger);
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
        let window = u64::from(segment.window) << scale.min(14);
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
                self.compare(side, offset, segment.payload);
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
                self.compare(side, offset, segment.payload);
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
            sink.ledger.borrowed += fresh.len() as u64;
            let boundary = skip + in_front == 0;
            let arrival = Arrival { mark, offset: stream.next, seen_of_peer, boundary };
            let cut = end - (stream.next + fresh.len() as u64);
            if boundary {
                self.note_recent(side, fresh);
            }
            self.give(side, Octets::Shown(fresh), arrival, sink);
            self.miss(side, cut, Missing::Cut, mark, sink);
            return;
        }
        let cut = (end - offset).saturating_sub(octets.len() as u64) as u32;
        self.hold(side, EarlySegment { offset, octets, cut, ..early }, sink);
    }

    /// Remembers how a segment begins that is handed over now.
    fn note_recent(&mut self, side: Side, octets: &[u8]) {
        let stream = &mut self.streams[side.index()];
        stream.recent.get_or_insert_default().note(stream.next, octets);
    }

    /// A segment repeats what was handed over: whether it says the same.
    fn compare(&mut self, side: Side, offset: u64, octets: &[u8]) {
        let index = side.index();
        let recent = &self.streams[index].recent;
        let differs = recent.as_ref().is_some_and(|recent| recent.differs(offset, octets));
        self.facts.health.conflicts[index] += u32::from(differs);
    }

    /// Keeps a segment that cannot be handed over yet.
    fn hold(&mut self, side: Side, segment: EarlySegment<'_>, sink: &mut Sink<'_, R>) {
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
            EarlySegment { offset: stream.next, octets, cut, boundary: false, ..segment }
        } else {
            segment
        };
        let kept = stream.hold(segment, look_from);
        sink.ledger.holding += kept.held;
        sink.ledger.held_segments += u64::from(kept.held > 0);
        sink.ledger.repeated += kept.repeated;
        let health = &mut self.facts.health;
        if kept.repeated > 0 {
            health.retransmissions[index] += 1;
        }
        health.conflicts[index] += u32::from(kept.conflict);
        if stream.overdue.is_none() && stream.acknowledged > stream.next && stream.hole().is_some()
        {
            let packets = health.packets.iter().sum();
            stream.overdue = Some(Overdue { packets, at: self.facts.last.at });
        }
    }

    /// Whether a segment may be handed over: its sender had received nothing that was not handed
    /// over. So an answer never comes before its question, whatever the order of capture.
    fn ready(&self, side: Side, acknowledgement: Option<u32>) -> bool {
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

    fn seen_of_peer(&self, side: Side, acknowledgement: Option<u32>) -> Option<u64> {
        self.streams[side.other().index()].offset(acknowledgement?)
    }

    /// A FIN: the place where its sender's stream ends.
    fn finish(&mut self, side: Side, segment: &Segment<'_>, mark: Mark) {
        let index = side.index();
        let stream = &mut self.streams[index];
        let octets = segment.payload.len() as u64 + u64::from(segment.cut);
        let behind = segment.sequence.wrapping_add(u32::from(segment.flags.has(Flags::SYN)));
        if stream.base.is_none() {
            stream.unplaced_fin = Some((behind.wrapping_add(octets as u32), mark));
            self.facts.fin[index].get_or_insert(mark);
            return;
        }
        let Some(place) = stream.offset(behind) else { return };
        let place = place + octets;
        if stream.ended || place < stream.next || place < stream.sent || !stream.in_window(place) {
            if stream.fin.is_none() {
                self.facts.health.ignored[index] += 1;
            }
            return;
        }
        // Of two FINs the one in front is the true one: nothing can have been sent behind it.
        if stream.fin.is_none_or(|(fin, _)| place < fin) {
            stream.fin = Some((place, mark));
            stream.fin_acknowledged = false;
            self.facts.fin[index] = Some(mark);
        }
    }

    /// A RST: ends the connection if it stands where its receiver expects it (RFC 5961 section 3).
    fn reset(&mut self, side: Side, segment: &Segment<'_>, mark: Mark, sink: &mut Sink<'_, R>) {
        let index = side.index();
        if self.is_reset() {
            self.facts.reset[index].get_or_insert(mark);
            if self.state == State::Reset(side.other()) {
                self.close(mark, sink);
            }
            return;
        }
        let answers_syn = self.streams[index].base.is_none()
            && self.streams[side.other().index()].initial.is_some_and(|initial| {
                segment.flags.has(Flags::ACK)
                    && segment.acknowledgement.wrapping_sub(initial.wrapping_add(1)) <= 1 << 16
            });
        let stream = &mut self.streams[index];
        let place = stream.offset(segment.sequence);
        let exact = answers_syn
            || stream.base.is_none()
            || place.is_some_and(|place| {
                place == stream.next
                    || place == stream.acknowledged
                    || place == stream.sent
                    || stream.fin.is_some_and(|(fin, _)| place == fin + 1)
            });
        if !exact {
            self.facts.health.ignored[index] += 1;
            if let Some(place) = place
                && place > stream.next
                && stream.in_window(place)
            {
                stream.pending_reset = Some((place, mark));
            }
            return;
        }
        // One that acknowledges more comes of an open connection whose octets the capture lacks.
        let initial = self.streams[side.other().index()].initial;
        let refuses = answers_syn
            && initial.is_some_and(|initial| initial.wrapping_add(1) == segment.acknowledgement);
        self.close_by_reset(side, mark, refuses, sink);
    }

    /// One side has reset the connection: its own stream is over. What the other had sent by then
    /// may still come, until [`limits::RESET_LINGER`] has passed.
    fn close_by_reset(&mut self, side: Side, mark: Mark, refuses: bool, sink: &mut Sink<'_, R>) {
        self.facts.reset[side.index()] = Some(mark);
        let refused = refuses && side == Side::Server && !self.has_data();
        self.ending = Some(if refused { Ending::Refused } else { Ending::Reset(side) });
        self.flush(&[side], sink);
        self.end(side, None, mark, sink);
        self.state = State::Reset(side);
        let peer = &self.streams[side.other().index()];
        if refused || peer.ended || peer.base.is_none() {
            self.close(mark, sink);
        }
    }

    /// Nothing more will come: both streams are over.
    fn close(&mut self, mark: Mark, sink: &mut Sink<'_, R>) {
        self.flush(&Side::BOTH, sink);
        for side in Side::BOTH {
            self.end(side, None, mark, sink);
        }
        self.state = State::Closed;
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

    /// Whether anything waits, so that [`Self::advance`] has work.
    fn unsettled(&self) -> bool {
        self.streams.iter().any(|stream| {
            !stream.early.is_empty()
                || stream.unplaced_fin.is_some()
                || stream.overdue.is_some()
                || stream.fin.is_some()
                || stream.pending_reset.is_some()
        })
    }

    /// Hands over what has become ready, gives up holes that will not be filled, and closes.
    fn advance(&mut self, sink: &mut Sink<'_, R>) {
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
            if let Some((place, mark)) = stream.pending_reset
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
                self.anchor(side, lowest, sink.ledger);
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
        let Early { offset, len, cut, octets, acknowledgement, mark, boundary } = early;
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
                sink.ledger.held += fresh.len() as u64;
                if arrival.boundary {
                    self.note_recent(side, fresh);
                }
                self.give(side, Octets::Shown(fresh), arrival, sink);
            }
            None => {
                sink.ledger.passed += u64::from(len) - skip;
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

    fn give(&mut self, side: Side, octets: Octets<'_>, arrival: Arrival, sink: &mut Sink<'_, R>) {
        let count = match octets {
            Octets::Shown(octets) => octets.len() as u64,
            Octets::Counted(count) => count,
        };
        if count == 0 {
            return;
        }
        let stream = &mut self.streams[side.index()];
        stream.next += count;
        stream.overdue = None;
        self.facts.health.octets[side.index()] += count;
        let reader = reading(&mut self.reader, &mut self.untold, &self.facts, sink.out);
        match octets {
            Octets::Shown(octets) => reader.data(side, octets, arrival, &self.facts, sink.out),
            Octets::Counted(count) => reader.passed(side, count, arrival, &self.facts, sink.out),
        }
    }

    fn miss(&mut self, side: Side, count: u64, why: Missing, mark: Mark, sink: &mut Sink<'_, R>) {
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
    fn flush(&mut self, sides: &[Side], sink: &mut Sink<'_, R>) {
        for side in sides.iter().copied() {
            let stream = &self.streams[side.index()];
            if stream.base.is_none()
                && let Some(lowest) = stream.lowest_unplaced()
            {
                self.anchor(side, lowest, sink.ledger);
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

    fn end(&mut self, side: Side, how: Option<End>, mark: Mark, sink: &mut Sink<'_, R>) {
        let stream = &mut self.streams[side.index()];
        if stream.ended {
            return;
        }
        stream.ended = true;
        let how = match (how, self.ending) {
            (Some(how), _) => how,
            (None, Some(Ending::Reset(by))) => End::Reset(by),
            (None, Some(Ending::Idle)) => End::Idle,
            (None, Some(Ending::Replaced)) => End::Replaced,
            (None, Some(Ending::Evicted)) => End::Evicted,
            (None, Some(Ending::Refused)) => End::Reset(Side::Server),
            (None, _) => End::CaptureEnd,
        };
        match &mut self.reader {
            Some(reader) => reader.end(side, how, mark, &self.facts, sink.out),
            None => self.untold[side.index()] = Some((how, mark)),
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
    pub fn conclude(mut self, why: Ending, mark: Mark, sink: &mut Sink<'_, R>) {
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
                if let Some((place, mark)) = stream.pending_reset
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
enum Octets<'p> {
    Shown(&'p [u8]),
    Counted(u64),
}

/// The window scale option of a SYN (RFC 7323 section 2.2).
fn window_scale(mut options: &[u8]) -> Option<u8> {
    loop {
        match options {
            [0, ..] | [] => return None,
            [1, rest @ ..] => options = rest,
            [3, 3, scale, ..] => return Some((*scale).min(14)),
            [_, len, ..] => options = options.get(usize::from((*len).max(2))..)?,
            [_] => return None,
        }
    }
}
