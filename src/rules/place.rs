//! What findings are grouped by: an exchange in, its server, method, path template and status out.

use std::borrow::Cow;

use super::finding::Place;
use super::report::path;
use super::shown::shown;
use crate::http::{Exchange, Head};

/// The place of an exchange.
pub(super) fn of(exchange: &Exchange) -> Place {
    let request = exchange.request.as_deref();
    Place {
        server: Some(exchange.server),
        method: request.map(|request| shown(request.head.method_octets()).into()),
        path: request.map(|request| template(path(request.head.target())).into()),
        status: exchange.status(),
    }
}

/// The method and the path template of a request, safe to show: what requests are grouped by where
/// one wants to know how an endpoint does.
pub fn endpoint(request: &Head) -> (String, String) {
    (shown(request.method_octets()), template(path(request.target())))
}

/// A path with the segments that change from one resource to the next replaced by `{}`: numbers,
/// hexadecimal, UUIDs and long words with digits in them; the end of a file's name stays.
pub fn template(path: &[u8]) -> String {
    let text = shown(path);
    let segments: Vec<Cow<'_, str>> = text.split('/').map(unchanging).collect();
    segments.join("/")
}

/// A segment without what changes in it: `42` and `42.json` as `{}` and `{}.json`.
fn unchanging(segment: &str) -> Cow<'_, str> {
    if changes(segment) {
        return Cow::Borrowed("{}");
    }
    match segment.rsplit_once('.') {
        Some((name, ending)) if changes(name) && is_ending(ending) => {
            Cow::Owned(format!("{{}}.{ending}"))
        }
        _ => Cow::Borrowed(segment),
    }
}

/// Whether a word is the end of a file's name: `json`, `jpeg`, `mp4`.
fn is_ending(word: &str) -> bool {
    (1..=5).contains(&word.len())
        && word.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && word.bytes().all(|octet| octet.is_ascii_alphanumeric())
}

fn changes(segment: &str) -> bool {
    if segment.is_empty() {
        return false;
    }
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    let number = digits == segment.len();
    let hexadecimal = segment.len() >= 8
        && digits > 0
        && segment.bytes().all(|octet| octet.is_ascii_hexdigit() || octet == b'-');
    let opaque = segment.len() >= 20
        && digits > 0
        && segment.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_=".contains(&octet));
    number || hexadecimal || opaque
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_is_replaced() {
        for (path, template_of) in [
            ("/orders/42/items", "/orders/{}/items"),
            ("/a/3f2504e0-4f89-11d3-9a0c-0305e82c3301", "/a/{}"),
            ("/v1/users", "/v1/users"),
            ("/deadbeef", "/deadbeef"),
            ("/deadbee1", "/{}"),
            ("/t/eyJhbGciOiJIUzI1NiJ9abc", "/t/{}"),
            ("/items/42.json", "/items/{}.json"),
            ("/release/1.5", "/release/1.5"),
            ("/10.0.0.1", "/10.0.0.1"),
            ("/", "/"),
            ("", ""),
        ] {
            assert_eq!(template(path.as_bytes()), template_of, "{path}");
        }
    }
}
