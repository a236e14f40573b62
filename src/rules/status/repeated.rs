//! Requests that may not be sent twice, sent twice: exchanges that failed in, those sent again out.

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, Hash as _, Hasher as _};

use hashbrown::DefaultHashBuilder;

use crate::flow::{End, Mark};
use crate::http::{Exchange, FieldName, Message, Method, Unanswered};
use crate::limits;
use crate::rules::methods::idempotent;
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, Watcher, text};

rule! {
    /// ## What it sees
    /// A request with content and a method that has an effect each time (POST, PATCH), which failed and
    /// was sent again with the same content by the same address soon after, without Idempotency-Key.
    /// ## Why it matters
    /// The first one may have been carried out although its answer was lost: an order twice, a payment
    /// twice. A proxy must not do that, a client should not.
    /// ## When it is innocent
    /// The failure was certain to come before anything was done; a person pressed the button again; an
    /// interface whose POST is safe to repeat, such as a search. Content is compared by its length
    /// and its first 512 octets.
    /// ## What to do
    /// At a proxy, switch it off: nginx `proxy_next_upstream non_idempotent`, HAProxy `retry-on` with L7
    /// retries. In a client, send an Idempotency-Key.
    pub static UNSAFE_AUTOMATIC_RETRY = {
        id: "unsafe-automatic-retry",
        title: "Non-idempotent request is repeated after a failure",
        severity: Severity::Notice,
        codes: &["5xx", "408"],
        source: "RFC 9110 section 9.2.2 SHOULD NOT automatically retry (client), MUST NOT (proxy); founding document on 5xx",
        parameters: &[
            Parameter { name: "within_s", default: &[30.0], meaning: "seconds between both requests" },
        ],
        guards: &[Guard::RequestKnown, Guard::NoGap],
        message: text(
            "{client} repeated {method} {url} with the same body {delay} s after {what}; the action may have been executed twice.",
            "{client} 在 {what} 之后 {delay} 秒以相同主体重发 {method} {url},操作可能被执行两次。",
        ),
        check: Check::Watch(
            Trigger::Method(&[Method::Post, Method::Patch, Method::Other]),
            || Box::new(Repeated::default()),
        ),
    }
}

/// A request that failed.
struct Failed {
    key: u64,
    /// Its first packet, and what ended it.
    began: Mark,
    ended: Mark,
    /// The status, or none.
    status: Option<u16>,
}

#[derive(Default)]
struct Repeated {
    failed: VecDeque<Failed>,
    hasher: DefaultHashBuilder,
}

impl Repeated {
    fn key(&self, exchange: &Exchange, request: &Message) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        exchange.client.octets().hash(&mut hasher);
        request.head.method_octets().hash(&mut hasher);
        request.head.value(FieldName::Host).hash(&mut hasher);
        request.head.target().hash(&mut hasher);
        request.content.hash(&mut hasher);
        request.digest.hash(&mut hasher);
        hasher.finish()
    }
}

/// How a request failed, and when that was known; `None` where it did not.
fn failure(exchange: &Exchange) -> Option<(Option<u16>, Mark)> {
    if let Some(response) = exchange.response.as_deref() {
        let status = response.head.status();
        return matches!(status, Some(408 | 500 | 502..=504)).then_some((status, response.last));
    }
    let lost = matches!(exchange.unanswered, Some(Unanswered::NotCaptured | Unanswered::TooMany));
    let now = &exchange.circumstances;
    let ends = [now.fin.get(1), now.reset.get(1)].into_iter().flatten().flatten();
    let end = ends.min_by_key(|mark| mark.packet).copied();
    let ended = matches!(exchange.unanswered, Some(Unanswered::Ended(End::Fin | End::Reset(_))));
    end.filter(|_| ended && !lost && exchange.switch.is_none()).map(|end| (None, end))
}

impl Watcher for Repeated {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let exchange = scene.exchange;
        let failure = failure(exchange);
        if failure.is_none() && self.failed.is_empty() {
            return;
        }
        let Some(request) = scene.request().filter(|request| request.complete()) else { return };
        if idempotent(request.head.method_octets())
            || request.content == 0
            || request.head.has(FieldName::IdempotencyKey)
        {
            return;
        }
        let within = report.duration("within_s");
        let now = request.first;
        while self.failed.front().is_some_and(|failed| {
            now.since(failed.began) > within || self.failed.len() >= limits::WATCHED_FAILURES
        }) {
            self.failed.pop_front();
        }
        let key = self.key(exchange, request);
        let earlier = self.failed.iter().rev().find(|failed| {
            failed.key == key
                && failed.ended.packet < now.packet
                && now.since(failed.began) <= within
        });
        if let Some(earlier) = earlier {
            let delay = now.since(earlier.ended);
            let draft = report.find().seconds("delay", delay).packet(earlier.began);
            let draft = draft.packet(earlier.ended);
            match earlier.status {
                Some(status) => draft.plain("what", status).add(),
                None => draft.phrase("what", text("the connection ended", "连接中断")).add(),
            }
        }
        if let Some((status, ended)) = failure {
            self.failed.push_back(Failed { key, began: request.first, ended, status });
        }
    }
}
