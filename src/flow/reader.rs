//! What `flow` tells whoever reads the octets of a connection, and in which words. The reader is a
//! trait, so that this folder never names HTTP.

use crate::limits;
use crate::units::{Duration, Timestamp};
use crate::wire::{Endpoint, Via};

/// One of the two ends of a connection.
///
/// Without a handshake in the capture it is a guess from the ports, which the reader may correct
/// by what it reads (see [`Reader::roles_swapped`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The end that opened the connection.
    Client,
    /// The end that was connected to.
    Server,
}

impl Side {
    /// Both sides, the client first.
    pub const BOTH: [Self; 2] = [Self::Client, Self::Server];

    /// The other end.
    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// 0 for the client, 1 for the server: an index into pairs.
    pub const fn index(self) -> usize {
        match self {
            Self::Client => 0,
            Self::Server => 1,
        }
    }
}

/// A point of the capture: a packet and its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    /// Time of the packet.
    pub at: Timestamp,
    /// Its number, counted from 1.
    pub packet: u64,
}

impl Mark {
    /// The time that passed since `earlier`; zero where the clock stepped back.
    pub const fn since(self, earlier: Self) -> Duration {
        self.at.since(earlier.at)
    }
}

/// How a run of octets came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// The packet that carried it.
    pub mark: Mark,
    /// Where it begins in its stream; 0 is the first octet behind the SYN.
    pub offset: u64,
    /// How much of the other stream its sender had received; `None` where that is not known.
    pub seen_of_peer: Option<u64>,
    /// Whether it begins where its segment began.
    pub boundary: bool,
}

/// Why octets of a stream cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// No packet of the capture carries them.
    Lost,
    /// The snap length of the capture cut them off.
    Cut,
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Its sender closed it (FIN).
    Fin,
    /// The given side reset the connection (RST).
    Reset(Side),
    /// Nothing more came for so long that the connection counts as over.
    Idle,
    /// A new connection began between the same ports.
    Replaced,
    /// The table of connections was full.
    Evicted,
    /// The capture ended.
    CaptureEnd,
}

/// What became of a whole connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Both sides closed it (FIN).
    Closed,
    /// The given side reset it.
    Reset(Side),
    /// The server answered the SYN with a RST.
    Refused,
    /// Nobody answered the SYN.
    Unanswered,
    /// It fell silent.
    Idle,
    /// A new connection began between the same ports while it was open.
    Replaced,
    /// It was given up, since the table of connections was full.
    Evicted,
    /// It was open when the capture ended.
    Open,
}

/// Marks of the three-way handshake (RFC 9293 section 3.5), as far as they were captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Handshake {
    /// First SYN of the client.
    pub syn: Option<Mark>,
    /// How many SYNs the client sent.
    pub syns: u32,
    /// First SYN-ACK of the server.
    pub syn_ack: Option<Mark>,
    /// First segment of the client that acknowledged it.
    pub done: Option<Mark>,
}

impl Handshake {
    /// Whether one half of it is there and the other is not.
    pub const fn is_torn(&self) -> bool {
        self.syn.is_some() != self.syn_ack.is_some()
    }
}

/// What went wrong on the way, one value for each side that sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Health {
    /// Segments.
    pub packets: [u64; 2],
    /// Octets of payload, each counted once, lost ones included.
    pub octets: [u64; 2],
    /// Segments that repeated octets or filled a hole late.
    pub retransmissions: [u32; 2],
    /// Segments that were overtaken by later ones.
    pub reordered: [u32; 2],
    /// Octets that no packet of the capture carries.
    pub missing: [u64; 2],
    /// Octets that the snap length cut off.
    pub cut: [u64; 2],
    /// Ranges of which two different versions were sent.
    pub conflicts: [u32; 2],
    /// Keep-alive and zero-window probes.
    pub probes: [u32; 2],
    /// Segments that announced a window of zero.
    pub zero_windows: [u32; 2],
    /// Segments outside the receiver's window, old resets and the like: ignored.
    pub ignored: [u32; 2],
    /// Segments with urgent data.
    pub urgent: [u32; 2],
}

/// Two versions of the same octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Who sent them, or somebody in their place.
    pub side: Side,
    /// The packet of the later version.
    pub mark: Mark,
    /// Offset in the stream of the first octet that differs.
    pub offset: u64,
    /// Octets from there on that both versions have, as far as they were still known.
    pub octets: u64,
    /// Their beginnings, at most [`limits::CONFLICT_OCTETS`] each, the earlier first.
    pub versions: [Box<[u8]>; 2],
}

impl Conflict {
    /// What differs in two versions of the octets from `offset` on; `None` where they agree.
    pub(super) fn between(
        side: Side,
        mark: Mark,
        offset: u64,
        earlier: &[u8],
        later: &[u8],
    ) -> Option<Self> {
        let common = earlier.len().min(later.len());
        let same = earlier.iter().zip(later).take_while(|(one, other)| one == other).count();
        if same >= common {
            return None;
        }
        let shown = same..common.min(same + limits::CONFLICT_OCTETS);
        let version = |octets: &[u8]| octets.get(shown.clone()).unwrap_or_default().into();
        Some(Self {
            side,
            mark,
            offset: offset + same as u64,
            octets: (common - same) as u64,
            versions: [version(earlier), version(later)],
        })
    }
}

