//! Single packets in, each with what is to be said of it; a pcapng file of them out. Whoever opens the
//! file decides where it is, and whoever gives the packets which of them there are.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use super::super::report::Interface;
use super::pcapng;
use crate::error::Error;
use crate::wire::Packet;

/// A pcapng file that grows by packets that somebody chooses.
pub struct Chosen {
    path: PathBuf,
    out: BufWriter<File>,
    writer: pcapng::Writer,
}

impl Chosen {
    /// A file that was just created at `path`.
    pub fn new(path: PathBuf, file: File) -> Self {
        Self { path, out: BufWriter::new(file), writer: pcapng::Writer::default() }
    }

    /// Writes a packet and its comments; of the interfaces those that are known so far.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn packet(
        &mut self,
        packet: &Packet<'_>,
        comments: &[String],
        interfaces: &[Interface],
    ) -> Result<(), Error> {
        let written = self.writer.packet(packet, comments, interfaces, &mut self.out);
        written.map(drop).map_err(|source| self.refused(source))
    }

    /// Writes everything that is left. What was counted of the interfaces of a whole capture is not
    /// true of these packets, and is left out.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn finish(mut self) -> Result<(), Error> {
        let ended = self.writer.end(&[], &mut self.out);
        ended.and_then(|()| self.out.flush()).map_err(|source| self.refused(source))
    }

    fn refused(&self, source: io::Error) -> Error {
        Error::Write { what: self.path.display().to_string(), source }
    }
}
