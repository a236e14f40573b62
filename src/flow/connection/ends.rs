//! How a connection begins and ends: SYNs and where streams are anchored; FINs, RSTs, and who is told.

use super::{Connection, Outcome, Sink, State};
use crate::flow::reader::{End, Ending, Mark, Reader, Side};
use crate::flow::stream::EarlySegment;
use crate::limits;
use crate::wire::{Flags, Segment};

impl<R: Reader> Connection<R> {
    /// A segment with SYN: the beginning of this connection, a copy of it, or of the next one.
    pub(super) fn synchronise(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        mark: Mark,
        sink: &mut Sink<'_, R>,
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
                if self.rival.as_deref().is_some_and(|(rival, sequence, _)| {
                    *rival == side.other() && segment.acknowledgement == sequence.wrapping_add(1)
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
                self.rival = Some(Box::new((side, segment.sequence, mark)));
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
                    self.rival = Some(Box::new((side, segment.sequence, mark)));
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
                        self.rival = Some(Box::new((side, segment.sequence, mark)));
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
            self.anchor(side, first, sink);
        }
        // The third segment of the handshake may have been captured in front of the first.
        if side == Side::Client
            && let Some((_, acknowledged)) = self.before_syn.take_if(|(at, _)| *at == first)
            && let peer = &self.streams[side.other().index()]
            && peer.base.is_none()
        {
            let beginning = peer.unplaced_before(acknowledged).unwrap_or(acknowledged);
            self.anchor(side.other(), beginning, sink);
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
    pub(super) fn anchor(&mut self, side: Side, base: u32, sink: &mut Sink<'_, R>) {
        let stream = &mut self.streams[side.index()];
        stream.base = Some(base);
        for mut early in stream.take_unplaced() {
            let stream = &mut self.streams[side.index()];
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
                before: skip as u32,
            };
            let kept = stream.hold(segment, 0, side, sink.reassembly.overlap);
            let dropped = skip as u64 + kept.repeated;
            sink.ledger.holding = sink.ledger.holding.saturating_sub(dropped);
            sink.ledger.repeated += dropped;
            self.facts.health.retransmissions[side.index()] += u32::from(kept.repeated > 0);
            self.note_conflict(kept.conflict);
        }
        let stream = &mut self.streams[side.index()];
        if let Some((sequence, mark)) = stream.unplaced_fin.take().map(|fin| *fin)
            && let Some(place) = stream.offset(sequence)
            && place >= stream.sent
        {
            stream.fin = Some((place, mark));
        }
    }

    /// A FIN: the place where its sender's stream ends.
    pub(super) fn finish(&mut self, side: Side, segment: &Segment<'_>, mark: Mark) {
        let index = side.index();
        let stream = &mut self.streams[index];
        let octets = segment.payload.len() as u64 + u64::from(segment.cut);
        let behind = segment.sequence.wrapping_add(u32::from(segment.flags.has(Flags::SYN)));
        if stream.base.is_none() {
            stream.unplaced_fin = Some(Box::new((behind.wrapping_add(octets as u32), mark)));
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
    pub(super) fn reset(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        mark: Mark,
        sink: &mut Sink<'_, R>,
    ) {
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
                stream.pending_reset = Some(Box::new((place, mark)));
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
    pub(super) fn close_by_reset(
        &mut self,
        side: Side,
        mark: Mark,
        refuses: bool,
        sink: &mut Sink<'_, R>,
    ) {
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
    pub(super) fn close(&mut self, mark: Mark, sink: &mut Sink<'_, R>) {
        self.flush(&Side::BOTH, sink);
        for side in Side::BOTH {
            self.end(side, None, mark, sink);
        }
        self.state = State::Closed;
    }

    pub(super) fn end(&mut self, side: Side, how: Option<End>, mark: Mark, sink: &mut Sink<'_, R>) {
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
}

/// The window scale option of a SYN (RFC 7323 section 2.2).
pub(in crate::flow) fn window_scale(mut options: &[u8]) -> Option<u8> {
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
