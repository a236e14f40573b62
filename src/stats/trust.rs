//! Doubts about exchanges in, a grade for the capture out: how far its figures and verdicts can be
//! trusted.

use crate::http::{Doubt, Doubts, Grade};

/// Sums over all exchanges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trust {
    grades: [u64; 4],
    doubts: [u64; Doubt::ALL.len()],
}

impl Trust {
    pub(super) fn add(&mut self, doubts: Doubts) {
        if doubts.is_empty() {
            self.grades[Grade::A as usize] += 1;
            return;
        }
        if let Some(count) = self.grades.get_mut(doubts.grade() as usize) {
            *count += 1;
        }
        for doubt in doubts.iter() {
            if let Some(count) = self.doubts.get_mut(doubt as usize) {
                *count += 1;
            }
        }
    }

    /// Exchanges of each grade, the best first.
    pub const fn grades(&self) -> [u64; 4] {
        self.grades
    }

    /// Exchanges for each doubt that there is, the commonest first, of equals the heaviest.
    pub fn doubts(&self) -> Vec<(Doubt, u64)> {
        let mut doubts: Vec<_> = Doubt::ALL.into_iter().zip(self.doubts).collect();
        doubts.retain(|(_, count)| *count > 0);
        doubts.sort_by_key(|(doubt, count)| std::cmp::Reverse((*count, *doubt)));
        doubts
    }

    /// Exchanges that are not whole, or not certainly.
    pub fn doubtful(&self) -> u64 {
        self.grades.iter().skip(1).sum()
    }

    /// The grade of the capture: A where every exchange has it and nothing was dropped, B where no more
    /// than one in a hundred is not whole, C where no more than one in ten, else D. `None` where there is
    /// no exchange.
    pub fn grade(&self, dropped: u64) -> Option<Grade> {
        let all: u64 = self.grades.iter().sum();
        let [whole, around, ..] = self.grades;
        let broken = all - whole - around;
        Some(match () {
            () if all == 0 => return None,
            () if whole == all && dropped == 0 => Grade::A,
            () if broken.saturating_mul(100) <= all => Grade::B,
            () if broken.saturating_mul(10) <= all => Grade::C,
            () => Grade::D,
        })
    }
}
