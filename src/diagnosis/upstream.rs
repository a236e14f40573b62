//! What the connections to each server show together that no single one does: after how long they
//! are closed when idle, and by whom; after how long somebody gives up; how connections are
//! kept and used again; what retries multiply. Exchanges and connections in, a bounded table out.
//! Blames nobody.

use std::net::IpAddr;

use hashbrown::HashMap;

use super::cause;
use super::durations::{Durations, Typical};
use crate::flow::{Mark, Side};
use crate::http::{Connection, Exchange, FieldName};
use crate::limits;
use crate::units::{Duration, Timestamp};
use crate::wire::Endpoint;

/// The danger that a request is sent on a kept connection just as the server closes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Race {
    /// The side that sends the requests closes idle connections first.
    None,
    /// The server closes idle connections first, but none was used again near the end of that time.
    Open,
    /// A connection was used again when more than four fifths of that time had passed.
    Near,
    /// Requests were lost by it.
    Struck,
}

impl Race {
    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Open => "open",
            Self::Near => "near",
            Self::Struck => "struck",
        }
    }
}

/// Requests to a proxy that met trouble, and what they became upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retries {
    /// Requests in trouble of which an attempt upstream is known.
    pub requests: u64,
    /// Attempts upstream for them.
    pub attempts: u64,
    /// The most for a single one.
    pub most: usize,
}

/// One server, as its connections show it.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// Its endpoint.
    pub server: Endpoint,
    /// The host that opens connections to it, if it is a single one.
    pub client: Option<IpAddr>,
    /// Whether that host is asked by others, as a proxy is.
    pub behind_proxy: bool,
    /// Connections that are over, vain attempts included.
    pub connections: u64,
    /// Of those, connections with exchanges.
    pub used: u64,
    /// Of those, connections with more than one.
    pub reused: u64,
    /// Exchanges.
    pub exchanges: u64,
    /// The most exchanges on one connection.
    pub most_exchanges: u32,
    /// The most connections with exchanges at one time, as far as is known.
    pub peak: usize,
    /// Connections with exchanges that the client closed or reset first, and those the server did.
    pub first_closer: [u64; 2],
    /// How long connections had been idle when the client closed them, and when the server did.
    pub idle: [Durations; 2],
    /// The time that the server promises to keep idle connections (`Keep-Alive: timeout`), the
    /// shortest that it named.
    pub promised: Option<Duration>,
    /// The longest that a connection had been idle when it was used again with success.
    pub longest_reuse: Option<Duration>,
    /// Requests lost to the race of keep-alive.
    pub stale: u64,
    /// How long the client waited for a response, from the end of its request until it closed.
    pub gave_up: Durations,
    /// How long the server worked, from the end of a request until it closed without a response.
    pub abandoned: Durations,
    /// After how long the server itself answered 504.
    pub gateway_timeouts: Durations,
    /// How long behind the end of waiting responses came that came too late.
    pub late: Durations,
    /// What requests to it became one hop further, where it is a proxy.
    pub retries: Retries,
    clients: Option<[u8; 16]>,
    several: bool,
    spans: Vec<(Timestamp, Timestamp)>,
}

impl Upstream {
    fn new(server: Endpoint) -> Self {
        Self {
            server,
            client: None,
            behind_proxy: false,
            connections: 0,
            used: 0,
            reused: 0,
            exchanges: 0,
            most_exchanges: 0,
            peak: 0,
            first_closer: [0; 2],
            idle: [Durations::default(), Durations::default()],
            promised: None,
            longest_reuse: None,
            stale: 0,
            gave_up: Durations::default(),
            abandoned: Durations::default(),
            gateway_timeouts: Durations::default(),
            late: Durations::default(),
            retries: Retries::default(),
            clients: None,
            several: false,
            spans: Vec::new(),
        }
    }

    /// After how long the server closes connections that are idle, from what it did.
    pub fn idle_timeout(&self) -> Option<Typical> {
        let [_, server] = &self.idle;
        server.typical()
    }

