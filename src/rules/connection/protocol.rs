//! Connections that are not what they should be: TLS, HTTP/2, octets that are no HTTP at all; and
//! tunnels.

use crate::flow::Side;
use crate::http::{Connection, MessageEnd, Method, Protocol};
use crate::rules::rule::rule;
use crate::rules::{Aftermath, Check, Guard, Parameter, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// Octets on an HTTP connection that are no message, or a head that never came to its end.
    /// ## Why it matters
    /// Whatever they are, the peer could not read them either. Heads that never end hold a worker of
    /// the server.
    /// ## When it is innocent
    /// Another protocol on a port of HTTP.
    /// ## What to do
    /// Look at the octets; `show` has them in full.
    pub static STREAM_UNPARSEABLE = {
        id: "stream-unparseable",
        title: "Octets on an HTTP connection that are neither a message nor part of one",
        severity: Severity::Notice,
        source: "RFC 9112 section 2.2 SHOULD answer 400 and close; RFC 9112 section 9.2",
        guards: &[Guard::NoGap, Guard::NotMidstream],
        message: text(
            "{bytes} octets from {sender} on {conn} do not parse as HTTP (starts with {hex}).",
            "{conn} 上来自 {sender} 的 {bytes} 字节无法按 HTTP 解析(开头为 {hex})。",
        ),
        check: Check::Connection(unparseable),
    }
}

fn unparseable(connection: &Connection, after: &Aftermath<'_>, report: &mut Report<'_>) {
    /// Ports on which everybody expects HTTP.
    const PORTS: [u16; 4] = [80, 8000, 8080, 8888];
    let last = after.next;
    if last.is_some_and(|last| last.switch.is_some() || last.tunnelled) {
        return;
    }
    let mut say = |side: Side, count: u64, octets: &[u8]| {
        report.find().sender(side).plain("bytes", count).hexadecimal("hex", octets).add();
    };
    if let Some(stray) = after.strays.first() {
        say(stray.side, stray.count, &stray.octets);
        return;
    }
    let unfinished = last.and_then(|last| last.request.as_deref()).filter(|request| {
        let over = matches!(
            request.end,
            Some(MessageEnd::Fin | MessageEnd::Reset | MessageEnd::Idle | MessageEnd::CaptureEnd)
        );
        over && !request.head_whole
    });
    if let Some(request) = unfinished {
        let octets = request.head.octets();
        say(Side::Client, octets.len() as u64, octets);
        return;
    }
    if connection.protocol == Some(Protocol::Unknown) && PORTS.contains(&connection.server.port()) {
        for side in Side::BOTH {
            if let Some(greeting) = &connection.greetings[side.index()] {
                let count = connection.health.octets[side.index()];
                say(side, count, &greeting.octets);
                return;
            }
        }
    }
}

rule! {
    /// ## What it sees
    /// A client that opened TLS on a port whose server answered in plain HTTP.
    /// ## Why it matters
    /// The scheme or the port is wrong; clients report "wrong version number".
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Use `http://`, or the port that speaks TLS; behind a load balancer compare the protocols of
    /// its two sides.
    pub static TLS_SENT_TO_HTTP_PORT = {
        id: "tls-sent-to-http-port",
        title: "TLS ClientHello answered in plain HTTP",
        severity: Severity::Warning,
        codes: &["400"],
        source: "RFC 9112 section 2.2 SHOULD respond 400",
        message: text(
            "{client} opened TLS towards {server}, which answered in plain HTTP; scheme or port is wrong.",
            "{client} 向 {server} 发起 TLS 握手,对方却以明文 HTTP 应答;协议或端口配置有误。",
        ),
        check: Check::Connection(tls_to_http),
    }
}

fn tls_to_http(connection: &Connection, _: &Aftermath<'_>, report: &mut Report<'_>) {
    let answer = connection.greetings[Side::Server.index()].as_ref();
    let plain = answer.is_some_and(|answer| {
        answer.octets.starts_with(b"HTTP/") || answer.octets.starts_with(b"<")
    });
    if connection.protocol == Some(Protocol::Tls) && plain {
        report.find().add();
    }
}

rule! {
    /// ## What it sees
    /// A plain HTTP request to a port of TLS that was refused or not answered.
    /// ## Why it matters
    /// nginx answers 400 "The plain HTTP request was sent to HTTPS port", others close.
    /// ## When it is innocent
    /// A port of that number that speaks plain HTTP answers as usual and is not reported.
    /// ## What to do
    /// Use `https://`; behind a load balancer compare the protocols of its two sides.
    pub static HTTP_SENT_TO_TLS_PORT = {
        id: "http-sent-to-tls-port",
        title: "Plain HTTP request sent to a TLS port",
        severity: Severity::Warning,
        codes: &["400", "497"],
        source: "RFC 9110 section 4.2.2 (https requires TLS)",
        parameters: &[
            Parameter { name: "ports", default: &[443.0, 8443.0], meaning: "ports of TLS" },
        ],
        guards: &[Guard::NotTls],
        message: text(
            "{client} sent a plain HTTP request ({method} {url}) to TLS port {server}.",
            "{client} 向 TLS 端口 {server} 发送了明文 HTTP 请求({method} {url})。",
        ),
        check: Check::Exchange(
            Trigger::OneOf(&[Trigger::Unanswered, Trigger::Status(&[(400, 400), (497, 497)])]),
            http_to_tls,
        ),
    }
}

