//! Exchanges in; those out that were open at a packet, that began between two, that a host began, or whose
//! requests have something in common that survives a proxy. A look costs as much as it finds, not as
//! much as there is: else a storm of failures would be decided in the square of its length. Judges
//! nothing.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashMap};

use super::join;
use super::memory::uncount;
use crate::http::{Exchange, FieldName};
use crate::limits;
use crate::wire::Endpoint;

/// A block with more than so many is split.
const BLOCK: usize = 128;

/// Where an exchange stands: the packet that it began with, and its number.
type Place = (u64, u64);

/// An exchange, and the packet that answered it.
#[derive(Debug)]
struct Span {
    place: Place,
    answered: u64,
    exchange: Arc<Exchange>,
}

/// Spans next to each other, in the order of their beginnings.
#[derive(Debug, Default)]
struct Block {
    spans: Vec<Span>,
    /// The last packet that answered one of them; never too low.
    last_answered: u64,
}

/// Hashes of what a request has that a proxy hands on as it is: method and end of the path, and the names that
/// were given to it.
pub(super) type Keys = [Option<u64>; 4];

/// By place; with the packet that answered it.
type Alike = BTreeMap<Place, (u64, Arc<Exchange>)>;

/// See the module's words.
#[derive(Debug, Default)]
pub(super) struct Index {
    blocks: Vec<Block>,
    of_clients: HashMap<[u8; 16], BTreeMap<u64, Arc<Exchange>>>,
    alike: HashMap<u64, Alike>,
    /// How many there are between two ends.
    pairs: HashMap<(Endpoint, Endpoint), u32>,
    hasher: DefaultHashBuilder,
}

impl Index {
    /// Octets that one takes, where it shares nothing with others: each map has a node of its own for
    /// it, and tables may be half empty.
    pub fn cost(exchange: &Exchange) -> u64 {
        const fn node<K, V>() -> usize {
            const ENTRIES: usize = 11;
            // With the way to its parent.
            limits::allocated(ENTRIES * (size_of::<K>() + size_of::<V>()) + 16) as usize
        }
        const fn entry<K, V>() -> usize {
            2 * (size_of::<(K, V)>() + 1)
        }
        const ONCE: usize = 2 * size_of::<Span>()
            + entry::<(Endpoint, Endpoint), u32>()
            + entry::<[u8; 16], BTreeMap<u64, Arc<Exchange>>>()
            + node::<u64, Arc<Exchange>>();
        const EACH: usize = entry::<u64, Alike>() + node::<Place, (u64, Arc<Exchange>)>();
        let Some(request) = exchange.request.as_deref() else { return ONCE as u64 };
        let head = &request.head;
        let names = [FieldName::XRequestId, FieldName::IdempotencyKey];
        let named = names.into_iter().filter(|name| head.has(*name)).count();
        let keys = 1 + named + usize::from(join::trace_id(head).is_some());
        (ONCE + keys * EACH) as u64
    }

    /// Adds one.
    pub fn add(&mut self, number: u64, exchange: &Arc<Exchange>) {
        let place = (exchange.first().packet, number);
        let answered = join::answered(exchange).packet;
        let nth = self.block_of(place);
        if self.blocks.is_empty() {
            self.blocks.push(Block::default());
        }
        if let Some(block) = self.blocks.get_mut(nth) {
            let at = block.spans.partition_point(|span| span.place < place);
            block.spans.insert(at, Span { place, answered, exchange: Arc::clone(exchange) });
            block.last_answered = block.last_answered.max(answered);
            if block.spans.len() > BLOCK {
                let spans = block.spans.split_off(BLOCK / 2);
                let last = |spans: &[Span]| spans.iter().map(|span| span.answered).max();
                block.last_answered = last(&block.spans).unwrap_or_default();
                let last_answered = last(&spans).unwrap_or_default();
                self.blocks.insert(nth + 1, Block { spans, last_answered });
            }
        }
        *self.pairs.entry((exchange.client, exchange.server)).or_default() += 1;
        let own = self.of_clients.entry(exchange.client.octets()).or_default();
        own.insert(number, Arc::clone(exchange));
        for key in self.keys(exchange).into_iter().flatten() {
            let alike = self.alike.entry(key).or_default();
            alike.insert(place, (answered, Arc::clone(exchange)));
        }
    }

