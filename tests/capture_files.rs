//! What a user relies on when giving httpwhy a file: every packet that is there, in order, with its
//! exact time, whatever else is wrong with the file — and a true word about what is wrong.

#[path = "support/files.rs"]
mod files;

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use files::{MICRO, MODIFIED, NANO, Order, Pcap, Pcapng, Random, payload};
use httpwhy::capture::{Capture, Compression, Fault, Format, Input, Then};
use httpwhy::error::Error;
use httpwhy::wire::Direction;

/// A packet that outlives the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    number: u64,
    at: i64,
    link: u16,
    interface: u32,
    len: u32,
    direction: Option<Direction>,
    offset: u64,
    octets: Vec<u8>,
}

/// All that a capture gave.
#[derive(Debug)]
struct Outcome {
    packets: Vec<Seen>,
    inputs: Vec<Input>,
}

impl Outcome {
    fn of(mut capture: Capture) -> Self {
        let mut packets = Vec::new();
        while let Some(packet) = capture.next().unwrap() {
            packets.push(Seen {
                number: packet.number,
                at: packet.at.as_nanos(),
                link: packet.link.0,
                interface: packet.interface,
                len: packet.len,
                direction: packet.direction,
                offset: packet.offset,
                octets: packet.bytes.to_vec(),
            });
        }
        assert_eq!(capture.packets(), packets.len() as u64);
        Self { packets, inputs: capture.inputs().cloned().collect() }
    }

    fn damages(&self) -> Vec<(u64, Fault, Then)> {
        let damages = self.inputs.iter().flat_map(|input| &input.damages);
        damages.map(|damage| (damage.offset, damage.what.clone(), damage.then)).collect()
    }

    fn notes(&self) -> Vec<Fault> {
        self.inputs.iter().flat_map(|input| &input.notes).map(|note| note.what.clone()).collect()
    }
}

fn open(octets: &[u8]) -> Result<Capture, Error> {
    Capture::from_reader(PathBuf::from("x.pcap"), Box::new(io::Cursor::new(octets.to_vec())))
}

fn read(octets: &[u8]) -> Outcome {
    Outcome::of(open(octets).unwrap())
}

/// Gives one octet a call, and every third call is interrupted.
struct Dribble(io::Cursor<Vec<u8>>, u8);

impl Read for Dribble {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.1 = (self.1 + 1) % 3;
        if self.1 == 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let one = into.len().min(1);
        self.0.read(&mut into[..one])
    }
}

/// A directory of a test's own, removed at its end.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("httpwhy-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, octets: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, octets).unwrap();
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

fn zstd(octets: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(octets, ruzstd::encoding::CompressionLevel::Fastest)
}

/// A pcap of three packets of 20 × `GET / HTTP/1.1`, as the zstd tool compresses it.
const ZSTD_FIXTURE: [u8; 78] = [
    0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x68, 0x0d, 0x02, 0x00, 0xe4, 0x02, 0xd4, 0xc3, 0xb2, 0xa1, 0x02,
    0x00, 0x04, 0x00, 0x04, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0xf1, 0x53, 0x65, 0x00, 0x00, 0x00,
    0x00, 0x40, 0x01, 0x47, 0x45, 0x54, 0x20, 0x2f, 0x20, 0x48, 0x54, 0x54, 0x50, 0x2f, 0x31, 0x2e,
    0x31, 0x0d, 0x0a, 0x00, 0xf1, 0x53, 0x65, 0x01, 0x02, 0x05, 0x00, 0x48, 0xa0, 0x0a, 0xa6, 0xa9,
    0xa5, 0x6a, 0x2d, 0x33, 0xd5, 0xe2, 0xe2, 0xb5, 0x01, 0x2e, 0x48, 0x47, 0xb7, 0x44,
];

/// A file, how many packets it must give, and what is said to be wrong with it.
struct Case {
    name: &'static str,
    octets: Vec<u8>,
    packets: usize,
    damages: Vec<(u64, Fault, Then)>,
    notes: Vec<Fault>,
}

fn case(name: &'static str, octets: Vec<u8>, packets: usize) -> Case {
    Case { name, octets, packets, damages: Vec::new(), notes: Vec::new() }
}

impl Case {
    fn damage(mut self, offset: u64, what: Fault, then: Then) -> Self {
        self.damages.push((offset, what, then));
        self
    }

    fn note(mut self, what: Fault) -> Self {
        self.notes.push(what);
        self
    }
}

fn check(cases: Vec<Case>) {
    for case in cases {
        let outcome = read(&case.octets);
        assert_eq!(outcome.packets.len(), case.packets, "{}", case.name);
        assert_eq!(outcome.damages(), case.damages, "{}", case.name);
        assert_eq!(outcome.notes(), case.notes, "{}", case.name);
        let numbers: Vec<u64> = outcome.packets.iter().map(|packet| packet.number).collect();
        assert_eq!(numbers, (1..=case.packets as u64).collect::<Vec<_>>(), "{}", case.name);
    }
}

