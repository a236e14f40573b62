//! Header fields and targets in, the same without what lets a reader act as somebody else out:
//! credentials, cookies, tokens in queries, passwords in URLs. Names and schemes stay, so that one
//! sees what was sent; values become `<hidden>`. Guesses by name, on the safe side.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use crate::http::{Field, FieldName};

/// What stands where a secret was.
pub const HIDDEN: &[u8] = b"<hidden>";

/// Whether secrets go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Secrets {
    /// They become `<hidden>`.
    #[default]
    Hidden,
    /// They go out as they were sent.
    Shown,
}

/// Authentication schemes that may be shown (IANA's registry, and what products use). Any other
/// first word could be the secret itself.
const SCHEMES: &[&str] = &[
    "apikey",
    "aws",
    "aws4-hmac-sha256",
    "basic",
    "bearer",
    "concealed",
    "digest",
    "dpop",
    "gnap",
    "hawk",
    "hoba",
    "key",
    "mac",
    "mutual",
    "negotiate",
    "ntlm",
    "oauth",
    "privatetoken",
    "scram-sha-1",
    "scram-sha-256",
    "sharedkey",
    "token",
    "vapid",
];

/// Attributes of Set-Cookie that may be shown with their values.
const COOKIE_ATTRIBUTES: &[&str] = &[
    "domain",
    "expires",
    "httponly",
    "max-age",
    "partitioned",
    "path",
    "priority",
    "samesite",
    "secure",
];

/// Parts of names that tell a secret.
const WORDS: &[&str] = &[
    "apikey",
    "cookie",
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

/// Octets of the name of a parameter that are looked at.
const LONGEST_NAME: usize = 128;

/// Field names that sound like secrets and are none.
const HARMLESS: &[&str] =
    &["cache-key", "public-key-pins", "surrogate-key", "x-cache-key", "x-surrogate-key"];

impl Secrets {
    /// The value of a field as it may go out.
    pub fn value<'h>(self, field: &Field<'h>) -> Cow<'h, [u8]> {
        let value = field.value;
        if self == Self::Shown {
            return Cow::Borrowed(value);
        }
        match field.name {
            FieldName::Authorization | FieldName::ProxyAuthorization => credentials(value),
            FieldName::Cookie => cookies(value, &[]),
            FieldName::SetCookie => cookies(value, COOKIE_ATTRIBUTES),
            FieldName::AuthenticationInfo => Cow::Borrowed(HIDDEN),
            FieldName::Host => authority(value),
            FieldName::Other if tells_secret(field.name_octets) && !value.is_empty() => {
                Cow::Borrowed(HIDDEN)
            }
            _ => urls(value),
        }
    }

    /// A request target as it may go out.
    pub fn target(self, target: &[u8]) -> Cow<'_, [u8]> {
        if self == Self::Shown {
            return Cow::Borrowed(target);
        }
        if target.first() == Some(&b'/') {
            return urls(target);
        }
        match urls(target) {
            Cow::Borrowed(same) => authority(same),
            Cow::Owned(hidden) => Cow::Owned(authority(&hidden).into_owned()),
        }
    }

    /// A request line as it may go out, given the target that stands in it.
    pub fn target_in_line<'l>(self, line: &'l [u8], target: &[u8]) -> Cow<'l, [u8]> {
        let hidden = self.target(target);
        if matches!(hidden, Cow::Borrowed(_)) {
            return Cow::Borrowed(line);
        }
        match memmem::find(line, target) {
            Some(at) => {
                let (before, rest) = line.split_at(at);
                let behind = rest.get(target.len()..).unwrap_or_default();
                Cow::Owned([before, &hidden, behind].concat())
            }
            None => urls(line),
        }
    }

    /// Captured text that is quoted without knowing what it is, as [`quoted`] makes it.
    pub fn quoted(self, text: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Self::Hidden => quoted(text),
            Self::Shown => Cow::Borrowed(text),
        }
    }

    /// A line of a text as it may go out: parameters of forms and members of JSON, by their names.
    pub fn line(self, line: &[u8]) -> Cow<'_, [u8]> {
        if self == Self::Shown {
            return Cow::Borrowed(line);
        }
        match urls(line) {
            Cow::Borrowed(line) => members(line),
            Cow::Owned(line) => Cow::Owned(members(&line).into_owned()),
        }
    }

    /// A text of any number of lines as it may go out: the same for each of them, and for members of
    /// JSON whose value stands further down than their name.
    pub fn text(self, text: &[u8]) -> Cow<'_, [u8]> {
        if self == Self::Shown {
            return Cow::Borrowed(text);
        }
        let mut out = Vec::with_capacity(text.len());
        for (place, line) in members(text).split(|octet| *octet == b'\n').enumerate() {
            if place > 0 {
                out.push(b'\n');
            }
            out.extend_from_slice(&self.line(line));
        }
        Cow::Owned(out)
    }
}

