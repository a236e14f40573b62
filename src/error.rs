//! What stops the program: one line that says what, where, and the cure. Everything milder is a
//! count, a flaw or a finding and never an [`Error`].

use std::path::PathBuf;

/// Why a command could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused to open or read an input.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file, or `-` for standard input.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The input is not a capture file.
    #[error("{} is not a capture: {why}", path.display())]
    NotACapture {
        /// The file, or `-` for standard input.
        path: PathBuf,
        /// What was found instead, and what to do about it.
        why: String,
    },
    /// Nothing can be captured from a device: what, why and the cure, the latter on lines of their own.
    #[error("{0}")]
    Live(String),
    /// The output could not be written.
    #[error("cannot write {what}: {source}")]
    Write {
        /// What was to be written: a path or "standard output".
        what: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The command line asks for something that is not there.
    #[error("{0}")]
    Usage(String),
}
