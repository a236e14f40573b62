//! What memory is asked for: nothing for a segment in order, little for what is far ahead, and no more for a
//! length because somebody claims it.

#[path = "support/files.rs"]
mod files;
mod support;

use std::alloc::System;
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use files::{Order, Pcap, Pcapng};
use httpwhy::capture::Capture;
use httpwhy::engine::Shard;
use httpwhy::units::{Duration, Timestamp};
use httpwhy::wire::{Endpoint, Ends, Flags, Segment, Via};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, Stats, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What work asks for, where it asks for the least: it is the same every time, but the threads of the test
/// harness ask for something now and then.
fn least<T>(mut prepare: impl FnMut() -> T, mut work: impl FnMut(&mut T)) -> Stats {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let measured = (0..7).map(|_| {
        let mut ready = prepare();
        let region = Region::new(ALLOCATOR);
        work(&mut ready);
        region.change()
    });
    measured
        .min_by_key(|stats| (stats.allocations + stats.reallocations, stats.bytes_allocated))
        .unwrap()
}

const CLIENT: u16 = 40_000;

/// The segments of one connection, one after the other.
struct Talk {
    shard: Shard,
    number: u64,
    sequences: [u32; 2],
}

impl Talk {
    /// Behind a handshake, with a window that allows whatever comes.
    fn open() -> Self {
        let mut talk = Self { shard: Shard::default(), number: 0, sequences: [1_000, 5_000] };
        talk.send(0, Flags::SYN, 0, b"");
        talk.send(1, Flags::SYN | Flags::ACK, 0, b"");
        talk.send(0, Flags::ACK, 0, b"");
        talk
    }

    /// One side sends octets so far ahead of where it is.
    fn send(&mut self, side: usize, flags: u8, ahead: u32, payload: &[u8]) {
        let ends = [Endpoint::v4([10, 0, 0, 1], CLIENT), Endpoint::v4([10, 0, 0, 2], 80)];
        self.number += 1;
        let segment = Segment {
            at: Timestamp::from_nanos(1_767_225_600_000_000_000)
                .plus(Duration::from_nanos(self.number * 1_000)),
            number: self.number,
            ends: Ends { source: ends[side], destination: ends[1 - side] },
            sequence: self.sequences[side].wrapping_add(ahead),
            acknowledgement: self.sequences[1 - side],
            flags: Flags(flags),
            window: u16::MAX,
            urgent: 0,
            // The window counts in units of 2^14 octets.
            options: if flags & Flags::SYN != 0 { &[3, 3, 14, 0] } else { &[] },
            payload,
            cut: 0,
            via: Via::default(),
        };
        if ahead == 0 {
            let len = payload.len() as u32 + u32::from(flags & Flags::SYN != 0);
            self.sequences[side] = self.sequences[side].wrapping_add(len);
        }
        self.shard.segment(&segment);
    }

    /// So many segments of a response, each of which its client acknowledges.
    fn respond(&mut self, segments: usize, payload: &[u8]) {
        for _ in 0..segments {
            self.send(1, Flags::ACK, 0, payload);
            self.send(0, Flags::ACK, 0, b"");
        }
    }
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn case_1_a_segment_in_order_takes_no_memory() {
    let body = [b'x'; 1_448];
    let chunk = [&b"5a0\r\n"[..], &[b'x'; 0x5a0], b"\r\n"].concat();
    for (what, head, payload) in [
        ("length", &b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"[..], &body[..]),
        ("chunks", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &chunk),
        ("to the end", b"HTTP/1.0 200 OK\r\n\r\n", &body),
        ("no HTTP", b"\x16\x03\x03\x00\x40", &body),
    ] {
        let prepare = || {
            let mut talk = Talk::open();
            talk.send(0, Flags::ACK, 0, GET);
            talk.send(1, Flags::ACK, 0, head);
            talk.respond(100, payload);
            talk
        };
        let asked = least(prepare, |talk| talk.respond(100_000, payload));
        assert_eq!((asked.allocations, asked.reallocations), (0, 0), "{what}: {asked:?}");
    }
}

#[test]
fn case_11_one_octet_far_ahead_takes_no_more_than_an_octet() {
    for ahead in [2, 10_000, 1 << 20, 1 << 29] {
        let asked = least(Talk::open, |talk| talk.send(0, Flags::ACK, ahead, b"x"));
        assert!(asked.bytes_allocated < 4_096, "{ahead}: {asked:?}");
    }
}

/// Reads a file to its end, or to where it is refused.
fn read(octets: &[u8]) -> u64 {
    let reader = Box::new(Cursor::new(octets.to_vec()));
    let Ok(mut capture) = Capture::from_reader(PathBuf::from("lies"), reader) else { return 0 };
    let mut packets = 0;
    while let Ok(Some(_)) = capture.next() {
        packets += 1;
    }
    packets
}

#[test]
fn case_95_a_claimed_length_takes_no_memory() {
    const LIES: [u32; 9] = [0, 5, 7, 11, 262_145, 1 << 24, 0x7fff_ffff, u32::MAX - 3, u32::MAX];
    let honest = [Pcap::new().packets(2).octets, Pcapng::ethernet(Order::Little).packets(2).octets];
    let honest = honest.map(|file| least(|| (), |()| assert_eq!(read(&file), 2)).bytes_allocated);
    let data = files::payload(3);
    for order in [Order::Little, Order::Big] {
        let mut files = Vec::new();
        for lie in LIES {
            let pcap = || Pcap::with(order, files::MICRO, 262_144, 1).packets(2);
            let pcapng = || Pcapng::ethernet(order).packets(2);
            files.extend([
                (0, "captured", lie, pcap().record((1_700_000_000, 0), lie, lie, &data).octets),
                (
                    0,
                    "captured of 60",
                    lie,
                    pcap().record((1_700_000_000, 0), lie, 60, &data).octets,
                ),
                (1, "both lengths", lie, pcapng().block_claiming(6, (lie, lie), &data).octets),
                (1, "first length", lie, pcapng().block_claiming(6, (lie, 80), &data).octets),
                (1, "trailer", lie, pcapng().block_claiming(6, (80, lie), &data).octets),
                // What killed another reader: a process information block shorter than its head.
                (
                    1,
                    "process block",
                    lie,
                    pcapng().block_claiming(0x8000_0001, (lie, lie), &[0; 4]).octets,
                ),
                (1, "name block", lie, pcapng().block_claiming(4, (lie, lie), &data).octets),
                (1, "section", lie, pcapng().block_claiming(0x0a0d_0d0a, (lie, lie), &data).octets),
            ]);
        }
        for (kind, what, lie, file) in files {
            let asked = least(|| (), |()| assert!(read(&file) >= 2, "{what} {lie}"));
            let more = asked.bytes_allocated.saturating_sub(honest[kind]);
            assert!(
                more < 1 << 20,
                "{what} {lie} {order:?}: {more} octets more than an honest file"
            );
        }
    }
}
