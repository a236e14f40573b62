//! `httpwhy dashboard FILE... | - | -i IFACE`: captures on a full screen. A thread reads and
//! publishes, this one draws.

mod outside;
mod packets;
mod reader;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use clap::Args;
use httpwhy::capture::Source;
use httpwhy::dashboard::{self, App, Options, Theme};
use httpwhy::error::Error;
use httpwhy::export::Secrets;
use httpwhy::pipeline;
use httpwhy::snapshot::{Board, Ended};
use httpwhy::units::Count;

use super::{Done, complain, input, keep, live, select, tell};
use outside::Machine;

/// Between two looks at whether packets have come.
const LOOK: Duration = Duration::from_millis(20);

/// How long what is saved has time to become whole when the terminal is gone.
const FAREWELL: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    device: live::Device,
    /// Captures; - for standard input. With -i: which packets to capture, as tcpdump has it
    #[arg(value_name = "FILE|BPF")]
    words: Vec<String>,
    /// A capture, as tcpdump and tshark have it
    #[arg(short, long = "read", value_name = "FILE")]
    read: Vec<PathBuf>,
    #[command(flatten)]
    select: select::Select,
    #[command(flatten)]
    memory: input::Memory,
    #[command(flatten)]
    streams: input::Streams,
    #[command(flatten)]
    keep: keep::Keep,
    /// Replace the file of -w if there is one
    #[arg(long, requires = "write")]
    force: bool,
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

/// What is read.
struct Opened {
    source: Box<dyn Source>,
    /// In few words.
    name: String,
    /// Files that can be read again; none where it was a pipe or a device.
    paths: Vec<PathBuf>,
    /// Whether packets come while they happen.
    live: bool,
}

impl Arguments {
    fn open(&self) -> Result<Opened, Error> {
        let paths: Vec<PathBuf> =
            self.read.iter().cloned().chain(self.words.iter().map(PathBuf::from)).collect();
        let is_file = |path: &PathBuf| path.as_os_str() != "-" && path.is_file();
        let again = !paths.is_empty() && paths.iter().all(is_file);
        let device = &self.device;
        // One pipe is read as it comes; what is not there is refused as a file is.
        let piped = match paths.as_slice() {
            [] => !io::stdin().is_terminal(),
            [path] => path.as_os_str() == "-" || path.exists() && !path.is_file(),
            [..] => false,
        };
        if piped {
            tell("waiting for packets; Ctrl-C ends it");
        }
        // What is saved by a key is made in the current folder.
        let here = PathBuf::from("./saved");
        let made = std::iter::once(here).chain(self.keep.made()).collect();
        if device.is_interface() || device.is_followed() || piped {
            let live::Opened { source, name } =
                device.open(&self.read, &self.words, made, |_| ())?;
            let live = source.is_live();
            let paths = if again && !live { paths } else { Vec::new() };
            return Ok(Opened { source, name, paths, live });
        }
        device.confine(paths.clone(), made);
        let name = named(&paths);
        let source = Box::new(input::open(paths.clone())?);
        Ok(Opened { source, name, paths: if again { paths } else { Vec::new() }, live: false })
    }
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Done> {
    let filter = arguments.select.compile()?;
    if !io::stdout().is_terminal() {
        let help = "the dashboard needs a terminal and standard output is none; \
                    use `httpwhy analyze`, or `httpwhy sniff` for live captures";
        return Err(Error::Usage(help.to_owned()).into());
    }
    if std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb") {
        let help = "the dashboard needs a terminal that can be drawn on, and TERM=dumb says that this \
                    one cannot; use `httpwhy analyze`, or `httpwhy sniff` for live captures";
        return Err(Error::Usage(help.to_owned()).into());
    }
    let Opened { source, name, paths, live } = arguments.open()?;
    let read =
        pipeline::Options { memory: arguments.memory.octets(), ..arguments.streams.options() };
    let reading = Reading::new(pipeline::Options {
        preview: arguments.body as usize,
        waiting: true,
        ..read.clone()
    });
    let leave = live::stop_flag()?;
    let source = arguments.keep.save(source, arguments.force)?;
    let thread = reading.begin(arguments.device.buffer(source))?;
    hung_up(Arc::clone(&reading.stop), Arc::clone(&reading.board))?;
    let device = arguments.device.is_interface();
    if paths.is_empty() && !device && !wait(&reading.board, &leave)? {
        return Ok(Done::Well);
    }
    let options = Options {
        source: name,
        live,
        saved: !device || arguments.keep.is_wanted(),
        secrets: if arguments.show_secrets { Secrets::Shown } else { Secrets::Hidden },
        theme: if set("NO_COLOR") { Theme::Mono } else { arguments.theme },
        ascii: arguments.ascii || !speaks_unicode(),
        again: !paths.is_empty(),
        filter,
    };
    let mut app = App::new(options);
    let mut machine = Machine::new(paths, read);
    let shown = dashboard::run(&mut app, &reading.board, &leave, &mut machine);
    reading.stop.store(true, Ordering::Relaxed);
    shown.map_err(|source| Error::Write { what: "the terminal".to_owned(), source })?;
    // Every source looks up within a moment, so that what is saved is whole.
    let _ = thread.join();
    let done = end(&reading.board, live);
    // The process is over; taking apart what it remembers would only keep its user waiting.
    std::mem::forget((app, reading));
    done
}

