//! Segments in, segments out: what networks, captures and attackers do to packets. Each function
//! is pure and, where it chooses, seeded. A list is in the order of capture and its times never
//! go back; every function keeps that, and none changes a segment that it need not change.

use std::collections::HashMap;

use httpwhy::units::{Duration, Timestamp};
use httpwhy::wire::{Endpoint, Ends, Flags};

use super::packets::{Segment, stamp_anew};
use super::random::Random;
use super::script::Side;

/// Cuts each payload at random places into pieces of at most `largest` octets. FIN and PSH stay
/// with the last piece.
pub fn resegment(segments: &[Segment], largest: usize, seed: u64) -> Vec<Segment> {
    let mut random = Random::new(seed);
    let mut made = Vec::with_capacity(segments.len());
    for segment in segments {
        let mut rest = segment.clone();
        while rest.payload.len() > 1 && rest.flags.0 & Flags::SYN == 0 {
            // Half of the pieces are tiny: the cuts that matter are inside names and numbers.
            let most = if random.chance(500) { largest.min(4) } else { largest };
            let piece = random.between(1, most);
            if piece >= rest.payload.len() {
                break;
            }
            let (first, second) = split(rest, piece, random.next() as u16);
            made.push(first);
            rest = second;
        }
        made.push(rest);
    }
    made
}

/// Cuts the payload of one segment after `octets` octets and changes nothing else.
///
/// Panics if there is no such segment or it has not more octets than that.
pub fn split_at(segments: &[Segment], index: usize, octets: usize) -> Vec<Segment> {
    let mut made = segments.to_vec();
    let whole = made.remove(index);
    assert!(octets > 0 && octets < whole.payload.len(), "a cut inside the payload");
    let identification = whole.identification ^ 0x5555;
    let (first, second) = split(whole, octets, identification);
    made.insert(index, second);
    made.insert(index, first);
    made
}

fn split(whole: Segment, octets: usize, identification: u16) -> (Segment, Segment) {
    let mut first = whole.clone();
    let mut second = whole;
    second.payload = first.payload.split_off(octets);
    second.sequence = second.sequence.wrapping_add(octets as u32);
    second.identification = identification;
    first.flags = Flags(first.flags.0 & !(Flags::FIN | Flags::PSH));
    first.cut = 0;
    (first, second)
}

/// What may overtake what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overtake {
    /// Segments of one burst overtake each other. No acknowledgement comes before what it
    /// acknowledges, so that a reader has no reason to think that anything was lost.
    WithinBurst,
    /// Segments of one direction overtake each other; the other direction's acknowledgement may
    /// then come first.
    WithinDirection,
    /// Anything overtakes anything, over connections and directions.
    Across,
}

/// Lets segments be late by at most `window` places. Resets and handshakes stay where they are
/// unless `Across` is asked for: what counts behind them is another question.
pub fn reorder(segments: &[Segment], overtake: Overtake, window: usize, seed: u64) -> Vec<Segment> {
    let mut random = Random::new(seed);
    let mut lanes: HashMap<(usize, Option<Side>), Vec<usize>> = HashMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let fixed = |s: &Segment| s.flags.0 & (Flags::SYN | Flags::RST) != 0;
    for (index, segment) in segments.iter().enumerate() {
        let (lane, ends) = match overtake {
            Overtake::Across => ((0, None), false),
            Overtake::WithinDirection => ((segment.connection, Some(segment.side)), fixed(segment)),
            Overtake::WithinBurst => {
                let other = (segment.connection, Some(segment.side.other()));
                groups.extend(lanes.remove(&other));
                ((segment.connection, Some(segment.side)), fixed(segment))
            }
        };
        if ends {
            groups.extend(lanes.remove(&lane));
        } else {
            lanes.entry(lane).or_default().push(index);
        }
    }
    groups.extend(lanes.into_values());
    // Hash order must not decide which group draws which numbers.
    groups.sort();
    let mut made = segments.to_vec();
    for slots in groups {
        let mut order: Vec<(usize, usize)> =
            (0..slots.len()).map(|place| (place + random.below(window + 1), place)).collect();
        order.sort();
        for (slot, (_, from)) in slots.iter().zip(order) {
            made[*slot] = segments[slots[from]].clone();
            made[*slot].at = segments[*slot].at;
        }
    }
    made
}

