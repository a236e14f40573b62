//! The same TCP segment in every encapsulation gives the same ends, numbers and payload.

use super::*;
use crate::limits::ENCAPSULATIONS;
use crate::wire::Direction;

fn gre(flags: u16, protocol: u16, optional: &[u8], payload: &[u8]) -> Vec<u8> {
    ipv4(47, &concat(&[&flags.to_be_bytes(), &protocol.to_be_bytes(), optional, payload]))
}

fn label(last: bool) -> [u8; 4] {
    [0, 1, 0x60 | u8::from(last), 64]
}

fn pppoe(ppp: &[u8]) -> Vec<u8> {
    let len = u16::try_from(ppp.len()).unwrap();
    concat(&[&[0x11, 0, 0, 7], &len.to_be_bytes(), ppp])
}

fn snap(kind: u16, payload: &[u8]) -> Vec<u8> {
    concat(&[&[0xaa, 0xaa, 3, 0, 0, 0], &kind.to_be_bytes(), payload])
}

fn wlan(kind: u8, flags: u8, more: &[u8], body: &[u8]) -> Vec<u8> {
    let addresses = [[2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 3]].concat();
    concat(&[&[kind, flags, 0, 0], &addresses, &[0, 0], more, body])
}

fn gtp(flags: u8, optional: &[u8], payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(optional.len() + payload.len()).unwrap();
    concat(&[&[flags, 255], &len.to_be_bytes(), &[0, 0, 0, 1], optional, payload])
}

fn attribute(kind: u16, content: &[u8], big_endian: bool) -> Vec<u8> {
    let len = u16::try_from(content.len() + 4).unwrap();
    let head = if big_endian {
        [len.to_be_bytes(), kind.to_be_bytes()]
    } else {
        [len.to_le_bytes(), kind.to_le_bytes()]
    };
    let padding = vec![0; content.len().next_multiple_of(4) - content.len()];
    concat(&[&head.concat(), content, &padding])
}

fn jumbo_snap(packet: &[u8]) -> Vec<u8> {
    let body = snap(0x0800, packet);
    ethernet(u16::try_from(body.len()).unwrap(), &body)
}

