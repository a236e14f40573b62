//! Transfer-Encoding, and Content-Length beside it.

use crate::http::{FieldName, Flaw, Kind, Message, TransferCoding, Version};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, On, Report, Scene, Severity, Trigger, list, text};

rule! {
    /// ## What it sees
    /// A message with both `Content-Length` and `Transfer-Encoding`.
    /// ## Why it matters
    /// One reader ends the message where the length says, another where the last chunk stands. What
    /// lies between is a message to one and a body to the other: request smuggling in a request,
    /// response splitting in a response. What follows on the connection is marked as found after
    /// ambiguous framing.
    /// ## When it is innocent
    /// Hardly ever: a few old proxies add a length and leave the coding in place. The same answer,
    /// the same host, every time.
    /// ## What to do
    /// Let the edge refuse such requests with 400 and close the connection. For a response find out
    /// who added the second field: compare both sides of each proxy.
    pub static FRAMING_CL_AND_TE = {
        id: "framing-cl-and-te",
        title: "Message carries both Content-Length and Transfer-Encoding",
        severity: Severity::Error,
        source: "RFC 9112 section 6.2 MUST NOT (sender); RFC 9112 section 6.1 MUST close (server); RFC 9112 section 6.3 item 3 ought to be handled as an error; RFC 9112 section 11.2",
        guards: &[Guard::HeadWhole],
        message: text(
            "{kind} {start_line} has both Content-Length: {cl} and Transfer-Encoding: {te}; recipients that pick different fields disagree on where the message ends (request smuggling / desync risk).",
            "{kind} {start_line} 同时带有 Content-Length: {cl} 和 Transfer-Encoding: {te},不同的接收方会对报文边界得出不同结论(请求走私/去同步风险)。",
        ),
        check: Check::Message(On::Any, Trigger::Flaw(&[Flaw::LengthAndCoding]), cl_and_te),
    }
}

fn cl_and_te(_: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    report.find().add();
}

rule! {
    /// ## What it sees
    /// A `Transfer-Encoding` whose last coding is not `chunked`.
    /// ## Why it matters
    /// The end of a request with it cannot be found at all, so a server has to answer 400 and close.
    /// A response with it ends with the connection, so nobody sees whether it was cut short.
    /// ## When it is innocent
    /// A response of an old server that closes the connection behind it. The value `identity` alone
    /// is not counted.
    /// ## What to do
    /// Correct the sender: `chunked` comes last, once. Better still, leave compression to `Content-
    /// Encoding`.
    pub static FRAMING_TE_NOT_CHUNKED_FINAL = {
        id: "framing-te-not-chunked-final",
        title: "Transfer-Encoding is present but chunked is not the final coding",
        severity: Severity::Error,
        otherwise: &[(Severity::Warning, "in a response")],
        source: "RFC 9112 section 6.1 MUST apply chunked last (request); RFC 9112 section 6.3 item 4: server MUST answer 400 and close",
        guards: &[Guard::HeadWhole],
        message: text(
            "{kind} {start_line}: Transfer-Encoding '{te}' does not end in chunked; {effect}.",
            "{kind} {start_line} 的 Transfer-Encoding '{te}' 不以 chunked 结尾;{effect}。",
        ),
        check: Check::Message(On::Any, Trigger::Flaw(&[Flaw::CodingNotChunked, Flaw::CodingInvalid]), not_chunked_final),
    }
}

fn not_chunked_final(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let response = message.head.kind() == Kind::Response;
    let effect = if response {
        text("the body ends with the connection", "主体只能以关闭连接作为结束")
    } else {
        text("the length of the body cannot be known", "无法得知主体长度")
    };
    report.find().severity_if(response, Severity::Warning).phrase("effect", effect).add();
}

rule! {
    /// ## What it sees
    /// A `Transfer-Encoding` or `Content-Length` field that is written so that some readers take it
    /// and some do not: white space before the colon, a folded value, control octets,
    /// `Transfer_Encoding`, several lines, or a coding that nobody knows such as `xchunked`.
    /// ## Why it matters
    /// It is the second half of request smuggling: the proxy in front sees one framing, the server
    /// behind it another.
    /// ## When it is innocent
    /// Codings of a private protocol between two ends that know each other, and no proxy between
    /// them.
    /// ## What to do
    /// Refuse such messages at the edge. Look at what came behind it on the same connection, and at
    /// who else shared the upstream connection.
    pub static FRAMING_TE_OBFUSCATED = {
        id: "framing-te-obfuscated",
        title: "Transfer-Encoding is written so that some parsers see chunked and others do not",
        severity: Severity::Error,
        source: "RFC 9112 section 6.1; RFC 9112 section 6.3; RFC 9112 section 5.1 MUST reject whitespace before colon (server); RFC 9112 section 11.2",
        guards: &[Guard::HeadWhole],
        supersedes: &["framing-te-not-chunked-final", "syntax-space-before-colon"],
        message: text(
            "{kind} {start_line}: framing field written as '{raw}' – parsers differ on whether chunked applies (TE.TE request smuggling).",
            "{kind} {start_line} 的分帧字段写成 '{raw}',不同解析器对是否为 chunked 判断不一(TE.TE 请求走私)。",
        ),
        check: Check::Message(On::Any, Trigger::Flaw(&[Flaw::ObscuredFraming]), obfuscated),
    }
}

