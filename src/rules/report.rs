//! Where a rule says what it found: the rule names what is peculiar, the rest (addresses, start
//! line, method, URL) is filled in from the exchange, escaped and without secrets.

use std::net::IpAddr;

use super::evidence;
use super::finding::{Finding, Place, Subject, names};
use super::place;
use super::rule::{Rule, Severity};
use super::shown::{hexadecimal, shown};
use super::traffic::{Standing, Traffic};
use super::trail::Trail;
use crate::flow::{Mark, Side};
use crate::http::{Connection, Exchange, FieldName, Head, Kind, Message};
use crate::status::{Language, Text};
use crate::units::{Duration, Timestamp};
use crate::wire::Endpoint;

/// An exchange among its neighbours.
#[derive(Clone, Copy)]
pub struct Scene<'s> {
    /// Its number.
    pub id: u64,
    /// The exchange.
    pub exchange: &'s Exchange,
    /// What came before it on the same connection.
    pub trail: &'s Trail,
    /// Where it belongs among all exchanges, and these; while it is new alone.
    pub(super) standing: Option<(Standing, &'s Traffic)>,
}

impl<'s> Scene<'s> {
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

    /// The final status.
    pub fn status(&self) -> Option<u16> {
        self.exchange.status()
    }
}

/// Something captured that stands in a message, or a phrase of ours.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Shown(Box<str>),
    Phrase(Text),
}

impl Value {
    pub fn text(&self, language: Language) -> &str {
        match self {
            Self::Shown(text) => text,
            Self::Phrase(text) => text.in_language(language),
        }
    }
}

/// What a finding is about, as far as it is one connection.
#[derive(Clone, Copy)]
pub(super) enum About<'a> {
    Exchange(Scene<'a>, Option<&'a Message>),
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
        let place = Place { status: None, ..place::of(scene.exchange) };
        Self { place, ..Self::of(scene) }
    }
}

/// See the module's words.
pub struct Report<'r> {
    pub(super) rule: &'static Rule,
    pub(super) parameters: &'r [Box<[f64]>],
    /// Whether findings are one step milder behind a proxy.
    pub(super) milder: bool,
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
        let mut values = self.parameters.iter().map(|values| values.first().copied());
        [(); N].map(|()| values.next().flatten().unwrap_or(f64::NAN))
    }

    /// A parameter in seconds.
    pub fn duration(&self, name: &str) -> Duration {
        Duration::from_nanos((self.parameter(name).max(0.0) * 1e9) as u64)
    }

    /// All values of a parameter of the rule.
    pub fn list(&self, name: &str) -> &'r [f64] {
        let named = |parameter: &super::Parameter| parameter.name == name;
        let place = self.rule.parameters.iter().position(named);
        debug_assert!(place.is_some(), "{} has no parameter {name}", self.rule.id);
        place.and_then(|place| self.parameters.get(place)).map_or(&[], |values| values)
    }

    /// Begins a finding.
    pub fn find(&mut self) -> Draft<'_, 'r> {
        let severity = self.rule.severity;
        let packets = self.packets();
        Draft {
            report: self,
            severity,
            values: Vec::new(),
            packets,
            scene: None,
            message: None,
            crowd: None,
        }
    }

    fn packets(&self) -> Vec<u64> {
        match self.about {
            About::Exchange(_, Some(message)) => vec![message.first.packet, message.last.packet],
            About::Exchange(scene, None) => {
                let messages = [scene.request(), scene.response()];
                let firsts = messages.into_iter().flatten().map(|message| message.first.packet);
                firsts.collect()
            }
            About::Connection(connection) => {
                vec![connection.first.packet, connection.last.packet]
            }
            About::Nothing(_) => Vec::new(),
        }
    }
}

/// A finding in the making.
#[must_use = "a finding that is not added is lost"]
pub struct Draft<'d, 'r> {
    report: &'d mut Report<'r>,
    severity: Severity,
    values: Vec<(&'static str, Value)>,
    packets: Vec<u64>,
    scene: Option<Scene<'d>>,
    message: Option<&'d Message>,
    crowd: Option<Crowd>,
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
        self.values.push((name, Value::Shown(shown(octets).into())));
        self
    }

