//! Error pages in; whether the same was looked at lately, and nothing found in it. Servers send the same
//! few pages again and again.

use std::cell::RefCell;
use std::collections::VecDeque;

/// How many are remembered.
const ROOM: usize = 8;

/// See the module's words.
#[derive(Debug, Default)]
pub(super) struct Pages(RefCell<VecDeque<Box<[u8]>>>);

impl Pages {
    /// Whether nothing was found in this one.
    pub fn know(&self, page: &[u8]) -> bool {
        self.0.borrow().iter().any(|known| **known == *page)
    }

    /// Nothing was found in it.
    pub fn keep(&self, page: &[u8]) {
        let mut pages = self.0.borrow_mut();
        if pages.len() >= ROOM {
            pages.pop_front();
        }
        pages.push_back(page.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_known() {
        let pages = Pages::default();
        for page in 0..=ROOM as u8 {
            assert!(!pages.know(&[page]));
            pages.keep(&[page]);
        }
        assert!(!pages.know(&[0]) && pages.know(&[1]) && pages.know(&[ROOM as u8]));
    }
}
