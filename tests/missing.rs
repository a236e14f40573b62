//! Where segments are missing, nothing wrong is said to be whole, and what lost nothing is still reported.
//!
//! `HTTPWHY_ROUNDS=1500 cargo test --release --test missing -- --nocapture` loses as many as 100,000
//! segments one by one, and shows what was found of the rest.

// What was measured is shown.
#![allow(clippy::print_stdout)]

mod support;

use std::collections::BTreeSet;

use httpwhy::http;
use httpwhy::wire::Flags;
use support::core::{self, Made, Seen, Told};
use support::packets::Segment;
use support::random::{Random, rounds};
use support::traffic::{self, Shape};
use support::transform;

/// Clients that wait for an answer before they ask again, as nearly all do.
const WAITING: Shape = Shape { pipelined: 0, ..Shape::SMALL };

/// Clients that do not: of what they ask and get behind a loss, nothing tells what belongs together.
const PIPELINED: Shape = Shape { pipelined: 1_000, ..Shape::SMALL };

/// Of exchanges that lost nothing, how many were reported as they are: whole and paired; and how many
/// of which both messages were, paired or not.
#[derive(Default)]
struct Recall {
    all: u64,
    paired: u64,
    told: u64,
}

impl Recall {
    /// Counts what was found of a capture without the packets with these numbers, and that nothing wrong
    /// is said to be whole.
    fn count(&mut self, plain: &Plain, found: &Made, lost: &BTreeSet<u64>, what: &str) {
        for seen in found.seen.iter().filter(|seen| seen.whole == [true, true]) {
            assert!(took_the_bait(seen) || same_but_place(&plain.made, seen), "{what}: {seen:#?}");
        }
        for (exchange, packets) in &plain.exchanges {
            if !packets.is_disjoint(lost) {
                continue;
            }
            let [asked, answered] = ends(exchange);
            let halves = |half: usize, text: &str| {
                found.seen.iter().any(|seen| seen.whole[half] && ends(seen)[half] == text)
            };
            self.all += 1;
            self.paired += u64::from(
                found
                    .seen
                    .iter()
                    .any(|seen| seen.exchange == exchange.exchange && seen.whole == [true, true]),
            );
            self.told += u64::from(halves(0, &asked) && halves(1, &answered));
        }
    }

    /// So many of a thousand at least were paired, and were told.
    fn assert(&self, what: &str, paired: u64, told: u64) {
        let Self { all, .. } = self;
        println!("{what}: of {all} that lost nothing {} paired, {} told", self.paired, self.told);
        assert!(self.paired * 1_000 >= all * paired, "{what}: {} of {all} paired", self.paired);
        assert!(self.told * 1_000 >= all * told, "{what}: {} of {all} told", self.told);
    }
}

/// A capture that lost nothing.
struct Plain {
    segments: Vec<Segment>,
    made: Made,
    /// The whole exchanges, with the numbers of the packets that carry something of them.
    exchanges: Vec<(Seen, BTreeSet<u64>)>,
}

fn plain(shape: &Shape, random: &mut Random) -> Plain {
    let (_, segments) = traffic::capture(shape, random);
    let (made, told) = (core::read(&segments), core::tell(&segments));
    let whole = made.seen.iter().filter(|seen| seen.whole == [true, true]);
    let exchanges = whole.map(|seen| (seen.clone(), packets_of(seen, &told, &segments))).collect();
    Plain { segments, made, exchanges }
}

/// The numbers of the packets that carry something of an exchange.
fn packets_of(seen: &Seen, told: &Told, segments: &[Segment]) -> BTreeSet<u64> {
    let same = |one: &&http::Exchange| one.client == seen.exchange.client && one.nth == seen.nth;
    let exchange = told.exchanges.iter().find(same).expect("the same was read twice");
    let carries = |segment: &Segment, number: u64| {
        let source = segment.ends.source;
        let messages: Vec<&http::Message> = match () {
            () if segment.payload.is_empty() => Vec::new(),
            () if source == exchange.client => exchange.request.as_deref().into_iter().collect(),
            () if segment.ends.destination == exchange.client => {
                exchange.interim.iter().chain(exchange.response.as_deref()).collect()
            }
            () => Vec::new(),
        };
        let span = |message: &http::Message| message.first.packet..=message.last.packet;
        messages.into_iter().any(|message| span(message).contains(&number))
    };
    let numbered = (1..).zip(segments).filter(|(number, segment)| carries(segment, *number));
    numbered.map(|(number, _)| number).collect()
}

