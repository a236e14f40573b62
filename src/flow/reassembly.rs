//! What receivers do differently where a sender leaves them a choice: which of two versions of the same
//! octets holds, and whether urgent octets are read in line. Whoever watches cannot see what the receiver
//! does, so it can be said.

/// How streams are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reassembly {
    /// Of two versions of octets that wait to be read, which one is.
    pub overlap: Overlap,
    /// What becomes of urgent octets.
    pub urgent: Urgent,
}

/// Of two segments that wait behind a hole and say different things of the same octets, which one holds. A
/// receiver cannot take back what its program has read already: there the first one holds always.
///
/// What operating systems do is told by Novak and Sturges, "Target-Based TCP Stream Reassembly" (2007).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overlap {
    /// The one that came first, as Zeek and Wireshark have it.
    #[default]
    First,
    /// The one that came last.
    Last,
    /// As BSD, macOS and Windows: a later one that begins in front of the earlier.
    Bsd,
    /// As Linux: the same, and a later one that begins with the earlier and is longer.
    Linux,
    /// As Solaris: a later one that covers the earlier, or begins inside and ends behind it.
    Solaris,
}

impl Overlap {
    /// Whether a later segment wins over an earlier one; each is given by its begin and end.
    pub(super) const fn later_wins(self, earlier: (u64, u64), later: (u64, u64)) -> bool {
        let begins_before = later.0 < earlier.0;
        match self {
            Self::First => false,
            Self::Last => true,
            Self::Bsd => begins_before,
            Self::Linux => begins_before || later.0 == earlier.0 && later.1 > earlier.1,
            Self::Solaris => {
                later.0 <= earlier.0 && later.1 >= earlier.1
                    || later.0 > earlier.0 && later.1 > earlier.1
            }
        }
    }
}

/// What becomes of the octet that an urgent pointer stands behind (RFC 6093 section 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Urgent {
    /// It is read with the others, as RFC 6093 recommends and as a program with `SO_OOBINLINE` does.
    #[default]
    Inline,
    /// It is taken out of the stream: what a program on sockets reads that has not asked for it.
    OutOfBand,
}
