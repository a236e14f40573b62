//! Packets in, the same packets without what could be secret in them out: to be handed to others.
//!
//! Everything behind the TCP header becomes `x`, but for heads that were told beforehand, in one packet or in
//! several in order: of these stays what [`Secrets`] would show, or what a reader needs to find their
//! ends, and each octet stays where it was. So lengths, numbers, flags and times are those of the capture,
//! and no octet of a body or of another protocol is left. Where the place of the payload is not known,
//! nothing is left.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use hashbrown::HashMap;
use memchr::memmem;

use super::Secrets;
use crate::http::{Exchange, FieldName, FieldSet, Head, Kind};
use crate::limits;
use crate::wire::{Decoded, Endpoint, Ends, Packet, Segment, SignalKind};

/// What stands where something was.
const FILLER: u8 = b'x';

/// What is hidden in a text that is safe to show.
const HIDDEN: &[u8] = b"<hidden>";

/// Packets with heads, of one sender to one receiver, back to which a head that is sent again is known.
const RESENT: usize = 16;

/// Octets of a TCP header that an ICMP error may quote without quoting its payload.
const QUOTED: usize = 20;

/// Fields without which a reader does not find the end of a message.
const FRAMING: FieldSet = FieldSet::of(&[
    FieldName::ContentLength,
    FieldName::TransferEncoding,
    FieldName::Connection,
    FieldName::Upgrade,
]);

/// See the module's words.
#[derive(Debug, Default)]
pub struct Redactor {
    /// By sender and receiver, and by the packets that they are in.
    heads: HashMap<(Endpoint, Endpoint), BTreeMap<u64, Vec<Known>>>,
    /// Heads of which the beginning was seen, and how much of them.
    begun: HashMap<(Endpoint, Endpoint), (Known, usize)>,
    count: usize,
    unplaced: u64,
}

/// How much of a head is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// All but its secrets.
    Head,
    /// What tells where the message ends, and its method or status.
    Framing,
}

#[derive(Debug, Clone)]
struct Known {
    octets: Box<[u8]>,
    masked: Box<[u8]>,
}

impl Redactor {
    /// Learns the heads of an exchange. How many are kept is bounded; what is beyond is not shown.
    pub fn exchange(&mut self, exchange: &Exchange, show: Show) {
        let (request, response) = (exchange.request.as_deref(), exchange.response.as_deref());
        let (client, server) = (exchange.client, exchange.server);
        let asked = request.into_iter().map(|message| ((client, server), message));
        let answered = exchange.interim.iter().chain(response);
        for (ends, message) in asked.chain(answered.map(|message| ((server, client), message))) {
            let head = &message.head;
            if head.octets().is_empty() || self.count >= limits::REDACTED_HEADS {
                continue;
            }
            self.count += 1;
            let known = Known { octets: head.octets().into(), masked: masked(head, show) };
            let of = self.heads.entry(ends).or_default();
            of.entry(message.first.packet).or_default().push(known);
        }
    }

    /// Packets of which nothing was left, since the place of their payload is not known.
    pub const fn unplaced(&self) -> u64 {
        self.unplaced
    }

    /// Writes the octets of a packet as they may be handed on.
    pub fn packet(&mut self, packet: &Packet<'_>, decoded: &Decoded<'_>, out: &mut Vec<u8>) {
        out.clear();
        let is_placed = match decoded {
            Decoded::Segment(segment) => self.segment(packet, segment, out),
            Decoded::Signal(signal) => match signal.what {
                SignalKind::Icmp { ends, .. } => quoted(packet, &ends, out),
                // Addresses are all that they hold.
                SignalKind::AddressAsked { .. } | SignalKind::AddressAnswered { .. } => {
                    out.extend_from_slice(packet.bytes);
                    true
                }
            },
            Decoded::Skip(_) => false,
        };
        if !is_placed {
            out.clear();
            self.unplaced += 1;
        }
    }

