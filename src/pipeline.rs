//! A capture in, its records and its summary out: packets are read, decoded, followed and read as
//! HTTP, one after the other on the caller's thread. Writes nothing, and has no clock but the
//! capture's.

use std::ops::ControlFlow;

use crate::capture::{self, Capture};
use crate::engine::{Clock, Collector, Record, Shard};
use crate::error::Error;
use crate::filter::Filter;
use crate::flow::Mark;
use crate::snapshot::{Damage, Input, Interface, Skipped, Summary};
use crate::stats::Statistics;
use crate::units::Duration;
use crate::wire::{Decoded, Decoder, Packet, Skips};

/// What a run is asked for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Octets of the front of each content to keep.
    pub preview: usize,
    /// Which exchanges are wanted; all where there is none.
    pub filter: Option<Filter>,
}

/// What a run gives beyond its records.
#[derive(Debug)]
pub struct Outcome {
    /// The capture as a whole.
    pub summary: Summary,
    /// All numbers.
    pub statistics: Statistics,
}

/// Why a run stopped in the middle of the records.
enum Stop<E> {
    Enough,
    Failed(E),
}

/// Reads a capture to its end and hands every record to `sink`, which may say that it has seen
/// enough.
///
/// # Errors
///
/// The capture can no longer be read, or the error of `sink`.
pub fn run<E: From<Error>>(
    capture: &mut Capture,
    options: Options,
    mut sink: impl FnMut(Record<'_>) -> Result<ControlFlow<()>, E>,
) -> Result<Outcome, E> {
    let mut core = Core {
        shard: Shard::with_preview(options.preview),
        collector: Collector::with_filter(options.filter),
        tally: Tally::default(),
    };
    let driven = core.drive(capture, &mut |record| match sink(record) {
        Ok(ControlFlow::Continue(())) => Ok(()),
        Ok(ControlFlow::Break(())) => Err(Stop::Enough),
        Err(error) => Err(Stop::Failed(error)),
    });
    let stopped = match driven {
        Ok(()) => false,
        Err(Stop::Enough) => true,
        Err(Stop::Failed(error)) => return Err(error),
    };
    let Core { shard, collector, tally } = core;
    let mut summary = tally.close(&shard, capture);
    summary.stopped = stopped;
    Ok(Outcome { summary, statistics: collector.into_statistics() })
}

/// What a run fills.
struct Core {
    shard: Shard,
    collector: Collector,
    tally: Tally,
}

impl Core {
    /// Drives every packet through, until the capture is over or the sink has seen enough.
    fn drive<E: From<Error>>(
        &mut self,
        capture: &mut Capture,
        sink: &mut impl FnMut(Record<'_>) -> Result<(), Stop<E>>,
    ) -> Result<(), Stop<E>> {
        let Self { shard, collector, tally } = self;
        let mut decoder = Decoder::new();
        let mut clock = Clock::default();
        while let Some(packet) = capture.next().map_err(|error| Stop::Failed(error.into()))? {
            tally.packet(&packet);
            let tick = clock.passes(packet.at);
            if tick {
                shard.tick(tally.mark);
            }
            match decoder.decode(&packet) {
                Decoded::Segment(segment) => {
                    tally.summary.segments += 1;
                    shard.segment(&segment);
                }
                Decoded::Signal(signal) => {
                    tally.summary.signals += 1;
                    collector.signal(signal);
                }
                Decoded::Skip(skip) => tally.skips.add(skip),
            }
            if shard.has_events() {
                collector.take(shard.events(), &mut *sink)?;
            }
            if tick {
                collector.tick(tally.mark.at, &mut *sink)?;
            }
        }
        shard.finish(tally.mark);
        collector.take(shard.events(), &mut *sink)?;
        collector.finish(sink)
    }
}

/// Counts packets.
#[derive(Default)]
struct Tally {
    summary: Summary,
    skips: Skips,
    /// The latest packet, at the latest time.
    mark: Mark,
}

impl Tally {
    fn packet(&mut self, packet: &Packet<'_>) {
        let summary = &mut self.summary;
        summary.packets += 1;
        summary.octets += packet.bytes.len() as u64;
        if summary.first.is_none_or(|first| packet.at < first) {
            summary.first = Some(packet.at);
        }
        self.mark.packet = packet.number;
        match summary.last {
            Some(last) if packet.at < last => {
                summary.earlier += 1;
                let back: Duration = last.since(packet.at);
                summary.largest_step_back = summary.largest_step_back.max(Some(back));
            }
            _ => {
                summary.last = Some(packet.at);
                self.mark.at = packet.at;
            }
        }
    }

    fn close(self, shard: &Shard, capture: &Capture) -> Summary {
        let mut skips: Vec<Skipped> = self
            .skips
            .iter()
            .map(|(skip, packets)| {
                let group = skip.group().name();
                Skipped { reason: skip.to_string(), group, packets }
            })
            .collect();
        if self.skips.other() > 0 {
            let packets = self.skips.other();
            skips.push(Skipped { reason: "others".to_owned(), group: "unsupported", packets });
        }
        Summary {
            inputs: capture.inputs().map(input).collect(),
            skips,
            ledger: *shard.ledger(),
            population: *shard.population(),
            carried: shard.carried(),
            heads: shard.heads(),
            tolerated: shard.tolerated(),
            ..self.summary
        }
    }
}

fn input(input: &capture::Input) -> Input {
    let format = input.format.map(|format| {
        let compressions = input.compression.iter().map(|compression| format!(", {compression}"));
        std::iter::once(format.to_string()).chain(compressions).collect()
    });
    let interfaces = input.interfaces.iter().map(|interface| Interface {
        name: interface.name.clone(),
        link: interface.link.0,
        snaplen: interface.snaplen,
        dropped: interface.statistics.and_then(|statistics| {
            let counters = [statistics.dropped, statistics.dropped_by_system];
            counters.into_iter().flatten().reduce(u64::saturating_add)
        }),
    });
    let damages = input
        .damages
        .iter()
        .map(|damage| Damage { offset: damage.offset, message: damage.to_string() });
    Input {
        path: input.path.clone(),
        format,
        octets: input.octets,
        packets: input.packets,
        interfaces: interfaces.collect(),
        damages: damages.collect(),
        more_damages: input.more_damages,
        notes: input.notes.iter().map(ToString::to_string).collect(),
    }
}
