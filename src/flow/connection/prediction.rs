//! Header prediction, as receivers do it (Van Jacobson; RFC 7323 appendix F names it): nearly every segment
//! is the next one of an open connection on which nothing is missing and nothing waits, so that what it
//! means is known beforehand. In comes a segment, out comes whether it was such a one and was worked in.
//!
//! This decides nothing of its own: what is worked in here comes out of [`Connection::segment`] alike,
//! only later. A test holds both against each other.

use super::{Connection, Octets, Sink, State};
use crate::flow::reader::{Arrival, Mark, Reader, Side};
use crate::flow::stream::Stream;
use crate::wire::{Flags, Segment};

/// Bits that make a segment none of those that are predicted.
const UNPREDICTED: u8 = Flags::SYN | Flags::FIN | Flags::RST | Flags::URG;

/// Whether a segment was what was predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::flow) enum Prediction {
    /// It was not, and nothing has happened.
    Missed,
    /// It was worked in, and took no memory.
    Taken,
    /// It was worked in, and the connection may take another amount of memory now.
    Read,
}

impl<R: Reader> Connection<R> {
    /// Works a segment in if it is what was predicted.
    #[inline]
    pub fn predicted(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        sink: &mut Sink<'_, R>,
    ) -> Prediction {
        let Some(scales) = self.predicted else { return Prediction::Missed };
        let flags = segment.flags.0;
        if flags & (UNPREDICTED | Flags::ACK) != Flags::ACK || segment.cut > 0 {
            return Prediction::Missed;
        }
        let (index, other) = (side.index(), side.other().index());
        let [client, server] = &mut self.streams;
        let (own, peer) = match side {
            Side::Client => (client, server),
            Side::Server => (server, client),
        };
        let Some(acknowledged) = peer.offset(segment.acknowledgement) else {
            return Prediction::Missed;
        };
        // It acknowledges nothing that is still to come or was never allowed to be sent.
        let is_known = acknowledged <= peer.next
            && (peer.allowed == 0 || acknowledged <= peer.allowed.max(peer.sent) + 1);
        if !is_known || segment.window == 0 {
            return Prediction::Missed;
        }
        let octets = segment.payload;
        if !octets.is_empty() && own.offset(segment.sequence) != Some(own.next) {
            return Prediction::Missed;
        }
        let mark = Mark { at: segment.at, packet: segment.number };
        let facts = &mut self.facts;
        facts.health.packets[index] += 1;
        facts.came(mark);
        let window = u64::from(segment.window) << scales[index];
        peer.allowed = peer.allowed.max(acknowledged + window);
        if acknowledged > peer.acknowledged {
            peer.acknowledged = acknowledged;
            facts.acknowledged[other] = Some(mark);
        }
        facts.unseen[other] = peer.acknowledged > peer.sent;
        if octets.is_empty() {
            return Prediction::Taken;
        }
        let offset = own.next;
        own.sent = own.sent.max(offset + octets.len() as u64);
        facts.unseen[index] &= own.acknowledged > own.sent;
        own.recent.note(offset, octets);
        sink.ledger.received += octets.len() as u64;
        let unread = self.reader.as_ref().map_or(0, |reader| reader.unread(side));
        // In the middle of a body that is only counted.
        let is_counted = unread > octets.len() as u64 && own.recent.is_full();
        let seen_of_peer = Some(acknowledged);
        let arrival = Arrival { mark, offset, seen_of_peer, boundary: true };
        self.give(side, Octets::Borrowed(octets), arrival, sink);
        if is_counted { Prediction::Taken } else { Prediction::Read }
    }

    /// Whether the next segment can be predicted, by what was learned from this one.
    pub(super) fn predict(&mut self) {
        let [client, server] = &self.streams;
        let handshake = &self.facts.handshake;
        let is_smooth = self.state == State::Open
            && self.rival.is_none()
            && self.facts.via.iter().all(Option::is_some)
            && (handshake.syn_ack.is_none() || handshake.done.is_some())
            && client.is_smooth()
            && server.is_smooth();
        self.predicted = is_smooth.then(|| Side::BOTH.map(|side| self.scale(side, false)));
    }
}

