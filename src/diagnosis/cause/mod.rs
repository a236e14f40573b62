//! The causes: one file each, with its id, what it means, how it is proven and its usual cures, and
//! the function that looks for it in an attempt. Reads facts, changes nothing.

mod client_gave_up;
mod no_upstream_attempt;
mod retry_hidden;
mod slow_accept;
mod stale_keepalive;
mod upstream_closed_before_response;
mod upstream_closed_mid_header;
mod upstream_connect_timeout;
mod upstream_error_relayed;
mod upstream_invalid_response;
mod upstream_leg_not_captured;
mod upstream_refused;
mod upstream_reset;
mod upstream_response_rejected;
mod upstream_spoke_tls;
mod upstream_timeout;
mod upstream_truncated_body;
mod upstream_unreachable;

use super::attempt::Attempt;
use super::verdict::{Confidence, Evidence, Rival};
use crate::flow::Mark;
use crate::http::{Connection, Exchange};

pub(super) use client_gave_up::closed_early;
pub(super) use no_upstream_attempt::none_made;
pub(super) use retry_hidden::hidden;
pub(super) use stale_keepalive::lost;
pub(super) use upstream_leg_not_captured::not_captured;

/// What is common usage of one proxy against a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cure {
    /// nginx, HAProxy, Apache, Caddy, Envoy …
    pub software: &'static str,
    /// What to set or to look at.
    pub text: &'static str,
}

const fn cure(software: &'static str, text: &'static str) -> Cure {
    Cure { software, text }
}

/// One way to fail. Its id is part of the record format.
#[derive(Debug)]
pub struct Cause {
    /// Stable, lower case with hyphens.
    pub id: &'static str,
    /// A few words.
    pub title: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// Which packets prove it.
    pub proof: &'static str,
    /// When it is something else after all.
    pub caution: &'static str,
    /// What to do, in a sentence.
    pub advice: &'static str,
    /// What to do in which proxy.
    pub cures: &'static [Cure],
    /// Whether its proof is that something is *not* in the capture.
    pub rests_on_absence: bool,
    /// Looks for it in an attempt; `None` for a cause that no single attempt shows.
    detect: Option<fn(&Case<'_>, &Attempt<'_>) -> Option<Proof>>,
}

impl PartialEq for Cause {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Cause {}

/// All causes, sorted by id.
pub static CAUSES: &[&Cause] = &[
    &client_gave_up::CAUSE,
    &no_upstream_attempt::CAUSE,
    &retry_hidden::CAUSE,
    &slow_accept::CAUSE,
    &stale_keepalive::CAUSE,
    &upstream_closed_before_response::CAUSE,
    &upstream_closed_mid_header::CAUSE,
    &upstream_connect_timeout::CAUSE,
    &upstream_error_relayed::CAUSE,
    &upstream_invalid_response::CAUSE,
    &upstream_leg_not_captured::CAUSE,
    &upstream_refused::CAUSE,
    &upstream_reset::CAUSE,
    &upstream_response_rejected::CAUSE,
    &upstream_spoke_tls::CAUSE,
    &upstream_timeout::CAUSE,
    &upstream_truncated_body::CAUSE,
    &upstream_unreachable::CAUSE,
];

/// The order in which an attempt is looked at: what is more specific first.
static ORDER: &[&Cause] = &[
    &upstream_unreachable::CAUSE,
    &upstream_refused::CAUSE,
    &upstream_connect_timeout::CAUSE,
    &upstream_spoke_tls::CAUSE,
    &upstream_invalid_response::CAUSE,
    &stale_keepalive::CAUSE,
    &upstream_closed_mid_header::CAUSE,
    &upstream_closed_before_response::CAUSE,
    &upstream_reset::CAUSE,
    &upstream_timeout::CAUSE,
    &upstream_truncated_body::CAUSE,
    &upstream_error_relayed::CAUSE,
    &upstream_response_rejected::CAUSE,
];

/// The exchange that failed, as the causes need to know it.
pub(super) struct Case<'c> {
    /// What failed at the client.
    pub failing: &'c Exchange,
    /// First octet of the answer, or the end of waiting for it.
    pub answered: Mark,
    /// Whether the attempt looked at is the failing exchange itself: the other leg is not there.
    pub direct: bool,
}

impl Case<'_> {
    /// The status of the answer, where it reports a failure.
    pub fn failure_status(&self) -> Option<u16> {
        self.failing.status().filter(|status| *status >= 500)
    }
}

/// What a cause has found.
pub(super) struct Proof {
    pub confidence: Confidence,
    pub reason: &'static str,
    pub summary: String,
    pub evidence: Vec<Evidence>,
    pub rivals: Vec<Rival>,
}

