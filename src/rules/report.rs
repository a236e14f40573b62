//! Where a rule says what it found: the rule names what is peculiar, the rest (addresses, start
//! line, method, URL) comes from the exchange when somebody reads it.

use std::net::IpAddr;
use std::sync::Arc;

use super::answers::{Answers, Given, Said};
use super::asked::Asked;
use super::awaited::Awaiting;
use super::evidence;
use super::finding::{Finding, Origin, Place, Subject};
use super::judge::Bound;
use super::packets::Packets;
use super::pages::Pages;
use super::place;
use super::rule::Severity;
use super::shown::{hexadecimal, shown};
use super::traffic::{Standing, Traffic};
use super::trail::Trail;
use super::words::{Value, Values, side_name};
use crate::flow::{Mark, Side};
use crate::http::{Connection, Exchange, Feature, FieldName, Head, Kind, Message};
use crate::status::Text;
use crate::units::{Duration, Timestamp};

/// An exchange among its neighbours.
#[derive(Clone, Copy)]
pub struct Scene<'s> {
    /// Its number.
    pub id: u64,
    /// The exchange.
    pub exchange: &'s Arc<Exchange>,
    /// What it asks for, where that can be told.
    pub asked: Option<Asked>,
    /// What came before it on the same connection.
    pub trail: &'s Trail,
    /// Where it belongs among all exchanges, and these; while it is new alone.
    pub(super) standing: Option<(&'s Standing, &'s Traffic)>,
    /// What was answered before about addresses; while it is new alone.
    pub(super) answers: Option<&'s Answers>,
    /// Which addresses are awaited; while it is new alone.
    pub(super) awaiting: Option<&'s Awaiting>,
    /// Pages in which nothing was found lately; while it is new alone.
    pub(super) pages: Option<&'s Pages>,
    /// The earlier answer that it contradicts, if there is one.
    pub(super) contradicts: Option<Given>,
}

impl<'s> Scene<'s> {
    /// An exchange that is no longer new.
    pub(super) const fn of_kept(id: u64, exchange: &'s Arc<Exchange>, trail: &'s Trail) -> Self {
        let (asked, standing, answers) = (None, None, None);
        let (awaiting, pages, contradicts) = (None, None, None);
        Self { id, exchange, asked, trail, standing, answers, awaiting, pages, contradicts }
    }

    /// The request.
    pub fn request(&self) -> Option<&'s Message> {
        self.exchange.request.as_deref()
    }

    /// The final response.
    pub fn response(&self) -> Option<&'s Message> {
        self.exchange.response.as_deref()
    }

    /// Both messages, where both were captured.
    pub fn pair(&self) -> Option<(&'s Message, &'s Message)> {
        self.request().zip(self.response())
    }

    /// What was said before about the same address to GET.
    pub(super) fn said_to_get(&self) -> Option<&'s Said> {
        self.answers?.to_get(self.asked?)
    }

    /// The final status.
    pub fn status(&self) -> Option<u16> {
        self.exchange.status()
    }
}

/// What a finding is about, as far as it is one connection.
#[derive(Clone, Copy)]
pub(super) enum About<'a> {
    Exchange(&'a Scene<'a>, Option<&'a Message>),
    Connection(&'a Connection),
    Nothing(Mark),
}

/// Many exchanges that a finding is about.
#[derive(Debug, Clone)]
pub(super) struct Crowd {
    /// What it is grouped by: the server above all.
    pub place: Place,
    /// The client, where it is one.
    pub client: Option<IpAddr>,
    /// The number of the exchange to look at first.
    pub transaction: Option<u64>,
    /// The first packet that shows it.
    pub first: Mark,
    /// The last packet that shows it.
    pub last: Mark,
}

impl Crowd {
    /// Exchanges of one server, as far as this one shows.
    pub fn of(scene: &Scene<'_>) -> Self {
        let exchange = scene.exchange;
        let mark = exchange.first();
        Self {
            place: Place { server: Some(exchange.server), ..Place::default() },
            client: None,
            transaction: Some(scene.id),
            first: mark,
            last: scene.response().map_or(mark, |response| response.first),
        }
    }

    /// The same of one client.
    pub fn of_client(scene: &Scene<'_>) -> Self {
        Self { client: Some(scene.exchange.client.address()), ..Self::of(scene) }
    }

    /// The same of one endpoint.
    pub fn of_endpoint(scene: &Scene<'_>) -> Self {
        let place = Place { status: None, ..place::of(scene) };
        Self { place, ..Self::of(scene) }
    }
}

/// See the module's words.
pub struct Report<'r> {
    /// The rule.
    pub(super) bound: &'r Bound,
    pub(super) subject: Subject,
    pub(super) about: About<'r>,
    pub(super) found: &'r mut Vec<Finding>,
}

impl<'r> Report<'r> {
    /// The value of a parameter of the rule; the first one of a list.
    pub fn parameter(&self, name: &str) -> f64 {
        self.list(name).first().copied().unwrap_or(f64::NAN)
    }

