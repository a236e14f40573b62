//! JSON Lines: one record a line, described field by field in `docs/records.md` and by a JSON
//! Schema in `docs/records.schema.json`, which tests hold against what comes out here.
//!
//! A record type has the same keys in the same order always; what is not known is null. Records
//! stand in the order in which what they tell was complete.

mod summary;
mod upstream;

use std::io::{self, Write};

use super::json;
use super::name;
use super::{Exporter, Format, Options, Secrets, trailer};
use crate::diagnosis::Verdict;
use crate::flow::{Conflict, Ending, Mark};
use crate::http::{Connection, Exchange, Field, FieldName, Message, Stray, Switch, Version};
use crate::rules::Finding;
use crate::snapshot::Summary;
use crate::stats::{Group, Groups, Statistics};
use crate::status::Language;

/// JSON Lines.
pub(super) const FORMAT: Format = Format {
    name: "jsonl",
    about: "one JSON record a line: transactions, connections, a summary",
    causes: false,
    open: |options| Box::new(Jsonl { options, line: Vec::with_capacity(4_096) }),
};

struct Jsonl {
    options: Options,
    /// The record being written; used again for the next.
    line: Vec<u8>,
}

/// Writes `,"name":` at once.
macro_rules! key {
    ($out:expr, $name:literal) => {
        $out.extend_from_slice(concat!(",\"", $name, "\":").as_bytes())
    };
}
pub(super) use key;

impl Exporter for Jsonl {
    fn exchange(&mut self, id: u64, exchange: &Exchange, out: &mut dyn Write) -> io::Result<()> {
        self.line.clear();
        transaction(&mut self.line, id, exchange, self.options.secrets);
        out.write_all(&self.line)
    }

    fn stray(&mut self, stray: &Stray, out: &mut dyn Write) -> io::Result<()> {
        self.line.clear();
        let line = &mut self.line;
        line.extend_from_slice(b"{\"type\":\"stray\",\"connection\":");
        json::number(line, stray.connection);
        key!(line, "nth");
        json::optional_number(line, (stray.nth > 0).then_some(u64::from(stray.nth)));
        key!(line, "side");
        json::word(line, name::side(stray.side));
        key!(line, "time");
        json::time(line, stray.first.at);
        key!(line, "packet");
        json::number(line, stray.first.packet);
        key!(line, "octets");
        json::octets(line, &self.options.secrets.line(&stray.octets));
        line.extend_from_slice(b"}\n");
        out.write_all(line)
    }

    fn connection(&mut self, connection: &Connection, out: &mut dyn Write) -> io::Result<()> {
        self.line.clear();
        self::connection(&mut self.line, connection, self.options.secrets);
        out.write_all(&self.line)
    }

    fn verdict(&mut self, verdict: &Verdict, out: &mut dyn Write) -> io::Result<()> {
        self.line.clear();
        diagnosis(&mut self.line, verdict);
        out.write_all(&self.line)
    }

    fn finding(&mut self, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
        self.line.clear();
        self::finding(&mut self.line, finding);
        out.write_all(&self.line)
    }

    fn end(
        &mut self,
        summary: &Summary,
        statistics: &Statistics,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        for upstream in &statistics.upstreams {
            self.line.clear();
            upstream::record(&mut self.line, upstream);
            out.write_all(&self.line)?;
        }
        for groups in &statistics.groups {
            for group in groups.iter().chain(groups.others()) {
                self.line.clear();
                self::group(&mut self.line, groups, group, self.options.secrets);
                out.write_all(&self.line)?;
            }
        }
        self.line.clear();
        summary::record(&mut self.line, summary, statistics, self.options.secrets);
        out.write_all(&self.line)
    }
}

