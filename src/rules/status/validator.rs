//! 206 against an earlier 200: whether parts and whole belong together. In comes an exchange, and what was
//! answered before about the same address; remembers nothing.

use crate::http::FieldName;
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A 206 without the ETag that an earlier 200 for the same URL had, or with another Content-
    /// Location and the same ETag.
    /// ## Why it matters
    /// The client cannot tell whether the parts belong together.
    /// ## When it is innocent
    /// An ETag that has changed means that the resource has changed, and is not reported. Without an
    /// earlier 200 in the capture this rule is silent.
    /// ## What to do
    /// Let the server send the same fields with 200 and 206 (RFC 9110 section 15.3.7).
    pub static PARTIAL_VALIDATOR_CHANGED = {
        id: "partial-validator-changed",
        title: "206 lacks or changes the ETag / Content-Location that a full response to the same URL carried",
        severity: Severity::Warning,
        codes: &["206"],
        source: "RFC 9110 section 15.3.7 MUST generate Date, Cache-Control, ETag, Expires, Content-Location, Vary if a 200 would have; founding document on 206",
        guards: &[Guard::RequestKnown, Guard::MinHistory],
        message: text(
            "206 for {url}: {field} was '{expected}' in the earlier 200 and is '{got}' now; parts cannot be combined safely.",
            "{url} 的 206:{field} 在之前的 200 中为 '{expected}',现在为 '{got}',无法安全拼接。",
        ),
        check: Check::Exchange(Trigger::Status(&[(206, 206)]), changed),
    }
}

fn changed(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    let Some(said) = scene.said_to_get().and_then(|said| said.validators.as_deref()) else {
        return;
    };
    let head = &response.head;
    let (etag, location) = (head.value(FieldName::Etag), head.value(FieldName::ContentLocation));
    if let Some(before) = said.etag.as_deref()
        && etag.is_none()
    {
        let draft = report.find().plain("field", "ETag").octets("expected", before);
        draft.phrase("got", text("nothing", "空")).add();
    } else if let Some(before) = said.location.as_deref()
        && location != Some(before)
        && etag == said.etag.as_deref()
    {
        let draft = report.find().plain("field", "Content-Location");
        draft.octets("expected", before).octets("got", location.unwrap_or_default()).add();
    }
}
