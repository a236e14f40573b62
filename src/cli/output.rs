//! Where the output goes: standard output or a file of our own, and how it may look there.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use httpwhy::error::Error;
use httpwhy::export::{Exporter, Options, Secrets, Sort, detail};

/// Octets collected before they are written.
const BUFFER_OCTETS: usize = 128 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Colour {
    /// On a terminal, unless `NO_COLOR` or `TERM=dumb` says no
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Args)]
pub(super) struct Destination {
    /// Write to a new file (mode 0600) instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the file if there is one
    #[arg(long)]
    force: bool,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    color: Colour,
    /// Show credentials, cookies and tokens, which are hidden otherwise
    #[arg(long)]
    show_secrets: bool,
}

impl Destination {
    /// How the output may look.
    pub fn options(&self) -> Options {
        let terminal = self.path().is_none() && io::stdout().is_terminal();
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let colour = match self.color {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto if set("NO_COLOR") => false,
            Colour::Auto if set("CLICOLOR_FORCE") => {
                std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0")
            }
            Colour::Auto => terminal && std::env::var_os("TERM").is_none_or(|term| term != "dumb"),
        };
        let columns = terminal
            .then(terminal_size::terminal_size)
            .flatten()
            .map(|(terminal_size::Width(columns), _)| usize::from(columns));
        let secrets = if self.show_secrets { Secrets::Shown } else { Secrets::Hidden };
        Options {
            secrets,
            top: 10,
            columns,
            colour,
            servers: true,
            sort: Sort::default(),
            accounts: false,
            body: detail::PREVIEW_OCTETS,
        }
    }

    /// Whether a file that is there already may be replaced.
    pub const fn force(&self) -> bool {
        self.force
    }

    /// The file that is made.
    pub fn made(&self) -> Option<PathBuf> {
        self.path().map(Path::to_owned)
    }

    fn path(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| path.as_os_str() != "-")
    }

    pub fn open(&self) -> Result<Output, Error> {
        match self.path() {
            None => Ok(Output::new(Target::Standard)),
            Some(path) => create(path, self.force).map(Output::new),
        }
    }
}

enum Target {
    Standard,
    File { path: PathBuf, file: File, temporary: Option<PathBuf> },
}

/// An open output.
pub(super) struct Output {
    inner: BufWriter<Target>,
}

impl Output {
    fn new(target: Target) -> Self {
        Self { inner: BufWriter::with_capacity(BUFFER_OCTETS, target) }
    }

    /// What it is, for messages.
    fn what(&self) -> String {
        match self.inner.get_ref() {
            Target::Standard => "standard output".to_owned(),
            Target::File { path, .. } => path.display().to_string(),
        }
    }

    /// Says of an error that it came from writing here.
    pub fn refused(&self, source: io::Error) -> Error {
        Error::Write { what: self.what(), source }
    }

    /// Ends what cannot go on, so that it can be read as far as it came; what failed is told by others. A
    /// file that was to replace another does not.
    pub fn give_up(&mut self, exporter: &mut dyn Exporter) {
        let _ = exporter.give_up(&mut self.inner).and_then(|()| self.inner.flush());
    }

    /// Writes everything that was collected; a file that replaces another takes its place.
    pub fn finish(mut self) -> Result<(), Error> {
        let finished = self.inner.flush().and_then(|()| match self.inner.get_mut() {
            Target::File { path, temporary, .. } => match temporary.take() {
                Some(temporary) => fs::rename(temporary, path),
                None => Ok(()),
            },
            Target::Standard => Ok(()),
        });
        finished.map_err(|source| self.refused(source))
    }
}

impl Write for Output {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.inner.write(octets)
    }

    fn write_all(&mut self, octets: &[u8]) -> io::Result<()> {
        self.inner.write_all(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Write for Target {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Standard => io::stdout().lock().write(octets),
            Self::File { file, .. } => file.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Standard => io::stdout().lock().flush(),
            Self::File { file, .. } => file.flush(),
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // What did not become the file is of no use.
        if let Self::File { temporary: Some(temporary), .. } = self {
            let _ = fs::remove_file(temporary);
        }
    }
}

/// Creates a file that nobody else can read. An existing one is refused; with `force` it is
/// replaced when everything is written, so that there is never half of one. Links are not
/// followed: somebody else may have laid them there.
fn create(path: &Path, force: bool) -> Result<Target, Error> {
    let refused = |source| Error::Write { what: path.display().to_string(), source };
    // A device or a pipe is no file that could be lost.
    if fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        let file = OpenOptions::new().write(true).open(path).map_err(refused)?;
        return Ok(Target::File { path: path.to_owned(), file, temporary: None });
    }
    if fs::symlink_metadata(path).is_ok() && !force {
        let path = path.display();
        return Err(Error::Usage(format!("{path} exists already; --force replaces it")));
    }
    let temporary = force.then(|| {
        let mut name = OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(format!(".{}.part", std::process::id()));
        path.with_file_name(name)
    });
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(temporary.as_deref().unwrap_or(path)).map_err(refused)?;
    Ok(Target::File { path: path.to_owned(), file, temporary })
}
