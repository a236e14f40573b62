//! One connection read as HTTP: both directions in, exchanges out.
//!
//! Pairs by the order of the stream (RFC 9112 section 9.3.2): a response answers the oldest request
//! without one. The octets come in causal order, so a response never comes before its
//! request. Where messages were lost, a response is paired only if the numbers of the stream prove
//! which request it answers; otherwise both stay alone.

mod pairing;
mod strangers;

use std::collections::VecDeque;

use super::direction::{Direction, State, Step};
use super::exchange::{
    self, Event, Greeting, Output, Pairing, Protocol, Stray, Switch, Unanswered,
};
use super::field::FieldName;
use super::flaw::{Flaw, Flaws};
use super::framing::{self, Framing};
use super::head::{Head, Kind, Version};
use super::message::{Message, MessageEnd};
use super::method::Method;
use super::{probe, socks};
use crate::flow::{self, Arrival, End, Ending, Facts, Mark, Missing, Side};
use crate::limits;
use crate::units::Duration;

/// A request that waits for its final response.
#[derive(Debug)]
struct Pending {
    nth: u32,
    /// Where it began; `None` where the request was not captured.
    began: Option<Mark>,
    method: Method,
    simple: bool,
    upgrade: bool,
    /// `None` while the request is still being read.
    request: Option<Box<Message>>,
    /// How much of the server's stream the client had received when it began to ask.
    asked_at: Option<u64>,
    interim: Vec<Message>,
    interim_count: u64,
    /// The final response, where it came before the request was whole.
    response: Option<Box<Message>>,
    pairing: Pairing,
    before_answer: Option<u64>,
    retransmissions_before: u32,
    connect: Option<Duration>,
    idle_before: Option<Duration>,
    /// Octets that its messages take.
    octets: u64,
}

impl Pending {
    /// Octets that it takes, itself included.
    const fn memory(&self) -> u64 {
        size_of::<Self>() as u64 + self.octets
    }
}

/// What an exchange came to, beside its messages.
struct Outcome {
    switch: Option<Switch>,
    why: Unanswered,
    early: u64,
    contiguous: bool,
}

impl Outcome {
    fn of(switch: Option<Switch>, early: u64) -> Self {
        Self { switch, why: Unanswered::NotCaptured, early, contiguous: false }
    }
}

/// See the module's words.
#[derive(Debug)]
pub struct Connection {
    client: Direction,
    server: Direction,
    begun: bool,
    swapped: bool,
    queue: VecDeque<Pending>,
    /// Octets that these take.
    waiting: u64,
    /// The request that the response in progress answers.
    answering: Option<u32>,
    /// Position of the response in progress, where its request was not captured.
    orphan: u32,
    /// How many responses are to come for requests that were given up.
    given_up: u64,
    /// Interim responses whose request was not captured.
    orphaned_interim: Vec<Message>,
    orphaned_interim_count: u64,
    count: u32,
    protocol: Option<Protocol>,
    socks: Option<socks::Negotiation>,
    /// Messages may have been lost: order alone does not pair any more.
    doubt: bool,
    /// The client was seen to ask again before it was answered, or may have been.
    pipelined: bool,
    /// How much of the server's stream the client had received when it last sent something.
    client_had: u64,
    /// That, when octets of the client were lost that may have held a request.
    lost_at: Option<u64>,
    /// The latest message in front of them.
    lost_behind: u32,
    /// How many exchanges there had been when the connection became a tunnel.
    tunnelled_at: Option<u32>,
    /// Octets behind a switch of protocols.
    switched: [u64; 2],
    switched_at: Option<Mark>,
    greetings: [Option<Greeting>; 2],
    /// Octets where a start line had to stand, as far as they came.
    strays: [Option<Box<Stray>>; 2],
    /// Position of the latest response, and whether it was an interim one.
    answered: (u32, bool),
    /// Where the latest response ended.
    answer_ended: Option<Mark>,
    last_done: Option<Mark>,
    ends: [Option<End>; 2],
    /// Where it is not HTTP: the first octets of each side.
    foreign: [Option<(Mark, Box<[u8]>)>; 2],
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            client: Direction::new(Kind::Request),
            server: Direction::new(Kind::Response),
            begun: false,
            swapped: false,
            queue: VecDeque::new(),
            waiting: 0,
            answering: None,
            orphan: 0,
            given_up: 0,
            orphaned_interim: Vec::new(),
            orphaned_interim_count: 0,
            count: 0,
            protocol: None,
            socks: None,
            doubt: false,
            pipelined: false,
            client_had: 0,
            lost_at: None,
            lost_behind: 0,
            tunnelled_at: None,
            switched: [0; 2],
            switched_at: None,
            greetings: [None, None],
            strays: [None, None],
            answered: (0, false),
            answer_ended: None,
            last_done: None,
            ends: [None; 2],
            foreign: [None, None],
        }
    }
}

