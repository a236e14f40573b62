//! Records in, [`Snapshot`]s out: keeps a row of every exchange and connection, as many as the limits
//! allow, and the newest exchanges whole. Taking a snapshot copies what has changed since the last one
//! and shares the rest.

use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashMap;

use super::row::{self, Blame, ConnectionRow, Row, Whole};
use super::share::Texts;
use super::{Log, Now, Snapshot, place};
use crate::diagnosis::Verdict;
use crate::http::{Connection, Exchange, FieldName, Message};
use crate::limits;
use crate::rules::{self, Finding, Rule};
use crate::stats::{Answer, Endpoints, FailureCount, Outcome, Series, Statistics};

/// Findings and verdicts kept with one exchange.
const WORDS: usize = 32;

/// See the module's words.
#[derive(Debug, Default)]
pub struct Keeper {
    rows: Log<Row>,
    whole: Log<Whole>,
    /// Octets of the blocks of `whole` that are full, the oldest first, and of the one being filled.
    whole_octets: Octets,
    failed: Log<(u64, Whole)>,
    failed_octets: Octets,
    connections: Log<ConnectionRow>,
    /// Where open connections stand.
    open: HashMap<u64, usize>,
    endpoints: Endpoints,
    series: Series,
    texts: Texts,
    /// Path templates of paths.
    templates: HashMap<Box<[u8]>, Arc<str>>,
    blames: Vec<Arc<Blame>>,
    unexplained: Vec<FailureCount>,
    rule_sets: HashMap<Vec<&'static str>, Arc<[&'static Rule]>>,
}

/// Octets that elements of a log take, so that its oldest can be dropped in time.
#[derive(Debug, Default)]
struct Octets {
    each: VecDeque<u32>,
    sum: usize,
}

impl Octets {
    /// Another element came; the oldest go until all fit.
    fn fit<T: Clone>(&mut self, octets: usize, log: &mut Log<T>, most: usize) {
        self.each.push_back(u32::try_from(octets).unwrap_or(u32::MAX));
        self.sum += octets;
        while self.sum > most {
            let Some(block) = log.drop_oldest() else { return };
            let gone = self.each.drain(..block.len().min(self.each.len()));
            self.sum = self.sum.saturating_sub(gone.map(|octets| octets as usize).sum());
        }
    }
}

impl Keeper {
    /// Takes an exchange. Numbers count from 1 without a gap.
    pub fn exchange(&mut self, id: u64, exchange: &Arc<Exchange>) {
        let outcome = Outcome::of(exchange);
        let texts = self.texts(exchange);
        let contents = [exchange.request.as_deref(), exchange.response.as_deref()];
        let octets = contents.into_iter().flatten().map(|message| message.content).sum();
        let answer =
            Answer { outcome, status: exchange.status(), think: exchange.think_time(), octets };
        self.endpoints.count(texts.endpoint as usize, answer);
        self.series.exchange(exchange.first().at, exchange.completed.at, outcome);
        self.on_connection(exchange, outcome);
        let row = Row::new(exchange, outcome, texts);
        self.count_failure(id, &row);
        self.rows.push(row);
        while self.rows.len() > limits::ROWS && self.rows.drop_oldest().is_some() {}
        let whole =
            Whole { exchange: Arc::clone(exchange), verdicts: Vec::new(), findings: Vec::new() };
        let octets = weight(exchange);
        if outcome.is_failure() {
            self.failed.push((id, whole.clone()));
            self.failed_octets.fit(octets, &mut self.failed, limits::WHOLE_FAILED_OCTETS);
        }
        self.whole.push(whole);
        self.whole_octets.fit(octets, &mut self.whole, limits::WHOLE_OCTETS);
    }

    /// Counts a failure that no verdict has explained yet.
    fn count_failure(&mut self, id: u64, row: &Row) {
        let Some(failure) = row.failure() else { return };
        let same =
            |count: &&mut FailureCount| (count.failure, count.server) == (failure, row.server);
        if let Some(count) = self.unexplained.iter_mut().find(same) {
            if count.exchanges == 0 {
                (count.first, count.first_packet) = (id, row.packets.0);
            }
            count.exchanges += 1;
        } else if self.unexplained.len() < limits::FAILURES {
            let (server, first_packet) = (row.server, row.packets.0);
            self.unexplained.push(FailureCount {
                server,
                failure,
                exchanges: 1,
                first: id,
                first_packet,
            });
        }
    }

