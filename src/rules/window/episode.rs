//! Episodes: events of one kind in, with what tells one from another (a credential, a path, a client);
//! out goes each stretch of time in which enough of them, or enough different ones, came close together.

use std::collections::VecDeque;

use hashbrown::{HashMap, HashSet};

use super::burst::tally;
use crate::flow::Mark;
use crate::limits;
use crate::rules::Report;
use crate::rules::report::Crowd;
use crate::rules::roster::{PerSlot, Roster, Slot};
use crate::units::{Duration, Timestamp};

/// One event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event {
    pub at: Timestamp,
    /// What tells it from others, hashed.
    pub key: u64,
    /// Its status; 0 where there is none.
    pub code: u16,
    /// The packet that shows it.
    pub mark: Mark,
    /// The number of the exchange.
    pub id: u64,
    /// Which of the responses that it is compared with it is.
    pub nth: u64,
}

/// What the sliding window holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    /// Events.
    pub count: u64,
    /// Different keys.
    pub distinct: u64,
    /// Responses from the first event to the last.
    pub responses: u64,
}

/// A stretch of time.
#[derive(Debug, Clone)]
pub(super) struct Episode {
    pub first: Event,
    pub last: Event,
    pub count: u64,
    keys: HashSet<u64>,
    pub codes: Vec<(u16, u64)>,
}

impl Episode {
    /// Whom it is about, with its own packets.
    pub fn of(&self, crowd: &Crowd) -> Crowd {
        let (first, last) = (self.first.mark, self.last.mark);
        Crowd { first, last, transaction: Some(self.first.id), ..crowd.clone() }
    }

    /// How many different keys; no more than [`limits::WATCHED_FAILURES`] are told apart.
    pub fn distinct(&self) -> u64 {
        self.keys.len() as u64
    }

    /// Responses from the first event to the last.
    pub fn responses(&self) -> u64 {
        (self.last.nth.saturating_sub(self.first.nth) + 1).max(self.count)
    }

    pub fn span(&self) -> Duration {
        self.last.at.since(self.first.at)
    }

    fn add(&mut self, event: Event) {
        self.last = event;
        self.count += 1;
        if self.keys.len() < limits::WATCHED_FAILURES {
            self.keys.insert(event.key);
        }
        tally(&mut self.codes, event.code, 1, 16);
    }
}

/// See the module's words.
#[derive(Debug, Default)]
pub(super) struct Episodes {
    events: VecDeque<Event>,
    keys: HashMap<u64, u32>,
    open: Option<Episode>,
}

impl Episodes {
    /// Takes an event; gives out an episode that was over before.
    pub fn take(
        &mut self,
        event: Event,
        window: Duration,
        enough: impl FnOnce(Held) -> bool,
    ) -> Option<Episode> {
        let over = self.look(event.at, window);
        self.events.push_back(event);
        *self.keys.entry(event.key).or_insert(0) += 1;
        if self.events.len() > limits::WATCHED_FAILURES {
            self.forget_oldest();
        }
        if let Some(open) = &mut self.open {
            open.add(event);
            return over;
        }
        let first = self.events.front().copied().unwrap_or(event);
        let count = self.events.len() as u64;
        let held = Held {
            count,
            distinct: self.keys.len() as u64,
            responses: (event.nth.saturating_sub(first.nth) + 1).max(count),
        };
        if enough(held) {
            let (keys, codes) = (HashSet::new(), Vec::new());
            let mut episode = Episode { first, last: first, count: 0, keys, codes };
            self.events.iter().for_each(|event| episode.add(*event));
            self.open = Some(episode);
        }
        over
    }

    /// Looks whether the episode that is going on is over at this time.
    pub fn look(&mut self, now: Timestamp, window: Duration) -> Option<Episode> {
        while self.events.front().is_some_and(|event| now.since(event.at) >= window) {
            self.forget_oldest();
        }
        if self.events.is_empty() { self.close() } else { None }
    }

    /// The episode that is going on is over.
    pub fn close(&mut self) -> Option<Episode> {
        self.open.take()
    }

    /// Whether one is going on.
    pub const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    fn forget_oldest(&mut self) {
        let Some(event) = self.events.pop_front() else { return };
        if let Some(count) = self.keys.get_mut(&event.key) {
            *count -= 1;
            if *count == 0 {
                self.keys.remove(&event.key);
            }
        }
    }
}

/// What a rule keeps of one thing that it watches.
pub(super) trait Watched: Default {
    fn episodes(&mut self) -> &mut Episodes;
    fn tell(&self, over: &Episode, report: &mut Report<'_>);
}

/// What a rule keeps of many things, each by a hash, and of which of them an episode is going on.
pub(super) struct Watching<T> {
    things: Roster<u64>,
    kept: PerSlot<T>,
    going: Vec<Slot>,
}

impl<T: Watched> Default for Watching<T> {
    fn default() -> Self {
        let things = Roster::new(limits::WATCHED_FAILURES);
        Self { things, kept: PerSlot::default(), going: Vec::new() }
    }
}

impl<T: Watched> Watching<T> {
    /// The slot of a thing, and what is kept of it.
    pub fn of(&mut self, key: u64) -> (Slot, &mut T) {
        let slot = self.things.place(key);
        (slot, self.kept.of(slot))
    }

    /// Behind an event: tells of the episode that was over before it, and notes the one that goes on.
    pub fn took(&mut self, slot: Slot, over: Option<Episode>, report: &mut Report<'_>) {
        let kept = self.kept.of(slot);
        if let Some(over) = over {
            kept.tell(&over, report);
            self.going.retain(|known| *known != slot);
        }
        if kept.episodes().is_open() && !self.going.contains(&slot) {
            self.going.push(slot);
        }
    }

    /// Tells of the episodes that are over by now.
    pub fn tick(&mut self, now: Mark, window: Duration, report: &mut Report<'_>) {
        let kept = &mut self.kept;
        self.going.retain(|slot| {
            let Some(kept) = kept.get_mut(*slot) else { return false };
            let over = kept.episodes().look(now.at, window);
            if let Some(over) = &over {
                kept.tell(over, report);
            }
            over.is_none()
        });
    }

    /// The capture is over, and every episode with it.
    pub fn finish(&mut self, report: &mut Report<'_>) {
        for slot in std::mem::take(&mut self.going) {
            if let Some(kept) = self.kept.get_mut(slot)
                && let Some(over) = kept.episodes().close()
            {
                kept.tell(&over, report);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_episode_is_told_once_with_what_was_different() {
        let mut episodes = Episodes::default();
        let mut found = Vec::new();
        let window = Duration::from_secs(60);
        for (second, id) in (0..30).chain(200..203).chain(300..310).zip(1..) {
            let at = Timestamp::from_nanos(second * 1_000_000_000);
            let mark = Mark { at, packet: id };
            let event = Event { at, key: id % 7, code: 404, mark, id, nth: id * 2 };
            found.extend(episodes.take(event, window, |held| held.distinct >= 5));
        }
        found.extend(episodes.close());
        let told: Vec<_> = found.iter().map(|e| (e.count, e.distinct(), e.responses())).collect();
        assert_eq!(told, [(30, 7, 59), (10, 7, 19)]);
        assert_eq!(found[1].first.id, 34);
    }
}
