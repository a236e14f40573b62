//! The TCP header (RFC 9293 section 3.1): octets of an IP payload in, one [`Segment`] out. Options
//! are handed on unread; what they mean is the business of whoever keeps the connection.

use etherparse::TcpHeaderSlice;
use etherparse::checksum::Sum16BitWords;
use etherparse::err::tcp::HeaderSliceError;

use super::descent::{Descent, Network};
use super::ip::TCP;
use super::{Endpoint, Ends, Flags, Layer, Segment, Skip};

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
    /// Checks the data offset.
    #[inline]
    pub fn read(descent: &Descent, bytes: &'p [u8]) -> Result<Self, Skip> {
        let header = TcpHeaderSlice::from_slice(bytes).map_err(|error| match error {
            HeaderSliceError::Len(_) => descent.short(Layer::Tcp),
            HeaderSliceError::Content(_) => Skip::Malformed(Layer::Tcp),
        })?;
        let (fixed, options) = descent.take::<20>(header.slice(), Layer::Tcp)?;
        let payload = descent.behind(bytes, header.slice().len(), Layer::Tcp)?;
        Ok(Self {
            source_port: header.source_port(),
            destination_port: header.destination_port(),
            sequence: header.sequence_number(),
            acknowledgement: header.acknowledgment_number(),
            flags: Flags(fixed[13]),
            window: header.window_size(),
            checksum: header.checksum(),
            urgent: header.urgent_pointer(),
            options,
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
