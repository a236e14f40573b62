//! 103 (Early Hints).

use crate::http::{FieldName, Message};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, On, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A 103 without a Link field.
    /// ## Why it matters
    /// Link is the only field that clients act upon: the response has no effect.
    /// ## When it is innocent
    /// Experiments with other fields.
    /// ## What to do
    /// Send the Link fields that the final response will have.
    pub static EARLY_HINTS_WITHOUT_LINK = {
        id: "early-hints-without-link",
        title: "103 (Early Hints) without a Link field",
        severity: Severity::Notice,
        codes: &["103"],
        source: "RFC 8297 section 2 (fields likely to be in the final response; Link typical)",
        guards: &[Guard::HeadWhole],
        message: text(
            "{server} sent 103 (Early Hints) for {url} without any Link; it has no effect.",
            "{server} 为 {url} 发送的 103(Early Hints)没有 Link 字段,不起作用。",
        ),
        check: Check::Message(On::Interim, Trigger::Status(&[(103, 103)]), without_link),
    }
}

fn without_link(message: &Message, _: &Scene<'_>, report: &mut Report<'_>) {
    if !message.head.has(FieldName::Link) {
        report.find().add();
    }
}
