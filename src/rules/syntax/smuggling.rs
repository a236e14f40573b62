//! Requests that hide another one, or fields of a response.

use crate::flow::Side;
use crate::http::{Feature, Flaw, Head, Message};
use crate::rules::rule::rule;
use crate::rules::{Aftermath, Check, Guard, On, Report, Scene, Severity, Trigger, text};
use crate::units::Duration;

rule! {
    /// ## What it sees
    /// A target with an encoded line break (`%0D%0A`), or an encoded CR or LF in front of something
    /// that looks like a field.
    /// ## Why it matters
    /// A server that puts the decoded text into a header lets the sender write fields, or a whole
    /// second response.
    /// ## When it is innocent
    /// Text of several lines in a query.
    /// ## What to do
    /// If the text came back as a field, correct the application: encode what goes into headers. Else
    /// watch the sender.
    pub static HEADER_INJECTION_ATTEMPT = {
        id: "header-injection-attempt",
        title: "Request target carries an encoded CR or LF",
        severity: Severity::Notice,
        otherwise: &[(Severity::Error, "if the text comes back as a field of the response")],
        source: "RFC 9112 section 11.1 (response splitting)",
        guards: &[Guard::HeadWhole],
        message: text(
            "{client} sent '{target}' with an encoded line break; {effect}.",
            "{client} 发送的 '{target}' 含有经编码的换行符;{effect}。",
        ),
        check: Check::Message(On::Request, Trigger::Feature(&[Feature::Escape]), injection),
    }
}

fn injection(message: &Message, scene: &Scene<'_>, report: &mut Report<'_>) {
    let target = message.head.target();
    if memchr::memchr(b'%', target).is_none() {
        return;
    }
    let Some(text_behind) = behind_line_break(target) else { return };
    let injected =
        scene.response().is_some_and(|response| comes_back(&text_behind, &response.head));
    let effect = if injected {
        text(
            "the text behind it came back as a field of the response",
            "其后的文本作为响应字段返回",
        )
    } else {
        text("it did not come back in the response", "响应中没有返回该文本")
    };
    report.find().severity_if(injected, Severity::Error).phrase("effect", effect).add();
}

/// The decoded text behind an encoded line break, where there is one that looks like an attempt.
fn behind_line_break(target: &[u8]) -> Option<Vec<u8>> {
    for (at, escape) in target.windows(3).enumerate() {
        let carriage_return = escape.eq_ignore_ascii_case(b"%0d");
        if !carriage_return && !escape.eq_ignore_ascii_case(b"%0a") {
            continue;
        }
        let behind = target.get(at + 3..).unwrap_or_default();
        let pair = carriage_return
            && behind.get(..3).is_some_and(|next| next.eq_ignore_ascii_case(b"%0a"));
        let decoded = decode(if pair { behind.get(3..).unwrap_or_default() } else { behind });
        if pair || field_of(&decoded).is_some() {
            return Some(decoded);
        }
    }
    None
}

/// Percent decoding; what is no escape stays.
fn decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, behind @ ..] = rest {
        let hexadecimal = |octet: &u8| char::from(*octet).to_digit(16);
        match (first, behind) {
            (b'%', [high, low, after @ ..])
                if hexadecimal(high).is_some() && hexadecimal(low).is_some() =>
            {
                let octet = hexadecimal(high).zip(hexadecimal(low)).map(|(h, l)| h * 16 + l);
                decoded.push(octet.and_then(|octet| u8::try_from(octet).ok()).unwrap_or(b'%'));
                rest = after;
            }
            (b'+', _) => {
                decoded.push(b' ');
                rest = behind;
            }
            _ => {
                decoded.push(*first);
                rest = behind;
            }
        }
    }
    decoded
}

/// Name and value of the field that a text begins with.
fn field_of(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|octet| matches!(octet, b'\r' | b'\n')).unwrap_or(text.len());
    let line = text.get(..end)?;
    let colon = memchr::memchr(b':', line)?;
    let (name, value) = line.split_at(colon);
    let token = |octet: &u8| octet.is_ascii_alphanumeric() || b"-_".contains(octet);
    let named = !name.is_empty() && name.iter().all(token);
    named.then(|| (name, value.get(1..).unwrap_or_default().trim_ascii()))
}

