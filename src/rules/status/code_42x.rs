//! 421 to 451: codes that say why a server does not want to answer.

use crate::http::{FieldName, Head};
use crate::rules::evidence;
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A 421.
    /// ## Why it matters
    /// The request came to a server that is not responsible for its host: mostly a connection that
    /// was shared between hosts, or a wrong name in TLS.
    /// ## When it is innocent
    /// Clients may try again on another connection, and usually do.
    /// ## What to do
    /// Compare the hosts of the connection; let the proxy open one for each host.
    pub static MISDIRECTED_REQUEST = {
        id: "misdirected-request",
        title: "421 (Misdirected Request)",
        severity: Severity::Notice,
        otherwise: &[(Severity::Warning, "with Via: a proxy must not generate it")],
        codes: &["421"],
        source: "RFC 9110 section 15.5.20 (proxy MUST NOT generate 421; client MAY retry on another connection); RFC 9110 section 7.4",
        guards: &[Guard::HeadWhole],
        message: text("{server} is not responsible for {url} (421); Host '{value}', connection {conn} also served {others}.", "{server} 认为自己不负责 {url}(421);Host 为 '{value}',该连接 {conn} 还服务过 {others}。"),
        check: Check::Exchange(Trigger::Status(&[(421, 421)]), misdirected),
    }

    /// ## What it sees
    /// A 425 to a request that is no early data of TLS and does not say so.
    /// ## Why it matters
    /// The client cannot do better than it did.
    /// ## When it is innocent
    /// Never, on a connection that is not encrypted.
    /// ## What to do
    /// Correct the server or proxy that sends it.
    pub static TOO_EARLY_WITHOUT_EARLY_DATA = {
        id: "too-early-without-early-data",
        title: "425 (Too Early) for a request that was not early data",
        severity: Severity::Warning,
        codes: &["425"],
        source: "RFC 8470 section 5.2 SHOULD NOT emit unless early data or Early-Data: 1",
        guards: &[Guard::RequestKnown],
        message: text("{server} answered {method} {url} with 425, but the request neither is TLS early data nor carries Early-Data: 1.", "{method} {url} 既非 TLS 早期数据,也无 Early-Data: 1,{server} 却返回 425。"),
        check: Check::Exchange(Trigger::Status(&[(425, 425)]), too_early),
    }

    /// ## What it sees
    /// A 426 without Upgrade.
    /// ## Why it matters
    /// The client is to change to a protocol that is not named.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Name the protocol in Upgrade, and list it in Connection.
    pub static UPGRADE_REQUIRED_WITHOUT_UPGRADE = {
        id: "upgrade-required-without-upgrade",
        title: "426 without Upgrade",
        severity: Severity::Error,
        codes: &["426"],
        source: "RFC 9110 section 15.5.22 MUST; RFC 9110 section 7.8 MUST",
        guards: &[Guard::HeadWhole],
        message: text("{server} demands an upgrade for {method} {url} (426) but does not say to which protocol (Upgrade missing).", "{server} 对 {method} {url} 返回 426 要求升级,却没有用 Upgrade 说明升级到哪种协议。"),
        check: Check::Exchange(Trigger::Status(&[(426, 426)]), upgrade),
    }

    /// ## What it sees
    /// A 428 to a request that states a condition.
    /// ## Why it matters
    /// The client did what is asked for; a condition that fails is a 412.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Answer 412, or look whether a proxy takes the field away.
    pub static PRECONDITION_REQUIRED_BUT_PRESENT = {
        id: "precondition-required-but-present",
        title: "428 although the request is conditional",
        severity: Severity::Warning,
        codes: &["428"],
        source: "RFC 6585 section 3 (requires the request to be conditional)",
        guards: &[Guard::RequestKnown],
        message: text("{server} answered {method} {url} with 428 although the request has {field}; 412 would be the code for a failed condition.", "{method} {url} 已带有 {field},{server} 却返回 428;条件不满足应为 412。"),
        check: Check::Exchange(Trigger::Status(&[(428, 428)]), precondition),
    }

    /// ## What it sees
    /// A 431 to a head of less than 4 KiB.
    /// ## Why it matters
    /// The limit is too low, or a proxy behind the capture added much: tokens, X-Forwarded fields.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Capture in front of the server; look up its limit.
    pub static HEADERS_TOO_LARGE_BUT_SMALL = {
        id: "headers-too-large-but-small",
        title: "431 for a small header section",
        severity: Severity::Notice,
        codes: &["431"],
        source: "RFC 6585 section 5; RFC 9110 section 5.4",
        parameters: &[Parameter { name: "small", default: &[4096.0], meaning: "octets of a head that is not large" }],
        guards: &[Guard::RequestKnown],
        message: text("{server} answered 431 although the header section of {method} {url} has only {bytes} octets at the capture point.", "{method} {url} 的报头在抓包点仅 {bytes} 字节,{server} 却返回 431。"),
        check: Check::Exchange(Trigger::Status(&[(431, 431)]), small_head),
    }

    /// ## What it sees
    /// A 451 without a Link that names who blocks.
    /// ## Why it matters
    /// Nobody can tell who decided.
    /// ## When it is innocent
    /// ActiveSync of Microsoft uses the code to redirect, and is left out.
    /// ## What to do
    /// Add `Link: <…>; rel="blocked-by"`.
    pub static LEGAL_BLOCK_WITHOUT_LINK = {
        id: "legal-block-without-link",
        title: "451 without Link rel=blocked-by",
        severity: Severity::Notice,
        codes: &["451"],
        source: "RFC 7725 section 4 SHOULD include Link; MUST rel=blocked-by; RFC 7725 section 3 SHOULD explain in the body",
        guards: &[Guard::RequestKnown],
        message: text("451 response to {url} does not identify who implements the block (Link; rel=\"blocked-by\").", "{url} 的 451 响应没有用 Link; rel=\"blocked-by\" 标明实施屏蔽的主体。"),
        check: Check::Exchange(Trigger::Status(&[(451, 451)]), legal),
    }

    /// ## What it sees
    /// A 428, 429, 431 or 511 out of a cache.
    /// ## Why it matters
    /// It was meant for one request and is given to others.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Correct the cache; send `Cache-Control: no-store` with these codes.
    pub static UNCACHEABLE_STATUS_CACHED = {
        id: "uncacheable-status-cached",
        title: "428, 429, 431 or 511 served from a cache",
        severity: Severity::Error,
        codes: &["428", "429", "431", "511"],
        source: "RFC 6585 section 3–section 6 MUST NOT be stored by a cache",
        guards: &[Guard::HeadWhole],
        message: text("{status} for {url} came from a cache ({evidence}); this status must never be stored.", "{url} 的 {status} 来自缓存({evidence});该状态码禁止被缓存。"),
        check: Check::Exchange(Trigger::Status(&[(428, 429), (431, 431), (511, 511)]), cached),
    }
}

