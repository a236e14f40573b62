//! Fields as such: their size, number, and what Connection says about them.

use crate::http::{Feature, FieldName, Kind, Message, header::date};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, On, Parameter, Report, Scene, Severity, Trigger, list, text};

rule! {
    /// ## What it sees
    /// A head that is near or above what common servers accept: a long start line, a long field, many
    /// fields, or much in all.
    /// ## Why it matters
    /// The next proxy or server answers 414, 431 or 400, or closes without a word, often for one user
    /// alone whose cookies have grown.
    /// ## When it is innocent
    /// Applications that know their servers and have raised the limits.
    /// ## What to do
    /// Look which field is large, mostly Cookie or a token; raise the limit at every hop or shrink
    /// the field.
    pub static HEADER_SECTION_OVERSIZE = {
        id: "header-section-oversize",
        title: "Very long request line, field line, or header section",
        severity: Severity::Info,
        source: "RFC 9112 section 3 RECOMMENDED ≥ 8000 octets for request lines; RFC 9110 section 5.4; founding document on 414",
        parameters: &[
            Parameter { name: "start_line", default: &[8000.0], meaning: "octets of the start line" },
            Parameter { name: "field_line", default: &[8190.0], meaning: "octets of one field line" },
            Parameter { name: "section", default: &[16384.0], meaning: "octets of the whole head" },
            Parameter { name: "fields", default: &[100.0], meaning: "field lines" },
        ],
        guards: &[Guard::HeadWhole],
        message: text(
            "{kind} {start_line}: header section of {bytes} octets in {count} fields (longest line {max}); near or above common server limits (414/431/400 likely).",
            "{kind} {start_line} 的报头共 {bytes} 字节、{count} 个字段(最长行 {max}),接近或超过常见服务器上限(易得 414/431/400)。",
        ),
        check: Check::Message(On::Any, Trigger::LongHead, oversize),
    }
}

fn oversize(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let head = &message.head;
    let octets = head.octets();
    let [start_line, field_line, section, fields] = report.numbers();
    let all = octets.len() as f64;
    // A head that is shorter than any of the bounds breaks none of them.
    let count = head.field_count();
    if all <= start_line.min(field_line).min(section) && count as f64 <= fields {
        return;
    }
    let lines = octets.split(|octet| *octet == b'\n').skip(1);
    let longest = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line).len()).max();
    let longest = longest.unwrap_or(0);
    if head.start_line().len() as f64 > start_line
        || longest as f64 > field_line
        || all > section
        || count as f64 > fields
    {
        let longest = longest.max(head.start_line().len());
        report
            .find()
            .plain("bytes", octets.len())
            .plain("count", count)
            .plain("max", longest)
            .add();
    }
}

rule! {
    /// ## What it sees
    /// Several lines of a field that may stand once, with different values.
    /// ## Why it matters
    /// One reader takes the first, one the last, one joins them.
    /// ## When it is innocent
    /// Never; the same value twice is not reported.
    /// ## What to do
    /// Find who adds the second one: mostly a proxy or a framework that adds without replacing.
    pub static SINGLETON_FIELD_REPEATED = {
        id: "singleton-field-repeated",
        title: "A field that allows one value occurs several times with different values",
        severity: Severity::Warning,
        source: "RFC 9110 section 5.3 MUST NOT generate multiple lines unless list-based; RFC 9110 section 10.2.2 (Location cannot be a list)",
        guards: &[Guard::HeadWhole],
        message: text(
            "{kind} {start_line} has several different {field} lines ({values}); recipients pick different ones.",
            "{kind} {start_line} 中 {field} 出现多次且取值不同({values}),不同接收方会采用不同的值。",
        ),
        check: Check::Message(On::Any, Trigger::Repeated(SINGLETONS), singleton),
    }
}

/// Fields that may stand once; Host and Content-Length have rules of their own.
const SINGLETONS: &[FieldName] = &[
    FieldName::ContentType,
    FieldName::Date,
    FieldName::Etag,
    FieldName::LastModified,
    FieldName::Location,
    FieldName::Expires,
    FieldName::RetryAfter,
    FieldName::Age,
    FieldName::Authorization,
    FieldName::ProxyAuthorization,
    FieldName::ContentRange,
    FieldName::IfModifiedSince,
    FieldName::IfUnmodifiedSince,
    FieldName::IfRange,
    FieldName::Range,
    FieldName::Referer,
    FieldName::UserAgent,
    FieldName::From,
    FieldName::MaxForwards,
    FieldName::Origin,
];

