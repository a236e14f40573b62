//! All connections: finds the one that a segment belongs to, begins and ends them, and forgets them
//! in time. Segments in; what the readers say out. Time is the capture's.

mod room;

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hash, Hasher};
use std::ops::AddAssign;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::connection::{Connection, Outcome, Prediction, Remains, Sink};
use super::ledger::Ledger;
use super::reader::{Ending, Mark, Reader, Side};
use super::reassembly::Reassembly;
use super::timers::Timers;
use crate::limits;
use crate::units::{Duration, Timestamp};
use crate::wire::{Endpoint, Flags, Segment};

/// Ports on which servers of HTTP usually listen: the guess where no handshake was captured.
const SERVER_PORTS: [u16; 12] =
    [80, 443, 8080, 8000, 8081, 8888, 3000, 3128, 5000, 8443, 9000, 9090];

/// Two endpoints in an order that is the same for both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key([u64; 4], u32);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Word by word: the derived one hashes the array as octets, which takes three times as
        // long.
        let Self([a, b, c, d], ports) = *self;
        state.write_u64(a);
        state.write_u64(b);
        state.write_u64(c);
        state.write_u64(d);
        state.write_u32(ports);
    }
}

impl Key {
    #[inline]
    fn of(a: Endpoint, b: Endpoint) -> Self {
        // Any order does, and that of words is found sooner than that of octets.
        let whole = |endpoint: Endpoint| (u128::from_ne_bytes(endpoint.octets()), endpoint.port());
        let (a, b) = (whole(a), whole(b));
        let ((low, low_port), (high, high_port)) = if a <= b { (a, b) } else { (b, a) };
        let ([l0, l1], [h0, h1]) = (words(low), words(high));
        Self([l0, l1, h0, h1], u32::from(low_port) << 16 | u32::from(high_port))
    }

    /// Its place among the latest. Whoever makes connections meet there on purpose makes them be looked for
    /// in the index.
    #[inline]
    const fn place(&self) -> usize {
        let Self([_, low, _, high], ports) = *self;
        // The last octets of both addresses.
        let hosts = (low ^ high) >> 56;
        (ports as usize ^ (ports >> 16) as usize ^ hosts as usize) % LATEST
    }
}

/// Places of [`Table::latest`], a power of two: those of all parts are to fit the first-level cache.
const LATEST: usize = 128;

const fn words(value: u128) -> [u64; 2] {
    [value as u64, (value >> 64) as u64]
}

/// What the index has of a slot.
#[derive(Debug, Clone, Copy)]
struct Entry {
    slot: u32,
    /// Tells most slots that are not looked for without a look at them, and places the entry in a larger index
    /// without one: they have left the cache.
    hash: u32,
}

