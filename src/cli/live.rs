//! What `sniff` and the dashboard share: which device, pipe or growing file to read, and how to be
//! told to stop.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;
use httpwhy::capture::{Buffered, Capture, Source, Watch};
use httpwhy::error::Error;
use httpwhy::limits::KERNEL_BUFFER_MIB;

use super::confine::{self, Needs};

/// Where packets come from while they happen.
#[derive(Debug, Args)]
pub(super) struct Device {
    /// Capture from this interface; any is all of them. httpwhy interfaces shows which there are
    #[arg(short, long, value_name = "IFACE")]
    interface: Option<String>,
    /// Which packets to capture, as tcpdump has it: 'tcp port 8080'. Trailing words are the same
    #[arg(short = 'f', long, value_name = "EXPR", requires = "interface")]
    bpf: Option<String>,
    /// Octets to capture of each packet
    #[arg(short, long, value_name = "N", requires = "interface", value_parser = clap::value_parser!(u32).range(1..=262_144))]
    snaplen: Option<u32>,
    /// Buffer of the kernel, MiB: more of it loses fewer packets
    #[arg(short = 'B', long, value_name = "MIB", requires = "interface", default_value_t = KERNEL_BUFFER_MIB, value_parser = clap::value_parser!(u32).range(1..=2_047))]
    buffer: u32,
    /// Only packets from and to this machine, where the interface sees others too
    #[arg(short = 'p', long, requires = "interface")]
    no_promisc: bool,
    /// Capture in this network namespace: a name that ip netns knows, or a path
    #[arg(long, value_name = "NAME|PATH", requires = "interface")]
    netns: Option<String>,
    /// Capture in the network namespace of this process
    #[arg(long, value_name = "PID", requires = "interface", conflicts_with = "netns")]
    pid: Option<u32>,
    /// Stay at the end of the file and read what is appended to it
    #[arg(short = 'F', long, conflicts_with = "interface")]
    follow: bool,
    #[command(flatten)]
    sandbox: confine::Sandbox,
}

/// An open source.
pub(super) struct Opened {
    pub source: Box<dyn Source>,
    /// What it is: `eth0, filter "tcp port 8080"`, `standard input`.
    pub name: String,
}

impl Device {
    /// Whether an interface is to be captured from.
    pub const fn is_interface(&self) -> bool {
        self.interface.is_some()
    }

    /// Gives up what is not needed any more: a device was opened before, files are opened behind.
    pub fn confine(&self, mut read: Vec<PathBuf>, write: Vec<PathBuf>) {
        if self.follow {
            // The file may be replaced by another one of the same name.
            let real = read.iter().filter_map(|path| fs::canonicalize(path).ok());
            let real: Vec<PathBuf> = real.collect();
            let folders = read.iter().chain(&real).filter_map(|path| path.parent());
            let folder = |path: &Path| match path.as_os_str().is_empty() {
                true => PathBuf::from("."),
                false => path.to_owned(),
            };
            read = folders.map(folder).collect();
        }
        self.sandbox.confine(&Needs { read, write, ..Needs::default() });
    }

    /// Whether a growing file is to be followed.
    pub const fn is_followed(&self) -> bool {
        self.follow
    }

    /// An interface is emptied by a thread of its own, whatever is done with its packets meanwhile; to be
    /// said of a source that saves them already. Files and pipes can wait.
    pub fn buffer(&self, source: Box<dyn Source>) -> Box<dyn Source> {
        if self.is_interface() { Box::new(Buffered::new(source)) } else { source }
    }

    /// Opens the interface, or the one file or pipe in `read`. Words that are neither are a capture
    /// filter; without an interface the first of them is the file. What has to be waited for is named to
    /// `waits` before.
    /// From then on the process can make what `write` names and do little else.
    pub fn open(
        &self,
        read: &[PathBuf],
        words: &[String],
        write: Vec<PathBuf>,
        waits: impl FnOnce(&str),
    ) -> Result<Opened, Error> {
        match &self.interface {
            Some(_) if !read.is_empty() => {
                Err(Error::Usage("either an interface (-i) or a file (-r), not both".to_owned()))
            }
            Some(interface) => {
                // The device needs rights that nothing behind it does.
                let opened = self.open_interface(interface, words);
                let socket = opened.as_ref().ok().map(|(_, socket)| *socket);
                self.sandbox.confine(&Needs { read: Vec::new(), write, device: true, socket });
                opened.map(|(opened, _)| opened)
            }
            None => {
                let named = words.iter().map(PathBuf::from);
                self.confine(read.iter().cloned().chain(named).collect(), write);
                self.open_path(read, words, waits)
            }
        }
    }

