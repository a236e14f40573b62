//! The chunked coding (RFC 9112 section 7.1).

use crate::http::{FieldName, Flaw, Kind, Message};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, On, Parameter, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A chunk-size line that is no hexadecimal number: a sign, `0x`, an empty line, or more digits
    /// than 64 bits hold.
    /// ## Why it matters
    /// Nobody can say where the body goes on. A lenient reader guesses, and everything behind it is
    /// out of step.
    /// ## When it is innocent
    /// Never in a capture that is whole.
    /// ## What to do
    /// Correct the sender. From outside it is a probe for smuggling: refuse it with 400.
    pub static FRAMING_CHUNK_SIZE_INVALID = {
        id: "framing-chunk-size-invalid",
        title: "A chunk-size line cannot be parsed",
        severity: Severity::Error,
        source: "RFC 9112 section 7.1 (1*HEXDIG; overflow); RFC 9112 section 8 incomplete message",
        guards: &[Guard::NoGap],
        message: text(
            "{kind} {start_line}: chunk-size line '{value}' is invalid at body offset {offset}; the rest of the stream cannot be framed.",
            "{kind} {start_line} 的分块长度行 '{value}'(主体偏移 {offset})非法,其后的字节无法再分帧。",
        ),
        check: Check::Message(On::Any, Trigger::Flaw(&[Flaw::ChunkSizeInvalid]), size_invalid),
    }
}

fn size_invalid(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let (offset, line) = place(message);
    report.find().octets("value", line).plain("offset", offset).add();
}

/// Where in the body it was first written against the grammar, and what stood there.
fn place(message: &Message) -> (u64, &[u8]) {
    let misframed = message.misframed.as_deref();
    let line = misframed.map_or(&[][..], |place| &place.octets);
    (misframed.map_or(0, |place| place.offset), line.strip_suffix(b"\r").unwrap_or(line))
}

rule! {
    /// ## What it sees
    /// A line of the chunked coding that ends in a lone LF, holds a lone CR, or chunk data without a
    /// line end behind them.
    /// ## Why it matters
    /// RFC 9112 lets a reader accept a lone LF in the head, not here. Readers that do differ from
    /// readers that do not on where the body ends: a known way to smuggle requests.
    /// ## When it is innocent
    /// Programs written by hand that send LF for line ends.
    /// ## What to do
    /// Correct the sender; let the edge refuse such requests.
    pub static FRAMING_CHUNK_LINE_ENDING = {
        id: "framing-chunk-line-ending",
        title: "Chunk framing uses a bare LF/CR or the chunk data is not followed by CRLF",
        severity: Severity::Error,
        source: "RFC 9112 section 7.1 (CRLF in chunk grammar); RFC 9112 section 2.2 (LF tolerance covers start-line and fields only); RFC 9112 section 11.2",
        guards: &[Guard::NoGap],
        message: text(
            "{kind} {start_line}: chunk framing deviates ({what}) at body offset {offset}; lenient and strict parsers disagree on the body length (smuggling vector).",
            "{kind} {start_line} 的分块分帧不合规({what},主体偏移 {offset}),宽松与严格的解析器会得到不同的主体长度(走私手法)。",
        ),
        check: Check::Message(
            On::Any,
            Trigger::Flaw(&[Flaw::ChunkBareLf, Flaw::ChunkBareCr, Flaw::ChunkDataOverrun]),
            line_ending,
        ),
    }
}

fn line_ending(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let flaws = message.flaws;
    let what = if flaws.has(Flaw::ChunkDataOverrun) {
        text("no line end behind the data", "数据之后没有换行")
    } else if flaws.has(Flaw::ChunkBareLf) {
        text("a lone LF", "单独的 LF")
    } else {
        text("a lone CR", "单独的 CR")
    };
    report.find().phrase("what", what).plain("offset", place(message).0).add();
}

