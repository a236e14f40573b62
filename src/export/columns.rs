//! Exchanges in, the fields that somebody chose with `-e` out, one line an exchange: as CSV, as values
//! with tabs between them, or as JSON objects. The fields are those of the filter language.
//!
//! Several values of a field stand in one cell with commas between them, in JSON in an array. Durations
//! are milliseconds; under the names that Wireshark has for them they are seconds, as there.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::{Exporter, Format, Options, Secrets, csv, escape, json};
use crate::diagnosis::Verdict;
use crate::filter::{Column, Subject, Value};
use crate::http::Exchange;
use crate::rules::{Finding, Severity};
use crate::snapshot::Summary;
use crate::stats::Statistics;
use crate::units::Duration;

/// Values with tabs between them, and their names in the first line.
pub(super) const TSV: Format = Format {
    name: "tsv",
    about: "one line an exchange, with tabs between the columns, which -e chooses",
    causes: true,
    open: |options| open(&default_columns(), Form::Tsv, options),
};

/// The same as tshark has it: without names, for pipes.
pub(super) const FIELDS: Format = Format {
    name: "fields",
    about: "the same without a line of names, as tshark has it",
    causes: true,
    open: |options| open(&default_columns(), Form::Fields, options),
};

/// What is shown where nobody chose.
const DEFAULT: [&str; 10] =
    ["id", "time", "client", "server", "method", "host", "target", "status", "ttfb", "why"];

/// How columns are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Comma-separated values with a line of names.
    Csv,
    /// Values with tabs between them, with a line of names.
    Tsv,
    /// The same without names.
    Fields,
    /// One JSON object an exchange.
    Jsonl,
}

impl Form {
    /// The form of a format that can have columns of one's choice.
    pub fn of(format: &str) -> Option<Self> {
        match format {
            "csv" => Some(Self::Csv),
            "tsv" => Some(Self::Tsv),
            "fields" => Some(Self::Fields),
            "jsonl" => Some(Self::Jsonl),
            _ => None,
        }
    }
}

fn default_columns() -> Vec<Column> {
    DEFAULT.iter().filter_map(|name| Column::parse(name).ok()).collect()
}

/// Writes these columns. Where one of them asks for findings or causes, exchanges have to be held back for
/// them: [`crate::pipeline::Options::findings`], [`crate::pipeline::Options::causes`].
pub fn open(columns: &[Column], form: Form, options: Options) -> Box<dyn Exporter> {
    let late = |column: &Column| column.asks_for_findings() || column.asks_for_causes();
    Box::new(Columns {
        waits: columns.iter().any(late),
        columns: columns.to_vec(),
        form,
        secrets: options.secrets,
        line: Vec::new(),
        open: None,
    })
}

struct Columns {
    columns: Vec<Column>,
    form: Form,
    secrets: Secrets,
    /// Whether a line has to wait for what is known behind its exchange.
    waits: bool,
    /// The line being written; used again for the next.
    line: Vec<u8>,
    open: Option<Open>,
}

/// An exchange whose line waits.
struct Open {
    id: u64,
    exchange: Exchange,
    findings: Vec<(&'static str, Severity)>,
    causes: Vec<&'static str>,
}

impl Exporter for Columns {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let names = self.columns.iter().map(|column| escape::text(column.name().as_bytes()));
        match self.form {
            Form::Csv => {
                for (index, name) in names.enumerate() {
                    let comma = if index > 0 { "," } else { "" };
                    if name.contains(['"', ',']) {
                        write!(out, "{comma}\"{}\"", name.replace('"', "\"\""))?;
                    } else {
                        write!(out, "{comma}{name}")?;
                    }
                }
                out.write_all(b"\r\n")
            }
            Form::Tsv => writeln!(out, "{}", names.collect::<Vec<_>>().join("\t")),
            Form::Fields | Form::Jsonl => Ok(()),
        }
    }

    fn exchange(&mut self, id: u64, exchange: &Exchange, out: &mut dyn Write) -> io::Result<()> {
        self.close(out)?;
        if self.waits {
            let exchange = exchange.clone();
            self.open = Some(Open { id, exchange, findings: Vec::new(), causes: Vec::new() });
            return Ok(());
        }
        self.write(&Subject::new(id, exchange), out)
    }

    fn finding(&mut self, finding: &Finding, _: &mut dyn Write) -> io::Result<()> {
        if let Some(open) = self.open.as_mut().filter(|open| finding.transaction == Some(open.id)) {
            open.findings.push((finding.rule.id, finding.severity));
        }
        Ok(())
    }

    fn verdict(&mut self, verdict: &Verdict, _: &mut dyn Write) -> io::Result<()> {
        if let Some(open) = self.open.as_mut().filter(|open| verdict.transaction == open.id) {
            open.causes.push(verdict.cause.id);
        }
        Ok(())
    }

    fn pause(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.close(out)
    }

    fn give_up(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.close(out)
    }

    fn end(&mut self, _: &Summary, _: &Statistics, out: &mut dyn Write) -> io::Result<()> {
        self.close(out)
    }
}

impl Columns {
    /// Writes the line that waits, if one does.
    fn close(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let subject = Subject {
            findings: &open.findings,
            causes: &open.causes,
            ..Subject::new(open.id, &open.exchange)
        };
        self.write(&subject, out)
    }

