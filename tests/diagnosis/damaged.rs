//! Captures of the lab with less in them than there was: packets lost, a direction missing, cut short.
//! What the capture cannot carry is not said surely.

use std::collections::BTreeMap;
use std::path::Path;

use httpwhy::capture::{Capture, Input, Next, Reading, Source};
use httpwhy::diagnosis::{Confidence, Verdict};
use httpwhy::error::Error;
use httpwhy::units::{Duration, Timestamp};
use httpwhy::wire::{Decoded, Decoder, Direction, Ends, Flags, LinkType, Packet};
use serde_json::Value;

use super::support::random::Random;
use super::{Diagnosed, explain, lab, with_truth};

/// A packet with octets of its own, and what TCP it carries.
#[derive(Clone)]
struct Kept {
    at: Timestamp,
    link: LinkType,
    interface: u32,
    len: u32,
    direction: Option<Direction>,
    octets: Vec<u8>,
    tcp: Option<Tcp>,
}

#[derive(Clone, Copy)]
struct Tcp {
    ends: Ends,
    flags: Flags,
    octets: usize,
}

/// Packets in memory, as a source.
struct Recorded {
    packets: Vec<Kept>,
    next: usize,
}

impl Recorded {
    fn of(path: &Path) -> Self {
        let mut capture = Capture::open(&[path]).unwrap_or_else(|error| panic!("{error}"));
        let mut packets = Vec::new();
        let mut decoder = Decoder::new();
        while let Some(packet) = capture.next().unwrap() {
            let tcp = match decoder.decode(&packet) {
                Decoded::Segment(segment) => Some(Tcp {
                    ends: segment.ends,
                    flags: segment.flags,
                    octets: segment.payload.len(),
                }),
                _ => None,
            };
            let Packet { at, link, interface, len, direction, bytes, .. } = packet;
            packets.push(Kept { at, link, interface, len, direction, octets: bytes.to_vec(), tcp });
        }
        Self { packets, next: 0 }
    }
}

impl Source for Recorded {
    fn next(&mut self) -> Result<Next<'_>, Error> {
        let Some(kept) = self.packets.get(self.next) else { return Ok(Next::End) };
        self.next += 1;
        Ok(Next::Packet(Packet {
            number: self.next as u64,
            at: kept.at,
            link: kept.link,
            interface: kept.interface,
            len: kept.len,
            direction: kept.direction,
            bytes: &kept.octets,
            offset: 0,
        }))
    }

    fn inputs(&self) -> Vec<&Input> {
        Vec::new()
    }

    fn reading(&self) -> Reading {
        Reading::default()
    }
}

/// Who asks the proxies of the lab.
const CLIENT: &str = "10.1.0.2";

/// What a capture can lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lack {
    /// Packets here and there, so many in 1,000.
    Some(u32),
    /// A run of packets.
    Run,
    /// What goes to the servers behind the proxy …
    ToUpstream,
    /// … or comes from them.
    FromUpstream,
    /// What goes to the client.
    ToClient,
    /// What comes from the client.
    FromClient,
    /// The beginning.
    Beginning,
    /// The end.
    End,
    /// Octets behind the headers.
    Octets(usize),
    /// Every reset.
    Resets,
    /// Every end of a stream.
    Fins,
    /// Every first segment of a connection …
    Syns,
    /// … or the answer to it.
    SynAcks,
    /// Packets without payload.
    Empty,
    /// Nothing, but every packet is there twice.
    Doubled,
    /// Nothing, but neighbours have changed their places.
    Swapped,
    /// Nothing, but the clock of one leg is ahead by so many microseconds.
    Ahead(u64),
}

const LACKS: [Lack; 22] = [
    Lack::Some(10),
    Lack::Some(50),
    Lack::Some(200),
    Lack::Run,
    Lack::ToUpstream,
    Lack::FromUpstream,
    Lack::ToClient,
    Lack::FromClient,
    Lack::Beginning,
    Lack::End,
    Lack::Octets(54),
    Lack::Octets(68),
    Lack::Octets(96),
    Lack::Octets(200),
    Lack::Resets,
    Lack::Fins,
    Lack::Syns,
    Lack::SynAcks,
    Lack::Empty,
    Lack::Doubled,
    Lack::Swapped,
    Lack::Ahead(500),
];

