//! The second reading: heads that httparse refuses. Octets of a whole head in, whatever a lenient
//! peer would understand out, with a flaw for everything that is not as RFC 9112 wants it. Nothing is
//! dropped: a line that is no field is counted by its flaw and stays in the octets.

use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case, take_while, take_while1};
use nom::character::complete::digit1;
use nom::combinator::{opt, recognize};
use nom::{IResult, Parser};

use super::field::FieldName;
use super::flaw::{Flaw, Flaws};
use super::head::{Head, Kind, StartLine, Version};
use super::line::{Line, Packed, Range, Summary};
use crate::limits;

/// Reads a head that is known to end in an empty line (or where its limit cut it). `None` where
/// the first line is not a start line by any reading.
pub(super) fn read(kind: Kind, octets: &[u8]) -> Option<(Head, Flaws)> {
    let mut flaws = Flaws::default();
    let mut lines = Lines { octets, at: 0 };
    let first = lines.next()?;
    note_octets(first.of(octets), &mut flaws);
    flaws.add_if(first.lone, Flaw::BareLf);
    let (start, version) = match kind {
        Kind::Request => request_line(octets, first, &mut flaws)?,
        Kind::Response => status_line(octets, first, &mut flaws)?,
    };
    let mut index: Vec<Line> = Vec::new();
    let mut unfolded: Vec<u8> = Vec::new();
    for line in lines {
        let content = line.of(octets);
        flaws.add_if(line.lone, Flaw::BareLf);
        if content.is_empty() {
            break;
        }
        note_octets(content, &mut flaws);
        if matches!(content.first(), Some(b' ' | b'\t')) {
            fold(octets, content, &mut index, &mut unfolded, &mut flaws);
            continue;
        }
        let Some(colon) = memchr::memchr(b':', content) else {
            flaws.add(Flaw::NoColon);
            continue;
        };
        if index.len() >= limits::HEAD_FIELDS {
            flaws.add(Flaw::TooManyFields);
        }
        let name = content.get(..colon).unwrap_or_default();
        let trimmed = name.trim_ascii_end();
        flaws.add_if(trimmed.len() < name.len(), Flaw::SpaceBeforeColon);
        flaws.add_if(trimmed.is_empty(), Flaw::EmptyFieldName);
        flaws.add_if(!trimmed.iter().all(|octet| is_token(*octet)), Flaw::OddFieldName);
        let known = FieldName::recognise(trimmed);
        let framing = matches!(known, FieldName::ContentLength | FieldName::TransferEncoding);
        if framing && trimmed.len() < name.len() {
            flaws.add(Flaw::ObscuredFraming);
        }
        let wanted = framing
            || matches!(known, FieldName::Host | FieldName::Connection | FieldName::Upgrade);
        if index.len() >= limits::HEAD_FIELDS && !(wanted && index.len() < 2 * limits::HEAD_FIELDS)
        {
            continue;
        }
        let value = content.get(colon + 1..).unwrap_or_default();
        let (value_start, value) = trim(line.start + colon + 1, value);
        flaws.add_if(framing && value.iter().any(u8::is_ascii_control), Flaw::ObscuredFraming);
        index.push(Line {
            name: known,
            name_at: Range::new(line.start, line.start + trimmed.len()),
            value_at: Range::new(value_start, value_start + value.len()),
        });
    }
    let len = octets.len();
    let mut block = Vec::with_capacity(len + unfolded.len());
    block.extend_from_slice(octets);
    block.extend_from_slice(&unfolded);
    let summary = Summary::of(&index, &block);
    let index: Vec<Packed> = index.iter().map(Line::pack).collect();
    Some((Head::new(&block, len, start, version, &index, summary), flaws))
}

