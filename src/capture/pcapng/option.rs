//! The options of a block in, each as code and value out. A value is never longer than its block.
//!
//! ```text
//! option       code 2 | length 2 | value, padded to 4        code 0 ends the list
//! ```

use nom::multi::length_data;
use nom::number::Endianness;
use nom::number::complete::u16;
use nom::{IResult, Parser};

/// An option claims more octets than its block has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Overrun;

/// The options in the rest of a block.
pub(super) struct Options<'o> {
    rest: &'o [u8],
    order: Endianness,
}

impl<'o> Options<'o> {
    pub(super) const fn new(rest: &'o [u8], order: Endianness) -> Self {
        Self { rest, order }
    }
}

impl<'o> Iterator for Options<'o> {
    type Item = Result<(u16, &'o [u8]), Overrun>;

    fn next(&mut self) -> Option<Self::Item> {
        const END: u16 = 0;
        if self.rest.is_empty() {
            return None;
        }
        let order = self.order;
        let parsed: IResult<&[u8], _, ()> = (u16(order), length_data(u16(order))).parse(self.rest);
        match parsed {
            Ok((_, (END, _))) => {
                self.rest = &[];
                None
            }
            Ok((rest, option)) => {
                let padding = option.1.len().wrapping_neg() & 3;
                self.rest = rest.get(padding..).unwrap_or_default();
                Some(Ok(option))
            }
            Err(_) => {
                self.rest = &[];
                Some(Err(Overrun))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_end_at_their_mark_at_the_block_or_at_a_lie() {
        let read = |octets| Options::new(octets, Endianness::Big).collect::<Vec<_>>();
        assert_eq!(read(&[]), []);
        assert_eq!(read(&[0, 0, 0, 0, 9, 9, 9, 9]), []);
        assert_eq!(
            read(&[0, 2, 0, 3, b'e', b't', b'h', 0, 0, 9, 0, 1, 6, 0, 0, 0]),
            [Ok((2, &b"eth"[..])), Ok((9, &[6][..]))]
        );
        // The padding of the last one is missing.
        assert_eq!(read(&[0, 9, 0, 1, 6]), [Ok((9, &[6][..]))]);
        assert_eq!(read(&[0, 2, 0, 5, 1, 2, 3, 4]), [Err(Overrun)]);
        assert_eq!(read(&[0, 2]), [Err(Overrun)]);
    }
}
