//! 202 (Accepted).

use crate::http::{FieldName, Method};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A 202 without content, and without a field that says where to ask.
    /// ## Why it matters
    /// The client never learns what became of its request.
    /// ## When it is innocent
    /// Fire and forget, where the client does not care.
    /// ## What to do
    /// Send a description of the state, or Location, Link or Retry-After.
    pub static ACCEPTED_WITHOUT_POINTER = {
        id: "accepted-without-pointer",
        title: "202 (Accepted) that neither points to a status resource nor describes the state",
        severity: Severity::Notice,
        codes: &["202"],
        source: "RFC 9110 section 15.3.3 ought to describe status and point to (or embed) a status monitor; founding document on 202",
        guards: &[Guard::RequestKnown, Guard::NoGap],
        message: text(
            "{server} accepted {method} {url} (202) without Location, Link, Retry-After or content; the client cannot learn the outcome.",
            "{server} 以 202 接受了 {method} {url},却没有 Location、Link、Retry-After 或主体,客户端无从查询结果。",
        ),
        check: Check::Exchange(Trigger::Status(&[(202, 202)]), without_pointer),
    }
}

fn without_pointer(scene: &Scene<'_>, report: &mut Report<'_>) {
    const KNOWN: [FieldName; 4] =
        [FieldName::Location, FieldName::ContentLocation, FieldName::Link, FieldName::RetryAfter];
    const NAMED: [&str; 2] = ["operation-location", "azure-asyncoperation"];
    let Some((request, response)) = scene.pair() else { return };
    let head = &response.head;
    let points = KNOWN.iter().any(|name| head.has(*name))
        || NAMED.iter().any(|name| head.values_named(name).next().is_some());
    let empty = response.complete() && response.content == 0;
    if request.head.method() != Method::Head && empty && !points {
        report.find().add();
    }
}