#[test]
fn a_lost_segment_never_makes_a_wrong_whole() {
    for (what, shape, few, paired) in
        [("waiting", WAITING, 32, 995), ("pipelined", PIPELINED, 8, 600)]
    {
        let (mut recall, mut losses) = (Recall::default(), 0);
        for round in rounds(few) {
            let plain = plain(&shape, &mut Random::new(round ^ 0x10_5e));
            for (index, lost) in plain.segments.iter().enumerate() {
                let found = core::read(&transform::drop_one(&plain.segments, index));
                let place = format!("{what}, round {round}, segment {index} lost");
                if lost.payload.is_empty() {
                    assert_eq!(plain.made.exchanges(), found.exchanges(), "{place}");
                    continue;
                }
                losses += 1;
                recall.count(&plain, &found, &BTreeSet::from([index as u64 + 1]), &place);
            }
        }
        recall.assert(&format!("{what}, one of {losses} segments lost"), paired, 990);
    }
}

#[test]
fn random_losses_never_make_a_wrong_whole() {
    for (what, shape, permille, paired, told) in [
        ("waiting", WAITING, 1, 990, 990),
        ("waiting", WAITING, 10, 950, 950),
        ("waiting", WAITING, 50, 950, 950),
        ("pipelined", PIPELINED, 10, 600, 950),
    ] {
        let mut recall = Recall::default();
        for round in rounds(120) {
            let mut random = Random::new(round ^ 0xbad_11e5);
            let plain = plain(&shape, &mut random);
            let seed = random.next();
            let left = transform::drop_some(&plain.segments, permille, seed);
            let mut dice = Random::new(seed);
            let lost = (1..=plain.segments.len() as u64).filter(|_| dice.chance(permille));
            let lost: BTreeSet<u64> = lost.collect();
            assert_eq!(left.len() + lost.len(), plain.segments.len());
            let place = format!("{what}, {permille} of 1000 lost, round {round}");
            recall.count(&plain, &core::read(&left), &lost, &place);
        }
        recall.assert(&format!("{what}, {permille} of 1000 segments lost"), paired, told);
    }
}

/// Loses `permille` of the packets in bursts of so many in a row on average.
fn lose_bursts(
    segments: &[Segment],
    permille: u32,
    burst: u32,
    random: &mut Random,
) -> BTreeSet<u64> {
    let mut lost = BTreeSet::new();
    let mut losing = false;
    for number in 1..=segments.len() as u64 {
        // Gilbert's model: a state in which all are lost, left and entered by chance.
        losing = match losing {
            true => !random.chance(1_000 / burst),
            false => random.chance((permille / burst).max(1)),
        };
        if losing {
            lost.insert(number);
        }
    }
    lost
}

