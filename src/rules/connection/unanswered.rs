//! Requests without an answer, and answers that break off.

use crate::flow::{Mark, Side};
use crate::http::{Exchange, Unanswered};
use crate::rules::ends::Ends;
use crate::rules::rule::rule;
use crate::rules::{Aftermath, Check, Guard, Parameter, Report, Scene, Severity, Trigger, text};
use crate::units::Duration;

rule! {
    /// ## What it sees
    /// A whole request that got no response: the server closed or reset the connection instead, or
    /// stayed silent.
    /// ## Why it matters
    /// The client sees an empty reply or a reset; behind a proxy its user sees a 502 or 504.
    /// ## When it is innocent
    /// A connection closed at the very moment at which an idle client sent its next request; that
    /// race is a cause of its own and not reported here. A client that gave up first is not reported
    /// here either.
    /// ## What to do
    /// Look at the server at that time: a crash, `return 444`, a limit of connections, a worker that
    /// was killed.
    pub static REQUEST_UNANSWERED = {
        id: "request-unanswered",
        title: "Complete request that never got a final response",
        severity: Severity::Warning,
        otherwise: &[(Severity::Error, "if the server closed or reset the connection")],
        source: "RFC 9110 section 15 (exactly one final response); RFC 9112 section 9.2",
        parameters: &[
            Parameter { name: "wait_s", default: &[60.0], meaning: "seconds of silence that count where nobody closed" },
        ],
        guards: &[Guard::NotMidstream, Guard::BothDirections, Guard::NoGap],
        message: text(
            "{method} {url} got no response from {server}: {how} after {delay} s.",
            "{method} {url} 没有得到 {server} 的响应:{delay} 秒后 {how}。",
        ),
        check: Check::Settled(Trigger::Unanswered, unanswered),
    }
}

/// A close so soon behind the request means that it was under way already.
const RACE: Duration = Duration::from_millis(500);

fn unanswered(scene: &Scene<'_>, after: &Aftermath<'_>, report: &mut Report<'_>) {
    let Some((request, connection)) = scene.request().zip(after.connection) else { return };
    if !request.complete() || after_switch(scene.exchange) || lost(scene.exchange) {
        return;
    }
    let ends = Ends::of(connection);
    let waited = connection.completed.since(request.last);
    if ends.server.is_none() && waited <= report.duration("wait_s") || ends.client_first() {
        return;
    }
    let raced = ends.server.is_some_and(|end| end.since(request.first) < RACE);
    if scene.exchange.nth > 1 && raced {
        return;
    }
    let how = match (ends.server, connection.reset[Side::Server.index()]) {
        (None, _) => text("nothing came", "一直没有任何数据"),
        (Some(_), None) => text("it closed the connection", "关闭了连接"),
        (Some(_), Some(_)) => text("it reset the connection", "重置了连接"),
    };
    let delay = ends.server.map_or(waited, |end| end.since(request.last));
    let draft = report.find().severity_if(ends.server.is_some(), Severity::Error);
    let draft = draft.phrase("how", how).seconds("delay", delay);
    match ends.server {
        Some(end) => draft.packet(end).add(),
        None => draft.add(),
    }
}

/// Whether the answer may be in octets that the capture does not have.
fn lost(exchange: &Exchange) -> bool {
    matches!(exchange.unanswered, Some(Unanswered::NotCaptured | Unanswered::TooMany))
}

/// Whether HTTP had ended, so that there is nothing to answer.
fn after_switch(exchange: &Exchange) -> bool {
    exchange.switch.is_some()
}

