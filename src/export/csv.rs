//! Comma-separated values (RFC 4180): a header line, then one line an exchange, for spreadsheets and
//! databases. The columns are described in `docs/csv.md`, which a test holds against [`COLUMNS`].
//!
//! A cell that is not known is empty; one that was sent empty is `""`. What a spreadsheet would
//! take for a formula has an apostrophe before it.

use std::io::{self, Write};

use super::{Exporter, Format, Options, Secrets, escape, json, name};
use crate::diagnosis::Verdict;
use crate::http::{Exchange, FieldName, Message, Switch};
use crate::snapshot::Summary;
use crate::stats::{Outcome, Statistics};
use crate::units::Duration;

/// Comma-separated values.
pub(super) const FORMAT: Format = Format {
    name: "csv",
    about: "one line an exchange, for spreadsheets and databases",
    causes: true,
    open: |options| Box::new(Csv { options, line: Vec::with_capacity(1_024), open: None }),
};

struct Csv {
    options: Options,
    /// The line being written; used again for the next.
    line: Vec<u8>,
    /// The exchange whose line waits for the cells of its verdict.
    open: Option<u64>,
}

impl Exporter for Csv {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let columns = COLUMNS.iter().map(|(name, _)| *name);
        let names: Vec<&str> = columns.chain(VERDICT_COLUMNS).collect();
        write!(out, "{}\r\n", names.join(","))
    }

    fn exchange(&mut self, id: u64, exchange: &Exchange, out: &mut dyn Write) -> io::Result<()> {
        self.close(None, out)?;
        let row = Row { id, exchange, secrets: self.options.secrets };
        self.line.clear();
        for (index, (_, cell)) in COLUMNS.iter().enumerate() {
            if index > 0 {
                self.line.push(b',');
            }
            cell(&mut self.line, &row);
        }
        out.write_all(&self.line)?;
        self.open = Some(id);
        Ok(())
    }

    fn verdict(&mut self, verdict: &Verdict, out: &mut dyn Write) -> io::Result<()> {
        if self.open == Some(verdict.transaction) { self.close(Some(verdict), out) } else { Ok(()) }
    }

    fn pause(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.close(None, out)
    }

    fn give_up(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.close(None, out)
    }

    fn end(&mut self, _: &Summary, _: &Statistics, out: &mut dyn Write) -> io::Result<()> {
        self.close(None, out)
    }
}

impl Csv {
    /// Ends the line that waits, if one does.
    fn close(&mut self, verdict: Option<&Verdict>, out: &mut dyn Write) -> io::Result<()> {
        match (self.open.take(), verdict) {
            (None, _) => Ok(()),
            (Some(_), None) => out.write_all(b",,,\r\n"),
            (Some(_), Some(verdict)) => {
                write!(out, ",{},{},", verdict.cause.id, verdict.confidence.name())?;
                if let Some(upstream) = verdict.upstream {
                    write!(out, "{upstream}")?;
                }
                out.write_all(b"\r\n")
            }
        }
    }
}

/// The last columns: why it failed.
const VERDICT_COLUMNS: [&str; 3] = ["cause", "confidence", "upstream"];

/// What a line is made of.
struct Row<'e> {
    id: u64,
    exchange: &'e Exchange,
    secrets: Secrets,
}

impl<'e> Row<'e> {
    fn request(&self) -> Option<&'e Message> {
        self.exchange.request.as_deref()
    }

    fn response(&self) -> Option<&'e Message> {
        self.exchange.response.as_deref()
    }

    /// The first value of a field.
    fn field(&self, out: &mut Vec<u8>, message: Option<&Message>, name: FieldName) {
        let found = message.and_then(|message| message.head.fields().find(|one| one.name == name));
        if let Some(found) = found {
            captured(out, &self.secrets.value(&found));
        }
    }
}

