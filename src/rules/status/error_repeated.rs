//! Requests that come again after they were refused: with the same credentials, the wrong ones, the same content. In come exchanges in their order; remembers the newest refusals.

use super::code_401::scheme_of;
use crate::flow::Mark;
use crate::http::{FieldName, Head};
use crate::rules::asked;
use crate::rules::awaited::Awaited;
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, Watcher, text};

rule! {
    /// ## What it sees
    /// A request with credentials that was answered 401, 403 or 407, and that came again with the
    /// same credentials.
    /// ## Why it matters
    /// It cannot succeed, and may lock the account.
    /// ## When it is innocent
    /// A right that is given in between; schemes of several steps are left out.
    /// ## What to do
    /// Let the client stop and ask for others.
    pub static AUTH_SAME_CREDENTIALS_REPEATED = {
        id: "auth-same-credentials-repeated",
        title: "Client repeats a request with credentials that were just refused",
        severity: Severity::Notice,
        codes: &["401", "403", "407"],
        source: "RFC 9110 section 15.5.2 (new or replaced Authorization); RFC 9110 section 15.5.4 SHOULD NOT automatically repeat with the same credentials; founding document on 401, 403, 407",
        parameters: &[Parameter { name: "within_s", default: &[30.0], meaning: "seconds between the answer and the repetition" }],
        guards: &[Guard::RequestKnown],
        message: text("{client} repeated {method} {url} with the credentials that had just been refused ({status}).", "{client} 用刚被拒绝({status})的同一凭证重复了 {method} {url}。"),
        check: Check::Watch(
            Trigger::OneOf(&[Trigger::Status(&[(401, 401), (403, 403), (407, 407)]), Trigger::Awaited]),
            || Box::new(SameCredentials::default()),
        ),
    }

    /// ## What it sees
    /// A request that was answered 407, and that came again with Authorization instead of Proxy-
    /// Authorization.
    /// ## Why it matters
    /// The proxy refuses it again; and the password of the proxy goes to the origin.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Configure the credentials of the proxy as such.
    pub static PROXY_CREDENTIALS_WRONG_FIELD = {
        id: "proxy-credentials-wrong-field",
        title: "Client answers a 407 with Authorization instead of Proxy-Authorization",
        severity: Severity::Warning,
        codes: &["407"],
        source: "RFC 9110 section 11.7.2; RFC 9110 section 15.5.8; founding document on 407",
        parameters: &[Parameter { name: "within_s", default: &[60.0], meaning: "seconds between the answer and the repetition" }],
        guards: &[Guard::RequestKnown],
        message: text("After the 407 {client} repeated {method} {url} with Authorization; the proxy needs Proxy-Authorization.", "收到 407 后,{client} 以 Authorization 重试 {method} {url};应使用 Proxy-Authorization。"),
        check: Check::Watch(
            Trigger::OneOf(&[Trigger::Status(&[(407, 407)]), Trigger::Awaited]),
            || Box::new(WrongField::default()),
        ),
    }

    /// ## What it sees
    /// Content that was answered 413 without Retry-After, and that was sent again, as large or
    /// larger.
    /// ## Why it matters
    /// All these octets are sent for nothing.
    /// ## When it is innocent
    /// A limit that was raised in between.
    /// ## What to do
    /// Let the client give up, or send in parts.
    pub static CONTENT_TOO_LARGE_RESENT = {
        id: "content-too-large-resent",
        title: "Client re-sends the same large body after a 413",
        severity: Severity::Notice,
        codes: &["413"],
        source: "RFC 9110 section 15.5.14 SHOULD Retry-After if temporary; founding document on 413",
        parameters: &[Parameter { name: "within_s", default: &[300.0], meaning: "seconds between the answer and the repetition" }],
        guards: &[Guard::RequestKnown],
        message: text("{client} sent {bytes} octets to {url} again although {server} had answered 413 without Retry-After.", "{server} 已返回不带 Retry-After 的 413,{client} 仍再次向 {url} 发送 {bytes} 字节。"),
        check: Check::Watch(
            Trigger::OneOf(&[Trigger::Status(&[(413, 413)]), Trigger::Awaited]),
            || Box::new(Resent::default()),
        ),
    }
}

/// What is remembered of a refusal.
struct Refused {
    method: Box<[u8]>,
    status: u16,
    /// Hashes of Authorization and Proxy-Authorization.
    credentials: [Option<u64>; 2],
    /// What Content-Length said.
    length: Option<u64>,
}

/// Refusals by client and address.
#[derive(Default)]
struct Refusals {
    told: Awaited<Refused>,
}

impl Refusals {
    /// The refusal that this request repeats.
    fn repeated(&mut self, scene: &Scene<'_>, report: &Report<'_>) -> Option<(Mark, Refused)> {
        let request = scene.request()?;
        let within = report.duration("within_s");
        let found = self.told.take(scene, within);
        found.filter(|(_, refused)| *refused.method == *request.head.method_octets())
    }

    fn note(&mut self, scene: &Scene<'_>) {
        let (Some((request, response)), Some(status)) = (scene.pair(), scene.status()) else {
            return;
        };
        let refused = Refused {
            method: request.head.method_octets().into(),
            status,
            credentials: credentials(&request.head),
            length: request.content_length.value(),
        };
        self.told.tell_of_asked(scene, response.last, refused);
    }
}

fn credentials(head: &Head) -> [Option<u64>; 2] {
    [FieldName::Authorization, FieldName::ProxyAuthorization]
        .map(|name| head.value(name).map(asked::hash))
}

#[derive(Default)]
struct SameCredentials {
    refusals: Refusals,
}

impl Watcher for SameCredentials {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some(request) = scene.request() else { return };
        if let Some((at, refused)) = self.refusals.repeated(scene, report)
            && refused.credentials == credentials(&request.head)
        {
            let status = format_args!("{:03}", refused.status).to_string();
            report.find().plain("status", status).packet(at).add();
        }
        if !matches!(scene.status(), Some(401 | 403 | 407)) {
            return;
        }
        let head = &request.head;
        let value = head.value(FieldName::Authorization);
        let Some(value) = value.or_else(|| head.value(FieldName::ProxyAuthorization)) else {
            return;
        };
        if !matches!(&scheme_of(value)[..], b"negotiate" | b"ntlm" | b"digest") {
            self.refusals.note(scene);
        }
    }
}

#[derive(Default)]
struct WrongField {
    refusals: Refusals,
}

impl Watcher for WrongField {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some(request) = scene.request() else { return };
        let head = &request.head;
        if let Some((at, _)) = self.refusals.repeated(scene, report)
            && head.has(FieldName::Authorization)
            && !head.has(FieldName::ProxyAuthorization)
        {
            report.find().packet(at).add();
        }
        if scene.status() == Some(407) && !head.has(FieldName::Authorization) {
            self.refusals.note(scene);
        }
    }
}

#[derive(Default)]
struct Resent {
    refusals: Refusals,
}

impl Watcher for Resent {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some(request) = scene.request() else { return };
        let Some(length) = request.content_length.value().filter(|length| *length > 0) else {
            return;
        };
        if let Some((at, refused)) = self.refusals.repeated(scene, report)
            && refused.length.is_some_and(|before| length >= before)
        {
            report.find().plain("bytes", length).packet(at).add();
        }
        let later =
            scene.response().is_some_and(|response| response.head.has(FieldName::RetryAfter));
        if scene.status() == Some(413) && !later {
            self.refusals.note(scene);
        }
    }
}
