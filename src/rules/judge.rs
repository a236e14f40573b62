//! Exchanges, strays and connections in, findings out.
//!
//! Each rule says what calls it; what an exchange shows (flaws, fields, status, method) is its shape.
//! Which rules a shape calls is looked up in tables made once, and kept, so that a healthy exchange
//! calls next to nothing and finds that out at once. Rules that need what comes
//! behind an exchange look when it is settled: at the next exchange of its connection, or at the
//! end of it.

mod bound;
mod calls;
mod dates;
mod guards;
mod plan;
mod settle;
mod shape;
mod sift;

use std::sync::Arc;

use hashbrown::HashMap;

pub(super) use bound::Bound;
use calls::Calls;
use guards::{bit, of_connection};
use plan::Plans;
use settle::{remember, settle, waits_for_end};
use shape::Sign;
use sift::{Covers, keep_held, mark_ambiguous, supersede, superseded_by};

use super::RULES;
use super::answers::Answers;
use super::asked::Hashes;
use super::awaited::Awaiting;
use super::bits::Bits;
use super::finding::{Finding, Subject};
use super::pages::Pages;
use super::parameters::Parameters;
use super::report::{About, Report, Scene};
use super::rule::{Check, Guard};
use super::traffic::Traffic;
use super::trail::{Aftermath, Trail, Unsettled};
use super::watch::{Explained, Watcher};
use super::window::probe::may_probe;
use crate::flow::Mark;
use crate::http::{Connection, Exchange, Message, Stray};
use crate::limits;
use crate::units::Timestamp;

/// How a rule looks at a connection.
type OfConnection = fn(&Connection, &Aftermath<'_>, &mut Report<'_>);

/// See the module's words.
pub struct Judge {
    rules: Vec<Bound>,
    calls: Calls,
    plans: Plans,
    /// Rules that one which looks once an exchange is settled may make superfluous.
    held: Bits,
    /// Which watchers may make which rules superfluous.
    covers: Covers,
    /// Rules of which a finding is not simply given out: it may make others superfluous, or be so itself.
    sifted: Bits,
    /// The rules about connections: their places and guards, and how they look.
    of_connections: Vec<(usize, u16, OfConnection)>,
    watchers: Vec<Box<dyn Watcher>>,
    /// The places of their rules.
    watching: Vec<usize>,
    /// The numbers of those that want to know why exchanges failed.
    asking: Vec<usize>,
    /// Those of them that wait for something, and see every exchange: a bit each.
    waiting: u64,
    traffic: Traffic,
    answers: Answers,
    awaiting: Awaiting,
    pages: Pages,
    trails: HashMap<u64, Trail>,
    untracked: u64,
    /// Octets that the exchanges take that wait for what comes behind them, and may take.
    octets: u64,
    room: u64,
    nobody: Trail,
    now: Mark,
    /// When the next second of the capture begins.
    next_second: Option<Timestamp>,
    found: Vec<Finding>,
}

impl Default for Judge {
    fn default() -> Self {
        Self::new(&Parameters::default())
    }
}

impl Judge {
    /// A judge with all rules that are not ignored.
    pub fn new(parameters: &Parameters) -> Self {
        let chosen = RULES.iter().filter(|rule| !parameters.ignores(rule));
        let rules: Vec<Bound> = (0..)
            .zip(chosen)
            .map(|(place, rule)| Bound::new(rule, place, parameters.of(rule)))
            .collect();
        let mut judge = Self {
            calls: Calls::of(&rules),
            plans: Plans::default(),
            covers: Covers::of(&rules),
            rules: Vec::new(),
            held: Bits::default(),
            sifted: Bits::default(),
            of_connections: Vec::new(),
            watchers: Vec::new(),
            watching: Vec::new(),
            asking: Vec::new(),
            waiting: 0,
            traffic: Traffic::default(),
            answers: Answers::default(),
            awaiting: Awaiting::default(),
            pages: Pages::default(),
            trails: HashMap::new(),
            untracked: 0,
            octets: 0,
            room: limits::share(limits::MEMORY, limits::MEMORY_RULES),
            nobody: Trail::default(),
            now: Mark::default(),
            next_second: None,
            found: Vec::new(),
        };
        for (place, bound) in rules.iter().enumerate() {
            match bound.rule.check {
                Check::Message(..) | Check::Exchange(..) => {}
                Check::Settled(..) => {
                    for other in superseded_by(&rules, bound.rule) {
                        judge.held.add(other);
                    }
                }
                Check::Connection(check) => {
                    judge.of_connections.push((place, bound.guards, check));
                }
                Check::Watch(_, open) => {
                    let watcher = open();
                    if watcher.asks_why() {
                        judge.asking.push(judge.watchers.len());
                    }
                    judge.watching.push(place);
                    judge.watchers.push(watcher);
                }
            }
        }
        assert!(judge.watchers.len() <= u64::BITS as usize, "too many watchers for a bit each");
        for (place, bound) in rules.iter().enumerate() {
            let supersedes = !bound.rule.supersedes.is_empty();
            let sifted = supersedes || judge.covers.have(place) || judge.held.has(place);
            judge.sifted.set(place, sifted);
        }
        judge.plans = Plans::of(&rules, &judge.watchers);
        judge.rules = rules;
        judge
    }

