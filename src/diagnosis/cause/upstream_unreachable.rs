//! `upstream-unreachable`: the network said that the host cannot be reached.

use super::{Attempt, Case, Cause, Confidence, Proof, cure};

pub(super) static CAUSE: Cause = Cause {
    id: "upstream-unreachable",
    title: "host unreachable",
    meaning: "A router or the proxy's own host knows that the upstream cannot be reached: no route, a \
              filter that says so, or nobody on the link has the address.",
    proof: "An ICMP error that quotes the proxy's SYN, or ARP or neighbour questions for the address \
            that nobody answers.",
    caution: "An ICMP error that came after the connection was open is only advice (RFC 1122).",
    advice: "Read who sent the error: correct the route, the filter or the address there.",
    cures: &[
        cure(
            "server",
            "`ip route get ADDRESS` and `ip neigh` on the proxy's host show route and neighbour.",
        ),
        cure("nginx", "Logged as \"113: No route to host\" or \"101: Network is unreachable\"."),
        cure("HAProxy", "Health checks take such a server out before a client notices."),
    ],
    rests_on_absence: false,
    detect: Some(detect),
};

fn detect(_: &Case<'_>, attempt: &Attempt<'_>) -> Option<Proof> {
    attempt.trouble.first()?;
    if attempt.handshake().syn_ack.is_some() || attempt.exchange.is_some() {
        return None;
    }
    let at = match attempt.server.port() {
        0 => attempt.server.address().to_string(),
        _ => attempt.server.to_string(),
    };
    let says = attempt.trouble.last().map_or("", |trouble| trouble.says.as_str());
    let summary = format!("{at} cannot be reached: {says}");
    let (confidence, reason) = match attempt.trouble.as_slice() {
        [one] if one.silence => {
            (Confidence::Medium, "one question alone had no answer; it may not have been captured")
        }
        _ => (Confidence::High, "the network itself says so"),
    };
    let mut proof = Proof::new(confidence, reason, summary).of(attempt);
    for trouble in &attempt.trouble {
        proof = proof.shows(trouble.mark, trouble.says.clone());
    }
    Some(
        proof
            .not("upstream-connect-timeout", "it was not silence: an error came")
            .not("upstream-refused", "no RST came"),
    )
}
