//! The tests' own tools: what they make is what they say, and the same for ever.

// A test binary says by panics and prints what is wrong.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use httpwhy::units::Duration;
use httpwhy::wire::Flags;
use support::exchange::{difference, endpoint};
use support::frames::{Frame, fragmented, frames, snap};
use support::link::{Encapsulation, Link};
use support::packets::{Acknowledge, Segment, Stacks, segments};
use support::random::Random;
use support::script::{Connection, Event, Opening, Script, Side};
use support::transform::{self, Overlap, Overtake};
use support::{dialogue, loss, pcap, traffic};

const HELLO: &str = "\
# Remarks stand before the first mark.
>>>
GET / HTTP/1.1
Host: shop.example

<<< +1.5s fin
HTTP/1.1 200 OK
Content-Length: 5

hell\\x6f\\
!!! GET / 200 0 5
";

fn random_script(seed: u64, connections: usize) -> Script {
    let mut random = Random::new(seed);
    let connections = (0..connections).map(|index| {
        let client = endpoint(&format!("10.0.0.9:{}", 40_000 + index)).unwrap();
        let server = endpoint("192.0.2.80:80").unwrap();
        let begins = Duration::from_millis(random.below(500) as u64);
        let shape = traffic::Shape::SMALL;
        traffic::connection(client, server, &shape, &mut random).begins(begins)
    });
    Script { connections: connections.collect() }
}

/// What each side of each connection sent, put together octet by octet; the first octet that
/// was captured for a place counts. It wants every octet from the SYN on.
fn streams(segments: &[Segment]) -> BTreeMap<(usize, Side), Vec<u8>> {
    let mut begins = BTreeMap::new();
    let mut octets: BTreeMap<(usize, Side), BTreeMap<u32, u8>> = BTreeMap::new();
    for segment in segments {
        let lane = (segment.connection, segment.side);
        if segment.flags.has(Flags::SYN) {
            begins.insert(lane, segment.sequence.wrapping_add(1));
        }
    }
    for segment in segments {
        let lane = (segment.connection, segment.side);
        let at = segment.sequence.wrapping_sub(begins[&lane]);
        for (index, &octet) in segment.payload.iter().enumerate() {
            let place = at.wrapping_add(index as u32);
            octets.entry(lane).or_default().entry(place).or_insert(octet);
        }
    }
    let whole = |(lane, places): ((usize, Side), BTreeMap<u32, u8>)| {
        assert!(places.keys().copied().eq(0..places.len() as u32), "{lane:?} has a hole");
        (lane, places.into_values().collect())
    };
    octets.into_iter().map(whole).collect()
}

fn times_never_go_back(segments: &[Segment]) -> bool {
    segments.is_sorted_by_key(|segment| segment.at)
}

