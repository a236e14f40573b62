//! Fragments in any order, overlapping, contradicting, never finished.

use super::*;
use crate::limits::{FRAGMENT_OCTETS, FRAGMENT_PIECES, FRAGMENT_TRACKERS, FRAGMENT_WAIT};
use crate::wire::FragmentCounts;

/// What came out, owned.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// Payload and octets cut.
    Segment(Vec<u8>, u32),
    Skip(Skip),
}

fn feed(decoder: &mut Decoder, at: i64, bytes: &[u8]) -> Outcome {
    let mut packet = packet(LinkType(101), bytes);
    packet.at = Timestamp::from_nanos(at);
    match decoder.decode(&packet) {
        Decoded::Segment(segment) => Outcome::Segment(segment.payload.to_vec(), segment.cut),
        Decoded::Skip(skip) => Outcome::Skip(skip),
        Decoded::Signal(signal) => panic!("{signal:?}"),
    }
}

fn v4(id: u16, offset: usize, more: bool, bytes: &[u8]) -> Vec<u8> {
    let mut packet = ipv4(TCP, bytes);
    packet[4..6].copy_from_slice(&id.to_be_bytes());
    let field = u16::try_from(offset / 8).unwrap() | u16::from(more) << 13;
    packet[6..8].copy_from_slice(&field.to_be_bytes());
    packet
}

fn v6(id: u8, offset: usize, more: bool, bytes: &[u8]) -> Vec<u8> {
    let field = (u16::try_from(offset).unwrap() | u16::from(more)).to_be_bytes();
    ipv6(44, &concat(&[&[TCP, 0], &field, &[0, 0, 0, id], bytes]))
}

const HELD: Outcome = Outcome::Skip(Skip::FragmentHeld);
const CONFLICT: Outcome = Outcome::Skip(Skip::FragmentConflict);
const SAME: Outcome = Outcome::Skip(Skip::Copy);

#[test]
fn fragments_come_together_in_any_order() {
    let tcp = tcp();
    let whole = || Outcome::Segment(REQUEST.to_vec(), 0);
    for write in [
        (|offset, more, bytes: &[u8]| v4(7, offset, more, bytes)) as fn(_, _, &[u8]) -> _,
        |offset, more, bytes: &[u8]| v6(7, offset, more, bytes),
    ] {
        let pieces = [
            write(0, true, &tcp[..16]),
            write(16, true, &tcp[16..32]),
            write(32, false, &tcp[32..]),
        ];
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut decoder = Decoder::new();
            assert_eq!(feed(&mut decoder, 0, &pieces[order[0]]), HELD);
            assert_eq!(feed(&mut decoder, 1, &pieces[order[0]]), SAME, "the same once more");
            assert_eq!(feed(&mut decoder, 2, &pieces[order[1]]), HELD);
            assert_eq!(feed(&mut decoder, 3, &pieces[order[2]]), whole(), "{order:?}");
            assert_eq!(feed(&mut decoder, 4, &pieces[order[2]]), SAME, "a late copy");
            let counts = FragmentCounts { whole: 1, ..FragmentCounts::default() };
            assert_eq!(decoder.fragments(), counts);
        }
    }
}

#[test]
fn fragments_of_different_datagrams_do_not_mix() {
    let tcp = tcp();
    let mut decoder = Decoder::new();
    assert_eq!(feed(&mut decoder, 0, &v4(7, 0, true, &tcp[..24])), HELD);
    assert_eq!(feed(&mut decoder, 0, &v4(8, 24, false, &tcp[24..])), HELD);
    let mut elsewhere = v4(7, 24, false, &tcp[24..]);
    elsewhere[19] = 77;
    assert_eq!(feed(&mut decoder, 0, &elsewhere), HELD);
    assert_eq!(decoder.fragments().unfinished, 3);
    let last = feed(&mut decoder, 0, &v4(7, 24, false, &tcp[24..]));
    assert_eq!(last, Outcome::Segment(REQUEST.to_vec(), 0));
}