impl Proof {
    fn new(confidence: Confidence, reason: &'static str, summary: String) -> Self {
        Self { confidence, reason, summary, evidence: Vec::new(), rivals: Vec::new() }
    }

    fn shows(mut self, mark: Mark, says: impl Into<String>) -> Self {
        self.evidence.push(Evidence { mark, says: says.into() });
        self
    }

    fn perhaps(self, mark: Option<Mark>, says: impl Into<String>) -> Self {
        match mark {
            Some(mark) => self.shows(mark, says),
            None => self,
        }
    }

    fn not(mut self, cause: &'static str, why_not: &'static str) -> Self {
        self.rivals.push(Rival { cause, why_not });
        self
    }

    /// What speaks against a race where the connection ended in place of an answer.
    fn no_race(self, attempt: &Attempt<'_>) -> Self {
        let why_not = if attempt.reused() {
            "the request had been received some time before"
        } else {
            "it was the first request on the connection"
        };
        self.not("stale-keepalive", why_not)
    }

    /// That the request arrived, where it is not the packet that ended the connection which says so.
    fn received(self, attempt: &Attempt<'_>, closed: Mark) -> Self {
        let delivered = attempt.delivered().filter(|at| at.packet != closed.packet);
        self.perhaps(delivered, "the request was received")
    }

    /// Begins the evidence with the SYN and the request of an attempt.
    fn of(mut self, attempt: &Attempt<'_>) -> Self {
        if let Some(syn) = attempt.handshake().syn {
            self = self.shows(syn, format!("SYN to {}", attempt.server));
        }
        match attempt.request() {
            Some(request) => self.shows(request.first, format!("request to {}", attempt.server)),
            None => self,
        }
    }
}

/// The first cause, in the order of preference, that an attempt shows.
pub(super) fn find(case: &Case<'_>, attempt: &Attempt<'_>) -> Option<(&'static Cause, Proof)> {
    ORDER.iter().find_map(|cause| Some((*cause, (cause.detect?)(case, attempt)?)))
}

/// Whether the client closed before it was answered.
pub(super) fn gave_up(
    failing: &Exchange,
    connection: Option<&Connection>,
) -> Option<(&'static Cause, Proof)> {
    Some((&client_gave_up::CAUSE, client_gave_up::gave_up(failing, connection)?))
}

/// Whether the connection was accepted late.
pub(super) fn accepted_late(attempt: &Attempt<'_>) -> Option<(&'static Cause, Proof)> {
    Some((&slow_accept::CAUSE, slow_accept::late(attempt)?))
}

/// How sure an end in place of an answer is by itself, and why: less where it may be a keep-alive race, else
/// for the `plain` reason.
fn beside_a_race(attempt: &Attempt<'_>, plain: &'static str) -> (Confidence, &'static str) {
    if attempt.perhaps_reused() {
        let reason = "the connection is older than the capture: perhaps it had been idle too long";
        return (Confidence::Medium, reason);
    }
    (Confidence::High, plain)
}

/// How the end of a connection is called.
fn closing(reset: bool) -> &'static str {
    if reset { "RST" } else { "FIN" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_is_documented_and_stands_in_its_place() {
        for cause in CAUSES {
            let Cause { id, title, meaning, proof, caution, advice, cures, .. } = cause;
            assert!(id.bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'-'), "{id}");
            for text in [title, meaning, proof, caution, advice] {
                assert!(text.len() > 8, "{id}: {text:?}");
                assert!(text.starts_with(|c: char| !c.is_whitespace()), "{id}: {text:?}");
            }
            for text in [meaning, proof, caution, advice] {
                assert!(text.ends_with('.'), "{id}: {text:?}");
            }
            assert!(!cures.is_empty(), "{id} has no cure");
            let known =
                ["nginx", "HAProxy", "Apache", "Caddy", "Envoy", "server", "client", "capture"];
            for cure in *cures {
                assert!(known.contains(&cure.software), "{id}: {}", cure.software);
                assert!(cure.text.ends_with('.'), "{id}: {:?}", cure.text);
            }
        }
        assert!(CAUSES.is_sorted_by(|a, b| a.id < b.id));
    }

    #[test]
    fn every_cause_of_an_attempt_is_looked_for() {
        let order: Vec<_> = ORDER.iter().map(|cause| cause.id).collect();
        for cause in CAUSES {
            assert_eq!(cause.detect.is_some(), order.contains(&cause.id), "{}", cause.id);
        }
        assert_eq!(CAUSES.len(), 18);
    }
}
