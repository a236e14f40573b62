//! The work spread over threads.
//!
//! ```text
//! 1    read, decode, follow, collect
//! 2    read, decode, follow ──────────────────────→ collect
//! 3…   read, decode ─→ follow, one part of the connections each ─→ collect
//! ```
//!
//! Every stretch of packets goes through all of them, by bounded channels; whoever collects waits for
//! all, so what comes out is the same for any number of threads and any timing. Records are given
//! out on the thread of the caller.

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{channel, sync_channel};
use std::thread;

use super::collect::Collection;
use super::read::{Follower, Here, Reader, There, follow};
use super::{Run, Sink, Stop, Tally};
use crate::capture::{Reading, Source};
use crate::engine::{Collector, Shard, Totals};
use crate::error::Error;
use crate::flow::Reassembly;
use crate::limits;

/// Over how many threads the work is spread, and in which portions. Neither changes what comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threads {
    count: NonZeroUsize,
    packets: u64,
}

/// Packets that go from one thread to the next at a time: some 100 KiB of segments, and long enough
/// that waking a thread does not matter.
const STRETCH: u64 = 512;

/// Stretches that may wait in front of a thread.
const WAITING: usize = 3;

/// Octets of captures below which one thread is done before others have started.
const SMALL: u64 = 4 << 20;

impl Default for Threads {
    fn default() -> Self {
        Self::exactly(NonZeroUsize::MIN)
    }
}

impl Threads {
    /// So many threads. More than those that can follow connections, and two, are as fast as these.
    pub const fn exactly(count: NonZeroUsize) -> Self {
        Self { count, packets: STRETCH }
    }

    /// As many as there are cores, or one where there is little to read.
    pub fn fitting(reading: Reading) -> Self {
        let is_small = reading.size.is_some_and(|size| size < SMALL);
        let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self::exactly(if is_small { NonZeroUsize::MIN } else { cores })
    }

    /// The same with portions of so many packets.
    #[must_use]
    pub const fn in_portions(self, packets: u64) -> Self {
        Self { packets, ..self }
    }

    pub(super) const fn is_one(self) -> bool {
        self.count.get() == 1
    }
}

/// How shards are made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shards {
    pub preview: usize,
    pub memory: u64,
    /// Whether requests that wait are counted.
    pub waiting: bool,
    /// For whoever decodes for them.
    pub verify_checksums: bool,
    pub reassembly: Reassembly,
}

impl Shards {
    /// The shard with this index of so many.
    pub fn make(self, index: usize, shards: usize) -> Shard {
        let shard = Shard::one_of(index, shards, self.preview).with_memory(self.memory);
        shard.with_reassembly(self.reassembly).with_waiting(self.waiting)
    }
}

/// Spreads the work over two threads or more.
pub(super) fn drive<E: From<Error>>(
    source: &mut (impl Source + ?Sized),
    threads: Threads,
    make: Shards,
    mut collector: Collector,
    sink: &mut impl Sink<E>,
) -> Run<E> {
    let enough = AtomicBool::new(false);
    // Reading, collecting, and between them at least one.
    let shards = threads.count.get().saturating_sub(2).clamp(1, limits::PARTS);
    let taken = thread::scope(|scope| {
        let (told, stretches) = sync_channel(WAITING);
        let (said, reports): (Vec<_>, Vec<_>) = (0..shards).map(|_| sync_channel(WAITING)).unzip();
        if threads.count.get() == 2 {
            let [said] = said.try_into().unwrap_or_else(|_| unreachable!("there is one shard"));
            let follower = Here::new(make.make(0, 1), said);
            let reader = reader(source, follower, told, &enough, threads.packets);
            scope.spawn(move || reader.read(make.verify_checksums));
        } else {
            let (give_back, used) = channel();
            let mut tasks = Vec::with_capacity(shards);
            for (index, said) in said.into_iter().enumerate() {
                let (task, own) = sync_channel(WAITING);
                tasks.push(task);
                let shard = make.make(index, shards);
                let give_back = give_back.clone();
                scope.spawn(move || follow(shard, &own, &said, &give_back));
            }
            let has_blocks = source.has_blocks();
            let follower = There::new(tasks, used, has_blocks);
            let reader = reader(source, follower, told, &enough, threads.packets);
            scope.spawn(move || reader.read(make.verify_checksums));
        }
        let tracked = vec![0; shards];
        let enough = &enough;
        let collector = &mut collector;
        Collection { collector, stretches, reports, enough, tracked, most: 0 }.take(sink)
    });
    // A thread that is gone before the end has panicked, and the scope has passed that on.
    match taken {
        Ok(Some(books)) => {
            let (tally, totals) = (books.tally, books.totals);
            Run { stopped: Ok(books.stopped), tally, totals, collector }
        }
        Ok(None) => empty(Ok(true), collector),
        Err(stop) => empty(Err(stop), collector),
    }
}

fn reader<'r, S: Source + ?Sized, F: Follower>(
    source: &'r mut S,
    follower: F,
    stretches: std::sync::mpsc::SyncSender<super::read::Stretch>,
    enough: &'r AtomicBool,
    packets: u64,
) -> Reader<'r, S, F> {
    Reader { source, follower, stretches, enough, packets: packets.max(1) }
}

/// What is known where the records stopped in the middle.
fn empty<E>(stopped: Result<bool, Stop<E>>, collector: Collector) -> Run<E> {
    Run { stopped, tally: Tally::default(), totals: Totals::default(), collector }
}
