//! httpwhy reads packets, rebuilds TCP streams, parses HTTP/1.1, pairs every request with its
//! responses and says why the failing ones failed.
//!
//! # The way of the data
//!
//! ```text
//! capture ─Packet→ wire ─Segment→ flow ─octets, gap, end→ http ─Exchange, Connection→ engine ─Record→ export
//! (files, pipes,  (layers off)   (TCP in order)          (messages, pairs)          (numbers)
//!  devices)
//! ```
//!
//! One way, no way back. Packets are pushed in borrowed, facts come out owned. The core (`wire`,
//! `flow`, `http`, `status`, `diagnosis`,
//! `stats`, `engine`) is pure: it has no clock (time is the capture's), opens
//! no file, starts no thread, prints nothing and never panics on input. Files and terminals
//! live at the two ends. `tests/architecture.rs` holds who may import whom.
//!
//! # The house
//!
//! | room | comes in | goes out |
//! | --- | --- | --- |
//! | [`capture`] | files, pipes, devices; compressed or damaged | [`wire::Packet`]s and what was wrong |
//! | [`wire`] | one frame | one TCP [`wire::Segment`], a signal, or a reason why not |
//! | [`flow`] | segments | ordered octets of connections, told to a [`flow::Reader`] |
//! | [`http`] | ordered octets | [`http::Exchange`]s, [`http::Connection`]s, flaws |
//! | [`status`] | a code | what it means and demands, in English and Chinese |
//! | [`rules`] | exchanges and connections | [`rules::Finding`]s |
//! | [`diagnosis`] | exchanges, connections, signals | [`diagnosis::Verdict`]s: why it failed, with packets |
//! | [`stats`] | exchanges and connections | numbers |
//! | [`comparison`] | two captures' records | what is worse, better, new or gone |
//! | [`engine`] | segments | [`engine::Record`]s in an order that the capture alone decides |
//! | [`pipeline`] | a [`capture::Source`] | records, and a [`snapshot::Summary`] that balances |
//! | [`snapshot`] | | what a view may look at |
//! | [`filter`] | a line of text | whether an exchange is one of those it asks for |
//! | [`secret`] | fields, targets, quoted text | the same without secrets |
//! | [`export`] | records | texts and files, made safe |
//! | [`units`], [`limits`], [`error`] | | words that all of them share |
//!
//! # Use as a library
//!
//! ```no_run
//! use std::ops::ControlFlow;
//!
//! use httpwhy::capture::Capture;
//! use httpwhy::engine::Record;
//! use httpwhy::error::Error;
//! use httpwhy::pipeline::{self, Options};
//!
//! # fn main() -> Result<(), Error> {
//! let mut capture = Capture::open(&["capture.pcapng"])?;
//! let outcome = pipeline::run::<Error>(&mut capture, Options::default(), |record| {
//!     if let Record::Exchange(id, exchange) = record {
//!         println!("{id} {} → {} {:?}", exchange.client, exchange.server, exchange.status());
//!     }
//!     Ok(ControlFlow::Continue(()))
//! })?;
//! assert!(outcome.summary.balances());
//! # Ok(())
//! # }
//! ```

// What a test may do, the program may not.
#![cfg_attr(
    not(test),
    warn(
        clippy::exit,
        clippy::get_unwrap,
        clippy::print_stderr,
        clippy::print_stdout,
        clippy::unwrap_used
    )
)]

pub mod capture;
pub mod comparison;
pub mod dashboard;
pub mod diagnosis;
pub mod engine;
pub mod error;
pub mod export;
pub mod filter;
pub mod flow;
pub mod http;
pub mod limits;
pub mod pipeline;
pub mod rules;
pub mod secret;
pub mod snapshot;
pub mod stats;
pub mod status;
pub mod units;
pub mod wire;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
