//! `upstream-invalid-response`: what came back is not HTTP.

use super::{Attempt, Case, Cause, Confidence, Proof, cure};
use crate::diagnosis::attempt::is_tls;
use crate::http::text;
use crate::secret;

pub(super) static CAUSE: Cause = Cause {
    id: "upstream-invalid-response",
    title: "the answer is not HTTP",
    meaning: "On the upstream's port something else than HTTP/1 is spoken: the proxy is told the \
              wrong port, or the wrong protocol (FastCGI, HTTP/2, a database).",
    proof: "The first octets of the upstream where a status line had to stand.",
    caution: "Octets of an earlier response that was longer than its length look the same.",
    advice: "Correct the port, or tell the proxy which protocol is spoken there.",
    cures: &[
        cure("nginx", "`fastcgi_pass`, `uwsgi_pass` or `grpc_pass` instead of `proxy_pass`."),
        cure("HAProxy", "Termination state PH; `proto h2` or `proto fcgi` on the `server` line."),
        cure("Apache", "`fcgi://`, `ajp://` or `h2c://` instead of `http://` in `ProxyPass`."),
        cure("Caddy", "`transport fastcgi`, or `h2c://` before the address."),
    ],
    rests_on_absence: false,
    detect: Some(detect),
};

fn detect(_: &Case<'_>, attempt: &Attempt<'_>) -> Option<Proof> {
    let (mark, octets) = attempt.strange()?;
    let asked_in_tls = attempt.spoke().is_some_and(|(_, octets)| is_tls(octets));
    if asked_in_tls
        || is_tls(octets)
        || octets.starts_with(b"HTTP/")
        || attempt.response().is_some()
    {
        return None;
    }
    let shown = shown(octets);
    let server = attempt.server;
    let summary = format!("{server} does not speak HTTP: it sent {shown}");
    let proof =
        Proof::new(Confidence::High, "the octets stand where a status line had to", summary)
            .of(attempt)
            .shows(mark, format!("{server} sends {shown}"))
            .not("upstream-spoke-tls", "it is no TLS record either")
            .not("upstream-response-rejected", "there is not even a status line");
    Some(proof)
}

/// The first octets, printable.
fn shown(octets: &[u8]) -> String {
    // Hidden first, cut then: what tells a secret may stand behind it.
    let hidden = secret::quoted(octets);
    let first = hidden.get(..hidden.len().min(24)).unwrap_or_default();
    let line = first.split(|octet| matches!(octet, b'\r' | b'\n')).next().unwrap_or_default();
    if !line.is_empty() && line.iter().all(|octet| matches!(octet, b' '..=b'~')) {
        return format!("\"{}\"", text(line));
    }
    let octets: Vec<String> = first.iter().take(8).map(|octet| format!("{octet:02x}")).collect();
    format!("octets {}", octets.join(" "))
}
