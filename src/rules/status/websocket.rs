//! WebSocket: the handshake by 101, and the first frames (RFC 6455).

use super::code_101::protocols;
use crate::flow::Side;
use crate::http::{
    Connection, FieldName, Message, Method, Switch, Version,
    header::websocket::{self, Frame},
};
use crate::rules::rule::rule;
use crate::rules::{Aftermath, Check, Guard, On, Report, Scene, Severity, Trigger, list, text};
use crate::status::Text;

rule! {
    /// ## What it sees
    /// A WebSocket request without one of its parts: GET, HTTP/1.1, Host, one key of 16 octets,
    /// version 13.
    /// ## Why it matters
    /// The server answers 400 or 426, and the connection stays HTTP.
    /// ## When it is innocent
    /// Very old drafts of the protocol.
    /// ## What to do
    /// Correct the client, or the proxy that changes the request: many take the version down to
    /// HTTP/1.0.
    pub static WEBSOCKET_REQUEST_INVALID = {
        id: "websocket-request-invalid",
        title: "WebSocket opening request is incomplete",
        severity: Severity::Warning,
        codes: &["101", "400", "426"],
        source: "RFC 6455 section 4.1 / section 4.2.1 MUST",
        guards: &[Guard::HeadWhole],
        message: text(
            "WebSocket request {method} {url} lacks a required part: {what}.",
            "WebSocket 握手请求 {method} {url} 缺少必要部分:{what}。",
        ),
        check: Check::Message(On::Request, Trigger::RequestField(&[FieldName::Upgrade]), request),
    }
}

fn is_websocket(message: &Message) -> bool {
    protocols(&message.head).any(|protocol| protocol.eq_ignore_ascii_case(b"websocket"))
}

fn request(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let head = &message.head;
    if !is_websocket(message) {
        return;
    }
    let mut keys = head.values(FieldName::SecWebSocketKey);
    let key = keys.next().is_some_and(websocket::is_key) && keys.next().is_none();
    let parts: [(bool, Text); 5] = [
        (head.method() == Method::Get, text("the method GET", "方法 GET")),
        (
            head.version().is_some_and(|version| version >= Version::HTTP_11),
            text("the version HTTP/1.1", "版本 HTTP/1.1"),
        ),
        (head.has(FieldName::Host), text("Host", "Host")),
        (key, text("one Sec-WebSocket-Key of 16 octets", "一个 16 字节的 Sec-WebSocket-Key")),
        (
            head.value(FieldName::SecWebSocketVersion) == Some(b"13"),
            text("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13"),
        ),
    ];
    if let Some((_, what)) = parts.into_iter().find(|(there, _)| !there) {
        report.find().phrase("what", what).add();
    }
}

rule! {
    /// ## What it sees
    /// A `Sec-WebSocket-Accept` that does not answer the key of the request, or none.
    /// ## Why it matters
    /// The client fails the connection. A wrong value mostly comes from a cache or a proxy that plays
    /// back an old answer.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Let no cache answer upgrades; the answer is base64(SHA-1(key + a constant)).
    pub static WEBSOCKET_ACCEPT_INVALID = {
        id: "websocket-accept-invalid",
        title: "Sec-WebSocket-Accept is missing or does not match Sec-WebSocket-Key",
        severity: Severity::Error,
        codes: &["101"],
        source: "RFC 6455 section 4.1 client MUST fail the connection; RFC 6455 section 4.2.2",
        guards: &[Guard::RequestKnown],
        message: text(
            "WebSocket handshake on {url}: Sec-WebSocket-Accept is '{value}', expected '{expected}'.",
            "{url} 的 WebSocket 握手:Sec-WebSocket-Accept 为 '{value}',应为 '{expected}'。",
        ),
        check: Check::Exchange(Trigger::Status(&[(101, 101)]), accept),
    }
}

fn accept(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let Some(key) = request.head.value(FieldName::SecWebSocketKey) else { return };
    if !is_websocket(response) {
        return;
    }
    let expected = websocket::accept(key);
    let answered = response.head.value(FieldName::SecWebSocketAccept).unwrap_or_default();
    if answered != expected.as_bytes() {
        report.find().octets("value", answered).plain("expected", expected).add();
    }
}

