//! `httpwhy diff BEFORE AFTER`: two captures in, what is worse, better, new or gone out, and an exit
//! code that a release can be held by.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use httpwhy::comparison::{self, Comparison, Profile, Trend};
use httpwhy::engine::Record;
use httpwhy::export;
use httpwhy::pipeline;
use httpwhy::rules::Severity;

use super::confine::{self, Needs};
use super::{Done, input, output};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The capture to compare with
    before: PathBuf,
    /// The capture that may be worse
    after: PathBuf,
    /// What to write
    #[arg(short = 'T', long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// The same as -T jsonl
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Exit with 4 where the second capture is worse in one of these, separated by commas
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    fail_on: Vec<Worse>,
    /// Lines of a table at most
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    #[command(flatten)]
    sandbox: confine::Sandbox,
    #[command(flatten)]
    output: output::Destination,
    #[command(flatten)]
    streams: input::Streams,
    #[command(flatten)]
    talk: input::Talk,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Tables
    Text,
    /// One record a line
    Jsonl,
}

/// What can be worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Worse {
    /// An endpoint fails more often
    Failures,
    /// An endpoint is slower
    Slower,
    /// A cause of failures is new
    Causes,
    /// A finding is new that is a warning or an error
    Findings,
    /// Any of these
    Any,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Done> {
    let read = vec![arguments.before.clone(), arguments.after.clone()];
    let write = arguments.output.made().into_iter().collect();
    arguments.sandbox.confine(&Needs { read, write, ..Needs::default() });
    let (before, was) = profile(&arguments.before, arguments)?;
    let (after, is) = profile(&arguments.after, arguments)?;
    let comparison = comparison::compare(&before, &after);
    let mut options = arguments.output.options();
    options.top = arguments.top;
    let names = [&arguments.before, &arguments.after];
    let names = names.map(|path| path.as_os_str().as_encoded_bytes());
    let written = if arguments.json || arguments.format == Format::Jsonl {
        export::comparison::jsonl(&comparison)
    } else {
        export::comparison::text(&comparison, names, options)
    };
    let mut out = arguments.output.open()?;
    std::io::Write::write_all(&mut out, &written).map_err(|error| out.refused(error))?;
    out.finish()?;
    if arguments.fail_on.iter().any(|what| what.is_true_of(&comparison)) {
        return Ok(Done::Matched);
    }
    Ok(if was == Done::Well { is } else { was })
}

fn profile(path: &Path, arguments: &Arguments) -> anyhow::Result<(Profile, Done)> {
    let mut capture = input::open(vec![path.to_path_buf()])?;
    let mut profile = Profile::default();
    let outcome = pipeline::run(&mut capture, arguments.streams.options(), |record| {
        match record {
            Record::Exchange(_, exchange) => profile.exchange(exchange),
            Record::Verdict(verdict) => profile.verdict(verdict),
            Record::Finding(finding) => profile.finding(finding),
            Record::Stray(_) | Record::Connection(_) => {}
        }
        anyhow::Ok(ControlFlow::Continue(()))
    })?;
    Ok((profile, arguments.talk.tell(&outcome.summary)))
}

impl Worse {
    fn is_true_of(self, comparison: &Comparison) -> bool {
        let endpoints = comparison.endpoints.iter().chain([&comparison.total]);
        let new = |count: &comparison::Count| count.before == 0;
        let grave = |count: &comparison::Count| count.severity >= Some(Severity::Warning);
        match self {
            Self::Failures => endpoints.clone().any(|one| one.failures == Some(Trend::Worse)),
            Self::Slower => endpoints.clone().any(|one| one.latency == Some(Trend::Worse)),
            Self::Causes => comparison.causes.iter().any(new),
            Self::Findings => comparison.findings.iter().any(|count| new(count) && grave(count)),
            Self::Any => [Self::Failures, Self::Slower, Self::Causes, Self::Findings]
                .into_iter()
                .any(|what| what.is_true_of(comparison)),
        }
    }
}
