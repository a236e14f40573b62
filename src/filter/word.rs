//! The words of an expression: where a word or a text in quotes ends, and which octets it means.
//! Blanks in front of it have been taken.

use super::grammar::{Fault, Parsed};
use super::operand;

/// Where a word stands, which says what ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Value,
    Listed,
    Regex,
}

/// An operand as written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operand<'t> {
    /// From here to the end of the expression.
    pub input: &'t str,
    /// With its quotes.
    pub whole: &'t str,
    /// Without them.
    pub raw: &'t str,
    pub quoted: bool,
}

impl Operand<'_> {
    /// Its octets, escapes resolved.
    pub fn octets(&self) -> Result<Box<[u8]>, nom::Err<Fault>> {
        if !self.quoted {
            return Ok(self.raw.as_bytes().into());
        }
        match operand::unescape(self.raw) {
            Ok(octets) => Ok(octets.into()),
            Err(at) => {
                let from = self.input.get(at + 1..).unwrap_or_default();
                let hint = "there are \\\" \\' \\\\ \\n \\r \\t \\0 \\xHH";
                Fault::at(from, 2.min(from.len()), "unknown escape", hint).fail()
            }
        }
    }

    /// A fault that is all of it.
    pub fn fault(&self, what: impl Into<String>, hint: impl Into<String>) -> nom::Err<Fault> {
        nom::Err::Failure(Fault::at(self.input, self.whole.len(), what, hint))
    }
}

/// A word or a text in quotes; blanks in front of it have been taken.
pub(super) fn operand(input: &str, place: Place) -> Parsed<'_, Operand<'_>> {
    let len = match input.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let mut escaped = false;
            let close = input.char_indices().skip(1).find(|(_, letter)| {
                let closes = *letter == quote && !escaped;
                escaped = *letter == '\\' && !escaped;
                closes
            });
            let Some((close, _)) = close else {
                return Fault::at(input, 1, "this quote is not closed", "").fail();
            };
            close + 1
        }
        _ => word(input, place).len(),
    };
    if len == 0 {
        return Fault::at(input, usize::from(!input.is_empty()), "a value is expected here", "")
            .fail();
    }
    let (whole, rest) = input.split_at_checked(len).unwrap_or((input, ""));
    let quoted = input.starts_with(['"', '\'']);
    let raw = if quoted { whole.get(1..len - 1).unwrap_or_default() } else { whole };
    Ok((rest, Operand { input, whole, raw, quoted }))
}

/// The word at the front: up to a blank, a quote, a parenthesis that closes what was opened
/// before it, or what joins conditions. In a regular expression quotes and bars belong to it.
pub(super) fn word(input: &str, place: Place) -> &str {
    let mut open = 0_usize;
    let mut escaped = false;
    let end = input.char_indices().find(|(at, letter)| {
        if std::mem::take(&mut escaped) {
            return letter.is_whitespace();
        }
        let rest = input.get(*at..).unwrap_or_default();
        match letter {
            '\\' if place == Place::Regex => escaped = true,
            '(' => open += 1,
            ')' if open == 0 => return true,
            ')' => open -= 1,
            ',' | '{' | '}' if place == Place::Listed => return true,
            '"' | '\'' if place != Place::Regex => return true,
            _ if rest.starts_with("&&") => return true,
            '|' if place != Place::Regex => return true,
            letter => return letter.is_whitespace(),
        }
        false
    });
    input.get(..end.map_or(input.len(), |(at, _)| at)).unwrap_or_default()
}
