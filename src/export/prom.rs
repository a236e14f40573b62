//! Numbers for Prometheus: the text exposition format (version 0.0.4), as the node exporter's textfile
//! collector reads it. All are gauges: a file tells of one capture, and the next one begins anew.
//!
//! Labels are endpoints, codes and words of ours, never captured text, and their number is that of
//! the tables of [`Statistics`]. The same capture gives the same octets.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::io::{self, Write};

use super::{Exporter, Format};
use crate::flow::Side;
use crate::http::{Exchange, Protocol};
use crate::rules::Severity;
use crate::snapshot::Summary;
use crate::stats::{Failure, Latency, Server, Statistics};
use crate::units::Duration;

/// The text exposition format.
pub(super) const FORMAT: Format = Format {
    name: "prom",
    about: "numbers for Prometheus, by the node exporter's textfile collector",
    causes: false,
    open: |_| Box::new(Prometheus::default()),
};

/// Quantiles that a summary tells.
const QUANTILES: [(&str, f64); 4] = [("0.5", 0.5), ("0.9", 0.9), ("0.95", 0.95), ("0.99", 0.99)];

/// Nanoseconds of a second.
const SECOND: u128 = 1_000_000_000;

/// Keeps the sums that a summary needs and a histogram does not have.
#[derive(Default)]
struct Prometheus {
    think: u128,
    total: u128,
}

impl Exporter for Prometheus {
    fn exchange(&mut self, _id: u64, exchange: &Exchange, _out: &mut dyn Write) -> io::Result<()> {
        let nanos = |duration: Option<Duration>| u128::from(duration.map_or(0, Duration::as_nanos));
        self.think = self.think.saturating_add(nanos(exchange.think_time()));
        self.total = self.total.saturating_add(nanos(exchange.total_time()));
        Ok(())
    }

    fn end(
        &mut self,
        summary: &Summary,
        statistics: &Statistics,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let mut page = Page::default();
        exchanges(&mut page, statistics);
        failures(&mut page, statistics);
        findings(&mut page, statistics);
        servers(&mut page, statistics);
        let first_byte = "From the last octet of a request to the first of its response.";
        page.summary("time_to_first_byte_seconds", first_byte, &statistics.think, self.think);
        let in_all = "From the first octet of a request to the last of its response.";
        page.summary("exchange_duration_seconds", in_all, &statistics.total, self.total);
        connections(&mut page, statistics);
        capture(&mut page, summary, statistics);
        out.write_all(page.text.as_bytes())
    }
}

fn exchanges(page: &mut Page, statistics: &Statistics) {
    let outcomes = &statistics.outcomes;
    page.gauge("exchanges", "Exchanges: a request, or a response without one.");
    page.value(&[], statistics.exchanges);
    page.gauge("responses", "Final responses by status code.");
    for (code, count) in statistics.statuses.iter() {
        page.value(&[("status", &format_args!("{code:03}"))], count);
    }
    page.value(&[("status", &"unreadable")], statistics.statuses.unreadable);
    page.gauge("requests", "Requests by method.");
    let methods = &statistics.methods;
    for (method, count) in methods.iter().chain([("other", methods.other)]) {
        page.value(&[("method", &method)], count);
    }
    page.gauge("failed_exchanges", "Exchanges that failed: 5xx, no response, or one cut short.");
    page.value(&[], outcomes.failed());
    page.gauge("unanswered_exchanges", "Exchanges that ended without a final response.");
    for (how, count) in
        [("closed", outcomes.closed), ("reset", outcomes.reset), ("silent", outcomes.silent)]
    {
        page.value(&[("how", &how)], count);
    }
    page.gauge("unseen_outcomes", "Exchanges whose outcome is not in the capture.");
    page.value(&[], outcomes.not_seen());
    page.gauge("content_bytes", "Captured octets of content, transfer codings taken off.");
    for (of, octets) in ["request", "response"].into_iter().zip(statistics.content) {
        page.value(&[("of", &of)], octets);
    }
}

