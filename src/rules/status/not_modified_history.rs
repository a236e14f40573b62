//! 304 and HEAD against an earlier 200: whether they say what it said. In comes an exchange, and what was
//! answered before about the same address; remembers nothing.

use crate::http::Method;
use crate::rules::answers::{REPEATED, Whole};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A 304 without an ETag, Content-Location, Vary, Cache-Control or Expires that an earlier 200 for the
    /// same URL had.
    /// ## Why it matters
    /// Caches update what they have stored with the fields of a 304; without them the response stays stale
    /// and is asked for again and again.
    /// ## When it is innocent
    /// The two may come from different servers behind one address.
    /// ## What to do
    /// Let the server send the same of these fields with 200 and 304.
    pub static NOT_MODIFIED_MISSING_FIELDS = {
        id: "not-modified-missing-fields",
        title: "304 omits a field that the 200 for the same URL carried",
        severity: Severity::Warning,
        codes: &["304"],
        source: "RFC 9110 section 15.4.5 MUST generate Content-Location, Date, ETag, Vary, Cache-Control, Expires if a 200 would have; founding document on 304",
        guards: &[Guard::RequestKnown, Guard::MinHistory, Guard::ProxyLower],
        message: text(
            "304 for {url} lacks {fields}, which the earlier 200 carried.",
            "{url} 的 304 缺少之前 200 响应中带有的 {fields}。",
        ),
        check: Check::Exchange(Trigger::Status(&[(304, 304)]), missing_fields),
    }

    /// ## What it sees
    /// A Content-Length on a 304, or on an answer to HEAD, that is not that of an earlier 200 with the same
    /// ETag.
    /// ## Why it matters
    /// Caches may cut the stored response to it. `Content-Length: 0` on 304 is the usual form.
    /// ## When it is innocent
    /// Never, with the same ETag and the same coding.
    /// ## What to do
    /// Leave Content-Length out of a 304.
    pub static NOT_MODIFIED_LENGTH_WRONG = {
        id: "not-modified-length-wrong",
        title: "Content-Length of a 304 or HEAD response differs from the 200",
        severity: Severity::Notice,
        codes: &["304", "200"],
        source: "RFC 9110 section 8.6 MUST NOT unless equal to the length of the 200",
        guards: &[Guard::RequestKnown, Guard::MinHistory],
        message: text(
            "{status} for {url} says Content-Length: {got}, the full response had {expected}.",
            "{url} 的 {status} 声明 Content-Length: {got},而完整响应为 {expected}。",
        ),
        check: Check::Exchange(
            Trigger::OneOf(&[Trigger::Status(&[(304, 304)]), Trigger::Method(&[Method::Head])]),
            length_wrong,
        ),
    }
}

fn missing_fields(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    let Some(said) = scene.said_to_get().and_then(|said| said.fields) else { return };
    let lacks = REPEATED.iter().filter(|(name, _)| said.has(*name) && !response.head.has(*name));
    let lacks: Vec<&str> = lacks.map(|(_, name)| *name).collect();
    if !lacks.is_empty() {
        report.find().plain("fields", lacks.join(", ")).add();
    }
}

fn length_wrong(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    if scene.status() == Some(200) && request.head.method() != Method::Head {
        return;
    }
    let length = response.content_length.value();
    let Some(whole) = length.and_then(|length| Whole::of(&response.head, length)) else { return };
    let Some(said) = scene.said_to_get().and_then(|said| said.whole) else { return };
    if said.is_of_the_same(whole) && said.length != whole.length {
        report.find().plain("got", whole.length).plain("expected", said.length).add();
    }
}
