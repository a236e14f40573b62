//! In-order octets reach the reader where they lie in the packet; what had to be copied is in the
//! ledger.

mod support;

use std::ops::Range;

use httpwhy::flow::{self, Arrival, End, Ending, Facts, Mark, Missing, Side, Table};
use support::packets::{self, Segment, Stacks};
use support::random::Random;
use support::script::{Connection, Script};
use support::traffic::{self, Shape};
use support::transform::{self, Overtake};

/// Notes whether what it is shown lies in the packet at hand.
#[derive(Default)]
struct Witness;

/// What the witnesses have seen.
#[derive(Default)]
struct Notes {
    /// Addresses of the payload of the packet at hand.
    packet: Range<usize>,
    inside: u64,
    outside: u64,
}

impl flow::Reader for Witness {
    type Output = Notes;

    fn data(&mut self, _: Side, octets: &[u8], _: Arrival, _: &Facts, notes: &mut Notes) {
        let start = octets.as_ptr() as usize;
        let range = start..start + octets.len();
        if notes.packet.start <= range.start && range.end <= notes.packet.end {
            notes.inside += octets.len() as u64;
        } else {
            notes.outside += octets.len() as u64;
        }
    }

    fn passed(&mut self, _: Side, _: u64, _: Arrival, _: &Facts, _: &mut Notes) {}

    fn gap(&mut self, _: Side, _: u64, _: Missing, _: Mark, _: &Facts, _: &mut Notes) {}

    fn end(&mut self, _: Side, _: End, _: Mark, _: &Facts, _: &mut Notes) {}

    fn unread(&self, _: Side) -> u64 {
        0
    }

    fn roles_swapped(&self) -> bool {
        false
    }

    fn waiting(&self) -> bool {
        false
    }

    fn closed(_: Option<&Self>, _: &Facts, _: Ending, _: Mark, _: &mut Notes) {}
}

fn witnessed(segments: &[Segment]) -> (Notes, flow::Ledger) {
    let mut table = Table::<Witness>::default();
    let mut notes = Notes::default();
    let mut last = Mark::default();
    for (index, segment) in segments.iter().enumerate() {
        let start = segment.payload.as_ptr() as usize;
        notes.packet = start..start + segment.payload.len();
        last = Mark { at: segment.at, packet: index as u64 + 1 };
        table.segment(&segment.as_wire(last.packet), &mut notes);
    }
    notes.packet = 0..0;
    table.finish(last, &mut notes);
    let ledger = *table.ledger();
    (notes, ledger)
}

fn conversation(seed: u64) -> Vec<Segment> {
    let shape = Shape { exchanges: (20, 20), body: (0, 200_000), ..Shape::SMALL };
    let connection = Connection::new("10.1.0.1:40000", "192.0.2.10:80");
    let mut random = Random::new(seed);
    let connection = traffic::connection(connection.client, connection.server, &shape, &mut random);
    let script = Script { connections: vec![connection] };
    packets::segments(&script, &Stacks::default())
}

#[test]
fn octets_in_order_are_never_copied() {
    let segments = conversation(1);
    let sent: u64 = segments.iter().map(|segment| segment.payload.len() as u64).sum();
    let (notes, ledger) = witnessed(&segments);
    assert!(sent > 1_000_000);
    assert_eq!((notes.inside, notes.outside), (sent, 0));
    assert_eq!((ledger.received, ledger.borrowed), (sent, sent));
    assert_eq!(ledger.held_segments, 0);
}

#[test]
fn what_is_copied_is_in_the_ledger() {
    let segments = transform::reorder(&conversation(2), Overtake::WithinBurst, 4, 7);
    let sent: u64 = segments.iter().map(|segment| segment.payload.len() as u64).sum();
    let (notes, ledger) = witnessed(&segments);
    assert!(notes.outside > 0);
    assert_eq!((notes.inside, notes.outside), (ledger.borrowed, ledger.held));
    assert_eq!(notes.inside + notes.outside, sent);
    assert!(ledger.balances());
}
