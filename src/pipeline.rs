//! A source of packets in, its records and its summary out: packets are read, decoded, followed and
//! read as HTTP, one after the other on the caller's thread, or on several (see [`Threads`]). What
//! comes out, and in which order, depends on the packets alone. Writes nothing, and has no clock but
//! the capture's.

mod batch;
mod collect;
mod lent;
mod read;
mod scribe;
mod tally;
mod threads;

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::capture::{Next, Reading, Source};
use crate::engine::{Clock, Collector, Record, Shard, Totals};
use crate::error::Error;
use crate::filter::Filter;
use crate::flow::Reassembly;
use crate::http::{Bodies, Waiting};
use crate::limits;
use crate::snapshot::{Copies, Drops, Summary};
use crate::stats::{By, Statistics};
use crate::units::Timestamp;
use crate::wire::{Decoded, Decoder, Packet};
use tally::Tally;
pub use threads::Threads;

/// What a run is asked for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Octets of the front of each content to keep.
    pub preview: usize,
    /// Exchanges whose contents are to be kept as a whole.
    pub bodies: Option<Arc<Bodies>>,
    /// Which exchanges are wanted; all where there is none.
    pub filter: Option<Filter>,
    /// Whether exchanges are to be held back until their verdicts are known, which then come right
    /// behind them.
    pub causes: bool,
    /// The same for what rules find in them.
    pub findings: bool,
    /// What exchanges are grouped by in the statistics, beside their servers.
    pub by: Vec<By>,
    /// Exchanges that are to be counted among them: [`Outcome::gated`].
    pub gate: Option<Filter>,
    /// Over how many threads the work is spread; one, where nothing else is said.
    pub threads: Threads,
    /// Octets that may be taken by what the capture can make grow; [`limits::MEMORY`] where nothing else is
    /// said.
    pub memory: Option<u64>,
    /// Whether [`Progress::waiting`] is wanted.
    pub waiting: bool,
    /// Whether packets with a wrong IPv4 or TCP checksum are skipped; see [`Decoder::verify_checksums`].
    pub verify_checksums: bool,
    /// How streams are put together where there is a choice.
    pub reassembly: Reassembly,
}

/// What a run gives beyond its records.
#[derive(Debug)]
pub struct Outcome {
    /// The capture as a whole.
    pub summary: Summary,
    /// All numbers.
    pub statistics: Statistics,
    /// Exchanges that matched [`Options::gate`].
    pub gated: u64,
    /// Exchanges that a filter decided before everything was known of them, since too many waited.
    pub hurried: u64,
}

/// Takes what a run gives. A closure over [`Record`] is one too.
pub trait Sink<E> {
    /// A record, in the order that the capture alone decides. [`ControlFlow::Break`]: enough was
    /// seen, and nothing more is wanted.
    ///
    /// # Errors
    ///
    /// Whatever stops the run.
    fn record(&mut self, record: Record<'_>) -> Result<ControlFlow<()>, E>;

    /// Called whenever all that has come was given out (see [`Next::Quiet`]), and every few
    /// thousand packets: look at a clock before doing what takes long. [`ControlFlow::Break`]: no
    /// further packet is wanted, and the records that are still to come are given out as at the end
    /// of the capture.
    ///
    /// # Errors
    ///
    /// Whatever stops the run.
    fn pause(&mut self, _progress: &Progress<'_>) -> Result<ControlFlow<()>, E> {
        Ok(ControlFlow::Continue(()))
    }
}

impl<E, F: FnMut(Record<'_>) -> Result<ControlFlow<()>, E>> Sink<E> for F {
    fn record(&mut self, record: Record<'_>) -> Result<ControlFlow<()>, E> {
        self(record)
    }
}

/// How far a run has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'r> {
    /// Packets read.
    pub packets: u64,
    /// Octets read of what is stored, and how many there are.
    pub reading: Reading,
    /// Packets lost while capturing.
    pub drops: Drops,
    /// Packets that the capture holds more than once.
    pub copies: Copies,
    /// Earliest time of a packet.
    pub first: Option<Timestamp>,
    /// Time of the first packet, which relative times count from.
    pub start: Option<Timestamp>,
    /// What the clock of the capture shows; it goes on where a live capture is quiet.
    pub now: Option<Timestamp>,
    /// Whether all that has come was given out.
    pub is_quiet: bool,
    /// Requests that wait for the end of their answer; `None` where nobody has asked.
    pub waiting: Option<Waiting>,
    /// The numbers so far.
    pub statistics: &'r Statistics,
}

/// Packets between two pauses of a source that is never quiet: about a millisecond.
const PAUSE_PACKETS: u64 = 4_096;

