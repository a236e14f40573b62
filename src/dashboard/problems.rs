//! What is wrong, as one list: causes that verdicts name, failures that none explains, and what rules
//! found, the worst first. A snapshot in, lines out.

use std::collections::BTreeSet;

use crate::diagnosis::{Cause, Confidence};
use crate::export::escape;
use crate::flow::Side;
use crate::rules::{self, Rule, Severity};
use crate::snapshot::{Row, Snapshot};
use crate::stats::Failure;
use crate::status::Language;
use crate::units::Count;
use crate::wire::Endpoint;

/// What a problem is, apart from its numbers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// A cause and the server to blame.
    Cause(&'static Cause, Option<Endpoint>),
    /// What a rule found, at any server.
    Rule(&'static Rule),
    /// Failures at a server that nobody has explained.
    Failure(Failure, Endpoint),
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Cause(one, at), Self::Cause(two, there)) => one.id == two.id && at == there,
            (Self::Rule(one), Self::Rule(two)) => one.id == two.id,
            (Self::Failure(one, at), Self::Failure(two, there)) => one == two && at == there,
            _ => false,
        }
    }
}

/// One line of the list.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub kind: Kind,
    pub severity: Severity,
    pub count: u64,
    pub title: String,
    /// The server.
    pub place: String,
    /// The first exchange that shows it, where there is one.
    pub first: Option<u64>,
    /// The first packet that shows it.
    pub packet: Option<u64>,
}

impl Kind {
    /// Whether an exchange shows it.
    pub fn shows(&self, row: &Row) -> bool {
        match self {
            Self::Cause(cause, upstream) => row
                .blame
                .as_ref()
                .is_some_and(|blame| blame.cause.id == cause.id && blame.upstream == *upstream),
            Self::Rule(rule) => {
                row.rules.as_ref().is_some_and(|set| set.iter().any(|one| one.id == rule.id))
            }
            Self::Failure(failure, server) => {
                *server == row.server && row.blame.is_none() && row.failure() == Some(*failure)
            }
        }
    }

    /// What it is, for the line that says what a list is restricted to.
    pub fn name(&self) -> String {
        match self {
            Self::Cause(cause, Some(upstream)) => format!("{} at {upstream}", cause.title),
            Self::Cause(cause, None) => cause.title.to_owned(),
            Self::Rule(rule) => rule.id.to_owned(),
            Self::Failure(failure, server) => format!("{} at {server}", failure_title(*failure)),
        }
    }

