//! Keys in, changes of the [`App`] and wishes to the outside out.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseEvent, MouseEventKind};

use super::app::{
    App, CONNECTION_SORTS, CONNECTIONS, ENDPOINT_SORTS, ENDPOINTS, Effect, OVERVIEW, Only,
    PROBLEMS, Popup, REQUEST_SORTS, REQUESTS, TABS, Typing, ZOOMS,
};
use super::keys::{Action, action};
use super::timeline::Window;
use super::widget::Prompt;
use super::{copy, message, save, tab};
use crate::export::detail::Form;
use crate::filter::Filter;
use crate::secret::Secrets;

/// Panes of an exchange in the full view: request, response, timeline, why.
const PANES: usize = 4;

/// A number in front of a key is no larger.
const MOST_COUNT: usize = 1_000_000;

impl App {
    /// Takes a key.
    pub fn key(&mut self, key: KeyEvent) -> Option<Effect> {
        if key.kind == KeyEventKind::Release {
            return None;
        }
        let interrupt =
            key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
        if interrupt {
            return Some(Effect::Quit);
        }
        if self.typing.is_some() {
            return self.type_key(key);
        }
        self.message = None;
        if let Some(popup) = self.popup.clone() {
            return self.popup_key(&popup, key);
        }
        // `1` to `5` are tabs; a count begins with another digit, or goes on with any.
        if let KeyCode::Char(digit @ '0'..='9') = key.code
            && (self.counting || matches!(digit, '0' | '6'..='9'))
        {
            let digit = digit as usize - '0' as usize;
            self.count = (self.count * 10 + digit).min(MOST_COUNT);
            self.counting = true;
            return None;
        }
        let effect = action(key).and_then(|action| self.act(action));
        self.count = 0;
        self.counting = false;
        effect
    }

    /// Takes an event of the mouse: its wheel moves.
    pub fn mouse(&mut self, event: MouseEvent) {
        let moved = match event.kind {
            MouseEventKind::ScrollDown => Action::Down,
            MouseEventKind::ScrollUp => Action::Up,
            _ => return,
        };
        if self.typing.is_none() && self.popup.is_none() {
            self.count = 3;
            self.act(moved);
            self.count = 0;
        }
    }

    fn act(&mut self, action: Action) -> Option<Effect> {
        match action {
            Action::Help => self.popup = Some(Popup::Help(0)),
            Action::Tab(tab) => self.go_to_tab(tab),
            Action::NextTab => self.next_tab(true),
            Action::PreviousTab => self.next_tab(false),
            Action::Down => self.step(isize::try_from(self.count.max(1)).unwrap_or(1)),
            Action::Up => self.step(-isize::try_from(self.count.max(1)).unwrap_or(1)),
            Action::First => self.step(isize::MIN),
            Action::Last if self.count > 0 => self.go_to(self.count.saturating_sub(1)),
            Action::Last => self.step(isize::MAX),
            Action::HalfDown => self.page(1, 2),
            Action::HalfUp => self.page(-1, 2),
            Action::PageDown => self.page(1, 1),
            Action::PageUp => self.page(-1, 1),
            Action::Open => return self.open(),
            Action::Back => self.back(),
            Action::Filter => {
                let text = self.filter.as_ref().map_or("", Filter::text);
                self.typing = Some(Typing::Filter(Prompt::new(text)));
                self.recalled = self.history.len();
            }
            Action::Jump => self.typing = Some(Typing::Jump(Prompt::default())),
            Action::NextFailed => return self.failed_times(true),
            Action::PreviousFailed => return self.failed_times(false),
            Action::Sort => self.sort(),
            Action::Reverse => {
                let list = self.list_mut(self.sortable());
                list.order.reversed = !list.order.reversed;
            }
            Action::Pause => {
                self.paused = !self.paused;
                if !self.paused {
                    self.take_latest();
                }
            }
            Action::Follow => {
                self.follow = !self.follow;
                if self.follow && !self.paused {
                    self.take_latest();
                }
            }
            Action::Times => {
                self.times = self.times.next();
                self.message = Some(format!("times: {}", self.times.name()));
            }
            Action::Right => self.sideways(true),
            Action::Left => self.sideways(false),
            Action::ZoomIn => self.zoom_timeline(Window::closer),
            Action::ZoomOut => self.zoom_timeline(Window::wider),
            Action::Columns => {
                if self.tab != REQUESTS || self.detail.is_some() || self.segments.is_some() {
                    self.go_to_tab(REQUESTS);
                }
                self.popup = Some(Popup::Columns(0));
            }
            Action::Zoom => {
                self.zoom = (self.zoom + 1) % ZOOMS.len();
                self.message = Some(format!("curves: {}", tab::span(self.zoom)));
            }
            Action::Copy if self.chosen().is_some() => self.popup = Some(Popup::Copy),
            Action::Save if self.chosen().is_some() || self.tab == REQUESTS => {
                self.popup = Some(Popup::Save);
            }
            Action::Copy | Action::Save => {
                self.message = Some("choose an exchange first: 2, then j k".to_owned());
            }
            Action::Connection => return self.look_at_connection(),
            Action::Next => {
                return self.neighbour(isize::try_from(self.count.max(1)).unwrap_or(1));
            }
            Action::Previous => {
                return self.neighbour(-isize::try_from(self.count.max(1)).unwrap_or(1));
            }
            Action::Mark => self.mark(),
            Action::OnlyMarked if self.only == Some(Only::Marked) => self.unrestrict(),
            Action::OnlyMarked => self.restrict(Only::Marked),
            Action::Reveal => {
                let (secrets, word) = match self.secrets {
                    Secrets::Hidden => (Secrets::Shown, "secrets are shown; R hides them"),
                    Secrets::Shown => (Secrets::Hidden, "secrets are hidden"),
                };
                self.secrets = secrets;
                self.message = Some(word.to_owned());
            }
            Action::Mouse => {
                self.mouse = !self.mouse;
                let word = if self.mouse { "on" } else { "off: the terminal selects text" };
                self.message = Some(format!("mouse {word}"));
                return Some(Effect::Mouse(self.mouse));
            }
            Action::Theme => {
                self.theme = self.theme.next();
                self.message = Some(format!("theme: {}", self.theme.name()));
            }
            Action::Body => self.show_bodies(match self.form {
                Form::Hex => self.text_form,
                Form::Pretty => Form::Raw,
                Form::Raw => Form::Pretty,
            }),
            Action::Hex => self.show_bodies(match self.form {
                Form::Hex => self.text_form,
                Form::Pretty | Form::Raw => Form::Hex,
            }),
            Action::Redraw => return Some(Effect::Redraw),
            Action::Suspend => return Some(Effect::Suspend),
            Action::Quit if self.options.live && !self.options.saved => {
                self.popup = Some(Popup::Quit);
            }
            Action::Quit | Action::QuitNow => return Some(Effect::Quit),
        }
        None
    }

