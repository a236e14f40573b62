//! What the core has understood in, text and records for people and programs out: one file a
//! format. An exporter writes as it goes and keeps nothing that grows with the capture; it opens
//! no file and looks at no clock. Captured octets pass `escape` and `secret` on their way.

mod array;
pub mod bodies;
pub mod causes;
pub mod columns;
pub mod comparison;
mod csv;
pub mod detail;
pub mod escape;
pub mod excerpt;
mod figure;
pub mod flaws;
mod har;
mod html;
mod json;
mod jsonl;
mod kinds;
mod lack;
mod md;
mod name;
mod paint;
mod prom;
pub mod redact;
mod sort;
mod table;
mod text;
mod trailer;
mod wide;

use std::io::{self, Write};

use crate::diagnosis::Verdict;
use crate::http::{Connection, Exchange, Stray};
use crate::rules::Finding;
use crate::snapshot::Summary;
use crate::stats::Statistics;

pub use crate::secret::Secrets;
pub use sort::Sort;

/// Receives what a capture holds, in order.
pub trait Exporter {
    /// Nothing has come yet.
    fn begin(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// An exchange and its number.
    fn exchange(&mut self, _id: u64, _exchange: &Exchange, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// Octets where none may stand.
    fn stray(&mut self, _stray: &Stray, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// A connection that is over.
    fn connection(&mut self, _connection: &Connection, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// Why an exchange failed; comes behind the exchange.
    fn verdict(&mut self, _verdict: &Verdict, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// What a rule found; comes behind the exchange or connection that shows it.
    fn finding(&mut self, _finding: &Finding, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// All that there is by now has come, with its verdicts where they are awaited.
    fn pause(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// Nothing more comes, since something failed: closes what a reader could not read while it is open.
    fn give_up(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// Everything has come.
    fn end(
        &mut self,
        _summary: &Summary,
        _statistics: &Statistics,
        _out: &mut dyn Write,
    ) -> io::Result<()> {
        Ok(())
    }
}

/// What the user may choose about the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether secrets go out.
    pub secrets: Secrets,
    /// How many lines a table of the report has at most.
    pub top: usize,
    /// Columns of the terminal; `None` where lines need not fit one.
    pub columns: Option<usize>,
    /// Whether to colour.
    pub colour: bool,
    /// Whether servers have a table of their own.
    pub servers: bool,
    /// What stands first in the tables of servers, endpoints and the like.
    pub sort: Sort,
    /// Whether the report accounts for every packet and octet.
    pub accounts: bool,
    /// Octets of each body, codings taken off, that an exchange in full shows at most.
    pub body: usize,
}

impl Options {
    /// Whether lines have to fit fewer than so many columns.
    fn has_fewer(&self, columns: usize) -> bool {
        self.columns.is_some_and(|there| there < columns)
    }
}

/// One output format.
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// Whether it writes the verdict beside its exchange, which is to be held back for it:
    /// [`crate::pipeline::Options::causes`].
    pub causes: bool,
    /// Begins an output.
    pub open: fn(Options) -> Box<dyn Exporter>,
}

/// All formats. Another one is a file, a line here and its test.
pub static FORMATS: &[Format] = &[
    text::FORMAT,
    wide::FORMAT,
    jsonl::FORMAT,
    array::FORMAT,
    csv::FORMAT,
    columns::TSV,
    columns::FIELDS,
    md::FORMAT,
    html::FORMAT,
    har::FORMAT,
    prom::FORMAT,
];
