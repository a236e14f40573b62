//! The ledger: what became of every octet of payload. It must balance at any moment.

use std::ops::AddAssign;

/// Octets of TCP payload by what became of them. Every octet of every segment that reaches this
/// folder is in exactly one of the fields that [`Ledger::accounted`] sums up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ledger {
    /// Came in, as captured.
    pub received: u64,
    /// Handed to the reader straight from the packet.
    pub borrowed: u64,
    /// Came early, was copied, and handed over later.
    pub held: u64,
    /// Came early inside a body and was only counted.
    pub passed: u64,
    /// Repeated what was there already.
    pub repeated: u64,
    /// Lay outside the window, behind a close, in a RST segment or on a SYN that was replaced, or was urgent
    /// and taken out.
    pub discarded: u64,
    /// Is being held now.
    pub holding: u64,
    /// Never came: not part of `received`.
    pub missing: u64,
    /// Segments that were copied because they came early.
    pub held_segments: u64,
}

impl Ledger {
    /// The octets whose fate is known; equals `received`.
    pub const fn accounted(&self) -> u64 {
        self.borrowed + self.held + self.passed + self.repeated + self.discarded + self.holding
    }

    /// Whether every octet that came in is accounted for.
    pub const fn balances(&self) -> bool {
        self.accounted() == self.received
    }
}

impl AddAssign for Ledger {
    fn add_assign(&mut self, other: Self) {
        self.received += other.received;
        self.borrowed += other.borrowed;
        self.held += other.held;
        self.passed += other.passed;
        self.repeated += other.repeated;
        self.discarded += other.discarded;
        self.holding += other.holding;
        self.missing += other.missing;
        self.held_segments += other.held_segments;
    }
}
