//! Exchanges, verdicts and findings in; which packets of the capture belong to them, and what is to
//! be said of these packets, out. Knows packets by their numbers and ends alone, so that a capture
//! is read again to take them: [`Excerpt::place`] for every segment where there is evidence
//! on other connections, then [`Excerpt::takes`].

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::{Secrets, escape};
use crate::diagnosis::Verdict;
use crate::http::Exchange;
use crate::limits;
use crate::rules::{Finding, Severity};
use crate::status::Language;
use crate::wire::Endpoint;

/// Columns of a comment at most.
const COLUMNS: usize = 400;

/// Both ends of a connection, the lesser one first.
type Pair = (Endpoint, Endpoint);

/// Packets between two ends, by their numbers.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    first: u64,
    last: u64,
    /// The connection and the position on it of the last exchange, where it is one's.
    of: Option<(u64, u32)>,
}

/// See the module's words.
#[derive(Debug, Default)]
pub struct Excerpt {
    secrets: Secrets,
    pairs: HashMap<Pair, Vec<Stretch>>,
    stretches: usize,
    /// Packets of evidence, each with the packets around it that belong to the same failure.
    evidence: BTreeMap<u64, (u64, u64)>,
    comments: BTreeMap<u64, Vec<String>>,
    beyond: u64,
}

impl Excerpt {
    /// An empty one.
    pub fn new(secrets: Secrets) -> Self {
        Self { secrets, ..Self::default() }
    }

    /// Takes the packets of an exchange: from its first, or the first of its connection where it
    /// is the first on it, to the one that completed it.
    pub fn exchange(&mut self, id: u64, exchange: &Exchange) {
        let begin = exchange.first().packet;
        let first = if exchange.nth == 1 { exchange.connection.min(begin) } else { begin };
        let stretch = Stretch {
            first,
            last: last(exchange).max(begin),
            of: Some((exchange.connection, exchange.nth)),
        };
        if !self.add(pair(exchange.client, exchange.server), stretch) {
            self.beyond += 1;
            return;
        }
        let what = self.describe(exchange);
        self.say(begin, format!("httpwhy: exchange {id}, packet {begin}: {what}"));
    }

    /// Takes the packets that show why an exchange failed, and those of the same connections
    /// between them.
    pub fn verdict(&mut self, verdict: &Verdict) {
        let packets = verdict.evidence.iter().map(|evidence| evidence.mark.packet);
        let (Some(first), Some(last)) = (packets.clone().min(), packets.clone().max()) else {
            return;
        };
        for packet in packets {
            if self.evidence.len() >= limits::EXCERPT_STRETCHES {
                self.beyond += 1;
                return;
            }
            let around = self.evidence.entry(packet).or_insert((first, last));
            *around = (around.0.min(first), around.1.max(last));
        }
        let id = verdict.transaction;
        let cause = verdict.cause.id;
        if let Some(last) = verdict.evidence.last() {
            let packet = last.mark.packet;
            let (sure, why) = (verdict.confidence.name(), &verdict.summary);
            self.say(packet, format!("httpwhy: exchange {id}: {cause} ({sure}): {why}"));
        }
        for evidence in &verdict.evidence {
            let packet = evidence.mark.packet;
            let says = &evidence.says;
            self.say(packet, format!("httpwhy: exchange {id}, {cause}, packet {packet}: {says}"));
        }
    }

    /// Notes what a rule found in an exchange that is taken.
    pub fn finding(&mut self, finding: &Finding) {
        let (Some(id), Some(packet)) = (finding.transaction, finding.packets.first()) else {
            return;
        };
        if finding.severity > Severity::Info {
            let (severity, rule) = (finding.severity.name(), finding.rule.id);
            let message = finding.message(Language::English);
            self.say(*packet, format!("httpwhy: exchange {id}, {severity} {rule}: {message}"));
        }
    }

    /// Whether [`Self::place`] has to see the capture before packets are taken.
    pub fn has_evidence(&self) -> bool {
        !self.evidence.is_empty()
    }

    /// Tells whose segment a packet is; of interest where it is evidence.
    pub fn place(&mut self, packet: u64, from: Endpoint, to: Endpoint) {
        if let Some((first, last)) = self.evidence.get(&packet).copied() {
            let stretch = Stretch { first, last, of: None };
            self.beyond += u64::from(!self.add(pair(from, to), stretch));
        }
    }

    /// Puts in order what is known; to be called before packets are taken.
    pub fn settle(&mut self) {
        for stretches in self.pairs.values_mut() {
            stretches.sort_by_key(|stretch| stretch.first);
            stretches.dedup_by(|next, before| {
                let touches = next.first <= before.last.saturating_add(1);
                if touches {
                    before.last = before.last.max(next.last);
                }
                touches
            });
        }
    }

    /// Forgets what is only about packets before this one.
    pub fn forget(&mut self, before: u64) {
        self.pairs.retain(|_, stretches| {
            stretches.retain(|stretch| stretch.last >= before);
            !stretches.is_empty()
        });
        self.stretches = self.pairs.values().map(Vec::len).sum();
        self.evidence = self.evidence.split_off(&before);
        self.comments = self.comments.split_off(&before);
    }