#[test]
fn pcap_files_good_and_bad() {
    use Then::{Resumed, Stopped, WentOn};
    const T: (u32, u32) = (1_700_000_000, 5);
    let three = Pcap::new().packets(3);
    let size = three.octets.len() as u64;
    let one = Pcap::new().packets(1).octets.len() as u64;
    let cut = |at: u64| three.octets[..at as usize].to_vec();
    let variant = |order, magic| Pcap::with(order, magic, 65_535, 1).packet(T, &payload(0)).octets;
    let claim = |caplen| Pcap::new().record(T, caplen, caplen, &[0xee; 40]).octets;
    let oversized = |octets: u32| Fault::Oversized { octets: octets.into() };
    check(vec![
        case("F01 good", three.octets.clone(), 3),
        case("F04 header only", cut(24), 0),
        case("F05 23 octets", cut(23), 0).damage(0, Fault::CutHeader, WentOn),
        case("F06 cut in a record header", cut(one + 7), 1).damage(
            one,
            Fault::CutPacket { number: 2 },
            WentOn,
        ),
        case("F07 cut in the octets", cut(one + 30), 1).damage(
            one,
            Fault::CutPacket { number: 2 },
            WentOn,
        ),
        case("F08 big-endian", variant(Order::Big, MICRO), 1),
        case("F09 nanoseconds", variant(Order::Little, NANO), 1),
        case("F09 nanoseconds, big-endian", variant(Order::Big, NANO), 1),
        case("F10 modified", variant(Order::Little, MODIFIED), 1),
        case("F11 modified, big-endian", variant(Order::Big, MODIFIED), 1),
        case(
            "F13 a packet without octets",
            Pcap::new().record(T, 0, 60, &[]).packet(T, &payload(1)).octets,
            2,
        ),
        case("F15 more captured than sent", Pcap::new().record(T, 60, 40, &[1; 60]).octets, 1),
        case("F16 300,000 octets", claim(300_000), 0).damage(24, oversized(300_000), Stopped),
        case("F17 2^32-1 octets", claim(u32::MAX), 0).damage(24, oversized(u32::MAX), Stopped),
        case("F18 2^31-1 octets", claim(1 << 31), 0).damage(24, oversized(1 << 31), Stopped),
        case("F18b 1 GiB", claim(1 << 30), 0).damage(24, oversized(1 << 30), Stopped),
        case("F19 times beyond", Pcap::new().packet((u32::MAX, u32::MAX), &[1; 9]).octets, 1),
        case("F20 garbage behind", three.clone().raw(&[0xff; 50]).octets, 3).damage(
            size,
            oversized(u32::MAX),
            Stopped,
        ),
        case("F21 zeros behind", three.clone().raw(&[0; 64]).octets, 3).damage(
            size,
            Fault::ZeroTail,
            WentOn,
        ),
        case("F21b many zeros behind", three.clone().raw(&[0; 100_000]).octets, 3).damage(
            size,
            Fault::ZeroTail,
            WentOn,
        ),
        case(
            "F22 two glued together",
            three.clone().raw(&Pcap::with(Order::Big, NANO, 0, 113).packets(2).octets).octets,
            5,
        )
        .note(Fault::Concatenated),
        case(
            "94 a length destroyed in the middle",
            three.clone().record(T, u32::MAX, 60, &payload(3)).raw(&three.octets[24..]).octets,
            6,
        )
        .damage(
            size,
            oversized(u32::MAX),
            Resumed { skipped: 16 + payload(3).len() as u64 },
        ),
        case(
            "94b a length beyond the end",
            three.clone().record(T, 200_000, 60, &payload(3)).raw(&three.octets[24..]).octets,
            6,
        )
        .damage(
            size,
            oversized(200_000),
            Resumed { skipped: 16 + payload(3).len() as u64 },
        ),
        case(
            "94c the last record alone is whole",
            three.clone().raw(&[0xff; 33]).packet(T, &payload(9)).octets,
            4,
        )
        .damage(size, oversized(u32::MAX), Resumed { skipped: 33 }),
    ]);
}

