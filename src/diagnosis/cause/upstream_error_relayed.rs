//! `upstream-error-relayed`: the proxy handed on what the upstream itself answered.

use super::{Attempt, Case, Cause, Confidence, Proof, cure};

pub(super) static CAUSE: Cause = Cause {
    id: "upstream-error-relayed",
    title: "error of the upstream, handed on",
    meaning: "The proxy is only the messenger: the upstream itself answered with this status. The \
              origin is the upstream, or one hop further.",
    proof: "The upstream's response has the same status and came just before the client's.",
    caution: "A proxy may replace the body; the status is what counts.",
    advice: "Ask the upstream why: its log, and a capture there if it is a proxy too.",
    cures: &[
        cure("server", "Read the upstream's own log for this request."),
        cure("nginx", "`$upstream_status` in the access log equals `$status`."),
        cure("HAProxy", "Termination state --: the server's own answer."),
    ],
    rests_on_absence: false,
    detect: Some(detect),
};

fn detect(case: &Case<'_>, attempt: &Attempt<'_>) -> Option<Proof> {
    if case.direct {
        return None;
    }
    let response = attempt.response()?;
    let own = response.head.status().filter(|status| *status >= 500)?;
    let given = case.failure_status()?;
    let server = attempt.server;
    if response.first.packet > case.answered.packet {
        return None;
    }
    let (confidence, reason, summary) = if own == given {
        let summary = format!("{server} itself answered {own}, and the proxy handed it on");
        (Confidence::High, "both legs carry the same status", summary)
    } else {
        let summary = format!("{server} answered {own}, which the client got as {given}");
        (Confidence::Medium, "the proxy changed the status", summary)
    };
    let proof = Proof::new(confidence, reason, summary)
        .of(attempt)
        .shows(response.first, format!("{server} answers {own}"))
        .not("no-upstream-attempt", "the upstream was asked, and answered")
        .not("upstream-response-rejected", "the response was taken and handed on");
    Some(proof)
}