type Cell = fn(&mut Vec<u8>, &Row<'_>);

/// The columns: their names, and what writes a cell. New ones go to the end.
const COLUMNS: &[(&str, Cell)] = &[
    ("id", |out, row| json::number(out, row.id)),
    ("time", |out, row| out.extend_from_slice(&row.exchange.first().at.to_rfc3339())),
    ("client", |out, row| display(out, row.exchange.client)),
    ("server", |out, row| display(out, row.exchange.server)),
    ("connection", |out, row| json::number(out, row.exchange.connection)),
    ("nth", |out, row| json::number(out, u64::from(row.exchange.nth))),
    ("method", |out, row| {
        if let Some(request) = row.request() {
            captured(out, request.head.method_octets());
        }
    }),
    ("host", |out, row| row.field(out, row.request(), FieldName::Host)),
    ("target", |out, row| {
        if let Some(request) = row.request() {
            captured(out, &row.secrets.target(request.head.target()));
        }
    }),
    ("version", |out, row| version(out, row.request())),
    ("status", |out, row| number(out, row.exchange.status().map(u64::from))),
    ("reason", |out, row| {
        if let Some(response) = row.response() {
            captured(out, response.head.reason());
        }
    }),
    ("outcome", |out, row| word(out, Some(outcome(Outcome::of(row.exchange))))),
    ("unanswered", |out, row| word(out, row.exchange.unanswered.map(name::unanswered))),
    ("request_body_bytes", |out, row| number(out, row.request().map(|request| request.content))),
    ("response_body_bytes", |out, row| {
        number(out, row.response().map(|response| response.content));
    }),
    ("request_complete", |out, row| boolean(out, row.request().map(Message::complete))),
    ("response_complete", |out, row| boolean(out, row.response().map(Message::complete))),
    ("connect_ms", |out, row| millis(out, row.exchange.connect)),
    ("request_ms", |out, row| millis(out, row.exchange.request_time())),
    ("think_ms", |out, row| millis(out, row.exchange.think_time())),
    ("response_ms", |out, row| millis(out, row.exchange.response_time())),
    ("total_ms", |out, row| millis(out, row.exchange.total_time())),
    ("idle_before_ms", |out, row| millis(out, row.exchange.idle_before)),
    ("retransmissions", |out, row| json::number(out, u64::from(row.exchange.retransmissions))),
    ("missing_bytes", |out, row| json::number(out, row.exchange.missing())),
    ("interim_count", |out, row| json::number(out, row.exchange.interim_count)),
    ("upgrade", |out, row| match &row.exchange.switch {
        Some(Switch::Tunnel) => word(out, Some("tunnel")),
        Some(Switch::Upgrade(protocol)) => captured(out, protocol),
        None => {}
    }),
    ("pairing", |out, row| word(out, name::pairing(row.exchange.pairing))),
    ("tunnelled", |out, row| boolean(out, Some(row.exchange.tunnelled))),
    ("request_first_packet", |out, row| {
        number(out, row.request().map(|request| request.first.packet));
    }),
    ("request_last_packet", |out, row| {
        number(out, row.request().map(|request| request.last.packet));
    }),
    ("response_first_packet", |out, row| {
        number(out, row.response().map(|response| response.first.packet));
    }),
    ("response_last_packet", |out, row| {
        number(out, row.response().map(|response| response.last.packet));
    }),
    ("completed_packet", |out, row| json::number(out, row.exchange.completed.packet)),
    ("trust", |out, row| out.extend_from_slice(row.exchange.doubts().grade().name().as_bytes())),
    ("content_type", |out, row| row.field(out, row.response(), FieldName::ContentType)),
    ("user_agent", |out, row| row.field(out, row.request(), FieldName::UserAgent)),
    ("request_flaws", |out, row| flaws(out, row.request())),
    ("response_flaws", |out, row| flaws(out, row.response())),
];

const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Answered => "answered",
        Outcome::ServerError => "server-error",
        Outcome::Unanswered => "unanswered",
        Outcome::CutShort => "cut-short",
        Outcome::NotSeen => "not-seen",
    }
}

/// What somebody else wrote, between quotation marks.
pub(super) fn captured(out: &mut Vec<u8>, octets: &[u8]) {
    let shown = escape::text(octets);
    out.push(b'"');
    if is_formula(&shown) {
        out.push(b'\'');
    }
    for octet in shown.bytes() {
        if octet == b'"' {
            out.push(b'"');
        }
        out.push(octet);
    }
    out.push(b'"');
}

/// Whether a spreadsheet would compute a cell. Some skip blanks before the sign, some take its
/// full-width form for it, and some drop a tab or return, which are escaped here, and look behind.
pub(super) fn is_formula(text: &str) -> bool {
    let mut rest = text.trim_start();
    while let Some(behind) = ["\\t", "\\r", "\\n"].iter().find_map(|one| rest.strip_prefix(one)) {
        rest = behind.trim_start();
    }
    let signs = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    rest.len() < text.trim_start().len() || rest.starts_with(signs)
}

fn display(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    // Writing to a vector cannot fail.
    let _ = write!(out, "{value}");
}

fn word(out: &mut Vec<u8>, word: Option<&str>) {
    out.extend_from_slice(word.unwrap_or_default().as_bytes());
}

fn number(out: &mut Vec<u8>, value: Option<u64>) {
    if let Some(value) = value {
        json::number(out, value);
    }
}

fn boolean(out: &mut Vec<u8>, value: Option<bool>) {
    if let Some(value) = value {
        json::boolean(out, value);
    }
}

fn version(out: &mut Vec<u8>, message: Option<&Message>) {
    if let Some(version) = message.and_then(|message| message.head.version()) {
        display(out, format_args!("{}.{}", version.major, version.minor));
    }
}

/// Milliseconds, to the nearest microsecond.
fn millis(out: &mut Vec<u8>, duration: Option<Duration>) {
    if let Some(duration) = duration {
        let micros = duration.as_nanos().saturating_add(500) / 1_000;
        display(out, format_args!("{}.{:03}", micros / 1_000, micros % 1_000));
    }
}

/// Names of ours, with a blank between them.
fn flaws(out: &mut Vec<u8>, message: Option<&Message>) {
    for (index, flaw) in message.iter().flat_map(|message| message.flaws.iter()).enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(flaw.name().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_compute_is_text() {
        for (octets, cell) in [
            (&b"/orders"[..], "\"/orders\""),
            (b"", "\"\""),
            (b"=1+1", "\"'=1+1\""),
            (b"+1", "\"'+1\""),
            (b"-1", "\"'-1\""),
            (b"@SUM(A1)", "\"'@SUM(A1)\""),
            (b"  =1", "\"'  =1\""),
            (b"\t=1", "\"'\\t=1\""),
            (b"\rx", "\"'\\rx\""),
            ("\u{ff1d}1".as_bytes(), "\"'\u{ff1d}1\""),
            (b"say \"=1\", twice", "\"say \"\"=1\"\", twice\""),
            (b"a\r\nb", "\"a\\r\\nb\""),
        ] {
            let mut out = Vec::new();
            captured(&mut out, octets);
            assert_eq!(String::from_utf8(out).unwrap(), cell);
        }
    }

    #[test]
    fn durations_are_milliseconds_to_the_microsecond() {
        for (nanos, cell) in
            [(0, "0.000"), (499, "0.000"), (500, "0.001"), (1_234_567_890, "1234.568")]
        {
            let mut out = Vec::new();
            millis(&mut out, Some(Duration::from_nanos(nanos)));
            assert_eq!(String::from_utf8(out).unwrap(), cell);
        }
    }
}
