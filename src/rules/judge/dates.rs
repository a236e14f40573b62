//! Heads in; whether all their dates can be read out. Most dates came before: those of the same second,
//! of the same page. A date that was read is not read again while its text is kept.

use crate::http::{FieldName, FieldSet, Head, header::date};
use crate::rules::syntax::field::DATES;

/// All but Date, which is the first of them.
const OTHERS: &[FieldName] = match DATES {
    [FieldName::Date, others @ ..] => others,
    all => all,
};

/// How many texts are kept. A power of two.
const ROOM: usize = 64;

/// `Sun, 06 Nov 1994 08:49:37 GMT`
type Text = [u8; 29];

/// See the module's words.
pub(super) struct Dates {
    read: [Text; ROOM],
    /// The latest Date: mostly the next one is the same.
    latest: Text,
}

impl Default for Dates {
    fn default() -> Self {
        Self { read: [[0; 29]; ROOM], latest: [0; 29] }
    }
}

impl Dates {
    pub fn are_readable(&mut self, head: &Head) -> bool {
        let present = head.present().and(const { FieldSet::of(DATES) });
        if present.is_empty() {
            return true;
        }
        if let Some(value) = head.value(FieldName::Date)
            && value != self.latest
        {
            if !self.is_readable(value) {
                return false;
            }
            if let Ok(text) = value.try_into() {
                self.latest = text;
            }
        }
        OTHERS.iter().filter(|name| present.has(**name)).all(|name| {
            let Some(value) = head.value(*name) else { return true };
            // That is how servers say "already expired".
            let expired = *name == FieldName::Expires && matches!(value, b"0" | b"-1");
            expired || self.is_readable(value)
        })
    }

    fn is_readable(&mut self, value: &[u8]) -> bool {
        let Ok(text) = <&Text>::try_from(value) else { return date::parse(value).is_some() };
        let [.., tens, minute, _, ten, second, _, _, _, _] = text;
        let mixed = [tens, minute, ten, second].into_iter().fold(0, |mixed: usize, digit| {
            mixed.wrapping_mul(11).wrapping_add(usize::from(*digit))
        });
        let kept = &mut self.read[mixed % ROOM];
        if kept == text {
            return true;
        }
        let readable = date::parse(text).is_some();
        if readable {
            *kept = *text;
        }
        readable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_not_taken_for_something_else() {
        let mut dates = Dates::default();
        for _ in 0..2 {
            assert!(dates.is_readable(b"Sun, 06 Nov 1994 08:49:37 GMT"));
            assert!(!dates.is_readable(b"Sun, 06 Nob 1994 08:49:37 GMT"));
            assert!(dates.is_readable(b"Sun Nov  6 08:49:37 1994"));
            assert!(!dates.is_readable(b"0"));
        }
    }
}
