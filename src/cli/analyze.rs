//! `httpwhy FILE...`: a capture in, a report or records out.

use std::ops::ControlFlow;
use std::time::Instant;

use clap::Args;
use clap::builder::PossibleValuesParser;
use httpwhy::engine::Record;
use httpwhy::export::Sort;
use httpwhy::pipeline::{self, Threads};
use httpwhy::stats::By;
use httpwhy::units::{Count, Duration};

use super::{Done, complain, evidence, extract, format, input, output, select, tell, write};

/// Octets of a body that `--body` can ask for at most.
const MOST_BODY_OCTETS: usize = 1 << 20;

/// What `--evidence` has no use for.
const OTHERS: [&str; 14] = [
    "format", "json", "fields", "filter", "since", "until", "fail_on", "count", "by", "body",
    "stats", "write", "extract", "force",
];

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub input: input::Inputs,
    #[command(flatten)]
    wanted: format::Wanted,
    #[command(flatten)]
    select: select::Select,
    /// Exit with 4 if an exchange matches, as in 5xx, problems, 'ttfb > 2s', 'why = upstream-refused'
    #[arg(long, value_name = "EXPR")]
    fail_on: Option<String>,
    /// Stop after so many exchanges
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Lines of a table of the report at most
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    /// What to group exchanges by in tables; in records: as records of their own
    #[arg(long, value_name = "KEY", value_delimiter = ',', value_parser = keys())]
    by: Vec<String>,
    /// What stands first in these tables
    #[arg(long, value_name = "KEY", default_value = "failed", value_parser = sorts())]
    sort: String,
    /// Octets of the front of each body that HAR holds
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = body_octets)]
    body: usize,
    /// Account for every packet and octet in the report
    #[arg(long)]
    stats: bool,
    #[command(flatten)]
    pub memory: input::Memory,
    #[command(flatten)]
    write: write::Write,
    #[command(flatten)]
    extract: extract::Extract,
    /// Write one exchange to a new folder, evidence-ID or -o DIR, to be handed on: text, HAR, records and the
    /// packets of both legs, without secrets and bodies
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(u64).range(1..), conflicts_with_all = OTHERS)]
    evidence: Option<u64>,
    #[command(flatten)]
    pub output: output::Destination,
    #[command(flatten)]
    pub talk: input::Talk,
    /// Accepted, as tcpdump has it: names are never looked up
    #[arg(short)]
    n: bool,
}

/// What `--by` takes for the table of servers, which there is in any case.
const SERVER: &str = "server";

fn keys() -> PossibleValuesParser {
    let names = std::iter::once(SERVER).chain(By::ALL.map(By::name));
    PossibleValuesParser::new(names.collect::<Vec<_>>())
}

