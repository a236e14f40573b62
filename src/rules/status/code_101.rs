//! 101 (Switching Protocols): the switch itself. What is particular to WebSocket has its own file.

use crate::flow::Side;
use crate::http::{Connection, FieldName, Head, Message, Method, Switch};
use crate::rules::ends::Ends;
use crate::rules::rule::rule;
use crate::rules::{
    Aftermath, Check, Guard, Parameter, Report, Scene, Severity, Trigger, list, text,
};

rule! {
    /// ## What it sees
    /// A 101 for a request that did not ask for an upgrade.
    /// ## Why it matters
    /// The client goes on in HTTP and the server does not: the connection is lost.
    /// ## When it is innocent
    /// Never; a proxy may have taken the Upgrade field of the request away.
    /// ## What to do
    /// Compare both sides of the proxy; let the server switch on demand alone.
    pub static SWITCH_WITHOUT_UPGRADE = {
        id: "switch-without-upgrade",
        title: "101 (Switching Protocols) although the request has no Upgrade field",
        severity: Severity::Error,
        codes: &["101"],
        source: "RFC 9110 section 7.8 MUST NOT switch to a protocol not indicated by the client; RFC 9110 section 15.2.2; founding document on 101",
        guards: &[Guard::RequestKnown, Guard::NotMidstream],
        message: text(
            "{server} answered {method} {url} with 101 (Switching Protocols) although the client did not ask for an upgrade.",
            "{method} {url} 没有携带 Upgrade 报头,{server} 却返回 101(Switching Protocols)。",
        ),
        check: Check::Exchange(Trigger::Status(&[(101, 101)]), without_upgrade),
    }
}

fn without_upgrade(scene: &Scene<'_>, report: &mut Report<'_>) {
    if scene.request().is_some_and(|request| !request.head.has(FieldName::Upgrade)) {
        report.find().add();
    }
}

rule! {
    /// ## What it sees
    /// A 101 without an Upgrade field.
    /// ## Why it matters
    /// It does not say which protocol follows; clients fail the handshake.
    /// ## When it is innocent
    /// A proxy that takes the field away although it passes the 101 on.
    /// ## What to do
    /// Let the server name the protocol; in the proxy, pass Upgrade and Connection on.
    pub static SWITCH_MISSING_UPGRADE_FIELD = {
        id: "switch-missing-upgrade-field",
        title: "101 response without Upgrade",
        severity: Severity::Error,
        codes: &["101"],
        source: "RFC 9110 section 15.2.2 MUST generate Upgrade; RFC 9110 section 7.8 MUST send; founding document on 101",
        guards: &[Guard::HeadWhole],
        message: text(
            "{server}'s 101 response to {method} {url} does not say which protocol follows (Upgrade missing).",
            "{server} 对 {method} {url} 的 101 响应缺少 Upgrade,未说明切换到哪种协议。",
        ),
        check: Check::Exchange(Trigger::Status(&[(101, 101)]), missing_field),
    }
}

fn missing_field(scene: &Scene<'_>, report: &mut Report<'_>) {
    if scene.response().is_some_and(|response| !response.head.has(FieldName::Upgrade)) {
        report.find().add();
    }
}

rule! {
    /// ## What it sees
    /// A switch to a protocol that the client had not offered.
    /// ## Why it matters
    /// The client does not speak it.
    /// ## When it is innocent
    /// Never; versions are not compared, only names.
    /// ## What to do
    /// Correct the server.
    pub static SWITCH_PROTOCOL_NOT_OFFERED = {
        id: "switch-protocol-not-offered",
        title: "101 switches to a protocol the client did not list",
        severity: Severity::Error,
        codes: &["101"],
        source: "RFC 9110 section 7.8 MUST NOT; founding document on 101",
        guards: &[Guard::RequestKnown],
        message: text(
            "{server} switched to '{value}' but {client} had offered '{expected}'.",
            "{server} 切换到 '{value}',而 {client} 只提供了 '{expected}'。",
        ),
        check: Check::Exchange(Trigger::Status(&[(101, 101)]), not_offered),
    }
}

/// The protocols that an Upgrade field names, without their versions.
pub(super) fn protocols(head: &Head) -> impl Iterator<Item = &[u8]> {
    list::members(head, FieldName::Upgrade)
        .map(|member| member.split(|octet| *octet == b'/').next().unwrap_or_default().trim_ascii())
}

