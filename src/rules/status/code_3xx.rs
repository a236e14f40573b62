//! 3xx: what every redirect has to say. Looks at one exchange at a time.

use crate::http::{FieldName, Head, Message, Method};
use crate::rules::reference::{self, Fault, Scheme, Url};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Report, Scene, Severity, Trigger, text};

/// Codes that send the client elsewhere.
const REDIRECTS: Trigger = Trigger::Status(&[(301, 303), (307, 308)]);

/// Few responses have it, so that rules about it are called by it and look at the status themselves.
const LOCATION: Trigger = Trigger::ResponseField(&[FieldName::Location]);

rule! {
    /// ## What it sees
    /// 301, 302, 303, 307 or 308 without a Location.
    /// ## Why it matters
    /// The client does not know where to go; browsers show an empty page.
    /// ## When it is innocent
    /// 308 in answer to a PUT of part of a content, as resumable uploads use it; that is not reported.
    /// ## What to do
    /// Let the application name the address, or answer with another code.
    pub static REDIRECT_WITHOUT_LOCATION = {
        id: "redirect-without-location",
        title: "301, 302, 303, 307 or 308 without Location",
        severity: Severity::Warning,
        codes: &["301", "302", "303", "307", "308"],
        source: "RFC 9110 sections 15.4.2, 15.4.3, 15.4.8, 15.4.9 SHOULD, 15.4.4, 10.2.2; founding document on 3xx",
        guards: &[Guard::HeadWhole],
        message: text(
            "{status} response to {method} {url} has no Location; the client does not know where to go.",
            "{method} {url} 的 {status} 响应缺少 Location,客户端不知道该去哪里。",
        ),
        check: Check::Exchange(REDIRECTS, without_location),
    }

    /// ## What it sees
    /// A Location that no address can be: empty, with blanks or control octets, with broken percent
    /// escapes; milder where characters are only not encoded.
    /// ## Why it matters
    /// Clients repair such addresses differently, or refuse them.
    /// ## When it is innocent
    /// Paths in other scripts that were not encoded: browsers encode them as UTF-8.
    /// ## What to do
    /// Encode the address where it is put together.
    pub static LOCATION_INVALID = {
        id: "location-invalid",
        title: "Location is not a valid URI reference",
        severity: Severity::Warning,
        otherwise: &[(Severity::Notice, "where characters are only not encoded")],
        codes: &["201", "3xx"],
        source: "RFC 9110 section 10.2.2 (URI-reference); founding document on 3xx",
        guards: &[Guard::HeadWhole],
        message: text(
            "{status} response to {method} {url} has an invalid Location '{value}'.",
            "{method} {url} 的 {status} 响应中 Location '{value}' 不是合法的 URI(未编码的中文或空格?)。",
        ),
        check: Check::Exchange(LOCATION, location_invalid),
    }

    /// ## What it sees
    /// A 302, 303 or 307 without content.
    /// ## Why it matters
    /// A client that does not follow by itself has nothing to show. None such is in use.
    /// ## When it is innocent
    /// Always, today; hence hidden in summaries.
    /// ## What to do
    /// Nothing, or a line of HTML with a link.
    pub static REDIRECT_BODY_MISSING = {
        id: "redirect-body-missing",
        title: "Redirect without a short hypertext note",
        severity: Severity::Info,
        codes: &["302", "303", "307"],
        source: "RFC 9110 section 15.4.4 ought to (303), sections 15.4.3, 15.4.8 (usually); founding document on 302, 303, 307",
        guards: &[Guard::RequestKnown, Guard::NoGap],
        message: text(
            "{status} response to {method} {url} has no body with a link to the new URI.",
            "{method} {url} 的 {status} 响应没有指向新 URI 的超文本说明。",
        ),
        check: Check::Exchange(
            Trigger::Status(&[(302, 303), (307, 307)]),
            body_missing,
        ),
    }

    /// ## What it sees
    /// 301 or 302 in answer to POST, PUT or another method that changes something.
    /// ## Why it matters
    /// Some clients repeat the method at the new address, most turn it into GET: what was to be done
    /// may silently not happen.
    /// ## When it is innocent
    /// Forms that answer a POST with 302 and mean "now show that page"; 303 says so.
    /// ## What to do
    /// Answer 303 to switch to GET, 307 (for 302) or 308 (for 301) to repeat the method.
    pub static AMBIGUOUS_REDIRECT_FOR_UNSAFE_METHOD = {
        id: "ambiguous-redirect-for-unsafe-method",
        title: "301 or 302 in answer to a method other than GET or HEAD",
        severity: Severity::Notice,
        codes: &["301", "302"],
        source: "RFC 9110 sections 15.4.2, 15.4.3 (a user agent MAY change POST to GET); founding document on 302",
        guards: &[Guard::RequestKnown],
        message: text(
            "{server} redirected {method} {url} with {status}; clients differ on whether to repeat the {method} or switch to GET. Use 303 (switch) or {alt} (repeat).",
            "{server} 以 {status} 重定向 {method} {url};客户端可能重发 {method},也可能改用 GET。应改用 303(改为 GET)或 {alt}(保持方法)。",
        ),
        check: Check::Exchange(Trigger::Status(&[(301, 302)]), ambiguous),
    }

    /// ## What it sees
    /// A redirect of GET or HEAD to the address that was asked for, with nothing that could make the
    /// next answer another.
    /// ## Why it matters
    /// The client comes back until it gives up.
    /// ## When it is innocent
    /// With a Set-Cookie or Retry-After the next answer may be another; these are not reported.
    /// ## What to do
    /// Behind a proxy that ends TLS, tell the application the scheme (X-Forwarded-Proto).
    pub static REDIRECT_TO_SELF = {
        id: "redirect-to-self",
        title: "Location equals the request URL and nothing changes",
        severity: Severity::Warning,
        codes: &["301", "302", "303", "307", "308"],
        source: "RFC 9110 section 15.4 (cyclical redirection); founding document on 301",
        guards: &[Guard::RequestKnown],
        message: text(
            "{server} redirects {method} {url} to itself ({status}).",
            "{server} 把 {method} {url} 重定向到了它自己({status})。",
        ),
        check: Check::Exchange(REDIRECTS, to_self),
    }

    /// ## What it sees
    /// A request for an `https` address, by its target or by what a proxy in front says of it
    /// (X-Forwarded-Proto, Forwarded), that is redirected to `http`.
    /// ## Why it matters
    /// What follows, cookies too, can be read and changed on the way.
    /// ## When it is innocent
    /// Seldom; hosts that serve both on purpose.
    /// ## What to do
    /// Tell the application behind the TLS terminator which scheme the client used.
    pub static REDIRECT_HTTPS_DOWNGRADE = {
        id: "redirect-https-downgrade",
        title: "Redirect from https to http",
        severity: Severity::Warning,
        codes: &["301", "302", "303", "307", "308"],
        source: "RFC 9110 sections 4.2.2, 17.1",
        guards: &[Guard::RequestKnown],
        message: text(
            "{server} redirects {url} from https to plain http ({value}).",
            "{server} 把 {url} 从 https 重定向到明文 http({value})。",
        ),
        check: Check::Exchange(LOCATION, downgrade),
    }

    /// ## What it sees
    /// A redirect to a foreign host whose name stands in the query of the request.
    /// ## Why it matters
    /// Whoever writes the link chooses where the visitor lands: a door for phishing.
    /// ## When it is innocent
    /// Logins that send people back where they came from (OAuth's redirect_uri), if they check it.
    /// ## What to do
    /// Allow only addresses that are known.
    pub static OPEN_REDIRECT_HINT = {
        id: "open-redirect-hint",
        title: "Location points to a foreign host taken from the request's own parameters",
        severity: Severity::Notice,
        codes: &["301", "302", "303", "307", "308"],
        source: "RFC 9110 section 17 (security considerations)",
        guards: &[Guard::RequestKnown],
        message: text(
            "{url} redirects to foreign host {other}, which the client supplied in the query (open redirect?).",
            "{url} 重定向到由客户端参数给出的外部主机 {other}(可能是开放重定向)。",
        ),
        check: Check::Exchange(LOCATION, open),
    }
}

