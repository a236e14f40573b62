//! 206 (Partial Content): what the response must say about its part.

use super::multipart::is_byteranges;
use crate::http::{
    FieldName, Message, Method,
    header::{
        date,
        range::{ContentRange, Ranges},
    },
};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A 206 for a request that asked for no range.
    /// ## Why it matters
    /// The client takes the part for the whole: half a file is stored as one.
    /// ## When it is innocent
    /// Never; a proxy may have taken the Range field away, or a cache mixed up two requests.
    /// ## What to do
    /// Compare both sides of the proxy or cache.
    pub static PARTIAL_WITHOUT_RANGE = {
        id: "partial-without-range",
        title: "206 (Partial Content) although the request has no Range",
        severity: Severity::Error,
        codes: &["206"],
        source: "RFC 9110 section 15.3.7 (successfully fulfilling a range request); RFC 9110 section 14.2; founding document on 206",
        guards: &[Guard::RequestKnown, Guard::NotMidstream],
        message: text(
            "{server} sent a partial response (206) to {method} {url}, which asked for no range; the client will take the fragment for the whole.",
            "{method} {url} 没有 Range 报头,{server} 却返回 206 部分内容,客户端会把片段当成完整内容。",
        ),
        check: Check::Exchange(Trigger::Status(&[(206, 206)]), without_range),
    }
}

fn without_range(scene: &Scene<'_>, report: &mut Report<'_>) {
    if scene.request().is_some_and(|request| !request.head.has(FieldName::Range)) {
        report.find().add();
    }
}

rule! {
    /// ## What it sees
    /// A 206 to another method than GET.
    /// ## Why it matters
    /// Ranges are defined for GET alone; clients do not know what to do with it.
    /// ## When it is innocent
    /// HEAD, which some servers answer like GET: then it is a notice.
    /// ## What to do
    /// Correct the server.
    pub static PARTIAL_TO_NON_GET = {
        id: "partial-to-non-get",
        title: "206 in answer to a method other than GET",
        severity: Severity::Error,
        otherwise: &[(Severity::Notice, "if the method is HEAD")],
        codes: &["206"],
        source: "RFC 9110 section 14.2 MUST ignore Range for other methods; RFC 9110 section 9.3.3 (POST cannot get 206); founding document on 206",
        guards: &[Guard::RequestKnown, Guard::NotMidstream],
        message: text(
            "{server} answered {method} {url} with 206; ranges are defined for GET only.",
            "{server} 对 {method} {url} 返回 206;范围请求只对 GET 有定义。",
        ),
        check: Check::Exchange(Trigger::Status(&[(206, 206)]), to_non_get),
    }
}

fn to_non_get(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(method) = scene.exchange.method() else { return };
    if method != Method::Get {
        report.find().severity_if(method == Method::Head, Severity::Notice).add();
    }
}

rule! {
    /// ## What it sees
    /// A 206 of one part without Content-Range.
    /// ## Why it matters
    /// The client does not know which part it has.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Correct the server, or the proxy that takes the field away.
    pub static PARTIAL_MISSING_CONTENT_RANGE = {
        id: "partial-missing-content-range",
        title: "Single-part 206 without Content-Range",
        severity: Severity::Error,
        codes: &["206"],
        source: "RFC 9110 section 15.3.7.1 MUST; founding document on 206",
        guards: &[Guard::RequestKnown],
        message: text(
            "206 response to {method} {url} does not say which part it carries (Content-Range missing).",
            "{method} {url} 的 206 响应缺少 Content-Range,未说明返回的是哪一部分。",
        ),
        check: Check::Exchange(Trigger::Status(&[(206, 206)]), missing_content_range),
    }
}

fn missing_content_range(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    if !is_byteranges(response) && !response.head.has(FieldName::ContentRange) {
        report.find().add();
    }
}

/// The Content-Range of a message, where it can be read.
fn content_range(message: &Message) -> Option<ContentRange<'_>> {
    ContentRange::parse(message.head.value(FieldName::ContentRange)?)
}

/// The Range of a message, where it can be read.
fn ranges(message: &Message) -> Option<Ranges<'_>> {
    Ranges::parse(message.head.value(FieldName::Range)?)
}

