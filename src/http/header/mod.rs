//! Header values: the octets of one field value in, what its grammar says they mean out; `None`
//! where they do not follow it. Pure; keeps nothing.

pub mod date;
pub mod etag;
pub mod media_type;
pub mod range;
pub mod websocket;
