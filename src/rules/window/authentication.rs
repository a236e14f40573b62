//! Refused credentials, in crowds: 401, 403 and 407 in, each stretch of them of one client at one
//! server out. Credentials are compared by a keyed hash and never kept.

use std::hash::BuildHasher as _;
use std::net::IpAddr;

use hashbrown::DefaultHashBuilder;

use super::episode::{Episode, Episodes, Event, Held};
use crate::flow::Mark;
use crate::http::{Exchange, FieldName, Head, Method};
use crate::rules::finding::Place;
use crate::rules::report::{Crowd, path};
use crate::rules::roster::{PerSlot, Slot};
use crate::rules::rule::rule;
use crate::rules::traffic::Traffic;
use crate::rules::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, Watcher, text};
use crate::wire::Endpoint;

/// Statuses that refuse credentials.
const REFUSED: Trigger = Trigger::Status(&[(401, 401), (403, 403), (407, 407)]);

rule! {
    /// ## What it sees
    /// One client whose credentials are refused again and again within a minute: requests with
    /// Authorization or Proxy-Authorization, or log-in forms, that get 401, 403 or 407.
    /// ## Why it matters
    /// Somebody cannot get in, or somebody should not: an expired password in a script, a clock that is
    /// off, or the beginning of an attack.
    /// ## When it is innocent
    /// A 401 that only asks for credentials is not counted, nor are Negotiate and NTLM, which take more
    /// than one round. Behind a proxy or NAT many people look like one client.
    /// ## What to do
    /// Find out which account it is; stop scripts that try forever.
    pub static AUTH_FAILURES_REPEATED = {
        id: "auth-failures-repeated",
        title: "Repeated authentication failures of one client",
        severity: Severity::Warning,
        codes: &["401", "403", "407"],
        source: "RFC 9110 section 15.5.2, section 11.7; founding document on 401",
        parameters: &[
            Parameter { name: "window_s", default: &[60.0], meaning: "seconds of the sliding window" },
            Parameter { name: "min_count", default: &[5.0], meaning: "fewest refusals within it" },
        ],
        guards: &[Guard::BothDirections],
        supersedes: &["credentials-refused"],
        message: text(
            "{client} failed {count} times to authenticate at {server} within {window} s, from {t0} to {t1}.",
            "{client} 在 {window} 秒内对 {server} 认证失败 {count} 次,时间 {t0} 至 {t1}。",
        ),
        check: Check::Watch(REFUSED, || Box::new(Refusals::new(false))),
    }

    /// ## What it sees
    /// One client that tries many different credentials at one server within a minute, all of them refused.
    /// ## Why it matters
    /// That is how passwords are guessed.
    /// ## When it is innocent
    /// Many users behind one proxy or NAT, on the day on which the server refuses everybody. Digest,
    /// Negotiate and NTLM are not counted, since their credentials differ each time.
    /// ## What to do
    /// Block or slow down the client, and look whether a later attempt succeeded.
    pub static AUTH_BRUTEFORCE_SUSPECTED = {
        id: "auth-bruteforce-suspected",
        title: "One client tries many different credentials",
        severity: Severity::Error,
        codes: &["401", "403", "407"],
        source: "RFC 9110 section 17.16; founding document on 401",
        parameters: &[
            Parameter { name: "window_s", default: &[60.0], meaning: "seconds of the sliding window" },
            Parameter { name: "min_distinct", default: &[8.0], meaning: "fewest different credentials within it" },
        ],
        guards: &[Guard::BothDirections],
        supersedes: &["auth-failures-repeated"],
        message: text(
            "{client} tried {count} different credentials at {server} within {window} s, from {t0} to {t1}, all refused; password guessing.",
            "{client} 在 {window} 秒内对 {server} 尝试了 {count} 组不同凭证且均被拒绝(时间 {t0} 至 {t1}),疑似暴力破解。",
        ),
        check: Check::Watch(REFUSED, || Box::new(Refusals::new(true))),
    }
}

