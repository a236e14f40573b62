//! Text with a style in, text with the terminal's own colours out (SGR, ECMA-48 section 8.3.117),
//! or the text alone. The sixteen named colours only, so that the user's theme decides; colour
//! never says what a word or a mark does not say too.

/// How a piece of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Style {
    #[default]
    Plain,
    /// Headings and what matters.
    Bold,
    /// What recedes.
    Dim,
    /// Failures.
    Failure,
    /// Warnings.
    Warning,
    /// What can be typed.
    Command,
}

impl Style {
    const fn codes(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Bold => Some("1"),
            Self::Dim => Some("2"),
            Self::Failure => Some("1;31"),
            Self::Warning => Some("33"),
            Self::Command => Some("36"),
        }
    }
}

/// Text that is being put together.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
    colour: bool,
}

impl Page {
    pub fn new(colour: bool) -> Self {
        Self { text: String::new(), colour }
    }

    /// Appends a piece, which has to be safe to show.
    pub fn put(&mut self, style: Style, piece: &str) -> &mut Self {
        match style.codes() {
            Some(codes) if self.colour && !piece.is_empty() => {
                self.text.push_str("\x1b[");
                self.text.push_str(codes);
                self.text.push('m');
                self.text.push_str(piece);
                self.text.push_str("\x1b[0m");
            }
            _ => self.text.push_str(piece),
        }
        self
    }

    /// Appends a plain piece, which has to be safe to show.
    pub fn add(&mut self, piece: &str) -> &mut Self {
        self.put(Style::Plain, piece)
    }

    /// Appends so many blanks.
    pub fn blanks(&mut self, count: usize) -> &mut Self {
        self.text.extend(std::iter::repeat_n(' ', count));
        self
    }

    /// Ends the line, without blanks at its end.
    pub fn end_line(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
    }

    /// Everything so far.
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Begins anew.
    pub fn clear(&mut self) {
        self.text.clear();
    }
}
