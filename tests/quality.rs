//! What a capture lacks, as whoever reads it is told: by the program, in a report, in records and at the
//! top of the dashboard.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use httpwhy::units::Timestamp;
use httpwhy::wire::Flags;
use serde_json::Value;
use support::frames::{self, Frame};
use support::link::{Encapsulation, Layer, Link};
use support::packets::{self, Segment, Stacks};
use support::pcap;
use support::random::Random;
use support::script::{Connection, Script, Side};

/// One client asks a server so many times.
fn conversation(exchanges: usize) -> Vec<Segment> {
    let mut connection = Connection::new("10.1.0.1:40000", "192.0.2.10:80");
    for nth in 0..exchanges {
        connection = connection
            .client_says(format!("GET /{nth} HTTP/1.1\r\nHost: a\r\n\r\n"))
            .server_says(&b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"[..]);
    }
    packets::segments(&Script::from(connection.closed_by(Side::Server)), &Stacks::default())
}

fn stored(name: &str, frames: &[Frame]) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.pcap"));
    fs::write(&path, pcap::pcap(frames)).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Standard output and error of the program.
fn said(arguments: &[&str]) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpwhy"));
    let output = command.args(arguments).stdin(Stdio::null()).output().unwrap();
    let text = |octets| String::from_utf8(octets).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(0), "{arguments:?}\n{out}\n{err}");
    (out, err)
}

/// The summary, which must be the same whatever the number of threads.
fn summary(arguments: &[&str]) -> Value {
    let [one, two] = ["1", "2"].map(|threads| {
        let (out, _) = said(&[arguments, &["--json", "--threads", threads]].concat());
        let line = out.lines().find(|line| line.contains("\"type\":\"summary\"")).unwrap();
        serde_json::from_str::<Value>(line).unwrap()
    });
    for key in ["checksums", "mostly_wrong_checksums", "duplicate_capture", "skips"] {
        assert_eq!(one[key], two[key], "{key}");
    }
    one
}

/// Turns the TCP checksum of those frames wrong that are chosen by their segment and place.
fn with_wrong_checksums(
    segments: &[Segment],
    is_wrong: impl Fn(usize, &Segment) -> bool,
) -> Vec<Frame> {
    let mut frames = frames::frames(segments, &Encapsulation::ethernet());
    for (place, (frame, segment)) in frames.iter_mut().zip(segments).enumerate() {
        if is_wrong(place, segment) {
            frame.octets[14 + 20 + 16] ^= 0x55;
        }
    }
    frames
}

#[test]
fn case_32_a_host_whose_network_card_fills_checksums_in_is_named() {
    let segments = conversation(40);
    let of_client = segments.iter().filter(|segment| segment.side == Side::Client).count() as u64;
    let all = segments.len() as u64;
    let path = stored(
        "case_32_offload",
        &with_wrong_checksums(&segments, |_, segment| segment.side == Side::Client),
    );
    let found = summary(&[&path]);
    assert_eq!(found["checksums"]["wrong"], of_client);
    assert_eq!(found["checksums"]["checked"], all);
    assert_eq!(found["mostly_wrong_checksums"], serde_json::json!(["10.1.0.1"]));
    assert_eq!(found["transactions"], 40, "they are read all the same");
    let (report, err) = said(&[&path]);
    let line = report.lines().find(|line| line.contains("checksums")).expect("a line on them");
    let whom =
        format!("of {all} looked at are wrong, 100.0 % of 10.1.0.1: network cards fill them in");
    assert!(line.contains(&whom) && line.contains("read all the same"), "{line}");
    assert_eq!(err, "", "nothing is missing, so there is nothing to warn of");
    // Whoever leaves them out is told that nothing of that host is left.
    let found = summary(&[&path, "--verify-checksums"]);
    assert_eq!(found["skips"]["checksum:tcp"], of_client);
    let (report, err) = said(&[&path, "--verify-checksums"]);
    assert!(report.contains("behind the capture; left out"), "{report}");
    let warning = format!(
        "warning: {of_client} of {of_client} packets that 10.1.0.1 sent have a wrong checksum, and were \
         left out"
    );
    assert!(err.starts_with(&warning) && err.contains("without --verify-checksums"), "{err}");
    let (_, err) = said(&[&path, "--verify-checksums", "-q"]);
    assert_eq!(err, "");
}

