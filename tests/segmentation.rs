//! How segments are cut, mixed, doubled and numbered changes nothing of what is read. What must hold where
//! some are missing is in `missing`.
//!
//! `HTTPWHY_ROUNDS=100000 cargo test --release --test segmentation` runs as many rounds;
//! `HTTPWHY_SEED=N` begins with the round that a failure has named.

// A failing round is shown segment by segment, and what is skipped is said.
#![allow(clippy::print_stdout)]

mod support;

use httpwhy::units::Duration;
use httpwhy::wire::Endpoint;
use support::core::{self, Made};
use support::exchange::difference;
use support::packets::{self, Segment, Stacks};
use support::random::{Random, rounds};
use support::script::{Script, Side};
use support::traffic::{self, Shape};
use support::transform::{self, Overlap, Overtake};

/// A long run says how far it has come, so that one that is cut short has shown something too.
fn progress(first: u64, round: u64) {
    let done = (round + 1).saturating_sub(first);
    if done > 0 && done.is_multiple_of(50_000) {
        println!("{done} rounds done, HTTPWHY_SEED={first} to {round}");
    }
}

/// Anything that must not change what is read.
fn harmless(mut segments: Vec<Segment>, random: &mut Random) -> Vec<Segment> {
    let seed = random.next();
    let mut largest = usize::MAX;
    if random.chance(500) {
        largest = *random.pick(&[1, 2, 7, 100, 1000]);
        segments = transform::resegment(&segments, largest, seed);
    }
    if random.chance(300) {
        let shift = |random: &mut Random| match random.below(3) {
            0 => random.next() as u32,
            1 => u32::MAX - 0x1000_0000 - random.below(4096) as u32,
            _ => u32::MAX - 0x9000_0000 - random.below(4096) as u32,
        };
        let (client, server) = (shift(random), shift(random));
        segments = transform::shift_sequences(&segments, client, server);
    }
    if random.chance(300) {
        let octets = *random.pick(&[1, 20, 1460]);
        segments = transform::overlap(&segments, Overlap::Equal, octets, 200, seed);
    }
    if random.chance(300) {
        segments = transform::retransmit(&segments, 100, 20, seed);
    }
    if random.chance(300) {
        segments = transform::copy(&segments, 200, 8, seed);
    }
    if random.chance(500) {
        // Across turns, small segments would be late by thousands of packets.
        let overtake = match random.chance(500) && largest >= 100 {
            true => Overtake::WithinDirection,
            false => Overtake::WithinBurst,
        };
        segments = transform::reorder(&segments, overtake, random.between(1, 16), seed);
        restamp(&mut segments, overtake);
    }
    if random.chance(200) {
        let overtake = Overtake::Across;
        segments = transform::reorder(&segments, overtake, random.between(1, 16), seed);
        restamp(&mut segments, overtake);
    }
    segments
}

/// Disorder is a matter of microseconds; what is missing for longer than
/// [`httpwhy::limits::GAP_WAIT`] counts as lost.
fn restamp(segments: &mut [Segment], overtake: Overtake) {
    let Some(start) = segments.first().map(|segment| segment.at) else { return };
    if overtake == Overtake::WithinBurst {
        return;
    }
    for (index, segment) in segments.iter_mut().enumerate() {
        segment.at = start.plus(Duration::from_nanos(index as u64 * 12_000));
    }
}

/// A segment in a line, for whoever has to find out why a round failed.
fn show(number: usize, segment: &Segment) {
    println!(
        "{number:5} {} {:?} {:>10} ack {:>10} len {:4} flags {:02x} {}",
        segment.connection,
        segment.side,
        segment.sequence,
        segment.acknowledgement,
        segment.payload.len(),
        segment.flags.0,
        segment
            .payload
            .iter()
            .take(24)
            .flat_map(|octet| octet.escape_ascii())
            .map(char::from)
            .collect::<String>(),
    );
}

