//! What can be asked of an exchange: one row a field, with its documentation and the way to read
//! it. The help, the page in `docs` and the suggestions come from this slice, so another field is a
//! row here and a line in the tests.

use crate::flow::{End, Side};
use crate::http::{Exchange, FieldName, Message, MessageEnd, Switch, Unanswered, Version};
use crate::rules::Severity;
use crate::stats::Outcome;
use crate::units::{Duration, Timestamp};
use crate::wire::Endpoint;

use super::kind::Kind;
use super::{Subject, target};

/// Tells texts one by one until one is answered with yes, which is its own answer then.
type Texts = fn(&Subject<'_>, &mut dyn FnMut(&[u8]) -> bool) -> bool;

/// How a field is read. Those that may have several values tell them one by one until one
/// is answered with yes.
pub(super) enum Read {
    Flag(fn(&Subject<'_>) -> bool),
    Number(fn(&Subject<'_>) -> Option<u64>),
    /// How often something happened; the name alone asks whether it did.
    Count(fn(&Subject<'_>) -> u64),
    /// Each value is a range of numbers, first and last.
    Numbers(fn(&Subject<'_>, &mut dyn FnMut(u64, u64) -> bool) -> bool),
    Duration(fn(&Subject<'_>) -> Option<Duration>),
    Time(fn(&Subject<'_>) -> Timestamp),
    Text(for<'s> fn(&Subject<'s>) -> Option<&'s [u8]>),
    Texts(Texts),
    /// Address and port.
    Endpoints(fn(&Subject<'_>, &mut dyn FnMut(Endpoint) -> bool) -> bool),
    /// The address alone counts.
    Addresses(fn(&Subject<'_>, &mut dyn FnMut(Endpoint) -> bool) -> bool),
}

/// A field of the filter language.
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Other names for it, those of Wireshark and of the records among them.
    pub aliases: &'static [&'static str],
    /// What kind of values it has.
    pub kind: Kind,
    /// What it means, in a sentence.
    pub meaning: &'static str,
    /// An expression with it.
    pub example: &'static str,
    pub(super) read: Read,
}

impl Field {
    /// Whether its values come from rules, and so may still come when the exchange is over.
    pub(super) fn of_rules(&self) -> bool {
        matches!(self.name, "finding" | "severity" | "problems")
    }

    /// The same of values that come from the diagnosis.
    pub(super) fn of_diagnosis(&self) -> bool {
        matches!(self.name, "why" | "problems")
    }
}

/// By its name: it is one of the slice.
impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The field of this name; upper and lower case are alike, and so are `-` and `_`.
pub(super) fn find(name: &str) -> Option<&'static Field> {
    let same = |known: &&str| {
        let plain = |octet: u8| if octet == b'-' { b'_' } else { octet.to_ascii_lowercase() };
        known.len() == name.len() && known.bytes().zip(name.bytes()).all(|(a, b)| a == plain(b))
    };
    FIELDS.iter().find(|field| same(&field.name) || field.aliases.iter().any(same))
}

/// One row of the slice.
macro_rules! row {
    ($name:literal $aliases:tt $kind:ident, $meaning:literal, $example:literal, $read:ident($how:expr)) => {
        Field {
            name: $name,
            aliases: &$aliases,
            kind: Kind::$kind,
            meaning: $meaning,
            example: $example,
            read: Read::$read($how),
        }
    };
}

/// All fields, in the order in which the help shows them.
pub static FIELDS: &[Field] = &[
    row!("status" ["http.response.code", "code"] Status,
        "Status code of the final response.", "status in {500, 502..504}",
        Number(|s| s.exchange.status().map(u64::from))),
    row!("class" ["status_class"] Class,
        "First digit of the status code.", "class = 5",
        Number(|s| s.exchange.status().map(|status| u64::from(status / 100)))),
    row!("reason" ["http.response.phrase"] Text,
        "Reason phrase of the final response.", "reason = \"Bad Gateway\"",
        Text(|s| response(s).map(|response| response.head.reason()))),
    row!("method" ["http.request.method"] Name,
        "Method of the request.", "method in {POST, PUT}",
        Text(|s| request(s).map(|request| request.head.method_octets()))),
    row!("path" ["http.request.uri.path"] Text,
        "Path of the target, as sent, without the query.", "path ~ ^/api/v[12]/",
        Text(target::path)),
    row!("query" ["http.request.uri.query"] Text,
        "What stands behind the question mark of the target.", "query contains token=",
        Text(target::query)),
    row!("target" ["http.request.uri", "uri"] Text,
        "The request target, as sent.", "target = *",
        Text(target::target)),
    row!("url" [] Text,
        "Host and target in one piece; what a bare word is looked for in.",
        "url ~ shop.example/cart", Texts(target::url)),
    row!("full_url" ["http.request.full_uri"] Text,
        "The same with http:// in front, as browsers show it.",
        "full_url = http://shop.example/cart", Texts(target::full_url)),
    row!("host" ["http.host"] Name,
        "Host of the request, with its port and without.", "host = shop.example.com",
        Texts(target::hosts)),
    row!("version" ["http.request.version", "protocol_version"] Version,
        "Version of HTTP that the request names.", "version < 1.1",
        Number(|s| request(s).and_then(version))),
    row!("response.version" ["http.response.version", "response_version"] Version,
        "Version of HTTP that the response names.", "response.version = 1.0",
        Number(|s| response(s).and_then(version))),
    row!("user_agent" ["http.user_agent"] Text,
        "User-Agent of the request.", "user_agent contains curl",
        Text(|s| field(request(s), FieldName::UserAgent))),
    row!("referer" ["http.referer"] Text,
        "Referer of the request.", "referer contains /login",
        Text(|s| field(request(s), FieldName::Referer))),
    row!("content_type" ["http.content_type"] Name,
    "Content-Type of the response, with its parameters and without.",
    "content_type = application/json",
    Texts(|s, see| field(response(s), FieldName::ContentType).is_some_and(|value| {
        let end = memchr::memchr(b';', value).unwrap_or(value.len());
        see(value) || see(value.get(..end).unwrap_or_default().trim_ascii())
    }))),
    row!("location" ["http.location"] Text,
        "Location of the response.", "location ~ ^https:",
        Text(|s| field(response(s), FieldName::Location))),
    row!("interim" [] Status,
        "Status codes of interim responses.", "interim = 103",
        Numbers(|s, see| s.exchange.interim.iter().filter_map(|message| message.head.status())
            .any(|status| see(status.into(), status.into())))),
    row!("upgrade" [] Name,
    "What the connection became: tunnel, or the protocols of Upgrade.", "upgrade = websocket",
    Text(|s| s.exchange.switch.as_ref().map(|switch| match switch {
        Switch::Tunnel => &b"tunnel"[..],
        Switch::Upgrade(protocols) => protocols,
    }))),
    row!("client" [] Address,
        "Who asked.", "client in 10.0.0.0/8",
        Endpoints(|s, see| see(s.exchange.client))),
    row!("client.ip" ["ip.src", "ipv6.src", "client_ip"] Address,
        "Address of the client.", "client.ip = 10.9.1.2",
        Addresses(|s, see| see(s.exchange.client))),
    row!("client.port" ["tcp.srcport", "client_port"] Number,
        "Port of the client.", "client.port = 49690",
        Number(|s| Some(s.exchange.client.port().into()))),
    row!("server" [] Address,
        "Who was asked.", "server = 10.0.0.5:8080",
        Endpoints(|s, see| see(s.exchange.server))),
    row!("server.ip" ["ip.dst", "ipv6.dst", "server_ip"] Address,
        "Address of the server.", "server.ip in 2001:db8::/32",
        Addresses(|s, see| see(s.exchange.server))),
    row!("server.port" ["tcp.dstport", "server_port"] Number,
        "Port of the server.", "server.port in {80, 8080}",
        Number(|s| Some(s.exchange.server.port().into()))),
    row!("ip" ["ip.addr", "ipv6.addr", "ip.host"] Address,
        "Address of client or server.", "ip = 10.0.0.5",
        Addresses(|s, see| see(s.exchange.client) || see(s.exchange.server))),
    row!("port" ["tcp.port"] Number,
        "Port of client or server.", "port = 8080",
        Numbers(|s, see| [s.exchange.client, s.exchange.server].into_iter()
            .any(|end| see(end.port().into(), end.port().into())))),
    row!("connection" ["tcp.stream", "conn"] Number,
        "The connection: the number of its first packet (Wireshark counts streams from 0).",
        "connection = 1204", Number(|s| Some(s.exchange.connection))),
    row!("nth" [] Number,
        "Position on the connection, from 1.", "nth > 1",
        Number(|s| Some(s.exchange.nth.into()))),
    row!("id" [] Number,
        "Number of the exchange.", "id = 14",
        Number(|s| Some(s.id))),
    row!("packet" ["frame", "frame.number"] Number,
        "A packet between first and last of the request or of a response.", "packet = 1213991",
        Numbers(packets)),
    row!("time" ["frame.time"] Time,
        "When its first octet was captured.", "time > +30s",
        Time(|s| s.exchange.first().at)),
    row!("ttfb" ["think", "think_time", "http.time"] Duration,
        "From the end of the request to the first octet of the response.", "ttfb > 2s",
        Duration(|s| s.exchange.think_time())),
    row!("total" ["total_time", "duration"] Duration,
        "From the first octet of the request to the last of the response.", "total > 1m",
        Duration(|s| s.exchange.total_time())),
    row!("connect" ["connect_time"] Duration,
        "The TCP handshake, for the first exchange of a connection.", "connect > 200ms",
        Duration(|s| s.exchange.connect)),
    row!("request_time" [] Duration,
        "From the first to the last octet of the request.", "request_time > 1s",
        Duration(|s| s.exchange.request_time())),
    row!("response_time" [] Duration,
        "From the first to the last octet of the response.", "response_time > 5s",
        Duration(|s| s.exchange.response_time())),
    row!("idle" ["idle_before"] Duration,
        "How long the connection had been silent before the request.", "idle > 59s",
        Duration(|s| s.exchange.idle_before)),
    row!("request.bytes" ["request.body", "request_body_bytes"] Size,
        "Octets of the request's body, without the transfer coding.", "request.bytes > 1MB",
        Number(|s| request(s).map(|request| request.content))),
    row!("response.bytes" ["response.body", "response_body_bytes", "bytes", "size"] Size,
        "Octets of the response's body, without the transfer coding.", "response.bytes >= 10k",
        Number(|s| response(s).map(|response| response.content))),
    row!("retransmissions" ["tcp.analysis.retransmission"] Number,
        "Segments sent again while it lasted; alone: whether there was one.",
        "retransmissions > 3",
        Count(|s| s.exchange.retransmissions.into())),
    row!("missing" ["missing_bytes"] Size,
        "Octets that were sent, but that the capture lacks; alone: whether there are any.",
        "missing > 1k", Count(|s| s.exchange.missing())),
    row!("flaw" ["flaws"] Flaw,
        "A deviation from the grammar in one of the messages.", "flaw = bare-lf",
        Texts(|s, see| messages(s.exchange).flat_map(|message| message.flaws.iter())
            .any(|flaw| see(flaw.name().as_bytes())))),
    row!("finding" ["findings", "rule"] Rule,
        "What a rule found in it.", "finding = body-on-204",
        Texts(|s, see| s.findings.iter().any(|(name, _)| see(name.as_bytes())))),
    row!("severity" [] Severity,
    "How bad what rules found in it is; one of the findings has to be so.",
    "severity >= warning",
    Numbers(|s, see| s.findings.iter().any(|(_, severity)| {
        let grade = *severity as u64;
        see(grade, grade)
    }))),
    row!("why" ["cause"] Cause,
        "The cause of its failure.", "why = stale-keepalive",
        Texts(|s, see| s.causes.iter().any(|name| see(name.as_bytes())))),
    row!("unanswered.why" ["unanswered_why"] Name,
        "Where there is no response: fin, reset-by-client, reset-by-server, timeout, \
         not-captured, capture-end …", "unanswered.why = reset-by-server",
        Text(|s| s.exchange.unanswered.map(|why| unanswered(why).as_bytes()))),
    row!("failed" [] Flag,
        "Status 500 or above, no response, or a response that was cut short.", "failed",
        Flag(|s| Outcome::of(s.exchange).is_failure())),
    row!("problems" ["problem"] Flag,
        "It failed, a cause is known, or a finding is a warning or an error.", "problems and not 502",
        Flag(|s| s.findings.iter().any(|(_, severity)| *severity >= Severity::Warning)
            || !s.causes.is_empty() || Outcome::of(s.exchange).is_failure())),
    row!("unanswered" ["no_response"] Flag,
        "The connection ended or fell silent without a final response.", "unanswered",
        Flag(|s| Outcome::of(s.exchange) == Outcome::Unanswered)),
    row!("truncated" ["cut_short"] Flag,
        "A message ends before its framing does, by its sender and not by the capture.",
        "truncated", Flag(|s| messages(s.exchange).any(truncated))),
    row!("complete" [] Flag,
        "Request and final response were captured whole.", "not complete",
        Flag(|s| request(s).is_some_and(Message::complete)
            && response(s).is_some_and(Message::complete))),
    row!("orphan" [] Flag,
        "A response whose request was not captured.", "orphan",
        Flag(|s| s.exchange.request.is_none())),
    row!("tunnelled" ["tunneled"] Flag,
        "It took place inside a CONNECT tunnel.", "tunnelled",
        Flag(|s| s.exchange.tunnelled)),
    row!("request" ["http.request"] Flag,
        "The request was captured.", "not request",
        Flag(|s| s.exchange.request.is_some())),
    row!("response" ["http.response"] Flag,
        "There is a final response.", "not response",
        Flag(|s| s.exchange.response.is_some())),
    row!("all" ["http"] Flag,
        "Every exchange.", "all",
        Flag(|_| true)),
];

fn request<'s>(subject: &Subject<'s>) -> Option<&'s Message> {
    subject.exchange.request.as_deref()
}

fn response<'s>(subject: &Subject<'s>) -> Option<&'s Message> {
    subject.exchange.response.as_deref()
}

fn messages(exchange: &Exchange) -> impl Iterator<Item = &Message> {
    let (request, response) = (exchange.request.as_deref(), exchange.response.as_deref());
    request.into_iter().chain(&exchange.interim).chain(response)
}

fn field(message: Option<&Message>, name: FieldName) -> Option<&[u8]> {
    message?.head.value(name)
}

fn version(message: &Message) -> Option<u64> {
    let Version { major, minor } = message.head.version()?;
    Some(u64::from(major) << 8 | u64::from(minor))
}

/// Where the sender stopped although its framing wants more, and nothing says that the capture
/// has lost it.
fn truncated(message: &Message) -> bool {
    matches!(message.end, Some(MessageEnd::Fin | MessageEnd::Reset))
        && !message.complete()
        && message.missing == 0
}

fn packets(subject: &Subject<'_>, see: &mut dyn FnMut(u64, u64) -> bool) -> bool {
    let completed = subject.exchange.completed.packet;
    messages(subject.exchange).any(|message| see(message.first.packet, message.last.packet))
        || messages(subject.exchange).all(|message| message.last.packet != completed)
            && see(completed, completed)
}

/// The words that records have for it.
const fn unanswered(why: Unanswered) -> &'static str {
    match why {
        Unanswered::Ended(End::Fin) => "fin",
        Unanswered::Ended(End::Reset(Side::Client)) => "reset-by-client",
        Unanswered::Ended(End::Reset(Side::Server)) => "reset-by-server",
        Unanswered::Ended(End::Idle) => "timeout",
        Unanswered::Ended(End::Replaced) => "replaced",
        Unanswered::Ended(End::Evicted) => "evicted",
        Unanswered::Ended(End::CaptureEnd) => "capture-end",
        Unanswered::NotCaptured => "not-captured",
        Unanswered::TooMany => "too-many",
    }
}
