//! Equal texts kept once: octets in, one shared piece of memory for all that are equal out. Bounded:
//! a full table is emptied, which costs memory and nothing else.

use std::sync::Arc;

use hashbrown::HashSet;

use crate::limits;

/// See the module's words.
#[derive(Debug, Default)]
pub(super) struct Texts {
    known: HashSet<Arc<[u8]>>,
    empty: Arc<[u8]>,
}

impl Texts {
    pub fn share(&mut self, octets: &[u8]) -> Arc<[u8]> {
        if octets.is_empty() {
            return Arc::clone(&self.empty);
        }
        if let Some(known) = self.known.get(octets) {
            return Arc::clone(known);
        }
        if self.known.len() >= limits::SHARED_TEXTS {
            self.known.clear();
        }
        let new: Arc<[u8]> = octets.into();
        self.known.insert(Arc::clone(&new));
        new
    }
}
