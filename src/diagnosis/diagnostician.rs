//! Exchanges, connections and signals in, in the order of the capture; verdicts out, once their
//! evidence is in. A failure waits until nothing that matters can come any more, or for a bounded
//! time of the capture.

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use hashbrown::HashMap;

use super::attempt::Attempt;
use super::cause::{self, Case};
use super::explanation::{Found, legs};
use super::join;
use super::leg::Leg;
use super::memory::{Memory, Room};
use super::ownership::Carrying;
use super::trust::{self, Trust};
use super::upstream::{Upstream, Upstreams};
use super::verdict::{Confidence, Verdict};
use crate::flow::{End, Ending, Mark, Side};
use crate::http::{Connection, Exchange, MessageEnd, Stray, Unanswered};
use crate::limits;
use crate::units::Timestamp;
use crate::wire::{Endpoint, Signal};

/// What became of failures, for the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Verdicts given.
    pub verdicts: u64,
    /// Failing exchanges for which the capture shows no cause.
    pub unexplained: u64,
    /// Of those, failures that were looked at too early, because too many waited for their evidence at
    /// one time.
    pub unexamined: u64,
    /// Facts that were dropped because there were too many at one time.
    pub forgotten: u64,
}

/// Something that failed and waits for its evidence.
#[derive(Debug, Clone, Copy)]
struct Pending {
    what: Failure,
    since: Timestamp,
    due: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    /// An exchange, by its number.
    Exchange(u64),
    /// A connection without an exchange, by its id: perhaps hidden by a retry.
    Connection(u64),
    /// An exchange on a connection that was accepted late.
    Late(u64),
}

/// What came of looking at a failure.
enum Outcome {
    /// There is nothing more to say.
    Done(Option<Box<Verdict>>),
    /// No cause is in the capture.
    Unexplained,
    /// More evidence may come.
    Wait,
}

/// Whose an attempt is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    pub number: u64,
    pub confidence: Confidence,
}

/// The server and the client asked about, and the address that carried a request on, where it matters.
pub(super) type Carried = (Endpoint, [u8; 16], Option<[u8; 16]>);

/// A request by its number, and the address that carried it on.
pub(super) type CarriedOn = (u64, [u8; 16]);

/// Two addresses: who asks, and who is asked.
pub(super) type Pair = ([u8; 16], [u8; 16]);

/// See the module's words.
#[derive(Debug, Default)]
pub struct Diagnostician {
    pub(super) memory: Memory,
    pub(super) upstreams: Upstreams,
    pub(super) trust: Trust,
    pending: VecDeque<Pending>,
    /// Exchanges whose hidden retry was reported.
    hidden: BTreeSet<u64>,
    now: Timestamp,
    /// Whether somebody watches while it happens.
    live: bool,
    /// Whether what is looked at could not wait for its evidence: that there is none proves nothing.
    pub(super) hasty: bool,
    verdicts: Vec<Verdict>,
    counts: Counts,
    /// Whether a failure was looked at since the memory last changed, so that what follows may be known.
    looked: bool,
    /// Owners of exchanges and of connections that were found since the memory last changed: a
    /// crowd of failures asks for the same ones again and again.
    owners: RefCell<[HashMap<u64, Option<Owner>>; 2]>,
    /// The same for whether requests of others than a client to a server were carried on.
    pub(super) carried: RefCell<HashMap<Carried, bool>>,
    /// The same for the servers whose requests an exchange carries on.
    pub(super) carries_on: RefCell<Carrying>,
    /// The same for whether requests of a host follow on those to another …
    pub(super) leads: RefCell<HashMap<Pair, bool>>,
    /// … and for when a request was carried on by a host, the last time.
    pub(super) carried_on: RefCell<HashMap<CarriedOn, Option<Mark>>>,
}

impl Diagnostician {
    /// Somebody watches: what is known by then is said after [`limits::EVIDENCE_WAIT_LIVE`].
    pub fn watched(&mut self) {
        self.live = true;
    }

    /// So many octets may be taken by the exchanges that are remembered.
    pub const fn set_memory(&mut self, octets: u64) {
        self.memory.room = Room(octets);
    }

