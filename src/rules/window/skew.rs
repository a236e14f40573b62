//! Concentrations: whether the failures of a host come from one of its servers, or those of a server
//! from one of its endpoints. Failures in; at the end of the capture, those who stick out.

use super::statistics::fisher;
use crate::flow::Mark;
use crate::http::FieldName;
use crate::rules::report::Crowd;
use crate::rules::roster::{PerSlot, Slot};
use crate::rules::rule::rule;
use crate::rules::traffic::Traffic;
use crate::rules::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, Watcher, text};

/// Parameters of both rules.
const PARAMETERS: &[Parameter] = &[
    Parameter { name: "min_count", default: &[5.0], meaning: "fewest failures" },
    Parameter {
        name: "min_n",
        default: &[10.0],
        meaning: "fewest responses, of it and of the others",
    },
    Parameter {
        name: "min_share",
        default: &[0.2],
        meaning: "smallest share of failures among its responses",
    },
    Parameter {
        name: "ratio",
        default: &[3.0],
        meaning: "how many times the share of the others that is at least",
    },
    Parameter {
        name: "alpha",
        default: &[0.001],
        meaning: "largest probability that it is chance",
    },
];

/// What is a failure here.
const FAILURES: Trigger = Trigger::Status(&[(0, 99), (500, 999)]);

rule! {
    /// ## What it sees
    /// Several servers answer for one host, and one of them fails far more often than the others.
    /// ## Why it matters
    /// One sick instance looks like sporadic errors to everybody; taking it out ends them.
    /// ## When it is innocent
    /// The servers do not do the same, for instance where one takes all writes.
    /// ## What to do
    /// Take it out of rotation, then look what differs: version, configuration, disk, neighbours. It
    /// needs a capture behind the load balancer.
    pub static ONE_BACKEND_FAILING = {
        id: "one-backend-failing",
        title: "One of several servers for the same host fails much more often than the others",
        severity: Severity::Warning,
        codes: &["5xx"],
        source: "practice (Fisher's exact test); founding document on 502",
        parameters: PARAMETERS,
        guards: &[Guard::BothDirections, Guard::MinHistory],
        message: text(
            "Of the servers for {host}, {server} fails {count}/{total} requests, the others {count0}/{total0}; take it out of rotation.",
            "在服务 {host} 的多台后端中,{server} 失败 {count}/{total},其余为 {count0}/{total0};应将其摘除。",
        ),
        check: Check::Watch(FAILURES, || Box::new(Backends::default())),
    }

    /// ## What it sees
    /// The failures of a server concentrate on one method and path, which fails far more often than
    /// everything else there.
    /// ## Why it matters
    /// It tells a fault of the application from one of the infrastructure.
    /// ## When it is innocent
    /// An endpoint that exists to fail, such as a test page.
    /// ## What to do
    /// Look at that handler and what it depends on.
    pub static ONE_ENDPOINT_FAILING = {
        id: "one-endpoint-failing",
        title: "The errors of a server concentrate on one endpoint",
        severity: Severity::Notice,
        codes: &["5xx"],
        source: "practice (Fisher's exact test); founding document on 500",
        parameters: PARAMETERS,
        guards: &[Guard::BothDirections, Guard::MinHistory],
        message: text(
            "{server}: {method} {path} fails {count}/{total} times, everything else {count0}/{total0}; look at that handler.",
            "{server}:{method} {path} 失败 {count}/{total} 次,其他接口 {count0}/{total0};请检查该处理程序。",
        ),
        check: Check::Watch(FAILURES, || Box::new(Endpoints::default())),
    }
}

/// The failures of one among others.
#[derive(Debug, Default)]
struct Failures {
    count: u64,
    /// The first, and what the last was.
    shown: Option<Crowd>,
    host: Box<[u8]>,
}

impl Failures {
    fn add(&mut self, crowd: Crowd) {
        self.count += 1;
        match &mut self.shown {
            Some(shown) => shown.last = crowd.last,
            None => self.shown = Some(crowd),
        }
    }
}