/// Every encapsulation with its name, link type and octets.
pub(super) fn table() -> Vec<(&'static str, u16, Vec<u8>)> {
    let ip = ipv4(TCP, &tcp());
    let frame = plain();
    let llc = snap(0x0800, &ip);
    let ppp = concat(&[&[0, 0x21], &ip]);
    let vxlan = concat(&[&[8, 0, 0, 0, 0, 0, 7, 0], &frame]);
    let mut table = vec![
        ("ethernet", 1, frame.clone()),
        ("802.1Q", 1, ethernet(0x8100, &concat(&[&[0, 5, 8, 0], &ip]))),
        ("priority tag", 1, ethernet(0x8100, &concat(&[&[0xe0, 0, 8, 0], &ip]))),
        ("802.1ad", 1, ethernet(0x88a8, &concat(&[&[0, 5, 0x81, 0, 0, 6, 8, 0], &ip]))),
        ("9100", 1, ethernet(0x9100, &concat(&[&[0, 5, 0x81, 0, 0, 6, 8, 0], &ip]))),
        ("9200", 1, ethernet(0x9200, &concat(&[&[0, 5, 8, 0], &ip]))),
        ("vn-tag", 1, ethernet(0x8926, &concat(&[&[0, 0, 0, 1, 8, 0], &ip]))),
        ("e-tag", 1, ethernet(0x893f, &concat(&[&[0, 0, 0, 0, 0, 1, 8, 0], &ip]))),
        ("cisco metadata", 1, ethernet(0x8909, &concat(&[&[1, 1, 0, 1, 0, 9, 8, 0], &ip]))),
        ("802.1ah", 1, ethernet(0x88e7, &concat(&[&[0, 0, 0, 9], &frame]))),
        ("802.3 llc snap", 1, jumbo_snap(&ip)),
        ("jumbo llc snap", 1, ethernet(0x8870, &llc)),
        ("mpls 1", 1, ethernet(0x8847, &concat(&[&label(true), &ip]))),
        ("mpls 2", 1, ethernet(0x8847, &concat(&[&label(false), &label(true), &ip]))),
        ("mpls 4", 1, {
            let labels = [label(false), label(false), label(false), label(true)].concat();
            ethernet(0x8848, &concat(&[&labels, &ip]))
        }),
        ("pseudowire with control word", 1, {
            ethernet(0x8847, &concat(&[&label(true), &[0, 0, 0, 1], &frame]))
        }),
        ("pseudowire without", 1, ethernet(0x8847, &concat(&[&label(true), &frame]))),
        ("mpls link type", 219, concat(&[&label(true), &ip])),
        ("pppoe", 1, ethernet(0x8864, &pppoe(&ppp))),
        ("pppoe compressed", 1, ethernet(0x8864, &pppoe(&concat(&[&[0x21], &ip])))),
        ("pppoe link type", 51, pppoe(&ppp)),
        ("ppp", 9, ppp.clone()),
        ("ppp hdlc", 50, concat(&[&[0xff, 3], &ppp])),
        ("cisco hdlc in ppp", 50, concat(&[&[0x0f, 0, 8, 0], &ip])),
        ("ppp bridged", 9, concat(&[&[0, 0x31, 0, 1], &frame])),
        ("ppp mpls", 9, concat(&[&[2, 0x81], &label(true), &ip])),
        ("pppd", 166, concat(&[&[1, 3], &ppp])),
        ("ppp with direction", 204, concat(&[&[0, 0xff, 3], &ppp])),
        ("cisco hdlc", 104, concat(&[&[0x8f, 0, 8, 0], &ip])),
        ("cisco hdlc with direction", 205, concat(&[&[0, 0x8f, 0, 8, 0], &ip])),
        ("frame relay", 107, concat(&[&[0x18, 0x41, 3, 0xcc], &ip])),
        ("frame relay cisco", 107, concat(&[&[0x18, 0x41, 8, 0], &ip])),
        ("frame relay snap", 107, { concat(&[&[0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0], &ip]) }),
        ("frame relay bridged", 206, {
            concat(&[&[0, 0x18, 0x41, 3, 0, 0x80, 0, 0x80, 0xc2, 0, 7], &frame])
        }),
        ("arcnet bsd", 7, concat(&[&[1, 2, 0xf0], &ip])),
        ("arcnet bsd rfc 1201", 7, concat(&[&[1, 2, 0xd4, 0, 0, 9], &ip])),
        ("arcnet linux", 129, concat(&[&[1, 2, 0, 0, 0xf0], &ip])),
        ("arcnet exception", 129, {
            concat(&[&[1, 2, 0, 0, 0xd4, 0xff, 0xff, 0xff, 0, 0, 0, 9], &ip])
        }),
        ("raw", 101, ip.clone()),
        ("raw 12", 12, ip.clone()),
        ("raw 14", 14, ip.clone()),
        ("ipv4", 228, ip.clone()),
        ("null little", 0, concat(&[&[2, 0, 0, 0], &ip])),
        ("null big", 0, concat(&[&[0, 0, 0, 2], &ip])),
        ("null 16 little", 0, concat(&[&[0, 0, 2, 0], &ip])),
        ("null 16 big", 0, concat(&[&[0, 2, 0, 0], &ip])),
        ("loop", 108, concat(&[&[0, 0, 0, 2], &ip])),
        ("enc", 109, concat(&[&[2, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0], &ip])),
        ("pflog", 117, concat(&[&[61, 2], &[0; 62], &ip])),
        ("sll", 113, { concat(&[&[0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 2, 0, 0, 8, 0], &ip]) }),
        ("sll2", 276, {
            let address = [2, 0, 0, 0, 0, 2, 0, 0];
            concat(&[&[8, 0, 0, 0, 0, 0, 0, 9, 0, 1, 4, 6], &address, &ip])
        }),
        ("nflog", 239, {
            let prefix = attribute(10, b"why\0", false);
            concat(&[&[2, 0, 0, 0], &prefix, &attribute(9, &ip, false)])
        }),
        ("nflog big", 239, concat(&[&[2, 0, 0, 0], &attribute(9, &ip, true)])),
        ("ppi", 192, concat(&[&[0, 0, 8, 0, 1, 0, 0, 0], &frame])),
        ("pktap", 258, {
            let words = [40_u32, 1, 101, 0, 0, 0, 0, 0, 0, 2].map(u32::to_le_bytes).concat();
            concat(&[&words, &ip])
        }),
        ("juniper ethernet", 178, concat(&[b"MGC", &[0x81, 0, 2, 7, 7], &frame])),
        ("802.11", 105, wlan(0x08, 1, &[], &llc)),
        ("802.11 qos", 105, wlan(0x88, 2, &[0, 0], &llc)),
        ("802.11 qos ht", 105, wlan(0x88, 0x82, &[0, 0, 0, 0, 0, 0], &llc)),
        ("802.11 four addresses", 105, wlan(0x08, 3, &[2, 0, 0, 0, 0, 4], &llc)),
        ("802.11 a-msdu", 105, {
            let len = u16::try_from(llc.len()).unwrap().to_be_bytes();
            wlan(0x88, 2, &[0x80, 0], &concat(&[&[2; 12], &len, &llc]))
        }),
        ("radiotap", 127, concat(&[&[0, 0, 8, 0, 0, 0, 0, 0], &wlan(0x08, 1, &[], &llc)])),
        ("radiotap padded with check sequence", 127, {
            let radio = [0, 0, 17, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x30];
            concat(&[&radio, &wlan(0x88, 1, &[0, 0, 0, 0], &llc), &[1, 2, 3, 4]])
        }),
        ("radiotap two bitmaps", 127, {
            let radio = [0, 0, 13, 0, 2, 0, 0, 0x80, 0, 0, 0, 0, 0x10];
            concat(&[&radio, &wlan(0x08, 1, &[], &llc), &[1, 2, 3, 4]])
        }),
        ("prism", 119, {
            concat(&[&[0x44, 0, 0, 0, 16, 0, 0, 0], &[0; 8], &wlan(0x08, 1, &[], &llc)])
        }),
        ("avs", 163, {
            let avs = [0x80, 0x21, 0x10, 1, 0, 0, 0, 64];
            concat(&[&avs, &[0; 56], &wlan(0x08, 1, &[], &llc)])
        }),
    ];
    let inside_ip = [
        ("ip in ip", ipv4(4, &ip)),
        ("ip in ip 94", ipv4(94, &ip)),
        ("4in6", ipv6(4, &ip)),
        ("4in6 with options", ipv6(60, &concat(&[&[4, 0, 1, 4, 0, 0, 0, 0], &ip]))),
        ("authenticated", ipv4(51, &concat(&[&[TCP, 4], &[0; 22], &tcp()]))),
        ("etherip", ipv4(97, &concat(&[&[0x30, 0], &frame]))),
        ("mpls in ip", ipv4(137, &concat(&[&label(true), &ip]))),
        ("gre", gre(0, 0x0800, &[], &ip)),
        ("gre checksum key sequence", gre(0xb000, 0x0800, &[0; 12], &ip)),
        ("nvgre", gre(0x2000, 0x6558, &[0; 4], &frame)),
        ("gre mpls", gre(0, 0x8847, &[], &concat(&[&label(true), &ip]))),
        ("wccp 2", gre(0, 0x883e, &[], &concat(&[&[0; 4], &ip]))),
        ("wccp 1", gre(0, 0x883e, &[], &ip)),
        ("pptp", gre(0x3081, 0x880b, &[0; 12], &ppp)),
        ("erspan 1", gre(0, 0x88be, &[], &frame)),
        ("erspan 2", gre(0x1000, 0x88be, &[0; 12], &frame)),
        ("erspan 3", gre(0x1000, 0x22eb, &[0; 16], &frame)),
        ("erspan 3 subheader", {
            gre(0x1000, 0x22eb, &concat(&[&[0; 15], &[1], &[0; 8]]), &frame)
        }),
        ("vxlan", udp(4789, &vxlan)),
        ("vxlan linux", udp(8472, &vxlan)),
        ("vxlan gpe", udp(4790, &concat(&[&[0x0c, 0, 0, 1, 0, 0, 7, 0], &ip]))),
        ("vxlan gpe nsh", {
            udp(4790, &concat(&[&[0x0c, 0, 0, 4, 0, 0, 7, 0], &[0, 6, 1, 3], &[0; 20], &frame]))
        }),
        ("geneve", udp(6081, &concat(&[&[0, 0, 0x65, 0x58, 0, 0, 7, 0], &frame]))),
        ("geneve options", udp(6081, &concat(&[&[2, 0, 8, 0, 0, 0, 7, 0], &[0; 8], &ip]))),
        ("gre in udp", udp(4754, &concat(&[&[0, 0, 8, 0], &ip]))),
        ("mpls in udp", udp(6635, &concat(&[&label(true), &ip]))),
        ("gtp", udp(2152, &gtp(0x30, &[], &ip))),
        ("gtp sequence", udp(2152, &gtp(0x32, &[0, 1, 0, 0], &ip))),
        ("gtp extension", udp(2152, &gtp(0x34, &[0, 0, 0, 0x85, 1, 0, 9, 0], &ip))),
        ("gtp ppp", udp(2152, &gtp(0x30, &[], &concat(&[&[0xff, 3], &ppp])))),
        ("gtp 0", udp(3386, &concat(&[&[0x1e, 255], &[0; 18], &ip]))),
        ("l2tp", udp(1701, &concat(&[&[0, 2, 0, 1, 0, 1], &ppp]))),
        ("l2tp length sequence offset", {
            let len = u16::try_from(16 + ppp.len()).unwrap().to_be_bytes();
            let fields = [0, 1, 0, 1, 0, 0, 0, 0, 0, 2, 0, 0];
            udp(1701, &concat(&[&[0x4a, 2], &len, &fields, &ppp]))
        }),
        ("ayiya", {
            let header = [0x40, 0x50, 0x11, 4, 0, 0, 0, 0];
            udp(5072, &concat(&[&header, &[0; 36], &ip]))
        }),
        ("tzsp", udp(37008, &concat(&[&[1, 0, 0, 1, 0, 11, 1, 6, 1], &frame]))),
    ];
    for (name, packet) in inside_ip {
        let kind = if packet[0] >> 4 == 4 { 0x0800 } else { 0x86dd };
        table.push((name, 1, ethernet(kind, &packet)));
    }
    table
}