fn comes_back(decoded: &[u8], response: &Head) -> bool {
    let lines = decoded.split(|octet| matches!(octet, b'\r' | b'\n'));
    lines.filter_map(field_of).any(|(name, value)| {
        !value.is_empty()
            && response.fields().any(|field| {
                field.name_octets.eq_ignore_ascii_case(name) && field.value.starts_with(value)
            })
    })
}

rule! {
    /// ## What it sees
    /// A request with ambiguous framing that another request hides in: a request line in its body,
    /// behind its end, or a further request in the same segment.
    /// ## Why it matters
    /// It is the use of the ambiguity: the server behind the proxy answers a request that the proxy
    /// never saw, with the rights of whoever comes next on that connection.
    /// ## When it is innocent
    /// Tests of security scanners.
    /// ## What to do
    /// Block the sender, refuse ambiguous requests at the edge, and look for the answer to the hidden
    /// request in what other clients got.
    pub static REQUEST_INSIDE_BODY = {
        id: "request-inside-body",
        title: "The octets after a request's ambiguous framing look like another request",
        severity: Severity::Error,
        source: "RFC 9112 section 11.2 (request smuggling)",
        guards: &[Guard::NoGap],
        supersedes: &["framing-cl-and-te", "framing-cl-differing"],
        message: text(
            "{method} {url}: a second request ('{value}') hides behind the ambiguous framing; likely request-smuggling attempt from {client}.",
            "{method} {url} 的歧义分帧后藏有第二个请求('{value}'),疑似来自 {client} 的请求走私。",
        ),
        check: Check::Settled(
            Trigger::Flaw(&[
                Flaw::LengthAndCoding,
                Flaw::LengthDiffers,
                Flaw::CodingInvalid,
                Flaw::CodingNotChunked,
            ]),
            inside,
        ),
    }
}

fn inside(scene: &Scene<'_>, after: &Aftermath<'_>, report: &mut Report<'_>) {
    const AMBIGUOUS: &[Flaw] =
        &[Flaw::LengthAndCoding, Flaw::LengthDiffers, Flaw::CodingInvalid, Flaw::CodingNotChunked];
    let Some(request) = scene.request() else { return };
    if !AMBIGUOUS.iter().any(|flaw| request.flaws.has(*flaw)) {
        return;
    }
    let strays = after.strays.iter().filter(|stray| stray.side == Side::Client);
    let mut places =
        std::iter::once(&request.preview[..]).chain(strays.map(|stray| &stray.octets[..]));
    if let Some(line) = places.find_map(request_line) {
        report.find().about(request).octets("value", line).add();
        return;
    }
    if let Some(next) = after.next.and_then(|next| next.request.as_deref())
        && follows_at_once(request, next, scene.response())
    {
        report.find().about(request).octets("value", next.head.start_line()).add();
    }
}

/// Whether a request came with the end of another, before that one was answered.
fn follows_at_once(request: &Message, next: &Message, response: Option<&Message>) -> bool {
    const AT_ONCE: Duration = Duration::from_millis(1);
    next.first.since(request.last) < AT_ONCE
        && response.is_none_or(|response| next.first.packet < response.first.packet)
}

/// The first line in these octets that is a request line.
fn request_line(octets: &[u8]) -> Option<&[u8]> {
    const METHODS: &[&[u8]] = &[b"GET ", b"POST ", b"PUT ", b"DELETE ", b"HEAD ", b"OPTIONS "];
    octets.split(|octet| *octet == b'\n').find_map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let version = line.ends_with(b" HTTP/1.1") || line.ends_with(b" HTTP/1.0");
        let target = line.get(..line.len().saturating_sub(9)).filter(|_| version)?;
        METHODS.iter().find_map(|method| {
            let at = memchr::memmem::rfind(target, method)?;
            let between = target.get(at + method.len()..)?;
            let plain = !between.is_empty() && !between.iter().any(u8::is_ascii_whitespace);
            plain.then(|| line.get(at..))?
        })
    })
}
