//! A reader in, the same octets out; where it is told to, it works on a thread of its own, a few blocks
//! ahead of whoever reads: a decoder that is slow, or a large file that has to be copied out of the kernel.
//! It can be called back. It knows nothing of what it reads.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use crate::limits::READ_OCTETS;

use super::source::Block;

/// Blocks that may be ready and not asked for.
const BLOCKS: usize = 4;

/// Room in front of what is read into a block: for the part of a record that was left of the block before,
/// so that nothing else has to be moved. Nearly every record fits.
pub(super) const FRONT: usize = 64 * 1024;

/// See the module's words.
pub(super) enum Ahead {
    /// The reader is here.
    Here(Box<dyn Read + Send>),
    /// It is on its thread.
    There(Box<Blocks>),
    /// It ended, or failed.
    Over,
}

/// The blocks of the other thread.
pub(super) struct Blocks {
    ready: Receiver<Given>,
    /// Calls the reader back.
    enough: Arc<AtomicBool>,
    /// Gives blocks back, to be filled again.
    used: Sender<Block>,
    /// One of which a part was read.
    begun: Option<Filled>,
}

/// A block with octets behind its [`FRONT`].
pub(super) struct Filled {
    pub block: Block,
    pub start: usize,
    pub end: usize,
}

/// What the other thread gives.
enum Given {
    Filled(Filled),
    /// The reader itself, that was called back.
    Back(Box<dyn Read + Send>),
    /// It has nothing more: it ended, or failed.
    Over(io::Result<()>),
}

impl Ahead {
    pub(super) const fn new(reader: Box<dyn Read + Send>) -> Self {
        Self::Here(reader)
    }

    /// Moves the reader to a thread, if it is here; where the system has none to give, it stays.
    pub(super) fn start(&mut self) {
        *self = match std::mem::replace(self, Self::Over) {
            Self::Here(reader) => Self::moved(reader),
            other => other,
        };
    }

    fn moved(reader: Box<dyn Read + Send>) -> Self {
        let (ready, blocks) = sync_channel(BLOCKS);
        let (used, empty) = channel();
        let (lend, lent) = channel();
        let enough = Arc::new(AtomicBool::new(false));
        let is_enough = Arc::clone(&enough);
        let work = move || {
            if let Ok(reader) = lent.recv() {
                fill(reader, &ready, &empty, &is_enough);
            }
        };
        match thread::Builder::new().name("read-ahead".to_owned()).spawn(work) {
            Ok(_) => match lend.send(reader) {
                Ok(()) => {
                    Self::There(Box::new(Blocks { ready: blocks, enough, used, begun: None }))
                }
                Err(unsent) => Self::Here(unsent.0),
            },
            Err(_) => Self::Here(reader),
        }
    }

    /// Calls the reader back: it is here again once the blocks that it has filled were read.
    pub(super) fn stop(&self) {
        if let Self::There(blocks) = self {
            blocks.enough.store(true, Ordering::Relaxed);
        }
    }

    /// The next block as a whole: `None` where there is no other thread that gives blocks, or a part of one is
    /// still to be read; `Some(Ok(None))` at the end.
    pub(super) fn next_block(&mut self) -> Option<io::Result<Option<Filled>>> {
        let Self::There(blocks) = self else { return None };
        if blocks.begun.is_some() {
            return None;
        }
        match blocks.receive() {
            Given::Filled(filled) => Some(Ok(Some(filled))),
            Given::Back(reader) => {
                *self = Self::Here(reader);
                None
            }
            Given::Over(how) => {
                *self = Self::Over;
                Some(how.map(|()| None))
            }
        }
    }

    /// Gives a block back that nobody holds any more.
    pub(super) fn give_back(&self, block: Block) {
        if let Self::There(blocks) = self {
            blocks.give_back(block);
        }
    }
}

impl Read for Ahead {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Self::There(blocks) = self {
            let begun = match blocks.begun.take() {
                Some(begun) => Given::Filled(begun),
                None => blocks.receive(),
            };
            match begun {
                Given::Filled(mut begun) => {
                    let mut octets = begun.block.get(begun.start..begun.end).unwrap_or_default();
                    let octets = octets.read(into)?;
                    begun.start += octets;
                    match begun.start < begun.end {
                        true => blocks.begun = Some(begun),
                        false => blocks.give_back(begun.block),
                    }
                    return Ok(octets);
                }
                Given::Back(reader) => *self = Self::Here(reader),
                Given::Over(how) => {
                    *self = Self::Over;
                    how?;
                }
            }
        }
        match self {
            Self::Here(reader) => reader.read(into),
            Self::There(_) | Self::Over => Ok(0),
        }
    }
}

/// Reads block after block until the end, a failure, it is called back, or nobody wants more.
fn fill(
    mut reader: Box<dyn Read + Send>,
    ready: &SyncSender<Given>,
    empty: &Receiver<Block>,
    enough: &AtomicBool,
) {
    let over = loop {
        if enough.load(Ordering::Relaxed) {
            break Given::Back(reader);
        }
        let new = || std::iter::repeat_n(0, READ_OCTETS).collect();
        let mut block: Block = empty.try_recv().unwrap_or_else(|_| new());
        // Who gives a block back holds it no longer.
        let Some(room) = Arc::get_mut(&mut block).and_then(|block| block.get_mut(FRONT..)) else {
            continue;
        };
        match reader.read(room) {
            Ok(0) => break Given::Over(Ok(())),
            Ok(octets) => {
                let filled = Filled { block, start: FRONT, end: FRONT + octets };
                if ready.send(Given::Filled(filled)).is_err() {
                    return;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Given::Over(Err(error)),
        }
    };
    // Nobody hears it where nothing more is wanted.
    let _ = ready.send(over);
}

impl Blocks {
    fn receive(&self) -> Given {
        self.ready.recv().unwrap_or_else(|_| {
            // It says when it ends.
            Given::Over(Err(io::Error::other("the thread that reads ahead has stopped")))
        })
    }

    fn give_back(&self, block: Block) {
        // Nobody fills it again where the end was read.
        let _ = self.used.send(block);
    }
}

#[cfg(test)]
mod tests {
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
        ahead.start();
        let mut seen = Vec::new();
        let failure = ahead.read_to_end(&mut seen).unwrap_err();
        assert_eq!(failure.kind(), io::ErrorKind::InvalidData);
        assert!(seen.len() == 21_000 && seen.ends_with(&[20; 2_000]));
        assert!(seen.is_sorted());
        assert_eq!(ahead.read(&mut [0; 10]).unwrap(), 0);
    }

    #[test]
    fn a_reader_that_is_called_back_goes_on_where_it_was() {
        let all: Vec<u8> = (0..=250).cycle().take(READ_OCTETS * 30).collect();
        let mut ahead = Ahead::new(Box::new(io::Cursor::new(all.clone())));
        ahead.start();
        let mut seen = vec![0; READ_OCTETS * 3 + 7];
        ahead.read_exact(&mut seen).unwrap();
        ahead.stop();
        ahead.read_to_end(&mut seen).unwrap();
        assert!(seen == all);
        assert!(matches!(ahead, Ahead::Here(_)));
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
        ahead.start();
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