fn group(out: &mut Vec<u8>, groups: &Groups, group: &Group, secrets: Secrets) {
    out.extend_from_slice(b"{\"type\":\"group\",\"by\":");
    json::word(out, groups.by.name());
    key!(out, "name");
    let is_rest = groups.others().is_some_and(|others| std::ptr::eq(others, group));
    match is_rest {
        true => out.extend_from_slice(b"null"),
        false => json::octets(out, &secrets.quoted(&group.name)),
    }
    key!(out, "transactions");
    json::number(out, group.exchanges);
    key!(out, "failed");
    json::number(out, group.failed);
    key!(out, "server_errors");
    json::number(out, group.server_errors);
    key!(out, "response_body_bytes");
    json::number(out, group.content);
    key!(out, "think_ns");
    let think = &group.think;
    summary::latency(out, think.count(), |share| think.quantile(share), think.longest());
    out.extend_from_slice(b"}\n");
}

fn diagnosis(out: &mut Vec<u8>, verdict: &Verdict) {
    out.extend_from_slice(b"{\"type\":\"diagnosis\",\"transaction\":");
    json::number(out, verdict.transaction);
    key!(out, "cause");
    json::word(out, verdict.cause.id);
    key!(out, "upstream");
    match verdict.upstream {
        Some(upstream) => json::endpoint(out, upstream),
        None => out.extend_from_slice(b"null"),
    }
    key!(out, "confidence");
    json::word(out, verdict.confidence.name());
    key!(out, "reason");
    json::octets(out, verdict.reason.as_bytes());
    key!(out, "summary");
    json::octets(out, verdict.summary.as_bytes());
    key!(out, "evidence");
    list(out, &verdict.evidence, |out, evidence| {
        out.extend_from_slice(b"{\"packet\":");
        json::number(out, evidence.mark.packet);
        key!(out, "time");
        json::time(out, evidence.mark.at);
        key!(out, "says");
        json::octets(out, evidence.says.as_bytes());
        out.push(b'}');
    });
    key!(out, "rivals");
    list(out, &verdict.rivals, |out, rival| {
        out.extend_from_slice(b"{\"cause\":");
        json::word(out, rival.cause);
        key!(out, "why_not");
        json::octets(out, rival.why_not.as_bytes());
        out.push(b'}');
    });
    key!(out, "advice");
    json::octets(out, verdict.advice.as_bytes());
    key!(out, "display_filter");
    json::octets(out, verdict.display_filter().as_bytes());
    key!(out, "attempts");
    json::number(out, verdict.attempts() as u64);
    out.extend_from_slice(b"}\n");
}

fn finding(out: &mut Vec<u8>, finding: &Finding) {
    out.extend_from_slice(b"{\"type\":\"finding\",\"rule\":");
    json::word(out, finding.rule.id);
    key!(out, "severity");
    json::word(out, finding.severity.name());
    key!(out, "about");
    json::word(out, finding.subject.name());
    key!(out, "transaction");
    json::optional_number(out, finding.transaction);
    key!(out, "connection");
    json::optional_number(out, finding.connection);
    key!(out, "time");
    json::time(out, finding.at);
    key!(out, "server");
    match finding.place.server {
        Some(server) => json::endpoint(out, server),
        None => out.extend_from_slice(b"null"),
    }
    key!(out, "message");
    json::octets(out, finding.message(Language::English).as_bytes());
    key!(out, "packets");
    list(out, &finding.packets, |out, packet| json::number(out, *packet));
    key!(out, "after_ambiguous_framing");
    json::boolean(out, finding.after_ambiguous_framing);
    key!(out, "source");
    json::octets(out, finding.source().as_bytes());
    out.extend_from_slice(b"}\n");
}

fn list<T>(out: &mut Vec<u8>, items: &[T], mut write: impl FnMut(&mut Vec<u8>, &T)) {
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}