fn obfuscated(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let names: [&[u8]; 4] =
        [b"transfer-encoding", b"content-length", b"transfer_encoding", b"content_length"];
    // The lines as they stand: the odd one tells itself.
    let lines = message.head.octets().split(|octet| *octet == b'\n').skip(1);
    let mut framing: Vec<&[u8]> = Vec::new();
    let mut inside = false;
    for line in lines {
        let folded = matches!(line.first(), Some(b' ' | b'\t'));
        let names_it = names.iter().any(|name| {
            line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
        });
        inside = names_it || folded && inside;
        if inside {
            framing.push(line.strip_suffix(b"\r").unwrap_or(line));
        }
    }
    report.find().octets("raw", &framing.join(&b"\r\n"[..])).add();
}

rule! {
    /// ## What it sees
    /// `chunked` more than once in `Transfer-Encoding`.
    /// ## Why it matters
    /// Some readers take the chunks off once and some twice, so they see different bodies.
    /// ## When it is innocent
    /// A proxy that adds its own `chunked` to one that is there already; it is broken all the same.
    /// ## What to do
    /// Find the hop that adds the second one: compare the two sides of each proxy.
    pub static FRAMING_CHUNKED_TWICE = {
        id: "framing-chunked-twice",
        title: "The chunked coding is listed more than once",
        severity: Severity::Error,
        source: "RFC 9112 section 6.1 MUST NOT",
        guards: &[Guard::HeadWhole],
        supersedes: &["framing-te-not-chunked-final"],
        message: text(
            "{kind} {start_line} lists chunked {count} times in Transfer-Encoding ('{te}').",
            "{kind} {start_line} 在 Transfer-Encoding('{te}')中 {count} 次列出 chunked,协议禁止。",
        ),
        check: Check::Message(On::Any, Trigger::Flaw(&[Flaw::ChunkedTwice]), chunked_twice),
    }
}

fn chunked_twice(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let chunked = |member: &&[u8]| member.eq_ignore_ascii_case(b"chunked");
    let count = list::members(&message.head, FieldName::TransferEncoding).filter(chunked).count();
    report.find().plain("count", count).add();
}

rule! {
    /// ## What it sees
    /// `Transfer-Encoding` in a message of HTTP/1.0, or in the response to a request of HTTP/1.0.
    /// ## Why it matters
    /// HTTP/1.0 knows no chunks: its readers take the chunk sizes for content, or end the body
    /// elsewhere.
    /// ## When it is innocent
    /// A server that answers every client with HTTP/1.1 and chunks, and a client that says 1.0 but
    /// knows 1.1.
    /// ## What to do
    /// Let the server close the connection to end the body for HTTP/1.0; in nginx behind a proxy set
    /// `proxy_http_version 1.1`.
    pub static FRAMING_TE_HTTP10 = {
        id: "framing-te-http10",
        title: "Transfer-Encoding used with HTTP/1.0 (in an HTTP/1.0 message, or in the response to an HTTP/1.0 request)",
        severity: Severity::Error,
        source: "RFC 9112 section 6.1 MUST treat framing as faulty; RFC 9112 section 6.1 MUST NOT (server)",
        guards: &[Guard::HeadWhole],
        message: text(
            "{kind} {start_line} uses Transfer-Encoding although HTTP/1.0 is in play; the framing must be treated as faulty.",
            "{kind} {start_line} 在涉及 HTTP/1.0 的情况下使用了 Transfer-Encoding,其分帧应视为有误。",
        ),
        check: Check::Message(On::Any, Trigger::Field(&[FieldName::TransferEncoding]), in_http10),
    }
}

fn in_http10(message: &Message, scene: &Scene<'_>, report: &mut Report<'_>) {
    let old = |message: &Message| message.head.version() == Some(Version::HTTP_10);
    let answers_old = message.head.kind() == Kind::Response && scene.request().is_some_and(old);
    if message.transfer_coding != TransferCoding::Absent && (old(message) || answers_old) {
        report.find().add();
    }
}
