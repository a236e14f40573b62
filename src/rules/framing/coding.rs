//! Transfer-Encoding, and Content-Length beside it.

use crate::http::{Flaw, Message};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, On, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A message with both `Content-Length` and `Transfer-Encoding`.
    /// ## Why it matters
    /// Two readers may end the message at different octets: request smuggling.
    /// ## When it is innocent
    /// Hardly ever; old proxies add a length and leave the coding.
    /// ## What to do
    /// Let the edge refuse such messages, and find who adds the second field.
    pub static CL_AND_TE = {
        id: "framing-cl-and-te",
        title: "Message carries both Content-Length and Transfer-Encoding",
        severity: Severity::Error,
        source: "RFC 9112 sections 6.2, 6.1, 6.3 item 3, 11.2",
        guards: &[Guard::HeadWhole],
        message: text(
            "{kind} {start_line} has both Content-Length: {cl} and Transfer-Encoding: {te}",
            "{kind} {start_line} 同时带有 Content-Length: {cl} 和 Transfer-Encoding: {te}",
        ),
        check: Check::Message(On::Any, Trigger::Flaw(&[Flaw::LengthAndCoding]), cl_and_te),
    }
}

fn cl_and_te(_message: &Message, _scene: &Scene<'_>, report: &mut Report<'_>) {
    report.find().add();
}
