//! Markdown for a ticket (CommonMark with the tables of GitHub and GitLab): totals, causes,
//! statuses, the exchanges that failed, the slowest ones, and what the capture lacks. Written at
//! the end; keeps a bounded number of exchanges until then.

mod text;

use std::fmt::Write as _;
use std::io::{self, Write};

use super::figure::{clock, or_dash, quantiles, share};
use super::text::upstreams::{pool, sentences};
use super::{Exporter, Format, Options, escape, kinds, lack, name};
use crate::diagnosis::Verdict;
use crate::flow::{End, Side};
use crate::http::{Exchange, FieldName, Unanswered};
use crate::snapshot::Summary;
use crate::stats::{Group, Outcome, Statistics};
use crate::status::Language;
use crate::units::{Count, Duration, Timestamp};
use text::{captured, ours, sentence};

/// Markdown.
pub(super) const FORMAT: Format = Format {
    name: "md",
    about: "Markdown for a ticket: totals, causes, failed and slowest exchanges",
    causes: false,
    open: |options| Box::new(Markdown { options, failed: Vec::new(), slowest: Vec::new() }),
};

/// Failed exchanges that are listed; more of them make no better ticket.
const LISTED: usize = 20;

/// Columns of a target, an endpoint's name or a reason at most.
const COLUMNS: usize = 100;

struct Markdown {
    options: Options,
    /// The first exchanges that failed.
    failed: Vec<Line>,
    /// The exchanges that took longest, the longest first; the earlier of two that took as long.
    slowest: Vec<(Duration, Line)>,
}

/// A line about an exchange, escaped.
struct Line {
    id: u64,
    at: Timestamp,
    server: String,
    request: String,
    outcome: String,
    think: Option<Duration>,
    cause: Option<&'static str>,
}

impl Exporter for Markdown {
    fn exchange(&mut self, id: u64, exchange: &Exchange, _out: &mut dyn Write) -> io::Result<()> {
        let outcome = Outcome::of(exchange);
        if outcome.is_failure() && self.failed.len() < LISTED {
            self.failed.push(self.line(id, exchange, outcome));
        }
        if let Some(total) = exchange.total_time() {
            let place = self.slowest.partition_point(|(other, _)| *other >= total);
            if place < self.options.top {
                let line = self.line(id, exchange, outcome);
                self.slowest.insert(place, (total, line));
                self.slowest.truncate(self.options.top);
            }
        }
        Ok(())
    }

    fn verdict(&mut self, verdict: &Verdict, _out: &mut dyn Write) -> io::Result<()> {
        if let Some(line) = self.failed.iter_mut().find(|line| line.id == verdict.transaction) {
            line.cause = Some(verdict.cause.id);
        }
        Ok(())
    }

    fn end(
        &mut self,
        summary: &Summary,
        statistics: &Statistics,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let mut page = String::new();
        title(&mut page, summary);
        totals(&mut page, statistics);
        causes(&mut page, statistics, self.options.top);
        upstreams(&mut page, statistics, self.options.top);
        findings(&mut page, statistics, self.options.top);
        statuses(&mut page, statistics);
        endpoints(&mut page, statistics, self.options);
        self.failed(&mut page, statistics);
        self.slowest(&mut page);
        quality(&mut page, summary, statistics);
        if self.options.secrets == super::Secrets::Shown {
            page.push_str("\n**Secrets are shown.** Do not publish this as it is.\n");
        }
        out.write_all(page.as_bytes())
    }
}

impl Markdown {
    fn line(&self, id: u64, exchange: &Exchange, outcome: Outcome) -> Line {
        Line {
            id,
            at: exchange.first().at,
            server: ours(&exchange.server.to_string()),
            request: self.request(exchange),
            outcome: status(exchange, outcome),
            think: exchange.think_time(),
            cause: None,
        }
    }

    fn request(&self, exchange: &Exchange) -> String {
        let Some(request) = &exchange.request else { return "not captured".to_owned() };
        let head = &request.head;
        let target = self.options.secrets.target(head.target());
        let host = head.fields().find(|field| field.name == FieldName::Host);
        let host = host.as_ref().filter(|_| target.first() == Some(&b'/'));
        let host = host.map(|field| self.options.secrets.value(field)).unwrap_or_default();
        let method = escape::cut(head.method_octets(), 16);
        let whole = [&host[..], &target[..]].concat();
        captured(format!("{method} {}", escape::cut(&whole, COLUMNS)).as_bytes())
    }

