//! 1xx: what all interim responses have in common, and share with 204: no body.

use crate::http::{ContentLength, Flaw, Message, TransferCoding, Version};
use crate::rules::rule::rule;
use crate::rules::{
    Aftermath, Check, Guard, On, Parameter, Report, Scene, Severity, Trigger, text,
};

rule! {
    /// ## What it sees
    /// `Transfer-Encoding` in a 1xx or 204 response.
    /// ## Why it matters
    /// These responses end with the empty line. A peer that honours the field waits for chunks, or
    /// takes the next response for them.
    /// ## When it is innocent
    /// Never; frameworks do it that set the field before they know the status.
    /// ## What to do
    /// Let the server send the field with a body alone.
    pub static FRAMING_TE_ON_1XX_204 = {
        id: "framing-te-on-1xx-204",
        title: "Transfer-Encoding on a 1xx or 204 response",
        severity: Severity::Error,
        codes: &["1xx", "204"],
        source: "RFC 9112 section 6.1 MUST NOT; founding document on 204",
        guards: &[Guard::HeadWhole],
        message: text(
            "{status} response carries Transfer-Encoding: {te}; a {status} has no body, and peers that honour the field will wait for chunks or eat the next response.",
            "{status} 响应带有 Transfer-Encoding: {te};该状态码没有主体,依此解析的对端会一直等待分块或吞掉下一个响应。",
        ),
        check: Check::Message(On::Response, Trigger::Flaw(&[Flaw::FramingOnBodiless]), coding),
    }
}

fn coding(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    if message.transfer_coding != TransferCoding::Absent {
        report.find().add();
    }
}

rule! {
    /// ## What it sees
    /// `Content-Length` in a 1xx or 204 response.
    /// ## Why it matters
    /// These responses end with the empty line. A peer that honours the field waits for a body that
    /// never comes.
    /// ## When it is innocent
    /// `Content-Length: 0` in a 204 is common and does no harm: then it is a notice.
    /// ## What to do
    /// Let the server leave the field out.
    pub static FRAMING_CL_ON_1XX_204 = {
        id: "framing-cl-on-1xx-204",
        title: "Content-Length on a 1xx or 204 response",
        severity: Severity::Warning,
        otherwise: &[(Severity::Notice, "if the length is 0")],
        codes: &["1xx", "204"],
        source: "RFC 9110 section 8.6 MUST NOT; founding document on 204",
        guards: &[Guard::HeadWhole],
        message: text(
            "{status} response carries Content-Length: {cl}; this status code must not have the field.",
            "{status} 响应带有 Content-Length: {cl};协议禁止该状态码携带此字段。",
        ),
        check: Check::Message(On::Response, Trigger::Flaw(&[Flaw::FramingOnBodiless]), length),
    }
}

fn length(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    if message.content_length != ContentLength::Absent {
        let empty = message.content_length == ContentLength::Valid(0);
        report.find().severity_if(empty, Severity::Notice).add();
    }
}

rule! {
    /// ## What it sees
    /// Octets that are no status line behind an interim response.
    /// ## Why it matters
    /// An interim response has no body. The client reads these octets as the beginning of the next
    /// response, and fails.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Look at what answers 100 or 103: often a script that writes the response by hand.
    pub static BODY_ON_1XX = {
        id: "body-on-1xx",
        title: "Octets that are no status-line follow an interim (1xx) response",
        severity: Severity::Error,
        codes: &["1xx"],
        source: "RFC 9110 section 15.2 (cannot contain content or trailers); RFC 9112 section 6.3 item 1",
        guards: &[Guard::NoGap],
        message: text(
            "{status} interim response is followed by {bytes} octets that do not start a response; 1xx responses have no body.",
            "{status} 临时响应之后出现 {bytes} 字节非状态行内容;1xx 响应不允许有主体。",
        ),
        check: Check::Settled(Trigger::Interim, body),
    }
}

fn body(scene: &Scene<'_>, after: &Aftermath<'_>, report: &mut Report<'_>) {
    let Some(stray) = after.strays.iter().find(|stray| stray.interim) else { return };
    let interim = scene.exchange.interim.last();
    let draft = report.find().plain("bytes", stray.count).packet(stray.first);
    match interim {
        Some(interim) => draft.about(interim).add(),
        None => draft.add(),
    }
}

rule! {
    /// ## What it sees
    /// A 1xx response to a request of HTTP/1.0.
    /// ## Why it matters
    /// HTTP/1.0 has no interim responses: the client takes it for the answer and never sees the real
    /// one.
    /// ## When it is innocent
    /// A client that says 1.0 and understands 1.1.
    /// ## What to do
    /// Let the server look at the version before it sends a 1xx; let the client speak HTTP/1.1.
    pub static INTERIM_TO_HTTP10 = {
        id: "interim-to-http10",
        title: "1xx response to an HTTP/1.0 request",
        severity: Severity::Error,
        codes: &["1xx"],
        source: "RFC 9110 section 15.2 MUST NOT; RFC 9110 section 7.8 MUST ignore Upgrade in HTTP/1.0; founding document on 1xx",
        guards: &[Guard::RequestKnown],
        message: text(
            "{server} sent {status} to the HTTP/1.0 request {method} {url}; HTTP/1.0 has no 1xx responses.",
            "{server} 向 HTTP/1.0 请求 {method} {url} 返回了 {status};HTTP/1.0 没有 1xx 响应。",
        ),
        check: Check::Exchange(Trigger::OneOf(&[Trigger::Interim, Trigger::Status(&[(101, 101)])]), to_http10),
    }
}

fn to_http10(scene: &Scene<'_>, report: &mut Report<'_>) {
    let old = |message: &Message| message.head.version() == Some(Version::HTTP_10);
    let sent = scene.exchange.interim.first().or(scene.response());
    if let Some(sent) = sent
        && scene.request().is_some_and(old)
    {
        report.find().about(sent).add();
    }
}

rule! {
    /// ## What it sees
    /// More interim responses to one request than there is reason for.
    /// ## Why it matters
    /// Each one costs the client work, and some libraries give up after a few.
    /// ## When it is innocent
    /// 102 and 104 may repeat to show progress through a long operation.
    /// ## What to do
    /// Let the server send them at greater distances.
    pub static INTERIM_FLOOD = {
        id: "interim-flood",
        title: "Unusually many interim responses for one request",
        severity: Severity::Notice,
        codes: &["1xx"],
        source: "RFC 9110 section 15.2 (one or more 1xx are allowed)",
        parameters: &[
            Parameter { name: "max", default: &[50.0], meaning: "interim responses to one request" },
        ],
        guards: &[Guard::RequestKnown],
        message: text(
            "{server} sent {count} interim responses for {method} {url}.",
            "{server} 对 {method} {url} 发送了 {count} 个 1xx 临时响应。",
        ),
        check: Check::Exchange(Trigger::Interim, flood),
    }
}

fn flood(scene: &Scene<'_>, report: &mut Report<'_>) {
    let count = scene.exchange.interim_count;
    if count as f64 > report.parameter("max") {
        report.find().plain("count", count).add();
    }
}
