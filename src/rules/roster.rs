//! Things that numbers are kept of: a key in, a place out, with what is kept of it, so that rules keep what
//! they know in plain lists too and look nothing up. Where there is no room, whoever was not seen for longest makes room.

use std::hash::{Hash, Hasher};

use hashbrown::HashMap;

/// A place, and whose it is: another generation is somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    place: u32,
    generation: u32,
}

impl Slot {
    /// A number that no other slot has.
    pub(super) fn number(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.place)
    }
}

impl Hash for Slot {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.number());
    }
}

#[derive(Debug)]
struct Entry<K, T> {
    key: K,
    generation: u32,
    /// Whether it was seen since the hand passed.
    seen: bool,
    kept: T,
}

/// See the module's words.
#[derive(Debug)]
pub(super) struct Roster<K, T = ()> {
    known: HashMap<K, u32>,
    entries: Vec<Entry<K, T>>,
    room: usize,
    hand: usize,
    /// How many had to make room.
    pub replaced: u64,
}

impl<K: Copy + Eq + Hash, T: Default> Roster<K, T> {
    pub fn new(room: usize) -> Self {
        Self { known: HashMap::new(), entries: Vec::new(), room, hand: 0, replaced: 0 }
    }

    /// Whether a key has a slot; being asked does not count as being seen.
    pub fn knows(&self, key: &K) -> bool {
        self.known.contains_key(key)
    }

    /// The slot of a key, if it has one.
    pub fn find(&mut self, key: &K) -> Option<Slot> {
        let place = *self.known.get(key)?;
        let entry = self.entries.get_mut(place as usize)?;
        entry.seen = true;
        Some(Slot { place, generation: entry.generation })
    }

    /// The slot of a key, which gets one if it has none.
    pub fn place(&mut self, key: K) -> Slot {
        if let Some(slot) = self.find(&key) {
            return slot;
        }
        if self.entries.len() < self.room {
            let place = self.entries.len() as u32;
            self.entries.push(Entry { key, generation: 0, seen: true, kept: T::default() });
            self.known.insert(key, place);
            return Slot { place, generation: 0 };
        }
        let place = self.oldest();
        self.replaced += 1;
        self.known.insert(key, place as u32);
        let generation = self.entries.get_mut(place).map_or(0, |entry| {
            self.known.remove(&entry.key);
            let generation = entry.generation.wrapping_add(1);
            *entry = Entry { key, generation, seen: true, kept: T::default() };
            generation
        });
        Slot { place: place as u32, generation }
    }

    /// Whether a slot is still that of the one who got it, who was seen again.
    pub fn keeps(&mut self, slot: Slot) -> bool {
        self.entries.get_mut(slot.place as usize).is_some_and(|entry| {
            let same = entry.generation == slot.generation;
            entry.seen |= same;
            same
        })
    }

    /// The key of a slot that is still that of the one who got it.
    pub fn key(&self, slot: Slot) -> Option<&K> {
        self.entry(slot).map(|entry| &entry.key)
    }

    /// What is kept of the one who got a slot that is still his.
    pub fn get(&self, slot: Slot) -> Option<&T> {
        self.entry(slot).map(|entry| &entry.kept)
    }

    /// The same, to be changed, where he was just found.
    pub fn of(&mut self, slot: Slot) -> &mut T {
        &mut self.entries[slot.place as usize].kept
    }

    /// All slots, each with its key and what is kept.
    pub fn iter(&self) -> impl Iterator<Item = (Slot, &K, &T)> {
        self.entries.iter().zip(0..).map(|(entry, place)| {
            (Slot { place, generation: entry.generation }, &entry.key, &entry.kept)
        })
    }

    fn entry(&self, slot: Slot) -> Option<&Entry<K, T>> {
        let entry = self.entries.get(slot.place as usize)?;
        (entry.generation == slot.generation).then_some(entry)
    }

    /// The place to be given up: the hand goes round, and whoever was seen gets another chance.
    fn oldest(&mut self) -> usize {
        loop {
            let place = self.hand;
            self.hand = (self.hand + 1) % self.entries.len().max(1);
            match self.entries.get_mut(place) {
                Some(entry) if entry.seen => entry.seen = false,
                _ => return place,
            }
        }
    }
}

/// What somebody keeps of each of those who have a slot.
#[derive(Debug, Default)]
pub(super) struct PerSlot<T>(Vec<Option<(u32, T)>>);

impl<T: Default> PerSlot<T> {
    /// What is kept of a slot; new where the slot is somebody else's now.
    pub fn of(&mut self, slot: Slot) -> &mut T {
        if self.get(slot).is_none() {
            self.make(slot);
        }
        // It is there, or was just made.
        let kept = &mut self.0[slot.place as usize];
        &mut kept.get_or_insert_with(|| (slot.generation, T::default())).1
    }

    #[cold]
    fn make(&mut self, slot: Slot) {
        let place = slot.place as usize;
        if place >= self.0.len() {
            self.0.resize_with(place + 1, || None);
        }
        if let Some(kept) = self.0.get_mut(place) {
            *kept = Some((slot.generation, T::default()));
        }
    }

    /// What is kept of a slot, if anything is.
    pub fn get(&self, slot: Slot) -> Option<&T> {
        let (generation, kept) = self.0.get(slot.place as usize)?.as_ref()?;
        (*generation == slot.generation).then_some(kept)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, slot: Slot) -> Option<&mut T> {
        let (generation, kept) = self.0.get_mut(slot.place as usize)?.as_mut()?;
        (*generation == slot.generation).then_some(kept)
    }

    /// All that is kept, in the order of the slots.
    pub fn iter(&self) -> impl Iterator<Item = (Slot, &T)> {
        self.0.iter().zip(0..).filter_map(|(kept, place)| {
            let (generation, kept) = kept.as_ref()?;
            Some((Slot { place, generation: *generation }, kept))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_was_not_seen_for_longest_makes_room() {
        let mut roster = Roster::<char>::new(2);
        let (a, b) = (roster.place('a'), roster.place('b'));
        assert_ne!(a, b);
        assert_eq!(roster.place('a'), a);
        // Both were seen: the hand passes both and takes the first.
        let c = roster.place('c');
        assert!(!roster.keeps(a) && roster.keeps(b) && roster.keeps(c));
        assert_eq!((roster.find(&'a'), roster.find(&'c'), roster.replaced), (None, Some(c), 1));
        assert_eq!((roster.key(a), roster.key(c)), (None, Some(&'c')));
    }

    #[test]
    fn what_was_kept_of_another_is_not_handed_on() {
        let mut roster = Roster::<char>::new(1);
        let mut kept = PerSlot::<u32>::default();
        let a = roster.place('a');
        *kept.of(a) += 5;
        let b = roster.place('b');
        assert_eq!((kept.get(a), kept.get(b)), (Some(&5), None));
        assert_eq!(*kept.of(b), 0);
        assert_eq!((kept.get(a), kept.iter().count()), (None, 1));
    }
}
