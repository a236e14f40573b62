//! `upstream-response-rejected`: the upstream answered, and the proxy would not have the answer.

use super::{Attempt, Case, Cause, Confidence, Proof, cure};
use crate::http::{Flaw, Message, MessageEnd};
use crate::limits;

pub(super) static CAUSE: Cause = Cause {
    id: "upstream-response-rejected",
    title: "response refused by the proxy",
    meaning: "The upstream answered, but the proxy refused the answer: its head is too large, its \
              length is stated twice, a field or chunk is malformed.",
    proof: "A response of the upstream with a fault that is named, and an error of the proxy's own \
            behind it.",
    caution: "Where no fault is found, the proxy may have failed at something of its own: a filter, \
              a buffer, a full disk.",
    advice: "Correct what the application sends; raise the proxy's buffers if the head is just large.",
    cures: &[
        cure(
            "nginx",
            "`proxy_buffer_size` (4k or 8k) holds the head: \"upstream sent too big header\".",
        ),
        cure("HAProxy", "`tune.bufsize` (16k) holds the head; termination state PH."),
        cure("Apache", "`ResponseFieldSize` of `ProxyPass` (8k) holds a field."),
        cure("Caddy", "`max_response_header` of the transport holds the head."),
        cure("Envoy", "`max_response_headers_kb` holds the head; flag UPE."),
    ],
    rests_on_absence: false,
    detect: Some(detect),
};

/// Flaws for which some proxy refuses a response.
const REFUSED: &[Flaw] = &[
    Flaw::LengthDiffers,
    Flaw::LengthInvalid,
    Flaw::LengthAndCoding,
    Flaw::CodingInvalid,
    Flaw::CodingNotChunked,
    Flaw::ChunkedTwice,
    Flaw::ChunkSizeInvalid,
    Flaw::BadStatus,
    Flaw::OddStartLine,
    Flaw::OddVersion,
    Flaw::NoColon,
    Flaw::SpaceBeforeColon,
    Flaw::OddFieldName,
    Flaw::EmptyFieldName,
    Flaw::Nul,
    Flaw::ControlOctet,
    Flaw::BareCr,
    Flaw::HeadTooLarge,
    Flaw::TooManyFields,
    Flaw::StatusOutOfRange,
    Flaw::LengthRepeated,
    Flaw::FoldedField,
    Flaw::FoldBeforeFields,
];

fn detect(case: &Case<'_>, attempt: &Attempt<'_>) -> Option<Proof> {
    if case.direct || attempt.blind() {
        return None;
    }
    let server = attempt.server;
    let Some(response) = attempt.response() else {
        // A status line so odd that it could not be read as a response.
        let (mark, octets) = attempt.strange()?;
        if !octets.starts_with(b"HTTP/") {
            return None;
        }
        let summary = format!("{server} answered with a status line that cannot be read");
        let reason = "the status line is the only fault, and the proxy answered by itself";
        return Some(
            Proof::new(Confidence::High, reason, summary)
                .of(attempt)
                .shows(mark, "the status line"),
        );
    };
    // A status line that nobody can read may be handed on as if it were HTTP/0.9.
    let refused = case.failure_status().is_some()
        || case.failing.status().is_none()
        || case.failing.response.as_ref().is_none_or(|response| !response.complete());
    if !refused || attempt.status_of(case) || response.first.packet > case.answered.packet {
        return None;
    }
    let head = response.head.octets().len();
    let named = REFUSED.iter().find(|flaw| response.flaws.has(**flaw));
    let (confidence, reason, fault) = match named {
        Some(flaw) => (Confidence::High, "the fault is in the packets", describe(*flaw, response)),
        None if head >= limits::LARGE_HEAD => (
            Confidence::High,
            "the head is larger than proxies take",
            format!("a head of {head} octets"),
        ),
        None if response.end == Some(MessageEnd::Invalid) => (
            Confidence::Medium,
            "where it breaks is known, but not how",
            "a body that cannot be read".to_owned(),
        ),
        None if case.failure_status().is_some() && response.complete() => {
            let reason = "the upstream's answer is whole and well formed; why the proxy would not have \
                          it is not in the packets";
            (Confidence::Low, reason, "a response without a fault that shows".to_owned())
        }
        None => return None,
    };
    let summary = format!("the proxy refused the response of {server}: {fault}");
    let mut proof = Proof::new(confidence, reason, summary)
        .of(attempt)
        .shows(response.first, format!("{server} answers {}: {fault}", status(response)));
    if let Some((at, _)) = attempt.proxy_closed_first() {
        proof = proof.shows(at, "the proxy ends the connection");
    }
    Some(
        proof
            .not("upstream-error-relayed", "the upstream did not report this failure")
            .not("upstream-timeout", "the answer was there before the proxy's"),
    )
}

impl Attempt<'_> {
    /// Whether the client got the very failure that the upstream reported.
    pub(super) fn status_of(&self, case: &Case<'_>) -> bool {
        let own = self.exchange.and_then(|(_, exchange)| exchange.status());
        own.is_some_and(|status| status >= 500) && own == case.failing.status()
    }
}

fn status(response: &Message) -> String {
    match response.head.status() {
        Some(status) => status.to_string(),
        None => "without a status".to_owned(),
    }
}

fn describe(flaw: Flaw, response: &Message) -> String {
    match flaw {
        Flaw::LengthDiffers => "two lengths that differ".to_owned(),
        Flaw::LengthAndCoding => "both Content-Length and Transfer-Encoding".to_owned(),
        Flaw::HeadTooLarge | Flaw::TooManyFields => {
            format!("a head of more than {} octets", response.head.octets().len())
        }
        _ => format!("{} ({})", flaw.name(), flaw.meaning().trim().trim_end_matches('.')),
    }
}
