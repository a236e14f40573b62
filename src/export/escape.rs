//! Captured octets in, text that is safe to show out. Every text that anybody wrote whom we do
//! not know — on the wire, in a capture file, in a file name — goes through here before it reaches
//! a terminal. What could move the cursor, hide text or turn it around is written as an escape
//! that one can see; nothing is dropped.

use std::borrow::Cow;
use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Combining marks that may follow one another. Real scripts need fewer; hundreds of them paint
/// over the lines above and below.
const COMBINING_MARKS: usize = 4;

/// Safe text for any octets: what is not UTF-8 becomes `\xHH`, what a terminal would obey or not
/// show becomes `\n`, `\xHH` or `\u{HHHH}`. Doing it twice changes nothing.
pub fn text(octets: &[u8]) -> Cow<'_, str> {
    if octets.iter().all(|octet| (0x20..0x7f).contains(octet)) {
        return String::from_utf8_lossy(octets);
    }
    if let Ok(clean) = std::str::from_utf8(octets)
        && is_safe(clean)
    {
        return Cow::Borrowed(clean);
    }
    let mut out = String::with_capacity(octets.len() + 16);
    let mut marks = 0;
    for chunk in octets.utf8_chunks() {
        for character in chunk.valid().chars() {
            marks = if is_mark(character) { marks + 1 } else { 0 };
            if is_unsafe(character) || marks > COMBINING_MARKS {
                push_escaped(&mut out, character);
            } else {
                out.push(character);
            }
        }
        for octet in chunk.invalid() {
            marks = 0;
            let _ = write!(out, "\\x{octet:02x}");
        }
    }
    Cow::Owned(out)
}

/// Safe text of at most so many columns; where something was cut off, the last is `…`.
pub fn cut(octets: &[u8], columns: usize) -> Cow<'_, str> {
    let safe = text(octets);
    if width(&safe) <= columns {
        return safe;
    }
    let room = columns.saturating_sub(1);
    let mut used = 0;
    let mut out = String::new();
    for character in safe.chars() {
        let wide = character.width().unwrap_or(0);
        if used + wide > room {
            break;
        }
        used += wide;
        out.push(character);
    }
    if columns > 0 {
        out.push('…');
    }
    Cow::Owned(out)
}

/// Columns that a text takes on a terminal.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Whether a character must not reach a terminal as it is: controls, marks that change the
/// direction of writing, characters of no width, separators, tags.
pub const fn is_unsafe(character: char) -> bool {
    matches!(
        character,
        // C0, DEL and C1.
        '\0'..='\x1f' | '\x7f'..='\u{9f}'
        // Soft hyphen, Arabic letter mark, Mongolian vowel separator.
        | '\u{ad}' | '\u{61c}' | '\u{180e}'
        // Zero width, direction marks, line and paragraph separators, overrides and isolates.
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        // Blanks that look like nothing.
        | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'
        // Byte order mark, interlinear annotation, tags.
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

/// Whether a character is drawn onto the one before it.
fn is_mark(character: char) -> bool {
    !character.is_ascii() && character.width() == Some(0)
}

fn is_safe(text: &str) -> bool {
    let mut marks = 0;
    text.chars().all(|character| {
        marks = if is_mark(character) { marks + 1 } else { 0 };
        !is_unsafe(character) && marks <= COMBINING_MARKS
    })
}

fn push_escaped(out: &mut String, character: char) {
    let _ = match character {
        '\n' => write!(out, "\\n"),
        '\r' => write!(out, "\\r"),
        '\t' => write!(out, "\\t"),
        '\0'..='\x7f' => write!(out, "\\x{:02x}", u32::from(character)),
        _ => write!(out, "\\u{{{:x}}}", u32::from(character)),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        for (octets, shown) in [
            (&b"plain /a?b=c"[..], "plain /a?b=c"),
            (b"\x1b]52;c;eA==\x07", "\\x1b]52;c;eA==\\x07"),
            (b"a\r\nb\tc\0", "a\\r\\nb\\tc\\x00"),
            (b"\x7f", "\\x7f"),
            ("\u{9b}2J".as_bytes(), "\\u{9b}2J"),
            (b"\x9b2J", "\\x9b2J"),
            ("gpj.\u{202e}exe".as_bytes(), "gpj.\\u{202e}exe"),
            (
                "a\u{200b}\u{feff}\u{2028}\u{e0041}".as_bytes(),
                "a\\u{200b}\\u{feff}\\u{2028}\\u{e0041}",
            ),
            ("naïve 网关 ✓".as_bytes(), "naïve 网关 ✓"),
            (b"Non trouv\xe9", "Non trouv\\xe9"),
        ] {
            assert_eq!(text(octets), shown);
        }
    }

    #[test]
    fn marks_do_not_pile_up() {
        let tower = format!("e{}", "\u{301}".repeat(2_000));
        let shown = text(tower.as_bytes()).into_owned();
        assert_eq!(shown.chars().filter(|character| *character == '\u{301}').count(), 4);
        assert!(shown.contains("\\u{301}"));
        assert_eq!(text("e\u{301}".as_bytes()), "e\u{301}");
    }

    #[test]
    fn clean_text_is_borrowed() {
        assert!(matches!(text(b"GET /"), Cow::Borrowed(_)));
        assert!(matches!(text("网关".as_bytes()), Cow::Borrowed(_)));
    }

    #[test]
    fn cutting_counts_columns() {
        assert_eq!(cut(b"/orders/42", 10), "/orders/42");
        assert_eq!(cut(b"/orders/42", 8), "/orders…");
        assert_eq!(cut("网关网关".as_bytes(), 6), "网关…");
        assert_eq!(cut(b"abc", 0), "");
        assert_eq!(cut(b"\x1b\x1b\x1b", 5), "\\x1b…");
    }

    proptest! {
        #[test]
        fn nothing_unsafe_comes_out(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let shown = text(&octets);
            prop_assert!(!shown.chars().any(is_unsafe));
            prop_assert!(is_safe(&shown));
        }

        #[test]
        fn nothing_unsafe_comes_out_of_unicode(any in "\\PC*|[\u{0}-\u{ff}\u{300}-\u{310}\u{2000}-\u{2070}\u{e0000}-\u{e0100}]*") {
            let shown = text(any.as_bytes()).into_owned();
            prop_assert!(is_safe(&shown));
            prop_assert_eq!(text(shown.as_bytes()).into_owned(), shown.clone());
        }

        #[test]
        fn twice_is_once(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let once = text(&octets).into_owned();
            prop_assert_eq!(text(once.as_bytes()).into_owned(), once.clone());
        }

        #[test]
        fn nothing_is_wider_than_asked(any in "\\PC*", columns in 0_usize..40) {
            prop_assert!(width(&cut(any.as_bytes(), columns)) <= columns);
        }
    }
}
