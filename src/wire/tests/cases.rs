//! One row for each kind of frame that a decoder has to judge: plain, cut, lying, foreign.

use super::*;

/// What a row expects.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// A segment with so many octets of payload, and so many cut.
    Payload(usize, u32),
    Skip(Skip),
    Signal,
}

use Outcome::{Payload, Signal};

fn outcome(packet: &Packet<'_>) -> Outcome {
    with_decoder(packet, |decoded| match decoded {
        Decoded::Segment(segment) => Payload(segment.payload.len(), segment.cut),
        Decoded::Signal(_) => Signal,
        Decoded::Skip(skip) => Outcome::Skip(skip),
    })
}

/// The plain frame with one octet changed, counted from the IP header on.
fn changed(offset: usize, value: u8) -> Vec<u8> {
    let mut frame = plain();
    frame[14 + offset] = value;
    frame
}

fn total_len(len: u16) -> Vec<u8> {
    let mut frame = plain();
    frame[16..18].copy_from_slice(&len.to_be_bytes());
    frame
}

fn options(count: usize) -> Vec<u8> {
    let mut rest = Vec::new();
    for index in 1..=count {
        let next = if index == count { TCP } else { 60 };
        rest.extend_from_slice(&[next, 0, 1, 4, 0, 0, 0, 0]);
    }
    ethernet(0x86dd, &ipv6(60, &concat(&[&rest, &tcp()])))
}

fn v6_fragment(offset_and_more: u16) -> Vec<u8> {
    let [high, low] = offset_and_more.to_be_bytes();
    ethernet(0x86dd, &ipv6(44, &concat(&[&[TCP, 0, high, low, 0, 0, 0, 9], &[1; 24]])))
}

