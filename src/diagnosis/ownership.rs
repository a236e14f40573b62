//! Whose request an attempt carries on, looked at over everything that is remembered: of all
//! requests that were open when it began, the one that is most alike, or nearest. What two things
//! have in common is said in `join`.

use hashbrown::HashMap;

use super::attempt::Attempt;
use super::diagnostician::{Diagnostician, Owner};
use super::join::{self, ALIKE, Kin};
use super::verdict::Confidence;
use crate::flow::Mark;
use crate::http::Exchange;
use crate::limits;
use crate::wire::{Direction, Endpoint};

/// Exchanges of a host that are looked at to learn whose requests it carries on.
const LOOKED_AT: usize = 64;

/// Requests that are looked at for one attempt, and attempts for one request. Where more were open at one
/// time, the ones that began further away lose to these anyhow, or nothing tells them apart.
const CANDIDATES: usize = 512;

/// Servers that are kept of all exchanges together: each may be alike to hundreds of requests.
const CARRIED: usize = 32_768;

/// The servers whose requests exchanges carry on, by the numbers of these, as far as it was found: of each that
/// is remembered at most.
#[derive(Debug, Default)]
pub(super) struct Carrying {
    servers: HashMap<u64, Vec<Endpoint>>,
    all: usize,
}

impl Carrying {
    fn of(&self, number: u64) -> Option<&[Endpoint]> {
        self.servers.get(&number).map(Vec::as_slice)
    }

    fn keep(&mut self, number: u64, servers: Vec<Endpoint>) {
        if self.all + servers.len() > CARRIED {
            self.clear();
        }
        self.all += servers.len();
        self.servers.insert(number, servers);
    }

    /// The memory has changed.
    pub fn clear(&mut self) {
        self.servers.clear();
        self.all = 0;
    }
}

/// A request that may own an attempt: the better one is the one that is more alike, then the nearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    likeness: i32,
    nearness: u64,
    kin: Kin,
    number: u64,
}

/// A first look at two exchanges: whether the second can have been begun by the host that the first went
/// to.
fn may_be_kin(asked: &Exchange, other: &Exchange) -> bool {
    other.server != asked.server && other.client.octets() != asked.client.octets()
        || other.client.octets() == asked.server.octets()
}

/// Whether an attempt began just behind the request, and was over just before its answer or outlived it.
fn is_prompt(asked: &Exchange, attempt: &Attempt<'_>) -> bool {
    let before = attempt.began.since(asked.first());
    let after = join::answered(asked).since(attempt.ended);
    before.max(after) <= limits::PROMPT
}

