//! A capture and keys in, what stands on the screen out.

use std::ops::ControlFlow;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use httpwhy::capture::Capture;
use httpwhy::dashboard::{App, Effect, Options, draw};
use httpwhy::engine::Record;
use httpwhy::error::Error;
use httpwhy::pipeline;
use httpwhy::snapshot::{Ended, Keeper, Now, Snapshot};
use httpwhy::stats::Statistics;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

/// What a reader publishes of a capture that is read to its end.
pub fn snapshot(capture: Capture) -> Snapshot {
    let (keeper, now, statistics) = kept(capture);
    keeper.snapshot(now, &statistics)
}

/// The same with what made it, so that more can come.
pub fn kept(mut capture: Capture) -> (Keeper, Now, Statistics) {
    let mut keeper = Keeper::default();
    let options = pipeline::Options { preview: 512, ..pipeline::Options::default() };
    let outcome = pipeline::run::<Error>(&mut capture, options, |record| {
        match record {
            Record::Exchange(id, exchange) => keeper.exchange(id, exchange),
            Record::Connection(connection) => keeper.connection(connection),
            Record::Verdict(verdict) => keeper.verdict(verdict),
            Record::Finding(finding) => keeper.finding(finding),
            Record::Stray(_) => {}
        }
        Ok(ControlFlow::Continue(()))
    })
    .expect("a capture");
    let now = Now {
        packets: outcome.summary.packets,
        copies: outcome.summary.copies(),
        first: outcome.summary.first,
        start: outcome.summary.start,
        at: outcome.summary.last,
        end: Some(Ended::Done(Vec::new())),
        ..Now::default()
    };
    (keeper, now, outcome.statistics)
}

/// An app that shows a capture.
pub fn app(name: &str, snapshot: &Arc<Snapshot>) -> App {
    let mut app = App::new(Options { source: name.to_owned(), ..Options::default() });
    app.update(Arc::clone(snapshot), Some(38_000_000));
    app
}

/// What an app draws.
pub fn buffer(app: &mut App, columns: u16, rows: u16) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a screen");
    terminal.draw(|frame| draw(app, frame)).expect("a picture");
    terminal.backend().buffer().clone()
}

/// The same as lines of text, without the blanks at their ends.
pub fn picture(app: &mut App, columns: u16, rows: u16) -> String {
    let buffer = buffer(app, columns, rows);
    let width = usize::from(buffer.area.width).max(1);
    let mut text = String::new();
    for line in buffer.content.chunks(width) {
        let line: String = line.iter().map(|cell| cell.symbol()).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Presses keys: a letter each, `⏎` Enter, `⎋` Esc, `⇥` Tab, `⌫` Backspace. The last effect.
pub fn press(app: &mut App, keys: &str) -> Option<Effect> {
    let mut last = None;
    for letter in keys.chars() {
        let code = match letter {
            '⏎' => KeyCode::Enter,
            '⎋' => KeyCode::Esc,
            '⇥' => KeyCode::Tab,
            '⌫' => KeyCode::Backspace,
            '↑' => KeyCode::Up,
            letter => KeyCode::Char(letter),
        };
        last = app.key(KeyEvent::new(code, KeyModifiers::NONE));
    }
    last
}

/// The line with the selection.
pub fn selected(app: &mut App) -> String {
    let picture = picture(app, 120, 36);
    let line = picture.lines().find(|line| line.contains('▸'));
    line.unwrap_or_default().trim_matches(['│', ' ', '▸', '█']).to_owned()
}
