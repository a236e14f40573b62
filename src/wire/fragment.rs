//! IP fragments in, whole datagrams out. Keeps a bounded number of unfinished datagrams for a
//! bounded time of the capture, and counts what it gives up. Never decodes what it puts together.
//!
//! Where fragments of IPv4 overlap, receivers differ in which octets win. Here those that came first
//! stay, and a contradiction is counted. (etherparse's own pool lets the last win and has no bound.)
//! Where fragments of IPv6 overlap, the datagram is dropped (RFC 5722 section 4). A fragment that
//! repeats octets held already is a copy, in both (RFC 8200 section 4.5 permits it).

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::descent::Descent;
use super::{Layer, Skip};
use crate::limits::{
    COPY_WINDOW, FRAGMENT_OCTETS, FRAGMENT_PIECES, FRAGMENT_TRACKERS, FRAGMENT_WAIT,
};
use crate::units::Timestamp;

/// The largest payload of an IP datagram, octets.
const DATAGRAM_OCTETS: u32 = 65_535;

/// What a piece costs beside its octets, so that tiny ones cannot cheat the limit.
const PIECE_OCTETS: usize = 64;

/// Datagrams put together lately, whose late copies are recognised.
const FINISHED: usize = 32;

/// A part of the payload of an IP datagram.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fragment<'p> {
    pub identification: u32,
    pub protocol: u8,
    /// Where in the payload it belongs, octets.
    pub offset: u32,
    /// Whether others follow it.
    pub more: bool,
    pub bytes: &'p [u8],
}

/// A datagram that is whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whole {
    pub protocol: u8,
    /// The state at the fragment that completed it.
    pub descent: Descent,
}

/// What happened to fragments, in numbers of fragments and datagrams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FragmentCounts {
    /// Datagrams put together.
    pub whole: u64,
    /// Datagrams given up because their fragments did not come in time.
    pub expired: u64,
    /// Datagrams given up because too many were unfinished.
    pub evicted: u64,
    /// Fragments that contradicted those before them.
    pub conflicts: u64,
    /// Datagrams that are unfinished now.
    pub unfinished: u64,
}

/// What the fragments of one datagram have in common (RFC 791 section 3.2, RFC 8200 section 4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    source: [u8; 16],
    destination: [u8; 16],
    identification: u32,
    /// Only for IPv4: in IPv6 the fragments behind the first may differ in it.
    protocol: Option<u8>,
}

/// Octets `start..end` of a datagram. Where the capture cut the fragment, `octets` ends earlier.
#[derive(Debug)]
struct Piece {
    start: u32,
    end: u32,
    octets: Box<[u8]>,
}

#[derive(Debug)]
struct Tracker {
    since: Timestamp,
    order: u64,
    /// Sorted, disjoint.
    pieces: Vec<Piece>,
    /// Known once the last fragment came.
    total: Option<u32>,
    /// The protocol that the first fragment names.
    protocol: Option<u8>,
    /// IPv6 fragments overlapped: nothing of this datagram is used, not even what comes later.
    is_dropped: bool,
    cost: usize,
}

/// The unfinished datagrams.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    trackers: HashMap<Key, Tracker>,
    /// The same, by age.
    ages: BTreeMap<u64, Key>,
    next: u64,
    cost: usize,
    finished: VecDeque<(Key, Timestamp)>,
    counts: FragmentCounts,
}

impl Fragments {
    pub fn counts(&self) -> FragmentCounts {
        let unfinished = u64::try_from(self.trackers.len()).unwrap_or(u64::MAX);
        FragmentCounts { unfinished, ..self.counts }
    }

