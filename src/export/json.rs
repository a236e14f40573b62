//! Values in, JSON out (RFC 8259), straight into one buffer that is used again for every record:
//! no tree, no allocation. Text that a terminal would obey is escaped though JSON does not demand
//! it, so that a record may be looked at; a reader of JSON gets every octet back.

use std::io::Write;
use std::net::IpAddr;

use crate::units::{Duration, Timestamp};
use crate::wire::Endpoint;

use super::escape;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Writes a number.
pub(super) fn number(out: &mut Vec<u8>, value: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = value;
    while at > 0 {
        at -= 1;
        if let Some(place) = digits.get_mut(at) {
            *place = b'0' + (rest % 10) as u8;
        }
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(at..).unwrap_or_default());
}

/// Writes a number or null.
pub(super) fn optional_number(out: &mut Vec<u8>, value: Option<u64>) {
    match value {
        Some(value) => number(out, value),
        None => out.extend_from_slice(b"null"),
    }
}

/// Writes nanoseconds or null.
pub(super) fn optional_duration(out: &mut Vec<u8>, value: Option<Duration>) {
    optional_number(out, value.map(Duration::as_nanos));
}

/// Writes true or false.
pub(super) fn boolean(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

/// Writes true, false or null.
pub(super) fn optional_boolean(out: &mut Vec<u8>, value: Option<bool>) {
    match value {
        Some(value) => boolean(out, value),
        None => out.extend_from_slice(b"null"),
    }
}

/// Writes a word of our own, which needs no escaping.
pub(super) fn word(out: &mut Vec<u8>, word: &str) {
    out.push(b'"');
    out.extend_from_slice(word.as_bytes());
    out.push(b'"');
}

/// Writes a word of our own or null.
pub(super) fn optional_word(out: &mut Vec<u8>, value: Option<&str>) {
    match value {
        Some(value) => word(out, value),
        None => out.extend_from_slice(b"null"),
    }
}

/// Writes octets: a string where they are UTF-8, else `{"base64": "…"}`.
pub(super) fn octets(out: &mut Vec<u8>, octets: &[u8]) {
    if is_plain(octets) {
        out.push(b'"');
        out.extend_from_slice(octets);
        out.push(b'"');
        return;
    }
    match std::str::from_utf8(octets) {
        Ok(text) => escaped(out, text),
        Err(_) => {
            out.extend_from_slice(b"{\"base64\":\"");
            base64(out, octets);
            out.extend_from_slice(b"\"}");
        }
    }
}

/// Writes octets or null.
pub(super) fn optional_octets(out: &mut Vec<u8>, value: Option<&[u8]>) {
    match value {
        Some(value) => octets(out, value),
        None => out.extend_from_slice(b"null"),
    }
}

/// Writes an instant or null.
pub(super) fn optional_time(out: &mut Vec<u8>, value: Option<Timestamp>) {
    match value {
        Some(value) => time(out, value),
        None => out.extend_from_slice(b"null"),
    }
}

/// Writes an instant (RFC 3339, UTC, nanoseconds).
pub(super) fn time(out: &mut Vec<u8>, at: Timestamp) {
    out.push(b'"');
    out.extend_from_slice(&at.to_rfc3339());
    out.push(b'"');
}

/// Writes an endpoint, as its `Display` does.
pub(super) fn endpoint(out: &mut Vec<u8>, endpoint: Endpoint) {
    out.push(b'"');
    match endpoint.address() {
        IpAddr::V4(address) => {
            for (index, octet) in address.octets().into_iter().enumerate() {
                if index > 0 {
                    out.push(b'.');
                }
                number(out, u64::from(octet));
            }
            out.push(b':');
            number(out, u64::from(endpoint.port()));
        }
        // Writing to a vector cannot fail.
        IpAddr::V6(_) => drop(write!(out, "{endpoint}")),
    }
    out.push(b'"');
}

/// Whether octets may stand between quotation marks as they are. Eight at a time: most values of
/// most fields are, and they are most of what goes out.
fn is_plain(octets: &[u8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let (words, rest) = octets.as_chunks::<8>();
    let mut odd = 0;
    for word in words {
        let word = u64::from_ne_bytes(*word);
        let control = word.wrapping_sub(ONES.wrapping_mul(0x20)) & !word & HIGH;
        let quote = zeros(word ^ ONES.wrapping_mul(0x22));
        let backslash = zeros(word ^ ONES.wrapping_mul(0x5c));
        let delete = zeros(word ^ ONES.wrapping_mul(0x7f));
        odd |= (word & HIGH) | control | quote | backslash | delete;
    }
    odd == 0
        && rest
            .iter()
            .all(|octet| (0x20..0x7f).contains(octet) && *octet != b'"' && *octet != b'\\')
}

fn escaped(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut written = 0;
    for (at, character) in text.char_indices() {
        let short = match character {
            '"' => Some(b"\\\""),
            '\\' => Some(b"\\\\"),
            '\n' => Some(b"\\n"),
            '\r' => Some(b"\\r"),
            '\t' => Some(b"\\t"),
            _ => None,
        };
        if short.is_none() && !escape::is_unsafe(character) {
            continue;
        }
        out.extend_from_slice(text.as_bytes().get(written..at).unwrap_or_default());
        written = at + character.len_utf8();
        match short {
            Some(short) => out.extend_from_slice(short),
            None => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    out.extend_from_slice(b"\\u");
                    for shift in [12, 8, 4, 0] {
                        out.extend(HEX.get(usize::from(*unit >> shift & 15)));
                    }
                }
            }
        }
    }
    out.extend_from_slice(text.as_bytes().get(written..).unwrap_or_default());
    out.push(b'"');
}

