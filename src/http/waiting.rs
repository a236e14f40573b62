//! Requests that wait for the end of their answer: beginnings and ends in, how many there are and since
//! when the oldest waits out. Kept where somebody asks for it; costs a step a request, and none a packet.

use std::collections::BTreeMap;

use crate::flow::Mark;
use crate::units::Timestamp;

/// Requests that wait at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    /// How many.
    pub requests: u64,
    /// When the oldest of them began; `None` where there is none.
    pub oldest: Option<Timestamp>,
}

impl Waiting {
    /// The same with those of another part of the connections.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        let oldest = [self.oldest, other.oldest].into_iter().flatten().min();
        Self { requests: self.requests + other.requests, oldest }
    }
}

/// Those that wait, by time and packet; no more than there are requests that connections remember.
#[derive(Debug, Default)]
pub struct Queue {
    begun: BTreeMap<(Timestamp, u64), u32>,
    requests: u64,
}

impl Queue {
    /// A request begins to wait.
    pub(super) fn begin(&mut self, mark: Mark) {
        *self.begun.entry((mark.at, mark.packet)).or_default() += 1;
        self.requests += 1;
    }

    /// One that began with this packet waits no longer.
    pub(super) fn end(&mut self, mark: Mark) {
        let key = (mark.at, mark.packet);
        let Some(count) = self.begun.get_mut(&key) else { return };
        *count -= 1;
        self.requests -= 1;
        if *count == 0 {
            self.begun.remove(&key);
        }
    }

    /// Those that wait now.
    pub fn now(&self) -> Waiting {
        let oldest = self.begun.first_key_value().map(|((at, _), _)| *at);
        Waiting { requests: self.requests, oldest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_that_still_waits_is_known() {
        let mark = |packet: u64| Mark { at: Timestamp::from_nanos(packet as i64 * 10), packet };
        let mut queue = Queue::default();
        assert_eq!(queue.now(), Waiting::default());
        // Two of one packet, as pipelining clients send them.
        for packet in [3, 1, 2, 1] {
            queue.begin(mark(packet));
        }
        let now =
            |queue: &Queue| (queue.now().requests, queue.now().oldest.map(|at| at.as_nanos()));
        assert_eq!(now(&queue), (4, Some(10)));
        for (packet, then) in
            [(1, (3, Some(10))), (3, (2, Some(10))), (1, (1, Some(20))), (9, (1, Some(20)))]
        {
            queue.end(mark(packet));
            assert_eq!(now(&queue), then);
        }
        queue.end(mark(2));
        assert_eq!(queue.now(), Waiting::default());
    }
}
