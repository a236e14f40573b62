//! What does not exist, asked for in crowds: one client that asks for many paths, and many clients that
//! ask for one.

use std::hash::{BuildHasher as _, Hash as _, Hasher as _};
use std::net::IpAddr;

use hashbrown::DefaultHashBuilder;

use super::burst::tally;
use super::episode::{Episode, Episodes, Event, Watched, Watching};
use crate::flow::Mark;
use crate::http::{Exchange, FieldName};
use crate::rules::finding::Place;
use crate::rules::report::{Crowd, path, url};
use crate::rules::roster::{PerSlot, Slot};
use crate::rules::rule::rule;
use crate::rules::traffic::Traffic;
use crate::rules::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, Watcher, text};
use crate::wire::Endpoint;

rule! {
    /// ## What it sees
    /// One client that asks a server, within a minute, for many different paths that it is refused (400,
    /// 403, 404, 405 or 410), and for little else.
    /// ## Why it matters
    /// It is looking for something to attack. What it found stands among its other answers.
    /// ## When it is innocent
    /// Crawlers; those that say who they are are reported as info. A site that was moved without
    /// redirects.
    /// ## What to do
    /// Look what it got 200 for, and block it.
    pub static NOT_FOUND_SCAN = {
        id: "not-found-scan",
        title: "One client requests many different non-existent paths",
        severity: Severity::Warning,
        otherwise: &[(Severity::Info, "if it is a crawler that says so")],
        codes: &["404", "403", "400", "405", "410"],
        source: "RFC 9110 section 15.5.5; founding document on 404",
        parameters: &[
            Parameter { name: "window_s", default: &[60.0], meaning: "seconds of the sliding window" },
            Parameter { name: "min_distinct", default: &[20.0], meaning: "fewest different paths within it" },
            Parameter { name: "min_share", default: &[0.6], meaning: "smallest share of the client's responses in that time" },
        ],
        guards: &[Guard::BothDirections],
        supersedes: &["probe-path"],
        message: text(
            "{client} asked {server} for {count} different paths that do not exist within {window} s ({share} % of its requests), from {t0}; scanner.",
            "{client} 自 {t0} 起在 {window} 秒内向 {server} 请求了 {count} 个不存在的路径(占其请求的 {share} %),疑似扫描。",
        ),
        check: Check::Watch(
            Trigger::Status(&[(400, 400), (403, 405), (410, 410)]),
            || Box::new(Scans::default()),
        ),
    }

    /// ## What it sees
    /// One URL that several clients ask for again and again, and that is 404.
    /// ## Why it matters
    /// A broken link or a missing file that people miss. A 410 would make them stop asking, a 301 would
    /// help them.
    /// ## When it is innocent
    /// Files that browsers ask for by themselves, such as `/favicon.ico`.
    /// ## What to do
    /// Mend the page that links there, or answer 301 or 410.
    pub static NOT_FOUND_HOT = {
        id: "not-found-hot",
        title: "One missing URL is requested again and again by several clients",
        severity: Severity::Info,
        codes: &["404"],
        source: "RFC 9110 section 15.5.5, section 15.5.11; founding document on 404 and 410",
        parameters: &[
            Parameter { name: "window_s", default: &[300.0], meaning: "seconds of the sliding window" },
            Parameter { name: "min_count", default: &[10.0], meaning: "fewest requests within it" },
            Parameter { name: "min_clients", default: &[3.0], meaning: "fewest clients within it" },
        ],
        guards: &[Guard::BothDirections],
        message: text(
            "{url} was requested {count} times by {clients} clients within {window} s and is always 404 (mostly linked from {referer}).",
            "{url} 在 {window} 秒内被 {clients} 个客户端请求 {count} 次且均为 404(主要来自 {referer})。",
        ),
        check: Check::Watch(Trigger::Status(&[(404, 404)]), || Box::new(Hot::default())),
    }
}

/// Parts of the User-Agent of crawlers that say who they are.
const CRAWLERS: &[&str] = &[
    "Googlebot",
    "bingbot",
    "Baiduspider",
    "YandexBot",
    "DuckDuckBot",
    "Applebot",
    "Sogou",
    "360Spider",
    "PetalBot",
    "Bytespider",
    "archive.org_bot",
];

#[derive(Default)]
struct Scans {
    pairs: PerSlot<Episodes>,
    going: Vec<Scanner>,
    hasher: DefaultHashBuilder,
}

#[derive(Clone, Copy)]
struct Scanner {
    slot: Slot,
    server: Endpoint,
    client: IpAddr,
    crawler: bool,
}

fn tell_scan(scanner: Scanner, episode: &Episode, report: &mut Report<'_>) {
    let crowd = Crowd {
        place: Place { server: Some(scanner.server), ..Place::default() },
        client: Some(scanner.client),
        transaction: Some(episode.first.id),
        first: episode.first.mark,
        last: episode.last.mark,
    };
    report
        .find()
        .severity_if(scanner.crawler, Severity::Info)
        .crowd(crowd)
        .plain("count", episode.distinct())
        .percent("share", episode.count as f64 / episode.responses() as f64)
        .seconds("window", episode.span())
        .time("t0", episode.first.at)
        .add();
}

