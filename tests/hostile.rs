//! Captures that somebody has spoiled: whatever comes in, nothing panics, nothing hangs, and every
//! packet and octet is accounted for.
//!
//! `HTTPWHY_ROUNDS=1000000 cargo test --release --test hostile` runs as many mutants; `HTTPWHY_SEED=N`
//! begins with the mutant that a failure has named.

// A long run says how far it has come.
#![allow(clippy::print_stdout)]

mod support;

use std::fs;
use std::io::Cursor;
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use httpwhy::capture::Capture;
use httpwhy::engine::Record;
use httpwhy::error::Error;
use httpwhy::limits;
use httpwhy::pipeline::{self, Options, Outcome};
use support::random::{Random, rounds};

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

/// An exchange that is whole: its number, target and status.
type WholeExchange = (u64, Vec<u8>, Option<u16>);

/// Reads a capture from memory; `None` where it is none.
fn read(octets: Vec<u8>) -> Option<(Outcome, Vec<WholeExchange>)> {
    let reader = Box::new(Cursor::new(octets));
    let mut capture = Capture::from_reader(PathBuf::from("mutant"), reader).ok()?;
    let options = Options { preview: 100, ..Options::default() };
    let mut whole = Vec::new();
    let run = pipeline::run::<Error>(&mut capture, options, |record| {
        if let Record::Exchange(id, exchange) = record
            && let (Some(request), Some(response)) = (&exchange.request, &exchange.response)
            && request.complete()
            && response.complete()
        {
            whole.push((id, request.head.target().to_vec(), exchange.status()));
        }
        Ok(ControlFlow::Continue(()))
    });
    let outcome = run.expect("memory can be read");
    let summary = &outcome.summary;
    assert!(summary.balances(), "packets");
    assert!(summary.ledger.balances(), "{:?}", summary.ledger);
    assert_eq!(summary.ledger.holding, 0);
    Some((outcome, whole))
}

/// Spoils single octets, at one of several rates.
fn spoil(octets: &mut [u8], random: &mut Random) {
    let rate = *random.pick(&[2_000, 200, 50, 20]);
    // Most mutants keep the file header, so that the packets are reached.
    let mut at = if random.chance(250) { 0 } else { FILE_HEADER } + random.below(rate);
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
}

/// Octets in front of the first record of a pcap file.
const FILE_HEADER: usize = 24;

/// The records of a pcap file as it is mostly written; none of any other.
fn records(octets: &[u8]) -> Vec<Range<usize>> {
    let mut records = Vec::new();
    let ordinary = [[0xd4, 0xc3, 0xb2, 0xa1], [0x4d, 0x3c, 0xb2, 0xa1]];
    if !ordinary.iter().any(|magic| octets.starts_with(magic)) {
        return records;
    }
    let mut at = FILE_HEADER;
    while let Some(len) = octets.get(at + 8..at + 12) {
        let len = u32::from_le_bytes(len.try_into().expect("four octets")) as usize;
        let end = at.saturating_add(16).saturating_add(len);
        if end > octets.len() {
            break;
        }
        records.push(at..end);
        at = end;
    }
    records
}

/// Swaps, doubles and loses records, and puts some of another capture between them.
fn rearrange(octets: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let mut own: Vec<&[u8]> = records(octets).into_iter().map(|range| &octets[range]).collect();
    let strange = records(other);
    if own.is_empty() {
        return;
    }
    for _ in 0..random.between(1, 8) {
        let (at, and) = (random.below(own.len()), random.below(own.len()));
        match random.below(4) {
            0 => own.swap(at, and),
            1 => own.insert(at, own[and]),
            2 if own.len() > 1 => drop(own.remove(at)),
            _ if strange.is_empty() => {}
            _ => own.insert(at, &other[random.pick(&strange).clone()]),
        }
    }
    *octets = [&octets[..FILE_HEADER], &own.concat()].concat();
}

/// Puts a stretch of another capture in the place of one of this.
fn splice(octets: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let mut stretch = |len: usize| {
        let start = random.below(len + 1);
        start..len.min(start + random.below(2_000))
    };
    let (lost, strange) = (stretch(octets.len()), stretch(other.len()));
    octets.splice(lost, other[strange].iter().copied());
}

