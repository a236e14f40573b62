//! Octets in, HTTP exchanges out.