fn http_to_tls(scene: &Scene<'_>, report: &mut Report<'_>) {
    let port = f64::from(scene.exchange.server.port());
    let first = scene.exchange.nth == 1 && scene.request().is_some();
    let status = scene.response().is_none_or(|_| matches!(scene.status(), Some(400 | 497)));
    if first && status && report.list("ports").contains(&port) {
        report.find().add();
    }
}

rule! {
    /// ## What it sees
    /// HTTP/2 without TLS from its first octet.
    /// ## Why it matters
    /// Its messages are not read here; the connection is counted as HTTP/2.
    /// ## When it is innocent
    /// Always: gRPC inside a data centre works so.
    /// ## What to do
    /// Nothing.
    pub static H2C_PRIOR_KNOWLEDGE = {
        id: "h2c-prior-knowledge",
        title: "Connection speaks HTTP/2 in the clear (prior knowledge)",
        severity: Severity::Info,
        source: "RFC 9113 section 3.3, section 3.4",
        message: text(
            "{conn} is HTTP/2 without TLS; its status codes are not analysed by the HTTP/1.1 engine.",
            "{conn} 使用明文 HTTP/2,HTTP/1.1 引擎不分析其状态码。",
        ),
        check: Check::Connection(prior_knowledge),
    }
}

fn prior_knowledge(connection: &Connection, _: &Aftermath<'_>, report: &mut Report<'_>) {
    if connection.protocol == Some(Protocol::Http2) && connection.exchanges == 0 {
        report.find().add();
    }
}

rule! {
    /// ## What it sees
    /// A client that sent octets for the tunnel before the proxy had granted it.
    /// ## Why it matters
    /// If the proxy refuses, it takes these octets for further requests: whoever chooses them speaks
    /// to the proxy with the rights of the client.
    /// ## When it is innocent
    /// Clients that save a round trip towards a proxy they know.
    /// ## What to do
    /// Wait for the 2xx (RFC 9931).
    pub static CONNECT_OPTIMISTIC_DATA = {
        id: "connect-optimistic-data",
        title: "Client sends tunnel data before CONNECT was accepted",
        severity: Severity::Warning,
        otherwise: &[(Severity::Error, "if the proxy refused")],
        codes: &["2xx", "4xx", "5xx"],
        source: "RFC 9931 \"Requirements for HTTP CONNECT\" (updates RFC 9112) MUST wait for 2xx or send Connection: close",
        guards: &[Guard::NotMidstream],
        message: text(
            "{client} sent {bytes} octets of tunnel payload before {server} had accepted CONNECT {target} (answer: {status}).",
            "{client} 在 {server} 接受 CONNECT {target} 之前就发送了 {bytes} 字节隧道数据(应答为 {status})。",
        ),
        check: Check::Exchange(Trigger::Method(&[Method::Connect]), optimistic),
    }
}

fn optimistic(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, status)) = scene.request().zip(scene.status()) else { return };
    let early = scene.exchange.early;
    if early > 0 && !request.head.closes() {
        let refused = !(200..=299).contains(&status);
        report.find().severity_if(refused, Severity::Error).plain("bytes", early).add();
    }
}

rule! {
    /// ## What it sees
    /// A proxy that refused CONNECT and went on answering on the same connection.
    /// ## Why it matters
    /// Octets that were meant for the tunnel and come late are then taken for requests.
    /// ## When it is innocent
    /// Proxies keep the connection for the second try behind a 407.
    /// ## What to do
    /// Let the proxy close the connection when it refuses CONNECT.
    pub static CONNECT_REJECTED_KEPT_OPEN = {
        id: "connect-rejected-kept-open",
        title: "Proxy rejects CONNECT but keeps processing requests on the connection",
        severity: Severity::Notice,
        codes: &["3xx", "4xx", "5xx"],
        source: "RFC 9931 \"Requirements for HTTP CONNECT\" (March 2026) MUST close when rejecting CONNECT; MAY keep open for clients known to wait; founding document on 407",
        guards: &[Guard::NotMidstream],
        message: text(
            "{server} refused CONNECT {target} with {status} and went on answering requests on the same connection.",
            "{server} 以 {status} 拒绝 CONNECT {target} 后,仍在同一连接上继续处理请求。",
        ),
        check: Check::Settled(Trigger::Method(&[Method::Connect]), kept_open),
    }
}

fn kept_open(scene: &Scene<'_>, after: &Aftermath<'_>, report: &mut Report<'_>) {
    let refused = scene.status().is_some_and(|status| !(200..=299).contains(&status));
    let answered = after.next.is_some_and(|next| next.response.is_some());
    if refused && answered {
        report.find().add();
    }
}