    /// Adds a fragment. If that completes its datagram, the payload is written to `datagram`;
    /// otherwise says what became of the fragment.
    pub fn add(
        &mut self,
        fragment: &Fragment<'_>,
        descent: &Descent,
        datagram: &mut Vec<u8>,
    ) -> Result<Whole, Skip> {
        let range = Range::of(fragment, descent)?;
        self.expire(descent.at);
        let network = &descent.network;
        let key = Key {
            source: network.source,
            destination: network.destination,
            identification: fragment.identification,
            protocol: (!network.v6).then_some(fragment.protocol),
        };
        if !self.trackers.contains_key(&key) {
            self.begin(key, descent.at)?;
        }
        let Some(tracker) = self.trackers.get_mut(&key) else { return Err(Skip::FragmentLimit) };
        let before = tracker.cost;
        let outcome = tracker.add(fragment, &range, network.v6);
        self.cost = (self.cost + tracker.cost).saturating_sub(before);
        if let Err(Skip::FragmentConflict) = outcome {
            self.counts.conflicts += 1;
        }
        let protocol = tracker.protocol;
        if tracker.is_whole() {
            datagram.clear();
            let cut = tracker.write(datagram);
            self.remove(&key);
            self.counts.whole += 1;
            if self.finished.len() >= FINISHED {
                self.finished.pop_front();
            }
            self.finished.push_back((key, descent.at));
            let mut descent = *descent;
            descent.cut = cut;
            return Ok(Whole { protocol: protocol.unwrap_or(fragment.protocol), descent });
        }
        while self.cost > FRAGMENT_OCTETS {
            self.evict();
        }
        outcome?;
        Err(Skip::FragmentHeld)
    }

    /// Makes place for a new datagram, unless it is one that was finished a moment ago.
    fn begin(&mut self, key: Key, at: Timestamp) -> Result<(), Skip> {
        let is_recent = |&(finished, when): &(Key, Timestamp)| {
            finished == key && at.since(when) <= COPY_WINDOW && when.since(at) <= COPY_WINDOW
        };
        if self.finished.iter().any(is_recent) {
            return Err(Skip::Copy);
        }
        while self.trackers.len() >= FRAGMENT_TRACKERS {
            self.evict();
        }
        let order = self.next;
        self.next = self.next.wrapping_add(1);
        self.ages.insert(order, key);
        self.cost += PIECE_OCTETS;
        self.trackers.insert(
            key,
            Tracker {
                since: at,
                order,
                pieces: Vec::new(),
                total: None,
                protocol: None,
                is_dropped: false,
                cost: PIECE_OCTETS,
            },
        );
        Ok(())
    }

    /// Gives up what waited too long. A clock that steps far back counts as a long wait too: one
    /// packet with a wrong time must not stop the expiry of all that follow.
    fn expire(&mut self, now: Timestamp) {
        while let Some((_, key)) = self.ages.first_key_value() {
            let key = *key;
            let Some(tracker) = self.trackers.get(&key) else { break };
            if now.since(tracker.since).max(tracker.since.since(now)) <= FRAGMENT_WAIT {
                break;
            }
            // What was dropped is counted as a conflict already.
            self.counts.expired += u64::from(!tracker.is_dropped);
            self.remove(&key);
        }
    }

    fn evict(&mut self) {
        if let Some((_, key)) = self.ages.pop_first() {
            self.remove(&key);
            self.counts.evicted += 1;
        } else {
            // Nothing is held, so nothing costs.
            self.trackers.clear();
            self.cost = 0;
        }
    }

    fn remove(&mut self, key: &Key) {
        if let Some(tracker) = self.trackers.remove(key) {
            self.ages.remove(&tracker.order);
            self.cost = self.cost.saturating_sub(tracker.cost);
        }
    }
}

/// Where a fragment belongs.
struct Range {
    start: u32,
    end: u32,
}

impl Range {
    /// RFC 8200 section 4.5: all but the last are multiples of eight octets long, and none reaches
    /// beyond the largest datagram. IPv4 senders keep to the same.
    fn of(fragment: &Fragment<'_>, descent: &Descent) -> Result<Self, Skip> {
        const MALFORMED: Skip = Skip::Malformed(Layer::Fragment);
        let captured = u32::try_from(fragment.bytes.len()).map_err(|_| MALFORMED)?;
        let len = captured.checked_add(descent.cut).ok_or(MALFORMED)?;
        let end = fragment.offset.checked_add(len).ok_or(MALFORMED)?;
        if len == 0 || end > DATAGRAM_OCTETS || fragment.more && len % 8 != 0 {
            return Err(MALFORMED);
        }
        Ok(Self { start: fragment.offset, end })
    }
}