    fn failed(&self, page: &mut String, statistics: &Statistics) {
        if self.failed.is_empty() {
            return;
        }
        page.push_str("\n## Failed exchanges\n\n");
        table(page, "#|Time|Server|Request|Outcome|Cause", "><<<<<");
        for line in &self.failed {
            let cause = line.cause.map_or_else(|| "—".to_owned(), ours);
            let (at, id) = (clock(line.at), Count(line.id));
            let Line { server, request, outcome, .. } = line;
            let _ = writeln!(page, "| {id} | {at} | {server} | {request} | {outcome} | {cause} |");
        }
        let more = statistics.outcomes.failed().saturating_sub(self.failed.len() as u64);
        if more > 0 {
            let _ = writeln!(page, "\nand {} more.", Count(more));
        }
    }

    fn slowest(&self, page: &mut String) {
        if self.slowest.is_empty() {
            return;
        }
        page.push_str("\n## Slowest exchanges\n\n");
        table(page, "#|Time|Server|Request|Outcome|To first byte|Total", "><<<<>>");
        for (total, line) in &self.slowest {
            let (at, id, think) = (clock(line.at), Count(line.id), or_dash(line.think));
            let Line { server, request, outcome, .. } = line;
            let _ = writeln!(
                page,
                "| {id} | {at} | {server} | {request} | {outcome} | {think} | {total} |"
            );
        }
    }
}

fn title(page: &mut String, summary: &Summary) {
    let paths = summary.inputs.iter().map(|input| input.path.as_os_str().as_encoded_bytes());
    let paths: Vec<String> = paths.map(|path| captured(&escape_cut(path))).collect();
    let _ = writeln!(page, "# HTTP in {}\n", paths.join(", "));
    let packets = Count(summary.packets);
    match (summary.first, summary.last, summary.duration()) {
        (Some(first), Some(last), Some(duration)) => {
            let _ = writeln!(page, "{first} to {last}: {duration}, {packets} packets.\n");
        }
        _ => page.push_str("The capture holds no packet.\n\n"),
    }
}

fn totals(page: &mut String, statistics: &Statistics) {
    let outcomes = &statistics.outcomes;
    table(page, "Totals|", "<>");
    let mut row = |name: &str, value: String| {
        let _ = writeln!(page, "| {name} | {value} |");
    };
    row("exchanges", Count(statistics.exchanges).to_string());
    let failed = outcomes.failed();
    row("failed", format!("{} ({})", Count(failed), share(failed, statistics.exchanges)));
    row("of those without a response", Count(outcomes.unanswered()).to_string());
    row("of those cut short", Count(outcomes.cut_short).to_string());
    row("outcome not in the capture", Count(outcomes.not_seen()).to_string());
    row("connections", Count(statistics.connections).to_string());
    row("to first byte, p50 / p95 / p99 / max", quantiles(&statistics.think));
    row("in all, p50 / p95 / p99 / max", quantiles(&statistics.total));
}

fn causes(page: &mut String, statistics: &Statistics, top: usize) {
    let problems = statistics.problems.sorted();
    if problems.is_empty() {
        return;
    }
    page.push_str("\n## Why\n\n");
    table(page, "Exchanges|Cause|Confidence|Packets|What they show", "><<<<");
    for problem in problems.iter().take(top) {
        let packets = match (problem.first_packet, problem.last_packet) {
            (Some(first), Some(last)) => format!("{first} to {last}"),
            _ => "—".to_owned(),
        };
        let (exchanges, cause) = (Count(problem.exchanges), ours(problem.cause.id));
        let (confidence, shows) = (problem.confidence.name(), sentence(&problem.summary));
        let _ = writeln!(page, "| {exchanges} | {cause} | {confidence} | {packets} | {shows} |");
    }
    let more = problems.len().saturating_sub(top);
    if more > 0 || statistics.problems.others > 0 {
        let _ = writeln!(page, "\nand further causes.");
    }
}

fn upstreams(page: &mut String, statistics: &Statistics, top: usize) {
    let said = statistics.upstreams.iter().map(|upstream| (upstream, sentences(upstream)));
    let said: Vec<_> = said.filter(|(_, sentences)| !sentences.is_empty()).collect();
    if said.is_empty() {
        return;
    }
    page.push_str("\n## Upstreams\n\n");
    for (upstream, sentences) in said.iter().take(top) {
        let _ = writeln!(page, "- {}: {}", ours(&upstream.server.to_string()), pool(upstream));
        for sentence in sentences {
            let _ = writeln!(page, "  - {sentence}");
        }
    }
    if said.len() > top {
        let _ = writeln!(page, "\nand further upstreams.");
    }
}

