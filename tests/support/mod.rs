//! What integration tests share: conversations as data, the packets that carry them, and what a
//! capture can do to packets. Everything is pure and seeded: the same call gives the same octets
//! for ever.
//!
//! ```text
//! dialogue text → Script → [Segment] → transform … → [Segment] → [Frame] → capture file
//!                   └→ [Exchange], what really took place: the truth that a tool is held to
//! ```

// Every test binary compiles all of this and uses a part of it.
#![allow(dead_code, unused_imports)]

pub mod catalogue;
pub mod core;
pub mod dialogue;
pub mod exchange;
pub mod export;
pub mod findings;
pub mod frames;
pub mod link;
pub mod loss;
pub mod packets;
pub mod pcap;
pub mod planter;
pub mod random;
pub mod records;
pub mod script;
pub mod traffic;
pub mod transform;
