//! Which captures to read: arguments in, an open capture out, and afterwards warnings about what
//! was wrong with it.

use std::io::{self, IsTerminal};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Command, CommandFactory};
use httpwhy::capture::{Capture, Source};
use httpwhy::error::Error;
use httpwhy::flow::{Overlap, Reassembly, Urgent};
use httpwhy::limits;
use httpwhy::pipeline::{self, Threads};
use httpwhy::snapshot::Summary;
use httpwhy::units::{Count, Octets};

use super::confine::{self, Needs};
use super::{Cli, Done, amount, complain};

/// Damages told of one input unless all were asked for.
const TOLD: usize = 3;

#[derive(Debug, Args)]
pub(super) struct Inputs {
    /// Captures: pcap or pcapng, as they are or compressed with gzip or zstd; - for standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The same, as tcpdump and tshark have it
    #[arg(short, long = "read", value_name = "FILE")]
    read: Vec<PathBuf>,
    /// Spread the work over up to so many threads; without it over all cores, where there is much to read
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    #[command(flatten)]
    sandbox: confine::Sandbox,
    #[command(flatten)]
    pub streams: Streams,
}

impl Inputs {
    /// Over how many threads to spread the reading of a capture.
    pub fn threads(&self, capture: &Capture) -> Threads {
        let reading = Source::reading(capture);
        self.threads.map_or_else(|| Threads::fitting(reading), Threads::up_to)
    }

    /// The captures that were named.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.read.iter().chain(&self.files).cloned().collect()
    }

    /// Opens them. From now on the process can read them alone, and write what is named here.
    pub fn open(&self, write: Vec<PathBuf>) -> Result<Capture, Error> {
        let read = self.paths();
        self.sandbox.confine(&Needs { read: read.clone(), write, ..Needs::default() });
        open(read)
    }
}

/// Opens captures; without any, standard input if somebody writes to it.
pub(super) fn open(mut paths: Vec<PathBuf>) -> Result<Capture, Error> {
    if paths.is_empty() {
        if io::stdin().is_terminal() {
            let help = "no capture was named: httpwhy FILE..., or pipe one in; \
                        httpwhy --help shows more";
            return Err(Error::Usage(help.to_owned()));
        }
        paths.push(PathBuf::from("-"));
    }
    if paths.iter().any(|path| path.as_os_str() == "-") && io::stdin().is_terminal() {
        let help = "standard input is a terminal: pipe a capture in, \
                    as in tcpdump -U -w - | httpwhy -";
        return Err(Error::Usage(help.to_owned()));
    }
    Capture::open(&paths).map_err(|error| mistyped(&paths, error))
}

/// Refuses what can be read once only, where something has to read the captures again.
pub(super) fn need_files(what: &str, paths: &[PathBuf]) -> Result<(), Error> {
    // What does not exist is for whoever opens it to complain about.
    let suits = |path: &PathBuf| match std::fs::metadata(path) {
        Ok(found) => found.is_file(),
        Err(_) => path.as_os_str() != "-",
    };
    if !paths.is_empty() && paths.iter().all(suits) {
        return Ok(());
    }
    let help = format!(
        "{what} reads the capture twice, and a pipe can be read once: save it first, as in tee x.pcap"
    );
    Err(Error::Usage(help))
}

/// A file that does not exist may be a command with a slip of the finger in it.
fn mistyped(paths: &[PathBuf], error: Error) -> Error {
    let Error::Read { path, source } = &error else { return error };
    if source.kind() != io::ErrorKind::NotFound || paths.first() != Some(path) {
        return error;
    }
    let Some(word) = path.to_str() else { return error };
    let command = Cli::command();
    let names = command.get_subcommands().map(Command::get_name);
    match names.map(|name| (distance(word, name), name)).min() {
        Some((1..=2, name)) => Error::Usage(format!(
            "there is no command and no file `{word}`; did you mean `httpwhy {name}`?"
        )),
        _ => error,
    }
}

/// Letters to insert, delete, replace or exchange with a neighbour to make one word another.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    if from.len().abs_diff(to.len()) > 2 {
        return usize::MAX;
    }
    let mut rows = vec![vec![0; to.len() + 1]; from.len() + 1];
    for row in 0..=from.len() {
        for column in 0..=to.len() {
            rows[row][column] = if row == 0 || column == 0 {
                row + column
            } else {
                let differ = usize::from(from[row - 1] != to[column - 1]);
                let mut best = (rows[row - 1][column] + 1)
                    .min(rows[row][column - 1] + 1)
                    .min(rows[row - 1][column - 1] + differ);
                if row > 1
                    && column > 1
                    && from[row - 1] == to[column - 2]
                    && from[row - 2] == to[column - 1]
                {
                    best = best.min(rows[row - 2][column - 2] + 1);
                }
                best
            };
        }
    }
    rows[from.len()][to.len()]
}

