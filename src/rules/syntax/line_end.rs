//! Octets in the head that end lines, or should not be there.

use crate::http::{Flaw, Kind, Message};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, On, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A CR in the head that no LF follows.
    /// ## Why it matters
    /// Some readers end the line there and see a field that others take for part of a value: a way to
    /// inject fields.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Refuse such messages; look for what puts untrusted text into a header.
    pub static SYNTAX_BARE_CR = {
        id: "syntax-bare-cr",
        title: "Bare CR inside the start-line or a header field",
        severity: Severity::Error,
        source: "RFC 9112 section 2.2 MUST NOT generate; RFC 9110 section 5.5 MUST reject or replace",
        guards: &[Guard::HeadWhole],
        message: text(
            "{kind} {start_line} contains a CR that is not followed by LF at header offset {offset}; header-injection / smuggling hint.",
            "{kind} {start_line} 的报头(偏移 {offset})中出现不带 LF 的 CR,是报头注入或走私的迹象。",
        ),
        check: Check::Message(On::Any, Trigger::Flaw(&[Flaw::BareCr]), bare_cr),
    }
}

fn bare_cr(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let octets = message.head.octets();
    let lone = octets.windows(2).position(|pair| matches!(pair, [b'\r', other] if *other != b'\n'));
    report.find().plain("offset", lone.unwrap_or(octets.len().saturating_sub(1))).add();
}

rule! {
    /// ## What it sees
    /// Lines of the head that end in a lone LF.
    /// ## Why it matters
    /// A reader may take it for a line end, and need not: where proxy and server differ, they see
    /// different messages.
    /// ## When it is innocent
    /// Old CGI scripts and requests typed by hand.
    /// ## What to do
    /// Correct the sender.
    pub static SYNTAX_BARE_LF = {
        id: "syntax-bare-lf",
        title: "Header lines end in LF instead of CRLF",
        severity: Severity::Notice,
        otherwise: &[(Severity::Warning, "if other lines of the same head end in CRLF")],
        source: "RFC 9112 section 2.1 grammar (CRLF); RFC 9112 section 2.2 MAY accept LF",
        guards: &[Guard::HeadWhole],
        message: text(
            "{kind} {start_line} ends header lines with a lone LF ({count} lines); recipients may accept it, but mixed handling enables smuggling.",
            "{kind} {start_line} 有 {count} 行报头以单独的 LF 结尾;接收方可以容忍,但处理不一会带来走私风险。",
        ),
        check: Check::Message(On::Any, Trigger::Flaw(&[Flaw::BareLf]), bare_lf),
    }
}

fn bare_lf(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let octets = message.head.octets();
    let all = octets.iter().filter(|octet| **octet == b'\n').count();
    let proper = octets.windows(2).filter(|pair| *pair == b"\r\n").count();
    report.find().severity_if(proper > 0, Severity::Warning).plain("count", all - proper).add();
}

rule! {
    /// ## What it sees
    /// A NUL or another control octet in the head.
    /// ## Why it matters
    /// Readers cut the value there, drop the octet or refuse the message: each sees another value.
    /// ## When it is innocent
    /// Never; a tab in a value is allowed and not counted.
    /// ## What to do
    /// Refuse such messages; look for binary data that ends up in a header.
    pub static SYNTAX_CONTROL_OCTET = {
        id: "syntax-control-octet",
        title: "NUL or another control octet in the start-line or header section",
        severity: Severity::Error,
        source: "RFC 9110 section 5.5 (CR, LF, NUL dangerous; other CTL invalid)",
        guards: &[Guard::HeadWhole],
        message: text(
            "{kind} {start_line} contains control octet 0x{hex} in its header section.",
            "{kind} {start_line} 的报头部分含有控制字符 0x{hex}。",
        ),
        check: Check::Message(On::Any, Trigger::Flaw(&[Flaw::Nul, Flaw::ControlOctet]), control),
    }
}

fn control(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let mut octets = message.head.octets().iter();
    let odd =
        octets.find(|octet| octet.is_ascii_control() && !matches!(octet, b'\t' | b'\r' | b'\n'));
    if let Some(octet) = odd {
        report.find().plain("hex", format_args!("{octet:02X}")).add();
    }
}

rule! {
    /// ## What it sees
    /// A line that begins with white space right behind the start line.
    /// ## Why it matters
    /// It may be a continuation of the start line or a field: a proxy that skips it and a server that
    /// does not see different messages.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Refuse such messages (RFC 9112 section 2.2).
    pub static SYNTAX_SPACE_BEFORE_FIRST_FIELD = {
        id: "syntax-space-before-first-field",
        title: "Whitespace-led line between the start-line and the first field",
        severity: Severity::Error,
        source: "RFC 9112 section 2.2 MUST NOT send; MUST reject or ignore the line",
        guards: &[Guard::HeadWhole],
        message: text(
            "{kind} {start_line} is followed by a line that starts with whitespace; the line is ambiguous (fold of the start-line or a field?).",
            "{kind} {start_line} 之后紧跟以空白开头的行,含义不明(起始行的折行还是字段?)。",
        ),
        check: Check::Message(On::Any, Trigger::Flaw(&[Flaw::FoldBeforeFields]), first_field),
    }
}

