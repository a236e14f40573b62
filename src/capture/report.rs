//! What is known about an input besides its packets: format, interfaces, drop counters, and what
//! was wrong with it. Plain data, filled by the readers and read by the summary.
//!
//! Names come from the file as they are: whoever prints them makes them safe first.

use std::fmt;
use std::path::PathBuf;

use crate::limits::{DAMAGES, SHOWN_NAME_OCTETS};
use crate::units::Count;
use crate::wire::LinkType;

use super::compressed::Compression;

/// What was read of one input so far.
#[derive(Debug, Clone)]
pub struct Input {
    /// The file, `-` for standard input, or the name of a device.
    pub path: PathBuf,
    /// The file format; `None` only for an empty file among several.
    pub format: Option<Format>,
    /// The compression around it, outermost first; mostly none.
    pub compression: Vec<Compression>,
    /// Octets read of it, after decompression.
    pub octets: u64,
    /// Packets read of it.
    pub packets: u64,
    /// Its interfaces, in order of appearance; a pcap file has one for each link type.
    pub interfaces: Vec<Interface>,
    /// What was wrong with it, in order of appearance.
    pub damages: Vec<Damage>,
    /// Damages beyond those listed.
    pub more_damages: u64,
    /// What is worth knowing about it but lost nothing, in order of appearance.
    pub notes: Vec<Damage>,
}

impl Input {
    /// An input of which nothing was read yet.
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            format: None,
            compression: Vec::new(),
            octets: 0,
            packets: 0,
            interfaces: Vec::new(),
            damages: Vec::new(),
            more_damages: 0,
            notes: Vec::new(),
        }
    }

    /// Records damage, or counts it where there is too much of it.
    pub(super) fn damage(&mut self, offset: u64, what: Fault, then: Then) {
        if self.damages.len() < DAMAGES {
            self.damages.push(Damage { path: self.path.clone(), offset, what, then });
        } else {
            self.more_damages = self.more_damages.saturating_add(1);
        }
    }

    /// Records something that lost nothing.
    pub(super) fn note(&mut self, offset: u64, what: Fault) {
        if self.notes.len() < DAMAGES {
            let then = Then::WentOn;
            self.notes.push(Damage { path: self.path.clone(), offset, what, then });
        }
    }
}

/// The file format of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// The format of libpcap's savefiles.
    Pcap {
        /// Whether its times are in nanoseconds instead of microseconds.
        nanosecond: bool,
        /// Whether its records carry Kuznetzov's longer header.
        modified: bool,
    },
    /// The pcapng format.
    Pcapng,
    /// None: its packets come from a device.
    Live,
}

/// `pcap`, `pcap (ns)`, `pcapng`, `live`.
impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pcap { modified: true, .. } => "pcap (modified)",
            Self::Pcap { nanosecond: true, .. } => "pcap (ns)",
            Self::Pcap { .. } => "pcap",
            Self::Pcapng => "pcapng",
            Self::Live => "live",
        })
    }
}

/// One interface that packets were captured on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// As in [`Packet::interface`](crate::wire::Packet::interface): counted from 0 over all
    /// inputs, in order of appearance.
    pub number: u32,
    /// Its name, where the file has one; not yet safe to print.
    pub name: Option<String>,
    /// Its description, where the file has one; not yet safe to print.
    pub description: Option<String>,
    /// What its packets begin with.
    pub link: LinkType,
    /// Octets that were kept of each packet at most; `None` where there was no limit.
    pub snaplen: Option<u32>,
    /// The newest counters that the file has of it.
    pub statistics: Option<Statistics>,
}

impl Interface {
    /// An interface without a name, not yet numbered.
    pub(super) const fn new(link: LinkType, snaplen: Option<u32>) -> Self {
        Self { number: 0, name: None, description: None, link, snaplen, statistics: None }
    }
}

/// Counters of an interface (pcapng Interface Statistics Block), each where the writer knew it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Packets that reached the interface.
    pub received: Option<u64>,
    /// Packets that the interface dropped.
    pub dropped: Option<u64>,
    /// Packets that the capture filter let pass.
    pub accepted: Option<u64>,
    /// Packets that the operating system dropped after the filter.
    pub dropped_by_system: Option<u64>,
    /// Packets that the capturing program received.
    pub delivered: Option<u64>,
}

/// Something that is wrong with, or odd about, an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The file, or `-` for standard input.
    pub path: PathBuf,
    /// Where, octets from its beginning (after decompression).
    pub offset: u64,
    /// What.
    pub what: Fault,
    /// How reading went on.
    pub then: Then,
}

/// As one line: `x.pcap ends in the middle of packet 41,022 (…) (octet 90,112)`. The path is
/// the caller's own and goes out as it is.
impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{} ", self.path.display(), self.what, self.then)?;
        write!(f, "(octet {})", Count(self.offset))
    }
}

/// How reading went on after something was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Right behind it, if anything was there.
    WentOn,
    /// So many octets were left out until packets were found again.
    Resumed {
        /// How many.
        skipped: u64,
    },
    /// Nothing that looks like a packet was found behind it.
    Stopped,
}

