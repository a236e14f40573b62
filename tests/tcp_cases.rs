//! TCP as it really comes: handshakes out of order, forged closes, reused ports, probes, holes and
//! storms. Every case has the number of the list that the project was planned by; what cutting,
//! mixing and doubling must not change is in `segmentation`.

mod support;

use std::time::Instant;

use httpwhy::engine::Shard;
use httpwhy::flow::{self, End, Ending, Mark, Table};
use httpwhy::http::{
    self, ConnectionReader, Event, Exchange, MessageEnd, Output, Pairing, Unanswered,
};
use httpwhy::limits;
use httpwhy::units::{Duration, Timestamp};
use httpwhy::wire::{Endpoint, Ends, Flags};
use support::core::{self, Told};
use support::packets::{self, Segment, Stacks};
use support::random::Random;
use support::script::{Connection, Script, Side};
use support::transform;

use Side::{Client, Server};

const ACK: u8 = Flags::ACK;
const SYN: u8 = Flags::SYN;
const FIN: u8 = Flags::FIN | Flags::ACK;
const RST: u8 = Flags::RST;
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

fn get(nth: usize) -> Vec<u8> {
    format!("GET /{nth} HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes()
}

/// Segments written one by one. Sequence numbers count from each side's SYN, which is 0.
#[derive(Clone)]
struct Tape {
    segments: Vec<Segment>,
    ends: [Endpoint; 2],
    initial: [u32; 2],
    /// What each side has sent, the SYN included.
    sent: [u32; 2],
    at: Timestamp,
    step: Duration,
    window: u16,
}

fn index(side: Side) -> usize {
    match side {
        Client => 0,
        Server => 1,
    }
}

impl Tape {
    /// Nothing yet.
    fn new() -> Self {
        Self {
            segments: Vec::new(),
            ends: [Endpoint::v4([10, 1, 0, 1], 40_000), Endpoint::v4([192, 0, 2, 10], 80)],
            initial: [1_000, 0x9000_0000],
            sent: [0, 0],
            at: Timestamp::from_nanos(1_767_225_600_000_000_000),
            step: Duration::from_millis(1),
            window: 60_000,
        }
    }

    /// Behind a handshake.
    fn open() -> Self {
        Self::new().raw(Client, SYN, 0, 0, b"").raw(Server, SYN | ACK, 0, 1, b"").greeted()
    }

    /// The same from another client.
    fn from(client: [u8; 4]) -> Self {
        let mut tape = Self::new();
        tape.ends[0] = Endpoint::v4(client, 40_000);
        tape.handshake()
    }

    fn greeted(mut self) -> Self {
        self.sent = [1, 1];
        self.raw(Client, ACK, 1, 1, b"")
    }

    /// Without one: the capture begins inside.
    fn midstream() -> Self {
        let mut tape = Self::new();
        tape.sent = [1, 1];
        tape
    }

    /// Any segment.
    fn raw(
        mut self,
        side: Side,
        flags: u8,
        sequence: u32,
        acknowledges: u32,
        payload: &[u8],
    ) -> Self {
        let (own, other) = (index(side), index(side.other()));
        self.at = self.at.plus(self.step);
        let acknowledgement = match flags & ACK {
            0 => 0,
            _ => self.initial[other].wrapping_add(acknowledges),
        };
        self.segments.push(Segment {
            at: self.at,
            connection: 0,
            side,
            ends: Ends { source: self.ends[own], destination: self.ends[other] },
            sequence: self.initial[own].wrapping_add(sequence),
            acknowledgement,
            flags: Flags(flags),
            window: self.window,
            urgent: 0,
            options: Vec::new(),
            payload: payload.to_vec(),
            cut: 0,
            identification: self.segments.len() as u16,
            ttl: 64,
        });
        self
    }

    /// The next octets of one side.
    fn say(mut self, side: Side, octets: &[u8]) -> Self {
        let (own, other) = (self.sent[index(side)], self.sent[index(side.other())]);
        self.sent[index(side)] += octets.len() as u32;
        self.raw(side, ACK, own, other, octets)
    }

    /// One side sends so many octets that the capture loses.
    fn lose(mut self, side: Side, octets: usize) -> Self {
        self.sent[index(side)] += octets as u32;
        self
    }

    fn acknowledge(self, side: Side) -> Self {
        self.say(side, b"")
    }

    fn fin(mut self, side: Side) -> Self {
        let (own, other) = (self.sent[index(side)], self.sent[index(side.other())]);
        self.sent[index(side)] += 1;
        self.raw(side, FIN, own, other, b"")
    }

    fn exchange(self, nth: usize) -> Self {
        self.say(Client, &get(nth)).say(Server, OK)
    }

    fn closed(self) -> Self {
        self.fin(Server).fin(Client).acknowledge(Server)
    }

    fn wait(mut self, time: Duration) -> Self {
        self.at = self.at.plus(time);
        self
    }

    /// Where a side stands.
    fn next(&self, side: Side) -> u32 {
        self.sent[index(side)]
    }

    /// The same ports again, with other numbers.
    fn again(mut self, client: u32, server: u32) -> Self {
        self.initial = [client, server];
        self.sent = [0, 0];
        self
    }

    fn handshake(self) -> Self {
        self.raw(Client, SYN, 0, 0, b"").raw(Server, SYN | ACK, 0, 1, b"").greeted()
    }

    fn tell(&self) -> Told {
        core::tell(&self.segments)
    }
}

fn endings(told: &Told) -> Vec<Ending> {
    told.connections.iter().map(|connection| connection.ending).collect()
}

#[track_caller]
fn assert_whole(told: &Told, lines: &[&str]) {
    assert_eq!(told.lines(), lines);
    for exchange in &told.exchanges {
        let whole = |message: Option<&httpwhy::http::Message>| {
            message.is_some_and(httpwhy::http::Message::complete)
        };
        assert!(
            whole(exchange.request.as_deref()) && whole(exchange.response.as_deref()),
            "{exchange:?}"
        );
    }
}

const ONE: &[&str] = &["GET /1 200"];
const TWO: &[&str] = &["GET /1 200", "GET /2 200"];

// --- an end before the first octet ---

#[test]
fn a_request_behind_the_end_of_a_server_that_had_said_nothing_is_reported() {
    // The server closes an idle connection; the request crosses its FIN and is answered by a RST.
    let closed = Tape::open().fin(Server).say(Client, &get(1)).raw(Server, RST, 2, 0, b"").tell();
    assert_eq!(closed.lines(), ["GET /1 -"]);
    let only = closed.only();
    assert_eq!(only.unanswered, Some(Unanswered::Ended(End::Fin)), "{only:?}");
    // The capture begins with the request, which is answered by a RST.
    let reset = Tape::midstream().say(Client, &get(2)).raw(Server, RST | ACK, 1, 30, b"").tell();
    assert_eq!(reset.lines(), ["GET /2 -"]);
    let why = reset.only().unanswered;
    assert_eq!(why, Some(Unanswered::Ended(End::Reset(flow::Side::Server))), "{:?}", reset.only());
}

#[test]
fn a_syn_ack_that_comes_behind_everything_begins_nothing() {
    // The client's SYN and ACK, both FINs, the response, the request, and then the SYN-ACK.
    let (asked, answered) = (get(1), OK);
    let (question, answer) = (1 + asked.len() as u32, 1 + answered.len() as u32);
    let told = Tape::new()
        .raw(Client, SYN, 0, 0, b"")
        .raw(Client, ACK, 1, 1, b"")
        .raw(Client, FIN, question, answer + 1, b"")
        .raw(Server, FIN, answer, question, b"")
        .raw(Server, ACK, 1, question, answered)
        .raw(Client, ACK, 1, 1, &asked)
        .raw(Server, SYN | ACK, 0, 1, b"")
        .raw(Server, ACK, 1, question, answered)
        .tell();
    assert_whole(&told, ONE);
    assert_eq!(told.connections.len(), 1);
}

#[test]
fn segments_sent_again_as_one_before_the_handshake_was_captured_pair_as_they_were_asked() {
    // The client had sent its second request behind the first response, and then both again in one
    // segment, which acknowledges that response; it is captured in front of everything but the SYN.
    let (both, answers) = ([get(1), get(2)].concat(), [OK, OK].concat());
    let told = Tape::new()
        .raw(Client, SYN, 0, 0, b"")
        .raw(Client, ACK, 1, 1 + OK.len() as u32, &both)
        .raw(Server, ACK, 1, 1 + both.len() as u32, &answers)
        .raw(Server, SYN | ACK, 0, 1, b"")
        .tell();
    assert_whole(&told, TWO);
}

// --- overlap, conflict, window ----------------------------------------------------------------

#[test]
fn case_4_and_5_what_is_sent_again_is_counted_and_what_is_new_in_it_is_read_once() {
    let (request, end) = (get(1), 1 + get(1).len() as u32);
    let tape = Tape::open().say(Client, &request[..10]);
    // The same again; then from the same place on, with all that follows.
    let told = tape
        .raw(Client, ACK, 1, 1, &request[..10])
        .raw(Client, ACK, 1, 1, &request)
        .raw(Server, ACK, 1, end, OK)
        .tell();
    assert_whole(&told, ONE);
    let health = &told.connections[0].health;
    assert_eq!((health.retransmissions, health.conflicts), ([2, 0], [0, 0]));
    assert_eq!(told.ledger.repeated, 20);
}

#[test]
fn case_7_of_all_pairs_of_copies_the_first_of_each_octet_is_read() {
    // Six octets of a value; the capture has them as A from here to there, then as B, then all as dots,
    // with what stands in front of them before, between or behind the two.
    let (front, value, end) = (b"GET / HTTP/1.1\r\nX: ", [b'.'; 6], b"\r\n\r\n");
    let whole = [&front[..], &value, end].concat();
    let begin = 1 + front.len() as u32;
    let ranges = || (0..6_usize).flat_map(|from| (from + 1..=6).map(move |to| from..to));
    for (a, b) in ranges().flat_map(|a| ranges().map(move |b| (a.clone(), b))) {
        for (initial, place) in [1_000, u32::MAX - begin - 2]
            .into_iter()
            .flat_map(|initial| (0..3).map(move |place| (initial, place)))
        {
            let mut tape = Tape::new();
            tape.initial[0] = initial;
            tape = tape.raw(Client, SYN, 0, 0, b"").raw(Server, SYN | ACK, 0, 1, b"").greeted();
            for (nth, (range, octet)) in [(&a, b'A'), (&b, b'B')].into_iter().enumerate() {
                if nth == place {
                    tape = tape.raw(Client, ACK, 1, 1, front);
                }
                let copy = vec![octet; range.len()];
                tape = tape.raw(Client, ACK, begin + range.start as u32, 1, &copy);
            }
            let told = tape.raw(Client, ACK, 1, 1, &whole).tell();
            let first = |at| match (a.contains(&at), b.contains(&at)) {
                (true, _) => 'A',
                (_, true) => 'B',
                _ => '.',
            };
            let expected: String = (0..6).map(first).collect();
            let head = &told.exchanges[0].request.as_deref().unwrap().head;
            let found = head.fields().find(|field| field.name_octets == b"X").unwrap();
            let what = format!("{a:?} {b:?} {place} from {initial}");
            assert_eq!(String::from_utf8_lossy(found.value), expected, "{what}");
            // Of what was read already, only how segments began is still known.
            assert!(place < 2 || told.connections[0].health.conflicts[0] > 0, "{what}");
        }
    }
}

#[test]
fn case_7_conflicting_copies_before_delivery_are_counted_and_the_first_wins() {
    let told = Tape::open()
        .say(Client, &get(1))
        .raw(Server, ACK, 1 + 38, 29, b"hello")
        .raw(Server, ACK, 1 + 38, 29, b"HELLO")
        .raw(Server, ACK, 1, 29, &OK[..38])
        .tell();
    assert_whole(&told, ONE);
    assert_eq!(told.connections[0].health.conflicts, [0, 1]);
}

#[test]
fn case_8_a_second_version_behind_the_first_changes_nothing() {
    let other = b"HTTP/1.1 302 Found\r\nLocation: http://x/\r\n\r\n";
    let tape = Tape::open().say(Client, &get(1)).say(Server, OK);
    let told = tape.clone().raw(Server, ACK, 1, 29, other).fin(Server).fin(Client).tell();
    assert_eq!(told.lines(), ONE);
    assert!(told.connections[0].health.retransmissions[1] >= 1);
    assert_eq!(told.connections[0].health.conflicts, [0, 1], "the other version is seen");
    // The same octets again are no conflict, nor are parts of them.
    let told = tape
        .raw(Server, ACK, 1, 29, OK)
        .raw(Server, ACK, 1, 29, &OK[..20])
        .raw(Server, ACK, 11, 29, &OK[10..])
        .closed()
        .tell();
    assert_whole(&told, ONE);
    assert_eq!(told.connections[0].health.conflicts, [0, 0]);
}

/// Octets that were sent in two versions: where, how many, and both.
fn versions(told: &Told) -> Vec<(u64, u64, [&[u8]; 2])> {
    let conflicts = told.connections.iter().flat_map(|connection| &connection.conflicts);
    conflicts
        .map(|conflict| {
            let [earlier, later] = &conflict.versions;
            (conflict.offset, conflict.octets, [&**earlier, &**later])
        })
        .collect()
}

#[test]
fn case_7_both_versions_are_kept_up_to_64_octets() {
    let (length, body) = (b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n", [b'a'; 200]);
    let begin = 1 + length.len() as u32;
    let mut other = body;
    other[50..].fill(b'b');
    let told = Tape::open()
        .say(Client, &get(1))
        .raw(Server, ACK, begin, 29, &body)
        .raw(Server, ACK, begin, 29, &other)
        .raw(Server, ACK, 1, 29, length)
        .tell();
    let offset = length.len() as u64 + 50;
    assert_eq!(versions(&told), [(offset, 150, [&[b'a'; 64][..], &[b'b'; 64]])]);
    let conflict = &told.connections[0].conflicts[0];
    assert_eq!((conflict.side, conflict.mark.packet), (flow::Side::Server, 6));
    // Of many, the first are kept and all are counted.
    let mut tape = Tape::open().say(Client, &get(1)).raw(Server, ACK, begin, 29, &body);
    for octet in b'A'..b'K' {
        tape = tape.raw(Server, ACK, begin, 29, &[octet; 200]);
    }
    let told = tape.raw(Server, ACK, 1, 29, length).tell();
    assert_eq!(versions(&told).len(), limits::CONFLICTS_KEPT);
    assert_eq!(told.connections[0].health.conflicts, [0, 10]);
}

#[test]
fn case_7_what_waits_is_read_in_the_version_that_the_policy_says() {
    // Of the six octets of a content the second to the fifth come as A, then some as B; what is in neither
    // comes as dots, and at last the head in front of them all.
    use flow::Overlap::{Bsd, First, Last, Linux, Solaris};
    let policies = [First, Last, Bsd, Linux, Solaris];
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n";
    let begin = 1 + head.len() as u32;
    for initial in [0, 1_000, u32::MAX - begin, u32::MAX - 3] {
        for (later, expected) in [
            // In front, as long or longer, inside, behind.
            (0..3, ["BAAAA.", "BBBAA.", "BBBAA.", "BBBAA.", "BAAAA."]),
            (0..6, ["BAAAAB", "BBBBBB", "BBBBBB", "BBBBBB", "BBBBBB"]),
            (1..5, [".AAAA.", ".BBBB.", ".AAAA.", ".AAAA.", ".BBBB."]),
            (1..6, [".AAAAB", ".BBBBB", ".AAAAB", ".BBBBB", ".BBBBB"]),
            (2..4, [".AAAA.", ".ABBA.", ".AAAA.", ".AAAA.", ".AAAA."]),
            (3..6, [".AAAAB", ".AABBB", ".AAAAB", ".AAAAB", ".AABBB"]),
        ] {
            let mut tape = Tape::new();
            tape.initial[1] = initial;
            tape = tape.handshake().say(Client, &get(1));
            tape = tape.raw(Server, ACK, begin + 1, 29, b"AAAA");
            tape = tape.raw(Server, ACK, begin + later.start, 29, &b"BBBBBB"[..later.len()]);
            for place in (0..6).filter(|place| !(1..5).contains(place) && !later.contains(place)) {
                tape = tape.raw(Server, ACK, begin + place, 29, b".");
            }
            tape = tape.raw(Server, ACK, 1, 29, head);
            for (overlap, expected) in policies.into_iter().zip(expected) {
                let reassembly = flow::Reassembly { overlap, ..Default::default() };
                let read = body_of(&tape.segments, reassembly);
                assert_eq!(read, expected, "{overlap:?} {later:?} from {initial}");
            }
        }
    }
}

/// The content of the only response, as it is read so.
fn body_of(segments: &[Segment], reassembly: flow::Reassembly) -> String {
    let mut shard = Shard::with_preview(100).with_reassembly(reassembly);
    for (number, segment) in (1..).zip(segments) {
        shard.segment(&segment.as_wire(number));
    }
    shard.finish(Mark { packet: segments.len() as u64, ..Mark::default() });
    assert!(shard.ledger().balances());
    let exchange = shard.events().iter().find_map(|event| match event {
        Event::Exchange(exchange) => Some(exchange),
        _ => None,
    });
    let exchange = exchange.expect("an exchange");
    let response = exchange.response.as_deref().expect("a response");
    String::from_utf8_lossy(&response.preview).into_owned()
}

#[test]
fn case_8_another_version_is_seen_wherever_it_begins() {
    // A forged answer in one segment, and behind it the true one, cut anywhere.
    let forged = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n";
    for cut in 0..12 {
        let told = Tape::open()
            .say(Client, &get(1))
            .say(Server, forged)
            .raw(Server, ACK, 1 + cut as u32, 29, &OK[cut..OK.len().min(forged.len())])
            .fin(Client)
            .tell();
        assert_eq!(told.lines(), ["GET /1 302"]);
        assert_eq!(told.connections[0].health.conflicts, [0, 1], "from {cut}");
        let at = (cut..16).find(|at| forged[*at] != OK[*at]).unwrap();
        let [(offset, octets, [earlier, later])] = versions(&told)[..] else { panic!("{cut}") };
        assert_eq!((offset, octets), (at as u64, 16 - at as u64), "{cut}");
        assert_eq!((earlier, later), (&forged[at..16], &OK[at..16]), "{cut}");
    }
}

#[test]
fn case_8_another_version_with_the_same_beginning_is_seen() {
    // Whoever answers in the server's place says 200 as the server does. One of the two is the longer one.
    let answer = |body: &str| {
        let len = body.len();
        format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n{body}").into_bytes()
    };
    let (forged, real) =
        (answer(&"advertisement ".repeat(30)), answer(&"what was asked for ".repeat(60)));
    for (first, second) in [(&forged, &real), (&real, &forged)] {
        for cut in [0, 20, 200] {
            let told = Tape::open()
                .say(Client, &get(1))
                .say(Server, first)
                .raw(Server, ACK, 1 + cut as u32, 29, &second[cut..])
                .fin(Client)
                .tell();
            let met = first.len() <= second.len() || second.len() > first.len() - 16;
            assert_eq!(told.connections[0].health.conflicts, [0, u32::from(met)], "from {cut}");
            for (at, _, [earlier, later]) in versions(&told) {
                let at = at as usize;
                assert_eq!(earlier, &first[at..][..earlier.len()], "from {cut}");
                assert_eq!(later, &second[at..][..later.len()], "from {cut}");
            }
        }
        // The same again is no other version, cut anywhere.
        for cut in 0..first.len() - 1 {
            let again = [&first[cut..], &first[..first.len() - cut]];
            let tape = Tape::open().say(Client, &get(1)).say(Server, first);
            let tape = tape.raw(Server, ACK, 1 + cut as u32, 29, again[0]);
            let told = tape.raw(Server, ACK, 1, 29, again[1]).fin(Client).tell();
            assert_eq!(told.connections[0].health.conflicts, [0, 0], "from {cut}");
        }
    }
}

#[test]
fn case_8_what_begins_in_front_of_the_capture_is_held_against_the_rest() {
    let tape = Tape::midstream().say(Client, &get(1)).say(Server, OK).exchange(2);
    let again = [b"an earlier body", OK].concat();
    let before = 1_u32.wrapping_sub(15);
    let told = tape.raw(Server, ACK, before, 29, &again).closed().tell();
    assert_eq!(told.lines(), TWO);
    assert_eq!(told.connections[0].health.conflicts, [0, 0]);
}

#[test]
fn case_9_sequence_numbers_may_wrap_anywhere() {
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let script = Script::from(
        Connection::new("10.1.0.1:40000", "192.0.2.10:80")
            .client_says(get(1))
            .server_says(&chunked[..])
            .client_says(get(2))
            .server_says(OK)
            .closed_by(Server),
    );
    let stacks = Stacks { mss: 10, ..Stacks::default() };
    let plain = packets::segments(&script, &stacks);
    for octets in 0..(chunked.len() + OK.len() + 3) as u32 {
        for side in [Client, Server] {
            let wrapped = transform::wrap_inside(&plain, side, octets).unwrap();
            let told = core::tell(&wrapped);
            assert_whole(&told, TWO);
            assert_eq!(endings(&told), [Ending::Closed], "{side:?} {octets}");
            let mixed = transform::reorder(
                &wrapped,
                transform::Overtake::WithinBurst,
                5,
                u64::from(octets),
            );
            assert_whole(&core::tell(&mixed), TWO);
        }
    }
}

#[test]
fn case_10_segments_far_outside_the_window_are_ignored() {
    for distance in [100_000_000, 0x7fff_0000, 0x8000_0000, 0x8000_0001, 0xffff_0000_u32] {
        let tape = Tape::open().say(Client, &get(1));
        let place = tape.next(Server).wrapping_add(distance);
        let told = tape
            .raw(Server, ACK, place, 29, b"HTTP/1.1 500 Forged\r\n\r\n")
            .raw(Client, ACK, distance.wrapping_add(29), 1, b"GET /forged HTTP/1.1\r\n\r\n")
            .say(Server, OK)
            .exchange(2)
            .closed()
            .tell();
        assert_whole(&told, TWO);
        assert_eq!(endings(&told), [Ending::Closed]);
        assert_eq!(told.ledger.missing, 0);
    }
}

#[test]
fn case_11_one_octet_far_ahead_costs_one_octet() {
    let tape = Tape::open();
    let mut shard = Shard::default();
    let far = tape.raw(Server, ACK, 59_000, 1, b"x");
    for (number, segment) in far.segments.iter().enumerate() {
        shard.segment(&segment.as_wire(number as u64 + 1));
    }
    assert_eq!(shard.ledger().holding, 1);
    let told = far.exchange(1).closed().tell();
    assert_whole(&told, ONE);
}

/// Feeds segments and gives the most octets that were held at any time, and the ledger at the end.
fn most_held(segments: &[Segment]) -> (u64, flow::Ledger) {
    let mut shard = Shard::default();
    let mut most = 0;
    let mut last = Mark::default();
    for (number, segment) in segments.iter().enumerate() {
        last = Mark { at: segment.at, packet: number as u64 + 1 };
        shard.segment(&segment.as_wire(last.packet));
        most = most.max(shard.ledger().holding);
    }
    shard.finish(last);
    assert!(shard.ledger().balances() && shard.ledger().holding == 0);
    (most, shard.ledger())
}

#[test]
fn case_82_and_83_what_is_held_behind_a_hole_is_bounded() {
    let mut tape = Tape::open();
    tape.step = Duration::from_nanos(1_000);
    // A window that allows it all.
    tape.window = u16::MAX;
    let (mut large, mut small) = (tape.clone(), tape);
    for nth in 0..2_000u32 {
        large = large.raw(Client, ACK, 10 + nth * 1_400, 1, &[b'x'; 1_400]);
        large = large.raw(Server, ACK, 1, 1, b"");
        small = small.raw(Client, ACK, 10 + nth, 1, b"x");
    }
    let (most, _) = most_held(&large.segments);
    assert!(most <= limits::HELD_OCTETS + 1_400, "{most}");
    let (most, ledger) = most_held(&small.segments);
    assert!(most <= limits::HELD_SEGMENTS as u64 + 1, "{most}");
    assert_eq!(ledger.missing, 9);
}

#[test]
fn case_82_many_connections_hold_a_bounded_amount_together() {
    // Each begins inside, so that its first octets have to wait for where they belong.
    let payload = vec![b'x'; 60_000];
    let mut shard = Shard::default();
    let mut most = 0;
    let mut last = Mark::default();
    for client in 0..4_000u32 {
        let mut tape = Tape::midstream();
        tape.ends[0] = Endpoint::v4([10, 2, (client >> 8) as u8, client as u8], 50_000);
        for segment in tape.say(Client, &payload).segments {
            last = Mark { at: segment.at, packet: last.packet + 1 };
            shard.segment(&segment.as_wire(last.packet));
        }
        most = most.max(shard.ledger().holding);
    }
    assert!(most <= limits::HELD_OCTETS_ALL + 2 * 60_000, "{most}");
    shard.finish(last);
    assert!(shard.ledger().balances());
}

#[test]
fn case_84_a_storm_of_overlaps_costs_little_more_than_order() {
    // Everything waits behind one hole until it is filled, again and again.
    let (mut ordered, mut storm) = (Tape::open(), Tape::open());
    for tape in [&mut ordered, &mut storm] {
        tape.step = Duration::from_nanos(100);
        tape.window = u16::MAX;
    }
    let mut random = Random::new(84);
    let mut base = 1;
    let (mut plain, mut odd) = (Vec::new(), Vec::new());
    while odd.len() < 100_000 {
        let count = 1_000;
        let mut places: Vec<u32> = (1..count).collect();
        for at in (1..places.len()).rev() {
            places.swap(at, random.below(at + 1));
        }
        for place in places {
            odd.push((base + place * 50, 60));
        }
        odd.push((base, 60));
        base += count * 50;
    }
    for nth in 0..odd.len() as u32 {
        plain.push((1 + nth * 50, 50));
    }
    let run = |tape: &Tape, list: &[(u32, usize)]| {
        let text = [b'x'; 100];
        let mut tape = tape.clone();
        for (place, len) in list {
            tape = tape.raw(Client, ACK, *place, 1, &text[..*len]);
        }
        let least = (0..3).map(|_| {
            let begun = Instant::now();
            std::hint::black_box(most_held(&tape.segments));
            begun.elapsed().as_secs_f64()
        });
        least.fold(f64::INFINITY, f64::min)
    };
    let (in_order, in_storm) = (run(&ordered, &plain), run(&storm, &odd));
    assert!(in_storm < in_order * 20.0, "{in_storm} s against {in_order} s");
}

// --- holes ------------------------------------------------------------------------------------

#[test]
fn case_12_an_acknowledged_hole_is_a_gap_of_its_exact_length() {
    for lost in [1, 37, 1_000, 50_000] {
        let response = [&b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n"[..], &[b'x'; 60_000]];
        let (head, body) = (response[0], response[1]);
        let told = Tape::open()
            .say(Client, &get(1))
            .say(Server, head)
            .say(Server, &body[..100])
            .lose(Server, lost)
            .say(Server, &body[100 + lost..])
            .acknowledge(Client)
            .wait(Duration::from_secs(1))
            .exchange(2)
            .closed()
            .tell();
        assert_eq!(told.lines(), TWO);
        let message = told.exchanges[0].response.as_deref().unwrap();
        assert_eq!((message.missing, message.content), (lost as u64, 60_000 - lost as u64));
        assert_eq!(told.connections[0].health.missing, [0, lost as u64]);
        assert_eq!(told.exchanges[1].pairing, Pairing::Ordered);
    }
}

#[test]
fn case_12_a_hole_wider_than_the_window_does_not_end_the_connection() {
    // The capture had a pause; the hosts had none.
    for lost in [70_000, 1_000_000, 100_000_000, 1_500_000_000] {
        let mut tape = Tape::open().exchange(1).say(Client, &get(2)).lose(Server, lost);
        tape = tape.lose(Client, 500).wait(Duration::from_secs(3));
        for nth in 3..=12 {
            tape = tape.exchange(nth).acknowledge(Client);
        }
        let told = tape.closed().tell();
        let lines = told.lines();
        let last: Vec<String> = (7..=12).map(|nth| format!("GET /{nth} 200")).collect();
        assert!(lines.ends_with(&last), "{lost}: {lines:?}");
        assert_eq!(endings(&told), [Ending::Closed], "{lost}");
        for exchange in &told.exchanges {
            let invented = exchange.request.is_none() && exchange.response.is_none();
            assert!(!invented);
        }
    }
}

#[test]
fn case_13_an_acknowledgement_may_be_captured_before_its_data() {
    let mut tape = Tape::open().say(Client, &get(1)).say(Server, OK);
    tape = tape.acknowledge(Client).exchange(2).closed();
    let last = tape.segments.len() - 1;
    for at in 3..last {
        let mut swapped = tape.segments.clone();
        let (one, two) = (swapped[at].at, swapped[at + 1].at);
        swapped.swap(at, at + 1);
        (swapped[at].at, swapped[at + 1].at) = (one, two);
        let told = core::tell(&swapped);
        assert_whole(&told, TWO);
        assert_eq!(told.ledger.missing, 0, "{at}");
    }
}

#[test]
fn case_14_many_segments_or_a_long_wait_end_it_too() {
    let held = |segments: usize, apart: Duration| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n";
        let mut tape = Tape::open().say(Server, head).lose(Server, 1_000);
        tape.step = apart;
        for _ in 0..segments {
            tape = tape.say(Server, b"x");
        }
        let mut shard = Shard::default();
        for (number, segment) in (1..).zip(&transform::one_side(&tape.segments, Server)) {
            shard.segment(&segment.as_wire(number));
        }
        shard.ledger().holding
    };
    let most = limits::BLIND_GAP_SEGMENTS;
    assert_eq!(held(most, Duration::from_nanos(10_000)), most as u64);
    assert_eq!(held(most + 1, Duration::from_nanos(10_000)), 0);
    assert_eq!(held(2, Duration::from_millis(900)), 2);
    assert_eq!(held(4, Duration::from_millis(900)), 0);
}

#[test]
fn case_14_a_hole_without_acknowledgements_is_given_up_in_time() {
    // Only the server was captured.
    let body = vec![b'x'; 500_000];
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n";
    let mut tape = Tape::open();
    tape.step = Duration::from_nanos(10_000);
    let mut tape = tape.say(Server, head).lose(Server, 1_000);
    for piece in body[1_000..].chunks(1_000) {
        tape = tape.say(Server, piece);
    }
    let segments = transform::one_side(&tape.segments, Server);
    let (most, ledger) = most_held(&segments);
    assert_eq!(ledger.missing, 1_000);
    assert!(most <= limits::BLIND_GAP_OCTETS + 2_000, "{most}");
    let told = core::tell(&segments);
    assert_eq!(told.lines(), ["- - 200"]);
    assert_eq!(told.exchanges[0].response.as_deref().unwrap().missing, 1_000);
}

// --- handshakes -------------------------------------------------------------------------------

#[test]
fn case_19_data_on_a_syn_is_read_once() {
    let request = get(1);
    let end = 1 + request.len() as u32;
    let begin = Tape::new().raw(Client, SYN, 0, 0, &request);
    let finish = |mut tape: Tape| {
        tape.sent = [end, 1];
        tape.say(Server, OK).exchange(2).closed().tell()
    };
    let accepted = begin.clone().raw(Server, SYN | ACK, 0, end, b"").raw(Client, ACK, end, 1, b"");
    let refused = begin.clone().raw(Server, SYN | ACK, 0, 1, b"").raw(Client, ACK, 1, 1, &request);
    let again_without = begin
        .clone()
        .wait(Duration::from_secs(1))
        .raw(Client, SYN, 0, 0, b"")
        .raw(Server, SYN | ACK, 0, 1, b"")
        .raw(Client, ACK, 1, 1, &request);
    let again_with = begin
        .clone()
        .wait(Duration::from_secs(1))
        .raw(Client, SYN, 0, 0, &request)
        .raw(Server, SYN | ACK, 0, end, b"");
    let half =
        begin.clone().raw(Server, SYN | ACK, 0, 11, b"").raw(Client, ACK, 11, 1, &request[10..]);
    for tape in [accepted, refused, again_without, again_with, half] {
        let told = finish(tape);
        assert_whole(&told, TWO);
        assert_eq!(told.connections.len(), 1);
    }
    // The server answers on its SYN-ACK.
    let mut tape = begin.raw(Server, SYN | ACK, 0, end, OK);
    tape.sent = [end, 1 + OK.len() as u32];
    assert_whole(&tape.acknowledge(Client).exchange(2).closed().tell(), TWO);
}

#[test]
fn case_20_the_handshake_in_any_order_or_not_at_all() {
    let rest = Tape::open().exchange(1).exchange(2).closed().segments;
    let orders: [&[usize]; 12] = [
        &[0, 1, 2],
        &[0, 2, 1],
        &[1, 0, 2],
        &[1, 2, 0],
        &[2, 0, 1],
        &[2, 1, 0],
        &[0, 1],
        &[1, 0],
        &[0],
        &[1],
        &[2],
        &[],
    ];
    for order in orders {
        let mut segments: Vec<Segment> = order.iter().map(|at| rest[*at].clone()).collect();
        segments.extend_from_slice(&rest[3..]);
        for (nth, segment) in segments.iter_mut().enumerate() {
            segment.at = rest[0].at.plus(Duration::from_nanos(nth as u64 * 100_000));
        }
        let told = core::tell(&segments);
        assert_whole(&told, TWO);
        assert_eq!(told.connections.len(), 1, "{order:?}");
        let connection = &told.connections[0];
        assert_eq!(connection.client, rest[0].ends.source, "{order:?}");
        assert_eq!(connection.ending, Ending::Closed, "{order:?}");
        assert_eq!(connection.handshake.syn.is_some(), order.contains(&0), "{order:?}");
        assert_eq!(connection.handshake.syn_ack.is_some(), order.contains(&1), "{order:?}");
    }
}

#[test]
fn case_20_a_question_sent_again_does_not_move_the_beginning_of_the_answer() {
    // Captured out of order: what the client sends again acknowledges the answer already, and comes
    // before anything else has told where the answer begins.
    let (asked, told) = (get(1).len() as u32, OK.len() as u32);
    let both = [get(1), get(2)].concat();
    let tape = Tape::new()
        .raw(Client, ACK, 1, 1, &get(1))
        .raw(Client, SYN, 0, 0, b"")
        .raw(Server, ACK, 1, 1 + asked, OK)
        .raw(Client, ACK, 1, 1 + told, &both)
        .raw(Server, SYN | ACK, 0, 1, b"")
        .raw(Server, ACK, 1 + told, 1 + both.len() as u32, OK);
    let told = tape.tell();
    assert_whole(&told, TWO);
    assert_eq!(told.connections.len(), 1);
}

#[test]
fn case_20_what_a_question_sent_again_acknowledges_need_not_be_the_beginning() {
    // The same, and the second answer comes before the first.
    const LATER: &[u8] = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    let (asked, told) = (get(1).len() as u32, OK.len() as u32);
    let both = [get(1), get(2)].concat();
    let tape = Tape::new()
        .raw(Client, SYN, 0, 0, b"")
        .raw(Client, ACK, 1, 1 + told, &both)
        .raw(Server, ACK, 1 + told, 1 + both.len() as u32, LATER)
        .raw(Server, ACK, 1, 1 + asked, OK)
        .raw(Server, SYN | ACK, 0, 1, b"")
        .raw(Client, ACK, 1, 1, &get(1));
    let told = tape.tell();
    assert_eq!(told.connections.len(), 1);
    assert_whole(&told, &["GET /1 200", "GET /2 404"]);
}

#[test]
fn case_21_a_capture_may_begin_at_any_octet() {
    let fake = b"GET /fake HTTP/1.1\r\nHost: a\r\n\r\nHTTP/1.1 500 Fake\r\nA: b\r\n\r\n";
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", fake.len());
    let tape = Tape::open()
        .say(Client, &get(1))
        .say(Server, &[head.as_bytes(), fake].concat())
        .say(Client, &get(2))
        .say(Server, OK)
        .closed();
    for (at, segment) in tape.segments.iter().enumerate() {
        for octet in 0..segment.payload.len().max(1) {
            let mut segments = tape.segments[at..].to_vec();
            // The octets in front were in a segment that the capture does not have.
            segments[0].payload.drain(..octet.min(segment.payload.len()));
            segments[0].sequence = segments[0].sequence.wrapping_add(octet as u32);
            let octets = segments[0].payload.trim_ascii_start();
            let begins = |text: &[u8]| octets.starts_with(text);
            let inside_fake = begins(b"HTTP/1.1 500 Fake") || begins(b"GET /fake");
            let told = core::tell(&segments);
            for exchange in &told.exchanges {
                let line = core::line(exchange);
                let told_true = ["GET /1 200", "GET /2 200", "- - 200"].contains(&line.as_str());
                // What begins the capture and looks like a message cannot be told from one.
                assert!(told_true || inside_fake, "{at}.{octet}: {line}");
            }
        }
    }
}

#[test]
fn case_22_several_syn_acks_the_acknowledged_one_counts() {
    for counts in 0..2 {
        let mut tape = Tape::new().raw(Client, SYN, 0, 0, b"");
        let (first, second) = (0x9000_0000, 0x1234_5678);
        for initial in [first, second] {
            tape.initial[1] = initial;
            tape = tape.raw(Server, SYN | ACK, 0, 1, b"");
        }
        tape.initial[1] = [first, second][counts];
        let told = tape.greeted().exchange(1).exchange(2).closed().tell();
        assert_whole(&told, TWO);
        assert_eq!(told.connections.len(), 1);
    }
}

#[test]
fn case_22_both_open_at_once_or_in_four_steps() {
    let simultaneous = Tape::new()
        .raw(Client, SYN, 0, 0, b"")
        .raw(Server, SYN, 0, 0, b"")
        .raw(Client, SYN | ACK, 0, 1, b"")
        .raw(Server, SYN | ACK, 0, 1, b"")
        .greeted();
    let split = Tape::new()
        .raw(Client, SYN, 0, 0, b"")
        .raw(Server, ACK, 0, 1, b"")
        .raw(Server, SYN, 0, 0, b"")
        .raw(Client, SYN | ACK, 0, 1, b"")
        .greeted();
    let split_without_ack = Tape::new()
        .raw(Client, SYN, 0, 0, b"")
        .raw(Server, SYN, 0, 0, b"")
        .raw(Client, SYN | ACK, 0, 1, b"")
        .raw(Server, ACK, 1, 1, b"")
        .greeted();
    for tape in [simultaneous, split, split_without_ack] {
        let told = tape.exchange(1).exchange(2).closed().tell();
        assert_whole(&told, TWO);
        assert_eq!(told.connections.len(), 1);
        assert_eq!(endings(&told), [Ending::Closed]);
    }
}

#[test]
fn case_23_a_half_open_connection_ends_where_the_next_begins() {
    // The server has forgotten it; the client does not know, asks, and is reset.
    let tape = Tape::open().exchange(1).wait(Duration::from_secs(100)).say(Client, &get(2));
    let place = tape.next(Server);
    let told =
        tape.raw(Server, RST, place, 0, b"").again(77, 88).handshake().exchange(3).closed().tell();
    assert_eq!(told.lines(), ["GET /1 200", "GET /2 -", "GET /3 200"]);
    assert_eq!(endings(&told), [Ending::Reset(flow::Side::Server), Ending::Closed]);
    assert_eq!(
        told.exchanges[1].unanswered,
        Some(Unanswered::Ended(End::Reset(flow::Side::Server)))
    );
}

#[test]
fn case_23_what_comes_behind_a_reset_or_a_long_silence_is_another_connection() {
    let live = Tape::open().exchange(1);
    let place = live.next(Server);
    let reset = live.clone().raw(Server, RST, place, 0, b"");
    let by_server = Ending::Reset(flow::Side::Server);
    for (what, tape, ending) in [
        ("reset", reset.clone().wait(Duration::from_secs(2)), by_server),
        ("reset long ago", reset.wait(Duration::from_secs(3_600)), by_server),
        ("silence", live.clone().wait(Duration::from_secs(3_600)), Ending::Idle),
    ] {
        // The handshake of the next was not captured; its numbers have nothing to do with the first.
        let mut next = tape.again(0x7000_0000, 0x1000_0000);
        next.sent = [1, 1];
        let told = next.exchange(2).closed().tell();
        assert_eq!(told.lines(), TWO, "{what}");
        assert_eq!(endings(&told), [ending, Ending::Closed], "{what}");
        let began: Vec<bool> = told.connections.iter().map(|one| one.midstream).collect();
        assert_eq!(began, [false, true], "{what}");
        let nth: Vec<u32> = told.exchanges.iter().map(|one| one.nth).collect();
        assert_eq!(nth, [1, 1], "{what}");
        assert_eq!(told.ledger.missing, 0, "{what}");
    }
    // A client that goes on behind the silence as if nothing had been is read too.
    let told = live.wait(Duration::from_secs(3_600)).exchange(2).closed().tell();
    assert_eq!(told.lines(), TWO);
}

#[test]
fn case_24_ports_are_used_again() {
    let numbers =
        [(77, 88), (1_000 + 500, 0x9000_0000 + 700), (900, 0x8fff_0000), (0xffff_fff0, 5)];
    for (client, server) in numbers {
        let live = Tape::open().exchange(1);
        let reset = {
            let place = live.next(Client);
            live.clone().raw(Client, RST, place, 0, b"")
        };
        let closed = live.clone().closed();
        for (what, tape) in [("live", live), ("reset", reset), ("closed", closed)] {
            let second = tape.again(client, server);
            let full = second.clone().handshake().exchange(2).closed();
            // Of the handshake the SYN-ACK alone, or the SYN alone, was captured.
            let syn_ack = second.clone().raw(Server, SYN | ACK, 0, 1, b"").greeted();
            let mut syn = second.clone().raw(Client, SYN, 0, 0, b"");
            syn.sent = [1, 1];
            for (how, tape) in [
                ("full", full),
                ("SYN-ACK", syn_ack.exchange(2).closed()),
                ("SYN", syn.exchange(2).closed()),
            ] {
                let told = tape.tell();
                let place = format!("{what} {how} {client} {server}");
                assert_eq!(told.lines(), TWO, "{place}");
                let ids: Vec<u64> = told.exchanges.iter().map(|one| one.connection).collect();
                assert_ne!(ids[0], ids[1], "{place}");
                assert_eq!(told.connections.len(), 2, "{place}");
                assert_eq!(told.connections[1].ending, Ending::Closed, "{place}");
                let nth: Vec<u32> = told.exchanges.iter().map(|one| one.nth).collect();
                assert_eq!(nth, [1, 1], "{place}");
            }
        }
    }
}

#[test]
fn case_24_a_forged_syn_ends_nothing() {
    for tape in [Tape::open(), Tape::midstream()] {
        let tape = tape.exchange(1);
        let forged = tape.clone().again(0x5555_5555, 0).raw(Client, SYN, 0, 0, b"");
        let mut tape = Tape { segments: forged.segments, at: forged.at, ..tape };
        // The server tells that it knows better (RFC 5961 section 4).
        tape = tape.acknowledge(Server).exchange(2).closed();
        let told = tape.tell();
        assert_whole(&told, TWO);
        assert_eq!(told.connections.len(), 1);
        assert_eq!(told.connections[0].health.ignored[0], 1);
    }
}

#[test]
fn case_25_a_syn_sent_again_begins_nothing() {
    let told = Tape::new()
        .raw(Client, SYN, 0, 0, b"")
        .wait(Duration::from_secs(1))
        .raw(Client, SYN, 0, 0, b"")
        .raw(Server, SYN | ACK, 0, 1, b"")
        .raw(Server, SYN | ACK, 0, 1, b"")
        .greeted()
        .raw(Server, SYN | ACK, 0, 1, b"")
        .exchange(1)
        .raw(Client, SYN, 0, 0, b"")
        .closed()
        .raw(Client, SYN, 0, 0, b"")
        .tell();
    assert_whole(&told, ONE);
    assert_eq!(told.connections.len(), 1);
    let handshake = told.connections[0].handshake;
    assert!(handshake.syns >= 2);
    assert_eq!(handshake.syn.unwrap().packet, 1);
    assert_eq!(told.exchanges[0].connect.unwrap(), Duration::from_millis(1_004));
}

// --- closes -----------------------------------------------------------------------------------

#[test]
fn case_26_a_fin_ends_what_it_stands_behind() {
    let asked = Tape::open().say(Client, &get(1));
    let body = b"HTTP/1.1 200 OK\r\n\r\nuntil the end";
    let (one, two) = body.split_at(25);
    let (at, ack) = (asked.next(Server), asked.next(Client));
    let (first_end, end) = (at + 25, at + body.len() as u32);
    let with_data =
        asked.clone().raw(Server, ACK, at, ack, one).raw(Server, FIN, first_end, ack, two);
    let in_front = asked
        .clone()
        .raw(Server, FIN, end, ack, b"")
        .raw(Server, ACK, at, ack, one)
        .raw(Server, ACK, first_end, ack, two);
    let with_data_in_front =
        asked.clone().raw(Server, FIN, first_end, ack, two).raw(Server, ACK, at, ack, one);
    let twice = asked
        .clone()
        .raw(Server, ACK, at, ack, body)
        .raw(Server, FIN, end, ack, b"")
        .raw(Server, FIN, end, ack, b"");
    let again_with_data = asked
        .raw(Server, ACK, at, ack, one)
        .raw(Server, FIN, first_end, ack, two)
        .raw(Server, FIN, first_end, ack, two);
    for mut tape in [with_data, in_front, with_data_in_front, twice, again_with_data] {
        tape.sent[1] = end + 1;
        let told = tape.acknowledge(Client).fin(Client).acknowledge(Server).tell();
        assert_whole(&told, ONE);
        let message = told.exchanges[0].response.as_deref().unwrap();
        assert_eq!((message.end, message.content), (Some(MessageEnd::Fin), 13));
        assert_eq!(endings(&told), [Ending::Closed]);
    }
}

#[test]
fn case_27_a_forged_fin_does_not_close() {
    // At the right place, further on, and where the real one will stand later.
    for ahead in [0, 3, 43, 1_000, 59_000] {
        let tape = Tape::open().say(Client, &get(1));
        let place = tape.next(Server) + ahead;
        let told =
            tape.raw(Server, FIN, place, 29, b"").say(Server, OK).exchange(2).closed().tell();
        assert_whole(&told, TWO);
        assert_eq!(endings(&told), [Ending::Closed], "{ahead}");
        assert_eq!(told.connections[0].first_closer, Some(flow::Side::Server));
        let fin = told.connections[0].fin[1].unwrap();
        assert_eq!(fin.packet, 9, "{ahead}: the real one");
    }
}

#[test]
fn case_27_a_forged_rst_does_not_close() {
    for ahead in [1, 1_000, 59_000, 70_000, 0x4000_0000, 0xffff_0000_u32] {
        let tape = Tape::open().exchange(1);
        let (client, server) = (tape.next(Client), tape.next(Server));
        let told = tape
            .raw(Server, RST, server.wrapping_add(ahead), 0, b"")
            .raw(Client, RST, client.wrapping_add(ahead), 0, b"")
            .exchange(2)
            .closed()
            .tell();
        assert_whole(&told, TWO);
        assert_eq!(endings(&told), [Ending::Closed], "{ahead}");
        assert_eq!(told.connections[0].reset, [None, None], "{ahead}");
        assert_eq!(told.connections[0].health.ignored, [1, 1], "{ahead}");
    }
}

#[test]
fn case_28_a_rst_between_request_and_response() {
    for side in [Client, Server] {
        let tape = Tape::open().say(Client, &get(1));
        let place = tape.next(side);
        let told = tape.raw(side, RST | ACK, place, 29, b"").tell();
        assert_eq!(told.lines(), ["GET /1 -"]);
        let by = if side == Client { flow::Side::Client } else { flow::Side::Server };
        assert_eq!(endings(&told), [Ending::Reset(by)]);
        assert_eq!(told.exchanges[0].unanswered, Some(Unanswered::Ended(End::Reset(by))));
        assert!(told.connections[0].reset[index(side)].is_some());
    }
}

#[test]
fn case_29_octets_in_a_rst_are_no_data() {
    let tape = Tape::open().say(Client, &get(1));
    let told = tape.raw(Server, RST | ACK, 1, 29, OK).tell();
    assert_eq!(told.lines(), ["GET /1 -"]);
    assert_eq!(told.ledger.discarded, OK.len() as u64);
}

#[test]
fn a_rst_behind_a_fin() {
    // The client closes with unread octets; everything was said before.
    let tape = Tape::open().exchange(1).fin(Server).fin(Client);
    let (client, server) = (tape.next(Client), tape.next(Server));
    let told = tape.clone().raw(Client, RST, client, 0, b"").tell();
    assert_whole(&told, ONE);
    let told = tape.raw(Server, RST, server, 0, b"").tell();
    assert_whole(&told, ONE);
    // One FIN, then a reset of the other side.
    let tape = Tape::open().exchange(1).fin(Server);
    let client = tape.next(Client);
    let told = tape.raw(Client, RST, client, 0, b"").tell();
    assert_whole(&told, ONE);
    assert_eq!(told.connections[0].first_closer, Some(flow::Side::Server));
}

// --- probes, urgent data ----------------------------------------------------------------------

#[test]
fn case_30_probes_are_never_data() {
    for garbage in [&b"\0"[..], b"G", b""] {
        let tape = Tape::open().exchange(1);
        let (client, server) = (tape.next(Client), tape.next(Server));
        let told = tape
            .raw(Client, ACK, client - 1, server, garbage)
            .raw(Server, ACK, server, client, b"")
            .raw(Server, ACK, server - 1, client, garbage)
            .raw(Client, ACK, client, server, b"")
            .exchange(2)
            .closed()
            .tell();
        assert_whole(&told, TWO);
        assert_eq!(told.connections[0].health.conflicts, [0, 0]);
        let probes = u32::from(!garbage.is_empty());
        assert_eq!(told.connections[0].health.probes, [probes, probes]);
        assert_eq!(told.connections[0].health.retransmissions, [0, 0]);
    }
    // In front of the first octet of a stream, with and without its SYN in the capture.
    for missing in 0..3 {
        let mut tape = Tape::open();
        tape.segments.drain(..missing);
        let told = tape
            .raw(Client, ACK, 0, 1, b"\0")
            .raw(Server, ACK, 0, 1, b"\0")
            .exchange(1)
            .exchange(2)
            .closed()
            .tell();
        assert_whole(&told, TWO);
    }
    // The capture begins with one.
    let told =
        Tape::midstream().raw(Client, ACK, 0, 1, b"\0").exchange(1).exchange(2).closed().tell();
    assert_whole(&told, TWO);
}

#[test]
fn case_30_zero_window_probes() {
    let mut tape = Tape::open().say(Client, &get(1));
    let request_end = tape.next(Client);
    tape = tape.say(Server, &OK[..20]);
    tape.window = 0;
    tape = tape.acknowledge(Client);
    tape.window = 60_000;
    let at = tape.next(Server);
    // The probe carries the next octet, and is refused and repeated.
    for _ in 0..3 {
        tape = tape.raw(Server, ACK, at, request_end, &OK[20..21]);
    }
    tape = tape.say(Server, &OK[20..]);
    let told = tape.exchange(2).closed().tell();
    assert_whole(&told, TWO);
    assert_eq!(told.connections[0].health.zero_windows, [1, 0]);
}

#[test]
fn case_31_urgent_data_stay_in_line_and_are_counted() {
    let mut tape = Tape::open();
    let request = get(1);
    tape = tape.say(Client, &request[..10]);
    tape = tape.say(Client, &request[10..11]);
    let last = tape.segments.len() - 1;
    tape.segments[last].flags = Flags(ACK | Flags::URG);
    tape.segments[last].urgent = 1;
    let told = tape.say(Client, &request[11..]).say(Server, OK).closed().tell();
    assert_whole(&told, ONE);
    assert_eq!(told.connections[0].health.urgent, [1, 0]);
}

/// A request whose target has an octet that nobody is meant to read, in a packet of its own or with others,
/// sent in the order given.
fn with_urgent(octets: &[u8], at: usize, segments: &[(usize, usize)], initial: u32) -> Tape {
    let mut tape = Tape::new();
    tape.initial[0] = initial;
    tape = tape.handshake();
    for (start, end) in segments.iter().copied() {
        tape = tape.raw(Client, ACK, 1 + start as u32, 1, &octets[start..end]);
        // Every segment up to the octet points behind it (RFC 9293 section 3.8.5).
        if let Some(behind) = (at + 1).checked_sub(start).filter(|behind| *behind > 0) {
            let last = tape.segments.last_mut().unwrap();
            last.flags = Flags(ACK | Flags::URG);
            last.urgent = behind as u16;
        }
    }
    tape.sent[0] = octets.len() as u32;
    tape.say(Server, OK).closed()
}

#[test]
fn case_31_urgent_octets_are_taken_out_where_that_is_asked_for() {
    let request = b"GET /malicXious HTTP/1.1\r\nHost: a\r\n\r\n";
    let at = 10;
    assert_eq!(request[at], b'X');
    let all = request.len();
    for initial in [1_000, u32::MAX - 12, u32::MAX - 5] {
        for segments in [
            vec![(0, all)],
            vec![(0, at), (at, at + 1), (at + 1, all)],
            vec![(0, at + 1), (at + 1, all)],
            vec![(0, at), (at, all)],
            vec![(0, 5), (5, at + 2), (at + 2, all)],
            // Before its turn, and twice.
            vec![(at, all), (0, at)],
            vec![(at + 1, all), (at, at + 1), (0, at)],
            vec![(0, at + 1), (0, all)],
            vec![(0, 5), (0, all), (at, all)],
        ] {
            let tape = with_urgent(request, at, &segments, initial);
            let oob = flow::Reassembly { urgent: flow::Urgent::OutOfBand, ..Default::default() };
            for (reassembly, target) in
                [(oob, "GET /malicious 200"), (Default::default(), "GET /malicXious 200")]
            {
                let mut shard = Shard::default().with_reassembly(reassembly);
                for (number, segment) in (1..).zip(&tape.segments) {
                    shard.segment(&segment.as_wire(number));
                }
                shard.finish(Mark { packet: 99, ..Mark::default() });
                let ledger = shard.ledger();
                assert!(ledger.balances(), "{ledger:?}");
                let events = shard.events();
                let lines: Vec<String> = events
                    .iter()
                    .filter_map(|event| match event {
                        Event::Exchange(exchange) => Some(core::line(exchange)),
                        _ => None,
                    })
                    .collect();
                let what = format!("{segments:?} from {initial}, {reassembly:?}");
                assert_eq!(lines, [target], "{what}");
                assert_eq!(ledger.discarded, u64::from(reassembly == oob), "{what}");
                assert_eq!(ledger.missing, 0, "{what}");
                let urgent = events.iter().find_map(|event| match event {
                    Event::Connection(connection) => Some(connection.health.urgent[0]),
                    _ => None,
                });
                assert!(urgent.unwrap() >= 1, "{what}: it is said whatever becomes of it");
            }
        }
    }
}

#[test]
fn case_31_a_storm_of_urgent_pointers_takes_little() {
    // Each points somewhere ahead, and what it points at never comes.
    let mut tape = Tape::open();
    for nth in 0..2_000u32 {
        tape = tape.raw(Client, ACK, 1, 1, b"");
        let last = tape.segments.last_mut().unwrap();
        last.flags = Flags(ACK | Flags::URG);
        last.urgent = 1_000 + nth as u16;
    }
    let oob = flow::Reassembly { urgent: flow::Urgent::OutOfBand, ..Default::default() };
    let mut shard = Shard::default().with_reassembly(oob);
    for (number, segment) in (1..).zip(&tape.say(Client, b"G").segments) {
        shard.segment(&segment.as_wire(number));
    }
    let taken = shard.totals().population.memory;
    assert!(taken < 8_192, "{taken}");
}

// --- time -------------------------------------------------------------------------------------

#[test]
fn case_37_clocks_that_step() {
    let tape = Tape::open().exchange(1).wait(Duration::from_secs(1)).exchange(2).closed();
    let years = 20 * 365 * 86_400_000_000_000i64;
    for at in 0..tape.segments.len() {
        // From here on, or this packet alone, by microseconds or by years, back or ahead.
        for step in [-years, -3_600_000_000_000, -5_000, 5_000, 3_600_000_000_000, years] {
            for alone in [true, false] {
                let mut segments = tape.segments.clone();
                let to = if alone { at + 1 } else { segments.len() };
                for segment in &mut segments[at..to] {
                    segment.at = Timestamp::from_nanos(segment.at.as_nanos() + step);
                }
                let place = format!("{at} {step} {alone}");
                let told = core::tell(&segments);
                let ahead_for_good = !alone && step > 1_000_000_000;
                if !ahead_for_good {
                    assert_whole(&told, TWO);
                    assert_eq!(endings(&told), [Ending::Closed], "{place}");
                }
                // A silence of hours may end a connection, but nothing is lost with it.
                let statuses = told.exchanges.iter().filter(|one| one.status().is_some()).count();
                assert_eq!(statuses, 2, "{place} {:?}", told.lines());
            }
        }
    }
    // Equal stamps everywhere.
    let mut segments = tape.segments;
    let start = segments[0].at;
    segments.iter_mut().for_each(|segment| segment.at = start);
    let told = core::tell(&segments);
    assert_whole(&told, TWO);
    assert_eq!(told.exchanges[1].total_time(), Some(Duration::default()));
}

#[test]
fn case_37_silence_is_measured_in_the_time_of_the_capture() {
    // Something else keeps the clock going.
    let ticking = |tape: Tape, seconds: u64| {
        let mut segments = tape.segments;
        let start = segments.last().unwrap().at;
        let mut other = Tape::open();
        other.ends[0] = Endpoint::v4([10, 9, 9, 9], 9_999);
        for second in 1..=seconds {
            other.at = start.plus(Duration::from_secs(second));
            other = other.raw(Client, ACK, 1, 1, b"");
        }
        segments.extend(other.segments.into_iter().skip(3));
        core::tell(&segments)
    };
    let first = |told: &Told| told.connections.iter().find(|one| one.id == 1).unwrap().ending;
    let idle = Tape::open().exchange(1);
    assert_eq!(first(&ticking(idle.clone(), 299)), Ending::Open);
    assert_eq!(first(&ticking(idle, 302)), Ending::Idle);
    let waiting = Tape::open().say(Client, &get(1));
    assert_eq!(first(&ticking(waiting.clone(), 890)), Ending::Open);
    let told = ticking(waiting, 903);
    assert_eq!(first(&told), Ending::Idle);
    assert_eq!(told.exchanges[0].unanswered, Some(Unanswered::Ended(End::Idle)));
    let unanswered = Tape::new().raw(Client, SYN, 0, 0, b"");
    assert_eq!(first(&ticking(unanswered, 70)), Ending::Unanswered);
}

/// A connection beside one that lives: what is said and when, seconds.
fn beside(living: &Tape, other: &[(i64, Segment)], seconds: i64) -> Told {
    let start = living.segments[0].at.as_nanos();
    let at = |second: i64| Timestamp::from_nanos(start + second * 1_000_000_000);
    let mut segments = living.segments.clone();
    let mut pacemaker = Tape::open();
    pacemaker.ends[0] = Endpoint::v4([10, 9, 9, 9], 9_999);
    let mut other = other.iter().peekable();
    for second in 1..=seconds {
        pacemaker.at = at(second);
        pacemaker = pacemaker.raw(Client, ACK, 1, 1, b"");
        segments.extend(pacemaker.segments.last().cloned());
        while let Some((_, segment)) = other.next_if(|(due, _)| *due <= second) {
            segments.push(segment.clone());
        }
    }
    core::tell(&segments)
}

#[test]
fn case_37_a_packet_of_another_time_stops_no_clock() {
    const YEARS: i64 = 20 * 365 * 86_400;
    let found = |told: &Told, id: u64| {
        told.connections.iter().find(|one| one.id == id).map(|one| one.ending)
    };
    // A connection that waits for its response all the time, and another whose last packet is stamped
    // wrongly: the first is not given up, the second falls silent in time.
    let living = Tape::open().say(Client, &get(1));
    for step in [-YEARS, -3_600, 3_600, YEARS] {
        let stray = Tape::from([10, 1, 0, 2]).exchange(1);
        let mut last = stray.clone().say(Client, &get(2)).say(Server, OK).segments;
        let mut segments = stray.segments;
        let second = 1_000_000_000;
        for segment in segments.iter_mut().chain(&mut last) {
            segment.at = Timestamp::from_nanos(segment.at.as_nanos() + 5 * second);
        }
        let behind = last.len() - 2;
        for segment in &mut last[behind..] {
            segment.at = Timestamp::from_nanos(segment.at.as_nanos() + step * second);
        }
        // One wrong packet, then another five seconds later: neither is believed.
        let mut other: Vec<(i64, Segment)> =
            segments.into_iter().map(|segment| (5, segment)).collect();
        other.push((6, last[behind].clone()));
        other.push((11, last[behind + 1].clone()));
        let told = beside(&living, &other, 250);
        assert_eq!(found(&told, 1), Some(Ending::Open), "{step}");
        assert_eq!(told.connections.len(), 3, "{step}");
        let open = told.connections.iter().all(|one| one.ending == Ending::Open);
        assert!(open, "{step} {:?}", endings(&told));
        let told = beside(&living, &other, 850);
        assert_eq!(found(&told, 1), Some(Ending::Open), "{step}");
        let silent: Vec<_> =
            told.connections.iter().filter(|one| one.ending == Ending::Idle).collect();
        assert_eq!(silent.len(), 1, "{step}");
        assert_eq!(silent[0].client, stray.ends[0], "{step}");
        let whole = told.exchanges.iter().filter(|one| one.status() == Some(200)).count();
        assert_eq!(whole, 2, "{step} {:?}", told.lines());
        // One that begins at the wrong time lives no longer either.
        let mut first = Tape::new().raw(Client, SYN, 0, 0, b"");
        first.segments[0].ends = Tape::from([10, 1, 0, 3]).segments[0].ends;
        first.segments[0].at =
            Timestamp::from_nanos(first.segments[0].at.as_nanos() + step * second);
        let told = beside(&living, &[(5, first.segments[0].clone())], 200);
        let unanswered = |one: &&http::Connection| one.ending == Ending::Unanswered;
        assert_eq!(told.connections.iter().filter(unanswered).count(), 1, "{step}");
    }
}

// --- snap length ------------------------------------------------------------------------------

#[test]
fn case_40_behind_two_losses_nothing_is_paired_that_does_not_belong_together() {
    // The answer to the second request is lost, and so is the third request: the next answer is not the
    // second one's.
    let told = Tape::open()
        .exchange(1)
        .say(Client, &get(2))
        .lose(Server, OK.len())
        .lose(Client, get(3).len())
        .say(Server, OK)
        .exchange(4)
        .closed()
        .tell();
    let mut lines = told.lines();
    lines.sort();
    assert_eq!(lines, ["- - 200", "GET /1 200", "GET /2 -", "GET /4 200"]);
    // The handshake is lost, and the answer to the first request.
    let told =
        Tape::midstream().say(Client, &get(1)).lose(Server, OK.len()).exchange(2).closed().tell();
    assert_eq!(told.lines(), ["GET /1 -", "GET /2 200"]);
    assert_eq!(told.exchanges[0].unanswered, Some(Unanswered::NotCaptured));
    let told = Tape::midstream().exchange(1).exchange(2).closed().tell();
    assert_whole(&told, TWO);
}

#[test]
fn case_53_payloads_cut_at_any_length() {
    let request = get(1);
    let tape =
        Tape::open().say(Client, &request).say(Server, OK).acknowledge(Client).exchange(2).closed();
    for octets in 0..=OK.len() {
        let told = core::tell(&transform::cut_payloads(&tape.segments, octets));
        let kept = |len: usize| len.min(octets) as u64;
        let cut = 2 * (request.len() as u64 - kept(request.len()));
        let cut_of_server = 2 * (OK.len() as u64 - kept(OK.len()));
        assert_eq!(told.connections[0].health.cut, [cut, cut_of_server], "{octets}");
        assert_eq!(told.connections[0].health.missing, [0, 0], "{octets}");
        assert_eq!(told.ledger.missing, 0);
        // Start lines that are there are told.
        let expected: &[&str] = match octets {
            20.. => TWO,
            _ => &[],
        };
        if octets >= 20 {
            assert_eq!(told.lines(), expected, "{octets}");
        }
        for exchange in &told.exchanges {
            if let Some(message) = &exchange.request {
                assert_eq!(message.complete(), octets >= request.len(), "{octets}");
            }
            if let Some(message) = &exchange.response {
                assert_eq!(message.complete(), octets >= OK.len(), "{octets}");
            }
        }
        assert_eq!(endings(&told), [Ending::Closed], "{octets}");
    }
}

// --- the table --------------------------------------------------------------------------------

#[test]
fn case_75_slow_heads_of_a_hundred_thousand_connections() {
    const CLIENTS: u32 = 100_000;
    const FRONT: &[u8] = b"GET / HTTP/1.1\r\nHost: slow\r\nX-";
    // A front, then an octet every ten seconds, then nothing any more.
    let mut slow = Tape::open().say(Client, FRONT);
    for _ in 0..6 {
        slow = slow.wait(Duration::from_secs(10)).say(Client, b"y");
    }
    let mut shard = Shard::default().with_memory(4 << 30);
    let mut last = Mark::default();
    for segment in &slow.segments {
        for client in 0..CLIENTS {
            let mut segment = segment.clone();
            let [_, b, c, d] = client.to_be_bytes();
            let own = Endpoint::v4([10, b, c, d], 50_000);
            match segment.side {
                Client => segment.ends.source = own,
                Server => segment.ends.destination = own,
            }
            last = Mark { at: segment.at, packet: last.packet + 1 };
            shard.segment(&segment.as_wire(last.packet));
        }
        shard.tick(last);
    }
    let population = shard.totals().population;
    assert_eq!((population.tracked, population.evicted), (u64::from(CLIENTS), 0));
    // What a connection takes that says anything at all, and what it said.
    let each = population.memory / u64::from(CLIENTS);
    assert!(each < 4_096 + 2 * FRONT.len() as u64, "{each} octets each");
    // An hour later all are over, and each is told with what it has said.
    shard.tick(Mark { at: last.at.plus(Duration::from_secs(3_600)), packet: last.packet });
    shard.tick(Mark { at: last.at.plus(Duration::from_secs(3_601)), packet: last.packet });
    assert_eq!(shard.totals().population.tracked, 0);
    let events = shard.events();
    let (mut told, mut over) = (0, 0);
    for event in events.drain(..) {
        match event {
            Event::Exchange(exchange) => {
                let request = exchange.request.as_deref().unwrap();
                assert_eq!((request.head.target(), request.head_whole), (&b"/"[..], false));
                told += 1;
            }
            Event::Connection(connection) => {
                assert_eq!(connection.ending, Ending::Idle);
                over += 1;
            }
            Event::Stray(stray) => panic!("{stray:?}"),
        }
    }
    assert_eq!((told, over), (CLIENTS, CLIENTS));
    // And it has a name, for one of them and for a crowd.
    let found = |segments: &[Segment]| -> Vec<&'static str> {
        support::findings::judge(segments).iter().map(|finding| finding.rule.id).collect()
    };
    assert!(found(&slow.segments).contains(&"slow-request-header"));
    let mut crowd: Vec<Segment> = Vec::new();
    for port in 0..20 {
        let move_to = |end: Endpoint| match end == slow.ends[0] {
            true => Endpoint::v4([10, 1, 0, 1], 50_000 + port),
            false => end,
        };
        crowd.extend(transform::readdress(&slow.segments, move_to));
    }
    crowd.sort_by_key(|segment| segment.at);
    assert!(found(&crowd).contains(&"slowloris-suspected"));
}

#[test]
fn case_80_a_flood_of_syns_takes_no_room_from_the_living() {
    let mut table = Table::<ConnectionReader>::with_limit(1_000);
    let mut out = Output::default();
    let mut number = 0;
    let mut feed = |table: &mut Table<ConnectionReader>, out: &mut Output, segment: &Segment| {
        number += 1;
        table.segment(&segment.as_wire(number), out);
    };
    // Nine in ten of the places are taken by connections that live.
    let living = |client: u32| {
        let mut tape = Tape::new();
        tape.ends[0] = Endpoint::v4([10, 3, (client >> 8) as u8, client as u8], 50_000);
        tape
    };
    for client in 0..900 {
        for segment in living(client).handshake().exchange(1).segments {
            feed(&mut table, &mut out, &segment);
        }
    }
    for flood in 0..100_000u32 {
        let mut tape = Tape::new();
        let [_, b, c, d] = flood.to_be_bytes();
        tape.ends[0] = Endpoint::v4([172, b, c, d], 1_024);
        for segment in tape.raw(Client, SYN, 0, 0, b"").segments {
            feed(&mut table, &mut out, &segment);
        }
    }
    assert!(table.population().most <= 1_000);
    let alive = out.events.iter().all(|event| match event {
        Event::Connection(connection) => connection.ending == Ending::Evicted,
        _ => true,
    });
    assert!(alive);
    for client in 0..900 {
        let before = living(client).handshake().exchange(1);
        let from = before.segments.len();
        for segment in &before.exchange(2).closed().segments[from..] {
            feed(&mut table, &mut out, segment);
        }
    }
    table.finish(Mark::default(), &mut out);
    let second = out.events.iter().filter(|event| match event {
        Event::Exchange(exchange) => exchange.nth == 2 && exchange.status() == Some(200),
        _ => false,
    });
    assert_eq!(second.count(), 900);
    let evicted = out.events.iter().filter(|event| match event {
        Event::Connection(connection) => connection.ending == Ending::Evicted,
        _ => false,
    });
    assert_eq!(evicted.count() as u64, table.population().evicted);
    assert!(table.population().evicted >= 99_900);
}

#[test]
fn case_81_of_connections_that_live_the_least_useful_goes_first() {
    let mut table = Table::<ConnectionReader>::with_limit(100);
    let mut out = Output::default();
    let mut number = 0;
    for client in 0..2_000u32 {
        let mut tape = Tape::new();
        tape.ends[0] = Endpoint::v4([10, 3, (client >> 8) as u8, client as u8], 50_000);
        for segment in tape.handshake().say(Client, &get(1)).segments {
            number += 1;
            table.segment(&segment.as_wire(number), &mut out);
        }
    }
    table.finish(Mark { packet: number, ..Mark::default() }, &mut out);
    assert_eq!(table.population().evicted, 1_900);
    let requests: Vec<&Exchange> = out
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Exchange(exchange) => Some(&**exchange),
            _ => None,
        })
        .collect();
    assert_eq!(requests.len(), 2_000, "what was given up is told as far as it went");
    let given_up = requests
        .iter()
        .filter(|one| one.unanswered == Some(Unanswered::Ended(End::Evicted)))
        .count();
    assert_eq!(given_up, 1_900);
}

