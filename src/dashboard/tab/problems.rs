//! Problems: why requests fail and what rules found, with what it means, what proves it and what to
//! try.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::super::app::{App, PROBLEMS};
use super::super::problems::{self, Kind, Problem};
use super::super::theme::Meaning;
use super::super::view::Size;
use super::super::widget::{Column, Table, line, panel, put, scroll_mark, sparkline, wrapped};
use super::super::words::{short, sign};
use super::requests::area_split;
use crate::rules::Severity;
use crate::units::Count;

const COLUMNS: &[Column] = &[
    Column::left("SEV", 6, 0),
    Column::right("COUNT", 6, 0),
    Column::growing("PROBLEM", 20),
    Column::left("NAME", 30, 9),
    Column::left("WHERE", 21, 2),
    Column::right("FIRST", 11, 3),
];

/// Columns of the words in front of an explanation.
const LABEL: usize = 9;

/// Lines of evidence at most.
const EVIDENCE: usize = 6;

pub(super) fn draw(app: &mut App, buffer: &mut Buffer, area: Rect, size: Size) {
    let count = u16::try_from(app.list(PROBLEMS).order.len()).unwrap_or(u16::MAX);
    let frame = if size == Size::Full { 3 } else { 1 };
    let above = match size {
        Size::Full | Size::Compact => {
            // As many lines as there are problems, as long as half a screen explains the one.
            let most = area.height.saturating_sub(if size == Size::Full { 14 } else { 11 });
            count.saturating_add(frame).clamp(frame + 3, most.max(frame + 3))
        }
        _ => area.height,
    };
    let (upper, lower) = area_split(area, above);
    let inside = if size == Size::Full {
        panel(buffer, upper, app.theme, "Problems", "the worst first")
    } else {
        upper
    };
    list(app, buffer, inside, size);
    if size == Size::Full {
        let top = app.list_mut(PROBLEMS).show(usize::from(inside.height.saturating_sub(1)));
        scroll_mark(buffer, upper, app.theme, top, app.list(PROBLEMS).order.len());
    }
    if lower.height < 2 {
        return;
    }
    let Some(problem) = app.list(PROBLEMS).current().and_then(|number| app.problem(number)) else {
        return;
    };
    let inside = if size == Size::Full {
        panel(buffer, lower, app.theme, &name(problem), "Enter lists the requests")
    } else {
        let rule = "─".repeat(usize::from(lower.width));
        put(buffer, lower, 0, &rule, app.theme.style(Meaning::Frame));
        Rect { y: lower.y + 1, height: lower.height - 1, ..lower }
    };
    explain(app, problem, buffer, inside);
}

fn name(problem: &Problem) -> String {
    match problem.kind {
        Kind::Cause(cause, _) => format!("httpwhy explain {}", cause.id),
        Kind::Rule(rule) => format!("httpwhy explain {}", rule.id),
        Kind::Failure(..) => "not explained by this capture".to_owned(),
    }
}

/// A severity with its sign, in six columns.
pub(super) const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "✖ HIGH",
        Severity::Warning => "▲ WARN",
        Severity::Notice => "● NOTE",
        Severity::Info => "● INFO",
    }
}

