//! BY SERVER, BY ENDPOINT and the like: how exchanges went, by where they went.

use super::super::paint::{Page, Style};
use super::super::table::{Cell, Table, plain};
use super::super::{Options, escape};
use super::{View, further, share};
use crate::stats::{Group, Groups, Server};
use crate::units::{Count, Duration};

pub(super) fn write(page: &mut Page, view: &View<'_>) {
    if view.options.servers {
        servers(page, view);
    }
    for groups in &view.statistics.groups {
        one(page, groups, view.options);
    }
}

fn servers(page: &mut Page, view: &View<'_>) {
    let mut servers: Vec<&Server> =
        view.statistics.servers.iter().filter(|server| server.exchanges > 0).collect();
    if servers.is_empty() {
        return;
    }
    servers.sort_by_cached_key(|server| {
        let name = server.endpoint.map(|end| end.to_string()).unwrap_or_default();
        let think = |share| server.think(share);
        view.options.sort.key(name.as_bytes(), server.exchanges, server.failed, think)
    });
    let heading = ["BY SERVER", "conns", "reqs", "5xx", "p50", "p95", "p99", "resets", "refused"];
    let mut table = Table::new("<>>>>>>>>", &heading);
    for server in servers.iter().take(view.options.top) {
        let name = server.endpoint.map_or_else(|| "all others".to_owned(), |end| end.to_string());
        let mut row = vec![plain(name), plain(Count(server.connections))];
        row.push(plain(Count(server.exchanges)));
        row.push(errors(server.server_errors, server.exchanges));
        row.extend([0.5, 0.95, 0.99].map(|share| time(server.think(share))));
        row.push(plain(Count(server.resets)));
        row.push(plain(Count(server.refused)));
        table.row(row);
    }
    table.write(page, view.options.columns);
    further(page, servers.len().saturating_sub(view.options.top) as u64, "server", "servers");
    page.end_line();
}

fn one(page: &mut Page, groups: &Groups, options: Options) {
    let mut sorted: Vec<&Group> = groups.iter().collect();
    if sorted.is_empty() {
        return;
    }
    sorted.sort_by_cached_key(|group| {
        let think = |share| group.think.quantile(share);
        options.sort.key(&group.name, group.exchanges, group.failed, think)
    });
    let title = format!("BY {}", groups.by.name().to_uppercase());
    let heading = [&*title, "reqs", "failed", "5xx", "p50", "p95", "p99", "max"];
    let mut table = Table::new("<>>>>>>>", &heading);
    let others = groups.others();
    for group in sorted.iter().copied().take(options.top).chain(others) {
        let name = match (group.name.is_empty(), others.is_some_and(|one| std::ptr::eq(one, group)))
        {
            (_, true) => "all others".to_owned(),
            (true, false) => "(empty)".to_owned(),
            _ => escape::text(&options.secrets.quoted(&group.name)).into_owned(),
        };
        let mut row = vec![plain(name), plain(Count(group.exchanges))];
        row.push(errors(group.failed, group.exchanges));
        row.push(errors(group.server_errors, group.exchanges));
        row.extend([0.5, 0.95, 0.99].map(|share| time(group.think.quantile(share))));
        row.push(time(group.think.longest()));
        table.row(row);
    }
    table.write(page, options.columns);
    let (singular, plural) = (groups.by.name(), groups.by.plural());
    further(page, sorted.len().saturating_sub(options.top) as u64, singular, plural);
    page.end_line();
}

fn errors(part: u64, whole: u64) -> Cell {
    let style = if part > 0 { Style::Failure } else { Style::Plain };
    (share(part, whole), style)
}

fn time(time: Option<Duration>) -> Cell {
    plain(time.map_or_else(|| "—".to_owned(), |time| time.to_string()))
}
