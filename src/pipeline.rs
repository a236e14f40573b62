//! A capture in, records out: reads the packets, takes their layers off, and drives the core.
//!
//! One thread does it all. The reader never runs ahead of what was reported: when this returns,
//! everything that was read is in the records and in the [`Tally`].

use std::ops::ControlFlow;

use crate::capture::Capture;
use crate::engine::{Clock, Collector, Record, Shard};
use crate::error::Error;
use crate::flow::{Ledger, Mark, Population};
use crate::stats::Statistics;
use crate::units::Timestamp;
use crate::wire::{Decoded, Decoder, FragmentCounts, Skips};

/// What to do beyond the usual.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Octets to keep of the front of each content, for those who want to look at it.
    pub preview: usize,
    /// Whether packets with a wrong checksum are left out.
    pub verify_checksums: bool,
}

/// What was read, and what became of it.
#[derive(Debug, Default)]
pub struct Tally {
    /// Packets read.
    pub packets: u64,
    /// Their octets on the wire.
    pub octets: u64,
    /// Of those, octets that were captured.
    pub captured: u64,
    /// Earliest time.
    pub first: Option<Timestamp>,
    /// Latest time.
    pub last: Option<Timestamp>,
    /// Packets with a time before that of a packet in front of them.
    pub backwards: u64,
    /// TCP segments among the packets.
    pub segments: u64,
    /// ICMP errors, address questions and answers among the packets.
    pub signals: u64,
    /// The other packets, by the reason why they were not used.
    pub skips: Skips,
    /// What became of IP fragments.
    pub fragments: FragmentCounts,
    /// What became of every octet of TCP payload.
    pub ledger: Ledger,
    /// How many connections there were.
    pub population: Population,
    /// Octets of heads and lines that were copied, since they lay in several segments.
    pub carried: u64,
    /// The numbers of exchanges and connections.
    pub statistics: Statistics,
}

impl Tally {
    /// Whether every packet is accounted for.
    pub fn balances(&self) -> bool {
        self.packets == self.segments + self.signals + self.skips.total()
    }
}

/// Reads a capture to its end, or until the sink breaks off.
///
/// # Errors
///
/// What the capture could not go on for, and the first error of the sink.
pub fn run<E: From<Error>>(
    capture: &mut Capture,
    options: &Options,
    mut sink: impl FnMut(Record<'_>) -> Result<ControlFlow<()>, E>,
) -> Result<Tally, E> {
    let mut decoder = Decoder::new();
    decoder.verify_checksums(options.verify_checksums);
    let mut shard = Shard::with_preview(options.preview);
    let mut collector = Collector::default();
    let mut clock = Clock::default();
    let mut tally = Tally::default();
    let mut last = Mark::default();
    let mut stopped = false;
    while let Some(packet) = capture.next().map_err(E::from)? {
        tally.packets += 1;
        tally.octets += u64::from(packet.len);
        tally.captured += packet.bytes.len() as u64;
        tally.first = Some(tally.first.map_or(packet.at, |first| first.min(packet.at)));
        tally.backwards += u64::from(tally.last.is_some_and(|last| packet.at < last));
        tally.last = Some(tally.last.map_or(packet.at, |last| last.max(packet.at)));
        last = Mark { at: tally.last.unwrap_or(packet.at), packet: packet.number };
        let mut tick = false;
        if clock.passes(packet.at) {
            shard.tick(last);
            tick = true;
        }
        match decoder.decode(&packet) {
            Decoded::Segment(segment) => {
                tally.segments += 1;
                shard.segment(&segment);
            }
            Decoded::Signal(signal) => {
                tally.signals += 1;
                collector.signal(signal);
            }
            Decoded::Skip(skip) => tally.skips.add(skip),
        }
        if shard.has_events() && give(&mut collector, &mut shard, &mut sink)?.is_break() {
            stopped = true;
            break;
        }
        if tick && verdicts(&mut sink, |sink| collector.tick(last.at, sink))?.is_break() {
            stopped = true;
            break;
        }
    }
    if !stopped {
        shard.finish(last);
        if give(&mut collector, &mut shard, &mut sink)?.is_continue() {
            let _ = verdicts(&mut sink, |sink| collector.finish(sink))?;
        }
    }
    tally.fragments = decoder.fragments();
    tally.ledger = *shard.ledger();
    tally.population = *shard.population();
    tally.carried = shard.carried();
    tally.statistics = collector.into_statistics();
    Ok(tally)
}

/// What takes records without the right to break off.
type Taker<'s, E> = &'s mut dyn FnMut(Record<'_>) -> Result<(), E>;

/// Hands on verdicts. Behind a break nothing more reaches the sink.
fn verdicts<E>(
    sink: &mut impl FnMut(Record<'_>) -> Result<ControlFlow<()>, E>,
    give: impl FnOnce(Taker<'_, E>) -> Result<(), E>,
) -> Result<ControlFlow<()>, E> {
    let mut flow = ControlFlow::Continue(());
    give(&mut |record| {
        if flow.is_continue() {
            flow = sink(record)?;
        }
        Ok(())
    })?;
    Ok(flow)
}

/// Hands on what is new. Behind a break nothing more reaches the sink.
fn give<E>(
    collector: &mut Collector,
    shard: &mut Shard,
    sink: &mut impl FnMut(Record<'_>) -> Result<ControlFlow<()>, E>,
) -> Result<ControlFlow<()>, E> {
    let mut flow = ControlFlow::Continue(());
    collector.take(shard.events(), |record| {
        if flow.is_continue() {
            flow = sink(record)?;
        }
        Ok(())
    })?;
    Ok(flow)
}
