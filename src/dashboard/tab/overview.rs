//! Overview: rates, failures, latency, endpoints, servers and problems at a glance.

use std::cmp::Reverse;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::super::app::{App, ENDPOINTS, OVERVIEW, ZOOMS};
use super::super::theme::Meaning;
use super::super::view::Size;
use super::super::widget::{
    Column, Table, bar, chart, fit, line, panel, put, right, sparkline, wrapped,
};
use super::super::words::{duration, host, percent, rate, safe, short, sign, template};
use super::problems::severity;
use super::requests::area_split;
use crate::stats::{Bucket, Server};
use crate::units::{Count, Duration};

/// Numbers over time, as far as the curves show them.
struct Curves {
    buckets: Vec<Bucket>,
    step: Duration,
    /// What they span, in words.
    span: String,
}

impl Curves {
    fn of(app: &App) -> Self {
        let seconds = ZOOMS.get(app.zoom).copied().unwrap_or(0);
        let (buckets, step) = if seconds == 0 {
            app.shown.series.whole()
        } else {
            (app.shown.series.newest(seconds), Duration::from_secs(1))
        };
        let span = match seconds {
            0 => "whole capture".to_owned(),
            60 => "last minute".to_owned(),
            seconds => format!("last {} min", seconds / 60),
        };
        Self { buckets, step, span }
    }

    /// How many a second, in at most so many equal parts of the time: each the mean of its part.
    fn per_second(&self, columns: usize, of: impl Fn(&Bucket) -> u64) -> Vec<f64> {
        let step = self.step.as_nanos().max(1) as f64 / 1e9;
        let count = self.buckets.len();
        let columns = columns.clamp(1, count.max(1));
        (0..columns)
            .map(|column| {
                let (from, to) = (column * count / columns, (column + 1) * count / columns);
                let part = self.buckets.get(from..to).unwrap_or_default();
                part.iter().map(&of).sum::<u64>() as f64 / step / part.len().max(1) as f64
            })
            .collect()
    }

    /// How long they are, in seconds.
    fn length(&self) -> f64 {
        self.step.as_nanos() as f64 / 1e9 * self.buckets.len() as f64
    }
}

/// What the head of the screen says in numbers.
struct Totals {
    rate: String,
    peak: String,
    share: String,
    errors: u64,
    exchanges: u64,
    quantiles: [String; 4],
    in_flight: Vec<f64>,
}

impl Totals {
    fn of(app: &App) -> Self {
        let statistics = &app.shown.statistics;
        let now = &app.shown.now;
        let lasted = now.first.zip(now.at).map(|(first, at)| at.since(first));
        // Of what happens now the last ten seconds count, of a file all of it.
        let (count, time) = if app.options.live {
            let newest = app.shown.series.newest(10);
            let count = newest.iter().map(|bucket| bucket.begun).sum();
            (count, Some(Duration::from_secs(newest.len() as u64)))
        } else {
            (statistics.exchanges, lasted)
        };
        let errors = statistics.outcomes.server_errors;
        let seconds = app.shown.series.newest(usize::MAX);
        let peak = seconds.iter().map(|bucket| bucket.begun).max().unwrap_or(0);
        let think = &statistics.think;
        Self {
            rate: rate(count, time),
            peak: short(peak),
            share: percent(errors as f64 / statistics.exchanges.max(1) as f64),
            errors,
            exchanges: statistics.exchanges,
            quantiles: [
                duration(think.quantile(0.5)),
                duration(think.quantile(0.95)),
                duration(think.quantile(0.99)),
                duration(think.longest()),
            ],
            in_flight: app.shown.series.under_way().into_iter().map(|count| count as f64).collect(),
        }
    }
}

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
    let most = totals.in_flight.iter().copied().fold(0.0, f64::max);
    let sum = totals.in_flight.iter().fold(0.0, |sum, count| sum + count);
    let mean = sum / totals.in_flight.len().max(1) as f64;
    let text = format!("  peak {most:.0}     mean {mean:.1}");
    put(buffer, inside, 0, &text, theme.style(Meaning::Title));
    put(buffer, inside, 1, &spark(&totals.in_flight, inside.width), theme.style(Meaning::Line));
}

