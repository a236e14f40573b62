//! The octets behind a head: a body of known length, chunks and trailers, or all up to the end.

use super::{Direction, State, Step};
use crate::flow::Arrival;
use crate::http::chunk;
use crate::http::exchange::Output;
use crate::http::flaw::Flaw;
use crate::http::framing::Framing;
use crate::http::head::Kind;
use crate::http::message::MessageEnd;
use crate::http::probe;
use crate::limits;

/// A line was longer than its limit.
#[derive(Debug, Clone, Copy)]
struct TooLong;

impl Direction {
    /// Whether a status line stands where the body of a response to an unseen request should
    /// begin: then that request was a HEAD.
    fn proves_bodiless(&mut self, octets: &[u8], boundary: bool) -> bool {
        let Some(message) = &mut self.message else { return false };
        if !std::mem::take(&mut self.perhaps_bodiless)
            || !boundary
            || !probe::credible(self.kind, octets)
        {
            return false;
        }
        message.framing = Framing::None;
        message.certain = false;
        message.flaws.add(Flaw::FramingGuessed);
        true
    }

    pub(super) fn body(&mut self, octets: &[u8], left: u64, arrival: &Arrival) -> (usize, Step) {
        if self.proves_bodiless(octets, arrival.boundary) {
            return (0, self.done());
        }
        let Some(message) = &mut self.message else { return (0, self.done()) };
        if self.kind == Kind::Request
            && self.next_may_begin
            && message.body == 0
            && probe::credible(self.kind, octets)
        {
            // The client was refused before it sent the body, and goes on with another request.
            message.end = Some(MessageEnd::NextMessage);
            return (0, self.done());
        }
        let taken = usize::try_from(left).unwrap_or(usize::MAX).min(octets.len());
        message.seen(arrival.mark);
        message.take(octets.get(..taken).unwrap_or_default());
        message.body += taken as u64;
        let left = left - taken as u64;
        self.state = State::Body { left };
        (taken, if left == 0 { self.done() } else { Step::More })
    }