    /// The race of keep-alive; `None` where the capture shows nothing that could tell.
    pub fn race(&self) -> Option<Race> {
        if self.stale > 0 {
            return Some(Race::Struck);
        }
        let [client, server] = &self.idle;
        let timeout = match (self.idle_timeout(), self.promised) {
            (Some(seen), _) => Some(seen.duration),
            (None, Some(promised)) if server.count > 0 => Some(promised),
            (None, _) => None,
        };
        let Some(timeout) = timeout else {
            let patient = self
                .promised
                .is_none_or(|promised| client.range.is_some_and(|(_, longest)| longest < promised));
            return (client.count > 1 && server.count == 0 && patient).then_some(Race::None);
        };
        let reuse = self.longest_reuse?;
        let near = reuse.as_nanos() / 4 >= timeout.as_nanos() / 5;
        Some(if near { Race::Near } else { Race::Open })
    }

    fn exchange(&mut self, exchange: &Exchange) {
        self.exchanges += 1;
        self.asked_by(exchange.client);
        if exchange.nth == 1
            && let Some(response) = exchange.response.as_deref()
            && let Some(promised) = response.head.value(FieldName::KeepAlive).and_then(promised)
        {
            self.promised = Some(self.promised.map_or(promised, |known| known.min(promised)));
        }
        let Some(request) = exchange.request.as_deref() else { return };
        let now = &exchange.circumstances;
        let answer = exchange.response.as_deref().map(|response| response.first);
        let first =
            |at: Mark, other: Option<Mark>| other.is_none_or(|other| at.packet < other.packet);
        if let Some(idle) = exchange.idle_before.filter(|_| exchange.nth > 1)
            && answer.is_some()
        {
            self.longest_reuse = self.longest_reuse.max(Some(idle));
        }
        if exchange.status() == Some(504)
            && let Some(think) = exchange.think_time()
        {
            self.gateway_timeouts.record(think);
        }
        if now.fin.iter().chain(&now.reset).all(Option::is_none) {
            return;
        }
        if let Some(lost) = cause::lost(exchange) {
            self.stale(lost.idle);
            return;
        }
        if now.one_sided || now.missing != [0; 2] || exchange.switch.is_some() {
            return;
        }
        let asked = request.last;
        let [by_client, by_server] = closings(now.fin, now.reset);
        let closed = match (by_client, by_server) {
            (Some(at), other) if first(at, other) => Some((Side::Client, at)),
            (_, other) => other.map(|at| (Side::Server, at)),
        };
        let closed = closed.filter(|(_, at)| at.packet > asked.packet && first(*at, answer));
        match closed {
            Some((Side::Client, at)) => {
                self.gave_up.record(at.since(asked));
                if let Some(answer) = answer {
                    self.late.record(answer.since(at));
                }
            }
            Some((Side::Server, at)) if answer.is_none() => {
                self.abandoned.record(at.since(asked));
            }
            _ => {}
        }
    }

    fn connection(&mut self, connection: &Connection) {
        self.connections += 1;
        self.asked_by(connection.client);
        if connection.exchanges == 0 {
            return;
        }
        self.used += 1;
        self.reused += u64::from(connection.exchanges > 1);
        self.most_exchanges = self.most_exchanges.max(connection.exchanges);
        self.span(connection.first.at, connection.last.at);
        let closings = closings(connection.fin, connection.reset);
        let Some(side) = connection.first_closer else { return };
        let index = side.index();
        if let Some(count) = self.first_closer.get_mut(index) {
            *count += 1;
        }
        let whole = !connection.one_sided && connection.lost == [false; 2];
        if whole
            && let (Some(since), Some(Some(at))) = (connection.idle_since, closings.get(index))
            && let idle = at.since(since)
            && idle >= limits::IDLE_LEAST
            && let Some(durations) = self.idle.get_mut(index)
        {
            durations.record(idle);
        }
    }

    /// A request was lost because its connection was closed after so long idle.
    fn stale(&mut self, idle: Option<Duration>) {
        self.stale += 1;
        let [_, server] = &mut self.idle;
        if let Some(idle) = idle.filter(|idle| *idle >= limits::IDLE_LEAST) {
            server.record(idle);
        }
    }

    fn asked_by(&mut self, client: Endpoint) {
        match self.clients {
            Some(known) if known == client.octets() || self.several => {}
            Some(_) => (self.several, self.client) = (true, None),
            None => (self.clients, self.client) = (Some(client.octets()), Some(client.address())),
        }
    }

