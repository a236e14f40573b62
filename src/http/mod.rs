//! Octets in, HTTP exchanges out.
//!
//! Reads both streams of a connection as HTTP/1.x (RFC 9112), frames every message, and pairs
//! requests with their responses. Every deviation from the grammar is recorded as a [`Flaw`],
//! without an opinion; what was lost is said on every message. Knows nothing of packets beyond
//! their numbers and times, keeps no body, and never panics on what it is given.

mod chunk;
mod connection;
mod direction;
mod doubt;
mod exchange;
mod feature;
mod field;
mod flaw;
mod framing;
mod head;
pub mod header;
mod lanes;
mod line;
mod message;
mod method;
mod probe;
mod quick;
mod socks;
mod tolerant;
mod waiting;

pub use connection::Connection as ConnectionReader;
pub use doubt::{Doubt, Doubts, Grade};
pub use exchange::{
    Appetite, Bodies, Circumstances, Connection, Event, Exchange, Greeting, Output, Pairing,
    Protocol, Stray, Switch, Unanswered,
};
pub use feature::{Feature, Features};
pub use field::{FieldName, FieldSet};
pub use flaw::{Flaw, Flaws};
pub use framing::{ContentLength, Framing, TransferCoding};
pub use head::{Field, Head, Kind, Version, text};
pub use message::{Message, MessageEnd, Misframed};
pub use method::Method;
pub use waiting::{Queue, Waiting};
