//! 502, 503, 504: what gateways say, and whether it fits what else they show. Why they failed is for
//! `diagnosis`; what it finds is pointed to here.

use std::collections::BTreeMap;

use crate::flow::Mark;
use crate::http::FieldName;
use crate::limits;
use crate::rules::evidence;
use crate::rules::list::members;
use crate::rules::report::{Crowd, url};
use crate::rules::rule::rule;
use crate::rules::{
    Check, Explained, Guard, Parameter, Report, Scene, Severity, Trigger, Watcher, text,
};
use crate::units::Duration;

rule! {
    /// ## What it sees
    /// 502 or 504 from a server that shows no sign of being a gateway or proxy: no field, product or page
    /// of one.
    /// ## Why it matters
    /// Only a gateway may say so. An application that uses these codes for its own failures sends people
    /// looking in the wrong place.
    /// ## When it is innocent
    /// Gateways that hide well: the bare error page of HAProxy shows nothing.
    /// ## What to do
    /// Find out who sent it. An application that failed to reach its database sends 500 or 503.
    pub static GATEWAY_CODE_WITHOUT_GATEWAY = {
        id: "gateway-code-without-gateway",
        title: "502 or 504 without any sign of a gateway or proxy",
        severity: Severity::Notice,
        codes: &["502", "504"],
        source: "RFC 9110 section 15.6.3, section 15.6.5 (while acting as a gateway or proxy), section 7.6.3; founding document on 502 and 504",
        guards: &[Guard::HeadWhole],
        message: text(
            "{server} answered {method} {url} with {status} but shows no sign of being a gateway; the application itself may be using a proxy code for its own failure.",
            "{server} 对 {method} {url} 返回 {status},但没有任何网关/代理的迹象;可能是应用自身滥用了代理状态码。",
        ),
        check: Check::Exchange(Trigger::Status(&[(502, 502), (504, 504)]), no_gateway),
    }

    /// ## What it sees
    /// A 500, 502, 503 or 504 of a gateway whose own connection to the upstream is in the capture and shows
    /// why: it was refused or reset, stayed silent, or answered with an error or with nonsense.
    /// ## Why it matters
    /// This is the cause; the code is only what the client was told.
    /// ## When it is innocent
    /// Never; it explains a failure.
    /// ## What to do
    /// Follow the packets of the verdict with the same number, which says what to change.
    pub static GATEWAY_ERROR_CAUSE = {
        id: "gateway-error-cause",
        title: "The upstream side of a gateway error is in the capture",
        severity: Severity::Info,
        codes: &["500", "502", "503", "504"],
        source: "RFC 9110 section 15.6.3 (invalid response from an inbound server), section 15.6.5 (no timely response); founding document on 502 and 504",
        guards: &[Guard::RequestKnown],
        message: text(
            "{status} for {method} {url} is explained by the gateway's own request to {other}: {what}.",
            "{method} {url} 的 {status} 可由网关到上游 {other} 的请求解释:{what}。",
        ),
        check: Check::Watch(
            Trigger::Status(&[(500, 500), (502, 504)]),
            || Box::new(Waiting::default()),
        ),
    }

    /// ## What it sees
    /// 504 after less than a second, for a request that did not ask for what is in a cache alone.
    /// ## Why it matters
    /// No time limit is that short. Mostly the upstream refused the connection or could not be reached,
    /// for which 502 or 503 is right.
    /// ## When it is innocent
    /// A very short `proxy_connect_timeout`, or a circuit breaker that says 504.
    /// ## What to do
    /// Look whether the upstream is there at all.
    pub static GATEWAY_TIMEOUT_TOO_FAST = {
        id: "gateway-timeout-too-fast",
        title: "504 after less than a second",
        severity: Severity::Notice,
        codes: &["504"],
        source: "RFC 9110 section 15.6.5 (did not receive a timely response); founding document on 504",
        parameters: &[
            Parameter { name: "min_s", default: &[1.0], meaning: "seconds below which it is too fast" },
        ],
        guards: &[Guard::RequestKnown],
        message: text(
            "{server} reported a gateway timeout for {method} {url} after only {delay} s; 502 or 503 is more likely what happened.",
            "{server} 仅 {delay} 秒就对 {method} {url} 返回 504;实际更可能是 502 或 503 的情形。",
        ),
        check: Check::Exchange(Trigger::Status(&[(504, 504)]), too_fast),
    }

    /// ## What it sees
    /// 500 or 502 after nearly a round number of seconds: 5, 10, 15, 20, 30, 60, 90, 100, 120, 180, 240, 300
    /// or 600.
    /// ## Why it matters
    /// Somebody's patience ended, and the one behind it said 500 or 502 where 504 would have told.
    /// ## When it is innocent
    /// Chance.
    /// ## What to do
    /// Look for a limit of that length behind this server: gunicorn `--timeout` 30, php-fpm
    /// `request_terminate_timeout`, 60 s at load balancers.
    pub static BAD_GATEWAY_LOOKS_LIKE_TIMEOUT = {
        id: "bad-gateway-looks-like-timeout",
        title: "502 or 500 after a round timeout value",
        severity: Severity::Info,
        codes: &["500", "502"],
        source: "RFC 9110 section 15.6.3, section 15.6.5; founding document on 502 and 504",
        guards: &[Guard::RequestKnown],
        message: text(
            "{status} for {method} {url} came after {delay} s, close to a configured timeout; look for a {value} s limit behind {server}.",
            "{method} {url} 的 {status} 在 {delay} 秒后出现,接近某个超时设置;请检查 {server} 之后是否有 {value} 秒的限制。",
        ),
        check: Check::Exchange(Trigger::Status(&[(500, 500), (502, 502)]), round),
    }

    /// ## What it sees
    /// A Proxy-Status field that names an error whose recommended status is another than that of the
    /// response.
    /// ## Why it matters
    /// One of the two misleads: the code that users see, or the field that operators read.
    /// ## When it is innocent
    /// A gateway that maps codes on purpose.
    /// ## What to do
    /// Believe the field, and let the gateway send the status that RFC 9209 recommends.
    pub static PROXY_STATUS_CONTRADICTION = {
        id: "proxy-status-contradiction",
        title: "Status code is not the one recommended for the Proxy-Status error",
        severity: Severity::Notice,
        codes: &["4xx", "5xx"],
        source: "RFC 9209 section 2.1.1 SHOULD use the recommended status of the error type (section 2.3); founding document on 502 and 504",
        guards: &[Guard::HeadWhole],
        message: text(
            "{server}: Proxy-Status says '{value}' (recommended {expected}), but the status is {status}.",
            "{server} 的 Proxy-Status 为 '{value}'(推荐状态码 {expected}),实际却是 {status}。",
        ),
        check: Check::Exchange(
            Trigger::ResponseField(&[FieldName::ProxyStatus]),
            contradiction,
        ),
    }
}

