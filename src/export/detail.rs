//! One exchange in full: both heads as they were sent, framing and flaws, sizes, the timeline with
//! packet numbers, and the front of each body.

mod body;
pub(crate) mod legs;
mod pretty;

use std::borrow::Cow;
use std::io::{self, Write};

use super::paint::{Page, Style};
use super::{Options, Secrets, escape, name, trailer};
use crate::diagnosis::Verdict;
use crate::flow::Mark;
use crate::http::{Doubt, Exchange, Field, Framing, Head, Kind, Message, Switch};
use crate::rules::{Finding, Severity};
use crate::status::Language;
use crate::units::{Count, Duration, Octets};

pub use body::{Bodies, Form};

/// A shorter pause inside a response is not worth a line; retransmission timers begin at 200 ms.
const NOTABLE_PAUSE: Duration = Duration::from_millis(150);

/// Octets of the front of each body that are shown.
pub const PREVIEW_OCTETS: usize = 2_048;

/// Writes one exchange.
///
/// # Errors
///
/// `out` cannot be written.
pub fn write(
    id: u64,
    exchange: &Exchange,
    options: Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut page = Page::new(options.colour);
    title(&mut page, id, exchange, options);
    let bodies = Bodies::default();
    match &exchange.request {
        Some(request) => message(&mut page, "REQUEST", request, options, bodies),
        None => absent(&mut page, "REQUEST", "not captured"),
    }
    for interim in &exchange.interim {
        message(&mut page, "INTERIM RESPONSE", interim, options, bodies);
    }
    let more = exchange.interim_count.saturating_sub(exchange.interim.len() as u64);
    if more > 0 {
        absent(&mut page, "INTERIM RESPONSES", &format!("{} more, not kept", Count(more)));
    }
    match (&exchange.response, exchange.unanswered) {
        (Some(response), _) => message(&mut page, "RESPONSE", response, options, bodies),
        (None, Some(why)) => absent(&mut page, "RESPONSE", why_none(name::unanswered(why))),
        (None, None) => absent(&mut page, "RESPONSE", "none"),
    }
    timeline(&mut page, exchange);
    page.end_line();
    out.write_all(page.as_bytes())
}

/// Writes one message of an exchange under a heading: where it lies, its head, its size, its flaws,
/// the front of its body.
///
/// # Errors
///
/// `out` cannot be written.
pub fn write_message(
    heading: &str,
    of: &Message,
    options: Options,
    bodies: Bodies,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut page = Page::new(options.colour);
    message(&mut page, heading, of, options, bodies);
    out.write_all(page.as_bytes())
}

/// Writes the front of the body of a message, where one is kept, without its content codings.
///
/// # Errors
///
/// `out` cannot be written.
pub fn write_body(
    of: &Message,
    options: Options,
    bodies: Bodies,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut page = Page::new(options.colour);
    body::write(&mut page, of, options, bodies);
    out.write_all(page.as_bytes())
}

/// Writes why the exchange before it failed.
///
/// # Errors
///
/// What `out` says.
pub fn write_verdict(verdict: &Verdict, options: Options, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(options.colour);
    let say = |page: &mut Page, text: &str| {
        page.add("  ").add(&escape::text(text.as_bytes())).end_line();
    };
    page.put(Style::Bold, "WHY").add(&format!("   exchange {}   ", Count(verdict.transaction)));
    page.put(Style::Failure, verdict.cause.title).add(&format!("   {}", verdict.cause.id));
    page.end_line();
    say(&mut page, &verdict.summary);
    say(&mut page, &format!("{} confidence: {}", verdict.confidence.name(), verdict.reason));
    for evidence in &verdict.evidence {
        let packet = format!("#{}", Count(evidence.mark.packet));
        say(&mut page, &format!("{packet:>10}  {}", evidence.says));
    }
    legs::write(&mut page, verdict);
    for rival in &verdict.rivals {
        say(&mut page, &format!("not {}: {}", rival.cause, rival.why_not));
    }
    say(&mut page, &format!("→ {}", verdict.advice));
    page.add("  Wireshark: ").put(Style::Command, &verdict.display_filter()).end_line();
    page.end_line();
    out.write_all(page.as_bytes())
}

/// Writes what a rule found in the exchange before it.
///
/// # Errors
///
/// What `out` says.
pub fn write_finding(finding: &Finding, options: Options, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(options.colour);
    let style = match finding.severity {
        Severity::Error => Style::Failure,
        Severity::Warning => Style::Warning,
        Severity::Notice | Severity::Info => Style::Plain,
    };
    page.put(Style::Bold, "FOUND");
    if let Some(number) = finding.transaction {
        page.add(&format!("   exchange {}", Count(number)));
    }
    page.add("   ").put(style, finding.severity.name()).add(&format!("   {}", finding.rule.id));
    page.end_line();
    let message = finding.message(Language::English);
    page.add("  ").add(&escape::text(message.as_bytes())).end_line();
    let packets: Vec<String> = finding.packets.iter().map(u64::to_string).collect();
    page.put(Style::Dim, &format!("  {}", finding.source())).end_line();
    if !packets.is_empty() {
        let filter = format!("frame.number in {{{}}}", packets.join(","));
        page.add("  Wireshark: ").put(Style::Command, &filter).end_line();
    }
    page.end_line();
    out.write_all(page.as_bytes())
}