    /// Captured octets in hexadecimal.
    pub fn hexadecimal(mut self, name: &'static str, octets: &[u8]) -> Self {
        self.values.push((name, Value::Shown(hexadecimal(octets).into())));
        self
    }

    /// Several captured values, joined by commas.
    pub fn all<'v>(self, name: &'static str, values: impl Iterator<Item = &'v [u8]>) -> Self {
        let joined = values.collect::<Vec<_>>().join(&b", "[..]);
        self.octets(name, &joined)
    }

    /// A number, an address or whatever else needs no care.
    pub fn plain(mut self, name: &'static str, value: impl std::fmt::Display) -> Self {
        self.values.push((name, Value::Shown(value.to_string().into())));
        self
    }

    /// Seconds with three decimals.
    pub fn seconds(self, name: &'static str, duration: Duration) -> Self {
        let millis = duration.as_nanos() / 1_000_000;
        self.plain(name, format_args!("{}.{:03}", millis / 1_000, millis % 1_000))
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
        self.values.push((name, Value::Phrase(phrase)));
        self
    }

    /// Which side sent it.
    pub fn sender(self, side: Side) -> Self {
        self.phrase("sender", side_name(side))
    }

    /// One more packet that shows it.
    pub fn packet(mut self, mark: Mark) -> Self {
        self.packets.push(mark.packet);
        self
    }

    /// The exchange that it shows best, for findings about more than one.
    pub fn example(mut self, scene: Scene<'d>) -> Self {
        self.scene = Some(scene);
        self
    }

    /// The many exchanges that it is about.
    pub(super) fn crowd(mut self, crowd: Crowd) -> Self {
        self.packets = vec![crowd.first.packet, crowd.last.packet];
        self.crowd = Some(crowd);
        self
    }

    /// The message that it is about, where the rule looks at exchanges.
    pub fn about(mut self, message: &'d Message) -> Self {
        self.packets.push(message.first.packet);
        self.packets.push(message.last.packet);
        self.message = Some(message);
        self
    }

    /// Adds it to the findings.
    pub fn add(self) {
        let Draft { report, severity, mut values, mut packets, scene, message, crowd } = self;
        if let Some(crowd) = crowd {
            packets.sort_unstable();
            packets.dedup();
            report.found.push(of_crowd(report.rule, severity, values, packets, crowd));
            return;
        }
        let about = match (scene, message, report.about) {
            (Some(scene), ..) => About::Exchange(scene, message),
            (None, Some(message), About::Exchange(scene, _)) => {
                About::Exchange(scene, Some(message))
            }
            (None, _, about) => about,
        };
        let subject = message.map_or(report.subject, subject);
        for name in names(report.rule.message.english) {
            if values.iter().any(|(known, _)| *known == name) {
                continue;
            }
            if let Some(value) = about.value(name) {
                values.push((name, value));
            }
        }
        packets.sort_unstable();
        packets.dedup();
        let (transaction, connection, at, place) = about.place();
        report.found.push(Finding {
            rule: report.rule,
            severity: if report.milder && about.proxied() { severity.milder() } else { severity },
            subject,
            transaction,
            connection,
            packets,
            at,
            place,
            after_ambiguous_framing: false,
            values,
        });
    }
}