fn singleton(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let head = &message.head;
    for name in SINGLETONS {
        let mut values = head.values(*name);
        let Some(first) = values.next() else { continue };
        if values.any(|value| value != first) {
            let secret = matches!(name, FieldName::Authorization | FieldName::ProxyAuthorization);
            let draft = report.find().plain("field", name.spelling().unwrap_or_default());
            if secret {
                draft.phrase("values", text("hidden", "已隐藏")).add();
            } else {
                draft.all("values", head.values(*name)).add();
            }
            return;
        }
    }
}

rule! {
    /// ## What it sees
    /// `Upgrade` or `TE` without the name of the field in `Connection`.
    /// ## Why it matters
    /// These fields are for the next hop alone, and count only if `Connection` names them: without it
    /// the receiver ignores the field, and a WebSocket is never opened.
    /// ## When it is innocent
    /// A proxy took `Connection` away and left the rest.
    /// ## What to do
    /// In nginx: `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header
    /// Connection "upgrade";`.
    pub static CONNECTION_OPTION_MISSING = {
        id: "connection-option-missing",
        title: "Hop-by-hop field sent without being listed in Connection",
        severity: Severity::Notice,
        otherwise: &[(Severity::Error, "in a 101 response")],
        source: "RFC 9110 section 7.8 MUST also send Connection: upgrade; RFC 9112 section 7.4 MUST also send Connection: TE; RFC 9110 section 7.6.1 MUST list; founding document on 101",
        guards: &[Guard::HeadWhole],
        message: text(
            "{kind} {start_line} has {field} but no matching Connection option; an intermediary stripped it or the sender forgot it, and recipients will ignore the field.",
            "{kind} {start_line} 带有 {field},但 Connection 中没有对应选项;可能被中间设备剥离或发送方遗漏,接收方会忽略该字段。",
        ),
        check: Check::Message(On::Any, Trigger::Field(&[FieldName::Upgrade, FieldName::Te]), option),
    }
}

fn option(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let head = &message.head;
    for (name, option, spelling) in
        [(FieldName::Upgrade, &b"upgrade"[..], "Upgrade"), (FieldName::Te, b"te", "TE")]
    {
        if head.has(name) && !head.lists(FieldName::Connection, option) {
            let switched = head.kind() == Kind::Response && head.status() == Some(101);
            report.find().severity_if(switched, Severity::Error).plain("field", spelling).add();
            return;
        }
    }
}

rule! {
    /// ## What it sees
    /// `Connection` that names a field which is meant for the other end, such as Host, Cookie or
    /// X-Forwarded-For.
    /// ## Why it matters
    /// A proxy that obeys deletes the field: the server then misses the address or the credentials it
    /// decides by.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Let the edge refuse such requests, or delete only fields that are known to be for one hop.
    pub static CONNECTION_LISTS_END_TO_END_FIELD = {
        id: "connection-lists-end-to-end-field",
        title: "Connection lists a field that is meant for the final recipient",
        severity: Severity::Warning,
        source: "RFC 9110 section 7.6.1 MUST NOT",
        guards: &[Guard::HeadWhole],
        message: text(
            "{kind} {start_line}: Connection lists end-to-end field '{field}'; proxies would delete it (hop-by-hop header abuse).",
            "{kind} {start_line} 的 Connection 列出了端到端字段 '{field}',代理会据此删除它(逐跳头滥用)。",
        ),
        check: Check::Message(On::Any, Trigger::Feature(&[Feature::OtherConnection]), end_to_end),
    }
}

fn end_to_end(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    const NAMES: &[&str] = &[
        "host",
        "content-length",
        "content-type",
        "authorization",
        "cookie",
        "set-cookie",
        "cache-control",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-real-ip",
        "forwarded",
        "location",
        "etag",
        "date",
        "content-encoding",
        "expect",
    ];
    // What nearly every message says.
    let usual = |value: &[u8]| {
        value.eq_ignore_ascii_case(b"keep-alive") || value.eq_ignore_ascii_case(b"close")
    };
    if message.head.values(FieldName::Connection).all(usual) {
        return;
    }
    let named =
        |option: &&[u8]| NAMES.iter().any(|name| option.eq_ignore_ascii_case(name.as_bytes()));
    if let Some(option) = list::tokens(&message.head, FieldName::Connection).find(named) {
        report.find().octets("field", option).add();
    }
}