#[test]
fn every_kind_of_frame_has_its_outcome() {
    let whole = Payload(REQUEST.len(), 0);
    let skip = Outcome::Skip;
    let malformed = |layer| Outcome::Skip(Skip::Malformed(layer));
    let hop_by_hop = concat(&[&[60, 0, 1, 4, 0, 0, 0, 0, TCP, 0, 1, 4, 0, 0, 0, 0], &tcp()]);
    let mut no_length_v6 = ethernet(0x86dd, &ipv6(TCP, &tcp()));
    no_length_v6[18..20].copy_from_slice(&[0, 0]);
    let mut offset_15 = plain();
    offset_15.truncate(14 + 40);
    offset_15[14 + 32] = 0xf0;
    offset_15[16..18].copy_from_slice(&[0, 40]);
    let mut strange_option = tcp_header();
    strange_option.set_options_raw(&[254, 0, 0, 0]).unwrap();
    let mut urgent = tcp_header();
    urgent.urg = true;
    urgent.urgent_pointer = 5;
    let ack = ethernet(0x0800, &ipv4(TCP, &tcp_with(tcp_header(), &[])));
    let padded_ack = concat(&[&ack, &vec![0xaa; 60 - ack.len()]]);
    let rows = [
        ("ethernet ipv4", plain(), whole),
        ("ethernet ipv6", ethernet(0x86dd, &ipv6(TCP, &tcp())), Payload(REQUEST.len(), 0)),
        ("hop-by-hop, options", ethernet(0x86dd, &ipv6(0, &hop_by_hop)), Payload(27, 0)),
        ("16 options", options(16), Payload(REQUEST.len(), 0)),
        ("64 options", options(64), skip(Skip::TooDeep)),
        (
            "atomic fragment",
            {
                let header = [TCP, 0, 0, 0, 0, 0, 0, 9];
                ethernet(0x86dd, &ipv6(44, &concat(&[&header, &tcp()])))
            },
            Payload(REQUEST.len(), 0),
        ),
        ("v6 first fragment", v6_fragment(1), skip(Skip::FragmentHeld)),
        ("v6 later fragment", v6_fragment(24 << 3 | 1), skip(Skip::FragmentHeld)),
        ("v6 esp", ethernet(0x86dd, &ipv6(50, &[1; 32])), skip(Skip::Esp)),
        ("v6 no next header", ethernet(0x86dd, &ipv6(59, &[])), skip(Skip::Protocol(59))),
        ("v6 length 0", no_length_v6, Payload(REQUEST.len(), 0)),
        ("v4 first fragment", changed(6, 0x20), malformed(Layer::Fragment)),
        ("v4 later fragment", changed(7, 8), skip(Skip::FragmentHeld)),
        ("total length 0", total_len(0), Payload(REQUEST.len(), 0)),
        ("total length beyond capture", total_len(1_500), Payload(REQUEST.len(), 1_433)),
        ("total length below header", total_len(10), malformed(Layer::Ipv4)),
        ("total length inside payload", total_len(44), Payload(4, 0)),
        ("total length inside tcp", total_len(30), malformed(Layer::Tcp)),
        ("header length 4", changed(0, 0x44), malformed(Layer::Ipv4)),
        ("header length 15", concat(&[&changed(0, 0x4f)[..34]]), malformed(Layer::Ipv4)),
        ("version 5", changed(0, 0x55), malformed(Layer::Ipv4)),
        ("ipv6 under 0800", ethernet(0x0800, &ipv6(TCP, &tcp())), malformed(Layer::Ipv4)),
        ("padded acknowledgement", padded_ack, Payload(0, 0)),
        ("data offset 4", changed(32, 0x40), malformed(Layer::Tcp)),
        ("data offset 15", offset_15, malformed(Layer::Tcp)),
        (
            "option length 0",
            { ethernet(0x0800, &ipv4(TCP, &tcp_with(strange_option, REQUEST))) },
            Payload(REQUEST.len(), 0),
        ),
        ("urgent", ethernet(0x0800, &ipv4(TCP, &tcp_with(urgent, REQUEST))), Payload(27, 0)),
        ("no octets", Vec::new(), skip(Skip::Empty)),
        ("half an ethernet header", vec![0; 8], malformed(Layer::Link)),
        ("half a tag", ethernet(0x8100, &[0, 1]), malformed(Layer::Vlan)),
        ("half an ip header", plain()[..24].to_vec(), malformed(Layer::Ipv4)),
        ("novell", ethernet(30, &[0xff; 30]), skip(Skip::Llc(0xff))),
        ("spanning tree", ethernet(38, &[0x42, 0x42, 3, 0]), skip(Skip::Llc(0x42))),
        ("arp", ethernet(0x0806, &[0, 1, 8, 0, 6, 4, 0, 1]), malformed(Layer::Arp)),
        (
            "arp whole",
            { ethernet(0x0806, &concat(&[&[0, 1, 8, 0, 6, 4, 0, 1], &[1; 20]])) },
            Signal,
        ),
        ("macsec", ethernet(0x88e5, &[0; 15]), skip(Skip::Macsec)),
        ("lldp", ethernet(0x88cc, &[0; 46]), skip(Skip::EtherType(0x88cc))),
        ("esp", ethernet(0x0800, &ipv4(50, &[1; 40])), skip(Skip::Esp)),
        ("esp in udp", ethernet(0x0800, &udp(4500, &[1; 40])), skip(Skip::Esp)),
        ("ike in udp", ethernet(0x0800, &udp(4500, &[0; 40])), skip(Skip::Udp)),
        ("sctp", ethernet(0x0800, &ipv4(132, &[1; 40])), skip(Skip::Protocol(132))),
        ("dns", ethernet(0x0800, &udp(53, &[1; 40])), skip(Skip::Udp)),
        ("quic 1", ethernet(0x0800, &udp(8_443, &[0xc3, 0, 0, 0, 1])), skip(Skip::Quic)),
        (
            "quic 2",
            { ethernet(0x0800, &udp(8_443, &[0xd3, 0x6b, 0x33, 0x43, 0xcf])) },
            skip(Skip::Quic),
        ),
        ("quic short header", ethernet(0x0800, &udp(443, &[0x4f, 1])), skip(Skip::Quic)),
        ("dtls", ethernet(0x0800, &udp(443, &[0x16, 0xfe, 0xfd])), skip(Skip::Udp)),
        ("vxlan in name only", ethernet(0x0800, &udp(4789, &[0; 40])), skip(Skip::Udp)),
        ("l2tp control", ethernet(0x0800, &udp(1701, &[0xc8, 2, 0, 12])), skip(Skip::Udp)),
        ("pppoe discovery", ethernet(0x8863, &[0x11, 9]), skip(Skip::EtherType(0x8863))),
        (
            "ppp control",
            { ethernet(0x8864, &[0x11, 0, 0, 1, 0, 4, 0xc0, 0x21, 1, 1]) },
            skip(Skip::Ppp(0xc021)),
        ),
    ];
    for (name, bytes, expected) in rows {
        assert_eq!(outcome(&packet(ETHERNET, &bytes)), expected, "{name}");
    }
}

