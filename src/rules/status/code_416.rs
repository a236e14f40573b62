//! 416 (Range Not Satisfiable).

use crate::http::{
    FieldName,
    header::range::{ContentRange, Ranges},
};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A 416 to a request without Range.
    /// ## Why it matters
    /// There was no range that could not be satisfied.
    /// ## When it is innocent
    /// Uploads in parts (Content-Range) are left out.
    /// ## What to do
    /// Look whether a proxy takes the field away.
    pub static RANGE_NOT_SATISFIABLE_WITHOUT_RANGE = {
        id: "range-not-satisfiable-without-range",
        title: "416 although the request has no Range",
        severity: Severity::Warning,
        codes: &["416"],
        source: "RFC 9110 section 15.5.17 (ranges in the request's Range field); founding document on 416",
        guards: &[Guard::RequestKnown],
        message: text("{server} answered {method} {url} with 416 although the request has no Range.", "{method} {url} 没有 Range 报头,{server} 却返回 416。"),
        check: Check::Exchange(Trigger::Status(&[(416, 416)]), without_range),
    }

    /// ## What it sees
    /// A 416 to a request with If-Range.
    /// ## Why it matters
    /// With If-Range the answer is the part, or the whole: the client cannot go on otherwise.
    /// ## When it is innocent
    /// Servers that say so where a finished download is resumed.
    /// ## What to do
    /// Let the server ignore the range and send the whole.
    pub static RANGE_NOT_SATISFIABLE_WITH_IF_RANGE = {
        id: "range-not-satisfiable-with-if-range",
        title: "416 although the request has If-Range",
        severity: Severity::Warning,
        codes: &["416"],
        source: "RFC 9110 section 13.2.2 step 5 (otherwise ignore Range and respond 200); RFC 2616 section 10.4.17; founding document on 416",
        guards: &[Guard::RequestKnown],
        message: text("{server} answered {url} with 416 although the request has If-Range; it should have sent the full 200.", "{url} 的请求带有 If-Range,{server} 却返回 416;应返回完整的 200。"),
        check: Check::Exchange(Trigger::Status(&[(416, 416)]), with_if_range),
    }

    /// ## What it sees
    /// A 416 that does not tell the length (`Content-Range: bytes */N`).
    /// ## Why it matters
    /// The client cannot correct its range.
    /// ## When it is innocent
    /// Lengths that are not known.
    /// ## What to do
    /// Send the field.
    pub static RANGE_NOT_SATISFIABLE_WITHOUT_LENGTH = {
        id: "range-not-satisfiable-without-length",
        title: "416 without Content-Range telling the current length",
        severity: Severity::Notice,
        codes: &["416"],
        source: "RFC 9110 section 15.5.17 SHOULD; RFC 9110 section 14.4 SHOULD (bytes */length); founding document on 416",
        guards: &[Guard::RequestKnown],
        message: text("416 response to {url} does not tell the actual size ('Content-Range: bytes */N' missing).", "{url} 的 416 响应没有用 'Content-Range: bytes */N' 告知实际大小。"),
        check: Check::Exchange(Trigger::Status(&[(416, 416)]), without_length),
    }

    /// ## What it sees
    /// A 416 to a range that lies within the length that the answer names.
    /// ## Why it matters
    /// The client asked for something that is there.
    /// ## When it is innocent
    /// More than two ranges may be refused as an attack, and are left out.
    /// ## What to do
    /// Correct the server: a range counts as satisfiable if its first octet is there.
    pub static RANGE_NOT_SATISFIABLE_BUT_SATISFIABLE = {
        id: "range-not-satisfiable-but-satisfiable",
        title: "416 although the requested range lies within the announced length",
        severity: Severity::Error,
        codes: &["416"],
        source: "RFC 9110 section 14.1.2 (satisfiable if first-pos < length); RFC 9110 section 14.2 SHOULD 206; founding document on 416",
        guards: &[Guard::RequestKnown],
        message: text("{server} refused '{value}' on {url} with 416 although the representation has {expected} octets; the range is satisfiable.", "{url} 共 {expected} 字节,范围 '{value}' 可以满足,{server} 却返回 416。"),
        check: Check::Exchange(Trigger::Status(&[(416, 416)]), satisfiable),
    }
}

fn without_range(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(request) = scene.request() else { return };
    if !request.head.has(FieldName::Range) && !request.head.has(FieldName::ContentRange) {
        report.find().add();
    }
}

fn with_if_range(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(request) = scene.request() else { return };
    if request.head.has(FieldName::Range) && request.head.has(FieldName::IfRange) {
        report.find().add();
    }
}

fn without_length(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let asked = request.head.value(FieldName::Range).and_then(Ranges::parse);
    if asked.is_some_and(|ranges| !ranges.of_bytes()) {
        return;
    }
    let told = match response.head.value(FieldName::ContentRange) {
        None => false,
        // One that cannot be read has a rule of its own.
        Some(value) => ContentRange::parse(value).is_none_or(|range| range.range.is_none()),
    };
    if !told {
        report.find().about(response).add();
    }
}

fn satisfiable(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let Some(value) = request.head.value(FieldName::Range) else { return };
    let Some(ranges) = Ranges::parse(value).filter(Ranges::of_bytes) else { return };
    let told = response.head.value(FieldName::ContentRange).and_then(ContentRange::parse);
    let Some(length) = told.filter(|told| told.range.is_none()).and_then(|told| told.complete)
    else {
        return;
    };
    if ranges.valid && ranges.specs.len() <= 2 && ranges.satisfiable(length) {
        report.find().octets("value", value).plain("expected", length).add();
    }
}
