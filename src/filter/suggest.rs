//! A word that nobody knows in, the known one that was probably meant out.

/// Octets of a word that suggestions are made for.
const WORD_OCTETS: usize = 40;

/// The known word that is nearest to what was written, if one is near enough: a third of its letters
/// may be wrong. Of several the first.
pub(super) fn nearest<'k>(
    written: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> Option<&'k str> {
    if written.is_empty() || written.len() > WORD_OCTETS {
        return None;
    }
    let written = written.to_ascii_lowercase().replace('-', "_");
    let allowed = |word: &str| (word.len().max(written.len()) / 3).max(1);
    let near = known.into_iter().filter_map(|word| {
        let distance = distance(written.as_bytes(), word.replace('-', "_").as_bytes());
        // One letter for another in a word of two is no slip.
        (distance <= allowed(word) && distance < written.len()).then_some((distance, word))
    });
    near.min_by_key(|(distance, _)| *distance).map(|(_, word)| word)
}

/// The long word that this one probably was meant to be, where anything else may be meant too: two
/// letters may be wrong.
pub(super) fn slip<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    const LONG: usize = 6;
    let long = known.into_iter().filter(|word| word.len() >= LONG);
    let near = nearest(written, long)?;
    let written = written.to_ascii_lowercase();
    (distance(written.as_bytes(), near.as_bytes()) <= 2).then_some(near)
}

/// How many letters have to be added, taken away, replaced or swapped with their neighbour.
fn distance(from: &[u8], to: &[u8]) -> usize {
    let mut before = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (row, letter) in from.iter().enumerate() {
        let mut line = Vec::with_capacity(above.len());
        line.push(row + 1);
        for (column, other) in to.iter().enumerate() {
            let at =
                |line: &[usize], column: usize| line.get(column).copied().unwrap_or(usize::MAX / 2);
            let replaced = at(&above, column) + usize::from(letter != other);
            let mut least = replaced.min(at(&above, column + 1) + 1).min(at(&line, column) + 1);
            if let (Some(last_row), Some(last_column)) = (row.checked_sub(1), column.checked_sub(1))
                && from.get(last_row) == Some(other)
                && to.get(last_column) == Some(letter)
            {
                least = least.min(at(&before, last_column) + 1);
            }
            line.push(least);
        }
        before = std::mem::replace(&mut above, line);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_slips() {
        for (from, to, slips) in [
            ("status", "status", 0),
            ("staus", "status", 1),
            ("sattus", "status", 1),
            ("statuss", "status", 1),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(from.as_bytes(), to.as_bytes()), slips, "{from} {to}");
        }
    }

    #[test]
    fn only_what_is_near_is_suggested() {
        let known = ["status", "host", "path", "user_agent"];
        assert_eq!(nearest("staus", known), Some("status"));
        assert_eq!(nearest("USER-AGNET", known), Some("user_agent"));
        assert_eq!(nearest("checkout", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest(&"status".repeat(1000), known), None);
    }
}
