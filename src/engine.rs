//! The core wired together: TCP segments in, records out, in an order that depends on the capture
//! alone.
//!
//! A [`Shard`] follows connections and reads them; the [`Collector`] numbers what the shards give
//! out and counts it. Neither opens a file, starts a thread or has a clock of its own.

mod shard;
mod sieve;

use std::sync::Arc;

use crate::diagnosis::{self, Diagnostician, Verdict};
use crate::filter::Filter;
use crate::http::{Connection, Event, Exchange, Stray};
use crate::limits;
use crate::rules::{self, Explained, Finding, Judge, Reckoner};
use crate::stats::{By, Forgotten, Statistics};
use crate::units::Timestamp;
use crate::wire::Signal;
pub use shard::{Shard, Totals};
use sieve::{Sieve, Waiting, Wanted};

/// What the core has to say, one thing at a time.
#[derive(Debug, Clone, Copy)]
pub enum Record<'e> {
    /// An exchange and its number, counted from 1 in the order of completion.
    Exchange(u64, &'e Arc<Exchange>),
    /// Octets where none may stand.
    Stray(&'e Stray),
    /// A connection that is over.
    Connection(&'e Connection),
    /// Why an exchange failed; comes behind the exchange, once its evidence is in.
    Verdict(&'e Verdict),
    /// What a rule found; comes behind the exchange or connection that shows it.
    Finding(&'e Finding),
}

/// Nanoseconds of one.
const SECOND: i64 = 1_000_000_000;

/// Says when a second of the capture's time has passed: the moments at which every shard looks for
/// connections that have fallen silent. They depend on the packets alone, so that the
/// output is the same for any number of shards.
#[derive(Debug, Default)]
pub struct Clock {
    latest: Option<i64>,
    now: Timestamp,
    /// Where the second ends that it shows.
    until: Timestamp,
    /// Where the clock seems to have jumped to.
    elsewhere: Option<i64>,
}

impl Clock {
    /// A packet came at this time; true where a tick is due.
    #[inline]
    pub fn passes(&mut self, at: Timestamp) -> bool {
        // Nearly all packets come in order and within the second.
        if self.now <= at && at < self.until {
            self.now = at;
            self.elsewhere = None;
            return false;
        }
        self.turns(at)
    }

    fn turns(&mut self, at: Timestamp) -> bool {
        let second = at.as_nanos().div_euclid(SECOND);
        let near = |other: i64| second.abs_diff(other) <= limits::CLOCK_STEP.unsigned_abs();
        match self.latest {
            Some(latest) if near(latest) => {
                self.elsewhere = None;
                self.now = self.now.max(at);
                if second <= latest {
                    return false;
                }
            }
            Some(_) if !self.elsewhere.is_some_and(near) => {
                self.elsewhere = Some(second);
                return false;
            }
            Some(_) | None => {
                self.elsewhere = None;
                self.now = at;
            }
        }
        self.latest = Some(second);
        self.until = Timestamp::from_nanos(second.saturating_add(1).saturating_mul(SECOND));
        true
    }

    /// What it shows: the latest time of a packet, but for one that is far from its neighbours.
    pub const fn now(&self) -> Timestamp {
        self.now
    }
}

/// Numbers and counts what the shards give out.
#[derive(Default)]
pub struct Collector {
    exchanges: u64,
    statistics: Statistics,
    diagnostician: Diagnostician,
    judge: Judge,
    reckoner: Reckoner,
    /// Findings that are to be given out.
    findings: Vec<Finding>,
    /// Chooses the exchanges that are wanted, where not all of them are.
    sieve: Option<Sieve>,
    gate: Option<Gate>,
}

/// Counts, among the exchanges that are wanted, those that a second filter asks for.
struct Gate {
    sieve: Sieve,
    matched: u64,
}

impl Collector {
    /// A collector that hands on, and counts, only the exchanges that a filter matches, and what
    /// concerns them. Connections are counted all the same.
    pub fn with_filter(filter: Option<Filter>) -> Self {
        Self { sieve: filter.map(|filter| Sieve::new(Some(filter))), ..Self::default() }
    }

    /// The same with rules that are ignored or have other parameters.
    pub fn with_rules(self, parameters: &rules::Parameters) -> Self {
        Self { judge: Judge::new(parameters), ..self }
    }

    /// The same where somebody may be watching while it happens: verdicts come sooner then, with what is
    /// known by that time.
    pub fn watched(mut self, is_live: bool) -> Self {
        if is_live {
            self.diagnostician.watched();
        }
        self
    }

    /// The same where exchanges are held back until their verdicts are known, so that these come right
    /// behind them. How many are held is bounded.
    pub fn with_causes(mut self, wanted: bool) -> Self {
        if wanted {
            self.sieve = Some(self.sieve.unwrap_or_else(|| Sieve::new(None)).with_causes());
        }
        self
    }

    /// The same for all that rules find in an exchange.
    pub fn with_findings(mut self, wanted: bool) -> Self {
        if wanted {
            self.sieve = Some(self.sieve.unwrap_or_else(|| Sieve::new(None)).with_findings());
        }
        self
    }

    /// The same where what is remembered may take another part of a budget of so many octets, of which other
    /// parts are for others (see [`limits::MEMORY`]). To be said last, and before anything comes.
    #[must_use]
    pub fn with_memory(mut self, octets: u64) -> Self {
        self.diagnostician.set_memory(limits::share(octets, limits::MEMORY_DIAGNOSIS));
        self.judge.set_memory(limits::share(octets, limits::MEMORY_RULES));
        for sieve in self.sieve.iter_mut().chain(self.gate.as_mut().map(|gate| &mut gate.sieve)) {
            sieve.set_room(limits::share(octets, limits::MEMORY_FILTERS));
        }
        self
    }

    /// Whether only some of the exchanges are handed on.
    fn chooses(&self) -> bool {
        self.sieve.as_ref().is_some_and(Sieve::chooses)
    }

    /// What was forgotten or judged too early, since there was too much of it.
    fn forgotten(&self) -> Forgotten {
        Forgotten {
            parties: self.judge.forgotten(),
            judged_at_once: self.judge.untracked(),
            evidence: self.diagnostician.counts().forgotten,
        }
    }

    /// The same, and counts how many exchanges of those that it hands on match another filter.
    pub fn with_gate(self, filter: Option<Filter>) -> Self {
        let gate = filter.map(|filter| Gate { sieve: Sieve::new(Some(filter)), matched: 0 });
        Self { gate, ..self }
    }

    /// The same, with statistics that group exchanges by these too.
    pub fn grouped(self, by: &[By]) -> Self {
        Self { statistics: Statistics::grouped(by), ..self }
    }

    /// Exchanges that matched the filter of [`Self::with_gate`]; final when all is finished.
    pub fn gated(&self) -> u64 {
        self.gate.as_ref().map_or(0, |gate| gate.matched)
    }

    /// Exchanges that a filter decided by what was known of them, though more could still come, since
    /// too many waited.
    pub fn hurried(&self) -> u64 {
        let of_gate = self.gate.as_ref().map(|gate| &gate.sieve);
        self.sieve.iter().chain(of_gate).map(Sieve::hurried).sum()
    }

    /// The capture begins: its first packet is of this time, which relative times of filters count from.
    pub fn begin(&mut self, at: Timestamp) {
        for sieve in self.sieve.iter_mut().chain(self.gate.as_mut().map(|gate| &mut gate.sieve)) {
            sieve.begin(at);
        }
    }

    /// Takes events in their order and hands each on as a record. Stops at the first error of
    /// `sink`, which is returned; the events behind it are lost.
    pub fn take<E>(
        &mut self,
        events: &mut Vec<Event>,
        sink: impl FnMut(Record<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.take_each(events.drain(..), sink)
    }

    /// The same for events that are not in a vector of their own.
    ///
    /// # Errors
    ///
    /// As for [`Self::take`].
    pub fn take_each<E>(
        &mut self,
        events: impl Iterator<Item = Event>,
        mut sink: impl FnMut(Record<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        for event in events {
            match event {
                Event::Exchange(exchange) => {
                    self.exchanges += 1;
                    let id = self.exchanges;
                    let hashes = self.reckoner.of(&exchange);
                    let Self { sieve, statistics, gate, .. } = self;
                    let mut give = |wanted: Wanted<'_>| hand(wanted, statistics, gate, &mut sink);
                    match sieve {
                        Some(sieve) => sieve.exchange(id, &exchange, give)?,
                        None => give(Wanted::Exchange(id, &exchange, hashes))?,
                    }
                    let shared = Arc::clone(&exchange);
                    self.diagnostician.exchange(id, shared);
                    self.judge.exchange(id, exchange, hashes.as_ref(), &mut self.findings);
                }
                Event::Stray(stray) => {
                    self.statistics.stray(&stray);
                    if !self.chooses() {
                        sink(Record::Stray(&stray))?;
                    }
                    self.judge.stray(&stray, &mut self.findings);
                    self.diagnostician.stray(stray);
                }
                Event::Connection(connection) => {
                    self.statistics.connection(&connection);
                    if !self.chooses() {
                        sink(Record::Connection(&connection))?;
                    }
                    self.judge.connection(&connection, &mut self.findings);
                    self.diagnostician.connection(connection);
                }
            }
            if !self.findings.is_empty() {
                self.give_findings(&mut sink)?;
            }
        }
        Ok(())
    }

    fn give_findings<E>(
        &mut self,
        sink: &mut impl FnMut(Record<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Self { sieve, statistics, gate, findings, .. } = self;
        let mut give = |wanted: Wanted<'_>| hand(wanted, statistics, gate, sink);
        let given = findings.iter().try_for_each(|finding| match sieve {
            Some(sieve) => sieve.finding(finding, &mut give),
            None => give(Wanted::Finding(finding)),
        });
        findings.clear();
        given
    }

    /// Takes an ICMP error, an address question or an answer to one.
    pub fn signal(&mut self, signal: Signal) {
        self.diagnostician.signal(signal);
    }

    /// The capture has reached another second (see [`Clock`]), and everything in front of it was
    /// taken: gives out the verdicts whose evidence is in.
    pub fn tick<E>(
        &mut self,
        now: Timestamp,
        mut sink: impl FnMut(Record<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.diagnostician.tick(now);
        self.statistics.forgotten = self.forgotten();
        self.give_verdicts(&mut sink)?;
        self.release(Some(now), &mut sink)
    }

    /// Everything was taken: gives out the findings and verdicts that are left.
    pub fn finish<E>(
        &mut self,
        mut sink: impl FnMut(Record<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.judge.finish(&mut self.findings);
        self.give_findings(&mut sink)?;
        self.diagnostician.finish();
        self.statistics.forgotten = self.forgotten();
        self.give_verdicts(&mut sink)?;
        self.statistics.quality.unexamined = self.diagnostician.counts().unexamined;
        let upstreams = self.diagnostician.upstreams();
        // Like connections, they are no exchanges that a filter could ask for.
        if !self.chooses() {
            self.statistics.upstreams = upstreams;
        }
        self.release(None, &mut sink)
    }

    fn give_verdicts<E>(
        &mut self,
        sink: &mut impl FnMut(Record<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Self { sieve, statistics, gate, diagnostician, judge, findings, .. } = self;
        let mut give = |wanted: Wanted<'_>| hand(wanted, statistics, gate, sink);
        for verdict in diagnostician.verdicts().drain(..) {
            let packets: Vec<u64> =
                verdict.evidence.iter().map(|evidence| evidence.mark.packet).collect();
            let explained = Explained {
                transaction: verdict.transaction,
                cause: &verdict.summary,
                upstream: verdict.upstream,
                attempts: verdict.attempts(),
                packets: &packets,
            };
            judge.explained(&explained, findings);
            match sieve {
                Some(sieve) => sieve.verdict(&verdict, &mut give)?,
                None => give(Wanted::Verdict(&verdict))?,
            }
        }
        self.give_findings(sink)
    }

    /// Gives out exchanges that waited for what is now known; all of them where there is no `now`.
    fn release<E>(
        &mut self,
        now: Option<Timestamp>,
        sink: &mut impl FnMut(Record<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Self { sieve, statistics, gate, diagnostician, judge, .. } = self;
        let since = diagnostician.waits_since();
        let is_open = |waits_for: (bool, bool)| {
            let judge = &*judge;
            move |waiting: &Waiting| {
                let Some(now) = now else { return false };
                let completed = waiting.exchange.completed.at;
                now < completed.plus(limits::EVIDENCE_WAIT)
                    || waits_for.0 && !judge.is_settled(waiting.exchange.connection, waiting.id)
                    || waits_for.1 && since.is_some_and(|since| since <= completed)
            }
        };
        if let Some(sieve) = sieve {
            let waits_for = (sieve.asks_for_findings(), sieve.asks_for_causes());
            let give = |wanted: Wanted<'_>| hand(wanted, statistics, gate, sink);
            sieve.release(is_open(waits_for), give)?;
        }
        if let Some(Gate { sieve, matched }) = gate {
            let waits_for = (sieve.asks_for_findings(), sieve.asks_for_causes());
            sieve.release(is_open(waits_for), |wanted| count(matched, &wanted))?;
        }
        Ok(())
    }

    /// What became of failures.
    pub fn diagnosed(&self) -> diagnosis::Counts {
        self.diagnostician.counts()
    }

    /// The numbers so far.
    pub const fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// The numbers at the end.
    pub fn into_statistics(self) -> Statistics {
        self.statistics
    }
}

/// Counts what is wanted and hands it on.
fn hand<E>(
    wanted: Wanted<'_>,
    statistics: &mut Statistics,
    gate: &mut Option<Gate>,
    sink: &mut impl FnMut(Record<'_>) -> Result<(), E>,
) -> Result<(), E> {
    if let Some(Gate { sieve, matched }) = gate {
        let count = |wanted: Wanted<'_>| count(matched, &wanted);
        match wanted {
            Wanted::Exchange(id, exchange, _) => sieve.exchange(id, exchange, count)?,
            Wanted::Finding(finding) => sieve.finding(finding, count)?,
            Wanted::Verdict(verdict) => sieve.verdict(verdict, count)?,
        }
    }
    match wanted {
        Wanted::Exchange(id, exchange, hashes) => {
            statistics.exchange(id, exchange, hashes.as_ref());
            sink(Record::Exchange(id, exchange))
        }
        Wanted::Finding(finding) => {
            statistics.finding(finding);
            sink(Record::Finding(finding))
        }
        Wanted::Verdict(verdict) => {
            statistics.verdict(verdict);
            sink(Record::Verdict(verdict))
        }
    }
}

fn count<E>(matched: &mut u64, wanted: &Wanted<'_>) -> Result<(), E> {
    *matched += u64::from(matches!(wanted, Wanted::Exchange(..)));
    Ok(())
}
