//! The head of a request in, its target URI out (RFC 9112 section 3.3): absolute, and of characters
//! that a URI may have whatever was sent. A TLS terminator before the server is not seen, so the
//! scheme is that of the connection.

use super::super::Secrets;
use crate::http::{FieldName, Head, Method};
use crate::wire::Endpoint;

/// The URI of a request; of its server, where the request was not captured.
pub(super) fn of(head: Option<&Head>, server: Endpoint, secrets: Secrets) -> Vec<u8> {
    let mut out = b"http://".to_vec();
    let Some(head) = head else {
        out.extend_from_slice(server.to_string().as_bytes());
        out.push(b'/');
        return out;
    };
    let target = secrets.target(head.target());
    if let Some((scheme, rest)) = absolute(&target) {
        out.clear();
        out.extend_from_slice(scheme);
        out.extend_from_slice(b"://");
        let end = rest.iter().position(|octet| b"/?#".contains(octet)).unwrap_or(rest.len());
        let (host, path) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        authority(&mut out, host, server);
        encode(&mut out, path);
        return out;
    }
    if head.method() == Method::Connect {
        authority(&mut out, &target, server);
        return out;
    }
    let host = head.fields().find(|field| field.name == FieldName::Host);
    let host = host.map(|field| secrets.value(&field)).unwrap_or_default();
    authority(&mut out, &host, server);
    // `OPTIONS *` is about the server as a whole, whose URI has no path.
    if *target != *b"*" {
        if target.first() != Some(&b'/') {
            out.push(b'/');
        }
        encode(&mut out, &target);
    }
    out
}

/// The scheme of a target in absolute form, and what stands behind `://`.
fn absolute(target: &[u8]) -> Option<(&[u8], &[u8])> {
    let (scheme, rest) = target.split_at_checked(memchr::memmem::find(target, b"://")?)?;
    let is_scheme = scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.iter().all(u8::is_ascii_alphanumeric);
    is_scheme.then_some((scheme, rest.get(3..)?))
}

/// Host and port without user information; those of the server, where they are none.
fn authority(out: &mut Vec<u8>, written: &[u8], server: Endpoint) {
    let begin = memchr::memrchr(b'@', written).map_or(0, |at| at + 1);
    let written = written.get(begin..).unwrap_or_default();
    if is_authority(written) {
        out.extend_from_slice(written);
    } else {
        out.extend_from_slice(server.to_string().as_bytes());
    }
}

/// Whether these are a host and perhaps a port as every reader of URIs takes them.
fn is_authority(written: &[u8]) -> bool {
    let (host, port) = match written.strip_prefix(b"[") {
        Some(address) => {
            let end = memchr::memchr(b']', address).unwrap_or(address.len());
            let (address, rest) = address.split_at_checked(end).unwrap_or((address, &[]));
            let text = std::str::from_utf8(address).ok();
            let is_address = text.is_some_and(|text| text.parse::<std::net::Ipv6Addr>().is_ok());
            (is_address, rest.strip_prefix(b"]"))
        }
        None => {
            let end = memchr::memchr(b':', written).unwrap_or(written.len());
            let (name, rest) = written.split_at_checked(end).unwrap_or((written, &[]));
            let plain = |octet: &u8| octet.is_ascii_alphanumeric() || b".-_".contains(octet);
            (!name.is_empty() && name.iter().all(plain), Some(rest))
        }
    };
    let is_port = |port: &[u8]| {
        let digits = port.strip_prefix(b":").and_then(|digits| std::str::from_utf8(digits).ok());
        port.is_empty() || digits.is_some_and(|digits| digits.parse::<u16>().is_ok())
    };
    host && port.is_some_and(is_port)
}

/// Percent-encodes what a URI cannot have (RFC 3986 section 2). A `#` too: it was sent to the
/// server, and what is sent has no fragment.
fn encode(out: &mut Vec<u8>, target: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for (at, octet) in target.iter().enumerate() {
        let fits = match octet {
            b'%' => target
                .get(at + 1..at + 3)
                .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
            _ => octet.is_ascii_alphanumeric() || b"-._~:/?@!$&'()*+,;=".contains(octet),
        };
        if fits {
            out.push(*octet);
        } else {
            out.push(b'%');
            out.extend(HEX.get(usize::from(octet >> 4)));
            out.extend(HEX.get(usize::from(octet & 15)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_host_and_a_port_are_an_authority() {
        for (written, is) in [
            ("shop.example", true),
            ("shop.example:8080", true),
            ("10.0.0.1:80", true),
            ("[2001:db8::1]:80", true),
            ("[2001:db8::1]", true),
            ("", false),
            (":80", false),
            ("a:b", false),
            ("a:99999", false),
            ("a:80:80", false),
            ("a/b", false),
            ("a b", false),
            ("[::1", false),
            ("[x]", false),
            ("[::1]x", false),
            ("2001:db8::1", false),
            ("a?b", false),
        ] {
            assert_eq!(is_authority(written.as_bytes()), is, "{written}");
        }
    }

    #[test]
    fn whatever_was_sent_is_a_uri() {
        for (target, written) in [
            (&b"/a?b=c&d=%20"[..], "/a?b=c&d=%20"),
            (b"/a b\"<>\\^`{|}[]#", "/a%20b%22%3C%3E%5C%5E%60%7B%7C%7D%5B%5D%23"),
            (b"/100%", "/100%25"),
            (b"/%zz\xe9\x1b", "/%25zz%E9%1B"),
        ] {
            let mut out = Vec::new();
            encode(&mut out, target);
            assert_eq!(String::from_utf8(out).unwrap(), written);
        }
    }
}