    /// Collects a line; gives it without its line feed once it is whole. The second value is how
    /// many octets were taken.
    fn line<'l>(
        carry: &'l mut Vec<u8>,
        octets: &'l [u8],
        limit: usize,
        out: &mut Output,
    ) -> (Option<Result<&'l [u8], TooLong>>, usize) {
        let found = memchr::memchr(b'\n', octets);
        if let (Some(at), true) = (found, carry.is_empty()) {
            let line = octets.get(..at).unwrap_or_default();
            let line = if at > limit { Err(TooLong) } else { Ok(line) };
            return (Some(line), at + 1);
        }
        let taken = found.map_or(octets.len(), |at| at + 1);
        // The line feed does not count, as above.
        if carry.len() + found.unwrap_or(taken) > limit {
            return (Some(Err(TooLong)), taken);
        }
        carry.extend_from_slice(octets.get(..taken).unwrap_or_default());
        out.carried += taken as u64;
        match carry.strip_suffix(b"\n") {
            Some(line) => (Some(Ok(line)), taken),
            None => (None, taken),
        }
    }

    pub(super) fn chunk_line(
        &mut self,
        octets: &[u8],
        arrival: &Arrival,
        out: &mut Output,
    ) -> (usize, Step) {
        if self.proves_bodiless(octets, arrival.boundary) {
            return (0, self.done());
        }
        let Some(message) = &mut self.message else { return (0, self.done()) };
        let (line, taken) = Self::line(&mut self.carry, octets, limits::CHUNK_LINE_OCTETS, out);
        message.seen(arrival.mark);
        message.body += taken as u64;
        let Some(line) = line else { return (taken, Step::More) };
        let flaws_before = message.flaws;
        let read = line.ok().and_then(|line| chunk::read_line(line, &mut message.flaws));
        if message.flaws != flaws_before || read.is_none() {
            // Rare, and worth a quotation.
            let line = line.unwrap_or_default();
            let before = message.body.saturating_sub(line.len() as u64 + 1);
            let only_extended = message.flaws.without(Flaw::ChunkExtension)
                == flaws_before.without(Flaw::ChunkExtension);
            if read.is_none() || !only_extended {
                message.misframe(before, line);
            }
            if let Some(at) = memchr::memchr(b';', line) {
                let end = line.len().min(at + limits::QUOTED_OCTETS);
                message
                    .extension
                    .get_or_insert_with(|| line.get(at..end).unwrap_or_default().into());
            }
        }
        self.carry.clear();
        match read {
            Some(chunk) => {
                message.longest_extension = message.longest_extension.max(chunk.extension);
                if chunk.size == 0 {
                    self.state = State::Trailers;
                } else {
                    message.chunks += 1;
                    self.state = State::ChunkData { left: chunk.size };
                }
                (taken, Step::More)
            }
            None => {
                message.flaws.add(Flaw::ChunkSizeInvalid);
                (taken, self.framing_lost())
            }
        }
    }

    /// The framing of the message in progress cannot be read any further.
    fn framing_lost(&mut self) -> Step {
        if let Some(message) = &mut self.message {
            message.end = Some(MessageEnd::Invalid);
            message.certain = false;
        }
        self.state = State::Lost;
        Step::Done
    }

    pub(super) fn chunk_data(
        &mut self,
        octets: &[u8],
        left: u64,
        arrival: &Arrival,
    ) -> (usize, Step) {
        let Some(message) = &mut self.message else { return (0, self.done()) };
        let taken = usize::try_from(left).unwrap_or(usize::MAX).min(octets.len());
        message.seen(arrival.mark);
        message.take(octets.get(..taken).unwrap_or_default());
        message.body += taken as u64;
        let left = left - taken as u64;
        self.state = if left == 0 { State::ChunkEnd } else { State::ChunkData { left } };
        (taken, Step::More)
    }

    pub(super) fn chunk_end(&mut self, octets: &[u8], arrival: &Arrival) -> (usize, Step) {
        let Some(message) = &mut self.message else { return (0, self.done()) };
        message.seen(arrival.mark);
        let after_cr = !self.carry.is_empty();
        match octets.first() {
            Some(b'\r') if !after_cr => {
                message.body += 1;
                self.carry.push(b'\r');
                (1, Step::More)
            }
            Some(b'\n') => {
                if !after_cr {
                    message.misframe(message.body, b"\n");
                    message.flaws.add(Flaw::ChunkBareLf);
                }
                message.body += 1;
                self.carry.clear();
                self.state = State::ChunkLine;
                (1, Step::More)
            }
            _ => {
                message.misframe(message.body, octets);
                message.flaws.add(Flaw::ChunkDataOverrun);
                self.carry.clear();
                (0, self.framing_lost())
            }
        }
    }

    pub(super) fn trailers(
        &mut self,
        octets: &[u8],
        arrival: &Arrival,
        out: &mut Output,
    ) -> (usize, Step) {
        let Some(message) = &mut self.message else { return (0, self.done()) };
        let (line, taken) = Self::line(&mut self.carry, octets, limits::TRAILER_OCTETS, out);
        message.seen(arrival.mark);
        message.body += taken as u64;
        let Some(line) = line else { return (taken, Step::More) };
        let lone = !matches!(line, Ok([.., b'\r']));
        let content = line.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let step = match content {
            Ok([]) => {
                if lone {
                    message.misframe(message.body.saturating_sub(taken as u64), b"\n");
                    message.flaws.add(Flaw::ChunkBareLf);
                }
                self.done()
            }
            Ok(content) => {
                message.flaws.add(Flaw::Trailers);
                let trailers = message.trailers.get_or_insert_default();
                if trailers.len() + content.len() <= limits::TRAILER_OCTETS {
                    trailers.extend_from_slice(content);
                    trailers.extend_from_slice(b"\r\n");
                } else {
                    message.flaws.add(Flaw::TrailersTooLarge);
                }
                Step::More
            }
            Err(TooLong) => {
                message.flaws.add(Flaw::TrailersTooLarge);
                self.framing_lost()
            }
        };
        self.carry.clear();
        (taken, step)
    }

    pub fn until_end(&mut self, octets: &[u8], arrival: &Arrival) -> (usize, Step) {
        let Some(message) = &mut self.message else { return (0, self.done()) };
        if self.next_may_begin && arrival.boundary && probe::credible(self.kind, octets) {
            // A real client would wait for the end of the connection for ever.
            message.end = Some(MessageEnd::NextMessage);
            message.certain = false;
            message.flaws.add(Flaw::FramingGuessed);
            return (0, self.done());
        }
        message.seen(arrival.mark);
        message.take(octets);
        message.body += octets.len() as u64;
        (octets.len(), Step::More)
    }
}
