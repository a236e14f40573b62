//! Message heads: the octets of a start line and its field lines in, one owned block with an index
//! out. Well-formed heads are read by httparse, once; what it refuses goes to [`super::tolerant`].

use std::borrow::Cow;
use std::mem::MaybeUninit;

use super::feature::{Feature, Features};
use super::field::{FieldName, FieldSet};
use super::flaw::{Flaw, Flaws};
use super::line::{Line, Packed, Range, Summary, has_member};
use super::method::Method;
use super::{quick, tolerant};
use crate::limits;

/// Which of the two kinds of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Sent by the client.
    Request,
    /// Sent by the server.
    Response,
}

/// A protocol version as written: `1.1` is `(1, 1)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version {
    /// Major number.
    pub major: u8,
    /// Minor number.
    pub minor: u8,
}

impl Version {
    /// HTTP/0.9, which writes no version.
    pub const HTTP_09: Self = Self { major: 0, minor: 9 };
    /// HTTP/1.0
    pub const HTTP_10: Self = Self { major: 1, minor: 0 };
    /// HTTP/1.1
    pub const HTTP_11: Self = Self { major: 1, minor: 1 };
}

/// The start line, as far as it could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StartLine {
    Request { method: Range, target: Range },
    Status { code: Option<u16>, written: Range, reason: Range },
}

/// A head, owned: its octets exactly as they were sent, and where in them everything stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The octets of the head, behind them the values that had to be unfolded, and behind those the lines as
    /// they are packed: one piece of memory, since many heads are remembered.
    block: Box<[u8]>,
    len: u32,
    /// Where the lines are.
    lines_at: u32,
    start: StartLine,
    version: Option<Version>,
    method: Method,
    present: FieldSet,
    repeated: FieldSet,
    features: Features,
    /// Whether `Connection` lists `close` and `keep-alive`: asked several times of every message.
    closes: bool,
    keeps_alive: bool,
}

/// One header field of a [`Head`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'h> {
    /// Which known field it is.
    pub name: FieldName,
    /// Its name as written.
    pub name_octets: &'h [u8],
    /// Its value without the white space around it; folded lines are joined by one space.
    pub value: &'h [u8],
}

impl Head {
    /// Reads something of each line of memory that its octets take (see [`super::Exchange::fetch`]).
    pub(super) fn fetch(&self) -> u8 {
        self.block.iter().step_by(64).fold(0, |sum, octet| sum ^ octet)
    }

    /// Octets that it takes beside itself.
    pub(super) const fn memory(&self) -> u64 {
        limits::allocated(self.block.len())
    }

    /// `octets` are those of the head and behind them, from `len` on, values that had to be unfolded.
    pub(super) fn new(
        octets: &[u8],
        len: usize,
        start: StartLine,
        version: Option<Version>,
        lines: &[Packed],
        summary: Summary,
    ) -> Self {
        let Summary { present, repeated, mut features, closes, keeps_alive } = summary;
        let method = match start {
            StartLine::Request { method, target } => {
                features.join(Features::of_target(target.of(octets)));
                Method::recognise(method.of(octets))
            }
            StartLine::Status { reason, .. } => {
                features.add_if(reason.start == reason.end, Feature::NoReason);
                Method::Other
            }
        };
        features.add_if(method == Method::Connect, Feature::OtherForm);
        features.add_if(version != Some(Version::HTTP_11), Feature::OtherVersion);
        let block = [octets, lines.as_flattened()].concat();
        Self {
            block: block.into_boxed_slice(),
            len: len as u32,
            lines_at: octets.len() as u32,
            start,
            version,
            method,
            present,
            repeated,
            features,
            closes,
            keeps_alive,
        }
    }

    /// A head of HTTP/0.9, which has none: the octets of a response begin with its body.
    pub(super) fn absent() -> Self {
        let start =
            StartLine::Status { code: None, written: Range::default(), reason: Range::default() };
        Self::new(&[], 0, start, Some(Version::HTTP_09), &[], Summary::default())
    }

    /// The octets as they were sent, from the start line to the empty line.
    pub fn octets(&self) -> &[u8] {
        self.block.get(..self.len as usize).unwrap_or_default()
    }

    /// Which kind of message.
    pub const fn kind(&self) -> Kind {
        match self.start {
            StartLine::Request { .. } => Kind::Request,
            StartLine::Status { .. } => Kind::Response,
        }
    }

