//! Where packets come from: files, pipes, compressed files and devices in, one sequence of packets
//! out.
//!
//! ```text
//! path, -, reader → window → [gzip, zstd → window] → pcap | pcapng → merge by time → Packet<'_>
//! device → libpcap → buffered ────────────────────────────────────────────────────↗
//! ```
//!
//! Whatever gives packets is a [`Source`]. A packet borrows its octets from the read buffer; nothing is allocated per packet. What is wrong
//! with an input costs only what it hides: everything else is delivered, and the damage
//! is told with its place. This module decodes no link layer and prints nothing.

mod ahead;
mod batch;
mod buffered;
mod compressed;
mod file;
#[cfg(all(feature = "live", unix))]
pub mod live;
mod look_alike;
mod merge;
mod pcap;
mod pcapng;
#[cfg(unix)]
mod poll;
mod recent;
mod record;
mod report;
pub mod save;
mod silence;
mod source;
mod watch;
mod window;

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::wire::Packet;

pub use buffered::Buffered;
pub use compressed::Compression;
use merge::Merge;
pub use recent::Recent;
pub use report::{Damage, Fault, Format, Input, Interface, Statistics, Then};
pub use source::{Block, Next, Reading, Source};
pub use watch::Watch;

/// An open capture: one input or several, read as one.
pub struct Capture {
    merge: Merge,
    packets: u64,
}

impl Capture {
    /// Opens files, or standard input where the path is `-`. Several are read as one capture in
    /// the order of time; a single one is read in its own order, whatever its clock does.
    ///
    /// # Errors
    ///
    /// One of them cannot be read, or is not a capture: then what it is instead, and the cure. A
    /// file that is merely empty stops only a capture that has no other.
    pub fn open<P: AsRef<Path>>(paths: &[P]) -> Result<Self, Error> {
        Ok(Self { merge: Merge::open(paths)?, packets: 0 })
    }

    /// Reads a capture from anything that reads; `path` is its name in messages.
    ///
    /// # Errors
    ///
    /// As for [`Self::open`].
    pub fn from_reader(path: PathBuf, reader: Box<dyn Read + Send>) -> Result<Self, Error> {
        Ok(Self { merge: Merge::one(file::File::from_reader(path, reader)?), packets: 0 })
    }

    /// The next packet, which borrows the read buffer until the next call; `None` at the end.
    ///
    /// # Errors
    ///
    /// One of several files was there when it was opened and no longer is.
    #[expect(clippy::should_implement_trait, reason = "a packet borrows; an Iterator cannot lend")]
    #[inline]
    pub fn next(&mut self) -> Result<Option<Packet<'_>>, Error> {
        match Source::next(self)? {
            Next::Packet(packet) => Ok(Some(packet)),
            // What is not live is never quiet.
            Next::Quiet { .. } | Next::End => Ok(None),
        }
    }

    /// Packets delivered so far.
    pub const fn packets(&self) -> u64 {
        self.packets
    }

    /// What is known about each input so far, in the order of the arguments.
    pub fn inputs(&self) -> impl ExactSizeIterator<Item = &Input> {
        self.merge.inputs().into_iter()
    }

    /// Whether anything was lost to damage so far.
    pub fn is_damaged(&self) -> bool {
        self.inputs().any(|input| !input.damages.is_empty())
    }
}

impl Source for Capture {
    #[inline]
    fn next(&mut self) -> Result<Next<'_>, Error> {
        self.merge.next(&mut self.packets)
    }

    fn block(&self) -> Option<&Block> {
        self.merge.block()
    }

    fn has_blocks(&self) -> bool {
        true
    }

    fn read_ahead(&mut self, is_wanted: bool) {
        self.merge.read_ahead(is_wanted);
    }

    fn inputs(&self) -> Vec<&Input> {
        self.merge.inputs()
    }

    fn reading(&self) -> Reading {
        self.merge.reading()
    }
}