/// Captured text that is quoted without knowing what it is: a line, a value, part of a message.
/// Hides whatever tells by its name or place that it is a secret.
pub fn quoted(text: &[u8]) -> Cow<'_, [u8]> {
    let text = match field_line(text) {
        Some(hidden) => return Cow::Owned(hidden),
        None => Secrets::Hidden.line(text),
    };
    match text {
        Cow::Borrowed(text) => users(text),
        Cow::Owned(text) => Cow::Owned(users(&text).into_owned()),
    }
}

/// `Authorization: Bearer abc` as `Authorization: Bearer <hidden>`; none where it is no such line.
fn field_line(line: &[u8]) -> Option<Vec<u8>> {
    let colon = memchr(b':', line)?;
    let (name_octets, value) = (line.get(..colon)?.trim_ascii(), line.get(colon + 1..)?);
    let token = |octet: &u8| octet.is_ascii_alphanumeric() || b"-_".contains(octet);
    if name_octets.is_empty() || !name_octets.iter().all(token) || value.starts_with(b"//") {
        return None;
    }
    let name = FieldName::recognise(name_octets);
    let field = Field { name, name_octets, value: value.trim_ascii() };
    let hidden = Secrets::Hidden.value(&field);
    (hidden != field.value).then(|| [name_octets, b": ", &hidden].concat())
}

/// `user:password@host` as `<hidden>@host`, where no `//` says that it is part of a URL.
fn users(text: &[u8]) -> Cow<'_, [u8]> {
    let mut out: Vec<u8> = Vec::new();
    let mut written = 0;
    for at in memchr::memchr_iter(b'@', text) {
        let before = text.get(written..at).unwrap_or_default();
        let begin = before.iter().rposition(|octet| b" ,;\"'<(=/\t".contains(octet));
        let begin = begin.map_or(0, |place| place + 1);
        let word = before.get(begin..).unwrap_or_default();
        if memchr(b':', word).is_none() {
            continue;
        }
        out.extend_from_slice(before.get(..begin).unwrap_or_default());
        out.extend_from_slice(HIDDEN);
        written = at;
    }
    finish(text, out, written)
}

/// `Bearer abc` as `Bearer <hidden>`.
fn credentials(value: &[u8]) -> Cow<'_, [u8]> {
    let Some(blank) = memchr(b' ', value) else { return Cow::Borrowed(HIDDEN) };
    let scheme = value.get(..blank).unwrap_or_default();
    if !SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known.as_bytes())) {
        return Cow::Borrowed(HIDDEN);
    }
    Cow::Owned([scheme, b" ", HIDDEN].concat())
}

/// `a=1; b=2` as `a=<hidden>; b=<hidden>`; the named attributes behind the first keep theirs.
fn cookies<'v>(value: &'v [u8], attributes: &[&str]) -> Cow<'v, [u8]> {
    let mut out = Vec::with_capacity(value.len());
    for (index, pair) in value.split(|octet| *octet == b';').enumerate() {
        let pair = pair.trim_ascii();
        if index > 0 {
            out.extend_from_slice(b"; ");
        }
        let name = pair.split(|octet| *octet == b'=').next().unwrap_or_default();
        let is = |known: &&str| name.trim_ascii().eq_ignore_ascii_case(known.as_bytes());
        if index > 0 && attributes.iter().any(is) {
            out.extend_from_slice(pair);
        } else if name.len() < pair.len() {
            out.extend_from_slice(name);
            out.push(b'=');
            out.extend_from_slice(HIDDEN);
        } else if !pair.is_empty() {
            out.extend_from_slice(HIDDEN);
        }
    }
    Cow::Owned(out)
}