fn title(page: &mut Page, id: u64, exchange: &Exchange, options: Options) {
    page.put(Style::Bold, &format!("exchange {}", Count(id))).add("   ");
    if let Some(request) = &exchange.request {
        let target = options.secrets.target(request.head.target());
        page.add(&escape::text(request.head.method_octets())).add(" ");
        page.add(&escape::cut(&target, 60));
    }
    let style = match exchange.status() {
        Some(500..) => Style::Failure,
        Some(400..) => Style::Warning,
        _ => Style::Bold,
    };
    let status = exchange.response.as_ref().map_or_else(
        || "no response".to_owned(),
        |response| {
            let reason = escape::text(response.head.reason());
            format!("{} {reason}", escape::text(response.head.status_octets()))
        },
    );
    page.add(" → ").put(style, status.trim_end()).end_line();
    page.add(&format!("{} → {}", exchange.client, exchange.server));
    let nth = exchange.nth;
    page.add(&format!("   connection {}, number {nth} on it", exchange.connection));
    if exchange.tunnelled {
        page.add(", inside a tunnel");
    }
    page.end_line();
    page.end_line();
}

fn absent(page: &mut Page, heading: &str, why: &str) {
    page.put(Style::Bold, heading).add("   ").put(Style::Warning, why).end_line();
    page.end_line();
}

fn why_none(word: &str) -> &str {
    match word {
        "fin" => "none: the connection was closed instead",
        "reset-by-server" => "none: the server reset the connection",
        "reset-by-client" => "none: the client reset the connection",
        "timeout" => "none: the connection fell silent",
        "capture-end" => "none until the capture ended",
        "not-captured" => "not captured",
        "replaced" => "none: a new connection began between the same ports",
        _ => "none: too many at a time to keep track of",
    }
}

/// What the last packet of an exchange without a response says.
fn how_over(word: &str) -> &str {
    match word {
        "fin" => "the connection is closed, no response",
        "reset-by-server" => "the server resets the connection, no response",
        "reset-by-client" => "the client resets the connection, no response",
        "timeout" => "still no response: counted as over",
        "capture-end" => "the capture ends, no response yet",
        _ => "given up",
    }
}

fn message(page: &mut Page, heading: &str, message: &Message, options: Options, bodies: Bodies) {
    let (first, last) = (message.first.packet, message.last.packet);
    let packets = if first == last {
        format!("packet {}", Count(first))
    } else {
        format!("packets {} to {}", Count(first), Count(last))
    };
    page.put(Style::Bold, heading).add("   ").put(Style::Dim, &packets).add("   ");
    let (complete, style) = completeness(message);
    page.put(style, &complete).end_line();
    head(page, &message.head, options);
    if !message.head_whole {
        page.add("  ").put(Style::Warning, "(the rest of the head is missing)").end_line();
    }
    page.add("  ").put(Style::Dim, &size(message)).end_line();
    for flaw in message.flaws.iter() {
        page.add("  ").put(Style::Warning, &format!("▲ {}", flaw.name()));
        page.put(Style::Dim, &format!("   {}", flaw.meaning().trim())).end_line();
    }
    if let Some(trailers) = &message.trailers {
        page.add("  ").put(Style::Dim, "trailer section").end_line();
        for one in trailer::fields(trailers) {
            field(page, &one, options);
        }
    }
    body::write(page, message, options, bodies);
    page.end_line();
}

fn head(page: &mut Page, head: &Head, options: Options) {
    let octets = head.octets();
    if octets.is_empty() {
        page.add("  ").put(Style::Dim, "(no head: HTTP/0.9)").end_line();
        return;
    }
    let shown = start_line(head, options.secrets);
    page.add("  ").put(Style::Bold, &escape::text(&shown)).end_line();
    for one in head.fields() {
        field(page, &one, options);
    }
}

/// The start line without secrets; only a target can hold one.
pub(super) fn start_line(head: &Head, secrets: Secrets) -> Cow<'_, [u8]> {
    let mut lines = head.octets().split(|octet| *octet == b'\n');
    let line = lines.find(|line| !line.trim_ascii().is_empty());
    let line = line.unwrap_or_default().trim_ascii();
    match head.kind() {
        Kind::Request => secrets.target_in_line(line, head.target()),
        Kind::Response => line.into(),
    }
}

fn field(page: &mut Page, field: &Field<'_>, options: Options) {
    page.add("  ").add(&escape::text(field.name_octets)).put(Style::Dim, ":").add(" ");
    page.add(&escape::text(&options.secrets.value(field))).end_line();
}

