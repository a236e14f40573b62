//! The terminal: taken, drawn on, given back as it was — at the end, on a panic, on SIGTERM, and
//! while the program sleeps.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{self, DisableMouseCapture, EnableMouseCapture, Event};
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use super::app::{App, Effect};
use super::segments::Wanted;
use super::view::draw;
use crate::filter::Filter;
use crate::flow::Trace;
use crate::snapshot::{Board, Snapshot, Whole};
use crate::wire::Endpoint;

/// Between two pictures that no key has asked for.
const FRAME: Duration = Duration::from_millis(100);

/// How long waiting for a key may take before somebody looks for news.
const LOOK: Duration = Duration::from_millis(50);

/// Only what is there already: crossterm does not look at all for zero, and asks the kernel for whole
/// milliseconds, so that what is left of one is no wait.
const NOW: Duration = Duration::from_millis(1);

/// What the dashboard wants from outside: what it cannot do by itself.
pub trait Outside {
    /// Writes a file of this name, or one like it; says what came of it.
    fn save(&mut self, name: &str, ending: &str, octets: &[u8]) -> String;

    /// Begins to copy the packets between these ends into a file; says so.
    fn save_packets(&mut self, name: &str, ends: BTreeSet<(Endpoint, Endpoint)>) -> String;

    /// Begins to read an exchange again.
    fn recall(&mut self, id: u64);

    /// An exchange that was read again, once.
    fn recalled(&mut self) -> Option<(u64, Option<Whole>)>;

    /// Begins to read every segment of a connection again.
    fn trace(&mut self, wanted: Wanted);

    /// The segments of a connection, by its number, that were read again, or why not; once.
    fn traced(&mut self) -> Option<(u64, Result<Trace, String>)>;

    /// Begins to read everything again, to see which exchanges a filter matches.
    fn ask(&mut self, filter: Filter);

    /// The filter that everything was read again for, and the numbers of the exchanges that match,
    /// ascending; once.
    fn answered(&mut self) -> Option<(String, Vec<u64>)>;

    /// Something to tell, once.
    fn news(&mut self) -> Option<String>;

    /// Octets of memory that the program takes, where the system tells.
    fn memory(&self) -> Option<u64>;

    /// Puts the program to sleep, as Ctrl-Z does, until it is woken.
    fn sleep(&mut self) -> io::Result<()>;
}

type Screen = Terminal<CrosstermBackend<io::Stdout>>;

/// Runs the dashboard until somebody leaves, or `stop` is set.
///
/// # Errors
///
/// The terminal cannot be used.
pub fn run(
    app: &mut App,
    board: &Board,
    stop: &AtomicBool,
    outside: &mut dyn Outside,
) -> io::Result<()> {
    let restored = panic::take_hook();
    let drawing = thread::current().id();
    panic::set_hook(Box::new(move |info| {
        // Other threads must not write over the screen; what became of them is told by others.
        if thread::current().id() == drawing {
            // Whatever goes wrong here, the message matters more.
            let _ = leave();
            restored(info);
        }
    }));
    let ran = enter().and_then(|mut screen| turn(app, &mut screen, board, stop, outside));
    // The hook that stood before comes back with the standard one; nobody else sets one.
    let _ = panic::take_hook();
    let left = leave();
    ran.and(left)
}

fn enter() -> io::Result<Screen> {
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, cursor::Hide)?;
    fresh()
}

/// An empty screen. `Terminal::clear` would ask the terminal where its cursor is, and not all answer.
fn fresh() -> io::Result<Screen> {
    execute!(io::stdout(), Clear(ClearType::All))?;
    Terminal::new(CrosstermBackend::new(io::stdout()))
}

/// Gives the terminal back as it was, for whoever ends the program while [`run`] may wait for a key.
///
/// # Errors
///
/// The terminal is gone.
pub fn leave() -> io::Result<()> {
    let left = execute!(io::stdout(), DisableMouseCapture, LeaveAlternateScreen, cursor::Show);
    disable_raw_mode().and(left)
}

/// Looks for news and keys, and draws.
fn turn(
    app: &mut App,
    screen: &mut Screen,
    board: &Board,
    stop: &AtomicBool,
    outside: &mut dyn Outside,
) -> io::Result<()> {
    let mut shown: Option<Arc<Snapshot>> = None;
    let mut drawn: Option<Instant> = None;
    let mut stale = true;
    while !stop.load(Ordering::Relaxed) {
        let due = drawn.is_none_or(|at| at.elapsed() >= FRAME);
        if due {
            let latest = board.latest();
            if shown.as_ref().is_none_or(|shown| !Arc::ptr_eq(shown, &latest)) {
                app.update(Arc::clone(&latest), outside.memory());
                shown = Some(latest);
                stale = true;
            }
        }
        if let Some((id, whole)) = outside.recalled() {
            app.recall(id, whole);
            stale = true;
        }
        if let Some((connection, found)) = outside.traced() {
            app.trace(connection, found);
            stale = true;
        }
        if let Some(news) = outside.news() {
            app.tell(news);
            stale = true;
        }
        if let Some((filter, ids)) = outside.answered() {
            app.answer(&filter, ids);
            stale = true;
        }
        let was_busy = app.is_working();
        let busy = was_busy && app.work();
        stale |= was_busy;
        if let Some(filter) = app.asks() {
            outside.ask(filter);
            stale = true;
        }
        if stale && due {
            screen.draw(|frame| draw(app, frame))?;
            drawn = Some(Instant::now());
            stale = false;
        }
        let mut wait = if busy { NOW } else { LOOK };
        let mut pressed = false;
        // All keys that are there make one picture.
        while event::poll(wait)? {
            wait = NOW;
            pressed = true;
            let effect = match event::read()? {
                Event::Key(key) => app.key(key),
                Event::Mouse(mouse) => {
                    app.mouse(mouse);
                    None
                }
                Event::Paste(_) | Event::Resize(..) | Event::FocusGained | Event::FocusLost => None,
            };
            if let Some(effect) = effect
                && outcome(app, screen, outside, effect)?
            {
                return Ok(());
            }
            if stop.load(Ordering::Relaxed) {
                return Ok(());
            }
        }
        if pressed {
            screen.draw(|frame| draw(app, frame))?;
            stale = false;
        }
    }
    Ok(())
}

/// Does what a key wants from outside; true where it is to leave.
fn outcome(
    app: &mut App,
    screen: &mut Screen,
    outside: &mut dyn Outside,
    effect: Effect,
) -> io::Result<bool> {
    match effect {
        Effect::Quit => return Ok(true),
        Effect::Redraw => *screen = fresh()?,
        Effect::Mouse(true) => execute!(io::stdout(), EnableMouseCapture)?,
        Effect::Mouse(false) => execute!(io::stdout(), DisableMouseCapture)?,
        Effect::Suspend => {
            leave()?;
            outside.sleep()?;
            *screen = enter()?;
        }
        Effect::Copy(text) => {
            execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text))?;
            io::stdout().flush()?;
        }
        Effect::Save { name, ending, octets } => {
            let word = outside.save(&name, ending, &octets);
            app.tell(word);
        }
        Effect::SavePackets { name, ends } => {
            let word = outside.save_packets(&name, ends);
            app.tell(word);
        }
        Effect::Recall(id) => outside.recall(id),
        Effect::Trace(wanted) => outside.trace(wanted),
    }
    Ok(false)
}
