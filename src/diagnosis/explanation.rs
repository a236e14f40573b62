//! A failing exchange and its attempts in, the verdict out: the first cause that one of them shows, how
//! sure it is beside what the capture lacks, and the packets. When it is given is not decided here.

use super::attempt::Attempt;
use super::cause::{self, Case, Cause, Proof};
use super::diagnostician::Diagnostician;
use super::durations::Typical;
use super::join;
use super::leg::Leg;
use super::trust;
use super::verdict::{Confidence, Verdict};
use crate::http::Exchange;
use crate::wire::Endpoint;

impl Diagnostician {
    /// The verdict on an exchange that failed for its client.
    pub(super) fn explain(&self, number: u64, failing: &Exchange) -> Option<Verdict> {
        let case = Case { failing, answered: join::answered(failing), direct: false };
        let attempts = self.attempts(number, failing);
        let count = attempts.len();
        let own = self.memory.attempt(number, failing);
        let octets_came = own.response().is_none() && own.strange().is_some();
        if !octets_came && let Some((cause, proof)) = cause::gave_up(failing, own.connection) {
            let upstream = attempts.last().map(|(attempt, _)| attempt.server);
            // A proxy gives up for a client of its own mostly; but whoever asks one is none, as far as
            // anybody knows.
            let proxy = attempts.is_empty() && self.memory.behind_a_proxy(failing);
            let orphaned =
                proxy.then_some("the client is a server, too; whom it asked for is unseen");
            let doubt = trust::of_attempt(&own).or(orphaned);
            let join = Confidence::High;
            let found = Found { cause, proof, upstream, join, doubt, legs: legs(&attempts) };
            return Some(self.verdict(number, failing, found));
        }
        // What was tried last tells: of attempts at the same time the one that ended last.
        let mut by_end: Vec<&(Attempt<'_>, Confidence)> = attempts.iter().collect();
        by_end.sort_by_key(|(attempt, _)| {
            (attempt.ended.packet.min(case.answered.packet), attempt.began.packet)
        });
        for (attempt, join) in by_end.into_iter().rev() {
            let Some((cause, mut proof)) = cause::find(&case, attempt) else { continue };
            let server = attempt.server;
            if let Some((inner, exchange)) = attempt.exchange
                && cause.id == "upstream-error-relayed"
                && !self.attempts(inner, exchange).is_empty()
            {
                // The next proxy's own failure is in the capture, too.
                proof.summary = format!("{}; why, transaction {inner} tells", proof.summary);
            }
            let doubt = trust::of_attempt(attempt).or_else(|| trust::of_patience(failing));
            let upstream = Some(server);
            let legs = legs(&attempts);
            let found = Found { cause, proof, upstream, join: *join, doubt, legs };
            return Some(self.verdict(number, failing, found));
        }
        if count > 0 {
            return None;
        }
        let request = failing.request.as_deref()?;
        if self.shows_legs(failing) {
            if self.hasty {
                return None;
            }
            let fits = |attempt: &Attempt<'_>| self.kin(failing, attempt).is_some();
            if failing.circumstances.one_sided || self.memory.opaque_at(request.first, fits) {
                return None;
            }
            let others = self.others(number, failing);
            let (cause, proof) = cause::none_made(&case, others);
            let join = Confidence::High;
            let found = Found { cause, proof, upstream: None, join, doubt: None, legs: Vec::new() };
            return Some(self.verdict(number, failing, found));
        }
        let direct = Case { direct: true, ..case };
        let attempt = self.memory.attempt(number, failing);
        if direct.failure_status().is_none()
            && !self.memory.is_intermediary(failing)
            && let Some((cause, mut proof)) = cause::find(&direct, &attempt)
        {
            proof.reason = "the packets prove it of this server; if it is a proxy, its other leg is not in the capture";
            let (upstream, join) = (Some(failing.server), Confidence::Medium);
            let found = Found { cause, proof, upstream, join, doubt: None, legs: Vec::new() };
            return Some(self.verdict(number, failing, found));
        }
        let (cause, proof) = cause::not_captured(&direct);
        let join = Confidence::Medium;
        let found = Found { cause, proof, upstream: None, join, doubt: None, legs: Vec::new() };
        Some(self.verdict(number, failing, found))
    }

    /// What else the capture shows of a server that bears on a cause.
    fn habit(&self, cause: &Cause, server: Endpoint) -> Option<String> {
        let known = self.upstreams.get(server)?;
        match cause.id {
            "stale-keepalive" => {
                let Typical { duration, count, of, .. } = known.idle_timeout()?;
                Some(format!("it ended connections after {duration} idle in {count} of {of} cases"))
            }
            "upstream-timeout" => {
                let Typical { duration, count, of, .. } = known.gave_up.typical()?;
                Some(format!("waiting for it ended after {duration} in {count} of {of} cases"))
            }
            _ => None,
        }
    }

    pub(super) fn verdict(&self, number: u64, failing: &Exchange, found: Found) -> Verdict {
        let Found { cause, proof, upstream, join, doubt, legs } = found;
        let mut reason = proof.reason.to_owned();
        let mut confidence = proof.confidence;
        if join < confidence {
            confidence = join;
            reason = format!("{reason}; but which request the attempt belongs to is not certain");
        }
        let lack = trust::of_failing(failing).map(str::to_owned);
        let doubt = lack.or(doubt.map(str::to_owned)).or_else(|| {
            let doubtful = cause.rests_on_absence || self.trust.is_poor();
            doubtful.then(|| self.trust.of_absence(failing))?
        });
        if let Some(doubt) = doubt.filter(|_| confidence == Confidence::High) {
            confidence = Confidence::Medium;
            reason = format!("{reason}; but {doubt}");
        }
        let mut summary = proof.summary;
        if let Some(habit) = upstream.and_then(|server| self.habit(cause, server)) {
            summary = format!("{summary}; {habit}");
        }
        let own = Leg::of(&self.memory.attempt(number, failing));
        let mut evidence = proof.evidence;
        evidence.reserve(2);
        if let Some(request) = failing.request.as_deref() {
            let says = format!("request of {} to {}", failing.client, failing.server);
            evidence.push(super::Evidence { mark: request.first, says });
        }
        if let Some(response) = failing.response.as_deref() {
            let status = failing.status().map_or_else(|| "an answer".to_owned(), |s| s.to_string());
            evidence.push(super::Evidence {
                mark: response.first,
                says: format!("the client gets {status}"),
            });
        }
        evidence.sort_by_key(|evidence| evidence.mark.packet);
        evidence.dedup_by_key(|evidence| evidence.mark.packet);
        Verdict {
            transaction: number,
            cause,
            // A host that was looked for in vain has no port in the capture.
            upstream: upstream.filter(|upstream| upstream.port() != 0),
            confidence,
            reason,
            summary,
            evidence,
            rivals: proof.rivals,
            advice: cause.advice,
            legs: std::iter::once(own).chain(legs).collect(),
        }
    }
}

/// A cause that was found, and on what.
pub(super) struct Found {
    pub cause: &'static Cause,
    pub proof: Proof,
    pub upstream: Option<Endpoint>,
    /// How sure it is that the attempt belongs to the exchange.
    pub join: Confidence,
    /// What the capture lacks of the connection that shows it.
    pub doubt: Option<&'static str>,
    /// The attempts that belong to the exchange.
    pub legs: Vec<Leg>,
}

/// The legs that attempts are.
pub(super) fn legs(attempts: &[(Attempt<'_>, Confidence)]) -> Vec<Leg> {
    attempts.iter().map(|(attempt, _)| Leg::of(attempt)).collect()
}