fn no_gateway(scene: &Scene<'_>, report: &mut Report<'_>) {
    if evidence::gateway(scene.exchange).is_none() {
        report.find().add();
    }
}

fn too_fast(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(request) = scene.request() else { return };
    let Some(took) = scene.exchange.think_time() else { return };
    let cached_only = request.head.lists(FieldName::CacheControl, b"only-if-cached");
    if !cached_only && took < report.duration("min_s") {
        report.find().seconds("delay", took).add();
    }
}

/// Time limits that people set, seconds.
const ROUND: [u64; 13] = [5, 10, 15, 20, 30, 60, 90, 100, 120, 180, 240, 300, 600];

fn round(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(took) = scene.exchange.think_time() else { return };
    let near = |seconds: &u64| {
        let nanos = seconds * 1_000_000_000;
        took.as_nanos().abs_diff(nanos) <= nanos / 100 * 3
    };
    if took >= Duration::from_secs(5)
        && let Some(limit) = ROUND.iter().find(|seconds| near(seconds))
    {
        report.find().seconds("delay", took).plain("value", limit).add();
    }
}

/// The status that RFC 9209 section 2.3 recommends for a type of error.
fn recommended(error: &[u8]) -> Option<u16> {
    Some(match error {
        b"destination_not_found" | b"proxy_internal_error" | b"proxy_configuration_error" => 500,
        b"dns_error"
        | b"destination_ip_prohibited"
        | b"destination_ip_unroutable"
        | b"connection_refused"
        | b"connection_terminated"
        | b"tls_protocol_error"
        | b"tls_certificate_error"
        | b"tls_alert_received"
        | b"http_response_incomplete"
        | b"http_response_header_section_size"
        | b"http_response_header_size"
        | b"http_response_body_size"
        | b"http_response_trailer_section_size"
        | b"http_response_trailer_size"
        | b"http_response_transfer_coding"
        | b"http_response_content_coding"
        | b"http_upgrade_failed"
        | b"http_protocol_error"
        | b"proxy_loop_detected" => 502,
        b"destination_unavailable" | b"connection_limit_reached" => 503,
        b"dns_timeout"
        | b"connection_timeout"
        | b"connection_read_timeout"
        | b"connection_write_timeout"
        | b"http_response_timeout" => 504,
        b"http_request_denied" => 403,
        _ => return None,
    })
}

