//! `upstream-closed-before-response`: a FIN where the response had to be.

use super::{Attempt, Case, Cause, Confidence, Proof, beside_a_race, cure};
use crate::flow::Ending;

pub(super) static CAUSE: Cause = Cause {
    id: "upstream-closed-before-response",
    title: "connection closed before the response",
    meaning: "The upstream accepted the connection and closed it in good order without one octet of \
              a response: a worker crashed or was recycled, or the process closes what it does not \
              understand.",
    proof: "The upstream's FIN behind the request, before any octet of its own.",
    caution: "On a connection that was reused it may be the keep-alive race instead.",
    advice: "Look into the upstream's log at this moment: crash, out of memory, worker limit or restart.",
    cures: &[
        cure(
            "server",
            "Look for crashes and recycled workers (`max_requests`, out of memory) at that second.",
        ),
        cure(
            "nginx",
            "Logged as \"upstream prematurely closed connection while reading response header\".",
        ),
        cure("HAProxy", "Termination state SH; says 502."),
        cure("Apache", "Logged as \"Error reading from remote server\"."),
        cure("Caddy", "Logged as EOF; idempotent requests may be retried with `lb_retries`."),
        cure("Envoy", "Flag UC in the access log; says 503."),
    ],
    rests_on_absence: false,
    detect: Some(detect),
};

fn detect(_: &Case<'_>, attempt: &Attempt<'_>) -> Option<Proof> {
    let (closed, reset) = attempt.server_closed_first()?;
    if reset || !attempt.silent() || attempt.blind() {
        return None;
    }
    let Some(request) = attempt.request() else {
        return at_once(attempt);
    };
    let summary = format!(
        "{} closed the connection {} after the request, without an answer",
        attempt.server,
        closed.since(request.last)
    );
    let (confidence, reason) =
        beside_a_race(attempt, "the FIN stands where the response had to be");
    let proof = Proof::new(confidence, reason, summary)
        .of(attempt)
        .received(attempt, closed)
        .shows(closed, format!("FIN of {} without an octet of a response", attempt.server))
        .not("upstream-timeout", "the upstream closed first, not the proxy")
        .not("upstream-reset", "it was a FIN, not a RST")
        .no_race(attempt);
    Some(proof)
}

/// Accepted and closed before the proxy could ask.
fn at_once(attempt: &Attempt<'_>) -> Option<Proof> {
    let connection = attempt.connection?;
    let accepted = connection.handshake.syn_ack?;
    if connection.protocol.is_some() || connection.ending == Ending::Refused {
        return None;
    }
    let (closed, _) = attempt.server_closed_first()?;
    let summary = format!(
        "{} accepted the connection and closed it after {}, before any request",
        attempt.server,
        closed.since(accepted)
    );
    let proof = Proof::new(Confidence::High, "the FIN follows the handshake", summary)
        .of(attempt)
        .shows(accepted, format!("SYN-ACK of {}", attempt.server))
        .shows(closed, format!("FIN of {}", attempt.server));
    Some(proof)
}
