//! `upstream-reset`: a RST where the response had to be.

use super::{Attempt, Case, Cause, Confidence, Proof, beside_a_race, cure};
use crate::flow::Ending;
use crate::limits;

pub(super) static CAUSE: Cause = Cause {
    id: "upstream-reset",
    title: "connection reset before the response",
    meaning: "The upstream aborted the connection after the request, without one octet of a response: \
              the process died with unread octets, aborts on purpose, or something between resets.",
    proof: "The upstream's RST behind the request, before any octet of its own.",
    caution: "A firewall or balancer between can send the RST; compare its time to live.",
    advice: "Look into the upstream's log at this moment; if it knows nothing, look at what stands between.",
    cures: &[
        cure(
            "server",
            "Crashes and `SO_LINGER` of zero send RST; so does closing with octets unread.",
        ),
        cure("nginx", "Logged as \"104: Connection reset by peer while reading response header\"."),
        cure("HAProxy", "Termination state SH; says 502."),
        cure("Apache", "Logged as \"Connection reset by peer: Error reading from remote server\"."),
        cure("Caddy", "Logged as \"connection reset by peer\"; says 502."),
        cure("Envoy", "Flag UC in the access log; says 503."),
    ],
    rests_on_absence: false,
    detect: Some(detect),
};

fn detect(_: &Case<'_>, attempt: &Attempt<'_>) -> Option<Proof> {
    let (closed, reset) = attempt.server_closed_first()?;
    if !reset || !attempt.silent() || attempt.blind() || attempt.ending() == Some(Ending::Refused) {
        return None;
    }
    let since = match attempt.request() {
        Some(request) => request.last,
        // Nothing was asked: it must at least have been open, and spoken no other protocol.
        None if attempt.connection?.protocol.is_none() => attempt.handshake().syn_ack?,
        None => return None,
    };
    let summary = format!(
        "{} reset the connection {} after {}, without an answer",
        attempt.server,
        closed.since(since),
        if attempt.request().is_some() { "the request" } else { "it was opened" },
    );
    let after = closed.since(since);
    let (confidence, reason) = if after < limits::UNREAD {
        let reason = "so soon a RST may also come of a process that closed without reading, or \
                      that was asked in a protocol it does not speak";
        (Confidence::Medium, reason)
    } else {
        beside_a_race(attempt, "the RST stands where the response had to be")
    };
    let proof = Proof::new(confidence, reason, summary)
        .of(attempt)
        .received(attempt, closed)
        .shows(closed, format!("RST of {} without an octet of a response", attempt.server))
        .not("upstream-refused", "the connection had been accepted")
        .not("upstream-closed-before-response", "it was a RST, not a FIN")
        .no_race(attempt);
    Some(proof)
}