#[test]
fn case_40_what_is_said_to_be_lost_was_lost_and_most_of_it_is_said() {
    for (what, shape, permille, burst, said, paired, told) in [
        ("waiting", WAITING, 1, 1, 900, 990, 990),
        ("waiting", WAITING, 10, 1, 900, 950, 950),
        ("waiting", WAITING, 50, 1, 900, 950, 950),
        ("waiting", WAITING, 200, 1, 900, 900, 900),
        // Where the end of a connection is lost, or all of it, nothing tells how much there was.
        ("waiting", WAITING, 10, 8, 500, 950, 950),
        ("waiting", WAITING, 50, 8, 500, 950, 950),
        ("waiting", WAITING, 200, 8, 500, 900, 900),
        ("pipelined", PIPELINED, 200, 1, 900, 300, 900),
    ] {
        let mut recall = Recall::default();
        let (mut octets_lost, mut octets_said) = (0, 0);
        for round in rounds(120) {
            let mut random = Random::new(round ^ 0x40_1055);
            let plain = plain(&shape, &mut random);
            let mut lost = lose_bursts(&plain.segments, permille, burst, &mut random);
            // Without a handshake the capture may have begun inside, and what the first answer of a client
            // that does not wait belongs to may have been asked before: nothing in the packets tells.
            if shape == PIPELINED {
                let opens =
                    |number: &u64| plain.segments[*number as usize - 1].flags.has(Flags::SYN);
                lost.retain(|number| !opens(number));
            }
            let left: Vec<Segment> = (1..)
                .zip(&plain.segments)
                .filter(|(number, _)| !lost.contains(number))
                .map(|(_, segment)| segment.clone())
                .collect();
            let place = format!("{what}, {permille} of 1000 lost, {burst} in a row, round {round}");
            recall.count(&plain, &core::read(&left), &lost, &place);
            let gone = lost.iter().map(|number| &plain.segments[*number as usize - 1]);
            // A FIN takes a sequence number (RFC 9293 section 3.4): lost, it cannot be told from an octet.
            let (gone, fins) = gone.fold((0, 0), |(octets, fins), segment| {
                let fin = u64::from(segment.flags.has(Flags::FIN));
                (octets + segment.payload.len() as u64, fins + fin)
            });
            let connections = core::tell(&left).connections;
            let missing = connections.iter().flat_map(|connection| connection.health.missing);
            let missing: u64 = missing.sum();
            assert!(
                missing <= gone + fins,
                "{place}: {missing} octets said to be lost, {gone} were"
            );
            octets_lost += gone;
            octets_said += missing;
        }
        let what = format!("{what}, {permille} of 1000 segments lost, {burst} in a row");
        println!("{what}: {octets_said} of {octets_lost} octets said to be lost");
        assert!(octets_said * 1_000 >= octets_lost * said, "{what}");
        recall.assert(&what, paired, told);
    }
}

/// The first and the last message of an exchange. Behind a loss it may stand at another place of its
/// connection, its start line was searched for, and interim responses are missing.
fn ends(seen: &Seen) -> [String; 2] {
    let unflagged = |message: Option<&String>| {
        let message = message.cloned().unwrap_or_default();
        message.replace(", Resynchronised", "").replace("Resynchronised", "")
    };
    [unflagged(seen.messages.first()), unflagged(seen.messages.last())]
}

fn same_but_place(plain: &Made, seen: &Seen) -> bool {
    plain.seen.iter().any(|one| one.exchange == seen.exchange && ends(one) == ends(seen))
}

/// Whether a response is one that a body quotes. Where the capture lost what is in front of it, or begins
/// there, and a segment begins with it, nothing in the packets tells it from a response of the server.
fn took_the_bait(seen: &Seen) -> bool {
    // Behind the status line of a real one comes its Server; the quoted one may be cut off anywhere.
    let baited = |message: &str| {
        let message = message.trim_start_matches('"');
        message.starts_with(&traffic::BAIT[..14])
            && !message.split("\\r\\n").nth(1).is_some_and(|line| line.starts_with("Server: "))
    };
    seen.messages.iter().any(|message| baited(message))
}

#[test]
fn a_capture_may_begin_anywhere() {
    for round in rounds(40) {
        let mut random = Random::new(round ^ 0xbe_91);
        // Of a client that does not wait for answers, the first one may answer what was asked
        // before the capture began; nothing in the packets tells.
        let (_, segments) = traffic::capture(&WAITING, &mut random);
        let plain = core::read(&segments);
        for index in 0..segments.len() {
            let found = core::read(&transform::begin_at(&segments, index));
            for seen in found.seen.iter().filter(|seen| seen.whole == [true, true]) {
                assert!(
                    took_the_bait(seen) || same_but_place(&plain, seen),
                    "round {round}, from {index}: {seen:#?}\n{:#?}",
                    plain.seen
                );
            }
        }
    }
}
