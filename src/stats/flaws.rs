//! Flaws of messages: how often each was seen, and in which packet first.

use crate::http::{Flaw, Message};

/// One flaw, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlawCount {
    /// Which.
    pub flaw: Flaw,
    /// Messages that have it.
    pub messages: u64,
    /// First packet of the first of them, in the order in which exchanges were completed.
    pub first_packet: u64,
}

/// All flaws, counted.
#[derive(Debug, Clone, Default)]
pub struct FlawCounts {
    seen: Vec<FlawCount>,
}

impl FlawCounts {
    #[inline]
    pub(super) fn add(&mut self, message: &Message) {
        if !message.flaws.is_empty() {
            self.add_some(message);
        }
    }

    fn add_some(&mut self, message: &Message) {
        for flaw in message.flaws.iter() {
            match self.seen.binary_search_by_key(&flaw, |count| count.flaw) {
                Ok(place) => {
                    if let Some(count) = self.seen.get_mut(place) {
                        count.messages += 1;
                    }
                }
                // There are as many as `Flaw::ALL` at most.
                Err(place) => {
                    let first_packet = message.first.packet;
                    self.seen.insert(place, FlawCount { flaw, messages: 1, first_packet });
                }
            }
        }
    }

    /// Flaws that were seen, in the order of their declaration.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &FlawCount> {
        self.seen.iter()
    }
}
