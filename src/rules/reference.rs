//! URI references (RFC 3986): what a Location means for the request that it answers. In come captured
//! octets, out go addresses that can be compared. Total on whatever the octets are.

use crate::http::{FieldName, Head, Method};

use super::report::path;

/// How an address begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Scheme {
    Http,
    Https,
    Other,
}

/// An address, so written that equal ones are equal: the host in lower case and without a default
/// port, the path without dot segments, no fragment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Url {
    pub scheme: Scheme,
    /// Host and port; of another scheme empty.
    pub host: Vec<u8>,
    /// Path and query; of another scheme all behind the colon.
    pub target: Vec<u8>,
}

impl Url {
    /// The address that a request asks for; none for `CONNECT` and `OPTIONS *`, and where there is no
    /// host.
    pub fn of(request: &Head) -> Option<Self> {
        let target = request.target();
        if request.method() == Method::Connect || target == b"*" || target.is_empty() {
            return None;
        }
        if target.starts_with(b"/") {
            let host = authority(Scheme::Http, request.value(FieldName::Host)?);
            return Some(Self {
                scheme: Scheme::Http,
                host,
                target: without_fragment(target).to_vec(),
            });
        }
        Self::absolute(target)
    }

    /// The address that a reference means in the answer to a request (RFC 3986 section 5.2).
    pub fn resolve(request: &Head, reference: &[u8]) -> Option<Self> {
        let reference = without_fragment(reference.trim_ascii());
        if let Some(url) = Self::absolute(reference) {
            return Some(url);
        }
        let base = Self::of(request)?;
        if let Some(rest) = reference.strip_prefix(b"//") {
            return Some(Self::hierarchical(base.scheme, rest));
        }
        let own = path(&base.target).to_vec();
        let target = match reference.first() {
            None => base.target.clone(),
            Some(b'/') => without_dots(reference),
            Some(b'?') => [&own[..], reference].concat(),
            Some(_) => {
                let folder = memchr::memrchr(b'/', &own).map_or(0, |at| at + 1);
                without_dots(&[own.get(..folder).unwrap_or_default(), reference].concat())
            }
        };
        Some(Self { target, ..base })
    }

    /// An address with a scheme of its own.
    fn absolute(text: &[u8]) -> Option<Self> {
        let colon = memchr::memchr(b':', text)?;
        let (scheme, rest) = (text.get(..colon)?, text.get(colon + 1..)?);
        let of_scheme = |octet: &u8| octet.is_ascii_alphanumeric() || b"+-.".contains(octet);
        if !scheme.first()?.is_ascii_alphabetic() || !scheme.iter().all(of_scheme) {
            return None;
        }
        let scheme = match scheme {
            _ if scheme.eq_ignore_ascii_case(b"http") => Scheme::Http,
            _ if scheme.eq_ignore_ascii_case(b"https") => Scheme::Https,
            _ => Scheme::Other,
        };
        match (scheme, rest.strip_prefix(b"//")) {
            (Scheme::Http | Scheme::Https, Some(rest)) => Some(Self::hierarchical(scheme, rest)),
            _ => Some(Self { scheme: Scheme::Other, host: Vec::new(), target: text.to_vec() }),
        }
    }

    /// What stands behind `//`.
    fn hierarchical(scheme: Scheme, rest: &[u8]) -> Self {
        let rest = without_fragment(rest);
        let end = memchr::memchr2(b'/', b'?', rest).unwrap_or(rest.len());
        let (host, target) = rest.split_at(end);
        let target = match target.first() {
            Some(b'/') => without_dots(target),
            _ => [b"/", target].concat(),
        };
        Self { scheme, host: authority(scheme, host), target }
    }

    /// The host without its port.
    pub fn host_name(&self) -> &[u8] {
        if self.host.starts_with(b"[") {
            let end = memchr::memchr(b']', &self.host).map_or(self.host.len(), |at| at + 1);
            return self.host.get(..end).unwrap_or_default();
        }
        self.host.split(|octet| *octet == b':').next().unwrap_or_default()
    }

    /// Whether scheme, host and port are the same (RFC 9110 section 4.3.1).
    pub fn same_origin(&self, other: &Self) -> bool {
        (self.scheme, &self.host) == (other.scheme, &other.host)
    }

    /// Whether the hosts belong to the same registered domain, as far as their labels tell: the last
    /// two, or three below such as `co.uk`.
    pub fn same_site(&self, other: &Self) -> bool {
        self.site() == other.site()
    }

    /// The last labels of the host, which mostly have one owner.
    pub fn site(&self) -> &[u8] {
        site(self.host_name())
    }

    /// The address as text, neither escaped nor without secrets.
    pub fn text(&self) -> Vec<u8> {
        match self.scheme {
            Scheme::Http => [b"http://", &self.host[..], &self.target].concat(),
            Scheme::Https => [b"https://", &self.host[..], &self.target].concat(),
            Scheme::Other => self.target.clone(),
        }
    }
}

/// Labels under which a country registers names.
const REGISTRIES: [&[u8]; 15] = [
    b"ac", b"co", b"com", b"edu", b"go", b"gob", b"gov", b"ltd", b"mil", b"ne", b"net", b"nom",
    b"or", b"org", b"plc",
];

