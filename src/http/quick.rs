//! Heads as most of them are, read in one pass: the octets of a start line and its field lines in, where
//! everything stands out. A head is taken here only if httparse would take it, and with the same outcome;
//! whatever is odd, long or not whole is left to it (see [`super::head::read_strict`]). Copies nothing.
//!
//! Eight octets are looked at as one word, since names and values are short.

use super::field::FieldName;
use super::head::{Kind, Line, Range, StartLine};

/// Fields of a head that is read here; a head with more is left to httparse.
pub(super) const LINES: usize = 32;

/// Octets of a name that is read here, as many as [`FieldName::recognise`] knows words of.
const NAME_WORDS: usize = 4;

/// A head that was read: its start line, how many lines stand in what was given, and how long it is.
pub(super) struct Quick {
    pub start: StartLine,
    pub lines: usize,
    pub len: usize,
}

/// Reads a head from the front of `octets`; `None` where httparse has to look at it.
pub(super) fn read(kind: Kind, octets: &[u8], lines: &mut [Line; LINES]) -> Option<Quick> {
    let (start, mut at) = match kind {
        Kind::Request => request_line(octets)?,
        Kind::Response => status_line(octets)?,
    };
    let mut count = 0;
    loop {
        if ends_line(octets, at) {
            return Some(Quick { start, lines: count, len: at + 2 });
        }
        let place = lines.get_mut(count)?;
        let (line, end) = field_line(octets, at)?;
        *place = line;
        (count, at) = (count + 1, end);
    }
}

/// `GET /a HTTP/1.1`: its parts, and where the next line begins.
fn request_line(octets: &[u8]) -> Option<(StartLine, usize)> {
    const BEHIND: &[u8] = b" HTTP/1.1\r\n";
    let word = word_at(octets, 0);
    // The methods that nearly everybody uses have less than eight octets.
    let method = first_of(word, b' ')?;
    if !octets.get(..method)?.iter().all(u8::is_ascii_uppercase) || method == 0 {
        return None;
    }
    let start = method + 1;
    let target = end_of_visible(octets, start);
    if target == start || !octets.get(target..)?.starts_with(BEHIND) {
        return None;
    }
    let line =
        StartLine::Request { method: Range::new(0, method), target: Range::new(start, target) };
    Some((line, target + BEHIND.len()))
}

/// `HTTP/1.1 200 OK`: its parts, and where the next line begins.
fn status_line(octets: &[u8]) -> Option<(StartLine, usize)> {
    let &[hundreds @ b'1'..=b'5', tens @ b'0'..=b'9', ones @ b'0'..=b'9', b' '] =
        octets.strip_prefix(b"HTTP/1.1 ")?.first_chunk()?
    else {
        return None;
    };
    let digit = |octet: u8| u16::from(octet - b'0');
    let code = digit(hundreds) * 100 + digit(tens) * 10 + digit(ones);
    let end = end_of_text(octets, 13);
    // What is not ASCII, httparse looks at in another way.
    if !ends_line(octets, end) || !octets.get(13..end)?.is_ascii() {
        return None;
    }
    let line = StartLine::Status {
        code: Some(code),
        written: Range::new(9, 12),
        reason: Range::new(13, end),
    };
    Some((line, end + 2))
}

/// A field line at a place, and where the next one begins.
#[inline]
fn field_line(octets: &[u8], at: usize) -> Option<(Line, usize)> {
    let colon = colon_behind(octets, at)?;
    let written = octets.get(at..colon)?;
    let name = FieldName::recognise(written);
    // A known name has nothing in it that a name may not have.
    if name == FieldName::Other && !written.iter().all(|octet| super::tolerant::is_token(*octet)) {
        return None;
    }
    let mut start = colon + 1;
    while matches!(octets.get(start)?, b' ' | b'\t') {
        start += 1;
    }
    let line_end = end_of_text(octets, start);
    if line_end == start || !ends_line(octets, line_end) {
        return None;
    }
    let mut end = line_end;
    while matches!(octets.get(end - 1)?, b' ' | b'\t') {
        end -= 1;
    }
    let line = Line { name, name_at: Range::new(at, colon), value_at: Range::new(start, end) };
    Some((line, line_end + 2))
}

/// Where the first colon stands from a place on, if it is near and not right there.
#[inline]
fn colon_behind(octets: &[u8], at: usize) -> Option<usize> {
    for nth in 0..NAME_WORDS {
        let from = at + nth * 8;
        if let Some(before) = first_of(word_at(octets, from), b':') {
            return (from + before > at).then_some(from + before);
        }
    }
    None
}

/// Whether a line ends at a place.
#[inline]
fn ends_line(octets: &[u8], at: usize) -> bool {
    matches!(octets.get(at..), Some([b'\r', b'\n', ..]))
}

const EACH: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = EACH * 0x80;

/// The eight octets at a place, the first one lowest; beyond the end there are zeros.
#[inline]
fn word_at(octets: &[u8], at: usize) -> u64 {
    let rest = octets.get(at..).unwrap_or_default();
    match rest.first_chunk() {
        Some(word) => u64::from_le_bytes(*word),
        None => rest.iter().rev().fold(0, |word, octet| word << 8 | u64::from(*octet)),
    }
}

/// The high bit of each octet that is zero, and perhaps of some behind the first such one.
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(EACH) & !word & HIGH
}

/// How many octets of a word stand in front of the first one that has its high bit set.
const fn in_front(marked: u64) -> usize {
    (marked.trailing_zeros() / 8) as usize
}

/// How many octets of a word stand in front of the first such one, if there is one.
const fn first_of(word: u64, octet: u8) -> Option<usize> {
    match zeros(word ^ (EACH * octet as u64)) {
        0 => None,
        found => Some(in_front(found)),
    }
}

/// The high bit of the first octet that is below the given one, which is ASCII, or DEL, and perhaps of some
/// behind it.
const fn controls(word: u64, below: u8) -> u64 {
    word.wrapping_sub(EACH * below as u64) & !word & HIGH | zeros(word ^ (EACH * 0x7f))
}

/// Where the first octet stands from a place on that no field value may have (RFC 9110 section 5.5).
#[inline]
fn end_of_text(octets: &[u8], mut at: usize) -> usize {
    loop {
        match controls(word_at(octets, at), b' ') {
            0 => at += 8,
            found => {
                at += in_front(found);
                if octets.get(at) != Some(&b'\t') {
                    return at;
                }
                at += 1;
            }
        }
    }
}

/// Where the first octet stands from a place on that is no visible one of ASCII.
#[inline]
fn end_of_visible(octets: &[u8], mut at: usize) -> usize {
    loop {
        let word = word_at(octets, at);
        match controls(word, b'!') | word & HIGH {
            0 => at += 8,
            found => return at + in_front(found),
        }
    }
}