#[test]
fn where_ipv4_fragments_contradict_the_first_wins() {
    let tcp = tcp();
    let mut evil = tcp.clone();
    evil[24..40].fill(b'!');
    let mut decoder = Decoder::new();
    assert_eq!(feed(&mut decoder, 0, &v4(7, 24, true, &tcp[24..40])), HELD);
    assert_eq!(feed(&mut decoder, 0, &v4(7, 24, true, &evil[24..40])), CONFLICT);
    // Overlaps on both sides, and the middle differs.
    assert_eq!(feed(&mut decoder, 0, &v4(7, 0, true, &evil[..40])), CONFLICT);
    // An end that lies before what is there, and one beyond the end.
    assert_eq!(feed(&mut decoder, 0, &v4(7, 16, false, &evil[16..20])), CONFLICT);
    let last = feed(&mut decoder, 0, &v4(7, 40, false, &tcp[40..]));
    assert_eq!(last, Outcome::Segment(REQUEST.to_vec(), 0));
    assert_eq!(decoder.fragments().conflicts, 3);
    let mut decoder = Decoder::new();
    assert_eq!(feed(&mut decoder, 0, &v4(7, 40, false, &tcp[40..])), HELD);
    assert_eq!(feed(&mut decoder, 0, &v4(7, 48, true, &tcp[..16])), CONFLICT);
    // Agreeing overlaps are no conflict.
    assert_eq!(feed(&mut decoder, 0, &v4(7, 16, false, &tcp[16..])), HELD);
    let last = feed(&mut decoder, 0, &v4(7, 0, true, &tcp[..24]));
    assert_eq!(last, Outcome::Segment(REQUEST.to_vec(), 0));
}

/// RFC 5722 section 4: "any constituent fragments, including those not yet received".
#[test]
fn overlapping_ipv6_fragments_drop_the_datagram() {
    let tcp = tcp();
    let mut decoder = Decoder::new();
    assert_eq!(feed(&mut decoder, 0, &v6(7, 0, true, &tcp[..24])), HELD);
    assert_eq!(feed(&mut decoder, 0, &v6(7, 16, true, &tcp[16..40])), CONFLICT);
    assert_eq!(feed(&mut decoder, 0, &v6(7, 24, false, &tcp[24..])), CONFLICT);
    assert_eq!(decoder.fragments().conflicts, 2);
}

#[test]
fn impossible_fragments_are_malformed() {
    let mut decoder = Decoder::new();
    let malformed = Outcome::Skip(Skip::Malformed(Layer::Fragment));
    assert_eq!(feed(&mut decoder, 0, &v4(7, 65_528, false, &[1; 16])), malformed);
    assert_eq!(feed(&mut decoder, 0, &v4(7, 0, true, &[1; 15])), malformed);
    assert_eq!(feed(&mut decoder, 0, &v4(7, 8, false, &[])), malformed);
    assert_eq!(decoder.fragments(), FragmentCounts::default());
}

#[test]
fn tiny_fragments_come_together_up_to_the_limit() {
    let pieces = |payload: usize| {
        let tcp = tcp_with(tcp_header(), &vec![b'x'; payload]);
        let count = tcp.len().div_ceil(8);
        let mut decoder = Decoder::new();
        let outcomes: Vec<_> = (0..count)
            .map(|index| {
                let bytes = &tcp[index * 8..tcp.len().min(index * 8 + 8)];
                feed(&mut decoder, 0, &v4(7, index * 8, index + 1 < count, bytes))
            })
            .collect();
        (count, outcomes)
    };
    let (count, outcomes) = pieces(FRAGMENT_PIECES * 8 - 20);
    assert_eq!(count, FRAGMENT_PIECES);
    assert!(matches!(outcomes.last(), Some(Outcome::Segment(_, 0))));
    let (_, outcomes) = pieces(FRAGMENT_PIECES * 8 - 19);
    assert_eq!(outcomes.last(), Some(&Outcome::Skip(Skip::FragmentLimit)));
}

