//! The work spread over threads.
//!
//! ```text
//! 1    read, decode, follow, collect; with a second one reading ahead while packets are mostly parts of bodies
//! 2    read, decode, follow some of the connections ─→ follow the others, collect
//! 3…   read, decode ─→ follow, one part of the connections each ─→ collect
//! ```
//!
//! Every stretch of packets goes through all of them, by bounded channels; whoever collects waits for
//! all, so what comes out is the same for any number of threads and any timing. Records are given
//! out on the thread of the caller.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{channel, sync_channel};
use std::thread;

use super::collect::{Collection, Reports};
use super::read::{Here, Owner, Reader, There, Worker};
use super::{Core, Run, Sink, Stop, Tally};
use crate::capture::{Reading, Source};
use crate::engine::{Collector, Shard, Totals};
use crate::error::Error;
use crate::limits;

/// Over how many threads the work is spread, and in which portions. Neither changes what comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threads {
    count: NonZeroUsize,
    packets: u64,
    at_once: bool,
}

/// Packets that go from one thread to the next at a time: some 100 KiB of segments, and long enough
/// that waking a thread does not matter.
const STRETCH: u64 = 512;

/// Stretches that may wait in front of a thread.
pub(super) const WAITING: usize = 3;

/// Octets of captures below which one thread is done before others have started.
const SMALL: u64 = 4 << 20;

impl Default for Threads {
    fn default() -> Self {
        Self::up_to(NonZeroUsize::MIN)
    }
}

impl Threads {
    /// At most so many threads, as soon as there is enough to do for them. More than those that can follow connections,
    /// and two, are as fast as these.
    pub const fn up_to(count: NonZeroUsize) -> Self {
        Self { count, packets: STRETCH, at_once: false }
    }

    /// As many as there are cores, or one where there is little to read.
    pub fn fitting(reading: Reading) -> Self {
        let is_small = reading.size.is_some_and(|size| size < SMALL);
        let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self::up_to(if is_small { NonZeroUsize::MIN } else { cores })
    }

    /// The same from the first packet on, with portions of so many.
    #[must_use]
    pub const fn in_portions(self, packets: u64) -> Self {
        Self { packets, at_once: true, ..self }
    }

    pub(super) const fn at_once(self) -> bool {
        self.at_once
    }

    pub(super) const fn is_one(self) -> bool {
        self.count.get() == 1
    }
}

/// Which parts of all connections each thread follows.
struct Division {
    reader: Option<Range<usize>>,
    between: Vec<Range<usize>>,
    collector: Option<Range<usize>>,
    /// The same by parts.
    owners: [Owner; limits::PARTS],
}

impl Division {
    /// Parts that the thread that reads follows, where there are but two: it has less to do beside.
    const READER: usize = limits::PARTS * 5 / 8;

    /// Among so many threads between the one that reads and the one that collects.
    fn among(threads: usize) -> Self {
        let mut owners = [Owner::Here; limits::PARTS];
        let mut give = |parts: &Range<usize>, shard| {
            owners.get_mut(parts.clone()).unwrap_or_default().fill(Owner::There(shard));
        };
        let (mut reader, mut between, mut collector) = (None, Vec::new(), None);
        if threads == 0 {
            let rest = Self::READER..limits::PARTS;
            give(&rest, 0);
            (reader, collector) = (Some(0..Self::READER), Some(rest));
        }
        for index in 0..threads {
            let own = limits::PARTS * index / threads..limits::PARTS * (index + 1) / threads;
            give(&own, index);
            between.push(own);
        }
        Self { reader, between, collector, owners }
    }
}

/// Spreads what is still to be done over two threads or more.
pub(super) fn drive<E: From<Error>>(
    source: &mut (impl Source + ?Sized),
    threads: Threads,
    core: Core,
    sink: &mut impl Sink<E>,
) -> Run<E> {
    let Core { shard, mut collector, tally, clock, decoder } = core;
    let enough = AtomicBool::new(false);
    // Reading, collecting, and between them those that follow; or else both of them do.
    let between = threads.count.get().saturating_sub(2).min(limits::PARTS);
    let Division { reader, between, collector: last, owners } = Division::among(between);
    let most = shard.most();
    let all = [reader.as_slice(), &between, last.as_slice()].concat();
    let parts = shard.divide(all.iter().map(Range::len));
    let tracked = parts.iter().map(Shard::tracked).collect();
    let mut parts = parts.into_iter();
    let taken = thread::scope(|scope| {
        let (told, stretches) = sync_channel(WAITING);
        let (give_back, used) = channel();
        let (mut tasks, mut shards) = (Vec::new(), Vec::new());
        let here = parts.by_ref().take(reader.iter().len()).next().map(|shard| {
            let (said, reports) = sync_channel(WAITING);
            shards.push(Reports::There(reports));
            Here::new(shard, said)
        });
        let mut worker = |shard| {
            let (task, own) = sync_channel(WAITING);
            tasks.push(task);
            Worker::new(shard, own, give_back.clone())
        };
        for shard in parts.by_ref().take(between.len()) {
            let worker = worker(shard);
            let (said, reports) = sync_channel(WAITING);
            scope.spawn(move || worker.work(&said));
            shards.push(Reports::There(reports));
        }
        for shard in parts {
            shards.push(Reports::Here(Box::new(worker(shard))));
        }
        let has_blocks = source.has_blocks();
        let follower = There::new(here, tasks, owners, used, has_blocks);
        let packets = threads.packets.max(1);
        let enough = &enough;
        let reader =
            Reader { source, follower, stretches: told, enough, packets, tally, clock, decoder };
        scope.spawn(move || reader.read());
        let collector = &mut collector;
        Collection { collector, stretches, shards, enough, tracked, most }.take(sink)
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

/// What is known where the records stopped in the middle.
fn empty<E>(stopped: Result<bool, Stop<E>>, collector: Collector) -> Run<E> {
    Run { stopped, tally: Tally::default(), totals: Totals::default(), collector }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_all_connections_has_one_owner() {
        for threads in 0..=limits::PARTS {
            let Division { reader, between, collector, owners } = Division::among(threads);
            let mut found = [Owner::Here; limits::PARTS];
            let there = between.into_iter().chain(collector);
            let mut followed = reader.map_or(0, |parts| parts.len());
            for (shard, parts) in there.enumerate() {
                assert!(!parts.is_empty());
                followed += parts.len();
                found[parts].fill(Owner::There(shard));
            }
            assert_eq!((found, followed), (owners, limits::PARTS), "{threads}");
        }
    }
}
