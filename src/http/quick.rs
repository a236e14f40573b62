//! Heads as most of them are, read in one pass: the octets of a start line and its field lines in, where
//! everything stands out. A head is taken here only if httparse would take it, and with the same outcome;
//! whatever is odd, long or not whole is left to it (see [`super::head::read_strict`]). Copies nothing.

use super::field::FieldName;
use super::head::{Kind, StartLine};
use super::line::{Line, Packed, Range, Summary};
use super::{lanes, tolerant};

/// Fields of a head that is read here; a head with more is left to httparse.
pub(super) const LINES: usize = 32;

/// Octets of a name that is read here, its colon included.
const NAME: usize = 2 * lanes::COUNT;

/// A head that was read: its start line, how many lines stand in what was given, what they come to, and how
/// long it is.
pub(super) struct Quick {
    pub start: StartLine,
    pub lines: usize,
    pub summary: Summary,
    pub len: usize,
}

/// Reads a head from the front of `octets`; `None` where httparse has to look at it.
pub(super) fn read(kind: Kind, octets: &[u8], lines: &mut [Packed; LINES]) -> Option<Quick> {
    let (start, mut at) = match kind {
        Kind::Request => request_line(octets)?,
        Kind::Response => status_line(octets)?,
    };
    let (mut count, mut summary) = (0, Summary::default());
    loop {
        if ends_line(octets, at) {
            return Some(Quick { start, lines: count, summary, len: at + 2 });
        }
        let place = lines.get_mut(count)?;
        let (line, end) = field_line(octets, at)?;
        summary.add(&line, octets);
        *place = line.pack();
        (count, at) = (count + 1, end);
    }
}

/// `GET /a HTTP/1.1`: its parts, and where the next line begins.
fn request_line(octets: &[u8]) -> Option<(StartLine, usize)> {
    const BEHIND: &[u8] = b" HTTP/1.1\r\n";
    let method = octets.iter().take_while(|octet| octet.is_ascii_uppercase()).count();
    if method == 0 || octets.get(method) != Some(&b' ') {
        return None;
    }
    let start = method + 1;
    let target = lanes::find(octets, start, lanes::invisible);
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
    let near = octets.get(at..octets.len().min(at + NAME))?;
    let written = near.get(..lanes::find(near, 0, lanes::equal(b':')))?;
    let colon = at + written.len();
    if written.is_empty() || written.len() == near.len() {
        return None;
    }
    let name = FieldName::recognise(written);
    // A known name has nothing in it that a name may not have.
    if name == FieldName::Other && !written.iter().all(|octet| tolerant::is_token(*octet)) {
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

/// Where the first octet stands from a place on that no field value may have (RFC 9110 section 5.5).
#[inline]
fn end_of_text(octets: &[u8], mut at: usize) -> usize {
    loop {
        at = lanes::find(octets, at, lanes::control);
        if octets.get(at) != Some(&b'\t') {
            return at;
        }
        at += 1;
    }
}

/// Whether a line ends at a place.
#[inline]
fn ends_line(octets: &[u8], at: usize) -> bool {
    matches!(octets.get(at..), Some([b'\r', b'\n', ..]))
}