/// What is known of a connection while its octets are read.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Number of its first packet, which names it.
    pub id: u64,
    /// Its ends; index by [`Side::index`].
    pub ends: [Endpoint; 2],
    /// Time of the first packet.
    pub first: Mark,
    /// Latest packet so far.
    pub last: Mark,
    /// Its beginning.
    pub handshake: Handshake,
    /// What went wrong so far.
    pub health: Health,
    /// By which way the first packet of each side came.
    pub via: [Option<Via>; 2],
    /// First FIN of each side.
    pub fin: [Option<Mark>; 2],
    /// First RST of each side that counts: inside the receiver's window.
    pub reset: [Option<Mark>; 2],
    /// Latest packet with which the other side acknowledged new octets of each side.
    pub acknowledged: [Option<Mark>; 2],
    /// Whether the other side acknowledged octets, or a FIN, of each side that no packet showed yet.
    pub unseen: [bool; 2],
    /// The first of the conflicts that [`Health::conflicts`] counts.
    pub conflicts: Vec<Conflict>,
}

impl Facts {
    /// Another packet has come. The clock of a capture may step back; idle times are measured from the
    /// latest instant.
    #[inline]
    pub(super) const fn came(&mut self, mark: Mark) {
        self.last.packet = mark.packet;
        if mark.at.as_nanos() >= self.last.at.as_nanos() {
            self.last.at = mark.at;
        }
    }

    /// The endpoint of one side.
    pub const fn end(&self, side: Side) -> Endpoint {
        self.ends[side.index()]
    }

    /// Whether the capture began inside this connection: no SYN of either side was seen.
    pub const fn midstream(&self) -> bool {
        self.handshake.syn.is_none() && self.handshake.syn_ack.is_none()
    }

    /// Who closed or reset first, as far as the capture shows it.
    pub fn first_closer(&self) -> Option<Side> {
        let first = |side: Side| {
            let marks = [self.fin[side.index()], self.reset[side.index()]];
            marks.into_iter().flatten().map(|mark| mark.packet).min()
        };
        match (first(Side::Client), first(Side::Server)) {
            (Some(client), Some(server)) if client < server => Some(Side::Client),
            (Some(_), Some(_)) | (None, Some(_)) => Some(Side::Server),
            (Some(_), None) => Some(Side::Client),
            (None, None) => None,
        }
    }

    /// Whether the packets of one side alone were captured.
    pub const fn one_sided(&self) -> bool {
        self.health.packets[0] == 0 || self.health.packets[1] == 0
    }
}

/// Reads the two streams of one connection.
///
/// The calls of one side come in stream order and cover every octet exactly once. Those of both
/// sides come in causal order: no octet comes before an octet of the other side that its
/// sender had acknowledged, whatever the order of packets in the capture.
pub trait Reader: Default {
    /// Where the reader puts what it has understood.
    type Output;

    /// The next octets of one side, borrowed for the call.
    fn data(
        &mut self,
        side: Side,
        octets: &[u8],
        arrival: Arrival,
        facts: &Facts,
        out: &mut Self::Output,
    );

    /// The next octets of one side were captured, but not kept, since they came early and lay
    /// inside what [`Reader::unread`] had promised not to look at.
    fn passed(
        &mut self,
        side: Side,
        count: u64,
        arrival: Arrival,
        facts: &Facts,
        out: &mut Self::Output,
    );

    /// The next octets of one side cannot be shown.
    fn gap(
        &mut self,
        side: Side,
        count: u64,
        why: Missing,
        mark: Mark,
        facts: &Facts,
        out: &mut Self::Output,
    );

    /// The stream of one side is over. Comes once for each side, and nothing of that side after it.
    fn end(&mut self, side: Side, how: End, mark: Mark, facts: &Facts, out: &mut Self::Output);

    /// How many of the coming octets of one side the reader will only count, not look at.
    fn unread(&self, side: Side) -> u64;

    /// Whether what was read shows that client and server are in truth exchanged.
    fn roles_swapped(&self) -> bool;

    /// Whether somebody waits for an answer, so that silence means slowness and not the end.
    fn waiting(&self) -> bool;

    /// Whether something has begun that is not over, and would be lost with the connection.
    fn inside(&self) -> bool {
        false
    }

    /// Octets that it takes, itself included.
    fn memory(&self) -> u64 {
        size_of_val(self) as u64
    }

    /// The connection is over and forgotten behind this call. `reader` is absent where no octet was
    /// ever sent. Comes once for every connection, those that were refused included.
    fn closed(
        reader: Option<&Self>,
        facts: &Facts,
        ending: Ending,
        mark: Mark,
        out: &mut Self::Output,
    );
}
