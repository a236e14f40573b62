//! HTTP Archive 1.2, as browsers' developer tools and HAR viewers read it. The list of entries opens,
//! fills and closes, an entry a line, so that nothing grows here.
//!
//! The format has no word for "not known": where it demands a value, numbers are -1 (status 0, as
//! browsers write a request that failed) and texts are empty. What the packets tell beyond the format
//! stands under `_httpwhy`, where what is not known is null.

mod body;
mod timings;
mod url;

use std::io::{self, Write};

use super::jsonl::key;
use super::{Exporter, Format, Options, Secrets, escape, json, name};
use crate::http::{Exchange, FieldName, Message};
use crate::snapshot::Summary;
use crate::stats::Statistics;
use timings::Timings;

/// HTTP Archive.
pub(super) const FORMAT: Format = Format {
    name: "har",
    about: "HTTP Archive 1.2, for browsers' developer tools",
    causes: false,
    open: |options| Box::new(Har { options, line: Vec::with_capacity(4_096), first: true }),
};

struct Har {
    options: Options,
    /// The entry being written; used again for the next.
    line: Vec<u8>,
    /// Whether no entry stands before.
    first: bool,
}

impl Exporter for Har {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(
            b"{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"httpwhy\",\"version\":\"",
        )?;
        out.write_all(env!("CARGO_PKG_VERSION").as_bytes())?;
        out.write_all(b"\"},\"entries\":[\n")
    }

    fn exchange(&mut self, id: u64, exchange: &Exchange, out: &mut dyn Write) -> io::Result<()> {
        self.line.clear();
        if !std::mem::take(&mut self.first) {
            self.line.extend_from_slice(b",\n");
        }
        entry(&mut self.line, id, exchange, self.options.secrets);
        out.write_all(&self.line)
    }

    fn give_up(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"\n]}}\n")
    }

    fn end(
        &mut self,
        summary: &Summary,
        statistics: &Statistics,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        self.line.clear();
        let line = &mut self.line;
        line.extend_from_slice(b"\n],\"_httpwhy\":{\"packets\":");
        json::number(line, summary.packets);
        key!(line, "exchanges");
        json::number(line, statistics.exchanges);
        key!(line, "failed");
        json::number(line, statistics.outcomes.failed());
        key!(line, "missingBytes");
        json::number(line, statistics.quality.missing.saturating_add(statistics.quality.cut));
        key!(line, "damaged");
        json::boolean(line, summary.is_damaged());
        key!(line, "stopped");
        json::boolean(line, summary.stopped);
        key!(line, "secretsShown");
        json::boolean(line, self.options.secrets == Secrets::Shown);
        key!(line, "problems");
        problems(line, statistics);
        line.extend_from_slice(b"}}}\n");
        out.write_all(line)
    }
}

fn problems(out: &mut Vec<u8>, statistics: &Statistics) {
    out.push(b'[');
    for (index, problem) in statistics.problems.sorted().into_iter().enumerate() {
        out.extend_from_slice(if index > 0 { b",{\"cause\":" } else { b"{\"cause\":" });
        json::word(out, problem.cause.id);
        key!(out, "server");
        match problem.upstream {
            Some(upstream) => json::endpoint(out, upstream),
            None => out.extend_from_slice(b"null"),
        }
        key!(out, "exchanges");
        json::number(out, problem.exchanges);
        key!(out, "first");
        json::number(out, problem.first);
        key!(out, "confidence");
        json::word(out, problem.confidence.name());
        key!(out, "summary");
        text(out, problem.summary.as_bytes());
        out.push(b'}');
    }
    out.push(b']');
}

