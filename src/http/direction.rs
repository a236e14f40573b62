//! One direction of an HTTP connection: octets in, heads and ends of messages out.
//!
//! The same machine reads requests and responses. It stops at every head, since only the
//! connection knows how the body behind it is framed (see [`Direction::begin`]).
//!
//! ```text
//! Start ─→ Head ─→ (begin) ─→ Body | ChunkLine ─→ ChunkData ─→ ChunkEnd ─→ … Trailers | ToEnd ─→ Start
//!   └─ no start line, or octets lost ─→ Lost ─ credible start line where a segment begins ─→ Start
//! ```

mod body;

use super::exchange::Output;
use super::field::FieldName;
use super::flaw::{Flaw, Flaws};
use super::framing::{Framed, Framing};
use super::head::{self, Head, Kind, Reading};
use super::message::{Message, MessageEnd, NO_DIGEST};
use super::{probe, tolerant};
use crate::flow::{Arrival, Mark, Missing};
use crate::limits;

/// Octets of an unfinished start line that are judged at every segment.
const JUDGED_OCTETS: usize = 64;

/// What the next octet belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// A start line, or empty lines in front of one.
    Start,
    /// A head of which some is carried.
    Head,
    /// A head beyond its limit: searched for its end, and for framing fields. Inside a start line
    /// that was shortened, what comes is still the rest of it.
    LongHead { inside: bool },
    /// A body of known length, with so many octets left.
    Body { left: u64 },
    /// A chunk-size line.
    ChunkLine,
    /// The data of a chunk, with so many octets left.
    ChunkData { left: u64 },
    /// The line end behind the data of a chunk.
    ChunkEnd,
    /// The trailer section.
    Trailers,
    /// A body that ends with the connection.
    ToEnd,
    /// Nobody knows: a start line is searched for where segments begin.
    Lost,
    /// Held back until the answer tells what the octets are.
    HeldBack,
    /// Not HTTP: counted only.
    Opaque,
}

/// What [`Direction::feed`] came to.
#[derive(Debug)]
pub(super) enum Step {
    /// Nothing to say yet.
    More,
    /// A head is whole; [`Direction::begin`] must follow.
    Head(Head, Flaws),
    /// The message in progress is over.
    Done,
    /// A start line had to stand here, and does not. Nothing was taken.
    Stray,
}

/// See the module's words.
#[derive(Debug)]
pub(super) struct Direction {
    kind: Kind,
    pub state: State,
    /// Octets of a head or line that lie in several segments.
    carry: Vec<u8>,
    /// Octets of a line that turned out to be no start line, until somebody asks what they were.
    pub refused: Vec<u8>,
    /// Whether the carried first line was judged to be a start line.
    judged: bool,
    /// Whether empty lines stood in front of what comes.
    leading: bool,
    /// Whether what comes was searched for.
    searched: bool,
    /// Where and when the message that comes began.
    pub began: Arrival,
    /// The message whose body is being read.
    pub message: Option<Box<Message>>,
    /// Whether a status line right behind the head shows that there is no body: the response to a
    /// HEAD that was not captured.
    pub perhaps_bodiless: bool,
    /// Whether the request being read asks to be told to go on (RFC 9110 section 10.1.1).
    pub expects_continue: bool,
    /// Whether the next message may begin where a body stands: where a segment begins in a body
    /// that has no other end, or instead of a body that was not asked for.
    pub next_may_begin: bool,
    /// Why the head that is about to begin a message is not whole.
    pub cut_short: Option<MessageEnd>,
    /// The packet with the latest octets.
    pub latest: Mark,
    /// Octets that were no HTTP.
    pub strange: u64,
    /// Whether a start line was searched for in vain, or in front of octets that were lost.
    lost_before: bool,
}