/// An authority (RFC 3986 section 3.2) without its user information; the value of Host is one.
pub fn authority(value: &[u8]) -> Cow<'_, [u8]> {
    let end = value.iter().position(|octet| b"/?#".contains(octet)).unwrap_or(value.len());
    let at = value.get(..end).and_then(|authority| memchr::memrchr(b'@', authority));
    let Some(at) = at else { return Cow::Borrowed(value) };
    let rest = value.get(at..).unwrap_or_default();
    Cow::Owned([HIDDEN, rest].concat())
}

/// Hides user information and the values of parameters with a telling name wherever they stand.
fn urls(value: &[u8]) -> Cow<'_, [u8]> {
    // Most values have neither.
    if memchr::memchr2(b'@', b'=', value).is_none() {
        return Cow::Borrowed(value);
    }
    let value = match memchr(b'@', value) {
        Some(_) => user_information(value),
        None => Cow::Borrowed(value),
    };
    if memchr(b'=', &value).is_none() {
        return value;
    }
    match value {
        Cow::Borrowed(value) => parameters(value),
        Cow::Owned(value) => Cow::Owned(parameters(&value).into_owned()),
    }
}

/// `//user:password@host` as `//<hidden>@host`, every time.
fn user_information(value: &[u8]) -> Cow<'_, [u8]> {
    let mut out: Vec<u8> = Vec::new();
    let mut written = 0;
    for slashes in memmem::find_iter(value, b"//") {
        let start = slashes + 2;
        if start < written {
            continue;
        }
        let rest = value.get(start..).unwrap_or_default();
        let end = rest.iter().position(|octet| b"/?# \"<>".contains(octet)).unwrap_or(rest.len());
        let Some(at) = rest.get(..end).and_then(|host| memchr::memrchr(b'@', host)) else {
            continue;
        };
        out.extend_from_slice(value.get(written..start).unwrap_or_default());
        out.extend_from_slice(HIDDEN);
        written = start + at;
    }
    finish(value, out, written)
}

/// `?token=abc&a=b` as `?token=<hidden>&a=b`.
fn parameters(value: &[u8]) -> Cow<'_, [u8]> {
    let mut out: Vec<u8> = Vec::new();
    let mut written = 0;
    for equals in memchr::memchr_iter(b'=', value) {
        if equals < written {
            continue;
        }
        // Of a very long name the end has to do, so that no text takes longer than its octets do.
        let from = written.max(equals.saturating_sub(LONGEST_NAME));
        let before = value.get(from..equals).unwrap_or_default();
        let begin = before.iter().rposition(|octet| b"?&;#/ ,\"<{[=".contains(octet));
        let name = before.get(begin.map_or(0, |at| at + 1)..).unwrap_or_default();
        if !tells_parameter(name) {
            continue;
        }
        let start = equals + 1;
        let rest = value.get(start..).unwrap_or_default();
        let len = match rest.first() {
            Some(b'"') => memchr(b'"', rest.get(1..).unwrap_or_default()).map(|at| at + 2),
            _ => rest.iter().position(|octet| b"&;# ,\"<>".contains(octet)),
        };
        let end = start + len.unwrap_or(rest.len());
        if end == start {
            continue;
        }
        out.extend_from_slice(value.get(written..start).unwrap_or_default());
        out.extend_from_slice(HIDDEN);
        written = end;
    }
    finish(value, out, written)
}

/// `"password": "abc"` as `"password": "<hidden>"`.
fn members(line: &[u8]) -> Cow<'_, [u8]> {
    let mut out: Vec<u8> = Vec::new();
    let mut written = 0;
    for colon in memchr::memchr_iter(b':', line) {
        if colon < written {
            continue;
        }
        let name = line.get(written..colon).unwrap_or_default().trim_ascii_end();
        let Some(name) = name.strip_suffix(b"\"") else { continue };
        let begin = memchr::memrchr(b'"', name).map_or(0, |at| at + 1);
        let name = name.get(begin..).unwrap_or_default();
        let after = line.get(colon + 1..).unwrap_or_default();
        let blanks = after.len() - after.trim_ascii_start().len();
        let Some(value) = after.trim_ascii_start().strip_prefix(b"\"") else { continue };
        if !tells_parameter(name) {
            continue;
        }
        let start = colon + 1 + blanks + 1;
        let mut escaped = false;
        let end = value.iter().position(|octet| {
            let closes = *octet == b'"' && !escaped;
            escaped = *octet == b'\\' && !escaped;
            closes
        });
        out.extend_from_slice(line.get(written..start).unwrap_or_default());
        out.extend_from_slice(HIDDEN);
        written = start + end.unwrap_or(value.len());
    }
    finish(line, out, written)
}

