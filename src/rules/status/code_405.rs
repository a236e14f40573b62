//! 405 (Method Not Allowed) and 406 (Not Acceptable).

use crate::http::{FieldName, Method, TransferCoding};
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Report, Scene, Severity, Trigger, list, methods, text};

rule! {
    /// ## What it sees
    /// A 405 without Allow.
    /// ## Why it matters
    /// The client is not told what it may do instead. nginx's own 405 is one of these.
    /// ## When it is innocent
    /// Never; an empty Allow is allowed, and says that nothing is.
    /// ## What to do
    /// Add the field in the application or in the server's error page.
    pub static METHOD_NOT_ALLOWED_WITHOUT_ALLOW = {
        id: "method-not-allowed-without-allow",
        title: "405 without Allow",
        severity: Severity::Error,
        codes: &["405"],
        source: "RFC 9110 section 15.5.6 MUST; RFC 9110 section 10.2.1 MUST; founding document on 405",
        guards: &[Guard::HeadWhole],
        message: text("{server} answered {method} {url} with 405 but does not list the allowed methods (Allow missing).", "{server} 对 {method} {url} 返回 405,却没有用 Allow 列出允许的方法。"),
        check: Check::Exchange(Trigger::Status(&[(405, 405)]), without_allow),
    }

    /// ## What it sees
    /// A 405 whose Allow lists the method that was refused.
    /// ## Why it matters
    /// Somebody contradicts himself: often a gateway refuses what the origin allows.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Find out who wrote the status and who the field; compare the routes of gateway and origin.
    pub static METHOD_NOT_ALLOWED_BUT_LISTED = {
        id: "method-not-allowed-but-listed",
        title: "405 whose Allow lists the refused method",
        severity: Severity::Error,
        codes: &["405"],
        source: "RFC 9110 section 15.5.6 (list of the currently supported methods); founding document on 405",
        guards: &[Guard::RequestKnown],
        supersedes: &["get-or-head-refused"],
        message: text("{server} refused {method} {url} with 405 although its Allow lists {method} ('{value}').", "{server} 以 405 拒绝 {method} {url},但其 Allow('{value}')却列出了该方法。"),
        check: Check::Exchange(Trigger::Status(&[(405, 405)]), listed),
    }

    /// ## What it sees
    /// A 405 to a method that no standard knows, or a 501 to one that every server knows.
    /// ## Why it matters
    /// 405 says: known, not allowed here. 501 says: not known at all, nowhere. Clients choose what
    /// to try next by it.
    /// ## When it is innocent
    /// 501 to an unknown transfer coding or to Content-Range is left out.
    /// ## What to do
    /// Exchange the codes.
    pub static METHOD_CODE_CONFUSION = {
        id: "method-code-confusion",
        title: "405 for an unknown method, or 501 for a standard one",
        severity: Severity::Notice,
        codes: &["405", "501"],
        source: "RFC 9110 section 9.1 SHOULD 501 (unrecognised) / SHOULD 405 (recognised but not allowed); RFC 9112 section 6.1 SHOULD 501 (unknown transfer coding); founding document on 405, 501",
        guards: &[Guard::RequestKnown],
        message: text("{server} answered {method} {url} with {status}; {expected} is the fitting code ({why}).", "{server} 对 {method} {url} 返回 {status};更合适的是 {expected}({why})。"),
        check: Check::Exchange(Trigger::Status(&[(405, 405), (501, 501)]), confusion),
    }

    /// ## What it sees
    /// A 406 to a request that accepts anything.
    /// ## Why it matters
    /// There was nothing that could not be accepted: mostly a firewall uses the code to block.
    /// ## When it is innocent
    /// Firewalls that want to be vague.
    /// ## What to do
    /// Look for a rule of a firewall (ModSecurity) that matched.
    pub static NOT_ACCEPTABLE_WITHOUT_NEGOTIATION = {
        id: "not-acceptable-without-negotiation",
        title: "406 although the request restricts nothing",
        severity: Severity::Warning,
        codes: &["406"],
        source: "RFC 9110 section 15.5.7 (not acceptable according to the negotiation fields received); RFC 9110 section 12.4.1 (absence = anything); founding document on 406",
        guards: &[Guard::RequestKnown],
        message: text("{server} answered {method} {url} with 406, but the request accepts anything (Accept: {value}); often a WAF block.", "{method} {url} 并未限制可接受的类型(Accept: {value}),{server} 却返回 406;常见于 WAF 拦截。"),
        check: Check::Exchange(Trigger::Status(&[(406, 406)]), without_negotiation),
    }

    /// ## What it sees
    /// A 406 without content that lists what there is.
    /// ## Why it matters
    /// The client cannot choose.
    /// ## When it is innocent
    /// Programs know by heart what there is.
    /// ## What to do
    /// List the representations, or send one all the same.
    pub static NOT_ACCEPTABLE_EMPTY = {
        id: "not-acceptable-empty",
        title: "406 without a list of alternatives",
        severity: Severity::Info,
        codes: &["406"],
        source: "RFC 9110 section 15.5.7 SHOULD generate content; founding document on 406",
        guards: &[Guard::RequestKnown, Guard::NoGap],
        supersedes: &["error-without-body"],
        message: text("406 response to {method} {url} does not list the available representations.", "{method} {url} 的 406 响应没有列出可用的表示。"),
        check: Check::Exchange(Trigger::Status(&[(406, 406)]), empty),
    }
}