rule! {
    /// ## What it sees
    /// A Content-Range in a 206 or 416 that cannot be read, contradicts itself, or says `*` in a 206.
    /// ## Why it matters
    /// The client cannot place the part.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Correct the server: `bytes FIRST-LAST/LENGTH`, `bytes */LENGTH` with 416.
    pub static CONTENT_RANGE_INVALID = {
        id: "content-range-invalid",
        title: "Content-Range that does not parse or contradicts itself",
        severity: Severity::Error,
        codes: &["206", "416"],
        source: "RFC 9110 section 14.4 (invalid if last < first or complete ≤ last); founding document on 206",
        guards: &[Guard::RequestKnown],
        supersedes: &["partial-length-mismatch"],
        message: text(
            "{status} response to {method} {url} has an invalid Content-Range '{value}'.",
            "{method} {url} 的 {status} 响应中 Content-Range '{value}' 非法。",
        ),
        check: Check::Exchange(Trigger::ResponseField(&[FieldName::ContentRange]), invalid),
    }
}

fn invalid(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    let Some(value) = response.head.value(FieldName::ContentRange) else { return };
    let sound = match (scene.status(), ContentRange::parse(value)) {
        (Some(206), Some(range)) => !range.is_empty(),
        (Some(416), range) => range.is_some(),
        (Some(206), None) => false,
        _ => return,
    };
    if !sound {
        report.find().octets("value", value).add();
    }
}

rule! {
    /// ## What it sees
    /// A 206 whose range has nothing in common with what was asked for.
    /// ## Why it matters
    /// The client puts the octets in the wrong place.
    /// ## When it is innocent
    /// A server may send less or join ranges; a range that lies elsewhere is a wrong offset or a
    /// mixed-up cache.
    /// ## What to do
    /// Compare both sides of the cache.
    pub static PARTIAL_RANGE_NOT_REQUESTED = {
        id: "partial-range-not-requested",
        title: "206 carries a range that was not asked for",
        severity: Severity::Warning,
        codes: &["206"],
        source: "RFC 9110 section 14.2; RFC 9110 section 15.3.7 (client MUST inspect); founding document on 206",
        guards: &[Guard::RequestKnown],
        message: text(
            "Asked for '{value}', {server} returned '{got}' for {url}; the ranges do not overlap.",
            "请求范围为 '{value}',{server} 对 {url} 返回 '{got}',两者没有交集。",
        ),
        check: Check::Exchange(Trigger::Status(&[(206, 206)]), not_requested),
    }
}

fn not_requested(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let Some((asked, came)) = ranges(request).zip(content_range(response)) else { return };
    let same_unit = asked.unit.eq_ignore_ascii_case(came.unit);
    if asked.valid && same_unit && !came.is_empty() && !asked.meets(&came) {
        report
            .find()
            .all("value", request.head.values(FieldName::Range))
            .all("got", response.head.values(FieldName::ContentRange))
            .add();
    }
}

rule! {
    /// ## What it sees
    /// A 206 whose content has another length than its Content-Range says.
    /// ## Why it matters
    /// What the client puts together is spoiled.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Look for a filter that changes the content behind the range: compression, a rewriting proxy.
    pub static PARTIAL_LENGTH_MISMATCH = {
        id: "partial-length-mismatch",
        title: "Length of a single-part 206 does not match its Content-Range",
        severity: Severity::Error,
        codes: &["206"],
        source: "RFC 9110 section 15.3.7.1 (content consisting of the range); RFC 9110 section 15.3.7; founding document on 206",
        guards: &[Guard::RequestKnown, Guard::NoGap],
        message: text(
            "206 for {url}: Content-Range '{value}' covers {expected} octets but the body has {got}.",
            "{url} 的 206:Content-Range '{value}' 应为 {expected} 字节,主体却是 {got} 字节。",
        ),
        check: Check::Exchange(Trigger::Status(&[(206, 206)]), length_mismatch),
    }
}

fn length_mismatch(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let Some(range) = content_range(response).filter(ContentRange::of_bytes) else { return };
    let Some(expected) = range.len() else { return };
    let got = match response.content_length.value() {
        Some(length) => length,
        None if response.complete() => response.content,
        None => return,
    };
    if request.head.method() != Method::Head && got != expected {
        report
            .find()
            .all("value", response.head.values(FieldName::ContentRange))
            .plain("expected", expected)
            .plain("got", got)
            .add();
    }
}

rule! {
    /// ## What it sees
    /// A 206 without Date.
    /// ## Why it matters
    /// Caches need it to say how old the part is.
    /// ## When it is innocent
    /// Servers without a clock.
    /// ## What to do
    /// Send Date.
    pub static PARTIAL_MISSING_DATE = {
        id: "partial-missing-date",
        title: "206 without Date",
        severity: Severity::Notice,
        codes: &["206"],
        source: "RFC 9110 section 15.3.7 MUST (if the field would have been sent in a 200); RFC 9110 section 6.6.1 MUST (origin with a clock); founding document on 206",
        guards: &[Guard::RequestKnown],
        message: text(
            "206 response to {url} has no Date field.",
            "{url} 的 206 响应缺少 Date 报头。",
        ),
        check: Check::Exchange(Trigger::Status(&[(206, 206)]), missing_date),
    }
}

