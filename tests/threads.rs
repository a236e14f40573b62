//! What comes out of a capture, and in which order, does not depend on how many threads read it, nor
//! on how much goes from one to the next at a time.

#![expect(clippy::unwrap_used, reason = "a test that cannot read what it needs has failed")]

mod support;

use std::fmt::Write as _;
use std::fs;
use std::io::Cursor;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use httpwhy::capture::{Capture, Input, Next, Reading, Source};
use httpwhy::engine::Record;
use httpwhy::error::Error;
use httpwhy::filter::Filter;
use httpwhy::http::Waiting;
use httpwhy::pipeline::{self, Options, Outcome, Progress, Sink, Threads};
use httpwhy::units::Duration;
use httpwhy::wire::Endpoint;
use support::link::Encapsulation;
use support::packets::{self, Stacks};
use support::random::Random;
use support::script::{Connection, Script, Side};
use support::traffic::{self, Shape};
use support::transform::{self, Overtake};
use support::{frames, loss, pcap};

/// One thread, two, and some with few or many shards; in portions of every kind.
const WAYS: [(usize, u64); 8] =
    [(2, 512), (2, 1), (3, 512), (3, 1), (4, 7), (8, 512), (8, 2), (64, 100)];

fn spread(threads: usize, packets: u64) -> Threads {
    Threads::up_to(NonZeroUsize::new(threads).unwrap()).in_portions(packets)
}

/// Everything that a run gives, as text.
fn told(source: &mut impl Source, options: Options) -> (String, Outcome) {
    let mut all = String::new();
    let outcome = pipeline::run::<Error>(source, options, |record| {
        writeln!(all, "{record:?}").unwrap();
        Ok(ControlFlow::Continue(()))
    })
    .unwrap();
    let Outcome { summary, gated, hurried, .. } = &outcome;
    assert!(summary.balances() && summary.ledger.balances(), "{summary:?}");
    writeln!(all, "{summary:?} {gated} {hurried}").unwrap();
    (all, outcome)
}

/// Holds every way against one thread; how many records there were.
fn is_the_same<S: Source>(what: &str, open: impl Fn() -> S, options: &Options) -> usize {
    let (one, _) = told(&mut open(), options.clone());
    for (threads, packets) in WAYS {
        let options = Options { threads: spread(threads, packets), ..options.clone() };
        let (several, _) = told(&mut open(), options);
        if let Some((a, b)) = one.lines().zip(several.lines()).find(|(a, b)| a != b) {
            panic!("{what}, {threads} threads, {packets} packets:\n{a}\n{b}");
        }
        assert_eq!(one.lines().count(), several.lines().count(), "{what}, {threads} threads");
    }
    one.lines().count() - 1
}

fn from_memory(file: &[u8]) -> Capture {
    let reader = Box::new(Cursor::new(file.to_vec()));
    Capture::from_reader(PathBuf::from("made.pcap"), reader).unwrap()
}

/// Connections to a few servers at the same time, with loss, disorder, copies and silence.
fn traffic(seed: u64, connections: u16) -> Vec<packets::Segment> {
    let mut random = Random::new(seed);
    let captures: Vec<_> = (0..connections)
        .map(|number| {
            let [high, low] = number.to_be_bytes();
            let client = Endpoint::v4([10, 1, high, low], 40_000 + number);
            let server = Endpoint::v4([10, 2, 0, (number % 5) as u8], 80);
            let talk = traffic::connection(client, server, &Shape::SMALL, &mut random);
            let script = Script { connections: vec![talk] };
            let segments = packets::segments(&script, &Stacks::default());
            match number % 4 {
                0 => loss::repaired(&segments, 50, Duration::from_millis(200), seed),
                1 => transform::reorder(&segments, Overtake::WithinBurst, 4, seed),
                // Its end is missing: it falls silent.
                2 => transform::drop_some(&segments, 30, seed),
                _ => transform::copy(&segments, 50, 3, seed),
            }
        })
        .collect();
    let mut all = transform::interleave(&captures, Duration::from_secs(3), seed);
    // Long enough for what is silent to be over while others go on.
    let late: Vec<_> = transform::shift_time(&all, 400_000_000_000)
        .into_iter()
        .map(|mut segment| {
            segment.connection += usize::from(connections);
            segment
        })
        .collect();
    all.extend(late);
    all
}

