//! Exchanges, strays and connections in, findings out.
//!
//! Each rule says what calls it; what an exchange shows (flaws, fields, status, method) is looked up in
//! tables made once, so that a healthy exchange calls next to nothing. Rules that need what comes
//! behind an exchange look when it is settled: at the next exchange of its connection, or at the
//! end of it.

mod bound;
mod calls;
mod guards;
mod settle;
mod sift;

use std::sync::Arc;

use hashbrown::HashMap;

pub(super) use bound::Bound;
use calls::Calls;
use guards::{Known, bit, of_connection};
use settle::{remember, settle};
use sift::{drop_covered, keep_held, mark_ambiguous, supersede, superseded_by};

use super::RULES;
use super::answers::Answers;
use super::asked::Asked;
use super::bits::Bits;
use super::finding::{Finding, Subject};
use super::parameters::Parameters;
use super::report::{About, Scene};
use super::rule::{Check, Guard};
use super::traffic::Traffic;
use super::trail::{Aftermath, Trail, Unsettled};
use super::watch::{Explained, Watcher};
use crate::flow::Mark;
use crate::http::{Connection, Exchange, Stray};
use crate::limits;

/// See the module's words.
pub struct Judge {
    rules: Vec<Bound>,
    calls: Calls,
    /// Rules that look at an exchange as soon as it is over.
    immediate: Bits,
    /// Rules that look at it once it is settled.
    settled: Bits,
    /// Rules that a settled one may make superfluous.
    held: Bits,
    /// Rules that a watcher may make superfluous.
    coverable: Bits,
    of_connections: Vec<usize>,
    watchers: Vec<(usize, Box<dyn Watcher>)>,
    /// The rules that have one …
    watching: Bits,
    /// … which it is, by the place of the rule …
    watcher_of: Vec<u16>,
    /// … and those that wait for something, and see every exchange.
    waiting: Bits,
    traffic: Traffic,
    answers: Answers,
    trails: HashMap<u64, Trail>,
    untracked: u64,
    /// Octets that the exchanges take that wait for what comes behind them, and may take.
    octets: u64,
    room: u64,
    nobody: Trail,
    now: Mark,
    second: Option<i64>,
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
            rules: Vec::new(),
            immediate: Bits::default(),
            settled: Bits::default(),
            held: Bits::default(),
            coverable: Bits::default(),
            of_connections: Vec::new(),
            watchers: Vec::new(),
            watching: Bits::default(),
            watcher_of: vec![0; rules.len()],
            waiting: Bits::default(),
            traffic: Traffic::default(),
            answers: Answers::default(),
            trails: HashMap::new(),
            untracked: 0,
            octets: 0,
            room: limits::share(limits::MEMORY, limits::MEMORY_RULES),
            nobody: Trail::default(),
            now: Mark::default(),
            second: None,
            found: Vec::new(),
        };
        for (place, bound) in rules.iter().enumerate() {
            match bound.rule.check {
                Check::Message(..) | Check::Exchange(..) => judge.immediate.add(place),
                Check::Settled(..) => {
                    judge.settled.add(place);
                    for other in superseded_by(&rules, bound.rule) {
                        judge.held.add(other);
                    }
                }
                Check::Connection(_) => judge.of_connections.push(place),
                Check::Watch(_, open) => {
                    judge.watching.add(place);
                    for other in superseded_by(&rules, bound.rule) {
                        judge.coverable.add(other);
                    }
                    if let Some(nth) = judge.watcher_of.get_mut(place) {
                        *nth = judge.watchers.len() as u16;
                    }
                    judge.watchers.push((place, open()));
                }
            }
        }
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

    /// Judges an exchange. `id` is its number.
    pub fn exchange(&mut self, id: u64, exchange: Arc<Exchange>, out: &mut Vec<Finding>) {
        self.passes(exchange.completed, out);
        let Self { rules, calls, traffic, answers, trails, found, .. } = self;
        let mut called = calls.by(&exchange);
        let full = trails.len() >= limits::JUDGED_CONNECTIONS || self.octets > self.room;
        let mut trail = match full {
            true => trails.get_mut(&exchange.connection),
            false => Some(trails.entry(exchange.connection).or_default()),
        };
        let parties = trail.as_deref_mut().map(|trail| &mut trail.parties);
        let standing = traffic.note(&exchange, parties.unwrap_or(&mut None));
        if standing.troubled {
            called.join(&calls.troubled);
        }
        if trail.as_deref().is_some_and(Trail::has_announced) {
            called.join(&calls.after_close);
        }
        let standing = (standing, &*traffic);
        let known = Known::of(&exchange);
        let asked = Asked::of(&exchange);
        let mut contradicts = None;
        if let (Some(request), Some(response)) = (&exchange.request, &exchange.response)
            && let Some(asked) = asked
            && known.allows(bit(Guard::RequestKnown), &exchange)
        {
            contradicts = answers.note(asked, &request.head, response);
            if contradicts.is_some() {
                called.join(&calls.contradicts);
            }
        }
        let scene = Scene {
            id,
            exchange: &exchange,
            asked,
            trail: trail.as_deref().unwrap_or(&self.nobody),
            standing: Some(&standing),
            answers: Some(answers),
            contradicts,
        };
        for members in called.and(&self.immediate).members() {
            for place in members {
                let Some(bound) = rules.get(place) else { continue };
                bound.look(&scene, &known, found);
            }
        }
        let mut watching = called.and(&self.watching);
        watching.join(&self.waiting);
        let Self { watchers, watcher_of, waiting, .. } = self;
        for members in watching.members() {
            for place in members {
                let nth = watcher_of.get(place).map(|nth| usize::from(*nth));
                let watcher = nth.and_then(|nth| watchers.get_mut(nth));
                let Some((bound, (_, watcher))) = rules.get(place).zip(watcher) else { continue };
                if !known.allows(bound.guards, &exchange) {
                    continue;
                }
                let about = About::Exchange(&scene, None);
                let mut report = bound.report(Subject::Exchange, about, found);
                watcher.exchange(&scene, &mut report);
                let waits = watcher.waits();
                if waits != waiting.has(place) {
                    waiting.set(place, waits);
                }
            }
        }
        let mut held = Vec::new();
        if !found.is_empty() {
            mark_ambiguous(scene.trail, found);
            supersede(found);
            drop_covered(rules, &self.coverable, &self.watchers, &exchange, found);
            held = keep_held(&self.held, found, out);
        }
        let called = called.and(&self.settled);
        match trail {
            Some(trail) => {
                let before = trail.memory();
                let octets = exchange.memory();
                let unsettled =
                    Unsettled { id, exchange, octets, called, held, strays: Vec::new() };
                remember(rules, &self.coverable, &self.watchers, trail, unsettled, found, out);
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
        // Strays of all exchanges, for the rules about the connection.
        let strays: Vec<Stray> =
            unsettled.iter().flat_map(|kept| &kept.strays).chain(&trail.strays).cloned().collect();
        for (place, kept) in unsettled.iter().enumerate() {
            let next = unsettled.get(place + 1).map(|next| &*next.exchange);
            let aftermath = Aftermath { strays: &kept.strays, next, connection: Some(connection) };
            settle(&self.rules, kept, &trail, &aftermath, &mut self.found);
            for finding in &kept.held {
                self.found.push(finding.clone());
            }
            supersede(&mut self.found);
            drop_covered(
                &self.rules,
                &self.coverable,
                &self.watchers,
                &kept.exchange,
                &mut self.found,
            );
            out.append(&mut self.found);
        }
        let last = unsettled.back().map(|kept| &*kept.exchange);
        let aftermath = Aftermath { strays: &strays, next: last, connection: Some(connection) };
        let allowed = of_connection(connection);
        for place in &self.of_connections {
            let Some(bound) = self.rules.get(*place) else { continue };
            let Check::Connection(check) = bound.rule.check else { continue };
            if bound.guards & !allowed != 0 {
                continue;
            }
            let of_last;
            let about = match unsettled.back() {
                Some(kept) => {
                    let (id, exchange) = (kept.id, &kept.exchange);
                    of_last = Scene::of_kept(id, exchange, &trail);
                    About::Exchange(&of_last, None)
                }
                None => About::Connection(connection),
            };
            let mut report = bound.report(Subject::Connection, about, &mut self.found);
            check(connection, &aftermath, &mut report);
        }
        if let Some(kept) = unsettled.back() {
            drop_covered(
                &self.rules,
                &self.coverable,
                &self.watchers,
                &kept.exchange,
                &mut self.found,
            );
        }
        supersede(&mut self.found);
        out.append(&mut self.found);
    }

    /// Why an exchange failed is known.
    pub fn explained(&mut self, explained: &Explained<'_>, out: &mut Vec<Finding>) {
        let curious = self.watchers.iter_mut().filter(|(_, watcher)| watcher.asks_why());
        for (place, watcher) in curious {
            let Some(bound) = self.rules.get(*place) else { continue };
            let mut report = bound.report_on_nothing(self.now, &mut self.found);
            watcher.explained(explained, &mut report);
        }
        out.append(&mut self.found);
    }

    /// The capture is over.
    pub fn finish(&mut self, out: &mut Vec<Finding>) {
        let now = self.now;
        for (place, watcher) in &mut self.watchers {
            let Some(bound) = self.rules.get(*place) else { continue };
            let mut report = bound.report_on_nothing(now, &mut self.found);
            watcher.finish(now, &self.traffic, &mut report);
        }
        supersede(&mut self.found);
        out.append(&mut self.found);
    }

    /// Tells the watchers about every second of the capture.
    fn passes(&mut self, mark: Mark, out: &mut Vec<Finding>) {
        if mark.at > self.now.at {
            self.now = mark;
        }
        let second = self.now.at.as_nanos().div_euclid(1_000_000_000);
        if self.second == Some(second) {
            return;
        }
        self.second = Some(second);
        for (place, watcher) in &mut self.watchers {
            let Some(bound) = self.rules.get(*place) else { continue };
            let mut report = bound.report_on_nothing(self.now, &mut self.found);
            watcher.tick(self.now, &self.traffic, &mut report);
        }
        supersede(&mut self.found);
        out.append(&mut self.found);
    }
}
