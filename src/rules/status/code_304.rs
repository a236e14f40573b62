//! 304 (Not Modified).

use crate::http::header::{date, etag::EntityTag};
use crate::http::{FieldName, Method};
use crate::rules::rule::rule;
use crate::rules::{Aftermath, Check, Guard, Report, Scene, Severity, Trigger, text};

const NOT_MODIFIED: Trigger = Trigger::Status(&[(304, 304)]);

rule! {
    /// ## What it sees
    /// Octets behind the head of a 304 that begin no response.
    /// ## Why it matters
    /// A 304 ends with the empty line. The client reads these octets as the next response, and the
    /// connection is out of step.
    /// ## When it is innocent
    /// Never. A `Content-Length` by itself is allowed.
    /// ## What to do
    /// Let the server or framework drop the body when it answers 304.
    pub static BODY_ON_304 = {
        id: "body-on-304",
        title: "Octets follow the header section of a 304 response",
        severity: Severity::Error,
        codes: &["304"],
        source: "RFC 9110 section 15.4.5 (cannot contain content); RFC 9112 section 6.3 item 1; founding document on 304",
        guards: &[Guard::NoGap],
        message: text(
            "304 (Not Modified) response to {method} {url} is followed by {bytes} octets of body; 304 must not have a body.",
            "对 {method} {url} 的 304(Not Modified)响应后面跟着 {bytes} 字节主体;304 不允许有主体。",
        ),
        check: Check::Settled(NOT_MODIFIED, body),
    }

    /// ## What it sees
    /// A 304 to a request that has neither If-None-Match nor If-Modified-Since.
    /// ## Why it matters
    /// The client has nothing that it could use again, and shows an empty page.
    /// ## When it is innocent
    /// A proxy between client and capture that put the condition in, or took it away again.
    /// ## What to do
    /// Look at what a cache in front of the server passes on; a server must not answer so.
    pub static NOT_MODIFIED_UNCONDITIONAL = {
        id: "not-modified-unconditional",
        title: "304 although the request is not conditional",
        severity: Severity::Error,
        codes: &["304"],
        source: "RFC 9110 section 15.4.5 (a conditional GET or HEAD has been received); founding document on 304",
        guards: &[Guard::RequestKnown, Guard::NotMidstream],
        message: text(
            "{server} answered {method} {url} with 304 (Not Modified) although the request carries neither If-None-Match nor If-Modified-Since; the client has nothing to reuse.",
            "{method} {url} 既无 If-None-Match 也无 If-Modified-Since,{server} 却返回 304(Not Modified),客户端没有可用的副本。",
        ),
        check: Check::Exchange(NOT_MODIFIED, unconditional),
    }

    /// ## What it sees
    /// A 304 to a method other than GET or HEAD.
    /// ## Why it matters
    /// The client cannot tell whether its change was made. A condition that fails there is a 412.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Let the application evaluate If-None-Match of PUT, POST and DELETE to 412.
    pub static NOT_MODIFIED_UNSAFE_METHOD = {
        id: "not-modified-unsafe-method",
        title: "304 in answer to a method other than GET or HEAD",
        severity: Severity::Error,
        codes: &["304", "412"],
        source: "RFC 9110 section 13.1.2 MUST respond 412 for all other methods, section 15.4.5; founding document on 412",
        guards: &[Guard::RequestKnown, Guard::NotMidstream],
        supersedes: &["not-modified-unconditional"],
        message: text(
            "{server} answered {method} {url} with 304; for {method} a failed If-None-Match must give 412.",
            "{server} 对 {method} {url} 返回 304;对于 {method},If-None-Match 不满足时必须返回 412。",
        ),
        check: Check::Exchange(NOT_MODIFIED, unsafe_method),
    }

    /// ## What it sees
    /// A 304 without Date.
    /// ## Why it matters
    /// Caches cannot tell how old the response is that they keep.
    /// ## When it is innocent
    /// Devices without a clock.
    /// ## What to do
    /// Let the server send Date with each response.
    pub static NOT_MODIFIED_MISSING_DATE = {
        id: "not-modified-missing-date",
        title: "304 without Date",
        severity: Severity::Notice,
        codes: &["304"],
        source: "RFC 9110 section 15.4.5 MUST (if a 200 would have it), section 6.6.1 MUST (3xx, origin with a clock); founding document on 304",
        guards: &[Guard::RequestKnown, Guard::ProxyLower],
        message: text(
            "304 response to {method} {url} has no Date field; caches cannot refresh the stored response's age.",
            "{method} {url} 的 304 响应缺少 Date 报头,缓存无法更新所存响应的新鲜度。",
        ),
        check: Check::Exchange(NOT_MODIFIED, missing_date),
    }

    /// ## What it sees
    /// A 304 with an ETag that is none of those in If-None-Match.
    /// ## Why it matters
    /// The client keeps what it has, and the server says that something else is current.
    /// ## When it is innocent
    /// Servers that add a suffix to the tag of compressed content (`v1-gzip`), farms whose members
    /// count changes each for itself.
    /// ## What to do
    /// Let all servers make the same tag of the same content.
    pub static NOT_MODIFIED_ETAG_MISMATCH = {
        id: "not-modified-etag-mismatch",
        title: "ETag of a 304 is not one the client asked about",
        severity: Severity::Warning,
        codes: &["304"],
        source: "RFC 9110 section 13.1.2 (weak comparison); RFC 9111 section 4.3.4; founding document on 304",
        guards: &[Guard::RequestKnown],
        message: text(
            "304 for {url} carries ETag {got}, but the client asked about {expected}.",
            "{url} 的 304 带有 ETag {got},而客户端询问的是 {expected}。",
        ),
        check: Check::Exchange(NOT_MODIFIED, etag_mismatch),
    }

    /// ## What it sees
    /// A 304 with Content-Type, Content-Encoding, Content-Language or Content-Range.
    /// ## Why it matters
    /// Caches overwrite what they have stored with it; a wrong value spoils the stored response.
    /// ## When it is innocent
    /// Where the values are those of the stored response, it only wastes octets.
    /// ## What to do
    /// Let the server leave them out.
    pub static NOT_MODIFIED_EXTRA_METADATA = {
        id: "not-modified-extra-metadata",
        title: "304 repeats representation metadata",
        severity: Severity::Info,
        codes: &["304"],
        source: "RFC 9110 section 15.4.5 SHOULD NOT generate other representation metadata",
        guards: &[Guard::RequestKnown],
        message: text(
            "304 for {url} repeats {field}; caches will overwrite the stored value.",
            "{url} 的 304 附带了 {field},缓存会用它覆盖已存的值。",
        ),
        check: Check::Exchange(NOT_MODIFIED, extra_metadata),
    }

    /// ## What it sees
    /// A 200 with content though the ETag, or the date, that the client asked about is still current.
    /// ## Why it matters
    /// All these octets were sent for nothing.
    /// ## When it is innocent
    /// A server may not know conditions at all.
    /// ## What to do
    /// Let the application, or a cache in front of it, answer 304.
    pub static NOT_MODIFIED_MISSED = {
        id: "not-modified-missed",
        title: "Full 200 although If-None-Match lists the current ETag",
        severity: Severity::Notice,
        codes: &["200", "304"],
        source: "RFC 9110 section 13.1.2 MUST respond 304, section 13.1.3 SHOULD (If-Modified-Since); founding document on 304",
        guards: &[Guard::RequestKnown],
        message: text(
            "{server} re-sent {bytes} octets of {url} (200) although the client's validator {value} is still current; 304 would have done.",
            "客户端的校验值 {value} 仍然有效,{server} 却以 200 重新发送了 {url} 的 {bytes} 字节;本可返回 304。",
        ),
        check: Check::Exchange(
            Trigger::RequestField(&[FieldName::IfNoneMatch, FieldName::IfModifiedSince]),
            missed,
        ),
    }
}