fn first_field(_: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    report.find().add();
}

rule! {
    /// ## What it sees
    /// A field that goes on in the next line, which begins with white space.
    /// ## Why it matters
    /// It has been given up since some readers join the lines and some do not.
    /// ## When it is innocent
    /// Old mail-like software; inside a body of `message/http` it is not looked at.
    /// ## What to do
    /// Correct the sender; a server answers such requests with 400 or joins the lines.
    pub static SYNTAX_OBS_FOLD = {
        id: "syntax-obs-fold",
        title: "Obsolete line folding in a header field",
        severity: Severity::Warning,
        otherwise: &[(Severity::Error, "in a request")],
        source: "RFC 9112 section 5.2 MUST NOT generate; server MUST reject or replace",
        guards: &[Guard::HeadWhole],
        message: text(
            "{kind} {start_line}: field {field} is folded over several lines; obsolete and parsed differently by different software.",
            "{kind} {start_line} 的字段 {field} 使用了折行(obs-fold),已废弃,且各实现解析不一。",
        ),
        check: Check::Message(On::Any, Trigger::Flaw(&[Flaw::FoldedField]), folded),
    }
}

fn folded(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let mut name: &[u8] = &[];
    for line in message.head.octets().split(|octet| *octet == b'\n').skip(1) {
        if matches!(line.first(), Some(b' ' | b'\t')) && !name.is_empty() {
            break;
        }
        name = line.split(|octet| *octet == b':').next().unwrap_or_default();
    }
    let request = message.head.kind() == Kind::Request;
    report.find().severity_if(request, Severity::Error).octets("field", name.trim_ascii()).add();
}

rule! {
    /// ## What it sees
    /// White space between the name of a field and its colon.
    /// ## Why it matters
    /// Some readers drop the field, some take it: with framing fields that is request smuggling.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// A server answers such requests with 400, a proxy takes the white space out of responses.
    pub static SYNTAX_SPACE_BEFORE_COLON = {
        id: "syntax-space-before-colon",
        title: "Whitespace between field name and colon",
        severity: Severity::Error,
        source: "RFC 9112 section 5.1 MUST reject with 400 (server) / MUST remove (proxy)",
        guards: &[Guard::HeadWhole],
        message: text(
            "{kind} {start_line}: whitespace before the colon of field {field}; some recipients ignore the field, others honour it.",
            "{kind} {start_line} 的字段 {field} 在冒号前有空白;有的接收方忽略该字段,有的则采纳。",
        ),
        check: Check::Message(On::Any, Trigger::Flaw(&[Flaw::SpaceBeforeColon]), before_colon),
    }
}

fn before_colon(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let mut lines = message.head.octets().split(|octet| *octet == b'\n').skip(1);
    let name = lines.find_map(|line| {
        let name = line.get(..memchr::memchr(b':', line)?)?;
        let spaced = matches!(name.last(), Some(b' ' | b'\t'));
        (spaced && !matches!(name.first(), Some(b' ' | b'\t'))).then(|| name.trim_ascii())
    });
    report.find().octets("field", name.unwrap_or_default()).add();
}

rule! {
    /// ## What it sees
    /// A line of the head without a colon, or with a name that is no token.
    /// ## Why it matters
    /// Readers skip such a line, refuse the message, or end the head there.
    /// ## When it is innocent
    /// Warnings of scripts that are printed before the real fields.
    /// ## What to do
    /// Correct the program that writes the head; `raw` shows the line.
    pub static SYNTAX_FIELD_LINE_INVALID = {
        id: "syntax-field-line-invalid",
        title: "Header line without a colon or with an invalid field name",
        severity: Severity::Warning,
        source: "RFC 9110 section 5.1 (field-name = token); RFC 9112 section 5",
        guards: &[Guard::HeadWhole],
        message: text(
            "{kind} {start_line}: header line '{raw}' is not a valid field line.",
            "{kind} {start_line} 中的行 '{raw}' 不是合法的报头字段。",
        ),
        check: Check::Message(
            On::Any,
            Trigger::Flaw(&[Flaw::NoColon, Flaw::OddFieldName, Flaw::EmptyFieldName]),
            field_line,
        ),
    }
}

fn field_line(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let mut lines = message.head.octets().split(|octet| *octet == b'\n').skip(1);
    let odd = lines.find_map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let fold = matches!(line.first(), None | Some(b' ' | b'\t'));
        let name = line.split(|octet| *octet == b':').next().unwrap_or_default();
        let token = !name.trim_ascii().is_empty() && name.trim_ascii().iter().all(is_token);
        (!fold && (!token || name.len() == line.len())).then_some(line)
    });
    report.find().octets("raw", odd.unwrap_or_default()).add();
}

/// RFC 9110 section 5.6.2.
fn is_token(octet: &u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(octet)
}
