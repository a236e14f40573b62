//! A line that is being typed: letters in, a text with a cursor out.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// See the module's words.
#[derive(Debug, Clone, Default)]
pub(in crate::dashboard) struct Prompt {
    text: Vec<char>,
    cursor: usize,
}

/// Letters of a line at most; the filter itself takes no more octets.
const MOST: usize = crate::limits::FILTER_OCTETS;

impl Prompt {
    /// A line with this text, the cursor behind it.
    pub fn new(text: &str) -> Self {
        let text: Vec<char> = text.chars().filter(|one| !one.is_control()).take(MOST).collect();
        Self { cursor: text.len(), text }
    }

    /// What was typed.
    pub fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// What was typed in front of the cursor.
    pub fn before(&self) -> String {
        self.text.iter().take(self.cursor).collect()
    }

    /// Takes a key; false where it is none for a line.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('a') if control => self.cursor = 0,
            KeyCode::Char('e') if control => self.cursor = self.text.len(),
            KeyCode::Char('u') if control => {
                self.text.drain(..self.cursor);
                self.cursor = 0;
            }
            KeyCode::Char('k') if control => self.text.truncate(self.cursor),
            KeyCode::Char('w') if control => self.delete_word(),
            KeyCode::Char(_) if control => return false,
            KeyCode::Char(letter) => self.insert(letter),
            KeyCode::Backspace if self.cursor > 0 => {
                self.cursor -= 1;
                self.text.remove(self.cursor);
            }
            KeyCode::Delete if self.cursor < self.text.len() => {
                self.text.remove(self.cursor);
            }
            KeyCode::Backspace | KeyCode::Delete => {}
            KeyCode::Left => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Right => self.cursor = (self.cursor + 1).min(self.text.len()),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.text.len(),
            _ => return false,
        }
        true
    }

    /// Puts a letter at the cursor.
    pub fn insert(&mut self, letter: char) {
        if !letter.is_control() && self.text.len() < MOST {
            self.text.insert(self.cursor, letter);
            self.cursor += 1;
        }
    }

    /// Puts a word in the place of the letters of one in front of the cursor.
    pub fn complete(&mut self, letters: usize, word: &str) {
        let from = self.cursor.saturating_sub(letters);
        self.text.splice(from..self.cursor, word.chars());
        self.cursor = from + word.chars().count();
    }

    fn delete_word(&mut self) {
        let front = self.text.get(..self.cursor).unwrap_or_default();
        let blanks = front.iter().rev().take_while(|one| one.is_whitespace()).count();
        let letters = front.iter().rev().skip(blanks).take_while(|one| !one.is_whitespace());
        let from = self.cursor - blanks - letters.count();
        self.text.drain(from..self.cursor);
        self.cursor = from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_edited_as_shells_do() {
        let mut line = Prompt::new("status = 502");
        let press = |line: &mut Prompt, code, modifiers| line.key(KeyEvent::new(code, modifiers));
        press(&mut line, KeyCode::Char('w'), KeyModifiers::CONTROL);
        assert_eq!(line.text(), "status = ");
        press(&mut line, KeyCode::Char('é'), KeyModifiers::NONE);
        press(&mut line, KeyCode::Backspace, KeyModifiers::NONE);
        press(&mut line, KeyCode::Home, KeyModifiers::NONE);
        press(&mut line, KeyCode::Char('!'), KeyModifiers::NONE);
        assert_eq!((line.text(), line.before()), ("!status = ".to_owned(), "!".to_owned()));
        press(&mut line, KeyCode::Char('u'), KeyModifiers::CONTROL);
        press(&mut line, KeyCode::Char('k'), KeyModifiers::CONTROL);
        assert_eq!(line.text(), "");
        assert!(!press(&mut line, KeyCode::Enter, KeyModifiers::NONE));
        line.insert('\u{1b}');
        assert_eq!(line.text(), "");
    }
}
