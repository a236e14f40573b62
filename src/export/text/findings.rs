//! FINDINGS: what rules say about messages and connections, equal findings together, the worst first.

use super::super::escape;
use super::super::kinds::{Kind, of};
use super::super::paint::{Page, Style};
use super::problems::{COLUMNS, INDENT, wrapped};
use super::{View, further, many};
use crate::rules::Severity;
use crate::status::Language;
use crate::units::Count;

pub(super) fn write(page: &mut Page, view: &View<'_>) {
    let findings = &view.statistics.findings;
    let kinds = of(findings);
    if kinds.is_empty() {
        return;
    }
    page.put(Style::Bold, "FINDINGS").add("   ").add(&counts(view)).end_line();
    for kind in kinds.iter().take(view.options.top) {
        one(page, kind, view.options.columns.unwrap_or(COLUMNS));
    }
    let more = kinds.len().saturating_sub(view.options.top) as u64;
    further(page, more, "kind of finding", "kinds of finding");
    if findings.beyond() > 0 {
        let beyond = many(findings.beyond(), "finding");
        page.put(Style::Dim, &format!("  … and {beyond} of kinds beyond these")).end_line();
    }
    page.end_line();
}

/// `2 errors, 1 warning`.
fn counts(view: &View<'_>) -> String {
    let worst_first = Severity::ALL.iter().rev().filter(|severity| **severity > Severity::Info);
    let counts = worst_first.filter_map(|severity| {
        let count = view.statistics.findings.count(*severity);
        (count > 0).then(|| many(count, severity.name()))
    });
    counts.collect::<Vec<_>>().join(", ")
}

fn one(page: &mut Page, kind: &Kind<'_>, columns: usize) {
    let group = kind.worst;
    let (mark, style) = match group.severity {
        Severity::Error => ("✖", Style::Failure),
        Severity::Warning => ("!", Style::Warning),
        Severity::Notice | Severity::Info => ("·", Style::Plain),
    };
    page.add("  ")
        .put(style, &format!("{mark} {} × {}", Count(group.count), group.severity.name()));
    page.add("   ").put(Style::Bold, group.rule.id);
    if let Some(server) = group.place.server {
        page.add(&format!("   {server}"));
    }
    page.end_line();
    let Some(first) = group.examples.first() else { return };
    let message = first.message(Language::English);
    for line in wrapped(&escape::text(message.as_bytes()), columns) {
        page.blanks(INDENT).add(&line).end_line();
    }
    let place = [
        first.transaction.map(|number| format!("first exchange {number}")),
        group.packets.map(|(from, to)| match from == to {
            true => format!("packet {from}"),
            false => format!("packets {from} to {to}"),
        }),
        Some(group.rule.source.to_owned()),
    ];
    let place = place.into_iter().flatten().collect::<Vec<_>>().join(", ");
    for line in wrapped(&place, columns) {
        page.blanks(INDENT).put(Style::Dim, &line).end_line();
    }
    if let Some(line) = kind.elsewhere() {
        page.blanks(INDENT).put(Style::Dim, &line).end_line();
    }
}
