//! How long a body is: the algorithm of RFC 9112 section 6.3 for somebody who only looks on. The
//! fields of a head and the request's method in, one reading out; every other reading is a flaw.

use super::field::{FieldName, FieldSet};
use super::flaw::{Flaw, Flaws};
use super::head::{Head, Kind, Version};
use super::method::Method;

/// What Content-Length says (RFC 9110 section 8.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContentLength {
    /// Nothing.
    Absent,
    /// One number, perhaps repeated.
    Valid(u64),
    /// Several that differ; the smallest of them.
    Differing(u64),
    /// No number, or one beyond 2^63-1.
    Invalid,
}

impl ContentLength {
    /// The number, if there is exactly one.
    pub const fn value(self) -> Option<u64> {
        match self {
            Self::Valid(value) => Some(value),
            _ => None,
        }
    }
}

/// What Transfer-Encoding says (RFC 9112 section 6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransferCoding {
    /// Nothing, or the obsolete `identity` alone.
    Absent,
    /// The last coding is chunked.
    Chunked,
    /// The last coding is another one.
    NotChunked,
    /// It is no list of codings.
    Invalid,
}

/// How the end of a body is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Framing {
    /// There is no body.
    None,
    /// So many octets.
    Length(u64),
    /// The chunked coding.
    Chunked,
    /// Up to the end of the connection.
    Close,
    /// The connection is a tunnel from here on: CONNECT was granted.
    Tunnel,
    /// The connection speaks another protocol from here on: 101.
    Upgrade,
    /// Nobody can tell.
    Unknown,
}

/// The framing of one message, and how it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Framed {
    pub framing: Framing,
    pub length: ContentLength,
    pub coding: TransferCoding,
    /// Whether another reader could not see it differently.
    pub certain: bool,
}

/// Finds the framing of a message. `method` is that of the request that a response answers, where
/// it is known.
pub(super) fn frame(head: &Head, method: Option<Method>, flaws: &mut Flaws) -> Framed {
    let length = content_length(head, flaws);
    let coding = transfer_coding(head, flaws);
    // Names that differ from a framing field in one character, which some servers take for it.
    let twins = FieldSet::of(&[FieldName::ContentLengthTwin, FieldName::TransferEncodingTwin]);
    flaws.add_if(!head.present().and(twins).is_empty(), Flaw::ObscuredFraming);
    flaws.add_if(
        length != ContentLength::Absent && coding != TransferCoding::Absent,
        Flaw::LengthAndCoding,
    );
    let old = head.version().is_some_and(|version| version < Version::HTTP_11);
    flaws.add_if(old && coding != TransferCoding::Absent, Flaw::CodingInHttp10);
    let (framing, certain) = match head.kind() {
        Kind::Request => request(length, coding, old),
        Kind::Response => response(head.status(), method, length, coding, old, flaws),
    };
    flaws.add_if(!certain, Flaw::FramingGuessed);
    Framed { framing, length, coding, certain }
}

fn request(length: ContentLength, coding: TransferCoding, old: bool) -> (Framing, bool) {
    match (coding, length) {
        (TransferCoding::Chunked, _) => (Framing::Chunked, !old),
        (TransferCoding::NotChunked | TransferCoding::Invalid, _) => (Framing::Unknown, false),
        (TransferCoding::Absent, ContentLength::Invalid) => (Framing::Unknown, false),
        (TransferCoding::Absent, ContentLength::Differing(value)) => {
            (Framing::Length(value), false)
        }
        (TransferCoding::Absent, ContentLength::Valid(0)) => (Framing::None, true),
        (TransferCoding::Absent, ContentLength::Valid(value)) => (Framing::Length(value), true),
        (TransferCoding::Absent, ContentLength::Absent) => (Framing::None, true),
    }
}

fn response(
    status: Option<u16>,
    method: Option<Method>,
    length: ContentLength,
    coding: TransferCoding,
    old: bool,
    flaws: &mut Flaws,
) -> (Framing, bool) {
    let declared = length != ContentLength::Absent || coding != TransferCoding::Absent;
    match (status, method) {
        // RFC 9112 section 6.3, item 1.
        (Some(101), _) => {
            flaws.add_if(declared, Flaw::FramingOnBodiless);
            return (Framing::Upgrade, true);
        }
        (Some(100..=199 | 204), _) => {
            flaws.add_if(declared, Flaw::FramingOnBodiless);
            return (Framing::None, true);
        }
        (Some(304), _) | (_, Some(Method::Head)) => return (Framing::None, true),
        // Item 2.
        (Some(200..=299), Some(Method::Connect)) => return (Framing::Tunnel, true),
        _ => {}
    }
    match (coding, length) {
        // Items 3 and 4.
        (TransferCoding::Chunked, _) => (Framing::Chunked, !old),
        (TransferCoding::NotChunked | TransferCoding::Invalid, _) => (Framing::Close, false),
        // Item 5: a user agent must discard such a response.
        (TransferCoding::Absent, ContentLength::Invalid) => (Framing::Close, false),
        (TransferCoding::Absent, ContentLength::Differing(value)) => {
            (Framing::Length(value), false)
        }
        // Item 6.
        (TransferCoding::Absent, ContentLength::Valid(0)) => (Framing::None, true),
        (TransferCoding::Absent, ContentLength::Valid(value)) => (Framing::Length(value), true),
        // Item 8.
        (TransferCoding::Absent, ContentLength::Absent) => (Framing::Close, true),
    }
}