#[test]
fn case_81_whoever_waits_outlives_the_idle_wherever_it_stands_in_the_table() {
    // Many small connections that help nobody by going, and among them one that waits; then large ones.
    let memory = 8 << 20;
    let mut table = Table::<ConnectionReader>::with_limits(100_000, memory);
    let mut out = Output::default();
    let mut number = 0;
    let mut feed = |table: &mut Table<ConnectionReader>, out: &mut Output, tape: &Tape| {
        for segment in &tape.segments {
            number += 1;
            table.segment(&segment.as_wire(number), out);
            let mark = Mark { at: segment.at, packet: number };
            table.tick(mark, out);
        }
    };
    let from = |client: u32, at| {
        let mut tape = Tape::new();
        tape.ends[0] = Endpoint::v4([10, 3, (client >> 8) as u8, client as u8], 50_000);
        tape.at = at;
        tape.handshake()
    };
    let start = Tape::new().at;
    let asks = 900;
    let mut slow = Tape::new();
    for client in 0..2_000 {
        let tape = from(client, start).exchange(1);
        feed(&mut table, &mut out, &tape);
        if client == asks {
            slow = tape;
        }
    }
    let behind = start.plus(Duration::from_secs(100));
    slow.segments.clear();
    slow.at = start.plus(Duration::from_secs(50));
    let long = [&b"GET / HTTP/1.1\r\nHost: a\r\nX: "[..], &[b'x'; 30_000], b"\r\n\r\n"].concat();
    feed(&mut table, &mut out, &slow.say(Client, &long));
    let before = table.population().evicted;
    for client in 10_000..11_000 {
        // All but the end of a head: nobody waits for an answer to it.
        let tape = from(client, behind).say(Client, &long[..long.len() - 4]);
        feed(&mut table, &mut out, &tape);
    }
    assert!(table.population().evicted > before + 500, "{:?}", table.population());
    let own = out.events.iter().filter(|event| match event {
        Event::Connection(connection) => {
            connection.client == from(asks, start).ends[0] && connection.ending == Ending::Evicted
        }
        _ => false,
    });
    assert_eq!(own.count(), 0);
}