    /// To the tab or pane beside; where the bars show a part of the time, to the part beside.
    fn sideways(&mut self, forward: bool) {
        if let (Some(detail), None) = (&mut self.detail, &self.segments)
            && detail.window.is_part()
        {
            detail.window = detail.window.moved(forward);
        } else {
            self.next_tab(forward);
        }
    }

    fn zoom_timeline(&mut self, other: impl Fn(Window) -> Window) {
        let Some(detail) = &mut self.detail else {
            self.message = Some("+ and - zoom the bars of one exchange: Enter opens it".to_owned());
            return;
        };
        detail.window = other(detail.window);
        self.message = Some(detail.window.says());
    }

    fn show_bodies(&mut self, form: Form) {
        self.form = form;
        if form != Form::Hex {
            self.text_form = form;
        }
        self.message = Some(format!("{}; {}", message::word(form), message::others(form)));
    }

    pub(super) fn go_to_tab(&mut self, tab: usize) {
        self.tab = tab.min(TABS - 1);
        self.detail = None;
        self.segments = None;
    }

    fn next_tab(&mut self, forward: bool) {
        if let (Some(detail), None) = (&mut self.detail, &self.segments) {
            let step = if forward { 1 } else { PANES - 1 };
            detail.pane = (detail.pane + step) % PANES;
            detail.scroll = 0;
            return;
        }
        let step = if forward { 1 } else { TABS - 1 };
        self.go_to_tab((self.tab + step) % TABS);
    }

    fn step(&mut self, lines: isize) {
        if let Some(segments) = &mut self.segments {
            segments.step(lines);
            return;
        }
        if let Some(detail) = &mut self.detail {
            let most = detail.lines.saturating_sub(1);
            detail.scroll = detail.scroll.saturating_add_signed(lines).min(most);
            return;
        }
        if self.tab == REQUESTS {
            self.follow = false;
        }
        let tab = self.tab;
        self.list_mut(tab).step(lines);
    }

    fn page(&mut self, direction: isize, part: isize) {
        let page = match (&self.segments, &self.detail) {
            (Some(segments), _) => segments.page(),
            (None, Some(_)) => 10,
            (None, None) => self.list(self.tab).page(),
        };
        let page = isize::try_from(page).unwrap_or(1) / part;
        self.step(direction * page.max(1) * isize::try_from(self.count.max(1)).unwrap_or(1));
    }

