//! What a run of octets begins: HTTP, or something else that has a name. Octets in, a guess out, with
//! the evidence that each guess needs. Keeps nothing.

use super::exchange::Protocol;
use super::head::Kind;
use super::tolerant::{is_start_line, is_token};

/// A protocol that is certainly not HTTP/1, by the first octets of a stream.
pub(super) fn foreign(octets: &[u8]) -> Option<Protocol> {
    match octets {
        // RFC 8446 section 5.1: a handshake record of TLS 1.x or SSL 3.
        [0x16, 0x03, 0..=4, ..] => Some(Protocol::Tls),
        // SSL 2.0 compatible hello (RFC 5246 appendix E.2).
        [0x80..=0x8f, _, 0x01, 0x03, 0..=3, ..] => Some(Protocol::Tls),
        [b'S', b'S', b'H', b'-', ..] => Some(Protocol::Ssh),
        _ if octets.starts_with(PREFACE_LINE) => Some(Protocol::Http2),
        _ => None,
    }
}

/// The first line of the client's preface of HTTP/2 (RFC 9113 section 3.4).
pub(super) const PREFACE_LINE: &[u8] = b"PRI * HTTP/2.0\r\n";

/// Whether octets at a place that is not known to begin a message do begin one beyond reasonable
/// doubt: a strict start line and, behind it, the beginning of a field line or the empty line.
pub(super) fn credible(kind: Kind, octets: &[u8]) -> bool {
    strict_start(kind, octets)
        .is_some_and(|behind| field_or_end(octets.get(behind..).unwrap_or_default(), kind))
}

/// Whether octets begin with a strict start line.
pub(super) fn strict_line(kind: Kind, octets: &[u8]) -> bool {
    strict_start(kind, octets).is_some()
}

/// Where a strict start line at the front of these octets ends.
fn strict_start(kind: Kind, octets: &[u8]) -> Option<usize> {
    let plausible = match kind {
        Kind::Request => octets.first().is_some_and(u8::is_ascii_uppercase),
        Kind::Response => octets.starts_with(b"HTTP/1."),
    };
    if !plausible {
        return None;
    }
    let line_feed = memchr::memchr(b'\n', octets)?;
    let line = octets.get(..line_feed)?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let strict = match kind {
        Kind::Request => strict_request_line(line),
        Kind::Response => strict_status_line(line),
    };
    strict.then_some(line_feed + 1)
}

fn strict_request_line(line: &[u8]) -> bool {
    let mut words = line.split(|octet| *octet == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return false;
    };
    (1..=20).contains(&method.len())
        && method.iter().all(|octet| octet.is_ascii_uppercase() || matches!(octet, b'-' | b'_'))
        && !is_tail_of_method(method)
        && target.first().is_some_and(u8::is_ascii_graphic)
        && matches!(version, b"HTTP/1.1" | b"HTTP/1.0")
}

/// Whether these octets are the end of a method that is often used, and no method themselves: the
/// place lies inside a start line.
fn is_tail_of_method(octets: &[u8]) -> bool {
    const METHODS: [&[u8]; 22] = [
        b"GET",
        b"HEAD",
        b"POST",
        b"PUT",
        b"DELETE",
        b"CONNECT",
        b"OPTIONS",
        b"TRACE",
        b"PATCH",
        b"QUERY",
        b"PROPFIND",
        b"PROPPATCH",
        b"MKCOL",
        b"COPY",
        b"MOVE",
        b"LOCK",
        b"UNLOCK",
        b"REPORT",
        b"SEARCH",
        b"NOTIFY",
        b"RPC_IN_DATA",
        b"RPC_OUT_DATA",
    ];
    !METHODS.contains(&octets) && METHODS.iter().any(|method| method.ends_with(octets))
}

fn strict_status_line(line: &[u8]) -> bool {
    matches!(
        line,
        [
            b'H',
            b'T',
            b'T',
            b'P',
            b'/',
            b'1',
            b'.',
            b'0' | b'1',
            b' ',
            b'1'..=b'9',
            b'0'..=b'9',
            b'0'..=b'9'
        ] | [
            b'H',
            b'T',
            b'T',
            b'P',
            b'/',
            b'1',
            b'.',
            b'0' | b'1',
            b' ',
            b'1'..=b'9',
            b'0'..=b'9',
            b'0'..=b'9',
            b' ',
            ..
        ]
    )
}

