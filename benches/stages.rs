//! What each stage costs, on the synthetic workloads: `cargo bench --bench stages`.
//!
//! ```text
//! read      capture file → packets
//! decode    … → TCP segments
//! reassemble … → ordered octets, nobody reading them
//! rules     exchanges → findings
//! pipeline  … → records: everything
//! heads     octets of request and response heads → exchanges, without packets
//! ```
//!
//! Clocks of shared machines are noisy: compare stages within one run, not runs.

#[path = "../tests/support/mod.rs"]
mod support;
mod workload;

use std::hint::black_box;
use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use httpwhy::capture::Capture;
use httpwhy::engine::{Clock, Record, Shard};
use httpwhy::error::Error;
use httpwhy::flow::{self, Arrival, End, Ending, Facts, Mark, Missing, Reader as _, Side, Table};
use httpwhy::http::{ConnectionReader, Event, Output};
use httpwhy::pipeline::{self, Options};
use httpwhy::rules::{Hashes, Judge};
use httpwhy::units::Timestamp;
use httpwhy::wire::{Decoded, Decoder, Endpoint};
use workload::Workload;

const OCTETS: u64 = 8_000_000;

/// Takes all octets and does nothing.
#[derive(Default)]
struct Nobody;

impl flow::Reader for Nobody {
    type Output = u64;
    fn data(&mut self, _: Side, octets: &[u8], _: Arrival, _: &Facts, out: &mut u64) {
        *out += octets.len() as u64;
    }
    fn passed(&mut self, _: Side, _: u64, _: Arrival, _: &Facts, _: &mut u64) {}
    fn gap(&mut self, _: Side, _: u64, _: Missing, _: Mark, _: &Facts, _: &mut u64) {}
    fn end(&mut self, _: Side, _: End, _: Mark, _: &Facts, _: &mut u64) {}
    fn unread(&self, _: Side) -> u64 {
        0
    }
    fn roles_swapped(&self) -> bool {
        false
    }
    fn waiting(&self) -> bool {
        false
    }
    fn closed(_: Option<&Self>, _: &Facts, _: Ending, _: Mark, _: &mut u64) {}
}

fn open(file: &'static [u8]) -> Capture {
    Capture::from_reader(PathBuf::from("workload"), Box::new(Cursor::new(file)))
        .expect("a capture that was just written")
}

/// What the core understands of a capture, in order.
fn events(file: &'static [u8]) -> Vec<Event> {
    let (mut capture, mut decoder) = (open(file), Decoder::new());
    let (mut shard, mut clock) = (Shard::default(), Clock::default());
    let (mut events, mut last) = (Vec::new(), Mark::default());
    while let Some(packet) = capture.next().expect("readable") {
        last = Mark { at: packet.at, packet: packet.number };
        if clock.passes(packet.at) {
            shard.tick(last);
        }
        if let Decoded::Segment(segment) = decoder.decode(&packet) {
            shard.segment(&segment);
        }
        events.append(shard.events());
    }
    shard.finish(last);
    events.append(shard.events());
    events
}