#[test]
fn pcapng_files_good_and_bad() {
    use Then::{Resumed, Stopped, WentOn};
    const T: u64 = 1_700_000_000_000_000;
    let good = Pcapng::ethernet(Order::Little).packets(3);
    let size = good.octets.len() as u64;
    let empty = Pcapng::ethernet(Order::Little);
    let at = empty.octets.len() as u64;
    let bad = |lengths: (u32, u32)| empty.clone().block_claiming(6, lengths, &[0xee; 40]).octets;
    let length = |octets| Fault::BadBlockLength { octets };
    let more = |file: Pcapng| file.enhanced(0, T, &payload(7), &[]).packets(2).octets;
    let overrun = [0, 0xff, 0xff, 0, 2, 0, 200, 0, b'e', b't', b'h', 0];
    let mut linked = vec![1, 0, 0, 0, 0, 0, 0, 0];
    linked.extend(overrun);
    check(vec![
        case("good", good.octets.clone(), 3),
        case("good, big-endian", Pcapng::ethernet(Order::Big).packets(3).octets, 3),
        case("section only", Pcapng::new(Order::Little).octets, 0),
        case("cut in the section", good.octets[..20].to_vec(), 0).damage(
            0,
            Fault::CutHeader,
            WentOn,
        ),
        case("F24 no interface", more(Pcapng::new(Order::Little)), 0)
            .damage(28, Fault::NoSuchInterface { interface: 0 }, WentOn)
            .damage(28 + 92, Fault::NoSuchInterface { interface: 0 }, WentOn)
            .damage(28 + 92 + 92, Fault::NoSuchInterface { interface: 0 }, WentOn),
        case(
            "F25 interface 7 of 1",
            empty.clone().enhanced(7, T, &payload(0), &[]).packets(1).octets,
            1,
        )
        .damage(at, Fault::NoSuchInterface { interface: 7 }, WentOn),
        case("F26 unknown block", empty.clone().block(0x7777, &[1; 20]).packets(1).octets, 1),
        case(
            "F26b names, secrets, journal, custom blocks",
            [4, 9, 10, 0xbad, 0x4000_0bad, 0x8000_0001]
                .iter()
                .fold(empty.clone(), |file, &kind| file.block(kind, &[9; 24]))
                .packets(1)
                .octets,
            1,
        ),
        case(
            "F27 mixed link types",
            empty.clone().interface(113, 96, &[]).packets(1).enhanced(1, T, &[5; 30], &[]).octets,
            2,
        ),
        case(
            "F28 two sections",
            empty
                .clone()
                .packets(1)
                .section(Order::Little)
                .interface(101, 0, &[])
                .packets(1)
                .octets,
            2,
        ),
        case(
            "F29 two sections of different byte order",
            empty.clone().packets(1).section(Order::Big).interface(101, 0, &[]).packets(1).octets,
            2,
        ),
        case(
            "F30 simple and old packets",
            empty.clone().simple(30, &[1; 32]).old(0, T, &payload(1), &[]).octets,
            2,
        )
        .note(Fault::NoTime),
        case(
            "F31 a packet longer than its block",
            empty.clone().enhanced_claiming((0, T, 5_000), &payload(0), &[]).packets(1).octets,
            1,
        )
        .damage(at, Fault::BadPacketLength { octets: 5_000 }, WentOn),
        case(
            "F31b a packet of 2^32-1 octets",
            empty.clone().enhanced_claiming((0, T, u32::MAX), &payload(0), &[]).packets(1).octets,
            1,
        )
        .damage(at, Fault::Oversized { octets: u32::MAX.into() }, WentOn),
        case("F32 length 0", bad((0, 0)), 0).damage(at, length(0), Stopped),
        case("F33 length 7", bad((7, 7)), 0).damage(at, length(7), Stopped),
        case("F34 length 4 GiB", bad((u32::MAX - 3, 52)), 0).damage(
            at,
            length(u32::MAX - 3),
            Stopped,
        ),
        case("F34b length 1 GiB", bad((1 << 30, 52)), 0).damage(at, length(1 << 30), Stopped),
        case("F35 lengths that differ", bad((52, 48)), 0).damage(at, length(52), Stopped),
        case(
            "F35b lengths that differ, packets behind",
            empty.clone().block_claiming(6, (52, 48), &[0xee; 40]).packets(2).octets,
            2,
        )
        .damage(at, length(52), Resumed { skipped: 52 }),
        case(
            "F36 a block beyond the end that hides packets",
            empty.clone().block_claiming(6, (200_000, 52), &[0xee; 40]).packets(2).octets,
            2,
        )
        .damage(at, length(200_000), Resumed { skipped: 52 }),
        case(
            "F37 clock of 2^-127 s",
            Pcapng::new(Order::Little).interface(1, 0, &[(9, &[255])]).packets(1).octets,
            1,
        )
        .note(Fault::OddClock { resolution: 255 }),
        case(
            "F38 an option overruns the interface",
            Pcapng::new(Order::Little).block(1, &linked).packets(1).octets,
            1,
        )
        .damage(28, Fault::OptionOverrun, WentOn),
        case("F39 cut in a packet", good.octets[..size as usize - 9].to_vec(), 2).damage(
            size - 96,
            Fault::CutPacket { number: 3 },
            WentOn,
        ),
        case(
            "F40 process block of length 5",
            empty.clone().block_claiming(0x8000_0001, (5, 5), &[0; 4]).packets(1).octets,
            1,
        )
        .damage(at, length(5), Resumed { skipped: 16 }),
        case("F41 zeros behind", [&good.octets[..], &[0; 4_096]].concat(), 3).damage(
            size,
            Fault::ZeroTail,
            WentOn,
        ),
        case("F42 a packet block too short", empty.clone().block(6, &[0; 8]).packets(1).octets, 1)
            .damage(at, Fault::ShortBlock { kind: 6 }, WentOn),
        case(
            "a section of version 2",
            good.clone()
                .block(0x0a0d_0d0a, &[0x4d, 0x3c, 0x2b, 0x1a, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
                .interface(1, 0, &[])
                .packets(1)
                .octets,
            4,
        )
        .damage(size, Fault::BadSection, WentOn),
    ]);
}

#[test]
fn damage_is_told_with_place_and_likely_reason() {
    let file = Pcap::new().packets(2).octets;
    let outcome = read(&file[..file.len() - 1]);
    assert_eq!(
        outcome.inputs[0].damages[0].to_string(),
        "x.pcap ends in the middle of packet 2 (capture still being written, or disk full?); \
         everything before it was read (octet 100)"
    );
    let outcome = read(&Pcap::new().record((5, 5), 1 << 31, 9, &[1; 9]).octets);
    assert_eq!(
        outcome.inputs[0].damages[0].to_string(),
        "x.pcap claims a packet of 2,147,483,648 octets, which cannot be; no packet was found \
         behind it (octet 24)"
    );
}

#[test]
fn what_is_delivered_is_what_the_file_says() {
    const FLAGS: u16 = 2;
    let flags = |value: u32| value.to_be_bytes();
    let file = Pcapng::new(Order::Big)
        .interface(1, 96, &[(2, b"eth0"), (3, b"uplink"), (9, &[9])])
        .interface(276, 0, &[(2, b"any\0"), (14, &3_600_u64.to_be_bytes())])
        .enhanced(0, 1_700_000_000_123_456_789, &payload(0), &[(FLAGS, &flags(1))])
        .enhanced(1, 1_700_000_000_000_001, &payload(1), &[(1, b"note"), (FLAGS, &flags(2))])
        .old(1, 7, &payload(2), &[(FLAGS, &flags(0))])
        .simple(200, &[3; 96])
        .statistics(0, [100, 5, 2])
        .statistics(0, [200, 6, 3]);
    let outcome = read(&file.octets);
    assert_eq!(outcome.damages(), []);
    let direction: Vec<_> = outcome.packets.iter().map(|packet| packet.direction).collect();
    assert_eq!(direction, [Some(Direction::Inbound), Some(Direction::Outbound), None, None]);
    let times: Vec<i64> = outcome.packets.iter().map(|packet| packet.at).collect();
    let last = 3_600_000_007_000;
    assert_eq!(times, [1_700_000_000_123_456_789, 1_700_003_600_000_001_000, last, last]);
    let links: Vec<u16> = outcome.packets.iter().map(|packet| packet.link).collect();
    assert_eq!(links, [1, 276, 276, 1]);
    let simple = &outcome.packets[3];
    assert_eq!((simple.len, &simple.octets[..]), (200, &[3; 96][..]));
    for packet in &outcome.packets {
        let offset = packet.offset as usize;
        assert_eq!(packet.octets, file.octets[offset..offset + packet.octets.len()]);
    }
    let interfaces = &outcome.inputs[0].interfaces;
    assert_eq!(interfaces[0].name.as_deref(), Some("eth0"));
    assert_eq!(interfaces[0].description.as_deref(), Some("uplink"));
    assert_eq!(interfaces[0].snaplen, Some(96));
    let statistics = interfaces[0].statistics.unwrap();
    assert_eq!((statistics.received, statistics.dropped), (Some(200), Some(6)));
    assert_eq!((statistics.dropped_by_system, statistics.delivered), (Some(3), None));
    assert_eq!((interfaces[1].name.as_deref(), interfaces[1].snaplen), (Some("any"), None));
    assert_eq!((interfaces[1].number, interfaces[1].statistics), (1, None));
}

#[test]
fn pcap_times_snap_length_and_link_type_are_exact() {
    let nano = Pcap::with(Order::Big, NANO, 65_535, 0x1400_0065).packet((1, 999_999_999), &[1; 9]);
    let outcome = read(&nano.octets);
    assert_eq!((outcome.packets[0].at, outcome.packets[0].link), (1_999_999_999, 101));
    assert_eq!(outcome.inputs[0].format, Some(Format::Pcap { nanosecond: true, modified: false }));
    // F14: a record longer than the snap length is cut to it, and reading goes on behind it.
    let file = Pcap::with(Order::Little, MICRO, 50, 1)
        .record((1, 1), 80, 1_500, &[1; 80])
        .packet((2, 2), &[2; 40]);
    let outcome = read(&file.octets);
    assert_eq!((outcome.packets[0].octets.len(), outcome.packets[0].len), (50, 1_500));
    assert_eq!((outcome.packets[1].octets.len(), outcome.packets[1].at), (40, 2_000_002_000));
    for snaplen in [0, 262_145, u32::MAX] {
        let file = Pcap::with(Order::Little, MICRO, snaplen, 1).packet((1, 1), &[1; 80]);
        assert_eq!(read(&file.octets).packets[0].octets.len(), 80, "snap length {snaplen}");
    }
}

#[test]
fn every_truncation_gives_the_packets_before_it() {
    let files = [
        Pcap::new().packets(5).octets,
        Pcap::with(Order::Big, MODIFIED, 0, 1).packets(5).octets,
        Pcapng::ethernet(Order::Little).packets(5).octets,
        Pcapng::ethernet(Order::Big)
            .packets(3)
            .section(Order::Little)
            .interface(1, 0, &[(2, b"lo")])
            .packets(3)
            .statistics(0, [6, 0, 0])
            .octets,
    ];
    for file in &files {
        let whole = read(file).packets;
        for end in 0..file.len() {
            let Ok(capture) = open(&file[..end]) else {
                assert!(end < 4, "refused {end} octets");
                continue;
            };
            let outcome = Outcome::of(capture);
            let count = outcome.packets.len();
            assert_eq!(outcome.packets, whole[..count], "cut at {end}");
            let complete = whole.iter().filter(|packet| {
                packet.offset as usize + packet.octets.len().next_multiple_of(4) + 4 <= end
            });
            assert!(count >= complete.count(), "cut at {end}");
            assert!(outcome.damages().len() <= 1, "cut at {end}: {:?}", outcome.damages());
        }
    }
}

#[test]
fn short_reads_give_what_the_file_gives() {
    for file in [
        Pcap::new().packets(40).octets,
        Pcapng::ethernet(Order::Big).packets(40).octets,
        gzip(&Pcap::new().packets(40).octets),
        zstd(&Pcapng::ethernet(Order::Little).packets(40).octets),
    ] {
        let whole = read(&file);
        let reader = Box::new(Dribble(io::Cursor::new(file), 0));
        let dribbled = Outcome::of(Capture::from_reader("-".into(), reader).unwrap());
        assert_eq!(dribbled.packets, whole.packets);
        assert_eq!((dribbled.packets.len(), dribbled.damages()), (40, vec![]));
    }
}

#[test]
fn compressed_files_give_what_the_plain_ones_give() {
    let skippable = [0x53, 0x2a, 0x4d, 0x18, 5, 0, 0, 0, 1, 2, 3, 4, 5];
    for plain in
        [Pcap::new().packets(3_000).octets, Pcapng::ethernet(Order::Little).packets(3_000).octets]
    {
        let whole = read(&plain).packets;
        let (first, second) = plain.split_at(plain.len() / 3);
        let raw_block: Vec<u8> = {
            // A frame of one raw block: magic, descriptor (single segment, size of 2 octets).
            let part = &first[..1_000];
            let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x60];
            frame.extend(((part.len() - 256) as u16).to_le_bytes());
            frame.extend(&((part.len() as u32) << 3 | 1).to_le_bytes()[..3]);
            frame.extend(part);
            frame
        };
        for (name, file, by) in [
            ("gzip", gzip(&plain), vec![Compression::Gzip]),
            ("two members", [gzip(first), gzip(second)].concat(), vec![Compression::Gzip]),
            ("twice", gzip(&gzip(&plain)), vec![Compression::Gzip; 2]),
            ("zstd", zstd(&plain), vec![Compression::Zstd]),
            ("two frames", [zstd(first), zstd(second)].concat(), vec![Compression::Zstd]),
            (
                "skippable frames",
                [&skippable[..], &zstd(first), &skippable, &zstd(second), &skippable].concat(),
                vec![Compression::Zstd],
            ),
            (
                "raw block",
                [&raw_block[..], &zstd(&plain[1_000..])].concat(),
                vec![Compression::Zstd],
            ),
            ("zstd in gzip", gzip(&zstd(&plain)), vec![Compression::Gzip, Compression::Zstd]),
        ] {
            let outcome = read(&file);
            assert_eq!(outcome.damages(), [], "{name}");
            assert_eq!(outcome.packets, whole, "{name}");
            assert_eq!(outcome.inputs[0].compression, by, "{name}");
        }
    }
    let outcome = read(&ZSTD_FIXTURE);
    assert_eq!((outcome.packets.len(), outcome.damages()), (3, vec![]));
    assert_eq!(outcome.packets[2].octets, b"GET / HTTP/1.1\r\n".repeat(20));
}

#[test]
fn a_broken_compressed_stream_gives_everything_before_the_break() {
    let plain = Pcap::new().packets(20_000).octets;
    let whole = read(&plain).packets;
    for (compression, file) in
        [(Compression::Gzip, gzip(&plain)), (Compression::Zstd, zstd(&plain))]
    {
        for eighths in 1..8 {
            let at = file.len() * eighths / 8;
            let outcome = read(&file[..at]);
            let count = outcome.packets.len();
            assert_eq!(outcome.packets, whole[..count]);
            // The ratio is nearly the same all over the file.
            assert!(count + 2_500 >= whole.len() * eighths / 8, "{compression}: {count}");
            let read = outcome.inputs[0].octets;
            let cut = Fault::CutCompression(compression);
            assert_eq!(outcome.damages(), [(read, cut, Then::WentOn)]);

            let mut corrupt = file.clone();
            corrupt[at..].fill(0xff);
            let outcome = Outcome::of(open(&corrupt).unwrap());
            let count = outcome.packets.len();
            assert!(count + 2_500 >= whole.len() * eighths / 8, "{compression}: {count}");
            assert!(
                // Octets of ones may decode to the end of the file, and then it is cut.
                outcome.damages().iter().any(|(_, what, _)| match what {
                    Fault::BadCompression(by, _) | Fault::CutCompression(by) => *by == compression,
                    _ => false,
                }),
                "{compression}: {:?}",
                outcome.damages()
            );
        }
    }
    let mut checked = ZSTD_FIXTURE;
    checked[77] ^= 1;
    let outcome = read(&checked);
    assert_eq!(outcome.packets.len(), 3);
    assert!(matches!(outcome.damages()[0].1, Fault::BadCompression(Compression::Zstd, _)));
}

#[test]
fn what_is_not_a_capture_is_named() {
    for (octets, said) in [
        (&b""[..], "x.pcap is not a capture: it is empty"),
        (b"\xd4", "it has only 1 octet"),
        (b"12:04:11.204113 IP 10.0.0.1.80 > 10.0.0.2.5: Flags [S]\n", "add `-w -`"),
        (b"{\"log\": {\"version\": \"1.2\", \"entries\": []}}", "it is a HAR file"),
        (&[0; 5_000], "it is all zeros"),
        (b"\xfd7zXZ\0\0\x04", "xz -dc FILE | httpwhy -"),
        (&gzip(b"Dear diary"), "it starts with text"),
        (&gzip(b""), "it is empty"),
        (b"\x1f\x8b\x08\0\0", "its gzip stream ends before its first octet"),
        (b"\x28\xb5\x2f\xfd\xff\xff\xff\xff\xff", "its zstd stream"),
    ] {
        let error = open(octets).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(said), "{octets:?} gave {error:?}, which lacks {said:?}");
    }
    let deep = (0..6).fold(Pcap::new().octets, |octets, _| gzip(&octets));
    assert!(open(&deep).is_err_and(|error| error.to_string().contains("compressed more than")));
}

