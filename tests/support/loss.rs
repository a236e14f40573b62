//! Segments in, the same conversation over a network that loses segments out: what was lost before
//! the capture is seen once and late, behind duplicate acknowledgements, and everything that
//! waits for it is later by as much. Seeded, as in `transform`.

use std::collections::BTreeMap;

use httpwhy::units::Duration;
use httpwhy::wire::Flags;

use super::packets::{Segment, stamp_anew};
use super::random::Random;

/// Loses `permille` of the segments with payload before the capture; each is sent again after
/// `repair`.
pub fn repaired(segments: &[Segment], permille: u32, repair: Duration, seed: u64) -> Vec<Segment> {
    let mut random = Random::new(seed);
    let mut connections: BTreeMap<usize, Vec<Segment>> = BTreeMap::new();
    for segment in segments {
        connections.entry(segment.connection).or_default().push(segment.clone());
    }
    let mut made: Vec<Segment> = Vec::with_capacity(segments.len());
    for connection in connections.values() {
        lose(connection, permille, repair, &mut random, &mut made);
    }
    made.sort_by_key(|segment| segment.at);
    made
}

fn lose(
    segments: &[Segment],
    permille: u32,
    repair: Duration,
    random: &mut Random,
    made: &mut Vec<Segment>,
) {
    let mut delay = Duration::default();
    let delayed = |segment: &Segment, delay: Duration| {
        let mut segment = segment.clone();
        segment.at = segment.at.plus(delay);
        stamp_anew(&mut segment);
        segment
    };
    let mut index = 0;
    while let Some(segment) = segments.get(index) {
        if segment.payload.is_empty() || !random.chance(permille) {
            made.push(delayed(segment, delay));
            index += 1;
            continue;
        }
        let burst = 1 + burst_behind(&segments[index..]);
        let mut lost_at = segment.at;
        for behind in &segments[index + 1..index + burst] {
            let mut behind_now = delayed(behind, delay);
            if behind.side != segment.side {
                behind_now.acknowledgement = segment.sequence;
            }
            lost_at = behind.at;
            made.push(behind_now);
        }
        // The repair, and the acknowledgement of all that it lets through.
        let mut again = delayed(segment, delay);
        again.at = lost_at.plus(delay).plus(repair);
        again.identification = again.identification.wrapping_add(0x2000);
        stamp_anew(&mut again);
        delay = Duration::from_nanos(delay.as_nanos() + repair.as_nanos());
        let last_answer =
            segments[index + 1..index + burst].iter().rfind(|behind| behind.side != segment.side);
        made.push(again);
        if let Some(answer) = last_answer {
            let step = Duration::from_nanos(5_000);
            let mut answer = delayed(answer, delay);
            answer.at = lost_at.plus(delay).plus(step);
            answer.identification = answer.identification.wrapping_add(0x2000);
            stamp_anew(&mut answer);
            made.push(answer);
            delay = Duration::from_nanos(delay.as_nanos() + step.as_nanos());
        }
        index += burst;
    }
}

/// How many segments behind the first go on without it: until the other side says something, or
/// either closes.
fn burst_behind(segments: &[Segment]) -> usize {
    let first = &segments[0];
    let stops = |segment: &&Segment| {
        let answers = segment.side != first.side && !segment.payload.is_empty();
        answers || segment.flags.0 & (Flags::SYN | Flags::FIN | Flags::RST) != 0
    };
    segments.iter().skip(1).take_while(|segment| !stops(segment)).count()
}
