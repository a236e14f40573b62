//! When an exchange began and how long its phases took, as HAR names them.
//!
//! ```text
//! SYN ── handshake ── request first … last ── response first … last
//!      connect       │      send     │   wait   │      receive     │
//! started ───────────┴───────────────┴── time ──┴──────────────────┘
//! ```
//!
//! An entry begins so long before its request as the handshake took. If the client waited between
//! the two, that wait is left out: it is no phase of HAR, and the rest stays true.

use std::io::Write;

use super::super::jsonl::key;
use crate::http::Exchange;
use crate::units::{Duration, Timestamp};

pub(super) struct Timings {
    pub started: Timestamp,
    connect: Option<Duration>,
    send: Option<Duration>,
    wait: Option<Duration>,
    receive: Option<Duration>,
}

impl Timings {
    pub fn of(exchange: &Exchange) -> Self {
        let (request, response) = (exchange.request.as_deref(), exchange.response.as_deref());
        let [send, wait] = match (request, response) {
            // The server may answer before the body is whole; then the rest of it is nobody's wait.
            (Some(request), Some(response)) => {
                let early = request.last.packet > response.first.packet;
                let asked = if early { request.head_end } else { request.last };
                [Some(asked.since(request.first)), exchange.think_time()]
            }
            (Some(request), None) => [
                Some(request.last.since(request.first)),
                Some(exchange.completed.since(request.last)),
            ],
            (None, _) => [None, None],
        };
        // Nothing was received in no time.
        let nothing = request.map(|_| Duration::default());
        let receive = exchange.response_time().or(nothing);
        let begun = request.map_or_else(|| exchange.first(), |request| request.first).at;
        let connect = exchange.connect;
        let before = connect.map_or(0, Duration::as_nanos);
        let started = Timestamp::from_nanos(begun.as_nanos().saturating_sub_unsigned(before));
        Self { started, connect, send, wait, receive }
    }

    /// The whole time: the phases that are known.
    pub fn sum(&self) -> Duration {
        let known = [self.connect, self.send, self.wait, self.receive].into_iter().flatten();
        Duration::from_nanos(known.map(Duration::as_nanos).fold(0, u64::saturating_add))
    }

    pub fn write(&self, out: &mut Vec<u8>) {
        // Names were looked up before anything that a capture of HTTP shows, and TLS is not read.
        out.extend_from_slice(b"{\"blocked\":-1,\"dns\":-1,\"connect\":");
        millis(out, self.connect);
        key!(out, "send");
        millis(out, self.send);
        key!(out, "wait");
        millis(out, self.wait);
        key!(out, "receive");
        millis(out, self.receive);
        out.extend_from_slice(b",\"ssl\":-1}");
    }
}

/// Milliseconds, exactly; -1 where they are not known.
pub(super) fn millis(out: &mut Vec<u8>, duration: Option<Duration>) {
    const MILLI: u64 = 1_000_000;
    // Writing to a vector cannot fail.
    let _ = match duration.map(Duration::as_nanos) {
        Some(nanos) if nanos % MILLI == 0 => write!(out, "{}", nanos / MILLI),
        Some(nanos) => write!(out, "{}.{:06}", nanos / MILLI, nanos % MILLI),
        None => write!(out, "-1"),
    };
}