impl Tracker {
    fn add(&mut self, fragment: &Fragment<'_>, range: &Range, v6: bool) -> Result<(), Skip> {
        if self.is_dropped || !self.agrees_on_the_end(fragment, range) {
            return Err(self.conflict(v6));
        }
        let overlaps = self.overlaps(fragment, range);
        match overlaps {
            Overlaps::None => {}
            Overlaps::Same => return Err(Skip::Copy),
            Overlaps::Partly if !v6 => {}
            Overlaps::Partly | Overlaps::Differing => {
                let conflict = self.conflict(v6);
                if v6 {
                    return Err(conflict);
                }
            }
        }
        if !fragment.more {
            self.total = Some(range.end);
        }
        if range.start == 0 {
            self.protocol = Some(fragment.protocol);
        }
        self.fill(fragment, range)?;
        if let Overlaps::Differing = overlaps { Err(Skip::FragmentConflict) } else { Ok(()) }
    }

    fn conflict(&mut self, v6: bool) -> Skip {
        if v6 {
            self.is_dropped = true;
            self.pieces = Vec::new();
            self.cost = PIECE_OCTETS;
        }
        Skip::FragmentConflict
    }

    /// Whether the fragment fits what is known of the datagram's end.
    fn agrees_on_the_end(&self, fragment: &Fragment<'_>, range: &Range) -> bool {
        let reached = self.pieces.last().map_or(0, |piece| piece.end);
        match self.total {
            Some(total) if fragment.more => range.end <= total,
            Some(total) => range.end == total,
            None => fragment.more || reached <= range.end,
        }
    }

    fn overlaps(&self, fragment: &Fragment<'_>, range: &Range) -> Overlaps {
        let mut covered = 0;
        for piece in &self.pieces {
            let (start, end) = (piece.start.max(range.start), piece.end.min(range.end));
            if start >= end {
                continue;
            }
            covered += end - start;
            let held = section(&piece.octets, piece.start, start, end);
            let new = section(fragment.bytes, range.start, start, end);
            let both = held.len().min(new.len());
            if held.get(..both) != new.get(..both) {
                return Overlaps::Differing;
            }
        }
        match covered {
            0 => Overlaps::None,
            covered if covered == range.end - range.start => Overlaps::Same,
            _ => Overlaps::Partly,
        }
    }

    /// Takes what is not there yet.
    fn fill(&mut self, fragment: &Fragment<'_>, range: &Range) -> Result<(), Skip> {
        let mut start = range.start;
        let mut index = 0;
        while start < range.end {
            let (next_start, next_end) = self
                .pieces
                .get(index)
                .map_or((range.end, range.end), |piece| (piece.start, piece.end));
            let end = next_start.min(range.end);
            if start < end {
                if self.pieces.len() >= FRAGMENT_PIECES {
                    return Err(Skip::FragmentLimit);
                }
                let octets = section(fragment.bytes, range.start, start, end).into();
                self.cost += PIECE_OCTETS + usize::try_from(end - start).unwrap_or(0);
                self.pieces.insert(index, Piece { start, end, octets });
                index += 1;
            }
            start = start.max(next_end);
            index += 1;
        }
        Ok(())
    }

    fn is_whole(&self) -> bool {
        let mut reached = 0;
        for piece in &self.pieces {
            if piece.start != reached {
                return false;
            }
            reached = piece.end;
        }
        !self.is_dropped && self.total == Some(reached)
    }

    /// Writes the octets up to the first that was not captured, and returns how many are not there.
    fn write(&self, datagram: &mut Vec<u8>) -> u32 {
        for piece in &self.pieces {
            datagram.extend_from_slice(&piece.octets);
            if u32::try_from(piece.octets.len()).is_ok_and(|len| len < piece.end - piece.start) {
                break;
            }
        }
        let written = u32::try_from(datagram.len()).unwrap_or(u32::MAX);
        self.total.unwrap_or(written).saturating_sub(written)
    }
}

/// How a fragment lies to those before it.
enum Overlaps {
    None,
    /// All of it is held, with the same octets.
    Same,
    /// Some of it is held, with the same octets.
    Partly,
    /// Some of it is held, with other octets.
    Differing,
}

/// The part of `octets`, which begin at `base`, that belongs to `start..end`, as far as captured.
fn section(octets: &[u8], base: u32, start: u32, end: u32) -> &[u8] {
    let index = |position: u32| {
        usize::try_from(position.saturating_sub(base)).unwrap_or(usize::MAX).min(octets.len())
    };
    octets.get(index(start)..index(end)).unwrap_or_default()
}
