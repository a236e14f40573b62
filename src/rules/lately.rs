//! Where requests belong, for paths that were seen lately: a hash of method and path in, what was worked out
//! for them out. A table of fixed size, in which the newer takes the place of the older.

use std::hash::{BuildHasher as _, Hash, Hasher as _};

use hashbrown::DefaultHashBuilder;

use crate::http::{Head, Method};

/// A power of two.
const ROOM: usize = 4_096;

/// See the module's words.
#[derive(Debug, Clone)]
pub struct Lately<T> {
    known: Vec<Option<(u64, T)>>,
    /// Seeded at random, so that nobody can choose what collides.
    hasher: DefaultHashBuilder,
}

impl<T: Copy> Default for Lately<T> {
    fn default() -> Self {
        Self { known: vec![None; ROOM], hasher: DefaultHashBuilder::default() }
    }
}

impl<T: Copy> Lately<T> {
    /// The hash of a request's method and its path at a place.
    pub fn hash(&self, place: impl Hash, request: &Head, path: &[u8]) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        place.hash(&mut hasher);
        match request.method() {
            Method::Other => hasher.write(request.method_octets()),
            known => hasher.write_u8(known as u8),
        }
        hasher.write(path);
        hasher.finish()
    }

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