#[test]
fn a_greeting_before_the_capture_is_left_out() {
    let greeting = "tcpdump: listening on eth0, link-type EN10MB (Ethernet)\nsecond line\n";
    for file in [Pcap::new().packets(2).octets, Pcapng::ethernet(Order::Big).packets(2).octets] {
        let octets = [greeting.as_bytes(), &file].concat();
        let outcome = read(&octets);
        assert_eq!(outcome.packets.len(), 2);
        assert_eq!(outcome.notes(), [Fault::Banner { octets: greeting.len() as u64 }]);
        let reader = Box::new(Dribble(io::Cursor::new(octets), 0));
        let dribbled = Outcome::of(Capture::from_reader("-".into(), reader).unwrap());
        assert_eq!(dribbled.packets, outcome.packets);
    }
}

#[test]
fn several_files_are_one_capture_in_order_of_time() {
    let directory = Directory::new("merge");
    let at = |micros| (1_700_000_000, micros);
    let a = Pcap::new().packet(at(10), &[1]).packet(at(30), &[2]).packet(at(20), &[3]);
    let b = Pcapng::ethernet(Order::Big)
        .interface(113, 0, &[])
        .enhanced(1, 1_700_000_000_000_010, &[4], &[])
        .enhanced(0, 1_700_000_000_000_025, &[5], &[]);
    let a = directory.file("a.pcap", &a.octets);
    let b = directory.file("b.pcapng.gz", &gzip(&b.octets));
    let empty = directory.file("c.pcap", b"");

    let outcome = Outcome::of(Capture::open(&[&a, &b, &empty]).unwrap());
    let order: Vec<_> =
        outcome.packets.iter().map(|seen| (seen.octets[0], seen.interface, seen.number)).collect();
    // Equal times in the order of the arguments; a clock that steps back keeps its file's order.
    assert_eq!(order, [(1, 0, 1), (4, 2, 2), (5, 1, 3), (2, 0, 4), (3, 0, 5)]);
    assert_eq!(outcome.damages(), [(0, Fault::Empty, Then::WentOn)]);
    let packets: Vec<u64> = outcome.inputs.iter().map(|input| input.packets).collect();
    assert_eq!(packets, [3, 2, 0]);
    assert_eq!(outcome.inputs[1].compression, [Compression::Gzip]);

    let twice = Outcome::of(Capture::open(&[&a, &a]).unwrap());
    let order: Vec<_> = twice.packets.iter().map(|seen| (seen.octets[0], seen.interface)).collect();
    assert_eq!(order, [(1, 0), (1, 1), (2, 0), (3, 0), (2, 1), (3, 1)]);

    let alone = Outcome::of(Capture::open(&[&a]).unwrap());
    let order: Vec<u8> = alone.packets.iter().map(|seen| seen.octets[0]).collect();
    assert_eq!(order, [1, 2, 3]);
    let error = Capture::open(&[&empty]).err().unwrap().to_string();
    assert!(error.contains("it is empty"), "{error}");
}

