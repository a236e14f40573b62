//! One input in — a file, a pipe, anything that reads — and its records out. The format and the
//! compression are recognised by what the octets are, never by a name.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::Error;
use crate::limits::{BANNER_OCTETS, COMPRESSION_LAYERS};

use super::compressed::Compression;
use super::look_alike;
use super::pcap::{Pcap, Variant};
use super::pcapng::Pcapng;
use super::record::{Record, Step};
use super::report::{Fault, Format, Input, Then};
use super::source::Reading;
use super::window::Window;

/// An open input.
pub(super) struct File {
    pub(super) input: Input,
    pub(super) window: Window,
    /// How many interfaces of the report have their number over all inputs.
    numbered: usize,
    walk: Walk,
    /// Octets read of what is stored, before decompression.
    stored: Arc<AtomicU64>,
    /// How many there are.
    size: Option<u64>,
}

/// Counts what is read, where somebody else can see it: the reader itself is soon out of sight
/// behind a decoder.
struct Counted {
    reader: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let octets = self.reader.read(into)?;
        self.read.fetch_add(octets as u64, Ordering::Relaxed);
        Ok(octets)
    }
}

/// The reader of the format that was recognised.
enum Walk {
    Pcap(Pcap),
    Pcapng(Pcapng),
    /// Nothing follows.
    Over,
}

