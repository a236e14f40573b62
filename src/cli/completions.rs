//! `httpwhy completions SHELL`.

use std::io::{self, Write};

use clap::Args;
use clap_complete::Shell;
use httpwhy::error::Error;

use super::{Done, command};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The shell to write for
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Done> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut command(), "httpwhy", &mut text);
    let written = io::stdout().lock().write_all(&text);
    written.map_err(|source| Error::Write { what: "standard output".to_owned(), source })?;
    Ok(Done::Well)
}
