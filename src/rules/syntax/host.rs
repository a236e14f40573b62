//! The Host field (RFC 9110 section 7.2).

use crate::http::{Feature, FieldName, Message, Version};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, On, Report, Scene, Severity, Trigger, text};
use crate::secret;

rule! {
    /// ## What it sees
    /// A request of HTTP/1.1 without Host.
    /// ## Why it matters
    /// The server cannot know which of its sites is meant and has to answer 400.
    /// ## When it is innocent
    /// Health checks written by hand; they get a 400, too.
    /// ## What to do
    /// Add the field, empty if the target has no authority.
    pub static HOST_MISSING = {
        id: "host-missing",
        title: "HTTP/1.1 request without Host",
        severity: Severity::Error,
        source: "RFC 9112 section 3.2 MUST send; server MUST answer 400",
        guards: &[Guard::HeadWhole],
        message: text(
            "HTTP/1.1 request {method} {target} has no Host field; the server must answer 400.",
            "HTTP/1.1 请求 {method} {target} 缺少 Host 字段,服务器必须返回 400。",
        ),
        check: Check::Message(On::Request, Trigger::RequestLacks(&[FieldName::Host]), missing),
    }
}

fn missing(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let head = &message.head;
    if !head.has(FieldName::Host)
        && head.version().is_some_and(|version| version >= Version::HTTP_11)
    {
        report.find().add();
    }
}

rule! {
    /// ## What it sees
    /// More than one Host, or one that no host can be named.
    /// ## Why it matters
    /// Proxy and server may choose different ones: a request reaches what it should not, or poisons a
    /// cache.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Refuse such requests with 400, as RFC 9112 section 3.2 demands.
    pub static HOST_DUPLICATE = {
        id: "host-duplicate",
        title: "More than one Host field line, or an invalid Host value",
        severity: Severity::Error,
        source: "RFC 9112 section 3.2 MUST answer 400",
        guards: &[Guard::HeadWhole],
        supersedes: &["host-target-mismatch"],
        message: text(
            "{method} {target}: Host is repeated or invalid ({values}); routing differs between proxies and origin.",
            "{method} {target} 的 Host 重复或非法({values}),代理与源站可能路由到不同站点。",
        ),
        check: Check::Message(
            On::Request,
            Trigger::OneOf(&[
                Trigger::Feature(&[Feature::OddHost]),
                Trigger::Repeated(&[FieldName::Host]),
            ]),
            duplicate,
        ),
    }
}

fn duplicate(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let head = &message.head;
    let repeated = head.repeated().has(FieldName::Host);
    if repeated || !head.value(FieldName::Host).is_none_or(is_authority) {
        let hosts: Vec<_> = head.values(FieldName::Host).map(secret::authority).collect();
        report.find().all("values", hosts.iter().map(AsRef::as_ref)).add();
    }
}

/// Whether a value is empty or a host with or without a port (RFC 3986 section 3.2).
fn is_authority(value: &[u8]) -> bool {
    let (literal, rest) = match value.first() {
        Some(b'[') => {
            let Some(end) = memchr::memchr(b']', value) else { return false };
            let (literal, rest) = value.split_at(end + 1);
            (Some(literal), rest)
        }
        _ => {
            let end = memchr::memchr(b':', value).unwrap_or(value.len());
            let (name, rest) = value.split_at(end);
            let fine = |octet: &u8| {
                octet.is_ascii_alphanumeric()
                    || matches!(
                        octet,
                        b'-' | b'.'
                            | b'_'
                            | b'~'
                            | b'%'
                            | b'!'
                            | b'$'
                            | b'&'
                            | b'\''
                            | b'('
                            | b')'
                            | b'*'
                            | b'+'
                            | b';'
                            | b'='
                    )
            };
            if !name.iter().all(fine) {
                return false;
            }
            (None, rest)
        }
    };
    let literal = literal.is_none_or(|literal| {
        let inside = literal.get(1..literal.len().saturating_sub(1)).unwrap_or_default();
        let fine = |octet: &u8| octet.is_ascii_alphanumeric() || b":.%".contains(octet);
        !inside.is_empty() && inside.iter().all(fine)
    });
    let port = match rest {
        [] => true,
        [b':', port @ ..] => port.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    literal && port
}

rule! {
    /// ## What it sees
    /// A request with a whole URL as its target whose host is not the one that Host says.
    /// ## Why it matters
    /// Who goes by the target and who goes by Host see different sites: attacks on access rules and
    /// caches do this.
    /// ## When it is innocent
    /// Proxies that rewrite one of the two.
    /// ## What to do
    /// The target wins (RFC 9112 section 3.2.2); refuse the request or put Host right.
    pub static HOST_TARGET_MISMATCH = {
        id: "host-target-mismatch",
        title: "Absolute-form target and Host name different authorities",
        severity: Severity::Warning,
        source: "RFC 9112 section 3.2 MUST be identical; RFC 9112 section 3.2.2 (recipient MUST ignore Host and use the target)",
        guards: &[Guard::HeadWhole],
        message: text(
            "Request target is '{target}' but Host says '{value}'.",
            "请求目标为 '{target}',而 Host 为 '{value}',二者不一致。",
        ),
        check: Check::Message(On::Request, Trigger::Feature(&[Feature::OtherForm]), mismatch),
    }
}

fn mismatch(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    let head = &message.head;
    let target = head.target();
    if target.first() == Some(&b'/') {
        return;
    }
    let Some(at) = memchr::memmem::find(target, b"://") else { return };
    let authority = target.get(at + 3..).unwrap_or_default();
    let end = authority.iter().position(|octet| b"/?#".contains(octet));
    let authority = authority.get(..end.unwrap_or(authority.len())).unwrap_or_default();
    let user = memchr::memrchr(b'@', authority).map_or(0, |at| at + 1);
    let named = authority.get(user..).unwrap_or_default();
    let Some(host) = head.value(FieldName::Host) else { return };
    if !without_port(named).eq_ignore_ascii_case(without_port(host)) {
        report.find().octets("value", host).add();
    }
}

/// A host without the ports that stand for themselves.
fn without_port(host: &[u8]) -> &[u8] {
    let plain = host.strip_suffix(b":80").unwrap_or(host);
    plain.strip_suffix(b":443").unwrap_or(plain)
}
