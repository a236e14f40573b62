//! Responses that come before the request is whole.

use crate::http::{FieldName, Framing, Message, Version};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A final response that came while the request was still being sent.
    /// ## Why it matters
    /// An early success means that the server acted on half a request. An early error is normal, but
    /// the rest of the body is sent for nothing.
    /// ## When it is innocent
    /// An early 4xx or 5xx that refuses an upload.
    /// ## What to do
    /// For a 2xx or 3xx look at the application: it answers without having read the body.
    pub static EARLY_FINAL_RESPONSE = {
        id: "early-final-response",
        title: "Final response begins before the request body has been sent completely",
        severity: Severity::Info,
        otherwise: &[(Severity::Warning, "if it is a 2xx or 3xx")],
        codes: &["2xx", "3xx", "4xx", "5xx"],
        source: "RFC 9110 section 10.1.1 SHOULD indicate whether it closes; RFC 9112 section 9.3 MUST read the entire body or close; RFC 9112 section 9.5; founding document on 411/413",
        guards: &[Guard::NotMidstream, Guard::NoGap, Guard::RequestKnown],
        message: text(
            "{server} answered {status} to {method} {url} after only {received} of {declared} body octets had arrived.",
            "{server} 在 {method} {url} 的请求主体只到达 {received}/{declared} 字节时就返回了 {status}。",
        ),
        check: Check::Exchange(Trigger::EarlyResponse, early),
    }
}

fn early(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let Some(status) = scene.status().filter(|status| *status >= 200) else { return };
    let refused = expects(request) && request.content == 0;
    let unfinished = request.last.packet > response.first.packet || !request.complete();
    if !has_body(request) || refused || !unfinished {
        return;
    }
    let received = scene.exchange.before_answer.unwrap_or(request.content);
    let draft = report.find().severity_if(status < 400, Severity::Warning);
    let draft = draft.plain("received", received);
    match request.content_length.value() {
        Some(declared) => draft.plain("declared", declared).add(),
        None => draft.phrase("declared", text("an unknown number of", "未知数量的")).add(),
    }
}

/// Whether a request has a body of which the end can be seen.
fn has_body(request: &Message) -> bool {
    matches!(request.framing, Framing::Length(_) | Framing::Chunked)
}

/// Whether it waits to be told to go on.
fn expects(request: &Message) -> bool {
    request.head.lists(FieldName::Expect, b"100-continue")
}

rule! {
    /// ## What it sees
    /// An error while the body of the request was still being sent, without `Connection: close`.
    /// ## Why it matters
    /// The server now has to read the rest of the body, or the rest will be taken for the next
    /// request.
    /// ## When it is innocent
    /// Servers that do read on; then it costs bandwidth alone.
    /// ## What to do
    /// Let the server say `Connection: close` and close with lingering.
    pub static EARLY_ERROR_WITHOUT_CLOSE = {
        id: "early-error-without-close",
        title: "Early error response does not say whether the connection will be closed",
        severity: Severity::Notice,
        codes: &["4xx", "5xx"],
        source: "RFC 9110 section 10.1.1 SHOULD indicate; RFC 9112 section 9.3 MUST read entire body or close; founding document on 413",
        guards: &[Guard::NotMidstream, Guard::NoGap, Guard::RequestKnown],
        message: text(
            "{server} rejected {method} {url} with {status} while the body was still arriving, without 'Connection: close'; it must now read the rest of the body.",
            "{server} 在请求主体尚未收完时以 {status} 拒绝 {method} {url},却未声明 'Connection: close',因此必须读完剩余主体。",
        ),
        check: Check::Exchange(Trigger::EarlyResponse, without_close),
    }
}

fn without_close(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let closing = response.head.closes();
    let current = response.head.version().is_some_and(|version| version >= Version::HTTP_11);
    let unfinished = request.last.packet > response.last.packet || !request.complete();
    let error = scene.status().is_some_and(|status| status >= 400);
    if error && has_body(request) && !expects(request) && !closing && current && unfinished {
        report.find().add();
    }
}

rule! {
    /// ## What it sees
    /// A client that went on sending the body for a while after it had been refused.
    /// ## Why it matters
    /// The octets are of no use to anybody, and the server has to read them.
    /// ## When it is innocent
    /// Libraries that read the response only after they have sent everything.
    /// ## What to do
    /// Let the client watch for a response while it sends (RFC 9112 section 9.5), or ask first with
    /// `Expect: 100-continue`.
    pub static BODY_SENT_AFTER_REJECTION = {
        id: "body-sent-after-rejection",
        title: "Client keeps sending the body long after an error response",
        severity: Severity::Notice,
        codes: &["4xx", "5xx"],
        source: "RFC 9112 section 9.5 SHOULD immediately cease transmitting; founding document on 417; founding document on 413",
        parameters: &[
            Parameter { name: "grace_s", default: &[1.0], meaning: "seconds that a client may need to notice" },
        ],
        guards: &[Guard::NotMidstream, Guard::NoGap, Guard::RequestKnown],
        message: text(
            "{client} went on sending the body of {method} {url} for {delay} s after receiving {status}.",
            "{client} 在收到 {status} 后仍继续发送 {method} {url} 的主体达 {delay} 秒。",
        ),
        check: Check::Exchange(Trigger::EarlyResponse, sent_on),
    }
}

fn sent_on(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let error = scene.status().is_some_and(|status| status >= 400);
    let delay = request.last.since(response.last);
    if error && response.complete() && has_body(request) && delay > report.duration("grace_s") {
        report.find().seconds("delay", delay).add();
    }
}
