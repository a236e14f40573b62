//! `httpwhy dashboard FILE... | -`: captures on a full screen. A thread reads and publishes, this
//! one draws.

mod outside;
mod reader;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use clap::Args;
use httpwhy::dashboard::{self, App, Options, Theme};
use httpwhy::error::Error;
use httpwhy::export::Secrets;
use httpwhy::filter::Filter;
use httpwhy::snapshot::{Board, Ended};
use httpwhy::units::Count;

use super::{Done, complain, input};
use outside::Machine;

/// Between two looks at whether packets have come.
const LOOK: Duration = Duration::from_millis(20);

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    input: input::Inputs,
    /// Begin with this filter, as in 'status >= 500 and path ~ /checkout'; httpwhy explain filter
    #[arg(short = 'Y', long, value_name = "EXPR")]
    filter: Option<String>,
    /// Colours: auto, dark, light, high-contrast or mono
    #[arg(long, value_name = "THEME", value_parser = theme, default_value = "auto")]
    theme: Theme,
    /// Draw with ASCII alone
    #[arg(long)]
    ascii: bool,
    /// Show credentials, cookies and tokens, which are hidden otherwise until R is pressed
    #[arg(long)]
    show_secrets: bool,
    /// Octets of the front of each body that are kept for the full view
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = clap::value_parser!(u32).range(0..=65_536))]
    body: u32,
}

fn theme(name: &str) -> Result<Theme, String> {
    let known = Theme::ALL.into_iter().find(|theme| theme.name() == name);
    known.ok_or_else(|| {
        let names = Theme::ALL.map(Theme::name).join(", ");
        format!("there is {names}")
    })
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Done> {
    let filter = match arguments.filter.as_deref().map(Filter::parse).transpose() {
        Ok(filter) => filter,
        Err(mistake) => return Err(Error::Usage(mistake.to_string()).into()),
    };
    if !io::stdout().is_terminal() {
        let help = "the dashboard needs a terminal and standard output is none; \
                    use `httpwhy analyze`, or `httpwhy -T jsonl` for programs";
        return Err(Error::Usage(help.to_owned()).into());
    }
    let capture = arguments.input.open()?;
    let mut paths = arguments.input.paths();
    if paths.is_empty() {
        paths.push(PathBuf::from("-"));
    }
    let piped = paths.iter().any(|path| path.as_os_str() == "-");
    let board = Arc::new(Board::default());
    let stop = Arc::new(AtomicBool::new(false));
    let preview = arguments.body as usize;
    let reading = {
        let (board, stop) = (Arc::clone(&board), Arc::clone(&stop));
        thread::Builder::new()
            .name("reader".to_owned())
            .spawn(move || reader::read(capture, preview, &board, &stop))?
    };
    if piped {
        wait(&board)?;
    }
    let options = Options {
        source: named(&paths),
        live: false,
        saved: true,
        secrets: if arguments.show_secrets { Secrets::Shown } else { Secrets::Hidden },
        theme: if set("NO_COLOR") { Theme::Mono } else { arguments.theme },
        ascii: arguments.ascii || !speaks_unicode(),
        filter,
    };
    let mut app = App::new(options);
    let leave = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        signal_hook::flag::register(signal, Arc::clone(&leave))?;
    }
    let mut machine = Machine::new(if piped { Vec::new() } else { paths });
    let shown = dashboard::run(&mut app, &board, &leave, &mut machine);
    stop.store(true, Ordering::Relaxed);
    shown.map_err(|source| Error::Write { what: "the terminal".to_owned(), source })?;
    // A pipe that is silent keeps its reader waiting; nobody waits for it.
    if !piped {
        let _ = reading.join();
    }
    end(&board)
}

/// The terminal stays as it is until there is something to show.
fn wait(board: &Board) -> anyhow::Result<()> {
    complain("note", "waiting for packets on standard input; Ctrl-C ends it");
    loop {
        let latest = board.latest();
        match &latest.now.end {
            Some(Ended::Failed(why)) => anyhow::bail!("{why}"),
            Some(Ended::Done(_)) => return Ok(()),
            None if latest.now.packets > 0 => return Ok(()),
            None => thread::sleep(LOOK),
        }
    }
}

/// One line about what was seen.
fn end(board: &Board) -> anyhow::Result<Done> {
    let latest = board.latest();
    let statistics = &latest.statistics;
    let said = format!(
        "{} packets, {} exchanges, {} failed",
        Count(latest.now.packets),
        Count(statistics.exchanges),
        Count(statistics.outcomes.failed())
    );
    match &latest.now.end {
        Some(Ended::Failed(why)) => anyhow::bail!("{why}"),
        Some(Ended::Done(damages)) if !damages.is_empty() => {
            complain("note", &said);
            for damage in damages.iter().take(3) {
                complain("warning", damage);
            }
            Ok(Done::Damaged)
        }
        Some(Ended::Done(_)) => {
            complain("note", &said);
            Ok(Done::Well)
        }
        None => {
            complain("note", &format!("{said}; left before the end"));
            Ok(Done::Well)
        }
    }
}

/// What is read, in few words.
fn named(paths: &[PathBuf]) -> String {
    let Some(first) = paths.first() else { return String::new() };
    if first.as_os_str() == "-" {
        return "standard input".to_owned();
    }
    let name = first.file_name().unwrap_or(first.as_os_str()).to_string_lossy().into_owned();
    match paths.len() {
        1 => name,
        count => format!("{name} and {} more", count - 1),
    }
}

fn set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// Whether the locale, where one is set, can say more than ASCII.
fn speaks_unicode() -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty());
    set.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
