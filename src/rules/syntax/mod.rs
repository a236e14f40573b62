//! How a head is written: start lines and fields (RFC 9112 sections 2 to 5), and what hides in them.

pub(super) mod field;
pub(super) mod host;
pub(super) mod line_end;
pub(super) mod smuggling;
pub(super) mod start_line;
