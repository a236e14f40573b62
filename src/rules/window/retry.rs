//! Retries without a pause: failing exchanges in, each run of the same request that kept failing out.

use std::hash::{BuildHasher as _, Hash as _, Hasher as _};

use hashbrown::DefaultHashBuilder;

use super::abandoned::{Fate, fate};
use super::burst::{mix, tally};
use super::health::Checkers;
use crate::flow::Mark;
use crate::http::{Exchange, FieldName};
use crate::limits;
use crate::rules::report::{Crowd, url};
use crate::rules::roster::{PerSlot, Roster, Slot};
use crate::rules::rule::rule;
use crate::rules::traffic::{Traffic, failing};
use crate::rules::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, Watcher, text};
use crate::units::Duration;

rule! {
    /// ## What it sees
    /// One client that sends the same request (method, URL, content) again and again, hardly waiting,
    /// while all of them fail: 5xx, 408, 425, 429, or no answer.
    /// ## Why it matters
    /// Retries without a growing pause keep a server down that has too much to do.
    /// ## When it is innocent
    /// Many users behind one proxy or NAT who all want the same page. Health checks are not counted; they
    /// have a rule of their own.
    /// ## What to do
    /// Let the client wait longer after each failure, with some chance in it, and give up at some point;
    /// send Retry-After.
    pub static RETRY_STORM = {
        id: "retry-storm",
        title: "A client repeats a failing request without back-off",
        severity: Severity::Warning,
        codes: &["408", "425", "429", "5xx"],
        source: "RFC 9110 section 10.2.3, section 9.2.2 (a client SHOULD NOT retry a failed automatic retry); founding document on 5xx and 503",
        parameters: &[
            Parameter { name: "min_count", default: &[5.0], meaning: "fewest repetitions" },
            Parameter { name: "gap_s", default: &[2.0], meaning: "longest pause between one failure and the next request, seconds" },
        ],
        guards: &[Guard::BothDirections],
        supersedes: &["retry-after-ignored"],
        message: text(
            "{client} repeated {method} {url} {count} times in {window} s although it kept failing ({mix}); no back-off.",
            "{client} 在 {window} 秒内 {count} 次重复一直失败的 {method} {url}({mix}),没有退避。",
        ),
        check: Check::Watch(
            Trigger::OneOf(&[
                Trigger::InVain,
                Trigger::Status(&[(408, 408), (425, 425), (429, 429)]),
            ]),
            || Box::new(Retries::default()),
        ),
    }
}

/// The same request, failing again and again.
#[derive(Debug)]
struct Run {
    crowd: Crowd,
    method: Box<[u8]>,
    url: Box<[u8]>,
    count: u64,
    codes: Vec<(u16, u64)>,
    /// The end of the latest failure.
    ended: Mark,
}

struct Retries {
    requests: Roster<u64>,
    runs: PerSlot<Option<Run>>,
    /// Runs that are long enough to be told.
    going: Vec<Slot>,
    checkers: Checkers,
    hasher: DefaultHashBuilder,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            requests: Roster::new(limits::WATCHED_FAILURES),
            runs: PerSlot::default(),
            going: Vec::new(),
            checkers: Checkers::default(),
            hasher: DefaultHashBuilder::default(),
        }
    }
}

impl Retries {
    fn key(&self, exchange: &Exchange) -> Option<u64> {
        let request = exchange.request.as_deref()?;
        let mut hasher = self.hasher.build_hasher();
        exchange.client.octets().hash(&mut hasher);
        exchange.server.hash(&mut hasher);
        request.head.method_octets().hash(&mut hasher);
        request.head.value(FieldName::Host).hash(&mut hasher);
        request.head.target().hash(&mut hasher);
        request.content.hash(&mut hasher);
        request.digest.hash(&mut hasher);
        Some(hasher.finish())
    }

    fn end(&mut self, slot: Slot, report: &mut Report<'_>) {
        self.going.retain(|known| *known != slot);
        let least = report.parameter("min_count");
        let Some(run) = self.runs.get_mut(slot).and_then(Option::take) else { return };
        if (run.count as f64) < least {
            return;
        }
        let span = run.ended.since(run.crowd.first);
        report
            .find()
            .crowd(run.crowd)
            .octets("method", &run.method)
            .octets("url", &run.url)
            .plain("count", run.count)
            .seconds("window", span)
            .plain("mix", mix(&run.codes))
            .add();
    }
}

/// The status of a failure, 0 where there was no answer, and when it was known; `None` of a success
/// and of what cannot be told.
fn failure(exchange: &Exchange) -> Option<(u16, Mark)> {
    match exchange.response.as_deref() {
        Some(response) => {
            let status = response.head.status()?;
            let failed = failing(status) || matches!(status, 408 | 425 | 429);
            failed.then_some((status, response.last))
        }
        None => match fate(exchange, Duration::from_secs(u64::MAX / 2))? {
            Fate::Unanswered(_) => Some((0, exchange.completed)),
            Fate::Aborted(_) => None,
        },
    }
}

impl Watcher for Retries {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let exchange = scene.exchange;
        let Some(request) = scene.request() else { return };
        let Some((status, ended)) = failure(exchange) else {
            // A success ends what failed before.
            if scene.response().is_some()
                && let Some(key) = self.key(exchange)
                && let Some(slot) = self.requests.find(&key)
            {
                self.end(slot, report);
            }
            return;
        };
        let Some(key) = self.key(exchange) else { return };
        if !request.complete() || self.checkers.send(request) {
            return;
        }
        let gap = report.duration("gap_s");
        let least = report.parameter("min_count");
        let slot = self.requests.place(key);
        let late = |run: &Run| request.first.since(run.ended) > gap;
        if self.runs.of(slot).as_ref().is_some_and(late) {
            self.end(slot, report);
        }
        let run = self.runs.of(slot).get_or_insert_with(|| Run {
            crowd: Crowd { client: Some(exchange.client.address()), ..Crowd::of_endpoint(scene) },
            method: request.head.method_octets().into(),
            url: url(&request.head).into(),
            count: 0,
            codes: Vec::new(),
            ended,
        });
        run.count += 1;
        tally(&mut run.codes, status, 1, 16);
        if ended.packet > run.ended.packet {
            run.ended = ended;
        }
        if ended.packet > run.crowd.last.packet {
            run.crowd.last = ended;
        }
        if run.count as f64 >= least && !self.going.contains(&slot) {
            self.going.push(slot);
        }
    }

    fn tick(&mut self, now: Mark, _: &Traffic, report: &mut Report<'_>) {
        if self.going.is_empty() {
            return;
        }
        // A retry that is under way is only known when it has failed too.
        let patience = report.duration("gap_s").as_nanos().saturating_add(60_000_000_000);
        for slot in self.going.clone() {
            let ended = self.runs.get(slot).and_then(Option::as_ref).map(|run| run.ended);
            if ended.is_none_or(|ended| now.since(ended).as_nanos() > patience) {
                self.end(slot, report);
            }
        }
    }

    fn finish(&mut self, _: Mark, _: &Traffic, report: &mut Report<'_>) {
        for slot in self.going.clone() {
            self.end(slot, report);
        }
    }

    fn covers(&self, exchange: &Exchange) -> bool {
        !self.going.is_empty()
            && self.key(exchange).is_some_and(|key| {
                self.going.iter().any(|slot| self.requests.key(*slot) == Some(&key))
            })
    }
}