#[test]
fn the_segment_is_the_same_in_every_encapsulation() {
    let expected = with_decoder(&packet(ETHERNET, &plain()), |decoded| match decoded {
        Decoded::Segment(segment) => essence(&segment),
        other => panic!("{other:?}"),
    });
    assert_eq!(expected.0, "10.9.1.2:49690 10.9.1.1:80");
    assert_eq!((expected.1, expected.2), (0xfeed_beef, 0x0102_0304));
    assert_eq!(expected.5, REQUEST);
    for (name, link, bytes) in table() {
        with_decoder(&packet(LinkType(link), &bytes), |decoded| match decoded {
            Decoded::Segment(segment) => assert_eq!(essence(&segment), expected, "{name}"),
            other => panic!("{name}: {other:?}"),
        });
    }
}

#[test]
fn ipv6_inside_a_tunnel_keeps_its_ends() {
    let inner = ipv6(TCP, &tcp());
    let teredo_origin = concat(&[&[0, 0], &[7; 6], &inner]);
    let teredo_both = concat(&[&[0, 1, 0, 0], &[7; 9], &[0, 0], &[7; 6], &inner]);
    let ayiya = concat(&[&[0x40, 0x50, 0x11, 41, 0, 0, 0, 0], &[0; 36], &inner]);
    let null = |family: u8| concat(&[&[family, 0, 0, 0], &inner]);
    let mut table = vec![
        ("ethernet", 1, ethernet(0x86dd, &inner)),
        ("raw", 101, inner.clone()),
        ("ipv6", 229, inner.clone()),
        ("ppp", 9, concat(&[&[0, 0x57], &inner])),
        ("frame relay", 107, concat(&[&[0x18, 0x41, 3, 0x8e], &inner])),
        ("arcnet", 129, concat(&[&[1, 2, 0, 0, 0xc4, 0, 0, 9], &inner])),
        ("6in4", 1, ethernet(0x0800, &ipv4(41, &inner))),
        ("mpls", 1, ethernet(0x8847, &concat(&[&[0, 1, 1, 64], &inner]))),
        ("teredo", 1, ethernet(0x0800, &udp(3544, &inner))),
        ("teredo origin", 1, ethernet(0x0800, &udp(3544, &teredo_origin))),
        ("teredo both", 1, ethernet(0x0800, &udp(3544, &teredo_both))),
        ("ayiya", 1, ethernet(0x0800, &udp(5072, &ayiya))),
    ];
    table.extend([10, 23, 24, 28, 30].map(|family| ("null", 0, null(family))));
    for (name, link, bytes) in table {
        with_decoder(&packet(LinkType(link), &bytes), |decoded| match decoded {
            Decoded::Segment(segment) => {
                let essence = essence(&segment);
                assert_eq!(essence.0, "[2001:db8::1]:49690 [2001:db8::2]:80", "{name}");
                assert_eq!((essence.1, essence.5.as_slice()), (0xfeed_beef, REQUEST), "{name}");
            }
            other => panic!("{name}: {other:?}"),
        });
    }
}