/// How streams are put together where receivers do it differently, and of which packets.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Streams {
    /// Leave out packets with a wrong checksum. Not of use on the host that sends them: there the network
    /// card fills checksums in behind the capture
    #[arg(long)]
    verify_checksums: bool,
    /// Of octets that were sent in two versions before they were read, which hold: the first, the last, or
    /// those that this system takes (bsd: also macOS and Windows)
    #[arg(long, value_name = "POLICY", value_parser = overlaps(), default_value = "first")]
    overlap_policy: Overlap,
    /// What becomes of octets that TCP marks as urgent: inline, they are read with the others; oob (out of
    /// band), they are taken out, as for a program that has not asked for them
    #[arg(long, value_name = "HOW", value_parser = urgent(), default_value = "inline")]
    urgent: Urgent,
}

impl Streams {
    /// What was asked for, and of everything else what is usual. Whatever reads a capture again has to do it
    /// in the same way: it would find other exchanges.
    pub fn options(self) -> pipeline::Options {
        let Self { verify_checksums, overlap_policy, urgent } = self;
        pipeline::Options {
            verify_checksums,
            reassembly: Reassembly { overlap: overlap_policy, urgent },
            ..pipeline::Options::default()
        }
    }
}

fn overlaps() -> impl TypedValueParser<Value = Overlap> {
    PossibleValuesParser::new(["first", "last", "bsd", "linux", "solaris"]).map(|name| {
        match name.as_str() {
            "last" => Overlap::Last,
            "bsd" => Overlap::Bsd,
            "linux" => Overlap::Linux,
            "solaris" => Overlap::Solaris,
            _ => Overlap::First,
        }
    })
}

fn urgent() -> impl TypedValueParser<Value = Urgent> {
    PossibleValuesParser::new(["inline", "oob"]).map(|name| match name.as_str() {
        "oob" => Urgent::OutOfBand,
        _ => Urgent::Inline,
    })
}

/// How much memory may be taken.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Memory {
    /// Octets that connections and what is remembered of them may take, as in 512M; what is least useful
    /// goes first, and is counted [default: 256MiB]
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    memory: Option<u64>,
}

impl Memory {
    /// What was asked for.
    pub const fn octets(self) -> Option<u64> {
        self.memory
    }
}

fn memory(text: &str) -> Result<u64, String> {
    let octets = amount::octets(text)?;
    if octets < limits::MEMORY_LEAST {
        return Err(format!("at least {} are needed", Octets(limits::MEMORY_LEAST)));
    }
    Ok(octets)
}

/// How talkative the program is about its input.
#[derive(Debug, Args)]
pub(super) struct Talk {
    /// No warnings
    #[arg(short, long)]
    quiet: bool,
    /// Every warning, and notes about the input
    #[arg(short, long, conflicts_with = "quiet")]
    verbose: bool,
}

impl Talk {
    /// Whether only what was asked for and errors are to be told.
    pub const fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Tells what was wrong with the input.
    pub fn tell(&self, summary: &Summary) -> Done {
        for input in summary.inputs.iter().filter(|_| !self.quiet) {
            let told = if self.verbose { input.damages.len() } else { TOLD };
            for damage in input.damages.iter().take(told) {
                complain("warning", &damage.message);
            }
            let more = input.damages.len().saturating_sub(told) as u64 + input.more_damages;
            if more > 0 {
                let path = input.path.display();
                complain("warning", &format!("{path} is damaged in {more} further places"));
            }
            for note in input.notes.iter().filter(|_| self.verbose) {
                complain("note", note);
            }
        }
        // Whoever asked for it does not see what is not there.
        for (host, checked, wrong) in summary
            .checksums
            .mostly_wrong
            .iter()
            .filter(|_| summary.checksums.verified && !self.quiet)
        {
            let text = format!(
                "{} of {} packets that {host} sent have a wrong checksum, and were left out: its network \
                 card fills them in behind the capture; without --verify-checksums they are read",
                Count(*wrong),
                Count(*checked),
            );
            complain("warning", &text);
        }
        if summary.is_damaged() { Done::Damaged } else { Done::Well }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_are_near() {
        assert_eq!(distance("analize", "analyze"), 1);
        assert_eq!(distance("shwo", "show"), 1);
        assert_eq!(distance("explian", "explain"), 1);
        assert_eq!(distance("man", "man"), 0);
        assert!(distance("x.pcap", "show") > 2);
    }
}