#[test]
fn a_thousand_rotated_files_are_read() {
    let directory = Directory::new("rotated");
    let paths: Vec<PathBuf> = (0..1_500_u32)
        .map(|nth| {
            let file = Pcap::new().packet((nth, 0), &[1; 60]).packet((nth, 1), &[2; 60]);
            directory.file(&format!("{nth:05}.pcap"), &file.octets)
        })
        .collect();
    let outcome = Outcome::of(Capture::open(&paths).unwrap());
    assert_eq!((outcome.packets.len(), outcome.damages()), (3_000, vec![]));
    assert!(outcome.packets.is_sorted_by_key(|packet| packet.at));
}

#[test]
fn paths_that_cannot_be_read_say_why() {
    let directory = Directory::new("refused");
    let said = |path: &Path| Capture::open(&[path]).err().unwrap().to_string();
    let missing = said(&directory.0.join("missing.pcap"));
    assert!(missing.contains("cannot read") && missing.contains("No such file"), "{missing}");
    let refused = said(&directory.0);
    assert!(refused.contains("it is a directory; name its files"), "{refused}");
}

#[test]
fn a_named_pipe_is_read_as_the_file() {
    let directory = Directory::new("fifo");
    let path = directory.0.join("pipe");
    if !Command::new("mkfifo").arg(&path).status().is_ok_and(|status| status.success()) {
        println!("skipped: there is no mkfifo here");
        return;
    }
    let file = Pcap::new().packets(5_000).octets;
    let whole = read(&file).packets;
    let writer = {
        let path = path.clone();
        std::thread::spawn(move || std::fs::write(path, file))
    };
    let outcome = Outcome::of(Capture::open(&[&path]).unwrap());
    writer.join().unwrap().unwrap();
    assert_eq!(outcome.packets, whole);
}