rule! {
    /// ## What it sees
    /// Chunk extensions in a request, or very long ones in any message.
    /// ## Why it matters
    /// Hardly anything uses them. They are a way to smuggle, and to make a reader work for nothing.
    /// ## When it is innocent
    /// Uploads signed chunk by chunk, as object stores do; extensions named `chunk-signature` are not
    /// reported.
    /// ## What to do
    /// Let the edge refuse or strip them.
    pub static FRAMING_CHUNK_EXTENSION = {
        id: "framing-chunk-extension",
        title: "Chunk extensions in a request, or very long ones",
        severity: Severity::Notice,
        otherwise: &[(Severity::Warning, "if one is longer than `max_ext`")],
        source: "RFC 9112 section 7.1.1 ought to limit",
        parameters: &[
            Parameter { name: "max_ext", default: &[256.0], meaning: "octets of the longest extension" },
        ],
        guards: &[Guard::NoGap],
        message: text(
            "{kind} {start_line} uses chunk extensions ({bytes} octets in the longest); rarely legitimate and a known smuggling / resource-exhaustion lever.",
            "{kind} {start_line} 使用了分块扩展(最长 {bytes} 字节),正常业务少见,常被用于走私或消耗资源。",
        ),
        check: Check::Message(On::Any, Trigger::Flaw(&[Flaw::ChunkExtension]), extension),
    }
}

fn extension(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let signed = message.extension.as_deref().is_some_and(|extension| {
        let name = extension.strip_prefix(b";").unwrap_or(extension).trim_ascii_start();
        name.starts_with(b"chunk-signature")
    });
    let long = f64::from(message.longest_extension) > report.parameter("max_ext");
    let asked = message.head.kind() == Kind::Request && !signed;
    if long || asked {
        let severity = if long { Severity::Warning } else { Severity::Notice };
        report.find().severity(severity).plain("bytes", message.longest_extension).add();
    }
}

rule! {
    /// ## What it sees
    /// A trailer section with a field that frames, routes, authenticates or describes the content.
    /// ## Why it matters
    /// Such fields are needed before the content. A reader that merges trailers into the head lets
    /// the sender change what was checked already.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Let proxies drop these fields from trailers; send them in the head.
    pub static FRAMING_TRAILER_FORBIDDEN = {
        id: "framing-trailer-forbidden",
        title: "Trailer section carries a field that controls framing, routing, authentication or content format",
        severity: Severity::Warning,
        source: "RFC 9110 section 6.5.1 MUST NOT",
        guards: &[Guard::NoGap],
        message: text(
            "{kind} {start_line}: trailer section contains {field}, which is not allowed after the content.",
            "{kind} {start_line} 的尾部字段中出现 {field},该字段不允许放在主体之后。",
        ),
        check: Check::Message(On::Any, Trigger::Flaw(&[Flaw::Trailers]), trailer),
    }
}

fn trailer(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    /// RFC 9110 section 6.5.1.
    const FORBIDDEN: &[FieldName] = &[
        FieldName::TransferEncoding,
        FieldName::ContentLength,
        FieldName::Host,
        FieldName::ContentEncoding,
        FieldName::ContentType,
        FieldName::ContentRange,
        FieldName::Trailer,
        FieldName::Authorization,
        FieldName::ProxyAuthorization,
        FieldName::SetCookie,
        FieldName::CacheControl,
        FieldName::Expect,
        FieldName::MaxForwards,
        FieldName::Te,
        FieldName::Connection,
        FieldName::Upgrade,
        FieldName::Location,
    ];
    let trailers = message.trailers.as_deref().unwrap_or_default();
    let names = trailers.split(|octet| *octet == b'\n').filter_map(|line| {
        let colon = memchr::memchr(b':', line)?;
        Some(line.get(..colon)?.trim_ascii())
    });
    for name in names {
        if FORBIDDEN.contains(&FieldName::recognise(name)) {
            report.find().octets("field", name).add();
            return;
        }
    }
}
