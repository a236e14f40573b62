//! What was said about addresses and the like: by a hash in, the newest so many out, the oldest forgotten
//! first.

use std::collections::VecDeque;

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

/// See the module's words. `ROOM` is how many are kept.
pub(super) struct Remembered<T, const ROOM: usize> {
    known: HashMap<u64, T>,
    /// In the order in which they came; some may have been taken out since.
    order: VecDeque<u64>,
}

impl<T, const ROOM: usize> Default for Remembered<T, ROOM> {
    fn default() -> Self {
        Self { known: HashMap::new(), order: VecDeque::new() }
    }
}

impl<T: Default, const ROOM: usize> Remembered<T, ROOM> {
    /// What is known, to be added to; new where nothing is.
    pub fn of(&mut self, key: u64) -> &mut T {
        if !self.known.contains_key(&key) {
            self.enter(key);
        }
        self.known.entry(key).or_default()
    }
}

impl<T, const ROOM: usize> Remembered<T, ROOM> {
    /// Remembers it in the place of what was known.
    pub fn keep(&mut self, key: u64, what: T) {
        match self.known.entry(key) {
            Entry::Occupied(mut known) => {
                known.insert(what);
                return;
            }
            Entry::Vacant(place) => {
                place.insert(what);
            }
        }
        self.enter(key);
    }

    /// Makes room for one more, which is the newest.
    fn enter(&mut self, key: u64) {
        self.order.push_back(key);
        while self.order.len() > ROOM {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }

    /// What is known.
    pub fn get(&self, key: u64) -> Option<&T> {
        self.known.get(&key)
    }

    /// Takes it out.
    pub fn take(&mut self, key: u64) -> Option<T> {
        if self.known.is_empty() {
            return None;
        }
        self.known.remove(&key)
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten() {
        let mut remembered = Remembered::<u8, 2>::default();
        for (key, what) in [(1, 1), (2, 2), (1, 3), (3, 4)] {
            remembered.keep(key, what);
        }
        assert_eq!([1, 2, 3].map(|key| remembered.get(key).copied()), [None, Some(2), Some(4)]);
        assert_eq!((remembered.take(3), remembered.take(3)), (Some(4), None));
    }
}
