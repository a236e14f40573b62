//! The octets of a pcap file in, its packets out, in all six variants that libpcap reads. Where
//! a record header cannot be true, the next run of credible ones is looked for.
//!
//! ```text
//! header, 24   magic 4 | version 2+2 | zone 4 | accuracy 4 | snap length 4 | FCS, link type 4
//! record, 16   seconds 4 | µs or ns 4 | captured 4 | length 4            then the captured octets
//! modified     … | interface 4 | protocol 2 | type 1 | padding 1         Kuznetzov's, 24 octets
//! ```

use nom::number::Endianness;
use nom::number::complete::{u16, u32};
use nom::{IResult, Parser};

use crate::limits::{INTERFACES, PACKET_OCTETS, RESYNC_OCTETS, RESYNC_TIME};
use crate::units::Timestamp;
use crate::wire::LinkType;

use super::record::{Record, Step};
use super::report::{Fault, Format, Input, Interface, Then};
use super::window::Window;

const HEADER_OCTETS: usize = 24;
const RECORD_OCTETS: usize = 16;
const MODIFIED_RECORD_OCTETS: usize = 24;
/// Four empty records. Nobody captures four packets without octets in 1970.
const ZERO_OCTETS: usize = 64;
/// [`PACKET_OCTETS`], as length fields have it.
const MOST: u32 = PACKET_OCTETS as u32;

/// What the magic number says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Variant {
    order: Endianness,
    nanosecond: bool,
    modified: bool,
}

impl Variant {
    /// The variant that begins with these octets.
    pub(super) fn of(octets: &[u8]) -> Option<Self> {
        let (order, nanosecond, modified) = match octets {
            [0xd4, 0xc3, 0xb2, 0xa1, ..] => (Endianness::Little, false, false),
            [0xa1, 0xb2, 0xc3, 0xd4, ..] => (Endianness::Big, false, false),
            [0x4d, 0x3c, 0xb2, 0xa1, ..] => (Endianness::Little, true, false),
            [0xa1, 0xb2, 0x3c, 0x4d, ..] => (Endianness::Big, true, false),
            [0x34, 0xcd, 0xb2, 0xa1, ..] => (Endianness::Little, false, true),
            [0xa1, 0xb2, 0xcd, 0x34, ..] => (Endianness::Big, false, true),
            _ => return None,
        };
        Some(Self { order, nanosecond, modified })
    }

    pub(super) const fn format(self) -> Format {
        Format::Pcap { nanosecond: self.nanosecond, modified: self.modified }
    }

    #[inline]
    const fn record_octets(self) -> usize {
        if self.modified { MODIFIED_RECORD_OCTETS } else { RECORD_OCTETS }
    }
}

/// The header of a file, as far as it matters.
#[derive(Debug, Clone, Copy)]
struct Header {
    variant: Variant,
    /// Octets delivered of a packet at most.
    snaplen: usize,
    link: LinkType,
    /// Index of its interface in the report.
    interface: u32,
}

/// The header of a record, as it stands there.
#[derive(Debug, Clone, Copy)]
struct RecordHeader {
    seconds: u32,
    fraction: u32,
    caplen: u32,
    len: u32,
}

impl RecordHeader {
    /// The record header at the front; none where there are not enough octets. Read by hand, since it is
    /// the one thing that is read once a packet.
    #[inline]
    fn parse(octets: &[u8], order: Endianness) -> Option<Self> {
        let octets = octets.first_chunk::<16>()?;
        Some(match order {
            Endianness::Little => Self::of(octets, u32::from_le_bytes),
            Endianness::Big | Endianness::Native => Self::turned(octets),
        })
    }

    #[inline]
    fn of(octets: &[u8; 16], number: fn([u8; 4]) -> u32) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *octets;
        Self {
            seconds: number([a, b, c, d]),
            fraction: number([e, f, g, h]),
            caplen: number([i, j, k, l]),
            len: number([m, n, o, p]),
        }
    }

    /// The same of a file that was written on a machine of the other order; by itself, so that the
    /// usual order needs no choice for each number.
    #[cold]
    #[inline(never)]
    fn turned(octets: &[u8; 16]) -> Self {
        Self::of(octets, u32::from_be_bytes)
    }

    /// The time, even where the fraction is a second or more: its exact sum.
    #[inline]
    fn at(&self, variant: Variant) -> Timestamp {
        let scale = if variant.nanosecond { 1 } else { 1_000 };
        // At most 4.3e18 + 4.3e12: fits.
        let nanos = u64::from(self.seconds) * 1_000_000_000 + u64::from(self.fraction) * scale;
        Timestamp::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
    }

    /// Whether it may follow packets of the given times, if any is given.
    fn may_follow(&self, variant: Variant, near: [Option<Timestamp>; 2]) -> bool {
        let second = if variant.nanosecond { 1_000_000_000 } else { 1_000_000 };
        let at = self.at(variant);
        let apart = |other: Timestamp| at.since(other).max(other.since(at));
        self.caplen <= MOST
            && self.len <= MOST
            && self.fraction < second
            && (near == [None, None]
                || near.iter().flatten().any(|&other| apart(other) <= RESYNC_TIME))
    }

    /// Whether chance would hardly have made it there.
    fn is_credible(&self, variant: Variant, near: [Option<Timestamp>; 2]) -> bool {
        (1..=self.len).contains(&self.caplen) && self.may_follow(variant, near)
    }
}

