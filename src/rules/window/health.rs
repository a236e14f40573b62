//! Health checks that fail: refusals in, each stretch of failing checks of one path at one server out.

use std::hash::BuildHasher as _;
use std::sync::LazyLock;

use hashbrown::DefaultHashBuilder;
use regex::bytes::{Regex, RegexBuilder};

use super::burst::mix;
use super::episode::{Episode, Episodes, Event, Watched, Watching};
use crate::flow::Mark;
use crate::http::{FieldName, Message};
use crate::rules::asked;
use crate::rules::remembered::Remembered;
use crate::rules::report::{Crowd, path, path_of};
use crate::rules::rule::rule;
use crate::rules::traffic::Traffic;
use crate::rules::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, Watcher, text};

rule! {
    /// ## What it sees
    /// Requests of load balancers and orchestrators that ask whether a server is well (by their path, such
    /// as `/healthz`, or their User-Agent, such as `kube-probe`) and get another answer than 2xx.
    /// ## Why it matters
    /// The server will be taken out of rotation or restarted. A redirect is a failure for most checkers
    /// too.
    /// ## When it is innocent
    /// While a server starts or is being drained.
    /// ## What to do
    /// Ask the same path by hand and look what it depends on; a check should not ask more than whether
    /// this server is well.
    pub static HEALTH_CHECK_FAILING = {
        id: "health-check-failing",
        title: "Health checks of a load balancer or orchestrator fail",
        severity: Severity::Warning,
        codes: &["3xx", "4xx", "5xx"],
        source: "practice; founding document on 503",
        parameters: &[
            Parameter { name: "window_s", default: &[60.0], meaning: "seconds of the sliding window" },
            Parameter { name: "min_count", default: &[3.0], meaning: "fewest failing checks within it" },
            Parameter { name: "min_share", default: &[0.5], meaning: "smallest share of the responses for this path in that time" },
        ],
        guards: &[Guard::BothDirections],
        message: text(
            "Health check {path} of {server} fails: {count} of {total} in {window} s ({mix}), from {t0}; the load balancer will take it out.",
            "{server} 的健康检查 {path} 失败:自 {t0} 起 {window} 秒内 {count}/{total}({mix}),负载均衡器将摘除该实例。",
        ),
        check: Check::Watch(
            Trigger::Status(&[(0, 99), (300, 303), (305, 999)]),
            || Box::new(Checks::default()),
        ),
    }
}

/// Parts of the User-Agent of those who ask.
static AGENTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = "kube-probe|ELB-HealthChecker|GoogleHC|Consul Health Check|HAProxy|nginx-health|SLBHealthCheck|Envoy/HC|Amazon-Route53-Health-Check|Zabbix|Prometheus|Blackbox";
    RegexBuilder::new(pattern).unicode(false).build().ok()
});

/// Whether a path is asked for to see whether a server is well.
pub(in crate::rules) fn is_health_path(path: &[u8]) -> bool {
    let Some(name) = path.strip_prefix(b"/") else { return false };
    let name = name.strip_suffix(b"/").unwrap_or(name);
    matches!(name.strip_prefix(b"_").unwrap_or(name), b"health" | b"healthz" | b"healthcheck")
        || matches!(
            name,
            b"ready"
                | b"readyz"
                | b"readiness"
                | b"live"
                | b"livez"
                | b"liveness"
                | b"status"
                | b"ping"
                | b"actuator/health"
                | b"api/health"
                | b"heartbeat"
        )
}

/// How many agents are remembered.
const KNOWN: usize = 64;

/// Tells which requests are health checks. The same agents come again and again, so that of the latest
/// ones it is remembered what they are.
#[derive(Default)]
pub(super) struct Checkers {
    agents: Remembered<bool, KNOWN>,
}

impl Checkers {
    /// Whether a request is a health check.
    pub fn send(&mut self, request: &Message) -> bool {
        let head = &request.head;
        if is_health_path(path_of(head)) {
            return true;
        }
        let Some(agent) = head.value(FieldName::UserAgent) else { return false };
        let hash = asked::hash(agent);
        if let Some(checks) = self.agents.get(hash) {
            return *checks;
        }
        let checks = AGENTS.as_ref().is_some_and(|agents| agents.is_match(agent));
        self.agents.keep(hash, checks);
        checks
    }
}

/// One path of one server.
#[derive(Default)]
struct Checked {
    episodes: Episodes,
    crowd: Option<Crowd>,
    path: Box<[u8]>,
}

#[derive(Default)]
struct Checks {
    checked: Watching<Checked>,
    checkers: Checkers,
    hasher: DefaultHashBuilder,
}

impl Watched for Checked {
    fn episodes(&mut self) -> &mut Episodes {
        &mut self.episodes
    }

    fn tell(&self, episode: &Episode, report: &mut Report<'_>) {
        let Some(crowd) = &self.crowd else { return };
        report
            .find()
            .crowd(episode.of(crowd))
            .octets("path", &self.path)
            .plain("count", episode.count)
            .plain("total", episode.responses())
            .seconds("window", episode.span())
            .plain("mix", mix(&episode.codes))
            .time("t0", episode.first.at)
            .add();
    }
}

impl Watcher for Checks {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some((standing, traffic)) = scene.standing else { return };
        let Some((request, response)) = scene.pair() else { return };
        let status = response.head.status().unwrap_or_default();
        if !self.checkers.send(request) {
            return;
        }
        let [_, least, share] = report.numbers();
        let window = report.duration("window_s");
        let path = path(request.head.target());
        let key = self.hasher.hash_one((scene.exchange.server, path));
        let (slot, checked) = self.checked.of(key);
        if checked.crowd.is_none() {
            checked.crowd = Some(Crowd::of_endpoint(scene));
            checked.path = path.into();
        }
        // An endpoint that never answered well is not counted: then all its answers are failures.
        let asked = standing.endpoint.and_then(|slot| traffic.endpoint_count(slot));
        let event = Event {
            at: standing.at,
            key: 0,
            code: status,
            mark: response.first,
            id: scene.id,
            nth: asked.map_or(0, |(_, count)| count),
        };
        let over = checked.episodes.take(event, window, |held| {
            held.count as f64 >= least && held.count as f64 >= share * held.responses as f64
        });
        self.checked.took(slot, over, report);
    }

    fn tick(&mut self, now: Mark, _: &Traffic, report: &mut Report<'_>) {
        let window = report.duration("window_s");
        self.checked.tick(now, window, report);
    }

    fn finish(&mut self, _: Mark, _: &Traffic, report: &mut Report<'_>) {
        self.checked.finish(report);
    }
}