fn not_offered(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    if !request.head.has(FieldName::Upgrade) {
        return;
    }
    let offered =
        |chosen: &[u8]| protocols(&request.head).any(|offer| offer.eq_ignore_ascii_case(chosen));
    if protocols(&response.head).any(|chosen| !offered(chosen)) {
        report
            .find()
            .all("value", response.head.values(FieldName::Upgrade))
            .all("expected", request.head.values(FieldName::Upgrade))
            .add();
    }
}

rule! {
    /// ## What it sees
    /// A 101 to a request that also asked for 100, without the 100.
    /// ## Why it matters
    /// The client has not sent its body and now speaks the new protocol: the server waits for one or
    /// takes the other for it.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Answer 100 first, then 101.
    pub static SWITCH_BEFORE_CONTINUE = {
        id: "switch-before-continue",
        title: "101 sent before 100 although the request expected 100-continue",
        severity: Severity::Warning,
        codes: &["100", "101"],
        source: "RFC 9110 section 7.8 MUST send 100 before 101",
        guards: &[Guard::RequestKnown],
        message: text(
            "{server} sent 101 to {method} {url} without the 100 (Continue) the request asked for first.",
            "{server} 未先发送请求所期望的 100(Continue)就对 {method} {url} 返回了 101。",
        ),
        check: Check::Exchange(Trigger::Status(&[(101, 101)]), before_continue),
    }
}

fn before_continue(scene: &Scene<'_>, report: &mut Report<'_>) {
    let continued = scene.exchange.interim.iter().any(|interim| interim.head.status() == Some(100));
    if scene.request().is_some_and(super::code_100::expects) && !continued {
        report.find().add();
    }
}

rule! {
    /// ## What it sees
    /// A client that sent octets of the new protocol before the server had agreed.
    /// ## Why it matters
    /// If the server refuses, it reads them as the next request: whoever chooses them speaks with the
    /// rights of the client.
    /// ## When it is innocent
    /// A further HTTP request behind a refused upgrade is not reported.
    /// ## What to do
    /// Wait for the 101 (RFC 9931).
    pub static UPGRADE_OPTIMISTIC_DATA = {
        id: "upgrade-optimistic-data",
        title: "Client sends data of the new protocol before 101 arrived",
        severity: Severity::Warning,
        codes: &["101", "2xx", "4xx", "5xx"],
        source: "RFC 6455 section 4.1 MUST wait for the response; RFC 9110 section 7.8 cannot begin before the request is sent; RFC 9931 (request smuggling risk of optimistic upgrade data); founding document on 101",
        guards: &[Guard::NotMidstream],
        message: text(
            "{client} sent {bytes} octets behind the Upgrade request {method} {url} before {server} had agreed (answer: {status}).",
            "{client} 在 {server} 同意升级之前,就在 {method} {url} 之后发送了 {bytes} 字节数据(应答:{status})。",
        ),
        check: Check::Settled(Trigger::RequestField(&[FieldName::Upgrade]), optimistic),
    }
}

fn optimistic(scene: &Scene<'_>, after: &Aftermath<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let early = scene.exchange.early;
    if early == 0 || request.head.method() == Method::Connect {
        return;
    }
    let request_behind = after.next.is_some_and(|next| next.request.is_some());
    if response.head.status() == Some(101) || !request_behind {
        report.find().plain("bytes", early).add();
    }
}

rule! {
    /// ## What it sees
    /// A server that sent another HTTP response behind its 101.
    /// ## Why it matters
    /// It did not switch, or the proxy in front of it did not: the client fails on the first octets.
    /// ## When it is innocent
    /// A switch to TLS, behind which HTTP goes on; it is not reported.
    /// ## What to do
    /// Look at the proxy: it passes the 101 on without opening the tunnel.
    pub static SWITCH_THEN_HTTP = {
        id: "switch-then-http",
        title: "HTTP/1.x messages continue on the connection after 101",
        severity: Severity::Error,
        codes: &["101"],
        source: "RFC 9110 section 7.8; RFC 9110 section 15.2.2; founding document on 101",
        guards: &[Guard::NoGap],
        message: text(
            "After 101 {server} went on with an HTTP/1.x response ('{value}') instead of {protocol}.",
            "{server} 在返回 101 之后仍然发送 HTTP/1.x 响应('{value}'),而不是 {protocol}。",
        ),
        check: Check::Connection(then_http),
    }
}

