//! `upstream-connect-timeout`: nobody answered the SYNs.

use super::{Attempt, Case, Cause, Confidence, Proof, cure};
use crate::flow::Ending;
use crate::limits;

pub(super) static CAUSE: Cause = Cause {
    id: "upstream-connect-timeout",
    title: "connection attempt timed out",
    meaning: "The upstream's host does not answer at all: it is down, a firewall drops the packets, \
              a route is missing, or its queue of new connections is full.",
    proof: "SYNs of the proxy without a SYN-ACK, a RST or an ICMP error, until it answered the client.",
    caution: "If the capture lacks the direction back, the answer may have been there.",
    advice: "Look from the proxy whether the host and port can be reached; then at firewalls and at \
             the accept queue.",
    cures: &[
        cure(
            "server",
            "`nstat -az TcpExtListenOverflows` counts SYNs dropped because the queue was full.",
        ),
        cure("nginx", "`proxy_connect_timeout` (60 s) sets how long a client waits for this."),
        cure("HAProxy", "`timeout connect` times `retries` sets how long a client waits for this."),
        cure(
            "Apache",
            "`connectiontimeout=` of `ProxyPass` sets how long a client waits for this.",
        ),
        cure("Caddy", "`dial_timeout` of the transport sets how long a client waits for this."),
        cure("Envoy", "`connect_timeout` of the cluster sets how long a client waits for this."),
    ],
    rests_on_absence: true,
    detect: Some(detect),
};

fn detect(case: &Case<'_>, attempt: &Attempt<'_>) -> Option<Proof> {
    let connection = attempt.connection?;
    if connection.ending != Ending::Unanswered || !attempt.trouble.is_empty() {
        return None;
    }
    let handshake = connection.handshake;
    let syn = handshake.syn?;
    let waited = case.answered.since(syn);
    if waited < limits::SILENCE && handshake.syns <= 1 {
        // Nobody gives up so soon: the proxy got an answer.
        return None;
    }
    let tries = match handshake.syns {
        0 | 1 => "1 SYN".to_owned(),
        syns => format!("{syns} SYNs"),
    };
    let summary = format!("{} did not answer: {tries}, no SYN-ACK in {waited}", attempt.server);
    let mut proof =
        Proof::new(Confidence::High, "every SYN is there and no answer to any", summary)
            .of(attempt);
    if connection.last.packet != syn.packet && handshake.syns > 1 {
        proof = proof.shows(connection.last, "the last SYN, as unanswered as the first");
    }
    let proof = proof.not("upstream-refused", "no RST came").not(
        "upstream-unreachable",
        "no ICMP error came, and the host's address was not asked in vain",
    );
    Some(proof)
}
