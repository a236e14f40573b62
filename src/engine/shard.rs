//! Segments in, events out: connections, and HTTP on them. One shard follows all connections, or
//! several share them. Which connection belongs where is told by its two ends alone, so the events of
//! all shards together, put in order, are the same however many there are.

use std::sync::Arc;

use crate::flow::{Ledger, Mark, Population, Reassembly, Table};
use crate::http::{Bodies, ConnectionReader, Event, Output, Queue, Waiting};
use crate::limits;
use crate::rules;
use crate::wire::{Endpoint, Ends, Segment};

/// See the module's words.
pub struct Shard {
    /// Some of the parts of all connections, from the first one of its own on.
    tables: Vec<Table<ConnectionReader>>,
    first: usize,
    output: Output,
    tracked: u64,
    most: u64,
}

/// What a shard has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// What became of every octet.
    pub ledger: Ledger,
    /// How many connections there are and were.
    pub population: Population,
    /// Octets of heads and lines that were copied, since they lay in several segments.
    pub carried: u64,
    /// Message heads read.
    pub heads: u64,
    /// Of those, heads that only the tolerant reading understood.
    pub tolerated: u64,
}

impl Totals {
    /// Adds those of another shard; [`Population::most`] is then the most that it could have been.
    pub fn add(&mut self, other: &Self) {
        self.ledger += other.ledger;
        self.population += other.population;
        self.carried += other.carried;
        self.heads += other.heads;
        self.tolerated += other.tolerated;
    }
}

impl Default for Shard {
    fn default() -> Self {
        Self::with_preview(0)
    }
}

impl Shard {
    /// The only shard, which keeps so many octets of the front of each content.
    pub fn with_preview(octets: usize) -> Self {
        let output =
            Output { preview: octets, appetite: Some(rules::appetite), ..Output::default() };
        let tables = (0..limits::PARTS).map(|_| table(limits::MEMORY)).collect();
        Self { tables, first: 0, output, tracked: 0, most: 0 }
    }

    /// The same where connections may take another part of a budget of so many octets, of which other
    /// parts are for others (see [`limits::MEMORY`]). To be said before anything comes.
    #[must_use]
    pub fn with_memory(mut self, octets: u64) -> Self {
        for part in &mut self.tables {
            *part = table(octets);
        }
        self
    }

    /// The same, and it puts streams together so.
    #[must_use]
    pub fn with_reassembly(mut self, reassembly: Reassembly) -> Self {
        self.tables.iter_mut().for_each(|table| table.set_reassembly(reassembly));
        self
    }

    /// Divides it, when its events were taken, into shards that follow so many of the [`limits::PARTS`] parts of all
    /// connections each. Requests that wait are counted anew.
    pub fn divide(self, parts: impl Iterator<Item = usize>) -> Vec<Self> {
        let Self { tables, mut first, output, tracked: _, most: _ } = self;
        let like = |output: &Output| Output {
            preview: output.preview,
            appetite: output.appetite,
            bodies: output.bodies.clone(),
            waiting: output.waiting.is_some().then(Queue::default),
            ..Output::default()
        };
        let (mut tables, mut output) = (tables.into_iter(), Some(output));
        let shard = |parts: usize| {
            let tables: Vec<_> = tables.by_ref().take(parts).collect();
            let tracked = tables.iter().map(|table| table.population().tracked).sum();
            // What was counted so far is in the books of the first.
            let next = output.as_ref().map(like);
            let output = std::mem::replace(&mut output, next).unwrap_or_default();
            let shard = Self { tables, first, output, tracked, most: tracked };
            first += parts;
            shard
        };
        parts.map(shard).collect()
    }

    /// The most connections that it followed at one time.
    pub const fn most(&self) -> u64 {
        self.most
    }

    /// Which part the connection between two ends belongs to, in either direction.
    pub fn part_of(ends: &Ends) -> usize {
        part(ends)
    }

    /// The same, and it keeps the contents of some exchanges as a whole.
    #[must_use]
    pub fn with_bodies(mut self, bodies: Option<Arc<Bodies>>) -> Self {
        self.output.bodies = bodies;
        self
    }

    /// The same, and it keeps count of the requests that wait.
    #[must_use]
    pub fn with_waiting(mut self, is_wanted: bool) -> Self {
        self.output.waiting = is_wanted.then(Queue::default);
        self
    }