/// A reader of one pcap file, or of several glued together.
#[derive(Debug)]
pub(super) struct Pcap {
    /// `None` where the next octets are a header.
    header: Option<Header>,
    /// Times of the last two packets. Two, since a damaged length shows only one packet later.
    recent: [Option<Timestamp>; 2],
}

/// What an odd record is after all.
enum Judgement {
    /// A packet.
    Packet,
    /// None; but the window now stands where reading goes on.
    Elsewhere,
    /// None, and there is no more.
    Nothing,
}

impl Pcap {
    pub(super) const fn new() -> Self {
        Self { header: None, recent: [None, None] }
    }

    /// The next packet.
    #[inline]
    pub(super) fn next(&mut self, window: &mut Window, input: &mut Input) -> Step {
        loop {
            let Some(header) = self.header else {
                if let Err(step) = self.read_header(window, input) {
                    return step;
                }
                continue;
            };
            let before = header.variant.record_octets();
            if !window.holds_already(before) {
                return Step::Starved;
            }
            let Some(record) = RecordHeader::parse(window.at_hand(), header.variant.order) else {
                return Step::Starved;
            };
            if !(1..=MOST.min(record.len)).contains(&record.caplen) {
                match self.judge(window, input, header, record) {
                    Judgement::Packet => {}
                    Judgement::Elsewhere => continue,
                    Judgement::Nothing => return Step::Over,
                }
            }
            let caplen = record.caplen as usize;
            let whole = before + caplen;
            if !window.holds_already(whole) {
                return Step::Starved;
            }
            let at = record.at(header.variant);
            self.recent = [self.recent[1], Some(at)];
            let found = Record {
                at,
                link: header.link,
                interface: header.interface,
                len: record.len,
                start: window.start() + before,
                // A record longer than the snap length is cut to it, as libpcap does.
                caplen: caplen.min(header.snaplen),
                offset: window.offset() + before as u64,
                direction: None,
            };
            window.drop_front(whole);
            return Step::Packet(found);
        }
    }

    /// Judges a record at the front whose length is not as lengths are.
    #[cold]
    #[inline(never)]
    fn judge(
        &mut self,
        window: &mut Window,
        input: &mut Input,
        header: Header,
        record: RecordHeader,
    ) -> Judgement {
        let offset = window.offset();
        if record.caplen == 0 {
            if Self::zeros_follow(window) {
                input.damage(offset, Fault::ZeroTail, Then::WentOn);
                return Judgement::Nothing;
            }
            if Self::header_follows(window) {
                input.note(offset, Fault::Concatenated);
                self.header = None;
                return Judgement::Elsewhere;
            }
            return Judgement::Packet;
        }
        // There are writers of records that have more octets than were sent, so that alone is no
        // proof: what stands behind is.
        if record.caplen <= MOST && Self::ends_at_a_record(window, header.variant, record) {
            return Judgement::Packet;
        }
        let found = self.search(window, header);
        let then = found.map_or(Then::Stopped, |skipped| Then::Resumed { skipped });
        input.damage(offset, Fault::Oversized { octets: record.caplen.into() }, then);
        if found.is_some() { Judgement::Elsewhere } else { Judgement::Nothing }
    }

    /// Whether a record, or the end, follows the one at the front.
    fn ends_at_a_record(window: &mut Window, variant: Variant, record: RecordHeader) -> bool {
        let whole = variant.record_octets().saturating_add(record.caplen as usize);
        if !window.holds(whole.saturating_add(variant.record_octets())) {
            return true;
        }
        let behind = window.at_hand().get(whole..).unwrap_or_default();
        RecordHeader::parse(behind, variant.order).is_some_and(|next| {
            next.may_follow(variant, [None, Some(record.at(variant))])
                || Variant::of(behind).is_some()
        })
    }

