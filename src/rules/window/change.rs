//! Changes of a server's error rate: its responses in, each lasting change out, once.
//!
//! A generalised likelihood ratio over every place at which the rate may have changed, confirmed by
//! Fisher's exact test and by the size of the change. Between two failures the ratio is convex, so
//! that only the places beside failures have to be looked at.

use std::collections::VecDeque;

use hashbrown::HashSet;

use super::statistics::fisher;
use crate::flow::Mark;
use crate::http::Message;
use crate::limits;
use crate::rules::report::Crowd;
use crate::rules::roster::{PerSlot, Slot};
use crate::rules::rule::rule;
use crate::rules::traffic::Standing;
use crate::rules::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, Watcher, text};

/// What both rules have to see while nothing is new.
const WHEN: Trigger = Trigger::OneOf(&[Trigger::Failed, Trigger::Sampled]);

/// Parameters of both rules.
const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "min_side",
        default: &[20.0],
        meaning: "fewest responses before and behind the change",
    },
    Parameter {
        name: "max_lookback",
        default: &[1000.0],
        meaning: "responses looked back, up to 10,000",
    },
    Parameter { name: "glr_threshold", default: &[10.0], meaning: "smallest log-likelihood ratio" },
    Parameter {
        name: "min_effect",
        default: &[0.05],
        meaning: "smallest difference of both rates",
    },
    Parameter {
        name: "alpha",
        default: &[0.001],
        meaning: "largest probability that it is chance",
    },
    Parameter {
        name: "tests_correction",
        default: &[20.0],
        meaning: "by which that probability is multiplied, since many places are tried",
    },
];

rule! {
    /// ## What it sees
    /// The share of 5xx among a server's responses rose at some moment and stayed up.
    /// ## Why it matters
    /// It finds what is no burst: a slow leak, one bad instance behind an address, a release that breaks
    /// one request in twenty.
    /// ## When it is innocent
    /// The mix of requests changed, towards ones that always failed.
    /// ## What to do
    /// Look what changed at the time that it names; compare with `one-endpoint-failing`.
    pub static ERROR_RATE_UP = {
        id: "error-rate-up",
        title: "Error rate of a server changes for the worse",
        severity: Severity::Warning,
        codes: &["5xx"],
        source: "RFC 9110 section 15.6; founding document on 5xx",
        parameters: PARAMETERS,
        guards: &[Guard::BothDirections, Guard::MinHistory],
        message: text(
            "{server}: error rate rose from {p0} % to {p1} % at {t0} (n = {n0} / {n1}, p = {p}).",
            "{server} 的错误率在 {t0} 由 {p0} % 升至 {p1} %(样本 {n0}/{n1},p = {p})。",
        ),
        check: Check::Watch(WHEN, || Box::new(Rates::new(true))),
    }

    /// ## What it sees
    /// The share of 5xx among a server's responses fell at some moment and stayed down.
    /// ## Why it matters
    /// It marks the end of an incident.
    /// ## When it is innocent
    /// Always; it is good news.
    /// ## What to do
    /// Compare the time with what was done.
    pub static ERROR_RATE_RECOVERED = {
        id: "error-rate-recovered",
        title: "Error rate of a server changes for the better",
        severity: Severity::Info,
        codes: &["5xx"],
        source: "RFC 9110 section 15.6; founding document on 5xx",
        parameters: PARAMETERS,
        guards: &[Guard::BothDirections, Guard::MinHistory],
        message: text(
            "{server}: error rate fell from {p0} % to {p1} % at {t0} (n = {n0} / {n1}, p = {p}).",
            "{server} 的错误率在 {t0} 由 {p0} % 降至 {p1} %(样本 {n0}/{n1},p = {p})。",
        ),
        check: Check::Watch(WHEN, || Box::new(Rates::new(false))),
    }
}

/// A failure and which response of its server it is, from 1.
#[derive(Debug, Clone, Copy)]
struct Failed {
    nth: u64,
    mark: Mark,
    id: u64,
}

