//! Requests whose response has no body: HEAD and CONNECT.

use crate::flow::Side;
use crate::http::{FieldName, Method};
use crate::rules::rule::rule;
use crate::rules::{Aftermath, Check, Guard, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// Octets behind the head of a response to HEAD that begin no response.
    /// ## Why it matters
    /// A response to HEAD ends with the empty line. On a connection that stays open the client reads
    /// these octets as the next response.
    /// ## When it is innocent
    /// Never; scripts that treat HEAD as GET do it.
    /// ## What to do
    /// Let the server or framework answer HEAD without a body; most do it by themselves if the
    /// application leaves HEAD to them.
    pub static BODY_ON_HEAD = {
        id: "body-on-head",
        title: "Octets follow the header section of a response to HEAD",
        severity: Severity::Error,
        codes: &["2xx", "3xx", "4xx", "5xx"],
        source: "RFC 9110 section 9.3.2 MUST NOT send content; RFC 9112 section 6.3 item 1",
        guards: &[Guard::RequestKnown, Guard::NoGap],
        message: text(
            "{server} sent {bytes} octets of body after the {status} response to HEAD {url}; on a kept-alive connection the client will misread them as the next response.",
            "{server} 在对 HEAD {url} 的 {status} 响应之后又发送了 {bytes} 字节主体;长连接上客户端会把它误认为下一个响应。",
        ),
        check: Check::Settled(Trigger::Method(&[Method::Head]), body_on_head),
    }
}

fn body_on_head(scene: &Scene<'_>, after: &Aftermath<'_>, report: &mut Report<'_>) {
    let stray = after.strays.iter().find(|stray| stray.side == Side::Server && !stray.interim);
    if let (Some(stray), Some(_)) = (stray, scene.response()) {
        report.find().plain("bytes", stray.count).packet(stray.first).add();
    }
}

rule! {
    /// ## What it sees
    /// `Content-Length` or `Transfer-Encoding` in a 2xx response to CONNECT.
    /// ## Why it matters
    /// The tunnel begins behind the head, so there is no body. A client that honours the field takes
    /// the first octets of the tunnel for one.
    /// ## When it is innocent
    /// `Content-Length: 0` from a simple proxy; clients that follow the RFC ignore it.
    /// ## What to do
    /// Correct the proxy.
    pub static FRAMING_ON_CONNECT_SUCCESS = {
        id: "framing-on-connect-success",
        title: "Content-Length or Transfer-Encoding in a 2xx response to CONNECT",
        severity: Severity::Error,
        codes: &["2xx"],
        source: "RFC 9110 section 9.3.6 MUST NOT; RFC 9110 section 8.6 MUST NOT; RFC 9112 section 6.1 MUST NOT",
        guards: &[Guard::HeadWhole],
        message: text(
            "Proxy {server} answered CONNECT {target} with {status} plus {field}; the tunnel starts right after the header section, so the field must not be there.",
            "代理 {server} 对 CONNECT {target} 返回 {status} 时附带了 {field};隧道在报头之后立即开始,不应出现该字段。",
        ),
        check: Check::Exchange(Trigger::Method(&[Method::Connect]), on_connect),
    }
}

fn on_connect(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    if !matches!(scene.status(), Some(200..=299)) {
        return;
    }
    for (name, spelling) in [
        (FieldName::TransferEncoding, "Transfer-Encoding"),
        (FieldName::ContentLength, "Content-Length"),
    ] {
        if response.head.has(name) {
            report.find().plain("field", spelling).add();
            return;
        }
    }
}
