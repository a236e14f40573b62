//! Segments of one connection in, a list of them out with what a reader of packets would remark: gaps,
//! octets sent again or out of order, probes, windows of zero. Bounded; keeps no payload, and puts
//! nothing in order: that is for the rest of this room.

use std::collections::VecDeque;

use super::connection::window_scale;
use super::reader::{Mark, Side};
use crate::limits;
use crate::units::{Duration, Timestamp};
use crate::wire::{Endpoint, Flags, Segment};

/// Octets that come this much later than those behind them were overtaken on the way; what comes later
/// still was sent again. No timer for sending again is as short (RFC 6298 section 2.4, RFC 8985).
const OVERTAKEN: Duration = Duration::from_millis(3);

/// Holes of one direction that are remembered, the oldest of which goes first.
const HOLES: usize = 64;

/// See the module's words.
#[derive(Debug, Clone)]
pub struct Trace {
    client: Endpoint,
    server: Endpoint,
    /// The packet that the list is to be about, where it cannot have all.
    focus: u64,
    ways: [Way; 2],
    steps: VecDeque<Step>,
    earlier: u64,
    is_full: bool,
}

/// One segment.
#[derive(Debug, Clone)]
pub struct Step {
    /// The packet.
    pub mark: Mark,
    /// Who sent it.
    pub from: Side,
    /// Its control bits.
    pub flags: Flags,
    /// Its sequence number, counted from the first of its sender: 0 is the SYN, 1 the first octet.
    pub sequence: i64,
    /// What it acknowledges, counted in the same way; `None` where it acknowledges nothing.
    pub acknowledgement: Option<i64>,
    /// Octets of its payload.
    pub len: u32,
    /// The window that it announces, octets; scaled where the capture holds both SYNs.
    pub window: u64,
    /// What is odd about it.
    pub oddities: Vec<Oddity>,
}

/// What is odd about a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// So many octets in front of it are not in the capture, or not yet.
    Gap(u64),
    /// It fills a hole in time: others have overtaken it.
    OutOfOrder,
    /// Its octets were sent before, or should have been.
    Retransmission,
    /// It asks whether the other end is still there.
    KeepAlive,
    /// It asks whether there is room again, where there was none.
    WindowProbe,
    /// It acknowledges once more what was acknowledged, and brings nothing else.
    DuplicateAck,
    /// It acknowledges so many octets that the capture does not have.
    AckOfUnseen(u64),
    /// Its sender has no room for more.
    ZeroWindow,
    /// Octets of its payload that the capture cut off.
    Cut(u32),
}

impl Oddity {
    /// In a few words.
    pub fn says(&self) -> String {
        match self {
            Self::Gap(octets) => format!("gap of {octets} octets"),
            Self::OutOfOrder => "out of order".to_owned(),
            Self::Retransmission => "retransmission".to_owned(),
            Self::KeepAlive => "keep-alive probe".to_owned(),
            Self::WindowProbe => "window probe".to_owned(),
            Self::DuplicateAck => "duplicate acknowledgement".to_owned(),
            Self::AckOfUnseen(octets) => format!("acknowledges {octets} octets not captured"),
            Self::ZeroWindow => "zero window".to_owned(),
            Self::Cut(octets) => format!("{octets} octets cut by the snap length"),
        }
    }
}

impl Step {
    /// Its control bits as people write them: `SYN ACK`.
    pub fn flag_names(&self) -> String {
        let names = [
            (Flags::SYN, "SYN"),
            (Flags::FIN, "FIN"),
            (Flags::RST, "RST"),
            (Flags::PSH, "PSH"),
            (Flags::ACK, "ACK"),
            (Flags::URG, "URG"),
        ];
        let set: Vec<&str> = names
            .into_iter()
            .filter(|(bit, _)| self.flags.has(*bit))
            .map(|(_, name)| name)
            .collect();
        set.join(" ")
    }

    /// Whether it resets the connection.
    pub const fn is_reset(&self) -> bool {
        self.flags.has(Flags::RST)
    }
}

/// One direction.
#[derive(Debug, Clone, Default)]
struct Way {
    /// The sequence number that is counted as 0.
    base: Option<u32>,
    /// Behind the last octet that was seen.
    next: i64,
    /// Octets that were passed over: from, to, and when that was seen.
    holes: VecDeque<(i64, i64, Timestamp)>,
    /// Octets of holes that are no longer remembered.
    forgotten: u64,
    /// The last acknowledgement, and the window field with it.
    acknowledged: Option<(i64, u16)>,
    /// Its window scale; a SYN without one is `Some(None)`.
    scale: Option<Option<u8>>,
}

