//! What was answered lately for addresses: exchanges in their order in, what an earlier answer said about
//! the same address out. Kept once for all rules that compare an answer with one before it, of the
//! newest addresses only. Judges nothing.

use super::asked::{self, Asked};
use super::remembered::Remembered;
use crate::flow::Mark;
use crate::http::{FieldName, FieldSet, Head, Message, Method};
use crate::limits;

/// Fields of which it is remembered whether a whole answer had them: what a 304 has to repeat, apart from
/// Date (RFC 9110 section 15.4.5).
pub(super) const REPEATED: [(FieldName, &str); 5] = [
    (FieldName::Etag, "ETag"),
    (FieldName::ContentLocation, "Content-Location"),
    (FieldName::Vary, "Vary"),
    (FieldName::CacheControl, "Cache-Control"),
    (FieldName::Expires, "Expires"),
];

/// What was said about one address, with one method.
#[derive(Default)]
pub(super) struct Said {
    /// The fields of the newest 200 to GET that had one of [`REPEATED`].
    pub fields: Option<FieldSet>,
    /// What the newest 200 to GET with an ETag and a Content-Length said of its content.
    pub whole: Option<Whole>,
    /// What the newest 200 to GET with one of them said.
    pub validators: Option<Box<Validators>>,
    /// Whether GET was answered with 2xx.
    pub works: bool,
    /// The newest 200, 401 or 403.
    there: Option<Given>,
}

/// What tells whether two answers are of the same content, and its length in octets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whole {
    etag: u64,
    coding: Option<u64>,
    pub length: u64,
}

impl Whole {
    /// None where there is no ETag.
    pub fn of(head: &Head, length: u64) -> Option<Self> {
        Some(Self::with(asked::hash(head.value(FieldName::Etag)?), head, length))
    }

    /// The same where the hash of the ETag is known.
    fn with(etag: u64, head: &Head, length: u64) -> Self {
        let coding = head.value(FieldName::ContentEncoding).filter(|coding| !coding.is_empty());
        Self { etag, coding: coding.map(asked::hash), length }
    }

    pub fn is_of_the_same(self, other: Self) -> bool {
        self.etag == other.etag && self.coding == other.coding
    }
}

/// ETag and Content-Location of an answer.
pub(super) struct Validators {
    pub etag: Option<Box<[u8]>>,
    pub location: Option<Box<[u8]>>,
    /// A hash of the ETag.
    hash: Option<u64>,
}

impl Validators {
    fn of(head: &Head) -> Self {
        let owned = |name| head.value(name).map(Box::from);
        let hash = head.value(FieldName::Etag).map(asked::hash);
        Self { etag: owned(FieldName::Etag), location: owned(FieldName::ContentLocation), hash }
    }

    fn are_of(&self, head: &Head) -> bool {
        self.etag.as_deref() == head.value(FieldName::Etag)
            && self.location.as_deref() == head.value(FieldName::ContentLocation)
    }
}

/// An answer, and a hash of the credentials that it was given to.
#[derive(Debug, Clone, Copy)]
pub struct Given {
    pub(super) status: u16,
    credentials: Option<u64>,
    pub(super) at: Mark,
}

/// See the module's words.
#[derive(Default)]
pub struct Answers {
    said: Remembered<Said, { limits::ANSWERED_ADDRESSES }>,
    /// The newest 404 by itself, so that whoever guesses addresses does not push out what is there.
    missing: Remembered<Given, { limits::ANSWERED_ADDRESSES }>,
}

/// The key of an address with a method; with GET it is the address.
fn key(asked: Asked, request: &Head) -> u64 {
    match request.method() {
        Method::Get => asked.address,
        _ => asked.address ^ asked::hash(request.method_octets()),
    }
}

impl Answers {
    /// Takes note of an answer. Gives the one that it contradicts, if there is one: 404 and anything else for
    /// the same address, with other credentials.
    pub(super) fn note(
        &mut self,
        asked: Asked,
        request: &Head,
        response: &Message,
    ) -> Option<Given> {
        let status = response.head.status()?;
        let gets = request.method() == Method::Get;
        let given = || Given {
            status,
            credentials: request.value(FieldName::Authorization).map(asked::hash),
            at: response.first,
        };
        match status {
            404 => {
                let (key, given) = (key(asked, request), given());
                self.missing.keep(key, given);
                let there = self.said.get(key)?.there?;
                (there.credentials != given.credentials).then_some(there)
            }
            200 | 401 | 403 => {
                let (key, given) = (key(asked, request), given());
                let said = self.said.of(key);
                said.there = Some(given);
                if status == 200 && gets {
                    said.works = true;
                    said.note_whole(response);
                }
                let missing = *self.missing.get(key)?;
                (missing.credentials != given.credentials).then_some(missing)
            }
            201..=299 if gets => {
                self.said.of(asked.address).works = true;
                None
            }
            _ => None,
        }
    }

    /// What was said to GET about an address.
    pub(super) fn to_get(&self, asked: Asked) -> Option<&Said> {
        self.said.get(asked.address)
    }
}

impl Said {
    fn note_whole(&mut self, response: &Message) {
        let head = &response.head;
        if REPEATED.iter().any(|(name, _)| head.has(*name)) {
            self.fields = Some(head.present());
        }
        if !head.has(FieldName::Etag) && !head.has(FieldName::ContentLocation) {
            return;
        }
        let known = self.validators.take().filter(|known| known.are_of(head));
        let validators = known.unwrap_or_else(|| Box::new(Validators::of(head)));
        if let Some((etag, length)) = validators.hash.zip(response.content_length.value()) {
            self.whole = Some(Whole::with(etag, head, length));
        }
        self.validators = Some(validators);
    }
}
