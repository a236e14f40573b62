//! Bodies that end before their framing says.

use crate::flow::Side;
use crate::http::{Connection, ContentLength, Framing, Kind, Message, MessageEnd};
use crate::rules::rule::rule;
use crate::rules::{Aftermath, Check, Guard, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A sender that closed the connection before it had sent as many octets as its `Content-Length`
    /// says.
    /// ## Why it matters
    /// What arrived is damaged: half a file, half a JSON document. A client that does not compare
    /// lengths uses it.
    /// ## When it is innocent
    /// A client that gave up first: then the truncation is its own doing, and this rule is silent.
    /// ## What to do
    /// For a response look at the server: a crash, a time limit, a disk that ran full, a wrong
    /// length. For a request look at the client.
    pub static BODY_TRUNCATED = {
        id: "body-truncated",
        title: "Message body is shorter than Content-Length when its sender closes",
        severity: Severity::Error,
        otherwise: &[(Severity::Warning, "in a request")],
        source: "RFC 9112 section 6.3 item 6 MUST consider incomplete; RFC 9112 section 8",
        guards: &[Guard::NoGap, Guard::NotMidstream],
        message: text(
            "{kind} {start_line} announced {declared} octets of body but {sender} closed after {received}; the message is truncated.",
            "{kind} {start_line} 声明主体为 {declared} 字节,但 {sender} 只发送了 {received} 字节就关闭了连接,报文被截断。",
        ),
        check: Check::Settled(Trigger::Incomplete, body),
    }
}

fn body(scene: &Scene<'_>, after: &Aftermath<'_>, report: &mut Report<'_>) {
    for message in [scene.request(), scene.response()].into_iter().flatten() {
        let ContentLength::Valid(declared) = message.content_length else { continue };
        if matches!(message.framing, Framing::Length(_)) && message.certain && cut(message, after) {
            let request = message.head.kind() == Kind::Request;
            report
                .find()
                .about(message)
                .severity_if(request, Severity::Warning)
                .plain("declared", declared)
                .add();
        }
    }
}

/// Whether the sender of a message closed in the middle of it, and the client had not closed before.
fn cut(message: &Message, after: &Aftermath<'_>) -> bool {
    let fin = message.end == Some(MessageEnd::Fin) && message.head_whole && message.missing == 0;
    let gave_up =
        message.head.kind() == Kind::Response && after.connection.is_none_or(client_closed_first);
    fin && !gave_up
}

/// Whether the client closed, and before the server did.
fn client_closed_first(connection: &Connection) -> bool {
    match connection.fin {
        [Some(client), Some(server)] => client.packet < server.packet,
        [Some(_), None] => true,
        _ => connection.first_closer == Some(Side::Client),
    }
}

rule! {
    /// ## What it sees
    /// A chunked body whose sender closed the connection before the last chunk, the one of size 0.
    /// ## Why it matters
    /// The body is incomplete and must not be used or cached. Typically the program behind a proxy
    /// died in the middle of its answer.
    /// ## When it is innocent
    /// A client that gave up first: then this rule is silent. A few old programs forget the last
    /// chunk.
    /// ## What to do
    /// Look at the log of what produced the body at that time; behind a proxy, at the connection to
    /// the upstream.
    pub static CHUNKED_BODY_TRUNCATED = {
        id: "chunked-body-truncated",
        title: "Chunked body ends without the zero-size chunk",
        severity: Severity::Error,
        otherwise: &[(Severity::Warning, "in a request")],
        source: "RFC 9112 section 8 (incomplete if the zero-sized chunk was not received) MUST record as incomplete",
        guards: &[Guard::NoGap, Guard::NotMidstream],
        message: text(
            "{kind} {start_line}: chunked body stopped after {received} octets without the terminating 0-chunk; typical of an upstream that died mid-stream.",
            "{kind} {start_line} 的分块主体在 {received} 字节后中断,没有结束块;常见于上游中途崩溃。",
        ),
        check: Check::Settled(Trigger::Incomplete, chunked),
    }
}

fn chunked(scene: &Scene<'_>, after: &Aftermath<'_>, report: &mut Report<'_>) {
    for message in [scene.request(), scene.response()].into_iter().flatten() {
        if message.framing == Framing::Chunked && cut(message, after) {
            let request = message.head.kind() == Kind::Request;
            report.find().about(message).severity_if(request, Severity::Warning).add();
        }
    }
}
