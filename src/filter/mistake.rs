//! What is wrong with an expression and where, for people: one line that says what, the expression,
//! and under it a mark with what to do.

use std::fmt;

use unicode_width::UnicodeWidthChar;

/// Columns of an expression that are shown around a mistake.
const COLUMNS: usize = 76;

/// Why a text is no filter.
///
/// ```text
/// unknown field `staus`
///   status >= 500 and staus = 404
///                     ^^^^^ did you mean `status`?   all fields: httpwhy explain filter
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The text.
    pub(super) text: Box<str>,
    /// Where it went wrong, octets from the front of the text.
    pub(super) at: usize,
    /// How many octets are wrong; 0 where something is missing.
    pub(super) len: usize,
    /// What is wrong.
    pub(super) what: String,
    /// What would be right.
    pub(super) hint: String,
}

impl Mistake {
    /// The column, in characters counted from 1.
    pub fn column(&self) -> usize {
        self.text.char_indices().take_while(|(at, _)| *at < self.at).count() + 1
    }

    /// What is wrong, in one line, without the place.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What would be right; may be empty.
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

/// What, the expression and the mark, in three lines without a line end behind the last. What a
/// terminal would obey is shown as a blank.
impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut before, mut marked, mut behind) = (Vec::new(), 0, Vec::new());
        for (at, letter) in self.text.char_indices() {
            let letter = if letter.is_control() { ' ' } else { letter };
            let shown = (letter, letter.width().unwrap_or(0));
            if at < self.at {
                before.push(shown);
            } else {
                marked += if at < self.at + self.len { shown.1 } else { 0 };
                behind.push(shown);
            }
        }
        // Of a long expression the part around the place.
        let mut front = before.len();
        let mut columns = 0;
        while let Some((_, width)) = front.checked_sub(1).and_then(|last| before.get(last))
            && columns + width <= COLUMNS / 2
        {
            columns += width;
            front -= 1;
        }
        let cut = if front > 0 { "…" } else { "" };
        let lead: String = before.iter().skip(front).map(|(letter, _)| letter).collect();
        let lead_columns = columns + usize::from(front > 0);
        let mut rest = String::new();
        for (index, (letter, width)) in behind.iter().enumerate() {
            columns += width;
            if columns > COLUMNS {
                marked = marked.min(COLUMNS);
                rest.push('…');
                break;
            }
            let last = index + 1 == behind.len();
            if !(last && *letter == ' ') {
                rest.push(*letter);
            }
        }
        let mark = "^".repeat(marked.max(1));
        writeln!(f, "{}", self.what.replace(char::is_control, " "))?;
        writeln!(f, "{}", format!("  {cut}{lead}{rest}").trim_end())?;
        let line = format!("  {}{mark} {}", " ".repeat(lead_columns), self.hint);
        f.write_str(line.trim_end())
    }
}

impl std::error::Error for Mistake {}
