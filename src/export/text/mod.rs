//! The report: what a capture holds, what failed and where, on a screen or in a mail. Everything
//! in it is a number of `Statistics` or `Summary`; one section a function.

mod accounts;
mod connections;
mod contents;
mod findings;
mod groups;
mod problems;
mod quality;
pub(super) mod upstreams;

use std::io::{self, Write};

use super::paint::{Page, Style};
use super::table::{Table, plain};
use super::{Exporter, Format, Options, escape};
use crate::flow::Side;
use crate::snapshot::Summary;
use crate::stats::{Failure, FailureCount, Latency, Statistics};
use crate::status::{self, Class};
use crate::units::{Count, Duration, Octets};

/// The report.
pub(super) const FORMAT: Format = Format {
    name: "text",
    about: "a report: what failed, where, how slow, and what the capture lacks",
    causes: false,
    open: |options| Box::new(Report { options }),
};

struct Report {
    options: Options,
}

/// What the sections look at.
struct View<'v> {
    options: Options,
    summary: &'v Summary,
    statistics: &'v Statistics,
}

impl Exporter for Report {
    fn end(
        &mut self,
        summary: &Summary,
        statistics: &Statistics,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let view = View { options: self.options, summary, statistics };
        let mut page = Page::new(self.options.colour);
        header(&mut page, &view);
        if statistics.exchanges > 0 {
            totals(&mut page, &view);
            problems::write(&mut page, &view);
            upstreams::write(&mut page, &view);
            failures(&mut page, &view);
        } else {
            contents::without_http(&mut page, &view);
        }
        findings::write(&mut page, &view);
        if statistics.exchanges > 0 {
            statuses(&mut page, &view);
            groups::write(&mut page, &view);
        }
        connections::write(&mut page, &view);
        quality::flaws(&mut page, &view);
        quality::write(&mut page, &view);
        contents::not_decoded(&mut page, &view);
        if self.options.accounts {
            accounts::write(&mut page, &view);
        }
        look_closer(&mut page, &view);
        out.write_all(page.as_bytes())
    }
}

/// `checkout.pcapng   pcapng, 3 interfaces, 4 m 12 s, 1,214,332 packets, 812 MB`.
fn header(page: &mut Page, view: &View<'_>) {
    let summary = view.summary;
    let single = summary.inputs.len() == 1;
    for input in &summary.inputs {
        let name = input.path.as_os_str().as_encoded_bytes();
        let name = if name == b"-" { b"standard input" } else { name };
        let mut facts = vec![input.format.clone().unwrap_or_else(|| "empty".to_owned())];
        if input.interfaces.len() > 1 {
            facts.push(format!("{} interfaces", Count(input.interfaces.len() as u64)));
        }
        if single && let Some(duration) = summary.duration() {
            facts.push(duration.to_string());
        }
        facts.push(many(input.packets, "packet"));
        facts.push(Octets(input.octets).to_string());
        page.put(Style::Bold, &escape::text(name)).add("   ").add(&facts.join(", "));
        if single && let Some(read_in) = summary.read_in {
            page.put(Style::Dim, &format!("   read in {read_in}"));
        }
        page.end_line();
    }
    if !single {
        let mut facts = vec![many(summary.packets, "packet")];
        facts.extend(summary.duration().map(|duration| duration.to_string()));
        page.put(Style::Bold, "together").add("   ").add(&facts.join(", "));
        page.end_line();
    }
    let copies = summary.copies();
    if copies.are_notable() {
        let share = super::figure::share(copies.copies, copies.all());
        page.put(Style::Warning, &format!("▲ {share} of the segments {}", super::lack::COPIED));
        page.end_line();
    }
    if summary.stopped {
        page.put(Style::Warning, "only the first exchanges, as many as were asked for");
        page.end_line();
    }
    page.end_line();
}