#[test]
fn samples_are_told_alike() {
    let mut files = 0;
    let mut records = 0;
    for entry in fs::read_dir("samples").unwrap() {
        let path = entry.unwrap().path();
        if !path.to_string_lossy().contains(".pcap") {
            continue;
        }
        files += 1;
        let name = path.display().to_string();
        let open = || Capture::open(&[&path]).unwrap();
        records += is_the_same(&name, open, &Options::default());
    }
    assert!(files > 10 && records > 100, "{files} files, {records} records");
}

#[test]
fn a_busy_capture_is_told_alike() {
    for seed in 0..4 {
        let segments = traffic(seed, 60);
        let file = pcap::pcap(&frames::frames(&segments, &Encapsulation::ethernet()));
        let records = is_the_same("busy", || from_memory(&file), &Options::default());
        assert!(records > 200, "{records}");
    }
}

/// A download, and behind and beside it much that is small, so that threads start while
/// connections are open.
#[test]
fn threads_that_start_in_the_middle_change_nothing() {
    let body = vec![b'x'; 3_000_000];
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let mut download = Connection::new("10.8.0.1:40000", "10.8.0.9:80");
    for _ in 0..3 {
        download = download
            .client_says("GET /large HTTP/1.1\r\nHost: large\r\n\r\n")
            .server_says([head.as_bytes(), &body].concat());
    }
    let script = Script { connections: vec![download.closed_by(Side::Server)] };
    let mut all = packets::segments(&script, &Stacks::default());
    // The last third of the download lies between what is small.
    let third = all[all.len() * 2 / 3].at;
    let small = traffic(17, 200);
    let delay = third.as_nanos() - small[0].at.as_nanos();
    all.extend(transform::shift_time(&small, delay).into_iter().map(|mut segment| {
        segment.connection += 1;
        segment
    }));
    all.sort_by_key(|segment| segment.at);
    let file = pcap::pcap(&frames::frames(&all, &Encapsulation::ethernet()));
    let (one, outcome) = told(&mut from_memory(&file), Options::default());
    assert!(outcome.summary.packets > 6_000, "{}", outcome.summary.packets);
    for threads in [2, 3, 8] {
        let threads = Threads::up_to(NonZeroUsize::new(threads).unwrap());
        let (lazy, _) = told(&mut from_memory(&file), Options { threads, ..Options::default() });
        if let Some((a, b)) = one.lines().zip(lazy.lines()).find(|(a, b)| a != b) {
            panic!("{threads:?}:\n{a}\n{b}");
        }
        assert_eq!(one.lines().count(), lazy.lines().count());
        // A pause behind every portion tells that there were threads, and that there were none at first.
        let mut sink = Breaking { at_record: Some(usize::MAX), records: 0, pauses: 0 };
        let options = Options { threads, ..Options::default() };
        pipeline::drive(&mut from_memory(&file), options, &mut sink).unwrap();
        let packets = outcome.summary.packets as usize;
        let all_the_time = packets / 512;
        assert!(
            sink.pauses > packets / 4_096 + 1 && sink.pauses < all_the_time,
            "{} pauses, {packets} packets",
            sink.pauses
        );
    }
}

#[test]
fn with_filters_and_previews_it_is_told_alike() {
    let segments = traffic(7, 40);
    let file = pcap::pcap(&frames::frames(&segments, &Encapsulation::ethernet()));
    let options = Options {
        preview: 500,
        filter: Some(Filter::parse("status >= 300 or problems").unwrap()),
        gate: Some(Filter::parse("5xx").unwrap()),
        ..Options::default()
    };
    assert!(is_the_same("filtered", || from_memory(&file), &options) > 10);
}

