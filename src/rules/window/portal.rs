//! Captive portals: redirects in; a client whom several unrelated sites send to one and the same place,
//! out.

use std::hash::{BuildHasher as _, Hash as _, Hasher as _};

use hashbrown::{DefaultHashBuilder, HashSet};

use super::episode::{Episode, Episodes, Event, Watched, Watching};
use crate::flow::Mark;
use crate::http::FieldName;
use crate::limits;
use crate::rules::reference::Url;
use crate::rules::report::Crowd;
use crate::rules::roster::Slot;
use crate::rules::rule::rule;
use crate::rules::traffic::Traffic;
use crate::rules::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, Watcher, text};

rule! {
    /// ## What it sees
    /// Within a minute, several sites that have nothing to do with each other redirect one client to one
    /// and the same foreign host, and answer nothing else.
    /// ## Why it matters
    /// The client does not talk to those sites but to somebody in between: a portal that wants a log-in,
    /// a page that blocks, a redirect that was slipped in.
    /// ## When it is innocent
    /// Domains of one owner that were parked at one place.
    /// ## What to do
    /// Open that place with a browser; or ask over TLS, which nobody in between can answer.
    pub static CAPTIVE_PORTAL_SUSPECTED = {
        id: "captive-portal-suspected",
        title: "Several unrelated hosts are redirected to one and the same place",
        severity: Severity::Warning,
        codes: &["302", "303", "307", "511"],
        source: "RFC 6585 section 6.1 (captive portals)",
        parameters: &[
            Parameter { name: "window_s", default: &[60.0], meaning: "seconds of the sliding window" },
            Parameter { name: "min_hosts", default: &[3.0], meaning: "fewest different hosts within it" },
        ],
        guards: &[Guard::BothDirections],
        message: text(
            "{client}: {count} different sites redirect to {other} within {window} s; a captive portal, an ISP block page or an injected redirect.",
            "{client} 在 {window} 秒内访问的 {count} 个不同站点都被重定向到 {other};可能是认证门户、运营商拦截页或劫持。",
        ),
        check: Check::Watch(
            Trigger::Status(&[(302, 303), (307, 307)]),
            || Box::new(Portals::default()),
        ),
    }
}

/// A client and the host that it is sent to.
#[derive(Default)]
struct Sent {
    episodes: Episodes,
    crowd: Option<Crowd>,
    other: Box<[u8]>,
    /// The servers that did it, as far as this client sees them, and how often they did.
    by: Vec<(Slot, u64)>,
}

#[derive(Default)]
struct Portals {
    sent: Watching<Sent>,
    hasher: DefaultHashBuilder,
}

impl Watched for Sent {
    fn episodes(&mut self) -> &mut Episodes {
        &mut self.episodes
    }

    fn tell(&self, episode: &Episode, report: &mut Report<'_>) {
        let Some(crowd) = &self.crowd else { return };
        report
            .find()
            .crowd(episode.of(crowd))
            .octets("other", &self.other)
            .plain("count", episode.distinct())
            .seconds("window", episode.span())
            .add();
    }
}

impl Watcher for Portals {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some((standing, traffic)) = scene.standing else { return };
        let Some((request, response)) = scene.pair() else { return };
        let head = &request.head;
        let Some(location) = response.head.value(FieldName::Location) else { return };
        let urls = Url::of(head).zip(Url::resolve(head, location));
        let Some((own, other)) = urls.filter(|(_, other)| !other.host.is_empty()) else { return };
        if own.same_site(&other) {
            return;
        }
        let hosts = report.parameter("min_hosts");
        let window = report.duration("window_s");
        let mut hasher = self.hasher.build_hasher();
        scene.exchange.client.octets().hash(&mut hasher);
        hasher.write(other.host_name());
        let (slot, sent) = self.sent.of(hasher.finish());
        if sent.crowd.is_none() {
            let mut crowd = Crowd::of_client(scene);
            crowd.place.server = None;
            sent.crowd = Some(crowd);
            sent.other = other.host_name().into();
        }
        super::burst::tally(&mut sent.by, standing.pair, 1, limits::WATCHED_FAILURES);
        let event = Event {
            at: standing.at,
            // Sites, not hosts: those of one owner may well send to one place.
            key: self.hasher.hash_one(own.site()),
            code: response.head.status().unwrap_or_default(),
            mark: response.first,
            id: scene.id,
            nth: 0,
        };
        // Whoever also answers something else is no portal.
        let nothing_else = || {
            let pairs: HashSet<Slot> = sent.by.iter().map(|(pair, _)| *pair).collect();
            let answers: u64 =
                pairs.iter().filter_map(|pair| traffic.pair(*pair)).map(|tally| tally.seen).sum();
            answers == sent.by.iter().map(|(_, count)| count).sum::<u64>()
        };
        let over = sent
            .episodes
            .take(event, window, |held| held.distinct as f64 >= hosts && nothing_else());
        self.sent.took(slot, over, report);
    }

    fn tick(&mut self, now: Mark, _: &Traffic, report: &mut Report<'_>) {
        let window = report.duration("window_s");
        self.sent.tick(now, window, report);
    }

    fn finish(&mut self, _: Mark, _: &Traffic, report: &mut Report<'_>) {
        self.sent.finish(report);
    }
}
