//! What diagnosis remembers of the capture: exchanges, connections without one, strange octets,
//! signals, and who opens connections. Everything has a bound; the oldest is forgotten first, and
//! counted. Judges nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use super::attempt::{Attempt, Trouble};
use super::index::Index;
use crate::flow::{Ending, Mark};
use crate::http::{Connection, Exchange, FieldName, Protocol, Stray};
use crate::limits;
use crate::wire::{Direction, Endpoint, Signal, SignalKind, Unreachable};

/// How proxies name themselves in `Server`. Most of them serve files too; then what is behind them
/// does not matter.
const PROXIES: &[&[u8]] =
    &[b"nginx", b"haproxy", b"apache", b"caddy", b"envoy", b"varnish", b"openresty", b"traefik"];

/// An exchange, and what it is looked at for when it is to be forgotten: by then it has left the cache.
#[derive(Debug)]
struct Kept {
    number: u64,
    /// Octets that it takes here.
    cost: u64,
    /// Whether it waits for its evidence.
    waits: bool,
    exchange: Arc<Exchange>,
}

/// See the module's words.
#[derive(Debug, Default)]
pub(super) struct Memory {
    exchanges: VecDeque<Kept>,
    /// Those that wait for their evidence and would have been forgotten before: failing ones, and those on
    /// connections that were accepted late.
    waiting: BTreeMap<u64, Arc<Exchange>>,
    /// The exchanges above, as far as they were looked for …
    index: Index,
    /// … which are those with lower numbers.
    indexed: u64,
    connections: BTreeMap<u64, Box<Connection>>,
    /// Of those the ones that cannot be read.
    opaque: BTreeSet<u64>,
    /// The connections above, by who opened them and to whom.
    pairs: HashMap<(Endpoint, Endpoint), u32>,
    /// Where the latest connections ended, by a FIN or a RST of either side, and whose they were.
    ended: VecDeque<(u64, Endpoint, Endpoint)>,
    /// The first that came behind each exchange: its connection, and which of that connection it is.
    strays: HashMap<(u64, u32), Box<Stray>>,
    /// The keys of those, in the order in which they came.
    came: VecDeque<(u64, u32)>,
    signals: VecDeque<Signal>,
    /// Of those the errors, by who was sent what to whom.
    errors: HashMap<(Endpoint, Endpoint), VecDeque<Signal>>,
    /// Who opened a connection, and to whom.
    openers: BTreeSet<([u8; 16], Endpoint)>,
    /// Openers whose packets are marked as sent by the capturing host.
    outbound: BTreeSet<[u8; 16]>,
    servers: BTreeSet<[u8; 16]>,
    /// Addresses that open connections: one, as far as more are not needed.
    opener: Option<[u8; 16]>,
    /// The last one that was noted, since the next is mostly the same.
    noted: Option<([u8; 16], Endpoint)>,
    /// Whether what was seen can hold both legs of a proxy: several hosts open connections, or one
    /// that is a server.
    two_legs: bool,
    inbound: bool,
    /// The last packet of those that were forgotten.
    lost_until: u64,
    /// Everything that was forgotten because there was too much.
    pub forgotten: u64,
    /// Octets that all exchanges take, with their places in the index.
    octets: u64,
    /// Octets that they may take.
    pub room: Room,
}

/// Octets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room(pub u64);

impl Default for Room {
    fn default() -> Self {
        Self(limits::share(limits::MEMORY, limits::MEMORY_DIAGNOSIS))
    }
}

/// Octets that an exchange takes here.
fn cost(exchange: &Exchange) -> u64 {
    exchange.memory() + Index::cost(exchange)
}

