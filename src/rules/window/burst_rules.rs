//! Bursts of failures: the rules whose detector is [`super::burst`].

use std::net::IpAddr;

use super::burst::{Bounds, Burst, Extent, Hit};
use crate::flow::Mark;
use crate::http::{Exchange, FieldName, Message};
use crate::limits;
use crate::rules::finding::Place;
use crate::rules::report::Crowd;
use crate::rules::roster::{PerSlot, Slot};
use crate::rules::rule::rule;
use crate::rules::traffic::{Tally, Traffic, failing};
use crate::rules::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, Watcher, text};
use crate::wire::Endpoint;

rule! {
    /// ## What it sees
    /// A server that answered many requests within a few seconds with 5xx: many, a large share of all,
    /// and far more than the rate of errors that it had before explains. It is reported once, when it
    /// is over or the capture ends, with its span, the number and share of failures, and the codes.
    /// ## Why it matters
    /// This is an incident: a deployment, a dependency that went away, or more load than the server
    /// bears. Single errors on a healthy server are something else and not reported here.
    /// ## When it is innocent
    /// Tests that ask for errors on purpose. A server that always has this rate of errors is reported
    /// at most once.
    /// ## What to do
    /// Look at what changed in the second in which it began. 503 and 429 together speak of load, 502
    /// and 504 of what stands behind a proxy (see the causes below each of them), 500 of the
    /// application; the endpoints that are named tell whether it is one handler or all.
    pub static BURST_5XX = {
        id: "burst-5xx",
        title: "Burst of server errors from one server",
        severity: Severity::Error,
        codes: &["5xx"],
        source: "RFC 9110 section 15.6; founding document on 5xx and 503",
        parameters: &[
            Parameter { name: "window_s", default: &[10.0], meaning: "seconds of the sliding window, up to 320" },
            Parameter { name: "min_count", default: &[5.0], meaning: "fewest failures within it" },
            Parameter { name: "min_share", default: &[0.2], meaning: "smallest share of the responses within it; half of it ends the burst" },
            Parameter { name: "alpha", default: &[1e-5], meaning: "largest probability that the rate before explains it" },
            Parameter { name: "prior_rate", default: &[0.01], meaning: "rate of failures that every server is taken to have" },
            Parameter { name: "prior_weight", default: &[50.0], meaning: "how many responses that assumption weighs" },
        ],
        guards: &[Guard::BothDirections],
        supersedes: &["server-error-response"],
        message: text(
            "{server}: {count} of {total} responses ({share} %) failed within {window} s ({mix}), from {t0} to {t1}; most at {paths}; the rate before was {p0} %.",
            "{server} 在 {window} 秒内的 {total} 个响应中有 {count} 个失败({share} %;{mix}),时间 {t0} 至 {t1};主要涉及 {paths};此前错误率为 {p0} %。",
        ),
        check: Check::Watch(Trigger::Status(&[(0, 99), (500, 999)]), || {
            Box::new(Bursts::new(Group::Server, failing, |_| false))
        }),
    }

    /// ## What it sees
    /// Many 4xx from one server within a minute, a large share of all and far more than before. 401 and
    /// 407, 404, and 420 and 429 are left out; they have rules of their own.
    /// ## Why it matters
    /// When many clients are wrong at once, it is mostly the server that changed: an interface after a
    /// release, a rule of a firewall, a limit on sizes.
    /// ## When it is innocent
    /// Tests, and a single broken client.
    /// ## What to do
    /// Look which code and endpoint it is, and what was released before it began.
    pub static BURST_4XX = {
        id: "burst-4xx",
        title: "Burst of client errors (other than 401, 404, 407, 429) at one server",
        severity: Severity::Notice,
        codes: &["4xx"],
        source: "RFC 9110 section 15.5; founding document on 4xx",
        parameters: &[
            Parameter { name: "window_s", default: &[60.0], meaning: "seconds of the sliding window, up to 320" },
            Parameter { name: "min_count", default: &[20.0], meaning: "fewest errors within it" },
            Parameter { name: "min_share", default: &[0.3], meaning: "smallest share of the responses within it; half of it ends the burst" },
            Parameter { name: "alpha", default: &[1e-5], meaning: "largest probability that the rate before explains it" },
            Parameter { name: "prior_rate", default: &[0.05], meaning: "rate of errors that every server is taken to have" },
            Parameter { name: "prior_weight", default: &[50.0], meaning: "how many responses that assumption weighs" },
        ],
        guards: &[Guard::BothDirections],
        message: text(
            "{server}: {count} of {total} responses ({share} %) within {window} s were client errors ({mix}), from {t0} to {t1}; most at {paths}; typical after a release that changed an API or a WAF rule.",
            "{server} 在 {window} 秒内的 {total} 个响应中有 {count} 个客户端错误({share} %;{mix}),时间 {t0} 至 {t1};主要涉及 {paths};常见于接口变更或 WAF 规则更新之后。",
        ),
        check: Check::Watch(Trigger::Status(&[(400, 499)]), || {
            Box::new(Bursts::new(Group::Server, client_error, |_| false))
        }),
    }

    /// ## What it sees
    /// One client that gets many 429, or a vendor's code that means the same (420, 509, 514, 529, 573),
    /// from one server within a minute.
    /// ## Why it matters
    /// The client does not slow down; what it asks for beyond the limit is lost.
    /// ## When it is innocent
    /// A client that probes the limit once and then keeps to it.
    /// ## What to do
    /// Make the client wait as long as Retry-After says, spread its requests, or raise its limit.
    pub static RATE_LIMIT_BURST = {
        id: "rate-limit-burst",
        title: "Many 429 responses",
        severity: Severity::Warning,
        codes: &["429", "420", "509", "514", "529", "573"],
        source: "RFC 6585 section 4",
        parameters: &[
            Parameter { name: "window_s", default: &[60.0], meaning: "seconds of the sliding window, up to 320" },
            Parameter { name: "min_count", default: &[5.0], meaning: "fewest refusals within it" },
            Parameter { name: "min_share", default: &[0.2], meaning: "smallest share of the client's responses within it; half of it ends the burst" },
            Parameter { name: "alpha", default: &[1e-5], meaning: "largest probability that the rate before explains it" },
            Parameter { name: "prior_rate", default: &[0.01], meaning: "rate of refusals that every client is taken to have" },
            Parameter { name: "prior_weight", default: &[50.0], meaning: "how many responses that assumption weighs" },
        ],
        guards: &[Guard::BothDirections],
        supersedes: &["retry-after-missing"],
        message: text(
            "{client} runs into the rate limit of {server}: {count} of {total} responses ({mix}) in {window} s, from {t0} to {t1} (limit {limit}, Retry-After {value}).",
            "{client} 触发了 {server} 的限流:{window} 秒内 {total} 个响应中有 {count} 个({mix}),时间 {t0} 至 {t1}(限额 {limit},Retry-After {value})。",
        ),
        check: Check::Watch(
            Trigger::Status(&[(420, 420), (429, 429), (509, 509), (514, 514), (529, 529), (573, 573)]),
            || Box::new(Bursts::new(Group::Pair, limited, |_| true)),
        ),
    }
}