fn list(app: &mut App, buffer: &mut Buffer, area: Rect, size: Size) {
    let table = Table::new(COLUMNS, area.width);
    table.heading(buffer, area, app.theme.style(Meaning::Dim), None);
    let height = usize::from(area.height.saturating_sub(1));
    let top = app.list_mut(PROBLEMS).show(height);
    let list = app.list(PROBLEMS);
    if list.order.len() == 0 {
        let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        let word = if app.shown.now.end.is_some() { "✔ none" } else { "none yet" };
        put(buffer, below, 0, &format!("  {word}"), app.theme.style(Meaning::Good));
        return;
    }
    let current = list.current();
    for (row, place) in (1..).zip(top..top + height) {
        let Some(number) = list.order.at(place) else { break };
        let Some(problem) = app.problem(number) else { continue };
        let (_, meaning) = sign(problem.severity);
        let plain = Style::new();
        let id = match problem.kind {
            Kind::Cause(cause, _) => cause.id,
            Kind::Rule(rule) => rule.id,
            Kind::Failure(..) => "",
        };
        let title = match problem.kind {
            // Titles of rules are sentences; a narrow line has room for the name.
            Kind::Rule(rule) if size != Size::Full => rule.id.to_owned(),
            _ => problem.title.clone(),
        };
        let first = problem.packet.map_or_else(String::new, |packet| format!("#{}", Count(packet)));
        let cells = [
            (severity(problem.severity).to_owned(), app.theme.style(meaning)),
            (short(problem.count), plain),
            (title, plain),
            (id.to_owned(), app.theme.style(Meaning::Dim)),
            (problem.place.clone(), plain),
            (first, app.theme.style(Meaning::Dim)),
        ];
        let selected = (current == Some(number)).then(|| app.theme.style(Meaning::Selected));
        table.row(buffer, area, row, &cells, selected);
    }
}

fn explain(app: &App, problem: &Problem, buffer: &mut Buffer, area: Rect) {
    let room = usize::from(area.width).saturating_sub(LABEL + 1);
    let mut lines: Vec<(&'static str, String)> = Vec::new();
    let [what, proof, advice] = problem.kind.explained();
    let mut add = |label: &'static str, text: &str| {
        for (place, line) in wrapped(text, room).into_iter().enumerate() {
            lines.push((if place == 0 { label } else { "" }, line));
        }
    };
    add(what.0, &what.1);
    let seen = problems::evidence(&app.shown, problem);
    if seen.is_empty() {
        add(proof.0, &proof.1);
    } else {
        if proof.0 == "Why" {
            add(proof.0, &proof.1);
        }
        let more = seen.len().saturating_sub(EVIDENCE);
        for (place, text) in seen.iter().take(EVIDENCE).enumerate() {
            add(if place == 0 { "Proof" } else { "" }, text);
        }
        if more > 0 {
            add("", &format!("… {more} more packets"));
        }
    }
    add(advice.0, &advice.1);
    let hits = hits(app, problem, room.min(40));
    if let Some(hits) = hits {
        lines.push(("Hits", format!("{hits}   over the capture")));
    }
    if let Some(first) = problem.first {
        let packet =
            problem.packet.map_or_else(String::new, |it| format!(", packet #{}", Count(it)));
        lines.push(("First", format!("exchange {}{packet}", Count(first))));
    }
    // What to try matters more than the last lines of the rest.
    for (row, (label, text)) in (0..area.height).zip(&lines) {
        let drawn = Line::from(vec![
            Span::raw(" "),
            Span::styled(
                format!("{label:<width$}", width = LABEL - 1),
                app.theme.style(Meaning::Title),
            ),
            Span::raw(" "),
            Span::raw(text.clone()),
        ]);
        line(buffer, area, row, &drawn);
    }
}

/// When it happened, over the whole capture.
fn hits(app: &App, problem: &Problem, columns: usize) -> Option<String> {
    /// More lines take too long to look at for each picture.
    const MOST: usize = 200_000;
    let now = &app.shown.now;
    let (first, last) = (now.first?, now.at?);
    let span = last.since(first).as_nanos().max(1);
    if columns < 10 || app.shown.rows.len() > MOST {
        return None;
    }
    let mut counts = vec![0.0; columns];
    let mut any = false;
    for row in app.shown.rows.iter().filter(|row| problem.kind.shows(row)) {
        let place = u128::from(row.at.since(first).as_nanos()) * columns as u128 / u128::from(span);
        let place = usize::try_from(place).unwrap_or(columns).min(columns - 1);
        if let Some(count) = counts.get_mut(place) {
            *count += 1.0;
            any = true;
        }
    }
    any.then(|| sparkline(&counts, columns))
}
