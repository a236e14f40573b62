//! pcap and pcapng as they should be and as they should not.

use httpwhy::capture::{Fault, Format, Then};
use httpwhy::wire::Direction;

use super::files::{MICRO, MODIFIED, NANO, Order, Pcap, Pcapng, payload};
use super::read;

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
