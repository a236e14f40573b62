//! `stale-keepalive`: a kept connection was closed as it was used again.

use super::{Attempt, Case, Cause, Confidence, Proof, closing, cure};
use crate::flow::Mark;
use crate::http::Exchange;
use crate::limits;
use crate::units::Duration;

pub(super) static CAUSE: Cause = Cause {
    id: "stale-keepalive",
    title: "keep-alive race",
    meaning: "The proxy sent the request on a kept connection at the moment at which the upstream \
              closed it as idle. Nothing was wrong with the request.",
    proof: "On a reused connection the upstream's FIN or RST comes before the request, crosses it, \
            or answers it at once, without a word of a response.",
    caution: "A process that crashes at once on its second request looks the same.",
    advice: "Make the upstream's keep-alive timeout longer than the proxy's.",
    cures: &[
        cure(
            "server",
            "Node.js: `server.keepAliveTimeout` (5 s); gunicorn: `--keep-alive` (2 s); raise it above the proxy's.",
        ),
        cure(
            "nginx",
            "`keepalive_timeout` in `upstream` (60 s) below the server's; only idempotent requests are retried.",
        ),
        cure(
            "HAProxy",
            "`timeout http-keep-alive` or `pool-purge-delay` below the server's; `retry-on conn-failure empty-response`.",
        ),
        cure(
            "Apache",
            "`ttl=` of `ProxyPass` below the server's; `disablereuse=On` ends it at a price.",
        ),
        cure("Caddy", "`keepalive` of the transport (2 m) below the server's."),
        cure(
            "Envoy",
            "`idle_timeout` of the cluster's HTTP options below the server's; retry on `reset-before-request`.",
        ),
    ],
    rests_on_absence: false,
    detect: Some(detect),
};

/// How a kept connection ended under a request.
pub(in crate::diagnosis) struct Lost {
    /// Where the server closed or reset, and whether by RST.
    pub closed: (Mark, bool),
    /// Whether that was before the request was whole.
    before: bool,
    /// Whether the request had been acknowledged by itself.
    received: bool,
    /// How long it had been idle when it was closed.
    pub idle: Option<Duration>,
}

/// Whether the server closed a kept connection before it could have read the request.
pub(in crate::diagnosis) fn lost(exchange: &Exchange) -> Option<Lost> {
    let request = exchange.request.as_deref()?;
    let now = &exchange.circumstances;
    let reused = exchange.nth > 1 || now.midstream && exchange.idle_before.is_some();
    let ([by_client, by_server], [reset_by_client, reset_by_server]) = (now.fin, now.reset);
    let first = |fin: Option<Mark>, reset: Option<Mark>| {
        let fin = fin.map(|at| (at, false));
        fin.into_iter().chain(reset.map(|at| (at, true))).min_by_key(|(at, _)| at.packet)
    };
    let closed = first(by_server, reset_by_server)?;
    let other = first(by_client, reset_by_client);
    let blind = now.one_sided || now.missing[1] > 0;
    if !reused
        || blind
        || exchange.response.is_some()
        || other.is_some_and(|(at, _)| at.packet < closed.0.packet)
    {
        return None;
    }
    let (at, _) = closed;
    let before = at.packet < request.last.packet;
    let delivered = now.acknowledged[0].filter(|seen| seen.packet > request.last.packet);
    let received = delivered.is_some_and(|seen| seen.packet != at.packet);
    let soon = if received { limits::RACE_ACKNOWLEDGED } else { limits::RACE };
    if !before && at.since(request.last) > soon {
        return None;
    }
    let early = request.first.since(at).as_nanos();
    let late = at.since(request.first).as_nanos();
    let idle = exchange.idle_before.map(|idle| {
        Duration::from_nanos(idle.as_nanos().saturating_sub(early).saturating_add(late))
    });
    Some(Lost { closed, before, received, idle })
}

fn detect(_: &Case<'_>, attempt: &Attempt<'_>) -> Option<Proof> {
    let (_, exchange) = attempt.exchange?;
    let Lost { closed: (closed, reset), before, received, .. } = lost(exchange)?;
    if !attempt.silent() {
        return None;
    }
    let after = closed.since(attempt.request()?.last);
    let idle = match exchange.idle_before {
        Some(idle) => format!(" after {idle} idle"),
        None => String::new(),
    };
    let server = attempt.server;
    let what = closing(reset);
    let (confidence, reason, summary) = if before {
        let summary =
            format!("{server} had closed the kept connection{idle} as the request was sent");
        (Confidence::High, "it was closed before the request was there", summary)
    } else {
        let summary = format!(
            "{server} closed the kept connection{idle} as it was used again: {what} {after} later"
        );
        let reason = if received {
            "the end came at once, but the request had been acknowledged"
        } else {
            "the answer to the request was the end, at once"
        };
        (if received { Confidence::Medium } else { Confidence::High }, reason, summary)
    };
    let proof = Proof::new(confidence, reason, summary)
        .of(attempt)
        .shows(closed, format!("{what} of {server} on the reused connection"))
        .not(
            "upstream-closed-before-response",
            "the connection was reused, and no time passed to work on the request",
        )
        .not("upstream-timeout", "the upstream closed first");
    Some(proof)
}
