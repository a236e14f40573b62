//! Why an exchange failed, from packets. In come exchanges, connections that are over, octets that
//! were no HTTP, and signals of the network; out go [`Verdict`]s: one of the [`CAUSES`], how sure it
//! is, and the packets that show it.
//!
//! ```text
//! client ──request──→ proxy ──attempt──→ upstream      join: which attempts belong to which request
//!        ←──502─────        ←──RST──────               cause: what an attempt shows
//! ```
//!
//! Never guesses: where the other leg was not captured, it says that. Keeps a bounded memory,
//! has no clock but the capture's, and does not change what it is given.

mod attempt;
mod cause;
mod chinese;
mod diagnostician;
mod durations;
mod explanation;
mod index;
mod join;
mod leg;
mod memory;
mod ownership;
mod trust;
mod upstream;
mod verdict;

pub use cause::{CAUSES, Cause, Cure};
pub use chinese::Chinese;
pub(crate) use diagnostician::has_failed;
pub use diagnostician::{Counts, Diagnostician};
pub use durations::{Durations, Typical};
pub use leg::{Leg, Moment};
pub use upstream::{Race, Retries, Upstream};
pub use verdict::{Confidence, Evidence, Rival, Verdict};
