//! Field lines of a head: where names and values stand in its block, packed so that the lines can lie in the
//! block too; and what all of them come to.

use super::feature::{Feature, Features};
use super::field::{FieldName, FieldSet};

/// A range of octets in the block of a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Range {
    pub start: u32,
    pub end: u32,
}

impl Range {
    #[inline]
    pub fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end.max(start) as u32 }
    }

    #[inline]
    pub fn of(self, block: &[u8]) -> &[u8] {
        block.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// A field line as it lies in the block of a head.
pub(super) type Packed = [u8; 16];

/// One field line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line {
    pub name: FieldName,
    pub name_at: Range,
    pub value_at: Range,
}

impl Line {
    /// As it lies in the block. The name comes last, in one octet: see [`Self::name_of`].
    #[inline]
    pub fn pack(&self) -> Packed {
        let name_len = self.name_at.end.saturating_sub(self.name_at.start).min(0xff_ffff);
        let words = [
            self.value_at.start,
            self.value_at.end,
            self.name_at.start,
            name_len | (self.name as u32) << 24,
        ];
        let mut packed = Packed::default();
        for (to, word) in packed.as_chunks_mut().0.iter_mut().zip(words) {
            *to = word.to_le_bytes();
        }
        packed
    }

    /// The same back.
    #[inline]
    pub fn unpack(packed: &Packed) -> Self {
        let [start, name] = [8, 12].map(|at| word(packed, at));
        Self {
            name: FieldName::numbered(Self::name_of(packed)),
            name_at: Range { start, end: start.saturating_add(name & 0xff_ffff) },
            value_at: Self::value_of(packed),
        }
    }

    /// The number of the name, `name as u8`.
    #[inline]
    pub const fn name_of(packed: &Packed) -> u8 {
        packed[15]
    }

    /// Where the value stands.
    #[inline]
    pub fn value_of(packed: &Packed) -> Range {
        Range { start: word(packed, 0), end: word(packed, 4) }
    }
}

#[inline]
fn word(packed: &Packed, at: usize) -> u32 {
    packed.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |octets| u32::from_le_bytes(*octets))
}

/// What is worked out of all field lines, since it is asked for again and again.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Summary {
    pub present: FieldSet,
    pub repeated: FieldSet,
    pub features: Features,
    /// Whether `Connection` lists `close` and `keep-alive`.
    pub closes: bool,
    pub keeps_alive: bool,
}

impl Summary {
    /// Of these lines, whose octets lie in a block.
    pub fn of(lines: &[Line], block: &[u8]) -> Self {
        let mut summary = Self::default();
        for line in lines {
            summary.add(line, block);
        }
        summary
    }

    /// Adds a line.
    #[inline]
    pub fn add(&mut self, line: &Line, block: &[u8]) {
        self.present.add_or_repeat(line.name, &mut self.repeated);
        match line.name {
            FieldName::Connection => self.connection(line.value_at.of(block)),
            FieldName::Host => {
                let plain = Features::is_plain_host(line.value_at.of(block));
                self.features.add_if(!plain, Feature::OddHost);
            }
            _ => {}
        }
    }

    fn connection(&mut self, value: &[u8]) {
        match value {
            b"close" => self.closes = true,
            b"keep-alive" => self.keeps_alive = true,
            _ => {
                self.features.add_if(true, Feature::OtherConnection);
                self.closes |= has_member(value, b"close");
                self.keeps_alive |= has_member(value, b"keep-alive");
            }
        }
    }
}

/// Whether a list (RFC 9110 section 5.6.1) has a member, compared without case and without the member's
/// parameters.
pub(super) fn has_member(list: &[u8], member: &[u8]) -> bool {
    list.split(|octet| *octet == b',').any(|listed| {
        let listed = listed.split(|octet| *octet == b';').next().unwrap_or_default();
        listed.trim_ascii().eq_ignore_ascii_case(member)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back() {
        for name in [FieldName::Other, FieldName::Host, FieldName::XRequestId] {
            let line =
                Line { name, name_at: Range::new(7, 90_000), value_at: Range::new(3, 1 << 31) };
            assert_eq!(Line::unpack(&line.pack()), line);
            assert_eq!(Line::name_of(&line.pack()), name as u8);
        }
    }
}
