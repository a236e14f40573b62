//! Addresses that a client was told, and whether it goes there: what a rule remembers of a redirect
//! or a new resource until the next request of the same client for that address. Bounded.

use std::collections::VecDeque;

use hashbrown::HashMap;

use super::asked::Asked;
use super::reference::Url;
use super::report::Scene;
use crate::flow::Mark;
use crate::limits;
use crate::units::Duration;

/// See the module's words. `T` is what the rule wants to know by then.
pub(super) struct Awaited<T> {
    /// By a hash of client and address, since every request asks for one.
    told: HashMap<u64, (Mark, T)>,
    /// In the order in which they came.
    order: VecDeque<(u64, Mark)>,
    /// How many of these have a key that ends so: nearly every request asks for something else, which shows
    /// here at once.
    ending: [u16; ENDINGS],
}

/// A power of two, several times as many as may be awaited.
const ENDINGS: usize = 1_024;

impl<T> Default for Awaited<T> {
    fn default() -> Self {
        Self { told: HashMap::new(), order: VecDeque::new(), ending: [0; ENDINGS] }
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
        if self.order.is_empty() {
            return None;
        }
        let request = scene.request()?;
        self.forget_before(request.first, within);
        let key = scene.asked?.by_client;
        if self.ending[key as usize % ENDINGS] == 0 {
            return None;
        }
        if self.told.get(&key)?.0.packet > request.first.packet {
            return None;
        }
        self.told.remove(&key)
    }

    /// A client was told an address, at this time.
    pub fn tell(&mut self, scene: &Scene<'_>, url: &Url, at: Mark, what: T) {
        self.keep(Asked::told(scene.exchange.client, url), at, what);
    }

    /// A client was told something about the address that it asked for.
    pub fn tell_of_asked(&mut self, scene: &Scene<'_>, at: Mark, what: T) {
        if let Some(asked) = scene.asked {
            self.keep(asked, at, what);
        }
    }

    fn keep(&mut self, asked: Asked, at: Mark, what: T) {
        let key = asked.by_client;
        if self.order.len() >= limits::AWAITED_LOCATIONS {
            self.forget_oldest();
        }
        self.order.push_back((key, at));
        self.ending[key as usize % ENDINGS] += 1;
        self.told.insert(key, (at, what));
    }

    /// Gives back what was told longer ago than `within` and that nobody went for.
    pub fn expired(&mut self, now: Mark, within: Duration) -> Option<T> {
        while self.order.front().is_some_and(|(_, at)| now.since(*at) > within) {
            if let Some(what) = self.forget_oldest() {
                return Some(what);
            }
        }
        None
    }

    /// Gives back all that was told and that nobody went for.
    pub fn rest(&mut self) -> Option<T> {
        while !self.order.is_empty() {
            if let Some(what) = self.forget_oldest() {
                return Some(what);
            }
        }
        None
    }

    fn forget_before(&mut self, now: Mark, within: Duration) {
        while self.order.front().is_some_and(|(_, at)| now.since(*at) > within) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) -> Option<T> {
        // The same address may have been told again since; that one stays.
        let (key, at) = self.order.pop_front()?;
        self.ending[key as usize % ENDINGS] -= 1;
        self.told.get(&key).filter(|(told, _)| *told == at)?;
        self.told.remove(&key).map(|(_, what)| what)
    }
}
