//! Captured octets in, a short text out that is safe to show: control octets and what is not ASCII
//! escaped, secrets hidden, long texts cut. What is shown in a finding goes through here.

use crate::{limits, secret};

/// Octets as a text: secrets hidden (before it is cut: what tells a secret may stand behind it),
/// escaped, cut.
pub(super) fn shown(octets: &[u8]) -> String {
    let octets = secret::quoted(octets);
    match octets.get(..limits::SHOWN_OCTETS) {
        Some(kept) if kept.len() < octets.len() => escaped(kept) + "…",
        _ => escaped(&octets),
    }
}

/// Octets in hexadecimal, at most 32 of them.
pub(super) fn hexadecimal(octets: &[u8]) -> String {
    let text: Vec<String> = octets.iter().take(32).map(|octet| format!("{octet:02x}")).collect();
    text.join(" ")
}

fn escaped(octets: &[u8]) -> String {
    let plain = octets.iter().fold(true, |plain, octet| plain & matches!(octet, b' '..=b'~'));
    if let Ok(text) = str::from_utf8(octets)
        && plain
    {
        return text.to_owned();
    }
    let mut text = String::with_capacity(octets.len());
    for octet in octets {
        match octet {
            b' '..=b'~' => text.push(char::from(*octet)),
            _ => text.push_str(&format!("\\x{octet:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_safe() {
        for (octets, text) in [
            (&b"GET /a HTTP/1.1"[..], "GET /a HTTP/1.1"),
            (b"a\x1b[31m\xff", "a\\x1B[31m\\xFF"),
            (b"GET /a?token=abc&b=1 HTTP/1.1", "GET /a?token=<hidden>&b=1 HTTP/1.1"),
            (b"/a?x=1&api_key=abc", "/a?x=1&api_key=<hidden>"),
            (b"http://u:p@h/a", "http://<hidden>@h/a"),
            (b"bytes=0-1", "bytes=0-1"),
            (b"key=", "key="),
        ] {
            assert_eq!(shown(octets), text);
        }
        let long = shown(&[b'a'; 4_096]);
        assert!(long.len() < 200 && long.ends_with('…'));
        assert_eq!(hexadecimal(b"\x00\xff"), "00 ff");
    }
}