impl Entry {
    /// The hash as the index wants it: the low bits choose the place, the high ones are compared there.
    #[inline]
    const fn spread(hash: u32) -> u64 {
        (hash as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

struct Slot<R> {
    key: Key,
    hash: u32,
    /// Tells this use of the slot from earlier ones.
    generation: u32,
    /// Its place in the list of those that somebody lives in.
    place: u32,
    /// When it is to be looked at, capture time in seconds.
    due: i64,
    /// When the timers will show it: not later than `due`. One entry is enough for a slot, however
    /// often its tenant changes.
    armed: i64,
    tenant: Tenant<R>,
}

impl<R> Slot<R> {
    /// Asks the timers to show it in the given second.
    fn look_at(&mut self, due: i64, own: u32, timers: &mut Timers) {
        self.due = due;
        if due < self.armed {
            self.armed = timers.add(due, own);
        }
    }
}

/// Who lives in a slot.
enum Tenant<R> {
    /// Nobody.
    Free,
    /// A connection.
    Live(Box<Connection<R>>),
    /// A connection was here and is over; late segments of it may come. The second value is
    /// whether the lower of the two endpoints was the client.
    Over(Remains, bool),
}

impl<R> Tenant<R> {
    fn live(&mut self) -> Option<&mut Connection<R>> {
        match self {
            Self::Live(connection) => Some(connection),
            Self::Free | Self::Over(..) => None,
        }
    }
}

/// How much is lost with a connection, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    /// It is over; late segments of it may come.
    Over,
    /// SYNs alone were seen.
    Embryonic,
    /// No octet was sent.
    Silent,
    /// Nobody waits on it.
    Settled,
    /// Somebody waits for an answer.
    Waiting,
}

/// Counts of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Population {
    /// Connections begun.
    pub begun: u64,
    /// Connections tracked now.
    pub tracked: u64,
    /// The most that were tracked at one time.
    pub most: u64,
    /// Connections given up, since there were too many or they took too much memory.
    pub evicted: u64,
    /// The most octets that they took at one time, with all that waited on them.
    pub memory: u64,
}

impl AddAssign for Population {
    /// Adds the counts of another table. The most at one time is at most the sum: whoever knows both
    /// at every moment knows better.
    fn add_assign(&mut self, other: Self) {
        self.begun += other.begun;
        self.tracked += other.tracked;
        self.most += other.most;
        self.evicted += other.evicted;
        self.memory += other.memory;
    }
}

/// See the module's words.
pub struct Table<R: Reader> {
    index: HashTable<Entry>,
    hasher: DefaultHashBuilder,
    slots: Vec<Slot<R>>,
    free: Vec<u32>,
    /// Ports and slots of the latest segments, by [`Key::place`]: most segments are of connections of which
    /// others came lately, and need no look into the index, which is much larger.
    latest: [(u32, u32); LATEST],
    /// All that are not free, in no order: where one is to be chosen at random, the gaps that a flood has
    /// left do not count.
    taken: Vec<u32>,
    /// Slots and generations of connections that began with a SYN, the oldest first; many of
    /// them are established by now, or over.
    embryonic: VecDeque<(u32, u32)>,
    /// How many of them are neither.
    embryonic_now: usize,
    timers: Timers,
    /// What the clock of the capture showed at the last tick.
    now: Option<Timestamp>,
    limit: usize,
    held_limit: u64,
    reassembly: Reassembly,
    ledger: Ledger,
    population: Population,
    held: u64,
    /// Octets that connections may take, and take.
    memory_limit: u64,
    memory: u64,
    /// When silent ones were last looked for, since memory was short.
    swept: Option<Timestamp>,
    dice: u64,
}

impl<R: Reader> Default for Table<R> {
    fn default() -> Self {
        Self::with_limit(limits::CONNECTIONS)
    }
}

impl<R: Reader> Table<R> {
    /// A table for so many connections.
    pub fn with_limit(connections: usize) -> Self {
        Self::with_limits(connections, limits::MEMORY)
    }

    /// A table for so many connections that take so many octets together, of which what waits for lost
    /// segments may take half.
    pub fn with_limits(connections: usize, memory: u64) -> Self {
        Self {
            index: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            slots: Vec::new(),
            free: Vec::new(),
            latest: [(0, 0); LATEST],
            taken: Vec::new(),
            embryonic: VecDeque::new(),
            embryonic_now: 0,
            timers: Timers::default(),
            now: None,
            limit: connections.max(1),
            held_limit: (memory / 2).min(limits::HELD_OCTETS_ALL),
            reassembly: Reassembly::default(),
            ledger: Ledger::default(),
            population: Population::default(),
            held: 0,
            memory_limit: memory,
            memory: 0,
            swept: None,
            dice: 0x9e37_79b9_7f4a_7c15,
        }
    }

    /// Streams are put together so from now on.
    pub const fn set_reassembly(&mut self, reassembly: Reassembly) {
        self.reassembly = reassembly;
    }

    /// What became of every octet so far.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// How many connections there are and were.
    pub const fn population(&self) -> &Population {
        &self.population
    }

    /// Works one segment in.
    pub fn segment(&mut self, segment: &Segment<'_>, out: &mut R::Output) {
        let key = Key::of(segment.ends.source, segment.ends.destination);
        let lately = self.lately(&key);
        let hash = lately.map_or_else(|| self.hasher.hash_one(key) as u32, |(_, hash)| hash);
        let slots = &self.slots;
        let is_it = |entry: &Entry| {
            entry.hash == hash && slots.get(entry.slot as usize).is_some_and(|slot| slot.key == key)
        };
        let found = match lately {
            Some((slot, _)) => Some(slot),
            None => self.index.find(Entry::spread(hash), is_it).map(|entry| entry.slot),
        };
        let slot = match found {
            Some(slot) => slot,
            None => {
                if segment.flags.has(Flags::RST) {
                    // The end of something that was never seen, or an answer to a scan.
                    self.ledger.received += segment.payload.len() as u64;
                    self.ledger.discarded += segment.payload.len() as u64;
                    return;
                }
                self.begin(key, hash, segment, out)
            }
        };
        if let Some(latest) = self.latest.get_mut(key.place()) {
            *latest = (key.1, slot);
        }
        let outcome = self.work_in(slot, segment, out);
        if self.memory > self.memory_limit {
            self.relieve(Mark { at: segment.at, packet: segment.number }, out);
        }
        if outcome == Outcome::Successor {
            let mark = Mark { at: segment.at, packet: segment.number };
            let rival = self.connection(slot).and_then(|connection| connection.rival());
            self.conclude(slot, Ending::Replaced, mark, out);
            let slot = self.begin(key, hash, segment, out);
            // The client of the successor is whoever sent the SYN, whatever comes first now.
            if let Some((Side::Client, sequence, syn)) = rival
                && let Some(connection) = self.connection(slot)
            {
                connection.adopt_syn(Side::Client, sequence, syn);
            }
            self.work_in(slot, segment, out);
        }
    }

