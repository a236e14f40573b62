//! Request lines: method, target, version.

use crate::http::{Feature, Flaw, Message, Method, Version};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, On, Report, Scene, Severity, Trigger, methods, text};

rule! {
    /// ## What it sees
    /// A request line that is not method, one space, target, one space, version.
    /// ## Why it matters
    /// Servers answer 400, or read something else than the proxy in front of them did.
    /// ## When it is innocent
    /// Clients that do not encode spaces in a path.
    /// ## What to do
    /// Encode the target; a server that repairs such lines lets requests past the rules of the proxy.
    pub static SYNTAX_REQUEST_LINE_INVALID = {
        id: "syntax-request-line-invalid",
        title: "Request line does not match method SP request-target SP HTTP-version",
        severity: Severity::Error,
        source: "RFC 9112 section 3 grammar; RFC 9112 section 3.2 SHOULD answer 400 or 301; RFC 9112 section 2.3 (HTTP-version is case-sensitive)",
        guards: &[Guard::HeadWhole, Guard::NotMidstream],
        message: text(
            "Request line '{start_line}' is malformed.",
            "请求行 '{start_line}' 格式错误。",
        ),
        check: Check::Message(
            On::Request,
            Trigger::Flaw(&[
                Flaw::OddStartLine,
                Flaw::LeadingSpace,
                Flaw::SpaceInTarget,
                Flaw::NoTarget,
                Flaw::OddMethod,
                Flaw::LowerCaseVersion,
                Flaw::OddVersion,
                Flaw::TextBehindVersion,
            ]),
            line,
        ),
    }
}

fn line(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    if malformed(message) {
        report.find().add();
    }
}

/// Whether a request line does not follow the grammar: a request of HTTP/0.9 has another one.
fn malformed(message: &Message) -> bool {
    !message.flaws.has(Flaw::NoVersion) && !well_formed(message.head.start_line())
}

fn well_formed(line: &[u8]) -> bool {
    let mut words = line.split(|octet| *octet == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return false;
    };
    let token = |octet: &u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(octet);
    let clear = |octet: &u8| !octet.is_ascii_whitespace() && !octet.is_ascii_control();
    !method.is_empty()
        && method.iter().all(token)
        && !target.is_empty()
        && target.iter().all(clear)
        && matches!(version, [b'H', b'T', b'T', b'P', b'/', a, b'.', b]
            if a.is_ascii_digit() && b.is_ascii_digit())
}

rule! {
    /// ## What it sees
    /// A target whose form does not fit the method: `*` without OPTIONS, `host:port` without CONNECT,
    /// CONNECT with anything else or without a port, a fragment, or no form at all.
    /// ## Why it matters
    /// Each program makes its own of it; some refuse the request.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Correct the client: a path, the whole URL towards a proxy, `host:port` for CONNECT.
    pub static SYNTAX_REQUEST_TARGET_FORM = {
        id: "syntax-request-target-form",
        title: "Request-target form does not fit the method",
        severity: Severity::Warning,
        source: "RFC 9112 section 3.2 (four forms); RFC 9110 section 7.1 MUST NOT be used with other methods; RFC 9110 section 9.3.6 MUST reject an empty or invalid port",
        guards: &[Guard::HeadWhole],
        message: text(
            "{method} uses request-target '{target}', which is not a valid form for that method.",
            "{method} 使用的请求目标 '{target}' 不是该方法允许的形式。",
        ),
        check: Check::Message(On::Request, Trigger::Feature(&[Feature::OtherForm]), target_form),
    }
}

fn target_form(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let head = &message.head;
    let target = head.target();
    let method = head.method();
    let fits = match target.first() {
        Some(b'/') => method != Method::Connect,
        _ => match form(target) {
            Form::Asterisk => method == Method::Options,
            Form::Authority => method == Method::Connect && has_port(target),
            Form::Absolute => method != Method::Connect,
            Form::Invalid => false,
        },
    };
    if fits && memchr::memchr(b'#', target).is_none() {
        return;
    }
    let known = head.version().is_some_and(|version| version != Version::HTTP_09);
    if known && !malformed(message) {
        report.find().add();
    }
}

/// The form of a target that is not a path (RFC 9112 section 3.2).
enum Form {
    Absolute,
    Authority,
    Asterisk,
    Invalid,
}

fn form(target: &[u8]) -> Form {
    if target == b"*" {
        return Form::Asterisk;
    }
    if let Some(at) = memchr::memmem::find(target, b"://") {
        let scheme = target.get(..at).unwrap_or_default();
        let fine = |octet: &u8| octet.is_ascii_alphanumeric() || b"+-.".contains(octet);
        let scheme = scheme.first().is_some_and(u8::is_ascii_alphabetic) && scheme.iter().all(fine);
        return if scheme { Form::Absolute } else { Form::Invalid };
    }
    let host = |octet: &u8| octet.is_ascii_alphanumeric() || b"-._~%!$&'()*+;=:[]@".contains(octet);
    if !target.is_empty() && target.iter().all(host) { Form::Authority } else { Form::Invalid }
}