/// A finding about many exchanges.
fn of_crowd(
    rule: &'static Rule,
    severity: Severity,
    mut values: Vec<(&'static str, Value)>,
    packets: Vec<u64>,
    crowd: Crowd,
) -> Finding {
    if let Some(server) = crowd.place.server {
        values.push(("server", Value::Shown(server.to_string().into())));
    }
    if let Some(client) = crowd.client {
        values.push(("client", Value::Shown(client.to_string().into())));
    }
    Finding {
        rule,
        severity,
        subject: Subject::Traffic,
        transaction: crowd.transaction,
        connection: None,
        packets,
        at: crowd.first.at,
        place: crowd.place,
        after_ambiguous_framing: false,
        values,
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

/// The client or the server.
pub(super) const fn side_name(side: Side) -> Text {
    match side {
        Side::Client => Text { english: "the client", chinese: "客户端" },
        Side::Server => Text { english: "the server", chinese: "服务器" },
    }
}

impl About<'_> {
    fn place(&self) -> (Option<u64>, Option<u64>, Timestamp, Place) {
        match self {
            Self::Exchange(scene, message) => {
                let exchange = scene.exchange;
                let at = message.map_or(exchange.first().at, |message| message.first.at);
                (Some(scene.id), Some(exchange.connection), at, place::of(exchange))
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

    fn ends(&self) -> Option<(Endpoint, Endpoint)> {
        match self {
            Self::Exchange(scene, _) => Some((scene.exchange.client, scene.exchange.server)),
            Self::Connection(connection) => Some((connection.client, connection.server)),
            Self::Nothing(_) => None,
        }
    }

    /// What a name in braces stands for where the rule does not say it.
    fn value(&self, name: &str) -> Option<Value> {
        let plain = |value: String| Some(Value::Shown(value.into()));
        match name {
            "client" => return plain(self.ends()?.0.to_string()),
            "server" => return plain(self.ends()?.1.to_string()),
            "conn" => {
                let (client, server) = self.ends()?;
                return plain(format!("{client} → {server}"));
            }
            _ => {}
        }
        let Self::Exchange(scene, message) = *self else { return None };
        let request = scene.request().map(|request| &request.head);
        let response = scene.response();
        let spoken = message.or(response).or(scene.request());
        let head = spoken.map(|message| &message.head);
        let octets = |octets: &[u8]| plain(shown(octets));
        match name {
            "kind" => Some(Value::Phrase(match head?.kind() {
                Kind::Request => Text { english: "Request", chinese: "请求" },
                Kind::Response => Text { english: "Response", chinese: "响应" },
            })),
            "start_line" => octets(head?.start_line()),
            "method" => match request {
                Some(request) => octets(request.method_octets()),
                None => Some(unknown_request()),
            },
            "target" => octets(request?.target()),
            "url" => match request {
                Some(request) => plain(shown(&url(request))),
                None => plain(String::new()),
            },
            "path" => octets(path(request?.target())),
            "host" => octets(request?.value(FieldName::Host)?),
            "status" => octets(status_head(head, response)?.status_octets()),
            "class00" => {
                let status = status_head(head, response)?.status()?;
                plain(format!("{}", status / 100 * 100))
            }
            "reason" => octets(status_head(head, response)?.reason()),
            "cl" => joined(head?, FieldName::ContentLength),
            "te" => joined(head?, FieldName::TransferEncoding),
            "received" => plain(spoken?.content.to_string()),
            "bytes" => plain(spoken?.content.saturating_add(spoken?.missing).to_string()),
            "declared" => plain(spoken?.content_length.value()?.to_string()),
            "sender" => Some(Value::Phrase(side_name(match head?.kind() {
                Kind::Request => Side::Client,
                Kind::Response => Side::Server,
            }))),
            _ => None,
        }
    }
}

fn unknown_request() -> Value {
    Value::Phrase(Text {
        english: "a request that was not captured", chinese: "未捕获的请求"
    })
}

/// The head of the response that a message is about: its own, else the final one.
fn status_head<'h>(own: Option<&'h Head>, response: Option<&'h Message>) -> Option<&'h Head> {
    match own {
        Some(head) if head.kind() == Kind::Response => Some(head),
        _ => response.map(|response| &response.head),
    }
}

fn joined(head: &Head, name: FieldName) -> Option<Value> {
    let values: Vec<&[u8]> = head.values(name).collect();
    Some(Value::Shown(shown(&values.join(&b", "[..])).into()))
}

/// The target as an address: of an origin-form target with the host in front of it.
pub(super) fn url(request: &Head) -> Vec<u8> {
    let target = request.target();
    match request.value(FieldName::Host) {
        Some(host) if target.first() == Some(&b'/') => [&b"http://"[..], host, target].concat(),
        _ => target.to_vec(),
    }
}

/// The path of a target, without its query.
pub(super) fn path(target: &[u8]) -> &[u8] {
    let target = match memchr::memmem::find(target, b"://") {
        Some(at) if target.first() != Some(&b'/') => {
            let behind = target.get(at + 3..).unwrap_or_default();
            let slash = memchr::memchr(b'/', behind).unwrap_or(behind.len());
            behind.get(slash..).unwrap_or_default()
        }
        _ => target,
    };
    let end = memchr::memchr2(b'?', b'#', target).unwrap_or(target.len());
    target.get(..end).unwrap_or_default()
}