/// Whether k1 of n1 sticks out against k0 of n0, one of so many that could.
fn sticks_out(
    report: &Report<'_>,
    one: (u64, u64),
    others: (u64, u64),
    among: impl FnOnce() -> usize,
) -> bool {
    let [least, least_n, least_share, ratio, alpha] = report.numbers();
    let ((k1, n1), (k0, n0)) = (one, others);
    let share = |k: u64, n: u64| k as f64 / n.max(1) as f64;
    k1 as f64 >= least
        && n1.min(n0) as f64 >= least_n
        && share(k1, n1) >= least_share
        && share(k1, n1) >= ratio * share(k0, n0)
        && fisher(k1, n1, k0, n0) * (among() as f64) < alpha
}

#[derive(Default)]
struct Backends {
    failures: PerSlot<Failures>,
}

impl Watcher for Backends {
    fn exchange(&mut self, scene: &Scene<'_>, _: &mut Report<'_>) {
        let Some((request, _)) = scene.pair() else { return };
        let Some(slot) = scene.standing.and_then(|(standing, _)| standing.host) else { return };
        let failures = self.failures.of(slot);
        failures.add(Crowd::of(scene));
        if failures.count == 1 {
            failures.host = request.head.value(FieldName::Host).unwrap_or_default().into();
        }
    }

    fn finish(&mut self, _: Mark, traffic: &Traffic, report: &mut Report<'_>) {
        let least = report.parameter("min_count");
        for (slot, failures) in self.failures.iter() {
            if (failures.count as f64) < least {
                continue;
            }
            let mut servers = traffic.host_counts(slot);
            servers.retain(|(other, _)| !traffic.is_proxy_between(slot, *other));
            let own = servers.iter().find(|(other, _)| *other == slot).map_or(0, |(_, n)| *n);
            let all: u64 = servers.iter().map(|(_, n)| n).sum();
            let failed = |slot: &Slot| self.failures.get(*slot).map_or(0, |f| f.count);
            let all_failed: u64 = servers.iter().map(|(slot, _)| failed(slot)).sum();
            let (one, others) = ((failures.count, own), (all_failed - failures.count, all - own));
            if let Some(crowd) = &failures.shown
                && sticks_out(report, one, others, || servers.len())
            {
                let draft = report.find().crowd(crowd.clone()).octets("host", &failures.host);
                let draft = draft.plain("count", one.0).plain("total", one.1);
                draft.plain("count0", others.0).plain("total0", others.1).add();
            }
        }
    }
}

#[derive(Default)]
struct Endpoints {
    failures: PerSlot<Failures>,
    of_servers: PerSlot<u64>,
}

impl Watcher for Endpoints {
    fn exchange(&mut self, scene: &Scene<'_>, _: &mut Report<'_>) {
        let Some((standing, _)) = scene.standing.filter(|_| scene.pair().is_some()) else { return };
        let Some(slot) = standing.endpoint else { return };
        *self.of_servers.of(standing.server) += 1;
        self.failures.of(slot).add(Crowd::of_endpoint(scene));
    }

    fn finish(&mut self, _: Mark, traffic: &Traffic, report: &mut Report<'_>) {
        let least = report.parameter("min_count");
        for (slot, failures) in self.failures.iter() {
            if (failures.count as f64) < least {
                continue;
            }
            let Some((server, own)) = traffic.endpoint_count(slot) else { continue };
            let Some(tally) = traffic.server(server) else { continue };
            let all_failed = self.of_servers.get(server).copied().unwrap_or_default();
            let one = (failures.count, own);
            let others = (all_failed.saturating_sub(one.0), tally.seen.saturating_sub(own));
            if let Some(crowd) = &failures.shown
                && sticks_out(report, one, others, || traffic.endpoints_of(server))
            {
                let place = &crowd.place;
                let (method, path) = (place.method.clone(), place.path.clone());
                let draft = report.find().crowd(crowd.clone());
                let draft = draft.plain("method", method.as_deref().unwrap_or_default());
                let draft = draft.plain("path", path.as_deref().unwrap_or_default());
                let draft = draft.plain("count", one.0).plain("total", one.1);
                draft.plain("count0", others.0).plain("total0", others.1).add();
            }
        }
    }
}
