//! 203 (Non-Authoritative Information).

use crate::http::FieldName;
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Report, Scene, Severity, Trigger, evidence, text};

rule! {
    /// ## What it sees
    /// A 203 where nothing shows a proxy that could have changed the content.
    /// ## Why it matters
    /// The code says that somebody on the way did so. Older guides use it for fields that were copied
    /// from elsewhere.
    /// ## When it is innocent
    /// Proxies that hide; object stores that use the code for something of their own.
    /// ## What to do
    /// Find out who sent it; an origin sends 200.
    pub static NON_AUTHORITATIVE_WITHOUT_PROXY = {
        id: "non-authoritative-without-proxy",
        title: "203 without any sign of a transforming intermediary",
        severity: Severity::Notice,
        codes: &["203"],
        source: "RFC 9110 section 15.3.4 (content modified by a transforming proxy); RFC 9110 section 7.7; founding document on 203",
        guards: &[Guard::RequestKnown],
        message: text(
            "{server} sent 203 for {method} {url}, but nothing shows a transforming proxy (no Via, Warning, cache or gateway field).",
            "{server} 对 {method} {url} 返回 203,但没有任何转换代理的迹象(无 Via、Warning 等字段)。",
        ),
        check: Check::Exchange(Trigger::Status(&[(203, 203)]), without_proxy),
    }
}

fn without_proxy(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    if evidence::gateway(scene.exchange).is_none() && !response.head.has(FieldName::Warning) {
        report.find().add();
    }
}
