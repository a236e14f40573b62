//! Connections: every attempt a line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::app::{App, CONNECTION_SORTS, CONNECTIONS};
use super::super::theme::Meaning;
use super::super::view::Size;
use super::super::widget::{Column, Table, panel, put, scroll_mark};
use super::super::words::{duration, ending, short};
use crate::snapshot::ConnectionRow;
use crate::units::{Octets, Timestamp};

const COLUMNS: &[Column] = &[
    Column::left("START", 12, 4),
    Column::left("CLIENT", 21, 2),
    Column::growing("SERVER", 15),
    Column::left("KIND", 5, 7),
    Column::right("REQS", 6, 0),
    Column::right("FAILED", 6, 3),
    Column::right("CONNECT", 7, 8),
    Column::right("LASTED", 9, 6),
    Column::right("SENT", 6, 9),
    Column::right("GOT", 6, 9),
    Column::right("AGAIN", 5, 5),
    Column::right("LOST", 6, 8),
    Column::left("END", 17, 0),
];

pub(super) fn draw(app: &mut App, buffer: &mut Buffer, area: Rect, size: Size) {
    let inside = if size == Size::Full {
        let by = CONNECTION_SORTS.get(app.list(CONNECTIONS).sort).copied().unwrap_or_default();
        panel(buffer, area, app.theme, "Connections", &format!("by {by}"))
    } else {
        area
    };
    let table = Table::new(COLUMNS, inside.width);
    let list = app.list(CONNECTIONS);
    let by = CONNECTION_SORTS.get(list.sort).map(|by| (*by, !list.order.reversed));
    table.heading(buffer, inside, app.theme.style(Meaning::Dim), by);
    let height = usize::from(inside.height.saturating_sub(1));
    let top = app.list_mut(CONNECTIONS).show(height);
    let list = app.list(CONNECTIONS);
    if list.order.len() == 0 {
        let below = Rect { y: inside.y + 1, height: inside.height.saturating_sub(1), ..inside };
        put(buffer, below, 0, "  no TCP connection yet", app.theme.style(Meaning::Dim));
    }
    let current = list.current();
    for (row, place) in (1..).zip(top..top + height) {
        let Some(number) = list.order.at(place) else { break };
        let Some(connection) = app.shown.connections.get(number as usize) else { continue };
        let selected = (current == Some(number)).then(|| app.theme.style(Meaning::Selected));
        let above = place.checked_sub(1).and_then(|place| list.order.at(place));
        let above = above.and_then(|number| app.shown.connections.get(number as usize));
        let cells = cells(app, connection, above.map(|above| above.first));
        table.row(buffer, inside, row, &cells, selected);
    }
    if size == Size::Full {
        scroll_mark(buffer, area, app.theme, top, app.list(CONNECTIONS).order.len());
    }
}

fn cells(app: &App, row: &ConnectionRow, above: Option<Timestamp>) -> Vec<(String, Style)> {
    let plain = Style::new();
    let or = |there: bool, meaning: Meaning| if there { app.theme.style(meaning) } else { plain };
    let (end, meaning) = ending(row);
    // Until it is over nobody has counted its octets.
    let octets = |count: u64| {
        if row.ending.is_none() { "—".to_owned() } else { Octets(count).to_string() }
    };
    let [sent, got] = row.octets;
    vec![
        (app.times.text(row.first, app.shown.now.first, above, 12), app.theme.style(Meaning::Dim)),
        (row.client.to_string(), plain),
        (row.server.to_string(), plain),
        (row.protocol.unwrap_or("—").to_owned(), app.theme.style(Meaning::Dim)),
        (short(u64::from(row.exchanges)), plain),
        (short(u64::from(row.failed)), or(row.failed > 0, Meaning::Failure)),
        (duration(row.connect), plain),
        (row.last.since(row.first).to_string(), plain),
        (octets(sent), plain),
        (octets(got), plain),
        (short(u64::from(row.retransmissions)), or(row.retransmissions > 0, Meaning::Warning)),
        (
            if row.missing > 0 { Octets(row.missing).to_string() } else { "0".to_owned() },
            or(row.missing > 0, Meaning::Warning),
        ),
        (end.to_owned(), app.theme.style(meaning)),
    ]
}
