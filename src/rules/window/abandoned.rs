//! Requests without a whole answer, in crowds: clients that give up waiting, and servers that do not
//! answer. In come exchanges that were broken off, each crowd of them goes out once, when it is over.

use std::collections::VecDeque;

use crate::flow::{End, Mark};
use crate::http::{Exchange, FieldName, MessageEnd, Unanswered};
use crate::limits;
use crate::rules::finding::Place;
use crate::rules::report::Crowd;
use crate::rules::roster::{PerSlot, Slot};
use crate::rules::rule::rule;
use crate::rules::traffic::{Tally, Traffic};
use crate::rules::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, Watcher, text};
use crate::units::{Duration, Timestamp};
use crate::wire::Endpoint;

rule! {
    /// ## What it sees
    /// Many requests to one server, within a minute, whose clients closed the connection before the
    /// answer was whole.
    /// ## Why it matters
    /// It is mostly the first sign of a server with too much load: users reload, proxies reach their
    /// time limit. nginx logs 499 for each.
    /// ## When it is innocent
    /// Players and download managers abandon transfers on purpose; requests with Range and responses of
    /// audio and video are not counted.
    /// ## What to do
    /// Compare the median wait with the time limits of clients and proxies, and look at the server's
    /// response times before.
    pub static CLIENT_ABORT_BURST = {
        id: "client-abort-burst",
        title: "Many clients give up waiting for one server",
        severity: Severity::Warning,
        codes: &["499", "460"],
        source: "RFC 9112 section 9.5",
        parameters: &[
            Parameter { name: "window_s", default: &[60.0], meaning: "seconds of the sliding window, up to 320" },
            Parameter { name: "min_count", default: &[5.0], meaning: "fewest abandoned requests within it" },
            Parameter { name: "min_share", default: &[0.2], meaning: "smallest share of the server's requests within it" },
        ],
        guards: &[Guard::BothDirections, Guard::NoGap],
        supersedes: &["client-abort"],
        message: text(
            "{count} of {total} requests to {server} were abandoned by the client within {window} s, from {t0} to {t1} (median wait {delay} s).",
            "{window} 秒内发往 {server} 的 {total} 个请求中有 {count} 个被客户端放弃,时间 {t0} 至 {t1}(等待中位数 {delay} 秒)。",
        ),
        check: Check::Watch(Trigger::Incomplete, || Box::new(Crowds::new(Kind::Aborted))),
    }

    /// ## What it sees
    /// Many whole requests to one server, within a minute, that got no response: the connection was closed
    /// or reset instead, or nothing came.
    /// ## Why it matters
    /// Clients see empty replies; behind a proxy they see 502 and 504.
    /// ## When it is innocent
    /// `return 444` of nginx and shields against attacks look the same, on purpose.
    /// ## What to do
    /// Look at the server at that time: crashes, workers that are killed, a full queue, a firewall.
    pub static UNANSWERED_BURST = {
        id: "unanswered-burst",
        title: "Many requests to one server stay without a response",
        severity: Severity::Error,
        codes: &["444", "5xx"],
        source: "RFC 9110 section 15 (every request is answered)",
        parameters: &[
            Parameter { name: "window_s", default: &[60.0], meaning: "seconds of the sliding window, up to 320" },
            Parameter { name: "min_count", default: &[5.0], meaning: "fewest unanswered requests within it" },
            Parameter { name: "min_share", default: &[0.2], meaning: "smallest share of the server's requests within it" },
            Parameter { name: "wait_s", default: &[30.0], meaning: "seconds of silence that count where nobody closed" },
        ],
        guards: &[Guard::BothDirections, Guard::NoGap],
        supersedes: &["request-unanswered"],
        message: text(
            "{server} left {count} of {total} requests unanswered within {window} s, from {t0} to {t1}.",
            "{server} 在 {window} 秒内有 {count}/{total} 个请求没有响应,时间 {t0} 至 {t1}。",
        ),
        check: Check::Watch(Trigger::Unanswered, || Box::new(Crowds::new(Kind::Unanswered))),
    }
}

/// What became of an exchange that was broken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The client ended the connection, then.
    Aborted(Mark),
    /// The server did not answer this request, whose last packet this is.
    Unanswered(Mark),
}

