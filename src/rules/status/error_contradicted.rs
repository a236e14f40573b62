//! Errors that another answer for the same address contradicts: gone and there again, refused and allowed, not found and found. In come exchanges in their order; remembers the newest such answers by hashes.

use crate::flow::Mark;
use crate::http::Method;
use crate::limits;
use crate::rules::asked::Asked;
use crate::rules::remembered;
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, Watcher, text};

rule! {
    /// ## What it sees
    /// A client that asks five times for an address that is 410 each time; or an address that was
    /// 410 and is there again.
    /// ## Why it matters
    /// Links are still in use that lead nowhere; or 410 was the wrong word, since caches and search
    /// engines forget the address.
    /// ## When it is innocent
    /// Robots; health checks.
    /// ## What to do
    /// Remove the links; answer 404 where it may come back.
    pub static GONE_REQUESTED_AGAIN = {
        id: "gone-requested-again",
        title: "Client keeps requesting a URL that is 410, or the URL comes back",
        severity: Severity::Info,
        codes: &["410"],
        source: "RFC 9110 section 15.5.11 (likely permanent; remove links); founding document on 410",
        parameters: &[Parameter { name: "times", default: &[5.0], meaning: "requests of one client after which it is reported, once" }],
        guards: &[Guard::RequestKnown],
        message: text("{url} is marked 410 (Gone) but {what}.", "{url} 已标记为 410(Gone),但 {what}。"),
        check: Check::Watch(Trigger::Status(&[(410, 410)]), || Box::new(Gone::default())),
    }

    /// ## What it sees
    /// A 405 or 501 to GET; or to HEAD where GET of the same address works.
    /// ## Why it matters
    /// Every server for general use has to support both: link checkers and caches use HEAD.
    /// ## When it is innocent
    /// Interfaces that only take POST.
    /// ## What to do
    /// Route HEAD as GET, without content.
    pub static GET_OR_HEAD_REFUSED = {
        id: "get-or-head-refused",
        title: "405 or 501 for GET or HEAD",
        severity: Severity::Notice,
        codes: &["405", "501"],
        source: "RFC 9110 section 9.1 MUST support GET and HEAD (general-purpose servers); founding document on 405, 501",
        guards: &[Guard::RequestKnown],
        message: text("{server} refuses {method} on {url} ({status}); general-purpose servers must support GET and HEAD.", "{server} 拒绝对 {url} 使用 {method}({status});通用服务器必须支持 GET 与 HEAD。"),
        check: Check::Watch(Trigger::Status(&[(405, 405), (501, 501)]), || Box::new(GetOrHead::default())),
    }

    /// ## What it sees
    /// An address that is 404 for one and 200, 401 or 403 for another who sends other credentials.
    /// ## Why it matters
    /// The 404 probably hides that something is there; whoever looks for the reason should know.
    /// ## When it is innocent
    /// It is allowed, and often wanted.
    /// ## What to do
    /// Nothing; or answer 401 or 403 where nothing needs to be hidden.
    pub static NOT_FOUND_INCONSISTENT = {
        id: "not-found-inconsistent",
        title: "Same URL and method: 404 for one client, 401/403 or success for another",
        severity: Severity::Info,
        codes: &["404", "401", "403"],
        source: "RFC 9110 section 15.5.4 MAY (hide with 404); RFC 9110 section 15.5.5; founding document on 404, 401, 403",
        parameters: &[Parameter { name: "window_s", default: &[300.0], meaning: "seconds between the two answers" }],
        guards: &[Guard::RequestKnown, Guard::MinHistory],
        message: text("{url} is 404 for {client} but {other} with different credentials; the 404 probably hides a 401/403.", "{url} 对 {client} 返回 404,而换用其他凭证得到 {other};该 404 可能在掩饰 401/403。"),
        check: Check::Exchange(Trigger::Contradicts, inconsistent),
    }
}

type Remembered<T> = remembered::Remembered<T, { limits::COUNTED_ADDRESSES }>;

#[derive(Default)]
struct Gone {
    /// How often, by client and address.
    times: Remembered<u32>,
    /// Where it was said, by address.
    gone: Remembered<Mark>,
}

impl Watcher for Gone {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let status = scene.status();
        let (Some(asked), Some(response)) = (scene.asked, scene.response()) else { return };
        let address = asked.address;
        if status == Some(410) {
            let key = asked.by_client;
            let times = self.times.get(key).map_or(1, |times| times.saturating_add(1));
            self.times.keep(key, times);
            self.gone.keep(address, response.first);
            if f64::from(times) == report.parameter("times") {
                let what = format!("{} asked for it {times} times", scene.exchange.client);
                report.find().plain("what", what).add();
            }
        } else if let Some(status @ 200..=299) = status
            && let Some(at) = self.gone.take(address)
        {
            let what = format!("it came back with {status}");
            report.find().plain("what", what).packet(at).add();
        }
    }

    fn waits(&self) -> Option<bool> {
        Some(!self.gone.is_empty())
    }
}

#[derive(Default)]
struct GetOrHead {
    /// Addresses whose HEAD was refused, and with what.
    refused: Remembered<(u16, Mark)>,
}

impl Watcher for GetOrHead {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some((request, response)) = scene.pair() else { return };
        let method = request.head.method();
        if !matches!(method, Method::Get | Method::Head) {
            return;
        }
        let Some(Asked { address: key, .. }) = scene.asked else { return };
        match (scene.status(), method) {
            (Some(405 | 501), Method::Get) => report.find().about(response).add(),
            (Some(status @ (405 | 501)), _) => {
                if scene.said_to_get().is_some_and(|said| said.works) {
                    report.find().about(response).add();
                } else {
                    self.refused.keep(key, (status, response.first));
                }
            }
            (Some(200..=299), Method::Get) => {
                if let Some((status, at)) = self.refused.take(key) {
                    let draft = report.find().plain("method", "HEAD");
                    draft.plain("status", status).packet(at).add();
                }
            }
            _ => {}
        }
    }

    fn waits(&self) -> Option<bool> {
        Some(!self.refused.is_empty())
    }
}

fn inconsistent(scene: &Scene<'_>, report: &mut Report<'_>) {
    let Some((response, status)) = scene.response().zip(scene.status()) else { return };
    let Some(other) = scene.contradicts else { return };
    if response.first.since(other.at) <= report.duration("window_s") {
        let there = if status == 404 { other.status } else { status };
        report.find().plain("other", there).packet(other.at).add();
    }
}
