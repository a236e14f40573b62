//! `slow-accept`: the SYN had to be repeated.

use super::{Attempt, Cause, Confidence, Proof, cure};
use crate::limits;

pub(super) static CAUSE: Cause = Cause {
    id: "slow-accept",
    title: "connection accepted late",
    meaning: "The first SYN got no answer and a repeated one did: a second or more went by before the \
              request could be sent. The queue of new connections was full, or a packet was lost.",
    proof: "Two or more SYNs with the same sequence number, then a SYN-ACK.",
    caution: "A single lost packet does the same; a full queue does it again and again.",
    advice: "Look at the upstream's accept queue: backlog, workers that do not accept.",
    cures: &[
        cure(
            "server",
            "`ss -ltn` shows Recv-Q against Send-Q; raise `listen` backlog and `net.core.somaxconn`.",
        ),
        cure("nginx", "Kept connections (`keepalive` in `upstream`) need fewer handshakes."),
        cure(
            "HAProxy",
            "`http-reuse` needs fewer handshakes; `maxconn` queues in the proxy instead.",
        ),
    ],
    rests_on_absence: false,
    detect: None,
};

pub(super) fn late(attempt: &Attempt<'_>) -> Option<Proof> {
    let handshake = attempt.handshake();
    let (syn, accepted) = (handshake.syn?, handshake.syn_ack?);
    let waited = accepted.since(syn);
    if handshake.syns < 2 || waited < limits::SLOW_ACCEPT {
        return None;
    }
    let server = attempt.server;
    let summary =
        format!("{server} accepted the connection only at SYN {}, after {waited}", handshake.syns);
    let reason = "a lost packet cannot be told from a full queue";
    let proof = Proof::new(Confidence::Medium, reason, summary)
        .of(attempt)
        .shows(accepted, format!("SYN-ACK of {server}, {waited} after the first SYN"))
        .not("upstream-connect-timeout", "it was accepted in the end");
    Some(proof)
}
