//! A capture that is still being written: a pipe, or a file that grows. Its packets are given as they
//! come, and where none comes that is said too, so that nobody waits for the end of it.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::error::Error;

use super::file::{self, File};
use super::merge::Merge;
use super::report::Input;
use super::silence::Silence;
use super::source::{Next, Reading, Source};

/// How long is waited for something to come before it is said that nothing does.
pub(super) const PATIENCE: Duration = Duration::from_millis(100);

/// An open pipe or growing file.
pub struct Watch {
    merge: Merge,
    packets: u64,
    silence: Silence,
}

impl Watch {
    /// Opens a pipe, standard input where the path is `-`. Waits until its first octets have come.
    ///
    /// # Errors
    ///
    /// As for [`Capture::open`](super::Capture::open).
    pub fn pipe(path: &Path) -> Result<Self, Error> {
        let (file, _) = file::open_path(path)?;
        Self::new(path, Box::new(Waiting { file, dry: false }))
    }

    /// Opens a file that something else appends to, and stays at its end. Waits until its first
    /// octets have come.
    ///
    /// # Errors
    ///
    /// As for [`Capture::open`](super::Capture::open).
    pub fn follow(path: &Path) -> Result<Self, Error> {
        let (file, _) = file::open_path(path)?;
        let following = Following { path: path.to_owned(), file, read: 0, dry: false };
        Self::new(path, Box::new(following))
    }

    fn new(path: &Path, reader: Box<dyn Read + Send>) -> Result<Self, Error> {
        let merge = Merge::one(File::live(path.to_owned(), reader)?);
        Ok(Self { merge, packets: 0, silence: Silence::default() })
    }
}

impl Source for Watch {
    fn next(&mut self) -> Result<Next<'_>, Error> {
        Ok(match self.merge.next(&mut self.packets)? {
            Next::Packet(packet) => {
                self.silence.broken(packet.at);
                Next::Packet(packet)
            }
            Next::Quiet { .. } => Next::Quiet { now: self.silence.now() },
            Next::End => Next::End,
        })
    }

    fn inputs(&self) -> Vec<&Input> {
        self.merge.inputs()
    }

    fn reading(&self) -> Reading {
        self.merge.reading()
    }

    fn is_live(&self) -> bool {
        true
    }
}

/// A pipe that says so where it is empty: at once where something was read before, then about every
/// [`PATIENCE`]. A signal ends the waiting.
struct Waiting {
    file: fs::File,
    dry: bool,
}

#[cfg(unix)]
impl Read for Waiting {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let patience = if self.dry { PATIENCE } else { Duration::ZERO };
        if !super::poll::is_readable(&self.file, patience)? {
            self.dry = true;
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.dry = false;
        self.file.read(into)
    }
}

/// Without a way to ask, a pipe is never quiet.
#[cfg(not(unix))]
impl Read for Waiting {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.file.read(into)
    }
}

/// A file whose end is only its end for now.
struct Following {
    path: PathBuf,
    file: fs::File,
    /// Octets read of it.
    read: u64,
    dry: bool,
}

impl Read for Following {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.dry {
            // Asking is simpler than being told, and works on every file system.
            thread::sleep(PATIENCE);
        }
        let octets = self.file.read(into)?;
        self.dry = octets == 0;
        self.read = self.read.saturating_add(octets as u64);
        if !self.dry {
            return Ok(octets);
        }
        let opened = self.file.metadata()?;
        if opened.len() < self.read {
            return Err(io::Error::other("it was cut or begun anew while it was followed"));
        }
        if is_another(&self.path, &opened) {
            return Err(io::Error::other("another file has taken its name while it was followed"));
        }
        Err(io::ErrorKind::WouldBlock.into())
    }
}

/// Whether a path leads to another file than the one that was opened. One that was removed may still
/// be written to.
#[cfg(unix)]
fn is_another(path: &Path, opened: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).is_ok_and(|found| (found.dev(), found.ino()) != (opened.dev(), opened.ino()))
}

#[cfg(not(unix))]
fn is_another(_: &Path, _: &fs::Metadata) -> bool {
    false
}
