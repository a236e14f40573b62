//! Whether an attempt upstream belongs to a request: who opened it, when, and how alike the two
//! requests are. Compares two things at a time; whose attempt it is in the end is not said here.

use super::attempt::Attempt;
use crate::flow::Mark;
use crate::http::{Exchange, FieldName, Head, Message};
use crate::limits;
use crate::wire::{Direction, Endpoint};

/// How sure it is that the host that was asked is the one that tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kin {
    /// Nothing speaks against it, but addresses and marks do not show it.
    Possible,
    /// The same address, or the direction marks show the same host.
    Certain,
}

/// From here on two requests are taken for the same one.
pub(super) const ALIKE: i32 = 35;

/// More than two requests can reach whose targets have nothing in common and that carry no name of their
/// own: what agrees by chance.
pub(super) const BY_CHANCE: i32 = 30;

/// More segments at the end of a path make it no more alike.
const SEGMENTS_ALIKE: usize = 3;

/// First octet of the answer, or the end of waiting for it.
pub(super) fn answered(exchange: &Exchange) -> Mark {
    exchange.response.as_ref().map_or(exchange.completed, |response| response.first)
}

/// Whether the answer is good: below 500 and whole, as far as the capture tells.
pub(super) fn is_good(exchange: &Exchange) -> bool {
    exchange.response.as_deref().is_some_and(|response| {
        response.complete() && exchange.status().is_some_and(|status| status < 500)
    })
}

/// Whether the host that `asked` was sent to can be the one that tried.
pub(super) fn kin(asked: &Exchange, attempt: &Attempt<'_>) -> Option<Kin> {
    let same = |a: Endpoint, b: Endpoint| a.octets() == b.octets();
    let (proxy, opener) = (asked.server, attempt.client);
    if same(proxy, opener) {
        return (attempt.server != proxy).then_some(Kin::Certain);
    }
    if attempt.server == proxy || same(asked.client, opener) {
        // Another connection of a client.
        return None;
    }
    // Between two programs of one host; direction marks say nothing there.
    let local = |client: Endpoint, server: Endpoint| same(client, server) || is_loopback(client);
    let came = asked.circumstances.via[0].and_then(|via| via.direction);
    if local(opener, attempt.server) && came == Some(Direction::Inbound)
        || local(asked.client, proxy) && attempt.direction() == Some(Direction::Outbound)
    {
        return Some(Kin::Certain);
    }
    match (came, attempt.direction()) {
        (Some(Direction::Inbound), Some(Direction::Outbound)) => Some(Kin::Certain),
        (Some(_), Some(Direction::Inbound)) => None,
        _ => Some(Kin::Possible),
    }
}

fn is_loopback(endpoint: Endpoint) -> bool {
    endpoint.address().is_loopback()
}

/// Whether an attempt began after the request and before its answer: in the order of packets, or by
/// their times, where a capture holds neighbours in the wrong order.
pub(super) fn nested(asked: &Exchange, attempt: &Attempt<'_>) -> bool {
    let (from, began, to) = (asked.first(), attempt.began, answered(asked));
    let misplaced = || {
        began.packet.abs_diff(from.packet) <= limits::MISPLACED_PACKETS
            && from.at < began.at
            && began.at < to.at
    };
    from.packet < began.packet && began.packet < to.packet || misplaced()
}

/// How alike two requests are; `None` where they cannot be the same.
pub(super) fn likeness(asked: &Exchange, attempt: &Attempt<'_>) -> Option<i32> {
    let (request, tried) = (asked.request.as_deref()?, attempt.request()?);
    let (a, b) = (&request.head, &tried.head);
    if a.method_octets() != b.method_octets() {
        return None;
    }
    let mut score = target_likeness(a.target(), b.target());
    score += agree(a, b, FieldName::XRequestId, 60, -50);
    score += agree(a, b, FieldName::IdempotencyKey, 60, -50);
    score += trace(a, b);
    score += agree(a, b, FieldName::Host, 5, 0);
    score += agree(a, b, FieldName::UserAgent, 5, -10);
    score += agree(a, b, FieldName::Cookie, 5, -5);
    score += agree(a, b, FieldName::Authorization, 5, -5);
    score += agree(a, b, FieldName::Range, 3, -5);
    score += forwarded_for(asked, b);
    score += bodies(request, tried);
    if let (Some(got), Some(given)) = (attempt.response(), asked.response.as_deref())
        && got.first.packet <= given.first.packet
        && got.head.status() == given.head.status()
    {
        score += 5;
    }
    Some(score)
}

