//! `httpwhy show ID... -r FILE`: exchanges in full, by the numbers that reports and records give.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use httpwhy::engine::Record;
use httpwhy::error::Error;
use httpwhy::export::detail;
use httpwhy::http::Bodies;
use httpwhy::units::{Count, Octets};
use httpwhy::{limits, pipeline};

use super::confine::{self, Needs};
use super::{Done, extract, input, output};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Numbers of exchanges
    #[arg(value_name = "ID", required = true, value_parser = clap::value_parser!(u64).range(1..))]
    ids: Vec<u64>,
    /// The capture that they are in; - for standard input
    #[arg(short, long = "read", value_name = "FILE")]
    read: Vec<PathBuf>,
    /// Octets of the front of each body that are shown, codings taken off, or full
    #[arg(long, value_name = "N|full", value_parser = octets)]
    body: Option<usize>,
    #[command(flatten)]
    sandbox: confine::Sandbox,
    #[command(flatten)]
    output: output::Destination,
    #[command(flatten)]
    streams: input::Streams,
    #[command(flatten)]
    talk: input::Talk,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Done> {
    let mut wanted: BTreeSet<u64> = arguments.ids.iter().copied().collect();
    let write = arguments.output.made().into_iter().collect();
    arguments.sandbox.confine(&Needs { read: arguments.read.clone(), write, ..Needs::default() });
    let mut options = arguments.output.options();
    let read = arguments.streams.options();
    let mut run = pipeline::Options { preview: detail::PREVIEW_OCTETS, ..read.clone() };
    if let Some(octets) = arguments.body {
        options.body = octets;
        run.preview = 0;
        run.bodies = Some(Arc::new(bodies(&arguments.read, &wanted, read)?));
    }
    let mut capture = input::open(arguments.read.clone())?;
    let mut out = arguments.output.open()?;
    // Why it failed and what rules found come behind the exchange, so the capture is read on to its end.
    let mut open: BTreeSet<u64> = BTreeSet::new();
    let shown: BTreeSet<u64> = wanted.clone();
    let outcome = pipeline::run(&mut capture, run, |record| {
        let written = match record {
            Record::Exchange(id, exchange) if wanted.remove(&id) => {
                open.insert(id);
                detail::write(id, exchange, options, &mut out)
            }
            Record::Verdict(verdict) if open.remove(&verdict.transaction) => {
                detail::write_verdict(verdict, options, &mut out)
            }
            Record::Finding(finding)
                if finding.transaction.is_some_and(|id| shown.contains(&id)) =>
            {
                detail::write_finding(finding, options, &mut out)
            }
            _ => Ok(()),
        };
        written.map_err(|error| out.refused(error))?;
        anyhow::Ok(ControlFlow::Continue(()))
    })?;
    out.finish()?;
    if let Some(id) = wanted.first() {
        let there = match outcome.statistics.exchanges {
            0 => "the capture holds none".to_owned(),
            count => format!("the capture holds 1 to {}", Count(count)),
        };
        return Err(Error::Usage(format!("there is no exchange {id}: {there}")).into());
    }
    Ok(arguments.talk.tell(&outcome.summary))
}

/// Reads the captures for the places of exchanges, whose bodies are kept when they are read again.
fn bodies(
    paths: &[PathBuf],
    ids: &BTreeSet<u64>,
    read: pipeline::Options,
) -> anyhow::Result<Bodies> {
    input::need_files("--body", paths)?;
    // How much of a body as it was sent gives so much of it decoded, nobody knows.
    let mut kept = Bodies { octets: limits::BODY_OCTETS, of: BTreeSet::new() };
    let (mut left, mut sum) = (ids.clone(), 0_u64);
    pipeline::run(&mut input::open(paths.to_vec())?, read, |record| {
        if let Record::Exchange(id, exchange) = record
            && left.remove(&id)
        {
            kept.of.insert((exchange.connection, exchange.nth));
            sum = sum.saturating_add(extract::contents(exchange));
        }
        let done = left.is_empty();
        anyhow::Ok(if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    if sum > limits::BODIES_OCTETS {
        let most = Octets(limits::BODIES_OCTETS);
        let help = format!("the bodies take more than {most}: show fewer, or use --extract");
        return Err(Error::Usage(help).into());
    }
    Ok(kept)
}

/// A number of octets, or all of them.
fn octets(text: &str) -> Result<usize, String> {
    match text.parse() {
        _ if text == "full" => Ok(limits::BODY_OCTETS),
        Ok(octets) if octets <= limits::BODY_OCTETS => Ok(octets),
        Ok(_) => Err(format!("at most {}", limits::BODY_OCTETS)),
        Err(error) => Err(format!("{error}; a number of octets, or full")),
    }
}
