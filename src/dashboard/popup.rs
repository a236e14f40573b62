//! What lies over a screen: help, menus, columns, a question.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Clear, Widget};

use super::app::{App, Popup};
use super::keys::HELP;
use super::view::Size;
use super::widget::{panel, put};
use super::{copy, detail, save, segments, tab};
use crate::export::escape;

/// Draws it, where there is one.
pub(super) fn draw(app: &App, buffer: &mut Buffer, area: Rect) {
    let Some(popup) = &app.popup else { return };
    let (title, lines, scroll) = match popup {
        Popup::Help(scroll) => {
            let (name, words) = help_of(app);
            (format!("Help — {name}"), help(words, area.width), *scroll)
        }
        Popup::Columns(at) => ("Columns".to_owned(), columns(app, area, *at), 0),
        Popup::Copy => ("Copy".to_owned(), menu(copy::MENU), 0),
        Popup::Save => ("Save into this folder".to_owned(), menu(save::MENU), 0),
        Popup::Quit => {
            let lines = [
                "The packets of this capture are not saved (-w FILE).",
                "q or y quits, any other key stays.",
            ];
            ("Quit?".to_owned(), lines.map(str::to_owned).to_vec(), 0)
        }
    };
    let widest = lines.iter().map(|line| escape::width(line)).max().unwrap_or(0);
    let width = u16::try_from(widest + 4).unwrap_or(u16::MAX).clamp(20, 96).min(area.width);
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(area.height);
    let over = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    Clear.render(over, buffer);
    let word = match popup {
        Popup::Help(_) if usize::from(height) < lines.len() + 2 => "j k more, any key closes",
        Popup::Help(_) => "any key closes",
        Popup::Columns(_) => "Space  Enter",
        _ => "Esc",
    };
    let inside = panel(buffer, over, app.theme, &title, word);
    let most = lines.len().saturating_sub(usize::from(inside.height));
    for (row, text) in (0..inside.height).zip(lines.iter().skip(scroll.min(most))) {
        put(buffer, inside, row, &format!(" {text}"), Style::new());
    }
}

fn menu(items: &[(char, &str)]) -> Vec<String> {
    items.iter().map(|(letter, what)| format!("{letter}   {what}")).collect()
}

/// The columns of requests, each with whether it is shown.
fn columns(app: &App, area: Rect, at: usize) -> Vec<String> {
    let room = if app.size == Size::Full { area.width - 2 } else { area.width };
    let fitting = tab::fitting(app, app.size, room);
    let line = |(place, choice): (usize, &tab::Choice)| {
        let mark = if place == at { '▸' } else { ' ' };
        let is_wanted = tab::is_wanted(app, choice, app.size);
        let sign = if is_wanted { 'x' } else { ' ' };
        let word = match (choice.stays, is_wanted && !fitting.contains(&choice.name)) {
            (true, _) => "always",
            (false, true) => "no room",
            (false, false) => "",
        };
        format!("{mark} [{sign}] {:<7} {word}", choice.name)
    };
    let lines = tab::CHOICES.iter().enumerate().map(line);
    let help = ["", "Space shows or hides, j k move,", "Enter closes"].map(str::to_owned);
    lines.chain(help).collect()
}

/// The name of this screen, and what it says below the keys.
fn help_of(app: &App) -> (&'static str, &'static [&'static str]) {
    if app.segments.is_some() {
        ("Connection", segments::HELP)
    } else if app.detail.is_some() {
        ("Exchange", detail::HELP)
    } else {
        tab::TABS.get(app.tab).map_or(("", &[]), |tab| (tab.name, tab.help))
    }
}

/// The keys, and what a screen says.
fn help(words: &[&str], columns: u16) -> Vec<String> {
    let mut lines = Vec::new();
    let mut group = "";
    for help in HELP {
        let shown = if help.group == group { "" } else { help.group };
        group = help.group;
        lines.push(if columns >= 76 {
            format!("{shown:<9}{:<24}{}", help.keys, help.does)
        } else {
            format!("{}: {}", help.keys, help.does)
        });
    }
    lines.push(String::new());
    lines.extend(words.iter().map(|line| (*line).to_owned()));
    lines
}