impl Stream {
    /// Whether nothing waits on it, and nothing is odd about it.
    fn is_smooth(&self) -> bool {
        self.base.is_some()
            && !self.presumed
            && self.alternate.is_none()
            && self.urgent.is_none()
            && self.fin.is_none()
            && self.unplaced_fin.is_none()
            && self.pending_reset.is_none()
            && !self.ended
            && self.early.is_empty()
            && self.overdue.is_none()
            && self.acknowledged <= self.next
            && self.stayed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::ledger::Ledger;
    use crate::flow::reader::{End, Ending, Facts, Missing};
    use crate::flow::reassembly::Reassembly;
    use crate::units::Timestamp;
    use crate::wire::{Endpoint, Ends, Via};

    /// Writes down what it is told.
    #[derive(Default)]
    struct Diary;

    impl Reader for Diary {
        type Output = Vec<String>;

        fn data(
            &mut self,
            side: Side,
            octets: &[u8],
            arrival: Arrival,
            facts: &Facts,
            out: &mut Vec<String>,
        ) {
            out.push(format!("{side:?} {octets:?} {arrival:?} {facts:?}"));
        }

        fn passed(
            &mut self,
            side: Side,
            count: u64,
            arrival: Arrival,
            _: &Facts,
            out: &mut Vec<String>,
        ) {
            out.push(format!("{side:?} passed {count} {arrival:?}"));
        }

        fn gap(
            &mut self,
            side: Side,
            count: u64,
            why: Missing,
            mark: Mark,
            _: &Facts,
            out: &mut Vec<String>,
        ) {
            out.push(format!("{side:?} gap {count} {why:?} {mark:?}"));
        }

        fn end(&mut self, side: Side, how: End, mark: Mark, _: &Facts, out: &mut Vec<String>) {
            out.push(format!("{side:?} end {how:?} {mark:?}"));
        }

        fn unread(&self, _: Side) -> u64 {
            0
        }

        fn roles_swapped(&self) -> bool {
            false
        }

        fn waiting(&self) -> bool {
            false
        }

        fn closed(
            _: Option<&Self>,
            facts: &Facts,
            ending: Ending,
            mark: Mark,
            out: &mut Vec<String>,
        ) {
            out.push(format!("closed {ending:?} {mark:?} {facts:?}"));
        }
    }

    /// A connection and all that came of it.
    struct Run {
        connection: Connection<Diary>,
        out: Vec<String>,
        ledger: Ledger,
    }

    impl Run {
        fn new(client: Endpoint, server: Endpoint, mark: Mark) -> Self {
            let connection = Connection::new(client, server, mark);
            Self { connection, out: Vec::new(), ledger: Ledger::default() }
        }

        /// Whether it was predicted.
        fn work_in(&mut self, side: Side, segment: &Segment<'_>, predicts: bool) -> bool {
            let Self { connection, out, ledger } = self;
            let mut sink = Sink { out, ledger, overfull: false, reassembly: Reassembly::default() };
            if predicts && connection.predicted(side, segment, &mut sink) != Prediction::Missed {
                return true;
            }
            connection.segment(side, segment, &mut sink);
            false
        }

        fn state(&self) -> String {
            let Connection { facts, streams, untold, state, ending, predicted, .. } =
                &self.connection;
            // What waits may have another room than what is equal to it.
            format!(
                "{facts:?} {streams:?} {untold:?} {state:?} {ending:?} {predicted:?} {:?}",
                self.ledger
            )
        }
    }

    /// SplitMix64.
    fn random(state: &mut u64) -> u64 {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = *state;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ word >> 31
    }

    /// Two hosts that talk, with every kind of disorder now and then; one run predicts and one does not.
    #[test]
    fn what_is_predicted_is_what_would_have_come_of_it() {
        let ends = [Endpoint::v4([10, 0, 0, 1], 4_000), Endpoint::v4([10, 0, 0, 2], 80)];
        let octets: Vec<u8> = (0..=255).cycle().take(4_096).collect();
        let (mut predicted, mut all) = (0, 0);
        for seed in 0..1_000_u64 {
            let mut dice = seed;
            let mut roll = |sides: u64| random(&mut dice) % sides;
            // How seldom something is odd.
            let odd = [8, 30, 200][roll(3) as usize];
            let first =
                [0_u32, 0xffff_ff00, 1 << 31].map(|base| base.wrapping_add(roll(300) as u32));
            let mut next = [first[roll(3) as usize], first[roll(3) as usize]];
            let begins = Mark { at: Timestamp::from_nanos(1_000), packet: 1 };
            let mut runs = [false, true].map(|_| Run::new(ends[0], ends[1], begins));
            let mut at = 1_000;
            for number in 1..=60 {
                let side = Side::BOTH[roll(2) as usize];
                let (own, other) = (side.index(), side.other().index());
                let is_odd = roll(odd) == 0;
                at += if is_odd {
                    roll(4_000_000_000) as i64 - 1_000_000_000
                } else {
                    roll(1_000_000) as i64
                };
                let len = if roll(2) == 0 { 0 } else { roll(40) as usize };
                let mut flags = Flags::ACK | [0, Flags::PSH][roll(2) as usize];
                match (number, is_odd) {
                    (1..=2, false) => {
                        flags =
                            if side == Side::Client { Flags::SYN } else { Flags::SYN | Flags::ACK }
                    }
                    (_, true) => {
                        flags = [
                            flags,
                            flags | Flags::FIN,
                            Flags::SYN,
                            Flags::RST,
                            flags | Flags::URG,
                            0,
                        ][roll(6) as usize]
                    }
                    _ => {}
                }
                let astray = |what: u64| match what {
                    0 => 1,
                    1 => 30,
                    2 => 70_000,
                    3 => u32::MAX,
                    4 => u32::MAX - 40,
                    _ => 0,
                };
                let sequence = next[own].wrapping_add(if is_odd { astray(roll(8)) } else { 0 });
                let acknowledgement =
                    next[other].wrapping_add(if is_odd { astray(roll(8)) } else { 0 });
                let begin = sequence as usize % 2_048;
                let segment = Segment {
                    at: Timestamp::from_nanos(at),
                    number,
                    ends: Ends { source: ends[own], destination: ends[other] },
                    sequence,
                    acknowledgement,
                    flags: Flags(flags),
                    window: if is_odd { roll(3) as u16 * 50 } else { 500 },
                    urgent: roll(2) as u16,
                    options: if flags & Flags::SYN != 0 && roll(2) == 0 { &[3, 3, 7] } else { &[] },
                    payload: &octets[begin..begin + len],
                    cut: if is_odd { roll(2) as u32 * 5 } else { 0 },
                    via: Via::default(),
                };
                let known = runs[0].work_in(side, &segment, false);
                assert!(!known);
                predicted += u64::from(runs[1].work_in(side, &segment, true));
                all += 1;
                assert_eq!(
                    runs[0].state(),
                    runs[1].state(),
                    "seed {seed}, segment {number}: {segment:?}"
                );
                assert_eq!(runs[0].out, runs[1].out, "seed {seed}, segment {number}");
                if !is_odd || roll(2) == 0 {
                    let numbers = len as u32 + u32::from(flags & (Flags::SYN | Flags::FIN) != 0);
                    next[own] = sequence.wrapping_add(numbers);
                }
            }
        }
        assert!(predicted > all / 8 && predicted < all * 7 / 8, "{predicted} of {all}");
    }
}
