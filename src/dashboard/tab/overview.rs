//! Overview: rates, failures, latency, endpoints, servers and problems at a glance.

use std::cmp::Reverse;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::super::app::{App, ENDPOINTS, OVERVIEW};
use super::super::theme::Meaning;
use super::super::view::Size;
use super::super::widget::{Column, Table, bar, fit, line, panel, put, right, sparkline, wrapped};
use super::super::words::{duration, host, percent, rate, safe, short, sign, template};
use super::curves::{Curves, Totals, curve};
use super::problems::severity;
use super::requests::area_split;
use crate::stats::Server;
use crate::units::Count;

pub(super) fn draw(app: &mut App, buffer: &mut Buffer, area: Rect, size: Size) {
    let totals = Totals::of(app);
    let curves = Curves::of(app);
    match size {
        Size::Full => full(app, buffer, area, &totals, &curves),
        Size::Compact => compact(app, buffer, area, &totals, &curves),
        _ => small(app, buffer, area, &totals, &curves),
    }
}

fn full(app: &mut App, buffer: &mut Buffer, area: Rect, totals: &Totals, curves: &Curves) {
    let (heads, rest) = area_split(area, 4);
    let (middle, rest) = area_split(rest, (rest.height / 3).clamp(8, 14));
    let (tables, problems) = area_split(rest, (rest.height / 2).clamp(5, 16));
    numbers(app, buffer, heads, totals, curves);
    let half = middle.width / 2 + middle.width % 2 + 2;
    let half = half.min(middle.width);
    let (left, right) = beside(middle, half);
    curve(app, buffer, left, curves);
    statuses(app, buffer, right);
    let (left, right) = beside(tables, tables.width / 2);
    let inside = panel(buffer, left, app.theme, "Endpoints by 5xx", "3 all");
    endpoints(app, buffer, inside);
    let inside = panel(buffer, right, app.theme, "Servers", "");
    servers(app, buffer, inside);
    let inside = panel(
        buffer,
        problems,
        app.theme,
        "Problems — why requests fail",
        "5 or Enter for evidence",
    );
    self::problems(app, buffer, inside, true);
}

/// An area in two, one beside the other.
fn beside(area: Rect, first: u16) -> (Rect, Rect) {
    let first = first.min(area.width);
    let left = Rect { width: first, ..area };
    (left, Rect { x: area.x + first, width: area.width - first, ..area })
}

fn numbers(app: &App, buffer: &mut Buffer, area: Rect, totals: &Totals, curves: &Curves) {
    let quarter = area.width / 4;
    let boxed = |place: u16| Rect {
        x: area.x + place * quarter,
        width: if place == 3 { area.width - 3 * quarter } else { quarter },
        ..area
    };
    let theme = app.theme;
    let spark = |values: &[f64], room: u16| {
        format!("  {}", sparkline(values, usize::from(room.saturating_sub(4))))
    };
    let inside = panel(buffer, boxed(0), theme, "Requests/s", "");
    let text = format!("  {}     peak {}", totals.rate, totals.peak);
    put(buffer, inside, 0, &text, theme.style(Meaning::Title));
    let begun = curves.per_second(usize::from(inside.width), |bucket| bucket.begun);
    put(buffer, inside, 1, &spark(&begun, inside.width), theme.style(Meaning::Line));
    let inside = panel(buffer, boxed(1), theme, "5xx", "");
    let bad = totals.errors > 0;
    let text =
        format!("  {}  ✖ {} of {}", totals.share, short(totals.errors), short(totals.exchanges));
    put(buffer, inside, 0, &text, theme.style(if bad { Meaning::Failure } else { Meaning::Title }));
    let errors = curves.per_second(usize::from(inside.width), |bucket| bucket.server_errors);
    let meaning = if bad { Meaning::Failure } else { Meaning::Dim };
    put(buffer, inside, 1, &spark(&errors, inside.width), theme.style(meaning));
    let inside = panel(buffer, boxed(2), theme, "Time to first byte", "");
    let [p50, p95, p99, longest] = &totals.quantiles;
    put(buffer, inside, 0, &format!("  p50 {p50:<8} p95 {p95}"), theme.style(Meaning::Title));
    put(buffer, inside, 1, &format!("  p99 {p99:<8} max {longest}"), Style::new());
    let inside = panel(buffer, boxed(3), theme, "In flight", "");
    let [waiting, oldest] = &totals.waiting;
    put(buffer, inside, 0, &format!("  {waiting}   {oldest}"), theme.style(Meaning::Title));
    put(buffer, inside, 1, &spark(&totals.in_flight, inside.width), theme.style(Meaning::Line));
}

