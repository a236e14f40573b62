//! Retry-After, with 3xx, 413, 429 and 503, and 417: when a client may come back, and whether it does.

use std::collections::VecDeque;

use crate::flow::Mark;
use crate::http::{FieldName, Message, Method, header::date};
use crate::limits;
use crate::rules::asked;
use crate::rules::awaited::Awaited;
use crate::rules::rule::rule;
use crate::rules::{
    Check, Guard, Parameter, Report, Scene, Severity, Traffic, Trigger, Watcher, text,
};
use crate::units::Duration;

rule! {
    /// ## What it sees
    /// A 429 or 503 without Retry-After, and without another field that says when the limit ends.
    /// ## Why it matters
    /// Clients guess, and come back too early, all at once.
    /// ## When it is innocent
    /// It is only allowed, not demanded.
    /// ## What to do
    /// Send Retry-After in seconds.
    pub static RETRY_AFTER_MISSING = {
        id: "retry-after-missing",
        title: "429 or 503 without Retry-After",
        severity: Severity::Info,
        otherwise: &[(Severity::Notice, "with 429")],
        codes: &["429", "503"],
        source: "RFC 6585 section 4 MAY (429); RFC 9110 section 15.6.4 MAY (503); founding document on 429, 503",
        guards: &[Guard::HeadWhole],
        message: text("{server} answered {method} {url} with {status} without Retry-After; clients have to guess when to come back.", "{server} 对 {method} {url} 返回 {status} 却没有 Retry-After,客户端只能猜测何时重试。"),
        check: Check::Exchange(Trigger::Status(&[(429, 429), (503, 503)]), missing),
    }

    /// ## What it sees
    /// A Retry-After that is neither seconds nor a date, or that lies more than a year ahead.
    /// ## Why it matters
    /// Clients ignore it and come back at once. Fractions, units (`30s`) and seconds since 1970 are
    /// the usual mistakes.
    /// ## When it is innocent
    /// Never.
    /// ## What to do
    /// Write whole seconds.
    pub static RETRY_AFTER_INVALID = {
        id: "retry-after-invalid",
        title: "Retry-After is neither seconds nor an HTTP-date, or makes no sense",
        severity: Severity::Warning,
        codes: &["3xx", "413", "429", "503"],
        source: "RFC 9110 section 10.2.3; founding document on 3xx, 413, 429, 503",
        parameters: &[Parameter { name: "max_s", default: &[31536000.0], meaning: "seconds beyond which it makes no sense" }],
        guards: &[Guard::HeadWhole],
        message: text("{status} response to {method} {url} has an unusable Retry-After '{value}'.", "{method} {url} 的 {status} 响应中 Retry-After '{value}' 无法使用。"),
        check: Check::Exchange(Trigger::ResponseField(&[FieldName::RetryAfter]), invalid),
    }

    /// ## What it sees
    /// A request that comes again before the time that Retry-After asked for has passed.
    /// ## Why it matters
    /// The server is kept busy with what it cannot do.
    /// ## When it is innocent
    /// Several users behind one address.
    /// ## What to do
    /// Let the client wait.
    pub static RETRY_AFTER_IGNORED = {
        id: "retry-after-ignored",
        title: "Client comes back before Retry-After has elapsed",
        severity: Severity::Notice,
        codes: &["3xx", "413", "429", "503"],
        source: "RFC 9110 section 10.2.3 (how long the user agent ought to wait); founding document on 3xx, 413, 429, 503",
        parameters: &[Parameter { name: "min_s", default: &[1.0], meaning: "seconds below which nobody is told" }, Parameter { name: "tolerance", default: &[0.9], meaning: "share of the time that has to pass" }],
        guards: &[Guard::RequestKnown],
        message: text("{client} repeated {method} {url} {delay} s after a {status} that asked for {expected} s.", "{status} 要求等待 {expected} 秒,{client} 在 {delay} 秒后就重试了 {method} {url}。"),
        check: Check::Watch(
            Trigger::OneOf(&[Trigger::ResponseField(&[FieldName::RetryAfter]), Trigger::Awaited]),
            || Box::new(Ignored::default()),
        ),
    }

    /// ## What it sees
    /// A request with `Expect: 100-continue` that was answered 417 and did not come again without
    /// it.
    /// ## Why it matters
    /// The client gave up though it could have gone on.
    /// ## When it is innocent
    /// A user who went away.
    /// ## What to do
    /// Let the client repeat the request without Expect.
    pub static EXPECTATION_FAILED_NOT_RETRIED = {
        id: "expectation-failed-not-retried",
        title: "Client does not repeat the request without Expect after a 417",
        severity: Severity::Info,
        codes: &["417"],
        source: "RFC 9110 section 10.1.1 SHOULD repeat that request without a 100-continue expectation; founding document on 417",
        parameters: &[Parameter { name: "within_s", default: &[10.0], meaning: "seconds in which it should come again" }],
        guards: &[Guard::RequestKnown],
        message: text("{client} gave up after 417 on {method} {url}; it should repeat the request without Expect.", "{client} 在 {method} {url} 收到 417 后放弃;应去掉 Expect 重试。"),
        check: Check::Watch(
            Trigger::OneOf(&[
                Trigger::Status(&[(417, 417)]),
                Trigger::Method(MAY_EXPECT),
                Trigger::Awaited,
            ]),
            || Box::new(Expectation::default()),
        ),
    }
}

