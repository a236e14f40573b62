//! Sixteen octets at a time: octets and a question in, where the first one stands that it is true of. Knows
//! no HTTP.

use wide::u8x16;

/// How many octets are looked at together.
pub(super) const COUNT: usize = 16;

/// Where the first octet stands, from a place on, that a question is true of; the end where there is none.
#[inline]
pub(super) fn find(octets: &[u8], from: usize, question: impl Fn(u8x16) -> u8x16) -> usize {
    let mut at = from;
    let mut rest = octets.get(from..).unwrap_or_default();
    while let Some((chunk, behind)) = rest.split_first_chunk() {
        let found = set(question(u8x16::from(*chunk)));
        if found != 0 {
            return at + found.trailing_zeros() as usize;
        }
        (at, rest) = (at + COUNT, behind);
    }
    // The last sixteen, of which some were looked at already.
    let found = match octets.last_chunk() {
        Some(chunk) => set(question(u8x16::from(*chunk))) >> (COUNT - rest.len()),
        None => set(question(padded(rest, 0))) & ((1 << rest.len()) - 1),
    };
    match found {
        0 => octets.len().max(from),
        found => at + found.trailing_zeros() as usize,
    }
}

/// All octets, sixteen at a time; behind the end stands another one.
#[inline]
pub(super) fn all(octets: &[u8], behind: u8) -> impl Iterator<Item = u8x16> {
    let (chunks, rest) = octets.as_chunks();
    let last = (!rest.is_empty()).then(|| padded(rest, behind));
    chunks.iter().map(|chunk| u8x16::from(*chunk)).chain(last)
}

/// At most sixteen octets, and another one as often as there is room.
#[inline]
fn padded(octets: &[u8], with: u8) -> u8x16 {
    let mut chunk = [with; COUNT];
    for (to, from) in chunk.iter_mut().zip(octets) {
        *to = *from;
    }
    u8x16::from(chunk)
}

/// The answers as bits, the first octet's lowest.
#[inline]
pub(super) fn set(answers: u8x16) -> u32 {
    answers.move_mask().cast_unsigned()
}

/// Whether it is the given octet.
#[inline]
pub(super) fn equal(octet: u8) -> impl Fn(u8x16) -> u8x16 {
    move |octets| octets.cmp_eq(u8x16::splat(octet))
}

/// Whether it is a control character of ASCII.
#[inline]
pub(super) fn control(octets: u8x16) -> u8x16 {
    octets.min(u8x16::splat(0x1f)).cmp_eq(octets) | octets.cmp_eq(u8x16::splat(0x7f))
}

/// Whether it is no visible character of ASCII.
#[inline]
pub(super) fn invisible(octets: u8x16) -> u8x16 {
    octets.min(u8x16::splat(b' ')).cmp_eq(octets) | octets.max(u8x16::splat(0x7f)).cmp_eq(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_one_is_found_wherever_it_stands() {
        for len in 0..70 {
            for from in 0..=len {
                for place in from..=len {
                    let mut octets = vec![b'a'; len];
                    if let Some(octet) = octets.get_mut(place) {
                        *octet = b':';
                    }
                    if let Some(octet) = from.checked_sub(1).and_then(|at| octets.get_mut(at)) {
                        *octet = b':';
                    }
                    assert_eq!(find(&octets, from, equal(b':')), place, "{len} {from}");
                }
            }
        }
    }

    #[test]
    fn octets_are_what_they_are() {
        for octet in 0..=255_u8 {
            let all = u8x16::splat(octet);
            let is = |answers: u8x16| set(answers) == 0xffff;
            assert_eq!(is(control(all)), octet.is_ascii_control(), "{octet}");
            assert_eq!(is(invisible(all)), !octet.is_ascii_graphic(), "{octet}");
            assert_eq!(is(equal(b'x')(all)), octet == b'x', "{octet}");
        }
    }

    #[test]
    fn all_octets_come_and_then_the_other_one() {
        for len in 0..40 {
            let octets = vec![b'a'; len];
            let counted: u32 =
                all(&octets, b'b').map(|lanes| set(equal(b'a')(lanes)).count_ones()).sum();
            assert_eq!(counted as usize, len);
        }
    }
}