impl Direction {
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            state: State::Start,
            carry: Vec::new(),
            refused: Vec::new(),
            judged: false,
            leading: false,
            searched: false,
            began: Arrival {
                mark: Mark::default(),
                offset: 0,
                seen_of_peer: None,
                boundary: false,
            },
            message: None,
            perhaps_bodiless: false,
            expects_continue: false,
            next_may_begin: false,
            cut_short: None,
            latest: Mark::default(),
            strange: 0,
            lost_before: false,
        }
    }

    /// Octets that it takes beside itself.
    pub fn memory(&self) -> u64 {
        let message = self.message.as_ref().map_or(0, |message| message.memory());
        self.carry.capacity() as u64 + message
    }

    /// Whether a body has begun that is not over. A head that is not whole does not count: whoever wants
    /// to fill the memory sends those.
    pub fn is_inside(&self) -> bool {
        self.message.is_some()
    }

    /// Reads on. Gives how many octets were taken and what they came to; octets that were not
    /// taken are to be given again, with `arrival` moved along.
    pub fn feed(&mut self, octets: &[u8], arrival: &Arrival, out: &mut Output) -> (usize, Step) {
        match self.state {
            State::Start => self.start(octets, arrival, out),
            State::Head => self.head(octets, out),
            State::LongHead { inside } => self.long_head(octets, inside, out),
            State::Body { left } => self.body(octets, left, arrival),
            State::ChunkLine => self.chunk_line(octets, arrival, out),
            State::ChunkData { left } => self.chunk_data(octets, left, arrival),
            State::ChunkEnd => self.chunk_end(octets, arrival),
            State::Trailers => self.trailers(octets, arrival, out),
            State::ToEnd => self.until_end(octets, arrival),
            State::Lost => self.lost(octets, arrival),
            State::HeldBack => {
                if self.carry.is_empty() {
                    self.began = *arrival;
                }
                self.carry.extend_from_slice(octets);
                out.carried += octets.len() as u64;
                (octets.len(), Step::More)
            }
            State::Opaque => {
                self.strange += octets.len() as u64;
                (octets.len(), Step::More)
            }
        }
    }

    fn start(&mut self, octets: &[u8], arrival: &Arrival, out: &mut Output) -> (usize, Step) {
        let empty = octets.iter().take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
        let rest = octets.get(empty..).unwrap_or_default();
        self.leading |= empty > 0;
        if rest.is_empty() {
            return (octets.len(), Step::More);
        }
        self.began = Arrival {
            offset: arrival.offset + empty as u64,
            boundary: arrival.boundary && empty == 0,
            ..*arrival
        };
        match head::read_strict(self.kind, rest) {
            Reading::Whole(head, flaws, len)
                if len <= limits::HEAD_OCTETS
                    && head.method_octets().len() <= probe::LONGEST_METHOD =>
            {
                out.heads += 1;
                return (empty + len, self.head_read(head, flaws));
            }
            Reading::Whole(..) | Reading::Partial => {}
            Reading::Refused => {
                if probe::beginning(self.kind, rest) == probe::Beginning::Impossible {
                    return (empty, Step::Stray);
                }
            }
        }
        self.carry.clear();
        self.judged = false;
        self.state = State::Head;
        let (taken, step) = self.head(rest, out);
        (empty + taken, step)
    }

    /// Carries a head until it is whole. Only its own octets are copied.
    fn head(&mut self, octets: &[u8], out: &mut Output) -> (usize, Step) {
        let mut taken = 0;
        if !self.judged {
            let line_feed = memchr::memchr(b'\n', octets);
            let line_end = line_feed.map_or(octets.len(), |at| at + 1);
            let room = limits::HEAD_OCTETS.saturating_sub(self.carry.len());
            taken = line_end.min(room);
            let whole = line_feed.is_some() && taken == line_end;
            let before = self.carry.len();
            self.carry.extend_from_slice(octets.get(..taken).unwrap_or_default());
            // The front of a line tells early what it cannot be; judging all of it at every
            // segment would cost the square of its length.
            let worth_judging = line_feed.is_some() || before < JUDGED_OCTETS;
            if worth_judging
                && probe::beginning(self.kind, &self.carry) == probe::Beginning::Impossible
            {
                // All that was carried is no HTTP; of these octets none is used up.
                let carried = self.carry.len() - taken;
                self.strange += carried as u64;
                self.carry.truncate(carried);
                self.refused = std::mem::take(&mut self.carry);
                self.state = State::Start;
                return (0, Step::Stray);
            }
            if whole {
                self.judged = true;
                let line = self.carry.strip_suffix(b"\n").unwrap_or(&self.carry);
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                if self.kind == Kind::Request && tolerant::is_simple_request(line) {
                    return (taken, self.carried_head(out));
                }
            } else if self.carry.len() >= limits::HEAD_OCTETS {
                self.shorten_start_line();
                self.state = State::LongHead { inside: true };
                return (taken, Step::More);
            } else {
                return (taken, Step::More);
            }
        }
        let rest = octets.get(taken..).unwrap_or_default();
        let room = limits::HEAD_OCTETS.saturating_sub(self.carry.len());
        let rest = rest.get(..room.min(rest.len())).unwrap_or_default();
        match end_behind(&self.carry, rest) {
            Some(end) => {
                self.carry.extend_from_slice(rest.get(..end).unwrap_or_default());
                (taken + end, self.carried_head(out))
            }
            None => {
                self.carry.extend_from_slice(rest);
                if self.carry.len() >= limits::HEAD_OCTETS {
                    // What follows is searched line by line.
                    self.state = State::LongHead { inside: false };
                }
                (taken + rest.len(), Step::More)
            }
        }
    }

    /// A start line beyond the limit: its method and the front of its target are kept.
    fn shorten_start_line(&mut self) {
        self.carry.truncate(limits::TARGET_OCTETS);
        match self.kind {
            Kind::Request => self.carry.extend_from_slice(b" HTTP/?\r\n"),
            Kind::Response => self.carry.extend_from_slice(b"\r\n"),
        }
        self.judged = true;
    }

    /// Searches the rest of a head that is too large for its end and for fields that frame.
    fn long_head(&mut self, octets: &[u8], inside: bool, out: &mut Output) -> (usize, Step) {
        const LINE_OCTETS: usize = 256;
        let line_feed = memchr::memchr(b'\n', octets);
        let taken = line_feed.map_or(octets.len(), |at| at + 1);
        if inside {
            self.state = State::LongHead { inside: line_feed.is_none() };
            return (taken, Step::More);
        }
        let whole_lines = memchr::memrchr(b'\n', &self.carry).map_or(0, |at| at + 1);
        // A line that is longer than any field of interest gets no room, so it is not kept.
        let room = LINE_OCTETS.saturating_sub(self.carry.len() - whole_lines);
        self.carry.extend_from_slice(octets.get(..taken.min(room)).unwrap_or_default());
        if line_feed.is_none() {
            return (taken, Step::More);
        }
        let line = self.carry.get(whole_lines..).unwrap_or_default();
        let content = line.trim_ascii_end();
        if content.is_empty() && taken <= room {
            let step = self.carried_head(out);
            let Step::Head(head, mut flaws) = step else { return (taken, step) };
            flaws.add(Flaw::HeadTooLarge);
            return (taken, Step::Head(head, flaws));
        }
        let name = content.split(|octet| *octet == b':').next().unwrap_or_default();
        let frames = matches!(
            FieldName::recognise(name.trim_ascii_end()),
            FieldName::ContentLength
                | FieldName::TransferEncoding
                | FieldName::Host
                | FieldName::Connection
                | FieldName::Upgrade
                | FieldName::Expect
        );
        let keep = frames
            && taken <= room
            && self.carry.len() < limits::HEAD_OCTETS + limits::CHUNK_LINE_OCTETS;
        if !keep {
            self.carry.truncate(whole_lines);
        }
        (taken, Step::More)
    }

    fn carried_head(&mut self, out: &mut Output) -> Step {
        out.carried += self.carry.len() as u64;
        out.heads += 1;
        let read = head::read_whole(self.kind, &self.carry);
        self.carry.clear();
        self.carry.shrink_to(limits::CHUNK_LINE_OCTETS);
        match read {
            Some((head, flaws)) => {
                out.tolerated += u64::from(!flaws.is_empty());
                self.head_read(head, flaws)
            }
            None => {
                self.state = State::Lost;
                Step::More
            }
        }
    }

    fn head_read(&mut self, head: Head, mut flaws: Flaws) -> Step {
        flaws.add_if(std::mem::take(&mut self.leading), Flaw::LeadingEmptyLines);
        flaws.add_if(std::mem::take(&mut self.searched), Flaw::Resynchronised);
        self.judged = false;
        Step::Head(head, flaws)
    }

    /// A message begins with the given head; true where it ends with it, too.
    pub fn begin(&mut self, head: Head, flaws: Flaws, framed: Framed, preview: usize) -> bool {
        let mark = self.latest;
        let cut_short = self.cut_short.take();
        let Framed { framing, length, coding, certain } = framed;
        self.message = Some(Box::new(Message {
            head,
            flaws,
            framing,
            content_length: length,
            transfer_coding: coding,
            certain,
            content: 0,
            body: 0,
            missing: 0,
            cut: 0,
            chunks: 0,
            longest_extension: 0,
            extension: None,
            misframed: None,
            trailers: None,
            preview: Vec::new(),
            preview_wanted: preview,
            digest: NO_DIGEST,
            first: self.began.mark,
            head_end: mark,
            last: mark,
            longest_pause: None,
            segments: 1 + u32::from(mark.packet != self.began.mark.packet),
            end: cut_short,
            head_whole: cut_short.is_none(),
        }));
        self.perhaps_bodiless = false;
        if cut_short.is_some() {
            self.state = State::Start;
            return true;
        }
        self.state = match framing {
            Framing::Length(left) => State::Body { left },
            Framing::Chunked => State::ChunkLine,
            Framing::Close => State::ToEnd,
            Framing::None | Framing::Tunnel | Framing::Upgrade | Framing::Unknown => {
                self.state = State::Start;
                return true;
            }
        };
        false
    }

    /// Takes the message in progress, ended for the given reason.
    pub fn finish(&mut self, end: MessageEnd) -> Option<Box<Message>> {
        let mut message = self.message.take()?;
        message.end.get_or_insert(end);
        Some(message)
    }

    fn done(&mut self) -> Step {
        self.state = State::Start;
        Step::Done
    }

    fn lost(&mut self, octets: &[u8], arrival: &Arrival) -> (usize, Step) {
        if arrival.boundary {
            let tail = chunk_tail(octets);
            let rest = octets.get(tail..).unwrap_or_default();
            // In front of the first octets of a stream nothing was lost that could look like them.
            let first = self.strange == 0 && !self.lost_before;
            if probe::credible(self.kind, rest) || first && probe::strict_line(self.kind, rest) {
                self.state = State::Start;
                self.searched = self.lost_before;
                self.leading = false;
                return (tail, Step::More);
            }
        }
        self.lost_before = true;
        self.strange += octets.len() as u64;
        (octets.len(), Step::More)
    }

    /// Counts octets that were captured but not kept.
    pub fn pass(&mut self, count: u64, mark: Mark) -> Step {
        match self.state {
            State::Body { left } => {
                self.count(count.min(left), mark);
                let left = left.saturating_sub(count);
                self.state = State::Body { left };
                if left == 0 { self.done() } else { Step::More }
            }
            State::ChunkData { left } => {
                self.count(count.min(left), mark);
                let left = left.saturating_sub(count);
                self.state = if left == 0 { State::ChunkEnd } else { State::ChunkData { left } };
                Step::More
            }
            State::ToEnd => {
                self.count(count, mark);
                Step::More
            }
            _ => {
                self.strange += count;
                Step::More
            }
        }
    }

    fn count(&mut self, octets: u64, mark: Mark) {
        if let Some(message) = &mut self.message {
            message.seen(mark);
            message.content += octets;
            message.body += octets;
        }
    }

    /// Goes on behind octets that cannot be shown. `Some` where the message in progress is over
    /// with it; the second value is whether framing is lost, so that messages may lie in the gap.
    pub fn gap(&mut self, count: u64, why: Missing) -> (Option<MessageEnd>, bool) {
        let (inside, in_body) = match self.state {
            State::Body { left } | State::ChunkData { left } => (count.min(left), true),
            State::ToEnd => (count, true),
            State::Opaque => return (None, false),
            State::Lost => {
                self.lost_before = true;
                return (None, false);
            }
            State::HeldBack => {
                // What is held back may still be HTTP, but not whole.
                self.strange += self.carry.len() as u64;
                self.carry.clear();
                self.state = State::Lost;
                self.lost_before = true;
                return (None, true);
            }
            _ => (0, false),
        };
        if let Some(message) = &mut self.message
            && in_body
        {
            message.missing = message.missing.saturating_add(inside);
            message.body = message.body.saturating_add(inside);
            if why == Missing::Cut {
                message.cut = message.cut.saturating_add(inside);
            }
        }
        match self.state {
            State::Body { left } if count < left => {
                self.state = State::Body { left: left - count };
                (None, false)
            }
            State::Body { left } if count == left => {
                self.state = State::Start;
                (Some(MessageEnd::Framing), false)
            }
            State::ChunkData { left } if count < left => {
                self.state = State::ChunkData { left: left - count };
                (None, false)
            }
            State::ChunkData { left } if count == left => {
                self.state = State::ChunkEnd;
                (None, false)
            }
            State::ToEnd => (None, false),
            _ => {
                self.state = State::Lost;
                self.lost_before = true;
                (Some(MessageEnd::Gap), true)
            }
        }
    }

    /// What can be read of a head that will not become whole: its start line must be there.
    pub fn partial_head(&mut self) -> Option<(Head, Flaws)> {
        let carry = std::mem::take(&mut self.carry);
        if carry.is_empty() || !self.is_in_head() {
            self.carry = carry;
            return None;
        }
        let line_feed = memchr::memchr(b'\n', &carry);
        let readable = match line_feed {
            Some(_) => {
                let whole = memchr::memrchr(b'\n', &carry).map_or(carry.len(), |at| at + 1);
                carry.get(..whole)?
            }
            // The line itself was cut: it counts if a version stands at its end.
            None if self.kind == Kind::Request && tolerant::is_simple_request(&carry) => {
                return None;
            }
            None => &carry,
        };
        let (head, mut flaws) = tolerant::read(self.kind, readable)?;
        if line_feed.is_none() {
            // What a line that was cut off would have become is not known; a lone CR stays one.
            let bare_cr = flaws.has(Flaw::BareCr);
            flaws = Flaws::default();
            flaws.add_if(bare_cr, Flaw::BareCr);
        }
        flaws.add_if(std::mem::take(&mut self.leading), Flaw::LeadingEmptyLines);
        flaws.add_if(std::mem::take(&mut self.searched), Flaw::Resynchronised);
        Some((head, flaws))
    }

    /// Whether some of a head is carried.
    pub fn is_in_head(&self) -> bool {
        matches!(self.state, State::Head | State::LongHead { .. })
    }

    /// The octets that were held back, and where they began.
    pub fn release(&mut self) -> (Vec<u8>, Arrival) {
        (std::mem::take(&mut self.carry), self.began)
    }

    /// How many octets are held back.
    pub fn held_back(&self) -> usize {
        self.carry.len()
    }

    /// How many of the coming octets will only be counted.
    pub fn unread(&self) -> u64 {
        let wanted = self.message.as_ref().is_some_and(|message| message.preview_wanted > 0);
        match self.state {
            State::Body { left } if !wanted && !self.perhaps_bodiless && !self.expects_continue => {
                left
            }
            State::ChunkData { left } if !wanted => left,
            State::Opaque => u64::MAX,
            _ => 0,
        }
    }
}

