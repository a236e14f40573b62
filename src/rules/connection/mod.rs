//! How connections are used: pairing, pipelining, early answers, closing, tunnels (RFC 9112 section 9).

pub(super) mod closing;
pub(super) mod early;
pub(super) mod pairing;
pub(super) mod protocol;
pub(super) mod race;
pub(super) mod unanswered;