    /// The first so many parameters in the order of their declaration: cheaper than by name, for
    /// rules that look at every exchange.
    pub fn numbers<const N: usize>(&self) -> [f64; N] {
        let mut values = self.bound.parameters.iter().map(|values| values.first().copied());
        [(); N].map(|()| values.next().flatten().unwrap_or(f64::NAN))
    }

    /// A parameter in seconds.
    pub fn duration(&self, name: &str) -> Duration {
        Duration::from_nanos((self.parameter(name).max(0.0) * 1e9) as u64)
    }

    /// All values of a parameter of the rule.
    pub fn list(&self, name: &str) -> &'r [f64] {
        let all = self.bound.rule.parameters;
        // Mostly the very same text, which is found without looking into it.
        let place = all.iter().position(|parameter| std::ptr::eq(parameter.name, name));
        let place = place.or_else(|| all.iter().position(|parameter| parameter.name == name));
        debug_assert!(place.is_some(), "{} has no parameter {name}", self.bound.rule.id);
        place.and_then(|place| self.bound.parameters.get(place)).map_or(&[], |values| values)
    }

    /// Begins a finding.
    pub fn find(&mut self) -> Draft<'_, 'r> {
        let severity = self.bound.rule.severity;
        let packets = self.packets();
        let values = Values::default();
        Draft { report: self, severity, values, packets, message: None, crowd: None }
    }

    fn packets(&self) -> Packets {
        match self.about {
            About::Exchange(_, Some(message)) => {
                Packets::of(message.first.packet, message.last.packet)
            }
            About::Exchange(scene, None) => match (scene.request(), scene.response()) {
                (Some(request), Some(response)) => {
                    Packets::of(request.first.packet, response.first.packet)
                }
                (Some(message), None) | (None, Some(message)) => {
                    Packets::of(message.first.packet, message.first.packet)
                }
                (None, None) => Packets::default(),
            },
            About::Connection(connection) => {
                Packets::of(connection.first.packet, connection.last.packet)
            }
            About::Nothing(_) => Packets::default(),
        }
    }
}

/// A finding in the making.
#[must_use = "a finding that is not added is lost"]
pub struct Draft<'d, 'r> {
    report: &'d mut Report<'r>,
    severity: Severity,
    values: Values,
    packets: Packets,
    message: Option<&'d Message>,
    /// Few are about many, and every step moves a draft.
    crowd: Option<Box<Crowd>>,
}

impl<'d> Draft<'d, '_> {
    /// Another severity than the rule's own.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Another severity, where a condition holds.
    pub fn severity_if(self, condition: bool, severity: Severity) -> Self {
        if condition { self.severity(severity) } else { self }
    }

    /// Captured octets for a name in the message.
    pub fn octets(mut self, name: &'static str, octets: &[u8]) -> Self {
        self.values.add(name, Value::plain(shown(octets)));
        self
    }

    /// Captured octets in hexadecimal.
    pub fn hexadecimal(mut self, name: &'static str, octets: &[u8]) -> Self {
        self.values.add(name, Value::plain(hexadecimal(octets)));
        self
    }

    /// Several captured values, joined by commas.
    pub fn all<'v>(self, name: &'static str, values: impl Iterator<Item = &'v [u8]>) -> Self {
        let joined = values.collect::<Vec<_>>().join(&b", "[..]);
        self.octets(name, &joined)
    }

    /// A number, an address or whatever else needs no care.
    pub fn plain(mut self, name: &'static str, value: impl std::fmt::Display) -> Self {
        self.values.add(name, Value::plain(value.to_string()));
        self
    }

    /// A word that is the same in every language.
    pub fn word(self, name: &'static str, word: &'static str) -> Self {
        self.phrase(name, Text { english: word, chinese: word })
    }

    /// Seconds with three decimals, or more of what is short.
    pub fn seconds(mut self, name: &'static str, duration: Duration) -> Self {
        self.values.add(name, Value::Seconds(duration));
        self
    }

    /// A time of day in UTC with its date, to milliseconds.
    pub fn time(self, name: &'static str, at: Timestamp) -> Self {
        let text = at.to_rfc3339();
        let shown = text.get(..23).unwrap_or_default();
        self.plain(name, format_args!("{}Z", String::from_utf8_lossy(shown)))
    }

    /// A share in percent with one decimal.
    pub fn percent(self, name: &'static str, share: f64) -> Self {
        self.plain(name, format_args!("{:.1}", share * 100.0))
    }

    /// A phrase of ours.
    pub fn phrase(mut self, name: &'static str, phrase: Text) -> Self {
        self.values.add(name, Value::Phrase(phrase));
        self
    }

    /// Which side sent it.
    pub fn sender(self, side: Side) -> Self {
        self.phrase("sender", side_name(side))
    }

    /// One more packet that shows it.
    pub fn packet(mut self, mark: Mark) -> Self {
        self.packets.add(mark.packet);
        self
    }

    /// The many exchanges that it is about.
    pub(super) fn crowd(mut self, crowd: Crowd) -> Self {
        self.packets = Packets::from([crowd.first.packet, crowd.last.packet]);
        self.crowd = Some(Box::new(crowd));
        self
    }

    /// The message that it is about, where the rule looks at exchanges.
    pub fn about(mut self, message: &'d Message) -> Self {
        self.packets.add(message.first.packet);
        self.packets.add(message.last.packet);
        self.message = Some(message);
        self
    }

    /// Adds it to the findings.
    pub fn add(self) {
        let Draft { report, severity, mut values, packets, message, crowd } = self;
        if let Some(crowd) = crowd {
            let finding = of_crowd(report, severity, values, packets, *crowd);
            report.found.push(finding);
            return;
        }
        let about = match (message, report.about) {
            (Some(message), About::Exchange(scene, _)) => About::Exchange(scene, Some(message)),
            (_, about) => about,
        };
        let subject = message.map_or(report.subject, subject);
        let origin = match about {
            About::Exchange(scene, message) => Origin::exchange(scene.exchange, message),
            About::Connection(connection) => {
                let (client, server) = (connection.client, connection.server);
                let mut value = |name, text: String| values.add(name, Value::plain(text));
                value("client", client.to_string());
                value("server", server.to_string());
                value("conn", format!("{client} → {server}"));
                Origin::Said
            }
            About::Nothing(_) => Origin::Said,
        };
        let (transaction, connection, at, place) = about.place();
        // What is known of a connection as a whole, a proxy has not changed.
        let milder = report.bound.is_milder_behind_proxies()
            && report.subject != Subject::Connection
            && about.proxied();
        report.found.push(Finding {
            rule: report.bound.rule,
            judged_by: report.bound.place,
            severity: if milder { severity.milder() } else { severity },
            subject,
            transaction,
            connection,
            packets,
            at,
            place,
            after_ambiguous_framing: false,
            values,
            origin,
        });
    }
}

