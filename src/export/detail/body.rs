//! The front of a body without its content codings: as text where it is text, else in hexadecimal.

use std::fmt::Write;

use super::super::paint::{Page, Style};
use super::super::{Options, escape};
use crate::coding::{self, Rest};
use crate::http::{FieldName, Message};
use crate::units::Octets;

pub(super) fn write(page: &mut Page, message: &Message, options: Options) {
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
    let shown = &decoded.octets;
    if is_text(shown) {
        let shown = shown.strip_suffix(b"\n").unwrap_or(shown);
        for line in shown.split(|octet| *octet == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            page.add("  ").add(&escape::text(&options.secrets.line(line))).end_line();
        }
    } else {
        hexadecimal(page, shown);
    }
    let more = message.content.saturating_sub(kept.len() as u64);
    let rest = match decoded.rest {
        _ if more > 0 && decoded.removed.is_empty() => Some(format!("{} more", Octets(more))),
        _ if more > 0 => Some(format!("more, {} of it as sent", Octets(more))),
        Some(Rest::More) if decoded.removed.is_empty() => {
            let more = message.content.saturating_sub(shown.len() as u64);
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
