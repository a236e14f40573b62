//! Floods: what somebody sends to exhaust memory or time. Each runs in a process of its own, whose
//! memory is measured; each has exchanges that live in the middle of it, and all of them must be
//! reported, whole; and a packet, and an octet, may cost only so many times what one of a plain
//! capture costs.
//!
//! `HTTPWHY_FLOOD=10000000 cargo test --release --test attacks -- --nocapture` runs them at full size: so
//! many packets each.

// What is measured is shown.
#![allow(clippy::print_stdout)]
#![cfg(target_os = "linux")]

mod support;

use std::fs;
use std::num::NonZeroUsize;
use std::ops::{ControlFlow, Range};
use std::process::Command;
use std::time::Duration as Time;

use httpwhy::capture::{Input, Next, Reading, Source};
use httpwhy::engine::Record;
use httpwhy::error::Error;
use httpwhy::flow::Ending;
use httpwhy::limits;
use httpwhy::pipeline::{self, Options, Outcome, Threads};
use httpwhy::stats::By;
use httpwhy::units::Timestamp;
use httpwhy::wire::{LinkType, Packet};

/// The program's own, so that what is measured is what it takes.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ACK: u8 = 0x10;
const SYN: u8 = 0x02;
const FIN: u8 = 0x01;

/// Packets of a flood where nobody has said how many, and of the plain capture that it is held against.
const FEW: u64 = 60_000;

/// Connections that live through a flood, three exchanges each.
const LIVING: u32 = 100;

/// What a process may take beside the budget: the program, and what its allocator loses.
const BESIDE: u64 = 32 << 20;

/// Packets of a soak at least: behind half of them what is bounded by number is full.
const SOAK: u64 = 400_000;

/// How long a soak lasts at least, capture time, nanoseconds: in half of it whatever waits longest has come
/// to its end, the evidence of a failure after a thousand seconds, and the wheel of all timers has gone round.
const SOAK_LASTS: u64 = 2_600_000_000_000;

/// How much more a process may take behind the first half of a soak, with so many packets in the other one:
/// 1 MiB for each 1,000,000,000, and one table that doubles. In a short one tables that are bounded by number
/// still fill: what each of the hundred clients was told last takes 4 KiB more when 1,024 of it are there.
const fn soaked(packets: u64) -> u64 {
    match packets {
        0..25_000_000 => 768 << 10,
        _ => (64 << 10) + (packets << 20) / 1_000_000_000,
    }
}

/// So many packets are a long flood: what comes at its beginning and its end does not count any more.
const LONG: u64 = 10_000_000;

/// How much an octet of a flood may cost, against one of a plain capture.
const OCTET_TIMES: u64 = 20;

/// Writes packets where the last one was.
struct Frame {
    octets: Vec<u8>,
    at: i64,
    /// Octets of payload so far.
    payload: u64,
}

impl Frame {
    /// An IPv4 packet with this payload.
    fn ip(&mut self, from: u32, to: u32, protocol: u8, fragment: (u16, u16), payload: &[u8]) {
        self.octets.clear();
        let len = (payload.len() + 20) as u16;
        self.octets.extend_from_slice(&[0x45, 0]);
        self.octets.extend_from_slice(&len.to_be_bytes());
        self.octets.extend_from_slice(&fragment.0.to_be_bytes());
        self.octets.extend_from_slice(&fragment.1.to_be_bytes());
        self.octets.extend_from_slice(&[64, protocol, 0, 0]);
        self.octets.extend_from_slice(&from.to_be_bytes());
        self.octets.extend_from_slice(&to.to_be_bytes());
        self.octets.extend_from_slice(payload);
    }

    fn tcp(&mut self, segment: &Segment<'_>) {
        let mut tcp = Vec::with_capacity(20 + segment.payload.len());
        let (client, server) = segment.ports;
        let ((from, port), (to, other)) = match segment.of_client {
            true => (client, server),
            false => (server, client),
        };
        tcp.extend_from_slice(&port.to_be_bytes());
        tcp.extend_from_slice(&other.to_be_bytes());
        tcp.extend_from_slice(&segment.sequence.to_be_bytes());
        tcp.extend_from_slice(&segment.acknowledges.to_be_bytes());
        tcp.extend_from_slice(&[0x50, segment.flags, 0xff, 0xff, 0, 0, 0, 0]);
        tcp.extend_from_slice(segment.payload);
        self.payload += segment.payload.len() as u64;
        // Identifications differ, so that nothing counts as captured twice.
        let identification = (self.at / 1_000) as u16;
        self.ip(from, to, 6, (identification, 0), &tcp);
    }
}