fn completeness(message: &Message) -> (String, Style) {
    if message.complete() {
        return ("whole".to_owned(), Style::Plain);
    }
    let mut parts = Vec::new();
    if message.missing > message.cut {
        parts.push(format!("{} lost", Octets(message.missing - message.cut)));
    }
    if message.cut > 0 {
        parts.push(format!("{} cut by the snap length", Octets(message.cut)));
    }
    match message.end.map(name::message_end) {
        None | Some("framing") => {}
        Some("fin") => parts.push("the connection was closed inside it".to_owned()),
        Some("reset") => parts.push("the connection was reset inside it".to_owned()),
        Some("gap") => parts.push("its end was not captured".to_owned()),
        Some("invalid") => parts.push("its framing cannot be read".to_owned()),
        Some("next-message") => parts.push("the next message began inside it".to_owned()),
        Some("timeout") => parts.push("the connection fell silent inside it".to_owned()),
        Some(_) => parts.push("the capture ended inside it".to_owned()),
    }
    (format!("not whole: {}", parts.join(", ")), Style::Warning)
}

fn size(message: &Message) -> String {
    let head = Octets(message.head.octets().len() as u64);
    let content = Octets(message.content);
    let sized = |what: &str| format!("head {head}, content {content} ({what})");
    let mut text = match message.framing {
        Framing::None => format!("head {head}, no body"),
        Framing::Length(length) if length == message.content => sized("Content-Length"),
        Framing::Length(length) => sized(&format!("Content-Length {}", Count(length))),
        Framing::Chunked => {
            let chunks = Count(message.chunks);
            sized(&format!("{chunks} chunks, {} on the wire", Octets(message.body)))
        }
        Framing::Close => sized("up to the end of the connection"),
        Framing::Tunnel => format!("head {head}, then a tunnel"),
        Framing::Upgrade => format!("head {head}, then another protocol"),
        Framing::Unknown => sized("of unknown length"),
    };
    if !message.certain {
        text.push_str("; other readers may frame it differently");
    }
    text
}

/// How much later than another a packet came.
fn after(begin: Mark, mark: Mark) -> String {
    if mark.at < begin.at {
        format!("-{}", begin.since(mark))
    } else {
        format!("+{}", mark.since(begin))
    }
}

fn timeline(page: &mut Page, exchange: &Exchange) {
    page.put(Style::Bold, "TIMELINE").add("   ");
    let begin = exchange.request.as_ref().map_or_else(|| exchange.first(), |request| request.first);
    page.put(Style::Dim, &format!("from {}", begin.at)).end_line();
    let mut events: Vec<(Mark, String)> = Vec::new();
    if let Some(request) = &exchange.request {
        let idle = exchange.idle_before.map(|idle| format!(", {idle} after the exchange before"));
        let connect = exchange.connect.map(|time| format!(", handshake took {time}"));
        let beside = connect.or(idle).unwrap_or_default();
        events.push((request.first, format!("request begins{beside}")));
        if request.last.packet != request.first.packet {
            events.push((request.last, "request ends".to_owned()));
        }
    }
    for interim in &exchange.interim {
        let status = escape::text(interim.head.status_octets()).into_owned();
        events.push((interim.first, format!("interim response {status}")));
    }
    if let Some(response) = &exchange.response {
        let think = exchange.think_time().map(|time| format!(", {time} after the request"));
        events.push((response.first, format!("response begins{}", think.unwrap_or_default())));
        if let Some((pause, packet)) = response.longest_pause
            && pause >= NOTABLE_PAUSE
        {
            page.add(&format!("  the longest pause, {pause}, ended with #{}", Count(packet)));
            page.end_line();
        }
        if response.last.packet != response.first.packet {
            let total = exchange.total_time().map(|time| format!(", {time} in all"));
            events.push((response.last, format!("response ends{}", total.unwrap_or_default())));
        }
    }
    if let (None, Some(why)) = (&exchange.response, exchange.unanswered) {
        events.push((exchange.completed, how_over(name::unanswered(why)).to_owned()));
    }
    events.sort_by_key(|(mark, _)| mark.packet);
    for (mark, what) in events {
        let after = after(begin, mark);
        let packet = format!("#{}", Count(mark.packet));
        page.add(&format!("  {after:>9}  {packet:>11}  {what}")).end_line();
    }
    if exchange.retransmissions > 0 {
        let again = match exchange.retransmissions {
            1 => "1 segment was sent again".to_owned(),
            count => format!("{} segments were sent again", Count(u64::from(count))),
        };
        page.add("  ").put(Style::Warning, &again).end_line();
    }
    let doubts = exchange.doubts();
    if !doubts.is_empty() {
        let why: Vec<&str> = doubts.iter().map(Doubt::meaning).collect();
        let grade = doubts.grade().name();
        let says = format!("trust {grade}: {}", why.join(", "));
        page.add("  ").put(Style::Warning, &says).end_line();
    }
    match &exchange.switch {
        Some(Switch::Tunnel) => page.add("  the connection is a tunnel from here on").end_line(),
        Some(Switch::Upgrade(protocol)) => {
            let protocol = escape::cut(protocol, 60);
            page.add(&format!("  the connection speaks {protocol} from here on")).end_line();
        }
        None => {}
    }
}