#[test]
fn case_32_damage_on_the_way_is_told_from_offload() {
    let segments = conversation(40);
    let path =
        stored("case_32_damage", &with_wrong_checksums(&segments, |place, _| place % 20 == 3));
    let wrong = (0..segments.len()).filter(|place| place % 20 == 3).count();
    let found = summary(&[&path]);
    assert_eq!(found["checksums"]["wrong"], wrong);
    assert_eq!(found["mostly_wrong_checksums"], serde_json::json!([]));
    let (report, _) = said(&[&path]);
    assert!(
        report.contains("looked at are wrong: damage on the way; read all the same"),
        "{report}"
    );
    // And where all are right there is no line.
    let path = stored("case_32_right", &with_wrong_checksums(&segments, |_, _| false));
    assert_eq!(summary(&[&path])["checksums"]["wrong"], 0);
    assert!(!said(&[&path]).0.contains("checksums"));
}

#[test]
fn case_32_of_a_long_capture_some_are_looked_at() {
    let segments = conversation(4_000);
    let path =
        stored("case_32_long", &with_wrong_checksums(&segments, |_, one| one.side == Side::Server));
    let found = summary(&[&path]);
    let (all, checked) = (segments.len() as u64, found["checksums"]["checked"].as_u64().unwrap());
    assert_eq!(checked, 4_096 + all / 64 - 64);
    assert_eq!(found["mostly_wrong_checksums"], serde_json::json!(["192.0.2.10"]));
    // Who asks for it has all of them looked at.
    let found = summary(&[&path, "--verify-checksums"]);
    assert_eq!(found["checksums"]["checked"], all);
}

/// Each frame of a capture again so many places behind it, by another way.
fn doubled(
    segments: &[Segment],
    lag: usize,
    ways: [&Encapsulation; 2],
    change: impl Fn(&mut Segment),
) -> Vec<Frame> {
    let second: Vec<Segment> = segments
        .iter()
        .cloned()
        .map(|mut segment| {
            change(&mut segment);
            segment
        })
        .collect();
    let [first, second] = [frames::frames(segments, ways[0]), frames::frames(&second, ways[1])];
    let mut both = Vec::new();
    for place in 0..first.len() + lag {
        both.extend(first.get(place).cloned());
        both.extend(place.checked_sub(lag).and_then(|place| second.get(place)).cloned());
    }
    // A mirror port is late by microseconds, whatever it mirrors.
    for (place, frame) in both.iter_mut().enumerate() {
        frame.at = Timestamp::from_nanos(1_767_225_600_000_000_000 + place as i64 * 2_000);
    }
    both
}

#[test]
fn case_35_a_capture_of_several_places_counts_once_and_says_so_at_the_top() {
    let segments = conversation(40);
    let ethernet = Encapsulation::ethernet();
    let tagged = Encapsulation::on(Link::Ethernet, &[Layer::Vlan(42)]);
    let tunnelled = Encapsulation::on(Link::Ethernet, &[Layer::Vxlan(5001)]);
    let plain = summary(&[&stored("case_35_once", &frames::frames(&segments, &ethernet))]);
    assert_eq!(plain["duplicate_capture"], false);
    let nothing = |_: &mut Segment| ();
    let routed = |segment: &mut Segment| segment.ttl -= 1;
    for lag in [1, 2, 8, 64] {
        for (name, frames) in [
            ("mirror", doubled(&segments, lag, [&ethernet, &ethernet], nothing)),
            ("router", doubled(&segments, lag, [&ethernet, &ethernet], routed)),
            ("vlan", doubled(&segments, lag, [&ethernet, &tagged], nothing)),
            ("tunnel", doubled(&segments, lag, [&tunnelled, &ethernet], nothing)),
        ] {
            let path = stored(&format!("case_35_{name}_{lag}"), &frames);
            let found = summary(&[&path]);
            let what = format!("{name} {lag}");
            assert_eq!(found["skips"]["copy"], segments.len(), "{what}");
            assert_eq!(found["duplicate_capture"], true, "{what}");
            assert_eq!(found["transactions"], 40, "{what}");
            assert_eq!(found["quality"]["retransmissions"], 0, "{what}");
            assert_eq!(found["statuses"], plain["statuses"], "{what}");
            let (report, _) = said(&[&path]);
            let banner = report.lines().nth(1).unwrap();
            assert!(
                banner.starts_with("▲ 50.0 % of the segments are copies of others"),
                "{report}"
            );
        }
    }
}