/// What every step needs to know of its surroundings.
struct Scene<'s> {
    facts: &'s Facts,
    arrival: Arrival,
    out: &'s mut Output,
}

impl Scene<'_> {
    fn mark(&self) -> Mark {
        self.arrival.mark
    }

    fn retransmissions(&self) -> u32 {
        let [client, server] = self.facts.health.retransmissions;
        client.saturating_add(server)
    }
}

impl flow::Reader for Connection {
    type Output = Output;

    fn data(
        &mut self,
        side: Side,
        octets: &[u8],
        arrival: Arrival,
        facts: &Facts,
        out: &mut Output,
    ) {
        if !self.begun {
            self.begin(facts);
        }
        if self.count == 0 && facts.midstream() {
            self.mend_roles(side, octets);
        }
        let side = self.role(side);
        self.read(side, octets, &mut Scene { facts, arrival, out });
        if self.foreign[side.index()].is_none() && self.is_foreign() {
            let first = octets.get(..octets.len().min(limits::EXTRA_OCTETS)).unwrap_or_default();
            self.foreign[side.index()] = Some((arrival.mark, first.into()));
        }
        if side == Side::Client
            && let Some(had) = arrival.seen_of_peer
        {
            self.client_had = self.client_had.max(had);
        }
    }

    fn passed(
        &mut self,
        side: Side,
        count: u64,
        arrival: Arrival,
        facts: &Facts,
        out: &mut Output,
    ) {
        let side = self.role(side);
        let scene = &mut Scene { facts, arrival, out };
        let direction = self.direction(side);
        if direction.state == State::Opaque {
            self.count_switched(side, count);
        }
        self.flush_stray(side, scene);
        if let Step::Done = self.direction(side).pass(count, arrival.mark) {
            self.message_done(side, MessageEnd::Framing, scene);
        }
    }

    fn gap(
        &mut self,
        side: Side,
        count: u64,
        why: Missing,
        mark: Mark,
        facts: &Facts,
        out: &mut Output,
    ) {
        if !self.begun {
            self.begin(facts);
        }
        let side = self.role(side);
        let arrival = Arrival { mark, offset: 0, seen_of_peer: None, boundary: false };
        let scene = &mut Scene { facts, arrival, out };
        self.flush_stray(side, scene);
        let in_head = self.direction(side).is_in_head();
        self.salvage_head(side, MessageEnd::Gap, scene);
        let (ended, lost) = self.direction(side).gap(count, why);
        if let Some(end) = ended {
            self.message_done(side, end, scene);
        }
        if lost || in_head {
            self.lose_count(side);
        }
    }

    fn end(&mut self, side: Side, how: End, mark: Mark, facts: &Facts, out: &mut Output) {
        let side = self.role(side);
        let arrival = Arrival { mark, offset: 0, seen_of_peer: None, boundary: false };
        let scene = &mut Scene { facts, arrival, out };
        self.ends[side.index()] = Some(how);
        self.flush_stray(side, scene);
        if self.direction(side).state == State::HeldBack {
            self.release_held_back(scene);
        }
        self.salvage_head(side, how.into(), scene);
        self.message_done(side, how.into(), scene);
        self.direction(side).state = State::Opaque;
        self.settle_unanswered(scene);
    }

    fn unread(&self, side: Side) -> u64 {
        if !self.begun {
            return 0;
        }
        match self.role(side) {
            Side::Client => self.client.unread(),
            Side::Server => self.server.unread(),
        }
    }

    fn roles_swapped(&self) -> bool {
        self.swapped
    }

    fn waiting(&self) -> bool {
        !self.queue.is_empty()
    }

    fn inside(&self) -> bool {
        self.client.is_inside() || self.server.is_inside()
    }

    fn memory(&self) -> u64 {
        let interim: u64 = self.orphaned_interim.iter().map(Message::memory).sum();
        // Those that wait are counted, but not the room for more of them.
        let room = (self.queue.capacity() - self.queue.len()) * size_of::<Pending>();
        limits::allocated(size_of::<Self>() + room)
            + self.client.memory()
            + self.server.memory()
            + self.waiting
            + interim
    }