#[test]
fn random_damage_neither_stops_nor_confuses_the_reader() {
    const SEED: u64 = 20_260_101;
    println!("seed {SEED}");
    let mut random = Random(SEED);
    let mixed = Pcapng::ethernet(Order::Little)
        .packets(4)
        .section(Order::Big)
        .interface(113, 0, &[(2, b"eth0"), (9, &[9]), (14, &[0; 8])])
        .packets(4)
        .old(0, 9, &payload(1), &[(2, &[0, 0, 0, 1])])
        .simple(60, &[7; 60])
        .statistics(0, [1, 2, 3])
        .octets;
    let pcap = Pcap::new().packets(10).octets;
    for (rounds, file) in [
        (6_000, pcap.clone()),
        (6_000, mixed.clone()),
        (2_000, Pcap::with(Order::Big, MODIFIED, 100, 1).packets(10).octets),
        (3_000, gzip(&mixed)),
        (3_000, zstd(&pcap)),
        (3_000, ZSTD_FIXTURE.to_vec()),
    ] {
        for _ in 0..rounds {
            let mut damaged = file.clone();
            for _ in 0..=random.below(8) {
                let at = random.below(damaged.len());
                match random.below(3) {
                    0 => damaged[at] ^= 1 << random.below(8),
                    1 => damaged[at] = random.next() as u8,
                    _ => drop(damaged.drain(at..(at + random.below(9)).min(damaged.len()))),
                }
                if damaged.is_empty() {
                    break;
                }
            }
            let Ok(capture) = open(&damaged) else { continue };
            let outcome = Outcome::of(capture);
            // A record has 12 octets at least; of compressed ones, 128 KiB may come of a few.
            assert!(outcome.packets.len() <= 400_000, "{damaged:?}");
            for packet in &outcome.packets {
                assert!(packet.octets.len() <= 262_144);
            }
        }
    }
}