    /// An exchange with its number; numbers count up by one.
    pub fn exchange(&mut self, number: u64, exchange: Arc<Exchange>) {
        let failed = has_failed(&exchange);
        let late = exchange.nth == 1 && exchange.circumstances.handshake.syns > 1;
        let at = exchange.completed.at;
        self.upstreams.exchange(&exchange);
        self.trust.exchange(&exchange);
        self.memory_changed();
        self.memory.keep_exchange(number, exchange, failed || late);
        if failed {
            self.wait(Failure::Exchange(number), at);
        } else if late {
            self.wait(Failure::Late(number), at);
        }
    }

    /// A connection that is over.
    pub fn connection(&mut self, connection: Box<Connection>) {
        self.upstreams.connection(&connection);
        self.trust.connection(&connection);
        let failed = connection.exchanges == 0
            && matches!(
                connection.ending,
                Ending::Refused | Ending::Unanswered | Ending::Closed | Ending::Reset(_)
            );
        let (id, at) = (connection.id, connection.completed.at);
        self.memory_changed();
        self.memory.keep_connection(connection);
        if failed {
            self.wait(Failure::Connection(id), at);
        }
    }

    /// Octets that were no HTTP.
    pub fn stray(&mut self, stray: Box<Stray>) {
        if stray.side == Side::Server {
            self.memory_changed();
            self.memory.keep_stray(stray);
        }
    }

    /// What the network says about a host.
    pub fn signal(&mut self, signal: Signal) {
        self.memory_changed();
        self.memory.keep_signal(signal);
    }

    /// The clock of the capture has reached this; to be called about once a second.
    pub fn tick(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        self.settle(false);
    }

    /// The capture is over: what waits is decided with what there is.
    pub fn finish(&mut self) {
        self.settle(true);
    }

    /// What the connections to each server show together; to be asked for when all is finished.
    pub fn upstreams(&mut self) -> Vec<Upstream> {
        let Self { upstreams, memory, .. } = self;
        upstreams.finish(|address| memory.is_asked(address))
    }

    /// What is new. The vector is to be emptied.
    pub fn verdicts(&mut self) -> &mut Vec<Verdict> {
        &mut self.verdicts
    }

    /// What became of failures so far.
    pub fn counts(&self) -> Counts {
        Counts { forgotten: self.counts.forgotten + self.memory.forgotten, ..self.counts }
    }

    /// When the oldest failure happened that still waits for its evidence: a verdict may concern any
    /// exchange from then on.
    pub fn waits_since(&self) -> Option<Timestamp> {
        self.pending.iter().map(|pending| pending.since).min()
    }

    fn wait(&mut self, what: Failure, since: Timestamp) {
        if self.pending.len() >= limits::PENDING_FAILURES {
            // The oldest are decided with what there is: many at once, since what is found for one
            // helps to decide the others.
            self.memory.prepare();
            self.hasty = true;
            for oldest in self.pending.drain(..limits::HASTY_FAILURES).collect::<Vec<_>>() {
                let before = self.counts.unexplained;
                self.decide(oldest, true);
                self.counts.unexamined += self.counts.unexplained - before;
            }
            self.hasty = false;
        }
        self.pending.push_back(Pending { what, since, due: since.plus(limits::EVIDENCE_WAIT) });
    }

    fn settle(&mut self, last: bool) {
        if self.pending.iter().any(|pending| last || pending.due <= self.now) {
            self.memory.prepare();
        }
        for _ in 0..self.pending.len() {
            let Some(pending) = self.pending.pop_front() else { return };
            if !last && pending.due > self.now {
                self.pending.push_back(pending);
                continue;
            }
            let longest = match self.live {
                true => limits::EVIDENCE_WAIT_LIVE,
                false => limits::EVIDENCE_WAIT_LONGEST,
            };
            let longest = pending.since.plus(longest);
            match self.decide(pending, last || self.now >= longest) {
                Some(pending) => self.pending.push_back(pending),
                None => {
                    if let Failure::Exchange(number) | Failure::Late(number) = pending.what {
                        self.memory.decided(number);
                    }
                }
            }
        }
    }