/// A round number that is no less.
fn round_up(value: f64) -> f64 {
    let mut step = 1.0;
    while step * 10.0 < value {
        step *= 10.0;
    }
    [1.0, 2.0, 4.0, 6.0, 8.0, 10.0]
        .into_iter()
        .map(|times| times * step)
        .find(|round| *round >= value)
        .unwrap_or(value)
}

fn curve(app: &App, buffer: &mut Buffer, area: Rect, curves: &Curves) {
    let theme = app.theme;
    let title = format!("Requests/s and 5xx, {}", curves.span);
    let inside = panel(buffer, area, theme, &title, "z zoom");
    let rows = usize::from(inside.height.saturating_sub(2));
    let columns = usize::from(inside.width.saturating_sub(8));
    let begun = curves.per_second(columns, |bucket| bucket.begun);
    let most = round_up(begun.iter().copied().fold(1.0, f64::max));
    // Levels that lie evenly are labelled.
    let drawn = chart(&begun, columns, rows, most);
    for (row, text) in (0..).zip(&drawn) {
        let level = most * (rows - 1 - usize::from(row)) as f64 / (rows.max(2) - 1) as f64;
        let label = if level >= 10_000.0 {
            short(level as u64)
        } else if most < 10.0 && level.fract() > 0.01 {
            format!("{level:.1}")
        } else {
            format!("{level:.0}")
        };
        let axis = if usize::from(row) + 1 == rows { "┼" } else { "┤" };
        let spans = vec![
            Span::styled(format!("{} {axis}", right(&label, 5)), theme.style(Meaning::Dim)),
            Span::styled(text.clone(), theme.style(Meaning::Line)),
        ];
        line(buffer, inside, row, &Line::from(spans));
    }
    let errors = curves.per_second(columns, |bucket| bucket.server_errors);
    let stretched: Vec<f64> = if errors.len() < columns {
        (0..columns)
            .map(|column| {
                errors.get(column * errors.len() / columns.max(1)).copied().unwrap_or(0.0)
            })
            .collect()
    } else {
        errors
    };
    let any = stretched.iter().any(|value| *value > 0.0);
    let spark = sparkline(&stretched, columns).replace('▁', " ");
    let spans = vec![
        Span::styled("  5xx │", theme.style(Meaning::Dim)),
        Span::styled(if any { spark } else { String::new() }, theme.style(Meaning::Failure)),
    ];
    let row = u16::try_from(rows).unwrap_or(0);
    line(buffer, inside, row, &Line::from(spans));
    let length = curves.length();
    if length <= 0.0 {
        return;
    }
    let ago = |part: f64| {
        let seconds = length * part;
        if seconds >= 120.0 {
            format!("-{:.0}m", seconds / 60.0)
        } else if seconds >= 10.0 {
            format!("-{seconds:.0}s")
        } else if seconds >= 1.0 {
            format!("-{seconds:.1}s")
        } else {
            format!("-{:.0}ms", seconds * 1e3)
        }
    };
    let mut axis = " ".repeat(columns + 7);
    for (part, label) in [
        (1.0, ago(1.0)),
        (0.75, ago(0.75)),
        (0.5, ago(0.5)),
        (0.25, ago(0.25)),
        (0.0, "end".to_owned()),
    ] {
        let at = 7 + (columns as f64 * (1.0 - part)) as usize;
        let at = at.min((columns + 7).saturating_sub(label.len()));
        if at + label.len() <= axis.len() {
            axis.replace_range(at..at + label.len(), &label);
        }
    }
    put(buffer, inside, row + 1, &axis, theme.style(Meaning::Dim));
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
    let most = totals.in_flight.iter().copied().fold(0.0, f64::max);
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
    let end = format!("   p50 {}   in flight {most:.0} at most", right(p50, 7));
    head(0, "Req/s", &totals.rate, begun, end, Meaning::Plain);
    let end = format!("   p95 {}   longest   {longest}", right(p95, 7));
    head(1, "5xx", &totals.share, errors, end, bad);
    let all = totals.exchanges.max(1) as f64;
    let shares: Vec<String> = classes(app)
        .iter()
        .enumerate()
        .skip(1)
        .map(|(class, count)| format!("{}xx {}", class + 1, percent(*count as f64 / all)))
        .collect();
    let text = format!(" {}", shares.join("  "));
    put(buffer, heads, 2, &padded_line(&text, &format!("p99 {}", right(p99, 7)), 48), Style::new());
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
