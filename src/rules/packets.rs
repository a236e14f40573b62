//! The packets that show a finding: numbers in, the same out, ascending and each once. Few of them, as nearly
//! always, lie in the finding itself.

use std::cmp::Ordering;
use std::ops::Deref;

/// How many are few.
const FEW: usize = 4;

/// See the module's words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Packets(Kept);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kept {
    /// The first so many of these.
    Few(usize, [u64; FEW]),
    /// All of these.
    Many(Vec<u64>),
}

impl Default for Kept {
    fn default() -> Self {
        Self::Few(0, [0; FEW])
    }
}

impl Packets {
    /// One or two, mostly in their order.
    pub(super) fn of(first: u64, last: u64) -> Self {
        match first.cmp(&last) {
            Ordering::Less => Self(Kept::Few(2, [first, last, 0, 0])),
            Ordering::Equal => Self(Kept::Few(1, [first, 0, 0, 0])),
            Ordering::Greater => Self(Kept::Few(2, [last, first, 0, 0])),
        }
    }

    /// Adds one, unless it is known.
    pub(super) fn add(&mut self, packet: u64) {
        match self.last() {
            Some(last) if *last == packet => {}
            Some(last) if *last > packet => {
                if let Err(place) = self.binary_search(&packet) {
                    self.insert(place, packet);
                }
            }
            _ => self.insert(self.len(), packet),
        }
    }

    fn insert(&mut self, place: usize, packet: u64) {
        match &mut self.0 {
            Kept::Few(count, few) if *count < FEW => {
                *count += 1;
                if let Some(moved @ [.., _]) = few.get_mut(place..*count) {
                    moved.rotate_right(1);
                    moved[0] = packet;
                }
            }
            Kept::Few(_, few) => {
                let mut many = few.to_vec();
                many.insert(place, packet);
                self.0 = Kept::Many(many);
            }
            Kept::Many(many) => many.insert(place, packet),
        }
    }
}

impl<const N: usize> From<[u64; N]> for Packets {
    fn from(all: [u64; N]) -> Self {
        let mut packets = Self::default();
        all.into_iter().for_each(|packet| packets.add(packet));
        packets
    }
}

impl Deref for Packets {
    type Target = [u64];

    fn deref(&self) -> &[u64] {
        match &self.0 {
            Kept::Few(count, few) => few.get(..*count).unwrap_or_default(),
            Kept::Many(many) => many,
        }
    }
}

impl<'p> IntoIterator for &'p Packets {
    type Item = &'p u64;
    type IntoIter = std::slice::Iter<'p, u64>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_ascend_and_come_once() {
        let mut packets = Packets::default();
        let mut all = Vec::new();
        for packet in [5, 3, 5, 9, 1, 3, 7, 6, 9, 2] {
            packets.add(packet);
            all.push(packet);
            all.sort_unstable();
            all.dedup();
            assert_eq!(*packets, *all);
        }
        assert_eq!(*Packets::from([4, 4, 2]), [2, 4]);
    }
}
