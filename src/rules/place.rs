//! What findings are grouped by: an exchange in, its server, method, path template and status out.

use super::finding::Place;
use super::report::{Scene, path};
use super::shown::shown;
use super::traffic::names;
use crate::http::Head;

/// The place of an exchange.
pub(super) fn of(scene: &Scene<'_>) -> Place {
    let exchange = scene.exchange;
    let (server, status) = (Some(exchange.server), exchange.status());
    let request = exchange.request.as_deref().map(|request| &request.head);
    let names = request.map(|request| match scene.standing {
        Some((standing, traffic)) => traffic.names(standing, request),
        None => names(request),
    });
    let (method, path) = names.unzip();
    Place { server, method, path, status }
}

/// The method and the path template of a request, safe to show: what requests are grouped by where
/// one wants to know how an endpoint does.
pub fn endpoint(request: &Head) -> (String, String) {
    (shown(request.method_octets()), template(path(request.target())))
}

/// A path with the segments that change from one resource to the next replaced by `{}`: numbers,
/// hexadecimal, UUIDs and long words with digits in them. Of the name of a file the end stays.
pub fn template(path: &[u8]) -> String {
    let mut template = Vec::with_capacity(path.len());
    write_segments(path, &mut template);
    shown(&template)
}

/// Appends the template of the path of a request target as it was sent: neither escaped nor without
/// secrets. Allocates nothing where there is room.
pub fn write_template(target: &[u8], out: &mut Vec<u8>) {
    write_segments(path(target), out);
}

fn write_segments(path: &[u8], out: &mut Vec<u8>) {
    // What changes has a digit in it. All that stays is copied in one go, up to the next that changes.
    let (mut copied, mut from) = (0, 0);
    let is_slash = |octet: &u8| *octet == b'/';
    while let Some(rest) = path.get(from..)
        && let Some(digit) = rest.iter().position(u8::is_ascii_digit)
    {
        let (before, behind) = rest.split_at(digit);
        let start = from + before.iter().rposition(is_slash).map_or(0, |slash| slash + 1);
        let end = from + digit + behind.iter().position(is_slash).unwrap_or(behind.len());
        if let Some(kept) = ending_of_changing(path.get(start..end).unwrap_or_default()) {
            out.extend_from_slice(path.get(copied..start).unwrap_or_default());
            out.extend_from_slice(b"{}");
            copied = end - kept;
        }
        from = end;
    }
    out.extend_from_slice(path.get(copied..).unwrap_or_default());
}

/// How many octets at the end of a segment stay, if it is one that changes: those of the end of a
/// file's name.
fn ending_of_changing(segment: &[u8]) -> Option<usize> {
    let first = segment.iter().position(u8::is_ascii_digit)?;
    if first == 0 {
        // A number, or a file that is called by one.
        let number = segment.iter().position(|octet| !octet.is_ascii_digit());
        let rest = segment.get(number.unwrap_or(segment.len())..).unwrap_or_default();
        if rest.is_empty() || rest.first() == Some(&b'.') && is_ending(rest) {
            return Some(rest.len());
        }
    }
    if changes(segment) {
        return Some(0);
    }
    let stem = memchr::memrchr(b'.', segment).filter(|at| *at > 0)?;
    let (stem, suffix) = segment.split_at(stem);
    (is_ending(suffix) && changes(stem)).then_some(suffix.len())
}

/// Whether it is the end of a file's name: `.json`, `.jpeg`, `.mp4`.
fn is_ending(suffix: &[u8]) -> bool {
    (2..=6).contains(&suffix.len())
        && suffix.get(1).is_some_and(u8::is_ascii_alphabetic)
        && suffix.iter().skip(1).all(u8::is_ascii_alphanumeric)
}

/// Whether it is a segment that changes.
fn changes(segment: &[u8]) -> bool {
    let digits = segment.iter().filter(|octet| octet.is_ascii_digit()).count();
    let hexadecimal = segment.len() >= 8
        && segment.iter().all(|octet| octet.is_ascii_hexdigit() || *octet == b'-');
    let opaque = segment.len() >= 20
        && segment.iter().all(|octet| octet.is_ascii_alphanumeric() || b"-_=".contains(octet));
    digits > 0 && (digits == segment.len() || hexadecimal || opaque)
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
            ("/v1.2/x", "/v1.2/x"),
            ("/.5", "/.5"),
            ("/release/1.5", "/release/1.5"),
            ("/10.0.0.1", "/10.0.0.1"),
            ("/", "/"),
            ("", ""),
        ] {
            assert_eq!(template(path.as_bytes()), template_of, "{path}");
        }
    }
}
