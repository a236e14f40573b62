//! A rule with what a user has set for it: what it is about in, the report that it says in what it finds out.

use super::guards::bit;
use super::shape::Looks;
use crate::flow::Mark;
use crate::rules::finding::{Finding, Subject};
use crate::rules::report::{About, Report};
use crate::rules::rule::{Check, Guard, Rule};

/// A rule with the values of its parameters.
#[derive(Debug)]
pub(in crate::rules) struct Bound {
    pub rule: &'static Rule,
    /// Its place in the list.
    pub place: usize,
    pub parameters: Vec<Box<[f64]>>,
    pub guards: u16,
    /// What in a message calls it; `None` where it may be any.
    pub(super) called_by: Option<Looks>,
}

impl Bound {
    pub fn new(rule: &'static Rule, place: usize, parameters: Vec<Box<[f64]>>) -> Self {
        Self {
            rule,
            place,
            parameters,
            guards: rule.guards.iter().fold(0, |mask, guard| mask | bit(*guard)),
            called_by: match rule.check {
                Check::Message(_, trigger, _) => Looks::called_by(trigger),
                _ => None,
            },
        }
    }

    /// Whether its findings are one step milder behind a proxy.
    pub const fn is_milder_behind_proxies(&self) -> bool {
        self.guards & bit(Guard::ProxyLower) != 0
    }

    pub fn report<'r>(
        &'r self,
        subject: Subject,
        about: About<'r>,
        found: &'r mut Vec<Finding>,
    ) -> Report<'r> {
        Report { bound: self, subject, about, found }
    }

    pub fn report_on_nothing<'r>(&'r self, now: Mark, found: &'r mut Vec<Finding>) -> Report<'r> {
        self.report(Subject::Traffic, About::Nothing(now), found)
    }
}