fn findings(page: &mut String, statistics: &Statistics, top: usize) {
    let kinds = kinds::of(&statistics.findings);
    if kinds.is_empty() {
        return;
    }
    page.push_str("\n## Findings\n\n");
    table(page, "Count|Severity|Rule|Server|Packets|The first", "><<<<<");
    for kind in kinds.iter().take(top) {
        let group = kind.worst;
        let packets = match group.packets {
            Some((first, last)) if first == last => first.to_string(),
            Some((first, last)) => format!("{first} to {last}"),
            None => "—".to_owned(),
        };
        let server = group.place.server.map(|server| ours(&server.to_string()));
        let server = server.unwrap_or_else(|| "—".to_owned());
        let first = group.examples.first().map(|finding| finding.message(Language::English));
        let mut first = first.map(|message| sentence(&message)).unwrap_or_default();
        if let Some(elsewhere) = kind.elsewhere() {
            let _ = write!(first, " — {elsewhere}");
        }
        let (count, severity, rule) =
            (Count(group.count), group.severity.name(), ours(group.rule.id));
        let _ =
            writeln!(page, "| {count} | {severity} | {rule} | {server} | {packets} | {first} |");
    }
    if kinds.len() > top || statistics.findings.beyond() > 0 {
        let _ = writeln!(page, "\nand further findings.");
    }
}

fn statuses(page: &mut String, statistics: &Statistics) {
    let unreadable = statistics.statuses.unreadable;
    if statistics.statuses.iter().next().is_none() && unreadable == 0 {
        return;
    }
    page.push_str("\n## Statuses\n\n");
    table(page, "Status|Exchanges|Share", "<>>");
    let unreadable = (unreadable > 0).then(|| ("unreadable".to_owned(), unreadable));
    let codes = statistics.statuses.iter().map(|(code, count)| (format!("{code:03}"), count));
    for (code, count) in codes.chain(unreadable) {
        let part = share(count, statistics.exchanges);
        let _ = writeln!(page, "| {code} | {} | {part} |", Count(count));
    }
}

fn endpoints(page: &mut String, statistics: &Statistics, options: Options) {
    for groups in &statistics.groups {
        let mut sorted: Vec<&Group> = groups.iter().collect();
        if sorted.is_empty() {
            continue;
        }
        sorted.sort_by_cached_key(|group| {
            let think = |share| group.think.quantile(share);
            options.sort.key(&group.name, group.exchanges, group.failed, think)
        });
        let _ = writeln!(page, "\n## By {}\n", groups.by.name());
        table(page, "Name|Exchanges|Failed|p50|p95|p99|Longest", "<>>>>>>");
        for group in sorted.iter().take(options.top) {
            let name = captured(&escape_cut(&options.secrets.quoted(&group.name)));
            let failed = share(group.failed, group.exchanges);
            let time = |share| or_dash(group.think.quantile(share));
            let [p50, p95, p99] = [0.5, 0.95, 0.99].map(time);
            let (count, longest) = (Count(group.exchanges), or_dash(group.think.longest()));
            let _ = writeln!(
                page,
                "| {name} | {count} | {failed} | {p50} | {p95} | {p99} | {longest} |"
            );
        }
        let more = sorted.len().saturating_sub(options.top);
        if more > 0 {
            let _ = writeln!(page, "\nand {} further {}.", Count(more as u64), groups.by.plural());
        }
    }
}

fn quality(page: &mut String, summary: &Summary, statistics: &Statistics) {
    page.push_str("\n## Capture quality\n\n");
    let lacks = lack::of(summary, statistics);
    for lack in &lacks {
        let quoted = lack.quotes.as_deref().map(|quoted| captured(&escape_cut(quoted.as_bytes())));
        let _ = writeln!(page, "- {}{}", lack.says, quoted.unwrap_or_default());
    }
    if lacks.is_empty() {
        page.push_str("Nothing lost, cut, repeated or out of order.\n");
    }
}

/// The head of a table: titles between bars, and whether each column stands left or right.
fn table(page: &mut String, titles: &str, align: &str) {
    let _ = writeln!(page, "| {} |", titles.replace('|', " | "));
    for side in align.chars() {
        page.push_str(if side == '>' { "| ---: " } else { "| --- " });
    }
    page.push_str("|\n");
}

fn status(exchange: &Exchange, outcome: Outcome) -> String {
    let code = exchange.response.as_ref().map(|response| match response.head.status() {
        Some(code) => format!("{code:03}"),
        None => captured(&escape_cut(response.head.status_octets())),
    });
    match (code, exchange.unanswered) {
        (Some(code), _) if outcome == Outcome::CutShort => format!("{code}, cut short"),
        (Some(code), _) => code,
        (None, Some(Unanswered::Ended(End::Fin))) => "closed, no answer".to_owned(),
        (None, Some(Unanswered::Ended(End::Reset(Side::Server)))) => "reset, no answer".to_owned(),
        (None, Some(Unanswered::Ended(End::Reset(Side::Client)))) => "client gave up".to_owned(),
        (None, Some(Unanswered::Ended(End::Idle))) => "no answer".to_owned(),
        (None, Some(why)) => name::unanswered(why).to_owned(),
        (None, None) => "no answer".to_owned(),
    }
}

fn escape_cut(octets: &[u8]) -> Vec<u8> {
    escape::cut(octets, COLUMNS).into_owned().into_bytes()
}
