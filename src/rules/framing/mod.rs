//! Where a message ends: rules about Content-Length, Transfer-Encoding, chunks, and bodies that are cut
//! short (RFC 9112 sections 6 to 8).

pub(super) mod bodiless;
pub(super) mod chunk;
pub(super) mod coding;
pub(super) mod length;
pub(super) mod truncated;
