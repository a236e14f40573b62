//! The Date of responses: whether there is one, and whether the server's clock is right.

use hashbrown::HashSet;

use super::report::Crowd;
use super::roster::{PerSlot, Slot};
use super::rule::rule;
use super::traffic::Traffic;
use super::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, Watcher, text};
use crate::flow::Mark;
use crate::http::{FieldName, Method, header::date};
use crate::limits;

rule! {
    /// ## What it sees
    /// A server whose 2xx, 3xx or 4xx responses have no Date. It is told once for each server. 206 and 304
    /// have rules of their own.
    /// ## Why it matters
    /// Caches cannot tell how old such a response is.
    /// ## When it is innocent
    /// Devices without a clock must not send one.
    /// ## What to do
    /// Let the server send Date; most do by themselves.
    pub static DATE_MISSING = {
        id: "date-missing",
        title: "2xx, 3xx or 4xx response without Date",
        severity: Severity::Info,
        codes: &["2xx", "3xx", "4xx"],
        source: "RFC 9110 section 6.6.1 MUST (origin server with a clock); founding document on 206 and 304",
        guards: &[Guard::RequestKnown],
        message: text(
            "{server} sends no Date field (e.g. {status} for {url}).",
            "{server} 的响应不带 Date 报头(例如 {url} 的 {status})。",
        ),
        check: Check::Watch(
            Trigger::ResponseLacks(&[FieldName::Date]),
            || Box::new(Missing::default()),
        ),
    }

    /// ## What it sees
    /// A server whose Date differs from the time of the packets that carry it, by the median of its
    /// responses. It is told once for each server when the capture ends; where all servers differ
    /// alike, it is the clock of the capturing machine, and told once.
    /// ## Why it matters
    /// Caches, conditional requests, Retry-After, and tokens that expire depend on the clock.
    /// ## When it is innocent
    /// A response from a cache that does not say so; a capture whose times were changed.
    /// ## What to do
    /// Let the server ask a time server (NTP).
    pub static DATE_CLOCK_SKEW = {
        id: "date-clock-skew",
        title: "Date differs from the capture clock",
        severity: Severity::Notice,
        source: "RFC 9110 section 6.6.1 SHOULD be the best available approximation; section 13.1.3; founding document on 304",
        parameters: &[
            Parameter { name: "max_s", default: &[300.0], meaning: "seconds that it may differ" },
            Parameter { name: "min_samples", default: &[1.0], meaning: "fewest responses of the server, one a second" },
        ],
        guards: &[Guard::RequestKnown, Guard::NotCached],
        message: text(
            "The clock of {server} is off by about {delay} s (Date '{value}').",
            "{server} 的时钟偏差约 {delay} 秒(Date '{value}')。",
        ),
        check: Check::Watch(
            Trigger::ResponseField(&[FieldName::Date]),
            || Box::new(Clocks::default()),
        ),
    }
}

#[derive(Default)]
struct Missing {
    told: HashSet<Slot>,
}

impl Watcher for Missing {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some((standing, _)) = scene.standing else { return };
        let Some((request, response)) = scene.pair() else { return };
        let granted = request.head.method() == Method::Connect;
        match scene.status() {
            Some(206 | 304) => return,
            Some(200..=299) if granted => return,
            Some(200..=499) if response.head_whole => {}
            _ => return,
        }
        if self.told.len() < limits::WATCHED_SERVERS && self.told.insert(standing.server) {
            report.find().add();
        }
    }
}

/// What the clock of one server says.
#[derive(Debug, Default)]
struct Clock {
    /// The second in which it was looked at last.
    second: Option<i64>,
    /// Seconds by which it is ahead.
    ahead: Vec<i64>,
    crowd: Option<Crowd>,
    value: Box<[u8]>,
}

/// Looks at one clock that are enough.
const LOOKS: usize = 101;

/// Clocks that differ by no more than that are off alike, seconds.
const ALIKE: u64 = 5;

#[derive(Default)]
struct Clocks {
    servers: PerSlot<Clock>,
}

impl Watcher for Clocks {
    fn exchange(&mut self, scene: &Scene<'_>, _: &mut Report<'_>) {
        let Some((standing, _)) = scene.standing else { return };
        let Some((_, response)) = scene.pair() else { return };
        let clock = self.servers.of(standing.server);
        let second = response.first.at.as_nanos().div_euclid(1_000_000_000);
        if clock.second == Some(second) || clock.ahead.len() >= LOOKS {
            return;
        }
        clock.second = Some(second);
        let Some(value) = response.head.value(FieldName::Date) else { return };
        let Some(says) = date::parse(value) else { return };
        if clock.ahead.is_empty() {
            let mark = response.first;
            clock.crowd = Some(Crowd { first: mark, last: mark, ..Crowd::of(scene) });
            clock.value = value.into();
        }
        clock.ahead.push(says.saturating_sub(second));
    }

    fn finish(&mut self, _: Mark, _: &Traffic, report: &mut Report<'_>) {
        let [most, least] = report.numbers();
        let mut clocks: Vec<(i64, &Clock)> = Vec::new();
        let known: Vec<Slot> = self.servers.iter().map(|(slot, _)| slot).collect();
        for slot in &known {
            if let Some(clock) = self.servers.get_mut(*slot) {
                clock.ahead.sort_unstable();
            }
        }
        for (_, clock) in self.servers.iter() {
            if let Some(ahead) = clock.ahead.get(clock.ahead.len() / 2)
                && clock.ahead.len() as f64 >= least.max(1.0)
            {
                clocks.push((*ahead, clock));
            }
        }
        let off = |ahead: i64| ahead.unsigned_abs() as f64 > most;
        let first = clocks.first().map_or(0, |(ahead, _)| *ahead);
        let alike =
            clocks.len() > 2 && clocks.iter().all(|(ahead, _)| ahead.abs_diff(first) <= ALIKE);
        for (ahead, clock) in clocks {
            let Some(crowd) = clock.crowd.clone().filter(|_| off(ahead)) else { continue };
            let draft = report.find().crowd(crowd).plain("delay", ahead.unsigned_abs());
            let draft = draft.octets("value", &clock.value);
            if alike {
                let everybody = text(
                    "the capturing machine (all servers differ alike)",
                    "抓包机器(所有服务器偏差一致)",
                );
                draft.phrase("server", everybody).add();
                return;
            }
            draft.add();
        }
    }
}
