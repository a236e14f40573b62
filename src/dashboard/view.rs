//! The frame around every screen: header, tabs, the tab itself, keys. An
//! [`App`] in, cells out. Remembers nothing but how far lists are scrolled.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::app::{App, CONNECTIONS, OVERVIEW, PROBLEMS, REQUESTS, Typing};
use super::theme::{Meaning, to_ascii};
use super::widget::{line, padded, put};
use super::words::{counted, lasting, percent, short};
use super::{detail, popup, segments, tab};
use crate::export::escape;
use crate::filter::{Filter, Mistake};
use crate::rules::Severity;
use crate::snapshot::Ended;
use crate::units::{Count, Octets};

/// How much fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Size {
    /// Not even three lines.
    Nothing,
    /// Totals.
    Tiny,
    /// One list with few columns.
    Small,
    /// Everything, without boxes.
    Compact,
    /// Everything.
    Full,
}

impl Size {
    const fn of(area: Rect) -> Self {
        match (area.width, area.height) {
            (100.., 28..) => Self::Full,
            (72.., 18..) => Self::Compact,
            (40.., 8..) => Self::Small,
            (20.., 5..) => Self::Tiny,
            _ => Self::Nothing,
        }
    }
}

/// Draws everything.
pub fn draw(app: &mut App, frame: &mut Frame<'_>) {
    let area = frame.area();
    let cursor = paint(app, frame.buffer_mut(), area);
    if app.options.ascii {
        to_ascii(frame.buffer_mut());
    }
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
}

fn paint(app: &mut App, buffer: &mut Buffer, area: Rect) -> Option<Position> {
    let size = Size::of(area);
    if size <= Size::Tiny {
        tiny(app, buffer, area, size);
        return None;
    }
    app.size = size;
    let row = |from: u16| Rect { y: area.y + from, height: 1, ..area };
    header(app, buffer, row(0), size);
    let mut top = 1;
    if size > Size::Small {
        tabs(app, buffer, row(1), size);
        top = 2;
    }
    let mut cursor = None;
    if app.typing.is_some() || app.tab == REQUESTS && app.detail.is_none() && app.segments.is_none()
    {
        cursor = filter_line(app, buffer, row(top));
        top += 1;
    } else if size == Size::Compact && app.tab == OVERVIEW {
        top += 1;
    }
    // A blank line above the keys where there is room for it.
    let bottom = if size == Size::Full { 2 } else { 1 };
    let height = area.height.saturating_sub(top + bottom);
    let body = Rect { y: area.y + top, height, ..area };
    if app.segments.is_some() {
        segments::draw(app, buffer, body, size);
    } else if app.detail.is_some() {
        detail::draw(app, buffer, body, size);
    } else {
        tab::draw(app, buffer, body, size);
    }
    let last = row(area.height - 1);
    let note = filter_mistake(app).map(|mistake| {
        let hint =
            if mistake.hint().is_empty() { String::new() } else { format!(": {}", mistake.hint()) };
        format!("✖ column {}: {}{hint}", mistake.column(), mistake.what())
    });
    match (note, &app.message) {
        (Some(note), _) => {
            put(buffer, last, 0, &format!(" {note}"), app.theme.style(Meaning::Failure))
        }
        (None, Some(message)) => {
            put(buffer, last, 0, &format!(" {message}"), app.theme.style(Meaning::Title));
        }
        (None, None) => keys(app, buffer, last, size),
    }
    popup::draw(app, buffer, area);
    cursor
}

/// What is wrong with the filter that is being typed.
fn filter_mistake(app: &App) -> Option<Mistake> {
    let Some(Typing::Filter(prompt)) = &app.typing else { return None };
    let text = prompt.text();
    if text.trim().is_empty() { None } else { Filter::parse(&text).err() }
}

