//! A capture in, what an output format makes of it out, without a process around it.

use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use httpwhy::capture::Capture;
use httpwhy::engine::Record;
use httpwhy::export::columns::Form;
use httpwhy::export::{self, Exporter, FORMATS, Options, Secrets, Sort, detail};
use httpwhy::filter::Column;
use httpwhy::pipeline::{self, Outcome};
use httpwhy::stats::By;

use super::frames::frames;
use super::link::Encapsulation;
use super::packets::{Stacks, segments};
use super::pcap;
use super::script::Script;

/// As when the output goes to a file.
pub const OPTIONS: Options = Options {
    secrets: Secrets::Hidden,
    top: 10,
    columns: None,
    colour: false,
    servers: true,
    sort: Sort::Failed,
    accounts: false,
    body: detail::PREVIEW_OCTETS,
};

const VECTOR: &str = "writing to a vector cannot fail";

/// Opens a capture file that belongs to the project; its name in the output is the one given.
///
/// # Panics
///
/// Where it is not there.
pub fn open(name: &str) -> Capture {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let file = std::fs::File::open(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    Capture::from_reader(PathBuf::from(name), Box::new(file)).expect("a capture")
}

/// The capture of a script.
///
/// # Panics
///
/// Where it is none.
pub fn captured(script: &Script) -> Capture {
    let made = segments(script, &Stacks::default());
    let file = pcap::pcap(&frames(&made, &Encapsulation::ethernet()));
    Capture::from_reader(PathBuf::from("made.pcap"), Box::new(Cursor::new(file)))
        .expect("a capture")
}

/// What a format makes of a capture.
///
/// # Panics
///
/// Where there is no such format, or the capture cannot be read.
pub fn exported(capture: Capture, format: &str, options: Options) -> Vec<u8> {
    exported_with(capture, format, options, 0)
}

/// What chosen columns make of a capture.
///
/// # Panics
///
/// Where the capture cannot be read.
pub fn columns(mut capture: Capture, columns: &[Column], form: Form, options: Options) -> Vec<u8> {
    let mut exporter = export::columns::open(columns, form, options);
    let mut out = Vec::new();
    exporter.begin(&mut out).expect(VECTOR);
    let wanted = pipeline::Options { causes: true, findings: true, ..pipeline::Options::default() };
    let outcome = pipeline::run(&mut capture, wanted, |record| {
        give(&mut *exporter, record, &mut out);
        Ok::<_, httpwhy::error::Error>(ControlFlow::Continue(()))
    })
    .expect("a capture that can be read");
    exporter.end(&outcome.summary, &outcome.statistics, &mut out).expect(VECTOR);
    out
}

fn give(exporter: &mut dyn Exporter, record: Record<'_>, out: &mut Vec<u8>) {
    match record {
        Record::Exchange(id, exchange) => exporter.exchange(id, exchange, out),
        Record::Stray(stray) => exporter.stray(stray, out),
        Record::Connection(connection) => exporter.connection(connection, out),
        Record::Verdict(verdict) => exporter.verdict(verdict, out),
        Record::Finding(finding) => exporter.finding(finding, out),
    }
    .expect(VECTOR);
}

/// What a format makes of a capture where the run keeps so many octets of the front of each body.
///
/// # Panics
///
/// Where there is no such format, or the capture cannot be read.
pub fn exported_with(
    mut capture: Capture,
    format: &str,
    options: Options,
    preview: usize,
) -> Vec<u8> {
    let format = FORMATS.iter().find(|one| one.name == format).expect("a format");
    let mut exporter = (format.open)(options);
    let mut out = Vec::new();
    exporter.begin(&mut out).expect(VECTOR);
    let outcome = drive(&mut capture, preview, format.causes, |record| {
        give(&mut *exporter, record, &mut out);
    });
    exporter.end(&outcome.summary, &outcome.statistics, &mut out).expect(VECTOR);
    out
}

/// Every exchange of a capture in full.
///
/// # Panics
///
/// Where the capture cannot be read.
pub fn shown(mut capture: Capture, options: Options) -> Vec<u8> {
    let mut out = Vec::new();
    drive(&mut capture, detail::PREVIEW_OCTETS, false, |record| {
        if let Record::Exchange(id, exchange) = record {
            detail::write(id, exchange, options, &mut out).expect(VECTOR);
            out.push(b'\n');
        }
    });
    out
}

fn drive(
    capture: &mut Capture,
    preview: usize,
    causes: bool,
    mut sink: impl FnMut(Record<'_>),
) -> Outcome {
    let options = pipeline::Options {
        preview,
        causes,
        by: vec![By::Endpoint],
        ..pipeline::Options::default()
    };
    let outcome = pipeline::run(capture, options, |record| {
        sink(record);
        Ok::<_, httpwhy::error::Error>(ControlFlow::Continue(()))
    })
    .expect("a capture that can be read");
    assert!(outcome.summary.balances(), "{:?}", outcome.summary);
    assert!(outcome.summary.ledger.balances(), "{:?}", outcome.summary.ledger);
    outcome
}