/// Joins a continuation line to the field before it (RFC 9112 section 5.2), in octets behind the
/// head, so that the head itself stays as it was sent.
fn fold(
    octets: &[u8],
    content: &[u8],
    index: &mut [Line],
    unfolded: &mut Vec<u8>,
    flaws: &mut Flaws,
) {
    let Some(line) = index.last_mut() else {
        flaws.add(Flaw::FoldBeforeFields);
        return;
    };
    flaws.add(Flaw::FoldedField);
    if matches!(line.name, FieldName::ContentLength | FieldName::TransferEncoding) {
        flaws.add(Flaw::ObscuredFraming);
    }
    let start = line.value_at.start as usize;
    let end = line.value_at.end as usize;
    let at = if start >= octets.len() && end == octets.len() + unfolded.len() {
        start
    } else {
        let at = octets.len() + unfolded.len();
        unfolded.extend_from_slice(octets.get(start..end).unwrap_or_default());
        at
    };
    if octets.len() + unfolded.len() > at {
        unfolded.push(b' ');
    }
    unfolded.extend_from_slice(content.trim_ascii());
    line.value_at = Range::new(at, octets.len() + unfolded.len());
}

fn note_octets(line: &[u8], flaws: &mut Flaws) {
    for octet in line {
        match octet {
            b'\t' => {}
            0 => flaws.add(Flaw::Nul),
            b'\r' => flaws.add(Flaw::BareCr),
            0x01..0x20 | 0x7f => flaws.add(Flaw::ControlOctet),
            _ => {}
        }
    }
}

fn trim(start: usize, value: &[u8]) -> (usize, &[u8]) {
    let front = value.iter().take_while(|octet| matches!(octet, b' ' | b'\t')).count();
    let value = value.get(front..).unwrap_or_default();
    let back = value.iter().rev().take_while(|octet| matches!(octet, b' ' | b'\t')).count();
    (start + front, value.get(..value.len() - back).unwrap_or_default())
}

/// RFC 9110 section 5.6.2: `tchar`.
#[inline]
pub(super) const fn is_token(octet: u8) -> bool {
    TOKEN[octet as usize]
}

static TOKEN: [bool; 256] = {
    let mut token = [false; 256];
    let mut octet = 0;
    while octet < 256 {
        token[octet] = matches!(octet as u8, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-'
            | b'.' | b'^' | b'_' | b'`' | b'|' | b'~' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z');
        octet += 1;
    }
    token
};

#[derive(Clone, Copy)]
struct LineAt {
    start: usize,
    end: usize,
    lone: bool,
}

impl LineAt {
    fn of(self, octets: &[u8]) -> &[u8] {
        octets.get(self.start..self.end).unwrap_or_default()
    }
}

/// The lines of a head, without their ends.
struct Lines<'h> {
    octets: &'h [u8],
    at: usize,
}

impl Iterator for Lines<'_> {
    type Item = LineAt;

    fn next(&mut self) -> Option<LineAt> {
        let rest = self.octets.get(self.at..).filter(|rest| !rest.is_empty())?;
        let start = self.at;
        let (len, next) = match memchr::memchr(b'\n', rest) {
            Some(line_feed) => (line_feed, line_feed + 1),
            None => (rest.len(), rest.len()),
        };
        self.at += next;
        let carriage_return = len > 0 && rest.get(len - 1) == Some(&b'\r');
        let end = start + len - usize::from(carriage_return);
        Some(LineAt { start, end, lone: next > len && !carriage_return })
    }
}

/// `HTTP/1.1` in any case, with any digits.
fn version(input: &[u8]) -> IResult<&[u8], (&[u8], Option<Version>)> {
    let (rest, (name, major, minor)) =
        (tag_no_case(&b"HTTP/"[..]), opt(digit1), opt((tag(&b"."[..]), digit1))).parse(input)?;
    let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse::<u8>().ok();
    let major = major.and_then(number);
    let minor = match minor {
        Some((_, digits)) => number(digits),
        None => Some(0),
    };
    let version = major.zip(minor).map(|(major, minor)| Version { major, minor });
    Ok((rest, (name, version)))
}

fn judge_version(name: &[u8], version: Option<Version>, flaws: &mut Flaws) {
    flaws.add_if(name != b"HTTP/", Flaw::LowerCaseVersion);
    let known = matches!(version, Some(Version::HTTP_10 | Version::HTTP_11));
    flaws.add_if(!known, Flaw::OddVersion);
}

fn blanks(input: &[u8]) -> IResult<&[u8], &[u8]> {
    take_while1(|octet: u8| octet == b' ' || octet == b'\t' || octet == 0x0b || octet == 0x0c)
        .parse(input)
}

