//! Packets in, capture files out: where one is full, or old enough, the next one begins, and of these
//! only the newest are kept if that is asked for. Who opens the files decides where they are and
//! whether one may be replaced.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use super::super::report::Interface;
use super::{pcap, pcapng};
use crate::error::Error;
use crate::units::{Duration, Timestamp};
use crate::wire::Packet;

/// The format of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// pcap with nanoseconds: packets of one link type.
    Pcap,
    /// pcapng: also the names of interfaces, and what they dropped.
    Pcapng,
}

/// When a further file begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rotation {
    /// Octets of a file at most, but for the last packet; `None`: no bound.
    pub octets: Option<u64>,
    /// Time of the capture from the first packet of a file to the first of the next.
    pub every: Option<Duration>,
    /// How many files are kept; `None`: all.
    pub keep: Option<usize>,
}

impl Rotation {
    /// Whether there may be more than one file.
    pub const fn is_wanted(&self) -> bool {
        self.octets.is_some() || self.every.is_some()
    }
}

/// Opens a new file: the first is number 1.
pub type Opener = Box<dyn FnMut(u32) -> Result<(PathBuf, File), Error> + Send>;

/// Files that packets go to, one after the other.
pub struct Files {
    kind: Kind,
    rotation: Rotation,
    opener: Opener,
    file: Saving,
    /// Files that were closed, the oldest first, where not all are kept.
    closed: VecDeque<PathBuf>,
    count: u32,
    interfaces: Vec<Interface>,
}

impl Files {
    /// Opens the first file.
    ///
    /// # Errors
    ///
    /// It cannot be opened.
    pub fn new(kind: Kind, rotation: Rotation, mut opener: Opener) -> Result<Self, Error> {
        let (path, file) = opener(1)?;
        let file = Saving::open(path, file, kind)?;
        let (closed, interfaces) = (VecDeque::new(), Vec::new());
        Ok(Self { kind, rotation, opener, file, closed, count: 1, interfaces })
    }

    /// Tells what is known of the interfaces by now.
    pub fn know(&mut self, interfaces: impl Iterator<Item = Interface>) {
        self.interfaces.clear();
        self.interfaces.extend(interfaces);
    }

    /// Writes a packet, and what is to be said of it where the format has a place for that.
    ///
    /// # Errors
    ///
    /// It cannot be written, or the next file not opened.
    pub fn packet(&mut self, packet: &Packet<'_>, comments: &[String]) -> Result<(), Error> {
        if self.file.is_full(self.rotation, packet.at) {
            self.rotate()?;
        }
        self.file.packet(packet, comments, &self.interfaces)
    }

    /// Shows what was written to whoever follows the file.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.file.flush()
    }

    /// Writes everything that is left.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn end(&mut self) -> Result<(), Error> {
        self.file.end(&self.interfaces)
    }

    /// Begins the next file.
    #[cold]
    fn rotate(&mut self) -> Result<(), Error> {
        self.count = self.count.saturating_add(1);
        let (path, file) = (self.opener)(self.count)?;
        let next = Saving::open(path, file, self.kind)?;
        let mut full = std::mem::replace(&mut self.file, next);
        full.end(&self.interfaces)?;
        let Some(keep) = self.rotation.keep else { return Ok(()) };
        self.closed.push_back(full.path);
        while self.closed.len() >= keep.max(1)
            && let Some(oldest) = self.closed.pop_front()
        {
            // Somebody else may have taken it away already.
            let _ = fs::remove_file(oldest);
        }
        Ok(())
    }
}

/// A file that packets go to.
struct Saving {
    path: PathBuf,
    out: BufWriter<File>,
    octets: u64,
    first: Option<Timestamp>,
    format: Format,
    ended: bool,
}

/// What of a file has been written.
enum Format {
    Pcap(pcap::Writer),
    Pcapng(pcapng::Writer),
}

impl Saving {
    fn open(path: PathBuf, file: File, kind: Kind) -> Result<Self, Error> {
        let format = match kind {
            Kind::Pcap => Format::Pcap(pcap::Writer::default()),
            Kind::Pcapng => Format::Pcapng(pcapng::Writer::default()),
        };
        Ok(Self { path, out: BufWriter::new(file), octets: 0, first: None, format, ended: false })
    }

    /// Whether the file has had its share. One without a packet never has.
    fn is_full(&self, rotation: Rotation, at: Timestamp) -> bool {
        let Some(first) = self.first else { return false };
        rotation.octets.is_some_and(|most| self.octets >= most)
            || rotation.every.is_some_and(|every| at.since(first) >= every)
    }

    fn packet(
        &mut self,
        packet: &Packet<'_>,
        comments: &[String],
        interfaces: &[Interface],
    ) -> Result<(), Error> {
        let written = match &mut self.format {
            Format::Pcap(writer) => writer.packet(packet, &mut self.out),
            Format::Pcapng(writer) => writer.packet(packet, comments, interfaces, &mut self.out),
        };
        let octets = written.map_err(|source| self.refused(source))?;
        self.octets = self.octets.saturating_add(octets);
        self.first = self.first.or(Some(packet.at));
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.out.flush().map_err(|source| self.refused(source))
    }

    /// Writes what a file ends with, once.
    fn end(&mut self, interfaces: &[Interface]) -> Result<(), Error> {
        if std::mem::replace(&mut self.ended, true) {
            return Ok(());
        }
        let ended = match &mut self.format {
            Format::Pcap(writer) => writer.end(interfaces, &mut self.out),
            Format::Pcapng(writer) => writer.end(interfaces, &mut self.out),
        };
        ended.and_then(|()| self.out.flush()).map_err(|source| self.refused(source))
    }

    fn refused(&self, source: io::Error) -> Error {
        Error::Write { what: self.path.display().to_string(), source }
    }
}
