//! Exchanges, findings and verdicts in; those that a filter asks for out, in the order in which they
//! came in. Where the filter asks what rules found or why an exchange failed, or whoever reads them
//! wants to have that at once, exchanges wait until it is known; their number is bounded.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use crate::diagnosis::{self, Verdict};
use crate::filter::{Filter, Subject};
use crate::http::Exchange;
use crate::limits;
use crate::rules::{Finding, Hashes, Severity};
use crate::units::Timestamp;

/// What comes out.
pub(super) enum Wanted<'w> {
    /// With its number, and the hashes of its request.
    Exchange(u64, &'w Arc<Exchange>, Option<Hashes>),
    Finding(&'w Finding),
    Verdict(&'w Verdict),
}

impl<'w> Wanted<'w> {
    pub fn exchange(id: u64, exchange: &'w Arc<Exchange>) -> Self {
        Self::Exchange(id, exchange, Hashes::of(exchange))
    }
}

/// See the module's words.
#[derive(Debug)]
pub(super) struct Sieve {
    /// All are wanted where there is none.
    filter: Option<Filter>,
    asks_for_findings: bool,
    asks_for_causes: bool,
    /// Whether exchanges wait for their verdict even where they are wanted without it. Good answers wait
    /// too: a retry behind the proxy may have saved them.
    with_causes: bool,
    /// The same for what rules find.
    with_findings: bool,
    /// Time of the first packet.
    start: Option<Timestamp>,
    /// Ascending by number.
    waiting: VecDeque<Waiting>,
    /// The numbers of those that came out, for what comes behind them.
    wanted: BTreeSet<u64>,
    /// Those that were decided by what was known, since too many waited.
    hurried: u64,
    /// Octets that waiting exchanges take, and may take.
    octets: u64,
    room: u64,
}

/// An exchange that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub id: u64,
    pub exchange: Arc<Exchange>,
    /// Whether it is known to be wanted, and waits for those before it only.
    is_wanted: bool,
    /// Whether it is not to come out before its verdict.
    awaits_cause: bool,
    findings: Vec<Finding>,
    verdicts: Vec<Verdict>,
}

impl Sieve {
    pub fn new(filter: Option<Filter>) -> Self {
        Self {
            asks_for_findings: filter.as_ref().is_some_and(Filter::asks_for_findings),
            asks_for_causes: filter.as_ref().is_some_and(Filter::asks_for_causes),
            with_causes: false,
            with_findings: false,
            filter,
            start: None,
            waiting: VecDeque::new(),
            wanted: BTreeSet::new(),
            hurried: 0,
            octets: 0,
            room: limits::share(limits::MEMORY, limits::MEMORY_FILTERS),
        }
    }

    /// The same where an exchange does not come out before its verdict, if there may be one.
    pub const fn with_causes(mut self) -> Self {
        self.with_causes = true;
        self
    }

    /// The same where an exchange does not come out before all that rules find in it.
    pub const fn with_findings(mut self) -> Self {
        self.with_findings = true;
        self
    }

    /// Whether there may be exchanges that are not wanted.
    pub const fn chooses(&self) -> bool {
        self.filter.is_some()
    }

    /// Octets that exchanges may take that wait.
    pub const fn set_room(&mut self, octets: u64) {
        self.room = octets;
    }

    /// The capture begins at this time.
    pub const fn begin(&mut self, at: Timestamp) {
        self.start = Some(at);
    }

    /// Whether exchanges wait for findings.
    pub const fn asks_for_findings(&self) -> bool {
        self.asks_for_findings || self.with_findings
    }

    /// Whether exchanges wait for verdicts.
    pub const fn asks_for_causes(&self) -> bool {
        self.asks_for_causes || self.with_causes
    }

    /// Exchanges that were decided too early, since too many waited.
    pub const fn hurried(&self) -> u64 {
        self.hurried
    }

    /// Takes an exchange; numbers ascend.
    pub fn exchange<E>(
        &mut self,
        id: u64,
        exchange: &Arc<Exchange>,
        mut give: impl FnMut(Wanted<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let subject = Subject { start: self.start, ..Subject::new(id, exchange) };
        let filter = self.filter.as_ref();
        if !(self.asks_for_findings() || self.asks_for_causes()) {
            if filter.is_some_and(|filter| !filter.matches(&subject)) {
                return Ok(());
            }
            self.remember(id);
            return give(Wanted::exchange(id, exchange));
        }
        let is_wanted = match filter.map_or(Some(true), |filter| filter.matches_by_now(&subject)) {
            Some(false) => return Ok(()),
            known => known.is_some(),
        };
        if is_wanted && !self.with_causes && !self.with_findings && self.waiting.is_empty() {
            self.remember(id);
            return give(Wanted::exchange(id, exchange));
        }
        let cost = exchange.memory();
        while (self.waiting.len() >= limits::HELD_EXCHANGES || self.octets + cost > self.room)
            && let Some(oldest) = self.pop_front()
        {
            let failed = || diagnosis::has_failed(&oldest.exchange);
            self.hurried += u64::from(
                !oldest.is_wanted || self.with_findings || oldest.awaits_cause && failed(),
            );
            self.decide(&oldest, &mut give)?;
        }
        self.octets += cost;
        self.waiting.push_back(Waiting {
            id,
            exchange: Arc::clone(exchange),
            is_wanted,
            awaits_cause: self.with_causes,
            findings: Vec::new(),
            verdicts: Vec::new(),
        });
        Ok(())
    }

    /// Takes a finding.
    pub fn finding<E>(
        &mut self,
        finding: &Finding,
        mut give: impl FnMut(Wanted<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(id) = finding.transaction else { return Ok(()) };
        if self.wanted.contains(&id) {
            return give(Wanted::Finding(finding));
        }
        self.learn(id, |waiting| waiting.findings.push(finding.clone()));
        Ok(())
    }

    /// Takes a verdict.
    pub fn verdict<E>(
        &mut self,
        verdict: &Verdict,
        mut give: impl FnMut(Wanted<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.wanted.contains(&verdict.transaction) {
            return give(Wanted::Verdict(verdict));
        }
        self.learn(verdict.transaction, |waiting| {
            waiting.awaits_cause = false;
            waiting.verdicts.push(verdict.clone());
        });
        Ok(())
    }

    /// Gives out those in front that are decided; of the others `is_open` says whether more may
    /// become known of them.
    pub fn release<E>(
        &mut self,
        is_open: impl Fn(&Waiting) -> bool,
        mut give: impl FnMut(Wanted<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(front) = self.waiting.front() {
            if (!front.is_wanted || front.awaits_cause || self.with_findings) && is_open(front) {
                break;
            }
            let Some(front) = self.pop_front() else { break };
            self.decide(&front, &mut give)?;
        }
        Ok(())
    }

    fn pop_front(&mut self) -> Option<Waiting> {
        let front = self.waiting.pop_front()?;
        self.octets = self.octets.saturating_sub(front.exchange.memory());
        Some(front)
    }

    fn learn(&mut self, id: u64, note: impl FnOnce(&mut Waiting)) {
        let Ok(place) = self.waiting.binary_search_by_key(&id, |waiting| waiting.id) else {
            return;
        };
        let Some(waiting) = self.waiting.get_mut(place) else { return };
        note(waiting);
        if waiting.is_wanted {
            return;
        }
        let Some(filter) = &self.filter else { return };
        match ask(filter, self.start, waiting, Filter::matches_by_now) {
            Some(true) => waiting.is_wanted = true,
            Some(false) => {
                self.octets = self.octets.saturating_sub(waiting.exchange.memory());
                self.waiting.remove(place);
            }
            None => {}
        }
    }

    /// Gives it out, with all that is known of it, where it is wanted.
    fn decide<E>(
        &mut self,
        waiting: &Waiting,
        give: &mut impl FnMut(Wanted<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let holds = |filter: &Filter| ask(filter, self.start, waiting, Filter::matches);
        if !waiting.is_wanted && !self.filter.as_ref().is_none_or(holds) {
            return Ok(());
        }
        self.remember(waiting.id);
        give(Wanted::exchange(waiting.id, &waiting.exchange))?;
        for finding in &waiting.findings {
            give(Wanted::Finding(finding))?;
        }
        for verdict in &waiting.verdicts {
            give(Wanted::Verdict(verdict))?;
        }
        Ok(())
    }

    fn remember(&mut self, id: u64) {
        self.wanted.insert(id);
        if self.wanted.len() > limits::WANTED_EXCHANGES {
            self.wanted.pop_first();
        }
    }
}

fn ask<T>(
    filter: &Filter,
    start: Option<Timestamp>,
    waiting: &Waiting,
    question: impl Fn(&Filter, &Subject<'_>) -> T,
) -> T {
    let findings: Vec<(&str, Severity)> =
        waiting.findings.iter().map(|finding| (finding.rule.id, finding.severity)).collect();
    let causes: Vec<&str> = waiting.verdicts.iter().map(|verdict| verdict.cause.id).collect();
    let subject = Subject {
        start,
        findings: &findings,
        causes: &causes,
        ..Subject::new(waiting.id, &waiting.exchange)
    };
    question(filter, &subject)
}