/// Fields that say when a limit ends.
const LIMITS: [&str; 5] = [
    "ratelimit",
    "ratelimit-reset",
    "x-ratelimit-reset",
    "x-rate-limit-reset",
    "x-ratelimit-reset-requests",
];

fn missing(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    let head = &response.head;
    let said = head.has(FieldName::RetryAfter)
        || LIMITS.iter().any(|name| head.values_named(name).next().is_some());
    if !said {
        let draft = report.find().about(response);
        draft.severity_if(scene.status() == Some(429), Severity::Notice).add();
    }
}

/// Seconds to wait: as given, or from the date of the response to the date given. `None` where it
/// cannot be read, or there is no date to count from.
enum Wait {
    Seconds(u64),
    UndatedDate,
    Unreadable,
}

fn wait(response: &Message) -> Option<Wait> {
    let value = response.head.value(FieldName::RetryAfter)?.trim_ascii();
    if !value.is_empty() && value.iter().all(u8::is_ascii_digit) {
        let seconds = std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok());
        return Some(Wait::Seconds(seconds.unwrap_or(u64::MAX)));
    }
    let Some(until) = date::parse(value) else { return Some(Wait::Unreadable) };
    let now = response.head.value(FieldName::Date).and_then(date::parse);
    Some(match now {
        Some(now) => Wait::Seconds(u64::try_from(until.saturating_sub(now)).unwrap_or(0)),
        None => Wait::UndatedDate,
    })
}

fn invalid(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some(response) = scene.response() else { return };
    let wrong = match wait(response) {
        Some(Wait::Unreadable) => true,
        Some(Wait::Seconds(seconds)) => seconds as f64 > report.parameter("max_s"),
        Some(Wait::UndatedDate) | None => false,
    };
    if wrong {
        report
            .find()
            .about(response)
            .all("value", response.head.values(FieldName::RetryAfter))
            .add();
    }
}

/// A request that was told to wait.
struct Told {
    method: Box<[u8]>,
    digest: u64,
    agent: Option<Box<[u8]>>,
    status: u16,
    seconds: u64,
}

#[derive(Default)]
struct Ignored {
    told: Awaited<Told>,
}