fn missing_date(scene: &Scene<'_>, report: &mut Report<'_>) {
    if scene.response().is_some_and(|response| !response.head.has(FieldName::Date)) {
        report.find().add();
    }
}

rule! {
    /// ## What it sees
    /// A 206 although the validator in If-Range is not the current one.
    /// ## Why it matters
    /// The client joins parts of two versions: a resumed download is spoiled without anybody
    /// noticing.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Correct the server: if the validator differs, the answer is a whole 200.
    pub static PARTIAL_IF_RANGE_MISMATCH = {
        id: "partial-if-range-mismatch",
        title: "206 although the If-Range validator does not match",
        severity: Severity::Error,
        codes: &["206"],
        source: "RFC 9110 section 13.1.5 MUST ignore Range if the condition is false; RFC 9110 section 13.2.2 step 5; founding document on 416",
        guards: &[Guard::RequestKnown],
        message: text(
            "{url}: If-Range '{expected}' does not match the current validator '{got}', yet {server} sent a 206; a resumed download would be corrupted.",
            "{url}:If-Range '{expected}' 与当前校验值 '{got}' 不符,{server} 却返回 206,续传会得到损坏的文件。",
        ),
        check: Check::Exchange(Trigger::Status(&[(206, 206)]), if_range_mismatch),
    }
}

fn if_range_mismatch(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let Some(expected) = request.head.value(FieldName::IfRange) else { return };
    let name = if expected.starts_with(b"\"") { FieldName::Etag } else { FieldName::LastModified };
    let Some(got) = response.head.value(name) else { return };
    let differs = match name {
        FieldName::Etag => got != expected,
        _ => date::parse(expected).is_some_and(|asked| date::parse(got) != Some(asked)),
    };
    if differs {
        report.find().octets("expected", expected).octets("got", got).add();
    }
}

rule! {
    /// ## What it sees
    /// A 206 that carries everything.
    /// ## Why it matters
    /// Nothing is wrong with it; older guides forbid it, the RFC does not.
    /// ## When it is innocent
    /// Always: players ask for `bytes=0-`.
    /// ## What to do
    /// Nothing.
    pub static PARTIAL_WHOLE_REPRESENTATION = {
        id: "partial-whole-representation",
        title: "206 that contains the whole representation",
        severity: Severity::Info,
        codes: &["206"],
        source: "RFC 9110 section 15.3.7; RFC 9110 section 14.2; founding document on 206",
        guards: &[Guard::RequestKnown],
        message: text(
            "206 for {url} covers the complete representation ({value}).",
            "{url} 的 206 实际包含了完整表示({value})。",
        ),
        check: Check::Exchange(Trigger::Status(&[(206, 206)]), whole),
    }
}

fn whole(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    let Some(range) = content_range(response) else { return };
    let all = range.complete.and_then(|len| len.checked_sub(1)).map(|last| (0, last));
    if all.is_some() && range.range == all {
        report.find().all("value", response.head.values(FieldName::ContentRange)).add();
    }
}

rule! {
    /// ## What it sees
    /// Content-Range in a response that is neither 206 nor 416.
    /// ## Why it matters
    /// Somebody turned a 206 into a 200: the client stores a part as the whole.
    /// ## When it is innocent
    /// APIs that page with `items 0-9/200`.
    /// ## What to do
    /// Look at proxies and libraries that change the status.
    pub static CONTENT_RANGE_ON_OTHER_STATUS = {
        id: "content-range-on-other-status",
        title: "Content-Range on a response that is neither 206 nor 416",
        severity: Severity::Notice,
        codes: &["200", "3xx", "4xx", "5xx"],
        source: "RFC 9110 section 14.4 (no meaning for other status codes)",
        guards: &[Guard::RequestKnown],
        message: text(
            "{status} response to {method} {url} carries Content-Range '{value}', which only 206 and 416 define.",
            "{method} {url} 的 {status} 响应带有 Content-Range '{value}',该字段只对 206 和 416 有意义。",
        ),
        check: Check::Exchange(Trigger::ResponseField(&[FieldName::ContentRange]), on_other),
    }
}

fn on_other(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let defined = matches!(scene.status(), Some(206 | 416));
    if !defined && request.head.method() != Method::Put {
        report.find().all("value", response.head.values(FieldName::ContentRange)).add();
    }
}
