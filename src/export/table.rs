//! Rows of cells in, aligned columns out.

use super::escape;
use super::paint::{Page, Style};

/// One cell: text that is safe to show, and how it looks.
pub(super) type Cell = (String, Style);

/// A plain cell.
pub(super) fn plain(text: impl ToString) -> Cell {
    (text.to_string(), Style::Plain)
}

/// Rows under a heading. The first cells of a heading stand at the edge, those of a row behind a
/// blank of two columns.
pub(super) struct Table<'t> {
    /// `<` for a column to the left, `>` for one to the right.
    align: &'static str,
    heading: Vec<&'t str>,
    rows: Vec<Vec<Cell>>,
}

/// Columns between two columns.
const BETWEEN: usize = 3;

/// Columns in front of a row.
const INDENT: usize = 2;

impl<'t> Table<'t> {
    pub fn new(align: &'static str, heading: &[&'t str]) -> Self {
        Self { align, heading: heading.to_vec(), rows: Vec::new() }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes the table; where lines must fit `columns`, the widest column to the left gives way.
    pub fn write(&self, page: &mut Page, columns: Option<usize>) {
        let count = self.align.len();
        let mut widths = vec![0; count];
        for (index, title) in self.heading.iter().enumerate() {
            let edge = if index == 0 { escape::width(title).saturating_sub(INDENT) } else { 0 };
            if let Some(width) = widths.get_mut(index) {
                *width = if index == 0 { edge } else { escape::width(title) };
            }
        }
        for row in &self.rows {
            for (width, (text, _)) in widths.iter_mut().zip(row) {
                *width = (*width).max(escape::width(text));
            }
        }
        self.narrow(&mut widths, columns);
        for (index, (title, align)) in self.heading.iter().zip(self.align.chars()).enumerate() {
            let width = widths.get(index).copied().unwrap_or(0);
            let width = if index == 0 { width + INDENT } else { width };
            let style = if index == 0 { Style::Bold } else { Style::Dim };
            cell(page, index, title, style, align, width);
        }
        page.end_line();
        for row in &self.rows {
            page.blanks(INDENT);
            for (index, ((text, style), align)) in row.iter().zip(self.align.chars()).enumerate() {
                let width = widths.get(index).copied().unwrap_or(0);
                let shown = escape::cut(text.as_bytes(), width);
                cell(page, index, &shown, *style, align, width);
            }
            page.end_line();
        }
    }

    fn narrow(&self, widths: &mut [usize], columns: Option<usize>) {
        let Some(columns) = columns else { return };
        let gaps = INDENT + BETWEEN * widths.len().saturating_sub(1);
        let excess = (widths.iter().sum::<usize>() + gaps).saturating_sub(columns);
        let left = widths.iter_mut().zip(self.align.chars()).filter(|(_, align)| *align == '<');
        if let Some((widest, _)) = left.max_by_key(|(width, _)| **width) {
            *widest = widest.saturating_sub(excess).max(8.min(*widest));
        }
    }
}

fn cell(page: &mut Page, index: usize, text: &str, style: Style, align: char, width: usize) {
    if index > 0 {
        page.blanks(BETWEEN);
    }
    let rest = width.saturating_sub(escape::width(text));
    if align == '>' {
        page.blanks(rest).put(style, text);
    } else {
        page.put(style, text).blanks(rest);
    }
}