fn without_location(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    if response.head.has(FieldName::Location) {
        return;
    }
    let resumed = scene.status() == Some(308)
        && scene.request().is_some_and(|request| {
            request.head.method() == Method::Put
                && (response.head.has(FieldName::Range)
                    || request.head.has(FieldName::ContentRange))
        });
    if !resumed {
        report.find().about(response).add();
    }
}

fn location_invalid(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    if !matches!(scene.status(), Some(201 | 202 | 300..=399)) {
        return;
    }
    let Some(value) = response.head.value(FieldName::Location) else { return };
    if let Some(fault) = reference::fault(value) {
        let mild = fault == Fault::NotEncoded;
        let draft = report.find().about(response).octets("value", value);
        draft.severity_if(mild, Severity::Notice).add();
    }
}

fn body_missing(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let empty = response.complete() && response.content == 0 && response.missing == 0;
    if empty && request.head.method() != Method::Head {
        report.find().about(response).add();
    }
}

fn ambiguous(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, _)) = scene.pair() else { return };
    let harmless = [Method::Get, Method::Head, Method::Options, Method::Connect];
    let modern =
        request.head.version().is_some_and(|version| version >= crate::http::Version::HTTP_11);
    if modern && !harmless.contains(&request.head.method()) {
        let instead = if scene.status() == Some(301) { 308 } else { 307 };
        report.find().plain("alt", instead).add();
    }
}

