//! Records of one capture in, what two captures are compared by out: numbers by endpoint, findings
//! by rule, verdicts by cause. Bounded however much is read; keeps names of methods, paths and
//! fields, never a value of anybody's.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::sample::Sample;
use crate::diagnosis::Verdict;
use crate::http::Exchange;
use crate::limits;
use crate::rules::{self, Finding, Severity};
use crate::stats::Outcome;

/// What is compared as one: a method and the template of a path, as `GET /orders/{}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The method, safe to show.
    pub method: Box<str>,
    /// The path with its changing parts replaced by `{}`, safe to show and without secrets.
    pub path: Box<str>,
}

/// The numbers of one endpoint.
#[derive(Debug, Clone, Default)]
pub struct Endpoint {
    /// Exchanges whose outcome the capture shows.
    pub exchanges: u64,
    /// Those that failed: 5xx, no answer, cut short.
    pub failed: u64,
    /// Responses by their status.
    pub statuses: BTreeMap<u16, u64>,
    /// Last octet of the request to the first of the response.
    pub think: Sample,
    /// Responses with each field name, in lower case.
    pub fields: BTreeMap<Box<str>, u64>,
}

/// See the module's words.
#[derive(Debug, Default)]
pub struct Profile {
    /// Exchanges.
    pub exchanges: u64,
    /// Those that failed.
    pub failed: u64,
    /// All exchanges whose outcome the capture shows, together.
    pub all: Endpoint,
    pub(super) endpoints: HashMap<Place, Endpoint>,
    /// Exchanges of endpoints beyond those that are kept apart.
    pub beyond: u64,
    pub(super) causes: BTreeMap<&'static str, u64>,
    pub(super) rules: BTreeMap<&'static str, (Severity, u64)>,
}

impl Profile {
    /// Counts an exchange.
    pub fn exchange(&mut self, exchange: &Exchange) {
        let outcome = Outcome::of(exchange);
        self.exchanges += 1;
        self.failed += u64::from(outcome.is_failure());
        let Some(request) = exchange.request.as_deref() else { return };
        if outcome == Outcome::NotSeen {
            return;
        }
        self.all.add(exchange, outcome);
        let (method, path) = rules::endpoint(&request.head);
        let place = Place { method: method.into(), path: path.into() };
        let full = self.endpoints.len() >= limits::COMPARED_ENDPOINTS;
        if full && !self.endpoints.contains_key(&place) {
            self.beyond += 1;
            return;
        }
        self.endpoints.entry(place).or_default().add(exchange, outcome);
    }

    /// Counts a verdict.
    pub fn verdict(&mut self, verdict: &Verdict) {
        *self.causes.entry(verdict.cause.id).or_default() += 1;
    }

    /// Counts a finding.
    pub fn finding(&mut self, finding: &Finding) {
        let (severity, count) = self.rules.entry(finding.rule.id).or_insert((finding.severity, 0));
        *severity = (*severity).max(finding.severity);
        *count += 1;
    }
}

impl Endpoint {
    fn add(&mut self, exchange: &Exchange, outcome: Outcome) {
        self.exchanges += 1;
        self.failed += u64::from(outcome.is_failure());
        if let Some(think) = exchange.think_time() {
            self.think.add(think);
        }
        let Some(response) = exchange.response.as_deref() else { return };
        if let Some(status) = response.head.status() {
            *self.statuses.entry(status).or_default() += 1;
        }
        for field in response.head.fields() {
            self.field(field.name_octets);
        }
    }

    fn field(&mut self, name: &[u8]) {
        // Names are tokens (RFC 9110 section 5.1); what is none is a finding, not a name.
        let token = |octet: &u8| octet.is_ascii_alphanumeric() || b"-_.".contains(octet);
        if name.len() > limits::COMPARED_FIELD_OCTETS || !name.iter().all(token) {
            return;
        }
        let mut lower = [0; limits::COMPARED_FIELD_OCTETS];
        let Some(lower) = lower.get_mut(..name.len()) else { return };
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        let Ok(lower) = std::str::from_utf8(lower) else { return };
        if let Some(count) = self.fields.get_mut(lower) {
            *count += 1;
        } else if self.fields.len() < limits::COMPARED_FIELDS {
            self.fields.insert(lower.into(), 1);
        }
    }

    /// Responses.
    pub fn responses(&self) -> u64 {
        self.statuses.values().sum()
    }
}