/// Writes octets as RFC 4648 section 4 says, with padding.
pub(super) fn base64(out: &mut Vec<u8>, octets: &[u8]) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for group in octets.chunks(3) {
        let octet = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
        let bits = octet(0) << 16 | octet(1) << 8 | octet(2);
        for index in 0..4 {
            if index <= group.len() {
                out.extend(ALPHABET.get((bits >> (18 - 6 * index) & 63) as usize));
            } else {
                out.push(b'=');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(value: &[u8]) -> String {
        let mut out = Vec::new();
        octets(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn strings_are_strings_and_the_rest_is_base64() {
        assert_eq!(written(b"shop.example"), "\"shop.example\"");
        assert_eq!(written(b"say \"a\\b\""), r#""say \"a\\b\"""#);
        assert_eq!(written(b"\x1b[2J"), "\"\\u001b[2J\"");
        assert_eq!(written("\u{202e}\u{e0041}".as_bytes()), r#""\u202e\udb40\udc41""#);
        assert_eq!(written(b"\xe9"), r#"{"base64":"6Q=="}"#);
        for (octets, text) in [("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            let mut out = Vec::new();
            base64(&mut out, octets.as_bytes());
            assert_eq!(out, text.as_bytes());
        }
    }

    #[test]
    fn numbers_and_endpoints_are_as_displayed() {
        for value in [0, 9, 10, 1_214_332, u64::MAX] {
            let mut out = Vec::new();
            number(&mut out, value);
            assert_eq!(out, value.to_string().as_bytes());
        }
        for end in [Endpoint::v4([10, 0, 255, 1], 80), Endpoint::v6([0x20; 16], 65_535)] {
            let mut out = Vec::new();
            endpoint(&mut out, end);
            assert_eq!(out, format!("\"{end}\"").as_bytes());
        }
    }

    proptest! {
        #[test]
        fn a_reader_gets_every_string_back(text in "\\PC*|[\u{0}-\u{ff}]*") {
            let read: String = serde_json::from_str(&written(text.as_bytes())).unwrap();
            prop_assert_eq!(read, text);
        }

        #[test]
        fn whatever_comes_is_one_line_of_json(value in proptest::collection::vec(any::<u8>(), 0..100)) {
            let made = written(&value);
            prop_assert!(!made.contains('\n'));
            prop_assert!(!made.chars().any(escape::is_unsafe));
            prop_assert!(serde_json::from_str::<serde_json::Value>(&made).is_ok());
        }
    }
}