fn entry(out: &mut Vec<u8>, id: u64, exchange: &Exchange, secrets: Secrets) {
    let timings = Timings::of(exchange);
    out.extend_from_slice(b"{\"startedDateTime\":");
    json::time(out, timings.started);
    key!(out, "time");
    timings::millis(out, Some(timings.sum()));
    key!(out, "request");
    request(out, exchange, secrets);
    key!(out, "response");
    response(out, exchange, secrets);
    out.extend_from_slice(b",\"cache\":{},\"timings\":");
    timings.write(out);
    key!(out, "serverIPAddress");
    word(out, exchange.server.address());
    key!(out, "connection");
    word(out, exchange.connection);
    key!(out, "_httpwhy");
    facts(out, id, exchange, secrets);
    out.push(b'}');
}

fn request(out: &mut Vec<u8>, exchange: &Exchange, secrets: Secrets) {
    let request = exchange.request.as_deref();
    out.extend_from_slice(b"{\"method\":");
    text(out, request.map_or(&b""[..], |request| request.head.method_octets()));
    key!(out, "url");
    text(out, &url::of(request.map(|request| &request.head), exchange.server, secrets));
    key!(out, "httpVersion");
    version(out, request);
    out.extend_from_slice(b",\"cookies\":[],\"headers\":");
    headers(out, request, secrets);
    key!(out, "queryString");
    query(out, request, secrets);
    sizes(out, request);
    match request {
        None => out.extend_from_slice(b",\"comment\":\"the request was not captured\""),
        Some(request) => body::post_data(out, request, secrets),
    }
    out.push(b'}');
}

fn response(out: &mut Vec<u8>, exchange: &Exchange, secrets: Secrets) {
    let response = exchange.response.as_deref();
    out.extend_from_slice(b"{\"status\":");
    json::number(out, exchange.status().map_or(0, u64::from));
    key!(out, "statusText");
    text(out, response.map_or(&b""[..], |response| response.head.reason()));
    key!(out, "httpVersion");
    version(out, response);
    out.extend_from_slice(b",\"cookies\":[],\"headers\":");
    headers(out, response, secrets);
    key!(out, "content");
    match response {
        Some(response) => body::content(out, response, secrets),
        None => out.extend_from_slice(b"{\"size\":0,\"mimeType\":\"\"}"),
    }
    key!(out, "redirectURL");
    value(out, response, FieldName::Location, secrets);
    sizes(out, response);
    if let (None, Some(why)) = (response, exchange.unanswered) {
        // Where developer tools look for the reason why there is no response.
        key!(out, "_error");
        json::word(out, name::unanswered(why));
    }
    out.push(b'}');
}

/// What the packets tell beyond the format.
fn facts(out: &mut Vec<u8>, id: u64, exchange: &Exchange, secrets: Secrets) {
    let (request, response) = (exchange.request.as_deref(), exchange.response.as_deref());
    out.extend_from_slice(b"{\"id\":");
    json::number(out, id);
    key!(out, "client");
    json::endpoint(out, exchange.client);
    key!(out, "server");
    json::endpoint(out, exchange.server);
    key!(out, "nth");
    json::number(out, u64::from(exchange.nth));
    key!(out, "target");
    match request {
        Some(request) => text(out, &secrets.target(request.head.target())),
        None => out.extend_from_slice(b"null"),
    }
    key!(out, "unanswered");
    json::optional_word(out, exchange.unanswered.map(name::unanswered));
    key!(out, "pairing");
    json::optional_word(out, name::pairing(exchange.pairing));
    key!(out, "tunnelled");
    json::boolean(out, exchange.tunnelled);
    key!(out, "retransmissions");
    json::number(out, u64::from(exchange.retransmissions));
    key!(out, "completedPacket");
    json::number(out, exchange.completed.packet);
    key!(out, "request");
    message(out, request);
    key!(out, "response");
    message(out, response);
    key!(out, "interimCount");
    json::number(out, exchange.interim_count);
    key!(out, "interim");
    out.push(b'[');
    for (index, interim) in exchange.interim.iter().enumerate() {
        out.extend_from_slice(if index > 0 { b",{\"status\":" } else { b"{\"status\":" });
        json::optional_number(out, interim.head.status().map(u64::from));
        key!(out, "time");
        json::time(out, interim.first.at);
        key!(out, "headers");
        headers(out, Some(interim), secrets);
        out.push(b'}');
    }
    out.extend_from_slice(b"]}");
}