    fn go_to(&mut self, place: usize) {
        if let Some(segments) = &mut self.segments {
            segments.go(place);
            return;
        }
        let tab = self.tab;
        self.list_mut(tab).go(place);
    }

    /// The exchange that is looked at: the one in full view, or the selected one.
    pub(super) fn chosen(&self) -> Option<u64> {
        match (&self.detail, self.tab) {
            (Some(detail), _) => Some(detail.id),
            (None, REQUESTS) => self.current_row().map(|(id, _)| id),
            (None, PROBLEMS | OVERVIEW) => {
                let number = self.list(self.tab).current()?;
                let first = self.problem(number)?.first?;
                self.shown.row(first).map(|_| first)
            }
            _ => None,
        }
    }

    /// The list that `s` and `S` are about.
    fn sortable(&self) -> usize {
        match self.tab {
            ENDPOINTS | CONNECTIONS => self.tab,
            _ => REQUESTS,
        }
    }

    fn sort(&mut self) {
        let tab = self.sortable();
        if self.tab != tab {
            self.go_to_tab(tab);
        }
        let sorts = match tab {
            ENDPOINTS => ENDPOINT_SORTS,
            CONNECTIONS => CONNECTION_SORTS,
            _ => REQUEST_SORTS,
        };
        let live = self.options.live;
        let list = self.list_mut(tab);
        list.sort = (list.sort + 1) % sorts.len();
        // Numbers: the largest first. The order of arrival as it was in the beginning.
        list.order.reversed = list.sort > 0 || live || tab == ENDPOINTS;
        list.order.resort();
        let by = sorts.get(list.sort).copied().unwrap_or_default();
        self.message = Some(format!("sorted by {by}; S turns it around"));
        self.work();
    }

    fn mark(&mut self) {
        if self.tab != REQUESTS || self.detail.is_some() {
            return;
        }
        if let Some(number) = self.list(REQUESTS).current()
            && !self.marked.remove(&number)
        {
            self.marked.insert(number);
        }
        if self.only == Some(Only::Marked) {
            self.reset(REQUESTS);
            self.work();
        } else {
            self.step(1);
        }
    }

    fn popup_key(&mut self, popup: &Popup, key: KeyEvent) -> Option<Effect> {
        self.popup = None;
        match (popup, key.code) {
            (Popup::Help(line), KeyCode::Char('j') | KeyCode::Down) => {
                self.popup = Some(Popup::Help(line.saturating_add(1).min(60)));
            }
            (Popup::Help(line), KeyCode::Char('k') | KeyCode::Up) => {
                self.popup = Some(Popup::Help(line.saturating_sub(1)));
            }
            (Popup::Columns(at), code) => self.choose_column(*at, code),
            (Popup::Quit, KeyCode::Char('q' | 'Q' | 'y')) => return Some(Effect::Quit),
            (Popup::Copy, KeyCode::Char(letter)) => return self.copy(letter),
            (Popup::Save, KeyCode::Char(letter)) => return self.save(letter),
            _ => {}
        }
        None
    }

    /// Moves in the list of columns, and shows or hides one.
    fn choose_column(&mut self, at: usize, code: KeyCode) {
        let last = tab::CHOICES.len() - 1;
        let at = match code {
            KeyCode::Char('j') | KeyCode::Down => (at + 1).min(last),
            KeyCode::Char('k') | KeyCode::Up => at.saturating_sub(1),
            KeyCode::Char('g') | KeyCode::Home => 0,
            KeyCode::Char('G') | KeyCode::End => last,
            KeyCode::Char(' ') => {
                if let Some(choice) = tab::CHOICES.get(at).filter(|choice| !choice.stays) {
                    let is_wanted = tab::is_wanted(self, choice, self.size);
                    self.columns.insert(choice.name, !is_wanted);
                }
                at
            }
            // Anything else closes it.
            _ => return,
        };
        self.popup = Some(Popup::Columns(at));
    }

    fn copy(&mut self, letter: char) -> Option<Effect> {
        let id = self.chosen()?;
        let Some(whole) = self.whole(id) else {
            self.message = Some(format!("exchange {id} is not kept whole; open it first"));
            return None;
        };
        let (what, text) = copy::text(letter, id, whole, self.secrets)?;
        self.message = Some(format!("copied: {what}"));
        Some(Effect::Copy(text))
    }

    fn save(&mut self, letter: char) -> Option<Effect> {
        match save::effect(self, letter)? {
            Ok(effect) => Some(effect),
            Err(word) => {
                self.message = Some(word);
                None
            }
        }
    }
}