fn totals(page: &mut Page, view: &View<'_>) {
    let (statistics, outcomes) = (view.statistics, &view.statistics.outcomes);
    let failed = outcomes.failed();
    page.add("  ").add(&many(statistics.exchanges, "exchange")).add("   ");
    let style = if failed > 0 { Style::Failure } else { Style::Plain };
    let share = share(failed, statistics.exchanges);
    page.put(style, &format!("{} failed ({share})", Count(failed)));
    page.add(&format!("   {} without response", Count(outcomes.unanswered())));
    page.add(&format!("   {}", many(statistics.connections, "connection")));
    let lost = statistics.quality.missing;
    let style = if lost > 0 { Style::Warning } else { Style::Plain };
    page.add("   ").put(style, &format!("{} lost", Octets(lost)));
    page.end_line();
    if outcomes.open > 0 {
        let open = many(outcomes.open, "request");
        page.put(Style::Warning, &format!("  {open} still unanswered when the capture ended"));
        if let Some(waited) = outcomes.longest_open {
            page.add(&format!(", for up to {waited}"));
        }
        page.end_line();
    }
    if outcomes.not_captured > 0 {
        let lost = many(outcomes.not_captured, "request");
        page.put(Style::Warning, &format!("  {lost} whose answer was not captured")).end_line();
    }
    if statistics.orphans > 0 {
        let orphans = many(statistics.orphans, "response");
        page.add(&format!("  {orphans} whose request was not captured")).end_line();
    }
    if statistics.strays > 0 {
        let strays = format!("{} octets stood where no message may", times(statistics.strays));
        page.put(Style::Warning, &format!("  {strays}")).add(" (-T jsonl shows them)").end_line();
    }
    for (name, latency) in
        [("time to first octet", &statistics.think), ("whole exchange", &statistics.total)]
    {
        latencies(page, name, latency);
    }
    page.end_line();
}

fn latencies(page: &mut Page, name: &str, latency: &Latency) {
    let quantile = |share| latency.quantile(share).map(|value: Duration| value.to_string());
    let (Some(p50), Some(p95), Some(p99)) = (quantile(0.5), quantile(0.95), quantile(0.99)) else {
        return;
    };
    let max = latency.longest().map(|value| value.to_string()).unwrap_or_default();
    page.add(&format!("  {name:<19}   p50 {p50:<7}  p95 {p95:<7}  p99 {p99:<7}  max {max}"));
    page.end_line();
}

fn failures(page: &mut Page, view: &View<'_>) {
    let sorted = view.statistics.failures.sorted();
    if sorted.is_empty() {
        return;
    }
    let counts = sorted.iter().map(|count| Count(count.exchanges).to_string().len());
    let width = counts.max().unwrap_or(0);
    let mut table = Table::new("<<<<", &["FAILED", "", "server", "first seen"]);
    for count in sorted.iter().take(view.options.top) {
        table.row([
            (format!("✖ {:>width$} ×", Count(count.exchanges)), Style::Failure),
            (failure(count), Style::Bold),
            plain(count.server),
            plain(format!("exchange {}, packet {}", count.first, count.first_packet)),
        ]);
    }
    table.write(page, view.options.columns);
    let more = sorted.len().saturating_sub(view.options.top);
    further(page, more as u64, "kind of failure", "kinds of failure");
    let others = view.statistics.failures.others;
    if others > 0 {
        page.put(Style::Dim, &format!("  … and {} of kinds beyond these", Count(others)));
        page.end_line();
    }
    page.end_line();
}

fn failure(count: &FailureCount) -> String {
    match count.failure {
        Failure::Status(code) => title(code),
        Failure::Closed => "closed instead of an answer".to_owned(),
        Failure::Reset(Side::Server) => "reset by the server, no answer".to_owned(),
        Failure::Reset(Side::Client) => "reset by the client, no answer".to_owned(),
        Failure::Silent => "no answer, silence".to_owned(),
        Failure::CutShort => "response cut short".to_owned(),
    }
}

/// `502 Bad Gateway`.
fn title(code: u16) -> String {
    match status::lookup(code) {
        Some(status) => format!("{code:03} {}", status.phrase),
        None => format!("{code:03}"),
    }
}

