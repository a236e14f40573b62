//! Who closes a connection, and whether it was said (RFC 9112 section 9.6).

use crate::flow::Side;
use crate::http::Framing;
use crate::rules::rule::rule;
use crate::rules::trail::closes;
use crate::rules::{Aftermath, Check, Guard, Parameter, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A server that reset the connection right behind a complete response.
    /// ## Why it matters
    /// The reset may overtake the response in the client: it reports "connection reset" where the
    /// wire shows a 413 or a 400.
    /// ## When it is innocent
    /// The client had the whole response already, and drops the connection anyway.
    /// ## What to do
    /// Let the server stop sending, read what is still coming for a while and then close (lingering
    /// close).
    pub static RESET_AFTER_RESPONSE = {
        id: "reset-after-response",
        title: "Server resets right after a complete response",
        severity: Severity::Notice,
        otherwise: &[(Severity::Warning, "if the request was still being sent")],
        source: "RFC 9112 section 9.6 (TCP reset problem; close in stages); founding document on 411/413",
        parameters: &[
            Parameter { name: "within_s", default: &[1.0], meaning: "seconds between the response and the reset" },
        ],
        guards: &[Guard::NotMidstream, Guard::RequestKnown],
        message: text(
            "{server} answered {method} {url} with {status} and reset the connection {delay} s later; the client may never see the response (use a lingering close).",
            "{server} 对 {method} {url} 返回 {status} 后 {delay} 秒即重置连接,客户端可能看不到该响应(应使用延迟关闭)。",
        ),
        check: Check::Settled(Trigger::ConnectionOver, reset),
    }
}

fn reset(scene: &Scene<'_>, after: &Aftermath<'_>, report: &mut Report<'_>) {
    let (Some(connection), None) = (after.connection, after.next) else { return };
    let Some(reset) = connection.reset[Side::Server.index()] else { return };
    let Some((request, response)) = scene.pair() else { return };
    let behind = reset.packet >= response.last.packet;
    let delay = reset.since(response.last);
    let in_time = behind && delay <= report.duration("within_s");
    if response.complete() && in_time && connection.fin[Side::Client.index()].is_none() {
        report
            .find()
            .severity_if(!request.complete(), Severity::Warning)
            .seconds("delay", delay)
            .packet(reset)
            .add();
    }
}

rule! {
    /// ## What it sees
    /// A request on a connection that a message before it had ended with `Connection: close`.
    /// ## Why it matters
    /// It will not be answered, and the client has to send it again on another connection.
    /// ## When it is innocent
    /// Requests that were sent before the close could be seen are not reported. HTTP/1.0 responses
    /// without keep-alive count as a close.
    /// ## What to do
    /// Correct the client library: after `close` a new connection is due.
    pub static REQUEST_AFTER_CLOSE = {
        id: "request-after-close",
        title: "Client sends another request after Connection: close",
        severity: Severity::Warning,
        source: "RFC 9112 section 9.6 MUST NOT send further requests / MUST cease",
        guards: &[Guard::NotMidstream],
        message: text(
            "{client} sent {method} {url} on a connection that {sender} had marked 'Connection: close'.",
            "{client} 在已由 {sender} 声明 'Connection: close' 的连接上又发送了 {method} {url}。",
        ),
        check: Check::Exchange(Trigger::AfterClose, request),
    }
}

fn request(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((announced, request)) = scene.trail.announced.zip(scene.request()) else { return };
    let seen = announced.side == Side::Client || announced.at.packet < request.first.packet;
    if seen && !scene.exchange.tunnelled {
        report.find().sender(announced.side).add();
    }
}

rule! {
    /// ## What it sees
    /// A response behind one that said `Connection: close`.
    /// ## Why it matters
    /// The client throws it away, although the server has acted on the request.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Let the server stop reading requests once it has announced the close.
    pub static RESPONSE_AFTER_CLOSE = {
        id: "response-after-close",
        title: "Server answers a further request after announcing Connection: close",
        severity: Severity::Error,
        source: "RFC 9112 section 9.6 MUST initiate closure; MUST NOT process further requests",
        guards: &[Guard::NotMidstream],
        message: text(
            "{server} had announced 'Connection: close' but went on to answer {method} {url} with {status}.",
            "{server} 已声明 'Connection: close',却仍以 {status} 回应了 {method} {url}。",
        ),
        check: Check::Exchange(Trigger::AfterClose, response),
    }
}

