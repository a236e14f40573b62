//! What the dashboard wants from the machine: files to save, an exchange read again, sleep.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use httpwhy::capture::Capture;
use httpwhy::dashboard::{Outside, Wanted};
use httpwhy::engine::Record;
use httpwhy::error::Error;
use httpwhy::filter::Filter;
use httpwhy::flow::Trace;
use httpwhy::pipeline::{self, Progress, Sink};
use httpwhy::snapshot::Whole;
use httpwhy::stats::Outcome;
use httpwhy::units::Count;
use httpwhy::wire::Endpoint;

use super::packets;

/// Octets of the front of each body of an exchange that is read again.
const PREVIEW_OCTETS: usize = 16 * 1024;

/// Names that are tried for a file.
const NAMES: u32 = 1_000;

/// See the module's words.
pub(super) struct Machine {
    /// What can be read again; nothing where it was a pipe.
    paths: Vec<PathBuf>,
    /// How: as the first time, or exchanges would have other numbers.
    read: pipeline::Options,
    /// The exchange that is wanted now.
    wanted: Arc<AtomicU64>,
    recalled: Channel<(u64, Option<Whole>)>,
    /// How often a connection was asked for; who is not the latest stops.
    traces: Arc<AtomicU64>,
    traced: Channel<(u64, u64, Result<Trace, String>)>,
    /// How often a filter was asked; who is not the latest stops.
    asked: Arc<AtomicU64>,
    answered: Channel<(u64, String, Vec<u64>)>,
    news: Channel<String>,
}

/// Where threads put what they have found.
type Channel<T> = (Sender<T>, Receiver<T>);

impl Machine {
    pub fn new(paths: Vec<PathBuf>, read: pipeline::Options) -> Self {
        Self {
            paths,
            read,
            wanted: Arc::default(),
            recalled: mpsc::channel(),
            traces: Arc::default(),
            traced: mpsc::channel(),
            asked: Arc::default(),
            answered: mpsc::channel(),
            news: mpsc::channel(),
        }
    }
}

impl Outside for Machine {
    fn save(&mut self, name: &str, ending: &str, octets: &[u8]) -> String {
        let written = create(name, ending).and_then(|(path, mut file)| {
            file.write_all(octets)?;
            Ok(path)
        });
        match written {
            Ok(path) => format!("saved: {}", path.display()),
            Err(error) => format!("not saved: {error}"),
        }
    }

    fn save_packets(&mut self, name: &str, ends: BTreeSet<(Endpoint, Endpoint)>) -> String {
        if self.paths.is_empty() {
            return "packets of a live capture are saved by -w FILE alone".to_owned();
        }
        let (path, file) = match create(name, "pcapng") {
            Ok(created) => created,
            Err(error) => return format!("not saved: {error}"),
        };
        let said = format!("saving packets: {} …", path.display());
        let (paths, news) = (self.paths.clone(), self.news.0.clone());
        let copy = move || {
            let word = match packets::copy(&paths, ends, (path.clone(), file)) {
                Ok(count) => format!("saved: {}, {} packets", path.display(), Count(count)),
                Err(error) => format!("not saved: {error}"),
            };
            // The dashboard may be gone.
            let _ = news.send(word);
        };
        match thread::Builder::new().name("packets".to_owned()).spawn(copy) {
            Ok(_) => said,
            Err(error) => format!("not saved: {error}"),
        }
    }

    fn recall(&mut self, id: u64) {
        self.wanted.store(id, Ordering::Relaxed);
        let (paths, wanted, answer) =
            (self.paths.clone(), Arc::clone(&self.wanted), self.recalled.0.clone());
        let options = pipeline::Options { preview: PREVIEW_OCTETS, ..self.read.clone() };
        let read = move || {
            let whole = if paths.is_empty() { None } else { again(&paths, options, id, &wanted) };
            // The dashboard may be gone.
            let _ = answer.send((id, whole));
        };
        if thread::Builder::new().name("recall".to_owned()).spawn(read).is_err() {
            let _ = self.recalled.0.send((id, None));
        }
    }

    fn recalled(&mut self) -> Option<(u64, Option<Whole>)> {
        let wanted = self.wanted.load(Ordering::Relaxed);
        self.recalled.1.try_iter().find(|(id, _)| *id == wanted)
    }

    fn trace(&mut self, wanted: Wanted) {
        let number = self.traces.fetch_add(1, Ordering::Relaxed) + 1;
        let (paths, latest, answer) =
            (self.paths.clone(), Arc::clone(&self.traces), self.traced.0.clone());
        let read = move || {
            let is_wanted = || latest.load(Ordering::Relaxed) == number;
            let found = packets::trace(&paths, wanted, is_wanted);
            let found = found.map_err(|error| format!("cannot read again: {error}"));
            // The dashboard may be gone.
            let _ = answer.send((number, wanted.connection, found));
        };
        if let Err(error) = thread::Builder::new().name("trace".to_owned()).spawn(read) {
            let why = format!("cannot read again: {error}");
            let _ = self.traced.0.send((number, wanted.connection, Err(why)));
        }
    }