#[test]
fn case_38_a_hundred_thousand_connections_at_once_are_what_each_is_alone() {
    const CLIENTS: u32 = 100_000;
    let alone = Tape::open().exchange(1).say(Client, &get(2)).say(Server, &OK[..20]);
    let alone = alone.say(Server, &OK[20..]).closed();
    let expected = alone.tell();
    assert_eq!(expected.lines(), TWO);
    // Each is as far as the others: the first packets of all, then the second ones.
    let mut shard = Shard::default().with_memory(4 << 30);
    let mut number = 0;
    for segment in &alone.segments {
        for client in 0..CLIENTS {
            let mut segment = segment.clone();
            let [_, b, c, d] = client.to_be_bytes();
            let own = Endpoint::v4([10, b, c, d], 50_000);
            match segment.side {
                Client => segment.ends.source = own,
                Server => segment.ends.destination = own,
            }
            number += 1;
            shard.segment(&segment.as_wire(number));
        }
    }
    shard.finish(Mark { packet: number, ..Mark::default() });
    assert!(shard.ledger().balances());
    let population = shard.totals().population;
    assert_eq!((population.most, population.evicted), (u64::from(CLIENTS), 0));
    let (mut exchanges, mut connections) = (0, 0);
    for event in shard.events().drain(..) {
        match event {
            Event::Exchange(exchange) => {
                let like = &expected.exchanges[exchange.nth as usize - 1];
                assert_eq!(core::line(&exchange), core::line(like));
                for (one, other) in
                    [(&exchange.request, &like.request), (&exchange.response, &like.response)]
                {
                    let (one, other) = (one.as_deref().unwrap(), other.as_deref().unwrap());
                    assert_eq!(one.head, other.head);
                    assert_eq!((one.content, one.complete()), (other.content, true));
                }
                exchanges += 1;
            }
            Event::Connection(connection) => {
                let like = &expected.connections[0];
                assert_eq!((connection.ending, connection.health), (like.ending, like.health));
                connections += 1;
            }
            Event::Stray(stray) => panic!("{stray:?}"),
        }
    }
    assert_eq!((exchanges, connections), (2 * CLIENTS, CLIENTS));
}