    fn texts(&mut self, exchange: &Exchange) -> row::Texts {
        let head = exchange.request.as_ref().map(|request| &request.head);
        let method = head.map_or(&b""[..], |head| head.method_octets());
        let host = head.and_then(|head| head.value(FieldName::Host)).unwrap_or_default();
        let target = head.map_or(&b""[..], |head| head.target());
        let target = target.get(..target.len().min(limits::ROW_TARGET_OCTETS)).unwrap_or_default();
        let method = self.texts.share(method);
        let host = self.texts.share(host);
        let template = match self.templates.get(target) {
            Some(known) => Arc::clone(known),
            None => {
                if self.templates.len() >= limits::SHARED_TEXTS {
                    self.templates.clear();
                }
                let (_, template) = head.map_or_else(Default::default, rules::endpoint);
                let template: Arc<str> = template.into();
                self.templates.insert(target.into(), Arc::clone(&template));
                template
            }
        };
        let endpoint = self.endpoints.place(Arc::clone(&method), Arc::clone(&host), template);
        let endpoint = u32::try_from(endpoint).unwrap_or(u32::MAX);
        row::Texts { method, host, target: self.texts.share(target), endpoint }
    }

    fn on_connection(&mut self, exchange: &Exchange, outcome: Outcome) {
        let first = exchange.first().at;
        let place = match self.open.get(&exchange.connection) {
            Some(place) => *place,
            None => {
                let row = ConnectionRow {
                    id: exchange.connection,
                    client: exchange.client,
                    server: exchange.server,
                    first,
                    last: first,
                    connect: exchange.connect,
                    ending: None,
                    exchanges: 0,
                    failed: 0,
                    octets: [0; 2],
                    retransmissions: 0,
                    missing: 0,
                    zero_windows: 0,
                    protocol: Some("http"),
                };
                let place = self.push_connection(row);
                self.open.insert(exchange.connection, place);
                place
            }
        };
        if let Some(row) = self.connections.get_mut(place) {
            row.exchanges = row.exchanges.saturating_add(1);
            row.failed += u32::from(outcome.is_failure());
            row.last = row.last.max(exchange.completed.at);
            row.retransmissions = row.retransmissions.saturating_add(exchange.retransmissions);
            row.missing = row.missing.saturating_add(exchange.missing());
        }
    }

    fn push_connection(&mut self, row: ConnectionRow) -> usize {
        let place = self.connections.push(row);
        while self.connections.len() > limits::CONNECTION_ROWS {
            let Some(dropped) = self.connections.drop_oldest() else { break };
            for row in dropped.iter() {
                self.open.remove(&row.id);
            }
        }
        place
    }

    /// Takes a connection that is over.
    pub fn connection(&mut self, connection: &Connection) {
        let known = self.open.remove(&connection.id);
        let before = known.and_then(|place| self.connections.get(place));
        let handshake = connection.handshake;
        let connect = handshake.syn.zip(handshake.done).map(|(syn, done)| done.since(syn));
        let health = &connection.health;
        let sum = |pair: [u32; 2]| pair[0].saturating_add(pair[1]);
        let missing =
            health.missing.iter().chain(&health.cut).fold(0_u64, |a, b| a.saturating_add(*b));
        let row = ConnectionRow {
            id: connection.id,
            client: connection.client,
            server: connection.server,
            first: connection.first.at,
            last: connection.last.at,
            connect,
            ending: Some(connection.ending),
            exchanges: connection.exchanges,
            failed: before.map_or(0, |before| before.failed),
            octets: health.octets,
            retransmissions: sum(health.retransmissions),
            missing,
            zero_windows: sum(health.zero_windows),
            protocol: connection.protocol.map(|protocol| protocol.name()),
        };
        match known.and_then(|place| self.connections.get_mut(place)) {
            Some(there) => *there = row,
            None => {
                self.push_connection(row);
            }
        }
    }

