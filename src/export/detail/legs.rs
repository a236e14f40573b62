//! The legs of a failing exchange in, one timeline of all of them out.

use super::super::escape;
use super::super::paint::{Page, Style};
use super::after;
use crate::diagnosis::{Leg, Moment, Verdict};
use crate::flow::{Mark, Side};
use crate::units::Count;
use crate::wire::Endpoint;

/// Packets that are shown of a leg; one retried for hours has more than anybody reads.
pub(crate) const MOMENTS: usize = 24;
/// Attempts that are shown.
pub(crate) const TRIES: usize = 16;

pub(super) fn write(page: &mut Page, verdict: &Verdict) {
    let [own, tries @ ..] = verdict.legs.as_slice() else { return };
    let Some((begin, _)) = own.moments.first() else { return };
    if tries.is_empty() {
        return;
    }
    let shown = tries.len().min(TRIES);
    page.add("  ").put(Style::Bold, "BOTH LEGS").end_line();
    let mut moments: Vec<(Mark, String, &str, String)> = Vec::new();
    for (nth, leg) in verdict.legs.iter().take(shown + 1).enumerate() {
        let name = if nth == 0 { "client".to_owned() } else { format!("try {nth}") };
        let exchange = leg.transaction.map(|number| format!("   exchange {}", Count(number)));
        let ends = format!("{} → {}", end(leg.client), end(leg.server));
        let line = format!("    {name:<8}{ends}{}", exchange.unwrap_or_default());
        page.add(&line).end_line();
        for (mark, moment) in leg.moments.iter().take(MOMENTS) {
            moments.push((*mark, name.clone(), arrow(moment), says(moment, leg, nth == 0)));
        }
    }
    if shown < tries.len() {
        page.add(&format!("    and {} more tries", Count((tries.len() - shown) as u64))).end_line();
    }
    moments.sort_by_key(|(mark, ..)| mark.packet);
    for (mark, name, arrow, says) in moments {
        let (after, packet) = (after(*begin, mark), format!("#{}", Count(mark.packet)));
        page.add(&format!("{after:>11}  {packet:>9}  {name:<7} {arrow} {says}")).end_line();
    }
}

/// An endpoint, as far as it is known.
fn end(endpoint: Endpoint) -> String {
    match endpoint.port() {
        0 => endpoint.address().to_string(),
        _ => endpoint.to_string(),
    }
}

/// Which way a packet went.
const fn arrow(moment: &Moment) -> &'static str {
    match moment {
        Moment::Syn(_)
        | Moment::Request
        | Moment::RequestEnd
        | Moment::Fin(Side::Client)
        | Moment::Reset(Side::Client) => "→",
        Moment::SynAck
        | Moment::Received
        | Moment::Response(_)
        | Moment::ResponseEnd(_)
        | Moment::Fin(Side::Server)
        | Moment::Reset(Side::Server)
        | Moment::Network(_) => "←",
    }
}

/// What a packet was to a leg, in a few words; `client`: the client's own leg.
pub(crate) fn says(moment: &Moment, leg: &Leg, client: bool) -> String {
    let closer = |side: Side| match (side, client) {
        (Side::Client, true) => "the client",
        (Side::Server, true) | (Side::Client, false) => "the proxy",
        (Side::Server, false) => "the upstream",
    };
    match moment {
        Moment::Syn(0 | 1) => "SYN".to_owned(),
        Moment::Syn(count) => format!("SYN, the first of {}", Count(u64::from(*count))),
        Moment::SynAck => "SYN-ACK".to_owned(),
        Moment::Request => "request".to_owned(),
        Moment::RequestEnd => "request ends".to_owned(),
        Moment::Received => "acknowledged, no response yet".to_owned(),
        Moment::Response(Some(status)) => format!("response {status}"),
        Moment::Response(None) => "octets in place of a response".to_owned(),
        Moment::ResponseEnd(true) => "response ends".to_owned(),
        Moment::ResponseEnd(false) => "the last octets of the response that came".to_owned(),
        Moment::Fin(side) => format!("FIN: {} closes", closer(*side)),
        Moment::Reset(Side::Server) if !client && leg.transaction.is_none() => {
            "RST: the upstream's host".to_owned()
        }
        Moment::Reset(side) => format!("RST: {} resets", closer(*side)),
        Moment::Network(says) => escape::text(says.as_bytes()).into_owned(),
    }
}
