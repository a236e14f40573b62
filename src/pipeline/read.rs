//! Packets in, decoded segments out to whoever follows connections, and to the collector what is not
//! theirs: the clock, signals, how far reading has come. Both get one message for every stretch of
//! packets, so that neither waits for what will not come.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender};

use super::batch::{Batch, Loose};
use super::drops;
use super::scribe::{Report, Scribe};
use super::tally::Tally;
use crate::capture::{Block, Next, Reading, Source};
use crate::engine::{Clock, Shard};
use crate::error::Error;
use crate::flow::Mark;
use crate::limits;
use crate::snapshot::{Copies, Drops};
use crate::units::Timestamp;
use crate::wire::{Decoded, Decoder, Packet, Segment, Signal};

/// What the collector is told of a stretch.
pub(super) struct Stretch {
    /// Another second began with it.
    pub tick: Option<Mark>,
    pub signals: Vec<Signal>,
    pub packets: u64,
    pub reading: Reading,
    pub drops: Drops,
    pub copies: Copies,
    pub first: Option<Timestamp>,
    pub start: Option<Timestamp>,
    pub now: Timestamp,
    /// How the capture ended, where it did.
    pub end: Option<End>,
}

/// How reading ended.
pub(super) enum End {
    /// By itself, or since no more was wanted: then whether more could have come.
    Over { tally: Box<Tally>, stopped: bool },
    /// It cannot go on.
    Failed(Error),
}

/// What a shard on another thread is told of a stretch.
pub(super) struct Task {
    pub tick: Option<Mark>,
    pub batch: Batch,
    pub finish: Option<Mark>,
}

/// Whoever listened is gone: nothing more is wanted.
pub(super) struct Gone;

/// Follows connections, here or elsewhere.
pub(super) trait Follower {
    /// A segment of the packet at hand.
    fn segment(&mut self, segment: &Segment<'_>, packet: &Packet<'_>);

    /// The packet at hand lies in this block.
    fn lies_in(&mut self, _block: Option<&Block>) {}

    /// The stretch is over, and with `finish` the capture. Another begins, with `tick` at another
    /// second.
    fn turn(&mut self, tick: Option<Mark>, finish: Option<Mark>) -> Result<(), Gone>;
}

/// Follows connections on the thread that reads.
pub(super) struct Here {
    scribe: Scribe,
    reports: SyncSender<Report>,
}

impl Here {
    pub fn new(shard: Shard, reports: SyncSender<Report>) -> Self {
        Self { scribe: Scribe::new(shard).for_another(), reports }
    }
}

impl Follower for Here {
    fn segment(&mut self, segment: &Segment<'_>, _: &Packet<'_>) {
        self.scribe.segment(segment);
    }

    fn turn(&mut self, tick: Option<Mark>, finish: Option<Mark>) -> Result<(), Gone> {
        self.reports.send(self.scribe.report(finish)).map_err(|_| Gone)?;
        if let Some(mark) = tick {
            self.scribe.tick(mark);
        }
        Ok(())
    }
}

/// Who follows a part of all connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// The thread that reads.
    Here,
    /// The shard with this index among those on other threads.
    There(usize),
}

/// Hands segments to shards on other threads, and keeps those of the first one where that is here.
pub(super) struct There {
    here: Option<Here>,
    shards: Vec<(SyncSender<Task>, Batch)>,
    /// Who follows each part of all connections: one of these shards, or the one that is here.
    owners: [Owner; limits::PARTS],
    /// Batches that come back empty.
    used: Receiver<Batch>,
    tick: Option<Mark>,
    loose: Option<(usize, Loose)>,
    /// Whether the source has blocks that its packets lie in.
    has_blocks: bool,
}

impl There {
    pub fn new(
        here: Option<Here>,
        shards: Vec<SyncSender<Task>>,
        owners: [Owner; limits::PARTS],
        used: Receiver<Batch>,
        has_blocks: bool,
    ) -> Self {
        let shards = shards.into_iter().map(|tasks| (tasks, Batch::default())).collect();
        Self { here, shards, owners, used, tick: None, loose: None, has_blocks }
    }
}

impl Follower for There {
    fn segment(&mut self, segment: &Segment<'_>, packet: &Packet<'_>) {
        match (self.owners.get(Shard::part_of(&segment.ends)), &mut self.here) {
            (Some(Owner::There(shard)), _) => {
                self.loose = Some((*shard, Loose::of(segment, packet, self.has_blocks)));
            }
            (Some(Owner::Here), Some(here)) => here.segment(segment, packet),
            (None, _) | (Some(Owner::Here), None) => unreachable!("every part has its owner"),
        }
    }

    fn lies_in(&mut self, block: Option<&Block>) {
        let Some((shard, loose)) = self.loose.take() else { return };
        if let Some((_, batch)) = self.shards.get_mut(shard) {
            batch.add(loose, block);
        }
    }

