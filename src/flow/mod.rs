//! TCP segments in, ordered octets out.
