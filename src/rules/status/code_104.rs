//! 104 (Upload Resumption Supported), of a draft.

use crate::http::FieldName;
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A 104 that says neither where to go on nor how much has come, or one to a request that does
    /// not take part in the protocol.
    /// ## Why it matters
    /// The client cannot resume its upload.
    /// ## When it is innocent
    /// The protocol is a draft; its fields may change.
    /// ## What to do
    /// Send Location or Upload-Offset, and only to requests with Upload-Complete.
    pub static UPLOAD_RESUMPTION_INCOMPLETE = {
        id: "upload-resumption-incomplete",
        title: "104 (Upload Resumption Supported) without Location or Upload-Offset, or not asked for",
        severity: Severity::Notice,
        codes: &["104"],
        source: "draft-ietf-httpbis-resumable-upload MUST include Location (first 104); temporary IANA registration",
        guards: &[Guard::RequestKnown],
        message: text(
            "{server} sent 104 for {method} {url}, but {what}.",
            "{server} 对 {method} {url} 发送了 104,但 {what}。",
        ),
        check: Check::Exchange(Trigger::Interim, incomplete),
    }
}

fn incomplete(scene: &Scene<'_>, report: &mut Report<'_>) {
    const ASKING: [&str; 3] =
        ["upload-complete", "upload-incomplete", "upload-draft-interop-version"];
    let Some(request) = scene.request() else { return };
    let mut supported = scene.exchange.interim.iter();
    let supported = supported.by_ref().filter(|interim| interim.head.status() == Some(104));
    let supported: Vec<_> = supported.collect();
    if supported.is_empty() {
        return;
    }
    let asked = ASKING.iter().any(|name| request.head.values_named(name).next().is_some());
    let pointless = supported.iter().any(|interim| {
        !interim.head.has(FieldName::Location)
            && interim.head.values_named("upload-offset").next().is_none()
    });
    if pointless {
        let what = text(
            "names neither Location nor Upload-Offset",
            "既没有 Location 也没有 Upload-Offset",
        );
        report.find().phrase("what", what).add();
    } else if !asked {
        let what = text("the request does not take part in resumption", "请求并未参与断点续传");
        report.find().phrase("what", what).add();
    }
}
