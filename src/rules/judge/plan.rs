//! The shape of an exchange in; which rules look at it and at what of it, in their order, out. Most
//! exchanges have a shape that came before, and then nothing is worked out again.

use std::hash::BuildHasher as _;

use hashbrown::DefaultHashBuilder;

use super::Bound;
use super::calls::Calls;
use super::guards::{bit, of_message, with_message};
use super::shape::{Looks, Shape};
use crate::http::{Exchange, Message};
use crate::rules::bits::Bits;
use crate::rules::evidence;
use crate::rules::finding::{Finding, Part, Subject};
use crate::rules::report::{About, Report, Scene};
use crate::rules::rule::{Check, Guard, On};
use crate::rules::watch::Watcher;

/// How many plans are kept. A power of two: real traffic has some dozens of shapes, and whoever makes
/// up others pays for nothing but his own.
const ROOM: usize = 512;

/// A rule that looks.
#[derive(Debug, Clone, Copy)]
struct Look {
    place: u16,
    at: At,
    /// Whether it is silent where a cache answered.
    unless_cached: bool,
}

/// What a rule looks at, and how.
#[derive(Debug, Clone, Copy)]
enum At {
    Exchange(fn(&Scene<'_>, &mut Report<'_>)),
    Message(Part, fn(&Message, &Scene<'_>, &mut Report<'_>)),
}

/// A rule that remembers and looks.
#[derive(Debug, Clone, Copy)]
struct Watch {
    place: u16,
    /// The number of its watcher.
    nth: u16,
    /// Whether that may ever wait.
    may_wait: bool,
    /// Whether it is silent where a cache answered.
    unless_cached: bool,
}

/// Which rules look at exchanges of one shape.
#[derive(Debug, Default)]
pub(super) struct Plan {
    shape: Option<Shape>,
    /// Those that look as soon as an exchange is over.
    looks: Vec<Look>,
    watches: Vec<Watch>,
    /// Whether any of these is silent where a cache answered.
    asks_cached: bool,
    /// Those that look once it is settled.
    pub settled: Bits,
}

/// See the module's words.
#[derive(Default)]
pub(super) struct Plans {
    kept: Vec<Plan>,
    /// Whatever no other exchange is likely to need again.
    once: Plan,
    settled: Bits,
    /// The number of the watcher of each rule, and whether it may ever wait.
    watcher_of: Vec<Option<(u16, bool)>>,
    /// Seeded at random, so that nobody can choose what collides.
    hasher: DefaultHashBuilder,
}

impl Plans {
    pub fn of(rules: &[Bound], watchers: &[Box<dyn Watcher>]) -> Self {
        let mut settled = Bits::default();
        let may_wait = watchers.iter().map(|watcher| watcher.waits().is_some());
        let mut watchers = (0..).zip(may_wait);
        let mut watcher_of = Vec::with_capacity(rules.len());
        for (place, bound) in rules.iter().enumerate() {
            if matches!(bound.rule.check, Check::Settled(..)) {
                settled.add(place);
            }
            let watches = matches!(bound.rule.check, Check::Watch(..));
            watcher_of.push(if watches { watchers.next() } else { None });
        }
        let (kept, once) = ((0..ROOM).map(|_| Plan::default()).collect(), Plan::default());
        Self { kept, once, settled, watcher_of, hasher: DefaultHashBuilder::default() }
    }

    /// The plan for an exchange of this shape.
    pub fn plan(
        &mut self,
        shape: &Shape,
        exchange: &Exchange,
        rules: &[Bound],
        calls: &Calls,
    ) -> &Plan {
        let Self { kept, once, settled, watcher_of, hasher } = self;
        let likely = exchange.interim.is_empty();
        // Each shape has two places, so that those do not take turns which would have had the same one.
        let first = hasher.hash_one(shape) as usize % ROOM;
        let is_of = |place: usize, shape: Option<&Shape>| {
            kept.get(place).is_some_and(|plan| plan.shape.as_ref() == shape)
        };
        let known = [first, first ^ 1].into_iter().find(|place| is_of(*place, Some(shape)));
        let free = || [first, first ^ 1].into_iter().find(|place| is_of(*place, None));
        let place = known.or_else(free).unwrap_or(first);
        let plan = kept.get_mut(place).filter(|_| likely).unwrap_or(once);
        if likely && known.is_some() {
            return plan;
        }
        let mut called = calls.by(shape, &exchange.interim);
        plan.shape = Some(*shape);
        plan.settled = called.and(settled);
        plan.looks.clear();
        plan.watches.clear();
        for (place, nth) in watcher_of.iter().enumerate() {
            if let Some((nth, _)) = nth
                && shape.waiting >> nth & 1 == 1
            {
                called.add(place);
            }
        }
        for place in called.members().flatten() {
            let Some(bound) = rules.get(place) else { continue };
            let watcher = watcher_of.get(place).copied().flatten();
            plan.enter(bound, watcher, shape, exchange, calls);
        }
        plan.asks_cached = plan.looks.iter().any(|look| look.unless_cached)
            || plan.watches.iter().any(|watch| watch.unless_cached);
        plan
    }
}