    /// Slot and hash of a connection of which another segment came lately.
    #[inline]
    fn lately(&self, key: &Key) -> Option<(u32, u32)> {
        let (_, slot) = self.latest.get(key.place()).filter(|(ports, _)| *ports == key.1)?;
        let own = self.slots.get(*slot as usize)?;
        (own.key == *key && !matches!(own.tenant, Tenant::Free)).then_some((*slot, own.hash))
    }

    fn connection(&mut self, slot: u32) -> Option<&mut Connection<R>> {
        self.slots.get_mut(slot as usize)?.tenant.live()
    }

    fn work_in(&mut self, slot: u32, segment: &Segment<'_>, out: &mut R::Output) -> Outcome {
        let overfull = self.held > self.held_limit;
        let Some(place) = self.slots.get_mut(slot as usize) else { return Outcome::Taken };
        let connection = match &mut place.tenant {
            Tenant::Live(connection) => connection,
            Tenant::Over(remains, low_is_client) => {
                let from_low = segment.ends.source <= segment.ends.destination;
                let side = if from_low == *low_is_client { Side::Client } else { Side::Server };
                if !remains.own(side, segment) {
                    return Outcome::Successor;
                }
                self.ledger.received += segment.payload.len() as u64;
                self.ledger.discarded += segment.payload.len() as u64;
                return Outcome::Taken;
            }
            Tenant::Free => return Outcome::Taken,
        };
        let side = connection.side_of(segment.ends.source);
        // A packet may be stamped wrongly. That it came is news of now at least; what it says of a time to
        // come is believed as soon as the clock has come there.
        connection.heard = self.now.map_or(segment.at, |now| now.max(segment.at));
        let reassembly = self.reassembly;
        let mut sink = Sink { out, ledger: &mut self.ledger, overfull, reassembly };
        match connection.predicted(side, segment, &mut sink) {
            Prediction::Missed => {}
            Prediction::Taken => return Outcome::Taken,
            Prediction::Read => {
                Self::charge(connection, &mut self.memory, &mut self.population);
                return Outcome::Taken;
            }
        }
        let held = connection.held();
        let was_reset = connection.is_reset();
        let was_embryonic = connection.is_embryonic();
        let outcome = connection.segment(side, segment, &mut sink);
        self.held = (self.held + connection.held()).saturating_sub(held);
        self.embryonic_now -= usize::from(was_embryonic && !connection.is_embryonic());
        if !segment.payload.is_empty() || connection.held() != held {
            Self::charge(connection, &mut self.memory, &mut self.population);
        }
        if connection.is_closed() {
            let mark = Mark { at: segment.at, packet: segment.number };
            self.retire(slot, mark, out);
        } else if connection.is_reset() && !was_reset {
            let due = seconds(believed(self.now, segment.at).plus(limits::RESET_LINGER));
            place.look_at(due, slot, &mut self.timers);
        }
        outcome
    }

    /// A connection may take another amount of memory than before.
    fn charge(connection: &mut Connection<R>, all: &mut u64, population: &mut Population) {
        let memory = connection.memory();
        *all = *all + memory - std::mem::replace(&mut connection.charged, memory);
        population.memory = population.memory.max(*all);
    }

    /// A connection is over by itself: it is given out, and what tells its late segments is kept
    /// for a while.
    fn retire(&mut self, slot: u32, mark: Mark, out: &mut R::Output) {
        let Some(place) = self.slots.get_mut(slot as usize) else { return };
        let Some(connection) = place.tenant.live() else { return };
        let [client, server] = connection.facts.ends;
        let over = Tenant::Over(connection.remains(), client <= server);
        let due = seconds(believed(self.now, mark.at).plus(limits::CLOSED_LINGER));
        place.look_at(due, slot, &mut self.timers);
        let Tenant::Live(mut connection) = std::mem::replace(&mut place.tenant, over) else {
            return;
        };
        self.held = self.held.saturating_sub(connection.held());
        self.memory -= connection.charged;
        let reassembly = self.reassembly;
        let mut sink = Sink { out, ledger: &mut self.ledger, overfull: false, reassembly };
        connection.conclude(Ending::Closed, mark, &mut sink);
    }

