//! A packet that the capture holds twice counts once; a segment that was sent twice counts twice.

use super::*;
use crate::limits::COPY_WINDOW;

const WINDOW: i64 = COPY_WINDOW.as_nanos() as i64;

/// Whether the second of two frames is taken for a copy of the first, `apart` nanoseconds later.
fn second_is_copy(first: (u32, &[u8]), second: (u32, &[u8]), apart: i64) -> bool {
    let mut decoder = Decoder::new();
    let mut one = packet(ETHERNET, first.1);
    one.interface = first.0;
    assert!(matches!(decoder.decode(&one), Decoded::Segment(_)));
    let mut two = packet(ETHERNET, second.1);
    two.interface = second.0;
    two.at = Timestamp::from_nanos(one.at.as_nanos() + apart);
    match decoder.decode(&two) {
        Decoded::Skip(Skip::Copy) => true,
        Decoded::Segment(_) => false,
        other => panic!("{other:?}"),
    }
}

fn frame(identification: u16, ttl: u8, payload: &[u8]) -> Vec<u8> {
    let mut header = ipv4_header(TCP, 20 + payload.len());
    header.identification = identification;
    header.time_to_live = ttl;
    let segment = tcp_with(tcp_header(), payload);
    ethernet(0x0800, &concat(&[&header.to_bytes(), &segment]))
}

#[test]
fn a_packet_seen_by_another_way_is_a_copy() {
    for payload in [REQUEST, &[]] {
        for identification in [0, 9] {
            let first = frame(identification, 64, payload);
            let routed = frame(identification, 63, payload);
            let mut other_hop = first.clone();
            other_hop[5] = 0x77;
            let tagged = ethernet(0x8100, &concat(&[&[0, 5, 8, 0], &first[14..]]));
            let vxlan = concat(&[&[8, 0, 0, 0, 0, 0, 7, 0], &first]);
            let tunnelled = ethernet(0x0800, &udp(4789, &vxlan));
            for (name, interface, second) in [
                ("interface", 1, &first),
                ("time to live", 0, &routed),
                ("link address", 0, &other_hop),
                ("vlan", 0, &tagged),
                ("tunnel", 0, &tunnelled),
            ] {
                for apart in [0, WINDOW / 2, -WINDOW / 2] {
                    let copy = second_is_copy((0, &first), (interface, second), apart);
                    assert!(copy, "{name}, {} octets, {apart} ns", payload.len());
                }
                let later = second_is_copy((0, &first), (interface, second), 2 * WINDOW);
                assert!(!later, "{name}: too late to be a copy");
            }
        }
    }
}

#[test]
fn a_mirrored_packet_is_a_copy_though_all_is_equal() {
    for frame in [frame(0, 64, REQUEST), frame(9, 64, REQUEST), frame(9, 64, &[])] {
        assert!(second_is_copy((0, &frame), (0, &frame), 1_000));
        assert!(!second_is_copy((0, &frame), (0, &frame), 2 * WINDOW));
    }
}

/// Fast retransmission counts equal acknowledgements (RFC 5681 section 2).
#[test]
fn duplicate_acknowledgements_without_identification_are_not_copies() {
    let ack = frame(0, 64, &[]);
    assert!(!second_is_copy((0, &ack), (0, &ack), 1_000));
    let v6 = ethernet(0x86dd, &ipv6(TCP, &tcp_header().to_bytes()));
    assert!(!second_is_copy((0, &v6), (0, &v6), 1_000));
}

#[test]
fn a_retransmission_is_not_a_copy() {
    let first = frame(9, 64, REQUEST);
    assert!(!second_is_copy((0, &first), (0, &frame(10, 64, REQUEST)), 1_000));
    // Without an identification the TCP timestamp tells, by way of the checksum.
    let stamped = |time: u8| {
        let mut header = tcp_header();
        header.set_options_raw(&[1, 1, 8, 10, 0, 0, 0, time, 0, 0, 0, 1]).unwrap();
        let mut ip = ipv4(TCP, &tcp_with(header, REQUEST));
        ip[4..6].copy_from_slice(&[0, 0]);
        ethernet(0x0800, &ip)
    };
    assert!(!second_is_copy((0, &stamped(1)), (0, &stamped(2)), 1_000));
}

#[test]
fn whatever_differs_in_the_segment_is_no_copy() {
    let first = frame(0, 64, REQUEST);
    // Ports, sequence, acknowledgement, flags, window, checksum, urgent pointer.
    for offset in [34, 37, 41, 45, 47, 49, 51, 53] {
        let mut second = first.clone();
        second[offset] ^= 1;
        assert!(!second_is_copy((0, &first), (1, &second), 1_000), "octet {offset}");
    }
    let mut elsewhere = first.clone();
    elsewhere[33] ^= 1;
    assert!(!second_is_copy((0, &first), (1, &elsewhere), 1_000), "destination");
}

/// Two equal acknowledgements, each captured on a bridge and its port, are two.
#[test]
fn copies_of_duplicate_acknowledgements_are_told_apart() {
    let ack = frame(0, 64, &[]);
    let mut decoder = Decoder::new();
    let mut segments = 0;
    for interface in [0, 1, 0, 1, 1, 0] {
        let mut packet = packet(ETHERNET, &ack);
        packet.interface = interface;
        segments += usize::from(matches!(decoder.decode(&packet), Decoded::Segment(_)));
    }
    assert_eq!(segments, 3);
}

#[test]
fn a_stream_captured_three_times_counts_once_and_as_often_as_asked() {
    for (keep, expected) in [(false, 500), (true, 1_500)] {
        let mut decoder = Decoder::new();
        decoder.keep_copies(keep);
        let frames: Vec<_> = (0..500).map(|id| frame(id, 64, &[1; 100])).collect();
        let mut segments = 0;
        // Lag of 64 packets between the ways.
        for chunk in frames.chunks(64) {
            for interface in 0..3 {
                for frame in chunk {
                    let mut packet = packet(ETHERNET, frame);
                    packet.interface = interface;
                    segments += usize::from(matches!(decoder.decode(&packet), Decoded::Segment(_)));
                }
            }
        }
        assert_eq!(segments, expected);
    }
}
