//! httpwhy reads packets, rebuilds TCP streams, parses HTTP/1.1, pairs every request with its
//! responses and says why the failing ones failed.
//!
//! # The way of the data
//!
//! ```text
//! capture ─Packet→ wire ─Segment→ flow ─octets, gap, end→ http ─Exchange→ engine → export
//! ```
//!
//! Packets are pushed in borrowed, facts come out owned. `wire`, `flow` and `http` are pure: they
//! have no clock (time is the capture's), open no file, start no thread, print nothing and never
//! panic on input.

pub mod capture;
pub mod engine;
pub mod error;
pub mod export;
pub mod flow;
pub mod http;
pub mod limits;
pub mod pipeline;
pub mod snapshot;
pub mod stats;
pub mod status;
pub mod units;
pub mod wire;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
