//! What is known of a capture as a whole, as plain data that anybody may look at. Filled by
//! whoever drives the core; nothing here reads or computes.

use std::net::IpAddr;
use std::path::PathBuf;

use crate::flow::{Ledger, Population};
use crate::limits;
use crate::units::{Duration, Timestamp};

/// A capture, read to its end or as far as was asked.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// The inputs in the order of the arguments.
    pub inputs: Vec<Input>,
    /// Packets read.
    pub packets: u64,
    /// Captured octets of these packets.
    pub octets: u64,
    /// Time of the first packet, which relative times of filters count from.
    pub start: Option<Timestamp>,
    /// Earliest time of a packet.
    pub first: Option<Timestamp>,
    /// Latest time of a packet.
    pub last: Option<Timestamp>,
    /// Packets that were earlier than one before them.
    pub earlier: u64,
    /// The largest step back in time.
    pub largest_step_back: Option<Duration>,
    /// Packets that gave a TCP segment.
    pub segments: u64,
    /// Packets that said something about connections or addresses: ICMP errors, ARP and the like.
    pub signals: u64,
    /// Packets that gave neither, by reason.
    pub skips: Vec<Skipped>,
    /// TCP checksums, as far as they were looked at.
    pub checksums: Checksums,
    /// What became of every octet of TCP payload.
    pub ledger: Ledger,
    /// Connections that there are and were.
    pub population: Population,
    /// Octets of heads and lines that were copied, since they lay in several segments.
    pub carried: u64,
    /// Message heads read.
    pub heads: u64,
    /// Of those, heads that only the tolerant reading understood.
    pub tolerated: u64,
    /// Packets that were lost while capturing.
    pub drops: Drops,
    /// Whether reading stopped because enough was seen, before the end of the capture.
    pub stopped: bool,
    /// How long reading took, where somebody has looked at a clock.
    pub read_in: Option<Duration>,
}

impl Summary {
    /// Packets skipped for any reason.
    pub fn skipped(&self) -> u64 {
        self.skips.iter().map(|skip| skip.packets).sum()
    }

    /// Whether every packet is accounted for: as a segment, a signal or a skip.
    pub fn balances(&self) -> bool {
        self.packets == self.segments + self.signals + self.skipped()
    }

    /// The time from the first packet to the last.
    pub fn duration(&self) -> Option<Duration> {
        Some(self.last?.since(self.first?))
    }

    /// Whether anything was lost to damage.
    pub fn is_damaged(&self) -> bool {
        self.inputs.iter().any(|input| !input.damages.is_empty())
    }

    /// Packets that the capture holds more than once.
    pub fn copies(&self) -> Copies {
        let copies = self.skips.iter().filter(|skip| skip.group == "duplicate");
        Copies { copies: copies.map(|skip| skip.packets).sum(), segments: self.segments }
    }

    /// Packets that were lost while capturing; `None` where nobody counted.
    pub fn dropped(&self) -> Option<u64> {
        self.drops.total()
    }
}

/// Packets that were lost while capturing, by who lost them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Drops {
    /// Lost by the operating system, whose buffer was full; `None` where nobody counted.
    pub system: Option<u64>,
    /// Lost by the interface or its driver; `None` where nobody counted.
    pub interface: Option<u64>,
    /// Lost by this program, which was too slow.
    pub own: u64,
}

impl Drops {
    /// All of them; `None` where nobody counted.
    pub fn total(&self) -> Option<u64> {
        let own = (self.own > 0).then_some(self.own);
        [self.system, self.interface, own].into_iter().flatten().reduce(u64::saturating_add)
    }
}

/// TCP checksums that were looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checksums {
    /// How many.
    pub checked: u64,
    /// Of those, wrong ones.
    pub wrong: u64,
    /// Whether all were looked at, and packets with a wrong one left out.
    pub verified: bool,
    /// Hosts of whose segments more than half are wrong, with how many were looked at and how many of
    /// those are wrong.
    pub mostly_wrong: Vec<(IpAddr, u64, u64)>,
}

/// Packets that a capture holds more than once, since it was made at several places at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Copies {
    /// Copies of a segment that was there already.
    pub copies: u64,
    /// Segments without their copies.
    pub segments: u64,
}

impl Copies {
    /// Segments, copies included.
    pub const fn all(self) -> u64 {
        self.copies.saturating_add(self.segments)
    }

    /// The part of the segments that copies are.
    pub fn share(self) -> f64 {
        self.copies as f64 / self.all().max(1) as f64
    }

    /// Whether there are so many that the capture was made at several places, and not now and then a copy.
    pub const fn are_notable(self) -> bool {
        self.copies.saturating_mul(100) > self.all().saturating_mul(limits::COPIES_NOTABLE)
    }
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The file, or `-` for standard input.
    pub path: PathBuf,
    /// Its format and compression: `pcap`, `pcapng, gzip`; `None` for an empty file.
    pub format: Option<String>,
    /// Octets read of it, after decompression.
    pub octets: u64,
    /// Packets read of it.
    pub packets: u64,
    /// Its interfaces.
    pub interfaces: Vec<Interface>,
    /// What was wrong with it.
    pub damages: Vec<Damage>,
    /// Damages beyond those listed.
    pub more_damages: u64,
    /// What is worth knowing about it but lost nothing, a sentence each.
    pub notes: Vec<String>,
}

/// One interface that packets were captured on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its name, where the file has one; not yet safe to show.
    pub name: Option<String>,
    /// Number of its link type.
    pub link: u16,
    /// Octets kept of each packet at most; `None` where there was no limit.
    pub snaplen: Option<u32>,
    /// Packets that it or the system dropped, where the file says so.
    pub dropped: Option<u64>,
}

/// One place at which an input was damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Where, octets from the beginning (after decompression).
    pub offset: u64,
    /// What was wrong, in one line with path and place; not yet safe to show.
    pub message: String,
}

/// Packets skipped for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The reason, as in `udp` or `ether-type:0x88cc`.
    pub reason: String,
    /// The kind of reason: `other`, `unsupported`, `encrypted`, `incomplete`, `damaged` or
    /// `duplicate`.
    pub group: &'static str,
    /// How many.
    pub packets: u64,
}
