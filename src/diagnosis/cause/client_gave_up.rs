//! `client-gave-up`: the client closed before it was answered.

use super::{Cause, Confidence, Proof, closing, cure};
use crate::flow::Mark;
use crate::http::{Connection, Exchange, Message, Unanswered};
use crate::limits;

pub(super) static CAUSE: Cause = Cause {
    id: "client-gave-up",
    title: "client closed first",
    meaning: "The client ended the connection while it waited for the answer: its own timeout, a \
              closed tab, a cancelled call. nginx logs it as 499.",
    proof: "The client's FIN or RST behind its request, before any end of the server's.",
    caution: "A client that only closes its sending side still waits; then the answer comes.",
    advice: "Find what made the answer slower than the client's patience.",
    cures: &[
        cure(
            "client",
            "Its timeout is shorter than the time the answer takes; align it with the proxy's.",
        ),
        cure(
            "nginx",
            "Logged as 499; `proxy_ignore_client_abort` keeps the upstream's request going.",
        ),
        cure("HAProxy", "Termination states CH, CD or cD."),
        cure("Envoy", "Flag DC in the access log."),
    ],
    rests_on_absence: false,
    detect: None,
};

/// Where the client closed clearly before the response began. It may only have closed its sending
/// side, and wait all the same.
pub(in crate::diagnosis) fn closed_early(exchange: &Exchange, response: &Message) -> Option<Mark> {
    let closed = exchange.circumstances.fin[0]?;
    let asked = exchange.request.as_deref()?.last;
    (closed.packet < response.first.packet && closed.since(asked) > limits::SILENCE)
        .then_some(closed)
}

pub(super) fn gave_up(failing: &Exchange, connection: Option<&Connection>) -> Option<Proof> {
    let request = failing.request.as_deref()?;
    let now = &failing.circumstances;
    let ends = |side: usize| {
        let fin = now.fin[side].map(|at| (at, false));
        let reset = now.reset[side].map(|at| (at, true));
        fin.into_iter().chain(reset).min_by_key(|(at, _)| at.packet)
    };
    let (closed, reset) = ends(0)?;
    if ends(1).is_some_and(|(at, _)| at.packet < closed.packet) || now.one_sided {
        return None;
    }
    let (what, waited) = (closing(reset), closed.since(request.last));
    let summary = match failing.response.as_deref() {
        None => {
            if matches!(failing.unanswered, Some(Unanswered::NotCaptured | Unanswered::TooMany)) {
                return None;
            }
            format!("the client gave up {waited} after its request: {what}")
        }
        Some(response) if !response.complete() && response.missing == 0 => {
            // A client that lags behind the end of the response has given up nothing.
            if closed.since(response.last) > limits::SILENCE && !reset {
                return None;
            }
            format!("the client ended it after {} octets of the response: {what}", response.content)
        }
        Some(response) => {
            let early = closed_early(failing, response)?;
            // Half-closed clients take the response; this one had gone.
            let gone = now.reset[0].or_else(|| connection?.reset[0]);
            let long = response.first.since(early) > limits::SILENCE;
            if gone.is_none() && (!long || failing.status().is_some_and(|status| status < 500)) {
                return None;
            }
            let status = failing.status().unwrap_or_default();
            format!(
                "the client gave up {waited} after its request; the answer, {status}, came later"
            )
        }
    };
    let (confidence, reason) = if waited < limits::SILENCE && !reset {
        (
            Confidence::Low,
            "the client may only have closed its sending side, and waited all the same",
        )
    } else {
        (Confidence::High, "the client closed first, and nobody else did")
    };
    let mut proof = Proof::new(confidence, reason, summary)
        .shows(request.first, "the client's request")
        .shows(closed, format!("{what} of the client after {waited}"));
    if let Some(response) = failing.response.as_deref() {
        proof = proof.shows(response.last, "the last octets of the response");
    }
    Some(
        proof
            .not("upstream-timeout", "the proxy had not given up yet")
            .not("upstream-reset", "the client ended it, not the server"),
    )
}
