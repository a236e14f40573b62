//! A list that grows at its end and is looked at while it grows: pushes go to one owner, copies are
//! cheap and never change. Elements live in blocks that copies share; an element is changed by
//! copying its block where somebody else still looks at it.

use std::collections::VecDeque;
use std::sync::Arc;

/// Elements of a block.
const BLOCK: usize = 256;

/// See the module's words. Elements are numbered from 0 in the order in which they were pushed; the
/// oldest may be dropped, the numbers of the rest stay.
#[derive(Debug)]
pub struct Log<T> {
    blocks: VecDeque<Arc<Vec<T>>>,
    /// The number of the first element that is still there; a multiple of a block.
    first: usize,
    len: usize,
}

impl<T> Clone for Log<T> {
    fn clone(&self) -> Self {
        Self { blocks: self.blocks.clone(), first: self.first, len: self.len }
    }
}

impl<T> Default for Log<T> {
    fn default() -> Self {
        Self { blocks: VecDeque::new(), first: 0, len: 0 }
    }
}

impl<T> Log<T> {
    /// The number of the first element that is still there.
    pub const fn first(&self) -> usize {
        self.first
    }

    /// The number that the next element gets.
    pub const fn end(&self) -> usize {
        self.first + self.len
    }

    /// How many elements are there.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether none is there.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The element of a number, where it is still there.
    pub fn get(&self, number: usize) -> Option<&T> {
        let place = number.checked_sub(self.first)?;
        self.blocks.get(place / BLOCK)?.get(place % BLOCK)
    }

    /// The elements, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.blocks.iter().flat_map(|block| block.iter())
    }

    /// The elements with their numbers, the oldest first.
    pub fn numbered(&self) -> impl Iterator<Item = (usize, &T)> {
        (self.first..).zip(self.iter())
    }

    /// Drops the oldest block, if it is full. Gives the elements back, as far as nobody else has them.
    pub fn drop_oldest(&mut self) -> Option<Arc<Vec<T>>> {
        if self.blocks.front()?.len() < BLOCK {
            return None;
        }
        let dropped = self.blocks.pop_front()?;
        self.first += dropped.len();
        self.len -= dropped.len();
        Some(dropped)
    }
}

impl<T: Clone> Log<T> {
    /// Puts an element behind the last, and says which number it has.
    pub fn push(&mut self, element: T) -> usize {
        match self.blocks.back_mut() {
            Some(block) if block.len() < BLOCK => {
                let block = Arc::make_mut(block);
                if block.capacity() < BLOCK {
                    block.reserve_exact(BLOCK - block.len());
                }
                block.push(element);
            }
            _ => {
                let mut block = Vec::with_capacity(BLOCK);
                block.push(element);
                self.blocks.push_back(Arc::new(block));
            }
        }
        self.len += 1;
        self.end() - 1
    }

    /// The element of a number, to be changed. Copies that were taken before do not see it.
    pub fn get_mut(&mut self, number: usize) -> Option<&mut T> {
        let place = number.checked_sub(self.first)?;
        Arc::make_mut(self.blocks.get_mut(place / BLOCK)?).get_mut(place % BLOCK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_do_not_change() {
        let mut log = Log::default();
        for number in 0..1_000 {
            assert_eq!(log.push(number), number);
        }
        let copy = log.clone();
        log.push(1_000);
        *log.get_mut(3).unwrap() = 33;
        assert_eq!((copy.len(), log.len()), (1_000, 1_001));
        assert_eq!((copy.get(3), log.get(3)), (Some(&3), Some(&33)));
        assert_eq!((copy.get(1_000), log.get(1_000)), (None, Some(&1_000)));
        assert!(copy.iter().copied().eq(0..1_000));
        // What neither has changed they share.
        assert!(std::ptr::eq(copy.get(600).unwrap(), log.get(600).unwrap()));
    }

    #[test]
    fn numbers_stay_when_the_oldest_are_dropped() {
        let mut log = Log::default();
        (0..600).for_each(|number| {
            log.push(number);
        });
        let before = log.clone();
        assert_eq!(log.drop_oldest().map(|block| block.len()), Some(BLOCK));
        assert_eq!((log.first(), log.end(), log.len()), (256, 600, 344));
        assert_eq!((log.get(255), log.get(256)), (None, Some(&256)));
        assert_eq!(before.get(0), Some(&0));
        assert_eq!(log.numbered().next(), Some((256, &256)));
        log.drop_oldest();
        // The block that is being filled stays.
        assert!(log.drop_oldest().is_none());
        assert_eq!(log.len(), 88);
    }
}