fn statuses(page: &mut Page, view: &View<'_>) {
    let statuses = &view.statistics.statuses;
    let counted: Vec<_> = statuses.iter().collect();
    let answered = counted.iter().map(|(_, count)| count).sum::<u64>() + statuses.unreadable;
    let mut table = Table::new("<>>", &["STATUSES", "count", "share"]);
    for class in [
        Class::Informational,
        Class::Successful,
        Class::Redirection,
        Class::ClientError,
        Class::ServerError,
        Class::Other,
    ] {
        let mut of: Vec<_> =
            counted.iter().copied().filter(|(code, _)| Class::of(*code) == class).collect();
        if of.is_empty() {
            continue;
        }
        let sum = of.iter().map(|(_, count)| count).sum::<u64>();
        let style = match class {
            Class::ServerError | Class::Other => Style::Failure,
            Class::ClientError => Style::Warning,
            _ => Style::Bold,
        };
        let row = |name, style, count| {
            [(name, style), plain(Count(count)), plain(share(count, answered))]
        };
        let name = match class {
            Class::Other => "beyond 5xx".to_owned(),
            _ => format!("{}xx", class.stands_for() / 100),
        };
        table.row(row(name, style, sum));
        of.sort_by_key(|(code, count)| (std::cmp::Reverse(*count), *code));
        let rest: u64 = of.iter().skip(view.options.top).map(|(_, count)| count).sum();
        of.truncate(view.options.top);
        of.sort_by_key(|(code, _)| *code);
        for (code, count) in of {
            table.row(row(format!("  {}", title(code)), Style::Plain, count));
        }
        if rest > 0 {
            table.row(row("  other codes".to_owned(), Style::Dim, rest));
        }
    }
    if statuses.unreadable > 0 {
        let count = statuses.unreadable;
        let name = ("unreadable".to_owned(), Style::Warning);
        table.row([name, plain(Count(count)), plain(share(count, answered))]);
    }
    if !table.is_empty() {
        table.write(page, view.options.columns);
        page.end_line();
    }
}

/// `  … and 12 further servers (--top N)`.
fn further(page: &mut Page, more: u64, one: &str, many: &str) {
    if more > 0 {
        let noun = if more == 1 { one } else { many };
        page.put(Style::Dim, &format!("  … and {} further {noun} (--top N)", Count(more)));
        page.end_line();
    }
}

fn look_closer(page: &mut Page, view: &View<'_>) {
    let [input] = view.summary.inputs.as_slice() else { return };
    let name = input.path.as_os_str().as_encoded_bytes();
    if view.statistics.exchanges == 0 || name == b"-" {
        return;
    }
    let name = shell_word(name);
    let failed = view.statistics.failures.sorted();
    let first = failed.first();
    page.put(Style::Dim, "look closer:").end_line();
    let problems = view.statistics.problems.sorted();
    let explained = problems.first().map(|problem| problem.first);
    let id = explained.or(first.map(|count| count.first)).unwrap_or(1);
    let mut commands = vec![format!("httpwhy show {id} -r {name}")];
    commands.push(format!("httpwhy -T wide {name}"));
    if let Some(FailureCount { failure: Failure::Status(code), .. }) = first {
        commands.push(format!("httpwhy explain {code}"));
    }
    for command in commands {
        page.add("  ").put(Style::Command, &command).end_line();
    }
}

/// A file name as one types it in a shell, safe to show.
fn shell_word(name: &[u8]) -> String {
    let shown = escape::text(name);
    let harmless = |character: char| character.is_alphanumeric() || "/._-+,=@%".contains(character);
    if shown.chars().all(harmless) {
        return shown.into_owned();
    }
    format!("'{}'", shown.replace('\'', "'\\''"))
}

/// `1,102 exchanges`, `1 exchange`.
fn many(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", Count(count), if count == 1 { "" } else { "s" })
}

/// `once`, `12 times`.
fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{} times", Count(count)) }
}

/// `1.9 %` of a whole.
fn share(part: u64, whole: u64) -> String {
    if part == 0 || whole == 0 {
        return "0 %".to_owned();
    }
    match part as f64 * 100.0 / whole as f64 {
        tiny if tiny < 0.05 => "<0.1 %".to_owned(),
        _ if part == whole => "100 %".to_owned(),
        share => format!("{share:.1} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_counts_read_as_people_say_them() {
        assert_eq!(share(0, 10), "0 %");
        assert_eq!(share(10, 10), "100 %");
        assert_eq!(share(19, 1_000), "1.9 %");
        assert_eq!(share(1, 100_000), "<0.1 %");
        assert_eq!(share(99_999, 100_000), "100.0 %");
        assert_eq!(
            (many(1, "packet"), many(1_102, "packet")),
            ("1 packet".into(), "1,102 packets".into())
        );
    }

    #[test]
    fn a_file_name_can_be_typed_again() {
        assert_eq!(shell_word(b"samples/502-refused.pcap"), "samples/502-refused.pcap");
        assert_eq!(shell_word(b"a b.pcap"), "'a b.pcap'");
        assert_eq!(shell_word(b"it's"), "'it'\\''s'");
    }
}
