//! Captures in, verdicts out: every cause on samples, on dialogues, and on the captures of the lab
//! where they are there.

mod damaged;
mod dialogues;
mod heldout;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use httpwhy::capture::{Capture, Source};
use httpwhy::diagnosis::{Confidence, Verdict};
use httpwhy::engine::Record;
use httpwhy::error::Error;
use httpwhy::pipeline::{self, Options};
use serde_json::Value;

/// A verdict with the exchange that it is about.
struct Diagnosed {
    client: String,
    target: String,
    status: Option<u16>,
    verdict: Verdict,
}

impl std::fmt::Display for Diagnosed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Verdict { cause, upstream, confidence, summary, .. } = &self.verdict;
        let upstream = upstream.map_or_else(|| "-".to_owned(), |upstream| upstream.to_string());
        let (client, target, status) = (&self.client, &self.target, self.status);
        write!(f, "{client} {target} {status:?}: {} {upstream} {confidence:?}: {summary}", cause.id)
    }
}

fn diagnose(path: &Path) -> Vec<Diagnosed> {
    let mut capture = Capture::open(&[path]).unwrap_or_else(|error| panic!("{error}"));
    explain(&mut capture)
}

fn explain(source: &mut impl Source) -> Vec<Diagnosed> {
    let mut exchanges = BTreeMap::new();
    let mut found = Vec::new();
    pipeline::run::<Error>(source, Options::default(), |record| {
        match record {
            Record::Exchange(number, exchange) => {
                let target = exchange.request.as_deref().map_or_else(String::new, |request| {
                    String::from_utf8_lossy(request.head.target()).into_owned()
                });
                exchanges.insert(number, (exchange.client.to_string(), target, exchange.status()));
            }
            Record::Verdict(verdict) => {
                let (client, target, status) = exchanges[&verdict.transaction].clone();
                found.push(Diagnosed { client, target, status, verdict: verdict.clone() });
            }
            Record::Stray(_) | Record::Connection(_) | Record::Finding(_) => {}
        }
        Ok(ControlFlow::Continue(()))
    })
    .unwrap_or_else(|error| panic!("{error}"));
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The captures of the lab, each with its truth beside it: those that are shipped, or all of a run
/// where `LAB` names its directory.
fn lab() -> Vec<PathBuf> {
    let folder =
        std::env::var_os("LAB").map_or_else(|| root().join("tests/lab/captures"), PathBuf::from);
    let mut found = Vec::new();
    for proxy in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        for file in std::fs::read_dir(proxy.path()).into_iter().flatten().flatten() {
            if file.path().extension().is_some_and(|extension| extension == "jsonl") {
                found.push(file.path());
            }
        }
    }
    found.sort();
    found
}

/// What really took place, and the capture of it.
fn with_truth(path: &Path) -> Option<(Vec<Value>, PathBuf)> {
    let truth = std::fs::read_to_string(path).unwrap();
    let truth = truth.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let captures =
        ["pcap", "pcapng", "pcap.gz", "pcapng.gz"].map(|extension| path.with_extension(extension));
    Some((truth, captures.into_iter().find(|path| path.exists())?))
}

