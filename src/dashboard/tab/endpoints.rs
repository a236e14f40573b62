//! Endpoints: what was asked for, paths with their changing parts taken out.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::app::{App, ENDPOINT_SORTS, ENDPOINTS};
use super::super::theme::Meaning;
use super::super::view::Size;
use super::super::widget::{Column, Table, panel, put, scroll_mark};
use super::super::words::{duration, host, percent, rate, safe, short, template};
use crate::stats::EndpointCount;
use crate::units::Octets;

const COLUMNS: &[Column] = &[
    Column::left("METHOD", 6, 0),
    Column::growing("PATH", 12),
    Column::left("HOST", 20, 8),
    Column::right("REQS", 7, 0),
    Column::right("REQ/S", 7, 5),
    Column::right("5xx", 7, 0),
    Column::right("4xx", 7, 4),
    Column::right("FAILED", 7, 6),
    Column::right("p50", 7, 3),
    Column::right("p95", 7, 1),
    Column::right("p99", 7, 7),
    Column::right("SIZE", 7, 8),
];

pub(super) fn draw(app: &mut App, buffer: &mut Buffer, area: Rect, size: Size) {
    let inside = if size == Size::Full {
        let by = ENDPOINT_SORTS.get(app.list(ENDPOINTS).sort).copied().unwrap_or_default();
        panel(buffer, area, app.theme, "Endpoints", &format!("by {by}"))
    } else {
        area
    };
    let table = Table::new(COLUMNS, inside.width);
    let list = app.list(ENDPOINTS);
    let by = ENDPOINT_SORTS.get(list.sort).map(|by| (*by, !list.order.reversed));
    table.heading(buffer, inside, app.theme.style(Meaning::Dim), by);
    let height = usize::from(inside.height.saturating_sub(1));
    let top = app.list_mut(ENDPOINTS).show(height);
    let list = app.list(ENDPOINTS);
    if list.order.len() == 0 {
        let below = Rect { y: inside.y + 1, height: inside.height.saturating_sub(1), ..inside };
        let word = super::requests::nothing(app);
        put(buffer, below, 0, &format!("  {word}"), app.theme.style(Meaning::Dim));
    }
    let current = list.current();
    for (row, place) in (1..).zip(top..top + height) {
        let Some(number) = list.order.at(place) else { break };
        let Some(endpoint) = app.shown.endpoints.get(number as usize) else { continue };
        let selected = (current == Some(number)).then(|| app.theme.style(Meaning::Selected));
        table.row(buffer, inside, row, &cells(app, endpoint, size), selected);
    }
    if size == Size::Full {
        scroll_mark(buffer, area, app.theme, top, app.list(ENDPOINTS).order.len());
    }
}

fn cells(app: &App, endpoint: &EndpointCount, size: Size) -> Vec<(String, Style)> {
    let plain = Style::new();
    let now = &app.shown.now;
    let time = now.first.zip(now.at).map(|(first, at)| at.since(first));
    let all = endpoint.exchanges.max(1) as f64;
    let [.., client_errors, server_errors] = endpoint.classes;
    let share = |count: u64, meaning: Meaning| {
        let style = if count > 0 { app.theme.style(meaning) } else { plain };
        (percent(count as f64 / all), style)
    };
    let quantile = |share: f64| (duration(endpoint.think.quantile(share)), plain);
    let failed = if endpoint.failed > 0 { app.theme.style(Meaning::Failure) } else { plain };
    // Where the column of hosts has no room, equal paths of several hosts are told apart so.
    let inside = size != Size::Full && app.shown.endpoints.several_hosts();
    let inside = if inside { host(&endpoint.host, app.secrets) } else { String::new() };
    vec![
        (safe(&endpoint.method), plain),
        (format!("{}  {inside}", template(endpoint, app.secrets)), plain),
        (host(&endpoint.host, app.secrets), app.theme.style(Meaning::Dim)),
        (short(endpoint.exchanges), plain),
        (rate(endpoint.exchanges, time), plain),
        share(server_errors, Meaning::Failure),
        share(client_errors, Meaning::Warning),
        (short(endpoint.failed), failed),
        quantile(0.5),
        quantile(0.95),
        quantile(0.99),
        (Octets(endpoint.octets).to_string(), plain),
    ]
}
