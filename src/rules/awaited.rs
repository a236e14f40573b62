//! Addresses that a client was told, and whether it goes there: what a rule remembers of a redirect
//! or a new resource until the next request of the same client for that address. Bounded.

use std::cell::Cell;
use std::collections::VecDeque;

use super::asked::Asked;
use super::reference::Url;
use super::remembered::ByHash;
use super::report::Scene;
use crate::flow::Mark;
use crate::limits;
use crate::units::Duration;

/// How many addresses are awaited by anybody, by how the hash of client and address ends: nearly every
/// request asks for something else, which shows here at once, and calls nobody.
pub(super) struct Awaiting([Cell<u16>; ENDINGS]);

/// A power of two, several times as many as a rule may wait for.
const ENDINGS: usize = 4_096;

impl Default for Awaiting {
    fn default() -> Self {
        Self([const { Cell::new(0) }; ENDINGS])
    }
}

impl Awaiting {
    /// Whether somebody may await what a client asks for.
    pub fn may_have(&self, asked: Asked) -> bool {
        self.of(asked.by_client).get() > 0
    }

    fn of(&self, key: u64) -> &Cell<u16> {
        &self.0[key as usize % ENDINGS]
    }
}

/// See the module's words. `T` is what the rule wants to know by then. Whoever keeps one is called by
/// [`Trigger::Awaited`](super::rule::Trigger::Awaited).
pub(super) struct Awaited<T> {
    /// By a hash of client and address, since every request asks for one.
    told: ByHash<(Mark, T)>,
    /// In the order in which they came.
    order: VecDeque<(u64, Mark)>,
}

impl<T> Default for Awaited<T> {
    fn default() -> Self {
        Self { told: ByHash::default(), order: VecDeque::new() }
    }
}

impl<T> Awaited<T> {
    /// Whether nobody was told anything that may still matter.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// What was told about the address that this request asks for, not longer ago than `within`; it
    /// is forgotten by that.
    pub fn take(&mut self, scene: &Scene<'_>, within: Duration) -> Option<(Mark, T)> {
        if self.order.is_empty() || !scene.awaiting?.may_have(scene.asked?) {
            return None;
        }
        let request = scene.request()?;
        while self.front_expired(request.first, within) {
            self.forget_oldest(scene.awaiting);
        }
        let key = scene.asked?.by_client;
        if self.told.get(&key)?.0.packet > request.first.packet {
            return None;
        }
        self.told.remove(&key)
    }

    /// A client was told an address, at this time.
    pub fn tell(&mut self, scene: &Scene<'_>, url: &Url, at: Mark, what: T) {
        self.tell_of(scene, Asked::told(scene.exchange.client, url), at, what);
    }

    /// A client was told something about the address that it asked for.
    pub fn tell_of_asked(&mut self, scene: &Scene<'_>, at: Mark, what: T) {
        if let Some(asked) = scene.asked {
            self.tell_of(scene, asked, at, what);
        }
    }

    /// A client was told something about an address.
    pub fn tell_of(&mut self, scene: &Scene<'_>, asked: Asked, at: Mark, what: T) {
        let Some(awaiting) = scene.awaiting else { return };
        if self.order.len() >= limits::AWAITED_LOCATIONS {
            self.forget_oldest(scene.awaiting);
        }
        let key = asked.by_client;
        self.order.push_back((key, at));
        awaiting.of(key).update(|count| count + 1);
        self.told.insert(key, (at, what));
    }

    /// Gives back what was told longer ago than `within` and that nobody went for.
    pub fn expired(&mut self, scene: &Scene<'_>, now: Mark, within: Duration) -> Option<T> {
        while self.front_expired(now, within) {
            if let Some(what) = self.forget_oldest(scene.awaiting) {
                return Some(what);
            }
        }
        None
    }

    /// Gives back, at the end, what was told longer ago than `within` and that nobody went for; all of that
    /// where there is no such time.
    pub fn rest(&mut self, now: Mark, within: Option<Duration>) -> Option<T> {
        while within.map_or(!self.order.is_empty(), |within| self.front_expired(now, within)) {
            if let Some(what) = self.forget_oldest(None) {
                return Some(what);
            }
        }
        None
    }

    fn front_expired(&self, now: Mark, within: Duration) -> bool {
        self.order.front().is_some_and(|(_, at)| now.since(*at) > within)
    }

    /// Where nothing comes any more, nobody need know that it is awaited no longer.
    fn forget_oldest(&mut self, awaiting: Option<&Awaiting>) -> Option<T> {
        // The same address may have been told again since; that one stays.
        let (key, at) = self.order.pop_front()?;
        if let Some(awaiting) = awaiting {
            awaiting.of(key).update(|count| count - 1);
        }
        self.told.get(&key).filter(|(told, _)| *told == at)?;
        self.told.remove(&key).map(|(_, what)| what)
    }
}