struct Segment<'p> {
    ports: ((u32, u16), (u32, u16)),
    of_client: bool,
    flags: u8,
    sequence: u32,
    acknowledges: u32,
    payload: &'p [u8],
}

const SERVER: (u32, u16) = (0xc000_020a, 80);

/// What the client with this number sends or is sent: how far its conversation has come is `step`.
fn living(client: u32, step: u32, frame: &mut Frame) {
    let request = |nth: u32| format!("GET /{client}/{nth} HTTP/1.1\r\nHost: living\r\n\r\n");
    let response = |nth: u32| {
        format!("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-N: {client}/{nth}\r\n\r\nlive")
    };
    let (mut sequence, mut acknowledges) = (1_001, 5_001);
    for nth in 0..step.saturating_sub(3) / 2 {
        sequence += request(nth).len() as u32;
        acknowledges += response(nth).len() as u32;
    }
    let text;
    let (of_client, flags, payload) = match step {
        0 => (true, SYN, &b""[..]),
        1 => (false, SYN | ACK, &b""[..]),
        2 => (true, ACK, &b""[..]),
        3 | 5 | 7 => {
            text = request((step - 3) / 2);
            (true, ACK, text.as_bytes())
        }
        4 | 6 | 8 => {
            sequence += request((step - 4) / 2).len() as u32;
            text = response((step - 4) / 2);
            (false, ACK, text.as_bytes())
        }
        9 => (true, FIN | ACK, &b""[..]),
        _ => {
            sequence += 1;
            (false, FIN | ACK, &b""[..])
        }
    };
    let (own, other) = match of_client {
        true => (sequence, acknowledges),
        false => (acknowledges, sequence),
    };
    let own = if step < 2 { own - 1 } else { own };
    let ports = ((0x0a01_0000 + client, 40_000), SERVER);
    let acknowledges = if step == 0 { 0 } else { other };
    frame.tcp(&Segment { ports, of_client, flags, sequence: own, acknowledges, payload });
}

/// What a client does in one go: handshake and first exchange, the second, the third and the end. Between
/// them the others have their turns.
const TURNS: [Range<u32>; 3] = [0..5, 5..7, 7..11];

/// Packets that are made as they are asked for: those of a flood, and between them those of living
/// connections, evenly spread.
struct Flood<F> {
    frame: Frame,
    number: u64,
    flooded: u64,
    packets: u64,
    /// Octets of all packets so far.
    octets: u64,
    /// Turns that were taken, and the step of the one at hand.
    turns: u32,
    step: Option<u32>,
    attack: F,
}

impl<F: FnMut(u64, &mut Frame) + Send> Flood<F> {
    fn new(packets: u64, attack: F) -> Self {
        let at = 1_767_225_600_000_000_000;
        let frame = Frame { octets: Vec::new(), at, payload: 0 };
        Self { frame, number: 0, flooded: 0, packets, octets: 0, turns: 0, step: None, attack }
    }
}