/// What is known of one server.
#[derive(Debug, Default)]
struct Sequence {
    /// Number of the last response before what is looked at.
    start: u64,
    failed: VecDeque<Failed>,
}

/// Up to this many responses, every one is looked at; then only samples.
const EVERY: u64 = 100;

struct Rates {
    /// Whether this rule tells rises or falls. Both follow both, since each begins anew behind either.
    up: bool,
    sequences: PerSlot<Sequence>,
    /// Servers that have failed, and of which every response is to be looked at.
    often: HashSet<Slot>,
    bounds: Option<Bounds>,
    /// x ln x for small whole numbers.
    logarithms: Vec<f64>,
}

/// The parameters, in their order.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    side: u32,
    lookback: u64,
    threshold: f64,
    effect: f64,
    alpha: f64,
    correction: f64,
}

impl Bounds {
    fn new([side, lookback, threshold, effect, alpha, correction]: [f64; 6]) -> Self {
        let (side, lookback) = (side.max(1.0) as u32, lookback.clamp(2.0, 10_000.0) as u64);
        Self { side, lookback, threshold, effect, alpha, correction }
    }
}

/// A place at which the rate changed.
struct Change {
    /// How many responses, and failures, before it.
    before: (u32, u32),
    /// The same behind it.
    behind: (u32, u32),
    ratio: f64,
}

impl Rates {
    fn new(up: bool) -> Self {
        let (sequences, often) = (PerSlot::default(), HashSet::new());
        Self { up, sequences, often, bounds: None, logarithms: Vec::new() }
    }
}

/// Log-likelihood of k failures among n at their own rate.
fn likelihood(logarithms: &[f64], k: u32, n: u32) -> f64 {
    let of = |x: u32| logarithms.get(x as usize).copied().unwrap_or_default();
    of(k) + of(n - k) - of(n)
}

/// The place at which it is likeliest that the rate changed, among `n` responses: few enough that their
/// squares are exact in floating point.
fn likeliest(
    logarithms: &[f64],
    sequence: &Sequence,
    n: u32,
    side: u32,
    least: f64,
) -> Option<Change> {
    let all = sequence.failed.len() as u32;
    let whole = likelihood(logarithms, all, n);
    // No likelihood is greater than 0.
    if -whole < least {
        return None;
    }
    let rate = f64::from(all) / f64::from(n);
    // The ratio is about (k - m rate)² n / (2 m (n - m) rate (1 - rate)). Where that is far too little,
    // the ratio is not computed.
    let little = least / 4.0 * 2.0 * rate * (1.0 - rate) / f64::from(n);
    let sides = side..=n.saturating_sub(side);
    let mut best: Option<Change> = None;
    let mut consider = |m: u32, k: u32| {
        let excess = f64::from(k) - f64::from(m) * rate;
        if !sides.contains(&m) || excess * excess < little * (f64::from(m) * f64::from(n - m)) {
            return;
        }
        let ratio = likelihood(logarithms, k, m) + likelihood(logarithms, all - k, n - m) - whole;
        if best.as_ref().is_none_or(|best| ratio > best.ratio) {
            best = Some(Change { before: (m, k), behind: (n - m, all - k), ratio });
        }
    };
    let place = |failed: &Failed| (failed.nth - sequence.start) as u32;
    let (front, back) = sequence.failed.as_slices();
    let last = f64::from(n);
    let mut nth = 0.0;
    for failures in [front, back] {
        for failed in failures {
            let m = place(failed);
            // A first look at both sides of the failure: their excesses are less than 1 away from this one.
            let at = f64::from(m);
            let excess = (nth - at * rate).abs() + 1.0;
            if excess * excess >= little * ((at - 1.0) * (last - at)) {
                let k = nth as u32;
                consider(m - 1, k);
                consider(m, k + 1);
            }
            nth += 1.0;
        }
    }
    let up_to = |m: u32| sequence.failed.partition_point(|failed| place(failed) <= m) as u32;
    consider(side, up_to(side));
    consider(n.saturating_sub(side), up_to(n.saturating_sub(side)));
    best
}

