//! `no-upstream-attempt`: the proxy answered by itself.

use super::{Case, Cause, Confidence, Proof, cure};

pub(super) static CAUSE: Cause = Cause {
    id: "no-upstream-attempt",
    title: "answered by the proxy itself",
    meaning: "The proxy asked nobody: all its servers count as down, a limit or a queue was full, or a \
              rule of its own answers so.",
    proof: "The capture shows connections of this proxy at other times, and none between the request \
            and its answer.",
    caution: "A connection by a way that was not captured (a socket file, another interface) would \
              not be seen.",
    advice: "Look into the proxy's own log and at the state of its servers.",
    cures: &[
        cure(
            "nginx",
            "\"no live upstreams\", `limit_req` and `limit_conn` (503), or `return` in the configuration.",
        ),
        cure(
            "HAProxy",
            "`<NOSRV>` in the log: termination state SC (no server), PR (rule) or sQ (queue).",
        ),
        cure(
            "Apache",
            "\"All workers are in error state\": a failed worker is left alone for `retry=` seconds.",
        ),
        cure(
            "Caddy",
            "\"no upstreams available\": passive health checks keep them out for `fail_duration`.",
        ),
        cure(
            "Envoy",
            "Flags UH (no healthy upstream), UO (overflow), RL (rate limited) or NR (no route).",
        ),
    ],
    rests_on_absence: true,
    detect: None,
};

/// Nothing was tried. `others` is whether connections upstream began or ended at the same time.
pub(in crate::diagnosis) fn none_made(case: &Case<'_>, others: bool) -> (&'static Cause, Proof) {
    let failing = case.failing;
    let took = case.answered.since(failing.first());
    let server = failing.server;
    let got = match failing.status() {
        Some(status) => format!("answered {status} by itself"),
        None => "ended it by itself".to_owned(),
    };
    let summary = format!("{server} {got} after {took}: it asked no upstream");
    let (confidence, reason) = if others {
        let reason =
            "other connections upstream began or ended at the same time; none fits this request";
        (Confidence::Medium, reason)
    } else {
        (Confidence::High, "its other connections are in the capture, and none at this time")
    };
    let proof = Proof::new(confidence, reason, summary).not(
        "upstream-leg-not-captured",
        "connections of this proxy are in the capture at other times",
    );
    (&CAUSE, proof)
}
