//! One JSON document: the records of `-T jsonl`, in an array, for programs that read nothing else. It is
//! written as it goes, and needs no more memory than the lines do.

use std::io::{self, Write};

use super::{Exporter, Format, jsonl};
use crate::diagnosis::Verdict;
use crate::http::{Connection, Exchange, Stray};
use crate::rules::Finding;
use crate::snapshot::Summary;
use crate::stats::Statistics;

/// A JSON array.
pub(super) const FORMAT: Format = Format {
    name: "json",
    about: "the records of jsonl as one JSON document, an array",
    causes: false,
    open: |options| {
        let lines = (jsonl::FORMAT.open)(options);
        Box::new(Array { lines, written: Vec::with_capacity(4_096), is_first: true })
    },
};

struct Array {
    /// Writes records, each with its end of line.
    lines: Box<dyn Exporter>,
    /// What it wrote; used again for the next.
    written: Vec<u8>,
    is_first: bool,
}

impl Array {
    /// Hands on what `write` makes, with what separates elements.
    fn elements(
        &mut self,
        out: &mut dyn Write,
        write: impl FnOnce(&mut dyn Exporter, &mut Vec<u8>) -> io::Result<()>,
    ) -> io::Result<()> {
        self.written.clear();
        write(&mut *self.lines, &mut self.written)?;
        // No record has an end of line within.
        for line in self.written.split(|octet| *octet == b'\n').filter(|line| !line.is_empty()) {
            out.write_all(if self.is_first { b"\n" } else { b",\n" })?;
            out.write_all(line)?;
            self.is_first = false;
        }
        Ok(())
    }
}

impl Exporter for Array {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"[")
    }

    fn exchange(&mut self, id: u64, exchange: &Exchange, out: &mut dyn Write) -> io::Result<()> {
        self.elements(out, |lines, written| lines.exchange(id, exchange, written))
    }

    fn stray(&mut self, stray: &Stray, out: &mut dyn Write) -> io::Result<()> {
        self.elements(out, |lines, written| lines.stray(stray, written))
    }

    fn connection(&mut self, connection: &Connection, out: &mut dyn Write) -> io::Result<()> {
        self.elements(out, |lines, written| lines.connection(connection, written))
    }

    fn verdict(&mut self, verdict: &Verdict, out: &mut dyn Write) -> io::Result<()> {
        self.elements(out, |lines, written| lines.verdict(verdict, written))
    }

    fn finding(&mut self, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
        self.elements(out, |lines, written| lines.finding(finding, written))
    }

    fn give_up(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"\n]\n")
    }

    fn end(
        &mut self,
        summary: &Summary,
        statistics: &Statistics,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        self.elements(out, |lines, written| lines.end(summary, statistics, written))?;
        out.write_all(b"\n]\n")
    }
}