    fn traced(&mut self) -> Option<(u64, Result<Trace, String>)> {
        let latest = self.traces.load(Ordering::Relaxed);
        let found = self.traced.1.try_iter().find(|(number, ..)| *number == latest);
        found.map(|(_, connection, trace)| (connection, trace))
    }

    fn ask(&mut self, filter: Filter) {
        let number = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        let (paths, asked, answer) =
            (self.paths.clone(), Arc::clone(&self.asked), self.answered.0.clone());
        let news = self.news.0.clone();
        let text = filter.text().to_owned();
        let options = pipeline::Options { filter: Some(filter), ..self.read.clone() };
        let read = move || {
            match matching(&paths, options, number, &asked) {
                // The dashboard may be gone.
                Ok(ids) => drop(answer.send((number, text, ids))),
                Err(error) => drop(news.send(format!("cannot read again: {error}"))),
            }
        };
        if let Err(error) = thread::Builder::new().name("filter".to_owned()).spawn(read) {
            let _ = self.news.0.send(format!("cannot read again: {error}"));
        }
    }

    fn answered(&mut self) -> Option<(String, Vec<u64>)> {
        let latest = self.asked.load(Ordering::Relaxed);
        let found = self.answered.1.try_iter().find(|(number, ..)| *number == latest);
        found.map(|(_, text, ids)| (text, ids))
    }

    fn news(&mut self) -> Option<String> {
        self.news.1.try_recv().ok()
    }

    fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
        Some(kibibytes * 1_024)
    }

    #[cfg(unix)]
    fn sleep(&mut self) -> io::Result<()> {
        signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)
    }

    #[cfg(not(unix))]
    fn sleep(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A new file that nobody else can read, under the name or the name with a number.
fn create(name: &str, ending: &str) -> io::Result<(PathBuf, File)> {
    for number in 1..=NAMES {
        let name = if number == 1 {
            format!("{name}.{ending}")
        } else {
            format!("{name}-{number}.{ending}")
        };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(Path::new(&name)) {
            Ok(file) => return Ok((PathBuf::from(name), file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        format!("{name}.{ending} and {NAMES} more exist"),
    ))
}

/// Reads captures again up to an exchange and what is said of it.
fn again(
    paths: &[PathBuf],
    options: pipeline::Options,
    id: u64,
    wanted: &AtomicU64,
) -> Option<Whole> {
    let mut capture = Capture::open(paths).ok()?;
    let mut search = Search { id, wanted, found: None };
    // What was found before the end is worth showing, however the rest went.
    let _ = pipeline::drive::<Error>(&mut capture, options, &mut search);
    search.found
}

/// The numbers of all exchanges that a filter matches, ascending.
fn matching(
    paths: &[PathBuf],
    options: pipeline::Options,
    number: u64,
    asked: &AtomicU64,
) -> Result<Vec<u64>, Error> {
    let mut capture = Capture::open(paths)?;
    let mut matching = Matching { ids: Vec::new(), number, asked };
    pipeline::drive::<Error>(&mut capture, options, &mut matching)?;
    matching.ids.sort_unstable();
    Ok(matching.ids)
}

/// Notes what a filter lets through, until somebody asks for something else.
struct Matching<'a> {
    ids: Vec<u64>,
    number: u64,
    asked: &'a AtomicU64,
}

impl Sink<Error> for Matching<'_> {
    fn record(&mut self, record: Record<'_>) -> Result<ControlFlow<()>, Error> {
        if let Record::Exchange(id, _) = record {
            self.ids.push(id);
        }
        Ok(ControlFlow::Continue(()))
    }

    fn pause(&mut self, _progress: &Progress<'_>) -> Result<ControlFlow<()>, Error> {
        let other = self.asked.load(Ordering::Relaxed) != self.number;
        Ok(if other { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}

/// Looks for one exchange.
struct Search<'w> {
    id: u64,
    wanted: &'w AtomicU64,
    found: Option<Whole>,
}

impl Sink<Error> for Search<'_> {
    fn record(&mut self, record: Record<'_>) -> Result<ControlFlow<()>, Error> {
        match (record, &mut self.found) {
            (Record::Exchange(id, exchange), found) if id == self.id => {
                *found = Some(Whole {
                    exchange: Arc::clone(exchange),
                    verdicts: Vec::new(),
                    findings: Vec::new(),
                });
            }
            (Record::Finding(finding), Some(whole)) if finding.transaction == Some(self.id) => {
                whole.findings.push(Arc::new(finding.clone()));
            }
            (Record::Verdict(verdict), Some(whole)) if verdict.transaction == self.id => {
                whole.verdicts.push(Arc::new(verdict.clone()));
                return Ok(ControlFlow::Break(()));
            }
            _ => {}
        }
        Ok(ControlFlow::Continue(()))
    }

    fn pause(&mut self, _progress: &Progress<'_>) -> Result<ControlFlow<()>, Error> {
        // A verdict may come long behind a failure; of another exchange all is said soon.
        let found = self.found.as_ref();
        let enough = found.is_some_and(|whole| !Outcome::of(&whole.exchange).is_failure());
        let other = self.wanted.load(Ordering::Relaxed) != self.id;
        Ok(if enough || other { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}