fn content_length(head: &Head, flaws: &mut Flaws) -> ContentLength {
    if !head.has(FieldName::ContentLength) {
        return ContentLength::Absent;
    }
    // What nearly every message says.
    if !head.repeated().has(FieldName::ContentLength)
        && let Some(value) = head.value(FieldName::ContentLength).and_then(plain_number)
    {
        return ContentLength::Valid(value);
    }
    let mut found = ContentLength::Absent;
    for value in head.values(FieldName::ContentLength) {
        for member in value.split(|octet| *octet == b',') {
            let member = member.trim_ascii();
            let number = number(member);
            let padded = number.is_some() && member.len() > 1 && member.starts_with(b"0");
            flaws.add_if(padded, Flaw::LengthLeadingZeros);
            found = match (found, number) {
                (ContentLength::Invalid, _) | (_, None) => ContentLength::Invalid,
                (ContentLength::Absent, Some(value)) => ContentLength::Valid(value),
                (ContentLength::Valid(before), Some(value)) if before == value => {
                    flaws.add(Flaw::LengthRepeated);
                    found
                }
                (ContentLength::Valid(before) | ContentLength::Differing(before), Some(value)) => {
                    ContentLength::Differing(before.min(value))
                }
            };
        }
    }
    flaws.add_if(found == ContentLength::Invalid, Flaw::LengthInvalid);
    flaws.add_if(matches!(found, ContentLength::Differing(_)), Flaw::LengthDiffers);
    found
}

/// A number of up to 18 digits that does not begin with a zero.
fn plain_number(digits: &[u8]) -> Option<u64> {
    if !matches!(digits, [b'1'..=b'9', ..]) || digits.len() > 18 {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        // Eighteen digits cannot overflow.
        let number = number.wrapping_mul(10).wrapping_add(u64::from(digit.wrapping_sub(b'0')));
        digit.is_ascii_digit().then_some(number)
    })
}

/// `1*DIGIT`, at most 2^63-1: more is no length but an attempt to make a counter overflow.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let text = std::str::from_utf8(digits).ok()?;
    text.parse().ok().filter(|value| *value <= i64::MAX as u64)
}

fn transfer_coding(head: &Head, flaws: &mut Flaws) -> TransferCoding {
    if !head.has(FieldName::TransferEncoding) {
        return TransferCoding::Absent;
    }
    let mut lines = 0;
    let mut members = 0;
    let mut chunked = 0;
    let mut last_is_chunked = false;
    let mut identity_alone = false;
    let mut invalid = false;
    let mut unusual = false;
    for value in head.values(FieldName::TransferEncoding) {
        lines += 1;
        for member in value.split(|octet| *octet == b',') {
            let member = member.trim_ascii();
            if member.is_empty() {
                continue;
            }
            members += 1;
            let name = member.split(|octet| *octet == b';').next().unwrap_or_default().trim_ascii();
            invalid |=
                name.is_empty() || !name.iter().all(|octet| super::tolerant::is_token(*octet));
            last_is_chunked = member.eq_ignore_ascii_case(b"chunked");
            chunked += usize::from(last_is_chunked);
            identity_alone = members == 1 && member.eq_ignore_ascii_case(b"identity");
            unusual |= ![
                &b"chunked"[..],
                b"gzip",
                b"x-gzip",
                b"deflate",
                b"compress",
                b"x-compress",
                b"identity",
                b"trailers",
            ]
            .iter()
            .any(|known| member.eq_ignore_ascii_case(known));
        }
    }
    if lines == 0 || identity_alone {
        return TransferCoding::Absent;
    }
    flaws.add_if(lines > 1 || unusual || invalid || members == 0, Flaw::ObscuredFraming);
    flaws.add_if(chunked > 1, Flaw::ChunkedTwice);
    if invalid || members == 0 {
        flaws.add(Flaw::CodingInvalid);
        TransferCoding::Invalid
    } else if last_is_chunked {
        TransferCoding::Chunked
    } else {
        flaws.add(Flaw::CodingNotChunked);
        TransferCoding::NotChunked
    }
}