    /// The owner of an attempt, found once for each state of the memory.
    pub(super) fn once(
        &self,
        kind: usize,
        id: Option<u64>,
        find: impl FnOnce() -> Option<Owner>,
    ) -> Option<Owner> {
        let Some(id) = id else { return find() };
        if let Some(known) = self.owners.borrow().get(kind).and_then(|known| known.get(&id)) {
            return *known;
        }
        let owner = find();
        if let Some(known) = self.owners.borrow_mut().get_mut(kind) {
            known.insert(id, owner);
        }
        owner
    }

    fn memory_changed(&mut self) {
        if !std::mem::take(&mut self.looked) {
            return;
        }
        for known in self.owners.get_mut() {
            known.clear();
        }
        self.carried.get_mut().clear();
        self.carries_on.get_mut().clear();
        self.leads.get_mut().clear();
        self.carried_on.get_mut().clear();
    }

    /// Looks at a failure; gives it back where it has to wait.
    fn decide(&mut self, pending: Pending, last: bool) -> Option<Pending> {
        self.looked = true;
        let outcome = match pending.what {
            Failure::Exchange(number) => self.decide_exchange(number, last),
            Failure::Connection(id) => self.decide_connection(id, last),
            Failure::Late(number) => self.decide_late(number, last),
        };
        match outcome {
            Outcome::Done(None) => None,
            Outcome::Done(Some(verdict)) => {
                self.counts.verdicts += 1;
                if let Some(asked) = self.memory.exchange(verdict.transaction) {
                    self.upstreams.tried(asked.server, verdict.attempts());
                }
                if verdict.cause.id == "retry-hidden" {
                    self.hidden.insert(verdict.transaction);
                    if self.hidden.len() > limits::REMEMBERED_EXCHANGES {
                        self.hidden.pop_first();
                    }
                }
                self.verdicts.push(*verdict);
                None
            }
            Outcome::Unexplained => {
                self.counts.unexplained += 1;
                None
            }
            Outcome::Wait => {
                // Looked at ever more seldom.
                let waited = self.now.since(pending.since);
                Some(Pending { due: self.now.plus(waited.max(limits::EVIDENCE_WAIT)), ..pending })
            }
        }
    }

    fn decide_exchange(&mut self, number: u64, last: bool) -> Outcome {
        let Some(failing) = self.memory.exchange(number) else { return Outcome::Unexplained };
        let attempt = self.memory.attempt(number, failing);
        if let Some(owner) = self.owner(&attempt) {
            // The request of one proxy to another has a verdict of its own where what the other did
            // is in the capture.
            // What goes back to the one who asked is a request of another client of his.
            let back = |attempt: &Attempt<'_>| attempt.server.octets() == failing.client.octets();
            let onwards = |(attempt, join): &(Attempt<'_>, Confidence)| {
                (*join == Confidence::High || attempt.exchange.is_none()) && !back(attempt)
            };
            let hop = last && self.attempts(number, failing).iter().any(onwards);
            if !hop {
                return self.retry(owner, &attempt, last);
            }
        }
        if self.memory.behind_a_proxy(failing) {
            if !last {
                return Outcome::Wait;
            }
            if self.hasty || self.memory.may_have_lost_owner(failing) {
                self.counts.unexamined += u64::from(!self.hasty);
                return Outcome::Unexplained;
            }
        }
        let found = self.explain(number, failing);
        match found {
            Some(verdict) if last || is_settled(&verdict, failing) => {
                Outcome::Done(Some(Box::new(verdict)))
            }
            _ if !last => Outcome::Wait,
            _ => Outcome::Unexplained,
        }
    }

    fn decide_connection(&mut self, id: u64, last: bool) -> Outcome {
        let Some(connection) = self.memory.connection(id) else { return Outcome::Done(None) };
        let attempt = self.memory.bare(connection);
        match self.owner_of_bare(&attempt) {
            Some(owner) => self.retry(owner, &attempt, last),
            None if last => Outcome::Done(None),
            None => Outcome::Wait,
        }
    }

