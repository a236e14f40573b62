//! Media types with their parameters (RFC 9110 section 8.3.1).

use nom::branch::alt;
use nom::bytes::complete::{escaped, is_not, tag, take_while, take_while1};
use nom::character::complete::char;
use nom::sequence::delimited;
use nom::{IResult, Parser};

use crate::http::tolerant::is_token;

/// A media type, borrowed from the field value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaType<'v> {
    /// `text` and `html` with the slash between them, as written.
    pub essence: &'v [u8],
    parameters: &'v [u8],
}

impl<'v> MediaType<'v> {
    /// Reads a value. Lenient behind the type, as everybody is: what follows it is only searched
    /// for parameters.
    pub fn parse(value: &'v [u8]) -> Option<Self> {
        let (rest, essence) = nom::combinator::recognize((token, tag(&b"/"[..]), token))
            .parse(value.trim_ascii())
            .ok()?;
        Some(Self { essence, parameters: rest })
    }

    /// Whether it is this type, given in lower case.
    pub fn is(&self, essence: &str) -> bool {
        self.essence.eq_ignore_ascii_case(essence.as_bytes())
    }

    /// The value of a parameter, without its quotes; escapes inside them stay.
    pub fn parameter(&self, name: &str) -> Option<&'v [u8]> {
        let mut rest = self.parameters;
        loop {
            let (behind, (_, _, _, found, _, value)) =
                (space, tag(&b";"[..]), space, token, tag(&b"="[..]), alt((quoted, token)))
                    .parse(rest)
                    .ok()?;
            if found.eq_ignore_ascii_case(name.as_bytes()) {
                return Some(value);
            }
            rest = behind;
        }
    }
}

fn token(input: &[u8]) -> IResult<&[u8], &[u8]> {
    take_while1(is_token).parse(input)
}

fn space(input: &[u8]) -> IResult<&[u8], &[u8]> {
    take_while(|octet: u8| octet == b' ' || octet == b'\t').parse(input)
}

fn quoted(input: &[u8]) -> IResult<&[u8], &[u8]> {
    let inside = escaped(is_not(&b"\"\\"[..]), '\\', nom::bytes::complete::take(1usize));
    alt((
        nom::combinator::map(tag(&b"\"\""[..]), |_| &b""[..]),
        delimited(char('"'), inside, char('"')),
    ))
    .parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_parameters_are_read() {
        let value = b"multipart/ByteRanges; a=\"x;y\\\"z\";boundary=\"-- 1\" ; q=2";
        let media = MediaType::parse(value).unwrap();
        assert!(media.is("multipart/byteranges"));
        assert_eq!(media.parameter("boundary"), Some(&b"-- 1"[..]));
        assert_eq!(media.parameter("a"), Some(&b"x;y\\\"z"[..]));
        assert_eq!(media.parameter("Q"), Some(&b"2"[..]));
        assert_eq!(media.parameter("charset"), None);
        for value in [&b""[..], b"text", b"/html", b"text/", b" ; a=b"] {
            assert_eq!(MediaType::parse(value), None, "{value:?}");
        }
    }
}