    /// Judges the octets that are left where the input ended inside a record. `true`: packets
    /// were found in them after all.
    pub(super) fn salvage(&mut self, window: &mut Window, input: &mut Input) -> bool {
        let offset = window.offset();
        let Some(header) = self.header else {
            input.damage(offset, Fault::CutHeader, Then::WentOn);
            return false;
        };
        // Either the end is missing, or the length is wrong and packets are hidden in it.
        let claimed = RecordHeader::parse(window.at_hand(), header.variant.order);
        if let Some(record) = claimed
            && let Some(skipped) = self.search(window, header)
        {
            let what = Fault::Oversized { octets: record.caplen.into() };
            input.damage(offset, what, Then::Resumed { skipped });
            return true;
        }
        let number = input.packets.saturating_add(1);
        input.damage(offset, Fault::CutPacket { number }, Then::WentOn);
        false
    }

    /// Reads the header that stands at the window's front.
    fn read_header(&mut self, window: &mut Window, input: &mut Input) -> Result<(), Step> {
        if !window.holds_already(HEADER_OCTETS) {
            return Err(Step::Starved);
        }
        let octets = window.at_hand();
        let variant = Variant::of(octets).ok_or(Step::Starved)?;
        let order = variant.order;
        let fields = (u32(order), u16(order), u16(order), u32(order), u32(order));
        let parsed: IResult<&[u8], _, ()> = (fields, u32(order), u32(order)).parse(octets);
        let Ok((_, (_, snaplen, link))) = parsed else { return Err(Step::Starved) };
        // The upper bits hold the length of the frame check sequence and reserved ones.
        let link = LinkType((link & 0xffff) as u16);
        // 0 and absurd values mean "no limit": some writers set them.
        let limit = (1..=MOST).contains(&snaplen).then_some(snaplen);
        let interface = Interface::new(link, limit);
        // Files of one interface glued together have one interface.
        let known = input.interfaces.last().map(|last| (last.link, last.snaplen));
        if known != Some((interface.link, interface.snaplen)) {
            if input.interfaces.len() >= INTERFACES {
                input.damage(window.offset(), Fault::TooManyInterfaces, Then::Stopped);
                return Err(Step::Over);
            }
            input.interfaces.push(interface);
        }
        self.header = Some(Header {
            variant,
            snaplen: limit.map_or(PACKET_OCTETS, |limit| limit as usize),
            link,
            interface: u32::try_from(input.interfaces.len().saturating_sub(1)).unwrap_or(u32::MAX),
        });
        window.drop_front(HEADER_OCTETS);
        Ok(())
    }

    /// Whether an empty record is in fact the zeros of a file system that had no more.
    fn zeros_follow(window: &mut Window) -> bool {
        if !window.at_hand().iter().take(RECORD_OCTETS).all(|&octet| octet == 0) {
            return false;
        }
        window.holds(ZERO_OCTETS);
        window.at_hand().iter().take(ZERO_OCTETS).all(|&octet| octet == 0)
    }

    /// Whether an empty record is in fact the header of a file glued to this one: its time would
    /// be in 2055 or later, and its length the time zone, always 0.
    fn header_follows(window: &mut Window) -> bool {
        if Variant::of(window.at_hand()).is_none() || !window.holds(HEADER_OCTETS) {
            return false;
        }
        matches!(window.at_hand().get(4..8), Some([2, 0, 4, 0] | [0, 2, 0, 4]))
    }

    /// Drops octets until credible records stand at the front; how many, or `None`.
    fn search(&self, window: &mut Window, header: Header) -> Option<u64> {
        let mut skipped = 0;
        while skipped < RESYNC_OCTETS && window.holds(2) {
            window.drop_front(1);
            skipped += 1;
            if self.records_follow(window, header.variant) {
                return Some(skipped);
            }
        }
        None
    }

    /// Whether two credible records follow, or one that ends where the input ends. That one has to be near
    /// in time to a packet before: where there was none, chance makes some of what is a packet cut off.
    fn records_follow(&self, window: &mut Window, variant: Variant) -> bool {
        let mut near = self.recent;
        let mut whole = 0_usize;
        for nth in 0..2 {
            let needed = whole.saturating_add(variant.record_octets());
            if !window.holds(needed) {
                return nth > 0 && window.at_hand().len() == whole && self.recent != [None, None];
            }
            let rest = window.at_hand().get(whole..).unwrap_or_default();
            let Some(record) = RecordHeader::parse(rest, variant.order) else { return false };
            if !record.is_credible(variant, near) {
                return false;
            }
            near = [None, Some(record.at(variant))];
            whole = needed.saturating_add(record.caplen as usize);
        }
        true
    }
}
