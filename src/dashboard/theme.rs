//! How things look: one style a meaning, for dark, light and bare terminals. Colour never says
//! anything alone: a sign, a word or a number always says the same.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

/// Which colours. `T` goes through them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// The sixteen colours that the terminal's own theme decides.
    #[default]
    Auto,
    /// For a dark background.
    Dark,
    /// For a light background.
    Light,
    /// Few and strong.
    Contrast,
    /// No colours: bold, dim and reverse.
    Mono,
}

impl Theme {
    /// All, in the order in which `T` goes through them.
    pub const ALL: [Self; 5] = [Self::Auto, Self::Dark, Self::Light, Self::Contrast, Self::Mono];

    /// Its name on the command line and on the screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Contrast => "high-contrast",
            Self::Mono => "mono",
        }
    }

    /// The next one.
    pub fn next(self) -> Self {
        let place = Self::ALL.iter().position(|theme| *theme == self).unwrap_or(0);
        Self::ALL.get(place + 1).copied().unwrap_or_default()
    }

    /// The style of a meaning.
    pub fn style(self, meaning: Meaning) -> Style {
        let style = meaning.bare();
        match self.colour(meaning) {
            Some(colour) => style.fg(colour),
            None => style,
        }
    }

    fn colour(self, meaning: Meaning) -> Option<Color> {
        use Meaning::{Bar, Failure, Frame, Good, Key, Line, Redirect, Slow, Warning};
        Some(match (self, meaning) {
            (Self::Mono, _) => return None,
            (Self::Dark, Failure) => Color::Rgb(255, 110, 103),
            (Self::Dark, Warning) => Color::Rgb(240, 200, 90),
            (Self::Dark, Redirect) => Color::Rgb(110, 205, 225),
            (Self::Dark, Frame) => Color::Rgb(110, 115, 125),
            (Self::Dark, Line | Bar) => Color::Rgb(120, 170, 255),
            (Self::Light, Failure) => Color::Rgb(176, 0, 16),
            (Self::Light, Warning) => Color::Rgb(138, 84, 0),
            (Self::Light, Redirect) => Color::Rgb(0, 98, 122),
            (Self::Light, Frame) => Color::Rgb(140, 140, 140),
            (Self::Light, Line | Bar) => Color::Rgb(0, 70, 170),
            (Self::Contrast, Failure) => Color::LightRed,
            (Self::Contrast, Warning) => Color::LightYellow,
            (Self::Contrast, Redirect | Line | Bar) => Color::LightCyan,
            (_, Failure) => Color::Red,
            (_, Warning) => Color::Yellow,
            (_, Redirect) => Color::Cyan,
            (_, Line | Bar) => Color::Blue,
            (_, Slow) => Color::Yellow,
            (_, Good | Key | Frame) => return None,
            (_, _) => return None,
        })
    }
}

/// What a text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Nothing special.
    Plain,
    /// A server error, a request without an answer.
    Failure,
    /// A client error, something doubtful.
    Warning,
    /// A redirection.
    Redirect,
    /// All is well.
    Good,
    /// Words around what matters.
    Dim,
    /// A title, the tab that is shown.
    Title,
    /// The selected line.
    Selected,
    /// A border.
    Frame,
    /// A key that can be pressed.
    Key,
    /// A curve.
    Line,
    /// A bar.
    Bar,
    /// A duration to look at.
    Slow,
}

impl Meaning {
    /// Without any colour.
    const fn bare(self) -> Style {
        let style = Style::new();
        match self {
            Self::Failure | Self::Title | Self::Key => style.add_modifier(Modifier::BOLD),
            Self::Dim | Self::Frame => style.add_modifier(Modifier::DIM),
            Self::Selected => style.add_modifier(Modifier::REVERSED),
            _ => style,
        }
    }

    /// Of a status code, or of none.
    pub const fn of_status(status: Option<u16>) -> Self {
        match status {
            Some(500..) | None => Self::Failure,
            Some(400..) => Self::Warning,
            Some(300..) => Self::Redirect,
            Some(_) => Self::Plain,
        }
    }
}

/// Replaces what is not ASCII, for terminals and fonts that have nothing else.
pub fn to_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if cell.symbol().is_ascii() {
            continue;
        }
        let plain = match cell.symbol() {
            "─" | "╴" | "╶" | "━" | "—" | "–" => "-",
            "│" | "┃" | "┤" => "|",
            "┌" | "┐" | "└" | "┘" | "╭" | "╮" | "╰" | "╯" | "┼" | "├" | "┬" | "┴" => {
                "+"
            }
            "▁" | "▏" => ".",
            "▂" | "▎" => ":",
            "▃" | "▍" => "-",
            "▄" | "▌" | "░" => "=",
            "▅" | "▋" => "+",
            "▆" | "▊" => "*",
            "▇" | "▉" | "█" | "▓" => "#",
            "✖" | "×" => "x",
            "✔" => "v",
            "▲" => "!",
            "●" | "·" => "*",
            "■" => "#",
            "❚" => "|",
            "▸" | "→" | "▶" => ">",
            "◀" | "←" => "<",
            "↔" => "=",
            "↑" => "^",
            "↓" | "▼" => "v",
            "…" => "~",
            "µ" => "u",
            _ => "?",
        };
        cell.set_symbol(plain);
    }
}
