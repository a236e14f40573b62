//! The sections of the page whose numbers `Statistics` and `Summary` have: totals, causes,
//! findings, servers, statuses, what the capture lacks.

use super::super::figure::{or_dash, share};
use super::super::{kinds, lack};
use super::chart;
use super::page::Page;
use crate::diagnosis::Verdict;
use crate::http::Protocol;
use crate::rules::Severity;
use crate::snapshot::Summary;
use crate::stats::{Latency, Problem, Statistics};
use crate::status::{self, Language};
use crate::units::{Count, Octets};

/// Inputs that the title names.
const INPUTS: usize = 4;

pub(super) fn title(page: &mut Page, summary: &Summary) {
    page.raw("<header><h1>HTTP in ");
    for (index, input) in summary.inputs.iter().take(INPUTS).enumerate() {
        let name = input.path.as_os_str().as_encoded_bytes();
        page.raw(if index > 0 { ", " } else { "" });
        page.captured(if name == b"-" { b"standard input" } else { name });
    }
    if summary.inputs.len() > INPUTS {
        page.raw(" and ").show(Count((summary.inputs.len() - INPUTS) as u64)).raw(" more files");
    }
    page.raw("</h1><p class=\"soft\">");
    match (summary.first, summary.last, summary.duration()) {
        (Some(first), Some(last), Some(duration)) => {
            page.show(first).raw(" to ").show(last).raw(": ").show(duration).raw(", ");
            page.show(Count(summary.packets)).raw(" packets, ").show(Octets(summary.octets));
        }
        _ => drop(page.raw("The capture holds no packet.")),
    }
    page.raw("</p></header>\n");
}

pub(super) fn totals(page: &mut Page, statistics: &Statistics) {
    let outcomes = &statistics.outcomes;
    let mut card = |name: &'static str, value: String, small: String, bad: bool| {
        page.raw("<div><dt>").text(name).raw(if bad {
            "</dt><dd class=\"bad\">"
        } else {
            "</dt><dd>"
        });
        page.text(&value).raw("<small>").text(&small).raw("</small></dd></div>");
    };
    let time = |latency: &Latency, part| or_dash(latency.quantile(part));
    let (failed, all) = (outcomes.failed(), statistics.exchanges);
    card("exchanges", Count(all).to_string(), connections(statistics), false);
    card("failed", Count(failed).to_string(), share(failed, all), failed > 0);
    let unanswered = outcomes.unanswered();
    let cut_short = format!("{} cut short", Count(outcomes.cut_short));
    card("without a response", Count(unanswered).to_string(), cut_short, unanswered > 0);
    for (name, latency) in [("to first byte", &statistics.think), ("in all", &statistics.total)] {
        let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|part| time(latency, part));
        let longest = or_dash(latency.longest());
        card(name, p50, format!("p95 {p95}, p99 {p99}, longest {longest}"), false);
    }
}

fn connections(statistics: &Statistics) -> String {
    match statistics.http_connections {
        1 => "on 1 connection".to_owned(),
        count => format!("on {} connections", Count(count)),
    }
}

pub(super) fn causes(page: &mut Page, statistics: &Statistics, first: &[Verdict], top: usize) {
    let problems = statistics.problems.sorted();
    if problems.is_empty() {
        return;
    }
    page.raw("<section id=\"why\"><h2>Why exchanges failed</h2>\n");
    for problem in problems.iter().take(top) {
        cause(page, problem, first);
    }
    if problems.len() > top || statistics.problems.others > 0 {
        page.raw("<p class=\"soft\">and further causes (--top N)</p>");
    }
    page.raw("</section>\n");
}

fn cause(page: &mut Page, problem: &Problem, first: &[Verdict]) {
    page.raw("<article").attribute("class", format_args!("cause {}", problem.confidence.name()));
    page.raw("><h3>").show(Count(problem.exchanges)).raw(" × ").text(problem.cause.title);
    if let Some(upstream) = problem.upstream {
        page.raw(" · ").show(upstream);
    }
    page.raw("</h3><p>").text(&problem.summary).raw("</p><p class=\"advice\">→ ");
    page.text(problem.cause.advice).raw("</p>");
    if let Some(verdict) = first.iter().find(|verdict| verdict.transaction == problem.first) {
        page.raw("<details><summary>the packets that show it, in exchange ");
        page.show(Count(verdict.transaction)).raw("</summary>");
        page.table("Packet|Shows", "><");
        for evidence in &verdict.evidence {
            page.raw("<tr>").number(Count(evidence.mark.packet)).cell(&evidence.says).raw("</tr>");
        }
        page.end_table().raw("<p>").text(verdict.confidence.name()).raw(" confidence: ");
        page.text(&verdict.reason).raw("</p>");
        for rival in &verdict.rivals {
            page.raw("<p class=\"soft\">not ").text(rival.cause).raw(": ").text(rival.why_not);
            page.raw("</p>");
        }
        page.raw("<p>Wireshark: ").captured(verdict.display_filter().as_bytes());
        page.raw("</p></details>");
    }
    page.raw("<p class=\"soft\">").text(problem.confidence.name()).raw(" confidence");
    if let (Some(first), Some(last)) = (problem.first_packet, problem.last_packet) {
        page.raw(", packets ").show(first).raw(" to ").show(last);
    }
    page.raw("; <code>httpwhy explain ").text(problem.cause.id).raw("</code></p></article>\n");
}