#[test]
fn garbage_made_of_claims_is_searched_in_one_pass() {
    // Every eighth octet begins a block of 512 KiB, or a record of 256 KiB.
    let block: Vec<u8> = [6_u32, 0x7_fff0].iter().flat_map(|word| word.to_le_bytes()).collect();
    let file = Pcapng::ethernet(Order::Little).packets(2);
    let bad = file.block_claiming(6, (7, 7), &block.repeat(500_000)).packets(2).octets;
    assert_eq!(read(&bad).packets.len(), 4);
    let record: Vec<u8> = [1_700_000_000_u32, 5, 262_000, 262_000]
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect();
    let bad = Pcap::new().packets(2).raw(&[0xff; 16]).raw(&record.repeat(60_000)).octets;
    let outcome = read(&bad);
    assert_eq!(outcome.damages()[0].1, Fault::Oversized { octets: u32::MAX.into() });
}

#[test]
fn a_flipped_bit_costs_few_packets() {
    let file = Pcap::new().packets(200).octets;
    let pcapng = Pcapng::ethernet(Order::Little).packets(200).octets;
    for (kept, file) in [(190, file), (197, pcapng)] {
        // Beyond the headers, every bit of the octets of two records in the middle.
        for bit in (file.len() / 2) * 8..(file.len() / 2 + 200) * 8 {
            let mut damaged = file.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let count = read(&damaged).packets.len();
            assert!((kept..=201).contains(&count), "bit {bit} left {count} packets of 200");
        }
    }
}