    /// So many octets may be taken by exchanges that wait for what comes behind them.
    pub const fn set_memory(&mut self, octets: u64) {
        self.room = octets;
    }

    /// How many exchanges were judged by what was known at once alone, since there were too many
    /// connections to remember all.
    pub const fn untracked(&self) -> u64 {
        self.untracked
    }

    /// How many servers, clients, endpoints and hosts had to be forgotten by the rules about traffic,
    /// since there were too many to watch all.
    pub const fn forgotten(&self) -> u64 {
        self.traffic.forgotten()
    }

    /// Judges an exchange. `id` is its number, `hashes` are those of its request.
    pub fn exchange(
        &mut self,
        id: u64,
        exchange: Arc<Exchange>,
        hashes: Option<&Hashes>,
        out: &mut Vec<Finding>,
    ) {
        self.passes(exchange.completed, out);
        let Self { rules, calls, plans, watchers, waiting, traffic, answers, .. } = self;
        let Self { trails, awaiting, pages, found, .. } = self;
        let mut shape = calls.shape(&exchange);
        shape.waiting = *waiting;
        let full = trails.len() >= limits::JUDGED_CONNECTIONS || self.octets > self.room;
        let mut trail = match full {
            true => trails.get_mut(&exchange.connection),
            false => Some(trails.entry(exchange.connection).or_default()),
        };
        let parties = trail.as_deref_mut().map(|trail| &mut trail.parties);
        let standing = traffic.note(&exchange, hashes, parties.unwrap_or(&mut None));
        if let Some(request) = exchange.request.as_deref() {
            let (features, target) = (request.head.features(), request.head.target());
            let probes = may_probe(features, target, standing.fronts);
            shape.signs.add_if(probes, Sign::Probing);
        }
        shape.signs.add_if(standing.failed, Sign::Failed);
        shape.signs.add_if(standing.in_vain, Sign::InVain);
        shape.signs.add_if(standing.is_sampled(), Sign::Sampled);
        if let Some(trail) = trail.as_deref() {
            shape.signs.add_if(trail.has_announced(), Sign::AfterClose);
            let before = |request: &Message| request.first.packet < trail.answered;
            let pipelined = exchange.request.as_deref().is_some_and(before);
            shape.signs.add_if(pipelined, Sign::Pipelined);
        }
        let asked = hashes.and_then(|hashes| hashes.asked);
        let awaited = asked.is_some_and(|asked| awaiting.may_have(asked));
        shape.signs.add_if(awaited, Sign::Awaited);
        let mut contradicts = None;
        if let (Some(request), Some(response)) = (&exchange.request, &exchange.response)
            && let Some(asked) = asked
            && shape.met & bit(Guard::RequestKnown) != 0
        {
            contradicts = answers.note(asked, &request.head, response);
            shape.signs.add_if(contradicts.is_some(), Sign::Contradicts);
        }
        let scene = Scene {
            id,
            exchange: &exchange,
            asked,
            trail: trail.as_deref().unwrap_or(&self.nobody),
            standing: Some((&standing, traffic)),
            answers: Some(answers),
            awaiting: Some(awaiting),
            pages: Some(pages),
            contradicts,
        };
        let plan = plans.plan(&shape, &exchange, rules, calls);
        plan.carry_out(&scene, rules, watchers, waiting, found);
        let covers = (&self.covers, watchers.as_slice());
        let mut held = Vec::new();
        if !found.is_empty() {
            mark_ambiguous(scene.trail, found);
            if found.iter().any(|finding| self.sifted.has(finding.judged_by)) {
                supersede(found);
                self.covers.drop_covered(watchers, &exchange, found);
                held = keep_held(&self.held, found, out);
            } else {
                out.append(found);
            }
        }
        let called = plan.settled;
        match trail {
            Some(trail) => {
                let before = trail.memory();
                let octets = exchange.memory();
                let waits_for_end = waits_for_end(&exchange);
                let (met, strays) = (shape.met, Vec::new());
                let unsettled =
                    Unsettled { id, exchange, octets, waits_for_end, met, called, held, strays };
                remember(rules, covers, trail, unsettled, found, out);
                self.octets = (self.octets + trail.memory()).saturating_sub(before);
            }
            None => {
                self.untracked += 1;
                out.extend(held);
            }
        }
    }

    /// Whether all rules have looked at an exchange that look at exchanges, those included that wait
    /// for what comes behind it.
    pub fn is_settled(&self, connection: u64, id: u64) -> bool {
        let Some(trail) = self.trails.get(&connection) else { return true };
        trail.unsettled.iter().all(|unsettled| unsettled.id != id)
    }

