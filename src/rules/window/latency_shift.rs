//! Lasting changes of a server's response times: exchanges in, each time it became slower out.

use std::collections::VecDeque;

use super::statistics::{mann_whitney, median};
use crate::flow::Mark;
use crate::http::Method;
use crate::rules::latency::is_stream;
use crate::rules::report::Crowd;
use crate::rules::roster::PerSlot;
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, Watcher, text};

rule! {
    /// ## What it sees
    /// The median time that a server needs to begin its answers has grown, and stays so.
    /// ## Why it matters
    /// Slowness comes before failure: a pool that runs dry, a cache that is cold, a neighbour that is noisy.
    /// ## When it is innocent
    /// The mix of requests changed, towards ones that always took longer.
    /// ## What to do
    /// Look what changed at that time; compare endpoints.
    pub static LATENCY_SHIFT = {
        id: "latency-shift",
        title: "A server becomes lastingly slower",
        severity: Severity::Warning,
        source: "practice (Mann-Whitney test of the latest response times against those before)",
        parameters: &[
            Parameter { name: "baseline_n", default: &[60.0], meaning: "fewest earlier response times" },
            Parameter { name: "max_baseline_n", default: &[500.0], meaning: "most earlier response times, up to 2,000" },
            Parameter { name: "recent_n", default: &[30.0], meaning: "latest response times, up to 300" },
            Parameter { name: "ratio", default: &[2.0], meaning: "smallest ratio of both medians" },
            Parameter { name: "min_diff_s", default: &[0.1], meaning: "smallest difference of both medians, seconds" },
            Parameter { name: "alpha", default: &[0.0001], meaning: "largest probability that it is chance" },
        ],
        guards: &[Guard::BothDirections, Guard::MinHistory],
        message: text(
            "{server}: median time to first byte went from {expected} s to {delay} s at {t0}.",
            "{server} 的首字节时间中位数在 {t0} 由 {expected} 秒升至 {delay} 秒。",
        ),
        check: Check::Watch(Trigger::Always, || Box::new(Shifts::default())),
    }
}

#[derive(Debug, Default)]
struct Times {
    /// Seconds, the oldest first: the baseline, and behind it the latest ones.
    seconds: VecDeque<f32>,
    /// The first packets and numbers of the latest ones.
    marks: VecDeque<(Mark, u64)>,
    /// How many of the latest ones are longer than the smallest difference.
    long: usize,
    /// How many came since the last look.
    since: usize,
}

#[derive(Default)]
struct Shifts {
    servers: PerSlot<Times>,
}

impl Watcher for Shifts {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some((standing, _)) = scene.standing else { return };
        let Some((request, response)) = scene.pair() else { return };
        let Some(took) = scene.exchange.think_time() else { return };
        let [least, most, recent, ratio, difference, alpha] = report.numbers();
        let recent = recent.clamp(3.0, 300.0) as usize;
        let most = most.clamp(1.0, 2_000.0) as usize;
        let took = (took.as_nanos() as f64 / 1e9) as f32;
        let long = |seconds: f32| f64::from(seconds) > difference;
        if scene.status() == Some(101) || request.head.method() == Method::Connect {
            return;
        }
        if long(took) && is_stream(response) {
            return;
        }
        let times = self.servers.of(standing.server);
        times.seconds.push_back(took);
        times.marks.push_back((response.first, scene.id));
        times.long += usize::from(long(took));
        if times.marks.len() > recent {
            times.marks.pop_front();
            let before = times.seconds.len().checked_sub(recent + 1);
            let left = before.and_then(|place| times.seconds.get(place)).copied();
            times.long -= usize::from(left.is_some_and(long));
        }
        if times.seconds.len() > most + recent {
            times.seconds.pop_front();
        }
        times.since += 1;
        // The median of the latest cannot be high enough where less than half of them are long.
        if times.since * 3 < recent || 2 * times.long < recent {
            return;
        }
        let older = times.seconds.len().saturating_sub(recent);
        if (older as f64) < least.max(1.0) {
            return;
        }
        times.since = 0;
        let mut all: Vec<f32> = times.seconds.iter().copied().collect();
        let (before, latest) = all.split_at_mut(older);
        let (Some(expected), Some(now)) = (median(before), median(latest)) else { return };
        let (expected, now) = (f64::from(expected), f64::from(now));
        let slower = now >= ratio * expected && now - expected >= difference;
        if !slower || mann_whitney(before, latest) >= alpha {
            return;
        }
        // The first of the latest that is longer than what lies between both medians.
        let between = f64::midpoint(expected, now) as f32;
        let latest = times.seconds.iter().skip(older);
        let first = times.marks.iter().zip(latest).find(|(_, took)| **took > between);
        let (mark, id) = first.map_or((response.first, scene.id), |(mark, _)| *mark);
        let mut crowd = Crowd::of(scene);
        (crowd.first, crowd.transaction) = (mark, Some(id));
        *times = Times::default();
        report
            .find()
            .crowd(crowd)
            .plain("expected", format_args!("{expected:.3}"))
            .plain("delay", format_args!("{now:.3}"))
            .time("t0", mark.at)
            .add();
    }
}
