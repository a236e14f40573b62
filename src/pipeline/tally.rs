//! Packets in, the books of a capture out: how many, when, and what was skipped.

use super::drops;
use crate::capture::{self, Source};
use crate::engine::{Clock, Totals};
use crate::flow::Mark;
use crate::snapshot::{Checksums, Copies, Damage, Input, Interface, Skipped, Summary};
use crate::units::Duration;
use crate::wire::{Decoder, Packet, Skip, Skips};

/// Counts packets.
#[derive(Default)]
pub(super) struct Tally {
    pub summary: Summary,
    pub skips: Skips,
    /// The latest packet, at what the clock of the capture shows.
    pub mark: Mark,
}

impl Tally {
    /// Counts a packet; whether another second begins with it.
    #[inline]
    pub fn packet(&mut self, packet: &Packet<'_>, clock: &mut Clock) -> bool {
        let (summary, at) = (&mut self.summary, packet.at);
        summary.packets += 1;
        summary.octets += packet.bytes.len() as u64;
        match summary.last {
            Some(last) if at >= last => summary.last = Some(at),
            Some(last) => {
                summary.first = summary.first.map(|first| first.min(at));
                summary.earlier += 1;
                let back: Duration = last.since(at);
                summary.largest_step_back = summary.largest_step_back.max(Some(back));
            }
            None => {
                (summary.start, summary.first, summary.last) = (Some(at), Some(at), Some(at));
            }
        }
        let passes = clock.passes(at);
        self.mark = Mark { at: clock.now(), packet: packet.number };
        passes
    }

    /// Packets that were there already.
    pub fn copies(&self) -> Copies {
        Copies { copies: self.skips.count(Skip::Copy), segments: self.summary.segments }
    }

    /// No further packet will be decoded.
    pub fn decoded(&mut self, decoder: &Decoder) {
        let checksums = decoder.checksums();
        self.summary.checksums = Checksums {
            checked: checksums.checked,
            wrong: checksums.wrong,
            verified: checksums.verified,
            mostly_wrong: checksums.mostly_wrong().collect(),
        };
    }

    pub fn close(self, totals: &Totals, source: &(impl Source + ?Sized)) -> Summary {
        let mut skips: Vec<Skipped> = self
            .skips
            .iter()
            .map(|(skip, packets)| {
                let group = skip.group().name();
                Skipped { reason: skip.to_string(), group, packets }
            })
            .collect();
        if self.skips.other() > 0 {
            let packets = self.skips.other();
            skips.push(Skipped { reason: "others".to_owned(), group: "unsupported", packets });
        }
        Summary {
            inputs: source.inputs().into_iter().map(input).collect(),
            drops: drops(source),
            skips,
            ledger: totals.ledger,
            population: totals.population,
            carried: totals.carried,
            heads: totals.heads,
            tolerated: totals.tolerated,
            ..self.summary
        }
    }
}

fn input(input: &capture::Input) -> Input {
    let format = input.format.map(|format| {
        let compressions = input.compression.iter().map(|compression| format!(", {compression}"));
        std::iter::once(format.to_string()).chain(compressions).collect()
    });
    let interfaces = input.interfaces.iter().map(|interface| Interface {
        name: interface.name.clone(),
        link: interface.link.0,
        snaplen: interface.snaplen,
        dropped: interface.statistics.and_then(|statistics| {
            let counters = [statistics.dropped, statistics.dropped_by_system];
            counters.into_iter().flatten().reduce(u64::saturating_add)
        }),
    });
    let damages = input
        .damages
        .iter()
        .map(|damage| Damage { offset: damage.offset, message: damage.to_string() });
    Input {
        path: input.path.clone(),
        format,
        octets: input.octets,
        packets: input.packets,
        interfaces: interfaces.collect(),
        damages: damages.collect(),
        more_damages: input.more_damages,
        notes: input.notes.iter().map(ToString::to_string).collect(),
    }
}
