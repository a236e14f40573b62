//! Content-Length.

use crate::http::{ContentLength, FieldName, Flaw, Message};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, On, Report, Scene, Severity, Trigger, list, text};

rule! {
    /// ## What it sees
    /// Several `Content-Length` values that are not the same.
    /// ## Why it matters
    /// Each reader picks one, so each ends the message elsewhere: smuggling in a request, splitting
    /// in a response.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Refuse such requests; for a response, find the filter or application that adds a length of its
    /// own.
    pub static FRAMING_CL_DIFFERING = {
        id: "framing-cl-differing",
        title: "Several Content-Length values that differ",
        severity: Severity::Error,
        source: "RFC 9112 section 6.3 item 5 MUST treat as unrecoverable; RFC 9110 section 8.6",
        guards: &[Guard::HeadWhole],
        message: text(
            "{kind} {start_line} declares different lengths (Content-Length: {values}); a classic smuggling / splitting vector.",
            "{kind} {start_line} 声明了互相矛盾的长度(Content-Length: {values}),属于典型的走私/拆分手法。",
        ),
        check: Check::Message(On::Any, Trigger::Flaw(&[Flaw::LengthDiffers]), differing),
    }
}

fn differing(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    report.find().all("values", list::members(&message.head, FieldName::ContentLength)).add();
}

rule! {
    /// ## What it sees
    /// The same `Content-Length` more than once, on several lines or in a list.
    /// ## Why it matters
    /// The value is clear, but strict peers answer 400, and who passes it on has to put it right.
    /// ## When it is innocent
    /// Frequent with a proxy or framework that adds the field without looking.
    /// ## What to do
    /// Find the hop that adds the second one.
    pub static FRAMING_CL_REPEATED = {
        id: "framing-cl-repeated",
        title: "Content-Length is repeated with the same value",
        severity: Severity::Notice,
        source: "RFC 9110 section 8.6 MUST NOT forward / MAY replace; RFC 9112 section 6.3 item 5",
        guards: &[Guard::HeadWhole],
        message: text(
            "{kind} {start_line} repeats Content-Length: {cl}; some peers reject it. Usually a proxy or framework added a second one.",
            "{kind} {start_line} 重复给出 Content-Length: {cl},有的实现会拒收;通常是代理或框架多加了一份。",
        ),
        check: Check::Message(On::Any, Trigger::Flaw(&[Flaw::LengthRepeated]), repeated),
    }
}

fn repeated(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    if let ContentLength::Valid(length) = message.content_length {
        report.find().plain("cl", length).add();
    }
}

rule! {
    /// ## What it sees
    /// A `Content-Length` that is no plain decimal number, or one that no counter can hold.
    /// ## Why it matters
    /// Readers take `+5`, `0x10` or `5,` for different lengths, or refuse the message.
    /// ## When it is innocent
    /// Never; leading zeros are allowed and not counted.
    /// ## What to do
    /// Correct the sender. A request of this kind from outside is a probe: refuse it.
    pub static FRAMING_CL_INVALID = {
        id: "framing-cl-invalid",
        title: "Content-Length is not a plain decimal number",
        severity: Severity::Error,
        source: "RFC 9110 section 8.6 (1*DIGIT); RFC 9112 section 6.3 item 5 MUST treat as unrecoverable",
        guards: &[Guard::HeadWhole],
        message: text(
            "{kind} {start_line} has an unusable Content-Length '{value}'.",
            "{kind} {start_line} 的 Content-Length '{value}' 无法使用。",
        ),
        check: Check::Message(On::Any, Trigger::Flaw(&[Flaw::LengthInvalid]), invalid),
    }
}

fn invalid(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    report.find().all("value", message.head.values(FieldName::ContentLength)).add();
}

rule! {
    /// ## What it sees
    /// A response of HTTP/1.1 with neither `Content-Length` nor `chunked`: its body ends when the
    /// server closes.
    /// ## Why it matters
    /// Nobody can tell a whole body from one that was cut short, and the connection cannot be used
    /// again. Where the server goes on answering on the same connection, clients hang or glue two
    /// responses together.
    /// ## When it is innocent
    /// Old programs and scripts, event streams, and servers that answer HTTP/1.0 clients.
    /// ## What to do
    /// Let the server send a length or chunks.
    pub static FRAMING_RESPONSE_UNFRAMED = {
        id: "framing-response-unframed",
        title: "HTTP/1.1 response without a declared length (close-delimited)",
        severity: Severity::Info,
        otherwise: &[(Severity::Error, "if the server answers the next request on the same connection"), (Severity::Warning, "if it says keep-alive")],
        codes: &["2xx", "3xx", "4xx", "5xx"],
        source: "RFC 9112 section 6.3 item 8 SHOULD generate length-delimited messages; RFC 9112 section 9.3",
        guards: &[Guard::RequestKnown, Guard::NotMidstream],
        message: text(
            "{status} response to {method} {url} has neither Content-Length nor chunked; its end is only marked by closing the connection, so truncation cannot be detected.",
            "{method} {url} 的 {status} 响应既无 Content-Length 也未分块,只能靠关闭连接表示结束,无法识别是否被截断。",
        ),
        check: Check::Exchange(Trigger::CloseDelimited, unframed),
    }
}

fn unframed(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    let head = &response.head;
    let declares =
        response.content_length != ContentLength::Absent || head.has(FieldName::TransferEncoding);
    let answered = matches!(scene.status(), Some(status) if status != 205);
    if declares || !answered || head.version() != Some(crate::http::Version::HTTP_11) {
        return;
    }
    let goes_on = response.end == Some(crate::http::MessageEnd::NextMessage);
    let keeps = head.keeps_alive();
    report.find().severity_if(keeps, Severity::Warning).severity_if(goes_on, Severity::Error).add();
}