fn response(scene: &Scene<'_>, report: &mut Report<'_>) {
    if scene.trail.response_said_close && scene.response().is_some() && !scene.exchange.tunnelled {
        report.find().add();
    }
}

rule! {
    /// ## What it sees
    /// A server that announced the end of the connection and did not close it.
    /// ## Why it matters
    /// The client waits for the close, or holds a connection that leads nowhere; both ends keep
    /// resources.
    /// ## When it is innocent
    /// A server that waits for the client to close first; it is expected to do so itself.
    /// ## What to do
    /// Look for a worker that hangs behind the response, or a proxy that passes the field on and
    /// keeps its own connection.
    pub static CLOSE_NOT_PERFORMED = {
        id: "close-not-performed",
        title: "Connection: close announced (or HTTP/1.0 without keep-alive) but the server leaves the connection open",
        severity: Severity::Notice,
        source: "RFC 9112 section 9.6 MUST initiate closure",
        parameters: &[
            Parameter { name: "grace_s", default: &[5.0], meaning: "seconds until the server should have closed" },
        ],
        guards: &[Guard::NotMidstream, Guard::RequestKnown],
        message: text(
            "The {status} response to {method} {url} closes the connection, but {server} kept it open for more than {delay} s.",
            "{method} {url} 的 {status} 响应表示要关闭连接,但 {server} 在 {delay} 秒后仍未关闭。",
        ),
        check: Check::Settled(Trigger::ConnectionOver, not_performed),
    }
}

fn not_performed(scene: &Scene<'_>, after: &Aftermath<'_>, report: &mut Report<'_>) {
    let Some(connection) = after.connection else { return };
    let server = Side::Server.index();
    if connection.fin[server].is_some() || connection.reset[server].is_some() {
        return;
    }
    let Some((_, response)) = scene.pair() else { return };
    if !closes(scene.exchange)
        || !response.complete()
        || matches!(response.framing, Framing::Close | Framing::Tunnel | Framing::Upgrade)
    {
        return;
    }
    let grace = report.duration("grace_s");
    let open = connection.completed.since(response.last);
    let client = connection.fin[Side::Client.index()];
    if open > grace && client.is_none_or(|fin| fin.since(response.last) > grace) {
        report.find().seconds("delay", open).add();
    }
}

rule! {
    /// ## What it sees
    /// A server that closed the connection right behind a response without having said so.
    /// ## Why it matters
    /// A client that uses the connection again at that moment loses its request.
    /// ## When it is innocent
    /// A server that reloads, or has reached its limit of requests for one connection.
    /// ## What to do
    /// Let the server send `Connection: close` with the last response.
    pub static CLOSE_UNANNOUNCED = {
        id: "close-unannounced",
        title: "Server closes an HTTP/1.1 connection right after a response that did not say so",
        severity: Severity::Info,
        source: "RFC 9112 section 9.3 MUST send close (server that does not support persistence); RFC 9112 section 9.6 SHOULD send close",
        parameters: &[
            Parameter { name: "within_s", default: &[0.5], meaning: "seconds between the response and the close" },
        ],
        guards: &[Guard::NotMidstream, Guard::RequestKnown, Guard::NotHttp10],
        message: text(
            "{server} closed the connection {delay} s after the {status} response to {method} {url} without 'Connection: close'.",
            "{server} 在返回 {method} {url} 的 {status} 响应 {delay} 秒后关闭连接,却没有发送 'Connection: close'。",
        ),
        check: Check::Settled(Trigger::ConnectionOver, unannounced),
    }
}

fn unannounced(scene: &Scene<'_>, after: &Aftermath<'_>, report: &mut Report<'_>) {
    let (Some(connection), None) = (after.connection, after.next) else { return };
    let Some(fin) = connection.fin[Side::Server.index()] else { return };
    let Some((_, response)) = scene.pair() else { return };
    let framed = matches!(response.framing, Framing::Length(_) | Framing::Chunked | Framing::None);
    if !framed || !response.complete() || closes(scene.exchange) {
        return;
    }
    let delay = fin.since(response.last);
    let behind = fin.packet >= response.last.packet;
    let first =
        connection.fin[Side::Client.index()].is_none_or(|client| client.packet > fin.packet);
    if behind && first && delay <= report.duration("within_s") {
        report.find().seconds("delay", delay).packet(fin).add();
    }
}