fn failures(page: &mut Page, statistics: &Statistics) {
    page.gauge("failures", "Failed exchanges by server and by how they failed.");
    for count in statistics.failures.sorted() {
        let how = match count.failure {
            Failure::Status(code) => format!("{code:03}"),
            Failure::Closed => "closed".to_owned(),
            Failure::Reset(Side::Client) => "reset-by-client".to_owned(),
            Failure::Reset(Side::Server) => "reset-by-server".to_owned(),
            Failure::Silent => "silent".to_owned(),
            Failure::CutShort => "cut-short".to_owned(),
        };
        page.value(&[("server", &count.server), ("how", &how)], count.exchanges);
    }
    if statistics.failures.others > 0 {
        page.value(&[("server", &"other"), ("how", &"other")], statistics.failures.others);
    }
    page.gauge("causes", "Why exchanges failed, by cause and by the server to blame.");
    for problem in statistics.problems.sorted() {
        let upstream = problem.upstream.map(|upstream| upstream.to_string()).unwrap_or_default();
        page.value(&[("cause", &problem.cause.id), ("server", &upstream)], problem.exchanges);
    }
    if statistics.problems.others > 0 {
        page.value(&[("cause", &"other"), ("server", &"other")], statistics.problems.others);
    }
}

fn findings(page: &mut Page, statistics: &Statistics) {
    page.gauge("findings", "What rules found, by rule and severity.");
    let mut counts: BTreeMap<(&str, Severity), u64> = BTreeMap::new();
    for group in statistics.findings.groups() {
        *counts.entry((group.rule.id, group.severity)).or_default() += group.count;
    }
    for ((rule, severity), count) in counts {
        page.value(&[("rule", &rule), ("severity", &severity.name())], count);
    }
    if statistics.findings.beyond() > 0 {
        let beyond = statistics.findings.beyond();
        page.value(&[("rule", &"other"), ("severity", &"other")], beyond);
    }
}

