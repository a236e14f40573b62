//! The short way of plain frames and the way through the layers come to the same end, whatever the frame
//! is and whatever was damaged in it.

use std::path::Path;

use super::hostile::Random;
use super::*;
use crate::capture::Capture;
use crate::wire::descent::Descent;

/// Decodes a packet by both ways, each with a decoder that has seen nothing. Whether it was plain.
fn both_ways(packet: &Packet<'_>) -> bool {
    let (mut short, mut long) = (Decoder::new(), Decoder::new());
    let (one, other) = (short.decode(packet), long.descend(packet));
    assert_eq!(format!("{one:?}"), format!("{other:?}"), "{packet:?}");
    if let (Decoded::Segment(one), Decoded::Segment(other)) = (one, other) {
        for (one, other) in [(one.options, other.options), (one.payload, other.payload)] {
            assert_eq!(one.as_ptr_range(), other.as_ptr_range());
        }
    }
    crate::wire::plain::segment(&mut Descent::new(packet, false), packet).is_some()
}

fn damaged(random: &mut Random, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(3) {
        // Mostly in the headers.
        let at = random.below(bytes.len().min(100));
        if let Some(octet) = bytes.get_mut(at) {
            *octet = match random.below(4) {
                0 => 0,
                1 => 0xff,
                2 => *octet ^ 1 << random.below(8),
                _ => random.next() as u8,
            };
        }
    }
    bytes
}

#[test]
fn frames_of_every_encapsulation_cut_and_damaged() {
    let mut random = Random(0x91a1_0000);
    let v6 = ethernet(0x86dd, &ipv6(TCP, &tcp()));
    let tagged = ethernet(0x8100, &concat(&[&[0, 5, 0x86, 0xdd], &v6[14..]]));
    let prior = ethernet(0x8100, &concat(&[&[0xe0, 0, 8, 0], &plain()[14..]]));
    let padded = concat(&[&plain(), &[0; 9]]);
    let own = [v6, tagged, prior, padded, plain()].map(|frame| ("own", 1, frame));
    let mut met = 0;
    for (_, link, frame) in encapsulations::table().into_iter().chain(own) {
        for captured in 0..frame.len() {
            let mut packet = packet(LinkType(link), &frame[..captured]);
            both_ways(&packet);
            packet.len = u32::try_from(frame.len()).unwrap() + 7;
            both_ways(&packet);
        }
        for _ in 0..500 {
            met += usize::from(both_ways(&packet(LinkType(link), &damaged(&mut random, &frame))));
        }
    }
    assert!(met > 2_000, "{met}");
}

#[test]
fn frames_of_all_samples_whole_and_damaged() {
    let mut random = Random(0x5a3b_0000);
    let (mut met, mut all) = (0, 0);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    for file in std::fs::read_dir(root).unwrap() {
        let path = file.unwrap().path();
        if !path.to_string_lossy().contains(".pcap") {
            continue;
        }
        let mut capture = Capture::open(&[path]).unwrap();
        while let Some(packet) = capture.next().unwrap() {
            all += 1;
            met += usize::from(both_ways(&packet));
            both_ways(&Packet { bytes: &damaged(&mut random, packet.bytes), ..packet });
        }
    }
    assert!(met > all / 2 && all > 500, "{met} of {all}");
}