#[test]
fn case_35_a_copy_now_and_then_is_no_reason_for_a_banner() {
    let segments = conversation(40);
    let mut random = Random::new(35);
    let mut at_times = |permille| {
        let mut frames = Vec::new();
        for frame in frames::frames(&segments, &Encapsulation::ethernet()) {
            frames.push(frame.clone());
            if random.chance(permille) {
                frames.push(frame);
            }
        }
        frames
    };
    for (permille, is_notable) in [(100, false), (400, true)] {
        let path = stored(&format!("case_35_{permille}"), &at_times(permille));
        let found = summary(&[&path]);
        assert!(found["skips"]["copy"].as_u64().unwrap() > 0);
        assert_eq!(found["duplicate_capture"], is_notable);
        let (report, _) = said(&[&path]);
        assert_eq!(report.contains('▲'), is_notable, "{report}");
        assert!(report.contains("packets that the capture holds twice"), "{report}");
    }
}

#[test]
fn case_7_and_8_what_was_sent_in_two_versions_is_told() {
    let mut segments = conversation(3);
    let place = segments.iter().position(|one| one.payload.starts_with(b"HTTP/1.1 200")).unwrap();
    let mut forged = segments[place].clone();
    forged.payload = b"HTTP/1.1 302 Found\r\nLocation: http://x/".to_vec();
    forged.identification ^= 0x5555;
    segments.insert(place + 1, forged);
    let path = stored("case_8", &frames::frames(&segments, &Encapsulation::ethernet()));
    for (options, versions) in [
        (&[][..], serde_json::json!([null, null])),
        (&["--show-secrets"][..], serde_json::json!(["200 OK\r", "302 Fou"])),
    ] {
        let (out, _) = said(&[&[&*path, "--json"], options].concat());
        let records: Vec<Value> =
            out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let connection = records.iter().find(|one| one["type"] == "connection").unwrap();
        let told = &connection["two_versions"][0];
        assert_eq!(told["packet"], place + 2);
        assert_eq!(
            (&told["side"], &told["offset"], &told["bytes"]),
            (&"server".into(), &9.into(), &7.into())
        );
        assert_eq!(serde_json::json!([told["earlier"], told["later"]]), versions);
    }
    let (report, _) = said(&[&path]);
    assert!(
        report.contains("ranges sent in two versions: an attack, or a broken device"),
        "{report}"
    );
}

#[test]
fn case_31_the_program_takes_urgent_octets_out_where_it_is_told_to() {
    let mut segments = conversation(3);
    let first = segments.iter_mut().find(|one| one.payload.starts_with(b"GET /0")).unwrap();
    // The 0 of the target.
    first.flags.0 |= Flags::URG;
    first.urgent = 6;
    let path = stored("case_31", &frames::frames(&segments, &Encapsulation::ethernet()));
    for (options, target) in [(&[][..], "/0"), (&["--urgent", "oob"][..], "/")] {
        let (out, _) = said(&[&[&*path, "--json"], options].concat());
        let record: Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
        assert_eq!(record["target"], target, "{options:?}");
        let (one, _) = said(&[&["show", "1", "-r", &*path], options].concat());
        assert!(one.contains(&format!("GET {target} HTTP/1.1")), "{one}");
        let (report, _) = said(&[&[&*path], options].concat());
        assert!(report.contains("an octet that TCP marks as urgent"), "{report}");
        let (compared, _) = said(&[&["diff", "--json", &*path, &*path], options].concat());
        assert_eq!(compared.contains("\"path\":\"/\""), target == "/", "{compared}");
    }
}