#[test]
fn unfinished_datagrams_expire_by_the_time_of_the_capture() {
    let tcp = tcp();
    let wait = i64::try_from(FRAGMENT_WAIT.as_nanos()).unwrap();
    let mut decoder = Decoder::new();
    assert_eq!(feed(&mut decoder, 0, &v4(7, 0, true, &tcp[..24])), HELD);
    assert_eq!(feed(&mut decoder, wait + 1, &v4(7, 24, false, &tcp[24..])), HELD);
    assert_eq!((decoder.fragments().expired, decoder.fragments().unfinished), (1, 1));
    let mut decoder = Decoder::new();
    assert_eq!(feed(&mut decoder, 0, &v4(7, 0, true, &tcp[..24])), HELD);
    let last = feed(&mut decoder, wait, &v4(7, 24, false, &tcp[24..]));
    assert!(matches!(last, Outcome::Segment(_, 0)));
}

#[test]
fn one_wrong_time_does_not_stop_the_expiry() {
    let tcp = tcp();
    let wait = i64::try_from(FRAGMENT_WAIT.as_nanos()).unwrap();
    let mut decoder = Decoder::new();
    assert_eq!(feed(&mut decoder, i64::MAX, &v4(1, 0, true, &tcp[..24])), HELD);
    assert_eq!(feed(&mut decoder, 0, &v4(2, 0, true, &tcp[..24])), HELD);
    assert_eq!(feed(&mut decoder, wait + 1, &v4(3, 0, true, &tcp[..24])), HELD);
    assert_eq!((decoder.fragments().expired, decoder.fragments().unfinished), (2, 1));
}

#[test]
fn a_flood_of_fragments_holds_no_more_than_the_limits() {
    let mut decoder = Decoder::new();
    for index in 0..100_000_u32 {
        let [a, b, id @ ..] = index.to_be_bytes();
        let mut packet = v4(u16::from_be_bytes(id), 65_504, true, &[1; 8]);
        packet[12..14].copy_from_slice(&[a, b]);
        assert_eq!(feed(&mut decoder, i64::from(index), &packet), HELD);
    }
    let counts = decoder.fragments();
    assert_eq!(counts.unfinished, FRAGMENT_TRACKERS as u64);
    assert_eq!(counts.evicted, 100_000 - FRAGMENT_TRACKERS as u64);
    let mut decoder = Decoder::new();
    for id in 0..1_000 {
        assert_eq!(feed(&mut decoder, 0, &v4(id, 0, true, &[1; 60_000])), HELD);
    }
    let held = usize::try_from(decoder.fragments().unfinished).unwrap() * 60_000;
    assert!(held <= FRAGMENT_OCTETS && held > FRAGMENT_OCTETS - 70_000, "{held} octets held");
}

/// The first fragment of a capture with a short snap length gives the head of the segment.
#[test]
fn cut_fragments_give_what_was_captured() {
    let tcp = tcp_with(tcp_header(), &[b'x'; 100]);
    let mut decoder = Decoder::new();
    let first = v4(7, 0, true, &tcp[..64]);
    assert_eq!(feed(&mut decoder, 0, &first[..60]), HELD);
    let last = feed(&mut decoder, 0, &v4(7, 64, false, &tcp[64..]));
    assert_eq!(last, Outcome::Segment(vec![b'x'; 20], 80));
}

#[test]
fn a_tunnel_in_fragments_whose_packets_are_fragments_is_unwrapped() {
    let tcp = tcp();
    let mut decoder = Decoder::new();
    let mut last = None;
    for (inner, more) in [(&tcp[..24], true), (&tcp[24..], false)] {
        let inner = v4(7, if more { 0 } else { 24 }, more, inner);
        let id = if more { 1 } else { 2 };
        let mut outer = [v4(id, 0, true, &inner[..16]), v4(id, 16, false, &inner[16..])];
        for packet in &mut outer {
            packet[9] = 4;
            last = Some(feed(&mut decoder, 0, packet));
        }
    }
    assert_eq!(last, Some(Outcome::Segment(REQUEST.to_vec(), 0)));
    assert_eq!(decoder.fragments().whole, 3);
}