/// When it is first looked whether several threads would be faster; afterwards it is at every pause.
const FIRST_LOOK: u64 = 512;

/// They are where so many packets have one head or new connection: with fewer, most packets are parts of bodies, and
/// it takes longer to hand one over than to work it in.
const BUSY: u64 = 16;

/// Why a run stopped in the middle of the records.
enum Stop<E> {
    Enough,
    Failed(E),
}

/// Reads a source to its end and hands every record to `sink`, which may say that it has seen
/// enough.
///
/// # Errors
///
/// The source can no longer be read, or the error of `sink`.
pub fn run<E: From<Error>>(
    source: &mut (impl Source + ?Sized),
    options: Options,
    mut sink: impl FnMut(Record<'_>) -> Result<ControlFlow<()>, E>,
) -> Result<Outcome, E> {
    drive(source, options, &mut sink)
}

/// The same for a sink that wants to know between the records how it goes.
///
/// # Errors
///
/// As for [`run`].
pub fn drive<E: From<Error>>(
    source: &mut (impl Source + ?Sized),
    options: Options,
    sink: &mut impl Sink<E>,
) -> Result<Outcome, E> {
    let memory = options.memory.unwrap_or(limits::MEMORY).max(limits::MEMORY_LEAST);
    let collector = Collector::with_filter(options.filter)
        .with_causes(options.causes)
        .with_findings(options.findings)
        .with_gate(options.gate)
        .grouped(&options.by)
        .watched(source.is_live())
        .with_memory(memory);
    // Whole bodies are asked for by few, and read back one after the other.
    let is_one = options.threads.is_one() || source.is_live() || options.bodies.is_some();
    let shard = Shard::with_preview(options.preview)
        .with_bodies(options.bodies)
        .with_memory(memory)
        .with_reassembly(options.reassembly)
        .with_waiting(options.waiting);
    let (tally, clock) = (Tally::default(), Clock::default());
    let mut decoder = Decoder::new();
    decoder.verify_checksums(options.verify_checksums);
    let mut core = Core { shard, collector, tally, clock, decoder };
    let run = if is_one {
        core.run(source, sink)
    } else if options.threads.at_once() || options.waiting {
        threads::drive(source, options.threads, core, sink)
    } else {
        match core.drive(source, true, sink) {
            Ok(Over::Busy) => {
                source.read_ahead(false);
                threads::drive(source, options.threads, core, sink)
            }
            over => core.end(over),
        }
    };
    let stopped = match run.stopped {
        Ok(stopped) => stopped,
        Err(Stop::Enough) => true,
        Err(Stop::Failed(error)) => return Err(error),
    };
    source.close()?;
    let Run { tally, totals, collector, .. } = run;
    let mut summary = tally.close(&totals, source);
    summary.stopped = stopped;
    let (gated, hurried) = (collector.gated(), collector.hurried());
    Ok(Outcome { summary, statistics: collector.into_statistics(), gated, hurried })
}

/// Why a thread that does everything stopped.
enum Over {
    /// The source is over, or no more of it is wanted: then whether there would have been more.
    Done { stopped: bool },
    /// There is enough to do for several threads.
    Busy,
}

/// What was done, on however many threads.
struct Run<E> {
    /// Whether there would have been more packets, or why it stopped in the middle of the records.
    stopped: Result<bool, Stop<E>>,
    tally: Tally,
    totals: Totals,
    collector: Collector,
}

/// Hands a record on.
fn give<E>(sink: &mut impl Sink<E>, record: Record<'_>) -> Result<(), Stop<E>> {
    match sink.record(record) {
        Ok(ControlFlow::Continue(())) => Ok(()),
        Ok(ControlFlow::Break(())) => Err(Stop::Enough),
        Err(error) => Err(Stop::Failed(error)),
    }
}

/// What a run fills.
struct Core {
    shard: Shard,
    collector: Collector,
    tally: Tally,
    clock: Clock,
    decoder: Decoder,
}

impl Core {
    /// Does everything on the thread of the caller.
    fn run<E: From<Error>>(
        mut self,
        source: &mut (impl Source + ?Sized),
        sink: &mut impl Sink<E>,
    ) -> Run<E> {
        let over = self.drive(source, false, sink);
        self.end(over)
    }

    /// Closes the books.
    fn end<E>(self, over: Result<Over, Stop<E>>) -> Run<E> {
        let Self { shard, collector, mut tally, decoder, .. } = self;
        tally.decoded(&decoder);
        let stopped = over.map(|over| matches!(over, Over::Done { stopped: true }));
        Run { stopped, tally, totals: shard.totals(), collector }
    }

    /// Drives every packet through, until the source is over or the sink wants no more of them, or,
    /// where that is asked for, until several threads would be faster.
    fn drive<E: From<Error>>(
        &mut self,
        source: &mut (impl Source + ?Sized),
        until_busy: bool,
        sink: &mut impl Sink<E>,
    ) -> Result<Over, Stop<E>> {
        let (mut stopped, mut looked) = (false, (0, 0));
        loop {
            let pause = match source.next() {
                Ok(Next::Packet(packet)) => {
                    self.packet(&packet, sink)?;
                    self.tally.summary.packets.is_multiple_of(PAUSE_PACKETS).then_some(false)
                }
                Ok(Next::Quiet { now }) => {
                    self.quiet(now, sink)?;
                    Some(true)
                }
                Ok(Next::End) => break,
                Err(error) => return Err(Stop::Failed(error.into())),
            };
            if let Some(is_quiet) = pause
                && self.pause(source, is_quiet, sink)?.is_break()
            {
                stopped = !source.is_live();
                break;
            }
            let packets = self.tally.summary.packets;
            if until_busy && (pause.is_some() || packets == FIRST_LOOK) {
                let now = (packets, self.shard.work());
                let before = std::mem::replace(&mut looked, now);
                if (now.1 - before.1) * BUSY >= now.0 - before.0 {
                    return Ok(Over::Busy);
                }
                source.read_ahead(true);
            }
        }
        let Self { shard, collector, tally, .. } = self;
        shard.finish(tally.mark);
        collector.take(shard.events(), |record| give(sink, record))?;
        collector.finish(|record| give(sink, record))?;
        Ok(Over::Done { stopped })
    }

    #[inline]
    fn packet<E>(&mut self, packet: &Packet<'_>, sink: &mut impl Sink<E>) -> Result<(), Stop<E>> {
        let Self { shard, collector, tally, clock, decoder } = self;
        let passes = tally.packet(packet, clock);
        if tally.summary.packets == 1 {
            collector.begin(packet.at);
        }
        if passes {
            shard.tick(tally.mark);
            collector.take(shard.events(), |record| give(sink, record))?;
            collector.tick(tally.mark.at, |record| give(sink, record))?;
        }
        // Looked at where it is: a segment is too large to be moved for every packet.
        match &decoder.decode(packet) {
            Decoded::Segment(segment) => {
                tally.summary.segments += 1;
                shard.segment(segment);
            }
            Decoded::Signal(signal) => {
                tally.summary.signals += 1;
                collector.signal(*signal);
            }
            Decoded::Skip(skip) => tally.skips.add(*skip),
        }
        if shard.has_events() {
            collector.take(shard.events(), |record| give(sink, record))?;
        }
        Ok(())
    }

    /// The clock goes on where no packet comes, so that what waits for a time to pass comes out.
    fn quiet<E>(&mut self, now: Option<Timestamp>, sink: &mut impl Sink<E>) -> Result<(), Stop<E>> {
        let Self { shard, collector, tally, clock, .. } = self;
        let Some(now) = now.filter(|now| *now > tally.mark.at) else { return Ok(()) };
        let passes = clock.passes(now);
        tally.mark.at = clock.now();
        if passes {
            shard.tick(tally.mark);
            collector.take(shard.events(), |record| give(sink, record))?;
            collector.tick(tally.mark.at, |record| give(sink, record))?;
        }
        Ok(())
    }

    fn pause<E>(
        &mut self,
        source: &mut (impl Source + ?Sized),
        is_quiet: bool,
        sink: &mut impl Sink<E>,
    ) -> Result<ControlFlow<()>, Stop<E>> {
        source.refresh();
        let summary = &self.tally.summary;
        let progress = Progress {
            packets: summary.packets,
            reading: source.reading(),
            drops: drops(source),
            copies: self.tally.copies(),
            first: summary.first,
            start: summary.start,
            now: summary.first.map(|_| self.tally.mark.at),
            is_quiet,
            waiting: self.shard.waiting(),
            statistics: self.collector.statistics(),
        };
        sink.pause(&progress).map_err(Stop::Failed)
    }
}

/// Packets that a source has lost, as far as somebody counted.
fn drops(source: &(impl Source + ?Sized)) -> Drops {
    let mut drops = Drops { own: source.missed(), ..Drops::default() };
    let inputs = source.inputs();
    let interfaces = inputs.iter().flat_map(|input| &input.interfaces);
    for counted in interfaces.filter_map(|interface| interface.statistics) {
        let add = |sum: Option<u64>, more: Option<u64>| {
            [sum, more].into_iter().flatten().reduce(u64::saturating_add)
        };
        drops.system = add(drops.system, counted.dropped_by_system);
        drops.interface = add(drops.interface, counted.dropped);
    }
    drops
}
