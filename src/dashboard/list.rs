//! A list with a selected line that follows what it shows, not where it stands.

use super::order::Order;

/// See the module's words.
#[derive(Debug, Default)]
pub(super) struct List {
    /// What is shown.
    pub order: Order,
    /// The number of the selected line; `None` for the first, whichever that is.
    pub selected: Option<u32>,
    /// Where it stood last.
    place: usize,
    /// Lines above the first that is on the screen.
    top: usize,
    /// Lines on the screen.
    height: usize,
    /// The column that it is sorted by.
    pub sort: usize,
}

impl List {
    /// Brings the selected line onto a screen of so many lines; the place of the first one there.
    pub fn show(&mut self, height: usize) -> usize {
        let above = self.place.saturating_sub(self.top);
        self.height = height;
        let place = self.place();
        // Lines that came above move the list, not the line under the eye.
        self.top = place.saturating_sub(above.min(height.saturating_sub(1)));
        self.top = self.top.min(self.order.len().saturating_sub(height));
        if place < self.top {
            self.top = place;
        }
        self.place = place;
        self.top
    }

    /// Where the selected line stands. If it is gone, the line at its place is selected.
    pub fn place(&self) -> usize {
        let last = self.order.len().saturating_sub(1);
        match self.selected {
            None => 0,
            Some(number) => self.order.place(number).unwrap_or(self.place.min(last)),
        }
    }

    /// The number of the selected line.
    pub fn current(&self) -> Option<u32> {
        self.order.at(self.place())
    }

    /// Selects the line at a place.
    pub fn go(&mut self, place: usize) {
        let place = place.min(self.order.len().saturating_sub(1));
        let before = self.place();
        let above = before.saturating_sub(self.top);
        let moved = above.saturating_add(place).saturating_sub(before);
        let low = (above + place).checked_sub(before).is_none();
        self.selected = self.order.at(place);
        self.place = place;
        self.top =
            if low { place } else { place.saturating_sub(moved.min(self.height.max(1) - 1)) };
    }

    /// Moves by so many lines.
    pub fn step(&mut self, lines: isize) {
        self.go(self.place().saturating_add_signed(lines));
    }

    /// Lines of a screen.
    pub const fn page(&self) -> usize {
        if self.height == 0 { 1 } else { self.height }
    }
}

#[cfg(test)]
mod tests {
    use super::super::order::Answer;
    use super::*;

    #[test]
    fn the_selection_follows_the_line() {
        let mut list = List::default();
        list.order.reversed = true;
        list.order.work((0, 10), |_| Answer::Yes, None);
        assert_eq!((list.show(4), list.current()), (0, Some(9)));
        list.step(2);
        assert_eq!((list.show(4), list.current()), (0, Some(7)));
        // Three more come above: the line stays under the eye.
        list.order.work((0, 13), |_| Answer::Yes, None);
        assert_eq!((list.show(4), list.current(), list.place()), (3, Some(7), 5));
        list.step(3);
        assert_eq!((list.show(4), list.current()), (5, Some(4)));
        list.go(usize::MAX);
        assert_eq!((list.show(4), list.current()), (9, Some(0)));
        list.go(0);
        assert_eq!((list.show(4), list.current()), (0, Some(12)));
    }

    #[test]
    fn an_empty_list_has_no_line() {
        let mut list = List::default();
        list.step(5);
        assert_eq!((list.show(0), list.current(), list.place()), (0, None, 0));
    }
}
