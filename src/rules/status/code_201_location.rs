//! 201 (Created): whether what was created can be fetched. In come exchanges in their order; remembers
//! the newest Locations that nobody has asked for yet.

use std::collections::VecDeque;

use crate::flow::Mark;
use crate::http::{FieldName, Head, Method};
use crate::limits;
use crate::rules::report::{path, url};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, Watcher, text};
use crate::wire::Endpoint;

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
    client: [u8; 16],
    host: Vec<u8>,
    target: Vec<u8>,
    location: Vec<u8>,
    method: Vec<u8>,
    url: Vec<u8>,
    at: Mark,
}

#[derive(Default)]
struct Created {
    given: VecDeque<Given>,
}

impl Watcher for Created {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some((request, response)) = scene.pair() else { return };
        let client = address(scene.exchange.client);
        if request.head.method() == Method::Get && !self.given.is_empty() {
            let within = report.duration("within_s");
            while self.given.front().is_some_and(|given| request.first.since(given.at) > within) {
                self.given.pop_front();
            }
            let host = request.head.value(FieldName::Host).unwrap_or_default();
            let target = request.head.target();
            let fetched = self.given.iter().position(|given| {
                given.client == client
                    && given.host.eq_ignore_ascii_case(host)
                    && given.target == target
                    && given.at.packet <= request.first.packet
            });
            if let Some(given) = fetched.and_then(|place| self.given.remove(place))
                && matches!(scene.status(), Some(404 | 410))
            {
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
        if scene.status() == Some(201)
            && let Some(location) = response.head.value(FieldName::Location)
            && let Some((host, target)) = resolve(&request.head, location)
        {
            if self.given.len() >= limits::AWAITED_LOCATIONS {
                self.given.pop_front();
            }
            self.given.push_back(Given {
                client,
                host,
                target,
                location: location.to_vec(),
                method: request.head.method_octets().to_vec(),
                url: url(&request.head),
                at: response.first,
            });
        }
    }
}

fn address(endpoint: Endpoint) -> [u8; 16] {
    endpoint.octets()
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
