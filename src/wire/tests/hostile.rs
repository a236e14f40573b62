//! Random octets, and valid frames with random damage, through every link type: no panic, and what
//! comes out lies inside what went in.

use super::*;

/// Seeds are fixed, so that a failure repeats; the message has them.
pub(super) struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        // SplitMix64 (Steele, Lea and Flood, 2014).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ word >> 31
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }
}

fn try_packet(decoder: &mut Decoder, packet: &Packet<'_>) {
    if let Decoded::Segment(segment) = decoder.decode(packet) {
        assert!(segment.payload.len() <= 65_535.max(packet.bytes.len()));
        assert!(segment.options.len() <= 40);
    }
}

#[test]
fn random_octets_never_panic() {
    for link in 0..300 {
        let seed = 0x5eed_0000 + u64::from(link);
        println!("link type {link}, seed {seed:#x}");
        let mut random = Random(seed);
        let mut decoder = Decoder::new();
        decoder.verify_checksums(link % 2 == 0);
        for _ in 0..100 {
            let bytes: Vec<u8> = (0..random.below(200)).map(|_| random.next() as u8).collect();
            let mut packet = packet(LinkType(link), &bytes);
            packet.len = u32::try_from(random.below(300)).unwrap();
            try_packet(&mut decoder, &packet);
        }
    }
}

#[test]
fn damaged_frames_of_every_encapsulation_never_panic() {
    for (index, (name, link, original)) in encapsulations::table().into_iter().enumerate() {
        let seed = 0xdead_0000 + u64::try_from(index).unwrap();
        println!("{name}, seed {seed:#x}");
        let mut random = Random(seed);
        let mut decoder = Decoder::new();
        // Cut at every length, with and without the capture saying so.
        for captured in 0..original.len() {
            let mut packet = packet(LinkType(link), &original[..captured]);
            try_packet(&mut decoder, &packet);
            packet.len = u32::try_from(original.len()).unwrap();
            try_packet(&mut decoder, &packet);
        }
        for _ in 0..500 {
            let mut bytes = original.clone();
            for _ in 0..=random.below(4) {
                let at = random.below(bytes.len());
                bytes[at] = match random.below(4) {
                    0 => 0,
                    1 => 0xff,
                    2 => bytes[at] ^ 1 << random.below(8),
                    _ => random.next() as u8,
                };
            }
            bytes.truncate(bytes.len() - random.below(3) * random.below(bytes.len()) / 3);
            let mut packet = packet(LinkType(link), &bytes);
            packet.at = Timestamp::from_nanos(random.next().cast_signed());
            try_packet(&mut decoder, &packet);
        }
    }
}

#[test]
fn random_fragments_never_panic_and_stay_bounded() {
    let seed = 0xf4a6_0000;
    println!("seed {seed:#x}");
    let mut random = Random(seed);
    let mut decoder = Decoder::new();
    for _ in 0..50_000 {
        let bytes = vec![random.next() as u8 & 1; random.below(9) * 8 + random.below(2)];
        let mut datagram = ipv4(if random.below(2) == 0 { TCP } else { 4 }, &bytes);
        datagram[5] = random.below(8) as u8;
        datagram[6] = 0x20 & random.next() as u8;
        datagram[7] = random.below(12) as u8;
        let v6 = random.below(3) == 0;
        if v6 {
            let field = [0, datagram[7] << 3 | u8::from(datagram[6] != 0)];
            let id = [0, 0, 0, datagram[5]];
            datagram = ipv6(44, &concat(&[&[TCP, 0], &field, &id, &bytes]));
        }
        let mut packet = packet(LinkType(101), &datagram);
        packet.at = Timestamp::from_nanos(i64::try_from(random.below(1 << 33)).unwrap());
        try_packet(&mut decoder, &packet);
    }
    let counts = decoder.fragments();
    assert!(counts.whole > 100 && counts.conflicts > 100, "{counts:?}");
    assert!(counts.unfinished <= 32, "{counts:?}");
}
