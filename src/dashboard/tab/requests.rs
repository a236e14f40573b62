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
use crate::units::{Count, Octets, Timestamp};

/// A column that can be shown.
pub(in crate::dashboard) struct Choice {
    /// Its name.
    pub name: &'static str,
    full: Column,
    compact: Column,
    /// Whether it is there unless somebody chooses, in full and without boxes.
    shown: (bool, bool),
    /// Whether it always is.
    pub stays: bool,
}

const fn choice(name: &'static str, full: Column, compact: Column, shown: (bool, bool)) -> Choice {
    Choice { name, full, compact, shown, stays: false }
}

const fn stays(name: &'static str, full: Column, compact: Column) -> Choice {
    Choice { name, full, compact, shown: (true, true), stays: true }
}

/// All columns, in their order.
pub(in crate::dashboard) static CHOICES: &[Choice] = &[
    choice("#", Column::right("#", 7, 4), Column::right("#", 7, 4), (true, false)),
    choice("TIME", Column::left("TIME", 12, 1), Column::left("TIME", 8, 1), (true, true)),
    choice("CONN", Column::right("CONN", 7, 3), Column::right("CONN", 7, 3), (false, false)),
    choice("CLIENT", Column::left("CLIENT", 21, 3), Column::left("CLIENT", 21, 3), (false, false)),
    choice("SERVER", Column::left("SERVER", 21, 3), Column::left("SERVER", 21, 3), (false, false)),
    choice("METHOD", Column::left("METHOD", 6, 0), Column::left("METH", 4, 0), (true, true)),
    choice("HOST", Column::left("HOST", 16, 6), Column::left("HOST", 16, 6), (true, false)),
    stays("PATH", Column::growing("PATH", 12), Column::growing("PATH", 12)),
    stays("CODE", Column::left("CODE", 5, 0), Column::left("CODE", 5, 0)),
    choice("TTFB", Column::right("TTFB", 7, 5), Column::right("TTFB", 7, 5), (true, false)),
    choice("TOTAL", Column::right("TOTAL", 7, 2), Column::right("TOTAL", 7, 2), (true, true)),
    choice("SIZE", Column::right("SIZE", 6, 7), Column::right("SIZE", 6, 7), (true, false)),
    stays("WHY", Column::left("WHY", 22, 0), Column::left("WHY", 20, 0)),
];

/// Whether a column is wanted: as somebody chose, or as is usual at this size.
pub(in crate::dashboard) fn is_wanted(app: &App, choice: &Choice, size: Size) -> bool {
    let usual = if size == Size::Full { choice.shown.0 } else { choice.shown.1 };
    choice.stays || app.columns.get(choice.name).copied().unwrap_or(usual)
}

/// The columns that are wanted, and their places among all.
fn wanted(app: &App, size: Size) -> (Vec<Column>, Vec<usize>) {
    let wanted = CHOICES.iter().enumerate().filter(|(_, choice)| is_wanted(app, choice, size));
    wanted
        .map(|(place, choice)| {
            let column = if size == Size::Full { choice.full } else { choice.compact };
            // What somebody has asked for goes last.
            let asked = app.columns.contains_key(choice.name) && !choice.stays;
            (if asked { column.ranked(1) } else { column }, place)
        })
        .unzip()
}

/// The names of the columns that there is room for.
pub(in crate::dashboard) fn fitting(app: &App, size: Size, room: u16) -> Vec<&'static str> {
    let (columns, places) = wanted(app, size);
    let kept = Table::new(&columns, room).places();
    let names = kept.into_iter().filter_map(|kept| CHOICES.get(*places.get(kept)?));
    names.map(|choice| choice.name).collect()
}

/// Columns where there is room for no others.
fn small(room: u16) -> Vec<Column> {
    let why = (room * 2 / 5).clamp(14, 24);
    vec![Column::left("CODE", 4, 0), Column::growing("PATH", 8), Column::left("WHY", why, 0)]
}

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
        let new = app.shown.rows.end().saturating_sub(app.followed);
        let following = if app.follow {
            " · following".to_owned()
        } else if app.options.live && new > 0 {
            format!(" · {} new, f follows", Count(new as u64))
        } else {
            String::new()
        };
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
    let (columns, places) = match size {
        Size::Full | Size::Compact => wanted(app, size),
        _ => (small(area.width), Vec::new()),
    };
    let table = Table::new(&columns, area.width);
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
        let above = place.checked_sub(1).and_then(|place| list.order.at(place));
        let above = above.and_then(|number| app.shown.rows.get(number as usize));
        let cells = match size {
            Size::Full | Size::Compact => {
                let above = above.map(|above| above.at);
                let mut all = cells(app, u64::from(number) + 1, (exchange, above), size);
                let take = |place: &usize| all.get_mut(*place).map(std::mem::take);
                places.iter().filter_map(take).collect()
            }
            _ => ends(app, exchange).to_vec(),
        };
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

/// A cell for each of all columns; `of` is the row and the time of the one above it.
fn cells(app: &App, id: u64, of: (&Row, Option<Timestamp>), size: Size) -> Vec<(String, Style)> {
    let (row, above) = of;
    let plain = Style::new();
    let dim = app.theme.style(Meaning::Dim);
    let columns = if size == Size::Full { 12 } else { 8 };
    let time = app.times.text(row.at, app.shown.now.first, above, columns);
    let mut cells = vec![
        (Count(id).to_string(), dim),
        (time, dim),
        (Count(row.connection).to_string(), dim),
        (row.client.to_string(), plain),
        (row.server.to_string(), plain),
        (safe(&row.method), plain),
        (host(&row.host, app.secrets), plain),
    ];
    let [code, path, why] = ends(app, row);
    cells.extend([
        path,
        code,
        (duration(row.think_time()), plain),
        (duration(row.total_time()), plain),
        (row.size().map_or_else(|| "—".to_owned(), |size| Octets(size).to_string()), plain),
        why,
    ]);
    cells
}

/// Code, path and why.
fn ends(app: &App, row: &Row) -> [(String, Style); 3] {
    let (code, code_meaning) = status(row);
    let (why, why_meaning) = why(row);
    [
        (code, app.theme.style(code_meaning)),
        (target(row, app.secrets), Style::new()),
        (why, app.theme.style(why_meaning)),
    ]
}
