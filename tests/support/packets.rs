//! A [`Script`] in, the TCP segments that carry it out, in the order in which they pass a
//! capture near the client. Sequence and acknowledgement numbers, handshakes and
//! acknowledgements are as real stacks make them; no segment is lost, late or doubled here: see
//! `transform`.

use httpwhy::units::{Duration, Timestamp};
use httpwhy::wire::{self, Endpoint, Ends, Flags, Via};

use super::script::{Connection, Event, Opening, Script, Side};

/// One TCP segment that passed the capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// When.
    pub at: Timestamp,
    /// Of which connection of the script, counted from 0.
    pub connection: usize,
    /// Who sent it.
    pub side: Side,
    /// Source and destination.
    pub ends: Ends,
    /// Sequence number.
    pub sequence: u32,
    /// Acknowledgement number; 0 without ACK.
    pub acknowledgement: u32,
    /// Control bits.
    pub flags: Flags,
    /// Window field, before scaling.
    pub window: u16,
    /// Urgent pointer.
    pub urgent: u16,
    /// TCP options, padded to four octets.
    pub options: Vec<u8>,
    /// The captured payload.
    pub payload: Vec<u8>,
    /// Octets of the payload behind `payload` that were sent but not captured.
    pub cut: u32,
    /// Identification of the IPv4 header.
    pub identification: u16,
    /// Time to live or hop limit.
    pub ttl: u8,
}

impl Segment {
    /// The segment as `wire` would hand it over, as packet `number`.
    pub fn as_wire(&self, number: u64) -> wire::Segment<'_> {
        wire::Segment {
            at: self.at,
            number,
            ends: self.ends,
            sequence: self.sequence,
            acknowledgement: self.acknowledgement,
            flags: self.flags,
            window: self.window,
            urgent: self.urgent,
            options: &self.options,
            payload: &self.payload,
            cut: self.cut,
            via: Via {
                ttl: self.ttl,
                identification: self.is_v4().then_some(self.identification),
                ..Via::default()
            },
        }
    }

    /// Whether both ends have IPv4 addresses.
    pub fn is_v4(&self) -> bool {
        self.ends.source.address().is_ipv4() && self.ends.destination.address().is_ipv4()
    }

    /// Whether it carries anything but an acknowledgement: payload, SYN, FIN or RST.
    pub fn says_something(&self) -> bool {
        let bits = Flags::SYN | Flags::FIN | Flags::RST;
        !self.payload.is_empty() || self.flags.0 & bits != 0
    }

    /// The sequence number behind the payload, before any FIN.
    pub fn end(&self) -> u32 {
        self.sequence.wrapping_add(self.payload.len() as u32).wrapping_add(self.cut)
    }
}

/// When a receiver sends an acknowledgement of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acknowledge {
    /// Never: only with what it says itself.
    Never,
    /// Once behind each turn of the other side.
    Turn,
    /// Behind every other segment and at the end of a turn (RFC 9293 section 3.8.6.3).
    EveryOther,
}

/// How the stacks of both ends behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stacks {
    /// When the script begins.
    pub start: Timestamp,
    /// Largest payload of a segment, octets.
    pub mss: usize,
    /// When acknowledgements are sent.
    pub acknowledge: Acknowledge,
    /// Time between two segments of one burst.
    pub spacing: Duration,
    /// Initial sequence number of the clients.
    pub client_isn: u32,
    /// Initial sequence number of the servers.
    pub server_isn: u32,
}

impl Default for Stacks {
    fn default() -> Self {
        Self {
            // 2026-01-01T00:00:00Z.
            start: Timestamp::from_nanos(1_767_225_600_000_000_000),
            mss: 1448,
            acknowledge: Acknowledge::EveryOther,
            spacing: Duration::from_nanos(12_000),
            client_isn: 0x1000_0000,
            server_isn: 0x9000_0000,
        }
    }
}

/// How long a client waits before it sends its SYN again, doubled each time (RFC 6298).
const SYN_AGAIN: Duration = Duration::from_secs(1);

/// The segments of a script in the order of their times.
pub fn segments(script: &Script, stacks: &Stacks) -> Vec<Segment> {
    let mut all = Vec::new();
    for (index, connection) in script.connections.iter().enumerate() {
        all.extend(Talk::new(index, connection, stacks).segments());
    }
    all.sort_by_key(|segment| segment.at);
    all
}

/// What one end has sent.
struct End {
    endpoint: Endpoint,
    next: u32,
    identification: u16,
}

/// One connection while its segments are made.
struct Talk<'s> {
    index: usize,
    connection: &'s Connection,
    stacks: &'s Stacks,
    clock: Timestamp,
    client: End,
    server: End,
    made: Vec<Segment>,
}

impl<'s> Talk<'s> {
    fn new(index: usize, connection: &'s Connection, stacks: &'s Stacks) -> Self {
        // Connections differ in their numbers, as they do in life.
        let step = (index as u32).wrapping_mul(0x0101_6b2d);
        let end = |endpoint, isn: u32, identification| End {
            endpoint,
            next: isn.wrapping_add(step),
            identification: (index as u16).wrapping_mul(977).wrapping_add(identification),
        };
        Self {
            index,
            connection,
            stacks,
            clock: stacks.start.plus(connection.begins),
            client: end(connection.client, stacks.client_isn, 0x1000),
            server: end(connection.server, stacks.server_isn, 0x8000),
            made: Vec::new(),
        }
    }

