//! Responses that are far slower than their endpoint usually is: exchanges in, those out.

use super::is_stream;
use crate::http::Method;
use crate::rules::roster::PerSlot;
use crate::rules::rule::rule;
use crate::rules::window::statistics::median;
use crate::rules::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, Watcher, text};

rule! {
    /// ## What it sees
    /// A response that took far longer to begin than the earlier ones of the same method and path
    /// template at this server: beyond the median by several times their spread, on a logarithmic
    /// scale.
    /// ## Why it matters
    /// A lock, a cold cache, a garbage collection, one slow instance: it hides among fast answers, and
    /// averages do not show it.
    /// ## When it is innocent
    /// Requests that ask for more than others with the same path.
    /// ## What to do
    /// Look what this one request did differently; compare with the server's log at that time.
    pub static SLOW_RESPONSE_OUTLIER = {
        id: "slow-response-outlier",
        title: "Response is far slower than this endpoint usually is",
        severity: Severity::Notice,
        source: "practice (median and median absolute deviation of the logarithms)",
        parameters: &[
            Parameter { name: "k", default: &[6.0], meaning: "by how many times the spread" },
            Parameter { name: "min_history", default: &[30.0], meaning: "fewest earlier responses" },
            Parameter { name: "max_history", default: &[500.0], meaning: "most earlier responses, up to 2,000" },
            Parameter { name: "min_sigma", default: &[0.2], meaning: "smallest spread, on a scale of natural logarithms" },
            Parameter { name: "floor_s", default: &[0.5], meaning: "what is faster is never reported, seconds" },
        ],
        guards: &[Guard::RequestKnown, Guard::NoGap, Guard::MinHistory],
        message: text(
            "{method} {url} took {delay} s; the usual value here is {expected} s (n = {count}).",
            "{method} {url} 用时 {delay} 秒,该接口通常为 {expected} 秒(样本 {count})。",
        ),
        check: Check::Watch(Trigger::Always, || Box::new(Outliers::default())),
    }
}

/// Response times of one endpoint.
#[derive(Debug, Default)]
struct Times {
    /// Seconds, in a ring: the newer takes the place of the oldest.
    seconds: Vec<f32>,
    oldest: usize,
    /// How many there were.
    seen: u64,
    /// What was usual when it was looked at last: how many there were then, median and limit.
    usual: Option<(u64, f64, f64)>,
}

impl Times {
    /// The median, and what is far beyond it. Where there are many, it is looked at anew when some
    /// have come.
    fn usual(&mut self, k: f64, min_sigma: f64) -> Option<(f64, f64)> {
        if let Some((then, median, limit)) = self.usual
            && (self.seen - then) * 32 < self.seconds.len() as u64
        {
            return Some((median, limit));
        }
        let mut seconds = self.seconds.clone();
        // The octets of an answer may lie in the packet of the request: no time at all.
        let logarithm = |seconds: f32| seconds.max(1e-6).ln();
        seconds.iter_mut().for_each(|seconds| *seconds = logarithm(*seconds));
        let middle = median(&mut seconds)?;
        seconds.iter_mut().for_each(|logarithm| *logarithm = (*logarithm - middle).abs());
        let spread = f64::from(median(&mut seconds)?) * 1.4826;
        let middle = f64::from(middle);
        let limit = (middle + k * spread.max(min_sigma)).exp();
        self.usual = Some((self.seen, middle.exp(), limit));
        Some((middle.exp(), limit))
    }

    /// Takes note of one more; at most so many are kept.
    fn note(&mut self, seconds: f32, most: usize) {
        self.seen += 1;
        let full = self.seconds.len() >= most;
        match self.seconds.get_mut(self.oldest).filter(|_| full) {
            Some(oldest) => {
                *oldest = seconds;
                self.oldest = if self.oldest + 1 < most { self.oldest + 1 } else { 0 };
            }
            None if full => {}
            None => self.seconds.push(seconds),
        }
    }
}

#[derive(Default)]
struct Outliers {
    endpoints: PerSlot<Times>,
    bounds: Option<[f64; 5]>,
}

impl Watcher for Outliers {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some((standing, _)) = scene.standing else { return };
        let (Some(slot), Some((request, response))) = (standing.endpoint, scene.pair()) else {
            return;
        };
        let Some(took) = scene.exchange.think_time() else { return };
        let bounds = self.bounds.get_or_insert_with(|| report.numbers());
        let [k, least, most, min_sigma, floor] = *bounds;
        let seconds = took.as_nanos() as f64 / 1e9;
        let slow = seconds > floor;
        if scene.status() == Some(101) || request.head.method() == Method::Connect {
            return;
        }
        if slow && is_stream(response) {
            return;
        }
        let times = self.endpoints.of(slot);
        if slow
            && times.seconds.len() as f64 >= least.max(1.0)
            && let Some((expected, limit)) = times.usual(k, min_sigma)
            && seconds > limit
        {
            report
                .find()
                .seconds("delay", took)
                .plain("expected", format_args!("{expected:.3}"))
                .plain("count", times.seconds.len())
                .add();
        }
        times.note(seconds as f32, most.min(2_000.0) as usize);
    }
}
