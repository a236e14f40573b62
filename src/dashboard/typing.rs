//! Lines that are being typed: filters, and the number of an exchange or packet to go to.

use crossterm::event::{KeyCode, KeyEvent};

use super::app::{App, Effect, REQUESTS, Typing};
use super::widget::Prompt;
use crate::filter::{FIELDS, Filter};

impl App {
    pub(super) fn type_key(&mut self, key: KeyEvent) -> Option<Effect> {
        match self.typing.clone()? {
            Typing::Jump(mut prompt) => match key.code {
                KeyCode::Esc => self.typing = None,
                KeyCode::Enter => {
                    self.typing = None;
                    return self.jump(prompt.text().trim());
                }
                _ => {
                    prompt.key(key);
                    self.typing = Some(Typing::Jump(prompt));
                }
            },
            Typing::Filter(mut prompt) => {
                match key.code {
                    KeyCode::Esc => {
                        self.typing = None;
                        return None;
                    }
                    KeyCode::Enter => {
                        self.keep_filter(prompt.text().trim());
                        return None;
                    }
                    KeyCode::Up | KeyCode::Down => prompt = self.recall_line(key.code, prompt),
                    KeyCode::Tab => complete(&mut prompt),
                    _ => {
                        prompt.key(key);
                    }
                }
                self.typing = Some(Typing::Filter(prompt));
            }
        }
        None
    }

    /// Takes a filter that was typed; a wrong one stays on the line.
    fn keep_filter(&mut self, text: &str) {
        if text.is_empty() {
            self.typing = None;
            self.set_filter(None);
            return;
        }
        if let Ok(filter) = Filter::parse(text) {
            self.typing = None;
            self.set_filter(Some(filter));
        }
    }

    fn recall_line(&mut self, code: KeyCode, prompt: Prompt) -> Prompt {
        let place = if code == KeyCode::Up {
            self.recalled.checked_sub(1)
        } else {
            Some(self.recalled + 1)
        };
        let Some(place) = place.filter(|place| *place <= self.history.len()) else {
            return prompt;
        };
        self.recalled = place;
        Prompt::new(self.history.get(place).map_or("", String::as_str))
    }

    /// To exchange `48`, or to the exchange with packet `#4711`.
    fn jump(&mut self, text: &str) -> Option<Effect> {
        let digits = |text: &str| text.replace(',', "").parse::<u64>().ok();
        let found = match text.strip_prefix('#') {
            Some(packet) => digits(packet).and_then(|packet| {
                let spans = |row: &crate::snapshot::Row| row.packets.1.checked_sub(row.packets.0);
                let holds = self
                    .shown
                    .rows
                    .numbered()
                    .filter(|(_, row)| row.packets.0 <= packet && packet <= row.packets.1);
                let (number, _) = holds.min_by_key(|(_, row)| spans(row))?;
                u32::try_from(number).ok()
            }),
            None => digits(text)
                .and_then(|id| id.checked_sub(1))
                .filter(|number| {
                    usize::try_from(*number)
                        .is_ok_and(|number| self.shown.rows.get(number).is_some())
                })
                .and_then(|number| u32::try_from(number).ok()),
        };
        let Some(number) = found else {
            if !text.is_empty() {
                self.message = Some(format!("there is no exchange {text}"));
            }
            return None;
        };
        self.follow = false;
        self.tab = REQUESTS;
        self.segments = None;
        if self.list(REQUESTS).order.place(number).is_none() {
            self.only = None;
            self.filter = None;
            self.reset(REQUESTS);
            while self.work() {}
        }
        if let Some(place) = self.list(REQUESTS).order.place(number) {
            self.list_mut(REQUESTS).go(place);
        }
        self.follow_detail()
    }
}

/// Completes the name of a field in front of the cursor, as far as one is meant.
fn complete(prompt: &mut Prompt) {
    let before = prompt.before();
    let letters = |one: &char| one.is_ascii_alphanumeric() || matches!(one, '_' | '.');
    let word: String =
        before.chars().rev().take_while(letters).collect::<Vec<_>>().into_iter().rev().collect();
    if word.is_empty() {
        return;
    }
    let mut names = FIELDS.iter().map(|field| field.name).filter(|name| name.starts_with(&word));
    let Some(first) = names.next() else { return };
    let common = names.fold(first, |common, name| {
        let same = common.bytes().zip(name.bytes()).take_while(|(one, other)| one == other);
        common.get(..same.count()).unwrap_or(common)
    });
    prompt.complete(word.chars().count(), common);
}
