//! 100 (Continue) and the expectation that asks for it.

use crate::http::{FieldName, Message, Version};
use crate::rules::ends::Ends;
use crate::rules::rule::rule;
use crate::rules::{
    Aftermath, Check, Guard, On, Parameter, Report, Scene, Severity, Trigger, list, text,
};

rule! {
    /// ## What it sees
    /// A 100 for a request that did not ask for it.
    /// ## Why it matters
    /// Simple clients take it for the answer.
    /// ## When it is innocent
    /// Servers that send it to every POST; a proxy may have taken the Expect field away.
    /// ## What to do
    /// Let the server send 100 only where `Expect: 100-continue` asks for it.
    pub static CONTINUE_WITHOUT_EXPECT = {
        id: "continue-without-expect",
        title: "100 (Continue) for a request without Expect: 100-continue",
        severity: Severity::Notice,
        codes: &["100"],
        source: "RFC 9110 section 15.2.1 (client can simply discard); RFC 9110 section 10.1.1; founding document on 100",
        guards: &[Guard::RequestKnown],
        message: text(
            "{server} sent 100 (Continue) for {method} {url} although the request had no 'Expect: 100-continue'.",
            "{method} {url} 并未携带 'Expect: 100-continue',{server} 却返回了 100(Continue)。",
        ),
        check: Check::Exchange(Trigger::Interim, without_expect),
    }
}

/// Whether one of the interim responses is a 100.
fn continued(scene: &Scene<'_>) -> bool {
    scene.exchange.interim.iter().any(|interim| interim.head.status() == Some(100))
}

/// Whether a request asks to be told to go on.
pub(super) fn expects(request: &Message) -> bool {
    request.head.lists(FieldName::Expect, b"100-continue")
}

fn without_expect(scene: &Scene<'_>, report: &mut Report<'_>) {
    if continued(scene) && scene.request().is_some_and(|request| !expects(request)) {
        report.find().add();
    }
}

rule! {
    /// ## What it sees
    /// A request with `Expect: 100-continue` whose client waited in vain and then sent the body all
    /// the same.
    /// ## Why it matters
    /// Every such request takes the time that the client waits: curl 1 s, others 350 ms.
    /// ## When it is innocent
    /// Servers of HTTP/1.0; the octets of a long upload that come slowly.
    /// ## What to do
    /// Let the server or proxy answer the expectation, or switch it off in the client (curl: `-H
    /// "Expect:"`).
    pub static EXPECT_UNANSWERED = {
        id: "expect-unanswered",
        title: "Expect: 100-continue, but neither 100 nor a final response before the client gave up waiting",
        severity: Severity::Warning,
        codes: &["100", "417"],
        source: "RFC 9110 section 10.1.1 origin MUST send a final status or 100, MUST NOT wait for the content; founding document on 100",
        parameters: &[
            Parameter { name: "wait_s", default: &[0.3], meaning: "seconds between the head and the end of the body" },
        ],
        guards: &[Guard::RequestKnown, Guard::BothDirections, Guard::NoGap],
        message: text(
            "{server} did not react to 'Expect: 100-continue' on {method} {url}; the client waited {delay} s and sent the body anyway.",
            "{server} 未响应 {method} {url} 的 'Expect: 100-continue',客户端等待 {delay} 秒后自行发送主体。",
        ),
        check: Check::Exchange(Trigger::RequestField(&[FieldName::Expect]), unanswered),
    }
}

fn unanswered(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(request) = scene.request() else { return };
    let current = request.head.version().is_some_and(|version| version >= Version::HTTP_11);
    let delay = request.last.since(request.head_end);
    let sent = request.complete() && request.content > 0;
    if !expects(request) || !current || !sent || continued(scene) {
        return;
    }
    // An answer that came clearly before the body was whole is a reaction, too.
    let silent = scene.response().is_none_or(|response| {
        response.first.at.as_nanos() > request.last.at.as_nanos() - 50_000_000
    });
    if silent && delay >= report.duration("wait_s") {
        report.find().seconds("delay", delay).add();
    }
}

rule! {
    /// ## What it sees
    /// `Expect: 100-continue` on a request without a body.
    /// ## Why it matters
    /// There is nothing to go on with; some servers wait for a body that never comes.
    /// ## When it is innocent
    /// Libraries that set the field on every request.
    /// ## What to do
    /// Send the field with a body alone.
    pub static EXPECT_WITHOUT_BODY = {
        id: "expect-without-body",
        title: "Expect: 100-continue on a request that announces no content",
        severity: Severity::Warning,
        codes: &["100", "417"],
        source: "RFC 9110 section 10.1.1 MUST NOT; founding document on 100",
        guards: &[Guard::HeadWhole],
        message: text(
            "{client} sent 'Expect: 100-continue' on {method} {url} without Content-Length or Transfer-Encoding; there is nothing to continue.",
            "{client} 在没有主体(无 Content-Length/Transfer-Encoding)的 {method} {url} 上发送了 'Expect: 100-continue'。",
        ),
        check: Check::Message(On::Request, Trigger::RequestField(&[FieldName::Expect]), without_body),
    }
}

fn without_body(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let empty = message.content_length.value().unwrap_or(0) == 0
        && !message.head.has(FieldName::TransferEncoding);
    if expects(message) && empty {
        report.find().add();
    }
}

rule! {
    /// ## What it sees
    /// An Expect field with anything but `100-continue`.
    /// ## Why it matters
    /// A server may answer 417 to it.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Take the field out.
    pub static EXPECT_UNKNOWN = {
        id: "expect-unknown",
        title: "Expect with a member other than 100-continue",
        severity: Severity::Notice,
        codes: &["417"],
        source: "RFC 9110 section 10.1.1 (only 100-continue is defined; server MAY answer 417); founding document on 100",
        guards: &[Guard::HeadWhole],
        message: text(
            "{method} {url} carries unknown expectation 'Expect: {value}'.",
            "{method} {url} 携带未知期望 'Expect: {value}'。",
        ),
        check: Check::Message(On::Request, Trigger::RequestField(&[FieldName::Expect]), unknown),
    }
}

