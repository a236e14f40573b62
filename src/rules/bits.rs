//! Sets of rules, by their places in the list.

/// How many rules a set can hold.
pub(super) const ROOM: usize = 320;

/// See the module's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Bits([u64; ROOM / 64]);

impl Bits {
    pub fn add(&mut self, place: usize) {
        self.set(place, true);
    }

    /// Adds one or takes it out.
    pub fn set(&mut self, place: usize, member: bool) {
        if let Some(word) = self.0.get_mut(place / 64) {
            let bit = 1 << (place % 64);
            *word = if member { *word | bit } else { *word & !bit };
        }
    }

    pub fn has(&self, place: usize) -> bool {
        self.0.get(place / 64).is_some_and(|word| word >> (place % 64) & 1 == 1)
    }

    pub fn join(&mut self, other: &Self) {
        let ([a, b, c, d, e], [f, g, h, i, j]) = (&mut self.0, other.0);
        *a |= f;
        *b |= g;
        *c |= h;
        *d |= i;
        *e |= j;
    }

    /// Those of `self` that are in `other` too.
    pub const fn and(&self, other: &Self) -> Self {
        let ([a, b, c, d, e], [f, g, h, i, j]) = (self.0, other.0);
        Self([a & f, b & g, c & h, d & i, e & j])
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Its members in ascending order, some at a time: two plain loops cost less than one over all.
    pub fn members(self) -> impl Iterator<Item = Members> {
        self.0.into_iter().zip(0..).map(|(word, place)| Members { word, first: place * 64 })
    }
}

/// The members that one word holds.
pub(super) struct Members {
    word: u64,
    first: usize,
}

impl Iterator for Members {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let bit = (self.word != 0).then_some(self.word.trailing_zeros() as usize)?;
        self.word &= self.word - 1;
        Some(self.first + bit)
    }
}