impl Memory {
    pub fn keep_exchange(&mut self, number: u64, exchange: Arc<Exchange>, waits: bool) {
        let direction = exchange.circumstances.via[0].and_then(|via| via.direction);
        self.note(exchange.client, exchange.server, direction);
        let cost = cost(&exchange);
        self.octets += cost;
        self.exchanges.push_back(Kept { number, cost, waits, exchange });
        let room = match self.two_legs {
            true => limits::REMEMBERED_EXCHANGES,
            false => limits::REMEMBERED_EXCHANGES_OF_ONE_LEG,
        };
        while self.exchanges.len() > room || self.octets > self.room.0 {
            let Some(oldest) = self.exchanges.pop_front() else { break };
            if !oldest.waits {
                self.forgotten += u64::from(self.two_legs);
                self.forget(oldest.number, &oldest.exchange, oldest.cost);
                continue;
            }
            self.waiting.insert(oldest.number, oldest.exchange);
            if self.waiting.len() > limits::PENDING_FAILURES || self.octets > self.room.0 {
                self.forget_failing();
            }
        }
        while self.octets > self.room.0 && !self.waiting.is_empty() {
            self.forget_failing();
        }
    }

    fn forget_failing(&mut self) {
        if let Some((number, exchange)) = self.waiting.pop_first() {
            self.lost_until = self.lost_until.max(exchange.completed.packet);
            self.forget(number, &exchange, cost(&exchange));
            self.forgotten += 1;
        }
    }

    /// A failure was decided: it need not be remembered for its own sake any more. With two legs in
    /// the capture it may still be the evidence of another one.
    pub fn decided(&mut self, number: u64) {
        if !self.two_legs
            && let Some(exchange) = self.waiting.remove(&number)
        {
            self.forget(number, &exchange, cost(&exchange));
        }
    }

    fn forget(&mut self, number: u64, exchange: &Exchange, cost: u64) {
        self.octets = self.octets.saturating_sub(cost);
        if number < self.indexed {
            self.index.remove(number, exchange);
        }
    }

    /// Makes all exchanges ready to be looked for. Most are forgotten before anything fails, so that
    /// this is not done when they come.
    pub fn prepare(&mut self) {
        if !self.two_legs {
            return;
        }
        let from = self.indexed;
        for (number, exchange) in self.waiting.range(from..) {
            self.index.add(*number, exchange);
        }
        let start = self.exchanges.partition_point(|kept| kept.number < from);
        for kept in self.exchanges.range(start..) {
            self.index.add(kept.number, &kept.exchange);
        }
        self.indexed = self.exchanges.back().map_or(from, |kept| kept.number + 1).max(from);
    }

    pub fn keep_connection(&mut self, connection: Box<Connection>) {
        if connection.ending == Ending::Evicted && connection.health.packets[1] == 0 {
            // Whether it was answered will never be known, and a flood is made of such. They are counted
            // where they were given up.
            return;
        }
        let direction = connection.via[0].and_then(|via| via.direction);
        self.note(connection.client, connection.server, direction);
        let ends = connection.fin.iter().chain(&connection.reset).flatten();
        if let Some(end) = ends.map(|end| end.packet).min().filter(|_| self.two_legs) {
            self.ended.push_back((end, connection.client, connection.server));
            if self.ended.len() > limits::REMEMBERED_CONNECTIONS {
                self.ended.pop_front();
            }
        }
        let abandoned = connection.fin[0].is_some() && connection.reset[0].is_some();
        if connection.exchanges > 0 && connection.foreign[1].is_none() && !abandoned {
            return;
        }
        if !matches!(connection.protocol, None | Some(Protocol::Http1)) {
            self.opaque.insert(connection.id);
        }
        *self.pairs.entry((connection.client, connection.server)).or_default() += 1;
        self.connections.insert(connection.id, connection);
        if self.connections.len() > limits::REMEMBERED_CONNECTIONS
            && let Some((id, oldest)) = self.connections.pop_first()
        {
            self.opaque.remove(&id);
            uncount(&mut self.pairs, (oldest.client, oldest.server));
            self.forgotten += 1;
        }
    }

