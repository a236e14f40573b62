//! 401 (Unauthorized), 403 (Forbidden) and 407 (Proxy Authentication Required): challenges and credentials. Values of credentials are never shown.

use crate::http::{Feature, FieldName, Head, Message};
use crate::rules::list;
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, On, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A 401 without WWW-Authenticate.
    /// ## Why it matters
    /// The client cannot learn how to authenticate; browsers do not ask for a password. The most
    /// frequent mistake of JSON interfaces.
    /// ## When it is innocent
    /// Interfaces whose clients know by heart what to send; the demand stands all the same.
    /// ## What to do
    /// Send a challenge, at least `Bearer`; or answer 403 where credentials in fields are not the
    /// way.
    pub static UNAUTHORIZED_WITHOUT_CHALLENGE = {
        id: "unauthorized-without-challenge",
        title: "401 without WWW-Authenticate",
        severity: Severity::Error,
        codes: &["401"],
        source: "RFC 9110 section 15.5.2 MUST; RFC 9110 section 11.6.1 MUST; founding document on 401",
        guards: &[Guard::HeadWhole],
        message: text("{server} answered {method} {url} with 401 but sent no WWW-Authenticate; the client cannot learn how to authenticate.", "{server} 对 {method} {url} 返回 401,却没有 WWW-Authenticate,客户端无从得知应如何认证。"),
        check: Check::Exchange(Trigger::Status(&[(401, 401)]), no_challenge),
    }

    /// ## What it sees
    /// A WWW-Authenticate or Proxy-Authenticate in which no challenge can be read, or a Basic
    /// without realm.
    /// ## Why it matters
    /// Clients ignore it, and do not authenticate.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Write `Scheme name="value", …`, and a realm for Basic.
    pub static CHALLENGE_MALFORMED = {
        id: "challenge-malformed",
        title: "WWW-Authenticate or Proxy-Authenticate contains no valid challenge",
        severity: Severity::Warning,
        codes: &["401", "407"],
        source: "RFC 9110 section 11.3, section 11.6.1 (#challenge; at least one); founding document on 401, 407",
        guards: &[Guard::HeadWhole],
        message: text("{status} response to {method} {url}: challenge '{value}' cannot be parsed.", "{method} {url} 的 {status} 响应中的认证质询 '{value}' 无法解析。"),
        check: Check::Exchange(Trigger::ResponseField(&[FieldName::WwwAuthenticate, FieldName::ProxyAuthenticate]), malformed),
    }

    /// ## What it sees
    /// A 401 with Proxy-Authenticate alone, or a 407 with WWW-Authenticate alone.
    /// ## Why it matters
    /// The client looks for the other one, finds none and gives up.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Send WWW-Authenticate with 401, Proxy-Authenticate with 407.
    pub static CHALLENGE_WRONG_KIND = {
        id: "challenge-wrong-kind",
        title: "401 with only Proxy-Authenticate, or 407 with only WWW-Authenticate",
        severity: Severity::Error,
        codes: &["401", "407"],
        source: "RFC 9110 section 15.5.2 / section 15.5.8 MUST; founding document on 401, 407",
        guards: &[Guard::HeadWhole],
        supersedes: &["unauthorized-without-challenge", "proxy-auth-without-challenge"],
        message: text("{status} response to {method} {url} carries {got} where {expected} is required.", "{method} {url} 的 {status} 响应带有 {got},而应使用 {expected}。"),
        check: Check::Exchange(Trigger::Status(&[(401, 401), (407, 407)]), wrong_kind),
    }

    /// ## What it sees
    /// A 401 or 407 to a request that carried credentials.
    /// ## Why it matters
    /// They are wrong, have expired, or belong to another realm.
    /// ## When it is innocent
    /// Schemes of several steps (Negotiate, NTLM) are left out; Digest is answered so once when its
    /// nonce is stale.
    /// ## What to do
    /// Check the credentials of that client; look whether a proxy takes the field away.
    pub static CREDENTIALS_REFUSED = {
        id: "credentials-refused",
        title: "401 or 407 although credentials were sent",
        severity: Severity::Info,
        codes: &["401", "407"],
        source: "RFC 9110 section 15.5.2 (authorization has been refused for those credentials); founding document on 401, 407",
        guards: &[Guard::RequestKnown],
        message: text("{server} refused the {scheme} credentials {client} sent with {method} {url} ({status}).", "{server} 拒绝了 {client} 随 {method} {url} 发送的 {scheme} 凭证({status})。"),
        check: Check::Exchange(Trigger::Status(&[(401, 401), (407, 407)]), refused),
    }

    /// ## What it sees
    /// A request with Basic or Bearer credentials, or with a password or token in its query, that
    /// was not encrypted.
    /// ## Why it matters
    /// Whoever is on the way can use them.
    /// ## When it is innocent
    /// The leg behind a proxy that ends TLS, if nobody else is on it.
    /// ## What to do
    /// Encrypt that leg too, or keep it on one machine; change credentials that went over a foreign
    /// network.
    pub static CREDENTIALS_IN_CLEARTEXT = {
        id: "credentials-in-cleartext",
        title: "Reusable credentials cross the network unencrypted",
        severity: Severity::Warning,
        source: "RFC 7617 section 4 (Basic needs TLS); RFC 6750 section 5.3 MUST use TLS; RFC 9110 section 17.9, section 17.16.1",
        guards: &[Guard::NotTls, Guard::HeadWhole],
        message: text("{client} sent {scheme} credentials to {server} without TLS ({method} {url}).", "{client} 在未加密的连接上向 {server} 发送了 {scheme} 凭证({method} {url})。"),
        check: Check::Message(
            On::Request,
            Trigger::OneOf(&[
                Trigger::RequestField(&[FieldName::Authorization, FieldName::ProxyAuthorization]),
                Trigger::Feature(&[Feature::Query]),
            ]),
            in_cleartext,
        ),
    }

    /// ## What it sees
    /// A 402.
    /// ## Why it matters
    /// The standard only reserves the code; what it means is up to the service: unpaid bills, used
    /// up quota.
    /// ## When it is innocent
    /// Services that document it.
    /// ## What to do
    /// Read the content and the service's documentation.
    pub static PAYMENT_REQUIRED = {
        id: "payment-required",
        title: "402 (Payment Required)",
        severity: Severity::Info,
        codes: &["402"],
        source: "RFC 9110 section 15.5.3 (reserved for future use); founding document on 402",
        guards: &[Guard::HeadWhole],
        message: text("{server} answered {method} {url} with 402; the standard only reserves the code, its meaning is the service's own (billing, quota).", "{server} 对 {method} {url} 返回 402;标准仅保留该码,含义由服务自定(欠费、配额等)。"),
        check: Check::Exchange(Trigger::Status(&[(402, 402)]), payment),
    }

    /// ## What it sees
    /// A 403 with a challenge to a request without credentials.
    /// ## Why it matters
    /// If credentials would help, 401 is the code that makes clients send them.
    /// ## When it is innocent
    /// Never needed.
    /// ## What to do
    /// Answer 401 with the challenge.
    pub static FORBIDDEN_WITH_CHALLENGE = {
        id: "forbidden-with-challenge",
        title: "403 that carries an authentication challenge",
        severity: Severity::Info,
        codes: &["403", "401"],
        source: "RFC 9110 section 15.5.4; RFC 9110 section 11.6.1 MAY (other responses); founding document on 403, 401",
        guards: &[Guard::RequestKnown],
        message: text("{server} answered the anonymous {method} {url} with 403 plus a challenge; 401 would make the client authenticate.", "{server} 对未带凭证的 {method} {url} 返回 403 并附带认证质询;若认证可解决问题,应返回 401。"),
        check: Check::Exchange(Trigger::Status(&[(403, 403)]), with_challenge),
    }

    /// ## What it sees
    /// A 407 without Proxy-Authenticate.
    /// ## Why it matters
    /// The client cannot learn how to authenticate to the proxy.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Correct the proxy.
    pub static PROXY_AUTH_WITHOUT_CHALLENGE = {
        id: "proxy-auth-without-challenge",
        title: "407 without Proxy-Authenticate",
        severity: Severity::Error,
        codes: &["407"],
        source: "RFC 9110 section 15.5.8 MUST; RFC 9110 section 11.7.1 MUST; founding document on 407",
        guards: &[Guard::HeadWhole],
        message: text("{server} answered {method} {url} with 407 but sent no Proxy-Authenticate.", "{server} 对 {method} {url} 返回 407,却没有 Proxy-Authenticate。"),
        check: Check::Exchange(Trigger::Status(&[(407, 407)]), no_proxy_challenge),
    }

    /// ## What it sees
    /// A 407 to a request that was not sent to a proxy.
    /// ## Why it matters
    /// Browsers do not answer it: anybody on the way could ask for passwords so.
    /// ## When it is innocent
    /// A transparent proxy that wants to know its users.
    /// ## What to do
    /// Tell the clients about the proxy, or let it recognise users otherwise.
    pub static PROXY_AUTH_FROM_ORIGIN = {
        id: "proxy-auth-from-origin",
        title: "407 for a request that was not sent to a proxy",
        severity: Severity::Warning,
        codes: &["407"],
        source: "RFC 9110 section 15.5.8 (to use a proxy for this request); founding document on 407",
        guards: &[Guard::RequestKnown],
        message: text("{server} answered {method} {url} with 407 although the request was addressed to an origin server, not to a proxy.", "{method} {url} 并非发往代理,{server} 却返回 407。"),
        check: Check::Exchange(Trigger::Status(&[(407, 407)]), from_origin),
    }
}