impl<F: FnMut(u64, &mut Frame) + Send> Source for Flood<F> {
    fn next(&mut self) -> Result<Next<'_>, Error> {
        // Ten million packets last a hundred seconds, and fewer ones too: the clock goes on.
        self.frame.at += (100_000_000_000 / self.packets).max(1_000) as i64;
        let all = LIVING * TURNS.len() as u32;
        let (client, turn) = (self.turns % LIVING, TURNS.get((self.turns / LIVING) as usize));
        let is_due = u64::from(self.turns) * self.packets <= self.flooded * u64::from(all);
        if let Some(turn) = turn.filter(|_| is_due) {
            let step = self.step.unwrap_or(turn.start);
            living(client, step, &mut self.frame);
            self.step = Some(step + 1).filter(|next| turn.contains(next));
            self.turns += u32::from(self.step.is_none());
        } else if self.flooded < self.packets {
            (self.attack)(self.flooded, &mut self.frame);
            self.flooded += 1;
        } else {
            return Ok(Next::End);
        }
        self.number += 1;
        self.octets += self.frame.octets.len() as u64;
        Ok(Next::Packet(Packet {
            number: self.number,
            at: Timestamp::from_nanos(self.frame.at),
            link: LinkType(101), // LINKTYPE_RAW
            interface: 0,
            len: self.frame.octets.len() as u32,
            direction: None,
            bytes: &self.frame.octets,
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

/// What a flood came to.
struct Damage {
    outcome: Outcome,
    /// CPU time, picoseconds: of a packet, of an octet of packets, of one of payload.
    costs: [u64; 3],
}

/// CPU time of this thread, nanoseconds.
fn cpu() -> u64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("scheduler statistics");
    let first = text.split_whitespace().next().expect("a number");
    first.parse().expect("a number")
}

/// What this process takes now, octets.
fn resident() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").expect("memory statistics");
    let pages = text.split_whitespace().nth(1).expect("a number");
    pages.parse::<u64>().expect("a number") * 4_096
}

fn endure(packets: u64, attack: impl FnMut(u64, &mut Frame) + Send) -> Damage {
    let mut source = Flood::new(packets, attack);
    let (mut whole, mut evicted) = (0, 0);
    let options = Options { by: By::ALL.to_vec(), ..Options::default() };
    let begun = cpu();
    let outcome = pipeline::run::<Error>(&mut source, options, |record| {
        match record {
            Record::Exchange(_, exchange) => {
                let lives = exchange.client.to_string().starts_with("10.1.");
                let messages = [exchange.request.as_deref(), exchange.response.as_deref()];
                whole += u64::from(
                    lives && messages.iter().all(|one| one.is_some_and(|one| one.complete())),
                );
            }
            Record::Connection(connection) => {
                evicted += u64::from(connection.ending == Ending::Evicted);
            }
            _ => {}
        }
        Ok(ControlFlow::Continue(()))
    });
    let spent = (cpu() - begun) * 1_000;
    let octets = [packets, source.octets, source.frame.payload];
    let costs = octets.map(|count| spent.checked_div(count).unwrap_or_default());
    let outcome = outcome.expect("packets that are made");
    let summary = &outcome.summary;
    assert!(summary.balances() && summary.ledger.balances(), "{:?}", summary.ledger);
    assert_eq!(summary.ledger.holding, 0);
    assert_eq!(whole, u64::from(LIVING) * 3, "exchanges that lived");
    assert!(evicted <= summary.population.evicted);
    assert!(
        summary.population.memory <= limits::MEMORY / 2 + (8 << 20),
        "{}",
        summary.population.memory
    );
    Damage { outcome, costs }
}

/// A plain capture: four packets an exchange, on connections of fifty.
fn plain(nth: u64, frame: &mut Frame) {
    let (connection, place) = (nth / 203, (nth % 203) as u32);
    plain_on(((0x0a02_0000 + (connection % 60_000) as u32, 50_000), SERVER), place, frame);
}

/// The same of a hundred clients for ever, each of whose connections ends before its next begins.
fn steady(nth: u64, frame: &mut Frame) {
    let (connection, place) = (nth / 205, (nth % 205) as u32);
    let (client, port) = (connection % 100, 1_024 + connection / 100 % 60_000);
    plain_on(((0x0a02_0000 + client as u32, port as u16), SERVER), place, frame);
}

/// The packet with this place of a connection of fifty exchanges.
fn plain_on(ports: ((u32, u16), (u32, u16)), place: u32, frame: &mut Frame) {
    const REQUEST: &[u8] = b"GET /index.html HTTP/1.1\r\nHost: plain\r\nAccept: */*\r\n\r\n";
    const RESPONSE: &[u8] =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\nhello, world";
    let turns = place.saturating_sub(3);
    let (asked, told) = (REQUEST.len() as u32, RESPONSE.len() as u32);
    let exchange = turns / 4;
    let (client, server) = (1_001 + exchange * asked, 5_001 + exchange * told);
    let (of_client, flags, sequence, acknowledges, payload) = match place {
        0 => (true, SYN, 1_000, 0, &b""[..]),
        1 => (false, SYN | ACK, 5_000, 1_001, &b""[..]),
        2 => (true, ACK, 1_001, 5_001, &b""[..]),
        203 => (true, FIN | ACK, client, server, &b""[..]),
        204 => (false, FIN | ACK, server, client + 1, &b""[..]),
        _ => match turns % 4 {
            0 => (true, ACK, client, server, REQUEST),
            1 => (false, ACK, server, client + asked, &b""[..]),
            2 => (false, ACK, server, client + asked, RESPONSE),
            _ => (true, ACK, client + asked, server + told, &b""[..]),
        },
    };
    frame.tcp(&Segment { ports, of_client, flags, sequence, acknowledges, payload });
}

fn spread(nth: u64) -> (u32, u16) {
    // A bijection, so that all are different: sixteen million addresses of 100.0.0.0/8 and up.
    let mixed = (nth as u32).wrapping_mul(0x9e37_79b1);
    (0x6400_0000 | mixed >> 8, 1_024 + (mixed & 0xff) as u16)
}

/// A SYN, each from another port.
fn syn(nth: u64, frame: &mut Frame) {
    frame.tcp(&Segment {
        ports: (spread(nth), SERVER),
        of_client: true,
        flags: SYN,
        sequence: nth as u32,
        acknowledges: 0,
        payload: b"",
    });
}

/// Pipelined requests that nobody answers, each with a long head.
fn asks_for_ever(nth: u64, frame: &mut Frame) {
    let (connection, place) = ((nth % 200) as u32, (nth / 200) as u32);
    let ports = ((0x6a00_0000 + connection, 2_000), SERVER);
    let mut head = format!("GET /{place:09} HTTP/1.1\r\nHost: a\r\nX: ").into_bytes();
    head.resize(1_396, b'x');
    head.extend_from_slice(b"\r\n\r\n");
    let (of_client, flags, sequence, acknowledges, payload) = match place {
        0 => (true, SYN, 1_000, 0, &b""[..]),
        1 => (false, SYN | ACK, 5_000, 1_001, &b""[..]),
        _ => (true, ACK, 1_001 + (place - 2) * 1_400, 5_001, &head[..]),
    };
    frame.tcp(&Segment { ports, of_client, flags, sequence, acknowledges, payload });
}

/// One of the attacks, at the given number of packets, and how much one may cost.
fn attack(name: &str, packets: u64) -> Damage {
    let filler = vec![b'x'; 1_400];
    match name {
        "plain" => endure(packets, plain),
        "syn_flood" => endure(packets, syn),
        "one_octet_connections" => endure(packets, |nth, frame| {
            let ports = (spread(nth / 4), SERVER);
            let (of_client, flags, sequence, acknowledges, payload) = match nth % 4 {
                0 => (true, SYN, 1_000, 0, &b""[..]),
                1 => (false, SYN | ACK, 5_000, 1_001, &b""[..]),
                2 => (true, ACK, 1_001, 5_001, &b""[..]),
                _ => (true, ACK, 1_001, 5_001, &b"G"[..]),
            };
            frame.tcp(&Segment { ports, of_client, flags, sequence, acknowledges, payload });
        }),
        // One hole each, and everything behind it.
        "out_of_order" => endure(packets, |nth, frame| {
            let (connection, place) = ((nth % 1_000) as u32, (nth / 1_000) as u32);
            let ports = ((0x6500_0000 + connection, 2_000), SERVER);
            let (of_client, flags, sequence, acknowledges, payload) = match place {
                0 => (true, SYN, 1_000, 0, &b""[..]),
                1 => (false, SYN | ACK, 5_000, 1_001, &b""[..]),
                2 => (true, ACK, 1_001, 5_001, &b""[..]),
                _ => (true, ACK, 1_101 + (place % 700) * 1_400, 5_001, &filler[..]),
            };
            frame.tcp(&Segment { ports, of_client, flags, sequence, acknowledges, payload });
        }),
        "octets_behind_a_hole" => endure(packets, |nth, frame| {
            let (connection, place) = ((nth % 1_000) as u32, (nth / 1_000) as u32);
            let ports = ((0x6600_0000 + connection, 2_000), SERVER);
            let (of_client, flags, sequence, acknowledges, payload) = match place {
                0 => (true, SYN, 1_000, 0, &b""[..]),
                1 => (false, SYN | ACK, 5_000, 1_001, &b""[..]),
                2 => (true, ACK, 1_001, 5_001, &b""[..]),
                _ => (true, ACK, 1_101 + (place % 30_000) * 2, 5_001, &b"x"[..]),
            };
            frame.tcp(&Segment { ports, of_client, flags, sequence, acknowledges, payload });
        }),
        "fragments" => endure(packets, |nth, frame| {
            let payload = &filler[..8 + (nth % 100) as usize * 8];
            // More fragments follow; the first one never comes.
            let (from, _) = spread(nth / 3);
            let offset = 1 + (nth % 3) as u16 * 200;
            frame.ip(from, SERVER.0, 6, (nth as u16, 0x2000 | offset), payload);
        }),
        "chunks" => {
            let chunks = b"1;a=b\r\nx\r\n".repeat(140);
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            endure(packets, move |nth, frame| {
                let ports = ((0x6700_0001, 2_000), SERVER);
                let request = b"GET / HTTP/1.1\r\nHost: chunks\r\n\r\n";
                let (of_client, flags, sequence, acknowledges, payload) = match nth {
                    0 => (true, SYN, 1_000, 0, &b""[..]),
                    1 => (false, SYN | ACK, 5_000, 1_001, &b""[..]),
                    2 => (true, ACK, 1_001, 5_001, &request[..]),
                    3 => (false, ACK, 5_001, 1_001 + request.len() as u32, &head[..]),
                    _ => {
                        let behind = 5_001 + head.len() as u32;
                        let sequence = behind
                            .wrapping_add(((nth - 4) as u32).wrapping_mul(chunks.len() as u32));
                        (false, ACK, sequence, 1_001 + request.len() as u32, &chunks[..])
                    }
                };
                frame.tcp(&Segment { ports, of_client, flags, sequence, acknowledges, payload });
            })
        }
        // Heads that never end, on many connections at a time.
        "heads" => endure(packets, |nth, frame| {
            let (connection, place) = ((nth / 60) as u32, (nth % 60) as u32);
            let ports = ((0x6800_0000 + connection, 2_000), SERVER);
            let mut lines = b"GET / HTTP/1.1\r\n".repeat(usize::from(place == 2));
            while lines.len() < 1_300 {
                lines.extend_from_slice(format!("X-{}: {place}\r\n", lines.len()).as_bytes());
            }
            lines.resize(1_400, b'\n');
            lines[1_399 - 100..].fill(b'y');
            let (of_client, flags, sequence, acknowledges, payload) = match place {
                0 => (true, SYN, 1_000, 0, &b""[..]),
                1 => (false, SYN | ACK, 5_000, 1_001, &b""[..]),
                _ => (true, ACK, 1_001 + (place - 2) * 1_400, 5_001, &lines[..]),
            };
            frame.tcp(&Segment { ports, of_client, flags, sequence, acknowledges, payload });
        }),
        // Octet by octet, as Slowloris does.
        "slow_heads" => endure(packets, |nth, frame| {
            let clients = 20_000;
            let (connection, place) = ((nth % clients) as u32, (nth / clients) as u32);
            let ports = ((0x6900_0000 + connection, 2_000), SERVER);
            let (of_client, flags, sequence, acknowledges, payload) = match place {
                0 => (true, SYN, 1_000, 0, &b""[..]),
                1 => (false, SYN | ACK, 5_000, 1_001, &b""[..]),
                2 => (true, ACK, 1_001, 5_001, &b"GET / HTTP/1.1\r\nHost: slow\r\nX-"[..]),
                _ => (true, ACK, 1_031 + place - 3, 5_001, &b"y"[..]),
            };
            frame.tcp(&Segment { ports, of_client, flags, sequence, acknowledges, payload });
        }),
        // Heads that come to their end, octet by octet.
        "octet_heads" => {
            let mut head = b"GET / HTTP/1.1\r\nHost: octets\r\n".to_vec();
            while head.len() < 64_000 {
                head.extend_from_slice(b"X-Field: some value\r\n");
            }
            head.extend_from_slice(b"\r\n");
            endure(packets, move |nth, frame| {
                let all = head.len() as u64 + 3;
                let (connection, place) = ((nth / all) as u32, (nth % all) as u32);
                let ports = ((0x6b00_0000 + connection, 2_000), SERVER);
                let (of_client, flags, sequence, acknowledges, payload) = match place {
                    0 => (true, SYN, 1_000, 0, &b""[..]),
                    1 => (false, SYN | ACK, 5_000, 1_001, &b""[..]),
                    2 => (true, ACK, 1_001, 5_001, &b""[..]),
                    _ => (true, ACK, 998 + place, 5_001, &head[place as usize - 3..][..1]),
                };
                frame.tcp(&Segment { ports, of_client, flags, sequence, acknowledges, payload });
            })
        }
        "unanswered" => endure(packets, asks_for_ever),
        // Nothing odd, for as long as somebody has patience.
        "soak" => {
            let (packets, mut settled) = (packets.max(SOAK), 0);
            endure(packets, move |nth, frame| {
                frame.at += (SOAK_LASTS / packets) as i64;
                steady(nth, frame);
                if nth == packets / 2 {
                    settled = resident();
                }
                if nth == packets - 1 {
                    let more = resident().saturating_sub(settled);
                    println!("soak: {settled} octets, {more} more after {} packets", packets / 2);
                    assert!(more <= soaked(packets / 2), "{more} more in {} packets", packets / 2);
                }
            })
        }
        // Every request another client, host, path, program and status.
        "labels" => endure(packets, |nth, frame| {
            let (connection, place) = (nth / 4, nth % 4);
            let client = (spread(connection), (0xc633_6400 | connection as u32 & 0xff, 80));
            let request = format!(
                "GET /p{connection}/{connection} HTTP/1.1\r\nHost: h{connection}.example\r\n\
                 User-Agent: a{connection}\r\nReferer: http://r{connection}/\r\n\r\n"
            );
            let response = format!(
                "HTTP/1.1 {} X\r\nContent-Length: 0\r\nServer: s{connection}\r\n\r\n",
                100 + 200 + connection % 300
            );
            let asked = 1_001 + request.len() as u32;
            let (of_client, flags, sequence, acknowledges, payload) = match place {
                0 => (true, SYN, 1_000, 0, &b""[..]),
                1 => (false, SYN | ACK, 5_000, 1_001, &b""[..]),
                2 => (true, ACK, 1_001, 5_001, request.as_bytes()),
                _ => (false, ACK | FIN, 5_001, asked, response.as_bytes()),
            };
            frame.tcp(&Segment {
                ports: client,
                of_client,
                flags,
                sequence,
                acknowledges,
                payload,
            });
        }),
        other => panic!("there is no attack {other}"),
    }
}

/// What this process takes at most, octets.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("the state of this process");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("the peak");
    let kilo: u64 = line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).expect("kB");
    kilo * 1_024
}

