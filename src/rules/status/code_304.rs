//! 304 (Not Modified).

use crate::rules::rule::rule;
use crate::rules::{Aftermath, Check, Guard, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// Octets behind the head of a 304 that begin no response.
    /// ## Why it matters
    /// A 304 ends with the empty line. The client reads these octets as the next response, and the
    /// connection is out of step.
    /// ## When it is innocent
    /// Never. A `Content-Length` by itself is allowed.
    /// ## What to do
    /// Let the server or framework drop the body when it answers 304.
    pub static BODY_ON_304 = {
        id: "body-on-304",
        title: "Octets follow the header section of a 304 response",
        severity: Severity::Error,
        codes: &["304"],
        source: "RFC 9110 section 15.4.5 (cannot contain content); RFC 9112 section 6.3 item 1; founding document on 304",
        guards: &[Guard::NoGap],
        message: text(
            "304 (Not Modified) response to {method} {url} is followed by {bytes} octets of body; 304 must not have a body.",
            "对 {method} {url} 的 304(Not Modified)响应后面跟着 {bytes} 字节主体;304 不允许有主体。",
        ),
        check: Check::Settled(Trigger::Status(&[(304, 304)]), body),
    }
}

fn body(_: &Scene<'_>, after: &Aftermath<'_>, report: &mut Report<'_>) {
    super::stray_body(after, report);
}
