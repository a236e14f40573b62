//! 408 (Request Timeout).

use crate::flow::Mark;
use crate::rules::ends::Ends;
use crate::rules::rule::rule;
use crate::rules::{Aftermath, Check, Guard, Parameter, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A 408 to a request that had come whole.
    /// ## Why it matters
    /// The server was slow, not the client: 503 or 504 would say so. Or octets were lost between
    /// capture and server.
    /// ## When it is innocent
    /// Never, unless octets were lost behind the capture.
    /// ## What to do
    /// Look at what the server did with the request; compare with a capture on its own machine.
    pub static REQUEST_TIMEOUT_AFTER_COMPLETE_REQUEST = {
        id: "request-timeout-after-complete-request",
        title: "408 although the request was complete",
        severity: Severity::Warning,
        codes: &["408"],
        source: "RFC 9110 section 15.5.9 (did not receive a complete request in time); founding document on 408",
        guards: &[Guard::RequestKnown, Guard::NoGap, Guard::NotMidstream],
        message: text("{server} answered 408 to {method} {url}, yet the complete request had been sent {delay} s earlier.", "{method} {url} 的完整请求在 {delay} 秒前已发出,{server} 却返回 408。"),
        check: Check::Exchange(Trigger::Status(&[(408, 408)]), after_complete),
    }

    /// ## What it sees
    /// A 408 that nobody asked for, on an idle connection.
    /// ## Why it matters
    /// A client that sends a request at this moment takes the 408 for its answer.
    /// ## When it is innocent
    /// Load balancers (HAProxy with `timeout http-request`) do it with connections that browsers
    /// open in advance.
    /// ## What to do
    /// Let the server close idle connections without a word.
    pub static REQUEST_TIMEOUT_IDLE = {
        id: "request-timeout-idle",
        title: "408 on an idle connection without any request",
        severity: Severity::Info,
        codes: &["408"],
        source: "RFC 9110 section 15.5.9; RFC 9112 section 9.2 (client must not take it as a response); founding document on 408",
        guards: &[Guard::NotMidstream],
        message: text("{server} closed the idle connection {conn} with an unsolicited 408 after {delay} s.", "{server} 在 {conn} 空闲 {delay} 秒后主动发送 408 并关闭。"),
        check: Check::Exchange(Trigger::Orphan, idle),
    }

    /// ## What it sees
    /// A connection that stays open behind a 408.
    /// ## Why it matters
    /// The rest of the request is still to come, and would be read as the next one.
    /// ## When it is innocent
    /// Servers that read on until the request is whole.
    /// ## What to do
    /// Let the server close, with `Connection: close`.
    pub static REQUEST_TIMEOUT_NOT_CLOSED = {
        id: "request-timeout-not-closed",
        title: "Connection stays open after a 408",
        severity: Severity::Notice,
        codes: &["408"],
        source: "RFC 9110 section 15.5.9 (request delimitation is lost in HTTP/1.1); RFC 7231 section 6.5.7 SHOULD send close; founding document on 408",
        parameters: &[Parameter { name: "grace_s", default: &[5.0], meaning: "seconds that may pass before the close" }],
        guards: &[Guard::NotMidstream],
        message: text("{server} sent 408 but left {conn} open for more than {delay} s.", "{server} 发送 408 后 {delay} 秒仍未关闭 {conn}。"),
        check: Check::Settled(Trigger::Status(&[(408, 408)]), not_closed),
    }
}

fn after_complete(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    if request.complete()
        && scene.exchange.before_answer.is_none()
        && response.first.packet > request.last.packet
    {
        let delay = response.first.since(request.last);
        report.find().about(response).seconds("delay", delay).add();
    }
}

fn idle(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    if scene.status() != Some(408) {
        return;
    }
    let opened = scene.exchange.circumstances.handshake.done;
    let opened = opened.map(|done: Mark| response.first.since(done));
    if let Some(idle) = scene.exchange.idle_before.or(opened) {
        report.find().about(response).seconds("delay", idle).add();
    }
}

fn not_closed(scene: &Scene<'_>, after: &Aftermath<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    let Some(connection) = after.connection else { return };
    let grace = report.duration("grace_s");
    let ends = Ends::of(connection);
    let left = |mark: Mark| mark.since(response.last) > grace;
    if ends.server.is_none() && ends.client.is_none_or(left) && left(connection.completed) {
        let open = connection.completed.since(response.last);
        report.find().about(response).seconds("delay", open).add();
    }
}