/// What is read and how far, as a sign and words.
fn source(app: &App) -> (String, Meaning) {
    let now = &app.shown.now;
    let name = escape::text(app.options.source.as_bytes());
    let sign = if app.options.live { "● LIVE" } else { "■ FILE" };
    match &app.latest.now.end {
        Some(Ended::Failed(why)) => {
            let why = escape::text(why.as_bytes());
            return (format!("✖ STOPPED {name}: {why}"), Meaning::Failure);
        }
        Some(Ended::Done(damages)) if !damages.is_empty() && !app.options.live => {
            let many = if damages.len() == 1 { "" } else { "s" };
            let text = format!("▲ FILE {name}   damaged in {} place{many}", damages.len());
            return (text, Meaning::Warning);
        }
        _ => {}
    }
    match (&now.end, now.size) {
        (None, Some(size)) if size > 0 && !app.options.live => {
            let share = now.octets.min(size) * 100 / size;
            (format!("{sign} {name}   reading {share} % of {}", Octets(size)), Meaning::Title)
        }
        (None, _) if !app.options.live => {
            (format!("{sign} {name}   reading, {}", Octets(now.octets)), Meaning::Title)
        }
        (Some(_), _) if app.options.live => (format!("■ ENDED {name}"), Meaning::Title),
        _ => (format!("{sign} {name}"), Meaning::Title),
    }
}

fn header(app: &App, buffer: &mut Buffer, area: Rect, size: Size) {
    let now = &app.shown.now;
    let (source, meaning) = source(app);
    let lasted = now.first.zip(now.at).map(|(first, at)| at.since(first));
    let (drops, copies) = (now.drops.total(), now.copies);
    let paused = app.paused.then(|| {
        let at = now.at.map(|at| at.to_string().get(11..19).unwrap_or_default().to_owned());
        let newer = app.latest.rows.end().saturating_sub(app.shown.rows.end());
        format!("❚❚ PAUSED {}, {} newer", at.unwrap_or_default(), Count(newer as u64))
    });
    let connections = app.shown.statistics.connections;
    let (left, end) = match size {
        Size::Full => {
            let mut text = format!(" {}   {} pkts", lasting(lasted), Count(now.packets));
            if let Some(drops) = drops {
                text.push_str(&format!("   {} dropped", Count(drops)));
            }
            if copies.are_notable() {
                text.push_str(&format!("   ▲ {} copies", percent(copies.share())));
            }
            text.push_str(&format!("   {} conns", Count(connections)));
            let evicted = app.shown.statistics.endings.evicted;
            if evicted > 0 {
                text.push_str(&format!(" ({} given up)", Count(evicted)));
            }
            let memory =
                app.memory.map_or_else(String::new, |octets| format!("mem {}", Octets(octets)));
            (text, memory)
        }
        Size::Compact => {
            let mut end = format!("{} pkt", short(now.packets));
            if let Some(drops) = drops {
                end.push_str(&format!(" {} drop", short(drops)));
            }
            if copies.are_notable() {
                end.push_str(&format!(" ▲ {} copies", percent(copies.share())));
            }
            (format!(" {}", lasting(lasted)), end)
        }
        _ => {
            let statistics = &app.shown.statistics;
            let failed = statistics.outcomes.failed();
            let text = format!(" {} req  ✖ {}", short(statistics.exchanges), short(failed));
            (String::new(), text)
        }
    };
    let style = app.theme.style(if paused.is_some() { Meaning::Warning } else { meaning });
    let mut drops_style = Style::new();
    if drops.is_some_and(|drops| drops > 0) || copies.are_notable() {
        drops_style = app.theme.style(Meaning::Warning);
    }
    let end = if end.is_empty() { end } else { format!("{end} ") };
    let room = usize::from(area.width).saturating_sub(escape::width(&end));
    let gap = if size == Size::Full { "  " } else { " " };
    let source = paused.unwrap_or(source);
    let title = match size {
        Size::Full | Size::Compact => format!(" httpwhy{gap}"),
        // There is no line for the tabs.
        _ => {
            let name = tab::TABS.get(app.tab).map_or("", |tab| tab.short);
            format!(" [{} {name}] ", app.tab + 1)
        }
    };
    let sources = room.saturating_sub(escape::width(&title) + escape::width(&left) + 1);
    let source = escape::cut(source.as_bytes(), sources).into_owned();
    let gap = if size == Size::Full { "  " } else { "" };
    let used = escape::width(&title) + escape::width(&source) + gap.len();
    let left = padded(&left, "", room.saturating_sub(used));
    let drawn = Line::from(vec![
        Span::styled(title, app.theme.style(Meaning::Title)),
        Span::styled(source, style),
        Span::raw(gap),
        Span::styled(left, drops_style),
        Span::styled(end, drops_style),
    ]);
    line(buffer, area, 0, &drawn);
}

