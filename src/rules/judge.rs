//! Exchanges, strays and connections in, findings out.
//!
//! Each rule says what calls it; what an exchange shows (flaws, fields, status, method) is looked up in
//! tables made once, so that a healthy exchange calls next to nothing. Rules that need what comes
//! behind an exchange look when it is settled: at the next exchange of its connection, or at the
//! end of it.

mod calls;
mod guards;

use std::sync::Arc;

use hashbrown::HashMap;

use calls::{Calls, Signs};
use guards::{Known, bit, of_connection};

use super::RULES;
use super::asked::Asked;
use super::bits::Bits;
use super::finding::{Finding, Subject};
use super::parameters::Parameters;
use super::report::{About, Report, Scene};
use super::rule::{Check, Guard, On, Rule};
use super::traffic::Traffic;
use super::trail::{Aftermath, Trail, Unsettled, closes};
use super::watch::{Explained, Watcher};
use crate::flow::Mark;
use crate::http::{Connection, Exchange, Message, Stray};
use crate::limits;

/// A rule with the values of its parameters.
#[derive(Debug)]
struct Bound {
    rule: &'static Rule,
    /// Its place in the list.
    place: usize,
    parameters: Vec<Box<[f64]>>,
    guards: u16,
    signs: Signs,
}

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
            .map(|(place, rule)| Bound {
                rule,
                place,
                parameters: parameters.of(rule),
                guards: rule.guards.iter().fold(0, |mask, guard| mask | bit(*guard)),
                signs: match rule.check {
                    Check::Message(_, trigger, _) => Signs::of(trigger),
                    _ => Signs::default(),
                },
            })
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
        let Self { rules, calls, traffic, trails, found, .. } = self;
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
        let scene = Scene {
            id,
            exchange: &exchange,
            asked: Asked::of(&exchange),
            trail: trail.as_deref().unwrap_or(&self.nobody),
            standing: Some(&standing),
        };
        let known = Known::of(&exchange);
        for place in called.and(&self.immediate).iter() {
            let Some(bound) = rules.get(place) else { continue };
            bound.look(&scene, &known, found);
        }
        let mut watching = called.and(&self.watching);
        watching.join(&self.waiting);
        for place in watching.iter() {
            let Some(bound) = rules.get(place) else { continue };
            let Some((_, watcher)) =
                self.watcher_of.get(place).and_then(|nth| self.watchers.get_mut(usize::from(*nth)))
            else {
                continue;
            };
            if known.allows(bound.guards, &exchange) {
                let about = About::Exchange(&scene, None);
                let mut report = bound.report(Subject::Exchange, about, found);
                watcher.exchange(&scene, &mut report);
                self.waiting.set(place, watcher.waits());
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
            let mut report = Report {
                rule: bound.rule,
                place: bound.place,
                parameters: &bound.parameters,
                milder: false,
                subject: Subject::Connection,
                about: match unsettled.back() {
                    Some(kept) => {
                        let (id, exchange) = (kept.id, &kept.exchange);
                        let trail = &trail;
                        of_last = Scene { id, exchange, asked: None, trail, standing: None };
                        About::Exchange(&of_last, None)
                    }
                    None => About::Connection(connection),
                },
                found: &mut self.found,
            };
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

/// The places of the rules whose findings a rule makes superfluous.
fn superseded_by(rules: &[Bound], rule: &Rule) -> impl Iterator<Item = usize> {
    let superseded = |other: &Bound| rule.supersedes.contains(&other.rule.id);
    (0..).zip(rules).filter(move |(_, other)| superseded(other)).map(|(place, _)| place)
}

/// Gives out what was found, apart from what a rule that looks later may make superfluous.
fn keep_held(superseded: &Bits, found: &mut Vec<Finding>, out: &mut Vec<Finding>) -> Vec<Finding> {
    let mut held = Vec::new();
    for finding in found.drain(..) {
        if superseded.has(finding.judged_by) {
            held.push(finding);
        } else {
            out.push(finding);
        }
    }
    held
}

/// Keeps an exchange until it is settled, and settles those before it that now are.
fn remember(
    rules: &[Bound],
    coverable: &Bits,
    watchers: &[(usize, Box<dyn Watcher>)],
    trail: &mut Trail,
    mut latest: Unsettled,
    found: &mut Vec<Finding>,
    out: &mut Vec<Finding>,
) {
    while let Some(front) = trail.unsettled.front() {
        let full = trail.unsettled.len() >= limits::UNSETTLED_EXCHANGES;
        if !full && waits_for_end(&front.exchange) {
            break;
        }
        let Some(settled) = trail.unsettled.pop_front() else { break };
        trail.octets = trail.octets.saturating_sub(settled.octets);
        let next = trail.unsettled.front().unwrap_or(&latest);
        let next = Arc::clone(&next.exchange);
        let aftermath = Aftermath { strays: &settled.strays, next: Some(&next), connection: None };
        settle(rules, &settled, trail, &aftermath, found);
        found.extend(settled.held);
        supersede(found);
        drop_covered(rules, coverable, watchers, &settled.exchange, found);
        out.append(found);
    }
    trail.note(&latest.exchange);
    if !trail.strays.is_empty() {
        let nth = latest.exchange.nth;
        let all = std::mem::take(&mut trail.strays).into_iter();
        (latest.strays, trail.strays) = all.partition(|stray| stray.nth == nth);
    }
    if trail.unsettled.capacity() == 0 {
        // Most connections have one that waits, and there are many of them.
        trail.unsettled.reserve_exact(1);
    }
    trail.octets += latest.octets;
    trail.unsettled.push_back(latest);
}

/// Whether only the end of the connection settles an exchange.
fn waits_for_end(exchange: &Exchange) -> bool {
    let response = exchange.response.as_deref();
    exchange.switch.is_some()
        || response.is_none_or(|response| !response.complete())
        || closes(exchange)
}

fn settle(
    rules: &[Bound],
    kept: &Unsettled,
    trail: &Trail,
    aftermath: &Aftermath<'_>,
    found: &mut Vec<Finding>,
) {
    if kept.called.is_empty() {
        return;
    }
    let exchange = &kept.exchange;
    let scene = Scene { id: kept.id, exchange, asked: None, trail, standing: None };
    let mut known = Known::of(&kept.exchange);
    if let Some(connection) = aftermath.connection {
        known.met &= of_connection(connection) | !bit(Guard::NoGap);
    }
    for place in kept.called.iter() {
        let Some(bound) = rules.get(place) else { continue };
        let Check::Settled(_, check) = bound.rule.check else { continue };
        if known.allows(bound.guards, &kept.exchange) {
            let about = About::Exchange(&scene, None);
            let mut report = bound.report(Subject::Exchange, about, found);
            check(&scene, aftermath, &mut report);
        }
    }
}

/// Findings behind a message whose framing was ambiguous may be mere consequences.
fn mark_ambiguous(trail: &Trail, found: &mut [Finding]) {
    for finding in found {
        finding.after_ambiguous_framing = trail.ambiguous;
    }
}

/// Drops findings that others about the same thing make superfluous.
fn supersede(found: &mut Vec<Finding>) {
    if !found.iter().any(|finding| !finding.rule.supersedes.is_empty()) {
        return;
    }
    let superseded: Vec<bool> = found
        .iter()
        .map(|finding| {
            found.iter().any(|other| {
                other.rule.supersedes.contains(&finding.rule.id)
                    && other.transaction == finding.transaction
                    && other.connection == finding.connection
                    && other.subject.covers(finding.subject)
            })
        })
        .collect();
    let mut superseded = superseded.into_iter();
    found.retain(|_| !superseded.next().unwrap_or(false));
}

/// Drops findings that a finding about many exchanges will stand for.
fn drop_covered(
    rules: &[Bound],
    coverable: &Bits,
    watchers: &[(usize, Box<dyn Watcher>)],
    exchange: &Exchange,
    found: &mut Vec<Finding>,
) {
    found.retain(|finding| {
        if !coverable.has(finding.judged_by) {
            return true;
        }
        !watchers.iter().any(|(place, watcher)| {
            let rule = rules.get(*place).map(|bound| bound.rule);
            rule.is_some_and(|rule| rule.supersedes.contains(&finding.rule.id))
                && finding.subject != Subject::Traffic
                && watcher.covers(exchange)
        })
    });
}

impl Bound {
    fn report<'r>(
        &'r self,
        subject: Subject,
        about: About<'r>,
        found: &'r mut Vec<Finding>,
    ) -> Report<'r> {
        let milder = self.guards & bit(Guard::ProxyLower) != 0;
        Report {
            rule: self.rule,
            place: self.place,
            parameters: &self.parameters,
            milder,
            subject,
            about,
            found,
        }
    }

    fn report_on_nothing<'r>(&'r self, now: Mark, found: &'r mut Vec<Finding>) -> Report<'r> {
        Report {
            rule: self.rule,
            place: self.place,
            parameters: &self.parameters,
            milder: false,
            subject: Subject::Traffic,
            about: About::Nothing(now),
            found,
        }
    }

    /// Looks at an exchange, or at its messages.
    fn look(&self, scene: &Scene<'_>, known: &Known, found: &mut Vec<Finding>) {
        let exchange = scene.exchange;
        match self.rule.check {
            Check::Exchange(_, check) => {
                if known.allows(self.guards, exchange) {
                    let about = About::Exchange(scene, None);
                    let mut report = self.report(Subject::Exchange, about, found);
                    check(scene, &mut report);
                }
            }
            Check::Message(on, _, check) => {
                let mut look = |message: &Message, subject| {
                    if self.signs.are_in(message)
                        && known.allows_message(self.guards, message, exchange)
                    {
                        let about = About::Exchange(scene, Some(message));
                        let mut report = self.report(subject, about, found);
                        check(message, scene, &mut report);
                    }
                };
                if let (On::Request | On::Any, Some(request)) = (on, scene.request()) {
                    look(request, Subject::Request);
                }
                if on != On::Request {
                    for (message, place) in exchange.interim.iter().zip(0..) {
                        look(message, Subject::Interim(place));
                    }
                }
                if let (On::Response | On::Any, Some(response)) = (on, scene.response()) {
                    look(response, Subject::Response);
                }
            }
            Check::Settled(..) | Check::Connection(_) | Check::Watch(..) => {}
        }
    }
}