    fn write(&mut self, subject: &Subject<'_>, out: &mut dyn Write) -> io::Result<()> {
        let Self { columns, form, secrets, line, .. } = self;
        line.clear();
        let (separator, end) = match form {
            Form::Csv => (",", "\r\n"),
            Form::Tsv | Form::Fields => ("\t", "\n"),
            Form::Jsonl => (",", "}\n"),
        };
        if *form == Form::Jsonl {
            line.push(b'{');
        }
        for (index, column) in columns.iter().enumerate() {
            if index > 0 {
                line.extend_from_slice(separator.as_bytes());
            }
            match form {
                Form::Jsonl => member(line, column, subject, *secrets),
                _ => cell(line, column, subject, *secrets, *form),
            }
        }
        line.extend_from_slice(end.as_bytes());
        out.write_all(line)
    }
}

fn cell(out: &mut Vec<u8>, column: &Column, subject: &Subject<'_>, secrets: Secrets, form: Form) {
    let (mut text, mut values, mut is_captured) = (String::new(), 0, false);
    column.each(subject, &mut |value| {
        if values > 0 {
            text.push(',');
        }
        values += 1;
        is_captured |= push(&mut text, value, column.is_in_seconds(), secrets);
    });
    match form {
        // A comma of ours is none between cells.
        Form::Csv if is_captured || values > 1 => csv::captured(out, text.as_bytes()),
        Form::Tsv if is_captured && csv::is_formula(&text) => {
            out.push(b'\'');
            out.extend_from_slice(text.as_bytes());
        }
        _ => out.extend_from_slice(text.as_bytes()),
    }
}

/// Writes a value; whether somebody else wrote it.
fn push(out: &mut String, value: Value<'_>, seconds: bool, secrets: Secrets) -> bool {
    if let Some(text) = captured(value, secrets) {
        out.push_str(&escape::text(&text));
        return true;
    }
    // Writing to a string cannot fail.
    let _ = match value {
        Value::Flag(set) => write!(out, "{set}"),
        Value::Number(number) => write!(out, "{number}"),
        Value::Range(first, last) => write!(out, "{first}..{last}"),
        Value::Version(major, minor) => write!(out, "{major}.{minor}"),
        Value::Severity(severity) => write!(out, "{}", severity.name()),
        Value::Duration(duration) => write!(out, "{}", decimal(duration, seconds)),
        Value::Time(at) => write!(out, "{at}"),
        Value::Endpoint(endpoint) => write!(out, "{endpoint}"),
        Value::Address(address) => write!(out, "{address}"),
        Value::Word(word) => write!(out, "{}", escape::text(word)),
        Value::Target(_) | Value::Query(_) | Value::Text(_) | Value::Header(_) => Ok(()),
    };
    false
}

/// What somebody else wrote, without its secrets; `None` of what is ours.
fn captured(value: Value<'_>, secrets: Secrets) -> Option<std::borrow::Cow<'_, [u8]>> {
    match value {
        Value::Target(text) => Some(secrets.target(text)),
        Value::Query(text) => Some(secrets.line(text)),
        Value::Text(text) => Some(secrets.line(text)),
        Value::Header(field) => Some(secrets.value(&field)),
        _ => None,
    }
}

/// Milliseconds to the nearest microsecond, or seconds to the nanosecond.
fn decimal(duration: Duration, seconds: bool) -> String {
    if seconds {
        let nanos = duration.as_nanos();
        return format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000);
    }
    let micros = duration.as_nanos().saturating_add(500) / 1_000;
    format!("{}.{:03}", micros / 1_000, micros % 1_000)
}

fn member(out: &mut Vec<u8>, column: &Column, subject: &Subject<'_>, secrets: Secrets) {
    json::octets(out, column.name().as_bytes());
    out.push(b':');
    let is_list = column.is_list();
    if is_list {
        out.push(b'[');
    }
    let mut values = 0;
    column.each(subject, &mut |value| {
        if values > 0 {
            out.push(b',');
        }
        values += 1;
        if let Some(text) = captured(value, secrets) {
            return json::octets(out, &text);
        }
        let mut text = String::new();
        push(&mut text, value, column.is_in_seconds(), secrets);
        match value {
            Value::Range(first, last) => {
                out.push(b'[');
                json::number(out, first);
                out.push(b',');
                json::number(out, last);
                out.push(b']');
            }
            Value::Flag(_) | Value::Number(_) | Value::Duration(_) => {
                out.extend_from_slice(text.as_bytes());
            }
            _ => json::octets(out, text.as_bytes()),
        }
    });
    match (is_list, values) {
        (true, _) => out.push(b']'),
        (false, 0) => out.extend_from_slice(b"null"),
        (false, _) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_all_columns_that_are_shown_where_nobody_chose() {
        assert_eq!(default_columns().len(), DEFAULT.len());
    }

    #[test]
    fn durations_are_milliseconds_or_seconds_and_no_float_goes_wrong() {
        let duration = Duration::from_nanos(1_234_567_890);
        assert_eq!(decimal(duration, false), "1234.568");
        assert_eq!(decimal(duration, true), "1.234567890");
    }
}
