//! Which response answers which request (RFC 9112 section 9.2 and 9.3.2).

use crate::flow::Side;
use crate::http::{FieldName, Message, Method};
use crate::rules::report::url;
use crate::rules::rule::rule;
use crate::rules::trail::response_closes;
use crate::rules::{Aftermath, Check, Guard, Report, Scene, Severity, Trigger, methods, text};

rule! {
    /// ## What it sees
    /// A response on a connection on which no request waits.
    /// ## Why it matters
    /// There are more responses than requests: the client will take this one for the answer to its
    /// next request, perhaps with the data of somebody else.
    /// ## When it is innocent
    /// A 408 that says goodbye on an idle connection; it has a rule of its own. An error that closes
    /// the connection is not reported either.
    /// ## What to do
    /// Close such connections. Look for a wrong length, a body where none may be, or a smuggled
    /// request in front of it.
    pub static UNSOLICITED_RESPONSE = {
        id: "unsolicited-response",
        title: "Response arrives although no request is outstanding",
        severity: Severity::Error,
        source: "RFC 9112 section 9.2 MUST NOT consider valid; SHOULD close; RFC 9112 section 6.3 MUST NOT process extra data as a separate response",
        guards: &[Guard::NotMidstream, Guard::BothDirections, Guard::NoGap],
        message: text(
            "{server} sent '{start_line}' on a connection without an outstanding request; requests and responses are out of step.",
            "{server} 在没有待响应请求的连接上发送了 '{start_line}',请求与响应已失去对应。",
        ),
        check: Check::Exchange(Trigger::Orphan, unsolicited),
    }
}

fn unsolicited(scene: &Scene<'_>, report: &mut Report<'_>) {
    if !scene.exchange.contiguous && counts(scene) {
        report.find().add();
    }
}

/// Whether a response without a request puts the connection out of step: not so an error that says
/// goodbye, to a request that never became whole.
fn counts(scene: &Scene<'_>) -> bool {
    let Some(response) = scene.response() else { return false };
    let goodbye =
        matches!(scene.status(), Some(400 | 413 | 414 | 431)) && response_closes(response);
    scene.status() != Some(408) && !goodbye
}

rule! {
    /// ## What it sees
    /// A second response right behind the first, in the same segment, that no request asked for.
    /// ## Why it matters
    /// Somebody made the server write a response of his own (response splitting), or a smuggled
    /// request was answered: the next client of the connection, or the cache, gets it.
    /// ## When it is innocent
    /// A length that is too small, so that the rest of the body looks like a response:
    /// `message/http`, archives.
    /// ## What to do
    /// Look at the request in front of it for line breaks and ambiguous framing; close the
    /// connection.
    pub static RESPONSE_SPLITTING_SUSPECTED = {
        id: "response-splitting-suspected",
        title: "A second status-line follows a response in the same segment with no request for it",
        severity: Severity::Error,
        source: "RFC 9112 section 11.1; RFC 9112 section 6.3 MUST NOT process extra data as a separate response",
        guards: &[Guard::NotMidstream, Guard::BothDirections, Guard::NoGap],
        message: text(
            "Behind the response to {method} {url} {server} sent another one ('{start_line}') nobody asked for; response splitting, answered smuggled request, or wrong Content-Length.",
            "{server} 在 {method} {url} 的响应之后紧接着发送了无人请求的另一个响应('{start_line}'):可能是响应拆分、走私请求得到应答或 Content-Length 错误。",
        ),
        check: Check::Exchange(Trigger::Orphan, splitting),
    }
}

fn splitting(scene: &Scene<'_>, report: &mut Report<'_>) {
    if !scene.exchange.contiguous || !counts(scene) {
        return;
    }
    let before = scene.trail.previous().and_then(|before| before.request.as_deref());
    let draft = report.find();
    match before {
        Some(before) => {
            let head = &before.head;
            draft.octets("method", head.method_octets()).octets("url", &url(head)).add();
        }
        None => draft.add(),
    }
}

