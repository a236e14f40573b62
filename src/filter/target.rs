//! Parts of a request target (RFC 9112 section 3.2): octets in, the authority, path and query in them
//! out. Takes what came, well-formed or not, and decodes nothing.

use crate::http::{FieldName, Method};

use super::Subject;

/// Where the authority of a target in absolute form stands, and what follows it.
fn absolute(target: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = target.iter().position(|octet| !octet.is_ascii_alphanumeric())?;
    let rest = target.get(colon..)?.strip_prefix(b"://")?;
    let end = rest.iter().position(|octet| matches!(octet, b'/' | b'?' | b'#'));
    let (authority, rest) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
    // Userinfo (RFC 3986 section 3.2.1) is no part of the host.
    let at = memchr::memrchr(b'@', authority).map_or(0, |at| at + 1);
    Some((authority.get(at..)?, rest))
}

/// The target as it was sent.
pub(super) fn target<'s>(subject: &Subject<'s>) -> Option<&'s [u8]> {
    subject.exchange.request.as_deref().map(|request| request.head.target())
}

/// The path; none in the target of CONNECT.
pub(super) fn path<'s>(subject: &Subject<'s>) -> Option<&'s [u8]> {
    let target = target(subject)?;
    if subject.exchange.method() == Some(Method::Connect) {
        return None;
    }
    let rest = absolute(target).map_or(target, |(_, rest)| rest);
    rest.get(..memchr::memchr2(b'?', b'#', rest).unwrap_or(rest.len()))
}

/// What stands behind the first question mark.
pub(super) fn query<'s>(subject: &Subject<'s>) -> Option<&'s [u8]> {
    let target = target(subject)?;
    target.get(memchr::memchr(b'?', target)? + 1..)
}

/// Tells the hosts: of the target, and of every Host field; each with its port and without it.
pub(super) fn hosts(subject: &Subject<'_>, see: &mut dyn FnMut(&[u8]) -> bool) -> bool {
    let Some(request) = subject.exchange.request.as_deref() else { return false };
    let target = request.head.target();
    let authority = match request.head.method() {
        Method::Connect => Some(target),
        _ => absolute(target).map(|(authority, _)| authority),
    };
    authority.into_iter().chain(request.head.values(FieldName::Host)).any(|host| {
        let name = without_port(host);
        see(host) || (name.len() < host.len() && see(name))
    })
}

fn without_port(host: &[u8]) -> &[u8] {
    let digits = host.iter().rev().take_while(|octet| octet.is_ascii_digit()).count();
    let name = host.get(..host.len().saturating_sub(digits)).unwrap_or_default();
    match name.split_last() {
        // A colon inside an address in brackets is not that of a port.
        Some((b':', name)) if digits > 0 && (!name.contains(&b':') || name.ends_with(b"]")) => name,
        _ => host,
    }
}

/// Tells host and target in one piece, without the scheme where the request does not name it.
pub(super) fn url(subject: &Subject<'_>, see: &mut dyn FnMut(&[u8]) -> bool) -> bool {
    joined(subject, b"", see)
}

/// Tells the same as it stands in the address line of a browser.
pub(super) fn full_url(subject: &Subject<'_>, see: &mut dyn FnMut(&[u8]) -> bool) -> bool {
    joined(subject, b"http://", see)
}

fn joined(subject: &Subject<'_>, scheme: &[u8], see: &mut dyn FnMut(&[u8]) -> bool) -> bool {
    let Some(request) = subject.exchange.request.as_deref() else { return false };
    let target = request.head.target();
    let host = request.head.value(FieldName::Host).unwrap_or_default();
    if !target.starts_with(b"/") || host.is_empty() {
        return see(target);
    }
    let mut small = [0; 512];
    match small.get_mut(..scheme.len() + host.len() + target.len()) {
        Some(small) => {
            let (front, rest) = small.split_at_mut(scheme.len());
            let (middle, back) = rest.split_at_mut(host.len());
            front.copy_from_slice(scheme);
            middle.copy_from_slice(host);
            back.copy_from_slice(target);
            see(small)
        }
        None => see(&[scheme, host, target].concat()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_taken_off_and_nothing_else() {
        for (host, name) in [
            ("shop.example:8080", "shop.example"),
            ("shop.example", "shop.example"),
            ("shop2", "shop2"),
            ("[2001:db8::1]:80", "[2001:db8::1]"),
            ("[2001:db8::1]", "[2001:db8::1]"),
            ("2001:db8::1", "2001:db8::1"),
            (":80", ""),
            ("80", "80"),
            ("a:", "a:"),
            ("", ""),
        ] {
            assert_eq!(without_port(host.as_bytes()), name.as_bytes(), "{host}");
        }
    }

    #[test]
    fn only_a_scheme_makes_a_target_absolute() {
        let parts = |target: &'static str| {
            absolute(target.as_bytes()).map(|(a, rest)| {
                (
                    String::from_utf8_lossy(a).into_owned(),
                    String::from_utf8_lossy(rest).into_owned(),
                )
            })
        };
        let pair = |a: &str, rest: &str| Some((a.to_owned(), rest.to_owned()));
        assert_eq!(parts("http://a.example:8/x?y"), pair("a.example:8", "/x?y"));
        assert_eq!(parts("http://u:p@a.example"), pair("a.example", ""));
        assert_eq!(parts("/x?u=http://a.example/"), None);
        assert_eq!(parts("*"), None);
        assert_eq!(parts(""), None);
    }
}
