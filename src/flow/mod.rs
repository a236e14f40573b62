//! TCP segments in, ordered octets out.
//!
//! Keeps the connections, puts the segments of each in order and tells a [`Reader`] of both streams
//! in causal order. In-order octets are borrowed from the packet; what comes early is copied and
//! counted in the [`Ledger`]. Knows nothing of HTTP, has no clock but the capture's, and never
//! panics on what it is given.

mod connection;
mod ledger;
mod reader;
mod reassembly;
mod stream;
mod table;
mod timers;
mod trace;

pub use ledger::Ledger;
pub use reader::{
    Arrival, Conflict, End, Ending, Facts, Handshake, Health, Mark, Missing, Reader, Side,
};
pub use reassembly::{Overlap, Reassembly, Urgent};
pub use table::{Population, Table};
pub use trace::{Oddity, Step, Trace};