/// What the first line of a request says by any reading: `None` where it has neither a version
/// nor the form of an HTTP/0.9 request.
fn request_line(
    octets: &[u8],
    line: LineAt,
    flaws: &mut Flaws,
) -> Option<(StartLine, Option<Version>)> {
    let content = line.of(octets);
    let leading = content.iter().take_while(|octet| matches!(octet, b' ' | b'\t' | 0)).count();
    flaws.add_if(leading > 0, Flaw::LeadingSpace);
    let content = content.get(leading..)?;
    let base = line.start + leading;
    let (rest, method) =
        take_while1::<_, _, nom::error::Error<&[u8]>>(|octet: u8| octet != b' ' && octet != b'\t')
            .parse(content)
            .ok()?;
    let odd = !method.iter().all(|octet| is_token(*octet));
    flaws.add_if(odd, Flaw::OddMethod);
    let gap = rest.iter().take_while(|octet| matches!(octet, b' ' | b'\t')).count();
    flaws.add_if(rest.get(..gap) != Some(&b" "[..]), Flaw::OddStartLine);
    let rest = rest.get(gap..)?;
    let target_start = base + method.len() + gap;
    let method_at = Range::new(base, base + method.len());
    let request = |target: &[u8], from: usize| StartLine::Request {
        method: method_at,
        target: Range::new(from, from + target.len()),
    };
    // The version is the last "HTTP/" behind white space.
    let written = (0..rest.len())
        .rev()
        .filter(|at| rest.get(*at..*at + 5).is_some_and(|name| name.eq_ignore_ascii_case(b"HTTP/")))
        .find(|at| *at == 0 || rest.get(at - 1).is_some_and(|octet| matches!(octet, b' ' | b'\t')));
    let Some(at) = written else {
        if let Some(target) = junk_version(method, rest) {
            flaws.add(Flaw::OddVersion);
            flaws.add(Flaw::OddStartLine);
            return Some((request(target, target_start), None));
        }
        // RFC 1945 section 4.1: a simple request is a GET without a version.
        let target = rest.trim_ascii_end();
        let simple = method == b"GET"
            && target.first().is_some_and(|octet| matches!(octet, b'/' | b'h' | b'*'))
            && !target.iter().any(|octet| octet.is_ascii_whitespace());
        if !simple {
            return None;
        }
        flaws.add(Flaw::NoVersion);
        return Some((request(target, target_start), Some(Version::HTTP_09)));
    };
    let (behind, (name, version)) = version(rest.get(at..)?).ok()?;
    judge_version(name, version, flaws);
    flaws.add_if(!behind.is_empty(), Flaw::TextBehindVersion);
    flaws.add_if(!behind.is_empty(), Flaw::OddStartLine);
    let before = rest.get(..at)?;
    let target = before.trim_ascii_end();
    flaws.add_if(before.len() - target.len() > 1 || before.ends_with(b"\t"), Flaw::OddStartLine);
    flaws.add_if(target.is_empty(), Flaw::NoTarget);
    flaws.add_if(target.iter().any(u8::is_ascii_whitespace), Flaw::SpaceInTarget);
    flaws.add_if(
        target.iter().any(|octet| !octet.is_ascii_graphic() && !octet.is_ascii_whitespace()),
        Flaw::OddTarget,
    );
    Some((request(target, target_start), version))
}

/// A method that everybody knows, a path, and a last word that should be a version but is none
/// of any protocol that looks alike: the target.
fn junk_version<'l>(method: &[u8], rest: &'l [u8]) -> Option<&'l [u8]> {
    let known = super::Method::recognise(method) != super::Method::Other;
    let mut words = rest.trim_ascii_end().split(|octet| *octet == b' ');
    let (target, version, None) = (words.next()?, words.next()?, words.next()) else { return None };
    let slash = memchr::memchr(b'/', version)?;
    let other: [&[u8]; 3] = [b"RTSP", b"SIP", b"ICAP"];
    let alike = other.contains(&version.get(..slash)?);
    (known && target.starts_with(b"/") && slash > 0 && !alike).then_some(target)
}