/// Statuses by class, and the worst codes.
fn statuses(app: &App, buffer: &mut Buffer, area: Rect) {
    let theme = app.theme;
    let inside = panel(buffer, area, theme, "Status", "");
    let statistics = &app.shown.statistics;
    let all = statistics.exchanges.max(1) as f64;
    let classes = classes(app);
    let unanswered = statistics.outcomes.unanswered();
    let room = usize::from(inside.width).saturating_sub(36).max(4);
    let mut row = 0;
    let mut class = |name: &str, count: u64, meaning: Meaning| {
        let share = count as f64 / all;
        let spans = vec![
            Span::styled(format!(" {name} "), theme.style(meaning)),
            Span::styled(
                fit(&bar(share, room), room),
                theme.style(if meaning == Meaning::Plain { Meaning::Bar } else { meaning }),
            ),
            Span::raw(right(&percent(share), 9)),
            Span::raw(right(&Count(count).to_string(), 10)),
        ];
        line(buffer, inside, row, &Line::from(spans));
        row += 1;
    };
    for (name, count, meaning) in [
        ("1xx        ", classes[0], Meaning::Plain),
        ("2xx        ", classes[1], Meaning::Plain),
        ("3xx        ", classes[2], Meaning::Redirect),
        ("4xx        ", classes[3], Meaning::Warning),
        ("5xx        ", classes[4], Meaning::Failure),
    ] {
        if count > 0 || !name.starts_with('1') {
            class(name, count, meaning);
        }
    }
    class(
        "no response",
        unanswered,
        if unanswered > 0 { Meaning::Failure } else { Meaning::Plain },
    );
    let mut codes: Vec<(u16, u64)> =
        statistics.statuses.iter().filter(|(code, _)| *code >= 400).collect();
    codes.sort_by_key(|(code, count)| (Reverse(*count), *code));
    let most = codes.first().map_or(1, |(_, count)| *count).max(1) as f64;
    let column = usize::from(inside.width) / 2;
    for pair in codes.chunks(2).take(usize::from(inside.height.saturating_sub(row))) {
        let mut spans = vec![Span::raw("  ")];
        for (code, count) in pair {
            let share = *count as f64 / most;
            let text = Count(*count).to_string();
            let bar = bar(share, column.saturating_sub(text.len() + 8).min(12));
            let text = fit(&format!("{code} {bar} {text}"), column.saturating_sub(2));
            spans.push(Span::styled(text, theme.style(Meaning::of_status(Some(*code)))));
        }
        line(buffer, inside, row, &Line::from(spans));
        row += 1;
    }
}

/// Final statuses by class, 1xx to 5xx and above.
fn classes(app: &App) -> [u64; 5] {
    let mut classes = [0; 5];
    for (code, count) in app.shown.statistics.statuses.iter() {
        let class = usize::from(code / 100).clamp(1, 5) - 1;
        if let Some(sum) = classes.get_mut(class) {
            *sum += count;
        }
    }
    classes
}