/// As the end of a sentence.
impl fmt::Display for Then {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WentOn => Ok(()),
            Self::Resumed { skipped } => write!(f, "; {} octets were left out", Count(*skipped)),
            Self::Stopped => f.write_str("; no packet was found behind it"),
        }
    }
}

/// What is wrong with an input at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It ends inside the header of the file.
    CutHeader,
    /// It ends inside the packet of that number.
    CutPacket {
        /// Counted within this input from 1.
        number: u64,
    },
    /// It ends inside a pcapng block that holds no packet.
    CutBlock,
    /// Its compressed stream ends early.
    CutCompression(Compression),
    /// Its compressed stream is corrupt.
    BadCompression(Compression, String),
    /// The operating system failed to read on.
    Unreadable(String),
    /// A record or block claims more octets than one may have.
    Oversized {
        /// What it claims.
        octets: u64,
    },
    /// A pcapng block whose length is not possible, or whose two lengths differ.
    BadBlockLength {
        /// What the first length says.
        octets: u32,
    },
    /// A pcapng block too short for what its type demands.
    ShortBlock {
        /// The type of the block.
        kind: u32,
    },
    /// A packet claims to be longer than the block that holds it.
    BadPacketLength {
        /// What it claims.
        octets: u32,
    },
    /// An option reaches beyond its block.
    OptionOverrun,
    /// A packet names an interface that was not described.
    NoSuchInterface {
        /// The interface, counted within its section.
        interface: u32,
    },
    /// A pcapng section of a version, or byte order, that does not exist.
    BadSection,
    /// More interfaces than are kept apart.
    TooManyInterfaces,
    /// Zeros to the end: the file system had no more.
    ZeroTail,
    /// Empty, where other inputs are not.
    Empty,
    /// A second capture is glued to the first.
    Concatenated,
    /// Text stands before the capture.
    Banner {
        /// Octets of it.
        octets: u64,
    },
    /// A clock finer than a nanosecond by so much that its times cannot be meant.
    OddClock {
        /// The `if_tsresol` octet.
        resolution: u8,
    },
    /// Packets without a time (Simple Packet Blocks) take the time of the packet before.
    NoTime,
}

/// As a sentence that goes after the name of the input.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const GROWING: &str = "(capture still being written, or disk full?)";
        match self {
            Self::CutHeader => write!(f, "ends inside its header {GROWING}"),
            Self::CutPacket { number } => {
                write!(f, "ends in the middle of packet {} {GROWING}", Count(*number))?;
                f.write_str("; everything before it was read")
            }
            Self::CutBlock => {
                write!(f, "ends in the middle of a block {GROWING}; everything before it was read")
            }
            Self::CutCompression(by) => write!(
                f,
                "ends in the middle of its {by} stream (still being written, or copied in part?); \
                 everything before it was read"
            ),
            Self::BadCompression(by, why) => {
                write!(f, "has a corrupt {by} stream ({why}); everything before it was read")
            }
            Self::Unreadable(why) => {
                write!(f, "cannot be read further: {why}; everything before it was read")
            }
            Self::Oversized { octets } => {
                write!(f, "claims a packet of {} octets, which cannot be", Count(*octets))
            }
            Self::BadBlockLength { octets } => {
                write!(f, "has a block with an impossible length of {}", Count((*octets).into()))
            }
            Self::ShortBlock { kind } => {
                write!(f, "has a block of type {kind:#x} that is too short")
            }
            Self::BadPacketLength { octets } => write!(
                f,
                "claims a packet of {} octets in a block that holds less; the packet was left out",
                Count((*octets).into())
            ),
            Self::OptionOverrun => f.write_str("has an option that is longer than its block"),
            Self::NoSuchInterface { interface } => write!(
                f,
                "names interface {interface}, which it does not describe; that block was left \
                 out"
            ),
            Self::BadSection => f.write_str("has a section of an unknown version or byte order"),
            Self::TooManyInterfaces => {
                f.write_str("describes more interfaces than are kept; their packets were left out")
            }
            Self::ZeroTail => f.write_str(
                "is zeros from here on (machine or disk failed while capturing?); everything \
                 before them was read",
            ),
            Self::Empty => f.write_str("is empty (capture just begun, or disk full?)"),
            Self::Concatenated => {
                f.write_str("has a second capture glued to it, which was read too")
            }
            Self::Banner { octets } => {
                write!(f, "begins with {octets} octets of text, which were left out")
            }
            Self::OddClock { resolution } => write!(
                f,
                "states a clock resolution (if_tsresol {resolution}) that leaves no usable times"
            ),
            Self::NoTime => {
                f.write_str("has packets without a time; each takes the time of the one before")
            }
        }
    }
}

/// A name from a file, bounded, as text.
pub(super) fn name(octets: &[u8]) -> Option<String> {
    // Options may be padded with a NUL, though they need none.
    let octets = octets.split(|&octet| octet == 0).next().unwrap_or_default();
    let shown = octets.get(..SHOWN_NAME_OCTETS).unwrap_or(octets);
    (!shown.is_empty()).then(|| String::from_utf8_lossy(shown).into_owned())
}
