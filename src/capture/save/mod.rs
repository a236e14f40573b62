//! A source in, the same source out; on their way its packets go into capture files.

mod chosen;
mod files;
mod pcap;
mod pcapng;

pub use chosen::Chosen;
pub use files::{Files, Kind, Opener, Rotation};

use crate::error::Error;

use super::report::Input;
use super::source::{Next, Reading, Source};

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
    pub fn new(source: S, kind: Kind, rotation: Rotation, opener: Opener) -> Result<Self, Error> {
        let mut saved = Self { source, files: Files::new(kind, rotation, opener)? };
        saved.learn();
        Ok(saved)
    }

    /// What is known of the interfaces cannot be asked for while a packet is borrowed.
    fn learn(&mut self) {
        let inputs = self.source.inputs();
        let interfaces = inputs.into_iter().flat_map(|input| &input.interfaces);
        self.files.know(interfaces.cloned());
    }
}

impl<S: Source> Source for Saved<S> {
    fn next(&mut self) -> Result<Next<'_>, Error> {
        let next = self.source.next()?;
        match &next {
            Next::Packet(packet) => self.files.packet(packet, &[])?,
            // Whoever follows the file sees what has come.
            Next::Quiet { .. } => self.files.flush()?,
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
        self.files.end()?;
        closed
    }

    fn is_live(&self) -> bool {
        self.source.is_live()
    }
}