/// The endpoints with most server errors, then with most requests.
fn endpoints(app: &mut App, buffer: &mut Buffer, area: Rect) {
    let columns = [
        Column::growing("ENDPOINT", 16),
        Column::right("REQS", 6, 3),
        Column::right("REQ/S", 6, 2),
        Column::right("5xx", 7, 0),
        Column::right("p95", 7, 0),
    ];
    let table = Table::new(&columns, area.width);
    table.heading(buffer, area, app.theme.style(Meaning::Dim), None);
    let now = &app.shown.now;
    let time = now.first.zip(now.at).map(|(first, at)| at.since(first));
    let hosts = app.shown.endpoints.several_hosts();
    // The order of the tab's list, which is by 5xx unless somebody has chosen another.
    let order = &app.list(ENDPOINTS).order;
    for (row, place) in (1..area.height).zip(0..) {
        let Some(number) = order.at(place) else { break };
        let Some(endpoint) = app.shown.endpoints.get(number as usize) else { break };
        let [.., errors] = endpoint.classes;
        let style = if errors > 0 { app.theme.style(Meaning::Failure) } else { Style::new() };
        // Equal paths of several hosts are told apart.
        let at = if hosts { host(&endpoint.host, app.secrets) } else { String::new() };
        let path = template(endpoint, app.secrets);
        let name = format!("{:<4} {path}  {at}", safe(&endpoint.method));
        let cells = [
            (name, Style::new()),
            (short(endpoint.exchanges), Style::new()),
            (rate(endpoint.exchanges, time), Style::new()),
            (percent(endpoint.server_errors()), style),
            (duration(endpoint.think.quantile(0.95)), Style::new()),
        ];
        table.row(buffer, area, row, &cells, None);
    }
    if app.shown.endpoints.is_empty() {
        let word = super::requests::nothing(app);
        let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        for (row, text) in (0..).zip(wrapped(&word, usize::from(below.width).saturating_sub(2))) {
            put(buffer, below, row, &format!(" {text}"), app.theme.style(Meaning::Dim));
        }
    }
}

/// The servers with most failures, then with most requests.
fn servers(app: &App, buffer: &mut Buffer, area: Rect) {
    let columns = [
        Column::growing("SERVER", 14),
        Column::right("CONNS", 6, 3),
        Column::right("REQ/S", 7, 2),
        Column::right("5xx", 7, 0),
        Column::right("RST", 5, 1),
        Column::right("p95", 7, 0),
    ];
    let table = Table::new(&columns, area.width);
    table.heading(buffer, area, app.theme.style(Meaning::Dim), None);
    let now = &app.shown.now;
    let time = now.first.zip(now.at).map(|(first, at)| at.since(first));
    let all = &app.shown.statistics.servers;
    let mut servers: Vec<&Server> =
        all.iter().filter(|server| server.exchanges > 0 || server.refused > 0).collect();
    servers.sort_by_key(|server| Reverse((server.failed + server.refused, server.exchanges)));
    for (row, server) in (1..area.height).zip(servers) {
        let share = server.server_errors as f64 / server.exchanges.max(1) as f64;
        let bad = |count: u64| {
            if count > 0 { app.theme.style(Meaning::Failure) } else { Style::new() }
        };
        let name = server.endpoint.map_or_else(|| "others".to_owned(), |it| it.to_string());
        let cells = [
            (name, Style::new()),
            (short(server.connections), Style::new()),
            (rate(server.exchanges, time), Style::new()),
            (percent(share), bad(server.server_errors)),
            (short(server.resets + server.refused), bad(server.resets + server.refused)),
            (duration(server.think(0.95)), Style::new()),
        ];
        table.row(buffer, area, row, &cells, None);
    }
}

/// The problems, each a line.
fn problems(app: &mut App, buffer: &mut Buffer, area: Rect, full: bool) {
    let height = usize::from(area.height);
    let top = app.list_mut(OVERVIEW).show(height);
    let list = app.list(OVERVIEW);
    if list.order.len() == 0 && height > 0 {
        let word = if app.shown.now.end.is_some() { " ✔ none" } else { " none yet" };
        put(buffer, area, 0, word, app.theme.style(Meaning::Good));
        return;
    }
    let columns = if full {
        vec![
            Column::left("", 6, 0),
            Column::right("", 7, 0),
            Column::growing("", 20),
            Column::left("", 21, 1),
            Column::left("", 12, 2),
        ]
    } else {
        vec![Column::left("", 1, 0), Column::right("", 7, 0), Column::growing("", 20)]
    };
    let table = Table::new(&columns, area.width);
    let current = list.current();
    for (row, place) in (0..area.height).zip(top..) {
        let Some(number) = list.order.at(place) else { break };
        let Some(problem) = app.problem(number) else { continue };
        let (sign, meaning) = sign(problem.severity);
        let style = app.theme.style(meaning);
        let times = (format!("{}×", short(problem.count)), Style::new());
        let title = (problem.title.clone(), Style::new());
        let packet = problem.packet.map_or_else(String::new, |it| format!("#{}", Count(it)));
        let cells = if full {
            let sev = (severity(problem.severity).to_owned(), style);
            vec![
                sev,
                times,
                title,
                (problem.place.clone(), Style::new()),
                (packet, app.theme.style(Meaning::Dim)),
            ]
        } else {
            vec![(sign.to_owned(), style), times, title]
        };
        let selected = (current == Some(number)).then(|| app.theme.style(Meaning::Selected));
        table.row(buffer, area, row, &cells, selected);
    }
}