    /// Begins a connection with the given segment, which is still to be worked in.
    fn begin(&mut self, key: Key, hash: u32, segment: &Segment<'_>, out: &mut R::Output) -> u32 {
        let mark = Mark { at: segment.at, packet: segment.number };
        self.make_room(segment.flags.has(Flags::SYN), mark, out);
        let (source, destination) = (segment.ends.source, segment.ends.destination);
        let from_server = match (segment.flags.has(Flags::SYN), segment.flags.has(Flags::ACK)) {
            (true, answers) => answers,
            (false, _) => {
                let usual = |endpoint: Endpoint| SERVER_PORTS.contains(&endpoint.port());
                match (usual(source), usual(destination)) {
                    (true, false) => true,
                    (false, true) => false,
                    _ => source.port() < destination.port(),
                }
            }
        };
        let (client, server) =
            if from_server { (destination, source) } else { (source, destination) };
        let mut connection = Box::new(Connection::new(client, server, mark));
        connection.charged = connection.memory();
        self.memory += connection.charged;
        self.population.memory = self.population.memory.max(self.memory);
        let tenant = Tenant::Live(connection);
        let due = seconds(believed(self.now, segment.at).plus(limits::EMBRYONIC_IDLE));
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                let slot = self.slots.len() as u32;
                let (generation, place, armed, tenant) = (0, 0, i64::MAX, Tenant::Free);
                self.slots.push(Slot { key, hash, generation, place, due, armed, tenant });
                slot
            }
        };
        let place = self.taken.len() as u32;
        self.taken.push(slot);
        if let Some(own) = self.slots.get_mut(slot as usize) {
            let (generation, armed) = (own.generation.wrapping_add(1), own.armed);
            *own = Slot { key, hash, generation, place, due, armed, tenant };
            own.look_at(due, slot, &mut self.timers);
            self.embryonic_now += 1;
            if segment.flags.has(Flags::SYN) {
                self.note_embryonic(slot, generation);
            }
        }
        let entry = Entry { slot, hash };
        self.index.insert_unique(Entry::spread(hash), entry, |entry| Entry::spread(entry.hash));
        self.population.begun += 1;
        self.population.tracked += 1;
        self.population.most = self.population.most.max(self.population.tracked);
        slot
    }

    /// Ends a connection and forgets it.
    fn conclude(&mut self, slot: u32, why: Ending, mark: Mark, out: &mut R::Output) {
        let Some(place) = self.slots.get_mut(slot as usize) else { return };
        let tenant = std::mem::replace(&mut place.tenant, Tenant::Free);
        if matches!(tenant, Tenant::Free) {
            return;
        }
        place.generation = place.generation.wrapping_add(1);
        let hash = place.hash;
        if let Ok(entry) = self.index.find_entry(Entry::spread(hash), |other| other.slot == slot) {
            entry.remove();
        }
        let place = place.place;
        // The last of the list moves to where this one stood.
        if let Some(last) = self.taken.pop()
            && last != slot
            && let Some(gap) = self.taken.get_mut(place as usize)
            && let Some(moved) = self.slots.get_mut(last as usize)
        {
            *gap = last;
            moved.place = place;
        }
        self.free.push(slot);
        self.population.tracked -= 1;
        if let Tenant::Live(mut connection) = tenant {
            self.embryonic_now -= usize::from(connection.is_embryonic());
            self.held = self.held.saturating_sub(connection.held());
            self.memory -= connection.charged;
            let reassembly = self.reassembly;
            let mut sink = Sink { out, ledger: &mut self.ledger, overfull: false, reassembly };
            connection.conclude(why, mark, &mut sink);
        }
    }

    /// The clock of the capture has reached `mark`: connections that were silent for too long are
    /// over. To be called whenever a second has passed.
    pub fn tick(&mut self, mark: Mark, out: &mut R::Output) {
        let now = seconds(mark.at);
        self.now = Some(mark.at);
        let (mut over, mut reset) = (Vec::new(), Vec::new());
        for slot in self.timers.due(now) {
            let Some(place) = self.slots.get_mut(slot as usize) else { continue };
            if self.timers.is_ahead(place.armed) {
                // An earlier look has taken the place of this one.
                continue;
            }
            place.armed = i64::MAX;
            if place.due > now && !matches!(place.tenant, Tenant::Free) {
                place.look_at(place.due, slot, &mut self.timers);
                continue;
            }
            let connection = match &mut place.tenant {
                Tenant::Free => continue,
                Tenant::Over(..) => {
                    over.push((0, slot));
                    continue;
                }
                Tenant::Live(connection) => connection,
            };
            if connection.is_reset() {
                reset.push((connection.facts.id, slot));
                continue;
            }
            let idle = match () {
                () if connection.is_embryonic() => limits::EMBRYONIC_IDLE,
                () if connection.is_waiting() => limits::IDLE_WAITING,
                () => limits::IDLE,
            };
            connection.heard = believed(self.now, connection.heard);
            let due = seconds(connection.heard.plus(idle));
            if due <= now {
                over.push((connection.facts.id, slot));
            } else {
                place.look_at(due, slot, &mut self.timers);
            }
        }
        reset.sort_unstable();
        for (_, slot) in reset {
            let Some(place) = self.slots.get_mut(slot as usize) else { continue };
            let Some(connection) = place.tenant.live() else { continue };
            let reassembly = self.reassembly;
            let mut sink = Sink { out, ledger: &mut self.ledger, overfull: false, reassembly };
            connection.settle_reset(mark, &mut sink);
            self.retire(slot, mark, out);
        }
        over.sort_unstable();
        for (_, slot) in over {
            self.conclude(slot, Ending::Idle, mark, out);
        }
        self.sweep(mark, out);
    }

    /// The capture is over: every connection ends as it stands, in the order in which they began.
    pub fn finish(&mut self, mark: Mark, out: &mut R::Output) {
        let mut open: Vec<(u64, u32)> = self
            .slots
            .iter()
            .enumerate()
            .filter_map(|(slot, place)| match &place.tenant {
                Tenant::Live(connection) => Some((connection.facts.id, slot as u32)),
                Tenant::Free | Tenant::Over(..) => None,
            })
            .collect();
        open.sort_unstable();
        for (_, slot) in open {
            self.conclude(slot, Ending::Open, mark, out);
        }
    }
}

