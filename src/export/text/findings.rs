//! FINDINGS: what rules say about messages and connections, equal findings together, the worst first.

use super::super::escape;
use super::super::paint::{Page, Style};
use super::problems::{COLUMNS, INDENT, wrapped};
use super::{View, further, many};
use crate::rules::{Group, Severity};
use crate::status::Language;
use crate::units::Count;

pub(super) fn write(page: &mut Page, view: &View<'_>) {
    let findings = &view.statistics.findings;
    // Context is for those who look at one exchange.
    let groups: Vec<&Group> =
        findings.groups().into_iter().filter(|group| group.severity > Severity::Info).collect();
    if groups.is_empty() {
        return;
    }
    page.put(Style::Bold, "FINDINGS").add("   ").add(&counts(view)).end_line();
    let kinds = kinds(&groups);
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

/// What one rule found at one server, shown by the worst of its groups.
struct Kind<'g> {
    worst: &'g Group,
    /// Groups of other endpoints and statuses, and the findings in them.
    further: (u64, u64),
}

/// One rule that speaks of every endpoint must not fill the page.
fn kinds<'g>(groups: &[&'g Group]) -> Vec<Kind<'g>> {
    let mut kinds: Vec<Kind<'g>> = Vec::new();
    for group in groups {
        let key = |group: &Group| (group.rule.id, group.place.server);
        match kinds.iter_mut().find(|kind| key(kind.worst) == key(group)) {
            Some(Kind { further: (endpoints, findings), .. }) => {
                *endpoints += 1;
                *findings += group.count;
            }
            None => kinds.push(Kind { worst: group, further: (0, 0) }),
        }
    }
    kinds
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
    if let (endpoints @ 1.., findings) = kind.further {
        let elsewhere = many(endpoints, "other place");
        let line = format!("and {} × in {elsewhere}", Count(findings));
        page.blanks(INDENT).put(Style::Dim, &line).end_line();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Place, RULES};
    use crate::units::Timestamp;
    use crate::wire::Endpoint;

    #[test]
    fn a_rule_stands_once_for_each_server() {
        let group = |rule: usize, port: u16, path: &str, count| Group {
            rule: RULES[rule],
            place: Place {
                server: Some(Endpoint::v4([10, 0, 0, 1], port)),
                path: Some(path.into()),
                ..Place::default()
            },
            severity: Severity::Notice,
            count,
            packets: None,
            times: (Timestamp::default(), Timestamp::default()),
            examples: Vec::new(),
        };
        let groups = [
            group(0, 80, "/a", 9),
            group(1, 80, "/a", 8),
            group(0, 80, "/b", 7),
            group(0, 81, "/a", 6),
            group(0, 80, "/c", 5),
        ];
        let groups: Vec<&Group> = groups.iter().collect();
        let kinds = kinds(&groups);
        let shown: Vec<_> = kinds.iter().map(|kind| (kind.worst.count, kind.further)).collect();
        assert_eq!(shown, [(9, (2, 12)), (8, (0, 0)), (6, (0, 0))]);
    }
}
