//! A box with a title on its left and a word on its right.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Widget};

use super::text::put;
use crate::dashboard::theme::{Meaning, Theme};
use crate::export::escape;

/// Draws the box and says what is inside.
pub(in crate::dashboard) fn panel(
    buffer: &mut Buffer,
    area: Rect,
    theme: Theme,
    title: &str,
    word: &str,
) -> Rect {
    let block = Block::bordered().border_style(theme.style(Meaning::Frame));
    let inside = block.inner(area);
    block.render(area, buffer);
    let room = usize::from(area.width).saturating_sub(4);
    let title = escape::cut(title.as_bytes(), room.saturating_sub(2));
    if area.width > 6 && !title.is_empty() {
        let line = Rect { x: area.x + 1, width: area.width - 2, ..area };
        put(buffer, line, 0, &format!(" {title} "), theme.style(Meaning::Title));
    }
    let taken = escape::width(&title) + 4;
    if !word.is_empty() && taken + escape::width(word) + 2 < room {
        let word = format!(" {word} ");
        let width = u16::try_from(escape::width(&word)).unwrap_or(0);
        let at = Rect { x: (area.right() - 1).saturating_sub(width), width, ..area };
        put(buffer, at, 0, &word, theme.style(Meaning::Dim));
    }
    inside
}

/// Draws how far a list is scrolled onto the right border of its box.
pub(in crate::dashboard) fn scroll_mark(
    buffer: &mut Buffer,
    area: Rect,
    theme: Theme,
    top: usize,
    count: usize,
) {
    let height = usize::from(area.height.saturating_sub(2));
    if count <= height || height < 2 || area.width < 2 {
        return;
    }
    let place = top * (height - 1) / (count - height).max(1);
    let row = u16::try_from(place.min(height - 1)).unwrap_or(0);
    buffer.set_string(area.right() - 1, area.y + 1 + row, "█", theme.style(Meaning::Frame));
}
