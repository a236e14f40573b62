//! An exchange in, what the page tells about it out: a row with its phases, and its heads, as far
//! as they are short. Holds text as it was captured apart from secrets; the page escapes it.

use super::super::figure::{clock, or_dash};
use super::super::{Options, detail, escape, name};
use super::chart;
use super::page::Page;
use super::series::Kind;
use crate::diagnosis::Verdict;
use crate::http::{Exchange, FieldName, Message};
use crate::rules::Finding;
use crate::stats::Outcome;
use crate::units::{Count, Duration, Timestamp};
use crate::wire::Endpoint;

/// Columns of a request at most.
const COLUMNS: usize = 160;

/// Octets of a head that are shown at most.
const HEAD_OCTETS: usize = 2_048;

/// Findings named beside an exchange.
const FINDINGS: usize = 6;

/// What a row of exchanges tells, and the legend below.
const PHASES: [(&str, &str); 4] =
    [("p0", "connect"), ("p1", "send request"), ("p2", "wait"), ("p4", "receive response")];

/// See the module's words.
#[derive(Debug)]
pub(super) struct Listed {
    pub id: u64,
    at: Timestamp,
    client: Endpoint,
    server: Endpoint,
    request: String,
    outcome: String,
    is_failure: bool,
    think: Option<Duration>,
    total: Option<Duration>,
    phases: Vec<(&'static str, Duration)>,
    packets: (u64, u64),
    cause: Option<&'static str>,
    findings: Vec<&'static str>,
    heads: String,
}

impl Listed {
    pub fn new(id: u64, exchange: &Exchange, outcome: Outcome, options: Options) -> Self {
        let phases = [
            exchange.connect,
            exchange.request_time(),
            exchange.think_time(),
            exchange.response_time(),
        ];
        let phases = PHASES.iter().zip(phases);
        let phases = phases.filter_map(|((class, _), phase)| Some((*class, phase?)));
        let first = exchange.first();
        Self {
            id,
            at: first.at,
            client: exchange.client,
            server: exchange.server,
            request: request(exchange, options),
            outcome: answer(exchange, outcome),
            is_failure: outcome.is_failure(),
            think: exchange.think_time(),
            total: exchange.total_time(),
            phases: phases.collect(),
            packets: (first.packet, exchange.completed.packet),
            cause: None,
            findings: Vec::new(),
            heads: heads(exchange, options),
        }
    }

    /// Why it failed.
    pub fn explain(&mut self, verdict: &Verdict) {
        self.cause = Some(verdict.cause.title);
    }

    /// What a rule says of it.
    pub fn note(&mut self, finding: &Finding) {
        if self.findings.len() < FINDINGS && !self.findings.contains(&finding.rule.id) {
            self.findings.push(finding.rule.id);
        }
    }

    /// How long its row is on the time axis.
    fn length(&self) -> Duration {
        let nanos = self.phases.iter().map(|(_, phase)| phase.as_nanos());
        Duration::from_nanos(nanos.fold(0, u64::saturating_add))
    }

    fn row(&self, page: &mut Page, longest: Duration) {
        page.raw("<tr>").number(Count(self.id)).cell(clock(self.at));
        page.raw("<td class=\"request\"><details><summary>").captured(self.request.as_bytes());
        page.raw("</summary><p class=\"soft\">").show(self.client).raw(" → ").show(self.server);
        let (first, last) = self.packets;
        page.raw(", packets ")
            .show(first)
            .raw(" to ")
            .show(last)
            .raw("; all of it: <code>httpwhy show ");
        page.show(self.id).raw(" -r …</code></p><pre>");
        for line in self.heads.split('\n') {
            page.text(line).raw("\n");
        }
        page.raw("</pre></details></td>");
        page.raw(if self.is_failure { "<td class=\"bad\">" } else { "<td>" });
        page.text(&self.outcome).raw("</td>").cell(self.cause.unwrap_or("—"));
        page.raw("<td>").text(&self.findings.join(", ")).raw("</td>");
        page.number(or_dash(self.think)).number(or_dash(self.total)).raw("<td>");
        chart::phases(page, &self.phases, longest);
        page.raw("</td></tr>\n");
    }
}

/// A table of exchanges.
pub(super) fn table<'l>(page: &mut Page, listed: impl Iterator<Item = &'l Listed> + Clone) {
    let longest = listed.clone().map(Listed::length).max().unwrap_or_default();
    page.table("#|Time|Request|Outcome|Cause|Findings|First byte|Total|Phases", "><<<<<>><");
    for one in listed {
        one.row(page, longest);
    }
    page.end_table().raw("<ul class=\"legend\">");
    for (class, name) in PHASES {
        page.raw("<li><i").attribute("class", class).raw("></i>").text(name).raw("</li>");
    }
    page.raw("</ul>");
}

fn request(exchange: &Exchange, options: Options) -> String {
    let Some(request) = &exchange.request else { return "request not captured".to_owned() };
    let head = &request.head;
    let target = options.secrets.target(head.target());
    let host = head.fields().find(|field| field.name == FieldName::Host);
    let host = host.as_ref().filter(|_| target.first() == Some(&b'/'));
    let host = host.map(|field| options.secrets.value(field)).unwrap_or_default();
    let method = escape::cut(head.method_octets(), 16);
    let whole = [&host[..], &target[..]].concat();
    format!("{method} {}", escape::cut(&whole, COLUMNS))
}

fn answer(exchange: &Exchange, outcome: Outcome) -> String {
    let Some(response) = &exchange.response else {
        let why = exchange.unanswered.map(name::unanswered);
        return match why {
            Some("fin") => "closed, no answer".to_owned(),
            Some("reset-by-server") => "reset, no answer".to_owned(),
            Some("reset-by-client") => "client gave up".to_owned(),
            Some("timeout") | None => "no answer".to_owned(),
            Some(other) => other.to_owned(),
        };
    };
    let code = escape::cut(response.head.status_octets(), 12);
    let short = if outcome == Outcome::CutShort { ", cut short" } else { "" };
    format!("{code}{short}")
}

/// The heads, lines ended by `\n`.
fn heads(exchange: &Exchange, options: Options) -> String {
    let mut text = String::new();
    let messages = [exchange.request.as_deref(), exchange.response.as_deref()];
    for message in messages.into_iter().flatten() {
        if !text.is_empty() {
            text.push('\n');
        }
        head(&mut text, message, options);
    }
    text
}

fn head(text: &mut String, message: &Message, options: Options) {
    let start = text.len();
    let mut line = |octets: &[u8]| {
        let room = HEAD_OCTETS.saturating_sub(text.len() - start);
        if room == 0 {
            return;
        }
        text.push_str(&escape::cut(octets, room));
        text.push('\n');
    };
    line(&detail::start_line(&message.head, options.secrets));
    for field in message.head.fields() {
        line(&[field.name_octets, b": ", &options.secrets.value(&field)].concat());
    }
}

/// How an exchange is drawn.
pub(super) fn kind(exchange: &Exchange) -> (Outcome, Kind) {
    let outcome = Outcome::of(exchange);
    (outcome, Kind::of(exchange, outcome))
}