pub(super) fn findings(page: &mut Page, statistics: &Statistics, top: usize) {
    let kinds = kinds::of(&statistics.findings);
    if kinds.is_empty() {
        return;
    }
    page.raw("<section id=\"findings\"><h2>Findings</h2>");
    page.table("Count|Severity|Rule|Server|Packets|The first", "><<<<<");
    for kind in kinds.iter().take(top) {
        let group = kind.worst;
        page.raw("<tr>").number(Count(group.count));
        let bad = group.severity == Severity::Error;
        page.raw(if bad { "<td class=\"bad\">" } else { "<td>" });
        page.text(group.severity.name()).raw("</td>").cell(group.rule.id);
        match group.place.server {
            Some(server) => page.cell(server),
            None => page.cell("—"),
        };
        match group.packets {
            Some((first, last)) if first == last => page.cell(first),
            Some((first, last)) => page.cell(format_args!("{first} to {last}")),
            None => page.cell("—"),
        };
        let first = group.examples.first().map(|finding| finding.message(Language::English));
        page.raw("<td>").text(&first.unwrap_or_default());
        if let Some(elsewhere) = kind.elsewhere() {
            page.raw("<p class=\"soft\">").text(&elsewhere).raw("</p>");
        }
        page.raw("</td></tr>\n");
    }
    page.end_table();
    if kinds.len() > top || statistics.findings.beyond() > 0 {
        page.raw("<p class=\"soft\">and further findings (--top N)</p>");
    }
    page.raw("</section>\n");
}

pub(super) fn statuses(page: &mut Page, statistics: &Statistics) {
    let unreadable = statistics.statuses.unreadable;
    let whole = statistics.statuses.iter().map(|(_, count)| count).sum::<u64>() + unreadable;
    if whole == 0 {
        return;
    }
    page.raw("<section id=\"statuses\"><h2>Statuses</h2>").table("Status|Exchanges|Share|", "<>><");
    let mut row = |name: String, class, count: u64| {
        page.raw("<tr>").cell(name).number(Count(count)).number(share(count, whole)).raw("<td>");
        chart::bar(page, class, count as f64 / whole as f64);
        page.raw("</td></tr>\n");
    };
    for (code, count) in statistics.statuses.iter() {
        let class = match code {
            500.. => "k5",
            400.. => "k4",
            300.. => "k3",
            _ => "k2",
        };
        let phrase = status::lookup(code).map_or("", |status| status.phrase);
        row(format!("{code:03} {phrase}"), class, count);
    }
    if unreadable > 0 {
        row("unreadable".to_owned(), "kx", unreadable);
    }
    page.end_table().raw("</section>\n");
}

pub(super) fn quality(page: &mut Page, summary: &Summary, statistics: &Statistics) {
    page.raw("<section id=\"quality\"><h2>Capture quality</h2><ul>");
    let lacks = lack::of(summary, statistics);
    for lack in &lacks {
        page.raw("<li>").text(&lack.says).text(lack.quotes.as_deref().unwrap_or("")).raw("</li>");
    }
    if lacks.is_empty() {
        page.raw("<li>Nothing lost, cut, repeated or out of order.</li>");
    }
    page.raw("</ul>");
    let foreign = [
        (Protocol::Tls, "TLS"),
        (Protocol::Http2, "HTTP/2"),
        (Protocol::Ssh, "SSH"),
        (Protocol::Socks, "SOCKS"),
        (Protocol::Unknown, "another protocol"),
    ];
    let counted = foreign.map(|(protocol, name)| (statistics.protocols.count(protocol), name));
    if counted.iter().any(|(count, _)| *count > 0) {
        page.raw("<h3>Not decoded</h3><ul>");
        for (count, name) in counted.into_iter().filter(|(count, _)| *count > 0) {
            page.raw("<li>").show(Count(count)).raw(" connections with ").text(name).raw("</li>");
        }
        page.raw("</ul>");
    }
    page.raw("</section>\n");
}
