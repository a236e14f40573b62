//! Lines of exact width.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::export::escape;

/// A text cut or filled to exactly so many columns, at the left edge.
pub(in crate::dashboard) fn fit(text: &str, columns: usize) -> String {
    let mut cut = escape::cut(text.as_bytes(), columns).into_owned();
    let rest = columns.saturating_sub(escape::width(&cut));
    cut.extend(std::iter::repeat_n(' ', rest));
    cut
}

/// The same at the right edge.
pub(in crate::dashboard) fn right(text: &str, columns: usize) -> String {
    let cut = escape::cut(text.as_bytes(), columns);
    let rest = columns.saturating_sub(escape::width(&cut));
    let mut line = " ".repeat(rest);
    line.push_str(&cut);
    line
}

/// Two texts at the two ends of so many columns; where they do not fit, the left one is cut.
pub(in crate::dashboard) fn padded(left: &str, end: &str, columns: usize) -> String {
    let end = escape::cut(end.as_bytes(), columns);
    let room = columns.saturating_sub(escape::width(&end));
    let gap = usize::from(room > 0 && !end.is_empty());
    let mut line = fit(left, room.saturating_sub(gap));
    line.extend(std::iter::repeat_n(' ', gap));
    line.push_str(&end);
    line
}

/// Draws a text on one line of an area; what does not fit is cut, what is unsafe is escaped.
pub(in crate::dashboard) fn put(
    buffer: &mut Buffer,
    area: Rect,
    row: u16,
    text: &str,
    style: Style,
) {
    if row < area.height && area.width > 0 {
        let text = escape::cut(text.as_bytes(), usize::from(area.width));
        buffer.set_string(area.x, area.y + row, &*text, style);
    }
}

/// Draws a line of several styles on one line of an area.
pub(in crate::dashboard) fn line(buffer: &mut Buffer, area: Rect, row: u16, line: &Line<'_>) {
    if row < area.height && area.width > 0 {
        buffer.set_line(area.x, area.y + row, line, area.width);
    }
}

/// A text in lines of at most so many columns, broken between words.
pub(in crate::dashboard) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(8);
    let mut lines: Vec<String> = Vec::new();
    let mut now = String::new();
    for word in text.split_whitespace() {
        let width = escape::width(word);
        if !now.is_empty() && escape::width(&now) + 1 + width > columns {
            lines.push(std::mem::take(&mut now));
        }
        if !now.is_empty() {
            now.push(' ');
        }
        if width <= columns {
            now.push_str(word);
            continue;
        }
        // A word longer than a line goes on in the next.
        for letter in word.chars() {
            let mut letter_text = [0; 4];
            let wide = escape::width(letter.encode_utf8(&mut letter_text));
            if escape::width(&now) + wide > columns {
                lines.push(std::mem::take(&mut now));
            }
            now.push(letter);
        }
    }
    if !now.is_empty() || lines.is_empty() {
        lines.push(now);
    }
    lines
}