/// Where a connection that was not read as HTTP was asked something like a request all the same:
/// whether it can be this one, by method and target.
pub(super) fn asks_the_same(asked: &Exchange, spoke: &[u8]) -> Option<bool> {
    let request = asked.request.as_deref()?;
    let mut words = spoke.split(|octet| matches!(octet, b' ' | b'\r' | b'\n'));
    let (method, target) = (words.next()?, words.next()?);
    let whole = words.next().is_some();
    if method.is_empty() || !method.iter().all(u8::is_ascii_uppercase) {
        return None;
    }
    let own = origin_form(request.head.target());
    let alike = if whole { target_likeness(own, target) >= 15 } else { own.starts_with(target) };
    Some(method == request.head.method_octets() && alike)
}

fn target_likeness(asked: &[u8], tried: &[u8]) -> i32 {
    let (asked, tried) = (origin_form(asked), origin_form(tried));
    if asked == tried {
        return 40;
    }
    // Proxies take a prefix off or put one on (`proxy_pass http://app/base/`).
    let (long, short) = if asked.len() > tried.len() { (asked, tried) } else { (tried, asked) };
    let cut = long.len() - short.len();
    let at_border = short.first() == Some(&b'/') || cut > 0 && long.get(cut - 1) == Some(&b'/');
    if short.len() > 1 && long.ends_with(short) && at_border {
        return 30;
    }
    // One prefix in place of another: the last segments and the query survive most rewrites.
    let mut segments = asked.rsplit(|octet| *octet == b'/').zip(tried.rsplit(|o| *o == b'/'));
    let (last, _) = segments.clone().next().unwrap_or_default();
    let same = segments.by_ref().take_while(|(a, b)| a == b).count().min(SEGMENTS_ALIKE);
    match same {
        0 => -20,
        1 if last.len() < 2 => -20,
        _ => 15 + 8 * (same as i32 - 1),
    }
}

/// What stands behind the last slash of a target, with the query: where it is another, two targets have
/// nothing in common.
pub(super) fn last_segment(target: &[u8]) -> &[u8] {
    origin_form(target).rsplit(|octet| *octet == b'/').next().unwrap_or_default()
}

/// The target without scheme and authority (RFC 9112 section 3.2.2).
fn origin_form(target: &[u8]) -> &[u8] {
    let Some(rest) = target
        .windows(3)
        .position(|octets| octets == b"://")
        .filter(|at| *at < 8)
        .and_then(|at| target.get(at + 3..))
    else {
        return target;
    };
    let path = rest.iter().position(|octet| *octet == b'/').unwrap_or(rest.len());
    rest.get(path..).unwrap_or_default()
}

fn agree(a: &Head, b: &Head, name: FieldName, same: i32, other: i32) -> i32 {
    match (a.value(name), b.value(name)) {
        (Some(a), Some(b)) if a == b => same,
        (Some(_), Some(_)) => other,
        _ => 0,
    }
}

/// The trace-id of `traceparent`, which stays the same over all hops (W3C Trace Context section 3.2).
pub(super) fn trace_id(head: &Head) -> Option<&[u8]> {
    head.value(FieldName::Traceparent)?.get(3..35)
}

fn trace(a: &Head, b: &Head) -> i32 {
    match (trace_id(a), trace_id(b)) {
        (Some(a), Some(b)) if a == b => 60,
        (Some(_), Some(_)) => -50,
        _ => 0,
    }
}

/// Whether `X-Forwarded-For` or `Forwarded` (RFC 7239) names the client.
fn forwarded_for(asked: &Exchange, tried: &Head) -> i32 {
    let address = asked.client.address().to_string();
    let names = [FieldName::XForwardedFor, FieldName::Forwarded];
    let mut values = names.into_iter().flat_map(|name| tried.values(name)).peekable();
    if values.peek().is_none() {
        return 0;
    }
    // A further hop that adds no address hands on what it got.
    let handed: Vec<&[u8]> = asked.request.as_deref().map_or_else(Vec::new, |request| {
        names.into_iter().flat_map(|name| request.head.values(name)).collect()
    });
    let named = values.any(|value| {
        if handed.contains(&value) {
            return true;
        }
        value
            .split(|octet| matches!(octet, b',' | b';' | b'=' | b'"' | b'[' | b']' | b' '))
            .any(|word| word == address.as_bytes())
    });
    if named { 10 } else { -25 }
}

fn bodies(request: &Message, tried: &Message) -> i32 {
    if request.end.is_none() || tried.end.is_none() || !request.complete() || !tried.complete() {
        return 0;
    }
    match (request.content, tried.content) {
        (0, 0) => 0,
        (a, b) if a == b => 10,
        _ => -30,
    }
}
