//! Captive portals: redirects in; a client whom several unrelated sites send to one and the same place,
//! out.

use std::hash::{BuildHasher as _, Hash as _, Hasher as _};

use hashbrown::{DefaultHashBuilder, HashSet};

use super::episode::{Episode, Episodes, Event};
use crate::flow::Mark;
use crate::http::FieldName;
use crate::limits;
use crate::rules::report::Crowd;
use crate::rules::roster::{PerSlot, Roster, Slot};
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

struct Portals {
    clients: Roster<u64>,
    sent: PerSlot<Sent>,
    going: Vec<Slot>,
    hasher: DefaultHashBuilder,
}

impl Default for Portals {
    fn default() -> Self {
        Self {
            clients: Roster::new(limits::WATCHED_FAILURES),
            sent: PerSlot::default(),
            going: Vec::new(),
            hasher: DefaultHashBuilder::default(),
        }
    }
}

/// The host of an absolute reference, without a port.
fn host_of(location: &[u8]) -> Option<&[u8]> {
    let at = memchr::memmem::find(location, b"//")?;
    let scheme = location.get(..at)?;
    if !(scheme.is_empty() || scheme.ends_with(b":")) {
        return None;
    }
    let rest = location.get(at + 2..)?;
    let end = rest.iter().position(|octet| matches!(octet, b'/' | b'?' | b'#'));
    Some(without_port(rest.get(..end.unwrap_or(rest.len()))?))
}

fn without_port(host: &[u8]) -> &[u8] {
    match memchr::memrchr(b':', host) {
        Some(at) if host.get(at + 1..).is_some_and(|port| port.iter().all(u8::is_ascii_digit)) => {
            host.get(..at).unwrap_or_default()
        }
        _ => host,
    }
}

/// The last labels of a name, which mostly have one owner: two, or three behind such as `co.uk`.
/// Lower case. Addresses are their own.
fn site(host: &[u8]) -> Vec<u8> {
    const COMMON: [&[u8]; 8] = [b"co", b"com", b"net", b"org", b"ac", b"gov", b"edu", b"or"];
    let host = host.to_ascii_lowercase();
    if host.iter().all(|octet| octet.is_ascii_digit() || b".:[]".contains(octet)) {
        return host;
    }
    let labels: Vec<&[u8]> = host.split(|octet| *octet == b'.').collect();
    let own = match &labels[..] {
        [.., second, top] if top.len() == 2 && COMMON.contains(second) => 3,
        _ => 2,
    };
    labels.get(labels.len().saturating_sub(own)..).unwrap_or_default().join(&b'.')
}

impl Sent {
    fn tell(&self, episode: &Episode, report: &mut Report<'_>) {
        let Some(crowd) = &self.crowd else { return };
        let mut crowd = crowd.clone();
        (crowd.first, crowd.last) = (episode.first.mark, episode.last.mark);
        crowd.transaction = Some(episode.first.id);
        report
            .find()
            .crowd(crowd)
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
        let Some(host) = head.value(FieldName::Host).map(without_port) else { return };
        let Some(other) = response.head.value(FieldName::Location).and_then(host_of) else {
            return;
        };
        let own = site(host);
        if own == site(other) {
            return;
        }
        let hosts = report.parameter("min_hosts");
        let window = report.duration("window_s");
        let mut hasher = self.hasher.build_hasher();
        scene.exchange.client.octets().hash(&mut hasher);
        hasher.write(&other.to_ascii_lowercase());
        let slot = self.clients.place(hasher.finish());
        let sent = self.sent.of(slot);
        if sent.crowd.is_none() {
            let mut crowd = Crowd::of_client(scene);
            crowd.place.server = None;
            sent.crowd = Some(crowd);
            sent.other = other.into();
        }
        super::burst::tally(&mut sent.by, standing.pair, 1, limits::WATCHED_FAILURES);
        let event = Event {
            at: standing.at,
            // Sites, not hosts: those of one owner may well send to one place.
            key: self.hasher.hash_one(&own),
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
        if let Some(over) = over {
            sent.tell(&over, report);
            self.going.retain(|known| *known != slot);
        }
        if sent.episodes.is_open() && !self.going.contains(&slot) {
            self.going.push(slot);
        }
    }

    fn tick(&mut self, now: Mark, _: &Traffic, report: &mut Report<'_>) {
        let window = report.duration("window_s");
        let sent = &mut self.sent;
        self.going.retain(|slot| {
            let Some(sent) = sent.get_mut(*slot) else { return false };
            let over = sent.episodes.look(now.at, window);
            if let Some(over) = &over {
                sent.tell(over, report);
            }
            over.is_none()
        });
    }

    fn finish(&mut self, _: Mark, _: &Traffic, report: &mut Report<'_>) {
        for slot in std::mem::take(&mut self.going) {
            if let Some(sent) = self.sent.get_mut(slot)
                && let Some(over) = sent.episodes.close()
            {
                sent.tell(&over, report);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_one_owner_are_one_site() {
        for (host, owner) in [
            ("www.one.example", "one.example"),
            ("Two.test", "two.test"),
            ("shop.firm.co.uk", "firm.co.uk"),
            ("192.0.2.1", "192.0.2.1"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(site(host.as_bytes()), owner.as_bytes());
        }
        assert_eq!(host_of(b"http://portal.lan:8080/login?u=//x"), Some(&b"portal.lan"[..]));
        assert_eq!(host_of(b"//portal.lan"), Some(&b"portal.lan"[..]));
        assert_eq!(host_of(b"/login?u=http://a/"), None);
    }
}