/// Whether an authority ends in a port that can be: not 0, and at most five digits.
fn has_port(target: &[u8]) -> bool {
    let Some(colon) = memchr::memrchr(b':', target) else { return false };
    let port = target.get(colon + 1..).unwrap_or_default();
    (1..=5).contains(&port.len())
        && port.iter().all(u8::is_ascii_digit)
        && port.iter().any(|digit| *digit != b'0')
}

rule! {
    /// ## What it sees
    /// A request without a version: HTTP/0.9.
    /// ## Why it matters
    /// The answer has neither status nor fields, so nothing about it can be checked. Today it is
    /// mostly a broken client, a scanner, or the rest of a smuggled request.
    /// ## When it is innocent
    /// Very old devices.
    /// ## What to do
    /// Find out who sends it; servers may refuse it.
    pub static HTTP09_MESSAGE = {
        id: "http09-message",
        title: "HTTP/0.9 request or response",
        severity: Severity::Warning,
        source: "RFC 9112 appendix C.1 ought to disable HTTP/0.9; RFC 1945 section 4.1",
        guards: &[Guard::NotMidstream],
        message: text(
            "HTTP/0.9 style request '{start_line}' (no version); no status code or headers can be checked.",
            "HTTP/0.9 风格的请求 '{start_line}'(没有版本号),无法检查状态码与报头。",
        ),
        check: Check::Message(On::Request, Trigger::Flaw(&[Flaw::NoVersion]), http09),
    }
}

fn http09(_: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    report.find().add();
}

rule! {
    /// ## What it sees
    /// A start line with another version than HTTP/1.0 or HTTP/1.1.
    /// ## Why it matters
    /// HTTP/2 and HTTP/3 have no start line as text: who writes `HTTP/2.0` is a tool or a scanner.
    /// ## When it is innocent
    /// The preface of HTTP/2 without TLS is known and not reported.
    /// ## What to do
    /// Find out who sends it.
    pub static HTTP_VERSION_UNEXPECTED = {
        id: "http-version-unexpected",
        title: "HTTP-version other than 1.0 or 1.1 in a start-line",
        severity: Severity::Notice,
        source: "RFC 9112 section 2.3; RFC 9110 section 2.5",
        guards: &[Guard::HeadWhole],
        message: text(
            "{kind} start-line '{start_line}' names HTTP version {value}.",
            "{kind} 的起始行 '{start_line}' 使用了 HTTP 版本 {value}。",
        ),
        check: Check::Message(On::Any, Trigger::Flaw(&[Flaw::OddVersion]), version),
    }
}

fn version(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let known = [Version::HTTP_09, Version::HTTP_10, Version::HTTP_11];
    let Some(version) = message.head.version().filter(|version| !known.contains(version)) else {
        return;
    };
    let status_line = message.head.kind() == crate::http::Kind::Response;
    if status_line && crate::rules::status_line::malformed(message) {
        return;
    }
    let value = format_args!("HTTP/{}.{}", version.major, version.minor);
    report.find().plain("value", value).add();
}

rule! {
    /// ## What it sees
    /// A method that IANA does not list and that no known product uses.
    /// ## Why it matters
    /// A server answers 501, or treats it as GET, past all rules that name methods.
    /// ## When it is innocent
    /// Private protocols on top of HTTP.
    /// ## What to do
    /// Methods are written in capitals: `get` is none. Let the edge refuse what it does not know.
    pub static METHOD_UNKNOWN = {
        id: "method-unknown",
        title: "Request method is not in the IANA registry",
        severity: Severity::Info,
        otherwise: &[(Severity::Notice, "if it is a known one in the wrong case")],
        source: "RFC 9110 section 9.1 (case-sensitive; registry); RFC 9110 section 16.1; founding document on 501",
        guards: &[Guard::HeadWhole],
        message: text(
            "{client} used method '{method}', which is not registered.",
            "{client} 使用了未注册的方法 '{method}'。",
        ),
        check: Check::Message(On::Request, Trigger::Method(&[Method::Other]), method),
    }
}

fn method(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let head = &message.head;
    let method = head.method_octets();
    let known = head.version().is_some_and(|version| version != Version::HTTP_09);
    if !known || malformed(message) || methods::registered(method) || methods::in_use(method) {
        return;
    }
    let wrong_case = methods::registered(&method.to_ascii_uppercase());
    report.find().severity_if(wrong_case, Severity::Notice).add();
}