fn assert_same(expected: &Made, found: &Made, round: u64) {
    if expected.seen == found.seen {
        return;
    }
    for (expected, found) in expected.seen.iter().zip(&found.seen) {
        assert_eq!(expected, found, "round {round}: HTTPWHY_SEED={round}");
    }
    panic!(
        "round {round}: {} exchanges instead of {}; HTTPWHY_SEED={round}",
        found.seen.len(),
        expected.seen.len()
    );
}

/// Rounds that once failed, of a million.
const FAILED_ONCE: [u64; 3] = [20_004_156, 100_301_534, 703_019_867];

#[test]
fn how_it_is_carried_changes_nothing() {
    let rounds = rounds(1_500);
    for round in FAILED_ONCE.into_iter().chain(rounds.clone()) {
        let mut random = Random::new(round);
        let (script, segments) = traffic::capture(&Shape::SMALL, &mut random);
        let plain = core::read(&segments);
        if let Some(difference) = difference(&script.exchanges(), &plain.exchanges()) {
            panic!("round {round}: {difference}");
        }
        let changed = harmless(segments, &mut random);
        let found = core::read(&changed);
        if found.seen != plain.seen {
            changed.iter().enumerate().for_each(|(index, segment)| show(index + 1, segment));
        }
        assert_same(&plain, &found, round);
        progress(rounds.start, round);
    }
}

#[test]
fn one_side_alone_gives_what_that_side_said() {
    for round in rounds(300) {
        let mut random = Random::new(round ^ 0x51_de);
        let (script, segments) = traffic::capture(&Shape::SMALL, &mut random);
        let plain = core::read(&segments);
        let requests = core::read(&transform::one_side(&segments, Side::Client));
        let expected: Vec<_> =
            script.exchanges().iter().map(|e| (e.method.clone(), e.target.clone())).collect();
        let mut found: Vec<_> = requests
            .seen
            .iter()
            .map(|s| (s.exchange.method.clone(), s.exchange.target.clone()))
            .collect();
        let mut expected = expected;
        expected.sort();
        found.sort();
        assert_eq!(expected, found, "round {round}");
        assert!(requests.seen.iter().all(|seen| seen.exchange.status.is_none()));
        let responses = core::read(&transform::one_side(&segments, Side::Server));
        let statuses = |made: &Made| {
            let mut statuses: Vec<_> = made.seen.iter().map(|seen| seen.exchange.status).collect();
            statuses.sort();
            statuses
        };
        assert_eq!(
            statuses(&plain),
            statuses(&responses),
            "round {round} {:#?} {:#?}",
            plain.seen,
            responses.seen
        );
        assert!(responses.seen.iter().all(|seen| seen.exchange.method.is_none()));
    }
}

#[test]
fn connections_do_not_mix() {
    for round in rounds(60) {
        let mut random = Random::new(round ^ 0x0c_0f);
        let captures: Vec<Vec<Segment>> = (0..5)
            .map(|number| {
                let (_, segments) = traffic::capture(&Shape::SMALL, &mut random);
                transform::readdress(&segments, |end| match end.port() {
                    80 => end,
                    port => Endpoint::v4([10, 2, number, 1], port),
                })
            })
            .collect();
        let mut alone = Made::default();
        for segments in &captures {
            alone.seen.extend(core::read(segments).seen);
        }
        alone.sort();
        let together = transform::interleave(&captures, Duration::from_millis(50), random.next());
        assert_same(&alone, &core::read(&together), round);
    }
}

#[test]
fn what_is_not_http_may_come_in_any_order() {
    // A stream that nobody reads promises to look at nothing for ever.
    let mut connection = support::script::Connection::new("10.1.0.1:40000", "192.0.2.10:443");
    connection =
        connection.client_says(&b"\x16\x03\x01\x00\x10hello"[..]).server_says(vec![0x17; 9_000]);
    let script = Script { connections: vec![connection] };
    let segments = packets::segments(&script, &Stacks::default());
    for seed in 0..20 {
        let mixed = transform::reorder(&segments, Overtake::WithinBurst, 5, seed);
        let made = core::read(&mixed);
        assert!(made.seen.is_empty());
        assert_eq!(made.ledger.missing, 0);
    }
}