#[test]
fn a_dialogue_is_read_as_it_is_written() {
    let script = dialogue::parse(HELLO).unwrap();
    let [connection] = script.connections.as_slice() else { panic!("one connection") };
    assert_eq!(connection.octets_of(Side::Client), b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n");
    assert_eq!(
        connection.octets_of(Side::Server),
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    );
    assert_eq!(connection.turns[1].after, Duration::from_millis(1500));
    assert_eq!(connection.turns[2].event, Event::Fin);
    assert_eq!(script.exchanges()[0].to_string(), "GET / 200 0 5");
}

#[test]
fn escapes_losses_and_openings_are_read() {
    let text = "=== 10.0.0.1:1 10.0.0.2:80 +20ms not-captured\n>>>\n\\x00\\x61{3}\\\\\\n\\\n\
                ><> 7\n<>< +1us 9\n=== [2001:db8::1]:2 [2001:db8::2]:80 unanswered=3\n";
    let script = dialogue::parse(text).unwrap();
    let [first, second] = script.connections.as_slice() else { panic!("two connections") };
    assert_eq!(first.octets_of(Side::Client), b"\0aaa\\\n");
    assert_eq!(first.opening, Opening::NotCaptured);
    assert_eq!(first.begins, Duration::from_millis(20));
    assert_eq!(first.turns[1].event, Event::Lost(7));
    assert_eq!((first.turns[2].side, &first.turns[2].event), (Side::Server, &Event::Lost(9)));
    assert_eq!(second.opening, Opening::Unanswered(3));
}

#[test]
fn a_mistake_in_a_dialogue_is_named_with_its_line() {
    for (text, line, what) in [
        ("hello\n", 1, "belongs to nobody"),
        (">>>\nGET\n<<<\n", 3, "nothing is said"),
        ("# x\n\n>>> soon\n", 3, "\"soon\" is not a time"),
        (">>> +1.2345us\n", 1, "is not a time"),
        (">>>\nGET \\q\n", 2, "\\q is no escape"),
        (">>>\nGET \\x4\n", 2, "two hexadecimal digits"),
        (">>>\n\\x41{9999999999}\n", 2, "is more than"),
        (">>>\nGET / HTTP/1.1\r\n", 2, "carriage return"),
        ("<><\n", 1, "how many octets"),
        ("=== here there\n", 1, "\"here\" is not ADDRESS:PORT"),
        ("!!! GET / 200\n", 1, "want METHOD TARGET"),
        ("!!! GET / 20O 0 0\n", 1, "\"20O\" is not a number"),
    ] {
        let mistake = dialogue::parse(text).unwrap_err();
        assert_eq!(mistake.line, line, "{text:?}: {mistake}");
        assert!(mistake.to_string().contains(what), "{text:?}: {mistake}");
    }
}

#[test]
fn a_script_written_as_a_dialogue_is_read_back_the_same() {
    for seed in 0..20 {
        let script = random_script(seed, 3);
        assert_eq!(dialogue::parse(&dialogue::write(&script)).unwrap(), script, "seed {seed}");
    }
    let odd = Connection::new("10.0.0.1:1", "10.0.0.2:2")
        .client_says(b">>>\r\n<<<\r\n=== \\x41{2}\r\n\r\r\n\xff\0!!!".to_vec())
        .server_says(b"!!!{3}\r\n".to_vec());
    let odd = Script::from(odd);
    assert_eq!(dialogue::parse(&dialogue::write(&odd)).unwrap(), odd);
}

#[test]
fn segments_carry_the_script_and_number_it_rightly() {
    for acknowledge in [Acknowledge::Never, Acknowledge::Turn, Acknowledge::EveryOther] {
        let script = random_script(7, 4);
        let made = segments(&script, &Stacks { acknowledge, ..Stacks::default() });
        assert!(times_never_go_back(&made));
        for (lane, octets) in streams(&made) {
            assert_eq!(octets, script.connections[lane.0].octets_of(lane.1), "{lane:?}");
        }
        // Nobody acknowledges what has not passed the capture.
        let mut sent: BTreeMap<(usize, Side), u32> = BTreeMap::new();
        for segment in &made {
            if segment.flags.has(Flags::ACK) {
                let other = (segment.connection, segment.side.other());
                let ends = sent[&other];
                assert_eq!(segment.acknowledgement, ends, "{segment:?}");
            }
            let closes = segment.flags.0 & (Flags::SYN | Flags::FIN) != 0;
            let end = segment.end().wrapping_add(u32::from(closes));
            sent.insert((segment.connection, segment.side), end);
        }
    }
}

#[test]
fn a_connection_may_be_refused_unanswered_or_lose_octets() {
    let refused = Connection::new("10.0.0.1:1", "10.0.0.2:80").opening(Opening::Refused);
    let made = segments(&refused.into(), &Stacks::default());
    let flags: Vec<u8> = made.iter().map(|segment| segment.flags.0).collect();
    assert_eq!(flags, [Flags::SYN, Flags::RST | Flags::ACK]);
    assert_eq!(made[1].acknowledgement, made[0].sequence.wrapping_add(1));

    let silent = Connection::new("10.0.0.1:1", "10.0.0.2:80").opening(Opening::Unanswered(3));
    let made = segments(&silent.into(), &Stacks::default());
    let seconds = |s: &Segment| s.at.since(made[0].at).as_nanos() / 1_000_000_000;
    assert_eq!(made.iter().map(seconds).collect::<Vec<_>>(), [0, 1, 3]);
    assert!(made.iter().all(|segment| segment.sequence == made[0].sequence));

    let lossy = Connection::new("10.0.0.1:1", "10.0.0.2:80")
        .server_says("before")
        .turn(Side::Server, Event::Lost(1000))
        .server_says("behind");
    let made = segments(&lossy.into(), &Stacks::default());
    let said: Vec<&Segment> = made.iter().filter(|s| !s.payload.is_empty()).collect();
    assert_eq!(said[1].sequence, said[0].end().wrapping_add(1000));
}

#[test]
fn harmless_transforms_keep_every_octet_and_the_order_of_time() {
    let script = random_script(11, 5);
    let original = segments(&script, &Stacks::default());
    let truth = streams(&original);
    for seed in 0..30 {
        let mut variants = vec![
            ("resegment", transform::resegment(&original, 600, seed)),
            ("resegment to octets", transform::resegment(&original, 1, seed)),
            ("copy", transform::copy(&original, 500, 6, seed)),
            ("retransmit", transform::retransmit(&original, 300, 6, seed)),
            ("overlap", transform::overlap(&original, Overlap::Equal, 100, 700, seed)),
            ("overlap otherwise", transform::overlap(&original, Overlap::Different, 9, 700, seed)),
            ("shift sequences", transform::shift_sequences(&original, seed as u32, u32::MAX)),
            ("shift time", transform::shift_time(&original, -5_000_000_000)),
            ("swap ends", transform::swap_ends(&original)),
        ];
        for overtake in [Overtake::WithinBurst, Overtake::WithinDirection, Overtake::Across] {
            variants.push(("reorder", transform::reorder(&original, overtake, 8, seed)));
        }
        for (name, made) in variants {
            assert!(times_never_go_back(&made), "{name}, seed {seed}");
            assert_eq!(streams(&made), truth, "{name}, seed {seed}");
            assert_ne!(made, original, "{name}, seed {seed}");
        }
    }
}

#[test]
fn a_burst_is_reordered_without_acknowledgements_before_their_data() {
    let stacks = Stacks { mss: 200, acknowledge: Acknowledge::Turn, ..Stacks::default() };
    let original = segments(&random_script(3, 2), &stacks);
    for seed in 0..20 {
        let made = transform::reorder(&original, Overtake::WithinBurst, 5, seed);
        for (place, ack) in made.iter().enumerate().filter(|(_, s)| s.flags.has(Flags::ACK)) {
            let other = |s: &&Segment| s.connection == ack.connection && s.side != ack.side;
            let late = made[place..].iter().filter(other).find(|s| {
                let before = ack.acknowledgement.wrapping_sub(s.sequence) as i32;
                !s.payload.is_empty() && before > 0
            });
            assert_eq!(late, None, "seed {seed}: acknowledged by {ack:?}");
        }
    }
}

#[test]
fn a_repaired_loss_is_late_and_nothing_is_acknowledged_before_it() {
    let stacks = Stacks { mss: 300, ..Stacks::default() };
    let original = segments(&random_script(6, 4), &stacks);
    let truth = streams(&original);
    for seed in 0..20 {
        let made = loss::repaired(&original, 100, Duration::from_millis(3), seed);
        assert!(times_never_go_back(&made), "seed {seed}");
        assert_eq!(streams(&made), truth, "seed {seed}");
        let mut late = 0;
        let mut highest: BTreeMap<(usize, Side), u32> = BTreeMap::new();
        let mut all: BTreeMap<(usize, Side), u32> = BTreeMap::new();
        for (place, segment) in made.iter().enumerate() {
            let lane = (segment.connection, segment.side);
            if let Some(&highest) = highest.get(&lane) {
                late += usize::from(segment.end() != highest && !segment.payload.is_empty())
                    * usize::from((segment.sequence.wrapping_sub(highest) as i32) < 0);
            }
            highest.insert(lane, segment.end());
            *all.entry(lane).or_default() += segment.payload.len() as u32;
            for later in made[place..].iter().filter(|s| s.connection == segment.connection) {
                let ahead = segment.acknowledgement.wrapping_sub(later.sequence) as i32;
                let early = segment.flags.has(Flags::ACK) && later.side != segment.side;
                let said = !later.payload.is_empty();
                assert!(!(early && said && ahead > 0), "seed {seed}: {segment:?} {later:?}");
            }
        }
        assert!(late > 0, "seed {seed}: nothing was late");
    }
}

#[test]
fn reordering_is_bounded_by_its_window() {
    let original = segments(&random_script(5, 6), &Stacks::default());
    for window in [1, 4, 16] {
        let made = transform::reorder(&original, Overtake::Across, window, 9);
        for (place, segment) in made.iter().enumerate() {
            let same =
                |s: &&Segment| (s.ends, s.identification) == (segment.ends, segment.identification);
            let before = original.iter().position(|s| same(&s)).unwrap();
            assert!(before.abs_diff(place) <= window, "{before} → {place}, window {window}");
        }
    }
}

#[test]
fn sequence_numbers_can_be_made_to_wrap_inside_the_payload() {
    let original = segments(&dialogue::parse(HELLO).unwrap(), &Stacks::default());
    for octets in 1..38 {
        let made = transform::wrap_inside(&original, Side::Client, octets).unwrap();
        let said = made.iter().find(|s| !s.payload.is_empty()).unwrap();
        assert_eq!(said.sequence, 0_u32.wrapping_sub(octets));
        assert_eq!(streams(&made), streams(&original));
    }
}

#[test]
fn an_overlap_that_differs_differs_only_where_it_repeats() {
    let original = segments(&random_script(8, 3), &Stacks::default());
    let made = transform::overlap(&original, Overlap::Different, 20, 1000, 1);
    let repeating: Vec<(&Segment, &Segment)> = made
        .iter()
        .zip(&original)
        .filter(|(now, before)| now.sequence != before.sequence)
        .collect();
    assert!(!repeating.is_empty());
    for (now, before) in repeating {
        assert!(now.payload.ends_with(&before.payload));
        assert_eq!(now.end(), before.end());
    }
}

#[test]
fn losses_leave_out_and_change_nothing_else() {
    let original = segments(&random_script(2, 3), &Stacks::default());
    let without = transform::drop_one(&original, 5);
    assert_eq!(without.len(), original.len() - 1);
    assert_eq!(without[5], original[6]);
    let some = transform::drop_some(&original, 200, 1);
    assert!(some.len() < original.len() && some.iter().all(|s| original.contains(s)));
    let one = transform::one_side(&original, Side::Server);
    assert!(one.iter().all(|s| s.side == Side::Server));
    let cut = transform::cut_payloads(&original, 16);
    for (now, before) in cut.iter().zip(&original) {
        assert_eq!(now.end(), before.end());
        assert!(now.payload.len() <= 16 && before.payload.starts_with(&now.payload));
    }
}

#[test]
fn interleaving_keeps_each_capture_as_it_was() {
    let captures: Vec<Vec<Segment>> = (0..4)
        .map(|index| {
            let made = segments(&random_script(index, 1), &Stacks::default());
            let host = endpoint(&format!("10.0.{index}.9:5000")).unwrap();
            transform::readdress(&made, |end| if end.port() == 80 { end } else { host })
        })
        .collect();
    let all = transform::interleave(&captures, Duration::from_millis(50), 3);
    assert!(times_never_go_back(&all));
    for (index, capture) in captures.iter().enumerate() {
        let own: Vec<&Segment> = all.iter().filter(|s| s.connection == index).collect();
        let said: Vec<&[u8]> = capture.iter().map(|s| s.payload.as_slice()).collect();
        assert_eq!(own.iter().map(|s| s.payload.as_slice()).collect::<Vec<_>>(), said);
        let length = |first: &Segment, last: &Segment| last.at.since(first.at);
        let (first, last) = (&capture[0], &capture[capture.len() - 1]);
        assert_eq!(length(own[0], own[own.len() - 1]), length(first, last));
    }
}

#[test]
fn a_difference_of_exchanges_names_what_is_missing_and_what_is_too_much() {
    let script = random_script(4, 3);
    let truth = script.exchanges();
    assert_eq!(difference(&truth, &truth), None);
    let mut other_order = truth.clone();
    other_order.rotate_left(script.connections[0].exchanges.len());
    assert_eq!(difference(&truth, &other_order), None, "connections may come in any order");
    let mut wrong = truth.clone();
    wrong[1].status = Some(599);
    let text = difference(&truth, &wrong).unwrap();
    assert!(text.contains("- 10.0.0.9") && text.contains(" 599 "), "{text}");
    let longest = script.connections.iter().max_by_key(|c| c.exchanges.len()).unwrap();
    let mut swapped = longest.exchanges.clone();
    assert!(swapped.len() > 1);
    swapped.swap(0, 1);
    let text = difference(&longest.exchanges, &swapped).unwrap();
    assert!(text.contains("another order"), "{text}");
}

/// FNV-1a, so that a change of any octet is seen.
fn hash(octets: &[u8]) -> u64 {
    octets.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &octet| {
        (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[test]
fn a_seed_makes_the_same_file_for_ever() {
    let made = segments(&random_script(1, 3), &Stacks::default());
    let made = transform::resegment(&made, 300, 2);
    let made = transform::reorder(&made, Overtake::WithinDirection, 4, 3);
    let made = transform::copy(&made, 50, 3, 4);
    let made = transform::retransmit(&made, 50, 3, 5);
    let made = transform::drop_some(&made, 20, 6);
    let file = pcap::pcap(&frames(&made, &Encapsulation::ethernet()));
    assert_eq!(
        format!("{:016x}", hash(&file)),
        "3f7664f223f6ca40",
        "seeds must stay what they were"
    );
}

#[test]
fn a_snap_length_cuts_what_is_captured_and_not_what_was_sent() {
    let made = segments(&random_script(1, 1), &Stacks::default());
    let whole = frames(&made, &Encapsulation::ethernet());
    let mut cut = whole.clone();
    snap(&mut cut, 96);
    for (cut, whole) in cut.iter().zip(&whole) {
        assert_eq!(cut.len, whole.len);
        assert!(cut.octets.len() <= 96 && whole.octets.starts_with(&cut.octets));
    }
    let payloads = frames(&transform::cut_payloads(&made, 10), &Encapsulation::ethernet());
    assert!(payloads.iter().zip(&whole).all(|(cut, whole)| cut.len == whole.len));
}

/// Where tshark is, what it says of a capture: the values of these fields, a line a frame.
fn tshark(name: &str, file: &[u8], options: &[&str]) -> Option<String> {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, file).unwrap();
    let checks = [
        "ip.check_checksum",
        "tcp.check_checksum",
        "tcp.relative_sequence_numbers",
        "ip.defragment",
    ];
    let mut command = Command::new("tshark");
    command.arg("-n").arg("-r").arg(&path);
    for check in checks {
        command.arg("-o").arg(format!("{check}:TRUE"));
    }
    let Ok(output) = command.args(options).output() else {
        println!("skipped: tshark is not installed");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

/// What tshark finds wrong in frames that ought to have nothing wrong.
const WRONG: &str = "_ws.malformed or ip.checksum.status == 0 or tcp.checksum.status == 0 or \
                     tcp.analysis.lost_segment or tcp.analysis.retransmission or \
                     tcp.analysis.ack_lost_segment or tcp.analysis.out_of_order or _ws.unreassembled";

fn tshark_agrees(name: &str, frames: &[Frame], script: &Script) {
    let file = pcap::pcap(frames);
    let filter = format!("http.request or {WRONG}");
    let mut options = vec!["-Y", &filter, "-T", "fields"];
    let fields = [
        "http.request.method",
        "ip.checksum.status",
        "tcp.checksum.status",
        "_ws.malformed",
        "tcp.analysis.flags",
    ];
    fields.iter().for_each(|field| options.extend(["-e", field]));
    let Some(found) = tshark(name, &file, &options) else { return };
    let mut requests = 0;
    for line in found.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        let &[methods, ip, tcp, malformed, flags] = cells.as_slice() else { panic!("{line:?}") };
        // One value a layer: 1 is good, 2 not checked, as in what a fragment carries.
        let wrong = ip.contains('0') || tcp.contains('0') || !malformed.is_empty();
        assert!(!wrong && flags.is_empty() && !methods.is_empty(), "{name}: {line:?}");
        requests += methods.split(',').count();
    }
    assert_eq!(requests, script.exchanges().len(), "{name}: requests\n{found}");
}

#[test]
fn tshark_reads_every_encapsulation_without_complaint() {
    let v4 = random_script(21, 2);
    let mut v6 = random_script(22, 1);
    for connection in &mut v6.connections {
        connection.client = endpoint("[2001:db8::9]:50000").unwrap();
        connection.server = endpoint("[2001:db8::80]:80").unwrap();
    }
    for (family, script) in [("v4", &v4), ("v6", &v6)] {
        let made = segments(script, &Stacks { mss: 1300, ..Stacks::default() });
        for (index, encapsulation) in Encapsulation::all().iter().enumerate() {
            println!("{family} {encapsulation:?}");
            let name = format!("encapsulation-{family}-{index}.pcap");
            tshark_agrees(&name, &frames(&made, encapsulation), script);
        }
    }
}

#[test]
fn tshark_would_have_complained() {
    let script = random_script(25, 1);
    let mut made = segments(&script, &Stacks::default());
    let mut broken = frames(&made, &Encapsulation::ethernet());
    let last = broken[3].octets.len() - 1;
    broken[3].octets[last] ^= 1;
    made.swap(3, 5);
    let late = frames(&made, &Encapsulation::ethernet());
    for (name, frames) in [("broken.pcap", broken), ("late.pcap", late)] {
        let Some(wrong) = tshark(name, &pcap::pcap(&frames), &["-Y", WRONG]) else { return };
        assert_ne!(wrong, "", "{name}");
    }
}

#[test]
fn tshark_puts_fragments_together() {
    let script = random_script(23, 1);
    let made = segments(&script, &Stacks::default());
    let pieces = fragmented(&made, &Encapsulation::ethernet(), 300);
    assert!(pieces.len() > made.len());
    tshark_agrees("fragments.pcap", &pieces, &script);
}

#[test]
fn tshark_reads_interfaces_with_different_link_types() {
    let script = random_script(24, 2);
    let made = segments(&script, &Stacks::default());
    let mut all = Vec::new();
    for (index, link) in [Link::Ethernet, Link::Raw].into_iter().enumerate() {
        let own: Vec<Segment> = made.iter().filter(|s| s.connection == index).cloned().collect();
        for mut frame in frames(&own, &Encapsulation::on(link, &[])) {
            frame.interface = index as u32;
            all.push(frame);
        }
    }
    all.sort_by_key(|frame| frame.at);
    let file = pcap::pcapng(&all, &["eth0", "tun0"]);
    let Some(wrong) = tshark("interfaces.pcapng", &file, &["-Y", WRONG]) else { return };
    assert_eq!(wrong, "");
    let fields = ["-T", "fields", "-e", "frame.interface_name", "-e", "frame.time_epoch"];
    let text = tshark("interfaces.pcapng", &file, &fields).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), all.len());
    for (line, frame) in lines.iter().zip(&all) {
        let (name, time) = line.split_once('\t').unwrap();
        assert_eq!(name, ["eth0", "tun0"][frame.interface as usize]);
        let nanos = frame.at.as_nanos();
        assert_eq!(time, format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000));
    }
}