impl Diagnostician {
    /// The attempts that belong to a request, in their order.
    pub(super) fn attempts<'m>(
        &'m self,
        number: u64,
        asked: &'m Exchange,
    ) -> Vec<(Attempt<'m>, Confidence)> {
        if !self.memory.has_two_legs() {
            return Vec::new();
        }
        let (from, to) = (asked.first().packet, join::answered(asked).packet);
        let mut found: Vec<(Attempt<'_>, Confidence)> = Vec::new();
        let index = self.memory.index();
        let early = from.saturating_sub(limits::MISPLACED_PACKETS);
        let alike = index.alike_between(index.keys(asked), early, to).take(CANDIDATES);
        for (other, exchange) in alike.chain(index.begun_between(from, to).take(CANDIDATES)) {
            let known = |(attempt, _): &(Attempt<'_>, _)| {
                attempt.exchange.is_some_and(|(number, _)| number == other)
            };
            if other == number || !may_be_kin(asked, exchange) || found.iter().any(known) {
                continue;
            }
            // Cheaper than to look for the owner among all.
            if !self.may_own(asked, &Attempt::alone(other, exchange)) {
                continue;
            }
            let attempt = self.memory.attempt(other, exchange);
            if let Some(owner) = self.owner(&attempt)
                && owner.number == number
            {
                found.push((attempt, owner.confidence));
            }
        }
        let bare = self.memory.bare_between(from + 1, to);
        let bare = bare.map(|connection| self.memory.bare(connection));
        for attempt in bare.chain(self.memory.unreached(from + 1, to)) {
            // Else each would be looked at against all that was open, for every request that waited for long.
            if self.may_own_bare(asked, &attempt)
                && let Some(owner) = self.owner_of_bare(&attempt)
                && owner.number == number
            {
                found.push((attempt, owner.confidence));
            }
        }
        found.sort_by_key(|(attempt, _)| attempt.began.packet);
        found
    }

    /// Whether the host that was asked can have made the attempt.
    pub(super) fn kin(&self, asked: &Exchange, attempt: &Attempt<'_>) -> Option<Kin> {
        let kin = self.apparent_kin(asked, attempt)?;
        (kin == Kin::Certain || self.leads(asked.server, attempt.client)).then_some(kin)
    }

    /// The same as far as their addresses tell.
    fn apparent_kin(&self, asked: &Exchange, attempt: &Attempt<'_>) -> Option<Kin> {
        let kin = join::kin(asked, attempt)?;
        let inbound =
            asked.circumstances.via[0].and_then(|via| via.direction) == Some(Direction::Inbound);
        if kin == Kin::Possible && inbound && self.memory.opens_outbound(attempt.client) {
            return Some(Kin::Certain);
        }
        Some(kin)
    }

    /// Whether a request can turn out to be the owner of an attempt, by the two alone.
    fn may_own(&self, asked: &Exchange, attempt: &Attempt<'_>) -> bool {
        join::nested(asked, attempt)
            && self.apparent_kin(asked, attempt).is_some_and(|kin| {
                let least = if kin == Kin::Certain { 0 } else { ALIKE };
                join::likeness(asked, attempt).is_some_and(|likeness| likeness >= least)
            })
    }

    /// Whether the requests of a host follow at once on those to another address, as those of a
    /// proxy do. Where clients ask for the same things at the same time, a request of a client
    /// may well begin while one of the proxy's is open; but not just behind its beginning.
    fn leads(&self, asked: Endpoint, opener: Endpoint) -> bool {
        let pair = (asked.octets(), opener.octets());
        if let Some(known) = self.leads.borrow().get(&pair) {
            return *known;
        }
        let (mut alike, mut prompt) = (0_u32, 0_u32);
        let own = self.memory.index().of_client(opener.octets());
        for (number, tried) in own.take(LOOKED_AT) {
            let attempt = Attempt::alone(number, tried);
            let open = self.open_alike(tried, attempt.began.packet);
            let delays = open.filter(|(_, first)| {
                first.server.octets() == asked.octets()
                    && join::nested(first, &attempt)
                    && join::likeness(first, &attempt).is_some_and(|likeness| likeness >= ALIKE)
            });
            let nearest = delays.map(|(_, first)| attempt.began.since(first.first())).min();
            alike += u32::from(nearest.is_some());
            prompt += u32::from(nearest.is_some_and(|delay| delay <= limits::PROMPT));
        }
        let leads = prompt * 2 >= alike;
        self.leads.borrow_mut().insert(pair, leads);
        leads
    }

    /// Whose request an attempt with a request carries on.
    pub(super) fn owner(&self, attempt: &Attempt<'_>) -> Option<Owner> {
        let id = attempt.exchange.map(|(number, _)| number);
        self.once(0, id, || self.find_owner(attempt))
    }

    fn find_owner(&self, attempt: &Attempt<'_>) -> Option<Owner> {
        if !self.memory.has_two_legs() {
            return None;
        }
        let (_, tried) = attempt.exchange?;
        let began = attempt.began.packet;
        // What has nothing in common with it but by chance is looked at where nothing else is found.
        let alike = self.best_of(self.open_alike(tried, began), attempt);
        let (best, second) = match alike {
            Some(alike) if alike.0.likeness >= join::BY_CHANCE => alike,
            _ => self.best_of(self.memory.index().open_at(began).take(CANDIDATES), attempt)?,
        };
        if best.likeness < ALIKE && self.rivals(attempt) > 1 {
            return None;
        }
        let doubtful = second.is_some_and(|second| {
            let (distance, further) = (u64::MAX - best.nearness, u64::MAX - second.nearness);
            second.likeness == best.likeness
                && second.kin >= best.kin
                && further < distance.saturating_mul(3).saturating_add(50_000)
        });
        let confidence =
            if doubtful || best.likeness < ALIKE { Confidence::Medium } else { Confidence::High };
        Some(Owner { number: best.number, confidence })
    }

    /// Requests that were open at a packet and have something in common with one, the latest first.
    fn open_alike<'m>(
        &'m self,
        tried: &'m Exchange,
        packet: u64,
    ) -> impl Iterator<Item = (u64, &'m Exchange)> {
        let index = self.memory.index();
        let keys = index.keys(tried);
        let late = packet + limits::MISPLACED_PACKETS;
        let alike = index.alike_at(keys, packet).take(CANDIDATES);
        alike.chain(index.alike_between(keys, packet, late).filter(move |(_, asked)| {
            // Behind it in the file, but not in time: `nested` will say.
            asked.first().at < tried.first().at
        }))
    }

    /// The best and the second best of the requests that may own an attempt.
    fn best_of<'m>(
        &self,
        asked: impl Iterator<Item = (u64, &'m Exchange)>,
        attempt: &Attempt<'_>,
    ) -> Option<(Candidate, Option<Candidate>)> {
        let (mut best, mut second): (Option<Candidate>, Option<Candidate>) = (None, None);
        for (number, asked) in asked {
            let known = |one: &Option<Candidate>| one.is_some_and(|one| one.number == number);
            if known(&best) || known(&second) || !self.may_own(asked, attempt) {
                continue;
            }
            let Some(kin) = self.kin(asked, attempt) else { continue };
            let Some(likeness) = join::likeness(asked, attempt) else { continue };
            let nearness = u64::MAX - attempt.began.since(asked.first()).as_nanos();
            let candidate = Candidate { likeness, nearness, kin, number };
            if best.is_none_or(|best| candidate > best) {
                second = best;
                best = Some(candidate);
            } else if second.is_none_or(|second| candidate > second) {
                second = Some(candidate);
            }
        }
        best.map(|best| (best, second))
    }

    /// Requests that may be carried on by an attempt, though nothing but the time tells so.
    fn rivals(&self, attempt: &Attempt<'_>) -> usize {
        let open = self.memory.index().open_at(attempt.began.packet).take(CANDIDATES);
        let alike = open.filter(|(_, asked)| {
            join::nested(asked, attempt)
                && join::likeness(asked, attempt).is_some_and(|likeness| likeness >= 0)
                && self.kin(asked, attempt).is_some()
        });
        alike.take(2).count()
    }

    /// Whether a request can turn out to be the one that a connection without one was opened for, as far
    /// as what [`Self::find_owner_of_bare`] asks of it costs little.
    fn may_own_bare(&self, asked: &Exchange, attempt: &Attempt<'_>) -> bool {
        join::nested(asked, attempt)
            && self.apparent_kin(asked, attempt).is_some_and(|kin| {
                kin == Kin::Certain || is_prompt(asked, attempt) || self.knows(asked, attempt)
            })
    }

    /// Whose request a connection without one was opened for.
    pub(super) fn owner_of_bare(&self, attempt: &Attempt<'_>) -> Option<Owner> {
        let id = attempt.connection.map(|connection| connection.id);
        self.once(1, id, || self.find_owner_of_bare(attempt))
    }

    fn find_owner_of_bare(&self, attempt: &Attempt<'_>) -> Option<Owner> {
        if !self.memory.has_two_legs() {
            return None;
        }
        // Class, how far it is from what may have caused it or came of it, and how far from both.
        const PROMPT: u64 = limits::PROMPT.as_nanos();
        let mut best: Option<(u8, u64, u64, u64)> = None;
        let mut second: Option<(u8, u64, u64, u64)> = None;
        let mut sure = Kin::Certain;
        let mut crowd = 0_u32;
        let open = self.memory.index().open_at(attempt.began.packet);
        let kin = open.filter(|(_, asked)| join::kin(asked, attempt).is_some());
        for (number, asked) in kin.take(CANDIDATES) {
            if !join::nested(asked, attempt) {
                continue;
            }
            let Some(kin) = self.kin(asked, attempt) else { continue };
            let same = attempt.spoke().and_then(|(_, octets)| join::asks_the_same(asked, octets));
            if same == Some(false) {
                continue;
            }
            let answered = join::answered(asked);
            let before = attempt.began.since(asked.first()).as_nanos();
            // The nearest come first; one that an attempt followed at once has no rival that began long
            // before.
            let settled = best.is_some_and(|(class, near, ..)| {
                class == 0 && near <= PROMPT && before > near.saturating_mul(10).max(PROMPT)
            });
            if settled {
                break;
            }
            // Zero where the attempt outlived the answer.
            let after = answered.since(attempt.ended).as_nanos();
            if kin == Kin::Possible && !is_prompt(asked, attempt) && !self.knows(asked, attempt) {
                continue;
            }
            let explained = self.carried_on(number, asked, attempt);
            // Another attempt began when this one was over.
            let again = explained.filter(|began| began.packet > attempt.began.packet);
            let next = again.map_or(after, |began| began.since(attempt.ended).as_nanos());
            // What it outlived did not come of it.
            let outlived = again.is_none() && attempt.ended.packet > answered.packet;
            let whole = before.saturating_add(if outlived { 0 } else { next });
            // What begins just behind a request was caused by it, however long it went on.
            let near = if before <= PROMPT { before } else { whole };
            let over = again.is_some_and(|began| began.packet > attempt.ended.packet);
            let prompt = whole <= PROMPT;
            let class = match (join::is_good(asked), explained) {
                (false, None) if prompt => 0,
                (false, None) => 1,
                // A retry follows at once, when the attempt before it is over.
                (true, Some(_)) if over && prompt => 2,
                (false, Some(_)) => 3,
                (true, Some(_)) if over => 4,
                (true, _) => continue,
            };
            let class = class + 5 * u8::from(self.is_busy(asked, attempt));
            let candidate = (class, near, whole, number);
            // Several failed at this time: their attempts may be exchanged.
            crowd += u32::from(class <= 1 && !join::is_good(asked) && before < PROMPT);
            if best.is_none_or(|best| candidate < best) {
                second = best;
                best = Some(candidate);
                sure = kin;
            } else if second.is_none_or(|second| candidate < second) {
                second = Some(candidate);
            }
        }
        let (class, near, whole, number) = best?;
        let doubtful = crowd > 1
            || second.is_some_and(|(other, nearest, all, _)| {
                let close = |further: u64, distance: u64| {
                    further < distance.saturating_mul(10).saturating_add(2_000_000)
                };
                // Where it fits tightly between a request and its answer, no other need fit worse.
                let loose = whole > PROMPT;
                loose || other == class && close(nearest, near) && close(all, whole)
            });
        let confidence = match () {
            () if sure == Kin::Possible && doubtful => Confidence::Low,
            () if sure == Kin::Possible || doubtful => Confidence::Medium,
            () => Confidence::High,
        };
        Some(Owner { number, confidence })
    }

    /// Whether a connection to the same server was still being opened for a request: a proxy tries
    /// one after the other.
    fn is_busy(&self, asked: &Exchange, than: &Attempt<'_>) -> bool {
        let first = asked.first();
        let until = than.began.packet;
        let before = self.memory.bare_between(first.packet + 1, until).take(LOOKED_AT);
        before.take_while(|other| other.first.since(first) <= limits::PROMPT).any(|other| {
            other.client.octets() == than.client.octets()
                && other.server == than.server
                && other.last.packet > until
        })
    }

    /// Where the request was carried on by an attempt of its own, the beginning of the last one.
    fn carried_on(&self, number: u64, asked: &Exchange, than: &Attempt<'_>) -> Option<Mark> {
        let question = (number, than.client.octets());
        if let Some(known) = self.carried_on.borrow().get(&question) {
            return *known;
        }
        let (from, to) = (asked.first().packet, join::answered(asked).packet);
        let index = self.memory.index();
        let alike = index.alike_between(index.keys(asked), from, to).take(CANDIDATES);
        let last = alike.filter_map(|(other, exchange)| {
            let attempt = Attempt::alone(other, exchange);
            let carries = other != number
                && attempt.client.octets() == than.client.octets()
                && self.kin(asked, &attempt).is_some()
                && join::likeness(asked, &attempt).is_some_and(|likeness| likeness >= ALIKE);
            carries.then(|| exchange.first())
        });
        let last = last.max_by_key(|began| began.packet);
        self.carried_on.borrow_mut().insert(question, last);
        last
    }

    /// Whether another request to the same host was carried on from the same address.
    fn knows(&self, asked: &Exchange, attempt: &Attempt<'_>) -> bool {
        self.carried(asked, Some(attempt.client.octets()))
    }

    /// Whether a request of another client than this one to the same host was carried on, from an
    /// address or from any. Found once for each state of the memory.
    fn carried(&self, asked: &Exchange, from: Option<[u8; 16]>) -> bool {
        let question = (asked.server, asked.client.octets(), from);
        if let Some(known) = self.carried.borrow().get(&question) {
            return *known;
        }
        let carried = self.find_carried(asked, from);
        self.carried.borrow_mut().insert(question, carried);
        carried
    }

    fn find_carried(&self, asked: &Exchange, from: Option<[u8; 16]>) -> bool {
        let own = asked.client.octets();
        let carries = |(number, other)| self.carries_on(number, other, asked.server);
        match from {
            Some(from) if from == own => false,
            Some(from) => self.memory.index().of_client(from).take(LOOKED_AT).any(carries),
            None => {
                let others = self.memory.exchanges();
                let others = others.filter(|(_, other)| other.client.octets() != own);
                others.take(LOOKED_AT).any(carries)
            }
        }
    }

    /// Whether an exchange carries on a request to a server. Which servers there are is found once for each
    /// state of the memory: where many clients fail, the same few exchanges are looked at for each of them.
    fn carries_on(&self, number: u64, other: &Exchange, server: Endpoint) -> bool {
        if let Some(servers) = self.carries_on.borrow().of(number) {
            return servers.contains(&server);
        }
        let carried = Attempt::alone(number, other);
        let mut servers = Vec::new();
        for (_, first) in self.open_alike(other, carried.began.packet) {
            let carries = !servers.contains(&first.server)
                && join::nested(first, &carried)
                && join::kin(first, &carried).is_some()
                && join::likeness(first, &carried).is_some_and(|likeness| likeness >= ALIKE);
            if carries {
                servers.push(first.server);
            }
        }
        let carries = servers.contains(&server);
        self.carries_on.borrow_mut().keep(number, servers);
        carries
    }

    /// Whether the capture shows connections opened by the host that was asked.
    pub(super) fn shows_legs(&self, asked: &Exchange) -> bool {
        self.memory.opens(asked) || self.carried(asked, None)
    }

    /// Whether attempts for other requests began while this one waited, or a connection of the host
    /// that was asked ended.
    pub(super) fn others(&self, number: u64, asked: &Exchange) -> bool {
        let (from, to) = (asked.first().packet, join::answered(asked).packet);
        self.memory.ended_between(asked, from, to)
            || self
                .memory
                .bare_between(from + 1, to)
                .any(|connection| self.kin(asked, &self.memory.bare(connection)).is_some())
            || self.memory.index().begun_between(from, to).take(CANDIDATES).any(
                |(other, exchange)| {
                    other != number && may_be_kin(asked, exchange) && {
                        let attempt = self.memory.attempt(other, exchange);
                        self.kin(asked, &attempt).is_some()
                            && self
                                .owner(&attempt)
                                .is_none_or(|owner| owner.confidence < Confidence::High)
                    }
                },
            )
    }
}