/// Makes lies of what may be lengths.
fn lie(octets: &mut [u8], random: &mut Random) {
    const LIES: [u32; 10] = [0, 5, 7, 12, 65_535, 262_145, 1 << 24, 0x7fff_ffff, !3, u32::MAX];
    for _ in 0..random.between(1, 4) {
        let at = random.below(octets.len() + 1) / 4 * 4;
        let lie = *random.pick(&LIES);
        let long = if random.chance(800) { lie.to_le_bytes() } else { lie.to_be_bytes() };
        let written = if random.chance(500) { &long[..] } else { &long[..2] };
        if let Some(place) = octets.get_mut(at..at + written.len()) {
            place.copy_from_slice(written);
        }
    }
}

/// One thing or several of all that.
fn mutate(octets: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    if random.chance(200) {
        rearrange(octets, other, random);
    }
    if random.chance(100) {
        splice(octets, other, random);
    }
    if random.chance(200) {
        lie(octets, random);
    }
    if random.chance(750) {
        spoil(octets, random);
    }
    if random.chance(250) {
        octets.truncate(random.below(octets.len() + 1));
    }
}

/// What this process took at most, octets, where that is known.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilo| kilo * 1_024)
}

/// The processor time that this thread took so far; the time of day where nobody counts that.
fn worked(begun: Instant) -> Duration {
    let counted = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = counted.and_then(|text| text.split_whitespace().next()?.parse().ok());
    nanos.map_or_else(|| begun.elapsed(), Duration::from_nanos)
}

/// How long reading these takes, and what it gives.
fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let begun = Instant::now();
    let before = worked(begun);
    let result = work();
    (worked(begun).saturating_sub(before), result)
}

#[test]
fn case_93_spoiled_captures_do_no_harm() {
    let captures = captures();
    // A mutant may hold as much of another capture as of its own.
    let clean: Vec<Duration> =
        captures.iter().map(|(_, octets)| timed(|| read(octets.clone())).0).collect();
    let (mut slowest, mut exchanges) = (Duration::ZERO, 0);
    let rounds = rounds(4_000);
    for seed in rounds.clone() {
        let mut random = Random::new(seed);
        let [own, other] = [(); 2].map(|()| random.below(captures.len()));
        let (path, octets) = &captures[own];
        let mut octets = octets.clone();
        mutate(&mut octets, &captures[other].1, &mut random);
        let (took, read) = timed(|| std::panic::catch_unwind(|| read(octets)));
        let Ok(outcome) = read else { panic!("HTTPWHY_SEED={seed} {}", path.display()) };
        let longest = (clean[own] + clean[other]) * 10 + Duration::from_secs(1);
        let path = path.display();
        assert!(took < longest, "HTTPWHY_SEED={seed} {path} took {took:?}, {longest:?} at most");
        slowest = slowest.max(took);
        exchanges += outcome.map_or(0, |(outcome, _)| outcome.statistics.exchanges);
        let done = seed + 1 - rounds.start;
        if done.is_multiple_of(10_000) {
            let peak = peak().unwrap_or(0) >> 20;
            println!(
                "{done} mutants of {} captures, {exchanges} exchanges in them; the slowest took {slowest:?}, \
                 the process {peak} MiB; the last was HTTPWHY_SEED={seed}",
                captures.len(),
            );
        }
    }
    if let Some(peak) = peak() {
        assert!(peak <= limits::MEMORY + (32 << 20), "{} MiB", peak >> 20);
    }
}

/// `HTTPWHY_ROUNDS=20` takes as many captures, the small ones first.
#[test]
fn case_92_every_front_of_a_capture_is_a_capture() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut files: Vec<(usize, PathBuf, Vec<u8>)> = captures()
        .into_iter()
        .filter(|(path, _)| path.starts_with(&samples))
        .map(|(path, octets)| (octets.len(), path, octets))
        .collect();
    files.sort();
    for (_, path, octets) in files.iter().take(rounds(2).end as usize) {
        let (_, whole) = read(octets.clone()).unwrap();
        let (mut most, mut packets) = (0, 0);
        for len in FILE_HEADER..octets.len() {
            let place = format!("{len} octets of {}", path.display());
            let Some((outcome, front)) = read(octets[..len].to_vec()) else {
                assert!(packets == 0, "{place} are none");
                continue;
            };
            // Their numbers may differ: what waits for its end is told when the front ends.
            let known =
                |one: &WholeExchange| whole.iter().any(|all| all.1 == one.1 && all.2 == one.2);
            assert!(front.iter().all(known), "{place}: {front:?}");
            assert!(front.len() >= most, "{place} say less than fewer did");
            assert!(
                outcome.summary.packets >= packets,
                "{place} hold fewer packets than fewer did"
            );
            (most, packets) = (front.len(), outcome.summary.packets);
        }
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
