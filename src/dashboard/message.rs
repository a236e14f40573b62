//! The two messages of an exchange as `httpwhy show` prints them: heads, sizes, flaws, and the front of
//! each body in the form that is chosen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::app::{App, Detail};
use super::copy;
use super::detail::{Pieces, draw_pieces};
use super::theme::Meaning;
use super::widget::{panel, scroll_mark, wrapped};
use super::words::unanswered;
use crate::export::detail::{self, Bodies, Form};
use crate::export::escape;
use crate::http::Message;
use crate::snapshot::Whole;
use crate::units::Octets;

/// Columns of a line of hexadecimal beside its octets, and of each octet.
const HEX_COLUMNS: (usize, usize) = (11, 4);

/// Lines of one message at most: more is for a file.
const LINES: usize = 20_000;

/// One side of an exchange: 0 the request, 1 the response.
fn side(whole: Option<&Whole>, which: usize) -> Option<&Message> {
    let exchange = &whole?.exchange;
    if which == 0 { exchange.request.as_deref() } else { exchange.response.as_deref() }
}

/// In which form a body is shown, in a word; empty where none is.
pub(super) fn form(app: &App, whole: Option<&Whole>, which: usize) -> &'static str {
    match side(whole, which) {
        Some(message) if !message.preview.is_empty() => word(app.form),
        _ => "",
    }
}

/// A form in a word.
pub(super) const fn word(form: Form) -> &'static str {
    match form {
        Form::Pretty => "body pretty",
        Form::Raw => "body raw",
        Form::Hex => "body hex",
    }
}

/// The keys that give another form.
pub(super) const fn others(form: Form) -> &'static str {
    match form {
        Form::Pretty => "b raw  x hex",
        Form::Raw => "b pretty  x hex",
        Form::Hex => "b text",
    }
}

/// As many octets a line as fit, in powers of two, as everybody counts them.
fn hexadecimal(columns: usize) -> usize {
    let (beside, each) = HEX_COLUMNS;
    let fits = |octets: &usize| beside + octets * each <= columns;
    [16, 8, 4].into_iter().find(fits).unwrap_or(2)
}

/// The lines of one message: 0 the request, 1 the response. What `httpwhy show` prints, with the line
/// that says which packets it came in or without.
pub(super) fn lines(
    app: &App,
    whole: Option<&Whole>,
    which: usize,
    columns: usize,
    with_packets: bool,
) -> Vec<Pieces> {
    let Some(whole) = whole else {
        return vec![vec![("not kept whole".to_owned(), Meaning::Dim)]];
    };
    let name = if which == 0 { "REQUEST" } else { "RESPONSE" };
    let Some(message) = side(Some(whole), which) else {
        let word = if which == 0 {
            "the request was not captured"
        } else {
            unanswered(whole.exchange.unanswered)
        };
        return vec![vec![(format!("{name}   {word}"), Meaning::Warning)]];
    };
    let options = copy::options(app.secrets);
    let bodies = Bodies { form: app.form, row: hexadecimal(columns), rows: LINES };
    let mut page = Vec::new();
    if detail::write_message(name, message, options, bodies, &mut page).is_err() {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(&page);
    let mut lines = Vec::new();
    let shown = text.trim_end().split('\n').enumerate().skip(usize::from(!with_packets));
    for (place, text) in shown.take(LINES) {
        let text = text.strip_prefix("  ").unwrap_or(text);
        let meaning = match (place, text) {
            (0, _) => Meaning::Dim,
            (1, _) => Meaning::Title,
            (_, text) if text.starts_with('▲') => Meaning::Warning,
            _ => Meaning::Plain,
        };
        if escape::width(text) <= columns {
            lines.push(vec![(text.to_owned(), meaning)]);
            continue;
        }
        // Heads and bodies go on in the next line, so that nothing is cut.
        let indent = text.len() - text.trim_start_matches(' ').len();
        let indent = " ".repeat(indent.min(columns / 2));
        for part in wrapped(text, columns - indent.len()) {
            lines.push(vec![(format!("{indent}{part}"), meaning)]);
        }
    }
    if let Some(word) = kept(app, message) {
        lines.extend(wrapped(&word, columns).into_iter().map(|part| vec![(part, Meaning::Dim)]));
    }
    lines
}

/// Why a body is not shown whole, and what would show more of it; none where it is.
fn kept(app: &App, message: &Message) -> Option<String> {
    let kept = message.preview.len() as u64;
    if kept >= message.content {
        return None;
    }
    let all = Octets(message.content);
    let had = if kept == 0 {
        format!("(nothing of the body, {all}, is kept")
    } else {
        format!("({} of {all} as sent are kept", Octets(kept))
    };
    Some(match (app.options.again, app.is_recalling()) {
        (true, true) => format!("{had}; being read again …)"),
        (true, false) => format!("{had}; httpwhy -Y FILTER --extract DIR saves whole bodies)"),
        (false, _) => format!("{had}; dashboard --body N keeps more of each)"),
    })
}

/// Both messages beside one another; how far they can be scrolled.
pub(super) fn panes(
    app: &App,
    whole: Option<&Whole>,
    buffer: &mut Buffer,
    area: Rect,
    view: &Detail,
) -> usize {
    let half = area.width / 2;
    let left = Rect { width: half, ..area };
    let other = Rect { x: area.x + half, width: area.width - half, ..area };
    let mut most = 1;
    for (which, beside, name) in [(0, left, "Request"), (1, other, "Response")] {
        let chosen = view.pane == which;
        if view.alone && !chosen {
            continue;
        }
        let area = if view.alone { area } else { beside };
        let way = match (chosen, view.alone) {
            (true, true) => "j k scroll  Enter all",
            (true, false) if area.width < 76 => "j k",
            (true, false) => "j k  Enter alone",
            (false, _) => "Tab",
        };
        let (name, word) = match form(app, whole, which) {
            "" => (name.to_owned(), way.to_owned()),
            form => (format!("{name}, {form}"), format!("{way}  {}", others(app.form))),
        };
        let inside = panel(buffer, area, app.theme, &name, &word);
        let room = usize::from(inside.width).saturating_sub(2);
        let lines = lines(app, whole, which, room, true);
        let height = usize::from(inside.height);
        let over = lines.len().saturating_sub(height);
        let scroll = if chosen { view.scroll.min(over) } else { 0 };
        draw_pieces(app, buffer, inside, &lines, scroll);
        scroll_mark(buffer, area, app.theme, scroll, lines.len());
        if chosen {
            most = over + 1;
        }
    }
    most
}
