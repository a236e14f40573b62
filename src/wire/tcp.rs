//! The TCP header (RFC 9293 section 3.1): octets of an IP payload in, one [`Segment`] out. Options
//! are handed on unread; what they mean is the business of whoever keeps the connection.

use etherparse::checksum::Sum16BitWords;

use super::descent::{Descent, Network};
use super::ip::TCP;
use super::{Endpoint, Ends, Flags, Layer, Segment, Skip};

/// Octets of a header without options.
const FIXED_OCTETS: usize = 20;

/// A segment whose header is sound.
#[derive(Debug)]
pub(super) struct Tcp<'p> {
    pub source_port: u16,
    pub destination_port: u16,
    pub sequence: u32,
    pub acknowledgement: u32,
    pub flags: Flags,
    pub window: u16,
    pub checksum: u16,
    pub urgent: u16,
    pub options: &'p [u8],
    pub payload: &'p [u8],
}

impl<'p> Tcp<'p> {
    /// Checks the data offset. Read by hand, since it is done for every
    /// segment.
    #[inline]
    pub fn read(descent: &Descent, bytes: &'p [u8]) -> Result<Self, Skip> {
        let Some((fixed, _)) = bytes.split_first_chunk::<FIXED_OCTETS>() else {
            return Err(descent.short(Layer::Tcp));
        };
        let &[s0, s1, d0, d1, q0, q1, q2, q3, a0, a1, a2, a3, words, flags, rest @ ..] = fixed;
        let [w0, w1, c0, c1, u0, u1] = rest;
        let len = usize::from(words >> 4) * 4;
        if len < FIXED_OCTETS {
            return Err(Skip::Malformed(Layer::Tcp));
        }
        let Some((header, payload)) = bytes.split_at_checked(len) else {
            return Err(descent.short(Layer::Tcp));
        };
        Ok(Self {
            source_port: u16::from_be_bytes([s0, s1]),
            destination_port: u16::from_be_bytes([d0, d1]),
            sequence: u32::from_be_bytes([q0, q1, q2, q3]),
            acknowledgement: u32::from_be_bytes([a0, a1, a2, a3]),
            flags: Flags(flags),
            window: u16::from_be_bytes([w0, w1]),
            checksum: u16::from_be_bytes([c0, c1]),
            urgent: u16::from_be_bytes([u0, u1]),
            options: header.get(FIXED_OCTETS..).unwrap_or_default(),
            payload,
        })
    }

    /// The segment, as the rest of the program sees it.
    #[inline]
    pub fn segment(&self, descent: &Descent) -> Segment<'p> {
        let Network { source, destination, .. } = descent.network;
        Segment {
            at: descent.at,
            number: descent.number,
            ends: Ends {
                source: Endpoint { address: source, port: self.source_port },
                destination: Endpoint { address: destination, port: self.destination_port },
            },
            sequence: self.sequence,
            acknowledgement: self.acknowledgement,
            flags: self.flags,
            window: self.window,
            urgent: self.urgent,
            options: self.options,
            payload: self.payload,
            cut: descent.cut,
            via: descent.via,
        }
    }
}

/// Whether the checksum is right (RFC 9293 section 3.1): it covers a pseudo-header, header and payload.
/// `None` where that means nothing: a segment of more than 64 KiB cannot have been on a wire, it was cut
/// into smaller ones, each with a checksum of its own, by the network card.
pub(super) fn sums_up(network: &Network, bytes: &[u8]) -> Option<bool> {
    let len = u16::try_from(bytes.len()).ok()?;
    let mut sum = Sum16BitWords::new();
    if network.v6 {
        sum = sum.add_16bytes(network.source).add_16bytes(network.destination);
    } else {
        let [.., a, b, c, d] = network.source;
        let [.., e, f, g, h] = network.destination;
        sum = sum.add_8bytes([a, b, c, d, e, f, g, h]);
    }
    sum = sum.add_2bytes(len.to_be_bytes()).add_2bytes([0, TCP]).add_slice(bytes);
    Some(sum.ones_complement() == 0)
}