impl File {
    /// Opens a path, `-` for standard input, and recognises what it holds.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let (reader, size) = open_path(path)?;
        let file = Self::from_reader(path.to_owned(), Box::new(reader))?;
        Ok(Self { size, ..file })
    }

    /// Recognises what a reader gives that says [`io::ErrorKind::WouldBlock`] while nothing comes;
    /// waits for the beginning of it.
    pub(super) fn live(path: PathBuf, reader: Box<dyn Read + Send>) -> Result<Self, Error> {
        Self::begin(path, reader, true)
    }

    /// Recognises what a reader gives.
    pub(super) fn from_reader(path: PathBuf, reader: Box<dyn Read + Send>) -> Result<Self, Error> {
        Self::begin(path, reader, false)
    }

    fn begin(path: PathBuf, reader: Box<dyn Read + Send>, is_live: bool) -> Result<Self, Error> {
        let stored = Arc::new(AtomicU64::new(0));
        let counted = Box::new(Counted { reader, read: Arc::clone(&stored) });
        let mut window = if is_live { Window::live(counted) } else { Window::new(counted) };
        let mut input = Input::new(path);
        loop {
            window.holds(4);
            if window.at_hand().is_empty()
                && let Some(failure) = window.take_failure()
            {
                return Err(unreadable(&input, failure));
            }
            let Some(compression) = Compression::of(window.at_hand()) else { break };
            if input.compression.len() >= COMPRESSION_LAYERS {
                let why = format!("it is compressed more than {COMPRESSION_LAYERS} times");
                return Err(Error::NotACapture { path: input.path, why });
            }
            input.compression.push(compression);
            let decoder = compression.decode(window);
            window = if is_live { Window::live(decoder) } else { Window::new(decoder) };
            window.read_ahead();
        }
        let walk = recognise(&mut window, &mut input)?;
        Ok(Self { input, window, numbered: 0, walk, stored, size: None })
    }

    /// Whether it is copied out of the kernel on a thread of its own. A decoder always has one.
    pub(super) fn read_ahead(&mut self, is_wanted: bool) {
        match is_wanted {
            true => self.window.read_ahead(),
            false if self.input.compression.is_empty() => self.window.read_here(),
            false => {}
        }
    }

    /// Whether more may come, though [`Self::next`] had nothing.
    pub(super) const fn is_quiet(&self) -> bool {
        self.window.is_quiet()
    }

    /// Whether interfaces have come that have no number yet.
    #[inline]
    pub(super) const fn has_new_interfaces(&self) -> bool {
        self.numbered < self.input.interfaces.len()
    }

    /// Numbers the interfaces that have come since the last call, by their index in the report.
    pub(super) fn number_interfaces(&mut self, mut number: impl FnMut(usize) -> u32) {
        while let Some(found) = self.input.interfaces.get_mut(self.numbered) {
            found.number = number(self.numbered);
            self.numbered = self.numbered.saturating_add(1);
        }
    }

    /// How far reading has come.
    pub(super) fn reading(&self) -> Reading {
        Reading { octets: self.stored.load(Ordering::Relaxed), size: self.size }
    }

    /// An empty file where other inputs are not: nothing is read of it, and that is recorded.
    pub(super) fn empty(path: PathBuf) -> Self {
        let mut input = Input::new(path);
        input.damage(0, Fault::Empty, Then::WentOn);
        let window = Window::new(Box::new(io::empty()));
        let stored = Arc::default();
        Self { input, window, numbered: 0, walk: Walk::Over, stored, size: Some(0) }
    }

    /// The next record; `None` where nothing more can be read, or nothing more has come yet.
    #[inline]
    pub(super) fn next(&mut self) -> Option<Record> {
        loop {
            let step = match &mut self.walk {
                Walk::Pcap(walk) => walk.next(&mut self.window, &mut self.input),
                Walk::Pcapng(walk) => walk.next(&mut self.window, &mut self.input),
                Walk::Over => return None,
            };
            match step {
                Step::Packet(record) => {
                    self.input.packets = self.input.packets.saturating_add(1);
                    self.input.octets = self.window.offset();
                    return Some(record);
                }
                Step::Starved if self.window.is_quiet() => return None,
                Step::Starved if self.judge_end() => {}
                Step::Starved | Step::Over => {
                    // Behind garbage there may be a failure, which is what made it.
                    self.record_failure();
                    let left = self.window.at_hand().len() as u64;
                    self.input.octets = self.window.offset().saturating_add(left);
                    self.walk = Walk::Over;
                    // Frees the buffer: many files may be open at one time.
                    self.window = Window::new(Box::new(io::empty()));
                }
            }
        }
    }

    /// Records why reading ended early, if it did.
    fn record_failure(&mut self) -> bool {
        let Some(failure) = self.window.take_failure() else { return false };
        let left = self.window.at_hand().len() as u64;
        let offset = self.window.offset().saturating_add(left);
        self.input.damage(offset, fault_of(&self.input, &failure), Then::WentOn);
        true
    }

    /// Judges an end at which no whole record was left. `true`: reading goes on.
    #[cold]
    fn judge_end(&mut self) -> bool {
        // A file with no octet behind its last record ended well. What a failure left of a record
        // is that failure's doing.
        if self.record_failure() || self.window.at_hand().is_empty() {
            return false;
        }
        match &mut self.walk {
            Walk::Pcap(walk) => walk.salvage(&mut self.window, &mut self.input),
            Walk::Pcapng(walk) => walk.salvage(&mut self.window, &mut self.input),
            Walk::Over => false,
        }
    }
}

/// Opens a path, `-` for standard input; with its size where it has one.
pub(super) fn open_path(path: &Path) -> Result<(fs::File, Option<u64>), Error> {
    let refused = |source: io::Error| {
        let source = match source.kind() {
            io::ErrorKind::PermissionDenied => {
                let text = format!("{source}; if root captured it: sudo chown $USER FILE");
                io::Error::new(io::ErrorKind::PermissionDenied, text)
            }
            _ => source,
        };
        Error::Read { path: path.to_owned(), source }
    };
    if path.as_os_str() == "-" {
        return standard_input().map(|file| (file, None)).map_err(refused);
    }
    let file = fs::File::open(path).map_err(refused)?;
    let metadata = file.metadata().map_err(refused)?;
    if metadata.is_dir() {
        let why = format!("it is a directory; name its files: {}/*.pcap*", path.display());
        return Err(Error::NotACapture { path: path.to_owned(), why });
    }
    let size = metadata.is_file().then_some(metadata.len());
    Ok((file, size))
}