/// What became of an exchange; `None` where it was answered, where it cannot be told, or where silence
/// is too short to mean anything.
pub(super) fn fate(exchange: &Exchange, wait: Duration) -> Option<Fate> {
    let request = exchange.request.as_deref()?;
    let lost = matches!(exchange.unanswered, Some(Unanswered::NotCaptured | Unanswered::TooMany));
    if exchange.switch.is_some() || exchange.tunnelled || lost {
        return None;
    }
    if let Some(response) = exchange.response.as_deref()
        && (response.complete()
            || matches!(response.end, Some(MessageEnd::Framing | MessageEnd::NextMessage)))
    {
        return None;
    }
    let now = &exchange.circumstances;
    let first = |side: usize| {
        let ends = [now.fin.get(side), now.reset.get(side)];
        ends.into_iter().flatten().flatten().min_by_key(|mark| mark.packet).copied()
    };
    let (client, server) = (first(0), first(1));
    let by_client =
        client.filter(|client| server.is_none_or(|server| client.packet < server.packet));
    if let Some(client) = by_client {
        let asked = request.head_whole && client.packet >= request.first.packet;
        return asked.then_some(Fate::Aborted(client));
    }
    if exchange.response.is_some() || !request.complete() {
        return None;
    }
    let closed = server.is_some()
        || matches!(exchange.unanswered, Some(Unanswered::Ended(End::Fin | End::Reset(_))));
    let silent = exchange.completed.since(request.last) > wait;
    (closed || silent).then_some(Fate::Unanswered(request.last))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Aborted,
    Unanswered,
}

/// One exchange that was broken off.
#[derive(Debug, Clone, Copy)]
struct Event {
    at: Timestamp,
    mark: Mark,
    id: u64,
    waited: Duration,
    /// Whether it is not among the responses that are counted.
    silent: bool,
}

/// A crowd that is not over.
#[derive(Debug)]
struct Open {
    first: Event,
    last: Event,
    /// How many.
    count: u64,
    /// How many of them are not among the responses.
    silent: u64,
    /// How many responses there were before the first, and up to the last.
    responses: (u64, u64),
    waits: Vec<f32>,
}

#[derive(Debug, Default)]
struct Recent {
    /// By time.
    events: VecDeque<Event>,
    open: Option<Open>,
}

impl Recent {
    fn take(&mut self, event: Event, tally: &Tally, bounds: [f64; 3]) {
        let [window, least, share] = bounds;
        let window = Duration::from_nanos((window.clamp(0.0, 320.0) * 1e9) as u64);
        if let Some(open) = &mut self.open {
            open.add(event, tally);
            return;
        }
        let place = self.events.partition_point(|other| other.at <= event.at);
        self.events.insert(place, event);
        if self.events.len() > limits::WATCHED_FAILURES {
            self.events.pop_front();
        }
        // Events that are told late may lie before others: every window with this one in it.
        let length = i64::try_from(window.as_nanos()).unwrap_or(i64::MAX);
        let mut from = 0;
        for end in place.saturating_sub(1)..self.events.len() {
            let Some(last) = self.events.get(end).map(|event| event.at) else { break };
            if last.since(event.at) >= window {
                break;
            }
            let back = Timestamp::from_nanos(last.as_nanos().saturating_sub(length));
            while self.events.get(from).is_some_and(|first| first.at <= back) {
                from += 1;
            }
            // Those at the same instant are all in it.
            let same = self.events.range(end..).take_while(|event| event.at == last).count();
            let inside = || self.events.range(from..end + same);
            let count = inside().len();
            let answered = tally.between(back, last);
            let few = |total: u64| {
                (count as f64) < least || (count as f64) < share * total.max(count as u64) as f64
            };
            // Counted only where it matters.
            if few(answered) || few(answered + inside().filter(|e| e.silent).count() as u64) {
                continue;
            }
            let mut members = inside().copied();
            let Some(first) = members.next() else { continue };
            let before = Timestamp::from_nanos(first.at.as_nanos().saturating_sub(1));
            let seen = tally.seen - tally.behind(before);
            let mut open = Open {
                first,
                last: first,
                count: 1,
                silent: u64::from(first.silent),
                responses: (seen, seen),
                waits: vec![first.waited.as_nanos() as f32 / 1e9],
            };
            members.for_each(|member| open.add(member, tally));
            self.open = Some(open);
            self.events.clear();
            return;
        }
    }
}