    fn segment(&mut self, packet: &Packet<'_>, segment: &Segment<'_>, out: &mut Vec<u8>) -> bool {
        let payload = segment.payload;
        let Some(at) = place(packet.bytes, payload) else { return false };
        // What stands behind the payload, such as padding, is nobody's business either.
        out.extend_from_slice(packet.bytes.get(..at + payload.len()).unwrap_or_default());
        let Some(shown) = out.get_mut(at..) else { return false };
        shown.fill(FILLER);
        let ends = (segment.ends.source, segment.ends.destination);
        if let Some((known, from)) = self.begun.get_mut(&ends) {
            *from += known.shown_at(*from, payload, shown);
            if *from >= known.octets.len() {
                self.begun.remove(&ends);
            }
        }
        // What is sent again is looked for among the last.
        let heads = self.heads.get(&ends).map(|heads| heads.range(..=packet.number).rev());
        for (_, known) in heads.into_iter().flatten().take(RESENT) {
            let mut is_found = false;
            for known in known {
                for found in memmem::find_iter(payload, &known.octets) {
                    if let Some(shown) = shown.get_mut(found..found + known.masked.len()) {
                        shown.copy_from_slice(&known.masked);
                        is_found = true;
                    }
                }
            }
            if is_found {
                break;
            }
        }
        let here = self.heads.get(&ends).and_then(|heads| heads.get(&packet.number));
        let parted = here.into_iter().flatten().filter_map(|known| {
            let is_whole = memmem::find(payload, &known.octets).is_some();
            Some((known, known.begins_at_the_end_of(payload).filter(|_| !is_whole)?))
        });
        if let Some((known, len)) = parted.max_by_key(|(_, len)| *len)
            && let Some(shown) = shown.get_mut(payload.len() - len..)
            && let Some(masked) = known.masked.get(..len)
        {
            shown.copy_from_slice(masked);
            self.begun.insert(ends, (known.clone(), len));
        }
        let after = sum(out.get(at..).unwrap_or_default());
        checksum(out, at, segment, [sum(payload), after]);
        true
    }
}

impl Known {
    /// Shows what a payload begins with, if that is how the head goes on; how many octets.
    fn shown_at(&self, from: usize, payload: &[u8], shown: &mut [u8]) -> usize {
        let len = payload.len().min(self.octets.len() - from.min(self.octets.len()));
        let part = from..from + len;
        match (self.octets.get(part.clone()), self.masked.get(part), shown.get_mut(..len)) {
            (Some(octets), Some(masked), Some(shown)) if payload.starts_with(octets) => {
                shown.copy_from_slice(masked);
                len
            }
            _ => 0,
        }
    }

    /// How many octets of it a payload ends with.
    fn begins_at_the_end_of(&self, payload: &[u8]) -> Option<usize> {
        let most = self.octets.len().min(payload.len());
        let ends =
            |len: &usize| self.octets.get(..*len).is_some_and(|part| payload.ends_with(part));
        (1..=most).rev().find(ends)
    }
}

/// Where a payload stands in its packet; `None` where it was put together from several.
fn place(packet: &[u8], payload: &[u8]) -> Option<usize> {
    let at = (payload.as_ptr() as usize).checked_sub(packet.as_ptr() as usize)?;
    (packet.get(at..at.checked_add(payload.len())?)? == payload).then_some(at)
}

/// A head of which every octet that is not shown is [`FILLER`]; line ends stay.
fn masked(head: &Head, show: Show) -> Box<[u8]> {
    let octets = head.octets();
    let mut out: Vec<u8> = octets
        .iter()
        .map(|octet| if matches!(octet, b'\r' | b'\n') { *octet } else { FILLER })
        .collect();
    let secrets = Secrets::Hidden;
    let line = head.start_line();
    let shown = match (head.kind(), show) {
        (Kind::Request, Show::Head) => secrets.target_in_line(line, head.target()),
        (Kind::Request, Show::Framing) => without(line, head.target()),
        (Kind::Response, _) => secrets.line(line),
    };
    put(&mut out, octets, line, &shown);
    for field in head.fields() {
        let is_shown = show == Show::Head || FRAMING.has(field.name);
        if is_shown {
            put(&mut out, octets, field.name_octets, field.name_octets);
        }
        // What stands between name and value is a colon and blanks, or not worth showing.
        if let (Some(name), Some(value)) =
            (place(octets, field.name_octets), place(octets, field.value))
            && let (Some(between), Some(target)) = (
                octets.get(name + field.name_octets.len()..value),
                out.get_mut(name + field.name_octets.len()..value),
            )
            && between.iter().all(|octet| b": \t".contains(octet))
        {
            target.copy_from_slice(between);
        }
        if is_shown {
            put(&mut out, octets, field.value, &secrets.value(&field));
        }
    }
    out.into()
}

/// A request line without what it asks for.
fn without<'l>(line: &'l [u8], target: &[u8]) -> Cow<'l, [u8]> {
    match place(line, target) {
        Some(at) if !target.is_empty() => {
            let (before, rest) = line.split_at(at);
            let slash = target.get(..usize::from(target.starts_with(b"/"))).unwrap_or_default();
            let behind = rest.get(target.len()..).unwrap_or_default();
            Cow::Owned([before, slash, HIDDEN, behind].concat())
        }
        _ => Cow::Borrowed(HIDDEN),
    }
}

