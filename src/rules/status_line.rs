//! Status lines: version, code and reason phrase.

use crate::http::{Feature, FieldName, Flaw, Message, Version, header::media_type::MediaType};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, On, Report, Scene, Severity, Trigger, methods, text};
use crate::status::{self, Registration};

rule! {
    /// ## What it sees
    /// A status line that is not version, one space, three digits, and a phrase behind one more
    /// space.
    /// ## Why it matters
    /// Clients refuse the response, or guess; a proxy answers 502.
    /// ## When it is innocent
    /// Radio servers that say `ICY 200 OK`.
    /// ## What to do
    /// Correct the server. Where no number can be read the response counts as a 500.
    pub static STATUS_LINE_MALFORMED = {
        id: "status-line-malformed",
        title: "Status line does not match HTTP-version SP 3DIGIT SP [reason]",
        severity: Severity::Error,
        source: "RFC 9112 section 4 grammar",
        guards: &[Guard::HeadWhole, Guard::NotMidstream],
        supersedes: &["reason-phrase-space-missing"],
        message: text(
            "Status line '{start_line}' from {server} is malformed.",
            "{server} 返回的状态行 '{start_line}' 格式错误。",
        ),
        check: Check::Message(
            On::Response,
            Trigger::Flaw(&[
                Flaw::OddStartLine,
                Flaw::LeadingSpace,
                Flaw::LowerCaseVersion,
                Flaw::OddVersion,
                Flaw::BadStatus,
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

/// Whether a status line does not follow the grammar, apart from a missing last space.
pub(super) fn malformed(message: &Message) -> bool {
    if message.head.version() == Some(Version::HTTP_09) {
        return false;
    }
    let [b'H', b'T', b'T', b'P', b'/', major, b'.', minor, b' ', a, b, c, rest @ ..] =
        message.head.start_line()
    else {
        return true;
    };
    ![major, minor, a, b, c].into_iter().all(u8::is_ascii_digit)
        || !matches!(rest.first(), None | Some(b' '))
}

rule! {
    /// ## What it sees
    /// A status code outside 100 to 599.
    /// ## Why it matters
    /// Clients may refuse it or treat it as a 500, and statistics lose it.
    /// ## When it is innocent
    /// Codes that a few products invented, such as 999.
    /// ## What to do
    /// Let the server use a code of the right class. Here it counts as a 5xx.
    pub static STATUS_CODE_OUT_OF_RANGE = {
        id: "status-code-out-of-range",
        title: "Three-digit status code outside 100–599",
        severity: Severity::Error,
        otherwise: &[(Severity::Warning, "if it is known from some product")],
        codes: &["0xx", "6xx", "7xx", "8xx", "9xx"],
        source: "RFC 9110 section 15 (values outside 100..599 are invalid); client SHOULD treat as 5xx",
        guards: &[Guard::HeadWhole],
        message: text(
            "{server} answered {method} {url} with invalid status code {status}; clients should treat it like a 5xx{known}.",
            "{server} 对 {method} {url} 返回了非法状态码 {status}(合法范围 100–599),客户端应按 5xx 处理{known}。",
        ),
        check: Check::Message(On::Response, Trigger::Flaw(&[Flaw::StatusOutOfRange]), out_of_range),
    }
}

fn out_of_range(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let Some(row) = message.head.status().map(status::lookup) else { return };
    let draft = report.find().severity_if(row.is_some(), Severity::Warning);
    match row {
        Some(row) => {
            let vendor = row.vendor.unwrap_or(row.phrase);
            draft.plain("known", format_args!(" ({vendor}: {})", row.phrase)).add();
        }
        None => draft.plain("known", "").add(),
    }
}

rule! {
    /// ## What it sees
    /// A status code between 100 and 599 that IANA does not list and no known product uses.
    /// ## Why it matters
    /// Clients can only go by its first digit.
    /// ## When it is innocent
    /// Private protocols on top of HTTP.
    /// ## What to do
    /// Use the registered code that says the same.
    pub static STATUS_CODE_UNKNOWN = {
        id: "status-code-unknown",
        title: "Status code is neither registered nor a known vendor code",
        severity: Severity::Notice,
        source: "RFC 9110 section 15 (treat as x00 of its class); RFC 9110 section 15.1 ought to be registered",
        guards: &[Guard::HeadWhole],
        message: text(
            "{server} answered {method} {url} with unregistered status {status} '{reason}'; generic clients treat it as {class00}.",
            "{server} 对 {method} {url} 返回未注册的状态码 {status} '{reason}',通用客户端会按 {class00} 处理。",
        ),
        check: Check::Message(On::Response, Trigger::StatusWhere(is_unknown), unknown),
    }
}

fn is_unknown(code: u16) -> bool {
    status::VALID_CODES.contains(&code) && status::lookup(code).is_none()
}

fn unknown(_: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    report.find().add();
}

rule! {
    /// ## What it sees
    /// A status code that only some products use.
    /// ## Why it matters
    /// Its meaning is to be looked up with that product; `httpwhy explain CODE` tells it.
    /// ## When it is innocent
    /// Always: it is information.
    /// ## What to do
    /// Read the explanation of the code; the Server field tells which product sent it.
    pub static STATUS_CODE_VENDOR = {
        id: "status-code-vendor",
        title: "Unregistered status code of a known product",
        severity: Severity::Info,
        codes: &["unregistered"],
        source: "RFC 9110 section 15.1 ought to be registered",
        guards: &[Guard::HeadWhole],
        message: text(
            "{server} answered {method} {url} with vendor status {status} ({vendor}: {name}).",
            "{server} 对 {method} {url} 返回厂商自定义状态码 {status}({vendor}:{name})。",
        ),
        check: Check::Message(On::Response, Trigger::StatusWhere(is_of_vendor), of_vendor),
    }
}

fn is_of_vendor(code: u16) -> bool {
    let row = status::lookup(code);
    status::VALID_CODES.contains(&code)
        && row.is_some_and(|row| row.registration == Registration::Unregistered && !row.log_only)
}

fn of_vendor(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    named(message, report);
}

fn named(message: &Message, report: &mut Report<'_>) {
    if let Some(row) = message.head.status().and_then(status::lookup) {
        let vendor = row.vendor.unwrap_or("?");
        report.find().plain("vendor", vendor).plain("name", row.phrase).add();
    }
}

rule! {
    /// ## What it sees
    /// A status code that its product writes to a log and never sends.
    /// ## Why it matters
    /// Somebody copied a number from a log into an application, or mapped an error page to it; the
    /// client knows nothing of it.
    /// ## When it is innocent
    /// Servers that use the same number for something else.
    /// ## What to do
    /// Look for `error_page … =499` and the like, and for applications that pass on what they read.
    pub static STATUS_CODE_LOG_ONLY = {
        id: "status-code-log-only",
        title: "Code that should only appear in logs is seen on the wire",
        severity: Severity::Notice,
        codes: &["444", "460", "494", "495", "496", "497", "499"],
        source: "RFC 9110 section 15.1",
        guards: &[Guard::HeadWhole],
        message: text(
            "{server} sent status {status}, which {vendor} uses only in its logs ({name}).",
            "{server} 在线上返回了 {status};{vendor} 只在日志中使用该码({name})。",
        ),
        check: Check::Message(On::Response, Trigger::StatusWhere(is_log_only), log_only),
    }
}

fn is_log_only(code: u16) -> bool {
    status::lookup(code).is_some_and(|row| row.log_only)
}

fn log_only(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    named(message, report);
}

rule! {
    /// ## What it sees
    /// A reason phrase that belongs to another status code.
    /// ## Why it matters
    /// The number counts, and somebody set the wrong one: `200 Not Found` is cached and indexed as a
    /// success.
    /// ## When it is innocent
    /// Phrases that old RFCs and products use for the same code are known and not reported.
    /// ## What to do
    /// Correct the number in the application.
    pub static REASON_PHRASE_MISMATCH = {
        id: "reason-phrase-mismatch",
        title: "Reason phrase belongs to a different status code",
        severity: Severity::Notice,
        source: "RFC 9112 section 4 SHOULD ignore (client); RFC 9110 section 15.1 (phrases are only recommendations); founding document on 302",
        guards: &[Guard::HeadWhole],
        message: text(
            "{server} sent '{status} {reason}'; '{reason}' is the phrase of {other}. The number counts, but the application probably set the wrong one.",
            "{server} 返回 '{status} {reason}',而 '{reason}' 是 {other} 的原因短语;以数字为准,但应用很可能设错了状态码。",
        ),
        check: Check::Message(On::Response, Trigger::OtherPhrase, phrase_of_another),
    }
}

fn phrase_of_another(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let Some((_, reason)) = odd_phrase(message) else { return };
    let others: Vec<String> =
        status::phrase_belongs_to(reason).map(|row| row.code.to_string()).collect();
    if !others.is_empty() {
        report.find().plain("other", others.join(", ")).add();
    }
}

/// Code and phrase, where the phrase is not one of the code.
fn odd_phrase(message: &Message) -> Option<(&'static status::Status, &[u8])> {
    let reason = message.head.reason();
    let code = message.head.status()?;
    if reason.is_empty() || code == 200 && reason == b"OK" || status::phrase_ok(code, reason) {
        return None;
    }
    Some((status::lookup(code)?, reason))
}

rule! {
    /// ## What it sees
    /// A reason phrase that belongs to no code.
    /// ## Why it matters
    /// Nothing reads it; HTTP/2 does not even carry it.
    /// ## When it is innocent
    /// Phrases in other languages, and applications that put an error text there.
    /// ## What to do
    /// Nothing; put texts for people into the content.
    pub static REASON_PHRASE_NONSTANDARD = {
        id: "reason-phrase-nonstandard",
        title: "Reason phrase is not the registered one nor a known alias",
        severity: Severity::Info,
        source: "RFC 9110 section 15.1; RFC 9112 section 4",
        guards: &[Guard::HeadWhole],
        message: text(
            "{server} sent the non-standard phrase '{status} {reason}' (registered: '{expected}').",
            "{server} 使用了非标准原因短语 '{status} {reason}'(注册短语为 '{expected}')。",
        ),
        check: Check::Message(On::Response, Trigger::OtherPhrase, phrase_of_none),
    }
}

fn phrase_of_none(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let Some((row, reason)) = odd_phrase(message) else { return };
    let registered = row.registration != Registration::Unregistered;
    if registered && status::phrase_belongs_to(reason).next().is_none() {
        report.find().plain("expected", row.phrase).add();
    }
}

rule! {
    /// ## What it sees
    /// A status line that ends right behind the code.
    /// ## Why it matters
    /// The space in front of the phrase is part of the grammar even where there is no phrase; some
    /// parsers refuse the line.
    /// ## When it is innocent
    /// Common; most clients accept it.
    /// ## What to do
    /// Correct the server.
    pub static REASON_PHRASE_SPACE_MISSING = {
        id: "reason-phrase-space-missing",
        title: "Space after the status code is missing",
        severity: Severity::Info,
        source: "RFC 9112 section 4 MUST send the space even without a reason phrase",
        guards: &[Guard::HeadWhole],
        message: text(
            "Status line '{start_line}' from {server} ends right after the code; the space is mandatory even without a phrase.",
            "{server} 的状态行 '{start_line}' 在状态码后缺少必需的空格(即使没有原因短语也要有)。",
        ),
        check: Check::Message(On::Response, Trigger::Feature(&[Feature::NoReason]), space_missing),
    }
}

fn space_missing(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let head = &message.head;
    if !head.reason().is_empty() || head.version() == Some(Version::HTTP_09) {
        return;
    }
    let line = head.start_line();
    if head.status().is_some() && line.last().is_some_and(u8::is_ascii_digit) {
        report.find().add();
    }
}

rule! {
    /// ## What it sees
    /// An answer of HTTP/1.0 to a request of HTTP/1.1.
    /// ## Why it matters
    /// The connection closes behind it and there are no chunks: every request costs a connection.
    /// ## When it is innocent
    /// Old servers, and error pages of some load balancers.
    /// ## What to do
    /// Raise the version in the server; behind nginx set `proxy_http_version 1.1`.
    pub static RESPONSE_VERSION_DOWNGRADE = {
        id: "response-version-downgrade",
        title: "HTTP/1.1 request answered with HTTP/1.0",
        severity: Severity::Info,
        source: "RFC 9112 section 2.3 SHOULD NOT downgrade unless triggered",
        guards: &[Guard::RequestKnown],
        message: text(
            "{server} answered the HTTP/1.1 request {method} {url} with HTTP/1.0.",
            "{server} 以 HTTP/1.0 回应 HTTP/1.1 请求 {method} {url}。",
        ),
        check: Check::Exchange(Trigger::Feature(&[Feature::OtherVersion]), downgrade),
    }
}

fn downgrade(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    if response.head.version() == Some(Version::HTTP_10)
        && request.head.version() == Some(Version::HTTP_11)
    {
        report.find().add();
    }
}

rule! {
    /// ## What it sees
    /// A status code of WebDAV where nothing speaks of WebDAV: neither the method nor the fields.
    /// ## Why it matters
    /// The code promises something (an XML document, lock tokens) that is not there; clients of the
    /// API have to know better.
    /// ## When it is innocent
    /// APIs that borrow 207, 423 or 424 for their own errors.
    /// ## What to do
    /// Document it, or use 200, 409 or 422.
    pub static WEBDAV_CODE_OUTSIDE_WEBDAV = {
        id: "webdav-code-outside-webdav",
        title: "WebDAV status code in an exchange without any WebDAV feature",
        severity: Severity::Notice,
        codes: &["102", "207", "208", "423", "424", "507", "508"],
        source: "RFC 4918 section 11; RFC 5842 section 7; RFC 2518 section 10.1 (102; dropped by RFC 4918)",
        guards: &[Guard::RequestKnown],
        message: text(
            "{server} used WebDAV status {status} for {method} {url}, which shows no sign of WebDAV.",
            "{server} 对 {method} {url} 使用了 WebDAV 状态码 {status},但该交互与 WebDAV 无关。",
        ),
        check: Check::Exchange(
            Trigger::OneOf(&[
                Trigger::Status(&[(207, 208), (423, 424), (507, 508)]),
                Trigger::Interim,
            ]),
            webdav,
        ),
    }
}

fn webdav(scene: &Scene<'_>, report: &mut Report<'_>) {
    const FIELDS: &[&str] = &["depth", "if", "lock-token", "destination", "overwrite", "timeout"];
    let Some((request, response)) = scene.pair() else { return };
    let processing =
        scene.exchange.interim.iter().any(|interim| interim.head.status() == Some(102));
    let code = matches!(scene.status(), Some(207 | 208 | 423 | 424 | 507 | 508));
    let media = response.head.value(FieldName::ContentType).and_then(MediaType::parse);
    let xml = media.is_some_and(|media| media.is("application/xml") || media.is("text/xml"));
    let signs = methods::of_webdav(request.head.method_octets())
        || FIELDS.iter().any(|name| request.head.values_named(name).next().is_some())
        || response.head.values_named("dav").next().is_some()
        || xml;
    if (code || processing) && !signs {
        let status = if code { scene.status() } else { Some(102) };
        report.find().plain("status", status.unwrap_or_default()).add();
    }
}
