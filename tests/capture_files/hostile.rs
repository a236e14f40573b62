//! Cut, flipped and invented octets: the reader stays bounded and keeps what is there.

use httpwhy::capture::Fault;

use super::files::{MODIFIED, Order, Pcap, Pcapng, Random, payload};
use super::{Outcome, ZSTD_FIXTURE, gzip, open, read, zstd};

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