fn no_challenge(scene: &Scene<'_>, report: &mut Report<'_>) {
    lacks(scene, FieldName::WwwAuthenticate, report);
}

fn no_proxy_challenge(scene: &Scene<'_>, report: &mut Report<'_>) {
    lacks(scene, FieldName::ProxyAuthenticate, report);
}

fn lacks(scene: &Scene<'_>, name: FieldName, report: &mut Report<'_>) {
    if let Some(response) = scene.response()
        && !response.head.has(name)
    {
        report.find().about(response).add();
    }
}

fn malformed(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    for name in [FieldName::WwwAuthenticate, FieldName::ProxyAuthenticate] {
        let head = &response.head;
        if head.has(name) && (!has_challenge(head, name) || basic_without_realm(head, name)) {
            report.find().about(response).all("value", head.values(name)).add();
        }
    }
}

fn is_token(octets: &[u8]) -> bool {
    let of_token = |octet: &u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(octet);
    !octets.is_empty() && octets.iter().all(of_token)
}

/// The scheme with which a member of the list begins a challenge; none where it goes on with one.
fn scheme(member: &[u8]) -> Option<&[u8]> {
    let blank = member.iter().position(|octet| octet.is_ascii_whitespace());
    let (first, rest) = member.split_at(blank.unwrap_or(member.len()));
    // `name = "value"` and `name="value"` are parameters.
    let goes_on = rest.trim_ascii_start().first() == Some(&b'=');
    (is_token(first) && !goes_on).then_some(first)
}