rule! {
    /// ## What it sees
    /// A client that closed or reset the connection before the response was complete.
    /// ## Why it matters
    /// nginx logs 499 for it and AWS 460, and neither is ever on the wire. The user went away, or a
    /// time limit in front of the server is shorter than the server is slow.
    /// ## When it is innocent
    /// Users who leave a page, players that skip, downloads that are cancelled. A client that closes
    /// its sending side only and gets the whole response is not reported.
    /// ## What to do
    /// If the delays are alike, look for a time limit of that length in the client or in a proxy.
    pub static CLIENT_ABORT = {
        id: "client-abort",
        title: "Client closes before the response is complete",
        severity: Severity::Notice,
        codes: &["499", "460"],
        source: "RFC 9112 section 9.5; RFC 9112 section 9.6 (a half-close by the client does not cancel the request)",
        guards: &[Guard::NotMidstream, Guard::BothDirections, Guard::NoGap],
        message: text(
            "{client} gave up on {method} {url} after {delay} s ({how}) before the response was complete; nginx would log 499, ALB 460.",
            "{client} 在 {delay} 秒后放弃了 {method} {url}({how}),此时响应尚未完成;nginx 会记为 499,ALB 记为 460。",
        ),
        check: Check::Settled(Trigger::Incomplete, abort),
    }
}

fn abort(scene: &Scene<'_>, after: &Aftermath<'_>, report: &mut Report<'_>) {
    let Some((request, connection)) = scene.request().zip(after.connection) else { return };
    if after_switch(scene.exchange) || !broken_off(scene.exchange) {
        return;
    }
    let ends = Ends::of(connection);
    let Some(end) = ends.client.filter(|_| ends.client_first()) else { return };
    if end.packet < request.first.packet {
        return;
    }
    let reset = connection.reset[Side::Client.index()].is_some_and(|reset| reset == end);
    let how = if reset { text("reset", "RST") } else { text("close", "FIN") };
    let delay = end.since(request.first);
    report.find().phrase("how", how).seconds("delay", delay).packet(end).add();
}

/// Whether there is no response, or one that did not come to its end.
fn broken_off(exchange: &Exchange) -> bool {
    use crate::http::MessageEnd;
    exchange.response.as_deref().is_none_or(|response| {
        !matches!(response.end, Some(MessageEnd::Framing | MessageEnd::NextMessage))
            && !response.complete()
    })
}

rule! {
    /// ## What it sees
    /// A server that reset the connection in the middle of its response.
    /// ## Why it matters
    /// The client has half a response and an error. A reset also throws away what the client had not
    /// read yet.
    /// ## When it is innocent
    /// A server that is being shut down.
    /// ## What to do
    /// Look at the process behind the port at that time: a crash, a kill, a limit; or a device on the
    /// way that sends resets, whose TTL differs.
    pub static RST_MID_RESPONSE = {
        id: "rst-mid-response",
        title: "Server resets the connection in the middle of a response",
        severity: Severity::Error,
        source: "RFC 9112 section 8 MUST record as incomplete; RFC 9112 section 9.6",
        guards: &[Guard::NotMidstream],
        message: text(
            "{server} reset the connection {delay} s into the {status} response to {method} {url} ({received} of {declared} octets sent).",
            "{server} 在发送 {method} {url} 的 {status} 响应过程中({delay} 秒、已发 {received}/{declared} 字节)重置了连接。",
        ),
        check: Check::Settled(Trigger::Incomplete, reset),
    }
}

fn reset(scene: &Scene<'_>, after: &Aftermath<'_>, report: &mut Report<'_>) {
    use crate::http::MessageEnd;
    let Some((response, connection)) = scene.response().zip(after.connection) else { return };
    let Some(reset) = connection.reset[Side::Server.index()] else { return };
    let before = |mark: Option<Mark>| mark.is_none_or(|mark| reset.packet < mark.packet);
    let first = before(connection.reset[Side::Client.index()])
        && before(connection.fin[Side::Client.index()]);
    if response.end != Some(MessageEnd::Reset) || response.complete() || !first {
        return;
    }
    let delay = reset.since(response.first);
    let received = response.content.saturating_add(response.missing);
    let draft = report.find().seconds("delay", delay).plain("received", received).packet(reset);
    match response.content_length.value() {
        Some(declared) => draft.plain("declared", declared).add(),
        None => draft.phrase("declared", text("an unknown number", "未知数量")).add(),
    }
}
