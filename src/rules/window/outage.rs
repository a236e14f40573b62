//! Outages: exchanges of a server in, every run of failures without a success out, once.

use super::abandoned::{Fate, fate};
use super::burst::{mix, tally};
use crate::flow::Mark;
use crate::rules::finding::Place;
use crate::rules::report::Crowd;
use crate::rules::roster::{PerSlot, Slot};
use crate::rules::rule::rule;
use crate::rules::traffic::{Traffic, failing};
use crate::rules::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, Watcher, text};
use crate::units::Timestamp;

rule! {
    /// ## What it sees
    /// Several requests in a row to a server that all failed, over some seconds, with no success between
    /// them: 5xx, a closed or reset connection instead of an answer, or long silence.
    /// ## Why it matters
    /// The server is down, whatever its port says.
    /// ## When it is innocent
    /// One client that asks one broken address again and again, while nobody else asks for anything.
    /// ## What to do
    /// Look at the process and at what it depends on since the time that is named. If connections are
    /// accepted and closed without a word, the process dies or a limit is reached.
    pub static SERVER_FAILING_COMPLETELY = {
        id: "server-failing-completely",
        title: "Every request to a server fails",
        severity: Severity::Error,
        codes: &["5xx"],
        source: "RFC 9110 section 15.6; founding document on 503",
        parameters: &[
            Parameter { name: "min_consecutive", default: &[5.0], meaning: "fewest failures in a row" },
            Parameter { name: "min_span_s", default: &[2.0], meaning: "seconds that they take at least" },
            Parameter { name: "wait_s", default: &[30.0], meaning: "seconds of silence that are a failure" },
        ],
        guards: &[Guard::BothDirections, Guard::NoGap],
        message: text(
            "{server} failed every request from {t0} to {t1} ({count} in a row: {mix}).",
            "{server} 自 {t0} 至 {t1} 的所有请求均失败(连续 {count} 次:{mix})。",
        ),
        check: Check::Watch(Trigger::Failed, || Box::new(Outages::default())),
    }
}

/// Failures in a row.
#[derive(Debug)]
struct Run {
    crowd: Crowd,
    count: u64,
    codes: Vec<(u16, u64)>,
    /// When the latest failure that is a response began.
    answered: Timestamp,
}

#[derive(Default)]
struct Outages {
    runs: PerSlot<Option<Run>>,
    /// How many of them there are, never too few: without one a success means nothing.
    open: usize,
}

fn tell(run: Run, report: &mut Report<'_>) {
    let [least, span, _] = report.numbers();
    let lasted = run.crowd.last.since(run.crowd.first);
    if (run.count as f64) < least || (lasted.as_nanos() as f64) < span * 1e9 {
        return;
    }
    let (first, last) = (run.crowd.first.at, run.crowd.last.at);
    let (count, mix) = (run.count, mix(&run.codes));
    let draft = report.find().crowd(run.crowd).plain("count", count).plain("mix", mix);
    draft.time("t0", first).time("t1", last).add();
}

impl Watcher for Outages {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some((standing, traffic)) = scene.standing else { return };
        let status = scene.status();
        let run = self.runs.of(standing.server);
        let (mark, code, answered) = match (scene.response(), status.is_none_or(failing)) {
            (Some(response), true) => (response.first, status.unwrap_or_default(), true),
            (Some(_), false) => {
                if let Some(run) = run.take() {
                    self.open = self.open.saturating_sub(1);
                    tell(run, report);
                }
                return;
            }
            (None, _) => match fate(scene.exchange, report.duration("wait_s")) {
                Some(Fate::Unanswered(mark)) => (mark, 0, false),
                _ => return,
            },
        };
        // Silence is told late; what came meanwhile may have been a success.
        let latest = traffic.server(standing.server).map_or(mark.at, |tally| tally.latest());
        let since = run.as_ref().map(|run| run.answered);
        if !answered && mark.at < latest && since != Some(latest) {
            return;
        }
        self.open += usize::from(run.is_none());
        let run = run.get_or_insert_with(|| Run {
            crowd: Crowd {
                place: Place { server: Some(scene.exchange.server), ..Place::default() },
                client: None,
                transaction: Some(scene.id),
                first: mark,
                last: mark,
            },
            count: 0,
            codes: Vec::new(),
            answered: Timestamp::default(),
        });
        run.count += 1;
        tally(&mut run.codes, code, 1, 16);
        if answered {
            run.answered = standing.at;
        }
        if mark.packet < run.crowd.first.packet {
            run.crowd.first = mark;
        }
        if mark.packet > run.crowd.last.packet {
            run.crowd.last = mark;
        }
    }

    fn waits(&self) -> Option<bool> {
        Some(self.open > 0)
    }

    fn finish(&mut self, _: Mark, _: &Traffic, report: &mut Report<'_>) {
        let open: Vec<Slot> = self.runs.iter().map(|(slot, _)| slot).collect();
        for slot in open {
            if let Some(run) = self.runs.get_mut(slot).and_then(Option::take) {
                tell(run, report);
            }
        }
    }
}
