//! `httpwhy show ID... -r FILE`: exchanges in full, by the numbers that reports and records give.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::Args;
use httpwhy::engine::Record;
use httpwhy::error::Error;
use httpwhy::export::detail;
use httpwhy::pipeline;
use httpwhy::units::Count;

use super::{Done, input, output};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Numbers of exchanges
    #[arg(value_name = "ID", required = true, value_parser = clap::value_parser!(u64).range(1..))]
    ids: Vec<u64>,
    /// The capture that they are in; - for standard input
    #[arg(short, long = "read", value_name = "FILE")]
    read: Vec<PathBuf>,
    #[command(flatten)]
    output: output::Destination,
    #[command(flatten)]
    talk: input::Talk,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Done> {
    let mut capture = input::open(arguments.read.clone())?;
    let options = arguments.output.options();
    let mut out = arguments.output.open()?;
    let mut wanted: BTreeSet<u64> = arguments.ids.iter().copied().collect();
    let preview =
        pipeline::Options { preview: detail::PREVIEW_OCTETS, ..pipeline::Options::default() };
    // Why it failed and what rules found come behind the exchange, so the capture is read on to its end.
    let mut open: BTreeSet<u64> = BTreeSet::new();
    let shown: BTreeSet<u64> = wanted.clone();
    let outcome = pipeline::run(&mut capture, preview, |record| {
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