#[test]
fn up_to_eight_tags_are_taken_off_and_the_innermost_vlan_is_kept() {
    let tagged = |tags: u8| {
        let mut rest = Vec::new();
        for tag in 1..=tags {
            let next: [u8; 2] = if tag == tags { [8, 0] } else { [0x81, 0] };
            rest.extend_from_slice(&[0, tag, next[0], next[1]]);
        }
        ethernet(0x8100, &concat(&[&rest, &ipv4(TCP, &tcp())]))
    };
    for tags in [1, 3, 4, 8] {
        with_decoder(&packet(ETHERNET, &tagged(tags)), |decoded| match decoded {
            Decoded::Segment(segment) => assert_eq!(segment.via.vlan, Some(u16::from(tags))),
            other => panic!("{tags} tags: {other:?}"),
        });
    }
    assert_eq!(skip_of(ETHERNET, &tagged(9)), Some(Skip::TooDeep));
}

#[test]
fn a_tunnel_bomb_stops_at_the_limit() {
    let nested = |depth: usize| {
        let mut inner = ipv4(TCP, &tcp());
        for _ in 0..depth {
            inner = ipv4(4, &inner);
        }
        inner
    };
    assert_eq!(skip_of(LinkType(101), &nested(ENCAPSULATIONS)), None);
    assert_eq!(skip_of(LinkType(101), &nested(ENCAPSULATIONS + 1)), Some(Skip::TooDeep));
    assert_eq!(skip_of(LinkType(101), &nested(1_000)), Some(Skip::TooDeep));
    // The cycles that need no IP header: SNAP in SNAP, PPI in PPI, labels without end.
    let snaps = [0xaa, 0xaa, 3, 0, 0, 0, 0x88, 0x70].repeat(10_000);
    assert_eq!(skip_of(ETHERNET, &ethernet(0x8870, &snaps)), Some(Skip::TooDeep));
    let infos = [0, 0, 8, 0, 192, 0, 0, 0].repeat(10_000);
    assert_eq!(skip_of(LinkType(192), &infos), Some(Skip::LinkType(192)));
    let labels = [0, 1, 0, 64].repeat(10_000);
    assert_eq!(skip_of(LinkType(219), &labels), Some(Skip::TooDeep));
    let services = [0, 2, 1, 4, 0, 0, 0, 0].repeat(10_000);
    assert_eq!(skip_of(ETHERNET, &ethernet(0x894f, &services)), Some(Skip::TooDeep));
}