    /// Takes a verdict on an exchange that was taken before.
    pub fn verdict(&mut self, verdict: &Verdict) {
        let Some(place) = place(verdict.transaction) else { return };
        let blame = Blame { cause: verdict.cause, upstream: verdict.upstream };
        let shared = match self.blames.iter().find(|known| ***known == blame) {
            Some(known) => Arc::clone(known),
            None => {
                let new = Arc::new(blame);
                if self.blames.len() < limits::FAILURES {
                    self.blames.push(Arc::clone(&new));
                }
                new
            }
        };
        if let Some(row) = self.rows.get_mut(place)
            && row.blame.replace(shared).is_none()
            && let Some(failure) = row.failure()
        {
            let server = row.server;
            let same =
                |count: &&mut FailureCount| (count.failure, count.server) == (failure, server);
            if let Some(count) = self.unexplained.iter_mut().find(same) {
                count.exchanges = count.exchanges.saturating_sub(1);
            }
        }
        let verdict = Arc::new(verdict.clone());
        self.mend(verdict.transaction, |whole| whole.verdicts.push(Arc::clone(&verdict)));
    }

    /// Takes a finding about an exchange that was taken before; others are in the statistics.
    pub fn finding(&mut self, finding: &Finding) {
        let Some(number) = finding.transaction else { return };
        let Some(place) = place(number) else { return };
        if let Some(row) = self.rows.get_mut(place) {
            let known = row.rules.as_deref().unwrap_or_default();
            if !known.iter().any(|rule| rule.id == finding.rule.id) && known.len() < WORDS {
                let mut rules = known.to_vec();
                rules.push(finding.rule);
                rules.sort_by_key(|rule| (std::cmp::Reverse(rule.severity), rule.id));
                let key: Vec<&'static str> = rules.iter().map(|rule| rule.id).collect();
                if self.rule_sets.len() >= limits::SHARED_TEXTS {
                    self.rule_sets.clear();
                }
                let set = self.rule_sets.entry(key).or_insert_with(|| rules.into());
                row.rules = Some(Arc::clone(set));
            }
        }
        let finding = Arc::new(finding.clone());
        self.mend(number, |whole| whole.findings.push(Arc::clone(&finding)));
    }

    /// Adds to what is known of an exchange, where it is still kept whole.
    fn mend(&mut self, id: u64, add: impl Fn(&mut Whole)) {
        let full = |whole: &Whole| whole.verdicts.len() + whole.findings.len() >= WORDS;
        if let Some(whole) = place(id).and_then(|place| self.whole.get_mut(place))
            && !full(whole)
        {
            add(whole);
        }
        // Failures are in order, and what is said of one comes soon.
        let newest = self.failed.end();
        for place in (self.failed.first()..newest).rev().take(4_096) {
            match self.failed.get(place).map(|(number, _)| *number) {
                Some(number) if number > id => {}
                Some(number) if number == id => {
                    if let Some((_, whole)) = self.failed.get_mut(place)
                        && !full(whole)
                    {
                        add(whole);
                    }
                    return;
                }
                _ => return,
            }
        }
    }

    /// All that was taken until now.
    pub fn snapshot(&self, now: Now, statistics: &Statistics) -> Snapshot {
        Snapshot {
            now,
            statistics: statistics.clone(),
            rows: self.rows.clone(),
            whole: self.whole.clone(),
            failed: self.failed.clone(),
            connections: self.connections.clone(),
            endpoints: self.endpoints.clone(),
            series: self.series.clone(),
            unexplained: self.unexplained.clone(),
        }
    }
}

/// About how many octets a whole exchange takes.
fn weight(exchange: &Exchange) -> usize {
    let messages = [exchange.request.as_deref(), exchange.response.as_deref()];
    let messages = messages.into_iter().flatten().chain(&exchange.interim);
    let of = |message: &Message| {
        let head = message.head.octets().len() + message.head.field_count() * 20;
        let rest = message.preview.len() + message.trailers.as_ref().map_or(0, Vec::len);
        size_of::<Message>() + head + rest
    };
    size_of::<Exchange>() + size_of::<Whole>() + messages.map(of).sum::<usize>()
}
