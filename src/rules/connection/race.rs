//! A kept connection that ends as it is used again.

use crate::http::Unanswered;
use crate::rules::ends::Ends;
use crate::rules::rule::rule;
use crate::rules::{Aftermath, Check, Guard, Parameter, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A request on a connection that was used before, which got no response, since the server closed or
    /// reset the connection just before or just after the request was sent.
    /// ## Why it matters
    /// Each of the two waits for the other for a while, and the server gives up first. It is the classic
    /// cause of rare 502 behind a proxy that nobody can repeat. Where the proxy's other side is in the
    /// capture, the cause `stale-keepalive` proves it for the request that failed.
    /// ## When it is innocent
    /// Clients that send the request again by themselves, as they may do for GET.
    /// ## What to do
    /// Make the server's keep-alive timeout longer than that of whoever sends: nginx `keepalive_timeout`
    /// of an upstream, HAProxy `timeout http-keep-alive`, Envoy `idle_timeout`, 60 s at AWS.
    pub static KEEPALIVE_CLOSE_RACE = {
        id: "keepalive-close-race",
        title: "Request sent on a reused connection just as the server closed it",
        severity: Severity::Warning,
        codes: &["502", "503"],
        source: "RFC 9112 section 9.5 (close at any time); RFC 9110 section 9.2.2 (retry rules)",
        parameters: &[
            Parameter { name: "race_s", default: &[0.5], meaning: "seconds between the request and the close" },
        ],
        guards: &[Guard::NotMidstream, Guard::BothDirections],
        supersedes: &["request-unanswered"],
        message: text(
            "{method} {url} was sent within {delay} s of {server} closing the idle connection; no response (keep-alive timeout race).",
            "{method} {url} 发出时 {server} 恰好在关闭空闲连接(相差 {delay} 秒),没有响应(长连接超时竞争)。",
        ),
        check: Check::Settled(Trigger::Unanswered, race),
    }
}

fn race(scene: &Scene<'_>, after: &Aftermath<'_>, report: &mut Report<'_>) {
    let exchange = scene.exchange;
    let Some((request, connection)) = scene.request().zip(after.connection) else { return };
    let lost = matches!(exchange.unanswered, Some(Unanswered::NotCaptured | Unanswered::TooMany));
    let Some(end) = Ends::of(connection).server else { return };
    // Behind others that were not answered yet, it did not find an idle connection.
    let idle = exchange.idle_before.is_some_and(|idle| idle.as_nanos() > 0);
    if exchange.nth < 2 || !idle || exchange.switch.is_some() || exchange.tunnelled || lost {
        return;
    }
    let before = request.first.since(end);
    let behind = end.since(request.first);
    if behind < report.duration("race_s") {
        report.find().seconds("delay", before.max(behind)).packet(end).add();
    }
}