fn to_self(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let head = &response.head;
    if !matches!(request.head.method(), Method::Get | Method::Head)
        || head.has(FieldName::SetCookie)
        || head.has(FieldName::RetryAfter)
    {
        return;
    }
    let location = reference::location(&request.head, head);
    if location.is_some() && location == Url::of(&request.head) {
        report.find().add();
    }
}

/// Both messages of a 3xx.
fn redirect<'s>(scene: &Scene<'s>) -> Option<(&'s Message, &'s Message)> {
    scene.pair().filter(|_| matches!(scene.status(), Some(300..=399)))
}

fn downgrade(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = redirect(scene) else { return };
    let Some(location) = reference::location(&request.head, &response.head) else { return };
    let Some(asked) = Url::of(&request.head) else { return };
    let by_client = asked.scheme == Scheme::Https || came_encrypted(&request.head);
    if by_client && location.scheme == Scheme::Http {
        report.find().octets("value", &location.text()).add();
    }
}

/// Whether a proxy in front says that the client spoke TLS to it.
fn came_encrypted(request: &Head) -> bool {
    let first = |value: &[u8]| {
        let first = value.split(|octet| *octet == b',').next().unwrap_or_default();
        first.trim_ascii().eq_ignore_ascii_case(b"https")
    };
    let forwarded =
        |value: &[u8]| memchr::memmem::find(&value.to_ascii_lowercase(), b"proto=https").is_some();
    request.values_named("x-forwarded-proto").any(first)
        || request.values(FieldName::Forwarded).any(forwarded)
}

fn open(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = redirect(scene) else { return };
    let target = request.head.target();
    let Some(at) = memchr::memchr(b'?', target) else { return };
    let query = target.get(at + 1..).unwrap_or_default();
    let Some(location) = reference::location(&request.head, &response.head) else { return };
    let Some(own) = Url::of(&request.head) else { return };
    let host = location.host_name();
    if query.is_empty()
        || host.is_empty()
        || host == own.host_name()
        || below_same(host, own.host_name())
    {
        return;
    }
    let supplied = decoded(&decoded(query)).to_ascii_lowercase();
    if memchr::memmem::find(&supplied, host).is_some() {
        report.find().octets("other", host).add();
    }
}

/// Whether a host lies below the last two labels of another.
fn below_same(host: &[u8], own: &[u8]) -> bool {
    let dots: Vec<usize> = memchr::memchr_iter(b'.', own).collect();
    let begin = match dots.as_slice() {
        [.., second, _] => second + 1,
        _ => 0,
    };
    let parent = own.get(begin..).unwrap_or(own);
    host.strip_suffix(parent).is_some_and(|front| front.ends_with(b"."))
}

/// Percent escapes taken off, where they are whole.
fn decoded(octets: &[u8]) -> Vec<u8> {
    let digit = |octet: u8| char::from(octet).to_digit(16).map(|digit| digit as u8);
    let mut out = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while let [octet, behind @ ..] = rest {
        rest = behind;
        if *octet == b'%'
            && let [high, low, behind @ ..] = behind
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            out.push(high << 4 | low);
            rest = behind;
        } else {
            out.push(*octet);
        }
    }
    out
}