/// Captures `permille` of the segments twice, the copy at most `lag` places later: the same
/// packet in all that a host can see, as on a mirror port or on `any`.
pub fn copy(segments: &[Segment], permille: u32, lag: usize, seed: u64) -> Vec<Segment> {
    again(segments, permille, lag, seed, |segment| segment.clone())
}

/// Sends `permille` of the segments that say something once more, at most `lag` places later,
/// with another identification and timestamp, as a sender does that got no acknowledgement.
pub fn retransmit(segments: &[Segment], permille: u32, lag: usize, seed: u64) -> Vec<Segment> {
    again(segments, permille, lag, seed, |segment| {
        let mut second = segment.clone();
        second.identification = second.identification.wrapping_add(0x4000);
        second
    })
    .into_iter()
    .map(|mut segment| {
        stamp_anew(&mut segment);
        segment
    })
    .collect()
}

fn again(
    segments: &[Segment],
    permille: u32,
    lag: usize,
    seed: u64,
    make: impl Fn(&Segment) -> Segment,
) -> Vec<Segment> {
    let mut random = Random::new(seed);
    let mut places: Vec<(usize, Segment)> = Vec::new();
    for (place, segment) in segments.iter().enumerate() {
        places.push((place, segment.clone()));
        // A reset is not sent twice, and a copy of it may follow a new connection.
        if random.chance(permille) && !segment.flags.has(Flags::RST) && segment.says_something() {
            places.push((place + random.between(0, lag), make(segment)));
        }
    }
    places.sort_by_key(|(place, _)| *place);
    let last = segments.len().saturating_sub(1);
    places
        .into_iter()
        .map(|(place, mut segment)| {
            segment.at = segment.at.max(segments[place.min(last)].at);
            segment
        })
        .collect()
}

/// What the octets say that a segment repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// The same as before.
    Equal,
    /// Something else: each octet with its lowest bit turned.
    Different,
}

/// Lets `permille` of the payloads begin up to `octets` octets too early, so that they repeat
/// the end of the payload before them. The first version of each octet is the true one.
pub fn overlap(
    segments: &[Segment],
    overlap: Overlap,
    octets: usize,
    permille: u32,
    seed: u64,
) -> Vec<Segment> {
    let mut random = Random::new(seed);
    let mut before: HashMap<(usize, Side), (u32, Vec<u8>)> = HashMap::new();
    let mut made = segments.to_vec();
    for segment in &mut made {
        if segment.payload.is_empty() || segment.flags.has(Flags::SYN) {
            continue;
        }
        let lane = (segment.connection, segment.side);
        let original = (segment.end(), segment.payload.clone());
        if let Some((end, tail)) = before.get(&lane)
            && *end == segment.sequence
            && random.chance(permille)
        {
            let early = random.between(1, octets).min(tail.len());
            let mut payload = tail[tail.len() - early..].to_vec();
            if overlap == Overlap::Different {
                payload.iter_mut().for_each(|octet| *octet ^= 1);
            }
            payload.extend_from_slice(&segment.payload);
            segment.payload = payload;
            segment.sequence = segment.sequence.wrapping_sub(early as u32);
        }
        before.insert(lane, original);
    }
    made
}

/// Adds to the sequence numbers of each side, in what it sends and in what acknowledges it.
pub fn shift_sequences(segments: &[Segment], client: u32, server: u32) -> Vec<Segment> {
    let by = |side| if side == Side::Client { client } else { server };
    each(segments, |segment| {
        segment.sequence = segment.sequence.wrapping_add(by(segment.side));
        if segment.flags.has(Flags::ACK) {
            let by = by(segment.side.other());
            segment.acknowledgement = segment.acknowledgement.wrapping_add(by);
        }
    })
}