    /// An attempt whose owner is known: where that one got a good answer, the failure was hidden.
    fn retry(&self, owner: Owner, attempt: &Attempt<'_>, last: bool) -> Outcome {
        let Some(asked) = self.memory.exchange(owner.number) else { return Outcome::Done(None) };
        if !join::is_good(asked) || self.hidden.contains(&owner.number) {
            return Outcome::Done(None);
        }
        let case = Case { failing: asked, answered: join::answered(asked), direct: false };
        let Some((cause, proof)) = cause::find(&case, attempt) else { return Outcome::Done(None) };
        let attempts = self.attempts(owner.number, asked);
        let succeeded = attempts.iter().find(|(other, _)| {
            other.began.packet > attempt.began.packet
                && other.exchange.is_some_and(|(_, exchange)| join::is_good(exchange))
        });
        let Some((succeeded, _)) = succeeded else { return Outcome::Done(None) };
        if !last && owner.confidence < Confidence::High {
            return Outcome::Wait;
        }
        let (cause, proof) = cause::hidden(attempt, cause, proof, succeeded);
        let found = Found {
            cause,
            proof,
            upstream: Some(attempt.server),
            join: owner.confidence,
            doubt: trust::of_attempt(attempt),
            legs: legs(&attempts),
        };
        Outcome::Done(Some(Box::new(self.verdict(owner.number, asked, found))))
    }

    fn decide_late(&mut self, number: u64, last: bool) -> Outcome {
        let Some(exchange) = self.memory.exchange(number) else { return Outcome::Done(None) };
        let attempt = self.memory.attempt(number, exchange);
        let Some((cause, proof)) = cause::accepted_late(&attempt) else {
            return Outcome::Done(None);
        };
        let owner = self.owner(&attempt);
        if owner.is_none() && !last {
            return Outcome::Wait;
        }
        let (number, asked, join) = match owner {
            Some(owner) => match self.memory.exchange(owner.number) {
                // A failing one has its own verdict.
                Some(asked) if !has_failed(asked) => (owner.number, asked, owner.confidence),
                _ => return Outcome::Done(None),
            },
            None => (number, exchange, Confidence::High),
        };
        let (upstream, doubt) = (Some(attempt.server), trust::of_attempt(&attempt));
        let legs = owner.map(|_| Leg::of(&attempt)).into_iter().collect();
        let found = Found { cause, proof, upstream, join, doubt, legs };
        Outcome::Done(Some(Box::new(self.verdict(number, asked, found))))
    }
}

/// Whether what comes later cannot change a verdict: it is proven, and by something right in front of
/// the answer. Connections that are still open may hold a later attempt, and that there was none
/// is known at the end alone.
fn is_settled(verdict: &Verdict, failing: &Exchange) -> bool {
    if verdict.cause.id == "client-gave-up" {
        return verdict.confidence == Confidence::High;
    }
    let (asked, answered) = (failing.first(), join::answered(failing));
    verdict.confidence == Confidence::High
        && verdict.attempts() > 0
        && verdict.evidence.iter().any(|evidence| {
            (asked.packet + 1..answered.packet).contains(&evidence.mark.packet)
                && answered.since(evidence.mark) <= limits::SILENCE
        })
}

/// Whether an exchange failed for whoever asked.
pub(crate) fn has_failed(exchange: &Exchange) -> bool {
    if exchange.request.is_none() || exchange.switch.is_some() || exchange.tunnelled {
        return false;
    }
    if let Some(response) = exchange.response.as_deref()
        && cause::closed_early(exchange, response).is_some()
    {
        return true;
    }
    match exchange.response.as_deref() {
        Some(response) => {
            // Something that no client can read.
            let unreadable = response.head_whole
                && response.head.status().is_none()
                && !response.head.octets().is_empty();
            let cut = response.missing == 0
                && matches!(
                    response.end,
                    Some(MessageEnd::Fin | MessageEnd::Reset | MessageEnd::Invalid)
                )
                && !response.complete();
            cut || unreadable || exchange.status().is_some_and(|status| status >= 500)
        }
        None => match exchange.unanswered {
            Some(Unanswered::Ended(End::Fin | End::Reset(_) | End::Idle)) => true,
            // The capture ended first; somebody may have given up before.
            Some(Unanswered::Ended(_)) => {
                let now = &exchange.circumstances;
                now.fin.iter().chain(&now.reset).any(Option::is_some)
            }
            _ => false,
        },
    }
}