    pub fn keep_stray(&mut self, stray: Box<Stray>) {
        let key = (stray.connection, stray.nth);
        let Entry::Vacant(place) = self.strays.entry(key) else { return };
        place.insert(stray);
        self.came.push_back(key);
        if self.came.len() > limits::REMEMBERED_CONNECTIONS
            && let Some(oldest) = self.came.pop_front()
        {
            self.strays.remove(&oldest);
            self.forgotten += 1;
        }
    }

    pub fn keep_signal(&mut self, signal: Signal) {
        if let Some(ends) = ends_of(&signal) {
            self.errors.entry(ends).or_default().push_back(signal);
        }
        self.signals.push_back(signal);
        if self.signals.len() > limits::REMEMBERED_SIGNALS
            && let Some(oldest) = self.signals.pop_front()
        {
            self.forgotten += 1;
            let Some(ends) = ends_of(&oldest) else { return };
            if let Some(errors) = self.errors.get_mut(&ends) {
                errors.pop_front();
                if errors.is_empty() {
                    self.errors.remove(&ends);
                }
            }
        }
    }

    fn note(&mut self, client: Endpoint, server: Endpoint, direction: Option<Direction>) {
        fn bounded<T: Ord>(set: &mut BTreeSet<T>, one: T) {
            if set.len() < limits::REMEMBERED_ADDRESSES {
                set.insert(one);
            }
        }
        let pair = (client.octets(), server);
        if self.noted == Some(pair) && direction.is_none() {
            return;
        }
        self.noted = Some(pair);
        let opener = *self.opener.get_or_insert(client.octets());
        self.two_legs |= opener != client.octets()
            || opener == server.octets()
            || self.servers.contains(&client.octets());
        bounded(&mut self.openers, (client.octets(), server));
        bounded(&mut self.servers, server.octets());
        match direction {
            Some(Direction::Outbound) => bounded(&mut self.outbound, client.octets()),
            Some(Direction::Inbound) => self.inbound = true,
            None => {}
        }
    }

    /// Whether the capture can show both legs of a proxy at all. Most captures on a client or a server
    /// do not, and then nothing needs to be searched for.
    pub const fn has_two_legs(&self) -> bool {
        self.two_legs
    }

    pub fn exchange(&self, number: u64) -> Option<&Exchange> {
        let first = self.exchanges.front()?.number;
        let Some(place) = number.checked_sub(first) else {
            return self.waiting.get(&number).map(|exchange| &**exchange);
        };
        let place = usize::try_from(place).ok()?;
        self.exchanges.get(place).map(|kept| &*kept.exchange)
    }

    /// All exchanges.
    pub fn exchanges(&self) -> impl Iterator<Item = (u64, &Exchange)> {
        let waiting = self.waiting.iter().map(|(number, exchange)| (*number, &**exchange));
        waiting.chain(self.exchanges.iter().map(|kept| (kept.number, &*kept.exchange)))
    }

    /// Exchanges, to be looked for as far as [`Self::prepare`] was called behind them.
    pub const fn index(&self) -> &Index {
        &self.index
    }

    pub fn connection(&self, id: u64) -> Option<&Connection> {
        self.connections.get(&id).map(|connection| &**connection)
    }

    /// The attempt that an exchange is.
    pub fn attempt<'m>(&'m self, number: u64, exchange: &'m Exchange) -> Attempt<'m> {
        let stray = self.strays.get(&(exchange.connection, exchange.nth));
        let connection = self.connection(exchange.connection);
        Attempt::of_exchange(number, exchange, connection, stray.map(|stray| &**stray))
    }

    /// The attempt that a connection without an exchange is.
    pub fn bare<'m>(&'m self, connection: &'m Connection) -> Attempt<'m> {
        let about = self.errors.get(&(connection.client, connection.server));
        let about = about.into_iter().flatten();
        let mut trouble: Vec<Trouble> = about
            .filter(|signal| signal.number > connection.first.packet)
            .filter_map(|signal| match signal.what {
                SignalKind::Icmp { from, error, .. } => trouble_of(signal, from, error),
                _ => None,
            })
            .collect();
        if trouble.is_empty()
            && connection.handshake.syn_ack.is_none()
            && connection.reset[1].is_none()
        {
            let until = connection.completed.packet;
            trouble =
                self.questions(connection.server.address(), connection.first.packet, until, |_| {
                    true
                });
        }
        Attempt::of_connection(connection, trouble)
    }

