//! 201 (Created): whether what was created can be fetched. In come exchanges in their order; remembers
//! the newest Locations that nobody has asked for yet.

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, Hash as _, Hasher as _};

use hashbrown::hash_map::Entry;
use hashbrown::{DefaultHashBuilder, HashMap};

use crate::flow::Mark;
use crate::http::{FieldName, Head, Method};
use crate::limits;
use crate::rules::report::{path, url};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, Watcher, text};
use crate::units::Duration;

rule! {
    /// ## What it sees
    /// A 201 whose Location the same client then fetched, and got 404 or 410.
    /// ## Why it matters
    /// Either the address is wrong or what was created is not there yet: the client believes that it
    /// failed.
    /// ## When it is innocent
    /// Stores that are only consistent after a while; the time between is shown.
    /// ## What to do
    /// Compare the Location with the address the server knows; behind a proxy, look at its scheme,
    /// host and path prefix.
    pub static CREATED_LOCATION_NOT_FOUND = {
        id: "created-location-not-found",
        title: "The Location given by a 201 answers 404/410 shortly afterwards",
        severity: Severity::Notice,
        codes: &["201", "404", "410"],
        source: "RFC 9110 section 10.2.2 (201: Location refers to the primary resource created); founding document on 201",
        parameters: &[
            Parameter { name: "within_s", default: &[30.0], meaning: "seconds between the two" },
        ],
        guards: &[Guard::RequestKnown],
        message: text(
            "201 to {method} {url} named {value}, but fetching it {delay} s later gave {other}.",
            "{method} {url} 的 201 给出了 {value},但 {delay} 秒后访问它得到 {other}。",
        ),
        check: Check::Watch(
            Trigger::OneOf(&[
                Trigger::Status(&[(201, 201)]),
                Trigger::Method(&[Method::Get]),
            ]),
            || Box::new(Created::default()),
        ),
    }
}

/// A Location that was given out.
struct Given {
    location: Box<[u8]>,
    method: Box<[u8]>,
    url: Box<[u8]>,
    at: Mark,
}

#[derive(Default)]
struct Created {
    /// By a hash of client, host and target, since every GET asks for one.
    given: HashMap<u64, Given>,
    /// In the order in which they came.
    order: VecDeque<(u64, Mark)>,
    hasher: DefaultHashBuilder,
}

impl Watcher for Created {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some((request, response)) = scene.pair() else { return };
        let client = scene.exchange.client.octets();
        if request.head.method() == Method::Get && !self.order.is_empty() {
            self.forget_before(request.first, report.duration("within_s"));
            let host = request.head.value(FieldName::Host).unwrap_or_default();
            let key = self.key(client, host, request.head.target());
            if let Entry::Occupied(entry) = self.given.entry(key)
                && entry.get().at.packet <= request.first.packet
            {
                let given = entry.remove();
                if matches!(scene.status(), Some(404 | 410)) {
                    report
                        .find()
                        .octets("method", &given.method)
                        .octets("url", &given.url)
                        .octets("value", &given.location)
                        .seconds("delay", request.first.since(given.at))
                        .octets("other", response.head.status_octets())
                        .packet(given.at)
                        .add();
                }
            }
        }
        if scene.status() == Some(201)
            && let Some(location) = response.head.value(FieldName::Location)
            && let Some((host, target)) = resolve(&request.head, location)
        {
            let key = self.key(client, &host, &target);
            if self.order.len() >= limits::AWAITED_LOCATIONS {
                self.forget_oldest();
            }
            self.order.push_back((key, response.first));
            let given = Given {
                location: location.into(),
                method: request.head.method_octets().into(),
                url: url(&request.head).into(),
                at: response.first,
            };
            self.given.insert(key, given);
        }
    }
}

impl Created {
    /// What names a resource and who may fetch it; hosts are the same in any case of letters.
    fn key(&self, client: [u8; 16], host: &[u8], target: &[u8]) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        client.hash(&mut hasher);
        for octet in host {
            hasher.write_u8(octet.to_ascii_lowercase());
        }
        target.hash(&mut hasher);
        hasher.finish()
    }

    fn forget_before(&mut self, now: Mark, within: Duration) {
        while self.order.front().is_some_and(|(_, at)| now.since(*at) > within) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        // The same address may have been given out again since; that one stays.
        if let Some((key, at)) = self.order.pop_front()
            && self.given.get(&key).is_some_and(|given| given.at == at)
        {
            self.given.remove(&key);
        }
    }
}

/// Host and target of a reference (RFC 3986 section 5.2): a URL, a path, or a path relative to
/// that of the request, without dot segments and a fragment.
fn resolve(request: &Head, location: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let end = memchr::memchr(b'#', location).unwrap_or(location.len());
    let location = location.get(..end).filter(|location| !location.is_empty())?;
    let own = request.value(FieldName::Host)?;
    if location.iter().any(|octet| !octet.is_ascii_graphic()) {
        return None;
    }
    let authority_at = match memchr::memmem::find(location, b"://") {
        Some(at) => Some(at + 3),
        None => location.starts_with(b"//").then_some(2),
    };
    if let Some(at) = authority_at {
        let rest = location.get(at..)?;
        let slash = memchr::memchr2(b'/', b'?', rest).unwrap_or(rest.len());
        let (host, target) = rest.split_at(slash);
        let host = host.strip_suffix(b":80").unwrap_or(host);
        let target = if target.is_empty() { b"/" } else { target };
        return Some((host.to_vec(), target.to_vec()));
    }
    if location.starts_with(b"/") {
        return Some((own.to_vec(), location.to_vec()));
    }
    let base = path(request.target());
    let folder = memchr::memrchr(b'/', base).map_or(0, |at| at + 1);
    Some((own.to_vec(), [base.get(..folder)?, location].concat()))
}