impl Way {
    /// A sequence number counted from the base: the place nearest to where the stream is.
    fn place(&self, number: u32) -> Option<i64> {
        let expected = self.base?.wrapping_add(self.next as u32);
        let ahead = number.wrapping_sub(expected).cast_signed();
        Some(self.next.saturating_add(ahead.into()))
    }

    /// Whether octets fill a hole, and since when there was one. The hole shrinks.
    fn fill(&mut self, from: i64, to: i64) -> Option<Timestamp> {
        let place = self.holes.iter().position(|(low, high, _)| from < *high && to > *low)?;
        let (low, high, since) = self.holes.remove(place)?;
        if low < from {
            self.remember(low, from, since);
        }
        if to < high {
            self.remember(to, high, since);
        }
        Some(since)
    }

    fn remember(&mut self, from: i64, to: i64, since: Timestamp) {
        if self.holes.len() >= HOLES
            && let Some((low, high, _)) = self.holes.pop_front()
        {
            self.forgotten = self.forgotten.saturating_add((high - low).unsigned_abs());
        }
        self.holes.push_back((from, to, since));
    }
}

impl Trace {
    /// An empty list of a connection, about the packet with the number `focus`.
    pub fn new(client: Endpoint, server: Endpoint, focus: u64) -> Self {
        let ways = [Way::default(), Way::default()];
        Self { client, server, focus, ways, steps: VecDeque::new(), earlier: 0, is_full: false }
    }

    /// The segments, in the order of their packets.
    pub const fn steps(&self) -> &VecDeque<Step> {
        &self.steps
    }

    /// Segments in front of those of the list, for which it had no room.
    pub const fn earlier(&self) -> u64 {
        self.earlier
    }

    /// Whether there may be more behind them, for which it has no room.
    pub const fn is_full(&self) -> bool {
        self.is_full
    }

    /// Octets of gaps that nothing has filled until now.
    pub fn unfilled(&self) -> u64 {
        let holes = self.ways.iter().flat_map(|way| &way.holes);
        let open = holes.map(|(low, high, _)| (high - low).unsigned_abs());
        self.ways.iter().map(|way| way.forgotten).chain(open).fold(0, u64::saturating_add)
    }

    /// Takes a segment; those of other connections are passed over. False where no more is wanted.
    pub fn push(&mut self, segment: &Segment<'_>) -> bool {
        let ends = (segment.ends.source, segment.ends.destination);
        let from = if ends == (self.client, self.server) {
            Side::Client
        } else if ends == (self.server, self.client) {
            Side::Server
        } else {
            return !self.is_full;
        };
        if self.steps.len() >= limits::TRACE_SEGMENTS {
            // What the list is about stays in its middle.
            let middle = self.steps.get(limits::TRACE_SEGMENTS / 2);
            if middle.is_some_and(|step| step.mark.packet >= self.focus) {
                self.is_full = true;
                return false;
            }
            self.steps.pop_front();
            self.earlier += 1;
        }
        let step = self.step(segment, from);
        self.steps.push_back(step);
        true
    }