#[test]
fn connections_end_in_time_when_the_clock_steps_back_for_good() {
    // An hour ahead at first, then right: what begins behind the step still ends in time.
    let mut table = Table::<ConnectionReader>::default();
    let mut out = Output::default();
    let start = Tape::open().at;
    let mut number = 0;
    let mut feed = |table: &mut Table<ConnectionReader>, out: &mut Output, tape: &Tape| {
        for segment in &tape.segments {
            number += 1;
            table.tick(Mark { at: segment.at, packet: number }, out);
            table.segment(&segment.as_wire(number), out);
        }
    };
    let mut ahead = Tape::new();
    ahead.at = start.plus(Duration::from_secs(3_600));
    feed(&mut table, &mut out, &ahead.handshake().exchange(1));
    let mut right = Tape::new();
    right.ends[0] = Endpoint::v4([10, 1, 0, 2], 40_000);
    feed(&mut table, &mut out, &right.handshake().exchange(2));
    for second in 0..400 {
        let at = start.plus(Duration::from_secs(second));
        table.tick(Mark { at, packet: 100 + second }, &mut out);
    }
    let over: Vec<Ending> = out
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Connection(connection) => Some(connection.ending),
            _ => None,
        })
        .collect();
    assert_eq!(over, [Ending::Idle]);
    for second in 400..5_000 {
        let at = start.plus(Duration::from_secs(second));
        table.tick(Mark { at, packet: 100 + second }, &mut out);
    }
    assert_eq!(table.population().tracked, 0);
}