    /// Takes one out.
    pub fn remove(&mut self, number: u64, exchange: &Exchange) {
        let place = (exchange.first().packet, number);
        let nth = self.block_of(place);
        if let Some(block) = self.blocks.get_mut(nth) {
            if let Ok(at) = block.spans.binary_search_by_key(&place, |span| span.place) {
                block.spans.remove(at);
            }
            if block.spans.is_empty() {
                self.blocks.remove(nth);
            }
        }
        uncount(&mut self.pairs, (exchange.client, exchange.server));
        let client = exchange.client.octets();
        if let Some(own) = self.of_clients.get_mut(&client) {
            own.remove(&number);
            if own.is_empty() {
                self.of_clients.remove(&client);
            }
        }
        for key in self.keys(exchange).into_iter().flatten() {
            if let Some(alike) = self.alike.get_mut(&key) {
                alike.remove(&place);
                if alike.is_empty() {
                    self.alike.remove(&key);
                }
            }
        }
    }

    /// The block that a place belongs to: the last that begins before it.
    fn block_of(&self, place: Place) -> usize {
        let begins = |block: &Block| block.spans.first().is_none_or(|span| span.place <= place);
        self.blocks.partition_point(begins).saturating_sub(1)
    }

    /// Whether there is one between these ends.
    pub fn knows(&self, pair: (Endpoint, Endpoint)) -> bool {
        self.pairs.contains_key(&pair)
    }

    /// Those that a host began, in the order of their numbers.
    pub fn of_client(&self, client: [u8; 16]) -> impl Iterator<Item = (u64, &Exchange)> {
        let own = self.of_clients.get(&client).into_iter().flatten();
        own.map(|(number, exchange)| (*number, &**exchange))
    }

    /// Those that had begun before a packet and were answered behind it, the latest beginning first.
    pub fn open_at(&self, packet: u64) -> impl Iterator<Item = (u64, &Exchange)> {
        let nth = self.block_of((packet, 0));
        let blocks = self.blocks.get(..=nth.min(self.blocks.len().saturating_sub(1)));
        let blocks = blocks.unwrap_or_default().iter().rev();
        let blocks = blocks.filter(move |block| block.last_answered > packet);
        let spans = blocks.flat_map(|block| block.spans.iter().rev());
        let open = spans.filter(move |span| span.place.0 < packet && span.answered > packet);
        open.map(|span| (span.place.1, &*span.exchange))
    }

    /// Those that began behind one packet and before another, in their order.
    pub fn begun_between(&self, from: u64, to: u64) -> impl Iterator<Item = (u64, &Exchange)> {
        let nth = self.block_of((from + 1, 0));
        let spans =
            self.blocks.get(nth..).unwrap_or_default().iter().flat_map(|block| &block.spans);
        let behind = spans.skip_while(move |span| span.place.0 <= from);
        let between = behind.take_while(move |span| span.place.0 < to);
        between.map(|span| (span.place.1, &*span.exchange))
    }

    /// Of those that have something in common with a request, the ones that were open at a packet, the
    /// latest beginning first; some of them twice.
    pub fn alike_at(&self, keys: Keys, packet: u64) -> impl Iterator<Item = (u64, &Exchange)> {
        self.alike(keys).flat_map(move |alike| {
            let before = alike.range(..(packet, 0)).rev();
            let open = before.filter(move |(_, (end, _))| *end > packet);
            open.map(|((_, number), (_, exchange))| (*number, &**exchange))
        })
    }

    /// The same for those that began behind one packet and before another, in their order.
    pub fn alike_between(
        &self,
        keys: Keys,
        from: u64,
        to: u64,
    ) -> impl Iterator<Item = (u64, &Exchange)> {
        self.alike(keys).flat_map(move |alike| {
            let between = alike.range((from + 1, 0)..(to.max(from + 1), 0));
            between.map(|((_, number), (_, exchange))| (*number, &**exchange))
        })
    }

    fn alike(&self, keys: Keys) -> impl Iterator<Item = &Alike> {
        keys.into_iter().flatten().filter_map(|key| self.alike.get(&key))
    }

    /// What a request has in common with others.
    pub fn keys(&self, exchange: &Exchange) -> Keys {
        let Some(request) = exchange.request.as_deref() else { return [None; 4] };
        let head = &request.head;
        let hash = |kind: u8, parts: [&[u8]; 2]| {
            let mut hasher = self.hasher.build_hasher();
            hasher.write_u8(kind);
            for part in parts {
                hasher.write_usize(part.len());
                hasher.write(part);
            }
            hasher.finish()
        };
        let named = |kind, name| head.value(name).map(|value| hash(kind, [value, b""]));
        [
            Some(hash(0, [head.method_octets(), join::last_segment(head.target())])),
            named(1, FieldName::XRequestId),
            named(2, FieldName::IdempotencyKey),
            join::trace_id(head).map(|id| hash(3, [id, b""])),
        ]
    }
}
