//! One packet in, one [`Decoded`] out: a segment, a signal, or the reason why there is neither. Owns
//! what must outlive a packet: unfinished datagrams and the memory for copies. Knows no connection.

use super::checksums::Checksums;
use super::copies::Copies;
use super::descent::{Descent, Found, Step};
use super::fragment::{FragmentCounts, Fragments, Whole};
use super::tcp::{self, Tcp};
use super::{Layer, Packet, Segment, Signal, Skip, ip, link, plain};
use crate::limits::ENCAPSULATIONS;

/// What became of one packet: exactly one of three.
// Boxing the segment would cost an allocation per packet.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, Copy)]
pub enum Decoded<'p> {
    /// A TCP segment; the innermost, where there are tunnels.
    Segment(Segment<'p>),
    /// An ICMP error about a connection, or an address asked for or given.
    Signal(Signal),
    /// Neither, and why.
    Skip(Skip),
}

/// Takes the layers off packets, in the order of the capture.
#[derive(Debug, Default)]
pub struct Decoder {
    fragments: Fragments,
    copies: Copies,
    checksums: Checksums,
    keep_copies: bool,
    /// The payload of the datagram that was put together last, and the space for the next.
    datagram: Vec<u8>,
    spare: Vec<u8>,
}

impl Decoder {
    /// A decoder that has seen nothing, does not verify checksums and drops copies.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether packets with a wrong IPv4 or TCP checksum are skipped. Off by default, since the
    /// sending host captures its packets before the network card fills the checksum in.
    pub fn verify_checksums(&mut self, verify: bool) {
        self.checksums.verified = verify;
    }

    /// Whether a packet that the capture holds twice comes out twice. Off by default.
    pub fn keep_copies(&mut self, keep: bool) {
        self.keep_copies = keep;
    }

    /// What the checksums of segments were like so far.
    pub const fn checksums(&self) -> &Checksums {
        &self.checksums
    }

    /// What became of IP fragments so far.
    pub fn fragments(&self) -> FragmentCounts {
        self.fragments.counts()
    }

    /// Decodes one packet. The result borrows the packet's octets, or the decoder's where a datagram
    /// was put together from fragments.
    #[inline]
    pub fn decode<'p>(&'p mut self, packet: &Packet<'p>) -> Decoded<'p> {
        if !self.checksums.verified {
            let mut descent = Descent::new(packet, false);
            if let Some(bytes) = plain::segment(&mut descent, packet) {
                return once(
                    &mut self.checksums,
                    &mut self.copies,
                    self.keep_copies,
                    &descent,
                    bytes,
                );
            }
        }
        self.descend(packet)
    }

    /// Takes off layer after layer.
    #[inline(never)]
    pub(super) fn descend<'p>(&'p mut self, packet: &Packet<'p>) -> Decoded<'p> {
        if packet.bytes.is_empty() {
            return Decoded::Skip(Skip::Empty);
        }
        let mut descent = Descent::new(packet, self.checksums.verified);
        let step = match link::frame(&mut descent, packet.link, packet.bytes) {
            Ok(Found::Fragment(fragment)) => {
                match self.fragments.add(&fragment, &descent, &mut self.datagram) {
                    Ok(whole) => match Self::unwrap(
                        &mut self.fragments,
                        &mut self.datagram,
                        &mut self.spare,
                        whole,
                    ) {
                        Ok(last) => resume(&mut descent, &last, &self.datagram),
                        Err(skip) => Err(skip),
                    },
                    Err(skip) => Err(skip),
                }
            }
            step => step,
        };
        match step {
            Ok(Found::Segment(bytes)) => {
                once(&mut self.checksums, &mut self.copies, self.keep_copies, &descent, bytes)
            }
            Ok(Found::Signal(what)) => {
                Decoded::Signal(Signal { at: packet.at, number: packet.number, what })
            }
            Ok(Found::Fragment(_)) => Decoded::Skip(Skip::TooDeep),
            Err(skip) => {
                // A card that fills in the one fills in the other.
                if skip == Skip::Checksum(Layer::Ipv4) {
                    self.checksums.add(descent.network.source, false);
                }
                Decoded::Skip(skip)
            }
        }
    }

    /// A datagram may hold a tunnel whose packet is a fragment again: puts together what can be, and
    /// returns the last datagram, which is in `datagram` then and holds something else.
    fn unwrap(
        fragments: &mut Fragments,
        datagram: &mut Vec<u8>,
        spare: &mut Vec<u8>,
        mut whole: Whole,
    ) -> Result<Whole, Skip> {
        for _ in 0..ENCAPSULATIONS {
            let mut descent = whole.descent;
            let Ok(Found::Fragment(inner)) = resume(&mut descent, &whole, datagram) else {
                return Ok(whole);
            };
            whole = fragments.add(&inner, &descent, spare)?;
            std::mem::swap(datagram, spare);
        }
        Err(Skip::TooDeep)
    }
}

/// A segment, where it is sound and no copy of one that came before; copies come out where they are kept.
#[inline(always)]
fn once<'p>(
    checksums: &mut Checksums,
    copies: &mut Copies,
    keep_copies: bool,
    descent: &Descent,
    bytes: &'p [u8],
) -> Decoded<'p> {
    let tcp = match Tcp::read(descent, bytes) {
        Ok(tcp) => tcp,
        Err(skip) => return Decoded::Skip(skip),
    };
    // Without all of the segment nobody can tell.
    if descent.cut == 0
        && checksums.is_due()
        && let Some(is_right) = tcp::sums_up(&descent.network, bytes)
    {
        checksums.add(descent.network.source, is_right);
        if checksums.verified && !is_right {
            return Decoded::Skip(Skip::Checksum(Layer::Tcp));
        }
    }
    if !keep_copies && copies.is_copy(descent, &tcp) {
        return Decoded::Skip(Skip::Copy);
    }
    Decoded::Segment(tcp.segment(descent))
}

/// Goes on below a datagram that is whole.
fn resume<'p>(descent: &mut Descent, whole: &Whole, datagram: &'p [u8]) -> Step<'p> {
    *descent = whole.descent;
    ip::headers(descent, whole.protocol, datagram)
}
