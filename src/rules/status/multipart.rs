//! `multipart/byteranges` (RFC 9110 section 14.6).

use crate::http::{
    FieldName, Message,
    header::{media_type::MediaType, range::Ranges},
};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Report, Scene, Severity, Trigger, text};
use crate::status::Text;

rule! {
    /// ## What it sees
    /// A `multipart/byteranges` answer with a Content-Range of its own, without a boundary, without
    /// parts, or with a part that does not say where it belongs.
    /// ## Why it matters
    /// The client cannot take it apart.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Correct the server, or limit it to one range.
    pub static PARTIAL_MULTIPART_MALFORMED = {
        id: "partial-multipart-malformed",
        title: "multipart/byteranges 206 that breaks its own rules",
        severity: Severity::Error,
        codes: &["206"],
        source: "RFC 9110 section 15.3.7.2 MUST NOT send Content-Range in the header section; MUST in each part; boundary required; founding document on 206",
        guards: &[Guard::RequestKnown, Guard::NoGap],
        supersedes: &["content-range-invalid"],
        message: text(
            "multipart/byteranges response to {method} {url} is malformed: {what}.",
            "{method} {url} 的 multipart/byteranges 响应不合规:{what}。",
        ),
        check: Check::Exchange(Trigger::Status(&[(206, 206)]), malformed),
    }
}

/// Whether a message is several ranges in one.
pub(super) fn is_byteranges(message: &Message) -> bool {
    media(message)
        .is_some_and(|media| media.is("multipart/byteranges") || media.is("multipart/x-byteranges"))
}

fn media(message: &Message) -> Option<MediaType<'_>> {
    MediaType::parse(message.head.value(FieldName::ContentType)?)
}

fn malformed(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    let Some(media) = media(response).filter(|media| media.is("multipart/byteranges")) else {
        return;
    };
    let boundary = media.parameter("boundary").filter(|boundary| !boundary.is_empty());
    let fault = match boundary {
        _ if response.head.has(FieldName::ContentRange) => {
            Some(text("it has a Content-Range of its own", "顶层带有 Content-Range"))
        }
        None => Some(text("the boundary is missing", "缺少 boundary")),
        // A coded content cannot be looked into.
        Some(_) if response.head.has(FieldName::ContentEncoding) => None,
        Some(boundary) if response.complete() => fault_of_parts(&response.preview, boundary),
        Some(_) => None,
    };
    if let Some(what) = fault {
        report.find().phrase("what", what).add();
    }
}

/// What is wrong with the parts, as far as their content was kept.
fn fault_of_parts(content: &[u8], boundary: &[u8]) -> Option<Text> {
    let delimiter = [b"--", boundary].concat();
    let mut parts = 0;
    for at in memchr::memmem::find_iter(content, &delimiter) {
        let line_start = at == 0 || content.get(at - 1) == Some(&b'\n');
        let behind = content.get(at + delimiter.len()..).unwrap_or_default();
        if !line_start || behind.starts_with(b"--") {
            continue;
        }
        let Some(end) = memchr::memmem::find(behind, b"\r\n\r\n") else { break };
        parts += 1;
        let head = behind.get(..end).unwrap_or_default();
        let ranged = head.split(|octet| *octet == b'\n').any(|line| {
            line.get(..14).is_some_and(|name| name.eq_ignore_ascii_case(b"content-range:"))
        });
        if !ranged {
            return Some(text("a part has no Content-Range", "有分段缺少 Content-Range"));
        }
    }
    (parts == 0).then(|| text("there are no parts", "没有任何分段"))
}

rule! {
    /// ## What it sees
    /// A multipart answer to a request for one range.
    /// ## Why it matters
    /// Clients that asked for one range need not understand multipart.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Correct the server.
    pub static PARTIAL_MULTIPART_FOR_SINGLE_RANGE = {
        id: "partial-multipart-for-single-range",
        title: "multipart/byteranges in answer to a single range",
        severity: Severity::Error,
        codes: &["206"],
        source: "RFC 9110 section 15.3.7.2 MUST NOT; founding document on 206",
        guards: &[Guard::RequestKnown],
        message: text(
            "{server} answered the single range '{value}' on {url} with a multipart body.",
            "{server} 对 {url} 的单个范围 '{value}' 返回了 multipart 主体。",
        ),
        check: Check::Exchange(Trigger::Status(&[(206, 206)]), for_single),
    }
}

fn for_single(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let Some(value) = request.head.value(FieldName::Range) else { return };
    let multipart = media(response).is_some_and(|media| media.is("multipart/byteranges"));
    if multipart && Ranges::parse(value).is_some_and(|ranges| ranges.specs.len() == 1) {
        report.find().octets("value", value).add();
    }
}