/// The exchange that switched by 101, and the protocol as the response names it.
fn switched<'a>(after: &Aftermath<'a>) -> Option<(&'a Message, &'a [u8])> {
    let last = after.next?;
    match (&last.switch, last.response.as_deref()) {
        (Some(Switch::Upgrade(protocol)), Some(response)) => Some((response, protocol)),
        _ => None,
    }
}

fn then_http(connection: &Connection, after: &Aftermath<'_>, report: &mut Report<'_>) {
    let Some((_, protocol)) = switched(after) else { return };
    let Some(said) = connection.greetings[Side::Server.index()].as_ref() else { return };
    let tls = memchr::memmem::find(&protocol.to_ascii_lowercase(), b"tls").is_some();
    if said.octets.starts_with(b"HTTP/1.") && !protocol.is_empty() && !tls {
        let line = said.octets.split(|octet| *octet == b'\r').next().unwrap_or_default();
        let draft = report.find().octets("value", line).octets("protocol", protocol);
        draft.packet(said.mark).add();
    }
}

rule! {
    /// ## What it sees
    /// A connection that was closed soon behind its 101, without an octet of the new protocol.
    /// ## Why it matters
    /// The switch led nowhere, mostly because a proxy passes the 101 on but not what follows.
    /// ## When it is innocent
    /// A client that changed its mind.
    /// ## What to do
    /// In nginx: `proxy_http_version 1.1`, and Upgrade and Connection set; in HAProxy look at
    /// `timeout tunnel`.
    pub static SWITCH_THEN_CLOSE = {
        id: "switch-then-close",
        title: "Connection is closed right after 101 without any octet of the new protocol",
        severity: Severity::Warning,
        codes: &["101"],
        source: "RFC 9110 section 7.8 (same connection continues); founding document on 101",
        parameters: &[
            Parameter { name: "within_s", default: &[5.0], meaning: "seconds between the 101 and the close" },
        ],
        guards: &[Guard::NoGap],
        message: text(
            "{conn} was closed by {sender} {delay} s after 101 without any {protocol} data; the switch did not take effect.",
            "{conn} 在返回 101 后 {delay} 秒即被 {sender} 关闭,没有任何 {protocol} 数据,切换未生效。",
        ),
        check: Check::Connection(then_close),
    }
}

fn then_close(connection: &Connection, after: &Aftermath<'_>, report: &mut Report<'_>) {
    let Some((_, protocol)) = switched(after) else { return };
    let Some(switched_at) = connection.switched_at else { return };
    if connection.switched != [0; 2] || protocol.is_empty() {
        return;
    }
    let ends = Ends::of(connection);
    let sides = [(Side::Client, ends.client), (Side::Server, ends.server)];
    let first = sides
        .into_iter()
        .filter_map(|(side, end)| Some((side, end?)))
        .min_by_key(|(_, end)| end.packet);
    let Some((side, end)) = first else { return };
    let delay = end.since(switched_at);
    if delay < report.duration("within_s") {
        let draft = report.find().sender(side).seconds("delay", delay);
        draft.octets("protocol", protocol).packet(end).add();
    }
}

rule! {
    /// ## What it sees
    /// A connection that was upgraded to HTTP/2 by 101.
    /// ## Why it matters
    /// RFC 9113 has given this way up; through a proxy it also is a way past its rules. What follows
    /// is not read here.
    /// ## When it is innocent
    /// Old programs inside a data centre.
    /// ## What to do
    /// Use HTTP/2 with prior knowledge or over TLS; let proxies drop `Upgrade: h2c`.
    pub static H2C_UPGRADE_USED = {
        id: "h2c-upgrade-used",
        title: "Upgrade to h2c",
        severity: Severity::Info,
        codes: &["101"],
        source: "RFC 9113 section 3.1 (h2c upgrade mechanism obsolete); founding document on 101",
        guards: &[Guard::RequestKnown],
        message: text(
            "{conn} was upgraded to h2c, a mechanism RFC 9113 has retired; analysis of this connection ends here.",
            "{conn} 升级到 h2c(RFC 9113 已废弃该机制),此后的内容不再由 HTTP/1.1 引擎分析。",
        ),
        check: Check::Exchange(Trigger::Status(&[(101, 101)]), to_h2c),
    }
}

fn to_h2c(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    if protocols(&response.head).any(|protocol| protocol.eq_ignore_ascii_case(b"h2c")) {
        report.find().add();
    }
}
