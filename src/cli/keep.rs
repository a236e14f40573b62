//! `-w FILE`: where the packets of a live capture are saved, and when the next file begins.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use httpwhy::capture::Source;
use httpwhy::capture::save::{Files, Kind, Opener, Rotation, Saved};
use httpwhy::error::Error;
use httpwhy::units::Duration;

use super::amount;
use super::pick::{Picked, pick};

#[derive(Debug, Args)]
pub(super) struct Keep {
    /// Save all captured packets in a new file (mode 0600): pcapng if it is named so, else pcap. sniff -Y: those of
    /// the exchanges that match
    #[arg(short, long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Begin another file after so many octets, as in 100M: FILE-0001, FILE-0002 …
    #[arg(long, value_name = "SIZE", requires = "write", value_parser = amount::octets)]
    rotate_size: Option<u64>,
    /// Begin another file after this time, as in 5m
    #[arg(long, value_name = "TIME", requires = "write", value_parser = amount::duration)]
    rotate_every: Option<Duration>,
    /// Keep only so many of these files, the newest
    #[arg(long, value_name = "N", requires = "write", value_parser = clap::value_parser!(u32).range(1..))]
    rotate_keep: Option<u32>,
}

impl Keep {
    /// The file that is made, or the first of several beside each other.
    pub fn made(&self) -> Option<PathBuf> {
        self.write.clone()
    }

    /// Whether packets are to be saved.
    pub const fn is_wanted(&self) -> bool {
        self.write.is_some()
    }

    /// Lets the packets of a source into files as they pass, if that was asked for.
    pub fn save(&self, source: Box<dyn Source>, force: bool) -> Result<Box<dyn Source>, Error> {
        Ok(match self.files(force)? {
            Some((kind, rotation, opener)) => Box::new(Saved::new(source, kind, rotation, opener)?),
            None => source,
        })
    }

    /// The same for the packets of exchanges that somebody else picks, of which so many octets are kept
    /// until it is known.
    pub fn pick(
        &self,
        source: Box<dyn Source>,
        force: bool,
        octets: u64,
    ) -> Result<(Box<dyn Source>, Option<Picked>), Error> {
        let Some((kind, rotation, opener)) = self.files(force)? else { return Ok((source, None)) };
        let (passing, picked) = pick(source, Files::new(kind, rotation, opener)?, octets);
        Ok((Box::new(passing), Some(picked)))
    }

    /// Which files are made, when, and how they are opened.
    fn files(&self, force: bool) -> Result<Option<(Kind, Rotation, Opener)>, Error> {
        let Some(path) = self.write.clone() else { return Ok(None) };
        let rotation = Rotation {
            octets: self.rotate_size,
            every: self.rotate_every,
            keep: self.rotate_keep.and_then(|keep| usize::try_from(keep).ok()),
        };
        let ending = path.extension().map(|ending| ending.to_string_lossy().into_owned());
        let kind = match ending.as_deref() {
            Some("pcapng" | "ntar") => Kind::Pcapng,
            Some("gz" | "zst") => {
                let path = path.display();
                let help = format!("{path} would not be compressed; compress it when it is done");
                return Err(Error::Usage(help));
            }
            _ => Kind::Pcap,
        };
        let opener = move |number: u32| {
            let path = if rotation.is_wanted() { numbered(&path, number) } else { path.clone() };
            create(&path, force).map(|file| (path, file))
        };
        Ok(Some((kind, rotation, Box::new(opener))))
    }
}

/// `trace.pcap` as `trace-0001.pcap`.
fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number:04}"));
    if let Some(ending) = path.extension() {
        name.push(".");
        name.push(ending);
    }
    path.with_file_name(name)
}

/// Creates a file that nobody else can read. One that is there already is refused, or with `force`
/// taken out of the way first; links are not followed, since somebody else may have laid them there.
pub(super) fn create(path: &Path, force: bool) -> Result<File, Error> {
    let refused = |source| Error::Write { what: path.display().to_string(), source };
    // A device or a pipe is no file that could be lost.
    if fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return OpenOptions::new().write(true).open(path).map_err(refused);
    }
    if force {
        match fs::symlink_metadata(path) {
            Ok(found) if !found.is_dir() => fs::remove_file(path).map_err(refused)?,
            _ => {}
        }
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => {
            let path = path.display();
            Error::Usage(format!("{path} exists already; --force replaces it"))
        }
        _ => refused(source),
    })
}
