//! Captures that somebody has spoiled: whatever comes in, nothing panics, nothing hangs, and every
//! packet and octet is accounted for.
//!
//! `HTTPWHY_ROUNDS=1000000 cargo test --release --test hostile` runs as many mutants; `HTTPWHY_SEED=N`
//! begins with the mutant that a failure has named.

mod support;

use std::fs;
use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use httpwhy::capture::Capture;
use httpwhy::error::Error;
use httpwhy::pipeline::{self, Options, Outcome};
use support::random::Random;

fn captures() -> Vec<(PathBuf, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["samples", "../shared/corpus/captures", "../shared/corpus/streams/pcap"];
    let mut captures = Vec::new();
    for folder in folders.map(|folder| root.join(folder)) {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for path in entries.map(|entry| entry.expect("a readable folder").path()) {
            let capture = path.to_str().is_some_and(|path| path.contains(".pcap"));
            if capture && fs::metadata(&path).expect("a file").len() < 300_000 {
                captures.push((path.clone(), fs::read(path).expect("a file")));
            }
        }
    }
    captures.sort();
    captures
}

/// Reads a capture from memory; `None` where it is none.
fn read(octets: Vec<u8>) -> Option<Outcome> {
    let reader = Box::new(Cursor::new(octets));
    let mut capture = Capture::from_reader(PathBuf::from("mutant"), reader).ok()?;
    let options = Options { preview: 100, ..Options::default() };
    let run = pipeline::run::<Error>(&mut capture, options, |_| Ok(ControlFlow::Continue(())));
    let outcome = run.expect("memory can be read");
    let summary = &outcome.summary;
    assert!(summary.balances(), "packets");
    assert!(summary.ledger.balances(), "{:?}", summary.ledger);
    assert_eq!(summary.ledger.holding, 0);
    Some(outcome)
}

/// Spoils single octets, at one of several rates, and sometimes the end.
fn mutate(octets: &mut Vec<u8>, random: &mut Random) {
    let rate = *random.pick(&[2_000, 200, 50, 20]);
    // Most mutants keep the file header, so that the packets are reached.
    let mut at = if random.chance(250) { 0 } else { 24 } + random.below(rate);
    while let Some(octet) = octets.get_mut(at) {
        *octet = match random.below(5) {
            0 => *octet ^ 1 << random.below(8),
            1 => random.next() as u8,
            2 => *random.pick(b"\r\n :0fH"),
            3 => 0xff,
            _ => 0,
        };
        at += 1 + random.below(2 * rate);
    }
    if random.chance(250) {
        octets.truncate(random.below(octets.len() + 1));
    }
}

#[test]
fn spoiled_captures_do_no_harm() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("HTTPWHY_SEED").unwrap_or(0);
    let captures = captures();
    for seed in first..first + number("HTTPWHY_ROUNDS").unwrap_or(4_000) {
        let mut random = Random::new(seed);
        let (path, octets) = random.pick(&captures);
        let mut octets = octets.clone();
        mutate(&mut octets, &mut random);
        let begun = Instant::now();
        let read = std::panic::catch_unwind(|| read(octets));
        assert!(read.is_ok(), "HTTPWHY_SEED={seed} {}", path.display());
        // Clean, the largest of them takes a few milliseconds even without optimisation.
        let took = begun.elapsed();
        assert!(
            took < Duration::from_secs(10),
            "HTTPWHY_SEED={seed} {} took {took:?}",
            path.display()
        );
    }
}

#[test]
fn every_front_of_a_capture_is_a_capture() {
    let hello = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/pipelining.pcap");
    let octets = fs::read(hello).unwrap();
    let whole = read(octets.clone()).unwrap();
    for len in 24..octets.len() {
        let front = read(octets[..len].to_vec()).unwrap();
        assert!(front.summary.packets <= whole.summary.packets);
    }
}

/// `docs/hostile.md` names the tests of every case, and they are there.
#[test]
fn every_case_is_listed_with_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/hostile.md")).unwrap();
    let rows = page.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let number: u32 = cells.next()?.parse().ok()?;
        Some((number, cells.nth(1)?.trim_end_matches(" |")))
    });
    let rows: Vec<(u32, &str)> = rows.collect();
    assert!(rows.iter().map(|(number, _)| *number).eq(1..=114));
    for (number, tests) in rows {
        for test in tests.split(", ").filter(|test| *test != "–") {
            let (file, name) = test.trim_matches('`').split_once("::").unwrap();
            let folder =
                if file.starts_with("src/") { root.to_owned() } else { root.join("tests") };
            let source = fs::read_to_string(folder.join(file)).unwrap();
            let there = source.contains(&format!("fn {name}("))
                || source.contains(&format!("    {name} at "));
            assert!(there, "case {number}: there is no {test}");
        }
    }
}