    /// Connections come in the order in which they end; the oldest are left out when there are too
    /// many.
    fn span(&mut self, first: Timestamp, last: Timestamp) {
        self.spans.push((first, last));
        if self.spans.len() >= limits::UPSTREAM_SPANS {
            self.count_peak();
            self.spans.drain(..limits::UPSTREAM_SPANS / 2);
        }
    }

    fn count_peak(&mut self) {
        let mut begins: Vec<Timestamp> = self.spans.iter().map(|(first, _)| *first).collect();
        let mut ends: Vec<Timestamp> = self.spans.iter().map(|(_, last)| *last).collect();
        begins.sort_unstable();
        ends.sort_unstable();
        let mut ends = ends.into_iter().peekable();
        let mut open = 0_usize;
        for begin in begins {
            // What ends as another begins was not open with it.
            while ends.next_if(|end| *end <= begin).is_some() {
                open = open.saturating_sub(1);
            }
            open += 1;
            self.peak = self.peak.max(open);
        }
    }
}

/// Where each side closed or reset first.
fn closings(fin: [Option<Mark>; 2], reset: [Option<Mark>; 2]) -> [Option<Mark>; 2] {
    let first =
        |a: Option<Mark>, b: Option<Mark>| a.into_iter().chain(b).min_by_key(|at| at.packet);
    let ([fin_client, fin_server], [reset_client, reset_server]) = (fin, reset);
    [first(fin_client, reset_client), first(fin_server, reset_server)]
}

/// `timeout=5, max=100`: the time. The field is that of RFC 2068 section 19.7.1.1.
fn promised(value: &[u8]) -> Option<Duration> {
    let text = std::str::from_utf8(value).ok()?;
    let timeout = text.split(',').find_map(|part| part.trim().strip_prefix("timeout="))?;
    let seconds: u32 = timeout.trim().parse().ok()?;
    (seconds > 0).then(|| Duration::from_secs(u64::from(seconds)))
}

/// See the module's words.
#[derive(Debug, Default)]
pub(super) struct Upstreams {
    index: HashMap<Endpoint, usize>,
    known: Vec<Upstream>,
    /// Where the latest one stands: exchanges of one server come in runs.
    latest: Option<(Endpoint, usize)>,
}

impl Upstreams {
    pub fn exchange(&mut self, exchange: &Exchange) {
        if let Some(upstream) = self.of(exchange.server) {
            upstream.exchange(exchange);
        }
    }

    pub fn connection(&mut self, connection: &Connection) {
        if let Some(upstream) = self.of(connection.server) {
            upstream.connection(connection);
        }
    }

    /// A request to a proxy met trouble and was tried so often.
    pub fn tried(&mut self, proxy: Endpoint, attempts: usize) {
        if attempts > 0
            && let Some(Upstream { retries, .. }) = self.of(proxy)
        {
            retries.requests += 1;
            retries.attempts += attempts as u64;
            retries.most = retries.most.max(attempts);
        }
    }

    pub fn get(&self, server: Endpoint) -> Option<&Upstream> {
        self.known.get(*self.index.get(&server)?)
    }

    /// All of them in the order of their first appearance, those on which HTTP was spoken.
    pub fn finish(&mut self, is_proxy: impl Fn([u8; 16]) -> bool) -> Vec<Upstream> {
        self.index.clear();
        self.latest = None;
        let mut known = std::mem::take(&mut self.known);
        known.retain(|upstream| upstream.exchanges > 0);
        for upstream in &mut known {
            upstream.count_peak();
            upstream.spans = Vec::new();
            upstream.behind_proxy = !upstream.several && upstream.clients.is_some_and(&is_proxy);
        }
        known
    }

    fn of(&mut self, server: Endpoint) -> Option<&mut Upstream> {
        let place = match self.latest {
            Some((latest, place)) if latest == server => place,
            _ => match self.index.get(&server) {
                Some(place) => *place,
                None if self.known.len() >= limits::UPSTREAMS => return None,
                None => {
                    let place = self.known.len();
                    self.known.push(Upstream::new(server));
                    self.index.insert(server, place);
                    place
                }
            },
        };
        self.latest = Some((server, place));
        self.known.get_mut(place)
    }
}