#[cfg(test)]
mod tests {
    use super::super::head::read_whole;
    use super::*;

    fn request_with(fields: &str) -> (Framing, Flaws) {
        let text = format!("POST / HTTP/1.1\r\n{fields}\r\n\r\n");
        let (head, mut flaws) = read_whole(Kind::Request, text.as_bytes()).unwrap();
        (frame(&head, None, &mut flaws).framing, flaws)
    }

    fn response_with(status: u16, method: Method, fields: &str) -> Framing {
        let text = format!("HTTP/1.1 {status} X\r\n{fields}\r\n\r\n");
        let (head, mut flaws) = read_whole(Kind::Response, text.as_bytes()).unwrap();
        frame(&head, Some(method), &mut flaws).framing
    }

    #[test]
    fn the_length_of_a_request() {
        for (fields, framing, flaw) in [
            ("A: b", Framing::None, None),
            ("Content-Length: 5", Framing::Length(5), None),
            ("Content-Length: 5, 5", Framing::Length(5), Some(Flaw::LengthRepeated)),
            (
                "Content-Length: 5\r\nContent-Length: 5",
                Framing::Length(5),
                Some(Flaw::LengthRepeated),
            ),
            (
                "Content-Length: 6\r\nContent-Length: 5",
                Framing::Length(5),
                Some(Flaw::LengthDiffers),
            ),
            ("Content-Length: 010", Framing::Length(10), Some(Flaw::LengthLeadingZeros)),
            ("Content-Length: +5", Framing::Unknown, Some(Flaw::LengthInvalid)),
            ("Content-Length: -1", Framing::Unknown, Some(Flaw::LengthInvalid)),
            ("Content-Length: 0x5", Framing::Unknown, Some(Flaw::LengthInvalid)),
            ("Content-Length: 18446744073709551615", Framing::Unknown, Some(Flaw::LengthInvalid)),
            (
                "Content-Length: 99999999999999999999999",
                Framing::Unknown,
                Some(Flaw::LengthInvalid),
            ),
            ("Transfer-Encoding: chunked", Framing::Chunked, None),
            ("Transfer-Encoding: gzip, chunked", Framing::Chunked, None),
            ("Transfer-Encoding: chunked, gzip", Framing::Unknown, Some(Flaw::CodingNotChunked)),
            ("Transfer-Encoding: identity", Framing::None, None),
            ("Transfer-Encoding: xchunked", Framing::Unknown, Some(Flaw::ObscuredFraming)),
            ("Transfer-Encoding: chunked, chunked", Framing::Chunked, Some(Flaw::ChunkedTwice)),
            ("Transfer-Encoding:\r\n chunked", Framing::Chunked, Some(Flaw::ObscuredFraming)),
            ("Transfer-Encoding : chunked", Framing::Chunked, Some(Flaw::ObscuredFraming)),
            ("Transfer_Encoding: chunked", Framing::None, Some(Flaw::ObscuredFraming)),
            (
                "Content-Length: 4\r\nTransfer-Encoding: chunked",
                Framing::Chunked,
                Some(Flaw::LengthAndCoding),
            ),
        ] {
            let (found, flaws) = request_with(fields);
            assert_eq!(found, framing, "{fields:?}");
            match flaw {
                Some(flaw) => assert!(flaws.has(flaw), "{fields:?}"),
                None => assert!(flaws.is_empty(), "{fields:?}"),
            }
        }
    }

    #[test]
    fn the_length_of_a_response() {
        let length = "Content-Length: 7";
        for (status, method, fields, framing) in [
            (200, Method::Get, length, Framing::Length(7)),
            (200, Method::Head, length, Framing::None),
            (204, Method::Get, length, Framing::None),
            (304, Method::Get, length, Framing::None),
            (100, Method::Post, length, Framing::None),
            (101, Method::Get, length, Framing::Upgrade),
            (200, Method::Connect, length, Framing::Tunnel),
            (407, Method::Connect, length, Framing::Length(7)),
            (205, Method::Get, "A: b", Framing::Close),
            (200, Method::Get, "Transfer-Encoding: gzip", Framing::Close),
            (200, Method::Get, "Content-Length: x", Framing::Close),
            (200, Method::Get, "Content-Length: 0", Framing::None),
        ] {
            assert_eq!(response_with(status, method, fields), framing, "{status} {fields}");
        }
    }
}