impl Watcher for Ignored {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some(request) = scene.request() else { return };
        let agent = || request.head.value(FieldName::UserAgent);
        // Longer than a day nobody watches.
        const LONGEST: Duration = Duration::from_secs(86_400);
        if let Some((at, told)) = self.told.take(scene, LONGEST) {
            let delay = request.first.since(at);
            let allowed = told.seconds as f64 * report.parameter("tolerance");
            if *told.method == *request.head.method_octets()
                && told.digest == request.digest
                && told.agent.as_deref() == agent()
                && (delay.as_nanos() as f64) < allowed * 1e9
            {
                report
                    .find()
                    .seconds("delay", delay)
                    .plain("status", format_args!("{:03}", told.status))
                    .plain("expected", told.seconds)
                    .packet(at)
                    .add();
            }
        }
        let (Some(response), Some(status)) = (scene.response(), scene.status()) else { return };
        let Some(Wait::Seconds(seconds)) = wait(response) else { return };
        if (seconds as f64) < report.parameter("min_s") {
            return;
        }
        let told = Told {
            method: request.head.method_octets().into(),
            digest: request.digest,
            agent: agent().map(Into::into),
            status,
            seconds,
        };
        self.told.tell_of_asked(scene, response.last, told);
    }
}

/// Methods whose requests may have content, and so an expectation.
const MAY_EXPECT: &[Method] = &[
    Method::Post,
    Method::Put,
    Method::Delete,
    Method::Connect,
    Method::Options,
    Method::Trace,
    Method::Patch,
    Method::Other,
];

/// A request that was refused for its expectation.
struct Failed {
    method: Box<[u8]>,
    url: Box<[u8]>,
    client: String,
    packet: Mark,
}

#[derive(Default)]
struct Expectation {
    failed: Awaited<Failed>,
    /// The newest requests that may have content, by a hash, since one that was refused may be over
    /// only after it came again: its content never came.
    recent: VecDeque<(u64, Mark)>,
}

impl Expectation {
    /// Notes a request; true where the same was sent behind a mark already.
    fn came_again(&mut self, scene: &Scene<'_>, request: &Message, behind: Option<Mark>) -> bool {
        let head = &request.head;
        let Some(asked) = scene.asked else { return false };
        if matches!(head.method(), Method::Get | Method::Head) {
            return false;
        }
        let key = asked.by_client ^ asked::hash(head.method_octets());
        let again = behind.is_some_and(|behind| {
            self.recent.iter().any(|(known, at)| *known == key && at.packet > behind.packet)
        });
        if self.recent.len() >= limits::AWAITED_LOCATIONS {
            self.recent.pop_front();
        }
        self.recent.push_back((key, request.first));
        again
    }

    fn tell(failed: &Failed, report: &mut Report<'_>) {
        report
            .find()
            .octets("method", &failed.method)
            .octets("url", &failed.url)
            .plain("client", &failed.client)
            .packet(failed.packet)
            .add();
    }
}

impl Watcher for Expectation {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some(request) = scene.request() else { return };
        let within = report.duration("within_s");
        while let Some(failed) = self.failed.expired(scene, request.first, within) {
            Self::tell(&failed, report);
        }
        self.failed.take(scene, within);
        let refused = scene.response().filter(|_| scene.status() == Some(417));
        let again = self.came_again(scene, request, refused.map(|response| response.last));
        if scene.status() == Some(417)
            && !again
            && request.head.lists(FieldName::Expect, b"100-continue")
            && let Some(response) = scene.response()
        {
            let failed = Failed {
                method: request.head.method_octets().into(),
                url: crate::rules::report::url(&request.head).into(),
                client: scene.exchange.client.to_string(),
                packet: response.last,
            };
            self.failed.tell_of_asked(scene, response.last, failed);
        }
    }

    fn waits(&self) -> Option<bool> {
        Some(!self.failed.is_empty())
    }

    fn finish(&mut self, now: Mark, _: &Traffic, report: &mut Report<'_>) {
        let within = report.duration("within_s");
        while let Some(failed) = self.failed.rest(now, Some(within)) {
            Self::tell(&failed, report);
        }
    }
}