    /// The version, where it could be read.
    pub const fn version(&self) -> Option<Version> {
        self.version
    }

    /// The method as written; empty for a response.
    pub fn method_octets(&self) -> &[u8] {
        match self.start {
            StartLine::Request { method, .. } => method.of(&self.block),
            StartLine::Status { .. } => &[],
        }
    }

    /// The method; [`Method::Other`] for a response.
    pub const fn method(&self) -> Method {
        self.method
    }

    /// What stands out.
    pub const fn features(&self) -> Features {
        self.features
    }

    /// The request target as written; empty for a response.
    pub fn target(&self) -> &[u8] {
        match self.start {
            StartLine::Request { target, .. } => target.of(&self.block),
            StartLine::Status { .. } => &[],
        }
    }

    /// The status code, if it is three digits.
    pub const fn status(&self) -> Option<u16> {
        match self.start {
            StartLine::Status { code, .. } => code,
            StartLine::Request { .. } => None,
        }
    }

    /// The status code as written, whatever it is; empty for a request.
    pub fn status_octets(&self) -> &[u8] {
        match self.start {
            StartLine::Status { written, .. } => written.of(&self.block),
            StartLine::Request { .. } => &[],
        }
    }

    /// The reason phrase as written; empty for a request.
    pub fn reason(&self) -> &[u8] {
        match self.start {
            StartLine::Status { reason, .. } => reason.of(&self.block),
            StartLine::Request { .. } => &[],
        }
    }

    /// All header fields in wire order.
    pub fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        self.lines().iter().map(Line::unpack).map(|line| Field {
            name: line.name,
            name_octets: line.name_at.of(&self.block),
            value: line.value_at.of(&self.block),
        })
    }

    /// The known fields that are there; [`FieldName::Other`] where there are others.
    pub const fn present(&self) -> FieldSet {
        self.present
    }

    /// The known fields that have more than one line.
    pub const fn repeated(&self) -> FieldSet {
        self.repeated
    }

    /// Whether a known field is there.
    pub const fn has(&self, name: FieldName) -> bool {
        self.present.has(name)
    }

    /// The values of a field by its name in lower case, a line each: for names that
    /// [`FieldName`] does not know.
    pub fn values_named<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        let named =
            move |field: &Field<'h>| field.name_octets.eq_ignore_ascii_case(name.as_bytes());
        self.fields().filter(named).map(|field| field.value)
    }

    /// The start line as it was sent, without its end.
    pub fn start_line(&self) -> &[u8] {
        let octets = self.octets();
        let end = memchr::memchr(b'\n', octets).unwrap_or(octets.len());
        let line = octets.get(..end).unwrap_or_default();
        line.strip_suffix(b"\r").unwrap_or(line)
    }

    /// The lines as they are packed.
    #[inline]
    fn lines(&self) -> &[Packed] {
        self.block.get(self.lines_at as usize..).unwrap_or_default().as_chunks().0
    }

    /// How many field lines there are.
    pub fn field_count(&self) -> usize {
        self.lines().len()
    }

    /// The values of one field, a line each, in wire order.
    pub fn values(&self, name: FieldName) -> impl Iterator<Item = &[u8]> {
        let lines = self.lines().iter().filter(move |line| Line::name_of(line) == name as u8);
        lines.map(|line| Line::value_of(line).of(&self.block))
    }

    /// The value of the first line of one field.
    pub fn value(&self, name: FieldName) -> Option<&[u8]> {
        if !self.present.has(name) {
            return None;
        }
        self.values(name).next()
    }

    /// Whether `Connection` lists `close` (RFC 9112 section 9.6).
    pub const fn closes(&self) -> bool {
        self.closes
    }

    /// Whether `Connection` lists `keep-alive`.
    pub const fn keeps_alive(&self) -> bool {
        self.keeps_alive
    }

    /// Whether a list field (RFC 9110 section 5.6.1) has a member, compared without case and
    /// without the member's parameters.
    pub fn lists(&self, name: FieldName, member: &[u8]) -> bool {
        self.present.has(name) && self.values(name).any(|value| has_member(value, member))
    }
}

/// Octets for people: what is not UTF-8 is replaced.
pub fn text(octets: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(octets)
}