    fn end(&mut self, side: Side) -> &mut End {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    fn segments(mut self) -> Vec<Segment> {
        use Side::{Client, Server};
        match self.connection.opening {
            Opening::Handshake => {
                self.send(Client, Flags::SYN, &[]);
                self.send(Server, Flags::SYN | Flags::ACK, &[]);
                self.send(Client, Flags::ACK, &[]);
            }
            Opening::NotCaptured => {
                self.client.next = self.client.next.wrapping_add(1);
                self.server.next = self.server.next.wrapping_add(1);
            }
            Opening::Refused => {
                self.send(Client, Flags::SYN, &[]);
                self.server.next = 0;
                self.send(Server, Flags::RST | Flags::ACK, &[]);
            }
            Opening::Unanswered(tries) => {
                let isn = self.client.next;
                let mut wait = SYN_AGAIN;
                for _ in 0..tries {
                    self.client.next = isn;
                    self.send(Client, Flags::SYN, &[]);
                    self.clock = self.clock.plus(wait);
                    wait = Duration::from_nanos(wait.as_nanos().saturating_mul(2));
                }
            }
        }
        for turn in &self.connection.turns {
            self.clock = self.clock.plus(turn.after);
            match &turn.event {
                Event::Octets(octets) => self.say(turn.side, octets),
                Event::Lost(octets) => {
                    let end = self.end(turn.side);
                    end.next = end.next.wrapping_add(*octets);
                    self.acknowledge(turn.side.other());
                }
                Event::Fin => {
                    self.send(turn.side, Flags::FIN | Flags::ACK, &[]);
                    self.acknowledge(turn.side.other());
                }
                Event::Reset => self.send(turn.side, Flags::RST | Flags::ACK, &[]),
            }
        }
        self.made
    }

    fn say(&mut self, side: Side, octets: &[u8]) {
        let pieces = octets.len().div_ceil(self.stacks.mss);
        for (index, piece) in octets.chunks(self.stacks.mss).enumerate() {
            let last = index + 1 == pieces;
            let push = if last { Flags::PSH } else { 0 };
            self.send(side, Flags::ACK | push, piece);
            let every_other = self.stacks.acknowledge == Acknowledge::EveryOther;
            if last || (every_other && index % 2 == 1) {
                self.acknowledge(side.other());
            }
        }
    }

    fn acknowledge(&mut self, side: Side) {
        if self.stacks.acknowledge != Acknowledge::Never {
            self.send(side, Flags::ACK, &[]);
        }
    }

    fn send(&mut self, side: Side, flags: u8, payload: &[u8]) {
        let acknowledgement = if flags & Flags::ACK != 0 { self.end(side.other()).next } else { 0 };
        let destination = self.end(side.other()).endpoint;
        let at = self.clock;
        let end = self.end(side);
        let sequence = end.next;
        let taken = payload.len() as u32 + u32::from(flags & (Flags::SYN | Flags::FIN) != 0);
        end.next = sequence.wrapping_add(taken);
        end.identification = end.identification.wrapping_add(1);
        let (source, identification) = (end.endpoint, end.identification);
        let segment = Segment {
            at,
            connection: self.index,
            side,
            ends: Ends { source, destination },
            sequence,
            acknowledgement,
            flags: Flags(flags),
            window: window(flags),
            urgent: 0,
            options: options(flags, at, self.stacks.mss),
            payload: payload.to_vec(),
            cut: 0,
            identification,
            ttl: 64,
        };
        self.made.push(segment);
        self.clock = at.plus(self.stacks.spacing);
    }
}

/// 64,240 octets, unscaled on a SYN; a reset offers nothing.
fn window(flags: u8) -> u16 {
    match flags {
        _ if flags & Flags::RST != 0 => 0,
        _ if flags & Flags::SYN != 0 => 64_240,
        _ => 502,
    }
}

/// The options that Linux sends: on a SYN the largest segment, SACK, timestamp and window scale,
/// later the timestamp alone (RFC 7323). A reset has none.
fn options(flags: u8, at: Timestamp, mss: usize) -> Vec<u8> {
    const NO_OPERATION: u8 = 1;
    if flags & Flags::RST != 0 {
        return Vec::new();
    }
    let mut timestamp = vec![8, 10];
    timestamp.extend_from_slice(&timestamp_value(at).to_be_bytes());
    timestamp.extend_from_slice(&[0; 4]);
    if flags & Flags::SYN == 0 {
        return [&[NO_OPERATION, NO_OPERATION], timestamp.as_slice()].concat();
    }
    // The largest segment is announced without the options that each segment then carries.
    let [high, low] = u16::try_from(mss + 12).unwrap_or(u16::MAX).to_be_bytes();
    let sack_permitted = [4, 2];
    let window_scale = [NO_OPERATION, 3, 3, 7];
    [&[2, 4, high, low], sack_permitted.as_slice(), &timestamp, &window_scale].concat()
}

/// Milliseconds, as Linux counts them.
fn timestamp_value(at: Timestamp) -> u32 {
    (at.as_nanos() / 1_000_000) as u32
}

/// Sets the timestamp option of a segment to its time: what a retransmission differs in.
pub fn stamp_anew(segment: &mut Segment) {
    if let [1, 1, 8, 10, value @ ..] = segment.options.as_mut_slice() {
        value[..4].copy_from_slice(&timestamp_value(segment.at).to_be_bytes());
    }
}
