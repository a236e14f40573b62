//! One HTTP message as it was seen: its head, how its body was framed, how much of it came, when,
//! and what was missing. Facts alone; what they mean is for others to say.

use super::flaw::Flaws;
use super::framing::{ContentLength, Framing, TransferCoding};
use super::head::{Head, Kind};
use crate::flow::{End, Mark};
use crate::limits;

/// Octets of a request's content that go into its digest.
const DIGESTED: u64 = 512;

/// What the digest of nothing is.
pub(super) const NO_DIGEST: u64 = 0xcbf2_9ce4_8422_2325;

/// Why a message ended where it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageEnd {
    /// Where its framing says.
    Framing,
    /// Its sender closed the connection.
    Fin,
    /// One side reset the connection.
    Reset,
    /// Its end lies in octets that the capture does not have.
    Gap,
    /// Its framing could not be read any further.
    Invalid,
    /// The next message began, although nothing had ended this one: behind a response without a
    /// length, or instead of a body that the server no longer wanted; or the answer came before
    /// the head was whole.
    NextMessage,
    /// The connection fell silent.
    Idle,
    /// The capture ended, or the connection was given up or replaced.
    CaptureEnd,
}

impl From<End> for MessageEnd {
    fn from(end: End) -> Self {
        match end {
            End::Fin => Self::Fin,
            End::Reset(_) => Self::Reset,
            End::Idle => Self::Idle,
            End::Replaced | End::Evicted | End::CaptureEnd => Self::CaptureEnd,
        }
    }
}

/// A place in a chunked body that does not follow the grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misframed {
    /// Octets of the body in front of it, as on the wire.
    pub offset: u64,
    /// The first octets of the line.
    pub octets: Vec<u8>,
}

/// See the module's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The head.
    pub head: Head,
    /// Every deviation from the grammar.
    pub flaws: Flaws,
    /// How the end of the body was found.
    pub framing: Framing,
    /// What Content-Length says.
    pub content_length: ContentLength,
    /// What Transfer-Encoding says.
    pub transfer_coding: TransferCoding,
    /// Whether no other reader could see the framing differently.
    pub certain: bool,
    /// Octets of the content that were captured: the transfer coding taken off, content codings
    /// still on.
    pub content: u64,
    /// Octets of the body on the wire, chunk lines and trailers included, lost ones too.
    pub body: u64,
    /// Octets of the content that were sent, but that the capture does not have.
    pub missing: u64,
    /// Of those, octets that the snap length cut off.
    pub cut: u64,
    /// Chunks with data.
    pub chunks: u64,
    /// Octets of the longest chunk extension.
    pub longest_extension: u32,
    /// The first chunk extension, its first octets.
    pub extension: Option<Box<[u8]>>,
    /// Where in the body the chunked coding was first written against its grammar, and the octets
    /// there.
    pub misframed: Option<Box<Misframed>>,
    /// The trailer section as it was sent, where there is one that is not empty.
    pub trailers: Option<Vec<u8>>,
    /// The first octets of the content, as many as were asked for; of a request whose body nobody
    /// can frame, those that follow it.
    pub preview: Vec<u8>,
    /// How many octets of content are still wanted for `preview`.
    pub(super) preview_wanted: usize,
    /// A hash (FNV-1a) of the first octets of a request's content, which tells whether it was sent
    /// before; of a response, nothing.
    pub digest: u64,
    /// The packet with the first octet.
    pub first: Mark,
    /// The packet with the end of the head.
    pub head_end: Mark,
    /// The packet with the last octet so far.
    pub last: Mark,
    /// The longest pause between two packets of the body, and the packet behind it.
    pub longest_pause: Option<(crate::units::Duration, u64)>,
    /// Segments that carried it.
    pub segments: u32,
    /// Why it ended; `None` while it has not.
    pub end: Option<MessageEnd>,
    /// Whether the head is whole: not cut by a gap, a limit or an end.
    pub head_whole: bool,
}

impl Message {
    /// See [`super::Exchange::fetch`].
    pub(super) fn fetch(&self) -> u8 {
        let own = self.content ^ self.last.packet ^ self.chunks ^ u64::from(self.segments);
        own as u8 ^ u8::from(self.head_whole) ^ self.head.fetch()
    }

    /// Octets that it takes, itself included.
    pub fn memory(&self) -> u64 {
        let extension = self.extension.as_ref().map_or(0, |octets| octets.len());
        let misframed = self.misframed.as_ref().map_or(0, |place| place.octets.capacity());
        let trailers = self.trailers.as_ref().map_or(0, Vec::capacity);
        let own = size_of::<Self>() + self.preview.capacity() + extension + misframed + trailers;
        limits::allocated(own) + self.head.memory()
    }

    /// Whether the whole message was captured, up to where its framing ends it.
    pub fn complete(&self) -> bool {
        let ended = match self.end {
            Some(MessageEnd::Framing) => true,
            Some(MessageEnd::Fin) => self.framing == Framing::Close,
            _ => false,
        };
        ended && self.missing == 0 && self.head_whole
    }

    /// Notes that a packet carried some of it.
    pub(super) fn seen(&mut self, mark: Mark) {
        if mark.packet != self.last.packet {
            self.segments = self.segments.saturating_add(1);
            if self.last.packet != self.head_end.packet || self.content > 0 {
                let pause = mark.since(self.last);
                if self.longest_pause.is_none_or(|(longest, _)| pause > longest) {
                    self.longest_pause = Some((pause, mark.packet));
                }
            }
            // What fills a hole comes behind what it lets through: the message is not over before.
            if mark.packet > self.last.packet {
                self.last = mark;
            }
        }
    }

    /// Notes the first place that is not framed as the grammar wants it.
    pub(super) fn misframe(&mut self, before: u64, octets: &[u8]) {
        self.misframed.get_or_insert_with(|| {
            let kept = octets.len().min(limits::QUOTED_OCTETS);
            let octets = octets.get(..kept).unwrap_or_default().to_vec();
            Box::new(Misframed { offset: before, octets })
        });
    }

    /// Counts octets of the content, keeping the first ones where they are wanted.
    pub(super) fn take(&mut self, octets: &[u8]) {
        if self.head.kind() == Kind::Request && self.content < DIGESTED {
            let room = (DIGESTED - self.content) as usize;
            for octet in octets.iter().take(room) {
                self.digest = (self.digest ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        self.content += octets.len() as u64;
        self.show(octets);
    }

    /// Keeps the first octets where they are wanted.
    pub(super) fn show(&mut self, octets: &[u8]) {
        if self.preview_wanted > 0 {
            let wanted = octets.len().min(self.preview_wanted);
            self.preview.extend_from_slice(octets.get(..wanted).unwrap_or_default());
            self.preview_wanted -= wanted;
        }
    }
}