fn finish(value: &[u8], mut out: Vec<u8>, written: usize) -> Cow<'_, [u8]> {
    if written == 0 {
        return Cow::Borrowed(value);
    }
    out.extend_from_slice(value.get(written..).unwrap_or_default());
    Cow::Owned(out)
}

/// Whether the name of a field tells that its value is a secret.
fn tells_secret(name: &[u8]) -> bool {
    let harmless = || HARMLESS.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
    (has_word(name) || contains(name, "key")) && !harmless()
}

/// Whether the name of a parameter or member tells that its value is a secret.
fn tells_parameter(name: &[u8]) -> bool {
    let whole = || WHOLE_NAMES.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
    let key = || {
        let end = name.get(name.len().saturating_sub(4)..).unwrap_or_default();
        end.eq_ignore_ascii_case(b"_key") || end.eq_ignore_ascii_case(b"-key")
    };
    !name.is_empty() && (has_word(name) || whole() || key())
}

fn has_word(name: &[u8]) -> bool {
    WORDS.iter().any(|word| contains(name, word)) || authenticates(name)
}

/// Whether `auth` stands in it and does not begin `author`, which is no secret.
fn authenticates(name: &[u8]) -> bool {
    let at = |start: usize, word: &[u8]| {
        name.get(start..start + word.len()).is_some_and(|part| part.eq_ignore_ascii_case(word))
    };
    (0..name.len())
        .any(|start| at(start, b"auth") && (!at(start, b"author") || at(start, b"authoriz")))
}

