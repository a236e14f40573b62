//! What gives packets, whatever it is: files, a pipe, a device. The words that a source and the
//! pipeline share; nothing is read here.

use std::sync::Arc;

use crate::error::Error;
use crate::units::Timestamp;
use crate::wire::Packet;

use super::report::Input;

/// A run of octets that packets lie in. It is not written to while anybody holds it.
pub type Block = Arc<[u8]>;

/// Gives packets one after the other. May be moved to the thread that reads.
pub trait Source: Send {
    /// What comes next. Returns within about 100 ms where the source is one that can be quiet.
    ///
    /// # Errors
    ///
    /// Nothing can be read any more, and not because the source is over: a file is gone, a device
    /// has disappeared.
    fn next(&mut self) -> Result<Next<'_>, Error>;

    /// The block that the last packet lies in, for whoever wants to keep its octets without a copy;
    /// `None` where they are lent for the call alone.
    fn block(&self) -> Option<&Block> {
        None
    }

    /// Whether every packet lies in a block that [`Self::block`] gives.
    fn has_blocks(&self) -> bool {
        false
    }

    /// Whether the source is to read ahead, on a thread of its own, where it can: worth it where the octets take
    /// longer than what is in them.
    fn read_ahead(&mut self, _is_wanted: bool) {}

    /// What is known about each input so far, in the order of the arguments, with the counters of
    /// its interfaces as they were at the last [`Self::refresh`].
    fn inputs(&self) -> Vec<&Input>;

    /// How far reading has come.
    fn reading(&self) -> Reading;

    /// Packets that came and were not given, since whoever takes them was too slow; as of the last
    /// [`Self::refresh`].
    fn missed(&self) -> u64 {
        0
    }

    /// Brings counters that somebody else keeps, as the kernel does, up to date.
    fn refresh(&mut self) {}

    /// No further packet will be asked for: brings all counters to their end, and writes what is to
    /// be saved.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    fn close(&mut self) -> Result<(), Error> {
        self.refresh();
        Ok(())
    }

    /// Whether packets come while they happen, so that stopping is the ordinary end of it.
    fn is_live(&self) -> bool {
        false
    }
}

/// Which of several kinds of source it is need not be known where it is used.
impl<S: Source + ?Sized> Source for Box<S> {
    fn next(&mut self) -> Result<Next<'_>, Error> {
        (**self).next()
    }

    fn block(&self) -> Option<&Block> {
        (**self).block()
    }

    fn has_blocks(&self) -> bool {
        (**self).has_blocks()
    }

    fn read_ahead(&mut self, is_wanted: bool) {
        (**self).read_ahead(is_wanted);
    }

    fn inputs(&self) -> Vec<&Input> {
        (**self).inputs()
    }

    fn reading(&self) -> Reading {
        (**self).reading()
    }

    fn missed(&self) -> u64 {
        (**self).missed()
    }

    fn refresh(&mut self) {
        (**self).refresh();
    }

    fn close(&mut self) -> Result<(), Error> {
        (**self).close()
    }

    fn is_live(&self) -> bool {
        (**self).is_live()
    }
}

/// What [`Source::next`] found.
#[derive(Debug, Clone, Copy)]
pub enum Next<'p> {
    /// A packet, which borrows the source's buffer until the next call.
    Packet(Packet<'p>),
    /// All that has come so far was given. Said whenever the source runs dry, and then about every
    /// 100 ms; never by files.
    Quiet {
        /// What the clock of the capture shows by now, where that can be known: the time of the
        /// last packet and what has passed since it came.
        now: Option<Timestamp>,
    },
    /// Nothing more will come.
    End,
}

/// How far reading has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reading {
    /// Octets read of all inputs, as they are stored: before decompression.
    pub octets: u64,
    /// Octets that there are to read; `None` where that is not known, as with a pipe or a device.
    pub size: Option<u64>,
}
