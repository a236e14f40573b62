//! A rule with what a user has set for it: an exchange or a message in, what the rule finds in it out.

use super::guards::bit;
use super::shape::Looks;
use crate::flow::Mark;
use crate::rules::finding::{Finding, Part, Subject};
use crate::rules::report::{About, Report, Scene};
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

    /// Looks at an exchange, or at one of its messages. The report is the one that all rules share.
    pub(super) fn look<'r>(
        &'r self,
        part: Option<Part>,
        scene: &'r Scene<'r>,
        report: &mut Report<'r>,
    ) {
        report.bound = self;
        match self.rule.check {
            Check::Exchange(_, check) => {
                report.subject = Subject::Exchange;
                report.about = About::Exchange(scene, None);
                check(scene, report);
            }
            Check::Message(_, _, check) => {
                let Some(part) = part else { return };
                let Some(message) = part.of(scene.exchange) else { return };
                report.subject = part.subject();
                report.about = About::Exchange(scene, Some(message));
                check(message, scene, report);
            }
            Check::Settled(..) | Check::Connection(_) | Check::Watch(..) => {}
        }
    }
}
