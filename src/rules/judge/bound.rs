//! A rule with what a user has set for it: an exchange or a message in, what the rule finds in it out.

use super::calls::Signs;
use super::guards::{Known, bit};
use crate::flow::Mark;
use crate::http::Message;
use crate::rules::finding::{Finding, Subject};
use crate::rules::report::{About, Report, Scene};
use crate::rules::rule::{Check, Guard, On, Rule};

/// A rule with the values of its parameters.
#[derive(Debug)]
pub(in crate::rules) struct Bound {
    pub rule: &'static Rule,
    /// Its place in the list.
    pub place: usize,
    pub parameters: Vec<Box<[f64]>>,
    pub guards: u16,
    signs: Signs,
}

impl Bound {
    pub fn new(rule: &'static Rule, place: usize, parameters: Vec<Box<[f64]>>) -> Self {
        Self {
            rule,
            place,
            parameters,
            guards: rule.guards.iter().fold(0, |mask, guard| mask | bit(*guard)),
            signs: match rule.check {
                Check::Message(_, trigger, _) => Signs::of(trigger),
                _ => Signs::default(),
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

    /// Looks at an exchange, or at its messages.
    pub(super) fn look(&self, scene: &Scene<'_>, known: &Known, found: &mut Vec<Finding>) {
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