#[test]
fn the_way_of_a_packet_is_kept() {
    let via = |link: u16, bytes: &[u8]| {
        with_decoder(&packet(LinkType(link), bytes), |decoded| match decoded {
            Decoded::Segment(segment) => segment.via,
            other => panic!("{other:?}"),
        })
    };
    let outer = via(1, &plain());
    assert_eq!(outer.link_source, Some([2, 0, 0, 0, 0, 2]));
    assert_eq!(outer.link_destination, Some([2, 0, 0, 0, 0, 1]));
    assert_eq!((outer.ttl, outer.identification, outer.vlan), (64, Some(0x1234), None));
    for (name, link, bytes) in table() {
        let via = via(link, &bytes);
        match name {
            "sll" | "sll2" => {
                assert_eq!(via.direction, Some(Direction::Outbound));
                assert_eq!(via.link_source, Some([2, 0, 0, 0, 0, 2]));
                assert_eq!(via.interface, if name == "sll2" { 9 } else { 0 });
            }
            "pppd" | "pktap" => assert_eq!(via.direction, Some(Direction::Outbound)),
            "juniper ethernet" | "ppp with direction" => {
                assert_eq!(via.direction, Some(Direction::Inbound));
            }
            "priority tag" => assert_eq!(via.vlan, None),
            "802.11" => {
                assert_eq!(via.link_source, Some([2, 0, 0, 0, 0, 2]));
                assert_eq!(via.link_destination, Some([2, 0, 0, 0, 0, 3]));
            }
            _ => {}
        }
    }
}