/// What the first line of a response says by any reading.
fn status_line(
    octets: &[u8],
    line: LineAt,
    flaws: &mut Flaws,
) -> Option<(StartLine, Option<Version>)> {
    let content = line.of(octets);
    let leading = content.iter().take_while(|octet| matches!(octet, b' ' | b'\t')).count();
    flaws.add_if(leading > 0, Flaw::LeadingSpace);
    let content = content.get(leading..)?;
    let shoutcast = tag::<_, _, nom::error::Error<&[u8]>>(&b"ICY"[..]);
    let (rest, version) = match version(content) {
        Ok((rest, (name, version))) => {
            judge_version(name, version, flaws);
            (rest, version)
        }
        Err(_) => {
            let (rest, _) = recognize(shoutcast).parse(content).ok()?;
            flaws.add(Flaw::OddVersion);
            (rest, None)
        }
    };
    let (rest, gap) = alt((blanks, take_while(|_| false))).parse(rest).ok()?;
    flaws.add_if(gap != b" ", Flaw::OddStartLine);
    let base = line.start + leading + content.len() - rest.len();
    let written = rest.iter().take_while(|octet| !matches!(octet, b' ' | b'\t')).count();
    let digits = rest.get(..written)?;
    let code = match digits {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
            Some(u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0'))
        }
        _ => None,
    };
    match code {
        None => flaws.add(Flaw::BadStatus),
        Some(code) => flaws.add_if(!(100..600).contains(&code), Flaw::StatusOutOfRange),
    }
    let behind = rest.get(written..)?;
    let gap = usize::from(matches!(behind.first(), Some(b' ' | b'\t')));
    flaws.add_if(behind.first() == Some(&b'\t'), Flaw::OddStartLine);
    let start = StartLine::Status {
        code,
        written: Range::new(base, base + written),
        reason: Range::new(base + written + gap, line.end),
    };
    Some((start, version))
}

/// Whether a line, without its end, would be read as a start line.
pub(super) fn is_start_line(kind: Kind, line: &[u8]) -> bool {
    let at = LineAt { start: 0, end: line.len(), lone: false };
    let mut flaws = Flaws::default();
    match kind {
        Kind::Request => request_line(line, at, &mut flaws).is_some(),
        Kind::Response => status_line(line, at, &mut flaws).is_some(),
    }
}

