//! Slow heads, slow answers and pauses, by absolute limits.

use super::{head_time, is_stream};
use crate::http::Method;
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A response that began later after the end of its request than a limit.
    /// ## Why it matters
    /// Somebody waited. The time is measured where the capture was made: near the client it holds a round
    /// trip through the network too.
    /// ## When it is innocent
    /// Long polling, reports that take their time, uploads that are worked on. CONNECT, 101, 408, 504 and
    /// event streams are not reported.
    /// ## What to do
    /// Look what the server waited for. What takes long by its nature is better answered with 202 and a
    /// place to ask.
    pub static SLOW_RESPONSE = {
        id: "slow-response",
        title: "Response begins later than an absolute limit",
        severity: Severity::Notice,
        otherwise: &[(Severity::Warning, "if it took longer than `bad_s`")],
        source: "RFC 9110 section 15.3.3 (202 exists for this); founding document on 202",
        parameters: &[
            Parameter { name: "slow_s", default: &[3.0], meaning: "seconds, at least half of one" },
            Parameter { name: "bad_s", default: &[10.0], meaning: "seconds that are worse" },
        ],
        guards: &[Guard::RequestKnown, Guard::NoGap],
        supersedes: &["slow-response-outlier"],
        message: text(
            "{server} needed {delay} s to answer {method} {url} ({status}).",
            "{server} 用了 {delay} 秒才回应 {method} {url}({status})。",
        ),
        check: Check::Exchange(Trigger::SlowResponse, slow_response),
    }

    /// ## What it sees
    /// A response whose transfer paused in the middle of its content.
    /// ## Why it matters
    /// The client waits with half a page. Either the server waits for something, the network lost
    /// segments, or the client does not read.
    /// ## When it is innocent
    /// Streams; event streams, mixed-replace, gRPC and ndjson are not reported.
    /// ## What to do
    /// If segments were sent again, look at the network. If not, look what the server waited for, and
    /// whether the client's window was closed.
    pub static RESPONSE_STALLED = {
        id: "response-stalled",
        title: "Transfer of a response body pauses",
        severity: Severity::Notice,
        source: "practice",
        parameters: &[
            Parameter { name: "stall_s", default: &[3.0], meaning: "seconds, at least half of one" },
        ],
        guards: &[Guard::RequestKnown, Guard::NoGap],
        message: text(
            "{server} paused for {delay} s in the middle of the {status} response to {method} {url} ({cause}).",
            "{server} 在发送 {method} {url} 的 {status} 响应途中停顿了 {delay} 秒({cause})。",
        ),
        check: Check::Exchange(Trigger::Stalled, stalled),
    }

    /// ## What it sees
    /// A client that took very long to send the head of a request, or never ended it.
    /// ## Why it matters
    /// It holds a worker of the server all that time. Many at once are an attack, which
    /// `slowloris-suspected` tells.
    /// ## When it is innocent
    /// A bad network; a person who types a request by hand.
    /// ## What to do
    /// Limit the time for a head at the server.
    pub static SLOW_REQUEST_HEADER = {
        id: "slow-request-header",
        title: "Client takes very long to send a header section",
        severity: Severity::Notice,
        codes: &["408"],
        source: "RFC 9110 section 15.5.9; founding document on 408",
        parameters: &[
            Parameter { name: "slow_s", default: &[10.0], meaning: "seconds, at least one" },
        ],
        guards: &[Guard::NotMidstream, Guard::NoGap],
        message: text(
            "{client} needed {delay} s for one request header section on {conn}.",
            "{client} 在 {conn} 上发送一个请求报头用了 {delay} 秒。",
        ),
        check: Check::Exchange(Trigger::SlowHead, slow_head),
    }
}

fn slow_response(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let Some(took) = scene.exchange.think_time() else { return };
    let slow = took > report.duration("slow_s");
    if !slow || matches!(scene.status(), Some(101 | 408 | 504)) {
        return;
    }
    if request.head.method() != Method::Connect && !is_stream(response) {
        let bad = took > report.duration("bad_s");
        report.find().severity_if(bad, Severity::Warning).seconds("delay", took).add();
    }
}

fn stalled(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    let Some((pause, packet)) = response.longest_pause else { return };
    if pause <= report.duration("stall_s") || is_stream(response) {
        return;
    }
    let cause = match scene.exchange.retransmissions {
        0 => text(
            "no segment was sent again: look at the server, or whether the client reads",
            "没有重传:请检查服务器,或客户端是否在读取",
        ),
        _ => text("segments were sent again: look at the network", "有重传:请检查网络"),
    };
    let behind = crate::flow::Mark { packet, ..response.last };
    report.find().seconds("delay", pause).phrase("cause", cause).packet(behind).add();
}

fn slow_head(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(took) = head_time(scene.exchange) else { return };
    if took > report.duration("slow_s") {
        report.find().seconds("delay", took).add();
    }
}