const fn client_error(status: u16) -> bool {
    matches!(status, 400..=499) && !matches!(status, 401 | 404 | 407 | 420 | 429)
}

const fn limited(status: u16) -> bool {
    matches!(status, 420 | 429 | 509 | 514 | 529 | 573)
}

/// Whose responses belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    /// All of a server.
    Server,
    /// All that a client gets of a server.
    Pair,
}

/// Who has a burst, and what the last hit said of limits.
struct Going {
    slot: Slot,
    server: Endpoint,
    client: IpAddr,
    limit: Option<Box<[u8]>>,
    retry_after: Option<Box<[u8]>>,
}

/// The memory of one rule.
struct Bursts {
    group: Group,
    hit: fn(u16) -> bool,
    /// Whether fields that tell limits are looked at.
    limits: fn(&Message) -> bool,
    bursts: PerSlot<Burst>,
    going: Vec<Going>,
    /// Hits since all that are kept were counted, and how many of one server may be kept since then.
    uncounted: usize,
    room: usize,
}

impl Bursts {
    fn new(group: Group, hit: fn(u16) -> bool, limits: fn(&Message) -> bool) -> Self {
        let (bursts, going) = (PerSlot::default(), Vec::new());
        Self { group, hit, limits, bursts, going, uncounted: 0, room: limits::WATCHED_FAILURES }
    }

    /// How many hits of one server may be kept, now that there is one more.
    fn room(&mut self) -> usize {
        self.uncounted += 1;
        if self.uncounted >= limits::WATCHED_FAILURES_OF_ALL / 8 {
            self.uncounted = 0;
            let kept: usize = self.bursts.iter().map(|(_, burst)| burst.kept()).sum();
            self.room = match kept > limits::WATCHED_FAILURES_OF_ALL {
                true => limits::WATCHED_FAILURES_OF_MANY,
                false => limits::WATCHED_FAILURES,
            };
        }
        self.room
    }