/// Whether a line, without its end, is a request without a version (RFC 1945 section 4.1).
pub(super) fn is_simple_request(line: &[u8]) -> bool {
    let at = LineAt { start: 0, end: line.len(), lone: false };
    let mut flaws = Flaws::default();
    request_line(line, at, &mut flaws).is_some() && flaws.has(Flaw::NoVersion)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(text: &[u8]) -> Option<(Head, Flaws)> {
        read(Kind::Request, text)
    }

    #[test]
    fn odd_requests_are_read_and_flagged() {
        type Row = (&'static [u8], &'static [u8], &'static [u8], Flaw);
        let table: &[Row] = &[
            (b" GET / HTTP/1.1\r\n\r\n", b"GET", b"/", Flaw::LeadingSpace),
            (b"\0GET / HTTP/1.1\r\n\r\n", b"GET", b"/", Flaw::LeadingSpace),
            (b"GET  /  HTTP/1.1\r\n\r\n", b"GET", b"/", Flaw::OddStartLine),
            (b"GET\t/\tHTTP/1.1\r\n\r\n", b"GET", b"/", Flaw::OddStartLine),
            (b"GET / HTTP/1.1 \r\n\r\n", b"GET", b"/", Flaw::TextBehindVersion),
            (b"GET /a b HTTP/1.1\r\n\r\n", b"GET", b"/a b", Flaw::SpaceInTarget),
            (b"GET /\r\n", b"GET", b"/", Flaw::NoVersion),
            (b"GET HTTP/1.1\r\n\r\n", b"GET", b"", Flaw::NoTarget),
            (b"GET / JUNK/1.0\r\n\r\n", b"GET", b"/", Flaw::OddVersion),
            (b"GE/T / HTTP/1.1\r\n\r\n", b"GE/T", b"/", Flaw::OddMethod),
            (b"GET / HTTP/1.2\r\n\r\n", b"GET", b"/", Flaw::OddVersion),
            (b"GET / http/1.1\r\n\r\n", b"GET", b"/", Flaw::LowerCaseVersion),
            (b"GET / HTTP/1.10\r\n\r\n", b"GET", b"/", Flaw::OddVersion),
            (b"GET /\xe9 HTTP/1.1\r\n\r\n", b"GET", b"/\xe9", Flaw::OddTarget),
            (b"GET /\x1b[31m HTTP/1.1\r\n\r\n", b"GET", b"/\x1b[31m", Flaw::ControlOctet),
        ];
        for (text, method, target, flaw) in table {
            let (head, flaws) = request(text).unwrap();
            assert_eq!((head.method_octets(), head.target()), (*method, *target), "{text:?}");
            assert!(flaws.has(*flaw), "{text:?} {:?}", flaws.iter().collect::<Vec<_>>());
        }
        for text in
            [&b"SSH-2.0-OpenSSH_9.6\r\n"[..], b"\x16\x03\x01", b"EHLO mail\r\n", b"", b"\r\n"]
        {
            assert!(request(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn odd_status_lines_are_read_and_flagged() {
        let table: &[(&[u8], Option<u16>, Flaw)] = &[
            (b"HTTP/1.1 2000 OK\r\n\r\n", None, Flaw::BadStatus),
            (b"HTTP/1.1 2OO OK\r\n\r\n", None, Flaw::BadStatus),
            (b"HTTP/1.1 20 OK\r\n\r\n", None, Flaw::BadStatus),
            (b"HTTP/1.1  200 OK\r\n\r\n", Some(200), Flaw::OddStartLine),
            (b"HTTP/1.1\t200\tOK\r\n\r\n", Some(200), Flaw::OddStartLine),
            (b"HTTP/2.0 200 OK\r\n\r\n", Some(200), Flaw::OddVersion),
            (b"HTTP/2 200\r\n\r\n", Some(200), Flaw::OddVersion),
            (b"http/1.1 200 OK\r\n\r\n", Some(200), Flaw::LowerCaseVersion),
            (b"ICY 200 OK\r\n\r\n", Some(200), Flaw::OddVersion),
            (b"HTTP/1.1 099 X\r\n\r\n", Some(99), Flaw::StatusOutOfRange),
        ];
        for (text, code, flaw) in table {
            let (head, flaws) = read(Kind::Response, text).unwrap();
            assert_eq!(head.status(), *code, "{text:?}");
            assert!(flaws.has(*flaw), "{text:?} {:?}", flaws.iter().collect::<Vec<_>>());
        }
        assert!(read(Kind::Response, b"<html>hi</html>").is_none());
        assert!(read(Kind::Response, b"RTSP/1.0 200 OK\r\n\r\n").is_none());
    }

    #[test]
    fn odd_field_lines_are_read_and_flagged() {
        let table: &[(&str, Option<&str>, Flaw)] = &[
            ("Host : a", Some("a"), Flaw::SpaceBeforeColon),
            ("X: y\r\n z\r\nHost: a", Some("a"), Flaw::FoldedField),
            ("Host:\r\n a", Some("a"), Flaw::FoldedField),
            ("Host: a\r\n b\r\n\tc", Some("a b c"), Flaw::FoldedField),
            (" X: y\r\nHost: a", Some("a"), Flaw::FoldBeforeFields),
            ("foo\r\nHost: a", Some("a"), Flaw::NoColon),
            (": x\r\nHost: a", Some("a"), Flaw::EmptyFieldName),
            ("X Y: z\r\nHost: a", Some("a"), Flaw::OddFieldName),
            ("X: a\0b\r\nHost: a", Some("a"), Flaw::Nul),
            ("X: a\rb\r\nHost: a", Some("a"), Flaw::BareCr),
            ("Transfer-Encoding : chunked", None, Flaw::ObscuredFraming),
        ];
        for (lines, host, flaw) in table {
            let text = format!("GET / HTTP/1.1\r\n{lines}\r\n\r\n");
            let (head, flaws) = request(text.as_bytes()).unwrap();
            assert_eq!(head.value(FieldName::Host), host.map(str::as_bytes), "{lines:?}");
            assert!(flaws.has(*flaw), "{lines:?} {:?}", flaws.iter().collect::<Vec<_>>());
            assert_eq!(head.octets(), text.as_bytes());
        }
    }
}
