//! The keys: what was pressed in, what is wanted out. The same table makes the help and
//! `docs/dashboard.md`, so neither can lie.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Help for this screen.
    Help,
    /// A tab by its place.
    Tab(usize),
    /// The next tab, or the next pane.
    NextTab,
    /// The tab before.
    PreviousTab,
    /// Down by a line, times the number typed before.
    Down,
    /// Up by a line.
    Up,
    /// To the first line.
    First,
    /// To the last line.
    Last,
    /// Down half a screen.
    HalfDown,
    /// Up half a screen.
    HalfUp,
    /// Down a screen.
    PageDown,
    /// Up a screen.
    PageUp,
    /// Open what is selected.
    Open,
    /// Back.
    Back,
    /// Type a filter.
    Filter,
    /// The next exchange that failed.
    NextFailed,
    /// The one before.
    PreviousFailed,
    /// Sort by the next column.
    Sort,
    /// Turn the order around.
    Reverse,
    /// Freeze the picture.
    Pause,
    /// Stay with the newest.
    Follow,
    /// How times are written.
    Times,
    /// How much time the curves show.
    Zoom,
    /// Copy something.
    Copy,
    /// Save something.
    Save,
    /// The connection of the exchange.
    Connection,
    /// The next exchange, in the full view.
    Next,
    /// The one before.
    Previous,
    /// Mark an exchange.
    Mark,
    /// Only marked ones.
    OnlyMarked,
    /// Show secrets.
    Reveal,
    /// The mouse.
    Mouse,
    /// Other colours.
    Theme,
    /// To an exchange or packet by number.
    Jump,
    /// Columns.
    Columns,
    /// Less time in the bars of the full view.
    ZoomIn,
    /// More of it.
    ZoomOut,
    /// To the right: the next tab or pane, or later.
    Right,
    /// To the left.
    Left,
    /// Bodies as text: pretty or as sent.
    Body,
    /// Bodies in hexadecimal.
    Hex,
    /// Draw everything again.
    Redraw,
    /// Put the program to sleep.
    Suspend,
    /// Leave.
    Quit,
    /// Leave without a question.
    QuitNow,
}

/// A line of the help.
pub struct Help {
    /// What it is about, in a word.
    pub group: &'static str,
    /// The keys, as people write them.
    pub keys: &'static str,
    /// What they do.
    pub does: &'static str,
}

const fn help(group: &'static str, keys: &'static str, does: &'static str) -> Help {
    Help { group, keys, does }
}

/// All keys, for people.
pub static HELP: &[Help] = &[
    help("Move", "j k ↓ ↑", "a line; 8j moves 8, 020j moves 20"),
    help("Move", "g G Home End", "first, last line"),
    help("Move", "Ctrl-D Ctrl-U PgDn PgUp", "half a screen, a screen"),
    help("Go", "1-5 Tab h l ← →", "the tabs, in their order"),
    help("Go", "Enter", "open; of a group: list its requests"),
    help("Go", "Esc", "close, clear the filter, back; never quits"),
    help("Go", ":", "to exchange 48 or packet #4711"),
    help("Find", "/", "filter; ↑ ↓ history, Enter keeps, Esc drops"),
    help("Find", "n N", "next, previous exchange that failed"),
    help("Find", "Space *", "mark an exchange; show only marked ones"),
    help("List", "s S", "sort by the next column; turn around"),
    help("List", "c", "columns of requests: choose them"),
    help("List", "f", "follow: stay with the newest"),
    help("Time", "p", "pause the picture; reading goes on"),
    help("Time", "t z", "how times are written; what curves show"),
    help("Exchange", "[ ]", "previous, next one in the full view"),
    help("Exchange", "Tab Enter", "the pane that scrolls; it alone, and back"),
    help("Exchange", "+ - h l", "zoom and move the time of the bars"),
    help("Exchange", "b x", "bodies: pretty or as sent; in hexadecimal"),
    help("Exchange", "o", "its connection: every segment; n N odd ones"),
    help("Exchange", "R", "reveal secrets, hide them again"),
    help("Take", "y", "copy: URL, curl, JSON, body, tshark filter"),
    help("Take", "w", "save: JSON lines, HAR, body, packets"),
    help("Screen", "T m", "theme; mouse (off: the terminal selects)"),
    help("Screen", "Ctrl-L Ctrl-Z", "redraw, suspend"),
    help("Quit", "q Q Ctrl-C", "quit; of live captures q asks once"),
];

/// What a key asks for, outside of lines that are being typed.
pub fn action(key: KeyEvent) -> Option<Action> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match key.code {
        KeyCode::Char('c') if control => Action::QuitNow,
        KeyCode::Char('z') if control => Action::Suspend,
        KeyCode::Char('l') if control => Action::Redraw,
        KeyCode::Char('d') if control => Action::HalfDown,
        KeyCode::Char('u') if control => Action::HalfUp,
        KeyCode::Char('f') if control => Action::PageDown,
        KeyCode::Char('b') if control => Action::PageUp,
        KeyCode::Char(_) if control => return None,
        KeyCode::Char('?') | KeyCode::F(1) => Action::Help,
        KeyCode::Tab => Action::NextTab,
        KeyCode::BackTab => Action::PreviousTab,
        KeyCode::Right | KeyCode::Char('l') => Action::Right,
        KeyCode::Left | KeyCode::Char('h') => Action::Left,
        KeyCode::Char('+' | '=') => Action::ZoomIn,
        KeyCode::Char('-') => Action::ZoomOut,
        KeyCode::Char('c') => Action::Columns,
        KeyCode::Char('j') | KeyCode::Down => Action::Down,
        KeyCode::Char('k') | KeyCode::Up => Action::Up,
        KeyCode::Char('g') | KeyCode::Home => Action::First,
        KeyCode::Char('G') | KeyCode::End => Action::Last,
        KeyCode::PageDown => Action::PageDown,
        KeyCode::PageUp => Action::PageUp,
        KeyCode::Enter => Action::Open,
        KeyCode::Esc | KeyCode::Backspace => Action::Back,
        KeyCode::Char('/') => Action::Filter,
        KeyCode::Char('n') => Action::NextFailed,
        KeyCode::Char('N') => Action::PreviousFailed,
        KeyCode::Char('s') => Action::Sort,
        KeyCode::Char('S') => Action::Reverse,
        KeyCode::Char('p') => Action::Pause,
        KeyCode::Char('f') => Action::Follow,
        KeyCode::Char('t') => Action::Times,
        KeyCode::Char('z') => Action::Zoom,
        KeyCode::Char('y') => Action::Copy,
        KeyCode::Char('w') => Action::Save,
        KeyCode::Char('o') => Action::Connection,
        KeyCode::Char(']') => Action::Next,
        KeyCode::Char('[') => Action::Previous,
        KeyCode::Char(' ') => Action::Mark,
        KeyCode::Char('*') => Action::OnlyMarked,
        KeyCode::Char('R') => Action::Reveal,
        KeyCode::Char('m') => Action::Mouse,
        KeyCode::Char('b') => Action::Body,
        KeyCode::Char('x') => Action::Hex,
        KeyCode::Char('T') => Action::Theme,
        KeyCode::Char(':') => Action::Jump,
        KeyCode::Char('q') => Action::Quit,
        KeyCode::Char('Q') => Action::QuitNow,
        KeyCode::Char(digit @ '1'..='5') => Action::Tab(digit as usize - '1' as usize),
        _ => return None,
    })
}