    /// Whether a packet belongs to what was chosen; `ends` are those of its segment, if it is one.
    pub fn takes(&self, packet: u64, ends: Option<(Endpoint, Endpoint)>) -> bool {
        if self.evidence.contains_key(&packet) {
            return true;
        }
        let Some(stretches) = ends.and_then(|(from, to)| self.pairs.get(&pair(from, to))) else {
            return false;
        };
        let behind = stretches.partition_point(|stretch| stretch.first <= packet);
        let stretch = behind.checked_sub(1).and_then(|place| stretches.get(place));
        stretch.is_some_and(|stretch| packet <= stretch.last)
    }

    /// What is to be said of a packet.
    pub fn comments(&self, packet: u64) -> &[String] {
        self.comments.get(&packet).map_or(&[], Vec::as_slice)
    }

    /// Exchanges and evidence that did not fit.
    pub const fn beyond(&self) -> u64 {
        self.beyond
    }

    /// Adds packets; false where there are too many already. Exchanges that follow one another on
    /// a connection are one stretch.
    fn add(&mut self, pair: Pair, stretch: Stretch) -> bool {
        let stretches = self.pairs.entry(pair).or_default();
        if let (Some(before), Some((connection, nth))) = (stretches.last_mut(), stretch.of)
            && before.of.is_some_and(|of| of.0 == connection && of.1.saturating_add(1) == nth)
        {
            before.first = before.first.min(stretch.first);
            before.last = before.last.max(stretch.last);
            before.of = stretch.of;
            return true;
        }
        if self.stretches >= limits::EXCERPT_STRETCHES {
            return false;
        }
        self.stretches += 1;
        stretches.push(stretch);
        true
    }

    fn say(&mut self, packet: u64, comment: String) {
        if self.comments.len() < limits::EXCERPT_COMMENTS {
            let comment = escape::cut(comment.as_bytes(), COLUMNS).into_owned();
            let said = self.comments.entry(packet).or_default();
            if said.len() < limits::PACKET_COMMENTS && !said.contains(&comment) {
                said.push(comment);
            }
        }
    }

    fn describe(&self, exchange: &Exchange) -> String {
        let request = exchange.request.as_ref().map(|request| {
            let method = escape::cut(request.head.method_octets(), 16);
            let target = self.secrets.target(request.head.target());
            format!("{method} {}", escape::cut(&target, 200))
        });
        let response = exchange.response.as_ref();
        let status = response.map(|response| escape::cut(response.head.status_octets(), 12));
        let request = request.unwrap_or_else(|| "request not captured".to_owned());
        format!("{request} → {}", status.as_deref().unwrap_or("no response"))
    }
}

/// The last packet with an octet of it; where some were lost on the way, it is not the one that made it whole.
fn last(exchange: &Exchange) -> u64 {
    let messages = [exchange.request.as_deref(), exchange.response.as_deref()];
    let last = messages.into_iter().flatten().map(|message| message.last.packet);
    last.fold(exchange.completed.packet, u64::max)
}

fn pair(one: Endpoint, other: Endpoint) -> Pair {
    (one.min(other), one.max(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: Endpoint = Endpoint::v4([10, 0, 0, 1], 40_000);
    const SERVER: Endpoint = Endpoint::v4([10, 0, 0, 2], 80);

    #[test]
    fn packets_are_taken_by_number_and_ends_in_both_directions() {
        let mut excerpt = Excerpt::default();
        for (first, last, of) in
            [(20, 24, Some((7, 3))), (1, 4, None), (25, 29, Some((7, 4))), (3, 9, None)]
        {
            assert!(excerpt.add(pair(CLIENT, SERVER), Stretch { first, last, of }));
        }
        excerpt.settle();
        let taken: Vec<u64> =
            (0..40).filter(|packet| excerpt.takes(*packet, Some((SERVER, CLIENT)))).collect();
        assert_eq!(taken, (1..=9).chain(20..=29).collect::<Vec<_>>());
        assert!(!excerpt.takes(5, None));
        let elsewhere = Endpoint::v4([10, 0, 0, 3], 80);
        assert!(!excerpt.takes(5, Some((CLIENT, elsewhere))));
        excerpt.forget(21);
        let taken: Vec<u64> =
            (0..40).filter(|packet| excerpt.takes(*packet, Some((SERVER, CLIENT)))).collect();
        assert_eq!(taken, (20..=29).collect::<Vec<_>>());
        excerpt.forget(30);
        assert_eq!((excerpt.stretches, excerpt.pairs.len()), (0, 0));
    }

    #[test]
    fn exchanges_in_a_row_are_one_stretch_and_the_rest_is_bounded() {
        let mut excerpt = Excerpt::default();
        for nth in 1..100_000 {
            let (first, of) = (u64::from(nth) * 10, Some((5, nth)));
            assert!(excerpt.add(pair(CLIENT, SERVER), Stretch { first, last: first + 9, of }));
        }
        assert_eq!(excerpt.stretches, 1);
        let added = (0..2_000_000_u64).filter(|number| {
            let stretch = Stretch { first: *number, last: *number, of: None };
            excerpt.add(pair(CLIENT, SERVER), stretch)
        });
        assert_eq!(added.count() + 1, limits::EXCERPT_STRETCHES);
    }
}
