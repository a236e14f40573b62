//! Which exchanges are wanted: `-Y`, `--since` and `--until` in, one filter out.

use clap::Args;
use httpwhy::error::Error;
use httpwhy::filter::{Filter, Mistake};

#[derive(Debug, Args)]
pub(super) struct Select {
    /// Only exchanges that match, as in 'status >= 500 and path ~ /checkout'; httpwhy explain filter
    #[arg(short = 'Y', long, value_name = "EXPR")]
    filter: Option<String>,
    /// Only exchanges that began then or later: 2026-11-22T12:04:11Z, 12:04 (UTC, first day), or +30s from
    /// the first packet of the capture
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    since: Option<String>,
    /// Only exchanges that began before
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    until: Option<String>,
}

impl Select {
    /// The filter, if any was asked for.
    pub fn compile(&self) -> Result<Option<Filter>, Error> {
        let filter = self.filter.as_deref().map(compile).transpose()?;
        if self.since.is_none() && self.until.is_none() {
            return Ok(filter);
        }
        let period = Filter::period(self.since.as_deref(), self.until.as_deref());
        let period = period.map_err(refused)?;
        Ok(Some(match filter {
            Some(filter) => filter.and(period),
            None => period,
        }))
    }
}

/// Reads an expression.
pub(super) fn compile(text: &str) -> Result<Filter, Error> {
    Filter::parse(text).map_err(refused)
}

fn refused(mistake: Mistake) -> Error {
    Error::Usage(mistake.to_string())
}