#[test]
fn link_types_that_are_not_decoded_are_named() {
    assert_eq!(skip_of(LinkType(147), &plain()), Some(Skip::LinkType(147)));
    assert_eq!(skip_of(LinkType(0), &[7, 0, 0, 0, 1]), Some(Skip::AddressFamily(7)));
    assert_eq!(skip_of(LinkType(105), &[0x80, 0]), Some(Skip::WlanControl));
    assert_eq!(skip_of(LinkType(105), &[0x48, 0]), Some(Skip::WlanControl));
    assert_eq!(skip_of(LinkType(105), &[0x08, 0x41]), Some(Skip::WlanProtected));
    let netlink = [0, 4, 3, 0x38, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(skip_of(LinkType(113), &netlink), Some(Skip::LinkType(253)));
    let bad = [0, 0, 9, 0, 2, 0, 0, 0, 0x40, 8, 0];
    assert_eq!(skip_of(LinkType(127), &bad), Some(Skip::Checksum(Layer::Wlan)));
    let split = [1, 2, 0, 0, 0xd4, 1, 0, 0];
    assert_eq!(skip_of(LinkType(129), &split), Some(Skip::LinkAggregate));
}

/// Cut at every length, the segment's prefix comes out with the number of octets that lack, or the
/// header that the capture ends in is named. Padding does not count.
#[test]
fn a_packet_cut_at_any_length_gives_its_prefix() {
    for frame in [plain(), concat(&[&plain(), &[0xee; 7]])] {
        let len = u32::try_from(frame.len()).unwrap();
        for captured in 1..=frame.len() {
            let cut = Packet { len, ..packet(ETHERNET, &frame[..captured]) };
            let expected = match captured {
                ..14 => Outcome::Skip(Skip::Truncated(Layer::Link)),
                14..34 => Outcome::Skip(Skip::Truncated(Layer::Ipv4)),
                34..54 => Outcome::Skip(Skip::Truncated(Layer::Tcp)),
                _ => {
                    let there = (captured - 54).min(REQUEST.len());
                    Payload(there, u32::try_from(REQUEST.len() - there).unwrap())
                }
            };
            assert_eq!(outcome(&cut), expected, "{captured} of {len} octets");
        }
    }
}

#[test]
fn a_packet_without_a_length_of_its_own_takes_that_of_the_wire() {
    let frame = total_len(0);
    let len = u32::try_from(frame.len()).unwrap() + 9_000;
    let cut = Packet { len, ..packet(ETHERNET, &frame) };
    assert_eq!(outcome(&cut), Payload(REQUEST.len(), 9_000));
    let whole = plain();
    let lying = Packet { len: 3, ..packet(ETHERNET, &whole) };
    assert_eq!(outcome(&lying), Payload(REQUEST.len(), 0));
}

#[test]
fn a_super_packet_beyond_64_kib_is_one_segment() {
    let payload = vec![b'x'; 100_000];
    let mut header = ipv4_header(TCP, 0).to_bytes();
    header[2..4].copy_from_slice(&[0, 0]);
    let frame = ethernet(0x0800, &concat(&[&header, &tcp_header().to_bytes(), &payload]));
    assert_eq!(outcome(&packet(ETHERNET, &frame)), Payload(100_000, 0));
    // RFC 2675: the length is in a hop-by-hop option, and padding behind it is none of it.
    let len = u32::try_from(8 + 20 + payload.len()).unwrap().to_be_bytes();
    let jumbo = concat(&[&[TCP, 0, 0xc2, 4], &len, &tcp_header().to_bytes(), &payload, &[0; 5]]);
    let mut packet_v6 = ipv6(0, &[]);
    packet_v6.extend_from_slice(&jumbo);
    assert_eq!(outcome(&packet(LinkType(229), &packet_v6)), Payload(100_000, 0));
}

#[test]
fn a_routing_header_names_the_last_destination() {
    let ends = |kind: u8, left: u8| {
        let routing = concat(&[&[TCP, 4, kind, left, 0, 0, 0, 0], &v6_address(8), &v6_address(9)]);
        let bytes = ipv6(43, &concat(&[&routing, &tcp()]));
        with_decoder(&packet(LinkType(229), &bytes), |decoded| match decoded {
            Decoded::Segment(segment) => segment.ends.destination.to_string(),
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(ends(0, 1), "[2001:db8::9]:80");
    assert_eq!(ends(4, 1), "[2001:db8::8]:80");
    assert_eq!(ends(4, 0), "[2001:db8::2]:80");
}

/// Hop-by-hop options, routing, destination options, authentication, mobility.
const EXTENSIONS: [(u8, &[u8]); 5] = [
    (0, &[0, 0, 1, 4, 0, 0, 0, 0]),
    (43, &[0, 0, 0, 0, 0, 0, 0, 0]),
    (60, &[0, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    (51, &[0, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]),
    (135, &[0, 0, 0, 0, 0, 0, 0, 0]),
];

/// An IPv6 packet with these of them, in this order, in front of the segment; and where that begins.
fn extended(order: &[usize]) -> (Vec<u8>, usize) {
    let kind = |place: usize| order.get(place).map_or(TCP, |index| EXTENSIONS[*index].0);
    let mut rest = Vec::new();
    for (place, index) in order.iter().enumerate() {
        let start = rest.len();
        rest.extend_from_slice(EXTENSIONS[*index].1);
        rest[start] = kind(place + 1);
    }
    let begin = 40 + rest.len();
    rest.extend_from_slice(&tcp());
    (ipv6(kind(0), &rest), begin)
}

#[test]
fn case_47_extension_headers_in_any_order_and_cut_anywhere() {
    let raw = LinkType(229);
    let len = |octets: usize| u32::try_from(octets).unwrap();
    for first in 0..5 {
        for step in 1..5 {
            // Each of the five comes first, and they follow one another in four ways.
            let order: Vec<usize> = (0..5).map(|place| (first + place * step) % 5).collect();
            let (bytes, begin) = extended(&order);
            assert_eq!(outcome(&packet(raw, &bytes)), Payload(REQUEST.len(), 0), "{order:?}");
            for captured in 1..bytes.len() {
                // The capture says that it cut the packet, or the IPv6 header alone does.
                for of in [bytes.len(), captured] {
                    let cut = Packet { len: len(of), ..packet(raw, &bytes[..captured]) };
                    let expected = match captured {
                        ..40 if of == captured => Outcome::Skip(Skip::Malformed(Layer::Ipv6)),
                        _ if captured < begin => Outcome::Skip(Skip::Truncated(Layer::Ipv6)),
                        _ if captured < begin + 20 => Outcome::Skip(Skip::Truncated(Layer::Tcp)),
                        _ => Payload(captured - begin - 20, len(bytes.len() - captured)),
                    };
                    assert_eq!(outcome(&cut), expected, "{order:?} {captured} of {of}");
                }
            }
            // One that claims to be longer than the packet is no header.
            let mut at = 40;
            for index in order {
                let mut lying = bytes.clone();
                lying[at + 1] = 0xff;
                let expected = Outcome::Skip(Skip::Malformed(Layer::Ipv6));
                assert_eq!(outcome(&packet(raw, &lying)), expected, "{index} at {at}");
                at += EXTENSIONS[index].1.len();
            }
        }
    }
    // As many as may be, and one more; and many more than anyone has ever sent.
    let whole = Payload(REQUEST.len(), 0);
    for (count, expected) in [
        (16, whole),
        (17, Outcome::Skip(Skip::TooDeep)),
        (64, Outcome::Skip(Skip::TooDeep)),
        (900, Outcome::Skip(Skip::TooDeep)),
    ] {
        let order: Vec<usize> = (0..count).map(|place| place % 5).collect();
        assert_eq!(outcome(&packet(raw, &extended(&order).0)), expected, "{count}");
    }
}

#[test]
fn checksums_are_verified_only_where_asked_for() {
    let mut bad_tcp = plain();
    *bad_tcp.last_mut().unwrap() ^= 1;
    let mut bad_ip = plain();
    bad_ip[14 + 8] ^= 1;
    for (frame, layer) in [(bad_tcp, Layer::Tcp), (bad_ip, Layer::Ipv4)] {
        assert_eq!(outcome(&packet(ETHERNET, &frame)), Payload(REQUEST.len(), 0));
        let mut decoder = Decoder::new();
        decoder.verify_checksums(true);
        let decoded = decoder.decode(&packet(ETHERNET, &frame));
        assert!(matches!(decoded, Decoded::Skip(Skip::Checksum(at)) if at == layer));
    }
    let mut decoder = Decoder::new();
    decoder.verify_checksums(true);
    assert!(matches!(decoder.decode(&packet(ETHERNET, &plain())), Decoded::Segment(_)));
    let mut header = tcp_header();
    let sum = header.calc_checksum_ipv6_raw(v6_address(1), v6_address(2), REQUEST);
    header.checksum = sum.unwrap();
    let v6 = ipv6(TCP, &concat(&[&header.to_bytes(), REQUEST]));
    assert!(matches!(decoder.decode(&packet(LinkType(229), &v6)), Decoded::Segment(_)));
}

#[test]
fn options_and_urgent_pointer_are_handed_on() {
    let mut header = tcp_header();
    header.set_options_raw(&[1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]).unwrap();
    header.urg = true;
    header.urgent_pointer = 7;
    let frame = ethernet(0x0800, &ipv4(TCP, &tcp_with(header, REQUEST)));
    with_decoder(&packet(ETHERNET, &frame), |decoded| match decoded {
        Decoded::Segment(segment) => {
            assert_eq!(segment.options, [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]);
            assert_eq!(segment.urgent, 7);
            assert!(segment.flags.has(crate::wire::Flags::URG | crate::wire::Flags::ACK));
            assert_eq!(segment.payload, REQUEST);
        }
        other => panic!("{other:?}"),
    });
}

/// The octets of the payload are those of the packet, not copies of them.
#[test]
fn the_payload_is_borrowed() {
    let frame = plain();
    with_decoder(&packet(ETHERNET, &frame), |decoded| match decoded {
        Decoded::Segment(segment) => assert!(std::ptr::eq(segment.payload, &frame[54..])),
        other => panic!("{other:?}"),
    });
}

#[test]
fn endpoints_are_written_as_usual() {
    for (address, port) in [([0, 0, 0, 0], 0), ([10, 9, 1, 200], 80), ([255; 4], u16::MAX)] {
        let usual = std::net::SocketAddrV4::new(address.into(), port).to_string();
        assert_eq!(crate::wire::Endpoint::v4(address, port).to_string(), usual);
    }
}