/// Copies the parts of a text that may be shown to their places; where they cannot be found, nothing.
fn put(out: &mut [u8], octets: &[u8], text: &[u8], shown: &[u8]) {
    let Some(at) = place(octets, text) else { return };
    let Some(out) = out.get_mut(at..at + text.len()) else { return };
    let mut pieces: Vec<&[u8]> = Vec::new();
    let mut rest = shown;
    while let Some(found) = memmem::find(rest, HIDDEN) {
        let (piece, behind) = rest.split_at(found);
        pieces.push(piece);
        rest = behind.get(HIDDEN.len()..).unwrap_or_default();
    }
    // What stands behind the last secret ends the text, and in front of the first begins it. Between
    // them a piece goes where it is found first: it shows no other octets than `shown` does.
    let Some(body) = text.len().checked_sub(rest.len()) else { return };
    if !text.ends_with(rest) || (pieces.is_empty() && body > 0) {
        return;
    }
    let mut from = 0;
    let mut places = vec![(body, rest)];
    for (index, piece) in pieces.into_iter().enumerate() {
        let Some(between) = text.get(from..body) else { return };
        let found = match index {
            0 => between.starts_with(piece).then_some(0),
            _ => memmem::find(between, piece),
        };
        let Some(found) = found else { return };
        places.push((from + found, piece));
        from += found + piece.len();
    }
    for (at, piece) in places {
        if let Some(target) = out.get_mut(at..at + piece.len()) {
            target.copy_from_slice(piece);
        }
    }
}

/// An ICMP error up to the TCP header that it quotes.
fn quoted(packet: &Packet<'_>, ends: &Ends, out: &mut Vec<u8>) -> bool {
    let octets = |end: Endpoint| match end.address() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let (from, to) = (ends.source, ends.destination);
    let ports = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
    let sought = [octets(from), octets(to), ports].concat();
    let Some(at) = memmem::rfind(packet.bytes, &sought) else { return false };
    let end = (at + sought.len() - 4 + QUOTED).min(packet.bytes.len());
    out.extend_from_slice(packet.bytes.get(..end).unwrap_or_default());
    true
}

/// The sum of RFC 1071 over octets that begin with a whole word, as those behind a TCP header do.
fn sum(octets: &[u8]) -> u16 {
    let words = octets.chunks(2).map(|pair| match *pair {
        [high, low] => u64::from(high) << 8 | u64::from(low),
        [high] => u64::from(high) << 8,
        _ => 0,
    });
    fold(words.sum())
}

fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    u16::try_from(sum).unwrap_or(u16::MAX)
}

/// Corrects the checksum for what was changed (RFC 1624, equation 4), so that one that was right is right
/// again and a wrong one stays wrong.
fn checksum(out: &mut [u8], payload: usize, segment: &Segment<'_>, [before, after]: [u16; 2]) {
    let Some(header) = payload.checked_sub(20 + segment.options.len()) else { return };
    let Some(octets) = out.get_mut(header..payload) else { return };
    let read = |at: usize| Some(u16::from_be_bytes([*octets.get(at)?, *octets.get(at + 1)?]));
    let Some(old) = read(16) else { return };
    let new = fold(u64::from(old) + u64::from(before) + u64::from(!after));
    if let Some(field) = octets.get_mut(16..18) {
        field.copy_from_slice(&new.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_a_text_is_no_more_than_is_safe() {
        for (text, shown, left) in [
            ("Bearer abc", "Bearer <hidden>", "Bearer xxx"),
            ("sid=abc; theme=dark", "sid=<hidden>; theme=<hidden>", "sid=xxx; theme=xxxx"),
            // A secret that looks like what stands behind it gives nothing away.
            ("sid=; a=; a=1", "sid=<hidden>; a=<hidden>", "sid=; a=xxxxx"),
            ("/a?token=abc&x=1", "/a?token=<hidden>&x=1", "/a?token=xxx&x=1"),
            ("/a?x=1", "/a?x=1", "/a?x=1"),
            ("abc", "<hidden>", "xxx"),
            ("", "", ""),
            // What does not fit shows nothing.
            ("abc", "abd", "xxx"),
            ("abc", "a<hidden>d", "xxx"),
            ("ab", "ab<hidden>b", "xx"),
        ] {
            let mut out = vec![FILLER; text.len()];
            put(&mut out, text.as_bytes(), text.as_bytes(), shown.as_bytes());
            assert_eq!(String::from_utf8(out).unwrap(), left, "{text}");
        }
    }

    #[test]
    fn a_checksum_is_corrected_by_what_changed() {
        let (before, after) = (b"secret!".as_slice(), b"xxxxxx!".as_slice());
        let rest = 0x1234_u64;
        let old = !fold(rest + u64::from(sum(before)));
        let new = fold(u64::from(old) + u64::from(sum(before)) + u64::from(!sum(after)));
        assert_eq!(new, !fold(rest + u64::from(sum(after))));
    }
}
