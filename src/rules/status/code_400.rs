//! 400 (Bad Request), and what every error has to say.

use crate::http::{ContentLength, FieldName, Message, Method, TransferCoding, Version};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Report, Scene, Severity, Trigger, text};
use crate::status::Text;

rule! {
    /// ## What it sees
    /// A 4xx or 5xx without content.
    /// ## Why it matters
    /// Neither a person nor a program learns what was wrong.
    /// ## When it is innocent
    /// Services that say it in fields; answers to programs that look at the code alone.
    /// ## What to do
    /// Send a short explanation, for services as problem details (RFC 9457).
    pub static ERROR_WITHOUT_BODY = {
        id: "error-without-body",
        title: "Error response without an explanation",
        severity: Severity::Info,
        codes: &["4xx", "5xx"],
        source: "RFC 9110 section 15.5 / section 15.6 SHOULD send a representation explaining the error (except HEAD); founding document on 4xx, 5xx",
        guards: &[Guard::RequestKnown, Guard::NoGap],
        message: text("{status} response to {method} {url} has no body explaining the error.", "{method} {url} 的 {status} 响应没有说明错误原因的主体。"),
        check: Check::Exchange(Trigger::Status(&[(400, 599)]), without_body),
    }

    /// ## What it sees
    /// A 400 to a request in which something is visibly wrong: syntax, Host, length, transfer
    /// coding, version, an oversized head, content where none belongs.
    /// ## Why it matters
    /// It tells who has to change something: the client.
    /// ## When it is innocent
    /// The server may have refused it for another reason.
    /// ## What to do
    /// Correct what the message names in the client, or in the proxy that wrote the request.
    pub static BAD_REQUEST_EXPLAINED = {
        id: "bad-request-explained",
        title: "400 with a visible cause in the request",
        severity: Severity::Info,
        codes: &["400"],
        source: "RFC 9110 section 15.5.1 (malformed syntax, invalid framing, deceptive routing); RFC 9112 section 3.2, section 5.1, section 6.3 MUST 400; founding document on 400",
        guards: &[Guard::RequestKnown],
        message: text("400 (Bad Request) to {method} {url}: the request itself shows the cause – {what}.", "{method} {url} 得到 400(Bad Request),请求本身可见原因:{what}。"),
        check: Check::Exchange(Trigger::Status(&[(400, 400)]), explained),
    }

    /// ## What it sees
    /// A 400 without content to a request in which nothing is visibly wrong.
    /// ## Why it matters
    /// Nobody can tell what to change. 422 says that the content was understood and not accepted.
    /// ## When it is innocent
    /// Servers that are told to say nothing.
    /// ## What to do
    /// Look into the log of the server; let it say what it did not like.
    pub static BAD_REQUEST_UNEXPLAINED = {
        id: "bad-request-unexplained",
        title: "400 for a request without a visible fault, and no explanation in the body",
        severity: Severity::Notice,
        codes: &["400", "422"],
        source: "RFC 9110 section 15.5.1; RFC 9110 section 15.5.21 (422 for well-formed but unprocessable content); founding document on 400, 422",
        guards: &[Guard::RequestKnown, Guard::NoGap],
        supersedes: &["error-without-body"],
        message: text("400 (Bad Request) to {method} {url}: nothing wrong is visible on the wire and the server does not say why.", "{method} {url} 得到 400(Bad Request),但请求在线上看不出问题,服务器也没有说明原因。"),
        check: Check::Exchange(Trigger::Status(&[(400, 400)]), unexplained),
    }
}

fn is_empty(scene: &Scene<'_>) -> bool {
    let Some((request, response)) = scene.pair() else { return false };
    request.head.method() != Method::Head
        && response.complete()
        && response.content == 0
        && response.missing == 0
}

fn without_body(scene: &Scene<'_>, report: &mut Report<'_>) {
    if is_empty(scene)
        && let Some(response) = scene.response()
    {
        report.find().about(response).add();
    }
}

fn explained(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(request) = scene.request() else { return };
    if let Some(what) = fault(request) {
        report.find().phrase("what", what).add();
    }
}

fn unexplained(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let empty = response.complete() && response.content == 0 && response.missing == 0;
    if empty && fault(request).is_none() {
        report.find().add();
    }
}

/// Octets of a head that many servers accept at most.
const HEAD_OCTETS: usize = 8 * 1024;

/// What in a request a server may refuse for its form.
fn fault(request: &Message) -> Option<Text> {
    let head = &request.head;
    let modern = head.version().is_some_and(|version| version >= Version::HTTP_11);
    let handshake = || {
        let websocket = head.lists(FieldName::Upgrade, b"websocket");
        let sound = head.value(FieldName::SecWebSocketVersion).is_some_and(|v| v == b"13")
            && head
                .value(FieldName::SecWebSocketKey)
                .is_some_and(crate::http::header::websocket::is_key);
        websocket && !sound
    };
    let has_content = request.content > 0 || request.content_length.value().is_some_and(|n| n > 0);
    Some(match () {
        () if request.flaws.iter().next().is_some() => text("its syntax", "语法错误"),
        () if modern && !head.has(FieldName::Host) => text("Host is missing", "缺少 Host"),
        () if head.repeated().has(FieldName::Host) => text("Host is repeated", "Host 重复"),
        () if matches!(
            request.content_length,
            ContentLength::Differing(_) | ContentLength::Invalid
        ) =>
        {
            text("Content-Length is not valid", "Content-Length 无效")
        }
        () if !matches!(
            request.transfer_coding,
            TransferCoding::Absent | TransferCoding::Chunked
        ) =>
        {
            text("Transfer-Encoding cannot be read", "Transfer-Encoding 无法识别")
        }
        () if head.version().is_none_or(|version| version.major != 1) => {
            text("its version of HTTP", "HTTP 版本")
        }
        () if head.octets().len() > HEAD_OCTETS => {
            text("its head is larger than 8 KiB", "报头超过 8 KiB")
        }
        () if handshake() => text("its WebSocket handshake", "WebSocket 握手有误"),
        () if has_content && matches!(head.method(), Method::Get | Method::Head) => {
            text("GET or HEAD with content", "GET 或 HEAD 带有主体")
        }
        () => return None,
    })
}
