//! Which lines a list shows and in which order: a log and a question in, numbers of lines out.
//! Works in portions, so that a key never waits for a long list.

use std::time::{Duration, Instant};

/// What a question says of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is shown.
    Yes,
    /// It is not.
    No,
    /// It cannot be told any more.
    Unknown,
}

/// Lines that one portion looks at.
const PORTION: usize = 50_000;

/// Sorting a list anew may take one part in so many of the time.
const SHARE: u32 = 8;

/// See the module's words.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// Numbers of the lines that are shown, ascending.
    matching: Vec<u32>,
    /// The same in another order, where one is wanted.
    sorted: Vec<u32>,
    by_key: bool,
    /// Lines in front of this one were looked at.
    seen: usize,
    /// Of those, lines of which it cannot be told.
    unknown: usize,
    unfinished: bool,
    /// When sorting was over, and how long it took.
    latest: Option<(Instant, Duration)>,
    stale: bool,
    /// Whether the last is shown first.
    pub reversed: bool,
}

impl Order {
    /// Everything is to be looked at again.
    pub fn reset(&mut self) {
        self.matching.clear();
        self.unfinished = true;
        self.seen = 0;
        self.unknown = 0;
        self.stale = true;
        self.latest = None;
    }

    /// Another order is wanted.
    pub fn resort(&mut self) {
        self.stale = true;
        self.latest = None;
    }

    /// How many lines are shown.
    pub fn len(&self) -> usize {
        self.lines().len()
    }

    /// Lines of which it could not be told whether to show them.
    pub const fn unknown(&self) -> usize {
        self.unknown
    }

    /// Whether a part of the lines has not been looked at yet.
    pub const fn is_unfinished(&self) -> bool {
        self.unfinished
    }

    fn lines(&self) -> &[u32] {
        if self.by_key { &self.sorted } else { &self.matching }
    }

    /// The number of the line at a place, counted from the top.
    pub fn at(&self, place: usize) -> Option<u32> {
        let lines = self.lines();
        if self.reversed {
            lines.get(lines.len().checked_sub(place + 1)?).copied()
        } else {
            lines.get(place).copied()
        }
    }

    /// The place of a line, counted from the top.
    pub fn place(&self, number: u32) -> Option<usize> {
        let lines = self.lines();
        let place = if self.by_key {
            lines.iter().position(|line| *line == number)?
        } else {
            lines.binary_search(&number).ok()?
        };
        Some(if self.reversed { lines.len() - 1 - place } else { place })
    }

    /// The first place from `from` on, in a direction, of which something is true.
    pub fn find(&self, from: usize, down: bool, is: impl Fn(u32) -> bool) -> Option<usize> {
        let hit = |place: &usize| self.at(*place).is_some_and(&is);
        if down { (from..self.len()).find(hit) } else { (0..=from).rev().find(hit) }
    }

    /// Goes on to the end of a log whose lines have the numbers `first` to `end` (without it). True
    /// where there is more to do.
    pub fn work(
        &mut self,
        (first, end): (usize, usize),
        mut asks: impl FnMut(usize) -> Answer,
        key: Option<&dyn Fn(usize) -> u64>,
    ) -> bool {
        let gone = self.matching.partition_point(|number| (*number as usize) < first);
        if gone > 0 {
            self.matching.drain(..gone);
            self.sorted.retain(|number| *number as usize >= first);
        }
        let from = self.seen.max(first);
        let to = end.min(from + PORTION);
        for number in from..to {
            match asks(number) {
                Answer::Yes => self.matching.push(u32::try_from(number).unwrap_or(u32::MAX)),
                Answer::No => {}
                Answer::Unknown => self.unknown += 1,
            }
        }
        self.stale |= to > from || gone > 0;
        self.seen = to.max(self.seen);
        self.unfinished = to < end;
        let Some(key) = key else {
            self.by_key = false;
            return to < end;
        };
        let due = self.latest.is_none_or(|(at, took)| at.elapsed() >= took * SHARE);
        if to >= end && self.stale && due || !self.by_key {
            let begun = Instant::now();
            let mut keys: Vec<(u64, u32)> =
                self.matching.iter().map(|number| (key(*number as usize), *number)).collect();
            keys.sort_unstable();
            self.sorted.clear();
            self.sorted.extend(keys.iter().map(|(_, number)| *number));
            self.latest = Some((Instant::now(), begun.elapsed()));
            self.by_key = true;
            self.stale = to < end;
        }
        to < end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(order: &Order) -> Vec<u32> {
        (0..order.len()).filter_map(|place| order.at(place)).collect()
    }

    #[test]
    fn lines_come_and_go() {
        let mut order = Order::default();
        let even = |number: usize| if number.is_multiple_of(2) { Answer::Yes } else { Answer::No };
        assert!(!order.work((0, 6), even, None));
        assert_eq!(shown(&order), [0, 2, 4]);
        order.work((3, 10), even, None);
        assert_eq!(shown(&order), [4, 6, 8]);
        order.reversed = true;
        assert_eq!(shown(&order), [8, 6, 4]);
        assert_eq!((order.place(8), order.place(7)), (Some(0), None));
        assert_eq!(order.find(1, true, |number| number == 4), Some(2));
        assert_eq!(order.find(1, false, |number| number == 8), Some(0));
    }

    #[test]
    fn lines_are_sorted_by_a_key() {
        let mut order = Order::default();
        let key = |number: usize| 100 - number as u64;
        order.work((0, 4), |_| Answer::Yes, Some(&key));
        assert_eq!(shown(&order), [3, 2, 1, 0]);
        order.work((0, 4), |_| Answer::Yes, None);
        assert_eq!(shown(&order), [0, 1, 2, 3]);
    }

    #[test]
    fn a_long_list_is_done_in_portions() {
        let mut order = Order::default();
        let mut portions = 1;
        while order.work((0, PORTION * 3), |_| Answer::Yes, None) {
            portions += 1;
        }
        assert_eq!((portions, order.len()), (3, PORTION * 3));
        order.reset();
        order.work((0, 10), |_| Answer::Unknown, None);
        assert_eq!((order.len(), order.unknown()), (0, 10));
    }
}
