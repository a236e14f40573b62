//! What the reader and all shards say of one stretch after the other in; records out, in the order that
//! one thread alone would have given them. It waits for every one of them, so timing decides nothing.

use std::iter::Peekable;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::vec::IntoIter;

use super::read::{End, Stretch, Worker};
use super::scribe::{Report, Run};
use super::tally::Tally;
use super::{Progress, Sink, Stop, give};
use crate::engine::{Collector, Totals};
use crate::error::Error;
use crate::http::{Event, Waiting};
use crate::wire::Signal;

/// See the module's words.
pub(super) struct Collection<'c> {
    pub collector: &'c mut Collector,
    pub stretches: Receiver<Stretch>,
    pub shards: Vec<Reports>,
    /// Set where no further packet is wanted.
    pub enough: &'c AtomicBool,
    /// Connections tracked by each shard, and the most by all together at one time.
    pub tracked: Vec<u64>,
    pub most: u64,
}

/// The books of a capture that was read to its end.
pub(super) struct Books {
    pub tally: Tally,
    pub totals: Totals,
    /// Whether there would have been more packets.
    pub stopped: bool,
}

/// Where what one shard says comes from.
pub(super) enum Reports {
    /// From another thread.
    There(Receiver<Report>),
    /// The shard is worked off here.
    Here(Box<Worker>),
}

impl Reports {
    /// What it says of the next stretch; `None` where a thread is gone.
    fn next(&mut self) -> Option<Report> {
        match self {
            Self::There(reports) => {
                let report = reports.recv().ok()?;
                report.fetch();
                Some(report)
            }
            Self::Here(worker) => worker.next(),
        }
    }
}

/// What one shard has said, as far as it was not taken.
struct Cursor {
    runs: Peekable<IntoIter<Run>>,
    events: IntoIter<Event>,
}

impl Collection<'_> {
    /// Takes everything; `None` where one of the threads is gone.
    pub fn take<E: From<Error>>(
        mut self,
        sink: &mut impl Sink<E>,
    ) -> Result<Option<Books>, Stop<E>> {
        loop {
            let Ok(stretch) = self.stretches.recv() else { return Ok(None) };
            let reports: Option<Vec<_>> = self.shards.iter_mut().map(Reports::next).collect();
            let Some(mut reports) = reports else { return Ok(None) };
            self.stretch(&stretch, &mut reports, sink)?;
            match stretch.end {
                None => {
                    let waiting = reports.iter().filter_map(|report| report.waiting);
                    self.pause(&stretch, waiting.reduce(Waiting::with), sink)?;
                }
                Some(End::Failed(error)) => return Err(Stop::Failed(error.into())),
                Some(End::Over { tally, stopped }) => {
                    let totals = self.finish(reports, sink)?;
                    return Ok(Some(Books { tally: *tally, totals, stopped }));
                }
            }
        }
    }

    fn stretch<E>(
        &mut self,
        stretch: &Stretch,
        reports: &mut [Report],
        sink: &mut impl Sink<E>,
    ) -> Result<(), Stop<E>> {
        if let Some(start) = stretch.start {
            self.collector.begin(start);
        }
        if let Some(mark) = stretch.tick {
            for (tracked, report) in self.tracked.iter_mut().zip(&*reports) {
                *tracked = report.tracked;
            }
            let all = reports.iter_mut().flat_map(|report| std::mem::take(&mut report.tick));
            self.in_order(all.collect(), sink)?;
            self.collector.tick(mark.at, |record| give(sink, record))?;
        }
        let mut signals = stretch.signals.iter().peekable();
        let mut cursors: Vec<Cursor> = reports.iter_mut().map(Cursor::of).collect();
        loop {
            let fronts = cursors.iter_mut().enumerate();
            let fronts = fronts
                .filter_map(|(shard, cursor)| cursor.runs.peek().map(|run| (run.packet, shard)));
            // A packet belongs to one shard, so no two are equal.
            let next = fronts.min();
            while let Some(signal) = signals
                .next_if(|signal: &&Signal| next.is_none_or(|(packet, _)| signal.number < packet))
            {
                self.collector.signal(*signal);
            }
            let Some((_, shard)) = next else { return Ok(()) };
            let Some(cursor) = cursors.get_mut(shard) else { return Ok(()) };
            let Some(run) = cursor.runs.next() else { return Ok(()) };
            if let Some(tracked) = self.tracked.get_mut(shard) {
                *tracked = run.tracked;
            }
            self.most = self.most.max(self.tracked.iter().sum());
            let events = cursor.events.by_ref().take(run.events);
            self.collector.take_each(events, |record| give(sink, record))?;
        }
    }

    /// Takes events that come in the order in which their connections began.
    fn in_order<E>(
        &mut self,
        mut events: Vec<Event>,
        sink: &mut impl Sink<E>,
    ) -> Result<(), Stop<E>> {
        events.sort_by_key(Event::connection);
        self.collector.take_each(events.into_iter(), |record| give(sink, record))
    }

    fn pause<E>(
        &self,
        stretch: &Stretch,
        waiting: Option<Waiting>,
        sink: &mut impl Sink<E>,
    ) -> Result<(), Stop<E>> {
        let progress = Progress {
            packets: stretch.packets,
            reading: stretch.reading,
            drops: stretch.drops,
            copies: stretch.copies,
            first: stretch.first,
            start: stretch.start,
            now: stretch.first.map(|_| stretch.now),
            is_quiet: false,
            waiting,
            statistics: self.collector.statistics(),
        };
        if let ControlFlow::Break(()) = sink.pause(&progress).map_err(Stop::Failed)? {
            self.enough.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    fn finish<E>(
        &mut self,
        reports: Vec<Report>,
        sink: &mut impl Sink<E>,
    ) -> Result<Totals, Stop<E>> {
        let mut totals = Totals::default();
        let mut open = Vec::new();
        for (events, own) in reports.into_iter().filter_map(|report| report.finish) {
            totals.add(&own);
            open.extend(events);
        }
        totals.population.most = self.most;
        self.in_order(open, sink)?;
        self.collector.finish(|record| give(sink, record))?;
        Ok(totals)
    }
}

impl Cursor {
    fn of(report: &mut Report) -> Self {
        Self {
            runs: std::mem::take(&mut report.runs).into_iter().peekable(),
            events: std::mem::take(&mut report.events).into_iter(),
        }
    }
}
