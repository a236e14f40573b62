//! What clients make of a redirect: the method, the content and the credentials with which they go to
//! the new address. In come exchanges in their order; remembers the newest redirects that nobody
//! has followed yet.

use crate::flow::Mark;
use crate::http::{FieldName, Head, Message, Method};
use crate::rules::asked;
use crate::rules::awaited::Awaited;
use crate::rules::reference::{self, Url};
use crate::rules::report::url;
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, Watcher, text};

const WITHIN: &[Parameter] = &[Parameter {
    name: "within_s",
    default: &[10.0],
    meaning: "seconds from the redirect to the request for its Location",
}];

rule! {
    /// ## What it sees
    /// A POST, PUT, DELETE … that was redirected with 301 or 302, and that the client turned into GET
    /// or HEAD at the new address.
    /// ## Why it matters
    /// What was to be done was not done there. For POST the RFC allows it; for other methods nothing
    /// does.
    /// ## When it is innocent
    /// Forms that mean "now show that page".
    /// ## What to do
    /// Redirect with 307 or 308 where the method has to stay, with 303 where it has to become GET.
    pub static REDIRECT_METHOD_REWRITTEN = {
        id: "redirect-method-rewritten",
        title: "Client followed 301/302 with a different method",
        severity: Severity::Info,
        otherwise: &[(Severity::Warning, "where the method was not POST")],
        codes: &["301", "302"],
        source: "RFC 9110 sections 15.4, 15.4.2, 15.4.3 MAY change POST to GET (POST only); founding document on 302",
        parameters: WITHIN,
        guards: &[Guard::RequestKnown],
        message: text(
            "{client} followed the {status} for {method} {url} with {other}; the {method} was not repeated at {value}.",
            "{client} 在 {method} {url} 收到 {status} 后改用 {other} 访问 {value},{method} 操作没有在新地址重做。",
        ),
        check: Check::Watch(
            Trigger::OneOf(&[Trigger::Status(&[(301, 302)]), Trigger::Awaited]),
            || watcher(&[301, 302], rewritten)),
    }

    /// ## What it sees
    /// A request that was redirected with 307 or 308, and that came to the new address with another
    /// method.
    /// ## Why it matters
    /// Both codes forbid that: what was to be done was not done.
    /// ## When it is innocent
    /// An unrelated request for the same address within seconds. OPTIONS is left out, since browsers
    /// ask with it beforehand.
    /// ## What to do
    /// Update the client; old libraries treat 307 and 308 as 302.
    pub static REDIRECT_METHOD_NOT_PRESERVED = {
        id: "redirect-method-not-preserved",
        title: "Client followed 307/308 with a different method",
        severity: Severity::Error,
        codes: &["307", "308"],
        source: "RFC 9110 section 15.4.8 MUST NOT change the method; RFC 7538 section 3; founding document on 307",
        parameters: WITHIN,
        guards: &[Guard::RequestKnown],
        message: text(
            "{client} followed the {status} for {method} {url} with {other}; {status} forbids changing the method.",
            "{client} 在 {method} {url} 收到 {status} 后改用 {other};{status} 不允许改变请求方法。",
        ),
        check: Check::Watch(
            Trigger::OneOf(&[Trigger::Status(&[(307, 308)]), Trigger::Awaited]),
            || watcher(&[307, 308], not_preserved)),
    }

    /// ## What it sees
    /// A request with content that was redirected with 307 or 308, and that came to the new address with
    /// the same method and without content.
    /// ## Why it matters
    /// The new address got an empty order, form or upload.
    /// ## When it is innocent
    /// Never, unless the requests have nothing to do with each other.
    /// ## What to do
    /// Update the client, or let it keep content that it may have to send again.
    pub static REDIRECT_BODY_DROPPED = {
        id: "redirect-body-dropped",
        title: "Client followed 307/308 with the same method but without the body",
        severity: Severity::Warning,
        codes: &["307", "308"],
        source: "RFC 9110 section 15.4 SHOULD resend the original request, section 15.4.8; founding document on 307",
        parameters: WITHIN,
        guards: &[Guard::RequestKnown, Guard::NoGap],
        message: text(
            "{client} repeated {method} at {value} after {status}, but without the {bytes} octets of content.",
            "{client} 在 {status} 之后向 {value} 重发了 {method},却丢失了 {bytes} 字节的主体。",
        ),
        check: Check::Watch(
            Trigger::OneOf(&[Trigger::Status(&[(307, 308)]), Trigger::Awaited]),
            || watcher(&[307, 308], body_dropped)),
    }

    /// ## What it sees
    /// A 303 that was followed with a method other than GET or HEAD.
    /// ## Why it matters
    /// 303 means: look there for the answer. The client did something a second time instead.
    /// ## When it is innocent
    /// An unrelated request for the same address within seconds.
    /// ## What to do
    /// Correct the client; do not ask libraries to keep the method of every redirect.
    pub static SEE_OTHER_WRONG_METHOD = {
        id: "see-other-wrong-method",
        title: "Client followed 303 with a method other than GET or HEAD",
        severity: Severity::Warning,
        codes: &["303"],
        source: "RFC 9110 section 15.4.4 (GET or HEAD); founding document on 303",
        parameters: WITHIN,
        guards: &[Guard::RequestKnown],
        message: text(
            "{client} followed the 303 for {method} {url} with {other}; 303 means GET (or HEAD).",
            "{client} 在 {method} {url} 收到 303 后使用了 {other};303 之后应使用 GET(或 HEAD)。",
        ),
        check: Check::Watch(
            Trigger::OneOf(&[Trigger::Status(&[(303, 303)]), Trigger::Awaited]),
            || watcher(&[303], see_other)),
    }

    /// ## What it sees
    /// A redirect to another origin to which the client went with the same Authorization, or to another
    /// site with the same Cookie. Values are compared, never shown.
    /// ## Why it matters
    /// A stranger has got credentials that were meant for the first.
    /// ## When it is innocent
    /// Origins that belong to one owner and share credentials on purpose.
    /// ## What to do
    /// Let the client drop credentials when it is sent elsewhere; old versions of curl and of libraries
    /// do not.
    pub static REDIRECT_CREDENTIAL_LEAK = {
        id: "redirect-credential-leak",
        title: "Client repeats Authorization or Cookie at another origin after a redirect",
        severity: Severity::Warning,
        codes: &["301", "302", "303", "307", "308"],
        source: "RFC 9110 section 15.4 (remove Authorization, Cookie, Proxy-Authorization when redirected)",
        parameters: WITHIN,
        guards: &[Guard::RequestKnown],
        message: text(
            "{client} was redirected from {url} to another origin and sent the same {field} there.",
            "{client} 从 {url} 被重定向到另一个源,并把相同的 {field} 也发了过去。",
        ),
        check: Check::Watch(
            Trigger::OneOf(&[Trigger::ResponseField(&[FieldName::Location]), Trigger::Awaited]),
            || watcher(&[300, 301, 302, 303, 304, 305, 306, 307, 308], leaked)),
    }
}