fn sorts() -> PossibleValuesParser {
    PossibleValuesParser::new(Sort::ALL.map(Sort::name))
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Done> {
    if let Some(id) = arguments.evidence {
        return evidence::run(arguments, id);
    }
    let begun = Instant::now();
    let format = arguments.wanted.choose("text")?;
    let filter = arguments.select.compile()?;
    let gate = arguments.fail_on.as_deref().map(select::compile).transpose()?;
    let paths = arguments.input.paths();
    arguments.write.check(&paths)?;
    arguments.extract.check(&paths)?;
    let made = [arguments.output.made(), arguments.write.made(), arguments.extract.made()];
    let mut capture = arguments.input.open(made.into_iter().flatten().collect())?;
    let mut options = arguments.output.options();
    options.top = arguments.top;
    options.accounts = arguments.stats;
    let sort = Sort::ALL.into_iter().find(|sort| sort.name() == arguments.sort);
    options.sort = sort.unwrap_or_default();
    options.servers = arguments.by.is_empty() || arguments.by.iter().any(|key| key == SERVER);
    let by = grouped_by(format.name, &arguments.by);
    let mut exporter = format.open(options);
    let mut out = arguments.output.open()?;
    let mut writing = arguments.write.open(paths.clone(), arguments.output.force())?;
    let read = pipeline::Options {
        memory: arguments.memory.octets(),
        ..arguments.input.streams.options()
    };
    let mut extracting = arguments.extract.open(paths, read.clone())?;
    exporter.begin(&mut out).map_err(|error| out.refused(error))?;
    let mut left = arguments.count.unwrap_or(u64::MAX);
    let threads = match arguments.count {
        // What is read in advance would be counted, though nobody asked for it.
        Some(_) => Threads::default(),
        None => arguments.input.threads(&capture),
    };
    let wanted = pipeline::Options {
        preview: arguments.body,
        filter,
        causes: format.causes,
        findings: format.findings,
        gate,
        by,
        threads,
        ..read
    };
    let waits = format.causes || format.findings;
    let ran = pipeline::run(&mut capture, wanted, |record| {
        let is_exchange = matches!(record, Record::Exchange(..));
        // Behind the last exchange come its findings and verdicts.
        if is_exchange && left == 0 {
            return anyhow::Ok(ControlFlow::Break(()));
        }
        if let Some(writing) = &mut writing {
            writing.record(record);
        }
        if let Some(extracting) = &mut extracting {
            extracting.record(record);
        }
        let written = match record {
            Record::Exchange(id, exchange) => exporter.exchange(id, exchange, &mut out),
            Record::Stray(stray) => exporter.stray(stray, &mut out),
            Record::Connection(connection) => exporter.connection(connection, &mut out),
            Record::Verdict(verdict) => exporter.verdict(verdict, &mut out),
            Record::Finding(finding) => exporter.finding(finding, &mut out),
        };
        written.map_err(|error| out.refused(error))?;
        left -= u64::from(is_exchange);
        let is_over = left == 0 && !waits;
        Ok(if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    });
    let mut outcome = match ran {
        Ok(outcome) => outcome,
        Err(error) => {
            out.give_up(&mut *exporter);
            return Err(error);
        }
    };
    let nanos = u64::try_from(begun.elapsed().as_nanos()).ok();
    outcome.summary.read_in = nanos.map(Duration::from_nanos);
    let ended = exporter.end(&outcome.summary, &outcome.statistics, &mut out);
    ended.map_err(|error| out.refused(error))?;
    out.finish()?;
    if let Some(writing) = writing {
        let interfaces: Vec<_> =
            capture.inputs().flat_map(|input| &input.interfaces).cloned().collect();
        let (packets, what) = (writing.finish(&interfaces)?, "written, secrets and all");
        if !arguments.talk.is_quiet() {
            tell(&format!("{} packets {what}", Count(packets)));
        }
    }
    if let Some(extracting) = extracting {
        let written = extracting.finish()?;
        if !arguments.talk.is_quiet() {
            tell(&extract::told(written));
        }
    }
    let done = arguments.talk.tell(&outcome.summary);
    hurried(&outcome);
    Ok(if outcome.gated > 0 { Done::Matched } else { done })
}

/// Says where a filter could not wait.
pub(super) fn hurried(outcome: &pipeline::Outcome) {
    if outcome.hurried > 0 {
        let hurried = Count(outcome.hurried);
        let what = format!(
            "{hurried} exchanges were chosen before all was known of them: too many waited at a time"
        );
        complain("warning", &what);
    }
}

/// What the statistics of a format group exchanges by, given what was asked for.
pub(super) fn grouped_by(format: &str, keys: &[String]) -> Vec<By> {
    match keys {
        // Whoever reads records groups them as he likes.
        [] if ["text", "md", "html"].contains(&format) => vec![By::Endpoint],
        keys => By::ALL.into_iter().filter(|by| keys.iter().any(|key| key == by.name())).collect(),
    }
}

/// Content that is kept is memory, for every open exchange: not without a bound.
fn body_octets(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(octets) if octets <= MOST_BODY_OCTETS => Ok(octets),
        Ok(_) => Err(format!("at most {MOST_BODY_OCTETS}")),
        Err(error) => Err(error.to_string()),
    }
}
