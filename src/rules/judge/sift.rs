//! Findings in, those out that say something which no other finding says better.

use super::Bound;
use crate::http::Exchange;
use crate::rules::bits::Bits;
use crate::rules::finding::{Finding, Subject};
use crate::rules::rule::{Check, Rule};
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
    if !trail.ambiguous {
        return;
    }
    for finding in found {
        finding.after_ambiguous_framing = true;
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

/// Watchers that may make findings superfluous: by the place of the rule of the finding, their numbers.
#[derive(Default)]
pub(super) struct Covers(Vec<Vec<u16>>);

impl Covers {
    pub fn of(rules: &[Bound]) -> Self {
        let mut covers = vec![Vec::new(); rules.len()];
        let watches = |bound: &&Bound| matches!(bound.rule.check, Check::Watch(..));
        for (nth, bound) in (0..).zip(rules.iter().filter(watches)) {
            for place in superseded_by(rules, bound.rule) {
                if let Some(covers) = covers.get_mut(place) {
                    covers.push(nth);
                }
            }
        }
        Self(covers)
    }

    /// Whether there is one that may make a rule superfluous.
    pub fn have(&self, place: usize) -> bool {
        self.0.get(place).is_some_and(|watchers| !watchers.is_empty())
    }

    /// Drops findings that a finding about many exchanges will stand for.
    pub fn drop_covered(
        &self,
        watchers: &[Box<dyn Watcher>],
        exchange: &Exchange,
        found: &mut Vec<Finding>,
    ) {
        found.retain(|finding| {
            let may = self.0.get(finding.judged_by).map_or(&[][..], Vec::as_slice);
            let covers = |nth: &u16| {
                watchers.get(usize::from(*nth)).is_some_and(|watcher| watcher.covers(exchange))
            };
            finding.subject == Subject::Traffic || !may.iter().any(covers)
        });
    }
}