/// Whether these octets begin with a field line or, for a response, the empty line.
fn field_or_end(octets: &[u8], kind: Kind) -> bool {
    let name = octets.iter().take_while(|octet| is_token(**octet)).count();
    match octets.get(name) {
        Some(b':') => name > 0,
        Some(b'\r' | b'\n') => name == 0 && kind == Kind::Response,
        Some(_) => false,
        // The segment ends here: what there is of the name is one.
        None => true,
    }
}

/// Whether octets at a place where a message may begin could be the beginning of one, by as much
/// as there is of the first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beginning {
    /// The first line is a start line, or may become one.
    Possible,
    /// It is not.
    Impossible,
}

/// See [`Beginning`].
pub(super) fn beginning(kind: Kind, octets: &[u8]) -> Beginning {
    let line_feed = memchr::memchr(b'\n', octets);
    let line = octets.get(..line_feed.unwrap_or(octets.len())).unwrap_or_default();
    // A whole line is judged by its front too, as it would have been had it come octet by octet.
    let possible = match kind {
        Kind::Request => request_prefix(line),
        Kind::Response => response_prefix(line),
    } && (line_feed.is_none()
        || is_start_line(kind, line.strip_suffix(b"\r").unwrap_or(line)));
    if possible { Beginning::Possible } else { Beginning::Impossible }
}

/// Octets of a method; what has more before the first space is no request.
pub(super) const LONGEST_METHOD: usize = 40;

fn request_prefix(octets: &[u8]) -> bool {
    let start = octets.iter().take_while(|octet| matches!(octet, b' ' | b'\t' | 0)).count();
    let word = octets.get(start..).unwrap_or_default();
    if !word.first().is_none_or(u8::is_ascii_graphic) {
        return false;
    }
    // What is odd inside a method is a flaw of it, as where its whole line is at hand.
    let method = word.iter().take_while(|octet| !matches!(octet, b' ' | b'\t' | b'\r')).count();
    match word.get(method) {
        Some(b'\r') => true,
        Some(_) => method > 0 && method <= LONGEST_METHOD,
        None => method <= LONGEST_METHOD,
    }
}

fn response_prefix(octets: &[u8]) -> bool {
    let start = octets.iter().take_while(|octet| matches!(octet, b' ' | b'\t')).count();
    let word = octets.get(start..).unwrap_or_default();
    [&b"HTTP/"[..], b"ICY "].iter().any(|name| {
        let common = name.len().min(word.len());
        word.get(..common).is_some_and(|word| {
            name.get(..common).is_some_and(|name| word.eq_ignore_ascii_case(name))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_strict_beginnings_are_credible() {
        for (kind, text, credible_) in [
            (Kind::Request, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", true),
            (Kind::Request, "GET / HTTP/1.1\r\n\r\n", false),
            (Kind::Request, "GET / HTTP/1.1\r\nHo", true),
            (Kind::Request, "get / HTTP/1.1\r\nHost: a\r\n", false),
            (Kind::Request, "The GET / HTTP/1.1\r\nHost: a\r\n", false),
            (Kind::Response, "HTTP/1.1 200 OK\r\nA: b\r\n", true),
            (Kind::Response, "HTTP/1.1 204\r\n\r\n", true),
            (Kind::Response, "HTTP/1.1 2000 OK\r\n\r\n", false),
            (Kind::Response, "HTTP/1.1 is old\r\n\r\n", false),
        ] {
            assert_eq!(credible(kind, text.as_bytes()), credible_, "{text:?}");
        }
    }

    #[test]
    fn a_beginning_is_possible_until_it_is_not() {
        let request = b"GET /index.html HTTP/1.1\r\n";
        let response = b"HTTP/1.1 200 OK\r\n";
        for len in 0..=request.len() {
            assert_eq!(beginning(Kind::Request, &request[..len]), Beginning::Possible);
        }
        for len in 0..=response.len() {
            assert_eq!(beginning(Kind::Response, &response[..len]), Beginning::Possible);
        }
        assert_eq!(beginning(Kind::Response, b"<html>"), Beginning::Impossible);
        assert_eq!(beginning(Kind::Request, b"\x16\x03\x01"), Beginning::Impossible);
        assert_eq!(beginning(Kind::Request, b"EHLO x\r\n"), Beginning::Impossible);
    }

    #[test]
    fn known_strangers_are_named() {
        assert_eq!(foreign(b"\x16\x03\x01\x02\x00"), Some(Protocol::Tls));
        assert_eq!(foreign(b"SSH-2.0-x\r\n"), Some(Protocol::Ssh));
        assert_eq!(foreign(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Some(Protocol::Http2));
        assert_eq!(foreign(b"GET / HTTP/1.1\r\n"), None);
    }
}