fn stages(criterion: &mut Criterion) {
    for workload in Workload::ALL {
        let mut file = Vec::new();
        let truth = workload::write(workload, OCTETS, &mut file).expect("memory");
        let file: &'static [u8] = file.leak();
        let mut group = criterion.benchmark_group(workload.name());
        group.throughput(Throughput::Elements(truth.packets));
        group.bench_function("read", |bencher| {
            bencher.iter(|| {
                let mut capture = open(file);
                let mut octets = 0;
                while let Some(packet) = capture.next().expect("readable") {
                    octets += packet.bytes.len();
                }
                octets
            });
        });
        group.bench_function("decode", |bencher| {
            bencher.iter(|| {
                let (mut capture, mut decoder) = (open(file), Decoder::new());
                let mut octets = 0;
                while let Some(packet) = capture.next().expect("readable") {
                    if let Decoded::Segment(segment) = decoder.decode(&packet) {
                        octets += segment.payload.len();
                    }
                }
                octets
            });
        });
        group.bench_function("reassemble", |bencher| {
            bencher.iter(|| {
                let (mut capture, mut decoder) = (open(file), Decoder::new());
                let (mut table, mut octets) = (Table::<Nobody>::default(), 0);
                while let Some(packet) = capture.next().expect("readable") {
                    if let Decoded::Segment(segment) = decoder.decode(&packet) {
                        table.segment(&segment, &mut octets);
                    }
                }
                octets
            });
        });
        let events = events(file);
        group.bench_function("rules", |bencher| {
            bencher.iter(|| {
                let (mut judge, mut found) = (Judge::default(), Vec::new());
                for (event, number) in events.iter().zip(1..) {
                    match event {
                        Event::Exchange(exchange) => {
                            let hashes = Hashes::of(exchange);
                            judge.exchange(
                                number,
                                Arc::clone(exchange),
                                hashes.as_ref(),
                                &mut found,
                            );
                        }
                        Event::Stray(stray) => judge.stray(stray, &mut found),
                        Event::Connection(connection) => judge.connection(connection, &mut found),
                    }
                    found.clear();
                }
                judge.finish(&mut found);
                found.len()
            });
        });
        group.bench_function("pipeline", |bencher| {
            bencher.iter(|| {
                let take = |record: Record<'_>| {
                    black_box(record);
                    Ok(ControlFlow::Continue(()))
                };
                let run = pipeline::run::<Error>(&mut open(file), Options::default(), take);
                run.expect("readable").summary.packets
            });
        });
        group.finish();
    }
}

fn heads(criterion: &mut Criterion) {
    const REQUEST: &[u8] = b"GET /api/items/42?page=3&sort=asc HTTP/1.1\r\n\
        Host: api.shop.example\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) Chrome/126.0.0.0\r\n\
        Accept: application/json, text/plain, */*\r\nAccept-Language: en-US,en;q=0.9,de;q=0.7\r\n\
        Referer: https://shop.example/catalog/page/7\r\nCookie: session=0123456789abcdef\r\n\
        Cache-Control: no-cache\r\nX-Request-Id: 5f0c7b1e\r\nConnection: keep-alive\r\n\r\n";
    const RESPONSE: &[u8] = b"HTTP/1.1 304 Not Modified\r\nServer: nginx/1.22.1\r\n\
        Date: Thu, 01 Jan 2026 00:00:00 GMT\r\nETag: \"6553f2c8-4d2\"\r\n\
        Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT\r\nConnection: keep-alive\r\n\r\n";
    let facts = Facts {
        id: 1,
        ends: [Endpoint::v4([10, 1, 0, 1], 40_000), Endpoint::v4([192, 0, 2, 10], 80)],
        first: Mark::default(),
        last: Mark::default(),
        handshake: flow::Handshake { syn: Some(Mark::default()), ..Default::default() },
        health: flow::Health::default(),
        via: [None; 2],
        fin: [None; 2],
        reset: [None; 2],
        acknowledged: [None; 2],
        unseen: [false; 2],
        conflicts: Vec::new(),
    };
    let mark = Mark { at: Timestamp::from_nanos(1), packet: 1 };
    let arrival = Arrival { mark, offset: 0, seen_of_peer: Some(0), boundary: true };
    let mut group = criterion.benchmark_group("heads");
    group.throughput(Throughput::Elements(2));
    for segment in [usize::MAX, 100, 1] {
        let name = if segment == usize::MAX { "whole".to_owned() } else { format!("by {segment}") };
        group.bench_function(name, |bencher| {
            bencher.iter_batched_ref(
                || (ConnectionReader::default(), Output::default()),
                |(reader, output)| {
                    for octets in REQUEST.chunks(segment) {
                        reader.data(Side::Client, octets, arrival, &facts, output);
                    }
                    for octets in RESPONSE.chunks(segment) {
                        reader.data(Side::Server, octets, arrival, &facts, output);
                    }
                    assert_eq!(output.events.len(), 1);
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, stages, heads);
criterion_main!(benches);