    /// Requests that wait for the end of their answer; `None` where nobody has asked.
    pub fn waiting(&self) -> Option<Waiting> {
        self.output.waiting.as_ref().map(Queue::now)
    }

    /// Works one segment in.
    pub fn segment(&mut self, segment: &Segment<'_>) {
        let place = part(&segment.ends).checked_sub(self.first);
        let Some(table) = place.and_then(|place| self.tables.get_mut(place)) else { return };
        let before = table.population().tracked;
        table.segment(segment, &mut self.output);
        self.tracked = self.tracked + table.population().tracked - before;
        self.most = self.most.max(self.tracked);
    }

    /// The capture has reached another second; see [`Clock`](super::Clock). What falls silent in
    /// it comes in the order in which the connections began.
    pub fn tick(&mut self, mark: Mark) {
        self.for_all(|table, output| table.tick(mark, output));
    }

    /// The capture is over. What was open comes in the order in which it began.
    pub fn finish(&mut self, mark: Mark) {
        self.for_all(|table, output| table.finish(mark, output));
    }

    fn for_all(&mut self, mut act: impl FnMut(&mut Table<ConnectionReader>, &mut Output)) {
        let before = self.output.events.len();
        self.tracked = 0;
        for table in &mut self.tables {
            act(table, &mut self.output);
            self.tracked += table.population().tracked;
        }
        let new = self.output.events.get_mut(before..).unwrap_or_default();
        new.sort_by_key(Event::connection);
    }

    /// Whether there is something for the collector.
    pub fn has_events(&self) -> bool {
        !self.output.events.is_empty()
    }

    /// What is new, for the collector. The vector is to be emptied.
    pub fn events(&mut self) -> &mut Vec<Event> {
        &mut self.output.events
    }

    /// Connections that it follows now.
    pub const fn tracked(&self) -> u64 {
        self.tracked
    }

    /// What became of every octet.
    pub fn ledger(&self) -> Ledger {
        self.totals().ledger
    }

    /// Octets of heads and lines that were copied, since they lay in several segments.
    pub const fn carried(&self) -> u64 {
        self.output.carried
    }

    /// Heads that it has read and connections that it has begun, which is what takes time.
    pub fn work(&self) -> u64 {
        let begun = self.tables.iter().map(|table| table.population().begun);
        self.output.heads + begun.sum::<u64>()
    }

    /// Everything that it has counted.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals {
            carried: self.output.carried,
            heads: self.output.heads,
            tolerated: self.output.tolerated,
            ..Totals::default()
        };
        for table in &self.tables {
            totals.ledger += *table.ledger();
            totals.population += *table.population();
        }
        totals.population.most = self.most;
        totals
    }
}

/// The table of one part of all connections; they take their part of all memory.
fn table(memory: u64) -> Table<ConnectionReader> {
    let all = limits::share(memory, limits::MEMORY_CONNECTIONS);
    Table::with_limits(limits::CONNECTIONS / limits::PARTS, all / limits::PARTS as u64)
}

/// The part of all connections that one between two ends belongs to.
///
/// Without a secret: what comes out at a limit is to be the same every time. Whoever aims all of their
/// connections at one part exhausts its share of the table and no more; inside it, the table has
/// a hash with a secret.
fn part(ends: &Ends) -> usize {
    let word = |endpoint: &Endpoint| {
        let address = u128::from_be_bytes(endpoint.octets());
        let word = (address as u64) ^ (address >> 64) as u64;
        (word ^ u64::from(endpoint.port()) << 48).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    };
    let sum = word(&ends.source).wrapping_add(word(&ends.destination));
    let mixed = (sum ^ sum >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (mixed >> 32) as usize % limits::PARTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_of_a_connection_are_one_part_and_parts_are_of_one_size() {
        let mut parts = [0; limits::PARTS];
        for port in 1..=8_000 {
            let client = Endpoint::v4([10, 0, (port / 250) as u8, (port % 250) as u8], port);
            let server = Endpoint::v4([10, 0, 0, 1], 80);
            let there = Ends { source: client, destination: server };
            let back = Ends { source: server, destination: client };
            assert_eq!(part(&there), part(&back));
            parts[part(&there)] += 1;
        }
        assert!(parts.iter().all(|part| (800..1_200).contains(part)), "{parts:?}");
    }
}