impl Open {
    fn add(&mut self, event: Event, tally: &Tally) {
        self.count += 1;
        self.silent += u64::from(event.silent);
        if event.at < self.first.at {
            self.first = event;
        }
        if event.at > self.last.at {
            self.last = event;
        }
        self.responses.1 = tally.seen - tally.behind(self.last.at);
        if self.waits.len() < limits::WATCHED_FAILURES {
            self.waits.push(event.waited.as_nanos() as f32 / 1e9);
        }
    }

    fn tell(mut self, server: Endpoint, report: &mut Report<'_>) {
        let responses = self.responses.1.saturating_sub(self.responses.0);
        let total = responses.saturating_add(self.silent).max(self.count);
        let wait = super::statistics::median(&mut self.waits).unwrap_or_default();
        let crowd = Crowd {
            place: Place { server: Some(server), ..Place::default() },
            client: None,
            transaction: Some(self.first.id),
            first: self.first.mark,
            last: self.last.mark,
        };
        report
            .find()
            .crowd(crowd)
            .plain("count", self.count)
            .plain("total", total)
            .seconds("window", self.last.at.since(self.first.at))
            .time("t0", self.first.at)
            .time("t1", self.last.at)
            .plain("delay", format_args!("{wait:.3}"))
            .add();
    }
}

struct Crowds {
    kind: Kind,
    recent: PerSlot<Recent>,
    going: Vec<(Slot, Endpoint)>,
}

impl Crowds {
    fn new(kind: Kind) -> Self {
        Self { kind, recent: PerSlot::default(), going: Vec::new() }
    }

    fn event(&self, scene: &Scene<'_>, wait: Duration) -> Option<Event> {
        let request = scene.request()?;
        let mark = match (fate(scene.exchange, wait)?, self.kind) {
            (Fate::Aborted(mark), Kind::Aborted) if !on_purpose(scene) => mark,
            (Fate::Unanswered(mark), Kind::Unanswered) => mark,
            _ => return None,
        };
        let waited = mark.since(request.first);
        let silent = scene.response().is_none();
        Some(Event { at: mark.at, mark, id: scene.id, waited, silent })
    }
}

/// Whether such transfers are often given up although nothing is wrong.
fn on_purpose(scene: &Scene<'_>) -> bool {
    let played = |kind: &[u8]| {
        [&b"video/"[..], b"audio/"].iter().any(|media| {
            kind.get(..media.len()).is_some_and(|front| front.eq_ignore_ascii_case(media))
        })
    };
    let media = scene.response().and_then(|response| response.head.value(FieldName::ContentType));
    scene.request().is_some_and(|request| request.head.has(FieldName::Range))
        || media.is_some_and(played)
}

impl Watcher for Crowds {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some((standing, traffic)) = scene.standing else { return };
        let [window, least, share, wait] = report.numbers();
        let wait = Duration::from_nanos((wait.max(0.0) * 1e9) as u64);
        let Some(event) = self.event(scene, wait) else { return };
        let Some(tally) = traffic.server(standing.server) else { return };
        let recent = self.recent.of(standing.server);
        let was_open = recent.open.is_some();
        recent.take(event, tally, [window, least, share]);
        if recent.open.is_some() && !was_open {
            self.going.push((standing.server, scene.exchange.server));
        }
    }

    fn tick(&mut self, now: Mark, _: &Traffic, report: &mut Report<'_>) {
        if self.going.is_empty() {
            return;
        }
        let window = report.duration("window_s");
        let recent = &mut self.recent;
        self.going.retain(|(slot, server)| {
            let Some(recent) = recent.get_mut(*slot) else { return false };
            let over = |open: &mut Open| now.at.since(open.last.at) > window;
            match recent.open.take_if(over) {
                Some(open) => open.tell(*server, report),
                None => return true,
            }
            false
        });
    }

    fn finish(&mut self, _: Mark, _: &Traffic, report: &mut Report<'_>) {
        for (slot, server) in std::mem::take(&mut self.going) {
            if let Some(open) = self.recent.get_mut(slot).and_then(|recent| recent.open.take()) {
                open.tell(server, report);
            }
        }
    }

    fn covers(&self, exchange: &Exchange) -> bool {
        self.going.iter().any(|(_, server)| *server == exchange.server)
    }
}
