//! 412 (Precondition Failed) and 413 (Content Too Large).

use crate::http::{FieldName, Head, Method};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A 412 to a request that states no condition.
    /// ## Why it matters
    /// Nothing can have failed: mostly a firewall uses the code to block.
    /// ## When it is innocent
    /// WebDAV, tus uploads and the conditions of cloud storage are known and left out.
    /// ## What to do
    /// Look for a rule of a firewall; answer with the code that is meant.
    pub static PRECONDITION_FAILED_UNCONDITIONAL = {
        id: "precondition-failed-unconditional",
        title: "412 although the request has no precondition",
        severity: Severity::Warning,
        codes: &["412"],
        source: "RFC 9110 section 15.5.13 (conditions given in the request header fields); founding document on 412",
        guards: &[Guard::RequestKnown],
        message: text("{server} answered {method} {url} with 412 although the request states no precondition.", "{method} {url} 没有任何前提条件报头,{server} 却返回 412。"),
        check: Check::Exchange(Trigger::Status(&[(412, 412)]), unconditional),
    }

    /// ## What it sees
    /// A 412 to a GET or HEAD whose If-None-Match or If-Modified-Since was not met.
    /// ## Why it matters
    /// The client has the current representation and is told that something failed; it shows an
    /// error.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Let the application answer 304 for GET and HEAD.
    pub static PRECONDITION_FAILED_SHOULD_BE_304 = {
        id: "precondition-failed-should-be-304",
        title: "412 where 304 is required",
        severity: Severity::Error,
        codes: &["412", "304"],
        source: "RFC 9110 section 13.1.2 MUST respond 304 for GET/HEAD; RFC 9110 section 13.1.3 SHOULD 304; RFC 9110 section 13.2.2; founding document on 412, 304",
        guards: &[Guard::RequestKnown],
        supersedes: &["precondition-failed-unconditional"],
        message: text("{server} answered {method} {url} with 412; a failed {field} on {method} must give 304.", "{server} 对 {method} {url} 返回 412;{method} 的 {field} 不满足时应返回 304。"),
        check: Check::Exchange(Trigger::Status(&[(412, 412)]), should_be_304),
    }

    /// ## What it sees
    /// A 412 to a PUT, POST or DELETE whose only condition is If-Modified-Since.
    /// ## Why it matters
    /// The field has to be ignored there; the change was refused for nothing.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Use If-Unmodified-Since or If-Match in the client; correct the server.
    pub static PRECONDITION_IGNORED_MODIFIED_SINCE = {
        id: "precondition-ignored-modified-since",
        title: "412 where the only condition is If-Modified-Since on an unsafe method",
        severity: Severity::Warning,
        codes: &["412"],
        source: "RFC 9110 section 13.1.3 MUST ignore If-Modified-Since unless GET or HEAD; founding document on 412",
        guards: &[Guard::RequestKnown],
        message: text("{server} evaluated If-Modified-Since on {method} {url} (412); the field must be ignored for this method.", "{server} 在 {method} {url} 上因 If-Modified-Since 返回 412;该方法必须忽略此报头。"),
        check: Check::Exchange(Trigger::Status(&[(412, 412)]), modified_since),
    }

    /// ## What it sees
    /// A 413 to a request with less than 64 KiB of content.
    /// ## Why it matters
    /// The limit is far too low, or another one is meant: old servers answer so when fields are too
    /// large (431).
    /// ## When it is innocent
    /// Interfaces that accept only short messages.
    /// ## What to do
    /// Look up the limit (nginx: `client_max_body_size`), also of the proxies in between.
    pub static CONTENT_TOO_LARGE_SMALL_BODY = {
        id: "content-too-large-small-body",
        title: "413 although the request body is small or absent",
        severity: Severity::Notice,
        codes: &["413"],
        source: "RFC 9110 section 15.5.14; founding document on 413",
        parameters: &[Parameter { name: "small", default: &[65536.0], meaning: "octets of content below which it is reported" }],
        guards: &[Guard::RequestKnown, Guard::NoGap],
        message: text("{server} answered {method} {url} with 413 although its body has only {bytes} octets; limit set too low, or 431 was meant.", "{method} {url} 的主体仅 {bytes} 字节,{server} 却返回 413;可能限制过低,或本意是 431。"),
        check: Check::Exchange(Trigger::Status(&[(413, 413)]), small),
    }
}

/// Conditions that are not RFC 9110's: names, and how names begin.
const OTHERS: [&str; 6] =
    ["if", "if-schedule-tag-match", "overwrite", "destination", "tus-resumable", "x-if-delete-at"];
const FAMILIES: [&[u8]; 8] = [
    b"if-",
    b"x-if-",
    b"x-amz-copy-source-if",
    b"x-ms-source-if",
    b"x-goog-if",
    b"x-oss-copy-source-if",
    b"x-cos-copy-source-if",
    b"x-oss-forbid",
];

fn is_conditional(head: &Head) -> bool {
    let begins = |name: &[u8]| {
        FAMILIES.iter().any(|family| {
            name.get(..family.len()).is_some_and(|front| front.eq_ignore_ascii_case(family))
        })
    };
    OTHERS.iter().any(|name| head.values_named(name).next().is_some())
        || head.fields().any(|field| begins(field.name_octets))
}

fn unconditional(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(request) = scene.request() else { return };
    if !is_conditional(&request.head) {
        report.find().add();
    }
}

fn should_be_304(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(request) = scene.request() else { return };
    let head = &request.head;
    if !matches!(head.method(), Method::Get | Method::Head)
        || head.has(FieldName::IfMatch)
        || head.has(FieldName::IfUnmodifiedSince)
        || head.values_named("if").next().is_some()
    {
        return;
    }
    let field = match () {
        () if head.has(FieldName::IfNoneMatch) => "If-None-Match",
        () if head.has(FieldName::IfModifiedSince) => "If-Modified-Since",
        () => return,
    };
    report.find().plain("field", field).add();
}

fn modified_since(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(request) = scene.request() else { return };
    let head = &request.head;
    let other = [
        FieldName::IfMatch,
        FieldName::IfNoneMatch,
        FieldName::IfUnmodifiedSince,
        FieldName::IfRange,
    ];
    if !matches!(head.method(), Method::Get | Method::Head)
        && head.has(FieldName::IfModifiedSince)
        && !other.iter().any(|name| head.has(*name))
        && head.values_named("if").next().is_none()
        && head.values_named("if-schedule-tag-match").next().is_none()
    {
        report.find().add();
    }
}

fn small(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(request) = scene.request() else { return };
    let whole = request.complete().then(|| request.content.saturating_add(request.missing));
    let Some(octets) = request.content_length.value().or(whole) else { return };
    if (octets as f64) < report.parameter("small") {
        report.find().plain("bytes", octets).add();
    }
}