    fn step(&mut self, segment: &Segment<'_>, from: Side) -> Step {
        let mark = Mark { at: segment.at, packet: segment.number };
        let flags = segment.flags;
        let (syn, reset) = (flags.has(Flags::SYN), flags.has(Flags::RST));
        let len = u32::try_from(segment.payload.len()).unwrap_or(u32::MAX);
        let len = len.saturating_add(segment.cut);
        let mut oddities = Vec::new();
        let [client, server] = &mut self.ways;
        let (own, other) = match from {
            Side::Client => (client, server),
            Side::Server => (server, client),
        };
        // Without a SYN the first octet that is seen counts as the first there is.
        let first = if syn { segment.sequence } else { segment.sequence.wrapping_sub(1) };
        if own.base.is_none() {
            (own.base, own.next) = (Some(first), i64::from(!syn));
        }
        let sequence = own.place(segment.sequence).unwrap_or_default();
        let is_full = other.acknowledged.is_some_and(|(_, window)| window == 0);
        let asks = if is_full { Oddity::WindowProbe } else { Oddity::KeepAlive };
        let takes = i64::from(len) + i64::from(syn) + i64::from(flags.has(Flags::FIN));
        let end = sequence.saturating_add(takes);
        if takes > 0 && !reset {
            if sequence > own.next {
                oddities.push(Oddity::Gap((sequence - own.next).unsigned_abs()));
                own.remember(own.next, sequence, mark.at);
            } else if sequence < own.next {
                let probe = len <= 1 && takes == i64::from(len) && end == own.next;
                oddities.push(match own.fill(sequence, end) {
                    Some(since) if mark.at.since(since) < OVERTAKEN => Oddity::OutOfOrder,
                    None if probe => asks,
                    _ => Oddity::Retransmission,
                });
            }
            own.next = own.next.max(end);
        } else if takes == 0 && !reset && sequence == own.next - 1 && flags.has(Flags::ACK) {
            oddities.push(asks);
        }
        if syn {
            own.scale = Some(window_scale(segment.options));
        }
        // A window scale counts where both ends have offered one, and not in a SYN (RFC 7323 section 2).
        let scale = match (own.scale.flatten(), other.scale.flatten()) {
            (Some(scale), Some(_)) => scale,
            _ => 0,
        };
        let window = u64::from(segment.window) << if syn { 0 } else { scale };
        let mut acknowledgement = None;
        if flags.has(Flags::ACK) {
            if other.base.is_none() && !reset {
                (other.base, other.next) = (Some(segment.acknowledgement.wrapping_sub(1)), 1);
            }
            acknowledgement = other.place(segment.acknowledgement);
            let place = acknowledgement.unwrap_or_default();
            let unseen = place - other.next;
            if unseen > 0 && !reset {
                oddities.push(Oddity::AckOfUnseen(unseen.unsigned_abs()));
            }
            let again = own.acknowledged == Some((place, segment.window));
            if again && takes == 0 && !reset && place < other.next && oddities.is_empty() {
                oddities.push(Oddity::DuplicateAck);
            }
            own.acknowledged = Some((place, segment.window));
        }
        if segment.window == 0 && !reset && !syn {
            oddities.push(Oddity::ZeroWindow);
        }
        if segment.cut > 0 {
            oddities.push(Oddity::Cut(segment.cut));
        }
        Step { mark, from, flags, sequence, acknowledgement, len, window, oddities }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Ends, Via};

    const CLIENT: Endpoint = Endpoint::v4([10, 0, 0, 1], 40_000);
    const SERVER: Endpoint = Endpoint::v4([10, 0, 0, 2], 80);

    struct Sent {
        trace: Trace,
        number: u64,
        micros: i64,
    }

    impl Sent {
        fn new(focus: u64) -> Self {
            Self { trace: Trace::new(CLIENT, SERVER, focus), number: 0, micros: 0 }
        }

        /// Sends one and says what is odd about it.
        fn one(&mut self, from: Side, flags: u8, numbers: (u32, u32), len: usize) -> Vec<Oddity> {
            self.window(from, flags, numbers, len, 100)
        }

        fn window(
            &mut self,
            from: Side,
            flags: u8,
            (sequence, acknowledgement): (u32, u32),
            len: usize,
            window: u16,
        ) -> Vec<Oddity> {
            self.number += 1;
            self.micros += 10;
            let ends = match from {
                Side::Client => Ends { source: CLIENT, destination: SERVER },
                Side::Server => Ends { source: SERVER, destination: CLIENT },
            };
            let payload = vec![b'x'; len];
            self.trace.push(&Segment {
                at: Timestamp::from_nanos(self.micros * 1_000),
                number: self.number,
                ends,
                sequence,
                acknowledgement,
                flags: Flags(flags),
                window,
                urgent: 0,
                // Window scale 7.
                options: &[3, 3, 7],
                payload: &payload,
                cut: 0,
                via: Via::default(),
            });
            self.trace.steps().back().unwrap().oddities.clone()
        }
    }

    use Side::{Client, Server};
    const SYN: u8 = Flags::SYN;
    const ACK: u8 = Flags::ACK;

