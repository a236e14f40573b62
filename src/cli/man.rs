//! `httpwhy man`: the manual page in roff.

use std::io::{self, Write};

use httpwhy::error::Error;

use super::{Done, command};

pub(super) fn run() -> anyhow::Result<Done> {
    let mut text = Vec::new();
    let refused = |source| Error::Write { what: "standard output".to_owned(), source };
    clap_mangen::Man::new(command()).render(&mut text).map_err(refused)?;
    io::stdout().lock().write_all(&text).map_err(refused)?;
    Ok(Done::Well)
}