fn has_challenge(head: &Head, name: FieldName) -> bool {
    list::members(head, name).next().is_some_and(|member| scheme(member).is_some())
        || list::members(head, name).any(|member| scheme(member).is_some())
}

fn basic_without_realm(head: &Head, name: FieldName) -> bool {
    let mut basic = false;
    for member in list::members(head, name) {
        if let Some(scheme) = scheme(member) {
            if basic {
                return true;
            }
            basic = scheme.eq_ignore_ascii_case(b"basic");
        }
        if member.windows(5).any(|word| word.eq_ignore_ascii_case(b"realm")) {
            basic = false;
        }
    }
    basic
}

fn wrong_kind(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    let (www, proxy) = (
        response.head.has(FieldName::WwwAuthenticate),
        response.head.has(FieldName::ProxyAuthenticate),
    );
    let (got, expected) = match scene.status() {
        Some(401) if proxy && !www => ("Proxy-Authenticate", "WWW-Authenticate"),
        Some(407) if www && !proxy => ("WWW-Authenticate", "Proxy-Authenticate"),
        _ => return,
    };
    report.find().about(response).plain("got", got).plain("expected", expected).add();
}

/// The scheme of credentials, in lower case.
pub(super) fn scheme_of(value: &[u8]) -> Vec<u8> {
    let value = value.trim_ascii();
    let end = value.iter().position(u8::is_ascii_whitespace).unwrap_or(value.len());
    value.get(..end).unwrap_or_default().to_ascii_lowercase()
}

