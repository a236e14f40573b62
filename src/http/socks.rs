//! SOCKS in front of HTTP: the octets of the negotiation in, how many of them to step over out.
//! Keeps no addresses: the connection that the packets show is the one to the SOCKS server.

use crate::flow::Side;

/// Where a negotiation stands (SOCKS 4 and 4a, RFC 1928, RFC 1929).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Negotiation {
    /// SOCKS 4: the request was seen.
    Asked4,
    /// SOCKS 5: the list of methods was seen.
    Greeted,
    /// SOCKS 5: the server chose a method.
    Chosen,
    /// SOCKS 5: the request was seen.
    Asked5,
}

impl Negotiation {
    /// Whether these octets of a client begin one.
    pub fn begin(octets: &[u8]) -> Option<Self> {
        match octets {
            [4, 1 | 2, ..] if request4(octets).is_some() => Some(Self::Asked4),
            [5, methods, rest @ ..] if *methods > 0 && rest.len() >= usize::from(*methods) => {
                Some(Self::Greeted)
            }
            _ => None,
        }
    }

    /// Steps over the next part. `None` where the octets are not what SOCKS would send.
    pub fn step(&mut self, side: Side, octets: &[u8]) -> Option<usize> {
        let (next, taken) = match (*self, side) {
            (Self::Asked4, Side::Client) => (Self::Asked4, request4(octets)?),
            (Self::Asked4, Side::Server) => match octets {
                [0, 0x5a..=0x5d, ..] if octets.len() >= 8 => (Self::Asked4, 8),
                _ => return None,
            },
            (Self::Greeted, Side::Client) => match octets {
                [5, methods, ..] => (Self::Greeted, 2 + usize::from(*methods)),
                _ => return None,
            },
            (Self::Greeted, Side::Server) => match octets {
                [5, _, ..] => (Self::Chosen, 2),
                _ => return None,
            },
            (Self::Chosen, Side::Client) => match octets {
                [1, user, rest @ ..] => {
                    let user = usize::from(*user);
                    (Self::Chosen, 3 + user + usize::from(*rest.get(user)?))
                }
                [5, 1..=3, 0, ..] => (Self::Asked5, address5(octets)?),
                _ => return None,
            },
            (Self::Chosen, Side::Server) => match octets {
                [1, _, ..] => (Self::Chosen, 2),
                _ => return None,
            },
            (Self::Asked5, Side::Server) => match octets {
                [5, _, 0, ..] => (Self::Asked5, address5(octets)?),
                _ => return None,
            },
            (Self::Asked5, Side::Client) => return None,
        };
        if taken > octets.len() {
            return None;
        }
        *self = next;
        Some(taken)
    }
}

/// Length of a SOCKS 4 or 4a request.
fn request4(octets: &[u8]) -> Option<usize> {
    let named = matches!(octets.get(4..8)?, [0, 0, 0, last] if *last > 0);
    let user = memchr::memchr(0, octets.get(8..)?)?;
    let end = 8 + user + 1;
    if !named {
        return Some(end);
    }
    Some(end + memchr::memchr(0, octets.get(end..)?)? + 1)
}

/// Length of a SOCKS 5 request or reply.
fn address5(octets: &[u8]) -> Option<usize> {
    match octets.get(3)? {
        1 => Some(10),
        3 => Some(7 + usize::from(*octets.get(4)?)),
        4 => Some(22),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negotiation_of_socks_5_is_stepped_over() {
        let greeting = [5, 1, 0];
        let mut socks = Negotiation::begin(&greeting).unwrap();
        assert_eq!(socks.step(Side::Client, &greeting), Some(3));
        assert_eq!(socks.step(Side::Server, &[5, 0]), Some(2));
        let name = b"\x05\x01\x00\x03\x04host\x00\x50";
        assert_eq!(socks.step(Side::Client, name), Some(name.len()));
        assert_eq!(socks.step(Side::Server, &[5, 0, 0, 1, 1, 2, 3, 4, 0, 80]), Some(10));
        assert_eq!(socks.step(Side::Client, b"\x16\x03\x01"), None);
    }

    #[test]
    fn a_request_of_socks_4_is_stepped_over() {
        let request = b"\x04\x01\x00\x50\x01\x02\x03\x04user\0";
        let mut socks = Negotiation::begin(request).unwrap();
        assert_eq!(socks.step(Side::Client, request), Some(request.len()));
        assert_eq!(socks.step(Side::Server, &[0, 0x5a, 0, 0, 0, 0, 0, 0]), Some(8));
        assert_eq!(Negotiation::begin(b"GET / HTTP/1.1\r\n"), None);
    }
}
