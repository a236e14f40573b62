//! One step of a reader out: a packet found in the window, or why there is none.

use crate::units::Timestamp;
use crate::wire::{Direction, LinkType, Packet};

use super::window::Window;

/// A packet found in a [`Window`], whose octets are still there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    pub(super) at: Timestamp,
    pub(super) link: LinkType,
    /// Its interface, as an index of [`Input::interfaces`](super::Input::interfaces).
    pub(super) interface: u32,
    /// Its length on the wire.
    pub(super) len: u32,
    /// Where its octets stand in the buffer of the window.
    pub(super) start: usize,
    pub(super) caplen: usize,
    /// Where they stand in the input.
    pub(super) offset: u64,
    pub(super) direction: Option<Direction>,
}

impl Record {
    /// The packet, as numbered over the whole capture.
    #[inline]
    pub(super) fn packet<'w>(&self, window: &'w Window, number: u64, interface: u32) -> Packet<'w> {
        Packet {
            number,
            at: self.at,
            link: self.link,
            interface,
            len: self.len,
            direction: self.direction,
            bytes: window.range(self.start..self.start.saturating_add(self.caplen)),
            offset: self.offset,
        }
    }
}

/// What a reader found where it stands.
#[derive(Debug)]
pub(super) enum Step {
    /// A packet, consumed from the window.
    Packet(Record),
    /// The input ended, failed, or is quiet, between two records or inside one. Nothing was consumed, so
    /// the same step succeeds later where the input is a file that grows.
    Starved,
    /// There is nothing more to find, and why is recorded.
    Over,
}
