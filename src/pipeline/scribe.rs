//! Segments of one shard in, what it has to say of a stretch of the capture out, with the packets at
//! which it says it, so that what several shards say can be put in order.

use std::hint::black_box;

use super::lent::Lent;
use crate::engine::{Shard, Totals};
use crate::flow::Mark;
use crate::http::{Event, Waiting};
use crate::wire::Segment;

/// A shard, and what it has said of the current stretch.
pub(super) struct Scribe {
    shard: Shard,
    report: Report,
    /// What it said to another thread, where it does.
    lent: Option<Lent>,
}

/// What one shard says of one stretch.
#[derive(Default)]
pub(super) struct Report {
    /// What the second that began with the stretch brought to an end.
    pub tick: Vec<Event>,
    /// Connections that it followed after that.
    pub tracked: u64,
    /// What its packets brought.
    pub events: Vec<Event>,
    /// At which packets, and how many each.
    pub runs: Vec<Run>,
    /// Requests that waited at its end, where somebody asks.
    pub waiting: Option<Waiting>,
    /// What was open when the capture ended, and all that was counted.
    pub finish: Option<(Vec<Event>, Totals)>,
}

/// What one packet brought.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// The packet.
    pub packet: u64,
    /// How many events.
    pub events: usize,
    /// Connections that the shard followed after it.
    pub tracked: u64,
}

impl Report {
    /// Brings what another thread said into the cache of this one.
    pub fn fetch(&self) {
        let sum = self.events.iter().fold(0, |sum, event| match event {
            Event::Exchange(exchange) => sum ^ exchange.fetch(),
            Event::Stray(_) | Event::Connection(_) => sum,
        });
        black_box(sum);
    }
}

impl Scribe {
    pub fn new(shard: Shard) -> Self {
        Self { shard, report: Report::default(), lent: None }
    }

    /// The same where another thread hears what it says.
    pub fn for_another(self) -> Self {
        Self { lent: Some(Lent::default()), ..self }
    }

    /// The stretch begins with another second.
    pub fn tick(&mut self, mark: Mark) {
        self.shard.tick(mark);
        self.report.tick.append(self.shard.events());
        self.report.tracked = self.shard.tracked();
    }

    pub fn segment(&mut self, segment: &Segment<'_>) {
        let (events, tracked) = (self.shard.events().len(), self.shard.tracked());
        self.shard.segment(segment);
        let new = self.shard.events().len() - events;
        if new > 0 || self.shard.tracked() != tracked {
            let tracked = self.shard.tracked();
            self.report.runs.push(Run { packet: segment.number, events: new, tracked });
        }
    }

    /// The stretch is over, and with `finish` the capture.
    pub fn report(&mut self, finish: Option<Mark>) -> Report {
        let tracked = self.shard.tracked();
        let mut report =
            std::mem::replace(&mut self.report, Report { tracked, ..Report::default() });
        report.events = std::mem::take(self.shard.events());
        if let Some(lent) = &mut self.lent {
            lent.hand_over(&report.events);
        }
        report.waiting = self.shard.waiting();
        report.finish = finish.map(|mark| {
            self.shard.finish(mark);
            (std::mem::take(self.shard.events()), self.shard.totals())
        });
        report
    }
}