#[test]
fn datagrams_put_together_from_fragments_are_told_alike() {
    let segments = traffic(3, 20);
    let fragments = frames::fragmented(&segments, &Encapsulation::ethernet(), 300);
    assert!(fragments.len() > segments.len());
    let file = pcap::pcap(&fragments);
    assert!(is_the_same("fragments", || from_memory(&file), &Options::default()) > 50);
}

#[test]
fn several_files_are_told_alike() {
    let segments = traffic(5, 30);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("threads");
    fs::create_dir_all(&folder).unwrap();
    let paths: Vec<PathBuf> = (0..3)
        .map(|part| {
            let own: Vec<_> =
                segments.iter().filter(|one| one.connection % 3 == part).cloned().collect();
            let path = folder.join(format!("{part}.pcap"));
            let file = pcap::pcap(&frames::frames(&own, &Encapsulation::ethernet()));
            fs::write(&path, file).unwrap();
            path
        })
        .collect();
    let open = || Capture::open(&paths).unwrap();
    assert!(is_the_same("files", open, &Options::default()) > 50);
}

/// Lends its packets for the call alone, as a device does.
struct Lending(Capture);

impl Source for Lending {
    fn next(&mut self) -> Result<Next<'_>, Error> {
        Source::next(&mut self.0)
    }

    fn inputs(&self) -> Vec<&Input> {
        Source::inputs(&self.0)
    }

    fn reading(&self) -> Reading {
        Source::reading(&self.0)
    }
}

#[test]
fn a_source_without_blocks_is_told_alike() {
    let segments = traffic(9, 20);
    let file = pcap::pcap(&frames::frames(&segments, &Encapsulation::ethernet()));
    let open = || Lending(from_memory(&file));
    assert!(is_the_same("lent", open, &Options::default()) > 50);
}

/// Breaks off at a record, or asks at a pause for no further packet.
struct Breaking {
    at_record: Option<usize>,
    records: usize,
    pauses: usize,
}

impl Sink<Error> for Breaking {
    fn record(&mut self, _: Record<'_>) -> Result<ControlFlow<()>, Error> {
        self.records += 1;
        match self.at_record {
            Some(at) if self.records >= at => Ok(ControlFlow::Break(())),
            _ => Ok(ControlFlow::Continue(())),
        }
    }

    fn pause(&mut self, progress: &Progress<'_>) -> Result<ControlFlow<()>, Error> {
        self.pauses += 1;
        assert!(progress.packets > 0 && !progress.is_quiet);
        Ok(if self.at_record.is_none() && self.pauses == 20 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    }
}

#[test]
fn whoever_has_seen_enough_ends_it() {
    let segments = traffic(11, 60);
    let file = pcap::pcap(&frames::frames(&segments, &Encapsulation::ethernet()));
    for threads in [2, 3, 8] {
        let options = || Options { threads: spread(threads, 10), ..Options::default() };
        let mut sink = Breaking { at_record: Some(5), records: 0, pauses: 0 };
        let outcome = pipeline::drive(&mut from_memory(&file), options(), &mut sink).unwrap();
        assert!(outcome.summary.stopped);
        assert_eq!(sink.records, 5);
        let mut sink = Breaking { at_record: None, records: 0, pauses: 0 };
        let outcome = pipeline::drive(&mut from_memory(&file), options(), &mut sink).unwrap();
        let summary = outcome.summary;
        assert!(summary.stopped && summary.balances(), "{summary:?}");
        assert!(summary.packets >= 100 && (summary.packets as usize) < segments.len());
        assert!(sink.records > 0);
    }
}

/// Fails behind some packets.
struct Failing(Capture, u64);

impl Source for Failing {
    fn next(&mut self) -> Result<Next<'_>, Error> {
        if self.0.packets() == self.1 {
            return Err(Error::Usage("the file is gone".to_owned()));
        }
        Source::next(&mut self.0)
    }

    fn inputs(&self) -> Vec<&Input> {
        Source::inputs(&self.0)
    }

    fn reading(&self) -> Reading {
        Source::reading(&self.0)
    }
}

