//! Slow heads in crowds: requests whose head took long in; a client that holds many connections that
//! way out.

use std::net::IpAddr;

use super::episode::{Episode, Episodes, Event};
use crate::flow::Mark;
use crate::http::Exchange;
use crate::rules::finding::Place;
use crate::rules::latency::head_time;
use crate::rules::report::Crowd;
use crate::rules::roster::{PerSlot, Slot};
use crate::rules::rule::rule;
use crate::rules::traffic::Traffic;
use crate::rules::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, Watcher, text};
use crate::units::Duration;
use crate::wire::Endpoint;

rule! {
    /// ## What it sees
    /// One client with many connections on each of which the head of a request takes very long, or never
    /// ends.
    /// ## Why it matters
    /// It keeps the workers of a server busy with nothing; few octets are enough to keep everybody else
    /// out.
    /// ## When it is innocent
    /// A very bad network with many people behind one address.
    /// ## What to do
    /// Limit the time for a head (nginx `client_header_timeout`, Apache `mod_reqtimeout`) and the
    /// connections of one address.
    pub static SLOWLORIS_SUSPECTED = {
        id: "slowloris-suspected",
        title: "One client holds many connections with unfinished header sections",
        severity: Severity::Error,
        codes: &["408"],
        source: "RFC 9112 section 9.5; RFC 9110 section 17.5; founding document on 408",
        parameters: &[
            Parameter { name: "slow_s", default: &[10.0], meaning: "seconds that a head takes, at least one" },
            Parameter { name: "min_conns", default: &[10.0], meaning: "fewest such connections within five minutes" },
        ],
        guards: &[Guard::BothDirections],
        supersedes: &["slow-request-header"],
        message: text(
            "{client} keeps {count} connections to {server} open with incomplete header sections, from {t0} to {t1}; slow-header denial of service.",
            "{client} 以未完成的报头占用了 {server} 的 {count} 个连接(时间 {t0} 至 {t1}),疑似慢速攻击(slowloris)。",
        ),
        check: Check::Watch(Trigger::SlowHead, || Box::new(Slow::default())),
    }
}

/// So far apart they may begin.
const WINDOW: Duration = Duration::from_secs(300);

#[derive(Default)]
struct Slow {
    pairs: PerSlot<Episodes>,
    going: Vec<(Slot, Endpoint, IpAddr)>,
}

fn tell(server: Endpoint, client: IpAddr, episode: &Episode, report: &mut Report<'_>) {
    let crowd = Crowd {
        place: Place { server: Some(server), ..Place::default() },
        client: Some(client),
        transaction: Some(episode.first.id),
        first: episode.first.mark,
        last: episode.last.mark,
    };
    let draft = report.find().crowd(crowd).plain("count", episode.distinct());
    draft.time("t0", episode.first.at).time("t1", episode.last.at).add();
}

impl Watcher for Slow {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some((standing, _)) = scene.standing else { return };
        let Some(request) = scene.request() else { return };
        let [_, least] = report.numbers();
        if head_time(scene.exchange).is_none_or(|took| took <= report.duration("slow_s")) {
            return;
        }
        let event = Event {
            at: request.first.at.max(standing.at),
            key: scene.exchange.connection,
            code: 0,
            mark: request.first,
            id: scene.id,
            nth: 0,
        };
        let (server, client) = (scene.exchange.server, scene.exchange.client.address());
        let episodes = self.pairs.of(standing.pair);
        if let Some(over) = episodes.take(event, WINDOW, |held| held.distinct as f64 >= least) {
            tell(server, client, &over, report);
            self.going.retain(|(slot, ..)| *slot != standing.pair);
        }
        if episodes.is_open() && !self.going.iter().any(|(slot, ..)| *slot == standing.pair) {
            self.going.push((standing.pair, server, client));
        }
    }

    fn tick(&mut self, now: Mark, _: &Traffic, report: &mut Report<'_>) {
        let pairs = &mut self.pairs;
        self.going.retain(|(slot, server, client)| {
            let Some(episodes) = pairs.get_mut(*slot) else { return false };
            let over = episodes.look(now.at, WINDOW);
            if let Some(over) = &over {
                tell(*server, *client, over, report);
            }
            over.is_none()
        });
    }

    fn finish(&mut self, _: Mark, _: &Traffic, report: &mut Report<'_>) {
        for (slot, server, client) in std::mem::take(&mut self.going) {
            if let Some(over) = self.pairs.get_mut(slot).and_then(Episodes::close) {
                tell(server, client, &over, report);
            }
        }
    }

    fn covers(&self, exchange: &Exchange) -> bool {
        self.going.iter().any(|(_, server, client)| {
            *server == exchange.server && *client == exchange.client.address()
        })
    }
}
