//! 300 (Multiple Choices), 305 (Use Proxy), 306 (Unused): redirects that hardly anybody sends.

use crate::http::{FieldName, Method};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A 300 without content, Location and Link.
    /// ## Why it matters
    /// There is nothing that a person or a program could choose from.
    /// ## When it is innocent
    /// Never; the response says nothing.
    /// ## What to do
    /// List the alternatives, or name the preferred one in Location.
    pub static MULTIPLE_CHOICES_EMPTY = {
        id: "multiple-choices-empty",
        title: "300 (Multiple Choices) with neither alternatives nor Location",
        severity: Severity::Notice,
        codes: &["300"],
        source: "RFC 9110 section 15.4.1 SHOULD (content; Location if there is a preferred choice); founding document on 300",
        guards: &[Guard::RequestKnown, Guard::NoGap],
        message: text(
            "300 (Multiple Choices) response to {method} {url} offers nothing to choose from.",
            "{method} {url} 的 300(Multiple Choices)响应没有列出任何可选表示。",
        ),
        check: Check::Exchange(Trigger::Status(&[(300, 300)]), nothing_to_choose),
    }

    /// ## What it sees
    /// A 305.
    /// ## Why it matters
    /// It is deprecated: no client obeys, and one that did would let whoever sits on the way redirect
    /// all its traffic.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Find out who sends it; configure proxies at the client.
    pub static USE_PROXY_305 = {
        id: "use-proxy-305",
        title: "305 (Use Proxy)",
        severity: Severity::Warning,
        codes: &["305"],
        source: "RFC 9110 section 15.4.6 (deprecated); RFC 7231 appendix B; founding document on 305",
        guards: &[Guard::HeadWhole],
        message: text(
            "{server} answered {method} {url} with the deprecated 305 (Use Proxy{location}); clients ignore it, and on-path injection of it would hijack traffic.",
            "{server} 对 {method} {url} 返回已废弃的 305(Use Proxy{location});客户端不会执行,且可能是流量劫持。",
        ),
        check: Check::Exchange(Trigger::Status(&[(305, 305)]), use_proxy),
    }

    /// ## What it sees
    /// A 306.
    /// ## Why it matters
    /// The code is reserved and has no meaning; clients treat it as 300.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Answer with a code that says what is meant.
    pub static UNUSED_306 = {
        id: "unused-306",
        title: "306 (Unused)",
        severity: Severity::Warning,
        codes: &["306"],
        source: "RFC 9110 section 15.4.7 (reserved); founding document on 306",
        guards: &[Guard::HeadWhole],
        message: text(
            "{server} answered {method} {url} with 306, a reserved code without meaning.",
            "{server} 对 {method} {url} 返回 306,这是一个保留且无含义的状态码。",
        ),
        check: Check::Exchange(Trigger::Status(&[(306, 306)]), unused),
    }
}

fn nothing_to_choose(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let head = &response.head;
    if request.head.method() != Method::Head
        && response.complete()
        && response.content == 0
        && response.missing == 0
        && !head.has(FieldName::Location)
        && !head.has(FieldName::Link)
    {
        report.find().about(response).add();
    }
}

fn use_proxy(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    let location = match response.head.value(FieldName::Location) {
        Some(location) => [b": ", location].concat(),
        None => Vec::new(),
    };
    report.find().about(response).octets("location", &location).add();
}

fn unused(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    report.find().about(response).add();
}
