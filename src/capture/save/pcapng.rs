//! Packets in, the octets of a pcapng file out: little-endian, one section, nanoseconds, an
//! interface for each that packets came from, and at the end what was counted of them.

use std::io::{self, Write};

use super::pcap::write_words;
use crate::capture::report::{Interface, Statistics};
use crate::limits::INTERFACES;
use crate::units::Timestamp;
use crate::wire::{Direction, LinkType, Packet};

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;
/// The option of any block that says something in words (`opt_comment`).
const COMMENT: u16 = 1;
const BYTE_ORDER: u32 = 0x1a2b_3c4d;
/// Version 1.0, as two fields of 16 bits.
const VERSION: u32 = 1;
/// Octets of a block around its body: type and two lengths.
const FRAME_OCTETS: usize = 12;

/// What of a file was written so far.
#[derive(Debug, Default)]
pub(super) struct Writer {
    begun: bool,
    /// The number and link type of each interface that was described, and the time of its last
    /// packet.
    described: Vec<(u32, LinkType, Timestamp)>,
}

impl Writer {
    /// Writes a packet, behind what describes its interface if that is new; how many octets that
    /// took.
    pub(super) fn packet(
        &mut self,
        packet: &Packet<'_>,
        comments: &[String],
        interfaces: &[Interface],
        out: &mut impl Write,
    ) -> io::Result<u64> {
        let mut octets = self.begin(out)?;
        let (number, link) = (packet.interface, packet.link);
        let same = |one: &(u32, LinkType, Timestamp)| (one.0, one.1) == (number, link);
        let index = match self.described.iter().position(same) {
            Some(index) => index,
            None if self.described.len() >= INTERFACES => {
                let text = format!("more than {INTERFACES} interfaces do not fit one file");
                return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
            }
            None => {
                let known = interfaces.iter().find(|one| one.number == number);
                octets += describe(link, known, out)?;
                self.described.push((number, link, packet.at));
                self.described.len() - 1
            }
        };
        if let Some(described) = self.described.get_mut(index) {
            described.2 = packet.at;
        }
        let (high, low) = time(packet.at);
        let caplen = u32::try_from(packet.bytes.len()).unwrap_or(u32::MAX);
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let said = options(packet.direction, comments);
        let options = said.as_deref().unwrap_or_else(|| direction(packet.direction));
        let padded = packet.bytes.len().next_multiple_of(4);
        let length = FRAME_OCTETS + 20 + padded + options.len();
        let length_field = u32::try_from(length).unwrap_or(u32::MAX);
        let head = [ENHANCED_PACKET, length_field, index, high, low, caplen, packet.len];
        write_words(&head, out)?;
        out.write_all(packet.bytes)?;
        out.write_all(padding(packet.bytes.len()))?;
        out.write_all(options)?;
        write_words(&[length_field], out)?;
        Ok(octets + length as u64)
    }

    /// Writes what was counted of each interface.
    pub(super) fn end(&mut self, interfaces: &[Interface], out: &mut impl Write) -> io::Result<()> {
        self.begin(out)?;
        for (index, (number, _, last)) in self.described.iter().enumerate() {
            let known = interfaces.iter().find(|one| one.number == *number);
            let Some(counted) = known.and_then(|one| one.statistics) else { continue };
            let (high, low) = time(*last);
            let mut body = Vec::new();
            write_words(&[u32::try_from(index).unwrap_or(u32::MAX), high, low], &mut body)?;
            for (code, value) in counters(&counted) {
                if let Some(value) = value {
                    option(&mut body, code, &value.to_le_bytes());
                }
            }
            option(&mut body, 0, &[]);
            block(STATISTICS, &body, out)?;
        }
        Ok(())
    }

    /// Writes what a file begins with, once.
    fn begin(&mut self, out: &mut impl Write) -> io::Result<u64> {
        if self.begun {
            return Ok(0);
        }
        self.begun = true;
        let mut body = Vec::new();
        // How long the section is, is not known yet.
        write_words(&[BYTE_ORDER, VERSION, u32::MAX, u32::MAX], &mut body)?;
        option(&mut body, 4, concat!("httpwhy ", env!("CARGO_PKG_VERSION")).as_bytes());
        option(&mut body, 0, &[]);
        block(SECTION, &body, out)
    }
}

/// Describes an interface.
fn describe(link: LinkType, known: Option<&Interface>, out: &mut impl Write) -> io::Result<u64> {
    let mut body = Vec::new();
    let snaplen = known.and_then(|one| one.snaplen).unwrap_or(0);
    write_words(&[link.0.into(), snaplen], &mut body)?;
    if let Some(name) = known.and_then(|one| one.name.as_deref()) {
        option(&mut body, 2, name.as_bytes());
    }
    // Times count nanoseconds: ten to the minus ninth.
    option(&mut body, 9, &[9]);
    option(&mut body, 0, &[]);
    block(INTERFACE, &body, out)
}

/// The counters of an interface, by the codes of their options.
const fn counters(counted: &Statistics) -> [(u16, Option<u64>); 5] {
    [
        (4, counted.received),
        (5, counted.dropped),
        (6, counted.accepted),
        (7, counted.dropped_by_system),
        (8, counted.delivered),
    ]
}

/// A time as two fields of 32 bits. None before 1970 has a place.
fn time(at: Timestamp) -> (u32, u32) {
    let nanos = u64::try_from(at.as_nanos()).unwrap_or(0);
    ((nanos >> 32) as u32, nanos as u32)
}

/// The options of a packet: its direction (`epb_flags`), where that is known.
const fn direction(direction: Option<Direction>) -> &'static [u8] {
    match direction {
        None => &[],
        Some(Direction::Inbound) => &[2, 0, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0],
        Some(Direction::Outbound) => &[2, 0, 4, 0, 2, 0, 0, 0, 0, 0, 0, 0],
    }
}

/// The options of a packet that has comments.
fn options(known: Option<Direction>, comments: &[String]) -> Option<Vec<u8>> {
    if comments.is_empty() {
        return None;
    }
    let mut options = Vec::new();
    for comment in comments {
        option(&mut options, COMMENT, comment.as_bytes());
    }
    match direction(known) {
        [] => option(&mut options, 0, &[]),
        direction => options.extend_from_slice(direction),
    }
    Some(options)
}

/// Adds an option to a body.
fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    let value = value.get(..length.into()).unwrap_or(value);
    body.extend_from_slice(&code.to_le_bytes());
    body.extend_from_slice(&length.to_le_bytes());
    body.extend_from_slice(value);
    body.extend_from_slice(padding(value.len()));
}

/// Writes a block around a body; how many octets that took.
fn block(kind: u32, body: &[u8], out: &mut impl Write) -> io::Result<u64> {
    let length = FRAME_OCTETS + body.len();
    let length_field = u32::try_from(length).unwrap_or(u32::MAX);
    write_words(&[kind, length_field], out)?;
    out.write_all(body)?;
    write_words(&[length_field], out)?;
    Ok(length as u64)
}

/// What fills up to a multiple of four.
const fn padding(octets: usize) -> &'static [u8] {
    match octets % 4 {
        1 => &[0; 3],
        2 => &[0; 2],
        3 => &[0; 1],
        _ => &[],
    }
}
