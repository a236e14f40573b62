//! The packets of the last while, kept for whoever learns later which of them are wanted. Packets go in
//! in order, and leave in order, many at a time: when there are too many of them, or the
//! oldest are too old. Memory is asked for as it fills and used again.

use std::collections::VecDeque;

use super::batch::Batch;
use crate::error::Error;
use crate::limits::{BUFFERED_OCTETS, BUFFERED_PACKETS};
use crate::units::{Duration, Timestamp};
use crate::wire::Packet;

/// Octets that what is known of a packet takes beside its own.
const BESIDE: usize = 128;

/// The least number of batches with which one can leave and others stay.
const LEAST: usize = 4;

/// Packets, each with what was noted of it.
pub struct Recent<T> {
    kept: VecDeque<Noted<T>>,
    empty: Vec<Noted<T>>,
    /// Batches at most.
    most: usize,
    longest: Duration,
}

/// A batch, and a note for each of its packets.
struct Noted<T> {
    batch: Batch,
    notes: Vec<T>,
}

impl<T> Recent<T> {
    /// Keeps packets for so long, as far as they fit into so many octets.
    pub fn new(octets: u64, longest: Duration) -> Self {
        let batch = BUFFERED_OCTETS + BUFFERED_PACKETS * BESIDE;
        let most = usize::try_from(octets).unwrap_or(usize::MAX) / batch;
        Self { kept: VecDeque::new(), empty: Vec::new(), most: most.max(LEAST), longest }
    }

    /// Keeps a packet. Where older ones have to leave for it, they are handed to `leaves`, in order.
    ///
    /// # Errors
    ///
    /// Those of `leaves`.
    pub fn push(
        &mut self,
        packet: &Packet<'_>,
        note: T,
        leaves: impl FnMut(&Packet<'_>, &T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let has_room = |last: &Noted<T>| last.batch.has_room(packet.bytes.len());
        if !self.kept.back().is_some_and(has_room) {
            if self.kept.len() >= self.most {
                self.shift(leaves)?;
            }
            self.kept.push_back(self.empty.pop().unwrap_or_else(Noted::new));
        }
        if let Some(last) = self.kept.back_mut() {
            last.batch.add(packet);
            last.notes.push(note);
        }
        Ok(())
    }

    /// Lets go of what is too old by now.
    ///
    /// # Errors
    ///
    /// Those of `leaves`.
    pub fn age(
        &mut self,
        now: Timestamp,
        mut leaves: impl FnMut(&Packet<'_>, &T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        while self.kept.front().and_then(Noted::last).is_some_and(|at| now.since(at) > self.longest)
        {
            self.shift(&mut leaves)?;
        }
        Ok(())
    }

    /// Lets go of everything.
    ///
    /// # Errors
    ///
    /// Those of `leaves`.
    pub fn drain(
        &mut self,
        mut leaves: impl FnMut(&Packet<'_>, &T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        while !self.kept.is_empty() {
            self.shift(&mut leaves)?;
        }
        Ok(())
    }

    /// The number of the oldest packet.
    pub fn first(&self) -> Option<u64> {
        self.kept.front()?.batch.get(0).map(|packet| packet.number)
    }

    /// What was noted of the packet with this number.
    pub fn note(&self, number: u64) -> Option<&T> {
        let starts_behind =
            |noted: &Noted<T>| noted.batch.get(0).is_none_or(|packet| packet.number <= number);
        let index = self.kept.partition_point(starts_behind).checked_sub(1)?;
        let noted = self.kept.get(index)?;
        noted.notes.get(noted.batch.position(number)?)
    }

    /// Lets go of the oldest batch.
    fn shift(
        &mut self,
        mut leaves: impl FnMut(&Packet<'_>, &T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Some(mut oldest) = self.kept.pop_front() else { return Ok(()) };
        for (index, note) in oldest.notes.iter().enumerate() {
            if let Some(packet) = oldest.batch.get(index) {
                leaves(&packet, note)?;
            }
        }
        oldest.batch.clear();
        oldest.notes.clear();
        self.empty.push(oldest);
        Ok(())
    }
}

impl<T> Noted<T> {
    fn new() -> Self {
        Self { batch: Batch::new(), notes: Vec::with_capacity(BUFFERED_PACKETS) }
    }

    /// The time of the last packet.
    fn last(&self) -> Option<Timestamp> {
        let last = self.batch.get(self.batch.len().checked_sub(1)?)?;
        Some(last.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::LinkType;

    fn packet(number: u64, bytes: &[u8]) -> Packet<'_> {
        Packet {
            number,
            at: Timestamp::from_nanos(i64::try_from(number).unwrap() * 1_000_000_000),
            link: LinkType(1),
            interface: 0,
            len: 60,
            direction: None,
            bytes,
            offset: 0,
        }
    }

    #[test]
    fn the_oldest_leave_in_order_when_there_are_too_many() {
        let mut recent = Recent::new(0, Duration::from_secs(1_000_000));
        let mut left = Vec::new();
        let octets = vec![7; BUFFERED_OCTETS / 2];
        // Every other number: packets that were not given leave holes.
        for number in (2..=100).step_by(2) {
            recent
                .push(&packet(number, &octets), number * 10, |packet, note| {
                    assert_eq!((packet.bytes, *note), (&octets[..], packet.number * 10));
                    left.push(packet.number);
                    Ok(())
                })
                .unwrap();
            assert!(recent.kept.len() <= LEAST && recent.empty.len() <= 1);
        }
        assert_eq!(left, (2..=84).step_by(2).collect::<Vec<_>>());
        assert_eq!(recent.first(), Some(86));
        assert_eq!(
            [84, 86, 87, 100, 102].map(|number| recent.note(number).copied()),
            [None, Some(860), None, Some(1_000), None]
        );
        recent
            .drain(|packet, _| {
                left.push(packet.number);
                Ok(())
            })
            .unwrap();
        assert_eq!(left, (2..=100).step_by(2).collect::<Vec<_>>());
        assert_eq!((recent.first(), recent.note(100)), (None, None));
    }

    #[test]
    fn the_oldest_leave_when_they_are_too_old() {
        let mut recent = Recent::new(u64::MAX, Duration::from_secs(10));
        let octets = vec![7; BUFFERED_OCTETS];
        for number in 1..=20 {
            recent.push(&packet(number, &octets), (), |_, ()| panic!("there is room")).unwrap();
        }
        let mut left = 0;
        let count = |_: &Packet<'_>, (): &()| {
            left += 1;
            Ok(())
        };
        recent.age(Timestamp::from_nanos(25_000_000_000), count).unwrap();
        assert_eq!((left, recent.first()), (14, Some(15)));
    }
}