fn tabs(app: &App, buffer: &mut Buffer, area: Rect, size: Size) {
    let problems = app.problems.iter().filter(|one| one.severity >= Severity::Warning).count();
    let mut spans = vec![Span::raw(" ")];
    for (place, tab) in tab::TABS.iter().enumerate() {
        let name = if size == Size::Full { tab.name } else { tab.short };
        let mut name = format!("{} {name}", place + 1);
        if place == PROBLEMS && problems > 0 {
            name.push_str(&format!(" {problems}"));
        }
        let chosen = app.tab == place;
        let style = match (chosen, place == PROBLEMS && app.worst() == Some(Severity::Error)) {
            (true, _) => app.theme.style(Meaning::Title),
            (false, true) => app.theme.style(Meaning::Failure),
            (false, false) => Style::new(),
        };
        let text = if chosen { format!("[{name}]") } else { format!(" {name} ") };
        spans.push(Span::styled(text, style));
        spans.push(Span::raw(if size == Size::Full { "  " } else { " " }));
    }
    line(buffer, area, 0, &Line::from(spans));
}

/// The line with the filter, or what is being typed; where the cursor stands then.
fn filter_line(app: &App, buffer: &mut Buffer, area: Rect) -> Option<Position> {
    let order = &app.list(REQUESTS).order;
    let all = app.shown.rows.len();
    let typed = |sign: &str, prompt: &super::widget::Prompt, meaning: Meaning, end: &str| {
        let room = usize::from(area.width).saturating_sub(escape::width(end) + 3);
        // Of a long line the part in front of the cursor.
        let (mut text, mut before) = (prompt.text(), escape::width(&prompt.before()));
        while before >= room.max(1) && !text.is_empty() {
            text.remove(0);
            before -= 1;
        }
        let shown = escape::cut(text.as_bytes(), room).into_owned();
        let rest =
            usize::from(area.width).saturating_sub(2 + escape::width(&shown) + escape::width(end));
        let drawn = Line::from(vec![
            Span::styled(format!("{sign} "), app.theme.style(Meaning::Title)),
            Span::styled(shown, app.theme.style(meaning)),
            Span::raw(" ".repeat(rest)),
            Span::styled(end.to_owned(), app.theme.style(Meaning::Dim)),
        ]);
        (drawn, u16::try_from(before + 2).unwrap_or(0).min(area.width.saturating_sub(1)))
    };
    match &app.typing {
        Some(Typing::Jump(prompt)) => {
            let (drawn, at) = typed(":", prompt, Meaning::Plain, "exchange 48 or packet #4711 ");
            line(buffer, area, 0, &drawn);
            return Some(Position::new(area.x + at, area.y));
        }
        Some(Typing::Filter(prompt)) => {
            let wrong = filter_mistake(app).is_some();
            let word = match (prompt.text().trim().is_empty(), wrong) {
                (true, _) => "status >= 500 and path ~ /cart ",
                (false, true) => "✖ not valid yet ",
                (false, false) => "✔ Enter keeps, Esc drops ",
            };
            let meaning = if wrong { Meaning::Failure } else { Meaning::Plain };
            let (drawn, at) = typed("/", prompt, meaning, word);
            line(buffer, area, 0, &drawn);
            return Some(Position::new(area.x + at, area.y));
        }
        None => {}
    }
    let narrow = area.width < 60;
    let mut left = String::new();
    if let Some(filter) = &app.filter {
        left = format!(" / {}", escape::text(filter.text().as_bytes()));
    }
    if let Some(only) = app.restriction() {
        left.push_str(&format!(" = {only}"));
    }
    let restricted = !left.is_empty();
    let mut end = if restricted {
        format!("{} of {}", Count(order.len() as u64), Count(all as u64))
    } else {
        left = if narrow { String::new() } else { " / filter".to_owned() };
        counted(all as u64, "exchange", "exchanges")
    };
    if order.unknown() > 0 {
        let unknown = Count(order.unknown() as u64);
        end.push_str(&if app.options.again && app.shown.now.end.is_some() {
            format!(", {unknown} being read again …")
        } else {
            format!(", {unknown} no longer whole")
        });
    }
    if app.shown.rows.first() > 0 {
        let gone = Count(app.shown.rows.first() as u64);
        end.push_str(&format!(", oldest {gone} dropped"));
    }
    if app.working {
        end.push_str(", filtering …");
    }
    if restricted && !narrow {
        end.push_str("   Esc clears");
    }
    let meaning = if restricted { Meaning::Title } else { Meaning::Dim };
    let text = padded(&left, &format!("{end} "), usize::from(area.width));
    put(buffer, area, 0, &text, app.theme.style(meaning));
    None
}