#[test]
fn what_came_before_a_failure_is_told_and_then_the_failure() {
    let segments = traffic(13, 30);
    let file = pcap::pcap(&frames::frames(&segments, &Encapsulation::ethernet()));
    let told = |threads| {
        let mut records = 0;
        let mut source = Failing(from_memory(&file), 400);
        let options = Options { threads, ..Options::default() };
        let run = pipeline::run::<Error>(&mut source, options, |_| {
            records += 1;
            Ok(ControlFlow::Continue(()))
        });
        (records, run.unwrap_err().to_string())
    };
    let one = told(Threads::default());
    assert!(one.0 > 0 && one.1.contains("the file is gone"), "{one:?}");
    for (threads, packets) in WAYS {
        assert_eq!(told(spread(threads, packets)), one, "{threads} threads, {packets} packets");
    }
}

/// What waits after each portion, and which exchanges were given out between them.
#[derive(Default)]
struct Waits {
    /// Packets read, and what waited then.
    seen: Vec<(u64, Waiting)>,
    /// For each exchange whose request was captured: the packet with the end of its head, and how many
    /// portions had been read when it was given out.
    exchanges: Vec<(u64, usize)>,
}

impl Sink<Error> for Waits {
    fn record(&mut self, record: Record<'_>) -> Result<ControlFlow<()>, Error> {
        if let Record::Exchange(_, exchange) = record
            && let Some(request) = &exchange.request
        {
            self.exchanges.push((request.head_end.packet, self.seen.len()));
        }
        Ok(ControlFlow::Continue(()))
    }

    fn pause(&mut self, progress: &Progress<'_>) -> Result<ControlFlow<()>, Error> {
        self.seen.push((progress.packets, progress.waiting.unwrap()));
        Ok(ControlFlow::Continue(()))
    }
}

fn waits(file: &[u8], threads: Option<Threads>) -> Waits {
    let mut sink = Waits::default();
    let threads = threads.unwrap_or_default();
    let options = Options { waiting: true, threads, ..Options::default() };
    pipeline::drive::<Error>(&mut from_memory(file), options, &mut sink).unwrap();
    sink
}

#[test]
fn requests_that_wait_are_counted_alike() {
    let segments = traffic(0x77a1, 300);
    let file = pcap::pcap(&frames::frames(&segments, &Encapsulation::ethernet()));
    let one = waits(&file, None);
    assert!(one.seen.len() > 1, "{} packets are too few", segments.len());
    assert!(one.seen.iter().any(|(_, waiting)| waiting.requests > 0));
    // Portions end where a second begins, too; of one packet each, all ends are among them.
    for threads in [2, 3, 8] {
        let several = waits(&file, Some(spread(threads, 1)));
        for (packets, waiting) in &one.seen {
            let other = several.seen.iter().find(|(seen, _)| seen == packets);
            let other = other.map(|(_, other)| other);
            assert_eq!(Some(waiting), other, "{threads} threads at packet {packets}");
        }
    }
}

#[test]
fn what_waits_is_what_has_begun_and_is_not_over() {
    let mut random = Random::new(0x77a2);
    let captures: Vec<_> = (0..40_u16)
        .map(|number| {
            let client = Endpoint::v4([10, 1, 0, 1], 40_000 + number);
            let server = Endpoint::v4([10, 2, 0, 1], 80);
            let talk = traffic::connection(client, server, &Shape::SMALL, &mut random);
            packets::segments(&Script { connections: vec![talk] }, &Stacks::default())
        })
        .collect();
    let segments = transform::interleave(&captures, Duration::from_millis(20), 5);
    let file = pcap::pcap(&frames::frames(&segments, &Encapsulation::ethernet()));
    let waits = waits(&file, Some(spread(2, 50)));
    let mut most = 0;
    for (nth, (packets, waiting)) in waits.seen.iter().enumerate() {
        let waited =
            waits.exchanges.iter().filter(|(begun, given)| begun <= packets && *given > nth);
        assert_eq!(waiting.requests, waited.count() as u64, "at packet {packets}");
        assert_eq!(waiting.requests > 0, waiting.oldest.is_some());
        most = most.max(waiting.requests);
    }
    assert!(most > 3, "{most} at most waited at a time");
}
