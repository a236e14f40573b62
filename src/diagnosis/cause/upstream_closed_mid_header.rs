//! `upstream-closed-mid-header`: the connection ended inside the response's head.

use super::{Attempt, Case, Cause, Confidence, Proof, closing, cure};

pub(super) static CAUSE: Cause = Cause {
    id: "upstream-closed-mid-header",
    title: "connection closed inside the response's head",
    meaning: "The upstream began a response and ended the connection before its head was whole: it \
              died while it wrote.",
    proof: "Octets of a head without its empty line, then the upstream's FIN or RST.",
    caution: "If the capture lost the rest of the head, it only looks so.",
    advice: "Look into the upstream's log at this moment: it died while it answered.",
    cures: &[
        cure(
            "server",
            "Look for a crash, an aborted script or a limit on its output at that second.",
        ),
        cure(
            "nginx",
            "Logged as \"upstream prematurely closed connection while reading response header\".",
        ),
        cure("HAProxy", "Termination state SH; says 502."),
    ],
    rests_on_absence: false,
    detect: Some(detect),
};

fn detect(_: &Case<'_>, attempt: &Attempt<'_>) -> Option<Proof> {
    let response = attempt.response()?;
    let (closed, reset) = attempt.server_closed_first()?;
    if response.head_whole || attempt.blind() || closed.packet < response.first.packet {
        return None;
    }
    let got = response.head.octets().len();
    let server = attempt.server;
    let what = closing(reset);
    let summary =
        format!("{server} closed the connection inside the head of its response, at octet {got}");
    let proof =
        Proof::new(Confidence::High, "the head has no end, and the upstream closed first", summary)
            .of(attempt)
            .shows(response.first, format!("the head of a response begins: {got} octets"))
            .shows(closed, format!("{what} of {server} inside it"))
            .not("upstream-closed-before-response", "a part of the head came")
            .not("upstream-timeout", "the upstream closed first, not the proxy");
    Some(proof)
}