fn without_allow(scene: &Scene<'_>, report: &mut Report<'_>) {
    if let Some(response) = scene.response()
        && !response.head.has(FieldName::Allow)
    {
        report.find().about(response).add();
    }
}

fn listed(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let method = request.head.method_octets();
    if list::members(&response.head, FieldName::Allow).any(|allowed| allowed == method) {
        report.find().about(response).all("value", response.head.values(FieldName::Allow)).add();
    }
}

fn confusion(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(request) = scene.request() else { return };
    let method = request.head.method_octets();
    match scene.status() {
        Some(405) if !methods::registered(method) && !methods::in_use(method) => {
            let why = text("the method is not known", "该方法未知");
            report.find().plain("expected", 501).phrase("why", why).add();
        }
        Some(501)
            if !matches!(request.head.method(), Method::Other | Method::Connect)
                && matches!(
                    request.transfer_coding,
                    TransferCoding::Absent | TransferCoding::Chunked
                )
                && !request.head.has(FieldName::ContentRange) =>
        {
            let why = text("the method is a standard one", "该方法是标准方法");
            report.find().plain("expected", 405).phrase("why", why).add();
        }
        _ => {}
    }
}

fn without_negotiation(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(request) = scene.request() else { return };
    let head = &request.head;
    let others = ["accept-charset", "accept-datetime", "accept-features", "negotiate"];
    if head.has(FieldName::AcceptLanguage)
        || head.has(FieldName::AcceptEncoding)
        || others.iter().any(|name| head.values_named(name).next().is_some())
    {
        return;
    }
    let anything = |range: &[u8]| {
        let mut parts = range.split(|octet| *octet == b';').map(<[u8]>::trim_ascii);
        parts.next() == Some(b"*/*") && !parts.any(is_zero)
    };
    if !head.has(FieldName::Accept) || list::members(head, FieldName::Accept).any(anything) {
        report.find().all("value", head.values(FieldName::Accept)).add();
    }
}

/// `q=0`, `q=0.000`.
fn is_zero(parameter: &[u8]) -> bool {
    let value = parameter.strip_prefix(b"q=").or_else(|| parameter.strip_prefix(b"Q="));
    value.is_some_and(|value| {
        value.first() == Some(&b'0') && value.iter().all(|octet| matches!(octet, b'0' | b'.'))
    })
}

fn empty(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    if request.head.method() != Method::Head
        && response.complete()
        && response.content == 0
        && response.missing == 0
        && !response.head.has(FieldName::Link)
    {
        report.find().about(response).add();
    }
}