rule! {
    /// ## What it sees
    /// A date in none of the three forms of HTTP.
    /// ## Why it matters
    /// The receiver ignores the field: conditional requests always get the whole answer, and caches
    /// do not know how old a response is.
    /// ## When it is innocent
    /// `Expires: 0` and `-1` are common for "already expired" and not reported.
    /// ## What to do
    /// Write dates as `Sun, 06 Nov 1994 08:49:37 GMT`.
    pub static HTTP_DATE_INVALID = {
        id: "http-date-invalid",
        title: "A date field is not an HTTP-date",
        severity: Severity::Notice,
        source: "RFC 9110 section 5.6.7 MUST generate IMF-fixdate; MUST accept three forms; RFC 9111 section 5.3 (invalid Expires = expired); founding document on 304",
        guards: &[Guard::HeadWhole],
        message: text(
            "{kind} {start_line}: {field} '{value}' is not a valid HTTP-date; recipients ignore it.",
            "{kind} {start_line} 的 {field} 值 '{value}' 不是合法的 HTTP 日期,接收方会忽略。",
        ),
        check: Check::Message(On::Any, Trigger::OddDate, invalid_date),
    }
}

/// Fields whose value is a date.
pub(in crate::rules) const DATES: &[FieldName] = &[
    FieldName::Date,
    FieldName::LastModified,
    FieldName::Expires,
    FieldName::IfModifiedSince,
    FieldName::IfUnmodifiedSince,
];

fn invalid_date(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    for name in DATES {
        let Some(value) = message.head.value(*name) else { continue };
        let expired = *name == FieldName::Expires && matches!(value, b"0" | b"-1");
        if !expired && date::parse(value).is_none() {
            let field = name.spelling().unwrap_or_default();
            report.find().plain("field", field).octets("value", value).add();
            return;
        }
    }
}

rule! {
    /// ## What it sees
    /// Content in a request with GET, HEAD, DELETE, TRACE or CONNECT.
    /// ## Why it matters
    /// It has no meaning there. Servers that do not read it take it for the next request: another way
    /// to smuggle.
    /// ## When it is innocent
    /// Search engines that take queries in the body of GET, and APIs that take one with DELETE.
    /// ## What to do
    /// Use POST, or QUERY where both ends know it.
    pub static CONTENT_ON_BODILESS_METHOD = {
        id: "content-on-bodiless-method",
        title: "Request content on GET, HEAD, DELETE, TRACE or CONNECT",
        severity: Severity::Notice,
        otherwise: &[(Severity::Error, "with TRACE"), (Severity::Warning, "with CONNECT")],
        source: "RFC 9110 section 9.3.1/section 9.3.2/section 9.3.5 SHOULD NOT; RFC 9110 section 9.3.8 MUST NOT; RFC 9110 section 9.3.6 (no content)",
        guards: &[Guard::HeadWhole],
        message: text(
            "{method} {url} carries {bytes} octets of content; not defined for this method, may be rejected, and is used for smuggling.",
            "{method} {url} 带有 {bytes} 字节请求主体;该方法未定义主体语义,可能被拒绝,也常被用于走私。",
        ),
        check: Check::Message(
            On::Request,
            Trigger::RequestField(&[FieldName::ContentLength, FieldName::TransferEncoding]),
            bodiless_method,
        ),
    }
}

fn bodiless_method(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    use crate::http::{Method, TransferCoding};
    let severity = match message.head.method() {
        Method::Get | Method::Head | Method::Delete => Severity::Notice,
        Method::Trace => Severity::Error,
        Method::Connect => Severity::Warning,
        _ => return,
    };
    let declared = message.content_length.value().unwrap_or(0);
    if declared > 0 || message.transfer_coding != TransferCoding::Absent {
        let bytes = declared.max(message.content.saturating_add(message.missing));
        report.find().severity(severity).plain("bytes", bytes).add();
    }
}
