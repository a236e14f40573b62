//! Reason phrases: in goes what a status line said, out comes whether that is a phrase of the code
//! or of another one. A phrase has no meaning of its own (RFC 9112 section 4); a wrong one hints
//! that somebody set the wrong number.

use super::{Status, all, lookup};

/// Whether a reason phrase fits a code: it is absent, or the code's own, or known to be in use for
/// it. Letter case does not count. A code without an entry has nothing to compare with, so every
/// phrase fits.
pub fn phrase_ok(code: u16, phrase: &[u8]) -> bool {
    let phrase = phrase.trim_ascii();
    phrase.is_empty() || lookup(code).is_none_or(|status| has_phrase(status, phrase))
}

/// The codes whose phrase this is, in ascending order; none for an empty phrase or free text.
/// Letter case does not count.
pub fn phrase_belongs_to(phrase: &[u8]) -> impl Iterator<Item = &'static Status> {
    let phrase = phrase.trim_ascii();
    all().filter(move |status| has_phrase(status, phrase))
}

fn has_phrase(status: &Status, phrase: &[u8]) -> bool {
    std::iter::once(&status.phrase)
        .chain(status.aliases)
        .any(|known| known.as_bytes().eq_ignore_ascii_case(phrase))
}
