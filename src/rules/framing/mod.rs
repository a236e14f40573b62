//! Where a message ends: rules about Content-Length, Transfer-Encoding, chunks, and bodies where none
//! may be (RFC 9112 sections 6 to 8).

pub(super) mod coding;
