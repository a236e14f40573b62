//! Frames written in code, decoded, and compared with what went in. The writers are here; each
//! file beside this one asks one question.

mod cases;
mod copies;
mod encapsulations;
mod fragments;
mod hostile;
mod plain;
mod signals;

use etherparse::{IpNumber, Ipv4Header, Ipv6FlowLabel, Ipv6Header, TcpHeader};

use super::{Decoded, Decoder, Layer, LinkType, Packet, Segment, Skip};
use crate::units::Timestamp;

const ETHERNET: LinkType = LinkType(1);
const TCP: u8 = 6;
const UDP: u8 = 17;
const CLIENT: [u8; 4] = [10, 9, 1, 2];
const SERVER: [u8; 4] = [10, 9, 1, 1];
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn concat(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

fn packet(link: LinkType, bytes: &[u8]) -> Packet<'_> {
    let len = u32::try_from(bytes.len()).unwrap();
    let at = Timestamp::from_nanos(1_700_000_000_000_000_000);
    Packet { number: 1, at, link, interface: 0, direction: None, len, bytes, offset: 0 }
}

/// Decodes one packet with a decoder that has seen nothing.
fn with_decoder<T>(packet: &Packet<'_>, look: impl FnOnce(Decoded<'_>) -> T) -> T {
    look(Decoder::new().decode(packet))
}

fn skip_of(link: LinkType, bytes: &[u8]) -> Option<Skip> {
    with_decoder(&packet(link, bytes), |decoded| match decoded {
        Decoded::Skip(skip) => Some(skip),
        _ => None,
    })
}

fn tcp_header() -> TcpHeader {
    let mut header = TcpHeader::new(49_690, 80, 0xfeed_beef, 8_192);
    header.ack = true;
    header.psh = true;
    header.acknowledgment_number = 0x0102_0304;
    header
}

/// A TCP segment with a right checksum for [`CLIENT`] and [`SERVER`].
fn tcp_with(mut header: TcpHeader, payload: &[u8]) -> Vec<u8> {
    header.checksum = header.calc_checksum_ipv4_raw(CLIENT, SERVER, payload).unwrap();
    concat(&[&header.to_bytes(), payload])
}

fn tcp() -> Vec<u8> {
    tcp_with(tcp_header(), REQUEST)
}

fn ipv4_header(protocol: u8, len: usize) -> Ipv4Header {
    let len = u16::try_from(len).unwrap();
    let mut header = Ipv4Header::new(len, 64, IpNumber(protocol), CLIENT, SERVER).unwrap();
    header.identification = 0x1234;
    header.header_checksum = header.calc_header_checksum();
    header
}

fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    concat(&[&ipv4_header(protocol, payload.len()).to_bytes(), payload])
}

fn v6_address(last: u8) -> [u8; 16] {
    [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]
}

fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let header = Ipv6Header {
        traffic_class: 0,
        flow_label: Ipv6FlowLabel::ZERO,
        payload_length: u16::try_from(payload.len()).unwrap(),
        next_header: IpNumber(next),
        hop_limit: 64,
        source: v6_address(1),
        destination: v6_address(2),
    };
    concat(&[&header.to_bytes(), payload])
}

fn udp(destination: u16, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len() + 8).unwrap();
    let ports = [40_000_u16.to_be_bytes(), destination.to_be_bytes()].concat();
    ipv4(UDP, &concat(&[&ports, &len.to_be_bytes(), &[0, 0], payload]))
}

fn ethernet(kind: u16, payload: &[u8]) -> Vec<u8> {
    concat(&[&[2, 0, 0, 0, 0, 1], &[2, 0, 0, 0, 0, 2], &kind.to_be_bytes(), payload])
}

/// The frame that all the others are compared with.
fn plain() -> Vec<u8> {
    ethernet(0x0800, &ipv4(TCP, &tcp()))
}

/// What must be the same in every encapsulation.
fn essence(segment: &Segment<'_>) -> (String, u32, u32, u8, u16, Vec<u8>, u32) {
    (
        format!("{} {}", segment.ends.source, segment.ends.destination),
        segment.sequence,
        segment.acknowledgement,
        segment.flags.0,
        segment.window,
        segment.payload.to_vec(),
        segment.cut,
    )
}

fn is_layer(skip: Option<Skip>, truncated: bool, layer: Layer) -> bool {
    skip == Some(if truncated { Skip::Truncated(layer) } else { Skip::Malformed(layer) })
}