/// The line with the keys that matter here.
fn keys(app: &App, buffer: &mut Buffer, area: Rect, size: Size) {
    let full = size == Size::Full;
    let text = match (app.detail.is_some(), app.tab) {
        _ if app.segments.is_some() && size == Size::Small => "j/k move  n/N odd  Esc back  ? help",
        _ if app.segments.is_some() => {
            "j/k move  n/N next odd  t times  Enter its exchanges  Esc back  ? help"
        }
        (true, _) if size == Size::Small => "j/k scroll  ]/[ next  Esc back  ? help",
        _ if size == Size::Small => "1-5 tabs  / filter  Enter open  ? help  q quit",
        (true, _) if full => {
            "j/k scroll  Tab pane  Enter alone  ]/[ next/prev  n/N failed  b body  x hex  o connection  y copy  w save  R secrets  Esc back  ? help"
        }
        (true, _) => "j/k scroll  ]/[ next/prev  n/N failed  b body  x hex  y copy  w save  ? help",
        (_, OVERVIEW) if full => {
            "Tab next  1-5 tabs  j/k move  Enter open  / filter  n failed  p pause  z zoom  T theme  ? help  q quit"
        }
        (_, OVERVIEW) => {
            "Tab next  j/k move  Enter open  / filter  p pause  z zoom  ? help  q quit"
        }
        (_, REQUESTS) if full => {
            "j/k move  Enter full view  / filter  f follow  s sort  c columns  n/N failed  o connection  y copy  w save  ? help  q quit"
        }
        (_, REQUESTS) => "Enter open  / filter  n/N failed  s sort  y copy  w save  ? help  q quit",
        (_, PROBLEMS) => {
            "Enter list the requests  y copy  w save evidence  Esc back  ? help  q quit"
        }
        (_, CONNECTIONS) if full => {
            "j/k move  Enter list the requests  o every segment  s sort  S turn around  Esc back  ? help  q quit"
        }
        (_, CONNECTIONS) => {
            "Enter its requests  o segments  s sort  S turn  Esc back  ? help  q quit"
        }
        _ if full => {
            "j/k move  Enter list the requests  s sort  S turn around  Esc back  ? help  q quit"
        }
        _ => "j/k move  Enter its requests  s sort  S turn  Esc back  ? help  q quit",
    };
    let mut items: Vec<&str> = text.split("  ").collect();
    let width = |items: &[&str]| items.iter().map(|item| item.len() + 2).sum::<usize>();
    // Where there is no room for all, help and the way out stay.
    while width(&items) > usize::from(area.width) + 1 && items.len() > 3 {
        items.remove(items.len() - 3);
    }
    let spans: Vec<Span<'_>> = std::iter::once(Span::raw(" "))
        .chain(items.into_iter().flat_map(|item| {
            let (key, does) = item.split_once(' ').unwrap_or((item, ""));
            [
                Span::styled(key, app.theme.style(Meaning::Key)),
                Span::styled(format!(" {does}  "), app.theme.style(Meaning::Dim)),
            ]
        }))
        .collect();
    line(buffer, area, 0, &Line::from(spans));
}

/// Three lines of totals, or one.
fn tiny(app: &App, buffer: &mut Buffer, area: Rect, size: Size) {
    let statistics = &app.shown.statistics;
    if size == Size::Nothing {
        put(buffer, area, 0, "too small", app.theme.style(Meaning::Title));
        return;
    }
    let exchanges = statistics.exchanges;
    let failed = statistics.outcomes.failed();
    let share = failed as f64 / exchanges.max(1) as f64;
    let (source, _) = source(app);
    let p95 = statistics.think.quantile(0.95);
    let lines = [
        (source, Meaning::Title),
        (format!("{} requests", short(exchanges)), Meaning::Plain),
        (
            format!("✖ {} failed {}", short(failed), percent(share)),
            if failed > 0 { Meaning::Failure } else { Meaning::Plain },
        ),
        (format!("p95 {}", super::words::duration(p95)), Meaning::Plain),
        ("q quit  ? larger!".to_owned(), Meaning::Dim),
    ];
    for (row, (text, meaning)) in (0..).zip(&lines) {
        put(buffer, area, row, text, app.theme.style(*meaning));
    }
}