/// Where log-in forms are sent to, as the last part of a path.
const LOG_IN: &[&[u8]] = &[b"/login", b"/signin", b"/session", b"/oauth/token", b"/api/login"];

struct Refusals {
    /// Whether different credentials count, or every refusal.
    different: bool,
    pairs: PerSlot<Episodes>,
    going: Vec<(Slot, Endpoint, IpAddr)>,
    hasher: DefaultHashBuilder,
}

impl Refusals {
    fn new(different: bool) -> Self {
        let hasher = DefaultHashBuilder::default();
        Self { different, pairs: PerSlot::default(), going: Vec::new(), hasher }
    }

    /// A hash of the credentials of a request, where they are ones that count.
    fn credentials(&self, request: &Head) -> Option<u64> {
        let fields = [FieldName::Authorization, FieldName::ProxyAuthorization];
        let values = fields.map(|name| request.value(name));
        let Some(sent) = values.into_iter().flatten().next() else {
            let form = request.method() == Method::Post
                && LOG_IN.iter().any(|end| path(request.target()).ends_with(end));
            return (form && !self.different).then_some(0);
        };
        let scheme = sent.split(|octet| *octet == b' ').next().unwrap_or_default();
        let is = |name: &str| scheme.eq_ignore_ascii_case(name.as_bytes());
        if is("negotiate") || is("ntlm") || self.different && is("digest") {
            return None;
        }
        Some(self.hasher.hash_one(values))
    }

    fn tell(
        &self,
        (_, server, client): (Slot, Endpoint, IpAddr),
        episode: &Episode,
        report: &mut Report<'_>,
    ) {
        let crowd = Crowd {
            place: Place { server: Some(server), ..Place::default() },
            client: Some(client),
            transaction: Some(episode.first.id),
            first: episode.first.mark,
            last: episode.last.mark,
        };
        let count = if self.different { episode.distinct() } else { episode.count };
        report
            .find()
            .crowd(crowd)
            .plain("count", count)
            .seconds("window", episode.span())
            .time("t0", episode.first.at)
            .time("t1", episode.last.at)
            .add();
    }
}

impl Watcher for Refusals {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some((standing, _)) = scene.standing else { return };
        let Some((request, response)) = scene.pair() else { return };
        let Some(key) = self.credentials(&request.head) else { return };
        let [_, least] = report.numbers();
        let window = report.duration("window_s");
        let event = Event {
            at: standing.at,
            key,
            code: response.head.status().unwrap_or_default(),
            mark: response.first,
            id: scene.id,
            nth: 0,
        };
        let different = self.different;
        let enough =
            |held: Held| (if different { held.distinct } else { held.count }) as f64 >= least;
        let episodes = self.pairs.of(standing.pair);
        let over = episodes.take(event, window, enough);
        let open = episodes.is_open();
        let (server, client) = (scene.exchange.server, scene.exchange.client.address());
        let whose = (standing.pair, server, client);
        if let Some(over) = over {
            self.going.retain(|(slot, ..)| *slot != standing.pair);
            self.tell(whose, &over, report);
        }
        if open && !self.going.iter().any(|(slot, ..)| *slot == standing.pair) {
            self.going.push(whose);
        }
    }

    fn tick(&mut self, now: Mark, _: &Traffic, report: &mut Report<'_>) {
        let window = report.duration("window_s");
        for whose in std::mem::take(&mut self.going) {
            let Some(episodes) = self.pairs.get_mut(whose.0) else { continue };
            match episodes.look(now.at, window) {
                Some(over) => self.tell(whose, &over, report),
                None => self.going.push(whose),
            }
        }
    }

    fn finish(&mut self, _: Mark, _: &Traffic, report: &mut Report<'_>) {
        for whose in std::mem::take(&mut self.going) {
            if let Some(over) = self.pairs.get_mut(whose.0).and_then(Episodes::close) {
                self.tell(whose, &over, report);
            }
        }
    }

    fn covers(&self, exchange: &Exchange) -> bool {
        self.going.iter().any(|(_, server, client)| {
            *server == exchange.server && *client == exchange.client.address()
        })
    }
}