impl Watcher for Rates {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some((standing, traffic)) = scene.standing else { return };
        let (server, nth) = (standing.server, standing.nth);
        let Some((_, response)) = scene.pair().filter(|_| nth > 0) else { return };
        if !(standing.failed || standing.is_sampled() || self.often.contains(&server)) {
            return;
        }
        self.look(standing, response, scene, report);
        let lookback = self.bounds.map_or(0, |bounds| bounds.lookback);
        let sequence = self.sequences.of(server);
        if sequence.failed.is_empty() || (nth - sequence.start).min(lookback) > EVERY {
            self.often.remove(&server);
        } else if self.often.insert(server) && self.often.len() > 2 * limits::WATCHED_SERVERS {
            // Whoever had to make room is forgotten.
            self.often.retain(|server| traffic.server(*server).is_some());
        }
    }

    fn waits(&self) -> Option<bool> {
        Some(!self.often.is_empty())
    }
}

impl Rates {
    /// Takes note of a failure, and looks whether the rate has changed.
    fn look(
        &mut self,
        standing: &Standing,
        response: &Message,
        scene: &Scene<'_>,
        report: &mut Report<'_>,
    ) {
        let nth = standing.nth;
        let bounds = self.bounds.get_or_insert_with(|| Bounds::new(report.numbers()));
        let sequence = self.sequences.of(standing.server);
        if !standing.failed
            && nth.saturating_sub(sequence.start).min(bounds.lookback) > EVERY
            && !standing.is_sampled()
        {
            return;
        }
        let Bounds { side, lookback, threshold, effect, alpha, correction } = *bounds;
        sequence.start = sequence.start.max(nth.saturating_sub(lookback));
        while sequence.failed.front().is_some_and(|failed| failed.nth <= sequence.start) {
            sequence.failed.pop_front();
        }
        if standing.failed {
            sequence.failed.push_back(Failed { nth, mark: response.first, id: scene.id });
        }
        // No more than the number looked back.
        let n = (nth - sequence.start) as u32;
        if sequence.failed.is_empty()
            || n < side.saturating_mul(2)
            || u64::from(n) > EVERY && !standing.is_sampled()
        {
            return;
        }
        if self.logarithms.len() <= lookback as usize {
            let product = |x: u64| if x == 0 { 0.0 } else { x as f64 * (x as f64).ln() };
            self.logarithms = (0..=lookback).map(product).collect();
        }
        let Some(change) = likeliest(&self.logarithms, sequence, n, side, threshold) else {
            return;
        };
        let ((n0, k0), (n1, k1)) = (change.before, change.behind);
        let rate = |k: u32, n: u32| f64::from(k) / f64::from(n);
        let (p0, p1) = (rate(k0, n0), rate(k1, n1));
        if change.ratio < threshold || (p1 - p0).abs() < effect {
            return;
        }
        let up = p1 > p0;
        let [n0, k0, n1, k1] = [n0, k0, n1, k1].map(u64::from);
        let p = correction * if up { fisher(k1, n1, k0, n0) } else { fisher(k0, n0, k1, n1) };
        if p >= alpha {
            return;
        }
        let m = sequence.start + n0;
        // Where it rose, at the first failure behind; where it fell, at the last one before.
        let place = sequence.failed.partition_point(|failed| failed.nth <= m);
        let place = if up { Some(place) } else { place.checked_sub(1) };
        let shows = place.and_then(|place| sequence.failed.get(place)).copied();
        sequence.start = m;
        sequence.failed.retain(|failed| failed.nth > m);
        let Some(shows) = shows.filter(|_| up == self.up) else { return };
        let mut crowd = Crowd::of(scene);
        crowd.first = shows.mark;
        crowd.last = response.first;
        crowd.transaction = Some(shows.id);
        report
            .find()
            .crowd(crowd)
            .percent("p0", p0)
            .percent("p1", p1)
            .plain("n0", n0)
            .plain("n1", n1)
            .plain("p", format_args!("{p:.0e}"))
            .time("t0", shows.mark.at)
            .add();
    }
}
