//! Every bound on what input can make the program keep, with its unit, its default and the reason.
//! Reaching one is always counted and shown, never silent.

use crate::units::Duration;

/// Largest captured length of one packet, octets. libpcap's own bound (`MAXIMUM_SNAPLEN`); a
/// record that claims more is damage, not a packet.
pub const PACKET_OCTETS: usize = 262_144;

/// Largest pcapng block, octets. As libpcap: big enough for every real block, small enough
/// that a lying length costs nothing.
pub const BLOCK_OCTETS: usize = 16 * 1024 * 1024;

/// Interfaces of one pcapng section.
pub const INTERFACES: usize = 4_096;

/// Layers of encapsulation around a TCP segment; more is an attack on the decoder.
pub const ENCAPSULATIONS: usize = 16;

/// VLAN tags in one frame.
pub const VLAN_TAGS: usize = 8;

/// IPv6 extension headers walked in one packet.
pub const EXTENSION_HEADERS: usize = 16;

/// IP datagrams being put together from fragments at one time.
pub const FRAGMENT_TRACKERS: usize = 4_096;

/// Fragments of one datagram.
pub const FRAGMENT_PIECES: usize = 64;

/// Octets held for all unfinished datagrams together.
pub const FRAGMENT_OCTETS: usize = 8 * 1024 * 1024;

/// How long a datagram waits for its missing fragments (RFC 791 suggests 15 s, Linux takes 30 s).
pub const FRAGMENT_WAIT: Duration = Duration::from_secs(30);

/// Two packets that agree in all that a copy keeps are one packet captured twice if they are no
/// further apart than this. A retransmission waits at least for a round trip and differs in
/// its IP identification or TCP timestamp.
pub const COPY_WINDOW: Duration = Duration::from_millis(20);