#[test]
fn the_lab_is_explained() {
    let truths = lab();
    if truths.is_empty() {
        println!("no captures of the lab here: skipped");
        return;
    }
    let (mut right, mut of, mut wrong) = (0, 0, 0);
    let mut sure_and_wrong = Vec::new();
    for path in truths {
        let Some((truth, capture)) = with_truth(&path) else { continue };
        let upstream_alone = truth[0]["point"] == "upstream";
        let found = diagnose(&capture);
        let name = format!(
            "{}/{}",
            path.parent().unwrap().file_name().unwrap().display(),
            path.file_stem().unwrap().display()
        );
        let mut named = vec![false; found.len()];
        for one in truth.iter().filter(|one| one["type"] == "failing") {
            of += 1;
            let place = found.iter().position(|found| {
                found.client == one["client"].as_str().unwrap()
                    && found.target == one["target"].as_str().unwrap()
            });
            let verdict = place.map(|place| {
                named[place] = true;
                &found[place]
            });
            let is_right = verdict.is_some_and(|found| {
                let upstream = found.verdict.upstream.map(|upstream| upstream.to_string());
                found.verdict.cause.id == one["cause"].as_str().unwrap()
                    && (one["cause"] == "client-gave-up"
                        || upstream.as_deref() == one["upstream"].as_str())
            });
            right += u32::from(is_right);
            if !is_right {
                let said = verdict.map_or_else(|| "nothing".to_owned(), ToString::to_string);
                println!(
                    "{name}: {} {} is {} {}, said {said}",
                    one["client"], one["target"], one["cause"], one["upstream"]
                );
                if verdict.is_some_and(|found| found.verdict.confidence == Confidence::High) {
                    sure_and_wrong.push(name.clone());
                }
            }
        }
        for (found, named) in found.iter().zip(named) {
            if !named && !upstream_alone {
                wrong += 1;
                println!("{name}: unexpected {found}");
                if found.verdict.confidence == Confidence::High {
                    sure_and_wrong.push(name.clone());
                }
            }
        }
    }
    println!("{right} of {of} right, {wrong} for exchanges that did not fail");
    assert!(right * 100 >= of * 95, "{right} of {of}");
    assert!(sure_and_wrong.is_empty(), "sure and wrong: {sure_and_wrong:?}");
}

/// Causes and upstreams of a sample's verdicts.
fn sample(name: &str) -> Vec<(&'static str, String, Confidence)> {
    diagnose(&root().join("samples").join(name))
        .into_iter()
        .map(|found| {
            let Verdict { cause, upstream, confidence, .. } = found.verdict;
            (
                cause.id,
                upstream.map_or_else(String::new, |upstream| upstream.to_string()),
                confidence,
            )
        })
        .collect()
}

#[test]
fn samples_are_explained() {
    use Confidence::{High, Medium};
    for (name, cause, upstream, confidence) in [
        ("502-refused.pcap", "upstream-refused", "10.2.0.2:9001", High),
        ("503-haproxy-refused.pcap", "upstream-refused", "10.2.0.2:9001", High),
        ("504-timeout.pcap", "upstream-timeout", "10.2.0.2:9001", High),
        ("502-keepalive-race.pcap", "stale-keepalive", "10.2.0.2:9001", High),
        ("reset-before-response.pcap", "upstream-reset", "10.1.0.1:80", Medium),
        ("truncated-body.pcap", "upstream-truncated-body", "10.1.0.1:80", Medium),
        ("multi-interface.pcapng", "upstream-error-relayed", "10.2.0.2:9001", High),
    ] {
        assert_eq!(sample(name), [(cause, upstream.to_owned(), confidence)], "{name}");
    }
}

#[test]
fn healthy_samples_give_no_verdict() {
    for entry in std::fs::read_dir(root().join("samples")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let failing = ["50", "reset-", "truncated", "multi-interface", "no-answers"];
        if name.contains(".pcap") && !failing.iter().any(|failing| name.starts_with(failing)) {
            assert_eq!(sample(&name), [], "{name}");
        }
    }
}

#[test]
fn public_captures_give_no_sure_verdict() {
    // None of them was taken at a proxy; what fails in them fails at the server that was asked.
    let Ok(captures) = std::fs::read_dir(root().join("../shared/corpus/captures")) else {
        println!("no ../shared/corpus here: skipped");
        return;
    };
    for entry in captures {
        let path = entry.unwrap().path();
        if Capture::open(&[&path]).is_err() {
            continue;
        }
        for found in diagnose(&path) {
            println!("{}: {found}", path.display());
            assert!(found.verdict.confidence < Confidence::High, "{}: {found}", path.display());
        }
    }
}
