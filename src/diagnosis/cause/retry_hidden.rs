//! `retry-hidden`: a good answer, but only after another attempt had failed.

use super::{Attempt, Cause, Confidence, Proof, cure};
use crate::limits;

pub(super) static CAUSE: Cause = Cause {
    id: "retry-hidden",
    title: "failure hidden by a retry",
    meaning: "The client got a good answer, but the first upstream failed and the proxy tried again: \
              slower, and with more load upstream, until the retries fail too.",
    proof: "Between the request and its good answer one attempt fails, and another one succeeds.",
    caution: "A failing health check at the same time looks like an attempt if nothing else tells.",
    advice: "Cure the upstream that failed, before the retry meets another one that does.",
    cures: &[
        cure(
            "nginx",
            "`$upstream_addr` lists every try; `proxy_next_upstream` says which failures are retried.",
        ),
        cure(
            "HAProxy",
            "The log's retries field; `option redispatch` and `retry-on` say what is retried.",
        ),
        cure("Apache", "A failed member of a balancer is left alone for `retry=` seconds."),
        cure("Caddy", "`lb_retries` and `lb_try_duration` say how long it is retried."),
        cure(
            "Envoy",
            "`upstream_rq_retry_success` counts it; `retry_policy` says what is retried.",
        ),
    ],
    rests_on_absence: false,
    detect: None,
};

/// `failed` with its own cause, then `succeeded`, for the same request.
pub(in crate::diagnosis) fn hidden(
    failed: &Attempt<'_>,
    cause: &'static Cause,
    proof: Proof,
    succeeded: &Attempt<'_>,
) -> (&'static Cause, Proof) {
    let answer = succeeded.response().and_then(|response| response.head.status());
    let got = answer.map_or_else(|| "an answer".to_owned(), |status| status.to_string());
    let summary = format!("{got} came from {} after {}", succeeded.server, proof.summary);
    // A connection without a request belongs here by its time alone.
    let prompt = succeeded.began.since(failed.ended) <= limits::PROMPT;
    let (confidence, reason) = match (failed.request().is_some(), prompt) {
        (true, _) => (proof.confidence, "both attempts carry the same request"),
        (false, true) => (proof.confidence, "the good attempt follows the failed one at once"),
        (false, false) => (Confidence::Medium, "the failed attempt belongs here by its time alone"),
    };
    let mut whole = Proof::new(confidence, reason, summary);
    whole.evidence = proof.evidence;
    whole = whole.of(succeeded).not(cause.id, "the client got a good answer all the same");
    if let Some(response) = succeeded.response() {
        whole = whole.shows(response.first, format!("{} answers {got}", succeeded.server));
    }
    (&CAUSE, whole)
}
