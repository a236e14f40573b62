//! `upstream-timeout`: the proxy gave up waiting.

use super::{Attempt, Case, Cause, Confidence, Proof, closing, cure};
use crate::limits;

pub(super) static CAUSE: Cause = Cause {
    id: "upstream-timeout",
    title: "no response in time",
    meaning: "The upstream received the request and was silent, or stopped in the middle of its \
              response, until the proxy's patience was over.",
    proof: "The request is acknowledged, no further octet comes, and the proxy closes the \
            connection or answers the client itself.",
    caution: "The wait may lie one hop further: the upstream may wait for something else.",
    advice: "Find what the upstream did in that time; raise the proxy's timeout only if the answer \
             may take so long.",
    cures: &[
        cure("server", "Trace what it waits for: a database, a lock, a full pool of workers."),
        cure("nginx", "`proxy_read_timeout` (60 s) between two reads; says 504."),
        cure("HAProxy", "`timeout server`; termination state sH; says 504."),
        cure("Apache", "`ProxyTimeout` or `timeout=` of `ProxyPass`; says 502 or 504."),
        cure("Caddy", "`response_header_timeout` of the transport; says 504."),
        cure("Envoy", "`timeout` of the route (15 s); flag UT; says 504."),
    ],
    rests_on_absence: false,
    detect: Some(detect),
};

fn detect(case: &Case<'_>, attempt: &Attempt<'_>) -> Option<Proof> {
    let request = attempt.request()?;
    if attempt.blind() || attempt.strange().is_some() {
        return None;
    }
    let gave_up = attempt.proxy_closed_first();
    let until = match gave_up {
        Some((at, _)) if at.packet < case.answered.packet => at,
        _ => case.answered,
    };
    // A response that came before the proxy gave up is another matter, unless it stopped midway.
    let late = attempt.response().filter(|response| response.first.packet > until.packet);
    let midway = attempt.response().filter(|response| {
        response.first.packet <= until.packet && !response.complete() && response.missing == 0
    });
    if attempt.response().is_some() && late.is_none() && midway.is_none() {
        return None;
    }
    if attempt.server_closed_first().is_some_and(|(at, _)| at.packet <= until.packet) {
        return None;
    }
    let until = match midway {
        // The answer to the client had begun: what ended it is what counts.
        Some(_) => gave_up?.0,
        None => until,
    };
    // Of a head that never became whole the first octets are known, its last packet is the end.
    let since = midway.map_or(request.last, |response| {
        if response.head_whole { response.last } else { response.first }
    });
    let silence = until.since(since);
    let answered_by_itself = case.failing.response.is_some() && !case.direct;
    if silence < limits::SILENCE || gave_up.is_none() && !answered_by_itself {
        return None;
    }
    let server = attempt.server;
    let delivered = attempt.delivered();
    let (confidence, reason) = match (delivered, gave_up) {
        (Some(_), Some(_)) => (
            Confidence::High,
            "the request was received, and the proxy closed first, after a silence",
        ),
        (_, Some(_)) if midway.is_some() => {
            (Confidence::High, "the response stopped, and the proxy closed first, after a silence")
        }
        (Some(_), None) if case.failing.status() == Some(504) => (
            Confidence::High,
            "the request was received, and the proxy answered 504 after a silence",
        ),
        _ => (
            Confidence::Medium,
            "that the request was received is not shown by an acknowledgement, \
                                   or that the proxy gave up is not shown by its closing",
        ),
    };
    let summary = match midway {
        None => format!("{server} had the request and sent nothing for {silence}"),
        Some(response) if response.head_whole => {
            format!(
                "{server} stopped inside the body, at octet {}, for {silence}",
                response.content
            )
        }
        Some(_) => format!("{server} stopped inside the head of its response for {silence}"),
    };
    let mut proof = Proof::new(confidence, reason, summary)
        .of(attempt)
        .perhaps(delivered, format!("{server} acknowledges the request"));
    if midway.is_some() {
        proof = proof.shows(since, "the last octets that came");
    }
    if let Some((at, reset)) = gave_up {
        let what = closing(reset);
        proof = proof.shows(at, format!("{what}: the proxy gives up after {}", at.since(since)));
    }
    if let Some(late) = late {
        proof = proof.shows(
            late.first,
            format!(
                "the response came {} after the request: too late",
                late.first.since(request.last)
            ),
        );
    }
    let proof = proof
        .not("upstream-connect-timeout", "the connection had been accepted")
        .not("upstream-closed-before-response", "the proxy closed first, not the upstream");
    Some(proof)
}
