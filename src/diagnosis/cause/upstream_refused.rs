//! `upstream-refused`: the SYN was answered by a RST.

use super::{Attempt, Case, Cause, Confidence, Proof, cure};
use crate::flow::Ending;
use crate::limits;

pub(super) static CAUSE: Cause = Cause {
    id: "upstream-refused",
    title: "connection refused",
    meaning: "The upstream's host is up, but nobody listens on the port: the process is down, \
              restarting, or bound to another address or port.",
    proof: "The proxy's SYN is answered by a RST, between the request and the answer to the client.",
    caution: "A firewall can send the RST in the host's name; its time to live then often differs.",
    advice: "Start the process, or correct the port that the proxy is told.",
    cures: &[
        cure(
            "server",
            "`ss -ltn` on the upstream shows whether the port is open and on which address.",
        ),
        cure("nginx", "Correct `proxy_pass` or `upstream`; a second server there is tried next."),
        cure(
            "HAProxy",
            "Add `check` to the `server` line, so that a dead one is left out; says 503.",
        ),
        cure(
            "Apache",
            "Correct `ProxyPass`; `retry=0` ends the minute for which a failed worker is left alone.",
        ),
        cure("Caddy", "Correct `reverse_proxy`; `lb_try_duration` tries others for so long."),
        cure("Envoy", "Flag UF in the access log; active health checks take the host out."),
    ],
    rests_on_absence: false,
    detect: Some(detect),
};

fn detect(case: &Case<'_>, attempt: &Attempt<'_>) -> Option<Proof> {
    let connection = attempt.connection?;
    if connection.ending == Ending::Unanswered {
        return unseen(case, attempt);
    }
    if connection.ending != Ending::Refused {
        return None;
    }
    let syn = connection.handshake.syn?;
    let reset = connection.reset[1]?;
    let summary = format!(
        "{} refused the connection: the SYN was answered by RST after {}",
        attempt.server,
        reset.since(syn)
    );
    let proof = Proof::new(Confidence::High, "the RST answers the SYN", summary)
        .of(attempt)
        .shows(reset, format!("RST of {}: nobody listens there", attempt.server))
        .not("upstream-connect-timeout", "the SYN was answered")
        .not("upstream-reset", "the connection was never open");
    Some(proof)
}

/// The SYN has no answer in the capture, but the proxy had one: it gave up sooner than it can have lost
/// its patience.
fn unseen(case: &Case<'_>, attempt: &Attempt<'_>) -> Option<Proof> {
    let handshake = attempt.handshake();
    let waited = case.answered.since(handshake.syn?);
    let at_once = waited < limits::SILENCE && handshake.syns <= 1 && attempt.trouble.is_empty();
    if !at_once || case.failure_status().is_none() {
        return None;
    }
    let summary = format!(
        "{} probably refused the connection: the proxy gave up {waited} after its SYN",
        attempt.server
    );
    let reason = "what answered the SYN is not in the capture; so soon it is mostly a RST";
    let proof = Proof::new(Confidence::Low, reason, summary)
        .of(attempt)
        .not("upstream-connect-timeout", "nobody gives up so soon");
    Some(proof)
}