/// Standard input without the small buffer and the lock of [`io::stdin`], which halve the speed
/// of a pipe.
#[cfg(unix)]
fn standard_input() -> io::Result<fs::File> {
    use std::os::fd::AsFd;
    io::stdin().as_fd().try_clone_to_owned().map(fs::File::from)
}

/// The same.
#[cfg(windows)]
fn standard_input() -> io::Result<fs::File> {
    use std::os::windows::io::AsHandle;
    io::stdin().as_handle().try_clone_to_owned().map(fs::File::from)
}

/// Why nothing at all could be read.
fn unreadable(input: &Input, failure: io::Error) -> Error {
    let path = input.path.clone();
    match fault_of(input, &failure) {
        Fault::Unreadable(_) => Error::Read { path, source: failure },
        Fault::CutCompression(by) => {
            Error::NotACapture { path, why: format!("its {by} stream ends before its first octet") }
        }
        Fault::BadCompression(by, why) => Error::NotACapture {
            path,
            why: format!("its {by} stream is corrupt from the beginning ({why})"),
        },
        _ => Error::NotACapture { path, why: failure.to_string() },
    }
}

/// What a failure while reading means for an input.
fn fault_of(input: &Input, failure: &io::Error) -> Fault {
    match (input.compression.last(), failure.kind()) {
        (Some(&by), io::ErrorKind::UnexpectedEof) => Fault::CutCompression(by),
        (Some(&by), io::ErrorKind::InvalidData) => Fault::BadCompression(by, failure.to_string()),
        _ => Fault::Unreadable(failure.to_string()),
    }
}

/// The format that the octets at hand begin; an error names what they begin instead.
fn recognise(window: &mut Window, input: &mut Input) -> Result<Walk, Error> {
    let mut begun = begins(window.at_hand());
    if begun.is_none()
        && let Some((octets, format)) = banner(window)
    {
        input.note(0, Fault::Banner { octets: octets as u64 });
        window.drop_front(octets);
        begun = Some(format);
    }
    input.format = begun;
    match begun {
        Some(Format::Pcap { .. }) => Ok(Walk::Pcap(Pcap::new())),
        Some(Format::Pcapng) => Ok(Walk::Pcapng(Pcapng::new())),
        Some(Format::Live) | None => {
            // For the name of what it is, more octets are better, but not worth waiting for.
            let why = look_alike::what(window.at_hand());
            Err(Error::NotACapture { path: input.path.clone(), why })
        }
    }
}

/// The format that begins with these octets.
fn begins(octets: &[u8]) -> Option<Format> {
    let pcap = Variant::of(octets).map(Variant::format);
    pcap.or_else(|| Pcapng::is_begun_by(octets).then_some(Format::Pcapng))
}

/// Text before a capture: its octets, and the format of the capture.
fn banner(window: &mut Window) -> Option<(usize, Format)> {
    let mut searched = 0;
    loop {
        let octets = window.at_hand();
        let bounded = octets.get(..BANNER_OCTETS).unwrap_or(octets);
        // Read from where the last round stopped: this may come octet by octet.
        let mut rest = bounded.get(searched..).unwrap_or_default();
        while let Some(line) = memchr::memchr(b'\n', rest) {
            let end = bounded.len() - rest.len() + line + 1;
            let next = octets.get(end..).unwrap_or_default();
            if next.len() < 4 {
                break;
            }
            if let Some(format) = begins(next) {
                let front = bounded.get(..end).unwrap_or_default();
                let is_banner = look_alike::is_text(front)
                    && front.first().is_some_and(|octet| octet.is_ascii_graphic());
                return is_banner.then_some((end, format));
            }
            searched = end;
            rest = bounded.get(end..).unwrap_or_default();
        }
        let ahead = bounded.len().saturating_add(1);
        // The last three octets may be those of a magic number.
        let text = bounded.get(..bounded.len().saturating_sub(3)).unwrap_or_default();
        if !look_alike::is_text(text)
            || !bounded.first().is_some_and(|octet| octet.is_ascii_graphic())
            || ahead > BANNER_OCTETS
            || !window.holds(ahead)
        {
            return None;
        }
    }
}
