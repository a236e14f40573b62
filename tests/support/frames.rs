//! Segments in, captured frames out: IP and TCP headers with valid checksums (by etherparse), cut
//! into IP fragments where asked, wrapped in an [`Encapsulation`], cut by a snap length.

use std::net::IpAddr;

use etherparse::{
    IpFragOffset, IpHeaders, IpNumber, Ipv4Header, Ipv6FlowLabel, Ipv6Header, PacketBuilder,
    TcpHeader,
};
use httpwhy::units::Timestamp;
use httpwhy::wire::{Flags, LinkType, Packet};

use super::link::{Encapsulation, checksum};
use super::packets::Segment;

/// One captured frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// When.
    pub at: Timestamp,
    /// What its first octet is the beginning of.
    pub link: LinkType,
    /// The interface, counted from 0.
    pub interface: u32,
    /// Its length on the wire, octets.
    pub len: u32,
    /// The captured octets.
    pub octets: Vec<u8>,
}

impl Frame {
    /// A frame captured whole.
    pub fn new(at: Timestamp, link: LinkType, octets: Vec<u8>) -> Self {
        let len = u32::try_from(octets.len()).expect("a frame shorter than 4 GiB");
        Self { at, link, interface: 0, len, octets }
    }

    /// The frame as a source would hand it over, as packet `number` of a capture.
    pub fn as_packet(&self, number: u64) -> Packet<'_> {
        Packet {
            number,
            at: self.at,
            link: self.link,
            interface: self.interface,
            direction: None,
            len: self.len,
            bytes: &self.octets,
            offset: 0,
        }
    }
}

/// One frame a segment.
pub fn frames(segments: &[Segment], encapsulation: &Encapsulation) -> Vec<Frame> {
    segments.iter().map(|segment| wrapped(segment, &ip_packet(segment), encapsulation)).collect()
}

/// As [`frames`], with IPv4 packets of more than `largest` octets sent in fragments.
pub fn fragmented(
    segments: &[Segment],
    encapsulation: &Encapsulation,
    largest: usize,
) -> Vec<Frame> {
    let mut frames = Vec::new();
    for segment in segments {
        for fragment in fragments(&ip_packet(segment), largest) {
            frames.push(wrapped(segment, &fragment, encapsulation));
        }
    }
    frames
}

/// Cuts the captured octets of each frame, as `tcpdump -s` does.
pub fn snap(frames: &mut [Frame], snap_length: usize) {
    for frame in frames {
        frame.octets.truncate(snap_length);
    }
}

fn wrapped(segment: &Segment, ip: &[u8], encapsulation: &Encapsulation) -> Frame {
    let octets = encapsulation.wrap(ip, segment.side, segment.identification);
    let mut frame = Frame::new(segment.at, encapsulation.link.link_type(), octets);
    // What was cut from the payload was on the wire.
    if segment.cut > 0 {
        let whole = frame.octets.len();
        frame.octets.truncate(whole - segment.cut as usize);
    }
    frame
}

/// The IP packet of a segment. Octets that the capture cut are sent as zeros.
pub fn ip_packet(segment: &Segment) -> Vec<u8> {
    let mut tcp = TcpHeader::new(
        segment.ends.source.port(),
        segment.ends.destination.port(),
        segment.sequence,
        segment.window,
    );
    let has = |bit| segment.flags.has(bit);
    tcp.fin = has(Flags::FIN);
    tcp.syn = has(Flags::SYN);
    tcp.rst = has(Flags::RST);
    tcp.psh = has(Flags::PSH);
    tcp.ack = has(Flags::ACK);
    tcp.urg = has(Flags::URG);
    tcp.ece = has(0x40);
    tcp.cwr = has(0x80);
    tcp.acknowledgment_number = segment.acknowledgement;
    tcp.urgent_pointer = segment.urgent;
    tcp.set_options_raw(&segment.options).expect("at most 40 octets of options");
    let mut payload = segment.payload.clone();
    payload.resize(payload.len() + segment.cut as usize, 0);
    let builder = PacketBuilder::ip(ip_header(segment)).tcp_header(tcp);
    let mut octets = Vec::with_capacity(builder.size(payload.len()));
    builder.write(&mut octets, &payload).expect("writing to memory");
    octets
}

fn ip_header(segment: &Segment) -> IpHeaders {
    let ends = segment.ends;
    match (ends.source.address(), ends.destination.address()) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let mut header = Ipv4Header::new(
                0,
                segment.ttl,
                IpNumber::TCP,
                source.octets(),
                destination.octets(),
            )
            .expect("an empty payload fits");
            header.identification = segment.identification;
            header.dont_fragment = false;
            IpHeaders::Ipv4(header, Default::default())
        }
        _ => {
            let header = Ipv6Header {
                traffic_class: 0,
                flow_label: Ipv6FlowLabel::ZERO,
                payload_length: 0,
                next_header: IpNumber::TCP,
                hop_limit: segment.ttl,
                source: ends.source.octets(),
                destination: ends.destination.octets(),
            };
            IpHeaders::Ipv6(header, Default::default())
        }
    }
}

/// The fragments of an IPv4 packet without options (RFC 791 section 3.2), in order; the packet
/// itself if it is small enough or is IPv6.
fn fragments(ip: &[u8], largest: usize) -> Vec<Vec<u8>> {
    const HEADER: usize = 20;
    if ip.len() <= largest || ip[0] != 0x45 {
        return vec![ip.to_vec()];
    }
    let (header, payload) = ip.split_at(HEADER);
    let piece = (largest - HEADER) / 8 * 8;
    assert!(piece > 0, "a fragment holds at least 8 octets beside its header");
    let pieces = payload.chunks(piece);
    let last = pieces.len() - 1;
    pieces
        .enumerate()
        .map(|(index, piece_octets)| {
            let offset = u16::try_from(index * piece / 8).expect("an offset of 13 bits");
            let offset = IpFragOffset::try_new(offset).expect("an offset of 13 bits").value();
            let more = if index < last { 0x2000 } else { 0 };
            let total = (HEADER + piece_octets.len()) as u16;
            let mut header = header.to_vec();
            header[2..4].copy_from_slice(&total.to_be_bytes());
            header[6..8].copy_from_slice(&(more | offset).to_be_bytes());
            header[10..12].fill(0);
            let sum = checksum(&header);
            header[10..12].copy_from_slice(&sum);
            [header.as_slice(), piece_octets].concat()
        })
        .collect()
}
