//! What every 5xx says, and the codes of the class that are no gateway's.

use std::io::Read as _;
use std::sync::LazyLock;

use flate2::read::{GzDecoder, ZlibDecoder};
use regex::bytes::Regex;

use crate::http::{FieldName, Message, Version};
use crate::limits;
use crate::rules::report::path;
use crate::rules::rule::rule;
use crate::rules::window::health::is_health_path;
use crate::rules::{Check, Guard, Report, Scene, Severity, Trigger, text};

rule! {
    /// ## What it sees
    /// A response with 5xx, or with a number that is no status code and counts as one.
    /// ## Why it matters
    /// The server could not do what it was asked for. Equal ones are counted together; where they come
    /// in crowds, `burst-5xx` tells it once and these fall silent.
    /// ## When it is innocent
    /// 501 for a method that is not wanted, 503 while a service is down for maintenance.
    /// ## What to do
    /// `httpwhy explain` of the code says what it means and how to find its cause; where the packets show
    /// a cause, it stands with the failed request.
    pub static SERVER_ERROR_RESPONSE = {
        id: "server-error-response",
        title: "Server error (5xx, or an invalid code that counts as 5xx)",
        severity: Severity::Notice,
        otherwise: &[(Severity::Warning, "for the path of a health check")],
        codes: &["5xx"],
        source: "RFC 9110 section 15.6; founding document on 5xx and 500",
        guards: &[Guard::HeadWhole],
        message: text(
            "{server} answered {method} {url} with {status} {reason} after {delay} s.",
            "{server} 在 {delay} 秒后对 {method} {url} 返回 {status} {reason}。",
        ),
        check: Check::Exchange(Trigger::Status(&[(0, 99), (500, 999)]), server_error),
    }

    /// ## What it sees
    /// An error page that shows the insides of a program: a stack trace, an error of a database, the path of
    /// a file.
    /// ## Why it matters
    /// It helps attackers, and it is the cause of the error, for free.
    /// ## When it is innocent
    /// Servers of developers, with their debugging pages on.
    /// ## What to do
    /// Mend what the line says; then let the framework show a plain page and log the rest.
    pub static ERROR_DETAIL_LEAK = {
        id: "error-detail-leak",
        title: "Error response exposes a stack trace, SQL error or file path",
        severity: Severity::Warning,
        codes: &["4xx", "5xx"],
        source: "RFC 9110 section 15.6 (explanation for the user), section 17.12 (disclosure); founding document on 500",
        guards: &[Guard::RequestKnown],
        message: text(
            "{status} response to {method} {url} exposes internals: '{value}'.",
            "{method} {url} 的 {status} 响应泄露了内部信息:'{value}'。",
        ),
        check: Check::Exchange(Trigger::Status(&[(400, 999)]), detail),
    }

    /// ## What it sees
    /// 505 although the request was HTTP/1.0 or HTTP/1.1, in a response of HTTP/1.
    /// ## Why it matters
    /// The server speaks the version that it refuses, so it must have read another one.
    /// ## When it is innocent
    /// Firewalls that answer so on purpose.
    /// ## What to do
    /// Look for a space in the target: `GET /a b HTTP/1.1` makes `b` the version. Write it as `%20`.
    pub static VERSION_NOT_SUPPORTED_FOR_HTTP1 = {
        id: "version-not-supported-for-http1",
        title: "505 although the request was HTTP/1.0 or HTTP/1.1",
        severity: Severity::Warning,
        codes: &["505"],
        source: "RFC 9110 section 15.6.6 (does not support the major version used), section 2.5; founding document on 505",
        guards: &[Guard::RequestKnown],
        message: text(
            "{server} answered {method} {url} (HTTP/{value}) with 505 although it speaks HTTP/1.x itself.",
            "{method} {url} 使用 HTTP/{value},{server} 自身也使用 HTTP/1.x,却返回 505。",
        ),
        check: Check::Exchange(Trigger::Status(&[(505, 505)]), version),
    }

    /// ## What it sees
    /// 506 or 510, codes of extensions of HTTP that nobody uses any more.
    /// ## Why it matters
    /// No client knows what to do with them.
    /// ## When it is innocent
    /// Nowhere that is known of; it does no harm beyond that of any 5xx.
    /// ## What to do
    /// Send 500, or whatever tells what is wrong.
    pub static OBSOLETE_SERVER_CODE = {
        id: "obsolete-server-code",
        title: "506 (Variant Also Negotiates) or 510 (Not Extended)",
        severity: Severity::Info,
        codes: &["506", "510"],
        source: "RFC 2295 section 8.1; RFC 2774 section 7 (moved to Historic; 510 is marked as obsoleted at IANA)",
        guards: &[Guard::HeadWhole],
        message: text(
            "{server} answered {method} {url} with {status} ({reason}), a code of an abandoned HTTP extension; usually a framework default or a mis-set status.",
            "{server} 对 {method} {url} 返回 {status}({reason}),属于已废弃扩展的状态码,多为框架默认值或设置错误。",
        ),
        check: Check::Exchange(Trigger::Status(&[(506, 506), (510, 510)]), say),
    }

    /// ## What it sees
    /// 511: somebody in the network wants a log-in before anything else.
    /// ## Why it matters
    /// What the client got is not from the site that it asked. Programs that take it for one break.
    /// ## When it is innocent
    /// Guest networks do so by design.
    /// ## What to do
    /// Log in with a browser. A portal should not send a challenge with it: browsers would ask for the
    /// site's password.
    pub static NETWORK_AUTHENTICATION_REQUIRED = {
        id: "network-authentication-required",
        title: "511: a captive portal sits on the path",
        severity: Severity::Notice,
        otherwise: &[(Severity::Warning, "if it carries a challenge")],
        codes: &["511"],
        source: "RFC 6585 section 6 SHOULD NOT be generated by origin servers; SHOULD NOT contain a challenge",
        guards: &[Guard::HeadWhole],
        message: text(
            "The network in front of {client} wants a log-in (511 for {url} from {server}){what}.",
            "{client} 所在网络要求登录(对 {url} 的 511 来自 {server}){what}。",
        ),
        check: Check::Exchange(Trigger::Status(&[(511, 511)]), portal),
    }
}

