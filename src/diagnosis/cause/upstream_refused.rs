//! `upstream-refused`: the SYN was answered by a RST.

use super::{Attempt, Case, Cause, Confidence, Proof, cure};
use crate::flow::Ending;

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
    detect: Some(detect),
};

fn detect(_: &Case<'_>, attempt: &Attempt<'_>) -> Option<Proof> {
    let connection = attempt.connection?;
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