    /// Notes that a burst goes on, or what its latest hit says.
    fn goes_on(&mut self, slot: Slot, scene: &Scene<'_>, response: &Message) {
        let (server, client) = (scene.exchange.server, scene.exchange.client.address());
        let known = self.going.iter().position(|going| going.slot == slot);
        let place = known.unwrap_or(self.going.len());
        if known.is_none() {
            self.going.push(Going { slot, server, client, limit: None, retry_after: None });
        }
        if (self.limits)(response)
            && let Some(going) = self.going.get_mut(place)
        {
            let head = &response.head;
            const LIMITS: [&str; 3] = ["ratelimit-policy", "ratelimit-limit", "x-ratelimit-limit"];
            let limit = LIMITS.iter().find_map(|name| head.values_named(name).next());
            going.limit = limit.map(Into::into).or(going.limit.take());
            let retry_after = head.value(FieldName::RetryAfter);
            going.retry_after = retry_after.map(Into::into).or(going.retry_after.take());
        }
    }
}

fn of_group(group: Group, traffic: &Traffic, slot: Slot) -> Option<&Tally> {
    match group {
        Group::Server => traffic.server(slot),
        Group::Pair => traffic.pair(slot),
    }
}

fn tell(going: &Going, group: Group, burst: &Extent, traffic: &Traffic, report: &mut Report<'_>) {
    let Extent { first, last, hits, before, .. } = burst;
    let paths: Vec<String> = burst
        .endpoints()
        .iter()
        .take(3)
        .filter_map(|(slot, count)| {
            let (method, path) = traffic.endpoint_names(*slot)?;
            Some(format!("{method} {path} ({count})"))
        })
        .collect();
    let crowd = Crowd {
        place: Place { server: Some(going.server), ..Place::default() },
        client: (group == Group::Pair).then_some(going.client),
        transaction: Some(first.id),
        first: first.mark,
        last: last.mark,
    };
    let share = *hits as f64 / burst.total().max(1) as f64;
    let mut draft = report.find().crowd(crowd);
    draft = match paths.is_empty() {
        true => draft.phrase("paths", text("endpoints that are not known", "未知的接口")),
        false => draft.plain("paths", paths.join(", ")),
    };
    let none = text("not told", "未给出");
    draft = match &going.limit {
        Some(limit) => draft.octets("limit", limit),
        None => draft.phrase("limit", none),
    };
    draft = match &going.retry_after {
        Some(value) => draft.octets("value", value),
        None => draft.phrase("value", none),
    };
    draft
        .plain("count", hits)
        .plain("total", burst.total())
        .percent("share", share)
        .seconds("window", burst.span())
        .plain("mix", burst.mix())
        .time("t0", first.at)
        .time("t1", last.at)
        .percent("p0", *before)
        .add();
}

impl Watcher for Bursts {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some((standing, traffic)) = scene.standing else { return };
        let Some((_, response)) = scene.pair() else { return };
        let slot = match self.group {
            Group::Server => standing.server,
            Group::Pair => standing.pair,
        };
        let Some(tally) = of_group(self.group, traffic, slot) else { return };
        let code = response.head.status().unwrap_or_default();
        if !(self.hit)(code) {
            return;
        }
        let bounds = Bounds::of(report);
        let hit = Hit {
            at: standing.at,
            mark: response.first,
            id: scene.id,
            code,
            nth: tally.seen,
            endpoint: standing.endpoint,
        };
        let room = self.room();
        let burst = self.bursts.of(slot);
        let over = burst.hit(hit, tally, &bounds, room);
        let open = burst.is_open();
        if let Some(over) = over
            && let Some(place) = self.going.iter().position(|going| going.slot == slot)
        {
            let going = self.going.remove(place);
            tell(&going, self.group, &over, traffic, report);
        }
        if open {
            self.goes_on(slot, scene, response);
        }
    }

    fn tick(&mut self, now: Mark, traffic: &Traffic, report: &mut Report<'_>) {
        if self.going.is_empty() {
            return;
        }
        let (bounds, group) = (Bounds::of(report), self.group);
        let bursts = &mut self.bursts;
        self.going.retain(|going| {
            // Whoever had to make room is forgotten.
            let Some(tally) = of_group(group, traffic, going.slot) else { return false };
            let Some(burst) = bursts.get_mut(going.slot) else { return false };
            let Some(over) = burst.look(now.at, tally, &bounds, 0) else { return true };
            tell(going, group, &over, traffic, report);
            false
        });
    }

    fn finish(&mut self, _: Mark, traffic: &Traffic, report: &mut Report<'_>) {
        for going in std::mem::take(&mut self.going) {
            if let Some(over) = self.bursts.get_mut(going.slot).and_then(Burst::close) {
                tell(&going, self.group, &over, traffic, report);
            }
        }
    }

    fn covers(&self, exchange: &Exchange) -> bool {
        exchange.status().is_some_and(self.hit)
            && self.going.iter().any(|going| {
                going.server == exchange.server
                    && (self.group == Group::Server || going.client == exchange.client.address())
            })
    }
}