/// Runs an attack in a process of its own. `times`: how much a packet may cost, against a plain one;
/// `at_length`: the same in a long one.
/// `of_payload`: how much an octet of payload may cost, where the flood is made of payload.
fn survives(name: &str, times: u64, at_length: Option<u64>, of_payload: Option<u64>) {
    let packets =
        std::env::var("HTTPWHY_FLOOD").ok().map_or(FEW, |text| text.parse().expect("a number"));
    let times = at_length.filter(|_| packets >= LONG).unwrap_or(times);
    if std::env::var("HTTPWHY_ATTACK").is_ok_and(|attack| attack == name) {
        let found = attack(name, packets);
        let summary = &found.outcome.summary;
        // The plain capture last, so that its memory is not that of the attack.
        let peak = peak();
        let plain = attack("plain", FEW.min(packets)).costs;
        let against = |which: usize| found.costs[which] as f64 / plain[which] as f64;
        println!(
            "{name}: {packets} packets, {} ns each (plain {}), an octet {:.1} times, one of payload \
             {:.1} times, {} MiB, connections {} MiB, evicted {}, forgotten {:?}",
            found.costs[0] / 1_000,
            plain[0] / 1_000,
            against(1),
            against(2),
            peak >> 20,
            summary.population.memory >> 20,
            summary.population.evicted,
            found.outcome.statistics.forgotten
        );
        assert!(peak <= limits::MEMORY + BESIDE, "{name} took {} MiB", peak >> 20);
        let bounds = [Some(times), Some(OCTET_TIMES), of_payload];
        for (which, bound) in bounds.iter().enumerate() {
            let Some(times) = bound else { continue };
            assert!(
                found.costs[which] <= times * plain[which],
                "{name}: {:?} ps a packet, an octet, one of payload; plain {plain:?}",
                found.costs
            );
        }
        return;
    }
    let own = std::env::current_exe().expect("this test");
    let mut child = Command::new(own);
    child.args([name, "--exact", "--nocapture"]).env("HTTPWHY_ATTACK", name);
    let begun = std::time::Instant::now();
    let output = child.output().expect("a process");
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{}", text.lines().find(|line| line.starts_with(name)).unwrap_or_default());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    assert!(begun.elapsed() < Time::from_secs(60 + packets / 1_000), "{:?}", begun.elapsed());
}

