//! `upstream-spoke-tls`: TLS on one side, plain text on the other.

use super::{Attempt, Case, Cause, Confidence, Proof, closing, cure};
use crate::diagnosis::attempt::is_tls;

pub(super) static CAUSE: Cause = Cause {
    id: "upstream-spoke-tls",
    title: "TLS against plain text",
    meaning: "The proxy sent plain HTTP to a port that speaks TLS, or TLS to one that speaks plain \
              text.",
    proof: "A TLS record where a status line had to stand; or a ClientHello that is answered by \
            plain text, or by the end of the connection.",
    caution: "A ClientHello answered by the end of the connection alone may also be a TLS server that \
              refuses the client.",
    advice: "Make the scheme fit the port: https for a TLS port, http for a plain one.",
    cures: &[
        cure("nginx", "`proxy_pass https://` for TLS, `http://` for plain text."),
        cure("HAProxy", "`ssl` with `verify` on the `server` line, or take it away."),
        cure("Apache", "`https://` in `ProxyPass` with `SSLProxyEngine on`, or `http://`."),
        cure(
            "Caddy",
            "`https://` before the address or `transport http { tls }`, or take it away.",
        ),
        cure("Envoy", "A `transport_socket` of TLS for the cluster, or take it away."),
    ],
    rests_on_absence: false,
    detect: Some(detect),
};

fn detect(_: &Case<'_>, attempt: &Attempt<'_>) -> Option<Proof> {
    let server = attempt.server;
    if attempt.exchange.is_some() {
        let (mark, octets) = attempt.strange()?;
        if !is_tls(octets) {
            return None;
        }
        let summary = format!("{server} speaks TLS, but the proxy sent plain HTTP");
        let proof = Proof::new(Confidence::High, "a TLS record answers plain HTTP", summary)
            .of(attempt)
            .shows(mark, format!("a TLS record of {server}"))
            .not("upstream-invalid-response", "it is TLS, by the record's header");
        return Some(proof);
    }
    let (hello, octets) = attempt.spoke()?;
    if !matches!(octets, [0x16, 3, ..]) {
        return None;
    }
    let proof = match attempt.strange() {
        Some((mark, octets)) if !is_tls(octets) => {
            let summary = format!("{server} speaks plain text, but the proxy sent TLS");
            Proof::new(Confidence::High, "plain text answers a ClientHello", summary)
                .of(attempt)
                .shows(hello, "the proxy's ClientHello")
                .shows(mark, format!("plain text of {server}"))
        }
        Some(_) => return None,
        None => {
            let (closed, reset) = attempt.server_closed_first()?;
            if attempt.blind() {
                return None;
            }
            let summary = format!("{server} closed the connection at the proxy's TLS ClientHello");
            let what = closing(reset);
            Proof::new(Confidence::Medium, "no octet shows what is spoken there", summary)
                .of(attempt)
                .shows(hello, "the proxy's ClientHello")
                .shows(closed, format!("{what} of {server} instead of a ServerHello"))
        }
    };
    Some(proof.not("upstream-closed-before-response", "what was sent was TLS, not a request"))
}