    fn closed(reader: Option<&Self>, facts: &Facts, ending: Ending, mark: Mark, out: &mut Output) {
        let mut connection = exchange::Connection::new(facts, ending, mark);
        if let Some(reader) = reader {
            if let Some(waiting) = &mut out.waiting {
                // What has not come to an end by itself does so with its connection.
                let left = reader.queue.iter().filter_map(|asked| asked.began);
                left.for_each(|began| waiting.end(began));
            }
            if reader.swapped {
                connection.swap();
            }
            connection.protocol = Some(reader.protocol.unwrap_or(Protocol::Unknown));
            connection.exchanges = reader.count;
            connection.idle_since = reader.answer_ended.filter(|end| {
                reader.queue.is_empty()
                    && reader.last_done.is_some_and(|done| done.packet == end.packet)
            });
            connection.switched = reader.switched;
            connection.switched_at = reader.switched_at;
            connection.greetings.clone_from(&reader.greetings);
            connection.foreign = reader.foreign.clone();
        }
        out.events.push(Event::Connection(Box::new(connection)));
    }
}

impl Connection {
    /// Takes a request out of those that wait.
    fn take_pending(&mut self, place: usize) -> Option<Pending> {
        let asked = self.queue.remove(place)?;
        self.waiting = self.waiting.saturating_sub(asked.memory());
        Some(asked)
    }

    /// The side that `flow` calls so is this one.
    fn role(&self, side: Side) -> Side {
        if self.swapped { side.other() } else { side }
    }

    /// Whether nothing on it was HTTP/1.x.
    fn is_foreign(&self) -> bool {
        self.count == 0 && self.protocol != Some(Protocol::Http1)
    }

