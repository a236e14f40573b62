//! Who has to go where there are too many connections, or they take too much memory: those that help
//! nobody any more first, the embryonic before the established, whoever is waited on last.

use super::{Table, Tenant, Worth, believed};
use crate::flow::reader::{Ending, Mark, Reader};
use crate::limits;
use crate::units::Timestamp;

/// So many that are embryonic no more may be noted as such, beside as many as are.
const EMBRYONIC_NOTED: usize = 1_024;

impl<R: Reader> Table<R> {
    /// Gives up one connection if the table is full: one that is over, if a few chosen at random
    /// show one; else the oldest that is still a SYN, so that established ones make no room for a
    /// flood of SYNs; else of those few the one that is worth least.
    /// SYNs alone never take more than half of the table.
    pub(super) fn make_room(&mut self, for_syn: bool, mark: Mark, out: &mut R::Output) {
        let full = self.population.tracked as usize >= self.limit;
        let flooded = for_syn && self.embryonic_now > self.limit / 2;
        if !full {
            if flooded && let Some(slot) = self.oldest_embryonic() {
                self.population.evicted += 1;
                self.conclude(slot, Ending::Evicted, mark, out);
            }
            return;
        }
        let (worth, slot) = match self.least_useful(false) {
            Some((Worth::Over, slot)) => (Worth::Over, slot),
            other => match (self.oldest_embryonic(), other) {
                (Some(slot), _) => (Worth::Embryonic, slot),
                (None, Some(found)) => found,
                (None, None) => return,
            },
        };
        self.population.evicted += u64::from(worth != Worth::Over);
        self.conclude(slot, Ending::Evicted, mark, out);
    }

    /// Connections take more than they may: gives up embryonic ones, then the least useful of those that
    /// take as much as others do.
    pub(super) fn relieve(&mut self, mark: Mark, out: &mut R::Output) {
        // What one segment adds is mostly less than what one connection gives back.
        for _ in 0..limits::CANDIDATES {
            if self.memory <= self.memory_limit {
                return;
            }
            let Some(slot) =
                self.oldest_embryonic().or_else(|| self.least_useful(true).map(|(_, slot)| slot))
            else {
                return;
            };
            self.population.evicted += 1;
            self.conclude(slot, Ending::Evicted, mark, out);
        }
    }

    /// Of a few that are chosen at random the one that is worth least; the longest silent one of several
    /// such. `for_memory`: only one that gives memory back, and not one that takes much less
    /// than the others.
    fn least_useful(&mut self, for_memory: bool) -> Option<(Worth, u32)> {
        let little = self.memory / self.population.tracked.max(1) / 2;
        let mut worst = None;
        let mut candidates = 0;
        for _ in 0..limits::CANDIDATES_SEEN {
            if candidates == limits::CANDIDATES {
                break;
            }
            // xorshift64: which ones are looked at matters to nobody, only that it varies.
            self.dice ^= self.dice << 13;
            self.dice ^= self.dice >> 7;
            self.dice ^= self.dice << 17;
            let nth = (self.dice % self.taken.len().max(1) as u64) as usize;
            let slot = *self.taken.get(nth)?;
            let found = match &self.slots.get(slot as usize)?.tenant {
                Tenant::Over(..) if !for_memory => (Worth::Over, Timestamp::default(), slot),
                Tenant::Free | Tenant::Over(..) => continue,
                Tenant::Live(connection) if for_memory && connection.charged < little => continue,
                Tenant::Live(connection) => {
                    let worth = match () {
                        () if connection.is_embryonic() => Worth::Embryonic,
                        () if !connection.has_data() && connection.held() == 0 => Worth::Silent,
                        () if !connection.is_needed() => Worth::Settled,
                        () => Worth::Waiting,
                    };
                    (worth, believed(self.now, connection.heard), slot)
                }
            };
            candidates += 1;
            worst = Some(worst.map_or(found, |worst| found.min(worst)));
        }
        worst.map(|(worth, _, slot)| (worth, slot))
    }

    /// Takes the oldest connection of which SYNs alone were seen.
    fn oldest_embryonic(&mut self) -> Option<u32> {
        while let Some((slot, generation)) = self.embryonic.pop_front() {
            if self.is_embryonic(slot, generation) {
                return Some(slot);
            }
        }
        None
    }

    pub(super) fn is_embryonic(&self, slot: u32, generation: u32) -> bool {
        self.slots.get(slot as usize).is_some_and(|place| {
            // In a flood most are gone, and what has come in their place has left the cache.
            place.generation == generation
                && match &place.tenant {
                    Tenant::Live(connection) => connection.is_embryonic(),
                    Tenant::Free | Tenant::Over(..) => false,
                }
        })
    }

    /// Notes a connection that begins with a SYN.
    pub(super) fn note_embryonic(&mut self, slot: u32, generation: u32) {
        // Each of those that are none any more was looked at once for one that was noted since.
        if self.embryonic.len() >= 2 * self.embryonic_now + EMBRYONIC_NOTED {
            let mut embryonic = std::mem::take(&mut self.embryonic);
            embryonic.retain(|(slot, generation)| self.is_embryonic(*slot, *generation));
            self.embryonic = embryonic;
        }
        self.embryonic.push_back((slot, generation));
    }

    /// Where memory is short, connections that have been silent for a while are given up, before any has
    /// to be that is not.
    pub(super) fn sweep(&mut self, mark: Mark, out: &mut R::Output) {
        let scarce = self.memory_limit / 100 * limits::MEMORY_SCARCE;
        let now = mark.at;
        let lately = |swept: Timestamp| now.since(swept) < limits::SCARCE_SWEEP && swept <= now;
        if self.memory <= scarce || self.swept.is_some_and(lately) {
            return;
        }
        self.swept = Some(now);
        let mut silent = Vec::new();
        for (slot, place) in self.slots.iter_mut().enumerate() {
            let Some(connection) = place.tenant.live() else { continue };
            let idle = match connection.is_embryonic() {
                true => limits::EMBRYONIC_IDLE_SCARCE,
                false => limits::IDLE_SCARCE,
            };
            if now.since(believed(Some(now), connection.heard)) > idle {
                silent.push((connection.facts.id, slot as u32));
            }
        }
        silent.sort_unstable();
        for (_, slot) in silent {
            self.population.evicted += 1;
            self.conclude(slot, Ending::Evicted, mark, out);
        }
    }
}
