//! A screen in, a picture of it as SVG out: text that stays sharp, with the colours of the theme.

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// Of one character, in units of the picture.
const WIDTH: f32 = 8.4;
const HEIGHT: f32 = 17.0;
const MARGIN: f32 = 12.0;

const BACKGROUND: &str = "#16181d";
const FOREGROUND: &str = "#d6d8dd";
const DIM: &str = "#868b96";

/// How a run of characters looks.
#[derive(Debug, Clone, PartialEq)]
struct Look {
    colour: String,
    behind: Option<String>,
    bold: bool,
}

impl Look {
    fn of(cell: &Cell) -> Self {
        let dim = cell.modifier.contains(Modifier::DIM);
        let mut colour = hex(cell.fg).unwrap_or(if dim { DIM } else { FOREGROUND }.to_owned());
        let mut behind = hex(cell.bg);
        if cell.modifier.contains(Modifier::REVERSED) {
            let was = behind.replace(colour);
            colour = was.unwrap_or_else(|| BACKGROUND.to_owned());
        }
        Self { colour, behind, bold: cell.modifier.contains(Modifier::BOLD) }
    }
}

fn hex(colour: Color) -> Option<String> {
    Some(match colour {
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
        Color::Reset => return None,
        other => panic!("a theme with colours of its own has no {other:?}"),
    })
}

/// The picture.
pub fn svg(buffer: &Buffer, title: &str) -> String {
    let (columns, rows) = (buffer.area.width, buffer.area.height);
    let width = f32::from(columns) * WIDTH + 2.0 * MARGIN;
    let height = f32::from(rows) * HEIGHT + 2.0 * MARGIN;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\">\n\
         <title>{title}</title>\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n\
         <g font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace\" \
         font-size=\"14\">\n"
    );
    for (row, cells) in buffer.content.chunks(usize::from(columns)).enumerate() {
        let top = row as f32 * HEIGHT + MARGIN;
        let mut at = 0;
        while at < cells.len() {
            let look = Look::of(&cells[at]);
            let len = cells[at..].iter().take_while(|cell| Look::of(cell) == look).count();
            let text: String = cells[at..at + len].iter().map(Cell::symbol).collect();
            run(&mut out, &text, &look, (at as f32 * WIDTH + MARGIN, top), len);
            at += len;
        }
    }
    out + "</g>\n</svg>\n"
}

fn run(out: &mut String, text: &str, look: &Look, (left, top): (f32, f32), len: usize) {
    let width = len as f32 * WIDTH;
    if let Some(behind) = &look.behind {
        *out += &format!(
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{HEIGHT}\" fill=\"{behind}\"/>\n"
        );
    }
    // Renderers fold blanks: what stands behind several of them is a text of its own.
    let mut letters: Vec<(usize, char)> = text.chars().enumerate().collect();
    while let Some(begin) = letters.iter().position(|(_, letter)| *letter != ' ') {
        letters.drain(..begin);
        let end = letters.windows(2).position(|pair| pair[0].1 == ' ' && pair[1].1 == ' ');
        let piece: Vec<(usize, char)> = letters.drain(..end.unwrap_or(letters.len())).collect();
        let text: String = piece.iter().map(|(_, letter)| letter).collect();
        let text = text.trim_end();
        piece_of(out, text, look, (left + piece[0].0 as f32 * WIDTH, top));
    }
}

fn piece_of(out: &mut String, text: &str, look: &Look, (left, top): (f32, f32)) {
    let width = text.chars().count() as f32 * WIDTH;
    let weight = if look.bold { " font-weight=\"bold\"" } else { "" };
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    *out += &format!(
        "<text x=\"{left:.1}\" y=\"{:.1}\" textLength=\"{width:.1}\" lengthAdjust=\"spacingAndGlyphs\" \
         fill=\"{}\"{weight}>{text}</text>\n",
        top + 13.0,
        look.colour
    );
}