fn transaction(out: &mut Vec<u8>, id: u64, exchange: &Exchange, secrets: Secrets) {
    let (request, response) = (exchange.request.as_deref(), exchange.response.as_deref());
    out.extend_from_slice(b"{\"type\":\"transaction\",\"id\":");
    json::number(out, id);
    key!(out, "time");
    json::time(out, exchange.first().at);
    key!(out, "client");
    json::endpoint(out, exchange.client);
    key!(out, "server");
    json::endpoint(out, exchange.server);
    key!(out, "connection");
    json::number(out, exchange.connection);
    key!(out, "nth");
    json::number(out, u64::from(exchange.nth));
    key!(out, "method");
    json::optional_octets(out, request.map(|request| request.head.method_octets()));
    key!(out, "target");
    let target = request.map(|request| secrets.target(request.head.target()));
    json::optional_octets(out, target.as_deref());
    key!(out, "host");
    host(out, request, secrets);
    key!(out, "version");
    version(out, request);
    key!(out, "status");
    json::optional_number(out, exchange.status().map(u64::from));
    key!(out, "reason");
    json::optional_octets(out, response.map(|response| response.head.reason()));
    key!(out, "request_body_bytes");
    json::optional_number(out, request.map(|request| request.content));
    key!(out, "response_body_bytes");
    json::optional_number(out, response.map(|response| response.content));
    key!(out, "request_headers");
    headers(out, request, secrets);
    key!(out, "response_headers");
    headers(out, response, secrets);
    key!(out, "interim");
    interim(out, exchange);
    key!(out, "upgrade");
    upgrade(out, exchange.switch.as_ref());
    key!(out, "request_complete");
    json::optional_boolean(out, request.map(Message::complete));
    key!(out, "response_complete");
    json::optional_boolean(out, response.map(Message::complete));
    key!(out, "connect_ns");
    json::optional_duration(out, exchange.connect);
    key!(out, "request_ns");
    json::optional_duration(out, exchange.request_time());
    key!(out, "think_ns");
    json::optional_duration(out, exchange.think_time());
    key!(out, "response_ns");
    json::optional_duration(out, exchange.response_time());
    key!(out, "total_ns");
    json::optional_duration(out, exchange.total_time());
    key!(out, "request_packets");
    packets(out, request);
    key!(out, "response_packets");
    packets(out, response);
    key!(out, "retransmissions");
    json::number(out, u64::from(exchange.retransmissions));
    key!(out, "missing_bytes");
    json::number(out, exchange.missing());
    key!(out, "unanswered");
    json::optional_word(out, exchange.unanswered.map(name::unanswered));
    key!(out, "pairing");
    json::optional_word(out, name::pairing(exchange.pairing));
    key!(out, "tunnelled");
    json::boolean(out, exchange.tunnelled);
    key!(out, "idle_before_ns");
    json::optional_duration(out, exchange.idle_before);
    key!(out, "interim_count");
    json::number(out, exchange.interim_count);
    key!(out, "response_version");
    version(out, response);
    key!(out, "request");
    message(out, request, secrets);
    key!(out, "response");
    message(out, response, secrets);
    key!(out, "completed_packet");
    json::number(out, exchange.completed.packet);
    let doubts = exchange.doubts();
    key!(out, "trust");
    json::word(out, doubts.grade().name());
    key!(out, "doubts");
    list(out, &doubts.iter().collect::<Vec<_>>(), |out, doubt| json::word(out, doubt.name()));
    out.extend_from_slice(b"}\n");
}

fn host(out: &mut Vec<u8>, request: Option<&Message>, secrets: Secrets) {
    let field = request
        .and_then(|request| request.head.fields().find(|field| field.name == FieldName::Host));
    let value = field.as_ref().map(|field| secrets.value(field));
    json::optional_octets(out, value.as_deref());
}

fn version(out: &mut Vec<u8>, message: Option<&Message>) {
    match message.and_then(|message| message.head.version()) {
        Some(Version { major, minor }) => {
            out.push(b'"');
            json::number(out, u64::from(major));
            out.push(b'.');
            json::number(out, u64::from(minor));
            out.push(b'"');
        }
        None => out.extend_from_slice(b"null"),
    }
}

fn headers(out: &mut Vec<u8>, message: Option<&Message>, secrets: Secrets) {
    match message {
        Some(message) => pairs(out, message.head.fields(), secrets),
        None => out.extend_from_slice(b"null"),
    }
}

