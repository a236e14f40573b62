//! Frames in, the octets of a capture file out: pcap with nanoseconds, or pcapng with an
//! interface for each link type.

use super::frames::Frame;

/// As tcpdump writes it.
const SNAP_LENGTH: u32 = 262_144;

const NANOS: i64 = 1_000_000_000;

/// A little-endian nanosecond pcap file.
///
/// Panics if the frames differ in their link type, which this format cannot say.
pub fn pcap(frames: &[Frame]) -> Vec<u8> {
    let link = frames.first().map_or(1, |frame| frame.link.0);
    let mut file = header(link);
    for frame in frames {
        assert_eq!(frame.link.0, link, "a pcap file has one link type");
        record(frame, &mut file);
    }
    file
}

/// The header of a pcap file.
pub fn header(link: u16) -> Vec<u8> {
    let mut file = Vec::new();
    file.extend_from_slice(&0xa1b2_3c4d_u32.to_le_bytes());
    file.extend_from_slice(&2_u16.to_le_bytes());
    file.extend_from_slice(&4_u16.to_le_bytes());
    file.extend_from_slice(&[0; 8]);
    file.extend_from_slice(&SNAP_LENGTH.to_le_bytes());
    file.extend_from_slice(&u32::from(link).to_le_bytes());
    file
}

/// Appends the record of one frame.
pub fn record(frame: &Frame, file: &mut Vec<u8>) {
    let nanos = frame.at.as_nanos();
    let words = [
        nanos.div_euclid(NANOS) as u32,
        nanos.rem_euclid(NANOS) as u32,
        frame.octets.len() as u32,
        frame.len,
    ];
    for word in words {
        file.extend_from_slice(&word.to_le_bytes());
    }
    file.extend_from_slice(&frame.octets);
}

/// A little-endian pcapng file with nanoseconds. `interfaces` are the names of the interfaces, by
/// [`Frame::interface`]; each takes the link type of its first frame.
pub fn pcapng(frames: &[Frame], interfaces: &[&str]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut section = Vec::new();
    section.extend_from_slice(&0x1a2b_3c4d_u32.to_le_bytes());
    section.extend_from_slice(&1_u16.to_le_bytes());
    section.extend_from_slice(&0_u16.to_le_bytes());
    section.extend_from_slice(&[0xff; 8]); // the section's length is not given
    block(0x0a0d_0d0a, &section, &mut file);
    for (index, name) in interfaces.iter().enumerate() {
        let first = frames.iter().find(|frame| frame.interface as usize == index);
        let link = first.map_or(1, |frame| frame.link.0);
        let mut body = link.to_le_bytes().to_vec();
        body.extend_from_slice(&[0, 0]);
        body.extend_from_slice(&SNAP_LENGTH.to_le_bytes());
        body.extend(option(2, name.as_bytes())); // if_name
        body.extend(option(9, &[9])); // if_tsresol: nanoseconds
        body.extend(option(0, &[]));
        block(1, &body, &mut file);
    }
    for frame in frames {
        let nanos = frame.at.as_nanos() as u64;
        let words = [
            frame.interface,
            (nanos >> 32) as u32,
            nanos as u32,
            frame.octets.len() as u32,
            frame.len,
        ];
        let body: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        block(6, &[body, padded(&frame.octets)].concat(), &mut file);
    }
    file
}

fn block(kind: u32, body: &[u8], file: &mut Vec<u8>) {
    let length = (body.len() as u32 + 12).to_le_bytes();
    file.extend_from_slice(&kind.to_le_bytes());
    file.extend_from_slice(&length);
    file.extend_from_slice(body);
    file.extend_from_slice(&length);
}

fn option(code: u16, value: &[u8]) -> Vec<u8> {
    let length = (value.len() as u16).to_le_bytes();
    [&code.to_le_bytes(), length.as_slice(), &padded(value)].concat()
}

fn padded(octets: &[u8]) -> Vec<u8> {
    let mut octets = octets.to_vec();
    octets.resize(octets.len().next_multiple_of(4), 0);
    octets
}