/// The value of the parameter `error` of one member.
fn error_of(member: &[u8]) -> Option<&[u8]> {
    member.split(|octet| *octet == b';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_at(memchr::memchr(b'=', parameter)?);
        (name.trim_ascii() == b"error").then(|| value.get(1..).unwrap_or_default().trim_ascii())
    })
}

fn contradiction(scene: &Scene<'_>, report: &mut Report<'_>) {
    let (Some(response), Some(status)) = (scene.response(), scene.status()) else { return };
    let all = members(&response.head, FieldName::ProxyStatus);
    let told = |member| Some((member, recommended(error_of(member)?)?));
    let errors: Vec<(&[u8], u16)> = all.filter_map(told).collect();
    // Of several proxies, the last one wrote what is seen; any of them may have chosen the status.
    if errors.iter().all(|(_, expected)| *expected != status)
        && let Some((member, expected)) = errors.last()
    {
        report.find().octets("value", member).plain("expected", expected).add();
    }
}

/// A gateway's error that may yet be explained.
struct Kept {
    crowd: Crowd,
    method: Box<[u8]>,
    url: Box<[u8]>,
    status: u16,
}

#[derive(Default)]
struct Waiting {
    /// By the number of the exchange.
    kept: BTreeMap<u64, Kept>,
}

impl Watcher for Waiting {
    fn exchange(&mut self, scene: &Scene<'_>, _: &mut Report<'_>) {
        let (Some(request), Some(status)) = (scene.request(), scene.status()) else { return };
        if self.kept.len() >= limits::PENDING_FAILURES {
            self.kept.pop_first();
        }
        let mut crowd = Crowd::of_endpoint(scene);
        crowd.place.status = Some(status);
        let (method, url) = (request.head.method_octets().into(), url(&request.head).into());
        self.kept.insert(scene.id, Kept { crowd, method, url, status });
    }

    fn asks_why(&self) -> bool {
        true
    }

    fn explained(&mut self, explained: &Explained<'_>, report: &mut Report<'_>) {
        let Some(kept) = self.kept.remove(&explained.transaction) else { return };
        let Some(upstream) = explained.upstream.filter(|_| explained.attempts > 0) else { return };
        let mut draft = report.find().crowd(kept.crowd);
        for packet in explained.packets {
            draft = draft.packet(Mark { packet: *packet, ..Mark::default() });
        }
        draft
            .octets("method", &kept.method)
            .octets("url", &kept.url)
            .plain("status", kept.status)
            .plain("other", upstream)
            .plain("what", explained.cause)
            .add();
    }
}
