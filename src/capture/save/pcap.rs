//! Packets in, the octets of a pcap file out: little-endian, with nanoseconds.

use std::io::{self, Write};

use crate::capture::report::Interface;
use crate::limits::PACKET_OCTETS;
use crate::wire::{LinkType, Packet};

const MAGIC: u32 = 0xa1b2_3c4d;
/// Versions 2 and 4, as two fields of 16 bits.
const VERSION: u32 = 0x0004_0002;
const HEADER_OCTETS: u64 = 24;
const RECORD_OCTETS: u64 = 16;
/// Ethernet, where no packet ever told.
const ETHERNET: LinkType = LinkType(1);

/// What of a file was written so far.
#[derive(Debug, Default)]
pub(super) struct Writer {
    /// The link type that its header names.
    link: Option<LinkType>,
}

impl Writer {
    /// Writes a packet, behind the header if it is the first; how many octets that took.
    pub(super) fn packet(&mut self, packet: &Packet<'_>, out: &mut impl Write) -> io::Result<u64> {
        let mut octets = RECORD_OCTETS + packet.bytes.len() as u64;
        match self.link {
            Some(link) if link == packet.link => {}
            Some(_) => {
                let text = "pcap holds packets of one link type, and these have several; \
                            a name that ends in .pcapng takes them";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
            }
            None => {
                self.header(packet.link, out)?;
                octets += HEADER_OCTETS;
            }
        }
        let nanos = packet.at.as_nanos();
        // Times before 1970 and after 2106 have no place in it.
        let seconds = u32::try_from(nanos.div_euclid(1_000_000_000)).unwrap_or(0);
        let fraction = nanos.rem_euclid(1_000_000_000) as u32;
        let caplen = u32::try_from(packet.bytes.len()).unwrap_or(u32::MAX);
        write_words(&[seconds, fraction, caplen, packet.len], out)?;
        out.write_all(packet.bytes)?;
        Ok(octets)
    }

    /// A file without a packet is one all the same.
    pub(super) fn end(&mut self, interfaces: &[Interface], out: &mut impl Write) -> io::Result<()> {
        match self.link {
            Some(_) => Ok(()),
            None => self.header(interfaces.first().map_or(ETHERNET, |first| first.link), out),
        }
    }

    fn header(&mut self, link: LinkType, out: &mut impl Write) -> io::Result<()> {
        self.link = Some(link);
        let most = u32::try_from(PACKET_OCTETS).unwrap_or(u32::MAX);
        write_words(&[MAGIC, VERSION, 0, 0, most, link.0.into()], out)
    }
}

/// Writes numbers one after the other, little-endian.
pub(super) fn write_words(words: &[u32], out: &mut impl Write) -> io::Result<()> {
    words.iter().try_for_each(|word| out.write_all(&word.to_le_bytes()))
}