rule! {
    /// ## What it sees
    /// A request that was sent before the response to the one in front of it had ended.
    /// ## Why it matters
    /// If the connection breaks, nobody knows which of the requests took effect. It also is what a
    /// smuggled request looks like.
    /// ## When it is innocent
    /// Package managers and some libraries do it on purpose; browsers do not.
    /// ## What to do
    /// Nothing, if it is meant; else look whether the second request was hidden in the first.
    pub static PIPELINING_USED = {
        id: "pipelining-used",
        title: "Requests are pipelined",
        severity: Severity::Info,
        otherwise: &[(Severity::Notice, "if the request in front may not be sent twice")],
        source: "RFC 9112 section 9.3.2 (responses in order); SHOULD NOT pipeline after a non-idempotent method",
        guards: &[Guard::NotMidstream, Guard::BothDirections, Guard::NoGap],
        message: text(
            "{client} sent {method} {url} before the response to {other} was complete (pipelining).",
            "{client} 在 {other} 的响应完成之前就发送了 {method} {url}(流水线)。",
        ),
        check: Check::Exchange(Trigger::Pipelined, pipelining),
    }
}

fn pipelining(scene: &Scene<'_>, report: &mut Report<'_>) {
    if scene.exchange.nth < 2 {
        return;
    }
    let Some(request) = scene.request() else { return };
    let Some(previous) = scene.trail.previous() else { return };
    let Some(before) = previous.request.as_deref() else { return };
    let ended = previous.response.as_deref().map(|response| response.last.packet);
    let waiting = ended.is_none_or(|ended| request.first.packet < ended);
    if previous.nth + 1 == scene.exchange.nth && waiting {
        let safe = methods::idempotent(before.head.method_octets());
        report.find().severity_if(!safe, Severity::Notice).octets("other", &named(before)).add();
    }
}

/// Method and URL.
fn named(request: &Message) -> Vec<u8> {
    [request.head.method_octets(), &url(&request.head)[..]].join(&b' ')
}

rule! {
    /// ## What it sees
    /// A response that does not fit the request it stands with, and fits another one that waited at
    /// the same time.
    /// ## Why it matters
    /// Responses are out of order: clients get what was meant for others.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Look for a proxy that shares connections between clients, and for a desync in front of it.
    pub static PIPELINE_MISMATCH = {
        id: "pipeline-mismatch",
        title: "Pipelined response contradicts its request but fits another outstanding one",
        severity: Severity::Error,
        source: "RFC 9112 section 9.3.2 MUST send responses in request order; RFC 9112 section 9.2",
        guards: &[Guard::NotMidstream, Guard::NoGap, Guard::RequestKnown],
        supersedes: &["partial-without-range", "not-modified-unconditional", "not-modified-unsafe-method", "switch-without-upgrade", "expectation-failed-without-expect", "range-not-satisfiable-without-range", "body-on-head"],
        message: text(
            "The {status} response paired with {method} {url} does not fit it but fits {other}; responses look re-ordered or desynchronised.",
            "与 {method} {url} 对应的 {status} 响应与其不符,却符合 {other};响应顺序疑似错乱或失步。",
        ),
        check: Check::Settled(
            Trigger::OneOf(&[
                Trigger::Status(&[(101, 101), (206, 206), (304, 304), (416, 417)]),
                Trigger::Method(&[Method::Head]),
            ]),
            mismatch,
        ),
    }
}

fn mismatch(scene: &Scene<'_>, after: &Aftermath<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let stray = after.strays.iter().any(|stray| stray.side == Side::Server && !stray.interim);
    if !misfits(request, response, stray) {
        return;
    }
    let Some(other) = after.next.and_then(|next| next.request.as_deref()) else { return };
    let waited = other.first.packet <= response.first.packet;
    if waited && !misfits(other, response, stray) {
        report.find().octets("other", &named(other)).add();
    }
}

/// Whether a response cannot answer a request, by what both say.
fn misfits(request: &Message, response: &Message, stray: bool) -> bool {
    let head = &request.head;
    let conditional = head.has(FieldName::IfNoneMatch) || head.has(FieldName::IfModifiedSince);
    match response.head.status() {
        Some(206 | 416) => !head.has(FieldName::Range),
        Some(304) => !conditional || !matches!(head.method(), Method::Get | Method::Head),
        Some(101) => !head.has(FieldName::Upgrade),
        Some(417) => !head.has(FieldName::Expect),
        _ => head.method() == Method::Head && stray,
    }
}
