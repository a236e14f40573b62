//! `upstream-leg-not-captured`: what happened behind the server is not in the capture.

use super::{Case, Cause, Confidence, Proof, cure};

pub(super) static CAUSE: Cause = Cause {
    id: "upstream-leg-not-captured",
    title: "other leg not captured",
    meaning: "The capture shows what the client got, but no connection that the answering server \
              opened: whether it failed by itself or asked somebody cannot be told.",
    proof: "No packet of the capture is of a connection opened by that server.",
    caution: "If the server is no proxy, the failure is its own.",
    advice: "Capture on the answering host on all interfaces: `tcpdump -i any`.",
    cures: &[
        cure(
            "capture",
            "On the proxy's host: `tcpdump -i any -s 0 -w both.pcap tcp or icmp or arp`.",
        ),
        cure("server", "If it is no proxy, its own log has the reason."),
    ],
    rests_on_absence: false,
    detect: None,
};

/// There is no other leg.
pub(in crate::diagnosis) fn not_captured(case: &Case<'_>) -> (&'static Cause, Proof) {
    let server = case.failing.server;
    let unseen = "no connection that it opened is in the capture";
    let summary = match (case.failing.status(), case.failing.response.as_deref()) {
        (Some(status), Some(response)) if response.complete() => {
            format!("{server} answered {status}; {unseen}")
        }
        (Some(_), _) => format!("{server} cut its answer short; {unseen}"),
        (None, _) => format!("{server} gave no answer; {unseen}"),
    };
    let reason = "it cannot be told whether the server is a proxy";
    (&CAUSE, Proof::new(Confidence::Medium, reason, summary))
}
