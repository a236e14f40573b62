//! Filters that ask what rules found or why an exchange failed give what they would give if all had
//! been known beforehand, in the order of the exchanges; `--fail-on` counts the same.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use httpwhy::capture::Capture;
use httpwhy::engine::Record;
use httpwhy::error::Error;
use httpwhy::filter::{Filter, Subject};
use httpwhy::http::Exchange;
use httpwhy::pipeline::{self, Options};
use httpwhy::rules::Severity;

const FILTERS: &[&str] = &[
    "why",
    "not why",
    "why = upstream-refused",
    "why != upstream-refused and failed",
    "finding",
    "not finding",
    "severity >= warning",
    "severity = error or 5xx",
    "problems",
    "not problems",
    "method = GET and (why or finding)",
    "5xx and not (why in {stale-keepalive, upstream-refused})",
];

/// An exchange and all that is said of it.
#[derive(Default)]
struct Known {
    exchange: Option<Arc<Exchange>>,
    findings: Vec<(&'static str, Severity)>,
    causes: Vec<&'static str>,
}

fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = ["samples", "tests/lab/captures"].map(|folder| root.join(folder)).to_vec();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.to_string_lossy().contains(".pcap") => files.push(path),
                false => {}
            }
        }
    }
    files.sort();
    // Every seventh of the many from the laboratory.
    files.into_iter().enumerate().filter(|(at, _)| at % 7 == 0).map(|(_, path)| path).collect()
}

/// All that is known when the capture is over.
fn known(path: &Path) -> BTreeMap<u64, Known> {
    let mut known: BTreeMap<u64, Known> = BTreeMap::new();
    let mut capture = Capture::open(&[path]).unwrap();
    pipeline::run::<Error>(&mut capture, Options::default(), |record| {
        match record {
            Record::Exchange(id, exchange) => {
                known.entry(id).or_default().exchange = Some(Arc::clone(exchange));
            }
            Record::Finding(finding) => {
                if let Some(id) = finding.transaction {
                    let found = (finding.rule.id, finding.severity);
                    known.entry(id).or_default().findings.push(found);
                }
            }
            Record::Verdict(verdict) => {
                known.entry(verdict.transaction).or_default().causes.push(verdict.cause.id);
            }
            Record::Stray(_) | Record::Connection(_) => {}
        }
        Ok(ControlFlow::Continue(()))
    })
    .unwrap();
    known
}

/// What comes out with a filter: the exchanges, and how many records stand behind each.
fn chosen(path: &Path, filter: &Filter) -> (Vec<u64>, BTreeMap<u64, usize>, u64) {
    let (mut ids, mut said) = (Vec::new(), BTreeMap::new());
    let mut capture = Capture::open(&[path]).unwrap();
    let options = Options { filter: Some(filter.clone()), ..Options::default() };
    let outcome = pipeline::run::<Error>(&mut capture, options, |record| {
        let about = match record {
            Record::Exchange(id, _) => {
                ids.push(id);
                None
            }
            Record::Finding(finding) => finding.transaction,
            Record::Verdict(verdict) => Some(verdict.transaction),
            Record::Stray(_) | Record::Connection(_) => None,
        };
        if let Some(id) = about {
            assert!(ids.contains(&id), "what is said of {id} comes before it");
            *said.entry(id).or_default() += 1;
        }
        Ok(ControlFlow::Continue(()))
    })
    .unwrap();
    assert_eq!(outcome.statistics.exchanges, ids.len() as u64);
    (ids, said, outcome.hurried)
}

#[test]
fn what_is_known_late_chooses_as_if_it_had_been_known() {
    let (mut compared, mut found) = (0, 0);
    for path in files() {
        let known = known(&path);
        for text in FILTERS {
            let filter = Filter::parse(text).unwrap();
            let expected: Vec<u64> = known
                .iter()
                .filter(|(id, known)| {
                    let Some(exchange) = known.exchange.as_deref() else { return false };
                    let (findings, causes) = (&known.findings[..], &known.causes[..]);
                    let subject = Subject { findings, causes, ..Subject::new(**id, exchange) };
                    filter.matches(&subject)
                })
                .map(|(id, _)| *id)
                .collect();
            let (ids, said, hurried) = chosen(&path, &filter);
            assert_eq!(ids, expected, "{text} on {}", path.display());
            assert_eq!(hurried, 0);
            for id in &ids {
                let records = known[id].findings.len() + known[id].causes.len();
                let heard = said.get(id).copied().unwrap_or_default();
                assert_eq!(heard, records, "{id} of {text} on {}", path.display());
            }
            compared += 1;
            found += ids.len();
        }
    }
    assert!(compared > 100 && found > 100, "{compared} {found}");
}

fn exit_code(arguments: &[&str]) -> Option<i32> {
    let output = Command::new(env!("CARGO_BIN_EXE_httpwhy")).args(arguments).output().unwrap();
    output.status.code()
}

#[test]
fn a_check_fails_where_an_exchange_matches() {
    let refused = "samples/502-refused.pcap";
    for (expression, code) in [
        ("5xx", 4),
        ("problems", 4),
        ("why = upstream-refused", 4),
        ("why = stale-keepalive", 0),
        ("severity = error", 0),
        ("ttfb > 1h", 0),
        ("why = nonsense", 2),
    ] {
        assert_eq!(exit_code(&["--fail-on", expression, refused]), Some(code), "{expression}");
    }
    // Only what is chosen is checked.
    assert_eq!(exit_code(&["--fail-on", "5xx", "-Y", "path ~ /orders", refused]), Some(4));
    assert_eq!(exit_code(&["--fail-on", "5xx", "-Y", "path ~ /elsewhere", refused]), Some(0));
    assert_eq!(exit_code(&["--fail-on", "5xx", "samples/hello.pcap"]), Some(0));
    assert_eq!(
        exit_code(&["--fail-on", "finding = request-inside-body", "samples/smuggling.pcap"]),
        Some(4)
    );
}