fn message(out: &mut Vec<u8>, message: Option<&Message>) {
    let Some(message) = message else {
        out.extend_from_slice(b"null");
        return;
    };
    out.extend_from_slice(b"{\"packets\":[");
    json::number(out, message.first.packet);
    out.push(b',');
    json::number(out, message.last.packet);
    out.push(b']');
    key!(out, "complete");
    json::boolean(out, message.complete());
    key!(out, "end");
    json::optional_word(out, message.end.map(name::message_end));
    key!(out, "framing");
    json::word(out, name::framing(message.framing));
    key!(out, "missingBytes");
    json::number(out, message.missing);
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

fn version(out: &mut Vec<u8>, message: Option<&Message>) {
    match message.and_then(|message| message.head.version()) {
        Some(version) => {
            word(out, format_args!("HTTP/{}.{}", version.major, version.minor));
        }
        None => json::word(out, ""),
    }
}

fn headers(out: &mut Vec<u8>, message: Option<&Message>, secrets: Secrets) {
    out.push(b'[');
    let fields = message.iter().flat_map(|message| message.head.fields());
    for (index, field) in fields.enumerate() {
        out.extend_from_slice(if index > 0 { b",{\"name\":" } else { b"{\"name\":" });
        text(out, field.name_octets);
        key!(out, "value");
        text(out, &secrets.value(&field));
        out.push(b'}');
    }
    out.push(b']');
}

/// The parameters of the target, as they were written.
fn query(out: &mut Vec<u8>, request: Option<&Message>, secrets: Secrets) {
    out.push(b'[');
    if let Some(request) = request {
        let target = secrets.target(request.head.target());
        let query = memchr::memchr(b'?', &target).and_then(|at| target.get(at + 1..));
        let pairs = query.unwrap_or_default().split(|octet| *octet == b'&');
        for (index, pair) in pairs.filter(|pair| !pair.is_empty()).enumerate() {
            let equals = memchr::memchr(b'=', pair).unwrap_or(pair.len());
            let (name, value) = pair.split_at_checked(equals).unwrap_or((pair, &[]));
            out.extend_from_slice(if index > 0 { b",{\"name\":" } else { b"{\"name\":" });
            text(out, name);
            key!(out, "value");
            text(out, value.get(1..).unwrap_or_default());
            out.push(b'}');
        }
    }
    out.push(b']');
}

/// Octets on the wire.
fn sizes(out: &mut Vec<u8>, message: Option<&Message>) {
    let whole = message.filter(|message| message.head_whole);
    key!(out, "headersSize");
    or_unknown(out, whole.map(|message| message.head.octets().len() as u64));
    key!(out, "bodySize");
    or_unknown(out, message.map(|message| message.body));
}

fn or_unknown(out: &mut Vec<u8>, value: Option<u64>) {
    match value {
        Some(value) => json::number(out, value),
        None => out.extend_from_slice(b"-1"),
    }
}

/// The value of the first field of that name, or nothing.
fn value(out: &mut Vec<u8>, message: Option<&Message>, name: FieldName, secrets: Secrets) {
    let field = message.and_then(|message| message.head.fields().find(|field| field.name == name));
    match field {
        Some(field) => text(out, &secrets.value(&field)),
        None => json::word(out, ""),
    }
}

/// A string whatever the octets are: what is not UTF-8 is written out.
fn text(out: &mut Vec<u8>, octets: &[u8]) {
    match std::str::from_utf8(octets) {
        Ok(_) => json::octets(out, octets),
        Err(_) => json::octets(out, escape::text(octets).as_bytes()),
    }
}

/// A string of ours, which needs no escaping.
fn word(out: &mut Vec<u8>, word: impl std::fmt::Display) {
    // Writing to a vector cannot fail.
    let _ = write!(out, "\"{word}\"");
}
