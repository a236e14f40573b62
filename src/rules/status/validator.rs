//! 206 against an earlier 200: whether parts and whole belong together. In come exchanges in their order;
//! remembers the validators of the newest whole answers.

use crate::http::{FieldName, Head, Method};
use crate::limits;
use crate::rules::asked::Asked;
use crate::rules::remembered::Remembered;
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Report, Scene, Severity, Trigger, Watcher, text};

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
        check: Check::Watch(
            Trigger::Status(&[(200, 200), (206, 206)]),
            || Box::new(Validators::default()),
        ),
    }
}

/// What a whole answer said.
struct Said {
    etag: Option<Box<[u8]>>,
    location: Option<Box<[u8]>>,
}

#[derive(Default)]
struct Validators {
    /// By a hash of the address: two that share one would take the other's validators, once in 2^52
    /// for as many as are remembered.
    said: Remembered<Said, { limits::REMEMBERED_VALIDATORS }>,
}

impl Watcher for Validators {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some((request, response)) = scene.pair() else { return };
        let Some(Asked { address: key, .. }) = scene.asked else { return };
        let head = &response.head;
        let (etag, location) = (FieldName::Etag, FieldName::ContentLocation);
        match scene.status() {
            Some(206) => {
                let Some(said) = self.said.get(key) else { return };
                let now = head.value(etag);
                if let Some(before) = said.etag.as_deref()
                    && now.is_none()
                {
                    let draft = report.find().plain("field", "ETag").octets("expected", before);
                    draft.phrase("got", text("nothing", "空")).add();
                } else if let Some(before) = said.location.as_deref()
                    && head.value(location) != Some(before)
                    && now == said.etag.as_deref()
                {
                    let got = head.value(location).unwrap_or_default();
                    let draft = report.find().plain("field", "Content-Location");
                    draft.octets("expected", before).octets("got", got).add();
                }
            }
            Some(200)
                if request.head.method() == Method::Get
                    && (head.has(etag) || head.has(location)) =>
            {
                self.keep(key, head);
            }
            _ => {}
        }
    }
}

impl Validators {
    fn keep(&mut self, key: u64, head: &Head) {
        let same = |said: &Option<Box<[u8]>>, name| said.as_deref() == head.value(name);
        if self.said.get(key).is_some_and(|said| {
            same(&said.etag, FieldName::Etag) && same(&said.location, FieldName::ContentLocation)
        }) {
            return;
        }
        let owned = |name| head.value(name).map(Box::from);
        let said =
            Said { etag: owned(FieldName::Etag), location: owned(FieldName::ContentLocation) };
        self.said.keep(key, said);
    }
}