/// What is remembered of a redirect.
struct Redirect {
    method: Box<[u8]>,
    url: Box<[u8]>,
    location: Url,
    from: Option<Url>,
    status: u16,
    content: u64,
    /// Hashes of the credentials that the request carried.
    authorization: Option<u64>,
    cookie: Option<u64>,
}

/// The request that followed.
struct Follower<'f> {
    request: &'f Message,
    redirect: &'f Redirect,
    at: Mark,
}

type Judged = fn(&Follower<'_>, &mut Report<'_>);

struct Followed {
    redirects: Awaited<Redirect>,
    statuses: &'static [u16],
    judged: Judged,
}

fn watcher(statuses: &'static [u16], judged: Judged) -> Box<dyn Watcher> {
    Box::new(Followed { redirects: Awaited::default(), statuses, judged })
}

impl Watcher for Followed {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some(request) = scene.request() else { return };
        if !self.redirects.is_empty()
            && let within = report.duration("within_s")
            && let Some((at, redirect)) = self.redirects.take(scene, within)
        {
            (self.judged)(&Follower { request, redirect: &redirect, at }, report);
        }
        let Some(status) = scene.status().filter(|status| self.statuses.contains(status)) else {
            return;
        };
        let Some(response) = scene.response() else { return };
        let Some(location) = reference::location(&request.head, &response.head) else { return };
        let redirect = Redirect {
            method: request.head.method_octets().into(),
            url: url(&request.head).into(),
            from: Url::of(&request.head),
            status,
            content: request.content.saturating_add(request.missing),
            authorization: credential(&request.head, FieldName::Authorization),
            cookie: credential(&request.head, FieldName::Cookie),
            location: location.clone(),
        };
        self.redirects.tell(scene, &location, response.first, redirect);
    }
}

fn credential(head: &Head, name: FieldName) -> Option<u64> {
    head.value(name).map(asked::hash)
}

impl Follower<'_> {
    fn method(&self) -> Method {
        self.request.head.method()
    }

    fn tell(&self, report: &mut Report<'_>, severity: Option<Severity>) {
        let redirect = self.redirect;
        let mut draft = report.find();
        if let Some(severity) = severity {
            draft = draft.severity(severity);
        }
        draft
            .octets("method", &redirect.method)
            .octets("url", &redirect.url)
            .plain("status", format_args!("{:03}", redirect.status))
            .octets("other", self.request.head.method_octets())
            .octets("value", &redirect.location.text())
            .plain("bytes", redirect.content)
            .packet(self.at)
            .add();
    }
}

fn rewritten(follower: &Follower<'_>, report: &mut Report<'_>) {
    let before = &*follower.redirect.method;
    let changed = !matches!(before, b"GET" | b"HEAD");
    if changed && matches!(follower.method(), Method::Get | Method::Head) {
        follower.tell(report, (before != b"POST").then_some(Severity::Warning));
    }
}

fn not_preserved(follower: &Follower<'_>, report: &mut Report<'_>) {
    let now = follower.request.head.method_octets();
    if *follower.redirect.method != *now && follower.method() != Method::Options {
        follower.tell(report, None);
    }
}

fn body_dropped(follower: &Follower<'_>, report: &mut Report<'_>) {
    let Follower { request, redirect, .. } = follower;
    if redirect.content > 0
        && *redirect.method == *request.head.method_octets()
        && request.complete()
        && request.content == 0
        && request.missing == 0
    {
        follower.tell(report, None);
    }
}

fn see_other(follower: &Follower<'_>, report: &mut Report<'_>) {
    if !matches!(follower.method(), Method::Get | Method::Head | Method::Options) {
        follower.tell(report, None);
    }
}

fn leaked(follower: &Follower<'_>, report: &mut Report<'_>) {
    let Follower { request, redirect, at } = follower;
    let Some(from) = &redirect.from else { return };
    if from.same_origin(&redirect.location) {
        return;
    }
    let same = |sent: Option<u64>, name| sent.is_some() && credential(&request.head, name) == sent;
    let elsewhere = !from.same_site(&redirect.location);
    let field = match () {
        () if same(redirect.authorization, FieldName::Authorization) => "Authorization",
        () if elsewhere && same(redirect.cookie, FieldName::Cookie) => "Cookie",
        () => return,
    };
    report.find().octets("url", &redirect.url).plain("field", field).packet(*at).add();
}
