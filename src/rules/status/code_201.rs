//! 201 (Created).

use crate::http::{FieldName, Method};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A 201 without a Location, to another method than PUT or MKCOL.
    /// ## Why it matters
    /// The client cannot find what it has created.
    /// ## When it is innocent
    /// The target itself may be what was created; with PUT that is clear.
    /// ## What to do
    /// Send Location.
    pub static CREATED_WITHOUT_LOCATION = {
        id: "created-without-location",
        title: "201 (Created) without Location",
        severity: Severity::Info,
        otherwise: &[(Severity::Notice, "if the method is POST")],
        codes: &["201"],
        source: "RFC 9110 section 9.3.3 SHOULD (POST); RFC 9110 section 15.3.2 (without Location the target URI identifies the resource); founding document on 201",
        guards: &[Guard::RequestKnown],
        supersedes: &["created-empty-body"],
        message: text(
            "{server} answered {method} {url} with 201 (Created) but gave no Location of the new resource.",
            "{server} 对 {method} {url} 返回 201(Created),但没有用 Location 给出新资源的 URI。",
        ),
        check: Check::Exchange(Trigger::Status(&[(201, 201)]), without_location),
    }
}

fn without_location(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let method = &request.head;
    let itself = method.method() == Method::Put || method.method_octets() == b"MKCOL";
    if !itself && !response.head.has(FieldName::Location) {
        let post = method.method() == Method::Post;
        report.find().severity_if(post, Severity::Notice).add();
    }
}

rule! {
    /// ## What it sees
    /// A 201 or 202 in answer to GET, HEAD, OPTIONS or TRACE.
    /// ## Why it matters
    /// These methods must change nothing: crawlers and caches repeat them at will.
    /// ## When it is innocent
    /// 202 to GET is a common way to say "not ready yet".
    /// ## What to do
    /// Use POST for what creates something.
    pub static CREATED_FOR_SAFE_METHOD = {
        id: "created-for-safe-method",
        title: "201 (Created) or 202 (Accepted) for a safe method",
        severity: Severity::Notice,
        codes: &["201", "202"],
        source: "RFC 9110 section 9.2.1 (safe methods are read-only); RFC 9110 section 15.3.2; founding document on 201",
        guards: &[Guard::RequestKnown],
        message: text(
            "{server} answered the safe method {method} {url} with {status}; safe methods must not create anything.",
            "{server} 对安全方法 {method} {url} 返回了 {status};安全方法不应产生新资源。",
        ),
        check: Check::Exchange(Trigger::Status(&[(201, 202)]), safe),
    }
}

fn safe(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(request) = scene.request() else { return };
    let safe = [Method::Get, Method::Head, Method::Options, Method::Trace];
    if safe.contains(&request.head.method()) {
        report.find().add();
    }
}

rule! {
    /// ## What it sees
    /// A 201 without content.
    /// ## Why it matters
    /// The content is there to describe what was created, and to link to it.
    /// ## When it is innocent
    /// Fine where Location says it.
    /// ## What to do
    /// Send a short description, or leave it.
    pub static CREATED_EMPTY_BODY = {
        id: "created-empty-body",
        title: "201 (Created) without content",
        severity: Severity::Info,
        codes: &["201"],
        source: "RFC 9110 section 15.3.2 (content typically describes and links); RFC 9110 section 9.3.3 SHOULD (POST: representation describing the status); founding document on 201",
        guards: &[Guard::RequestKnown, Guard::NoGap],
        message: text(
            "201 (Created) response to {method} {url} has no content describing the new resource.",
            "{method} {url} 的 201(Created)响应没有内容,未描述新资源。",
        ),
        check: Check::Exchange(Trigger::Status(&[(201, 201)]), empty),
    }
}

fn empty(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    if request.head.method() != Method::Head && response.complete() && response.content == 0 {
        report.find().add();
    }
}
