//! Exchanges that wait for what comes behind them: kept, and judged again once that is known.

use super::Bound;
use super::guards::{Known, bit, of_connection};
use super::sift::{Covers, supersede};
use crate::http::Exchange;
use crate::limits;
use crate::rules::finding::{Finding, Subject};
use crate::rules::report::{About, Scene};
use crate::rules::rule::{Check, Guard};
use crate::rules::trail::{Aftermath, Trail, Unsettled, closes};
use crate::rules::watch::Watcher;

/// Keeps an exchange until it is settled, and settles those before it that now are.
pub(super) fn remember(
    rules: &[Bound],
    (covers, watchers): (&Covers, &[Box<dyn Watcher>]),
    trail: &mut Trail,
    mut latest: Unsettled,
    found: &mut Vec<Finding>,
    out: &mut Vec<Finding>,
) {
    // Nearly always that is one, of which nothing is left to be said.
    let is_over = |before: &Unsettled| {
        !before.waits_for_end && before.called.is_empty() && before.held.is_empty()
    };
    let replaces = trail.unsettled.len() == 1 && trail.unsettled.front().is_some_and(is_over);
    while let Some(front) = trail.unsettled.front().filter(|_| !replaces) {
        let full = trail.unsettled.len() >= limits::UNSETTLED_EXCHANGES;
        if !full && front.waits_for_end {
            break;
        }
        let Some(settled) = trail.unsettled.pop_front() else { break };
        trail.octets = trail.octets.saturating_sub(settled.octets);
        if settled.called.is_empty() && settled.held.is_empty() {
            continue;
        }
        let next = Some(&*trail.unsettled.front().unwrap_or(&latest).exchange);
        let aftermath = Aftermath { strays: &settled.strays, next, connection: None };
        settle(rules, &settled, trail, &aftermath, found);
        found.extend(settled.held);
        if found.is_empty() {
            continue;
        }
        supersede(found);
        covers.drop_covered(watchers, &settled.exchange, found);
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
    match trail.unsettled.front_mut().filter(|_| replaces) {
        Some(before) => {
            trail.octets = trail.octets.saturating_sub(before.octets);
            *before = latest;
        }
        None => trail.unsettled.push_back(latest),
    }
}

/// Whether only the end of the connection settles an exchange.
pub(super) fn waits_for_end(exchange: &Exchange) -> bool {
    let response = exchange.response.as_deref();
    exchange.switch.is_some()
        || response.is_none_or(|response| !response.complete())
        || closes(exchange)
}

pub(super) fn settle(
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
    let scene = Scene::of_kept(kept.id, exchange, trail);
    let mut known = Known { met: kept.met };
    if let Some(connection) = aftermath.connection {
        known.met &= of_connection(connection) | !bit(Guard::NoGap);
    }
    for members in kept.called.members() {
        for place in members {
            let Some(bound) = rules.get(place) else { continue };
            let Check::Settled(_, check) = bound.rule.check else { continue };
            if known.allows(bound.guards, &kept.exchange) {
                let about = About::Exchange(&scene, None);
                let mut report = bound.report(Subject::Exchange, about, found);
                check(&scene, aftermath, &mut report);
            }
        }
    }
}
