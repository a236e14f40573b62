//! Entity tags (RFC 9110 section 8.8.3).

use nom::bytes::complete::{tag, take_while};
use nom::combinator::opt;
use nom::sequence::delimited;
use nom::{IResult, Parser};

/// An entity tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntityTag<'v> {
    /// Whether it is weak (`W/`).
    pub weak: bool,
    /// The octets between the quotes.
    pub opaque: &'v [u8],
}

impl<'v> EntityTag<'v> {
    /// Reads one tag that is the whole value.
    pub fn parse(value: &'v [u8]) -> Option<Self> {
        match entity_tag(value) {
            Ok(([], read)) => Some(read),
            _ => None,
        }
    }

    /// The tags of a list, up to the first that is none.
    pub fn list(value: &'v [u8]) -> impl Iterator<Item = Self> {
        let mut rest = value;
        std::iter::from_fn(move || {
            let front = rest.iter().take_while(|octet| matches!(octet, b' ' | b'\t' | b','));
            let front = front.count();
            let (behind, read) = entity_tag(rest.get(front..)?).ok()?;
            rest = behind;
            Some(read)
        })
    }

    /// Weak comparison (RFC 9110 section 8.8.3.2): the same, whether weak or not.
    pub fn weakly_matches(self, other: EntityTag<'_>) -> bool {
        self.opaque == other.opaque
    }
}

fn entity_tag(input: &[u8]) -> IResult<&[u8], EntityTag<'_>> {
    let quote = || tag(&b"\""[..]);
    let character = |octet: u8| octet == 0x21 || (0x23..=0x7e).contains(&octet) || octet >= 0x80;
    let (rest, (weak, opaque)) =
        (opt(tag(&b"W/"[..])), delimited(quote(), take_while(character), quote())).parse(input)?;
    Ok((rest, EntityTag { weak: weak.is_some(), opaque }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_as_the_grammar_says() {
        let tag = EntityTag::parse(b"\"v1\"").unwrap();
        assert_eq!((tag.weak, tag.opaque), (false, &b"v1"[..]));
        assert!(EntityTag::parse(b"W/\"v1\"").unwrap().weak);
        for value in [&b"v1"[..], b"w/\"v1\"", b"\"v1", b"\"a b\"", b"\"v1\" ", b""] {
            assert_eq!(EntityTag::parse(value), None, "{value:?}");
        }
        let list: Vec<_> =
            EntityTag::list(b"\"a\", W/\"b,c\" ,\"\"").map(|tag| tag.opaque).collect();
        assert_eq!(list, [&b"a"[..], b"b,c", b""]);
        assert_eq!(EntityTag::list(b"*").count(), 0);
    }
}
