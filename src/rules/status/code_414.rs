//! 414 (URI Too Long), 415 (Unsupported Media Type), 417 (Expectation Failed) and 418.

use crate::http::{ContentLength, FieldName, TransferCoding};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A 414 to a target of less than 2,048 octets.
    /// ## Why it matters
    /// Servers should accept 8,000; the limit is too low, or something else is meant.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Look up the limit of the server and of the proxies in front of it.
    pub static URI_TOO_LONG_BUT_SHORT = {
        id: "uri-too-long-but-short",
        title: "414 for a short request-target",
        severity: Severity::Notice,
        codes: &["414"],
        source: "RFC 9112 section 3 RECOMMENDED to support at least 8000 octets; RFC 9110 section 15.5.15; founding document on 414",
        parameters: &[Parameter { name: "short", default: &[2048.0], meaning: "octets of a target that is not long" }],
        guards: &[Guard::RequestKnown],
        message: text("{server} answered 414 to a request-target of only {bytes} octets; at least 8000 should be supported.", "请求目标仅 {bytes} 字节,{server} 却返回 414;至少应支持 8000 字节。"),
        check: Check::Exchange(Trigger::Status(&[(414, 414)]), short),
    }

    /// ## What it sees
    /// A 415 or 422 to a request without content.
    /// ## Why it matters
    /// There is nothing of which the type or the meaning could be refused. Frameworks that want a
    /// Content-Type with every POST do this.
    /// ## When it is innocent
    /// 422 that judges the parameters of a query is left out.
    /// ## What to do
    /// Let the server accept empty requests, or answer with the code that is meant.
    pub static MEDIA_TYPE_REFUSED_WITHOUT_CONTENT = {
        id: "media-type-refused-without-content",
        title: "415 or 422 although the request has no content",
        severity: Severity::Warning,
        codes: &["415", "422"],
        source: "RFC 9110 section 15.5.16 (content is in an unsupported format); RFC 9110 section 15.5.21 (request content); founding document on 415, 422",
        guards: &[Guard::RequestKnown],
        supersedes: &["media-type-refused-without-hint"],
        message: text("{server} answered {method} {url} with {status}, but the request carries no content to object to.", "{method} {url} 没有主体,{server} 却返回 {status}。"),
        check: Check::Exchange(Trigger::Status(&[(415, 415), (422, 422)]), without_content),
    }

    /// ## What it sees
    /// A 415 without content and without a field that says what would be accepted.
    /// ## Why it matters
    /// The client cannot know what to send instead.
    /// ## When it is innocent
    /// Programs know by heart.
    /// ## What to do
    /// Send Accept, Accept-Encoding, Accept-Post or Accept-Patch with it.
    pub static MEDIA_TYPE_REFUSED_WITHOUT_HINT = {
        id: "media-type-refused-without-hint",
        title: "415 that does not say what would be accepted",
        severity: Severity::Info,
        codes: &["415"],
        source: "RFC 9110 section 15.5.16 (Accept / Accept-Encoding ought to be used); RFC 5789 section 2.2 SHOULD Accept-Patch; founding document on 415",
        guards: &[Guard::RequestKnown, Guard::NoGap],
        message: text("415 response to {method} {url} (Content-Type {value}) gives no hint which formats are accepted.", "{method} {url}(Content-Type {value})的 415 响应没有说明可接受的格式。"),
        check: Check::Exchange(Trigger::Status(&[(415, 415)]), without_hint),
    }

    /// ## What it sees
    /// A 417 to a request without Expect.
    /// ## Why it matters
    /// There was no expectation that could fail.
    /// ## When it is innocent
    /// A proxy that put the field in, or took it away.
    /// ## What to do
    /// Capture in front of the server too.
    pub static EXPECTATION_FAILED_WITHOUT_EXPECT = {
        id: "expectation-failed-without-expect",
        title: "417 although the request has no Expect",
        severity: Severity::Warning,
        codes: &["417"],
        source: "RFC 9110 section 15.5.18 (expectation in the request's Expect field); founding document on 417",
        guards: &[Guard::RequestKnown],
        message: text("{server} answered {method} {url} with 417 although the request has no Expect field.", "{method} {url} 没有 Expect 报头,{server} 却返回 417。"),
        check: Check::Exchange(Trigger::Status(&[(417, 417)]), without_expect),
    }

    /// ## What it sees
    /// A 418.
    /// ## Why it matters
    /// The code is reserved and was a joke; firewalls use it to block robots, content networks for
    /// hosts that they do not know.
    /// ## When it is innocent
    /// Jokes.
    /// ## What to do
    /// Look into the content; answer 403 or 404.
    pub static RESERVED_418 = {
        id: "reserved-418",
        title: "418 (Unused, teapot)",
        severity: Severity::Info,
        codes: &["418"],
        source: "RFC 9110 section 15.5.19 (reserved); RFC 2324 section 2.3.2",
        guards: &[Guard::HeadWhole],
        message: text("{server} answered {method} {url} with 418, a reserved joke code; usually an anti-bot block or a CDN without configuration for the host.", "{server} 对 {method} {url} 返回保留的 418;通常是反爬拦截,或 CDN 节点没有该域名的配置。"),
        check: Check::Exchange(Trigger::Status(&[(418, 418)]), teapot),
    }
}

fn short(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(request) = scene.request() else { return };
    let octets = request.head.target().len();
    if (octets as f64) < report.parameter("short") {
        report.find().plain("bytes", octets).add();
    }
}

fn without_content(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(request) = scene.request() else { return };
    let nothing = request.complete()
        && request.content == 0
        && request.missing == 0
        && matches!(request.content_length, ContentLength::Absent | ContentLength::Valid(0))
        && request.transfer_coding == TransferCoding::Absent;
    let target = request.head.target();
    let query = memchr::memchr(b'?', target).is_some_and(|at| at + 1 < target.len());
    if nothing && !(scene.status() == Some(422) && query) {
        report.find().add();
    }
}

fn without_hint(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let head = &response.head;
    let hint = [FieldName::Accept, FieldName::AcceptEncoding, FieldName::AcceptPatch]
        .iter()
        .any(|name| head.has(*name))
        || head.values_named("accept-post").next().is_some();
    if !hint && response.complete() && response.content == 0 && response.missing == 0 {
        report.find().all("value", request.head.values(FieldName::ContentType)).add();
    }
}

fn without_expect(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(request) = scene.request() else { return };
    if !request.head.has(FieldName::Expect) {
        report.find().add();
    }
}

fn teapot(scene: &Scene<'_>, report: &mut Report<'_>) {
    if let Some(response) = scene.response() {
        report.find().about(response).add();
    }
}