/// A finding about many exchanges.
fn of_crowd(
    report: &Report<'_>,
    severity: Severity,
    mut values: Values,
    packets: Packets,
    crowd: Crowd,
) -> Finding {
    if let Some(server) = crowd.place.server {
        values.add("server", Value::plain(server.to_string()));
    }
    if let Some(client) = crowd.client {
        values.add("client", Value::plain(client.to_string()));
    }
    Finding {
        rule: report.bound.rule,
        judged_by: report.bound.place,
        severity,
        subject: Subject::Traffic,
        transaction: crowd.transaction,
        connection: None,
        packets,
        at: crowd.first.at,
        place: crowd.place,
        after_ambiguous_framing: false,
        values,
        origin: Origin::Said,
    }
}

/// Which part of its exchange a message is.
fn subject(message: &Message) -> Subject {
    match (message.head.kind(), message.head.status()) {
        (Kind::Request, _) => Subject::Request,
        (Kind::Response, Some(100 | 102..=199)) => Subject::Interim(0),
        (Kind::Response, _) => Subject::Response,
    }
}

impl About<'_> {
    fn place(&self) -> (Option<u64>, Option<u64>, Timestamp, Place) {
        match self {
            Self::Exchange(scene, message) => {
                let exchange = scene.exchange;
                let at = message.map_or(exchange.first().at, |message| message.first.at);
                (Some(scene.id), Some(exchange.connection), at, place::of(scene))
            }
            Self::Connection(connection) => {
                let place = Place { server: Some(connection.server), ..Place::default() };
                (None, Some(connection.id), connection.first.at, place)
            }
            Self::Nothing(mark) => (None, None, mark.at, Place::default()),
        }
    }

    fn proxied(&self) -> bool {
        matches!(self, Self::Exchange(scene, _) if evidence::proxied(scene.exchange))
    }
}

/// The target as an address: of an origin-form target with the host in front of it.
pub(super) fn url(request: &Head) -> Vec<u8> {
    let target = request.target();
    match request.value(FieldName::Host) {
        Some(host) if target.first() == Some(&b'/') => [&b"http://"[..], host, target].concat(),
        _ => target.to_vec(),
    }
}

/// The path that a request asks for, without its query.
pub fn path_of(request: &Head) -> &[u8] {
    let (features, target) = (request.features(), request.target());
    if features.has(Feature::OtherForm) {
        return path(target);
    }
    let query = if features.has(Feature::Query) { memchr::memchr(b'?', target) } else { None };
    target.get(..query.unwrap_or(target.len())).unwrap_or_default()
}

/// The path of a target, without its query.
pub fn path(target: &[u8]) -> &[u8] {
    // Nearly all begin so; looking for a scheme costs more than all the rest.
    let scheme = match target.first() {
        Some(b'/') => None,
        _ => memchr::memmem::find(target, b"://"),
    };
    let target = match scheme {
        Some(at) => {
            let behind = target.get(at + 3..).unwrap_or_default();
            let slash = memchr::memchr(b'/', behind).unwrap_or(behind.len());
            behind.get(slash..).unwrap_or_default()
        }
        None => target,
    };
    let end = memchr::memchr2(b'?', b'#', target).unwrap_or(target.len());
    target.get(..end).unwrap_or_default()
}
