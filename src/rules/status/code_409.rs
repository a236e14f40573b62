//! 409 (Conflict), 410 (Gone) and 411 (Length Required).

use crate::http::{ContentLength, FieldName, Method, TransferCoding};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A 409 without content.
    /// ## Why it matters
    /// The client cannot resolve a conflict that it is not told.
    /// ## When it is innocent
    /// Clients that read the resource again anyway.
    /// ## What to do
    /// Say with what it conflicts.
    pub static CONFLICT_WITHOUT_BODY = {
        id: "conflict-without-body",
        title: "409 without an explanation",
        severity: Severity::Notice,
        codes: &["409"],
        source: "RFC 9110 section 15.5.10 SHOULD generate content that lets a user recognise the source of the conflict; founding document on 409",
        guards: &[Guard::RequestKnown, Guard::NoGap],
        supersedes: &["error-without-body"],
        message: text("409 (Conflict) response to {method} {url} does not say what the conflict is.", "{method} {url} 的 409(Conflict)响应没有说明冲突内容,客户端无法解决。"),
        check: Check::Exchange(Trigger::Status(&[(409, 409)]), without_body),
    }

    /// ## What it sees
    /// A 409 or 428 to GET, HEAD or OPTIONS.
    /// ## Why it matters
    /// These change nothing, so nothing can conflict.
    /// ## When it is innocent
    /// Cloudflare says so when it cannot find the name of the origin (error 1001).
    /// ## What to do
    /// Look into the content; answer with the code that is meant.
    pub static CONFLICT_ON_SAFE_METHOD = {
        id: "conflict-on-safe-method",
        title: "409 or 428 in answer to a safe method",
        severity: Severity::Notice,
        codes: &["409", "428"],
        source: "RFC 9110 section 15.5.10 (conflict with the current state, most likely PUT); RFC 6585 section 3 (lost update); founding document on 409, 428",
        guards: &[Guard::RequestKnown],
        message: text("{server} answered the safe method {method} {url} with {status}; it changes nothing and cannot conflict.", "{server} 对安全方法 {method} {url} 返回 {status};安全方法不改变状态,不应冲突。"),
        check: Check::Exchange(Trigger::Status(&[(409, 409), (428, 428)]), safe),
    }

    /// ## What it sees
    /// A 410 with a Location.
    /// ## Why it matters
    /// If the new address is known, 301 or 308 takes the client there.
    /// ## When it is innocent
    /// Never needed.
    /// ## What to do
    /// Answer 301 or 308.
    pub static GONE_WITH_LOCATION = {
        id: "gone-with-location",
        title: "410 that names a new URI",
        severity: Severity::Notice,
        codes: &["410", "301"],
        source: "RFC 9110 section 15.5.11; RFC 9110 section 15.4.2; founding document on 410, 301",
        guards: &[Guard::HeadWhole],
        message: text("410 (Gone) response to {url} carries Location '{value}'; a known new address calls for 301 or 308.", "{url} 的 410(Gone)响应带有 Location '{value}';若知道新地址,应使用 301 或 308。"),
        check: Check::Exchange(Trigger::Status(&[(410, 410)]), with_location),
    }

    /// ## What it sees
    /// A 411 to a request with a valid Content-Length.
    /// ## Why it matters
    /// The server does not see what the client sent: a proxy may have made it chunked on the way.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Capture in front of the server too; let the proxy buffer requests.
    pub static LENGTH_REQUIRED_BUT_PRESENT = {
        id: "length-required-but-present",
        title: "411 although the request has a valid Content-Length",
        severity: Severity::Warning,
        codes: &["411"],
        source: "RFC 9110 section 15.5.12 (without a defined Content-Length); founding document on 411",
        guards: &[Guard::RequestKnown],
        message: text("{server} answered 411 to {method} {url} although the request said Content-Length: {value}.", "{method} {url} 已带有 Content-Length: {value},{server} 却返回 411。"),
        check: Check::Exchange(Trigger::Status(&[(411, 411)]), present),
    }

    /// ## What it sees
    /// A 411 to a chunked request.
    /// ## Why it matters
    /// The server, often a WSGI or CGI one, does not accept chunked requests.
    /// ## When it is innocent
    /// Never; it is allowed to say so.
    /// ## What to do
    /// Send Content-Length, or let the proxy buffer the request.
    pub static LENGTH_REQUIRED_CHUNKED = {
        id: "length-required-chunked",
        title: "411 because the client used chunked",
        severity: Severity::Info,
        codes: &["411"],
        source: "RFC 9112 section 6.3 (some services respond to chunked with 411); client SHOULD use Content-Length if known; founding document on 411",
        guards: &[Guard::RequestKnown],
        message: text("{server} does not accept chunked requests: {method} {url} got 411. Send Content-Length or let the proxy buffer the body.", "{server} 不接受分块请求:{method} {url} 得到 411。应发送 Content-Length 或由代理缓冲主体。"),
        check: Check::Exchange(Trigger::Status(&[(411, 411)]), chunked),
    }
}

fn without_body(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let empty = response.complete() && response.content == 0 && response.missing == 0;
    if empty && request.head.method() != Method::Head {
        report.find().about(response).add();
    }
}

fn safe(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(request) = scene.request() else { return };
    if matches!(request.head.method(), Method::Get | Method::Head | Method::Options) {
        report.find().add();
    }
}

fn with_location(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    if let Some(value) = response.head.value(FieldName::Location) {
        report.find().about(response).octets("value", value).add();
    }
}

fn present(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(request) = scene.request() else { return };
    if let ContentLength::Valid(length) = request.content_length {
        report.find().plain("value", length).add();
    }
}

fn chunked(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(request) = scene.request() else { return };
    if request.transfer_coding != TransferCoding::Absent {
        report.find().add();
    }
}