fn pairs<'h>(out: &mut Vec<u8>, fields: impl Iterator<Item = Field<'h>>, secrets: Secrets) {
    out.push(b'[');
    for (index, field) in fields.enumerate() {
        out.extend_from_slice(if index > 0 { b",[" } else { b"[" });
        json::octets(out, field.name_octets);
        out.push(b',');
        json::octets(out, &secrets.value(&field));
        out.push(b']');
    }
    out.push(b']');
}

fn interim(out: &mut Vec<u8>, exchange: &Exchange) {
    out.push(b'[');
    for (index, interim) in exchange.interim.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        json::optional_number(out, interim.head.status().map(u64::from));
    }
    out.push(b']');
}

fn upgrade(out: &mut Vec<u8>, switch: Option<&Switch>) {
    match switch {
        None => out.extend_from_slice(b"null"),
        Some(Switch::Tunnel) => {
            out.extend_from_slice(b"{\"kind\":\"tunnel\",\"protocol\":null}");
        }
        Some(Switch::Upgrade(protocol)) => {
            out.extend_from_slice(b"{\"kind\":\"upgrade\",\"protocol\":");
            json::octets(out, protocol);
            out.push(b'}');
        }
    }
}

fn packets(out: &mut Vec<u8>, message: Option<&Message>) {
    match message {
        Some(message) => {
            out.push(b'[');
            json::number(out, message.first.packet);
            out.push(b',');
            json::number(out, message.last.packet);
            out.push(b']');
        }
        None => out.extend_from_slice(b"null"),
    }
}

/// What one message was like, beyond what its exchange says of it.
fn message(out: &mut Vec<u8>, message: Option<&Message>, secrets: Secrets) {
    let Some(message) = message else {
        out.extend_from_slice(b"null");
        return;
    };
    out.extend_from_slice(b"{\"framing\":");
    json::word(out, name::framing(message.framing));
    key!(out, "framing_certain");
    json::boolean(out, message.certain);
    key!(out, "content_length");
    json::optional_number(out, message.content_length.value());
    key!(out, "end");
    json::optional_word(out, message.end.map(name::message_end));
    key!(out, "head_bytes");
    json::number(out, message.head.octets().len() as u64);
    key!(out, "head_complete");
    json::boolean(out, message.head_whole);
    key!(out, "wire_body_bytes");
    json::number(out, message.body);
    key!(out, "missing_bytes");
    json::number(out, message.missing);
    key!(out, "cut_bytes");
    json::number(out, message.cut);
    key!(out, "chunks");
    json::number(out, message.chunks);
    key!(out, "segments");
    json::number(out, u64::from(message.segments));
    key!(out, "longest_pause_ns");
    json::optional_duration(out, message.longest_pause.map(|(pause, _)| pause));
    key!(out, "trailers");
    match &message.trailers {
        Some(octets) => pairs(out, trailer::fields(octets), secrets),
        None => out.extend_from_slice(b"null"),
    }
    key!(out, "flaws");
    out.push(b'[');
    for (index, flaw) in message.flaws.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        json::word(out, flaw.name());
    }
    out.extend_from_slice(b"]}");
}

