//! The front of a body without its content codings and secrets: as text where it is text, else in
//! hexadecimal.

use std::fmt::Write;

use super::super::paint::{Page, Style};
use super::super::{Options, escape};
use super::pretty;
use crate::coding::{self, Rest};
use crate::http::{FieldName, Message};
use crate::units::Octets;

/// How bodies are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bodies {
    /// In which form.
    pub form: Form,
    /// Octets in a line of hexadecimal; 0 counts as 1.
    pub row: usize,
    /// Lines of hexadecimal at most.
    pub rows: usize,
}

/// The form of a body. What is no text is in hexadecimal whatever is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// Text line by line, as it was sent.
    #[default]
    Raw,
    /// JSON with a line for each of its members, anything else as [`Form::Raw`].
    Pretty,
    /// Hexadecimal.
    Hex,
}

impl Default for Bodies {
    /// Text as it was sent; of the rest enough to see what it is.
    fn default() -> Self {
        Self { form: Form::Raw, row: 16, rows: 16 }
    }
}

pub(super) fn write(page: &mut Page, message: &Message, options: Options, bodies: Bodies) {
    let kept = &message.preview;
    if kept.is_empty() {
        return;
    }
    let codings = message.head.values(FieldName::ContentEncoding);
    let decoded = coding::decode(kept, codings, options.body);
    page.end_line();
    if !decoded.removed.is_empty() {
        let names: Vec<&str> = decoded.removed.iter().map(|coding| coding.name()).collect();
        let line = format!("  ({} taken off)", names.join(", "));
        page.put(Style::Dim, &line).end_line();
    }
    // Before it is put into any form, so that no form shows what another hides.
    let shown = &*options.secrets.text(&decoded.octets);
    if bodies.form == Form::Hex || !is_text(shown) {
        if *shown != *decoded.octets {
            let line = "  (with <hidden> where secrets were; places count what is shown)";
            page.put(Style::Dim, line).end_line();
        }
        hexadecimal(page, shown, bodies);
    } else {
        let pretty = if bodies.form == Form::Pretty { pretty::json(shown) } else { None };
        let shown = pretty.as_deref().unwrap_or(shown);
        let shown = shown.strip_suffix(b"\n").unwrap_or(shown);
        for line in shown.split(|octet| *octet == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            page.add("  ").add(&escape::text(line)).end_line();
        }
    }
    let more = message.content.saturating_sub(kept.len() as u64);
    let rest = match decoded.rest {
        _ if more > 0 && decoded.removed.is_empty() => Some(format!("{} more", Octets(more))),
        _ if more > 0 => Some(format!("more, {} of it as sent", Octets(more))),
        Some(Rest::More) if decoded.removed.is_empty() => {
            let more = message.content.saturating_sub(decoded.octets.len() as u64);
            Some(format!("{} more", Octets(more)))
        }
        Some(Rest::More) => Some("more".to_owned()),
        Some(Rest::Coded) => Some("a content coding is still on".to_owned()),
        Some(Rest::Broken(coding)) => Some(format!("the {} is broken here", coding.name())),
        Some(Rest::Cut(coding)) => Some(format!("the {} ends too early", coding.name())),
        None => None,
    };
    if let Some(rest) = rest {
        page.add("  ").put(Style::Dim, &format!("… {rest}")).end_line();
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

fn hexadecimal(page: &mut Page, octets: &[u8], bodies: Bodies) {
    let row = bodies.row.max(1);
    for (nth, chunk) in octets.chunks(row).enumerate().take(bodies.rows) {
        let mut line = format!("  {:06x}  ", nth * row);
        for octet in chunk {
            let _ = write!(line, "{octet:02x} ");
        }
        line.extend(std::iter::repeat_n(' ', 3 * (row - chunk.len()) + 1));
        for octet in chunk {
            line.push(if octet.is_ascii_graphic() { char::from(*octet) } else { '.' });
        }
        page.add(&line).end_line();
    }
}