impl Watcher for Scans {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some((standing, traffic)) = scene.standing else { return };
        let Some((request, response)) = scene.pair() else { return };
        let Some(tally) = traffic.pair(standing.pair) else { return };
        let [_, least, share] = report.numbers();
        let window = report.duration("window_s");
        let event = Event {
            at: standing.at,
            key: self.hasher.hash_one(path(request.head.target())),
            code: response.head.status().unwrap_or_default(),
            mark: response.first,
            id: scene.id,
            nth: tally.seen,
        };
        let episodes = self.pairs.of(standing.pair);
        let over = episodes.take(event, window, |held| {
            held.distinct as f64 >= least && held.count as f64 >= share * held.responses as f64
        });
        let open = episodes.is_open();
        let known = self.going.iter().position(|scanner| scanner.slot == standing.pair);
        if let (Some(over), Some(place)) = (over, known) {
            tell_scan(self.going.remove(place), &over, report);
        }
        if open && !self.going.iter().any(|scanner| scanner.slot == standing.pair) {
            let agent = request.head.value(FieldName::UserAgent).unwrap_or_default();
            let crawler =
                CRAWLERS.iter().any(|name| memchr::memmem::find(agent, name.as_bytes()).is_some());
            let (server, client) = (scene.exchange.server, scene.exchange.client.address());
            self.going.push(Scanner { slot: standing.pair, server, client, crawler });
        }
    }

    fn tick(&mut self, now: Mark, _: &Traffic, report: &mut Report<'_>) {
        let window = report.duration("window_s");
        let pairs = &mut self.pairs;
        self.going.retain(|scanner| {
            let Some(episodes) = pairs.get_mut(scanner.slot) else { return false };
            let over = episodes.look(now.at, window);
            if let Some(over) = &over {
                tell_scan(*scanner, over, report);
            }
            over.is_none()
        });
    }

    fn finish(&mut self, _: Mark, _: &Traffic, report: &mut Report<'_>) {
        for scanner in std::mem::take(&mut self.going) {
            if let Some(over) = self.pairs.get_mut(scanner.slot).and_then(Episodes::close) {
                tell_scan(scanner, &over, report);
            }
        }
    }

    fn covers(&self, exchange: &Exchange) -> bool {
        self.going.iter().any(|scanner| {
            scanner.server == exchange.server && scanner.client == exchange.client.address()
        })
    }
}

/// One URL.
#[derive(Default)]
struct Missing {
    episodes: Episodes,
    crowd: Option<Crowd>,
    url: Box<[u8]>,
    referers: Vec<(Box<[u8]>, u64)>,
}

#[derive(Default)]
struct Hot {
    missing: Watching<Missing>,
    hasher: DefaultHashBuilder,
}

/// Referers that are told apart for one URL.
const REFERERS: usize = 8;

impl Watched for Missing {
    fn episodes(&mut self) -> &mut Episodes {
        &mut self.episodes
    }

    fn tell(&self, episode: &Episode, report: &mut Report<'_>) {
        let Some(crowd) = &self.crowd else { return };
        let draft = report
            .find()
            .crowd(episode.of(crowd))
            .octets("url", &self.url)
            .plain("count", episode.count)
            .plain("clients", episode.distinct())
            .seconds("window", episode.span());
        match self.referers.iter().max_by_key(|(_, count)| *count) {
            Some((referer, _)) => draft.octets("referer", referer).add(),
            None => draft.phrase("referer", text("nowhere, as far as they say", "未说明")).add(),
        }
    }
}

impl Watcher for Hot {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some((standing, _)) = scene.standing else { return };
        let Some((request, response)) = scene.pair() else { return };
        let [_, least, clients] = report.numbers();
        let window = report.duration("window_s");
        let mut hasher = self.hasher.build_hasher();
        scene.exchange.server.hash(&mut hasher);
        hasher.write(request.head.value(FieldName::Host).unwrap_or_default());
        hasher.write(request.head.target());
        let (slot, missing) = self.missing.of(hasher.finish());
        if missing.crowd.is_none() {
            missing.crowd = Some(Crowd::of_endpoint(scene));
            missing.url = url(&request.head).into();
        }
        if let Some(referer) = request.head.value(FieldName::Referer) {
            match missing.referers.iter_mut().find(|(known, _)| **known == *referer) {
                Some((_, count)) => *count += 1,
                None => tally(&mut missing.referers, referer.into(), 1, REFERERS),
            }
        }
        let event = Event {
            at: standing.at,
            key: self.hasher.hash_one(scene.exchange.client.octets()),
            code: 404,
            mark: response.first,
            id: scene.id,
            nth: 0,
        };
        let over = missing.episodes.take(event, window, |held| {
            held.count as f64 >= least && held.distinct as f64 >= clients
        });
        self.missing.took(slot, over, report);
    }

    fn tick(&mut self, now: Mark, _: &Traffic, report: &mut Report<'_>) {
        let window = report.duration("window_s");
        self.missing.tick(now, window, report);
    }

    fn finish(&mut self, _: Mark, _: &Traffic, report: &mut Report<'_>) {
        self.missing.finish(report);
    }
}
