//! Captured octets in, a short text out that is safe to show: control octets and what is not ASCII
//! escaped, secrets hidden, long texts cut. What is shown in a finding goes through here.

use crate::limits;

/// What stands where a secret was.
const HIDDEN: &str = "<hidden>";

/// Parts of names of query parameters that tell a secret.
const WORDS: &[&str] = &[
    "apikey",
    "api_key",
    "auth",
    "credential",
    "jwt",
    "passw",
    "pwd",
    "secret",
    "session",
    "signature",
    "token",
];

/// Names of query parameters that tell one, where they are the whole name.
const WHOLE_NAMES: &[&str] = &["key", "otp", "pass", "sid", "sig"];

/// Octets as a text: escaped, cut, secrets in queries and user information hidden.
pub(super) fn shown(octets: &[u8]) -> String {
    let (kept, cut) = match octets.get(..limits::SHOWN_OCTETS) {
        Some(kept) if kept.len() < octets.len() => (kept, true),
        _ => (octets, false),
    };
    let text = escaped(kept);
    let mut text = without_secrets(without_user(text));
    if cut {
        text.push('…');
    }
    text
}

/// Octets in hexadecimal, at most 32 of them.
pub(super) fn hexadecimal(octets: &[u8]) -> String {
    let text: Vec<String> = octets.iter().take(32).map(|octet| format!("{octet:02x}")).collect();
    text.join(" ")
}

fn escaped(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    for octet in octets {
        match octet {
            b' '..=b'~' => text.push(char::from(*octet)),
            _ => text.push_str(&format!("\\x{octet:02X}")),
        }
    }
    text
}

/// `//user:password@host` as `//<hidden>@host`.
fn without_user(text: String) -> String {
    let Some((before, rest)) = text.split_once("//") else { return text };
    let end = rest.find(['/', '?', '#', ' ', '"']).unwrap_or(rest.len());
    match rest.get(..end).and_then(|authority| authority.rfind('@')) {
        Some(at) => format!("{before}//{HIDDEN}{}", rest.get(at..).unwrap_or_default()),
        None => text,
    }
}

/// The values of query parameters whose name tells a secret.
fn without_secrets(text: String) -> String {
    if !text.contains('=') {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut name = 0;
    let mut rest = text.as_str();
    while let Some(at) = rest.find(['?', '&', ';', ' ', '=']) {
        let (before, behind) = rest.split_at(at);
        out.push_str(before);
        let separator = behind.chars().next().unwrap_or(' ');
        out.push(separator);
        rest = behind.get(1..).unwrap_or_default();
        if separator != '=' {
            name = out.len();
            continue;
        }
        let tells = out.get(name..out.len() - 1).is_some_and(tells_secret);
        if tells {
            let end = rest.find(['&', ';', ' ', '#', '\'', '"']).unwrap_or(rest.len());
            if end > 0 {
                out.push_str(HIDDEN);
            }
            rest = rest.get(end..).unwrap_or_default();
        }
    }
    out.push_str(rest);
    out
}

fn tells_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    WHOLE_NAMES.contains(&name.as_str()) || WORDS.iter().any(|word| name.contains(word))
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
