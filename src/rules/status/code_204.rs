//! 204 (No Content).

use crate::http::Method;
use crate::rules::report::path;
use crate::rules::rule::rule;
use crate::rules::{Aftermath, Check, Guard, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// Octets behind the head of a 204 that begin no response.
    /// ## Why it matters
    /// A 204 ends with the empty line. The client reads these octets as the next response, and the
    /// connection is out of step.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Let the application send 200 if it has something to say, or say nothing.
    pub static BODY_ON_204 = {
        id: "body-on-204",
        title: "Octets follow the header section of a 204 response",
        severity: Severity::Error,
        codes: &["204"],
        source: "RFC 9110 section 15.3.5 (cannot contain content); RFC 9112 section 6.3 item 1; founding document on 204",
        guards: &[Guard::NoGap],
        supersedes: &["framing-cl-on-1xx-204"],
        message: text(
            "204 (No Content) response to {method} {url} is followed by {bytes} octets of body ('{hex}'); 204 must not have a body and the bytes desynchronise the connection.",
            "对 {method} {url} 的 204(No Content)响应后面跟着 {bytes} 字节主体('{hex}');204 不允许有实体主体,多余字节会使连接失步。",
        ),
        check: Check::Settled(Trigger::Status(&[(204, 204)]), body),
    }
}

fn body(_: &Scene<'_>, after: &Aftermath<'_>, report: &mut Report<'_>) {
    super::stray_body(after, report);
}

rule! {
    /// ## What it sees
    /// A 204 in answer to GET.
    /// ## Why it matters
    /// It says that the resource is there and its representation is empty, which is rarely meant: a
    /// browser stays on the old page.
    /// ## When it is innocent
    /// Probes for connectivity (`generate_204`), beacons, health checks and `ping` paths are not
    /// counted.
    /// ## What to do
    /// Send 200 with an empty representation, or 404 if there is nothing.
    pub static NO_CONTENT_TO_GET = {
        id: "no-content-to-get",
        title: "204 (No Content) in answer to GET",
        severity: Severity::Info,
        codes: &["204"],
        source: "RFC 9110 section 15.3.5; founding document on 204",
        guards: &[Guard::RequestKnown],
        message: text(
            "{server} answered GET {url} with 204: the resource exists but its representation is empty.",
            "{server} 对 GET {url} 返回 204:资源存在,但其表示为空。",
        ),
        check: Check::Exchange(Trigger::Status(&[(204, 204)]), to_get),
    }
}

fn to_get(scene: &Scene<'_>, report: &mut Report<'_>) {
    /// Paths that are asked for the sake of the status alone.
    const MEANT: &[&[u8]] =
        &[b"generate_204", b"gen_204", b"/ping", b"/beacon", b"/collect", b"/health"];
    let Some(request) = scene.request() else { return };
    if request.head.method() != Method::Get {
        return;
    }
    let path = path(request.head.target());
    if !MEANT.iter().any(|part| memchr::memmem::find(path, part).is_some()) {
        report.find().add();
    }
}
