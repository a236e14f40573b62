//! `-w FILE` of an analysis: the packets of the exchanges that were wanted, in a new pcapng file with
//! the verdicts as comments. The captures are read again for them, so they have to be files.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use clap::Args;
use httpwhy::capture::save::Chosen;
use httpwhy::capture::{Capture, Interface};
use httpwhy::engine::Record;
use httpwhy::error::Error;
use httpwhy::export::Secrets;
use httpwhy::export::excerpt::Excerpt;
use httpwhy::units::Count;
use httpwhy::wire::{Decoded, Decoder, Packet};

use super::{complain, input, keep};

#[derive(Debug, Args)]
pub(super) struct Write {
    /// Write the packets of these exchanges, with their secrets, to a new pcapng file; verdicts are packet comments
    #[arg(short, long, value_name = "FILE")]
    write: Option<PathBuf>,
}

/// A file that is to hold an excerpt, and what belongs into it.
pub(super) struct Writing {
    path: PathBuf,
    file: File,
    inputs: Vec<PathBuf>,
    excerpt: Excerpt,
}

impl Write {
    /// Refuses what cannot work, before anything is read or created.
    pub fn check(&self, inputs: &[PathBuf]) -> Result<(), Error> {
        let Some(path) = &self.write else { return Ok(()) };
        let shown = path.display();
        input::need_files("-w", inputs)?;
        if !is_pcapng(path) {
            let help = format!("{shown} would be pcapng, which can hold comments: name it .pcapng");
            return Err(Error::Usage(help));
        }
        let itself = fs::canonicalize(path).ok();
        if itself.is_some() && inputs.iter().any(|input| fs::canonicalize(input).ok() == itself) {
            return Err(Error::Usage(format!("{shown} is the capture that is to be read")));
        }
        Ok(())
    }

    /// What is made.
    pub fn made(&self) -> Option<PathBuf> {
        self.write.clone()
    }

    /// Creates the file, if one was asked for.
    pub fn open(&self, inputs: Vec<PathBuf>, force: bool) -> Result<Option<Writing>, Error> {
        let Some(path) = self.write.clone() else { return Ok(None) };
        let file = keep::create(&path, force)?;
        Ok(Some(Writing { path, file, inputs, excerpt: Excerpt::new(Secrets::Hidden) }))
    }
}

fn is_pcapng(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "pcapng" || ending == "ntar")
}

impl Writing {
    /// Notes what belongs into the file.
    pub fn record(&mut self, record: Record<'_>) {
        match record {
            Record::Exchange(id, exchange) => self.excerpt.exchange(id, exchange),
            Record::Verdict(verdict) => self.excerpt.verdict(verdict),
            Record::Finding(finding) => self.excerpt.finding(finding),
            Record::Stray(_) | Record::Connection(_) => {}
        }
    }

    /// Reads the captures again and writes the file, with the interfaces that were found in them. How
    /// many packets it holds.
    pub fn finish(self, interfaces: &[Interface]) -> Result<u64, Error> {
        let Self { path, file, inputs, mut excerpt } = self;
        let mut chosen = Chosen::new(path, file);
        let mut count = 0;
        self::excerpt(&inputs, &mut excerpt, |excerpt, packet, _| {
            count += 1;
            chosen.packet(packet, excerpt.comments(packet.number), interfaces)
        })?;
        chosen.finish()?;
        if excerpt.beyond() > 0 {
            let beyond = Count(excerpt.beyond());
            let what =
                format!("{beyond} exchanges or pieces of evidence did not fit: choose fewer");
            complain("warning", &what);
        }
        Ok(count)
    }
}

/// Reads captures again for the packets that belong to an excerpt.
pub(super) fn excerpt(
    inputs: &[PathBuf],
    excerpt: &mut Excerpt,
    mut each: impl FnMut(&Excerpt, &Packet<'_>, &Decoded<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    if excerpt.has_evidence() {
        again(inputs, |packet, decoded| {
            if let Decoded::Segment(segment) = decoded {
                excerpt.place(packet.number, segment.ends.source, segment.ends.destination);
            }
            Ok(())
        })?;
    }
    excerpt.settle();
    again(inputs, |packet, decoded| {
        let ends = match decoded {
            Decoded::Segment(segment) => Some((segment.ends.source, segment.ends.destination)),
            Decoded::Signal(_) | Decoded::Skip(_) => None,
        };
        if excerpt.takes(packet.number, ends) { each(excerpt, packet, decoded) } else { Ok(()) }
    })
}

/// Reads captures from the beginning, packet by packet.
fn again(
    inputs: &[PathBuf],
    mut each: impl FnMut(&Packet<'_>, &Decoded<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut capture = Capture::open(inputs)?;
    let mut decoder = Decoder::new();
    while let Some(packet) = capture.next()? {
        let decoded = decoder.decode(&packet);
        each(&packet, &decoded)?;
    }
    Ok(())
}