    /// Connections without an exchange that began between two packets.
    pub fn bare_between(&self, from: u64, to: u64) -> impl Iterator<Item = &Connection> {
        let range = self.connections.range(from.min(to)..to);
        range.map(|(_, connection)| &**connection).filter(|connection| connection.exchanges == 0)
    }

    /// Whether a connection that the host asked had opened ended between two packets.
    pub fn ended_between(&self, asked: &Exchange, from: u64, to: u64) -> bool {
        let came = asked.circumstances.via[0].and_then(|via| via.direction);
        let inbound = came == Some(Direction::Inbound);
        self.ended.iter().any(|(end, client, server)| {
            let own = client.octets() == asked.server.octets();
            (from..=to).contains(end)
                && *server != asked.server
                && (own || inbound && self.opens_outbound(*client))
        })
    }

    /// Whether a connection that cannot be read was open at that time.
    pub fn opaque_at(&self, from: Mark, fits: impl Fn(&Attempt<'_>) -> bool) -> bool {
        self.opaque.range(..=from.packet).filter_map(|id| self.connection(*id)).any(|connection| {
            connection.first.packet <= from.packet
                && connection.last.packet >= from.packet
                && fits(&Attempt::of_connection(connection, Vec::new()))
        })
    }

    /// Questions for an address that nobody answered.
    fn questions(
        &self,
        wanted: IpAddr,
        from: u64,
        to: u64,
        by: impl Fn(IpAddr) -> bool,
    ) -> Vec<Trouble> {
        let mut found = Vec::new();
        let start = self.signals.partition_point(|signal| signal.number < from);
        for signal in self.signals.range(start..) {
            match signal.what {
                SignalKind::AddressAsked { by: asker, target }
                    if target == wanted && signal.number <= to && by(asker) =>
                {
                    let says = format!("who has {target}? Nobody answers");
                    found.push(Trouble { mark: mark(signal), silence: true, says });
                }
                SignalKind::AddressAnswered { target } if target == wanted => return Vec::new(),
                _ => {}
            }
        }
        found
    }

    /// Hosts that were tried between two packets without a connection in the capture.
    pub fn unreached(&self, from: u64, to: u64) -> Vec<Attempt<'_>> {
        let mut found: BTreeMap<(IpAddr, IpAddr), (Option<Endpoint>, Vec<Trouble>)> =
            BTreeMap::new();
        let start = self.signals.partition_point(|signal| signal.number < from);
        for signal in self.signals.range(start..).take_while(|signal| signal.number <= to) {
            match signal.what {
                SignalKind::Icmp { from, ends, error } => {
                    let pair = (ends.source, ends.destination);
                    let known = self.pairs.contains_key(&pair) || self.index.knows(pair);
                    if let Some(trouble) = trouble_of(signal, from, error).filter(|_| !known) {
                        let key = (ends.source.address(), ends.destination.address());
                        let entry = found.entry(key).or_default();
                        entry.0 = Some(ends.destination);
                        entry.1.push(trouble);
                    }
                }
                SignalKind::AddressAsked { by, target } => {
                    let asked = self.questions(target, from, to, |asker| asker == by);
                    if let Some(trouble) =
                        asked.into_iter().find(|one| one.mark.packet == signal.number)
                    {
                        found.entry((by, target)).or_default().1.push(trouble);
                    }
                }
                SignalKind::AddressAnswered { .. } => {}
            }
        }
        found
            .into_iter()
            .filter_map(|((by, target), (server, trouble))| {
                let server = server.unwrap_or(match target {
                    IpAddr::V4(address) => Endpoint::v4(address.octets(), 0),
                    IpAddr::V6(address) => Endpoint::v6(address.octets(), 0),
                });
                Attempt::unreached(by, server, trouble)
            })
            .collect()
    }