    /// What it means, what usually proves it, what to do; each a text of its own.
    pub fn explained(&self) -> [(&'static str, String); 3] {
        match self {
            Self::Cause(cause, _) => {
                let cures: Vec<String> = cause
                    .cures
                    .iter()
                    .map(|cure| format!("{}: {}", cure.software, cure.text))
                    .collect();
                [
                    ("What", cause.meaning.to_owned()),
                    ("Proof", cause.proof.to_owned()),
                    ("Try", format!("{} {}", cause.advice, cures.join(" "))),
                ]
            }
            Self::Rule(rule) => {
                let page = rules::documentation(rule);
                let part = |heading: &str| {
                    let behind = page.split_once(heading).map_or("", |(_, behind)| behind);
                    let text = behind.split("## ").next().unwrap_or_default();
                    text.split_whitespace().collect::<Vec<_>>().join(" ")
                };
                [
                    ("What", format!("{}.", rule.title)),
                    ("Why", part("## Why it matters")),
                    ("Try", part("## What to do")),
                ]
            }
            Self::Failure(failure, _) => [
                ("What", failure_meaning(*failure)),
                ("Proof", "The exchange itself; nothing in the capture says why.".to_owned()),
                (
                    "Try",
                    "Look at one of them, and at the server's log at that time. A capture taken \
                     on the proxy with `-i any` has the other leg too, which often says why."
                        .to_owned(),
                ),
            ],
        }
    }
}

/// The packets and words of the first one that was seen.
pub(super) fn evidence(snapshot: &Snapshot, problem: &Problem) -> Vec<String> {
    let whole = problem.first.and_then(|id| snapshot.whole(id));
    let mut lines = Vec::new();
    match problem.kind {
        Kind::Cause(cause, _) => {
            let verdicts = whole.map(|whole| whole.verdicts.as_slice()).unwrap_or_default();
            if let Some(verdict) = verdicts.iter().find(|verdict| verdict.cause.id == cause.id) {
                lines.push(escape::text(verdict.summary.as_bytes()).into_owned());
                lines.extend(verdict.evidence.iter().map(|one| {
                    let says = escape::text(one.says.as_bytes());
                    format!("#{} {says}", Count(one.mark.packet))
                }));
            }
        }
        Kind::Rule(rule) => {
            let groups = snapshot.statistics.findings.groups();
            let group = groups.into_iter().find(|group| {
                group.rule.id == rule.id
                    && group.examples.first().and_then(|one| one.transaction) == problem.first
            });
            if let Some(example) = group.and_then(|group| group.examples.first()) {
                let message = example.message(Language::English);
                let packets: Vec<String> =
                    example.packets.iter().map(|packet| format!("#{}", Count(*packet))).collect();
                lines.push(escape::text(message.as_bytes()).into_owned());
                if !packets.is_empty() {
                    lines.push(format!("packets {}", packets.join(" ")));
                }
            }
        }
        Kind::Failure(..) => {}
    }
    lines
}

fn failure_title(failure: Failure) -> String {
    match failure {
        Failure::Status(status) => {
            let phrase = crate::status::lookup(status).map_or("", |entry| entry.phrase);
            format!("{status} {phrase}").trim_end().to_owned()
        }
        Failure::Closed => "Connection closed instead of an answer".to_owned(),
        Failure::Reset(Side::Server) => "Reset by the server before any answer".to_owned(),
        Failure::Reset(Side::Client) => "Client reset before it was answered".to_owned(),
        Failure::Silent => "No answer".to_owned(),
        Failure::CutShort => "Response ends before its framing does".to_owned(),
    }
}

fn failure_meaning(failure: Failure) -> String {
    let entry = match failure {
        Failure::Status(status) => crate::status::lookup(status),
        _ => None,
    };
    entry.map_or_else(
        || format!("{}.", failure_title(failure)),
        |entry| entry.meaning.in_language(Language::English).to_owned(),
    )
}

/// All problems, the worst and most frequent first.
pub(super) fn problems(snapshot: &Snapshot) -> Vec<Problem> {
    let statistics = &snapshot.statistics;
    let mut found: Vec<Problem> = Vec::new();
    for problem in statistics.problems.sorted() {
        let sure = match problem.confidence {
            Confidence::High => "",
            Confidence::Medium => " (probable)",
            Confidence::Low => " (possible)",
        };
        let server = problem.upstream;
        let mild = problem.cause.id == "retry-hidden" || problem.cause.id == "slow-accept";
        found.push(Problem {
            kind: Kind::Cause(problem.cause, server),
            severity: if mild { Severity::Warning } else { Severity::Error },
            count: problem.exchanges,
            title: format!("{}{sure}", problem.cause.title),
            place: server.map_or_else(String::new, |server| server.to_string()),
            first: Some(problem.first),
            packet: problem.first_packet,
        });
    }
    for count in snapshot.unexplained.iter().filter(|count| count.exchanges > 0) {
        found.push(Problem {
            kind: Kind::Failure(count.failure, count.server),
            severity: Severity::Error,
            count: count.exchanges,
            title: failure_title(count.failure),
            place: count.server.to_string(),
            first: Some(count.first),
            packet: Some(count.first_packet),
        });
    }
    let mut places: Vec<(usize, BTreeSet<Option<Endpoint>>)> = Vec::new();
    for group in statistics.findings.groups() {
        let kind = Kind::Rule(group.rule);
        let server = group.place.server;
        let known = places.iter_mut().find(|(place, _)| {
            found.get(*place).is_some_and(|problem: &Problem| problem.kind == kind)
        });
        if let Some((place, servers)) = known
            && let Some(known) = found.get_mut(*place)
        {
            known.count += group.count;
            known.severity = known.severity.max(group.severity);
            if let Some((first, _)) = group.packets
                && known.packet.is_none_or(|known| first < known)
            {
                known.packet = Some(first);
                known.first = group.examples.first().and_then(|example| example.transaction);
            }
            servers.insert(server);
            let many = format!("{} servers", servers.len());
            known.place = if servers.len() > 1 { many } else { known.place.clone() };
            continue;
        }
        places.push((found.len(), BTreeSet::from([server])));
        found.push(Problem {
            kind,
            severity: group.severity,
            count: group.count,
            title: group.rule.title.to_owned(),
            place: server.map_or_else(String::new, |server| server.to_string()),
            first: group.examples.first().and_then(|example| example.transaction),
            packet: group.packets.map(|(first, _)| first),
        });
    }
    found.sort_by_key(|problem| std::cmp::Reverse((problem.severity, problem.count)));
    found
}