    fn turn(&mut self, tick: Option<Mark>, finish: Option<Mark>) -> Result<(), Gone> {
        let began_with = std::mem::replace(&mut self.tick, tick);
        for (tasks, batch) in &mut self.shards {
            let empty = self.used.try_recv().unwrap_or_default();
            let batch = std::mem::replace(batch, empty);
            tasks.send(Task { tick: began_with, batch, finish }).map_err(|_| Gone)?;
        }
        self.here.as_mut().map_or(Ok(()), |here| here.turn(tick, finish))
    }
}

/// Works off the tasks of one shard.
pub(super) struct Worker {
    scribe: Scribe,
    tasks: Receiver<Task>,
    used: Sender<Batch>,
}

impl Worker {
    pub fn new(shard: Shard, tasks: Receiver<Task>, used: Sender<Batch>) -> Self {
        Self { scribe: Scribe::new(shard), tasks, used }
    }

    /// Does what is next; `None` where whoever read is gone.
    pub fn next(&mut self) -> Option<Report> {
        let Task { tick, mut batch, finish } = self.tasks.recv().ok()?;
        if let Some(mark) = tick {
            self.scribe.tick(mark);
        }
        batch.fetch();
        for segment in batch.segments() {
            self.scribe.segment(&segment);
        }
        batch.clear();
        // At the end of the capture nobody takes it back.
        let _ = self.used.send(batch);
        Some(self.scribe.report(finish))
    }

    /// Does all of it, for another thread.
    pub fn work(mut self, reports: &SyncSender<Report>) {
        self.scribe = self.scribe.for_another();
        while let Some(report) = self.next() {
            if reports.send(report).is_err() {
                return;
            }
        }
    }
}

/// Reads a source to its end, or until `enough` is set.
pub(super) struct Reader<'r, S: ?Sized, F> {
    pub source: &'r mut S,
    pub follower: F,
    pub stretches: SyncSender<Stretch>,
    pub enough: &'r AtomicBool,
    /// Packets of a stretch at most.
    pub packets: u64,
    /// What was read in front.
    pub tally: Tally,
    pub clock: Clock,
    pub decoder: Decoder,
}

impl<S: Source + ?Sized, F: Follower> Reader<'_, S, F> {
    pub fn read(self) -> Result<(), Gone> {
        let Self { source, mut follower, stretches, enough, .. } = self;
        let Self { mut tally, mut clock, mut decoder, .. } = self;
        let mut open = Open::default();
        let mut stopped = false;
        let failed = loop {
            let packet = match source.next() {
                Ok(Next::Packet(packet)) => packet,
                Ok(Next::Quiet { .. }) => continue,
                Ok(Next::End) => break None,
                Err(error) => break Some(error),
            };
            // A second begins with a stretch, so the packet at hand waits until that is told.
            let second = tally.packet(&packet, &mut clock).then_some(tally.mark);
            if second.is_some() {
                stretches.send(open.close(&tally, second)).map_err(|_| Gone)?;
                follower.turn(second, None)?;
            }
            match &decoder.decode(&packet) {
                Decoded::Segment(segment) => {
                    tally.summary.segments += 1;
                    follower.segment(segment, &packet);
                }
                Decoded::Signal(signal) => {
                    tally.summary.signals += 1;
                    open.signals.push(*signal);
                }
                Decoded::Skip(skip) => tally.skips.add(*skip),
            }
            follower.lies_in(source.block());
            open.packets += 1;
            if open.packets >= self.packets {
                open.reading = source.reading();
                open.drops = drops(source);
                stretches.send(open.close(&tally, None)).map_err(|_| Gone)?;
                follower.turn(None, None)?;
                if enough.load(Ordering::Relaxed) {
                    stopped = true;
                    break None;
                }
            }
        };
        tally.decoded(&decoder);
        let finish = failed.is_none().then_some(tally.mark);
        let last = open.close(&tally, None);
        let end = match failed {
            Some(error) => End::Failed(error),
            None => End::Over { tally: Box::new(tally), stopped },
        };
        stretches.send(Stretch { end: Some(end), ..last }).map_err(|_| Gone)?;
        follower.turn(None, finish)
    }
}

/// A stretch that is not over.
#[derive(Default)]
struct Open {
    tick: Option<Mark>,
    signals: Vec<Signal>,
    packets: u64,
    /// As of the last full stretch.
    reading: Reading,
    drops: Drops,
}

impl Open {
    /// Ends it; the next one begins with a second, or goes on in one.
    fn close(&mut self, tally: &Tally, second: Option<Mark>) -> Stretch {
        self.packets = 0;
        Stretch {
            tick: std::mem::replace(&mut self.tick, second),
            signals: std::mem::take(&mut self.signals),
            packets: tally.summary.packets,
            reading: self.reading,
            drops: self.drops,
            copies: tally.copies(),
            first: tally.summary.first,
            start: tally.summary.start,
            now: tally.mark.at,
            end: None,
        }
    }
}
