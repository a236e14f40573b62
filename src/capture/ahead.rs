//! A slow reader in, the same octets out: a decoder works on a thread of its own, a few blocks ahead
//! of whoever reads. It knows nothing of what it reads, and starts its thread when a second
//! block is asked for, so that what is small costs none.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use crate::limits::READ_OCTETS;

/// Blocks that may be ready and not asked for.
const BLOCKS: usize = 4;

/// See the module's words.
pub(super) enum Ahead {
    /// Nothing was asked for but what was read at once.
    Here(Box<dyn Read + Send>),
    /// The reader is on its thread.
    There(Blocks),
    /// It ended, or failed.
    Over,
}

/// The blocks of the other thread.
pub(super) struct Blocks {
    ready: Receiver<io::Result<Vec<u8>>>,
    /// Gives blocks back, to be filled again.
    used: Sender<Vec<u8>>,
    block: Vec<u8>,
    taken: usize,
}

impl Ahead {
    pub(super) const fn new(reader: Box<dyn Read + Send>) -> Self {
        Self::Here(reader)
    }
}

impl Read for Ahead {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Self::Here(reader) = self {
            let octets = reader.read(into)?;
            if let Self::Here(reader) = std::mem::replace(self, Self::Over)
                && octets > 0
            {
                *self = Self::start(reader);
            }
            return Ok(octets);
        }
        let Self::There(blocks) = self else { return Ok(0) };
        match blocks.read(into) {
            Ok(octets) if octets > 0 || into.is_empty() => Ok(octets),
            ended => {
                *self = Self::Over;
                ended
            }
        }
    }
}

impl Ahead {
    /// Moves the reader to a thread; where the system has none to give, it stays here.
    fn start(reader: Box<dyn Read + Send>) -> Self {
        let (ready, blocks) = sync_channel(BLOCKS);
        let (used, empty) = channel();
        let name = "decompress".to_owned();
        let (lend, lent) = channel();
        let work = move || {
            if let Ok(reader) = lent.recv() {
                fill(reader, &ready, &empty);
            }
        };
        match thread::Builder::new().name(name).spawn(work) {
            Ok(_) => match lend.send(reader) {
                Ok(()) => Self::There(Blocks { ready: blocks, used, block: Vec::new(), taken: 0 }),
                Err(unsent) => Self::Here(unsent.0),
            },
            Err(_) => Self::Here(reader),
        }
    }
}

/// Reads block after block until the end, a failure, or nobody wants more.
fn fill(
    mut reader: Box<dyn Read + Send>,
    ready: &SyncSender<io::Result<Vec<u8>>>,
    empty: &Receiver<Vec<u8>>,
) {
    loop {
        let mut block = empty.try_recv().unwrap_or_default();
        block.resize(READ_OCTETS, 0);
        let read = match reader.read(&mut block) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read,
        };
        let is_last = !matches!(read, Ok(1..));
        let block = read.map(|octets| {
            block.truncate(octets);
            block
        });
        if ready.send(block).is_err() || is_last {
            return;
        }
    }
}

impl Read for Blocks {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.block.len() {
            // Whoever fills is gone once the last block is here: an empty one, or a failure.
            let Ok(block) = self.ready.recv() else {
                return Err(io::Error::other("the thread that decompresses has stopped"));
            };
            let used = std::mem::replace(&mut self.block, block?);
            self.taken = 0;
            // Nobody fills it again where the end was read.
            let _ = self.used.send(used);
        }
        let octets = self.block.get(self.taken..).unwrap_or_default().read(into)?;
        self.taken += octets;
        Ok(octets)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn everything_in_front_of_a_failure_comes_and_then_the_failure_once() {
        struct Failing(usize);
        impl Read for Failing {
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                self.0 += 1;
                if self.0 > 20 {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                into.fill(self.0 as u8);
                Ok(into.len().min(100 * self.0))
            }
        }
        let mut ahead = Ahead::new(Box::new(Failing(0)));
        let mut seen = Vec::new();
        let failure = ahead.read_to_end(&mut seen).unwrap_err();
        assert_eq!(failure.kind(), io::ErrorKind::InvalidData);
        // The first call fills the small buffer of the caller alone.
        assert!(seen.len() > 20 * 1_000 && seen.ends_with(&[20; 2_000]));
        assert!(seen.is_sorted());
        assert_eq!(ahead.read(&mut [0; 10]).unwrap(), 0);
    }

    #[test]
    fn who_stops_reading_stops_the_thread() {
        struct Endless(Arc<u8>);
        impl Read for Endless {
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                into.fill(*self.0);
                Ok(into.len())
            }
        }
        let alive = Arc::new(7);
        let mut ahead = Ahead::new(Box::new(Endless(Arc::clone(&alive))));
        let mut some = vec![0; 3 * READ_OCTETS];
        ahead.read_exact(&mut some).unwrap();
        assert!(some.iter().all(|octet| *octet == 7));
        assert_eq!(Arc::strong_count(&alive), 2);
        drop(ahead);
        for _ in 0..10_000 {
            if Arc::strong_count(&alive) == 1 {
                return;
            }
            thread::sleep(std::time::Duration::from_millis(1));
        }
        panic!("it still reads");
    }
}
