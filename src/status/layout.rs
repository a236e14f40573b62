//! Lines that fit a terminal: in goes a text of either language, out come lines no wider than
//! asked. Chinese characters take two columns and may be parted anywhere, but a line neither begins
//! with a closing mark nor ends with an opening one. Knows nothing of status codes.

/// Columns that one character takes on a terminal. Only what the catalogue and its words use is
/// told apart: East Asian wide and fullwidth characters take two.
pub(super) const fn columns(character: char) -> usize {
    match character {
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe4f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// Columns that a text takes on a terminal.
pub(super) fn width_of(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// Appends `text` in lines of at most `width` columns. The first begins with `first`, the others
/// with as many blanks. A piece that cannot be parted and is wider than a line is cut.
pub fn wrap(out: &mut String, first: &str, text: &str, width: usize) {
    let indent = width_of(first);
    let room = width.saturating_sub(indent).max(2);
    out.push_str(first);
    let mut used = 0;
    for piece in pieces(text) {
        let (blank, wide) = (usize::from(piece.after_blank && used > 0), width_of(piece.text));
        if used > 0 && used + blank + wide > room {
            new_line(out, indent);
            used = 0;
        } else if blank > 0 {
            out.push(' ');
            used += 1;
        }
        for character in piece.text.chars() {
            if used + columns(character) > room {
                new_line(out, indent);
                used = 0;
            }
            out.push(character);
            used += columns(character);
        }
    }
    out.push('\n');
}

fn new_line(out: &mut String, indent: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}

/// A part of a text that stays on one line.
struct Piece<'t> {
    text: &'t str,
    after_blank: bool,
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let trimmed = rest.trim_start();
        let after_blank = trimmed.len() < rest.len();
        let end = end_of_piece(trimmed);
        let (piece, after) = trimmed.split_at_checked(end)?;
        rest = after;
        (!piece.is_empty()).then_some(Piece { text: piece, after_blank })
    })
}

/// Where the first piece ends: at a blank or between two characters that may be parted.
fn end_of_piece(text: &str) -> usize {
    let mut before: Option<char> = None;
    for (at, character) in text.char_indices() {
        if character.is_whitespace() || before.is_some_and(|before| may_part(before, character)) {
            return at;
        }
        before = Some(character);
    }
    text.len()
}

fn may_part(before: char, after: char) -> bool {
    let wide = columns(before) == 2 || columns(after) == 2;
    let quoted = before == '”' || after == '“';
    (wide || quoted) && !opens(before) && !closes(after)
}

const fn opens(character: char) -> bool {
    matches!(character, '（' | '“' | '《' | '「' | '(' | '[')
}

const fn closes(character: char) -> bool {
    matches!(
        character,
        '，' | '。'
            | '；'
            | '：'
            | '、'
            | '？'
            | '！'
            | '）'
            | '”'
            | '》'
            | '」'
            | ','
            | '.'
            | ';'
            | ':'
            | ')'
            | ']'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(first: &str, text: &str, width: usize) -> String {
        let mut out = String::new();
        wrap(&mut out, first, text, width);
        out
    }

    #[test]
    fn english_breaks_at_blanks_and_hangs_under_its_mark() {
        assert_eq!(
            wrapped("- ", "the quick brown fox jumps", 13),
            "- the quick\n  brown fox\n  jumps\n"
        );
    }

    #[test]
    fn chinese_counts_double_and_breaks_anywhere() {
        assert_eq!(width_of("网关502"), 7);
        assert_eq!(wrapped("", "网关没有拿到响应", 8), "网关没有\n拿到响应\n");
    }

    #[test]
    fn no_line_begins_with_a_closing_mark() {
        assert_eq!(wrapped("", "网关没有，拿到", 8), "网关没\n有，拿到\n");
        assert_eq!(wrapped("", "上游（网关）", 6), "上游\n（网\n关）\n");
    }

    #[test]
    fn a_word_wider_than_the_line_is_cut() {
        assert_eq!(wrapped("- ", "proxy_read_timeout", 8), "- proxy_\n  read_t\n  imeout\n");
    }

    #[test]
    fn nothing_to_say_is_an_empty_line() {
        assert_eq!(wrapped("", "  ", 10), "\n");
    }
}
