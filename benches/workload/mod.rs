//! The four workloads as synthetic captures: a kind and a size in, a pcap file and its truth out.
//! The same arguments write the same octets on every machine, and no root is needed.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};

use httpwhy::units::{Duration, Timestamp};
use httpwhy::wire::Endpoint;

use crate::support::exchange::Exchange;
use crate::support::frames::frames;
use crate::support::link::Encapsulation;
use crate::support::packets::{Segment, Stacks, segments};
use crate::support::random::Random;
use crate::support::script::Script;
use crate::support::traffic::{self, Shape};
use crate::support::{loss, pcap, transform};

/// What kind of traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// Small exchanges, hundreds on one connection.
    KeepAlive,
    /// Bodies of 1 to 8 MiB.
    Large,
    /// One connection an exchange.
    Short,
    /// As `KeepAlive`, with segments lost, repeated and late.
    Lossy,
}

impl Workload {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::KeepAlive, Self::Large, Self::Short, Self::Lossy];

    /// The name, as in the names of files.
    pub fn name(self) -> &'static str {
        match self {
            Self::KeepAlive => "keep-alive",
            Self::Large => "large",
            Self::Short => "short",
            Self::Lossy => "lossy",
        }
    }

    /// Connections that are open at one time, and what is said on each.
    fn shape(self) -> (usize, Shape) {
        let small = Shape {
            exchanges: (100, 300),
            body: (200, 2_000),
            chunked: 40,
            pipelined: 0,
            closes: true,
            varied: true,
        };
        match self {
            Self::KeepAlive | Self::Lossy => (32, small),
            Self::Short => (256, Shape { exchanges: (1, 1), ..small }),
            Self::Large => {
                let body = (1 << 20, 8 << 20);
                (2, Shape { exchanges: (2, 3), body, chunked: 250, varied: false, ..small })
            }
        }
    }
}

/// What a capture holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Truth {
    /// Octets of the file.
    pub file_octets: u64,
    /// Packets.
    pub packets: u64,
    /// Connections.
    pub connections: u64,
    /// Octets of all responses' bodies.
    pub response_octets: u64,
    /// Octets of all requests' bodies.
    pub request_octets: u64,
    /// Exchanges by status.
    pub statuses: BTreeMap<u16, u64>,
}

impl Truth {
    /// All exchanges.
    pub fn exchanges(&self) -> u64 {
        self.statuses.values().sum()
    }

    fn add(&mut self, exchange: &Exchange) {
        self.response_octets += exchange.response_body.unwrap_or_default();
        self.request_octets += exchange.request_body.unwrap_or_default();
        if let Some(status) = exchange.status {
            *self.statuses.entry(status).or_default() += 1;
        }
    }
}

/// A name and a number a line, separated by a tab.
impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "file_octets\t{}", self.file_octets)?;
        writeln!(f, "packets\t{}", self.packets)?;
        writeln!(f, "connections\t{}", self.connections)?;
        writeln!(f, "exchanges\t{}", self.exchanges())?;
        writeln!(f, "request_octets\t{}", self.request_octets)?;
        writeln!(f, "response_octets\t{}", self.response_octets)?;
        self.statuses
            .iter()
            .try_for_each(|(status, number)| writeln!(f, "status_{status}\t{number}"))
    }
}

/// Time between the end of one batch of connections and the beginning of the next.
const PAUSE: Duration = Duration::from_millis(5);

/// Writes a capture of at least `octets` octets: whole batches of connections, so that every
/// exchange ends.
pub fn write(workload: Workload, octets: u64, file: &mut impl Write) -> io::Result<Truth> {
    let (together, shape) = workload.shape();
    let mut random = Random::new(0x6874_7470 + workload as u64);
    let mut truth = Truth::default();
    let mut stacks = Stacks::default();
    let mut buffer = pcap::header(1);
    while truth.file_octets < octets {
        let script = batch(truth.connections, together, &shape, &mut random);
        let mut made = segments(&script, &stacks);
        if workload == Workload::Lossy {
            made = harm(&made, random.next());
        }
        for frame in frames(&made, &Encapsulation::ethernet()) {
            pcap::record(&frame, &mut buffer);
        }
        script.exchanges().iter().for_each(|exchange| truth.add(exchange));
        truth.connections += script.connections.len() as u64;
        truth.packets += made.len() as u64;
        truth.file_octets += buffer.len() as u64;
        file.write_all(&buffer)?;
        buffer.clear();
        stacks.start = end(&made, stacks.start).plus(PAUSE);
        // Another batch has other numbers.
        stacks.client_isn = random.next() as u32;
        stacks.server_isn = random.next() as u32;
    }
    file.flush()?;
    Ok(truth)
}

fn batch(before: u64, together: usize, shape: &Shape, random: &mut Random) -> Script {
    let connections = (0..together as u64).map(|index| {
        // No two connections of a capture have the same ends.
        let number = before + index;
        let port = 1_024 + (number % 60_000) as u16;
        let host = number / 60_000;
        let client = Endpoint::v4([10, 77, (host / 250) as u8, (host % 250) as u8 + 2], port);
        let server = Endpoint::v4([192, 0, 2, 1 + random.below(8) as u8], 80);
        let begins = Duration::from_nanos(random.below(20_000_000) as u64);
        traffic::connection(client, server, shape, random).begins(begins)
    });
    Script { connections: connections.collect() }
}

/// Loses 0.5 % of what is said before the capture and 0.3 % behind it.
fn harm(segments: &[Segment], seed: u64) -> Vec<Segment> {
    let made = loss::repaired(segments, 5, Duration::from_millis(3), seed);
    transform::retransmit(&made, 3, 60, seed ^ 1)
}

fn end(segments: &[Segment], start: Timestamp) -> Timestamp {
    segments.last().map_or(start, |segment| segment.at)
}