    /// Takes note of octets where none may stand.
    pub fn stray(&mut self, stray: &Stray, out: &mut Vec<Finding>) {
        const STRAYS: usize = 8;
        self.passes(stray.first, out);
        if !self.trails.contains_key(&stray.connection) {
            if self.trails.len() >= limits::JUDGED_CONNECTIONS {
                self.untracked += 1;
                return;
            }
            self.trails.insert(stray.connection, Trail::default());
        }
        let Some(trail) = self.trails.get_mut(&stray.connection) else { return };
        let own = trail.unsettled.iter_mut().find(|kept| kept.exchange.nth == stray.nth);
        let strays = own.map_or(&mut trail.strays, |kept| &mut kept.strays);
        if strays.len() < STRAYS {
            strays.push(stray.clone());
        }
    }

    /// Judges a connection, and what of it was not settled.
    pub fn connection(&mut self, connection: &Connection, out: &mut Vec<Finding>) {
        self.passes(connection.completed, out);
        let mut trail = self.trails.remove(&connection.id).unwrap_or_default();
        self.octets = self.octets.saturating_sub(trail.memory());
        let mut unsettled = std::mem::take(&mut trail.unsettled);
        for kept in &mut unsettled {
            kept.called.join(&self.calls.connection_over);
        }
        for (place, kept) in unsettled.iter().enumerate() {
            let next = unsettled.get(place + 1).map(|next| &*next.exchange);
            let aftermath = Aftermath { strays: &kept.strays, next, connection: Some(connection) };
            settle(&self.rules, kept, &trail, &aftermath, &mut self.found);
            self.found.extend_from_slice(&kept.held);
            if self.found.is_empty() {
                continue;
            }
            supersede(&mut self.found);
            self.covers.drop_covered(&self.watchers, &kept.exchange, &mut self.found);
            out.append(&mut self.found);
        }
        // Strays of all exchanges, for the rules about the connection.
        let mut strays = Vec::new();
        for kept in &mut unsettled {
            strays.append(&mut kept.strays);
        }
        strays.append(&mut trail.strays);
        let last = unsettled.back();
        let next = last.map(|kept| &*kept.exchange);
        let aftermath = Aftermath { strays: &strays, next, connection: Some(connection) };
        let of_last = last.map(|kept| Scene::of_kept(kept.id, &kept.exchange, &trail));
        let about = match &of_last {
            Some(scene) => About::Exchange(scene, None),
            None => About::Connection(connection),
        };
        let allowed = of_connection(connection);
        for (place, guards, check) in &self.of_connections {
            if guards & !allowed == 0
                && let Some(bound) = self.rules.get(*place)
            {
                let mut report = bound.report(Subject::Connection, about, &mut self.found);
                check(connection, &aftermath, &mut report);
            }
        }
        if let Some(last) = next.filter(|_| !self.found.is_empty()) {
            self.covers.drop_covered(&self.watchers, last, &mut self.found);
        }
        self.give(out);
    }

    /// Gives out what was found, apart from what another finding says better.
    fn give(&mut self, out: &mut Vec<Finding>) {
        if !self.found.is_empty() {
            supersede(&mut self.found);
            out.append(&mut self.found);
        }
    }

    /// Why an exchange failed is known.
    pub fn explained(&mut self, explained: &Explained<'_>, out: &mut Vec<Finding>) {
        for nth in &self.asking {
            let watcher = self.watchers.get_mut(*nth).zip(self.watching.get(*nth));
            let Some((watcher, place)) = watcher else { continue };
            let Some(bound) = self.rules.get(*place) else { continue };
            let mut report = bound.report_on_nothing(self.now, &mut self.found);
            watcher.explained(explained, &mut report);
        }
        out.append(&mut self.found);
    }

    /// The capture is over.
    pub fn finish(&mut self, out: &mut Vec<Finding>) {
        let now = self.now;
        for (place, watcher) in self.watching.iter().zip(&mut self.watchers) {
            let Some(bound) = self.rules.get(*place) else { continue };
            let mut report = bound.report_on_nothing(now, &mut self.found);
            watcher.finish(now, &self.traffic, &mut report);
        }
        self.give(out);
    }

    /// Tells the watchers about every second of the capture.
    fn passes(&mut self, mark: Mark, out: &mut Vec<Finding>) {
        if mark.at > self.now.at {
            self.now = mark;
        }
        if self.next_second.is_none_or(|next| self.now.at >= next) {
            self.tick(out);
        }
    }

    #[cold]
    fn tick(&mut self, out: &mut Vec<Finding>) {
        const SECOND: i64 = 1_000_000_000;
        let begun = self.now.at.as_nanos().div_euclid(SECOND).saturating_mul(SECOND);
        self.next_second = Some(Timestamp::from_nanos(begun.saturating_add(SECOND)));
        for (place, watcher) in self.watching.iter().zip(&mut self.watchers) {
            let Some(bound) = self.rules.get(*place) else { continue };
            let mut report = bound.report_on_nothing(self.now, &mut self.found);
            watcher.tick(self.now, &self.traffic, &mut report);
        }
        self.give(out);
    }
}
