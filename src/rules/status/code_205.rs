//! 205 (Reset Content).

use crate::http::{ContentLength, Method, TransferCoding};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A 205 with content.
    /// ## Why it matters
    /// A 205 must not have any; unlike a 204 it is framed like every other response, so the octets
    /// arrive and nobody knows what they mean.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Send `Content-Length: 0`, or another status with the content.
    pub static BODY_ON_205 = {
        id: "body-on-205",
        title: "205 response with a non-empty body",
        severity: Severity::Error,
        codes: &["205"],
        source: "RFC 9110 section 15.3.6 MUST NOT generate content; founding document on 205",
        guards: &[Guard::RequestKnown],
        message: text(
            "205 (Reset Content) response to {method} {url} carries {bytes} octets of body; a 205 must not have content.",
            "对 {method} {url} 的 205(Reset Content)响应带有 {bytes} 字节主体;205 不得包含内容。",
        ),
        check: Check::Exchange(Trigger::Status(&[(205, 205)]), body),
    }
}

fn body(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let declared = response.content_length.value().unwrap_or(0);
    let bytes = declared.max(response.content.saturating_add(response.missing));
    if request.head.method() != Method::Head && bytes > 0 {
        report.find().plain("bytes", bytes).add();
    }
}

rule! {
    /// ## What it sees
    /// A 205 with neither `Content-Length: 0` nor an empty chunked body nor `Connection: close`.
    /// ## Why it matters
    /// A 205 does not end with the empty line as 204 does: the client waits until the connection
    /// closes.
    /// ## When it is innocent
    /// Clients that treat 205 as 204; others hang.
    /// ## What to do
    /// Send `Content-Length: 0`.
    pub static RESET_CONTENT_UNFRAMED = {
        id: "reset-content-unframed",
        title: "205 without an explicit zero length",
        severity: Severity::Warning,
        codes: &["205"],
        source: "RFC 9112 section 6.3 item 8 (205 is not exempt: length runs to close); RFC 7231 section 6.3.6 (three ways to say empty); founding document on 205",
        guards: &[Guard::RequestKnown],
        supersedes: &["framing-response-unframed"],
        message: text(
            "205 (Reset Content) response to {method} {url} has neither Content-Length: 0 nor chunked nor close; clients will hang.",
            "{method} {url} 的 205(Reset Content)既无 Content-Length: 0,也未分块或关闭连接,客户端会一直等待。",
        ),
        check: Check::Exchange(Trigger::Status(&[(205, 205)]), unframed),
    }
}

fn unframed(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let framed = response.content_length != ContentLength::Absent
        || response.transfer_coding != TransferCoding::Absent
        || response.head.closes();
    if request.head.method() != Method::Head && !framed {
        report.find().add();
    }
}