fn site(host: &[u8]) -> &[u8] {
    let is_address =
        host.starts_with(b"[") || host.iter().all(|o| o.is_ascii_digit() || *o == b'.');
    if is_address {
        return host;
    }
    let labels: Vec<&[u8]> = host.split(|octet| *octet == b'.').collect();
    let count = match &labels[..] {
        [.., second, top] if top.len() == 2 && REGISTRIES.contains(second) => 3,
        _ => 2,
    };
    let taken: usize = labels.iter().rev().take(count).map(|label| label.len() + 1).sum();
    host.get(host.len().saturating_sub(taken.saturating_sub(1))..).unwrap_or(host)
}

fn authority(scheme: Scheme, octets: &[u8]) -> Vec<u8> {
    let octets = octets.trim_ascii();
    let host = match memchr::memrchr(b'@', octets) {
        Some(at) => octets.get(at + 1..).unwrap_or_default(),
        None => octets,
    };
    let port: &[u8] = if scheme == Scheme::Https { b":443" } else { b":80" };
    host.strip_suffix(port).unwrap_or(host).to_ascii_lowercase()
}

fn without_fragment(octets: &[u8]) -> &[u8] {
    octets.split(|octet| *octet == b'#').next().unwrap_or_default()
}

/// RFC 3986 section 5.2.4; the query stays as it is.
fn without_dots(target: &[u8]) -> Vec<u8> {
    let end = memchr::memchr(b'?', target).unwrap_or(target.len());
    let (path, query) = target.split_at(end);
    if memchr::memmem::find(path, b"/.").is_none() {
        return target.to_vec();
    }
    let mut kept: Vec<&[u8]> = Vec::new();
    let mut segments = path.split(|octet| *octet == b'/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            b"." | b".." => {
                if segment == b".." {
                    kept.pop();
                }
                if is_last {
                    kept.push(b"");
                }
            }
            _ => kept.push(segment),
        }
    }
    [b"/", &kept.join(&b'/')[..], query].concat()
}

/// What is wrong with a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is empty, has blanks or control octets, or a percent sign without two digits.
    Broken,
    /// It has characters that have to be encoded, which browsers repair.
    NotEncoded,
}

/// What is wrong with a reference (RFC 3986 appendix A, as far as characters go).
pub(super) fn fault(reference: &[u8]) -> Option<Fault> {
    if reference.is_empty() {
        return Some(Fault::Broken);
    }
    let mut mild = false;
    let mut rest = reference;
    while let [octet, behind @ ..] = rest {
        match octet {
            b'%' if !matches!(behind, [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit()) =>
            {
                return Some(Fault::Broken);
            }
            0..=b' ' | 0x7f => return Some(Fault::Broken),
            0x80.. | b'|' | b'^' | b'{' | b'}' | b'"' | b'<' | b'>' | b'`' | b'\\' => mild = true,
            _ => {}
        }
        rest = behind;
    }
    mild.then_some(Fault::NotEncoded)
}

/// The Location of a response as an address, where it is a valid reference.
pub(super) fn location(request: &Head, response: &Head) -> Option<Url> {
    let value = response.value(FieldName::Location)?;
    match fault(value) {
        None => Url::resolve(request, value),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_go_and_everything_else_stays() {
        for (given, shown) in [
            ("/a/./b/../c?x=/../", "/a/c?x=/../"),
            ("/a/b/..", "/a/"),
            ("/..", "/"),
            ("/a/.b/c", "/a/.b/c"),
            ("/", "/"),
        ] {
            assert_eq!(without_dots(given.as_bytes()), shown.as_bytes(), "{given}");
        }
    }

    #[test]
    fn references_are_judged_by_their_characters() {
        for (given, found) in [
            ("/a?b=c#d", None),
            ("", Some(Fault::Broken)),
            ("/a b", Some(Fault::Broken)),
            ("/%zz", Some(Fault::Broken)),
            ("/%4", Some(Fault::Broken)),
            ("/a|b", Some(Fault::NotEncoded)),
            ("/\u{8def}", Some(Fault::NotEncoded)),
            ("/\u{8def} ", Some(Fault::Broken)),
        ] {
            assert_eq!(fault(given.as_bytes()), found, "{given}");
        }
    }

    #[test]
    fn sites_are_the_last_labels() {
        for (host, expected) in [
            ("www.shop.example", "shop.example"),
            ("shop.example", "shop.example"),
            ("a.b.co.uk", "b.co.uk"),
            ("shop.firm.com.cn", "firm.com.cn"),
            ("www.ab.de", "ab.de"),
            ("localhost", "localhost"),
            ("10.0.0.1", "10.0.0.1"),
            ("[2001:db8::1]", "[2001:db8::1]"),
        ] {
            assert_eq!(site(host.as_bytes()), expected.as_bytes(), "{host}");
        }
    }

    #[test]
    fn absolute_addresses_are_normalised() {
        let url = Url::absolute(b"HTTP://u:p@Shop.Example:80/a/../b?c#d").unwrap();
        assert_eq!(url.text(), b"http://shop.example/b?c");
        let url = Url::absolute(b"https://shop.example:443").unwrap();
        assert_eq!(
            (url.scheme, &url.host[..], &url.target[..]),
            (Scheme::Https, &b"shop.example"[..], &b"/"[..])
        );
        assert_eq!(Url::absolute(b"mailto:a@b").unwrap().scheme, Scheme::Other);
        assert_eq!(Url::absolute(b"/a:b"), None);
    }
}