/// A time as far as the clock of the capture bears it out: one that is too far ahead of it is now.
/// Otherwise a connection with a packet that is stamped years ahead would live for years.
fn believed(now: Option<Timestamp>, at: Timestamp) -> Timestamp {
    match now {
        Some(now) if at.since(now) > Duration::from_secs(limits::CLOCK_STEP as u64) => now,
        _ => at,
    }
}

fn seconds(at: Timestamp) -> i64 {
    // Rounded up, so that nothing is over before its time.
    at.plus(Duration::from_nanos(999_999_999)).as_nanos().div_euclid(1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::super::reader::{Arrival, End, Facts, Missing};
    use super::*;

    /// Reads nothing.
    #[derive(Default)]
    struct Deaf;

    impl Reader for Deaf {
        type Output = ();

        fn data(&mut self, _: Side, _: &[u8], _: Arrival, _: &Facts, (): &mut ()) {}

        fn passed(&mut self, _: Side, _: u64, _: Arrival, _: &Facts, (): &mut ()) {}

        fn gap(&mut self, _: Side, _: u64, _: Missing, _: Mark, _: &Facts, (): &mut ()) {}

        fn end(&mut self, _: Side, _: End, _: Mark, _: &Facts, (): &mut ()) {}

        fn unread(&self, _: Side) -> u64 {
            0
        }

        fn roles_swapped(&self) -> bool {
            false
        }

        fn waiting(&self) -> bool {
            false
        }

        fn closed(_: Option<&Self>, _: &Facts, _: Ending, _: Mark, (): &mut ()) {}
    }

    #[test]
    fn case_85_nobody_can_choose_connections_that_meet_in_the_table() {
        let (one, other) = (Table::<Deaf>::default(), Table::<Deaf>::default());
        // What sums, differences and exclusive ors of addresses and ports cannot tell apart.
        let alike = |n: u16| {
            let [high, low] = n.to_be_bytes();
            Key::of(Endpoint::v4([10, 1, high, low], n), Endpoint::v4([10, 1, high, low], !n))
        };
        let keys: Vec<Key> = (0..=u16::MAX).map(alike).collect();
        let same = keys.iter().filter(|key| one.hasher.hash_one(key) == other.hasher.hash_one(key));
        assert!(same.count() < 4, "what meets in one table does not in another");
        // Where they stand is told by the low bits, and which of a group by the high ones.
        for shift in [0, 48] {
            let mut places = vec![0_u8; 1 << 16];
            for key in &keys {
                places[usize::from((one.hasher.hash_one(key) >> shift) as u16)] += 1;
            }
            assert!(places.iter().all(|met| *met <= 16), "{:?}", places.iter().max());
        }
    }
}
