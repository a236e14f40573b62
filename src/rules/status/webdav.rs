//! 207, 208 and 424, as WebDAV means them, and 226.

use crate::http::{FieldName, header::media_type::MediaType};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Report, Scene, Severity, Trigger, methods, text};

rule! {
    /// ## What it sees
    /// A 207 to a method of WebDAV that is no XML document of the right kind.
    /// ## Why it matters
    /// The client cannot read the states of the single resources.
    /// ## When it is innocent
    /// APIs that borrow 207 use other methods and are not reported.
    /// ## What to do
    /// Correct the server, or what changes the content on the way.
    pub static MULTISTATUS_NOT_XML = {
        id: "multistatus-not-xml",
        title: "207 (Multi-Status) to a WebDAV method without an XML multistatus body",
        severity: Severity::Warning,
        codes: &["207"],
        source: "RFC 4918 section 13 (multistatus root element); RFC 4918 section 11.1; RFC 4918 section 8.2 (application/xml or text/xml)",
        guards: &[Guard::RequestKnown, Guard::NoGap],
        message: text(
            "207 response to {method} {url} is not a DAV:multistatus document (Content-Type '{value}').",
            "{method} {url} 的 207 响应不是 DAV:multistatus 文档(Content-Type '{value}')。",
        ),
        check: Check::Exchange(Trigger::Status(&[(207, 207)]), not_xml),
    }
}

fn not_xml(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    if !methods::of_webdav(request.head.method_octets()) {
        return;
    }
    let value = response.head.value(FieldName::ContentType).unwrap_or_default();
    let xml = MediaType::parse(value)
        .is_some_and(|media| media.is("application/xml") || media.is("text/xml"));
    // A coded content cannot be looked into.
    let readable = response.complete() && !response.head.has(FieldName::ContentEncoding);
    let named = memchr::memmem::find(&response.preview, b"multistatus").is_some();
    if !xml || readable && !named {
        report.find().octets("value", value).add();
    }
}

rule! {
    /// ## What it sees
    /// 208 or 424 as the status of a whole response.
    /// ## Why it matters
    /// Both belong inside a 207, to single resources; a client does not expect them here.
    /// ## When it is innocent
    /// APIs with other methods are not reported.
    /// ## What to do
    /// Answer 207 with the code inside.
    pub static ALREADY_REPORTED_TOP_LEVEL = {
        id: "already-reported-top-level",
        title: "208 (Already Reported) or 424 used as the status of a whole response",
        severity: Severity::Notice,
        codes: &["208", "424"],
        source: "RFC 5842 section 7.1 (inside a DAV:propstat element); RFC 4918 section 11.4",
        guards: &[Guard::RequestKnown],
        message: text(
            "{server} used {status} as the status line of {method} {url}; it is meant for elements inside a 207.",
            "{server} 把 {status} 用作 {method} {url} 的状态行;该码只应出现在 207 的主体内部。",
        ),
        check: Check::Exchange(Trigger::Status(&[(208, 208), (424, 424)]), top_level),
    }
}

fn top_level(scene: &Scene<'_>, report: &mut Report<'_>) {
    if scene.request().is_some_and(|request| methods::of_webdav(request.head.method_octets())) {
        report.find().add();
    }
}

rule! {
    /// ## What it sees
    /// A 226 without A-IM in the request or IM in the response.
    /// ## Why it matters
    /// The client did not ask for a delta, or cannot tell how to apply it.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Correct the server: without A-IM the answer is a 200.
    pub static IM_USED_WITHOUT_A_IM = {
        id: "im-used-without-a-im",
        title: "226 (IM Used) without A-IM in the request or IM in the response",
        severity: Severity::Error,
        codes: &["226"],
        source: "RFC 3229 section 10.4.1 (request MUST have included A-IM; response MUST include IM)",
        guards: &[Guard::RequestKnown],
        message: text(
            "226 response to {method} {url} lacks {field}; the client cannot decode the delta.",
            "{method} {url} 的 226 响应缺少 {field},客户端无法解读增量。",
        ),
        check: Check::Exchange(Trigger::Status(&[(226, 226)]), im_used),
    }
}

fn im_used(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let asked = request.head.values_named("a-im").next().is_some();
    if !asked {
        report.find().plain("field", "A-IM").add();
    } else if response.head.values_named("im").next().is_none() {
        report.find().plain("field", "IM").add();
    }
}