/// Where a head ends that goes on from `carry` into `octets`: how many of `octets` belong to it.
fn end_behind(carry: &[u8], octets: &[u8]) -> Option<usize> {
    // The empty line takes at most three octets, so two of each side show one that lies across.
    let tail = carry.get(carry.len().saturating_sub(2)..).unwrap_or_default();
    let mut across = [0; 4];
    let mut len = 0;
    for octet in tail.iter().chain(octets.iter().take(2)) {
        if let Some(place) = across.get_mut(len) {
            *place = *octet;
            len += 1;
        }
    }
    if let (Some(end), _) = head::find_end(across.get(..len)?, 0)
        && end > tail.len()
    {
        return Some(end - tail.len());
    }
    head::find_end(octets, 0).0
}

/// The end of a chunked body that a gap may have left in front of the next status line.
pub(super) fn chunk_tail(octets: &[u8]) -> usize {
    let line_ends =
        |octets: &[u8]| octets.iter().take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
    let mut at = line_ends(octets);
    let zeros = octets.get(at..).unwrap_or_default().iter().take_while(|octet| **octet == b'0');
    let zeros = zeros.count();
    if (1..=16).contains(&zeros) {
        let behind = line_ends(octets.get(at + zeros..).unwrap_or_default());
        if behind >= 2 {
            at += zeros + behind;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_head_is_found_across_segments() {
        let text = b"GET / HTTP/1.1\r\nA: b\r\n\r\nbody";
        let end = text.len() - 4;
        for cut in 1..end {
            assert_eq!(end_behind(&text[..cut], &text[cut..]), Some(end - cut), "{cut}");
        }
        for cut in 1..end {
            for to in cut..end {
                assert_eq!(end_behind(&text[..cut], &text[cut..to]), None);
            }
        }
    }

    #[test]
    fn the_tail_of_a_chunked_body_is_stepped_over() {
        assert_eq!(chunk_tail(b"HTTP/1.1"), 0);
        assert_eq!(chunk_tail(b"0\r\n\r\nHTTP/1.1"), 5);
        assert_eq!(chunk_tail(b"\r\n0\r\n\r\nHTTP/1.1"), 7);
        assert_eq!(chunk_tail(b"0 K"), 0);
    }
}
