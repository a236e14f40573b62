//! `--extract DIR`: the bodies of the exchanges that were wanted, a file each, and an index of them. The
//! captures are read again for them, as often as it takes to keep memory small, so they have to be
//! files.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use httpwhy::capture::Capture;
use httpwhy::engine::Record;
use httpwhy::error::Error;
use httpwhy::export::{Secrets, bodies};
use httpwhy::http::{Bodies, Exchange};
use httpwhy::units::{Count, Octets};
use httpwhy::{limits, pipeline};

use super::{complain, input};

/// The index, one line of JSON a body.
const INDEX: &str = "index.jsonl";

#[derive(Debug, Args)]
pub(super) struct Extract {
    /// Write the bodies of these exchanges, codings taken off, to new files in a new folder
    #[arg(long, value_name = "DIR")]
    extract: Option<PathBuf>,
}

/// A folder that is to hold bodies, and whose.
pub(super) struct Extracting {
    folder: PathBuf,
    index: BufWriter<File>,
    inputs: Vec<PathBuf>,
    read: pipeline::Options,
    wanted: Vec<Wanted>,
    beyond: u64,
}

/// An exchange with a body.
struct Wanted {
    place: (u64, u32),
    /// Octets that its contents take.
    octets: u64,
}

impl Extract {
    /// Refuses what cannot work, before anything is read or created.
    pub fn check(&self, inputs: &[PathBuf]) -> Result<(), Error> {
        match &self.extract {
            None => Ok(()),
            Some(_) => input::need_files("--extract", inputs),
        }
    }

    /// What is made.
    pub fn made(&self) -> Option<PathBuf> {
        self.extract.clone()
    }

    /// Creates the folder, if one was asked for. One that is there has to be empty.
    pub fn open(
        &self,
        inputs: Vec<PathBuf>,
        read: pipeline::Options,
    ) -> Result<Option<Extracting>, Error> {
        let Some(folder) = self.extract.clone() else { return Ok(None) };
        if folder.exists() && !is_empty_folder(&folder) {
            let shown = folder.display();
            return Err(Error::Usage(format!("{shown} is not empty; nothing is overwritten")));
        }
        create_folder(&folder)?;
        let index = create(&folder.join(INDEX))?;
        let index = BufWriter::new(index);
        Ok(Some(Extracting { folder, index, inputs, read, wanted: Vec::new(), beyond: 0 }))
    }
}

impl Extracting {
    /// Notes whose bodies are wanted.
    pub fn record(&mut self, record: Record<'_>) {
        let Record::Exchange(_, exchange) = record else { return };
        let octets = contents(exchange);
        if octets == 0 {
            return;
        }
        if self.wanted.len() < limits::EXCERPT_STRETCHES {
            let place = (exchange.connection, exchange.nth);
            self.wanted.push(Wanted { place, octets });
        } else {
            self.beyond += 1;
        }
    }

    /// Reads the captures again, as often as it takes. How many bodies there are, and their octets.
    pub fn finish(mut self) -> anyhow::Result<(u64, u64)> {
        let (mut count, mut octets) = (0, 0_u64);
        let mut is_full = false;
        for batch in batches(&self.wanted) {
            let mut left: BTreeSet<(u64, u32)> = batch.clone();
            let kept = Bodies { octets: limits::BODY_OCTETS, of: batch };
            let options = pipeline::Options { bodies: Some(Arc::new(kept)), ..self.read.clone() };
            let mut capture = Capture::open(&self.inputs)?;
            pipeline::run(&mut capture, options, |record| {
                let Record::Exchange(id, exchange) = record else {
                    return anyhow::Ok(ControlFlow::Continue(()));
                };
                if !left.remove(&(exchange.connection, exchange.nth)) {
                    return Ok(ControlFlow::Continue(()));
                }
                for body in bodies::of(id, exchange, Secrets::Hidden) {
                    octets = octets.saturating_add(body.octets.len() as u64);
                    if octets > limits::EXTRACTED_OCTETS {
                        is_full = true;
                        return Ok(ControlFlow::Break(()));
                    }
                    self.write(&body)?;
                    count += 1;
                }
                let done = left.is_empty();
                Ok(if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?;
            if is_full {
                break;
            }
        }
        self.index.flush().map_err(|source| self.refused(INDEX, source))?;
        if is_full || self.beyond > 0 {
            let most = Octets(limits::EXTRACTED_OCTETS);
            let what = format!("not all bodies were written: {most} and no more; choose fewer");
            complain("warning", &what);
        }
        Ok((count, octets))
    }

    fn write(&mut self, body: &bodies::Body) -> Result<(), Error> {
        let mut file = create(&self.folder.join(&body.name))?;
        file.write_all(&body.octets).map_err(|source| self.refused(&body.name, source))?;
        self.index.write_all(&body.line).map_err(|source| self.refused(INDEX, source))
    }

    fn refused(&self, name: &str, source: std::io::Error) -> Error {
        Error::Write { what: self.folder.join(name).display().to_string(), source }
    }
}

/// Octets of the contents of an exchange, as far as they are kept.
pub(super) fn contents(exchange: &Exchange) -> u64 {
    let messages = [exchange.request.as_deref(), exchange.response.as_deref()];
    let each = messages.into_iter().flatten().map(|message| message.content);
    each.map(|octets| octets.min(limits::BODY_OCTETS as u64)).sum()
}

/// Exchanges that are read together, so that their contents fit.
fn batches(wanted: &[Wanted]) -> Vec<BTreeSet<(u64, u32)>> {
    let mut batches: Vec<BTreeSet<(u64, u32)>> = Vec::new();
    let mut octets = u64::MAX;
    for one in wanted {
        octets = octets.saturating_add(one.octets);
        if octets > limits::BODIES_OCTETS {
            batches.push(BTreeSet::new());
            octets = one.octets;
        }
        if let Some(batch) = batches.last_mut() {
            batch.insert(one.place);
        }
    }
    batches
}

/// Whether a folder is there with nothing in it.
pub(super) fn is_empty_folder(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

/// A folder that nobody else can read, or the one that is there.
pub(super) fn create_folder(folder: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let created = builder.recursive(true).create(folder);
    created.map_err(|source| Error::Write { what: folder.display().to_string(), source })
}

/// A new file that nobody else can read.
pub(super) fn create(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|source| Error::Write { what: path.display().to_string(), source })
}

/// What was written, for people.
pub(super) fn told((count, octets): (u64, u64)) -> String {
    let bodies = if count == 1 { "body" } else { "bodies" };
    format!("{} {bodies} written, {}, secrets and all", Count(count), Octets(octets))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_read_in_another_pass() {
        let most = limits::BODIES_OCTETS;
        let wanted = [most / 2, most / 2, 1, most * 3, 5].into_iter().enumerate();
        let wanted: Vec<Wanted> =
            wanted.map(|(number, octets)| Wanted { place: (number as u64, 1), octets }).collect();
        let batches = batches(&wanted);
        let places: Vec<Vec<u64>> =
            batches.iter().map(|batch| batch.iter().map(|place| place.0).collect()).collect();
        assert_eq!(places, [vec![0, 1], vec![2], vec![3], vec![4]]);
    }
}
