//! 304 and HEAD against an earlier 200: whether they say what it said. In come exchanges in their order;
//! remembers which fields the newest whole answers had, and hashes of them, never their values.

use crate::http::{FieldName, FieldSet, Method};
use crate::limits;
use crate::rules::asked::{self, Asked};
use crate::rules::remembered::Remembered;
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Report, Scene, Severity, Trigger, Watcher, text};

/// What a 304 has to repeat where a 200 would have had it, apart from Date.
const REPEATED: [(FieldName, &str); 5] = [
    (FieldName::Etag, "ETag"),
    (FieldName::ContentLocation, "Content-Location"),
    (FieldName::Vary, "Vary"),
    (FieldName::CacheControl, "Cache-Control"),
    (FieldName::Expires, "Expires"),
];

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
        check: Check::Watch(
            Trigger::OneOf(&[
                Trigger::Status(&[(304, 304)]),
                Trigger::ResponseField(&[
                    FieldName::Etag,
                    FieldName::ContentLocation,
                    FieldName::Vary,
                    FieldName::CacheControl,
                    FieldName::Expires,
                ]),
            ]),
            || Box::new(MissingFields::default()),
        ),
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
        check: Check::Watch(
            Trigger::ResponseField(&[FieldName::Etag]),
            || Box::new(LengthWrong::default()),
        ),
    }
}

/// What whole answers said, by their address.
type History<T> = Remembered<T, { limits::REMEMBERED_VALIDATORS }>;

#[derive(Default)]
struct MissingFields {
    history: History<FieldSet>,
}

impl Watcher for MissingFields {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some((request, response)) = scene.pair() else { return };
        match scene.status() {
            Some(200) if request.head.method() == Method::Get => {
                if let Some(asked) = scene.asked {
                    self.history.keep(asked.address, response.head.present());
                }
            }
            Some(304) => {
                let said = scene.asked.and_then(|asked| self.history.get(asked.address));
                let Some(said) = said else { return };
                let lacks = REPEATED
                    .iter()
                    .filter(|(name, _)| said.has(*name) && !response.head.has(*name));
                let lacks: Vec<&str> = lacks.map(|(_, name)| *name).collect();
                if !lacks.is_empty() {
                    report.find().plain("fields", lacks.join(", ")).add();
                }
            }
            _ => {}
        }
    }
}

/// What tells whether two answers are of the same content, and its length.
struct Whole {
    etag: u64,
    coding: u64,
    length: u64,
}

#[derive(Default)]
struct LengthWrong {
    history: History<Whole>,
}

impl Watcher for LengthWrong {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some((request, response)) = scene.pair() else { return };
        let Some(length) = response.content_length.value() else { return };
        let Some(etag) = response.head.value(FieldName::Etag) else { return };
        let Some(Asked { address: key, .. }) = scene.asked else { return };
        let coding = response.head.value(FieldName::ContentEncoding).unwrap_or_default();
        let whole = Whole { etag: asked::hash(etag), coding: asked::hash(coding), length };
        match (scene.status(), request.head.method()) {
            (Some(200), Method::Get) => self.history.keep(key, whole),
            (Some(304), _) | (Some(200), Method::Head) => {
                let Some(said) = self.history.get(key) else { return };
                let same = (said.etag, said.coding) == (whole.etag, whole.coding);
                if same && said.length != length {
                    report.find().plain("got", length).plain("expected", said.length).add();
                }
            }
            _ => {}
        }
    }
}
