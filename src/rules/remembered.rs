//! What was said about addresses and the like: by a hash in, the newest so many out, the oldest forgotten
//! first.

use std::hash::{BuildHasherDefault, Hasher};

use hashbrown::HashMap;

/// What is found by a hash, which is not hashed again.
pub(super) type ByHash<T> = HashMap<u64, T, BuildHasherDefault<Same>>;

/// Gives out the hash that is put in.
#[derive(Default)]
pub(super) struct Same(u64);

impl Hasher for Same {
    fn write(&mut self, octets: &[u8]) {
        for octet in octets {
            self.write_u64(u64::from(*octet));
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = self.0.rotate_left(5) ^ hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// See the module's words. `ROOM` is how many are kept.
pub(super) struct Remembered<T, const ROOM: usize> {
    /// Where each stands.
    places: ByHash<usize>,
    /// In the order in which they came, round and round. What was taken out leaves its place empty.
    kept: Vec<(u64, Option<T>)>,
    /// Where the next one stands once all places were used.
    oldest: usize,
}

impl<T, const ROOM: usize> Default for Remembered<T, ROOM> {
    fn default() -> Self {
        Self { places: ByHash::default(), kept: Vec::new(), oldest: 0 }
    }
}

impl<T: Default, const ROOM: usize> Remembered<T, ROOM> {
    /// What is known, to be added to; new where nothing is.
    pub fn of(&mut self, key: u64) -> &mut T {
        self.place(key).get_or_insert_with(T::default)
    }
}

impl<T, const ROOM: usize> Remembered<T, ROOM> {
    /// Remembers it in the place of what was known.
    pub fn keep(&mut self, key: u64, what: T) {
        *self.place(key) = Some(what);
    }

    /// Where it stands; where it is new, whatever is the oldest makes room.
    fn place(&mut self, key: u64) -> &mut Option<T> {
        let place = match self.places.get(&key) {
            Some(place) => *place,
            None => self.enter(key),
        };
        &mut self.kept[place].1
    }

    fn enter(&mut self, key: u64) -> usize {
        let place = if self.kept.len() < ROOM {
            self.kept.push((key, None));
            self.kept.len() - 1
        } else {
            let place = self.oldest;
            self.oldest = (place + 1) % ROOM;
            let (before, _) = std::mem::replace(&mut self.kept[place], (key, None));
            // It may have been taken out and have come again since.
            if self.places.get(&before) == Some(&place) {
                self.places.remove(&before);
            }
            place
        };
        self.places.insert(key, place);
        place
    }

    /// What is known.
    pub fn get(&self, key: u64) -> Option<&T> {
        if self.is_empty() {
            return None;
        }
        self.kept.get(*self.places.get(&key)?)?.1.as_ref()
    }

    /// Takes it out.
    pub fn take(&mut self, key: u64) -> Option<T> {
        if self.is_empty() {
            return None;
        }
        let place = self.places.remove(&key)?;
        self.kept.get_mut(place)?.1.take()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
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
        // What was taken out keeps its place until others have come round.
        remembered.keep(3, 5);
        remembered.keep(4, 6);
        assert_eq!([2, 3, 4].map(|key| remembered.get(key).copied()), [None, Some(5), Some(6)]);
    }
}
