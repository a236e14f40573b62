//! 200 (OK).

use crate::http::{FieldName, Method, header::range::Ranges};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A 200 without content, apart from answers to HEAD, CONNECT and OPTIONS.
    /// ## Why it matters
    /// It is what a blank page looks like on the wire.
    /// ## When it is innocent
    /// APIs that have nothing to say; 204 would say that.
    /// ## What to do
    /// If a page was expected, look at the application: it ended before it had written anything.
    pub static OK_EMPTY_BODY = {
        id: "ok-empty-body",
        title: "200 (OK) with zero-length content",
        severity: Severity::Info,
        codes: &["200"],
        source: "RFC 9110 section 15.3.1 (expected to contain content unless framed as zero length; ought to send 204); founding document on 200",
        guards: &[Guard::RequestKnown, Guard::NoGap],
        message: text(
            "200 (OK) response to {method} {url} has no content; 204 would say that explicitly.",
            "{method} {url} 的 200(OK)响应内容为空;若本意如此,应使用 204。",
        ),
        check: Check::Exchange(Trigger::Status(&[(200, 200)]), empty),
    }
}

fn empty(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let none = matches!(request.head.method(), Method::Head | Method::Connect | Method::Options);
    if !none && response.content == 0 && response.complete() {
        report.find().add();
    }
}

rule! {
    /// ## What it sees
    /// A whole answer to a request for a range, by a server that says it knows ranges.
    /// ## Why it matters
    /// Downloads cannot be resumed, and players fetch everything at every jump.
    /// ## When it is innocent
    /// A server may ignore Range; If-Range explains it and is then not reported.
    /// ## What to do
    /// Look for a filter (compression, a proxy without slices) that makes ranges impossible.
    pub static RANGE_IGNORED = {
        id: "range-ignored",
        title: "Range request answered with the whole representation (200)",
        severity: Severity::Info,
        codes: &["200", "206"],
        source: "RFC 9110 section 14.2 MAY ignore / SHOULD send 206; RFC 9110 section 14.3; founding document on 206",
        guards: &[Guard::RequestKnown],
        message: text(
            "{server} advertises byte ranges but answered 'Range: {value}' on {url} with the full {bytes} octets.",
            "{server} 声明支持字节范围,却对 {url} 的 'Range: {value}' 返回了完整的 {bytes} 字节。",
        ),
        check: Check::Exchange(Trigger::RequestField(&[FieldName::Range]), ignored),
    }
}

fn ignored(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let head = &request.head;
    let asked = scene.status() == Some(200)
        && head.method() == Method::Get
        && !head.has(FieldName::IfRange)
        && response.head.value(FieldName::AcceptRanges) == Some(b"bytes");
    let Some(value) = head.value(FieldName::Range).filter(|_| asked) else { return };
    if Ranges::parse(value).is_some_and(|ranges| ranges.valid && ranges.of_bytes()) {
        report.find().octets("value", value).add();
    }
}

rule! {
    /// ## What it sees
    /// A server that answers TRACE by sending the request back.
    /// ## Why it matters
    /// A script that may read the answer learns cookies and credentials that it must not see.
    /// ## When it is innocent
    /// Tests of proxies.
    /// ## What to do
    /// Switch TRACE off (Apache: `TraceEnable off`).
    pub static TRACE_ENABLED = {
        id: "trace-enabled",
        title: "TRACE answered with 200",
        severity: Severity::Notice,
        otherwise: &[(Severity::Warning, "if cookies or credentials come back")],
        codes: &["200"],
        source: "RFC 9110 section 9.3.8 SHOULD exclude sensitive fields",
        guards: &[Guard::RequestKnown],
        message: text(
            "{server} supports TRACE ({url}) and echoes the request.",
            "{server} 启用了 TRACE({url}),会回显请求内容。",
        ),
        check: Check::Exchange(Trigger::Method(&[Method::Trace, Method::Other]), trace),
    }
}

fn trace(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let method = request.head.method_octets();
    if scene.status() != Some(200) || method != b"TRACE" && method != b"TRACK" {
        return;
    }
    let content = response.preview.to_ascii_lowercase();
    let names = [&b"cookie:"[..], b"authorization:"];
    let secret = names.iter().any(|name| memchr::memmem::find(&content, name).is_some());
    report.find().severity_if(secret, Severity::Warning).add();
}