/// Shifts the sequence numbers of one side of the first connection so that they pass 2^32 inside
/// its payload, `octets` octets after its beginning. `None` if that side says nothing.
pub fn wrap_inside(segments: &[Segment], side: Side, octets: u32) -> Option<Vec<Segment>> {
    let first = segments.iter().find(|s| s.side == side && !s.payload.is_empty())?;
    let shift = 0_u32.wrapping_sub(first.sequence).wrapping_sub(octets);
    Some(match side {
        Side::Client => shift_sequences(segments, shift, 0),
        Side::Server => shift_sequences(segments, 0, shift),
    })
}

/// Without the segment at this place: the capture lost it.
pub fn drop_one(segments: &[Segment], index: usize) -> Vec<Segment> {
    let mut made = segments.to_vec();
    made.remove(index);
    made
}

/// Without `permille` of the segments.
pub fn drop_some(segments: &[Segment], permille: u32, seed: u64) -> Vec<Segment> {
    let mut random = Random::new(seed);
    segments.iter().filter(|_| !random.chance(permille)).cloned().collect()
}

/// Only what one side sent.
pub fn one_side(segments: &[Segment], side: Side) -> Vec<Segment> {
    segments.iter().filter(|segment| segment.side == side).cloned().collect()
}

/// The capture begins at this place.
pub fn begin_at(segments: &[Segment], index: usize) -> Vec<Segment> {
    segments[index..].to_vec()
}

/// Captures at most `octets` octets of each payload; the rest was sent.
pub fn cut_payloads(segments: &[Segment], octets: usize) -> Vec<Segment> {
    each(segments, |segment| {
        if let Some(cut) = segment.payload.len().checked_sub(octets) {
            segment.payload.truncate(octets);
            segment.cut += cut as u32;
        }
    })
}

/// Moves all times, forward or back.
pub fn shift_time(segments: &[Segment], nanos: i64) -> Vec<Segment> {
    each(segments, |segment| {
        segment.at = Timestamp::from_nanos(segment.at.as_nanos().saturating_add(nanos));
    })
}

/// Several captures as one: each begins at a random time below `spread`, and keeps its own
/// distances. Connections are numbered anew, in the order of the lists.
pub fn interleave(captures: &[Vec<Segment>], spread: Duration, seed: u64) -> Vec<Segment> {
    let mut random = Random::new(seed);
    let mut made = Vec::new();
    let mut connections = 0;
    for capture in captures {
        let spread = usize::try_from(spread.as_nanos()).unwrap_or(usize::MAX).max(1);
        let delay = Duration::from_nanos(random.below(spread) as u64);
        made.extend(each(capture, |segment| {
            segment.at = segment.at.plus(delay);
            segment.connection += connections;
        }));
        connections += capture.iter().map(|segment| segment.connection + 1).max().unwrap_or(0);
    }
    made.sort_by_key(|segment| segment.at);
    made
}

/// Gives the ends other addresses and ports.
pub fn readdress(segments: &[Segment], to: impl Fn(Endpoint) -> Endpoint) -> Vec<Segment> {
    each(segments, |segment| {
        let Ends { source, destination } = segment.ends;
        segment.ends = Ends { source: to(source), destination: to(destination) };
    })
}

/// Lets clients and servers swap their addresses and ports: the same is said, the other way.
pub fn swap_ends(segments: &[Segment]) -> Vec<Segment> {
    each(segments, |segment| {
        let Ends { source, destination } = segment.ends;
        segment.ends = Ends { source: destination, destination: source };
    })
}

fn each(segments: &[Segment], mut change: impl FnMut(&mut Segment)) -> Vec<Segment> {
    let mut made = segments.to_vec();
    made.iter_mut().for_each(&mut change);
    made
}
