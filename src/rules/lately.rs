//! Where requests belong, for paths that were seen lately: a hash in, what was worked out for what has it out.
//! A table of fixed size, in which the newer takes the place of the older.

/// A power of two.
const ROOM: usize = 4_096;

/// See the module's words. The hashes are seeded at random (see [`Hashes`](super::Hashes)), so that nobody
/// can choose what collides.
#[derive(Debug, Clone)]
pub struct Lately<T> {
    known: Vec<Option<(u64, T)>>,
}

impl<T: Copy> Default for Lately<T> {
    fn default() -> Self {
        Self { known: vec![None; ROOM] }
    }
}

impl<T: Copy> Lately<T> {
    /// What was worked out for this hash, unless something newer took its place.
    pub fn get(&self, hash: u64) -> Option<T> {
        let (known, what) = self.known.get(hash as usize % ROOM).copied().flatten()?;
        (known == hash).then_some(what)
    }

    /// Takes note of it.
    pub fn keep(&mut self, hash: u64, what: T) {
        if let Some(place) = self.known.get_mut(hash as usize % ROOM) {
            *place = Some((hash, what));
        }
    }
}
