//! A source in, the same source out; on their way its packets go into capture files. Where one file is
//! full, or old enough, the next one begins, and of these only the newest are kept if that is
//! asked for. Who opens the files decides where they are and whether one may be replaced.

mod chosen;
mod pcap;
mod pcapng;

pub use chosen::Chosen;

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use crate::error::Error;
use crate::units::{Duration, Timestamp};
use crate::wire::Packet;

use super::report::{Input, Interface};
use super::source::{Next, Reading, Source};

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

/// A source whose packets are saved as they pass.
pub struct Saved<S> {
    source: S,
    files: Files,
}

impl<S: Source> Saved<S> {
    /// Opens the first file.
    ///
    /// # Errors
    ///
    /// It cannot be opened or written.
    pub fn new(
        source: S,
        kind: Kind,
        rotation: Rotation,
        mut opener: Opener,
    ) -> Result<Self, Error> {
        let (path, file) = opener(1)?;
        let file = Saving::open(path, file, kind)?;
        let (closed, interfaces) = (VecDeque::new(), Vec::new());
        let files = Files { kind, rotation, opener, file, closed, count: 1, interfaces };
        let mut saved = Self { source, files };
        saved.learn();
        Ok(saved)
    }

    /// What is known of the interfaces cannot be asked for while a packet is borrowed.
    fn learn(&mut self) {
        let inputs = self.source.inputs();
        let interfaces = inputs.into_iter().flat_map(|input| &input.interfaces);
        self.files.interfaces = interfaces.cloned().collect();
    }
}

impl<S: Source> Source for Saved<S> {
    fn next(&mut self) -> Result<Next<'_>, Error> {
        let next = self.source.next()?;
        match &next {
            Next::Packet(packet) => self.files.packet(packet)?,
            // Whoever follows the file sees what has come.
            Next::Quiet { .. } => self.files.file.flush()?,
            Next::End => {}
        }
        Ok(next)
    }

    fn inputs(&self) -> Vec<&Input> {
        self.source.inputs()
    }

    fn reading(&self) -> Reading {
        self.source.reading()
    }

    fn missed(&self) -> u64 {
        self.source.missed()
    }

    fn refresh(&mut self) {
        self.source.refresh();
        self.learn();
    }

    fn close(&mut self) -> Result<(), Error> {
        let closed = self.source.close();
        self.learn();
        self.files.file.end(&self.files.interfaces)?;
        closed
    }

    fn is_live(&self) -> bool {
        self.source.is_live()
    }
}

/// The files, one after the other.
struct Files {
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
    fn packet(&mut self, packet: &Packet<'_>) -> Result<(), Error> {
        if self.file.is_full(self.rotation, packet.at) {
            self.rotate()?;
        }
        self.file.packet(packet, &self.interfaces)
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

    fn packet(&mut self, packet: &Packet<'_>, interfaces: &[Interface]) -> Result<(), Error> {
        let written = match &mut self.format {
            Format::Pcap(writer) => writer.packet(packet, &mut self.out),
            Format::Pcapng(writer) => writer.packet(packet, &[], interfaces, &mut self.out),
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