impl Recorded {
    /// The same capture with this lack.
    fn lacking(&self, lack: Lack, random: &mut Random) -> Self {
        let count = self.packets.len();
        let from = random.below(count.max(1));
        let mut packets = Vec::new();
        for (nth, packet) in self.packets.iter().enumerate() {
            let tcp = packet.tcp;
            let flag = |flag: u8, none: u8| {
                tcp.is_some_and(|tcp| tcp.flags.has(flag) && !tcp.flags.has(none))
            };
            let [from_client, to_client] = tcp.map_or([false; 2], |tcp| {
                [tcp.ends.source, tcp.ends.destination]
                    .map(|end| end.address().to_string() == CLIENT)
            });
            let upstream = tcp.is_some() && !from_client && !to_client;
            let low = tcp.is_some_and(|tcp| tcp.ends.source.port() < tcp.ends.destination.port());
            let gone = match lack {
                Lack::Some(permille) => random.chance(permille),
                Lack::Run => (from..from + 6).contains(&nth),
                Lack::ToUpstream => upstream && !low,
                Lack::FromUpstream => upstream && low,
                Lack::ToClient => to_client,
                Lack::FromClient => from_client,
                Lack::Beginning => nth < from,
                Lack::End => nth > from,
                Lack::Resets => flag(Flags::RST, Flags::SYN),
                Lack::Fins => flag(Flags::FIN, Flags::SYN),
                Lack::Syns => flag(Flags::SYN, Flags::ACK),
                Lack::SynAcks => flag(Flags::SYN, Flags::RST) && flag(Flags::ACK, Flags::RST),
                Lack::Empty => tcp.is_some_and(|tcp| tcp.octets == 0) && random.chance(300),
                Lack::Octets(_) | Lack::Doubled | Lack::Swapped | Lack::Ahead(_) => false,
            };
            if gone {
                continue;
            }
            let mut packet = packet.clone();
            match lack {
                Lack::Octets(octets) => packet.octets.truncate(octets),
                Lack::Doubled => packets.push(packet.clone()),
                Lack::Ahead(micros) if upstream => {
                    packet.at = packet.at.plus(Duration::from_nanos(micros * 1_000));
                }
                _ => {}
            }
            packets.push(packet);
        }
        if lack == Lack::Swapped {
            for pair in packets.chunks_exact_mut(2) {
                if random.chance(200) {
                    pair.swap(0, 1);
                }
            }
        }
        Self { packets, next: 0 }
    }
}

/// What is wrong in what is said surely about a capture; and how much is said rightly.
fn wrong(found: &[Diagnosed], truth: &[Value]) -> (Vec<String>, usize) {
    let mut said = Vec::new();
    let mut right = 0;
    for one in found {
        let Verdict { cause, upstream, confidence, .. } = &one.verdict;
        let upstream = upstream.map(|upstream| upstream.to_string());
        let fact = truth.iter().find(|fact| {
            fact["client"] == one.client.as_str() && fact["target"] == one.target.as_str()
        });
        let Some(fact) = fact else {
            // A proxy's own connection to its upstream: that it gave up is true of that one.
            if *confidence == Confidence::High && cause.id != "client-gave-up" {
                said.push(format!("{one}; but it did not fail"));
            }
            continue;
        };
        let named = |upstream: &str| fact["upstream"] == upstream || cause.id == "client-gave-up";
        let fits = fact["cause"] == cause.id;
        // The port of a host that was never reached is not in the capture.
        let fits = fits && upstream.as_deref().is_none_or(named);
        right += usize::from(fits && (upstream.is_some() || fact["upstream"].is_null()));
        if !fits && *confidence == Confidence::High {
            said.push(format!("{one}; really {} {}", fact["cause"], fact["upstream"]));
        }
    }
    (said, right)
}

#[test]
fn what_a_capture_cannot_carry_is_not_said_surely() {
    let seeds = std::env::var("HTTPWHY_SEEDS").map_or(1, |seeds| seeds.parse().unwrap());
    let mut sums = BTreeMap::<Lack, [usize; 3]>::new();
    for path in lab() {
        let Some((truth, capture)) = with_truth(&path) else { continue };
        if truth[0]["point"] == "upstream" {
            continue;
        }
        let whole = Recorded::of(&capture);
        let failing = truth.iter().filter(|fact| fact["type"] == "failing").count();
        for (nth, lack) in (0..).zip(LACKS) {
            for seed in 0..seeds {
                let mut random = Random::new(seed * 1_000 + nth);
                let found = explain(&mut whole.lacking(lack, &mut random));
                let (said, right) = wrong(&found, &truth);
                let sums = sums.entry(lack).or_default();
                sums[0] += right;
                sums[1] += failing;
                sums[2] += said.len();
                for said in said {
                    println!("{lack:?} {seed} {}: {said}", capture.display());
                }
            }
        }
    }
    let (mut surely, mut of) = (0, 0);
    for (lack, sums) in sums {
        println!("{lack:?}: {} of {} right, {} sure and wrong", sums[0], sums[1], sums[2]);
        surely += sums[2];
        of += sums[1];
    }
    assert!(surely * 2_000 <= of, "{surely} of {of} are said surely and are wrong");
}