/// What came of reading a head.
#[derive(Debug, PartialEq)]
pub(super) enum Reading {
    /// A head of so many octets.
    Whole(Head, Flaws, usize),
    /// There is not enough of it yet.
    Partial,
    /// httparse does not accept it.
    Refused,
}

/// Reads a well-formed head from the front of `octets`. Leading empty lines are the caller's.
pub(super) fn read_strict(kind: Kind, octets: &[u8]) -> Reading {
    let Some(reading) = read_quickly(kind, octets) else { return read_by_httparse(kind, octets) };
    // So that every test, mutant and fuzzed octet holds the quick reader against the other.
    debug_assert_eq!(reading, read_by_httparse(kind, octets));
    reading
}

/// The same for a head in which nothing is unusual.
fn read_quickly(kind: Kind, octets: &[u8]) -> Option<Reading> {
    let mut lines = [Packed::default(); quick::LINES];
    let quick::Quick { start, lines: count, summary, len } = quick::read(kind, octets, &mut lines)?;
    let (octets, lines) = (octets.get(..len)?, lines.get(..count)?);
    let head = Head::new(octets, len, start, Some(Version::HTTP_11), lines, summary);
    Some(Reading::Whole(head, Flaws::default(), len))
}

/// The same for any other.
fn read_by_httparse(kind: Kind, octets: &[u8]) -> Reading {
    let mut few = [const { MaybeUninit::uninit() }; 48];
    match read_into(kind, octets, &mut few) {
        Err(httparse::Error::TooManyHeaders) => {
            let mut many = [const { MaybeUninit::uninit() }; limits::HEAD_FIELDS];
            read_into(kind, octets, &mut many).unwrap_or(Reading::Refused)
        }
        Err(_) => Reading::Refused,
        Ok(reading) => reading,
    }
}

fn read_into<'b>(
    kind: Kind,
    octets: &'b [u8],
    headers: &mut [MaybeUninit<httparse::Header<'b>>],
) -> Result<Reading, httparse::Error> {
    match kind {
        Kind::Request => {
            let mut request = httparse::Request::new(&mut []);
            let httparse::Status::Complete(len) =
                request.parse_with_uninit_headers(octets, headers)?
            else {
                return Ok(Reading::Partial);
            };
            let (Some(method), Some(target), Some(minor)) =
                (request.method, request.path, request.version)
            else {
                return Ok(Reading::Refused);
            };
            let place = Placer(octets);
            let start = StartLine::Request {
                method: place.of(method.as_bytes()),
                target: place.of(target.as_bytes()),
            };
            Ok(index(octets, len, start, minor, request.headers))
        }
        Kind::Response => {
            let mut response = httparse::Response::new(&mut []);
            let httparse::Status::Complete(len) = httparse::ParserConfig::default()
                .parse_response_with_uninit_headers(&mut response, octets, headers)?
            else {
                return Ok(Reading::Partial);
            };
            let (Some(code), Some(minor)) = (response.code, response.version) else {
                return Ok(Reading::Refused);
            };
            // httparse gives an empty reason for one that is not ASCII; the octets have it.
            let line_end = memchr::memchr(b'\n', octets).unwrap_or(len);
            let line_end = match octets.get(line_end.wrapping_sub(1)) {
                Some(b'\r') => line_end - 1,
                _ => line_end,
            };
            // "HTTP/1.1 200" takes twelve octets, and one space more stands before the reason.
            let start = StartLine::Status {
                code: Some(code),
                written: Range::new(9, 12),
                reason: Range::new(13.min(line_end), line_end),
            };
            Ok(index(octets, len, start, minor, response.headers))
        }
    }
}

/// Where a part of a slice stands in it.
struct Placer<'b>(&'b [u8]);

impl Placer<'_> {
    fn of(&self, part: &[u8]) -> Range {
        let start = (part.as_ptr() as usize).wrapping_sub(self.0.as_ptr() as usize);
        Range::new(start, start + part.len())
    }
}