/// Where memory runs out, who has to go depends on the packets alone.
#[test]
fn at_a_limit_threads_change_nothing() {
    let told = |threads: usize| {
        let mut lines = Vec::new();
        let mut source = Flood::new(30_000, asks_for_ever);
        let count = NonZeroUsize::new(threads).expect("a thread");
        let options = Options {
            threads: Threads::up_to(count),
            memory: Some(limits::MEMORY_LEAST),
            ..Options::default()
        };
        let outcome = pipeline::run::<Error>(&mut source, options, |record| {
            lines.push(match record {
                Record::Exchange(id, exchange) => {
                    format!(
                        "{id} {} {} {:?}",
                        exchange.connection, exchange.nth, exchange.unanswered
                    )
                }
                Record::Connection(connection) => {
                    format!("{} {:?}", connection.id, connection.ending)
                }
                _ => String::new(),
            });
            Ok(ControlFlow::Continue(()))
        });
        let population = outcome.expect("packets that are made").summary.population;
        assert!(population.evicted > 100, "{population:?}");
        assert!(population.memory <= limits::MEMORY_LEAST / 2 + (1 << 20), "{population:?}");
        (lines, population)
    };
    let one = told(1);
    assert!(one == told(2) && one == told(4));
}

/// Whoever floods does not thereby hide why something else failed: what was given up unanswered displaces
/// nothing that diagnosis looks back at.
#[test]
fn syns_that_are_given_up_displace_no_evidence() {
    let mut source = Flood::new(30_000, syn);
    let options = Options {
        threads: Threads::up_to(NonZeroUsize::MIN),
        memory: Some(limits::MEMORY_LEAST),
        ..Options::default()
    };
    let run = pipeline::run::<Error>(&mut source, options, |_| Ok(ControlFlow::Continue(())));
    let outcome = run.expect("packets that are made");
    let evicted = outcome.summary.population.evicted;
    assert!(evicted > 20_000, "{evicted}");
    assert_eq!(outcome.statistics.forgotten.evidence, 0);
}

macro_rules! attacks {
    ($($(#[$note:meta])* $name:ident at $times:literal $(, at length $at_length:literal)?
        $(, payload at $of_payload:literal)?;)*) => {
        $($(#[$note])* #[test] fn $name() {
            let first = |times: &[u64]| times.first().copied();
            survives(stringify!($name), $times, first(&[$($at_length)?]), first(&[$($of_payload)?]));
        })*
    };
}

attacks! {
    /// Case 80. In the long run at least half as many packets a second as without it.
    syn_flood at 10, at length 2;
    /// Case 81.
    one_octet_connections at 4;
    /// Case 82.
    out_of_order at 8, payload at 20;
    /// Case 83.
    octets_behind_a_hole at 8;
    /// Case 50.
    fragments at 4;
    /// Case 63.
    chunks at 20, payload at 20;
    /// Case 60.
    heads at 20, payload at 20;
    /// Case 75.
    slow_heads at 4;
    /// Case 58.
    octet_heads at 4, payload at 20;
    /// Case 65.
    unanswered at 20, payload at 20;
    /// Case 86.
    labels at 20, payload at 20;
    /// Case 87.
    soak at 10;
}
