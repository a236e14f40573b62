//! The TCP header (RFC 9293 section 3.1): octets of an IP payload in, one [`Segment`] out. Options
//! are handed on unread; what they mean is the business of whoever keeps the connection.

use etherparse::TcpHeaderSlice;
use etherparse::checksum::Sum16BitWords;
use etherparse::err::tcp::HeaderSliceError;

use super::descent::{Descent, Found, Step};
use super::ip::{Network, TCP};
use super::{Endpoint, Ends, Flags, Layer, Segment, Skip};

pub(super) fn segment<'p>(descent: &Descent, network: &Network, bytes: &'p [u8]) -> Step<'p> {
    let header = TcpHeaderSlice::from_slice(bytes).map_err(|error| match error {
        HeaderSliceError::Len(_) => descent.short(Layer::Tcp),
        HeaderSliceError::Content(_) => Skip::Malformed(Layer::Tcp),
    })?;
    let (fixed, options) = descent.take::<20>(header.slice(), Layer::Tcp)?;
    let payload = descent.behind(bytes, header.slice().len(), Layer::Tcp)?;
    if descent.verify && descent.cut == 0 && !sums_up(network, bytes) {
        return Err(Skip::Checksum(Layer::Tcp));
    }
    let segment = Segment {
        at: descent.at,
        number: descent.number,
        ends: Ends {
            source: Endpoint { address: network.source, port: header.source_port() },
            destination: Endpoint { address: network.destination, port: header.destination_port() },
        },
        sequence: header.sequence_number(),
        acknowledgement: header.acknowledgment_number(),
        flags: Flags(fixed[13]),
        window: header.window_size(),
        urgent: header.urgent_pointer(),
        options,
        payload,
        cut: descent.cut,
        via: descent.via,
    };
    Ok(Found::Segment(segment, header.checksum()))
}

/// RFC 9293 section 3.1: the checksum covers a pseudo-header, header and payload.
fn sums_up(network: &Network, bytes: &[u8]) -> bool {
    // A segment of more than 64 KiB cannot have been on a wire: it was cut into smaller ones, each
    // with a checksum of its own, by the network card.
    let Ok(len) = u16::try_from(bytes.len()) else { return true };
    let mut sum = Sum16BitWords::new();
    if network.v6 {
        sum = sum.add_16bytes(network.source).add_16bytes(network.destination);
    } else {
        let [.., a, b, c, d] = network.source;
        let [.., e, f, g, h] = network.destination;
        sum = sum.add_8bytes([a, b, c, d, e, f, g, h]);
    }
    sum = sum.add_2bytes(len.to_be_bytes()).add_2bytes([0, TCP]).add_slice(bytes);
    sum.ones_complement() == 0
}
