//! Requests: every exchange a line, and what is known of the selected one below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::app::{App, REQUEST_SORTS, REQUESTS};
use super::super::detail;
use super::super::theme::Meaning;
use super::super::view::Size;
use super::super::widget::{Column, Table, panel, put, scroll_mark};
use super::super::words::{duration, host, safe, status, target, why};
use crate::http::Protocol;
use crate::snapshot::Row;
use crate::units::{Count, Octets};

const COLUMNS: &[Column] = &[
    Column::right("#", 7, 4),
    Column::left("TIME", 12, 1),
    Column::left("METHOD", 6, 0),
    Column::left("HOST", 16, 6),
    Column::growing("PATH", 12),
    Column::left("CODE", 5, 0),
    Column::right("TTFB", 7, 5),
    Column::right("TOTAL", 7, 2),
    Column::right("SIZE", 6, 7),
    Column::left("WHY", 22, 1),
];

const COMPACT: &[Column] = &[
    Column::left("TIME", 8, 1),
    Column::left("METH", 4, 0),
    Column::growing("PATH", 12),
    Column::left("CODE", 5, 0),
    Column::right("TOTAL", 7, 2),
    Column::left("WHY", 20, 0),
];

const SMALL: &[Column] =
    &[Column::left("CODE", 4, 0), Column::growing("PATH", 8), Column::left("WHY", 14, 0)];

pub(super) fn draw(app: &mut App, buffer: &mut Buffer, area: Rect, size: Size) {
    let (list, below) = match size {
        Size::Full => {
            // The lower boxes stay as they are; a higher screen has more lines.
            let below = (area.height / 2).clamp(15, 17);
            area_split(area, area.height - below)
        }
        Size::Compact => area_split(area, area.height.saturating_sub(8).max(5)),
        _ => area_split(area, area.height),
    };
    let inside = if size == Size::Full {
        let shown = app.list(REQUESTS);
        let by = REQUEST_SORTS.get(shown.sort).copied().unwrap_or_default();
        let order = match (shown.sort, shown.order.reversed) {
            (0, true) => "newest first".to_owned(),
            (0, false) => "oldest first".to_owned(),
            (_, true) => format!("largest {by} first"),
            (_, false) => format!("smallest {by} first"),
        };
        let following = if app.follow { " · following" } else { "" };
        let word = format!("{order}{following}");
        panel(buffer, list, app.theme, "Requests", &word)
    } else {
        list
    };
    table(app, buffer, inside, size);
    if size == Size::Full {
        let top = app.list_mut(REQUESTS).show(usize::from(inside.height.saturating_sub(1)));
        scroll_mark(buffer, list, app.theme, top, app.list(REQUESTS).order.len());
    }
    match size {
        Size::Full => detail::panes(app, buffer, below),
        Size::Compact => detail::strip(app, buffer, below),
        _ => {}
    }
}

/// An area in two, one above the other.
pub(in crate::dashboard) fn area_split(area: Rect, above: u16) -> (Rect, Rect) {
    let above = above.min(area.height);
    let upper = Rect { height: above, ..area };
    (upper, Rect { y: area.y + above, height: area.height - above, ..area })
}

fn table(app: &mut App, buffer: &mut Buffer, area: Rect, size: Size) {
    let columns = match size {
        Size::Full => COLUMNS,
        Size::Compact => COMPACT,
        _ => SMALL,
    };
    let table = Table::new(columns, area.width);
    let sort = app.list(REQUESTS).sort;
    let up = !app.list(REQUESTS).order.reversed;
    let sorted = REQUEST_SORTS.get(sort).map(|by| (*by, up)).filter(|_| sort > 0);
    table.heading(buffer, area, app.theme.style(Meaning::Dim), sorted);
    let height = usize::from(area.height.saturating_sub(1));
    let top = app.list_mut(REQUESTS).show(height);
    let list = app.list(REQUESTS);
    if list.order.len() == 0 {
        let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        let word = if app.shown.rows.is_empty() {
            nothing(app)
        } else if app.working {
            "filtering …".to_owned()
        } else {
            "no exchange matches; Esc clears the filter".to_owned()
        };
        put(buffer, below, 0, &format!("  {word}"), app.theme.style(Meaning::Dim));
        return;
    }
    let current = list.current();
    for (row, place) in (1..).zip(top..top + height) {
        let Some(number) = list.order.at(place) else { break };
        let Some(exchange) = app.shown.rows.get(number as usize) else { continue };
        let cells = cells(app, u64::from(number) + 1, exchange, size);
        let selected = (current == Some(number)).then(|| app.theme.style(Meaning::Selected));
        table.row(buffer, area, row, &cells, selected);
        if app.marked.contains(&number) && selected.is_none() {
            let mark = Rect { y: area.y + row, height: 1, width: 1, ..area };
            put(buffer, mark, 0, "*", app.theme.style(Meaning::Title));
        }
    }
}

/// What stands where there is no exchange at all.
pub(super) fn nothing(app: &App) -> String {
    if app.shown.now.end.is_none() {
        return "nothing yet".to_owned();
    }
    let statistics = &app.shown.statistics;
    let mut text = format!("no HTTP/1.x in {} connections", Count(statistics.connections));
    for (protocol, name) in
        [(Protocol::Tls, "TLS"), (Protocol::Http2, "HTTP/2"), (Protocol::Ssh, "SSH")]
    {
        let count = statistics.protocols.count(protocol);
        if count > 0 {
            text.push_str(&format!(", {} {name}", Count(count)));
        }
    }
    text
}

fn cells(app: &App, id: u64, row: &Row, size: Size) -> Vec<(String, Style)> {
    let plain = Style::new();
    let theme = app.theme;
    let (code, code_meaning) = status(row);
    let (why, why_meaning) = why(row);
    let time = app.times.text(row.at, app.shown.now.first);
    let time = match (size, app.times) {
        // Seconds do where there is little room.
        (Size::Compact, super::super::words::Times::Clock) => {
            time.get(..8).unwrap_or_default().to_owned()
        }
        (Size::Compact, super::super::words::Times::Date) => {
            time.get(6..).unwrap_or_default().to_owned()
        }
        _ => time,
    };
    let method = (safe(&row.method), plain);
    let path = (target(row, app.secrets), plain);
    let code = (code, theme.style(code_meaning));
    let why = (why, theme.style(why_meaning));
    let total = (duration(row.total_time()), plain);
    let time = (time, theme.style(Meaning::Dim));
    match size {
        Size::Full => vec![
            (Count(id).to_string(), theme.style(Meaning::Dim)),
            time,
            method,
            (host(&row.host, app.secrets), plain),
            path,
            code,
            (duration(row.think_time()), plain),
            total,
            (row.size().map_or_else(|| "—".to_owned(), |size| Octets(size).to_string()), plain),
            why,
        ],
        Size::Compact => vec![time, method, path, code, total, why],
        _ => vec![code, path, why],
    }
}