fn index(
    octets: &[u8],
    len: usize,
    start: StartLine,
    minor: u8,
    headers: &[httparse::Header<'_>],
) -> Reading {
    let place = Placer(octets);
    let mut flaws = Flaws::default();
    let mut lines = Vec::with_capacity(headers.len());
    // A line ends where the next one begins: what stands there tells a lone LF.
    let lone = |end: usize| octets.get(end.wrapping_sub(2)) != Some(&b'\r');
    let mut bare = false;
    for header in headers {
        let name_at = place.of(header.name.as_bytes());
        let value_at = place.of(header.value);
        bare |= lone(name_at.start as usize);
        let name = FieldName::recognise(header.name.as_bytes());
        lines.push(Line { name, name_at, value_at });
    }
    bare |= lone(len);
    // The line in front of the empty one.
    let empty_line = if octets.get(len.wrapping_sub(2)) == Some(&b'\r') { 2 } else { 1 };
    bare |= lone(len - empty_line);
    flaws.add_if(bare, Flaw::BareLf);
    if let StartLine::Status { code: Some(code), .. } = start {
        flaws.add_if(!(100..600).contains(&code), Flaw::StatusOutOfRange);
    }
    let block = octets.get(..len).unwrap_or_default();
    let version = Some(Version { major: 1, minor });
    let summary = Summary::of(&lines, block);
    let lines: Vec<Packed> = lines.iter().map(Line::pack).collect();
    let head = Head::new(block, len, start, version, &lines, summary);
    flaws.add_if(head.features.has(Feature::OddOctet), Flaw::OddTarget);
    Reading::Whole(head, flaws, len)
}

/// Reads a head that is known to be whole: strictly, and if that fails tolerantly. `None` where
/// not even the start line is one of HTTP.
pub(super) fn read_whole(kind: Kind, octets: &[u8]) -> Option<(Head, Flaws)> {
    match read_strict(kind, octets) {
        Reading::Whole(head, flaws, len) if len == octets.len() => Some((head, flaws)),
        _ => tolerant::read(kind, octets),
    }
}

/// Finds the end of a head: behind the first empty line, where a line ends in CRLF or a lone LF.
/// `from` is how far an earlier call got; the second value is how far this one did.
pub(super) fn find_end(octets: &[u8], from: usize) -> (Option<usize>, usize) {
    let mut at = from;
    while let Some(found) = octets.get(at..).and_then(|rest| memchr::memchr(b'\n', rest)) {
        let line_feed = at + found;
        match (octets.get(line_feed + 1), octets.get(line_feed + 2)) {
            (Some(b'\n'), _) => return (Some(line_feed + 2), line_feed),
            (Some(b'\r'), Some(b'\n')) => return (Some(line_feed + 3), line_feed),
            (Some(b'\r'), None) | (None, _) => return (None, line_feed),
            _ => at = line_feed + 1,
        }
    }
    (None, octets.len().max(from))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Heads as they are sent, and what an octet more, less or other makes of them: whatever is read quickly
    /// is what httparse reads.
    #[test]
    fn what_is_read_quickly_is_what_httparse_reads() {
        let heads: [(Kind, &[u8]); 8] = [
            (Kind::Request, b"GET /a?b=c HTTP/1.1\r\nHost: a.example\r\nAccept:*/*\r\n\r\n"),
            (Kind::Request, b"DELETE * HTTP/1.1\r\nX-Own_Name: \t a\tb \t\r\nhost:x\r\n\r\nrest"),
            (Kind::Request, b"POST /a HTTP/1.1\r\nContent-Length: 4\r\nVia: 1.1 a\r\n\r\nabcd"),
            (Kind::Request, b"GET / HTTP/1.1\r\n\r\n"),
            (Kind::Response, b"HTTP/1.1 200 OK\r\nServer: nginx\r\nETag: \"1\"\r\n\r\n"),
            (
                Kind::Response,
                b"HTTP/1.1 404 Not Found\r\nSet-Cookie: caf\xc3\xa9=1; Path=/\r\n\r\n",
            ),
            (Kind::Response, b"HTTP/1.1 204 \r\nA-Name-That-Is-Longer-Than-All: 1\r\n\r\n"),
            (
                Kind::Response,
                b"HTTP/1.1 502 Bad Gateway\r\nX: 1\r\nX: 2\r\nConnection: close\r\n\r\n",
            ),
        ];
        let (mut quick, mut left) = (0, 0);
        let mut compare = |kind: Kind, octets: &[u8]| match read_quickly(kind, octets) {
            Some(Reading::Whole(head, flaws, len)) => {
                quick += 1;
                match read_by_httparse(kind, octets) {
                    Reading::Whole(other, other_flaws, other_len) => {
                        assert_eq!((&head, flaws, len), (&other, other_flaws, other_len));
                    }
                    other => panic!("{other:?}: {:?}", text(octets)),
                }
            }
            Some(other) => panic!("{other:?}"),
            None => left += 1,
        };
        for (kind, head) in heads {
            compare(kind, head);
            for at in 0..head.len() {
                compare(kind, &head[..at]);
                compare(kind, &[&head[..at], &head[at + 1..]].concat());
                for octet in 0..=255 {
                    compare(kind, &[&head[..at], &[octet], &head[at..]].concat());
                    compare(kind, &[&head[..at], &[octet], &head[at + 1..]].concat());
                }
            }
        }
        assert!(quick > 50_000 && left > 10_000, "{quick} {left}");
    }

    fn whole(kind: Kind, text: &str) -> (Head, Flaws) {
        match read_strict(kind, text.as_bytes()) {
            Reading::Whole(head, flaws, len) => {
                assert_eq!(len, text.len());
                (head, flaws)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_request_head_keeps_everything() {
        let text = "GET /a?b HTTP/1.1\r\nHost: shop.example\r\nAccept:\t*/*  \r\nX-Y:\r\n\r\n";
        let (head, flaws) = whole(Kind::Request, text);
        assert!(flaws.is_empty());
        assert_eq!(head.octets(), text.as_bytes());
        assert_eq!((head.method(), head.target()), (Method::Get, &b"/a?b"[..]));
        assert_eq!(head.version(), Some(Version::HTTP_11));
        assert_eq!(head.value(FieldName::Host), Some(&b"shop.example"[..]));
        assert_eq!(head.value(FieldName::Accept), Some(&b"*/*"[..]));
        let names: Vec<_> = head.fields().map(|field| field.name_octets.to_vec()).collect();
        assert_eq!(names, [&b"Host"[..], b"Accept", b"X-Y"]);
    }

    #[test]
    fn a_reason_that_is_not_ascii_is_kept() {
        let text = b"HTTP/1.1 404 Non trouv\xe9\r\nServer: x\r\n\r\n";
        let Reading::Whole(head, ..) = read_strict(Kind::Response, text) else { panic!() };
        assert_eq!((head.status(), head.reason()), (Some(404), &b"Non trouv\xe9"[..]));
        for (text, reason) in [
            ("HTTP/1.1 200\r\n\r\n", ""),
            ("HTTP/1.0 200 \r\n\r\n", ""),
            ("HTTP/1.1 200 OK\n\n", "OK"),
        ] {
            assert_eq!(whole(Kind::Response, text).0.reason(), reason.as_bytes());
        }
    }

    #[test]
    fn lone_line_feeds_are_seen_wherever_they_stand() {
        for text in [
            "GET / HTTP/1.1\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\n",
            "GET / HTTP/1.1\n\n",
            "GET / HTTP/1.1\r\nA: b\nHost: a\r\n\r\n",
        ] {
            assert!(whole(Kind::Request, text).1.has(Flaw::BareLf), "{text:?}");
        }
        for text in ["GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost:\r\nA: b\r\n\r\n"] {
            assert!(whole(Kind::Request, text).1.is_empty(), "{text:?}");
        }
    }

    #[test]
    fn the_end_of_a_head_is_found_however_it_comes() {
        for text in ["a\r\nb\r\n\r\nrest", "a\nb\n\nrest", "a\r\nb\n\r\nrest", "a\nb\r\n\nrest"] {
            let end = text.find("rest").unwrap();
            assert_eq!(find_end(text.as_bytes(), 0).0, Some(end));
            let (mut from, mut found) = (0, None);
            for len in 1..=text.len() {
                let (end, next) = find_end(&text.as_bytes()[..len], from);
                assert!(next >= from);
                from = next;
                if end.is_some() {
                    found = end;
                    break;
                }
            }
            assert_eq!(found, Some(end), "{text:?}");
        }
        assert_eq!(find_end(b"a\r\r\nb\r\n", 0).0, None);
    }

    #[test]
    fn more_fields_than_the_small_index_are_read() {
        let mut text = String::from("GET / HTTP/1.1\r\n");
        for index in 0..200 {
            text += &format!("X-{index}: {index}\r\n");
        }
        text += "\r\n";
        assert_eq!(whole(Kind::Request, &text).0.field_count(), 200);
    }
}
