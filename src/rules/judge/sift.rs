//! Findings in, those out that say something which no other finding says better.

use super::Bound;
use crate::http::Exchange;
use crate::rules::bits::Bits;
use crate::rules::finding::{Finding, Subject};
use crate::rules::rule::Rule;
use crate::rules::trail::Trail;
use crate::rules::watch::Watcher;

/// The places of the rules whose findings a rule makes superfluous.
pub(super) fn superseded_by(rules: &[Bound], rule: &Rule) -> impl Iterator<Item = usize> {
    let superseded = |other: &Bound| rule.supersedes.contains(&other.rule.id);
    (0..).zip(rules).filter(move |(_, other)| superseded(other)).map(|(place, _)| place)
}

/// Gives out what was found, apart from what a rule that looks later may make superfluous.
pub(super) fn keep_held(
    superseded: &Bits,
    found: &mut Vec<Finding>,
    out: &mut Vec<Finding>,
) -> Vec<Finding> {
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

/// Findings behind a message whose framing was ambiguous may be mere consequences.
pub(super) fn mark_ambiguous(trail: &Trail, found: &mut [Finding]) {
    for finding in found {
        finding.after_ambiguous_framing = trail.ambiguous;
    }
}

/// Drops findings that others about the same thing make superfluous.
pub(super) fn supersede(found: &mut Vec<Finding>) {
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
pub(super) fn drop_covered(
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
