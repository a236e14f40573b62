//! Tables of servers, endpoints and the like: how exchanges went, by where they went.

use super::super::Options;
use super::super::figure::{or_dash, share};
use super::chart;
use super::page::Page;
use crate::stats::{Group, Groups, Server, Statistics};
use crate::units::Count;

pub(super) fn write(page: &mut Page, statistics: &Statistics, options: Options) {
    if options.servers {
        servers(page, statistics, options);
    }
    for groups in &statistics.groups {
        one(page, groups, options);
    }
}

fn servers(page: &mut Page, statistics: &Statistics, options: Options) {
    let mut servers: Vec<&Server> =
        statistics.servers.iter().filter(|server| server.exchanges > 0).collect();
    if servers.is_empty() {
        return;
    }
    servers.sort_by_cached_key(|server| {
        let name = server.endpoint.map(|end| end.to_string()).unwrap_or_default();
        let think = |share| server.think(share);
        options.sort.key(name.as_bytes(), server.exchanges, server.failed, think)
    });
    page.raw("<section><h2>By server</h2>");
    page.table("Server|Connections|Exchanges|5xx||p50|p95|p99|Resets|Refused", "<>>><>>>>>");
    for server in servers.iter().take(options.top) {
        page.raw("<tr>");
        match server.endpoint {
            Some(endpoint) => page.cell(endpoint),
            None => page.cell("all others"),
        };
        page.number(Count(server.connections)).number(Count(server.exchanges));
        errors(page, server.server_errors, server.exchanges);
        for part in [0.5, 0.95, 0.99] {
            page.number(or_dash(server.think(part)));
        }
        page.number(Count(server.resets)).number(Count(server.refused)).raw("</tr>\n");
    }
    page.end_table();
    further(page, servers.len().saturating_sub(options.top), "servers");
    page.raw("</section>\n");
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
    page.raw("<section><h2>By ").text(groups.by.name()).raw("</h2>");
    page.table("Name|Exchanges|Failed||p50|p95|p99|Longest", "<>><>>>>");
    for group in sorted.iter().take(options.top) {
        page.raw("<tr><td class=\"request\">");
        match group.name.is_empty() {
            true => page.raw("(empty)"),
            false => page.captured(&options.secrets.quoted(&group.name)),
        };
        page.raw("</td>");
        numbers(page, group);
    }
    if let Some(others) = groups.others() {
        page.raw("<tr>").cell("all others");
        numbers(page, others);
    }
    page.end_table();
    further(page, sorted.len().saturating_sub(options.top), groups.by.plural());
    page.raw("</section>\n");
}

fn numbers(page: &mut Page, group: &Group) {
    page.number(Count(group.exchanges));
    errors(page, group.failed, group.exchanges);
    for part in [0.5, 0.95, 0.99] {
        page.number(or_dash(group.think.quantile(part)));
    }
    page.number(or_dash(group.think.longest())).raw("</tr>\n");
}

/// A share, as a number and as a bar.
fn errors(page: &mut Page, part: u64, whole: u64) {
    page.number(share(part, whole)).raw("<td>");
    chart::bar(page, "k5", part as f64 / whole.max(1) as f64);
    page.raw("</td>");
}

fn further(page: &mut Page, more: usize, plural: &str) {
    if more > 0 {
        page.raw("<p class=\"soft\">and ").show(Count(more as u64)).raw(" further ");
        page.text(plural).raw(" (--top N)</p>");
    }
}
