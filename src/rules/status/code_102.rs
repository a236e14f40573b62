//! 102 (Processing).

use crate::http::Message;
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, On, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A 102.
    /// ## Why it matters
    /// WebDAV has dropped it (RFC 4918), and many clients and proxies ignore it or time out all the
    /// same.
    /// ## When it is innocent
    /// Always: it is allowed.
    /// ## What to do
    /// Answer 202 and let the client ask for the state, where an operation takes long.
    pub static PROCESSING_102_USED = {
        id: "processing-102-used",
        title: "102 (Processing) seen",
        severity: Severity::Info,
        codes: &["102"],
        source: "RFC 2518 section 10.1 (if processing exceeds ~20 s); removed by RFC 4918",
        guards: &[Guard::HeadWhole],
        message: text(
            "{server} sent 102 (Processing) {delay} s into {method} {url}; the code was dropped from WebDAV in RFC 4918.",
            "{server} 在处理 {method} {url} 的第 {delay} 秒发送了 102(Processing);该码已被 RFC 4918 移除。",
        ),
        check: Check::Message(On::Interim, Trigger::Status(&[(102, 102)]), used),
    }
}

fn used(message: &Message, scene: &Scene<'_>, report: &mut Report<'_>) {
    let asked = scene.request().map_or(message.first, |request| request.first);
    report.find().seconds("delay", message.first.since(asked)).add();
}