fn unconditional(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(request) = scene.request() else { return };
    if !request.head.has(FieldName::IfNoneMatch) && !request.head.has(FieldName::IfModifiedSince) {
        report.find().add();
    }
}

fn unsafe_method(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(request) = scene.request() else { return };
    if !matches!(request.head.method(), Method::Get | Method::Head) {
        report.find().add();
    }
}

fn missing_date(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    if !response.head.has(FieldName::Date) {
        report.find().about(response).add();
    }
}

fn etag_mismatch(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let Some(got) = response.head.value(FieldName::Etag) else { return };
    let mut asked = request.head.values(FieldName::IfNoneMatch).peekable();
    if asked.peek().is_none() {
        return;
    }
    let tag = EntityTag::parse(got);
    let matches = request.head.values(FieldName::IfNoneMatch).any(|asked| {
        // Tags that are not written as tags are compared as text.
        asked == got
            || asked.trim_ascii() == b"*"
            || memchr::memmem::find(asked, got).is_some()
            || tag.is_some_and(|tag| EntityTag::list(asked).any(|one| one.weakly_matches(tag)))
    });
    if !matches {
        let asked = request.head.values(FieldName::IfNoneMatch);
        report.find().octets("got", got).all("expected", asked).add();
    }
}

fn extra_metadata(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    let extra = [
        (FieldName::ContentType, "Content-Type"),
        (FieldName::ContentEncoding, "Content-Encoding"),
        (FieldName::ContentLanguage, "Content-Language"),
        (FieldName::ContentRange, "Content-Range"),
    ];
    let names = extra.iter().filter(|(name, _)| response.head.has(*name)).map(|(_, name)| *name);
    let names: Vec<&str> = names.collect();
    if !names.is_empty() {
        report.find().plain("field", names.join(", ")).add();
    }
}

fn missed(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    if scene.status() != Some(200) || !matches!(request.head.method(), Method::Get | Method::Head) {
        return;
    }
    let current = if request.head.has(FieldName::IfNoneMatch) {
        let Some(tag) = response.head.value(FieldName::Etag).and_then(EntityTag::parse) else {
            return;
        };
        let mut asked = request.head.values(FieldName::IfNoneMatch);
        asked.any(|asked| EntityTag::list(asked).any(|one| one.weakly_matches(tag)))
    } else {
        let dated = |value: Option<&[u8]>| value.and_then(date::parse);
        let since = dated(request.head.value(FieldName::IfModifiedSince));
        let modified = dated(response.head.value(FieldName::LastModified));
        modified.zip(since).is_some_and(|(modified, since)| modified <= since)
    };
    if current {
        let conditions = request.head.values(FieldName::IfNoneMatch);
        let since = request.head.values(FieldName::IfModifiedSince);
        let asked: Vec<&[u8]> = conditions.chain(since).take(1).collect();
        report.find().plain("bytes", response.content).all("value", asked.into_iter()).add();
    }
}

fn body(_: &Scene<'_>, after: &Aftermath<'_>, report: &mut Report<'_>) {
    super::stray_body(after, report);
}
