//! Whole captures, from the octets of the file to the exchanges, held to what really took place.

// A failing round is shown segment by segment, and what is skipped is said.
#![allow(clippy::print_stdout)]

mod support;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use httpwhy::wire::Endpoint;
use serde_json::Value;
use support::core::{self, Seen};
use support::exchange::{Exchange, difference, endpoint};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The captures of the corpus that belongs to the project's surroundings, if it is there.
fn corpus() -> Option<PathBuf> {
    let corpus = root().join("../shared/corpus");
    if corpus.is_dir() {
        return Some(corpus);
    }
    println!("skipped: {} is not there", corpus.display());
    None
}

#[test]
fn samples_give_what_took_place() {
    let text = fs::read_to_string(root().join("samples/expected.tsv")).unwrap();
    let mut expected: BTreeMap<&str, Vec<(Exchange, bool)>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [file, client, server, rest @ .., complete] = columns.as_slice() else {
            panic!("{line}")
        };
        let (client, server) = (endpoint(client).unwrap(), endpoint(server).unwrap());
        let exchange = Exchange::parse(client, server, &rest.join(" ")).unwrap();
        expected.entry(file).or_default().push((exchange, *complete == "yes"));
    }
    for entry in fs::read_dir(root().join("samples")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if !name.contains(".pcap") {
            continue;
        }
        let made = core::read_file(&path);
        let stated = expected.remove(name).unwrap_or_default();
        let truth: Vec<Exchange> = stated.iter().map(|(exchange, _)| exchange.clone()).collect();
        let outside = made.seen.iter().filter(|seen| !seen.tunnelled);
        let found: Vec<Exchange> = outside.map(|seen| seen.exchange.clone()).collect();
        if let Some(difference) = difference(&truth, &found) {
            panic!("{name}: {difference}");
        }
        for (exchange, complete) in stated {
            let seen = made.seen.iter().find(|seen| seen.exchange == exchange).unwrap();
            let captured = |index: usize, there: bool| !there || seen.whole[index];
            let whole =
                captured(0, exchange.method.is_some()) && captured(1, exchange.status.is_some());
            // A message that was sent but not captured is not whole either, and the packets
            // cannot tell it from one that never was.
            let absent = exchange.status.is_none() || exchange.method.is_none();
            let not_captured = absent && !complete;
            assert!(whole == complete || not_captured, "{name}: {exchange}");
        }
        assert_eq!(made.damaged, name.starts_with("cut-off"), "{name}");
    }
    assert!(expected.is_empty(), "stated, but not there: {:?}", expected.keys());
}

/// Where the golden results are wrong, and why; see `docs/correctness.md`.
const DISPUTED: &[(&str, &str)] = &[(
    "malcolm__other__Digital_Bond_S4__Modicon.pcap",
    "octets 14651 to 18018 of the server on 10.200.1.193:60018 were not captured; the golden \\
     results pair the responses behind them with the requests before them",
)];

#[test]
fn the_corpus_gives_what_independent_parsers_agree_on() {
    let Some(corpus) = corpus() else { return };
    let mut agreed = 0;
    for (captures, golden) in [("captures", "golden"), ("streams/pcap", "streams/golden")] {
        for entry in fs::read_dir(corpus.join(captures)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let golden = corpus.join(golden).join(format!("{name}.json"));
            let golden: Value = serde_json::from_slice(&fs::read(golden).unwrap()).unwrap();
            let golden = golden["transactions"].as_array().unwrap();
            agreed += golden.iter().filter(|one| one["confidence"] == "agreed").count();
            if DISPUTED.iter().any(|(disputed, _)| *disputed == name) {
                core::read_file(&path);
                continue;
            }
            let made = core::read_file(&path);
            compare(&name, golden, &made.seen);
        }
    }
    println!("{agreed} exchanges that several parsers agree on");
    assert!(agreed > 800);
}

/// The endpoints, method and target, as far as parsers write them alike.
type Key = (String, String, Option<String>, Option<String>);

fn compare(name: &str, golden: &[Value], seen: &[Seen]) {
    let mut open: HashMap<Key, Vec<&Value>> = HashMap::new();
    for one in golden {
        let text = |key: &str| one[key].as_str().filter(|text| !text.is_empty());
        let key = (
            text("client").map(spelled).unwrap_or_default(),
            text("server").map(spelled).unwrap_or_default(),
            text("method").map(str::to_owned),
            text("target").map(printable),
        );
        open.entry(key).or_default().push(one);
    }
    // What a parser alone reports need not be reported, but may be: it comes last.
    for candidates in open.values_mut() {
        candidates.sort_by_key(|one| one["confidence"] != "agreed");
    }
    for strict in [true, false] {
        for seen in seen {
            let exchange = &seen.exchange;
            let key = (
                exchange.client.to_string(),
                exchange.server.to_string(),
                exchange.method.clone(),
                exchange.target.as_deref().filter(|target| !target.is_empty()).map(printable),
            );
            let status = exchange.status.map(u64::from);
            let fits = |one: &&Value| {
                let free = one["disputed_fields"]
                    .as_array()
                    .is_some_and(|fields| fields.iter().any(|field| field == "status"));
                one["status"].as_u64() == status || !strict && free
            };
            let candidates = open.entry(key.clone()).or_default();
            match candidates.iter().position(fits) {
                Some(place) if strict || candidates[place]["status"].as_u64() != status => {
                    candidates.remove(place);
                }
                _ if strict => {}
                _ => {
                    let before = golden.iter().any(|one| {
                        one["status"].as_u64() == status
                            && one["client"].as_str().map(spelled).as_ref() == Some(&key.0)
                    });
                    assert!(before, "{name}: {exchange} is nothing that others saw");
                }
            }
        }
    }
    for (key, left) in open {
        for one in left {
            assert_ne!(one["confidence"], "agreed", "{name}: {key:?} {} was missed", one["status"]);
        }
    }
}

fn spelled(text: &str) -> String {
    endpoint(text).map_or_else(|_| text.to_owned(), |end: Endpoint| end.to_string())
}

/// Octets outside printable ASCII are written in many ways.
fn printable(target: &str) -> String {
    target.chars().filter(char::is_ascii_graphic).collect()
}

#[test]
fn every_packet_and_octet_is_accounted_for() {
    let folders = [Some(root().join("samples")), corpus().map(|corpus| corpus.join("captures"))];
    for folder in folders.into_iter().flatten() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.to_str().is_some_and(|path| path.contains(".pcap")) {
                assert_balance(&path);
            }
        }
    }
}

fn assert_balance(path: &Path) {
    let made = core::read_file(path);
    assert!(made.ledger.balances(), "{}: {:?}", path.display(), made.ledger);
    assert_eq!(made.ledger.holding, 0, "{}", path.display());
}
