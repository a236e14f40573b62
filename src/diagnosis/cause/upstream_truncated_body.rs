//! `upstream-truncated-body`: the connection ended inside the response's body.

use super::{Attempt, Case, Cause, Confidence, Proof, closing, cure};
use crate::http::{ContentLength, Message, MessageEnd};

pub(super) static CAUSE: Cause = Cause {
    id: "upstream-truncated-body",
    title: "body cut short",
    meaning: "The upstream ended the connection before the end that its own head promised; the \
              client has a part and may take it for the whole.",
    proof: "Fewer octets than Content-Length says, or no last chunk, then the upstream's FIN or RST.",
    caution: "If the client or the proxy had closed before, the upstream is not to blame.",
    advice: "Look into the upstream's log at this moment: it died, or ran into a limit, while it sent.",
    cures: &[
        cure(
            "server",
            "Look for crashes, write timeouts and Content-Length that was counted before encoding.",
        ),
        cure(
            "nginx",
            "Logged as \"upstream prematurely closed connection while reading upstream\".",
        ),
        cure("HAProxy", "Termination state SD."),
        cure(
            "Apache",
            "Logged as \"Error reading from remote server\"; the client's connection is cut.",
        ),
        cure("Caddy", "Logged as \"unexpected EOF\"; the client's connection is cut."),
        cure("Envoy", "Flag UC in the access log; the client's stream is reset."),
    ],
    rests_on_absence: false,
    detect: Some(detect),
};

fn detect(_: &Case<'_>, attempt: &Attempt<'_>) -> Option<Proof> {
    let response = attempt.response()?;
    if !response.head_whole || !attempt.cut_short() || attempt.blind() {
        return None;
    }
    let (closed, reset) = attempt.server_closed_first()?;
    let server = attempt.server;
    let what = closing(reset);
    let promised = promised(response);
    let summary = format!("{server} ended its response after {} of {promised}", response.content);
    let proof =
        Proof::new(Confidence::High, "the body has no end, and the upstream closed first", summary)
            .of(attempt)
            .shows(response.head_end, format!("the head promises {promised}"))
            .shows(
                closed,
                format!("{what} of {server} after {} octets of the body", response.content),
            )
            .not("client-gave-up", "the upstream closed before the client did")
            .not("upstream-timeout", "the upstream closed first, not the proxy");
    Some(proof)
}

fn promised(response: &Message) -> String {
    match response.content_length {
        ContentLength::Valid(octets) => format!("{octets} octets"),
        _ if response.end == Some(MessageEnd::Reset) => "a body that was reset".to_owned(),
        _ => "a last chunk".to_owned(),
    }
}
