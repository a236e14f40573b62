//! The section on connections: how they ended, and which servers refused, kept silent or reset.

use std::cmp::Reverse;

use super::super::paint::{Page, Style};
use super::{View, many};
use crate::stats::Server;
use crate::units::Count;

/// Addresses named on a line.
const NAMED: usize = 4;

pub(super) fn write(page: &mut Page, view: &View<'_>) {
    let (statistics, endings) = (view.statistics, &view.statistics.endings);
    if statistics.connections == 0 {
        return;
    }
    page.put(Style::Bold, "CONNECTIONS").end_line();
    let ended = [
        (endings.closed, "closed by both sides"),
        (endings.reset_by_server, "reset by the server"),
        (endings.reset_by_client, "reset by the client"),
        (endings.refused, "refused"),
        (endings.unanswered, "never answered"),
        (endings.idle, "fell silent"),
        (endings.replaced, "replaced by a new one"),
        (endings.evicted, "given up, too many or too large"),
        (endings.open, "open at the end"),
    ];
    let parts = ended.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> =
        parts.map(|(count, what)| format!("{} {what}", Count(*count))).collect();
    lines(page, view, &many(statistics.connections, "connection"), &parts);
    for (what, count) in [
        ("refused", (|server| server.refused) as fn(&Server) -> u64),
        ("never answered", |server| server.unanswered),
        ("reset by", |server| server.resets),
    ] {
        let mut servers: Vec<&Server> =
            view.statistics.servers.iter().filter(|server| count(server) > 0).collect();
        servers.sort_by_key(|server| Reverse(count(server)));
        if servers.is_empty() {
            continue;
        }
        let mut parts: Vec<String> = servers
            .iter()
            .take(NAMED)
            .map(|server| {
                let name =
                    server.endpoint.map_or_else(|| "others".to_owned(), |end| end.to_string());
                format!("{name} × {}", Count(count(server)))
            })
            .collect();
        if servers.len() > NAMED {
            parts.push(many((servers.len() - NAMED) as u64, "further server"));
        }
        lines(page, view, what, &parts);
    }
    page.end_line();
}

/// A name and its parts, as many on a line as fit.
pub(super) fn lines(page: &mut Page, view: &View<'_>, name: &str, parts: &[String]) {
    let columns = view.options.columns.unwrap_or(100);
    let name = indented(name);
    let mut used = super::escape::width(&name);
    page.add(&name);
    let indent = used;
    for (index, part) in parts.iter().enumerate() {
        let last = index + 1 == parts.len();
        let width = super::escape::width(part) + usize::from(!last);
        if index > 0 {
            if used + 1 + width > columns {
                page.end_line();
                page.blanks(indent);
                used = indent;
            } else {
                page.add(" ");
                used += 1;
            }
        }
        page.add(part).add(if last { "" } else { "," });
        used += width;
    }
    page.end_line();
}

/// A name in front of its parts; where it is long, they stand further to the right.
fn indented(name: &str) -> String {
    const NAME: usize = 16;
    format!("  {name:<NAME$}  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_space_behind_a_name_however_long_it_is() {
        assert_eq!(indented("refused"), "  refused           ");
        for connections in [7, 12_345, 519_392, u64::MAX] {
            let name = indented(&many(connections, "connection"));
            assert!(name.len() >= 20 && name.ends_with("  "), "{name:?}");
        }
    }
}