rule! {
    /// ## What it sees
    /// A 101 that chooses a subprotocol or an extension that the client did not offer.
    /// ## Why it matters
    /// The client has to fail the connection.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Let the server choose among what the request names, or nothing.
    pub static WEBSOCKET_SUBPROTOCOL_NOT_OFFERED = {
        id: "websocket-subprotocol-not-offered",
        title: "Server selects a WebSocket subprotocol or extension the client did not offer",
        severity: Severity::Error,
        codes: &["101"],
        source: "RFC 6455 section 4.1 client MUST fail the connection",
        guards: &[Guard::RequestKnown],
        message: text(
            "{server} selected WebSocket {field} '{value}', which {client} did not offer.",
            "{server} 选择了 {client} 未提供的 WebSocket {field} '{value}'。",
        ),
        check: Check::Exchange(
            Trigger::ResponseField(&[
                FieldName::SecWebSocketProtocol,
                FieldName::SecWebSocketExtensions,
            ]),
            subprotocol,
        ),
    }
}

fn subprotocol(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    if scene.status() != Some(101) {
        return;
    }
    let protocol = response.head.value(FieldName::SecWebSocketProtocol).filter(|chosen| {
        let mut offers = list::members(&request.head, FieldName::SecWebSocketProtocol);
        !offers.any(|offer| offer == *chosen)
    });
    let extension =
        list::tokens(&response.head, FieldName::SecWebSocketExtensions).find(|chosen| {
            let mut offers = list::tokens(&request.head, FieldName::SecWebSocketExtensions);
            !offers.any(|offer| offer.eq_ignore_ascii_case(chosen))
        });
    if let Some(value) = protocol {
        report.find().phrase("field", text("subprotocol", "子协议")).octets("value", value).add();
    } else if let Some(value) = extension {
        report.find().phrase("field", text("extension", "扩展")).octets("value", value).add();
    }
}

rule! {
    /// ## What it sees
    /// First octets behind a switch to WebSocket that are no frame: an unknown opcode, a client that
    /// does not mask or a server that does, reserved bits that nobody agreed on.
    /// ## Why it matters
    /// The peer fails the connection with 1002.
    /// ## When it is innocent
    /// Never. Only the first frame of each side is looked at.
    /// ## What to do
    /// Look what is between the two: a proxy that adds or takes away octets, or another protocol.
    pub static WEBSOCKET_FRAME_INVALID = {
        id: "websocket-frame-invalid",
        title: "First octets after a WebSocket switch are not a valid frame",
        severity: Severity::Error,
        codes: &["101"],
        source: "RFC 6455 section 5.1 client MUST mask, server MUST NOT mask; RFC 6455 section 5.2 (RSV, opcodes); founding document on 101",
        guards: &[Guard::NoGap],
        message: text(
            "After the WebSocket switch on {url} {sender} sent octets that are no valid frame ({what}).",
            "{url} 切换到 WebSocket 之后,{sender} 发送的首帧不合法({what})。",
        ),
        check: Check::Connection(frame),
    }
}

fn frame(connection: &Connection, after: &Aftermath<'_>, report: &mut Report<'_>) {
    let Some((last, Some(response))) = after.next.map(|last| (last, last.response.as_deref()))
    else {
        return;
    };
    let upgraded = matches!(last.switch, Some(Switch::Upgrade(_)));
    if !upgraded || !is_websocket(response) {
        return;
    }
    let extended = response.head.has(FieldName::SecWebSocketExtensions);
    for side in Side::BOTH {
        let Some(said) = connection.greetings[side.index()].as_ref() else { continue };
        let Some(frame) = Frame::parse(&said.octets) else { continue };
        let what = if !matches!(frame.opcode, 1 | 2 | 8 | 9 | 10) {
            text("an opcode that cannot come first", "首帧不可能使用的操作码")
        } else if frame.masked != (side == Side::Client) {
            text("masked by the wrong side", "掩码使用方错误")
        } else if frame.reserved != 0 && !(frame.reserved == 4 && extended) {
            text("reserved bits are set", "保留位被置位")
        } else {
            continue;
        };
        report.find().sender(side).phrase("what", what).packet(said.mark).add();
        return;
    }
}
