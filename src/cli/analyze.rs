//! `httpwhy FILE...`: a capture in, a report or records out.

use std::ops::ControlFlow;
use std::time::Instant;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};
use httpwhy::engine::Record;
use httpwhy::export::FORMATS;
use httpwhy::pipeline;
use httpwhy::units::Duration;

use super::{Done, input, output};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub input: input::Inputs,
    /// What to write
    #[arg(short = 'T', long, value_name = "FORMAT", default_value = "text", value_parser = formats())]
    format: String,
    /// The same as -T jsonl
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Stop after so many exchanges
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Lines of a table of the report at most
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    /// Account for every packet and octet in the report
    #[arg(long)]
    stats: bool,
    #[command(flatten)]
    output: output::Destination,
    #[command(flatten)]
    talk: input::Talk,
    /// Accepted, as tcpdump has it: names are never looked up
    #[arg(short)]
    n: bool,
}

fn formats() -> PossibleValuesParser {
    let values = FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.about));
    PossibleValuesParser::new(values)
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Done> {
    let begun = Instant::now();
    let name = if arguments.json { "jsonl" } else { &arguments.format };
    let Some(format) = FORMATS.iter().find(|format| format.name == name) else {
        anyhow::bail!("there is no format {name}");
    };
    let mut capture = arguments.input.open()?;
    let mut options = arguments.output.options();
    options.top = arguments.top;
    options.accounts = arguments.stats;
    let mut exporter = (format.open)(options);
    let mut out = arguments.output.open()?;
    exporter.begin(&mut out).map_err(|error| out.refused(error))?;
    let enough = arguments.count.unwrap_or(u64::MAX);
    let mut outcome = pipeline::run(&mut capture, pipeline::Options::default(), |record| {
        let written = match record {
            Record::Exchange(id, exchange) => exporter.exchange(id, exchange, &mut out),
            Record::Stray(stray) => exporter.stray(stray, &mut out),
            Record::Connection(connection) => exporter.connection(connection, &mut out),
            Record::Verdict(verdict) => exporter.verdict(verdict, &mut out),
        };
        written.map_err(|error| out.refused(error))?;
        match record {
            Record::Exchange(id, _) if id >= enough => Ok(ControlFlow::Break(())),
            _ => anyhow::Ok(ControlFlow::Continue(())),
        }
    })?;
    let nanos = u64::try_from(begun.elapsed().as_nanos()).ok();
    outcome.summary.read_in = nanos.map(Duration::from_nanos);
    let ended = exporter.end(&outcome.summary, &outcome.statistics, &mut out);
    ended.map_err(|error| out.refused(error))?;
    out.finish()?;
    Ok(arguments.talk.tell(&outcome.summary))
}
