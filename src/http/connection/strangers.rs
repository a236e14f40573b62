//! Octets that are no message: what stands between messages, SOCKS in front of them, HTTP/0.9 behind them,
//! other protocols in their place.

use std::borrow::Cow;

use super::{Connection, Scene};
use crate::flow::{Facts, Mark, Side};
use crate::http::direction::{State, chunk_tail};
use crate::http::exchange::{Event, Greeting, Protocol, Stray};
use crate::http::flaw::{Flaw, Flaws};
use crate::http::framing::{ContentLength, Framed, Framing, TransferCoding};
use crate::http::head::{Head, Kind};
use crate::http::{probe, socks};
use crate::limits;

impl Connection {
    /// Octets stand where a start line had to stand. Gives how many of them are dealt with.
    pub(super) fn stray(&mut self, side: Side, octets: &[u8], scene: &mut Scene<'_>) -> usize {
        let refused = std::mem::take(&mut self.direction(side).refused);
        if side == Side::Server && self.simple_response(scene) {
            // The front of it looked like a status line.
            let began = self.server.began;
            self.server.strange = self.server.strange.saturating_sub(refused.len() as u64);
            self.server.until_end(&refused, &began);
            return 0;
        }
        if self.tunnelled_at == Some(self.count) {
            // Not HTTP in here.
            self.become_opaque();
            return 0;
        }
        let nothing_yet = self.protocol.is_none();
        if nothing_yet {
            if !refused.is_empty() {
                let mark = self.direction(side).began.mark;
                self.greet(side, &refused, mark);
            }
            self.greet(side, octets, scene.mark());
            if let Some(taken) = self.negotiate(side, octets) {
                return taken;
            }
            let whole: Cow<'_, [u8]> = match refused.as_slice() {
                [] => octets.into(),
                refused => [refused, octets].concat().into(),
            };
            if let Some(protocol) = probe::foreign(&whole) {
                // The octets come again, as those of another protocol.
                self.greetings[side.index()] = None;
                self.become_foreign(protocol);
                return 0;
            }
        }
        // The end of a chunked body in front of the next status line is all that is strange.
        let tail = if side == Side::Server { chunk_tail(octets) } else { 0 };
        let (strange, rest) = octets.split_at_checked(tail).unwrap_or_default();
        let tail_alone = tail > 0 && probe::credible(Kind::Response, rest);
        let strange = if tail_alone { strange } else { octets };
        if !nothing_yet {
            self.open_stray(side, [&refused, strange], scene);
        }
        if tail_alone {
            return tail;
        }
        let direction = self.direction(side);
        direction.strange += octets.len() as u64;
        direction.state = State::Lost;
        octets.len()
    }

    /// A connection that was seen from its beginning, and did not begin with HTTP, is of another
    /// protocol.
    pub(super) fn give_up_strangers(&mut self, side: Side, facts: &Facts) {
        let direction = self.direction(side);
        if direction.state == State::Lost
            && direction.strange > limits::FOREIGN_OCTETS
            && self.protocol.is_none()
            && !facts.midstream()
        {
            self.become_foreign(Protocol::Unknown);
        }
    }

    /// Octets where none may stand: those that were carried before, and those that come now.
    fn open_stray(&mut self, side: Side, octets: [&[u8]; 2], scene: &Scene<'_>) {
        let [carried, now] = octets;
        let first = if carried.is_empty() { scene.mark() } else { self.direction(side).began.mark };
        let (nth, interim) = match side {
            Side::Client => (self.count, false),
            // Where the client had received everything in front of them when it asked, they stand
            // in the place of its answer; otherwise they follow the answer before.
            Side::Server => self
                .queue
                .iter()
                .find(|asked| asked.response.is_none())
                .filter(|asked| asked.asked_at.is_none_or(|at| at >= scene.arrival.offset))
                .map_or(self.answered, |asked| (asked.nth, self.answered == (asked.nth, true))),
        };
        let mut stray = Box::new(Stray {
            connection: scene.facts.id,
            side,
            nth,
            interim,
            first,
            octets: Vec::new(),
            count: 0,
        });
        stray.take(carried);
        stray.take(now);
        self.strays[side.index()] = Some(stray);
    }

    /// Octets of a stream whose framing is lost went by.
    pub(super) fn astray(&mut self, side: Side, octets: &[u8], scene: &Scene<'_>) {
        if self.protocol.is_none() {
            // The first segments may be too short to tell what they are.
            self.greet(side, octets, scene.mark());
            let greeting = self.greetings[side.index()].as_ref();
            if let Some(protocol) = greeting.and_then(|said| probe::foreign(&said.octets)) {
                self.become_foreign(protocol);
            }
        } else if let Some(stray) = &mut self.strays[side.index()] {
            stray.take(octets);
        } else if side == Side::Client
            && let Some(request) = self.queue.back_mut().and_then(|asked| asked.request.as_mut())
            && request.framing == Framing::Unknown
        {
            // Nobody knows where its body ends; what follows may be of it.
            request.show(octets);
        }
    }

    pub(super) fn flush_stray(&mut self, side: Side, scene: &mut Scene<'_>) {
        if let Some(stray) = self.strays[side.index()].take() {
            scene.out.events.push(Event::Stray(stray));
        }
    }

    /// Keeps what a side says first where it is no HTTP.
    pub(super) fn greet(&mut self, side: Side, octets: &[u8], mark: Mark) {
        let greeting = self.greetings[side.index()]
            .get_or_insert_with(|| Greeting { mark, octets: Vec::new() });
        let room = limits::GREETING_OCTETS.saturating_sub(greeting.octets.len());
        greeting.octets.extend_from_slice(octets.get(..room.min(octets.len())).unwrap_or_default());
    }

    /// SOCKS in front of HTTP is stepped over (RFC 1928).
    fn negotiate(&mut self, side: Side, octets: &[u8]) -> Option<usize> {
        if self.socks.is_none() && side == Side::Client {
            self.socks = socks::Negotiation::begin(octets);
        }
        let taken = self.socks.as_mut()?.step(side, octets);
        if taken.is_none() {
            self.socks = None;
        }
        taken
    }

    /// HTTP/0.9: the response is what comes, up to the end of the connection (RFC 1945 section 6).
    fn simple_response(&mut self, scene: &mut Scene<'_>) -> bool {
        let simple =
            self.queue.front().is_some_and(|asked| asked.simple && asked.response.is_none());
        if !simple {
            return false;
        }
        self.answering = self.queue.front().map(|asked| asked.nth);
        let mut flaws = Flaws::default();
        flaws.add(Flaw::NoVersion);
        let framed = Framed {
            framing: Framing::Close,
            length: ContentLength::Absent,
            coding: TransferCoding::Absent,
            certain: true,
        };
        let nth = self.answering.unwrap_or(self.orphan);
        let preview = scene.out.wanted_at((scene.facts.id, nth));
        self.server.begin(Head::absent(), flaws, framed, preview);
        true
    }

    pub(super) fn become_foreign(&mut self, protocol: Protocol) {
        self.protocol = Some(protocol);
        self.become_opaque();
    }

    /// Nothing of either side is HTTP any more, nor was what could not be told yet.
    fn become_opaque(&mut self) {
        for side in Side::BOTH {
            let direction = self.direction(side);
            direction.state = State::Opaque;
            let strange = std::mem::take(&mut direction.strange);
            self.count_switched(side, strange);
        }
    }

    pub(super) fn count_switched(&mut self, side: Side, octets: u64) {
        self.switched[side.index()] = self.switched[side.index()].saturating_add(octets);
    }
}
