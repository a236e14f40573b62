//! The command line: one file a subcommand. Opens files and terminals, drives the library, and
//! turns what came of it into an exit code: 0 done, 1 cannot, 2 usage, 3 done but the input was
//! damaged, 4 done and `--fail-on` matched. Data go to standard output, everything else to standard error.

mod amount;
mod analyze;
mod completions;
mod confine;
mod dashboard;
mod diff;
mod evidence;
mod explain;
mod extract;
mod format;
mod input;
mod interfaces;
mod keep;
mod live;
mod man;
mod output;
mod pick;
mod select;
mod show;
mod sniff;
mod write;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use httpwhy::error::Error;
use httpwhy::export::escape;

const EXIT_CODES: &str = "\
Exit codes: 0 done · 1 cannot (no such file, not a capture, no permission) · 2 usage ·
3 done, but the input was damaged · 4 done, and --fail-on matched";

/// Reads packets and tells which HTTP requests failed.
#[derive(Debug, Parser)]
#[command(
    name = "httpwhy",
    version,
    after_help = EXIT_CODES,
    args_conflicts_with_subcommands = true,
    override_usage = "httpwhy [OPTIONS] FILE...\n       httpwhy COMMAND ..."
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// The same as httpwhy interfaces
    #[arg(short = 'D', long, exclusive = true)]
    list_interfaces: bool,
    #[command(flatten)]
    analyze: analyze::Arguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A report on captures; what `httpwhy FILE...` does
    Analyze(analyze::Arguments),
    /// Exchanges as they happen, one line each: from an interface, a pipe or a growing file
    Sniff(Box<sniff::Arguments>),
    /// Exchanges in full: heads, flaws, sizes, timeline, the front of the bodies
    Show(show::Arguments),
    /// Captures on a full screen: tables, problems, every exchange with its timeline
    #[command(visible_aliases = ["dash", "top"])]
    Dashboard(dashboard::Arguments),
    /// Two captures compared: what fails more, is slower, is new or gone
    Diff(diff::Arguments),
    /// What a status code, a cause, a rule or a flaw means, and what to do about it
    Explain(explain::Arguments),
    /// What can be captured from, and whether you may
    Interfaces(interfaces::Arguments),
    /// Completions for a shell, to standard output
    Completions(completions::Arguments),
    /// The manual page, to standard output
    Man,
    /// What this process cannot do any more while it reads
    #[command(hide = true)]
    Confined,
}

/// How a command ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    Well,
    /// The input was damaged.
    Damaged,
    /// The device that packets came from has gone; what it gave is reported.
    Gone,
    /// What `--fail-on` asks for was found, in an input that may be damaged.
    Matched,
}

/// Does what the command line of this process says.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too, and go to standard output.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let done = match &cli.command {
        None if cli.list_interfaces => interfaces::run(&interfaces::Arguments::default()),
        None => analyze::run(&cli.analyze),
        Some(Command::Analyze(arguments)) => analyze::run(arguments),
        Some(Command::Sniff(arguments)) => sniff::run(arguments),
        Some(Command::Interfaces(arguments)) => interfaces::run(arguments),
        Some(Command::Show(arguments)) => show::run(arguments),
        Some(Command::Dashboard(arguments)) => dashboard::run(arguments),
        Some(Command::Diff(arguments)) => diff::run(arguments),
        Some(Command::Explain(arguments)) => explain::run(arguments),
        Some(Command::Completions(arguments)) => completions::run(arguments),
        Some(Command::Man) => man::run(),
        Some(Command::Confined) => confine::run(),
    };
    match done {
        Ok(Done::Well) => ExitCode::SUCCESS,
        Ok(Done::Gone) => ExitCode::from(1),
        Ok(Done::Damaged) => ExitCode::from(3),
        Ok(Done::Matched) => ExitCode::from(4),
        Err(error) => fail(&error),
    }
}

/// Says why, and gives the exit code for it.
fn fail(error: &anyhow::Error) -> ExitCode {
    // A reader that has seen enough closes its end (`| head`): by convention that is no failure.
    let closed = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(closed) {
        return ExitCode::SUCCESS;
    }
    // `{error}` alone: what our errors say includes what the operating system said.
    complain("error", &error.to_string());
    let usage = matches!(error.downcast_ref::<Error>(), Some(Error::Usage(_)));
    ExitCode::from(if usage { 2 } else { 1 })
}

/// One line on standard error, safe to show. A terminal that is gone is nobody to tell.
fn complain(what: &str, message: &str) {
    tell(&format!("{what}: {message}"));
}

/// The same without a word in front.
fn tell(message: &str) {
    let lines = message.split('\n').map(|line| escape::text(line.as_bytes()));
    let message = lines.collect::<Vec<_>>().join("\n  ");
    let _ = writeln!(io::stderr().lock(), "{message}");
}

/// The whole command line as clap knows it, for completions and the manual.
fn command() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn the_three_ways_to_analyze_are_one() {
        for line in [
            &["httpwhy", "x.pcap", "--json"][..],
            &["httpwhy", "-r", "x.pcap", "--json"],
            &["httpwhy", "analyze", "x.pcap", "--json"],
        ] {
            let cli = Cli::try_parse_from(line).unwrap();
            let arguments = match cli.command {
                Some(Command::Analyze(arguments)) => arguments,
                None => cli.analyze,
                other => panic!("{other:?}"),
            };
            assert_eq!(arguments.input.paths(), [std::path::PathBuf::from("x.pcap")]);
        }
    }
}