fn servers(page: &mut Page, statistics: &Statistics) {
    type Count = (&'static str, &'static str, fn(&Server) -> u64);
    const COUNTS: [Count; 6] = [
        ("server_exchanges", "Exchanges by server.", |server| server.exchanges),
        ("server_failed_exchanges", "Failed exchanges by server.", |server| server.failed),
        ("server_connections", "Connections and attempts by server.", |server| server.connections),
        ("server_refused", "Connection attempts that a server refused.", |server| server.refused),
        ("server_unanswered", "Connection attempts without an answer.", |one| one.unanswered),
        ("server_resets", "Connections that a server reset.", |server| server.resets),
    ];
    for (name, help, count) in COUNTS {
        page.gauge(name, help);
        for server in statistics.servers.iter() {
            page.value(&[("server", &endpoint(server))], count(server));
        }
    }
    page.gauge("server_time_to_first_byte_seconds", "Quantiles of a server's times, within 1 %.");
    for server in statistics.servers.iter() {
        for (name, share) in QUANTILES {
            if let Some(think) = server.think(share) {
                let labels: [Label<'_>; 2] = [("server", &endpoint(server)), ("q", &name)];
                page.value(&labels, seconds(think.as_nanos().into()));
            }
        }
    }
}

fn connections(page: &mut Page, statistics: &Statistics) {
    let endings = &statistics.endings;
    page.gauge("connections", "Connections and attempts by how they ended.");
    for (end, count) in [
        ("fin", endings.closed),
        ("reset_by_client", endings.reset_by_client),
        ("reset_by_server", endings.reset_by_server),
        ("refused", endings.refused),
        ("unanswered", endings.unanswered),
        ("timeout", endings.idle),
        ("replaced", endings.replaced),
        ("evicted", endings.evicted),
        ("open", endings.open),
    ] {
        page.value(&[("end", &end)], count);
    }
    page.gauge("connection_protocols", "Connections by what they carried.");
    for protocol in [
        Protocol::Http1,
        Protocol::Http2,
        Protocol::Tls,
        Protocol::Ssh,
        Protocol::Socks,
        Protocol::Unknown,
    ] {
        page.value(&[("protocol", &protocol.name())], statistics.protocols.count(protocol));
    }
}

fn capture(page: &mut Page, summary: &Summary, statistics: &Statistics) {
    let quality = &statistics.quality;
    page.gauge("packets", "Packets read.");
    page.value(&[], summary.packets);
    page.gauge("captured_bytes", "Captured octets of these packets.");
    page.value(&[], summary.octets);
    page.gauge("skipped_packets", "Packets that were not followed, by reason.");
    for skip in &summary.skips {
        page.value(&[("reason", &skip.reason), ("group", &skip.group)], skip.packets);
    }
    page.gauge("payload_bytes", "Octets of TCP payload, each counted once, lost ones included.");
    page.value(&[], quality.octets);
    page.gauge("lost_bytes", "Octets of payload that the capture lacks.");
    page.value(&[("why", &"missing")], quality.missing);
    page.value(&[("why", &"snaplen")], quality.cut);
    page.gauge("retransmissions", "Segments that were sent again.");
    page.value(&[], quality.retransmissions);
    if let Some(dropped) = summary.dropped() {
        page.gauge("dropped_packets", "Packets that the capturing system dropped.");
        page.value(&[], dropped);
    }
    page.gauge("damaged", "1 where an input was damaged.");
    page.value(&[], u8::from(summary.is_damaged()));
    for (name, help, at) in [
        ("first_packet_timestamp_seconds", "Time of the earliest packet.", summary.first),
        ("last_packet_timestamp_seconds", "Time of the latest packet.", summary.last),
    ] {
        let Some(at) = at else { continue };
        page.gauge(name, help);
        let nanos = i128::from(at.as_nanos());
        let sign = if nanos < 0 { "-" } else { "" };
        page.value(&[], format_args!("{sign}{}", seconds(nanos.unsigned_abs())));
    }
}

fn endpoint(server: &Server) -> String {
    server.endpoint.map_or_else(|| "other".to_owned(), |endpoint| endpoint.to_string())
}

/// Seconds with nanoseconds, exactly.
fn seconds(nanos: u128) -> String {
    format!("{}.{:09}", nanos / SECOND, nanos % SECOND)
}

/// A label and its value.
type Label<'v> = (&'static str, &'v dyn Display);

/// The page being written.
#[derive(Default)]
struct Page {
    text: String,
    /// The metric that values belong to.
    metric: &'static str,
}

impl Page {
    fn gauge(&mut self, metric: &'static str, help: &str) {
        self.begin(metric, help, "gauge");
    }

    fn begin(&mut self, metric: &'static str, help: &str, kind: &str) {
        self.metric = metric;
        let _ = writeln!(self.text, "# HELP httpwhy_{metric} {help}");
        let _ = writeln!(self.text, "# TYPE httpwhy_{metric} {kind}");
    }

    fn value(&mut self, labels: &[Label<'_>], value: impl Display) {
        self.sample("", labels, value);
    }

    fn sample(&mut self, suffix: &str, labels: &[Label<'_>], value: impl Display) {
        let _ = write!(self.text, "httpwhy_{}{suffix}", self.metric);
        for (index, (name, label)) in labels.iter().enumerate() {
            self.text.push(if index > 0 { ',' } else { '{' });
            let _ = write!(self.text, "{name}=\"");
            escaped(&mut self.text, &label.to_string());
            self.text.push('"');
        }
        self.text.push_str(if labels.is_empty() { " " } else { "} " });
        let _ = writeln!(self.text, "{value}");
    }

    fn summary(&mut self, metric: &'static str, help: &str, latency: &Latency, sum: u128) {
        self.begin(metric, help, "summary");
        for (name, share) in QUANTILES {
            if let Some(duration) = latency.quantile(share) {
                self.value(&[("quantile", &name)], seconds(duration.as_nanos().into()));
            }
        }
        self.sample("_sum", &[], seconds(sum));
        self.sample("_count", &[], latency.count());
    }
}

/// A label's value: reasons and endpoints are ours, but nothing else may ever end it either.
fn escaped(out: &mut String, value: &str) {
    for character in super::escape::text(value.as_bytes()).chars() {
        if matches!(character, '\\' | '"') {
            out.push('\\');
        }
        out.push(character);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let mut page = Page::default();
        page.gauge("skipped_packets", "Help.");
        page.value(&[("reason", &"a\"} 1\nb\\c"), ("group", &"other")], 7);
        assert_eq!(
            page.text,
            "# HELP httpwhy_skipped_packets Help.\n# TYPE httpwhy_skipped_packets gauge\n\
             httpwhy_skipped_packets{reason=\"a\\\"} 1\\\\nb\\\\c\",group=\"other\"} 7\n"
        );
    }

    #[test]
    fn seconds_are_exact() {
        assert_eq!(seconds(0), "0.000000000");
        assert_eq!(seconds(1_500_000_001), "1.500000001");
    }
}