fn connection(out: &mut Vec<u8>, connection: &Connection, secrets: Secrets) {
    let handshake = &connection.handshake;
    out.extend_from_slice(b"{\"type\":\"connection\",\"id\":");
    json::number(out, connection.id);
    key!(out, "time");
    json::time(out, connection.first.at);
    key!(out, "client");
    json::endpoint(out, connection.client);
    key!(out, "server");
    json::endpoint(out, connection.server);
    key!(out, "protocol");
    json::optional_word(out, connection.protocol.map(crate::http::Protocol::name));
    key!(out, "transactions");
    json::number(out, u64::from(connection.exchanges));
    key!(out, "end");
    json::word(out, name::ending(connection.ending));
    key!(out, "first_closer");
    json::optional_word(out, connection.first_closer.map(name::side));
    key!(out, "reset_by");
    let reset_by = match connection.ending {
        Ending::Reset(side) => Some(name::side(side)),
        Ending::Refused => Some("server"),
        _ => None,
    };
    json::optional_word(out, reset_by);
    key!(out, "duration_ns");
    json::number(out, connection.last.since(connection.first).as_nanos());
    key!(out, "last_packet");
    json::number(out, connection.last.packet);
    key!(out, "midstream");
    json::boolean(out, connection.midstream);
    key!(out, "one_sided");
    json::boolean(out, connection.one_sided);
    key!(out, "connect_ns");
    let connected = handshake.syn.zip(handshake.done).map(|(syn, done)| done.since(syn));
    json::optional_duration(out, connected);
    key!(out, "syns");
    json::number(out, u64::from(handshake.syns));
    key!(out, "syn");
    mark(out, handshake.syn);
    key!(out, "syn_ack");
    mark(out, handshake.syn_ack);
    key!(out, "established");
    mark(out, handshake.done);
    for (index, side) in ["client", "server"].into_iter().enumerate() {
        let health = &connection.health;
        let long = |pair: &[u64; 2]| pair.get(index).copied().unwrap_or_default();
        let short = |pair: &[u32; 2]| u64::from(pair.get(index).copied().unwrap_or_default());
        out.extend_from_slice(b",\"");
        out.extend_from_slice(side.as_bytes());
        out.extend_from_slice(b"_side\":{\"packets\":");
        json::number(out, long(&health.packets));
        key!(out, "bytes");
        json::number(out, long(&health.octets));
        key!(out, "missing_bytes");
        json::number(out, long(&health.missing));
        key!(out, "cut_bytes");
        json::number(out, long(&health.cut));
        key!(out, "retransmissions");
        json::number(out, short(&health.retransmissions));
        key!(out, "reordered");
        json::number(out, short(&health.reordered));
        key!(out, "conflicts");
        json::number(out, short(&health.conflicts));
        key!(out, "probes");
        json::number(out, short(&health.probes));
        key!(out, "zero_windows");
        json::number(out, short(&health.zero_windows));
        key!(out, "ignored");
        json::number(out, short(&health.ignored));
        key!(out, "urgent");
        json::number(out, short(&health.urgent));
        key!(out, "switched_bytes");
        json::number(out, long(&connection.switched));
        key!(out, "fin");
        mark(out, connection.fin.get(index).copied().flatten());
        key!(out, "reset");
        mark(out, connection.reset.get(index).copied().flatten());
        out.push(b'}');
    }
    key!(out, "two_versions");
    out.push(b'[');
    for (index, conflict) in connection.conflicts.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        self::conflict(out, conflict, secrets);
    }
    out.extend_from_slice(b"]}\n");
}

/// Octets that were sent in two versions.
fn conflict(out: &mut Vec<u8>, conflict: &Conflict, secrets: Secrets) {
    out.extend_from_slice(b"{\"packet\":");
    json::number(out, conflict.mark.packet);
    key!(out, "time");
    json::time(out, conflict.mark.at);
    key!(out, "side");
    json::word(out, name::side(conflict.side));
    key!(out, "offset");
    json::number(out, conflict.offset);
    key!(out, "bytes");
    json::number(out, conflict.octets);
    for (name, version) in ["earlier", "later"].into_iter().zip(&conflict.versions) {
        out.extend_from_slice(b",\"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        match secrets {
            // A part of a message does not tell whether it is of a secret.
            Secrets::Hidden => out.extend_from_slice(b"null"),
            Secrets::Shown => json::octets(out, version),
        }
    }
    out.push(b'}');
}

/// A packet and its time.
fn mark(out: &mut Vec<u8>, mark: Option<Mark>) {
    match mark {
        Some(mark) => {
            out.extend_from_slice(b"{\"packet\":");
            json::number(out, mark.packet);
            key!(out, "time");
            json::time(out, mark.at);
            out.push(b'}');
        }
        None => out.extend_from_slice(b"null"),
    }
}