    fn direction(&mut self, side: Side) -> &mut Direction {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    fn begin(&mut self, facts: &Facts) {
        self.begun = true;
        if facts.midstream() {
            // The first octets may lie anywhere in a message.
            self.client.state = State::Lost;
            self.server.state = State::Lost;
        }
    }

    /// Without a handshake, who is client is a guess; the first start line says it.
    fn mend_roles(&mut self, side: Side, octets: &[u8]) {
        let role = self.role(side);
        let (own, other) = match role {
            Side::Client => (Kind::Request, Kind::Response),
            Side::Server => (Kind::Response, Kind::Request),
        };
        if probe::credible(other, octets) && !probe::credible(own, octets) {
            self.swapped = !self.swapped;
            self.switched.swap(0, 1);
            self.ends.swap(0, 1);
        }
    }

    /// Messages of one side may have passed unseen: from here on order alone pairs nothing.
    fn lose_count(&mut self, side: Side) {
        self.doubt = true;
        if side == Side::Client {
            self.lost_at = Some(self.client_had);
            self.lost_behind = self.count;
        }
    }

    fn endpoint(&self, side: Side, facts: &Facts) -> crate::wire::Endpoint {
        facts.end(self.role(side))
    }

    /// Reads octets of one side to their end.
    fn read(&mut self, side: Side, octets: &[u8], scene: &mut Scene<'_>) {
        let whole = octets.len();
        let mut rest = octets;
        let mut idle_rounds = 0;
        let start = scene.arrival;
        self.direction(side).latest = start.mark;
        while !rest.is_empty() {
            let used = (whole - rest.len()) as u64;
            scene.arrival.offset = start.offset + used;
            scene.arrival.boundary = start.boundary && used == 0;
            if side == Side::Server {
                self.server.next_may_begin =
                    self.queue.len() > 1 || self.answering.is_none() && !self.queue.is_empty();
            }
            if side == Side::Client {
                self.client.next_may_begin = self.client.expects_continue
                    && self.queue.back().is_some_and(|asked| asked.response.is_some());
            }
            let state = self.direction(side).state;
            if state == State::Opaque {
                self.count_switched(side, rest.len() as u64);
                self.greet(side, rest, scene.mark());
            }
            let (taken, step) = self.direction(side).feed(rest, &scene.arrival, scene.out);
            if state == State::Lost && self.direction(side).state == State::Lost {
                self.astray(side, rest.get(..taken).unwrap_or_default(), scene);
            }
            rest = rest.get(taken..).unwrap_or_default();
            match step {
                Step::More => self.give_up_strangers(side, scene.facts),
                Step::Head(head, flaws) => self.head(side, head, flaws, scene),
                Step::Done => self.message_done(side, MessageEnd::Framing, scene),
                Step::Stray => {
                    let taken = self.stray(side, rest, scene);
                    rest = rest.get(taken..).unwrap_or_default();
                }
            }
            if side == Side::Client && self.client.state == State::HeldBack {
                self.limit_held_back(scene);
            }
            // A state that takes nothing must lead to one that does.
            idle_rounds = if taken == 0 { idle_rounds + 1 } else { 0 };
            if idle_rounds > 4 {
                self.direction(side).state = State::Lost;
                self.direction(side).strange += rest.len() as u64;
                break;
            }
        }
        scene.arrival = start;
    }

    fn head(&mut self, side: Side, head: Head, flaws: Flaws, scene: &mut Scene<'_>) {
        self.flush_stray(side, scene);
        match side {
            Side::Client => self.request_head(head, flaws, scene),
            Side::Server => self.response_head(head, flaws, scene),
        }
    }

    fn request_head(&mut self, head: Head, mut flaws: Flaws, scene: &mut Scene<'_>) {
        if head.method_octets() == b"PRI" && head.target() == b"*" {
            // The preface of HTTP/2 (RFC 9113 section 3.4).
            self.client.strange += head.octets().len() as u64;
            self.become_foreign(Protocol::Http2);
            return;
        }
        self.protocol.get_or_insert(Protocol::Http1);
        let many = |this: &Self| {
            this.queue.len() >= limits::UNANSWERED_REQUESTS
                || this.waiting > limits::UNANSWERED_OCTETS
        };
        while many(self)
            && let Some(oldest) = self.take_pending(0)
        {
            if self.answering == Some(oldest.nth) {
                self.orphan = oldest.nth;
            } else {
                self.given_up += u64::from(oldest.response.is_none());
            }
            self.emit_unanswered(oldest, Unanswered::TooMany, scene);
        }
        self.pipelined |= !self.doubt && self.queue.iter().any(|asked| asked.response.is_none());
        // A request that was lost was either answered before this one was sent, so that the client
        // has received something since, or both wait at the same time.
        let had = self.client.began.seen_of_peer;
        self.pipelined |= self.lost_at.is_some_and(|lost_at| had.is_none_or(|had| had <= lost_at));
        let heard = scene.facts.health.packets.iter().all(|packets| *packets > 0);
        // What it acknowledges lies in front of all that the capture has of the server: octets are missing
        // there, its answer perhaps.
        self.doubt |= scene.facts.midstream() && heard && had.is_none();
        let simple = flaws.has(Flaw::NoVersion);
        self.client.expects_continue = head.lists(FieldName::Expect, b"100-continue");
        let framed = framing::frame(&head, None, &mut flaws);
        let began = self.client.began;
        self.count = self.count.saturating_add(1);
        let handshake = &scene.facts.handshake;
        let first_of_connection = self.count == 1;
        let connect = handshake
            .syn
            .zip(handshake.done)
            .filter(|_| first_of_connection)
            .map(|(syn, done)| done.since(syn));
        let idle_since = if first_of_connection { handshake.done } else { self.last_done };
        self.waiting += size_of::<Pending>() as u64;
        if self.queue.capacity() == 0 {
            // Most clients wait for the answer before they ask again.
            self.queue.reserve_exact(1);
        }
        if let Some(waiting) = &mut scene.out.waiting {
            waiting.begin(began.mark);
        }
        self.queue.push_back(Pending {
            nth: self.count,
            began: Some(began.mark),
            method: head.method(),
            simple,
            upgrade: head.value(FieldName::Upgrade).is_some(),
            request: None,
            asked_at: began.seen_of_peer,
            interim: Vec::new(),
            interim_count: 0,
            response: None,
            pairing: Pairing::Ordered,
            before_answer: None,
            retransmissions_before: scene.retransmissions(),
            connect,
            idle_before: idle_since
                .filter(|_| self.queue.is_empty())
                .map(|since| began.mark.since(since)),
            octets: 0,
        });
        let unknown = framed.framing == Framing::Unknown;
        let preview = scene.out.wanted((scene.facts.id, self.count), &head, flaws, None);
        if self.client.begin(head, flaws, framed, preview) {
            let end = if unknown { MessageEnd::Invalid } else { MessageEnd::Framing };
            if unknown {
                self.client.state = State::Lost;
            }
            self.message_done(Side::Client, end, scene);
        }
        if simple {
            // RFC 1945 section 6: one request a connection.
            self.client.state = State::Lost;
        }
    }

    fn response_head(&mut self, head: Head, mut flaws: Flaws, scene: &mut Scene<'_>) {
        self.protocol.get_or_insert(Protocol::Http1);
        let status = head.status();
        let place = self.asked().or_else(|| self.asked_in_part(scene));
        let method = place.and_then(|place| self.queue.get(place)).map(|asked| asked.method);
        let framed = framing::frame(&head, method, &mut flaws);
        let answers = place.is_some_and(|place| self.skip_to(place, scene));
        if matches!(status, Some(100 | 102..=199)) {
            let asked = self.queue.front().filter(|_| answers);
            self.answered = (asked.map_or(0, |asked| asked.nth), true);
            self.server.begin(head, flaws, framed, 0);
            let Some(message) = self.server.finish(MessageEnd::Framing) else { return };
            let (kept, count, octets) = match self.queue.front_mut().filter(|_| answers) {
                Some(asked) => (&mut asked.interim, &mut asked.interim_count, &mut asked.octets),
                None => (&mut self.orphaned_interim, &mut self.orphaned_interim_count, &mut 0),
            };
            *count += 1;
            if kept.len() < limits::INTERIM_RESPONSES {
                *octets += message.memory();
                self.waiting += if answers { message.memory() } else { 0 };
                kept.push(*message);
            }
            return;
        }
        self.given_up = self.given_up.saturating_sub(1);
        self.answering = if answers {
            let sent = self.client.message.as_ref().map_or(0, |request| request.content);
            if let Some(asked) = self.queue.front_mut().filter(|asked| asked.request.is_none()) {
                asked.before_answer = Some(sent);
            }
            self.queue.front().map(|asked| asked.nth)
        } else {
            self.count = self.count.saturating_add(1);
            self.orphan = self.count;
            None
        };
        self.answered = (self.answering.unwrap_or(self.orphan), false);
        let place = (scene.facts.id, self.answered.0);
        let preview = scene.out.wanted(place, &head, flaws, method);
        let bodiless = self.server.begin(head, flaws, framed, preview);
        self.server.perhaps_bodiless =
            method.is_none() && matches!(framed.framing, Framing::Length(_) | Framing::Chunked);
        if bodiless {
            self.message_done(Side::Server, MessageEnd::Framing, scene);
        }
    }

    /// The message in progress of one side is over, if there is one.
    fn message_done(&mut self, side: Side, end: MessageEnd, scene: &mut Scene<'_>) {
        let direction = self.direction(side);
        let end = direction.message.as_ref().and_then(|message| message.end).unwrap_or(end);
        let Some(message) = direction.finish(end) else { return };
        if end == MessageEnd::Invalid {
            self.lose_count(side);
        }
        match side {
            Side::Client => self.request_done(message, scene),
            Side::Server => self.response_done(message, scene),
        }
    }

    fn request_done(&mut self, message: Box<Message>, scene: &mut Scene<'_>) {
        let Some(place) = self.queue.iter().position(|asked| asked.request.is_none()) else {
            return;
        };
        let Some(asked) = self.queue.get_mut(place) else { return };
        let over = message.end == Some(MessageEnd::Framing);
        let octets = message.memory();
        self.waiting += octets;
        asked.octets += octets;
        asked.request = Some(message);
        if asked.response.is_some() {
            if let Some(asked) = self.take_pending(place) {
                self.emit(asked, scene);
            }
        } else if over
            && (asked.method == Method::Connect || asked.upgrade)
            && self.ends[Side::Server.index()].is_none()
            && self.client.state == State::Start
        {
            // What follows may be of another protocol; the answer will tell.
            self.client.state = State::HeldBack;
        }
    }

    fn response_done(&mut self, message: Box<Message>, scene: &mut Scene<'_>) {
        let framing = message.framing;
        let switch = match framing {
            Framing::Tunnel => Some(Switch::Tunnel),
            Framing::Upgrade => {
                let protocols: Vec<&[u8]> = message.head.values(FieldName::Upgrade).collect();
                Some(Switch::Upgrade(protocols.join(&b", "[..]).into_boxed_slice()))
            }
            _ => None,
        };
        let contiguous = self.contiguous();
        self.answer_ended = Some(message.last);
        let early = match self.client.state {
            State::HeldBack => self.client.held_back() as u64,
            _ => 0,
        };
        if let Some(Switch::Upgrade(_)) = switch {
            self.switched_at = Some(message.head_end);
        }
        let answered = self.answering.take();
        let place = answered.and_then(|nth| self.queue.iter().position(|asked| asked.nth == nth));
        match place {
            Some(place) => {
                let Some(asked) = self.queue.get_mut(place) else { return };
                let octets = message.memory();
                self.waiting += octets;
                asked.octets += octets;
                asked.response = Some(message);
                if asked.request.is_some()
                    && let Some(asked) = self.take_pending(place)
                {
                    self.give_out(asked, Outcome::of(switch.clone(), early), scene);
                } else if switch.is_some() {
                    // The rest of the request will never come: the octets belong to the switch.
                    if let Some(mut asked) = self.take_pending(place) {
                        asked.request = self.client.finish(MessageEnd::Invalid);
                        asked.octets += asked.request.as_deref().map_or(0, Message::memory);
                        self.give_out(asked, Outcome::of(switch.clone(), early), scene);
                    }
                }
            }
            None => {
                let interim: u64 = self.orphaned_interim.iter().map(Message::memory).sum();
                let orphan = Pending {
                    octets: message.memory() + interim,
                    nth: self.orphan,
                    began: None,
                    method: Method::Other,
                    simple: false,
                    upgrade: false,
                    request: None,
                    asked_at: None,
                    interim: std::mem::take(&mut self.orphaned_interim),
                    interim_count: std::mem::take(&mut self.orphaned_interim_count),
                    response: Some(message),
                    pairing: Pairing::None,
                    before_answer: None,
                    retransmissions_before: scene.retransmissions(),
                    connect: None,
                    idle_before: None,
                };
                let ends = Outcome { contiguous, ..Outcome::of(switch.clone(), early) };
                self.give_out(orphan, ends, scene);
            }
        }
        match switch {
            Some(switch) => self.switch(&switch, scene),
            None if self.client.state == State::HeldBack => self.release_held_back(scene),
            None => {}
        }
    }

    /// HTTP ends here: the connection is a tunnel or speaks another protocol.
    fn switch(&mut self, switch: &Switch, scene: &mut Scene<'_>) {
        let (held, arrival) = match self.client.state {
            State::HeldBack => self.client.release(),
            _ => (Vec::new(), scene.arrival),
        };
        match switch {
            Switch::Tunnel => {
                // What is inside may be HTTP again.
                self.tunnelled_at = Some(self.count);
                self.client = Direction::new(Kind::Request);
                self.server = Direction::new(Kind::Response);
            }
            Switch::Upgrade(_) => {
                self.client.state = State::Opaque;
                self.server.state = State::Opaque;
            }
        }
        if !held.is_empty() {
            let before = std::mem::replace(&mut scene.arrival, arrival);
            self.read(Side::Client, &held, scene);
            scene.arrival = before;
        }
    }

    /// What was held back is HTTP after all, or the rest of a tunnel that was never granted.
    fn release_held_back(&mut self, scene: &mut Scene<'_>) {
        let (held, arrival) = self.client.release();
        self.client.state = State::Start;
        if held.is_empty() {
            return;
        }
        let before = std::mem::replace(&mut scene.arrival, arrival);
        self.read(Side::Client, &held, scene);
        scene.arrival = before;
    }

    fn limit_held_back(&mut self, scene: &mut Scene<'_>) {
        if self.client.held_back() <= limits::HELD_BACK_OCTETS {
            return;
        }
        let tunnel = self.queue.back().is_some_and(|asked| asked.method == Method::Connect);
        if tunnel {
            let (held, _) = self.client.release();
            self.client.state = State::Opaque;
            self.count_switched(Side::Client, held.len() as u64);
        } else {
            self.release_held_back(scene);
        }
    }

    /// A head that will not become whole is reported as far as it can be read.
    fn salvage_head(&mut self, side: Side, end: MessageEnd, scene: &mut Scene<'_>) {
        let Some((head, flaws)) = self.direction(side).partial_head() else { return };
        let plain = head.version() == Some(Version::HTTP_09);
        if plain && side == Side::Server {
            return;
        }
        self.direction(side).cut_short = Some(end);
        self.head(side, head, flaws, scene);
        let direction = self.direction(side);
        if direction.state != State::Opaque {
            direction.state = State::Lost;
        }
    }
}
