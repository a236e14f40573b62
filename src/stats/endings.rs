//! What became of connections, counted.

use crate::flow::{Ending, Side};

/// How many connections ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Endings {
    /// Both sides closed.
    pub closed: u64,
    /// The client reset.
    pub reset_by_client: u64,
    /// The server reset.
    pub reset_by_server: u64,
    /// The server refused the attempt.
    pub refused: u64,
    /// Nobody answered the attempt.
    pub unanswered: u64,
    /// Fell silent.
    pub idle: u64,
    /// A new connection began between the same ports.
    pub replaced: u64,
    /// Given up, since the table was full.
    pub evicted: u64,
    /// Open at the end of the capture.
    pub open: u64,
}

impl Endings {
    pub(super) fn add(&mut self, ending: Ending) {
        let count = match ending {
            Ending::Closed => &mut self.closed,
            Ending::Reset(Side::Client) => &mut self.reset_by_client,
            Ending::Reset(Side::Server) => &mut self.reset_by_server,
            Ending::Refused => &mut self.refused,
            Ending::Unanswered => &mut self.unanswered,
            Ending::Idle => &mut self.idle,
            Ending::Replaced => &mut self.replaced,
            Ending::Evicted => &mut self.evicted,
            Ending::Open => &mut self.open,
        };
        *count += 1;
    }
}
