//! When to look at a connection again: a wheel of seconds of capture time. A packet costs nothing
//! here; a connection is looked at when its time could be over, and put back if it was not silent.

/// Seconds that the wheel spans; what is due later is looked at early and put back.
const SPAN: usize = 1024;

/// See the module's words.
#[derive(Debug, Default)]
pub(super) struct Timers {
    wheel: Vec<Vec<u32>>,
    /// The second up to which everything due was handed out.
    now: Option<i64>,
}

impl Timers {
    /// Asks for a slot to be looked at in the given second. Gives the second in which it will be,
    /// perhaps an earlier one.
    pub fn add(&mut self, due: i64, slot: u32) -> i64 {
        if self.wheel.is_empty() {
            self.wheel.resize_with(SPAN, Vec::new);
        }
        // The clock of a capture may jump: what lies outside the span comes at its border.
        let now = *self.now.get_or_insert(due - SPAN as i64 + 1);
        let due = due.clamp(now + 1, now + SPAN as i64 - 1);
        if let Some(second) = self.wheel.get_mut(due.rem_euclid(SPAN as i64) as usize) {
            second.push(slot);
        }
        due
    }

    /// Whether a second that [`Self::add`] gave is still to come; one that is further ahead than
    /// the wheel spans is of a time from which the clock has stepped back.
    pub fn is_ahead(&self, second: i64) -> bool {
        self.now.is_some_and(|now| second > now && second - now < SPAN as i64)
    }

    /// Everything due up to and including the second `now`.
    pub fn due(&mut self, now: i64) -> Vec<u32> {
        let from = match self.now {
            Some(before) if before >= now => {
                // The clock stepped back. What waits on the wheel comes once around it at last.
                self.now = Some(now);
                return Vec::new();
            }
            Some(before) => before.max(now - SPAN as i64),
            None => now,
        };
        self.now = Some(now);
        let mut due = Vec::new();
        for second in from + 1..=now {
            if let Some(second) = self.wheel.get_mut(second.rem_euclid(SPAN as i64) as usize) {
                // Taken whole, so that no second keeps room for the most that ever was due in it: over hours
                // each of them would meet a busy one.
                let mut second = std::mem::take(second);
                if due.is_empty() {
                    due = second;
                } else {
                    due.append(&mut second);
                }
            }
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_entry_comes_once_and_in_time() {
        let mut timers = Timers::default();
        assert!(timers.due(1_000).is_empty());
        timers.add(1_005, 1);
        timers.add(1_006, 2);
        assert_eq!(timers.add(5_000_000, 3), 1_000 + SPAN as i64 - 1);
        assert!(timers.due(1_004).is_empty());
        assert_eq!(timers.due(1_005), [1]);
        assert_eq!(timers.due(1_900), [2]);
        assert_eq!(timers.due(9_000_000_000), [3]);
        assert!(timers.due(9_000_000_001).is_empty());
    }

    #[test]
    fn what_was_busy_once_keeps_no_room() {
        let mut timers = Timers::default();
        timers.due(1_000);
        for second in 1_001..1_100 {
            (0..5_000).for_each(|slot| assert_eq!(timers.add(second, slot), second));
            assert_eq!(timers.due(second).len(), 5_000);
        }
        assert_eq!(timers.wheel.iter().map(Vec::capacity).sum::<usize>(), 0);
    }

    #[test]
    fn a_clock_that_jumps_back_loses_nothing() {
        let mut timers = Timers::default();
        timers.due(5_000);
        timers.add(10, 7);
        assert_eq!(timers.due(5_001), [7]);
    }
}