    /// Opens what is to be read while something writes to it.
    fn open_path(
        &self,
        read: &[PathBuf],
        words: &[String],
        waits: impl FnOnce(&str),
    ) -> Result<Opened, Error> {
        let named = words.iter().map(PathBuf::from);
        let paths: Vec<PathBuf> = read.iter().cloned().chain(named).collect();
        if let Some(name) = paths.first().filter(|path| is_interface(path)) {
            let name = name.display();
            let help =
                format!("there is no file {name}, but an interface: -i {name} captures from it");
            return Err(Error::Usage(help));
        }
        let path = match paths.as_slice() {
            [path] => path.clone(),
            [] if is_piped() => PathBuf::from("-"),
            [] => {
                let help = "nothing to read: -i IFACE captures from an interface (httpwhy \
                            interfaces shows which), - reads a pipe";
                return Err(Error::Usage(help.to_owned()));
            }
            [..] => {
                let help = "one file or pipe can be read; a capture filter needs an interface (-i), \
                            and -Y asks for exchanges";
                return Err(Error::Usage(help.to_owned()));
            }
        };
        let is_standard = path.as_os_str() == "-";
        if is_standard && io::stdin().is_terminal() {
            let help = "standard input is a terminal: pipe a capture in, \
                        as in tcpdump -U -w - | httpwhy sniff -";
            return Err(Error::Usage(help.to_owned()));
        }
        let is_file = if is_standard { is_regular_input() } else { is_regular(&path) };
        let name = if is_standard { "standard input".into() } else { path.display().to_string() };
        if (self.follow || !is_file) && (is_standard || path.exists()) {
            waits(&name);
        }
        let source: Box<dyn Source> = match (self.follow, is_file) {
            (true, true) => Box::new(Watch::follow(&path)?),
            (false, true) => Box::new(Capture::open(&[&path])?),
            (_, false) => Box::new(Watch::pipe(&path)?),
        };
        Ok(Opened { source, name })
    }

    /// The device, and the descriptor that its packets come from.
    #[cfg(all(feature = "live", unix))]
    fn open_interface(&self, interface: &str, words: &[String]) -> Result<(Opened, i32), Error> {
        use std::os::fd::AsRawFd;

        use httpwhy::capture::live::{self, Settings};
        let filter: Vec<&str> = self.bpf.iter().chain(words).map(|word| word.as_str()).collect();
        let filter = filter.join(" ");
        let defaults = Settings::default();
        let settings = Settings {
            device: interface.to_owned(),
            filter,
            snaplen: self.snaplen.unwrap_or(defaults.snaplen),
            buffer: self.buffer.saturating_mul(1 << 20),
            promiscuous: !self.no_promisc,
            namespace: self.namespace(),
        };
        let source = Box::new(live::open(&settings)?);
        let mut name = interface.to_owned();
        if !settings.filter.is_empty() {
            name.push_str(&format!(", filter \"{}\"", settings.filter));
        }
        let socket = source.as_raw_fd();
        Ok((Opened { source, name }, socket))
    }

    #[cfg(not(all(feature = "live", unix)))]
    fn open_interface(&self, interface: &str, _words: &[String]) -> Result<(Opened, i32), Error> {
        Err(Error::Live(format!(
            "cannot capture on {interface}: this httpwhy was built without live capture\n\
             let tcpdump capture:  sudo tcpdump -i {interface} -U -w - | httpwhy sniff -"
        )))
    }

    #[cfg(all(feature = "live", unix))]
    fn namespace(&self) -> Option<PathBuf> {
        use httpwhy::capture::live;
        self.netns.as_deref().map(live::named).or_else(|| self.pid.map(live::of_process))
    }
}

/// Whether something comes in by standard input: neither a terminal nor the device that has nothing.
fn is_piped() -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let number = |found: fs::Metadata| found.rdev();
        let nothing = fs::metadata("/dev/null").map(number).ok();
        if nothing.is_some() && input_metadata().map(number).ok() == nothing {
            return false;
        }
    }
    !io::stdin().is_terminal()
}

/// Whether what is no file is the name of an interface, which is easily written without its -i.
fn is_interface(path: &Path) -> bool {
    let is_name = path.components().count() == 1 && !path.exists();
    is_name && (path.as_os_str() == "any" || Path::new("/sys/class/net").join(path).exists())
}

fn is_regular(path: &Path) -> bool {
    // What is not there is refused when it is opened.
    fs::metadata(path).map_or(true, |found| found.is_file() || found.is_dir())
}

#[cfg(unix)]
fn is_regular_input() -> bool {
    input_metadata().is_ok_and(|found| found.is_file())
}

/// What standard input is.
#[cfg(unix)]
fn input_metadata() -> io::Result<fs::Metadata> {
    use std::os::fd::AsFd;
    fs::File::from(io::stdin().as_fd().try_clone_to_owned()?).metadata()
}

#[cfg(not(unix))]
fn is_regular_input() -> bool {
    false
}

/// A flag that Ctrl-C and the polite signals set. The second one ends the program at once, in case
/// the first is not noticed.
pub(super) fn stop_flag() -> io::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    #[cfg(unix)]
    {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&flag))?;
            signal_hook::flag::register(signal, Arc::clone(&flag))?;
        }
    }
    Ok(flag)
}
