//! What a response says about its content, whatever its status.

use crate::http::{FieldName, Method};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Report, Scene, Severity, Trigger, list, text};

rule! {
    /// ## What it sees
    /// Content without a Content-Type.
    /// ## Why it matters
    /// The client has to guess, and may take data for a page with scripts in it.
    /// ## When it is innocent
    /// Old programs; clients that know what they asked for.
    /// ## What to do
    /// Send the type, and `X-Content-Type-Options: nosniff`.
    pub static CONTENT_TYPE_MISSING = {
        id: "content-type-missing",
        title: "Response with content but without Content-Type",
        severity: Severity::Info,
        codes: &["2xx", "4xx", "5xx"],
        source: "RFC 9110 section 8.3 SHOULD",
        guards: &[Guard::RequestKnown],
        message: text(
            "{status} response to {method} {url} has {bytes} octets of content but no Content-Type.",
            "{method} {url} 的 {status} 响应有 {bytes} 字节内容,却没有 Content-Type。",
        ),
        check: Check::Exchange(Trigger::ResponseLacks(&[FieldName::ContentType]), type_missing),
    }
}

fn type_missing(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    if response.content == 0 || response.head.has(FieldName::ContentType) {
        return;
    }
    if !matches!(request.head.method(), Method::Head | Method::Connect) {
        report.find().add();
    }
}

rule! {
    /// ## What it sees
    /// A content coding that the request does not accept.
    /// ## Why it matters
    /// The client shows garbage or fails.
    /// ## When it is innocent
    /// A request without Accept-Encoding accepts everything, and is not reported.
    /// ## What to do
    /// Look at the cache: it keeps one answer for all, without `Vary: Accept-Encoding`.
    pub static CONTENT_CODING_NOT_ACCEPTED = {
        id: "content-coding-not-accepted",
        title: "Content-Encoding the client did not accept",
        severity: Severity::Warning,
        codes: &["2xx", "4xx", "5xx"],
        source: "RFC 9110 section 12.5.3 (not acceptable); SHOULD send without coding; RFC 9110 section 15.5.7; founding document on 406",
        guards: &[Guard::RequestKnown],
        message: text(
            "{server} sent {url} with Content-Encoding '{value}', but {client} accepts only '{expected}'.",
            "{server} 以 Content-Encoding '{value}' 返回 {url},而 {client} 只接受 '{expected}'。",
        ),
        check: Check::Exchange(Trigger::ResponseField(&[FieldName::ContentEncoding]), coding),
    }
}

fn coding(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    if scene.status() == Some(304) || !request.head.has(FieldName::AcceptEncoding) {
        return;
    }
    let accepted = |coding: &[u8]| {
        list::tokens(&request.head, FieldName::AcceptEncoding)
            .any(|accepted| accepted == b"*" || accepted.eq_ignore_ascii_case(coding))
    };
    let unknown = list::tokens(&response.head, FieldName::ContentEncoding).find(|coding| {
        let plain = coding.strip_prefix(b"x-").unwrap_or(coding);
        !coding.eq_ignore_ascii_case(b"identity") && !accepted(coding) && !accepted(plain)
    });
    if let Some(value) = unknown {
        report
            .find()
            .octets("value", value)
            .all("expected", request.head.values(FieldName::AcceptEncoding))
            .add();
    }
}
