//! The front of a body: as text where it is text, else in hexadecimal.

use std::fmt::Write;

use super::super::paint::{Page, Style};
use super::super::{Options, escape};
use crate::http::Message;
use crate::units::Octets;

pub(super) fn write(page: &mut Page, message: &Message, options: Options) {
    let preview = &message.preview;
    if preview.is_empty() {
        return;
    }
    page.end_line();
    if is_text(preview) {
        let preview = preview.strip_suffix(b"\n").unwrap_or(preview);
        for line in preview.split(|octet| *octet == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            page.add("  ").add(&escape::text(&options.secrets.line(line))).end_line();
        }
    } else {
        hexadecimal(page, preview);
    }
    let more = message.content.saturating_sub(preview.len() as u64);
    if more > 0 {
        page.add("  ").put(Style::Dim, &format!("… {} more", Octets(more))).end_line();
    }
}

/// Whether most of it can be shown: UTF-8 up to where the preview cuts it, few controls.
fn is_text(octets: &[u8]) -> bool {
    let valid = match std::str::from_utf8(octets) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            let whole = octets.get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(whole).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let odd = valid.chars().filter(|one| escape::is_unsafe(*one) && !one.is_ascii_whitespace());
    odd.count() * 16 <= octets.len()
}

fn hexadecimal(page: &mut Page, octets: &[u8]) {
    /// Enough to see what it is.
    const ROWS: usize = 16;
    for (row, chunk) in octets.chunks(16).enumerate().take(ROWS) {
        let mut line = format!("  {:06x}  ", row * 16);
        for octet in chunk {
            let _ = write!(line, "{octet:02x} ");
        }
        line.extend(std::iter::repeat_n(' ', 3 * (16 - chunk.len()) + 1));
        for octet in chunk {
            line.push(if octet.is_ascii_graphic() { char::from(*octet) } else { '.' });
        }
        page.add(&line).end_line();
    }
}