fn misdirected(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    let host = scene.request().and_then(|request| request.head.value(FieldName::Host));
    let before = scene.trail.previous().and_then(|other| other.request.as_deref());
    let before = before.and_then(|request| request.head.value(FieldName::Host));
    let relayed = response.head.has(FieldName::Via);
    let draft = report.find().about(response).severity_if(relayed, Severity::Warning);
    let draft = draft.octets("value", host.unwrap_or(b"-"));
    match before {
        Some(other) => draft.octets("others", other).add(),
        None => draft.phrase("others", text("no other host", "没有其他主机")).add(),
    }
}

fn too_early(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(request) = scene.request() else { return };
    if request.head.values_named("early-data").next().is_none() {
        report.find().add();
    }
}

fn upgrade(scene: &Scene<'_>, report: &mut Report<'_>) {
    if let Some(response) = scene.response()
        && !response.head.has(FieldName::Upgrade)
    {
        report.find().about(response).add();
    }
}

fn condition(head: &Head) -> Option<&'static str> {
    let known = [
        (FieldName::IfMatch, "If-Match"),
        (FieldName::IfUnmodifiedSince, "If-Unmodified-Since"),
        (FieldName::IfNoneMatch, "If-None-Match"),
    ];
    let found = known.iter().find(|(name, _)| head.has(*name)).map(|(_, name)| *name);
    found.or_else(|| head.values_named("if").next().map(|_| "If"))
}

fn precondition(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(request) = scene.request() else { return };
    if let Some(field) = condition(&request.head) {
        report.find().plain("field", field).add();
    }
}

fn small_head(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(request) = scene.request() else { return };
    let octets = request.head.octets().len();
    if (octets as f64) < report.parameter("small") {
        report.find().plain("bytes", octets).add();
    }
}

fn legal(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let has =
        |text: &[u8], word: &[u8]| memchr::memmem::find(&text.to_ascii_lowercase(), word).is_some();
    let named = response.head.values(FieldName::Link).any(|link| has(link, b"blocked-by"));
    let moved = response.head.values_named("x-ms-location").next().is_some();
    if !named && !moved && !has(request.head.target(), b"activesync") {
        report.find().about(response).add();
    }
}

fn cached(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    if evidence::cached(response) {
        let aged = response.head.has(FieldName::Age);
        let evidence = if aged { text("Age", "Age") } else { text("a cache hit", "缓存命中") };
        report.find().about(response).phrase("evidence", evidence).add();
    }
}