fn refused(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(request) = scene.request() else { return };
    let name = match scene.status() {
        Some(401) => FieldName::Authorization,
        _ => FieldName::ProxyAuthorization,
    };
    let Some(credentials) = request.head.value(name) else { return };
    let scheme = scheme_of(credentials);
    if !matches!(&scheme[..], b"negotiate" | b"ntlm") {
        report.find().plain("scheme", shown_scheme(&scheme)).add();
    }
}

/// A scheme that may be shown: an unknown first word could be the secret itself.
fn shown_scheme(scheme: &[u8]) -> &'static str {
    match scheme {
        b"basic" => "Basic",
        b"bearer" => "Bearer",
        b"digest" => "Digest",
        b"dpop" => "DPoP",
        b"hoba" => "HOBA",
        b"mutual" => "Mutual",
        b"aws4-hmac-sha256" => "AWS4-HMAC-SHA256",
        _ => "other",
    }
}

/// Names of parameters of a query that carry a secret.
const SECRETS: [&[u8]; 6] =
    [b"password", b"passwd", b"pwd", b"access_token", b"apikey", b"api_key"];

/// Whether a parameter of a query carries a secret.
fn tells_secret(query: &[u8]) -> bool {
    let mut rest = query;
    while !begins_with_secret(rest) {
        let Some(end) = memchr::memchr(b'&', rest) else { return false };
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    true
}

/// Whether the first parameter of these carries one.
fn begins_with_secret(parameters: &[u8]) -> bool {
    // All of them begin so, and few others do.
    matches!(parameters.first(), Some(b'p' | b'P' | b'a' | b'A'))
        && SECRETS.iter().any(|secret| {
            parameters.split_at_checked(secret.len()).is_some_and(|(name, value)| {
                matches!(value, [b'=', first, ..] if *first != b'&')
                    && name.eq_ignore_ascii_case(secret)
            })
        })
}

/// The scheme of credentials that whoever reads them can use again.
fn reusable(value: &[u8]) -> Option<&'static str> {
    let value = value.trim_ascii_start();
    ["Basic", "Bearer"].into_iter().find(|known| {
        value.get(known.len()).is_none_or(u8::is_ascii_whitespace)
            && value
                .get(..known.len())
                .is_some_and(|scheme| scheme.eq_ignore_ascii_case(known.as_bytes()))
    })
}

/// The scheme of credentials in a field that can be used again.
fn credentials(head: &Head, name: FieldName) -> Option<&'static str> {
    if !head.has(name) {
        return None;
    }
    head.values(name).find_map(reusable)
}

fn in_cleartext(request: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let head = &request.head;
    let found = credentials(head, FieldName::Authorization)
        .or_else(|| credentials(head, FieldName::ProxyAuthorization));
    if let Some(scheme) = found {
        report.find().word("scheme", scheme).add();
    } else if head.features().has(Feature::Query)
        && let Some(at) = memchr::memchr(b'?', head.target())
        && tells_secret(head.target().get(at + 1..).unwrap_or_default())
    {
        report.find().phrase("scheme", text("query", "查询参数")).add();
    }
}

fn payment(scene: &Scene<'_>, report: &mut Report<'_>) {
    if let Some(response) = scene.response() {
        report.find().about(response).add();
    }
}

fn with_challenge(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    if response.head.has(FieldName::WwwAuthenticate) && !request.head.has(FieldName::Authorization)
    {
        report.find().about(response).add();
    }
}

fn from_origin(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let head = &request.head;
    if head.target().first() == Some(&b'/')
        && !head.has(FieldName::ProxyAuthorization)
        && !head.has(FieldName::ProxyConnection)
        && !response.head.has(FieldName::Via)
    {
        report.find().about(response).add();
    }
}
