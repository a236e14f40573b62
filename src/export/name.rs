//! The words that records and reports use for the facts of the core. Stable: programs match them.

use crate::flow::{End, Ending, Side};
use crate::http::{Framing, MessageEnd, Pairing, Unanswered};

pub(super) const fn side(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
    }
}

pub(super) const fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::Closed => "fin",
        Ending::Reset(_) => "reset",
        Ending::Refused => "refused",
        Ending::Unanswered => "unanswered",
        Ending::Idle => "timeout",
        Ending::Replaced => "replaced",
        Ending::Evicted => "evicted",
        Ending::Open => "open",
    }
}

pub(super) const fn message_end(end: MessageEnd) -> &'static str {
    match end {
        MessageEnd::Framing => "framing",
        MessageEnd::Fin => "fin",
        MessageEnd::Reset => "reset",
        MessageEnd::Gap => "gap",
        MessageEnd::Invalid => "invalid",
        MessageEnd::NextMessage => "next-message",
        MessageEnd::Idle => "timeout",
        MessageEnd::CaptureEnd => "capture-end",
    }
}

pub(super) const fn framing(framing: Framing) -> &'static str {
    match framing {
        Framing::None => "none",
        Framing::Length(_) => "length",
        Framing::Chunked => "chunked",
        Framing::Close => "close",
        Framing::Tunnel => "tunnel",
        Framing::Upgrade => "upgrade",
        Framing::Unknown => "unknown",
    }
}

pub(super) const fn pairing(pairing: Pairing) -> Option<&'static str> {
    match pairing {
        Pairing::Ordered => Some("ordered"),
        Pairing::Recovered => Some("recovered"),
        Pairing::None => None,
    }
}

pub(super) const fn unanswered(why: Unanswered) -> &'static str {
    match why {
        Unanswered::Ended(End::Fin) => "fin",
        Unanswered::Ended(End::Reset(Side::Client)) => "reset-by-client",
        Unanswered::Ended(End::Reset(Side::Server)) => "reset-by-server",
        Unanswered::Ended(End::Idle) => "timeout",
        Unanswered::Ended(End::Replaced) => "replaced",
        Unanswered::Ended(End::Evicted) => "evicted",
        Unanswered::Ended(End::CaptureEnd) => "capture-end",
        Unanswered::NotCaptured => "not-captured",
        Unanswered::TooMany => "too-many",
    }
}
