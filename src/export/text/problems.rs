//! PROBLEMS: why exchanges failed, grouped by cause and by the server to blame.

use super::super::escape;
use super::super::paint::{Page, Style};
use super::{View, further};
use crate::diagnosis::Confidence;
use crate::stats::Problem;
use crate::units::Count;

/// Columns of a line where there is no terminal to ask.
pub(super) const COLUMNS: usize = 100;

/// Columns in front of the lines that go on.
pub(super) const INDENT: usize = 6;

pub(super) fn write(page: &mut Page, view: &View<'_>) {
    let sorted = view.statistics.problems.sorted();
    if sorted.is_empty() {
        return;
    }
    page.put(Style::Bold, "PROBLEMS").end_line();
    for problem in sorted.iter().take(view.options.top) {
        one(page, problem, view.options.columns.unwrap_or(COLUMNS));
    }
    let more = sorted.len().saturating_sub(view.options.top) as u64;
    further(page, more + view.statistics.problems.others, "problem", "problems");
    page.end_line();
}

fn one(page: &mut Page, problem: &Problem, columns: usize) {
    let cause = problem.cause;
    let sure = match problem.confidence {
        Confidence::High => "",
        Confidence::Medium => "   (probable)",
        Confidence::Low => "   (possible)",
    };
    page.add("  ").put(Style::Failure, &format!("✖ {} ×", Count(problem.exchanges)));
    page.add(" ").put(Style::Bold, cause.title);
    if let Some(upstream) = problem.upstream {
        page.add(&format!("   {upstream}"));
    }
    page.put(Style::Dim, sure).end_line();
    for line in wrapped(&escape::text(problem.summary.as_bytes()), columns) {
        page.blanks(INDENT).add(&line).end_line();
    }
    let place = match (problem.first_packet, problem.last_packet) {
        (Some(first), Some(last)) => {
            format!("first exchange {}, packets {first} to {last}", problem.first)
        }
        _ => format!("first exchange {}", problem.first),
    };
    page.blanks(INDENT).put(Style::Dim, &place).end_line();
    for (index, line) in wrapped(cause.advice, columns - 2).iter().enumerate() {
        let mark = if index == 0 { "→ " } else { "  " };
        page.blanks(INDENT).add(mark).add(line).end_line();
    }
    page.blanks(INDENT).put(Style::Command, &format!("httpwhy explain {}", cause.id)).end_line();
}

/// Text in lines that fit behind the indent, broken between words.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let room = columns.saturating_sub(INDENT).max(20);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
            lines.push(word.to_owned());
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines
}