/// What the thread that reads shares with the one that draws.
struct Reading {
    board: Arc<Board>,
    stop: Arc<AtomicBool>,
    options: pipeline::Options,
}

impl Reading {
    fn new(options: pipeline::Options) -> Self {
        Self { board: Arc::default(), stop: Arc::default(), options }
    }

    /// Begins to read.
    fn begin(&self, source: Box<dyn Source>) -> io::Result<JoinHandle<()>> {
        let (board, stop) = (Arc::clone(&self.board), Arc::clone(&self.stop));
        let options = self.options.clone();
        let read = move || reader::read(source, options, &board, &stop);
        thread::Builder::new().name("reader".to_owned()).spawn(read)
    }
}

/// Ends the program when its terminal is gone, once what is saved is whole: who waits for a key of a
/// terminal that is gone waits for ever, and keeps a processor busy with it.
fn hung_up(stop: Arc<AtomicBool>, board: Arc<Board>) -> io::Result<()> {
    #[cfg(unix)]
    {
        let mut signals = signal_hook::iterator::Signals::new([signal_hook::consts::SIGHUP])?;
        let leave = move || {
            if signals.forever().next().is_none() {
                return;
            }
            stop.store(true, Ordering::Relaxed);
            let since = Instant::now();
            while board.latest().now.end.is_none() && since.elapsed() < FAREWELL {
                thread::sleep(LOOK);
            }
            // Whoever draws has left by now, unless the terminal is gone.
            thread::sleep(2 * LOOK);
            let _ = dashboard::leave();
            std::process::exit(128 + signal_hook::consts::SIGHUP);
        };
        thread::Builder::new().name("hangup".to_owned()).spawn(leave)?;
    }
    Ok(())
}

/// The terminal stays as it is until there is something to show. False: somebody wants to leave.
fn wait(board: &Board, leave: &AtomicBool) -> anyhow::Result<bool> {
    while !leave.load(Ordering::Relaxed) {
        let latest = board.latest();
        match &latest.now.end {
            Some(Ended::Failed(why)) => anyhow::bail!("{why}"),
            Some(Ended::Done(_)) => return Ok(true),
            None if latest.now.packets > 0 => return Ok(true),
            None => thread::sleep(LOOK),
        }
    }
    Ok(false)
}

/// One line about what was seen.
fn end(board: &Board, live: bool) -> anyhow::Result<Done> {
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
        Some(Ended::Done(damages)) if !damages.is_empty() && !live => {
            tell(&said);
            for damage in damages.iter().take(3) {
                complain("warning", damage);
            }
            return Ok(Done::Damaged);
        }
        Some(Ended::Done(_)) => tell(&said),
        None => tell(&format!("{said}; left before the end")),
    }
    Ok(Done::Well)
}

/// What is read, in few words.
fn named(paths: &[PathBuf]) -> String {
    let Some(first) = paths.first() else { return String::new() };
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
