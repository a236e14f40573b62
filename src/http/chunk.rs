//! Lines of the chunked coding (RFC 9112 section 7.1): one line in, its size and flaws out. Our own
//! reading, since httparse takes a line without a digit for the last chunk.

use nom::Parser;
use nom::bytes::complete::{take_while, take_while1};
use nom::combinator::opt;

use super::flaw::{Flaw, Flaws};
use crate::limits;

/// A chunk-size line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ChunkLine {
    /// Octets of data that follow; 0 for the last chunk.
    pub size: u64,
    /// Octets of the extensions.
    pub extension: u32,
}

/// Reads a chunk-size line without its line feed. `None` where it is none.
pub(super) fn read_line(line: &[u8], flaws: &mut Flaws) -> Option<ChunkLine> {
    let content = match line {
        [content @ .., b'\r'] => content,
        content => {
            flaws.add(Flaw::ChunkBareLf);
            content
        }
    };
    flaws.add_if(content.contains(&b'\r'), Flaw::ChunkBareCr);
    let (rest, (digits, _, extension)) = (
        take_while1::<_, _, nom::error::Error<&[u8]>>(|octet: u8| octet.is_ascii_hexdigit()),
        take_while(|octet: u8| octet == b' ' || octet == b'\t'),
        opt((nom::bytes::complete::tag(&b";"[..]), take_while(|_| true))),
    )
        .parse(content)
        .ok()?;
    if !rest.is_empty() {
        return None;
    }
    let significant = digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len());
    let digits = digits.get(significant..)?;
    if digits.len() > limits::CHUNK_SIZE_DIGITS {
        return None;
    }
    let size = digits.iter().try_fold(0u64, |size, digit| {
        Some(size << 4 | u64::from(char::from(*digit).to_digit(16)?))
    })?;
    let extension = extension.map_or(0, |(_, octets)| octets.len() as u32 + 1);
    flaws.add_if(extension > 0, Flaw::ChunkExtension);
    Some(ChunkLine { size, extension })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_the_grammar_says() {
        for (line, size) in [
            (&b"5\r"[..], Some(5)),
            (b"FF\r", Some(255)),
            (b"0\r", Some(0)),
            (b"00000000000000000000005\r", Some(5)),
            (b"ffffffffffffffff\r", Some(u64::MAX)),
            (b"1ffffffffffffffff\r", None),
            (b"\r", None),
            (b";a=b\r", None),
            (b"0x5\r", None),
            (b"+5\r", None),
            (b"-5\r", None),
            (b" 5\r", None),
            (b"5 \r", Some(5)),
            (b"5 5\r", None),
            (b"5", Some(5)),
            (b"5;a=b\r", Some(5)),
            (b"5 ;a=\"x;y\"\r", Some(5)),
            (b"5_0\r", None),
            (b"\xef\xbc\x95\r", None),
        ] {
            let mut flaws = Flaws::default();
            assert_eq!(read_line(line, &mut flaws).map(|line| line.size), size, "{line:?}");
        }
    }

    #[test]
    fn what_is_odd_about_a_line_is_a_flaw() {
        for (line, flaw) in [
            (&b"5"[..], Flaw::ChunkBareLf),
            (b"5;a\rb\r", Flaw::ChunkBareCr),
            (b"5;a\r", Flaw::ChunkExtension),
        ] {
            let mut flaws = Flaws::default();
            read_line(line, &mut flaws);
            assert!(flaws.has(flaw), "{line:?}");
        }
    }
}
