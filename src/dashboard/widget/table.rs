//! A table of exact columns: those that matter least go first where there is no room, and one column
//! takes what is left.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::text::{fit, line, right};

/// At which edge of its column a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub(in crate::dashboard) struct Column {
    /// Its heading.
    title: &'static str,
    /// Its columns on the screen; of the one that grows, the least.
    width: u16,
    /// At which edge.
    align: Align,
    /// 0 always stays; of the others the largest goes first.
    rank: u8,
    /// Whether it takes what is left.
    grows: bool,
}

impl Column {
    pub const fn left(title: &'static str, width: u16, rank: u8) -> Self {
        Self { title, width, align: Align::Left, rank, grows: false }
    }

    pub const fn right(title: &'static str, width: u16, rank: u8) -> Self {
        Self { title, width, align: Align::Right, rank, grows: false }
    }

    /// The same with another rank.
    pub const fn ranked(self, rank: u8) -> Self {
        Self { rank, ..self }
    }

    pub const fn growing(title: &'static str, width: u16) -> Self {
        Self { title, width, align: Align::Left, rank: 0, grows: true }
    }
}

/// Columns that fit.
pub(in crate::dashboard) struct Table {
    columns: Vec<(usize, Column)>,
}

/// A cell: text that is safe to show, and how it looks.
pub(in crate::dashboard) type Cell = (String, Style);

impl Table {
    /// Chooses the columns that fit so many columns of the screen, the mark in front included.
    pub fn new(columns: &[Column], room: u16) -> Self {
        let mut kept: Vec<(usize, Column)> = columns.iter().copied().enumerate().collect();
        let taken =
            |kept: &[(usize, Column)]| kept.iter().map(|(_, column)| column.width + 1).sum::<u16>();
        while taken(&kept) > room {
            let rank = kept.iter().map(|(_, column)| column.rank).max().unwrap_or(0);
            match kept.iter().rposition(|(_, column)| column.rank == rank && rank > 0) {
                Some(place) => kept.remove(place),
                None => break,
            };
        }
        let left = room.saturating_sub(taken(&kept));
        if let Some((_, column)) = kept.iter_mut().find(|(_, column)| column.grows) {
            column.width += left;
        }
        Self { columns: kept }
    }

    /// The places of the columns that fit, among those that it was made of.
    pub fn places(&self) -> Vec<usize> {
        self.columns.iter().map(|(place, _)| *place).collect()
    }

    /// Draws the headings; the one that is sorted by has a mark.
    pub fn heading(
        &self,
        buffer: &mut Buffer,
        area: Rect,
        style: Style,
        sorted: Option<(&str, bool)>,
    ) {
        let mut text = String::new();
        for (place, (_, column)) in self.columns.iter().enumerate() {
            text.push_str(if place == 0 { "" } else { " " });
            let title = match sorted {
                Some((by, up)) if by == column.title => {
                    format!("{}{}", column.title, if up { "↑" } else { "↓" })
                }
                _ => column.title.to_owned(),
            };
            text.push_str(&cell(column, &title));
        }
        line(buffer, area, 0, &Line::from(vec![Span::raw(" "), Span::styled(text, style)]));
    }

    /// Draws a row; `cells` has one for each column of the whole table.
    pub fn row(
        &self,
        buffer: &mut Buffer,
        area: Rect,
        row: u16,
        cells: &[Cell],
        selected: Option<Style>,
    ) {
        let mut spans = Vec::with_capacity(self.columns.len() * 2 + 1);
        spans.push(Span::raw(if selected.is_some() { "▸" } else { " " }));
        for (place, (index, column)) in self.columns.iter().enumerate() {
            if place > 0 {
                spans.push(Span::raw(" "));
            }
            if let Some((text, style)) = cells.get(*index) {
                spans.push(Span::styled(cell(column, text), *style));
            }
        }
        let mut drawn = Line::from(spans);
        if let Some(style) = selected {
            drawn = drawn.patch_style(style);
            let there = Rect { y: area.y + row, height: 1, ..area };
            if row < area.height {
                buffer.set_style(there, style);
            }
        }
        line(buffer, area, row, &drawn);
    }
}

fn cell(column: &Column, text: &str) -> String {
    let width = usize::from(column.width);
    match column.align {
        Align::Left => fit(text, width),
        Align::Right => right(text, width),
    }
}
