//! `stale-keepalive`: a kept connection was closed as it was used again.

use super::{Attempt, Case, Cause, Confidence, Proof, closing, cure};
use crate::limits;

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
    detect: Some(detect),
};

fn detect(_: &Case<'_>, attempt: &Attempt<'_>) -> Option<Proof> {
    let request = attempt.request()?;
    let (closed, reset) = attempt.server_closed_first()?;
    if !attempt.reused() || !attempt.silent() || attempt.blind() {
        return None;
    }
    let before = closed.packet < request.last.packet;
    let after = closed.since(request.last);
    let received = attempt.delivered().is_some_and(|at| at.packet != closed.packet);
    let soon = if received { limits::RACE_ACKNOWLEDGED } else { limits::RACE };
    if !before && after > soon {
        return None;
    }
    let idle = match attempt.exchange?.1.idle_before {
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
