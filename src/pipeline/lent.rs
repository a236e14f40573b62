//! Exchanges on their way to another thread: each is held here, too, until that thread has most likely let go
//! of it, so that its memory goes back to the thread that took it. An allocator needs far longer for what
//! another thread gives back, and finds it in the cache of the wrong core. Changes nothing about them.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::http::{Event, Exchange};
use crate::limits;

/// See the module's words.
#[derive(Default)]
pub(super) struct Lent {
    /// Those of the latest stretches, and what they take.
    stretches: VecDeque<(Vec<Arc<Exchange>>, u64)>,
    octets: u64,
    /// To be filled again.
    empty: Vec<Arc<Exchange>>,
}

/// Stretches after which whoever takes them is done with an exchange, unless something waits for its end: those
/// that may wait, the one that is being taken, and one in which rules and causes still look back.
const STRETCHES: usize = super::threads::WAITING + 2;

impl Lent {
    /// A stretch is handed over, with these events.
    pub fn hand_over(&mut self, events: &[Event]) {
        let mut lent = std::mem::take(&mut self.empty);
        let mut octets = 0;
        for event in events {
            let Event::Exchange(exchange) = event else { continue };
            let own = exchange.memory();
            // What is not held is freed by the other thread, as it would be anyhow.
            if self.octets + octets + own > limits::LENT_OCTETS {
                break;
            }
            octets += own;
            lent.push(Arc::clone(exchange));
        }
        self.octets += octets;
        self.stretches.push_back((lent, octets));
        if self.stretches.len() > STRETCHES
            && let Some((mut back, octets)) = self.stretches.pop_front()
        {
            self.octets -= octets;
            back.clear();
            self.empty = back;
        }
    }
}