    /// Whether the capturing host is known to open connections from an address.
    pub fn opens_outbound(&self, address: Endpoint) -> bool {
        self.outbound.contains(&address.octets())
    }

    /// Whether the capture shows connections that the host asked opened.
    pub fn opens(&self, asked: &Exchange) -> bool {
        let came = asked.circumstances.via[0].and_then(|via| via.direction);
        let host = asked.server.octets();
        let all = (host, Endpoint::v6([0; 16], 0))..=(host, Endpoint::v6([0xff; 16], u16::MAX));
        self.openers.range(all).any(|(_, server)| *server != asked.server)
            || came == Some(Direction::Inbound) && !self.outbound.is_empty()
    }

    /// Whether the host that failed may well be a proxy: it says so, or it answers other requests
    /// in good health, as a proxy with other servers does.
    pub fn is_intermediary(&self, failing: &Exchange) -> bool {
        // What a proxy asks is not asked of another proxy, as far as anybody knows.
        let asked_by_proxy = failing.request.as_deref().is_some_and(|request| {
            let names = [FieldName::XForwardedFor, FieldName::Forwarded, FieldName::Via];
            names.into_iter().any(|name| request.head.value(name).is_some())
        });
        if asked_by_proxy {
            return false;
        }
        let others = self.exchanges.iter().map(|kept| &*kept.exchange);
        let same = others.filter(|other| other.server == failing.server);
        same.filter_map(|other| Some((other, other.response.as_deref()?))).any(
            |(other, response)| {
                let named = response.head.value(FieldName::Server).is_some_and(|server| {
                    let server = server.to_ascii_lowercase();
                    PROXIES.iter().any(|proxy| server.starts_with(proxy))
                });
                named
                    || response.head.value(FieldName::Via).is_some()
                    || response.complete() && other.status().is_some_and(|status| status < 500)
            },
        )
    }

    /// Whether connections to an address were seen.
    pub fn is_asked(&self, address: [u8; 16]) -> bool {
        self.servers.contains(&address)
    }

    /// Whether the request that an exchange carries on may have been forgotten.
    pub fn may_have_lost_owner(&self, exchange: &Exchange) -> bool {
        self.lost_until > exchange.first().packet
    }

    /// Whether the client of an exchange may be a proxy with its own clients in the capture.
    pub fn behind_a_proxy(&self, exchange: &Exchange) -> bool {
        self.servers.contains(&exchange.client.octets())
            || self.inbound && self.opens_outbound(exchange.client)
    }
}

/// Takes one away of what is counted.
pub(super) fn uncount<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, u32>, key: K) {
    if let Entry::Occupied(mut count) = counts.entry(key) {
        *count.get_mut() -= 1;
        if *count.get() == 0 {
            count.remove();
        }
    }
}

/// Whose packet an ICMP error is about.
const fn ends_of(signal: &Signal) -> Option<(Endpoint, Endpoint)> {
    match signal.what {
        SignalKind::Icmp { ends, .. } => Some((ends.source, ends.destination)),
        _ => None,
    }
}

fn mark(signal: &Signal) -> Mark {
    Mark { at: signal.at, packet: signal.number }
}

fn trouble_of(signal: &Signal, from: IpAddr, error: Unreachable) -> Option<Trouble> {
    let what = match error {
        Unreachable::Network => "no route to the network",
        Unreachable::Host => "host unreachable",
        Unreachable::Port => "port unreachable",
        Unreachable::Prohibited => "forbidden by a filter",
        Unreachable::TimeExceeded => "time to live exceeded on the way",
        // Advice on the size of packets, no end of the attempt.
        Unreachable::TooBig => return None,
        Unreachable::Other(..) => "ICMP error",
    };
    Some(Trouble { mark: mark(signal), silence: false, says: format!("{from} says: {what}") })
}
