//! What the decoder finds in real captures, held against tshark 4.0.17
//! (`-Y tcp -T fields -e tcp.len`): segments, segments with payload, octets of payload.

use std::path::Path;

use httpwhy::units::Timestamp;
use httpwhy::wire::{Decoded, Decoder, LinkType, Packet, Skips};

/// Name, segments, segments with payload, octets of payload.
const CAPTURES: &[(&str, u64, u64, u64)] = &[
    // 802.11 behind radiotap, with check sequences.
    ("arkime__80211http.pcap", 26, 15, 8_592),
    // Ethernet with a little of every tunnel.
    ("arkime__arkime_synthetic.pcap", 733, 222, 21_822),
    ("arkime__http-100-continue.pcap", 16, 5, 852),
    ("arkime__nflog.pcap", 10, 2, 1_339),
    // PPPoE, L2TP, IPv6 in PPP.
    ("dpkt__examples__data__nb6-http.pcap", 30, 6, 1_925),
    // GRE, GTP, AYIYA, 6in4, fragments. tshark counts 1,308 octets less: packet 45 is the first part
    // of an inner IPv4 packet of 1,480 octets, and the decoder counts what its header announces.
    ("malcolm__protocols__Tunnels.pcap", 341, 172, 170_206 + 1_308),
    ("packetbeat__http_minitwit.pcap", 104, 34, 8_564),
    ("pcap2har__out-of-order.pcap", 3_214, 1_668, 2_004_098),
    ("pcpp__MplsPackets.pcap", 1, 1, 295),
    ("pcpp__example.pcap", 4_492, 2_944, 3_426_041),
    // BSD loopback.
    ("sv__http-gap-simple.pcap", 31, 11, 538),
    ("tcpdump__arcnet-rfc1051-arp-icmp-http.pcap", 14, 3, 607),
    // Raw IPv4.
    ("zeek__http__261__variant-09-te_obs_fold.pcap", 8, 1, 116),
    ("zeek__mixed-vlan-mpls.pcap", 47, 17, 12_979),
];

#[derive(Debug, Default, PartialEq)]
struct Totals {
    segments: u64,
    with_payload: u64,
    octets: u64,
}

/// The packets of a classic capture file, up to the first that is not whole.
fn packets(file: &[u8]) -> Vec<Packet<'_>> {
    let is_little = matches!(file, [0xd4, 0xc3, 0xb2, 0xa1, ..] | [0x4d, 0x3c, 0xb2, 0xa1, ..]);
    let word = |at: usize| {
        let octets = *file.get(at..)?.first_chunk()?;
        Some(if is_little { u32::from_le_bytes(octets) } else { u32::from_be_bytes(octets) })
    };
    let link = word(20).and_then(|link| u16::try_from(link & 0xffff).ok()).map(LinkType);
    let link = link.expect("the file has a header");
    let (mut packets, mut at) = (Vec::new(), 24);
    while let (Some(seconds), Some(captured), Some(len)) = (word(at), word(at + 8), word(at + 12)) {
        let begin = at + 16;
        let Some(bytes) = file.get(begin..begin + captured as usize) else { break };
        at = begin + bytes.len();
        packets.push(Packet {
            number: packets.len() as u64 + 1,
            at: Timestamp::from_nanos(i64::from(seconds) * 1_000_000_000),
            link,
            interface: 0,
            direction: None,
            len,
            bytes,
            offset: begin as u64,
        });
    }
    packets
}

#[test]
fn real_captures_hold_what_tshark_finds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/captures");
    for &(name, segments, with_payload, octets) in CAPTURES {
        let Ok(file) = std::fs::read(folder.join(name)) else {
            println!("skipped: {name} is not in ../shared/corpus/captures");
            continue;
        };
        let mut decoder = Decoder::new();
        decoder.keep_copies(true);
        let (mut totals, mut skips, mut signals) = (Totals::default(), Skips::default(), 0);
        let packets = packets(&file);
        for packet in &packets {
            match decoder.decode(packet) {
                Decoded::Segment(segment) => {
                    let len = segment.payload.len() as u64 + u64::from(segment.cut);
                    totals.segments += 1;
                    totals.with_payload += u64::from(len > 0);
                    totals.octets += len;
                }
                Decoded::Signal(_) => signals += 1,
                Decoded::Skip(skip) => skips.add(skip),
            }
        }
        assert_eq!(totals, Totals { segments, with_payload, octets }, "{name}");
        let counted = totals.segments + signals + skips.total();
        assert_eq!(counted, packets.len() as u64, "{name}: every packet is counted once");
    }
}