fn server_error(scene: &Scene<'_>, report: &mut Report<'_>) {
    let check = scene.request().is_some_and(|request| is_health_path(path(request.head.target())));
    let draft = report.find().severity_if(check, Severity::Warning);
    match scene.exchange.think_time() {
        Some(took) => draft.seconds("delay", took).add(),
        None => draft.phrase("delay", text("an unknown number of", "未知")).add(),
    }
}

/// What only the insides of programs say.
static INSIDES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = concat!(
        r"(?-u:Traceback \(most recent call last\)|\bat [\w.$]+\(\w+\.java:\d+\)|java\.lang\.\w+Exception",
        r"|System\.\w+Exception|in <b>/[^<]+\.php</b> on line|Fatal error: .{0,200} in /|ORA-\d{5}",
        r"|SQLSTATE\[|You have an error in your SQL syntax|goroutine \d+ \[running\]|panicked at",
        r"|node_modules/|\.rb:\d+:in `)",
    );
    Regex::new(pattern).ok()
});

fn detail(scene: &Scene<'_>, report: &mut Report<'_>) {
    let (Some(response), Some(insides)) = (scene.response(), INSIDES.as_ref()) else { return };
    let unpacked = unpacked(response);
    let page = unpacked.as_deref().unwrap_or(&response.preview);
    if scene.pages.is_some_and(|pages| pages.know(page)) {
        return;
    }
    let Some(found) = insides.find(page) else {
        if let Some(pages) = scene.pages {
            pages.keep(page);
        }
        return;
    };
    let before = page.get(..found.start()).unwrap_or_default();
    let begins = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    let behind = page.get(begins..).unwrap_or_default();
    let line = behind.split(|octet| *octet == b'\n').next().unwrap_or_default();
    // A page in one line is shown from where it matters.
    let far = found.start() - begins > 80;
    let shown = if far { page.get(found.start()..).unwrap_or_default() } else { line };
    let shown = shown.get(..shown.len().min(160)).unwrap_or_default();
    report.find().octets("value", shown.trim_ascii()).add();
}

/// The front of the content without gzip or deflate; `None` where it has neither.
fn unpacked(response: &Message) -> Option<Vec<u8>> {
    let coding = response.head.value(FieldName::ContentEncoding)?;
    let is = |name: &str| coding.eq_ignore_ascii_case(name.as_bytes());
    let mut plain = Vec::new();
    let most = limits::INSPECTED_OCTETS as u64;
    // What was read up to an error, or to the end of what was kept, is there all the same.
    let _cut_off = if is("gzip") || is("x-gzip") {
        GzDecoder::new(&response.preview[..]).take(most).read_to_end(&mut plain)
    } else if is("deflate") {
        ZlibDecoder::new(&response.preview[..]).take(most).read_to_end(&mut plain)
    } else {
        return None;
    };
    Some(plain)
}

fn version(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((request, response)) = scene.pair() else { return };
    let Some(asked) = request.head.version() else { return };
    let speaks = response.head.version().is_some_and(|version| version.major == 1);
    if speaks && matches!(asked, Version::HTTP_10 | Version::HTTP_11) {
        let value = format_args!("{}.{}", asked.major, asked.minor).to_string();
        report.find().plain("value", value).add();
    }
}

fn say(_: &Scene<'_>, report: &mut Report<'_>) {
    report.find().add();
}

fn portal(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    let challenges = [FieldName::WwwAuthenticate, FieldName::ProxyAuthenticate];
    let challenged = challenges.into_iter().any(|name| response.head.has(name));
    let what = match challenged {
        true => text(
            ", with a challenge, which would make browsers ask for the site's password",
            ",并带有认证质询,会使浏览器索要网站密码",
        ),
        false => text("", ""),
    };
    report.find().severity_if(challenged, Severity::Warning).phrase("what", what).add();
}
