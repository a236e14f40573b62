//! What is known on the way down through the layers of one frame: the way it came, how much of it
//! the capture lacks and how deep the layers are. In come the octets of one layer, out go those of
//! the next, never beyond what was captured.

use super::fragment::Fragment;
use super::{Layer, Packet, SignalKind, Skip, Via};
use crate::limits::{ENCAPSULATIONS, VLAN_TAGS};
use crate::units::Timestamp;

/// Whom an IP packet is from and for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Network {
    /// As in [`Endpoint`](super::Endpoint): IPv4 mapped into IPv6.
    pub source: [u8; 16],
    pub destination: [u8; 16],
    pub v6: bool,
}

/// What lies at the bottom of a frame. Small, since every layer hands it on: what belongs to it is
/// in the [`Descent`].
pub(super) enum Found<'p> {
    /// A TCP segment, from its header on.
    Segment(&'p [u8]),
    Signal(SignalKind),
    /// A part of an IP datagram.
    Fragment(Fragment<'p>),
}

/// The outcome of one layer.
pub(super) type Step<'p> = Result<Found<'p>, Skip>;

/// The state of the way down.
#[derive(Debug, Clone, Copy)]
pub(super) struct Descent {
    pub at: Timestamp,
    pub number: u64,
    pub via: Via,
    /// Of the innermost IP header so far.
    pub network: Network,
    /// Octets behind those in hand that were sent but not captured.
    pub cut: u32,
    /// Whether a wrong checksum is a reason to skip.
    pub verify: bool,
    tags: u8,
    /// The kinds of the tunnels entered so far, one octet each, the innermost lowest.
    tunnels: u128,
}

impl Descent {
    #[inline]
    pub fn new(packet: &Packet<'_>, verify: bool) -> Self {
        let captured = u32::try_from(packet.bytes.len()).unwrap_or(u32::MAX);
        Self {
            at: packet.at,
            number: packet.number,
            via: Via { interface: packet.interface, direction: packet.direction, ..Via::default() },
            network: Network::default(),
            cut: packet.len.saturating_sub(captured),
            verify,
            tags: 0,
            tunnels: 0,
        }
    }

    /// Whether this is the frame itself and not something inside a tunnel.
    pub const fn is_outermost(&self) -> bool {
        self.tunnels == 0
    }

    /// The tunnels around the segment, as a number that differs where they do.
    #[inline]
    pub const fn tunnels(&self) -> u128 {
        self.tunnels
    }

    /// The reason where a header does not fit the octets in hand: the capture has cut it, or it
    /// never was there.
    #[inline]
    pub const fn short(&self, layer: Layer) -> Skip {
        if self.cut > 0 { Skip::Truncated(layer) } else { Skip::Malformed(layer) }
    }

    /// A header of fixed size and what follows it.
    pub fn take<'p, const N: usize>(
        &self,
        bytes: &'p [u8],
        layer: Layer,
    ) -> Result<(&'p [u8; N], &'p [u8]), Skip> {
        bytes.split_first_chunk().ok_or_else(|| self.short(layer))
    }

    /// What follows the first `len` octets.
    pub fn behind<'p>(&self, bytes: &'p [u8], len: usize, layer: Layer) -> Result<&'p [u8], Skip> {
        bytes.get(len..).ok_or_else(|| self.short(layer))
    }

    /// Applies a length field: drops padding behind `len` octets, or notes how many of them were
    /// not captured.
    #[inline]
    pub fn trim<'p>(&mut self, bytes: &'p [u8], len: usize) -> &'p [u8] {
        match bytes.get(..len) {
            Some(trimmed) => {
                self.cut = 0;
                trimmed
            }
            None => {
                self.cut = u32::try_from(len.saturating_sub(bytes.len())).unwrap_or(u32::MAX);
                bytes
            }
        }
    }

    /// Counts one tunnel, by its IP protocol, EtherType or port: whatever leads from inside an IP
    /// packet or a frame to another frame or IP packet must come through here, since it bounds
    /// the recursion.
    pub fn enter(&mut self, kind: u16) -> Result<(), Skip> {
        // The highest octet is in use when ENCAPSULATIONS were entered.
        const _: () = assert!(ENCAPSULATIONS == 16);
        if self.tunnels >> 120 != 0 {
            return Err(Skip::TooDeep);
        }
        let [high, low] = kind.to_be_bytes();
        self.tunnels = self.tunnels << 8 | u128::from((high ^ low).max(1));
        Ok(())
    }

    /// Counts one VLAN tag, or another header that leads from an EtherType to the next.
    pub fn tag(&mut self) -> Result<(), Skip> {
        if usize::from(self.tags) >= VLAN_TAGS {
            return Err(Skip::TooDeep);
        }
        self.tags += 1;
        Ok(())
    }
}

/// The 16 bits in network order at `index`; `None` beyond the end.
pub(super) fn u16_at(bytes: &[u8], index: usize) -> Option<u16> {
    bytes.get(index..)?.first_chunk().copied().map(u16::from_be_bytes)
}