impl Plan {
    /// Lets its rules look at an exchange, and takes note of the watchers that wait then: a bit each.
    pub fn carry_out(
        &self,
        scene: &Scene<'_>,
        rules: &[Bound],
        watchers: &mut [Box<dyn Watcher>],
        waiting: &mut u64,
        found: &mut Vec<Finding>,
    ) {
        let cached = self.asks_cached && scene.response().is_some_and(evidence::cached);
        // One report for all: what it is about mostly stays the same.
        let about = About::Exchange(scene, None);
        let Some(any) = rules.first() else { return };
        let mut report = any.report(Subject::Exchange, about, found);
        for look in &self.looks {
            if look.unless_cached && cached {
                continue;
            }
            let Some(bound) = rules.get(usize::from(look.place)) else { continue };
            report.bound = bound;
            match look.at {
                At::Exchange(check) => {
                    (report.subject, report.about) = (Subject::Exchange, about);
                    check(scene, &mut report);
                }
                At::Message(part, check) => {
                    let Some(message) = part.of(scene.exchange) else { continue };
                    report.subject = part.subject();
                    report.about = About::Exchange(scene, Some(message));
                    check(message, scene, &mut report);
                }
            }
        }
        (report.subject, report.about) = (Subject::Exchange, about);
        for watch in &self.watches {
            if watch.unless_cached && cached {
                continue;
            }
            let Some(watcher) = watchers.get_mut(usize::from(watch.nth)) else { continue };
            let Some(bound) = rules.get(usize::from(watch.place)) else { continue };
            report.bound = bound;
            watcher.exchange(scene, &mut report);
            if watch.may_wait {
                let bit = 1 << watch.nth;
                let waits = watcher.waits() == Some(true);
                *waiting = if waits { *waiting | bit } else { *waiting & !bit };
            }
        }
    }

    /// Enters a rule that was called, where its guards let it look.
    fn enter(
        &mut self,
        bound: &Bound,
        watcher: Option<(u16, bool)>,
        shape: &Shape,
        exchange: &Exchange,
        calls: &Calls,
    ) {
        let cached = bit(Guard::NotCached);
        let unless_cached = bound.guards & cached != 0;
        let allows = |met: u16| bound.guards & !cached & !met == 0;
        let place = bound.place as u16;
        match bound.rule.check {
            Check::Exchange(_, check) if allows(shape.met) => {
                self.looks.push(Look { place, at: At::Exchange(check), unless_cached });
            }
            Check::Message(on, _, check) => {
                let mut enter = |part, looks: Looks, own| {
                    let called = bound.called_by.is_none_or(|signs| signs.meet(looks));
                    if called && allows(with_message(shape.met, own)) {
                        let at = At::Message(part, check);
                        self.looks.push(Look { place, at, unless_cached });
                    }
                };
                let [by_request, by_response] = shape.met_by_messages;
                if matches!(on, On::Request | On::Any) && exchange.request.is_some() {
                    enter(Part::Request, shape.request, by_request);
                }
                if on != On::Request {
                    for (nth, message) in (0..).zip(&exchange.interim) {
                        let own = of_message(message, exchange);
                        enter(Part::Interim(nth), calls.looks(message), own);
                    }
                }
                if matches!(on, On::Response | On::Any) && exchange.response.is_some() {
                    enter(Part::Response, shape.response, by_response);
                }
            }
            Check::Watch(..) if allows(shape.met) => {
                if let Some((nth, may_wait)) = watcher {
                    self.watches.push(Watch { place, nth, may_wait, unless_cached });
                }
            }
            _ => {}
        }
    }
}