fn contains(name: &[u8], word: &str) -> bool {
    name.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &'static str, value: &'static str) -> String {
        let field = Field {
            name: FieldName::recognise(name.as_bytes()),
            name_octets: name.as_bytes(),
            value: value.as_bytes(),
        };
        assert_eq!(Secrets::Shown.value(&field), value.as_bytes());
        String::from_utf8(Secrets::Hidden.value(&field).into_owned()).unwrap()
    }

    fn target(target: &str) -> String {
        String::from_utf8(Secrets::Hidden.target(target.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn what_identifies_somebody_is_hidden() {
        for (name, value, shown) in [
            ("Authorization", "Bearer CANARY", "Bearer <hidden>"),
            ("authorization", "CANARY", "<hidden>"),
            ("Authorization", "CANARY CANARY", "<hidden>"),
            ("Proxy-Authorization", "Basic CANARY==", "Basic <hidden>"),
            ("Authorization", "Digest username=\"CANARY\", response=\"CANARY\"", "Digest <hidden>"),
            ("Cookie", "sid=CANARY; CANARY; b=", "sid=<hidden>; <hidden>; b=<hidden>"),
            ("Set-Cookie", "sid=CANARY; Path=/; HttpOnly", "sid=<hidden>; Path=/; HttpOnly"),
            ("Set-Cookie", "path=CANARY; x=CANARY", "path=<hidden>; x=<hidden>"),
            ("Authentication-Info", "nextnonce=\"CANARY\"", "<hidden>"),
            ("Proxy-Authentication-Info", "rspauth=CANARY", "<hidden>"),
            ("X-Api-Key", "CANARY", "<hidden>"),
            ("X-Amz-Security-Token", "CANARY", "<hidden>"),
            ("X-CSRF-TOKEN", "CANARY", "<hidden>"),
            ("X-Auth", "CANARY", "<hidden>"),
            ("X-Session-Id", "CANARY", "<hidden>"),
            ("Location", "https://a:CANARY@b.example/", "https://<hidden>@b.example/"),
            ("Referer", "http://b/?access_token=CANARY&x=1", "http://b/?access_token=<hidden>&x=1"),
            ("Location", "/cb#id_token=CANARY&state=1", "/cb#id_token=<hidden>&state=1"),
            ("Host", "a:CANARY@b.example:80", "<hidden>@b.example:80"),
            ("Link", "<http://b/?sig=CANARY>; rel=next", "<http://b/?sig=<hidden>>; rel=next"),
        ] {
            let made = field(name, value);
            assert_eq!(made, shown, "{name}: {value}");
            assert!(!made.contains("CANARY"));
        }
    }

    #[test]
    fn what_identifies_nobody_stays() {
        for (name, value) in [
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Idempotency-Key", "42"),
            ("Surrogate-Key", "a b"),
            ("X-Author", "somebody"),
            ("WWW-Authenticate", "Basic realm=\"shop\""),
            ("Content-Type", "multipart/form-data; boundary=abc"),
            ("Cache-Control", "max-age=60, public"),
            ("Keep-Alive", "timeout=60"),
            ("From", "ops@shop.example"),
            ("X-Api-Key", ""),
        ] {
            assert_eq!(field(name, value), value, "{name}");
        }
    }

    #[test]
    fn targets_keep_all_but_the_secret() {
        for (given, shown) in [
            ("/orders/42?page=2", "/orders/42?page=2"),
            ("/a?token=CANARY", "/a?token=<hidden>"),
            ("/a?b=1&API_KEY=CANARY&c=2", "/a?b=1&API_KEY=<hidden>&c=2"),
            ("/a?password=CANARY#x", "/a?password=<hidden>#x"),
            ("/a?token=", "/a?token="),
            ("/a;jsessionid=CANARY?b=c", "/a;jsessionid=<hidden>"),
            ("http://u:CANARY@h/p?sig=CANARY", "http://<hidden>@h/p?sig=<hidden>"),
            ("/go?to=http://u:CANARY@h/", "/go?to=http://<hidden>@h/"),
            ("u:CANARY@h:443", "<hidden>@h:443"),
            ("u:CANARY@h/x?token=CANARY", "<hidden>@h/x?token=<hidden>"),
            ("/@scope/package", "/@scope/package"),
            ("/a?author=me&monkey=1", "/a?author=me&monkey=1"),
            ("*", "*"),
        ] {
            assert_eq!(target(given), shown, "{given}");
        }
    }

    #[test]
    fn bodies_are_searched_by_the_names_in_them() {
        for (line, shown) in [
            (
                r#"{"user":"a","password":"CAN\"ARY","n":1}"#,
                r#"{"user":"a","password":"<hidden>","n":1}"#,
            ),
            (r#"  "access_token" : "CANARY","#, r#"  "access_token" : "<hidden>","#),
            ("user=a&password=CANARY&x=1", "user=a&password=<hidden>&x=1"),
            ("nothing: here", "nothing: here"),
        ] {
            assert_eq!(Secrets::Hidden.line(line.as_bytes()), shown.as_bytes());
        }
    }

    #[test]
    fn a_value_further_down_than_its_name_is_hidden() {
        let text = b"{\"password\"\n:\n \"CANARY\",\n\"a\":1}\ntoken=CANARY\nx=1\n";
        let shown = b"{\"password\"\n:\n \"<hidden>\",\n\"a\":1}\ntoken=<hidden>\nx=1\n";
        assert_eq!(
            String::from_utf8_lossy(&Secrets::Hidden.text(text)),
            String::from_utf8_lossy(shown)
        );
        assert_eq!(*Secrets::Shown.text(text), *text);
    }

    #[test]
    fn a_long_text_takes_as_long_as_its_octets() {
        // Looking back for the beginning of each name would be 10^10 steps.
        let equals = b"=".repeat(200_000);
        assert_eq!(*Secrets::Hidden.text(&equals), *equals);
    }

    #[test]
    fn what_is_quoted_is_searched_for_all_of_it() {
        for (given, shown) in [
            ("u:CANARY@shop.example", "<hidden>@shop.example"),
            ("a.example, u:CANARY@b.example", "a.example, <hidden>@b.example"),
            (
                "GET http://u:CANARY@h/?sig=CANARY HTTP/1.1",
                "GET http://<hidden>@h/?sig=<hidden> HTTP/1.1",
            ),
            ("CONNECT u:CANARY@h:443 HTTP/1.1", "CONNECT <hidden>@h:443 HTTP/1.1"),
            ("X-Api-Key : CANARY", "X-Api-Key: <hidden>"),
            ("Authorization: Basic CANARY", "Authorization: Basic <hidden>"),
            ("{\"token\":\"CANARY\"}", "{\"token\":\"<hidden>\"}"),
            ("me@shop.example", "me@shop.example"),
            ("bytes=0-1", "bytes=0-1"),
            ("Host: a", "Host: a"),
        ] {
            assert_eq!(String::from_utf8_lossy(&quoted(given.as_bytes())), shown, "{given}");
        }
    }
}