/// Name, packets, first and last time of every capture of the corpus, as tshark 4.0.17 reads them.
#[rustfmt::skip]
const CORPUS: &[(&str, usize, i64, i64)] = &[
    ("arkime__80211http.pcap", 26, 1_523_241_953_739_049_000, 1_523_241_984_047_399_000),
    ("arkime__arkime_synthetic.pcap", 918, 1_700_000_100_010_000_000, 1_700_009_300_200_000_000),
    ("arkime__http-100-continue.pcap", 16, 1_580_405_643_172_757_000, 1_580_405_643_303_812_000),
    ("arkime__nflog.pcap", 10, 1_489_603_870_937_225_000, 1_489_603_870_937_240_000),
    ("arkime__socks4-https.pcap", 16, 1_415_053_640_836_046_000, 1_415_053_642_702_855_000),
    ("dpkt__examples__data__nb6-http.pcap", 62, 1_388_651_869_848_747_000, 1_388_651_886_615_905_000),
    ("malcolm__other__Digital_Bond_S4__Modicon.pcap", 4193, 1_421_154_095_362_593_000, 1_421_154_268_982_132_000),
    ("malcolm__plugins__zeek-httpattacks__http.trace", 186, 1_614_578_400_429_974_000, 1_614_578_412_506_628_000),
    ("malcolm__protocols__Tunnels.pcap", 1624, 1_614_578_399_532_814_000, 1_621_531_598_694_961_000),
    ("packetbeat__http_minitwit.pcap", 104, 1_374_510_579_627_929_000, 1_374_510_581_347_670_000),
    ("pcap2har__out-of-order.pcap", 3214, 1_304_342_318_751_037_000, 1_304_342_368_986_572_000),
    ("pcapfs__system__system-tests.pcapng", 166, 1_102_274_184_317_453_000, 1_614_578_399_736_866_000),
    ("pcpp__HttpMalformedResponse.pcapng", 1, 1_361_428_029_627_616_000, 1_361_428_029_627_616_000),
    ("pcpp__MplsPackets.pcap", 2, 1_437_480_744_000_000_000, 1_437_480_744_000_000_000),
    ("pcpp__example.pcap", 4631, 1_367_526_033_491_822_000, 1_367_526_049_137_582_000),
    ("ptcpdump__testdata__format__tcp.pcapng", 24, 1_730_555_435_524_360_149, 1_730_555_435_560_602_110),
    ("sv__alert-testmyids-async.pcap", 4, 1_468_449_727_199_672_000, 1_468_449_727_573_103_000),
    ("sv__alert-testmyids-midstream5.pcap", 9, 1_468_449_727_199_672_000, 1_468_449_727_573_174_000),
    ("sv__bug-3286-03-windows-evasion__with_evasion_windows.pcap", 9, 1_572_036_833_895_523_000, 1_572_036_834_053_958_000),
    ("sv__bug-5929-02__http2_multiple_headers.pcap", 12, 1_672_178_578_196_703_000, 1_672_178_581_561_061_000),
    ("sv__http-brotli-ce.pcap", 16, 1_668_614_357_135_363_000, 1_668_614_362_696_902_000),
    ("sv__http-connect__http-connect-tls.pcap", 14, 1_599_546_348_207_060_000, 1_599_546_348_209_775_000),
    ("sv__http-evader-144.pcap", 8, 1_451_761_681_316_865_000, 1_451_761_681_317_161_000),
    ("sv__http-gap-simple.pcap", 31, 1_594_625_943_020_925_000, 1_594_625_943_025_156_000),
    ("sv__http2-continuation.pcap", 30, 1_703_017_866_757_384_000, 1_703_017_866_759_445_000),
    ("sv__http2-range__http2-range.pcap", 116, 1_630_659_999_997_533_000, 1_630_660_000_098_957_000),
    ("sv__tcp-fastopen-06__tfo-s1.pcap", 8, 1_402_321_033_746_134_000, 1_402_321_033_751_730_000),
    ("sv__tcp-rst-unacked-stream-09__TLPW1-tcp-110.37.219.134-10.12.14.101-tcp-990-49230.pcap", 50, 1_544_807_533_803_036_000, 1_544_807_581_462_090_000),
    ("sv__tcp-urgp-01-oob__tcp-urgent1.pcap", 16, 1_728_649_439_208_622_000, 1_728_649_439_281_379_000),
    ("tcpdump__arcnet-rfc1051-arp-icmp-http.pcap", 26, 1_746_883_049_141_151_000, 1_746_883_054_141_487_000),
    ("zeek__http__206_example_a.pcap", 672, 1_294_814_876_674_038_000, 1_294_814_917_071_630_000),
    ("zeek__http__261__variant-09-te_obs_fold.pcap", 8, 1_780_352_611_288_157_000, 1_780_352_611_288_157_000),
    ("zeek__http__percent-end-of-line.pcap", 23, 1_501_217_955_044_840_000, 1_501_217_957_463_078_000),
    ("zeek__http__pipelined-requests.pcap", 49, 1_258_577_884_822_720_000, 1_258_577_912_403_915_000),
    ("zeek__mixed-vlan-mpls.pcap", 47, 952109346874907000, 1_278_600_802_074_822_000),
    ("zeek__tcp__qi_internet_SYNACK_curl_jsonip.pcap", 14, 1_429_652_006_616_371_000, 1_429_652_006_726_806_000),
    ("zeek__websocket__wstunnel-http.pcap", 13, 1_705_079_732_637_351_000, 1_705_079_732_690_839_000),
];

/// With `HTTPWHY_TSHARK=tshark` in the environment, tshark itself is asked too.
#[test]
fn the_corpus_reads_as_tshark_reads_it() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/captures");
    if !corpus.is_dir() {
        println!("skipped: there is no {}", corpus.display());
        return;
    }
    for &(name, packets, first, last) in CORPUS {
        let path = corpus.join(name);
        let outcome = Outcome::of(Capture::open(&[&path]).unwrap());
        let times: Vec<i64> = outcome.packets.iter().map(|packet| packet.at).collect();
        let found = (times.len(), times.first().copied(), times.last().copied());
        assert_eq!(found, (packets, Some(first), Some(last)), "{name}");
        // The one that was cut off when it was made.
        assert_eq!(outcome.damages().is_empty(), name != "pcap2har__out-of-order.pcap", "{name}");
        if let Some(tshark) = std::env::var_os("HTTPWHY_TSHARK") {
            let fields = ["-T", "fields", "-e", "frame.time_epoch", "-r"];
            let output = Command::new(tshark).args(fields).arg(&path).output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            let said: Vec<i64> =
                text.lines().map(|line| line.replace('.', "").parse().unwrap()).collect();
            assert_eq!(times, said, "{name}");
        }
    }
}