fn unknown(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let mut others = list::members(&message.head, FieldName::Expect)
        .filter(|member| !member.eq_ignore_ascii_case(b"100-continue"));
    if let Some(other) = others.next() {
        report.find().octets("value", other).add();
    }
}

rule! {
    /// ## What it sees
    /// A server that asked for the body with 100 and never sent a final response.
    /// ## Why it matters
    /// It has taken the whole body, and the client does not know what became of it.
    /// ## When it is innocent
    /// A client that gave up first: then this rule is silent.
    /// ## What to do
    /// Look at the server behind the proxy that said 100: it died or was cut off while it worked.
    pub static CONTINUE_WITHOUT_FINAL = {
        id: "continue-without-final",
        title: "100 (Continue) sent, body received, but no final response",
        severity: Severity::Error,
        codes: &["100"],
        source: "RFC 9110 section 10.1.1 MUST ultimately send a final status; founding document on 100",
        parameters: &[
            Parameter { name: "wait_s", default: &[60.0], meaning: "seconds of silence that count where nobody closed" },
        ],
        guards: &[Guard::NotMidstream, Guard::NoGap, Guard::BothDirections],
        supersedes: &["request-unanswered"],
        message: text(
            "{server} asked for the body of {method} {url} with 100 (Continue) but never sent a final response.",
            "{server} 以 100(Continue)要求发送 {method} {url} 的主体,却始终没有最终响应。",
        ),
        check: Check::Settled(Trigger::Interim, without_final),
    }
}

fn without_final(scene: &Scene<'_>, after: &Aftermath<'_>, report: &mut Report<'_>) {
    let Some((request, connection)) = scene.request().zip(after.connection) else { return };
    if !continued(scene) || scene.response().is_some() || !request.complete() {
        return;
    }
    let ends = Ends::of(connection);
    let waited = connection.completed.since(request.last);
    if !ends.client_first() && (ends.server.is_some() || waited > report.duration("wait_s")) {
        report.find().add();
    }
}

rule! {
    /// ## What it sees
    /// A client that sent its request again behind a 100, instead of the body.
    /// ## Why it matters
    /// The server takes the second head for the body: what it stores is spoiled.
    /// ## When it is innocent
    /// Bodies that hold an HTTP request on purpose, such as `message/http`.
    /// ## What to do
    /// Correct the client: behind 100 comes the body of the same request, and nothing else. Older
    /// guides say "send the request again"; that is not meant so.
    pub static CONTINUE_CLIENT_RESENT_REQUEST = {
        id: "continue-client-resent-request",
        title: "After 100 (Continue) the client sends a new request instead of the announced body",
        severity: Severity::Error,
        codes: &["100"],
        source: "RFC 9110 section 15.2.1 (ought to continue sending the request); founding document on 100",
        guards: &[Guard::RequestKnown, Guard::NoGap],
        message: text(
            "{client} repeated a request line after 100 (Continue) on {method} {url}; it is taken as body data. Only the body may follow.",
            "{client} 在 {method} {url} 收到 100(Continue)后又发送了一遍请求行,会被当作主体;此时只应继续发送同一请求的主体。",
        ),
        check: Check::Exchange(Trigger::Interim, resent),
    }
}

fn resent(scene: &Scene<'_>, report: &mut Report<'_>) {
    const METHODS: [&[u8]; 5] = [b"GET ", b"POST ", b"PUT ", b"PATCH ", b"DELETE "];
    let Some(request) = scene.request() else { return };
    let line = request.preview.split(|octet| *octet == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let version = line.ends_with(b" HTTP/1.1") || line.ends_with(b" HTTP/1.0");
    let method = METHODS.iter().any(|method| line.starts_with(method));
    let words = line.split(|octet| *octet == b' ').count() == 3;
    if continued(scene) && version && method && words {
        report.find().add();
    }
}

rule! {
    /// ## What it sees
    /// A 100 that was followed by a refusal which the head alone would have called for.
    /// ## Why it matters
    /// The whole body was sent for nothing, which the expectation is there to avoid.
    /// ## When it is innocent
    /// A proxy that answers 100 by itself; the RFC allows it.
    /// ## What to do
    /// Let the server that knows decide before 100 is sent: check credentials and size by the head.
    pub static CONTINUE_THEN_HEADER_REJECTION = {
        id: "continue-then-header-rejection",
        title: "100 (Continue) followed by an error that was decidable from the header section",
        severity: Severity::Notice,
        codes: &["100", "401", "403", "405", "407", "411", "413", "414", "415", "417", "431"],
        source: "RFC 9110 section 10.1.1 (immediate final status if it can be determined by the header section); founding document on 100",
        guards: &[Guard::RequestKnown],
        message: text(
            "{server} first sent 100 (Continue) and, after {bytes} octets of body, rejected {method} {url} with {status}.",
            "{server} 先返回 100(Continue),在收下 {bytes} 字节主体后又以 {status} 拒绝了 {method} {url}。",
        ),
        check: Check::Exchange(
            Trigger::Status(&[(401, 401), (403, 403), (405, 405), (407, 407), (411, 411), (413, 415), (417, 417), (431, 431)]),
            rejection,
        ),
    }
}

fn rejection(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(request) = scene.request() else { return };
    if continued(scene) && expects(request) {
        report.find().plain("bytes", request.content).add();
    }
}