    #[test]
    fn what_is_odd_is_remarked() {
        let mut sent = Sent::new(0);
        // The numbers of the client wrap.
        let c = u32::MAX - 5;
        assert_eq!(sent.one(Client, SYN, (c, 0), 0), []);
        assert_eq!(sent.one(Server, SYN | ACK, (1_000, c.wrapping_add(1)), 0), []);
        let at = |place: u32| c.wrapping_add(place);
        assert_eq!(sent.one(Client, ACK, (at(1), 1_001), 100), []);
        assert_eq!(sent.one(Client, ACK, (at(201), 1_001), 100), [Oddity::Gap(100)]);
        assert_eq!(sent.one(Server, ACK, (1_001, at(101)), 0), []);
        assert_eq!(sent.one(Server, ACK, (1_001, at(101)), 0), [Oddity::DuplicateAck]);
        assert_eq!(sent.one(Client, ACK, (at(101), 1_001), 50), [Oddity::OutOfOrder]);
        sent.micros += 200_000;
        assert_eq!(sent.one(Client, ACK, (at(151), 1_001), 50), [Oddity::Retransmission]);
        assert_eq!(sent.one(Client, ACK, (at(151), 1_001), 50), [Oddity::Retransmission]);
        assert_eq!(sent.window(Server, ACK, (1_001, at(301)), 0, 0), [Oddity::ZeroWindow]);
        assert_eq!(sent.one(Client, ACK, (at(300), 1_001), 0), [Oddity::WindowProbe]);
        assert_eq!(sent.one(Client, ACK, (at(301), 1_001), 1), []);
        assert_eq!(sent.one(Server, ACK, (1_001, at(302)), 0), []);
        assert_eq!(sent.one(Client, ACK, (at(301), 1_001), 0), [Oddity::KeepAlive]);
        assert_eq!(sent.one(Client, ACK, (at(301), 1_001), 1), [Oddity::KeepAlive]);
        assert_eq!(sent.one(Server, ACK, (1_001, at(402)), 0), [Oddity::AckOfUnseen(100)]);
        assert_eq!(sent.trace.unfilled(), 0);
        let steps = sent.trace.steps();
        assert_eq!(steps[0].flag_names(), "SYN");
        assert_eq!(steps[1].flag_names(), "SYN ACK");
        assert_eq!(
            (steps[1].sequence, steps[1].acknowledgement, steps[1].window),
            (0, Some(1), 100)
        );
        let fourth = &steps[3];
        assert_eq!((fourth.sequence, fourth.acknowledgement), (201, Some(1)));
        assert_eq!((fourth.len, fourth.window, fourth.from), (100, 100 << 7, Client));
    }

    #[test]
    fn without_the_beginning_numbers_begin_with_one() {
        let mut sent = Sent::new(0);
        assert_eq!(sent.one(Server, ACK, (77, 5_000), 10), []);
        assert_eq!(sent.one(Client, ACK, (5_000, 87), 10), []);
        let steps = sent.trace.steps();
        assert_eq!((steps[0].sequence, steps[0].acknowledgement), (1, Some(1)));
        assert_eq!((steps[1].sequence, steps[1].acknowledgement), (1, Some(11)));
        // Nobody knows the scale.
        assert_eq!(steps[1].window, 100);
    }

    #[test]
    fn a_long_connection_is_kept_around_what_is_looked_at() {
        let most = limits::TRACE_SEGMENTS;
        let focus = most as u64 * 2;
        let mut sent = Sent::new(focus);
        for number in 0..most as u32 * 4 {
            sent.one(Client, ACK, (number, 1), 1);
        }
        let trace = &sent.trace;
        assert!(trace.is_full() && trace.earlier() > 0);
        assert_eq!(trace.steps().len(), most);
        assert!(trace.steps().iter().any(|step| step.mark.packet == focus));
        let place = trace.steps().iter().position(|step| step.mark.packet == focus);
        assert!(place.is_some_and(|place| place.abs_diff(most / 2) < 2), "{place:?}");
    }

    #[test]
    fn whatever_comes_it_goes_on() {
        let mut sent = Sent::new(0);
        let mut number = 1_u32;
        for round in 0..20_000_u32 {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let side = if number & 1 == 0 { Client } else { Server };
            let flags = (number >> 8) as u8;
            let window = (number >> 16) as u16 & 1;
            sent.window(side, flags, (number, number ^ round), (number >> 24) as usize, window);
        }
        assert!(sent.trace.ways.iter().all(|way| way.holes.len() <= HOLES));
    }
}