fn compact(app: &mut App, buffer: &mut Buffer, area: Rect, totals: &Totals, curves: &Curves) {
    let theme = app.theme;
    let (heads, rest) = area_split(area, 4);
    let [p50, p95, p99, longest] = &totals.quantiles;
    let spark = |values: &[f64]| fit(&sparkline(values, 17), 17);
    let begun = spark(&curves.per_second(17, |bucket| bucket.begun));
    let errors = spark(&curves.per_second(17, |bucket| bucket.server_errors));
    let [waiting, oldest] = &totals.waiting;
    let bad = if totals.errors > 0 { Meaning::Failure } else { Meaning::Plain };
    let mut head = |row: u16, name: &str, value: &str, spark: String, end: String, meaning| {
        let spans = vec![
            Span::styled(format!(" {name:<5}"), theme.style(Meaning::Title)),
            Span::styled(format!("{} ", right(value, 8)), theme.style(meaning)),
            Span::styled(
                spark,
                theme.style(if meaning == Meaning::Plain { Meaning::Line } else { meaning }),
            ),
            Span::raw(end),
        ];
        line(buffer, heads, row, &Line::from(spans));
    };
    let end = format!("   p50 {}   in flight {waiting}", right(p50, 7));
    head(0, "Req/s", &totals.rate, begun, end, Meaning::Plain);
    let end = format!("   p95 {}   {oldest}", right(p95, 7));
    head(1, "5xx", &totals.share, errors, end, bad);
    let all = totals.exchanges.max(1) as f64;
    let shares: Vec<String> = classes(app)
        .iter()
        .enumerate()
        .skip(1)
        .map(|(class, count)| format!("{}xx {}", class + 1, percent(*count as f64 / all)))
        .collect();
    let text = format!(" {}", shares.join("  "));
    put(
        buffer,
        heads,
        2,
        &padded_line(&text, &format!("p99 {}   longest {longest}", right(p99, 7)), 48),
        Style::new(),
    );
    // A third each, and a line between.
    let third = rest.height / 3;
    let (upper, rest) = area_split(rest, third.max(3));
    let (middle, lower) = area_split(rest, third.max(3));
    let shorter = |area: Rect| Rect { height: area.height.saturating_sub(1), ..area };
    endpoints(app, buffer, shorter(upper));
    put(buffer, middle, 0, " PROBLEMS", theme.style(Meaning::Dim));
    let lines = Rect { y: middle.y + 1, height: middle.height.saturating_sub(2), ..middle };
    problems(app, buffer, lines, false);
    servers(app, buffer, lower);
}

/// A text with another that begins at a column behind it.
fn padded_line(left: &str, end: &str, column: usize) -> String {
    let gap = column.saturating_sub(crate::export::escape::width(left) + 11);
    format!("{left}{}{end}", " ".repeat(gap.max(2)))
}

fn small(app: &mut App, buffer: &mut Buffer, area: Rect, totals: &Totals, curves: &Curves) {
    let begun = curves.per_second(16, |bucket| bucket.begun);
    let [p50, p95, ..] = &totals.quantiles;
    let text = format!(" {} req/s  {}", totals.rate, sparkline(&begun, 16));
    put(buffer, area, 0, &text, app.theme.style(Meaning::Line));
    let bad = if totals.errors > 0 { Meaning::Failure } else { Meaning::Plain };
    let text = format!(" 5xx {}  p50 {p50}  p95 {p95}", totals.share);
    put(buffer, area, 1, &text, app.theme.style(bad));
    let (_, rest) = area_split(area, 2);
    problems(app, buffer, rest, false);
}
