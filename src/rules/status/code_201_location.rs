//! 201 (Created): whether what was created can be fetched. In come exchanges in their order; remembers
//! the newest Locations that nobody has asked for yet.

use crate::http::{FieldName, Method};
use crate::rules::asked::Asked;
use crate::rules::awaited::Awaited;
use crate::rules::report::url;
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
            Trigger::OneOf(&[Trigger::Status(&[(201, 201)]), Trigger::Awaited]),
            || Box::new(Created::default()),
        ),
    }
}

/// A Location that was given out.
struct Given {
    location: Box<[u8]>,
    method: Box<[u8]>,
    url: Box<[u8]>,
}

#[derive(Default)]
struct Created {
    given: Awaited<Given>,
    within: Option<Duration>,
}

impl Watcher for Created {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some((request, response)) = scene.pair() else { return };
        if request.head.method() == Method::Get
            && let within = *self.within.get_or_insert_with(|| report.duration("within_s"))
            && let Some((at, given)) = self.given.take(scene, within)
            && matches!(scene.status(), Some(404 | 410))
        {
            report
                .find()
                .octets("method", &given.method)
                .octets("url", &given.url)
                .octets("value", &given.location)
                .seconds("delay", request.first.since(at))
                .octets("other", response.head.status_octets())
                .packet(at)
                .add();
        }
        if scene.status() == Some(201)
            && let Some(location) = response.head.value(FieldName::Location)
            && let Some(asked) = Asked::referred(scene.exchange.client, &request.head, location)
        {
            let given = Given {
                location: location.into(),
                method: request.head.method_octets().into(),
                url: url(&request.head).into(),
            };
            self.given.tell_of(scene, asked, response.first, given);
        }
    }
}
