//! Captures of the mixed lab, on which nothing was tuned for a single one of them: every failure at the
//! same time, from clients that ask for the same things. Whole, and damaged as captures are:
//! then less is known, and nothing may be said surely that is not so.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use httpwhy::diagnosis::Confidence;
use serde_json::Value;

use super::{Diagnosed, diagnose, root};

/// Client and target, to cause and upstream.
type Truth = BTreeMap<(String, String), (String, Option<String>)>;

fn heldout(name: &str) -> (Vec<u8>, Truth) {
    let folder = root().join("tests/lab/heldout");
    let extension = if name.ends_with("both") { "pcapng.gz" } else { "pcap.gz" };
    let packed = std::fs::read(folder.join(format!("{name}.{extension}"))).unwrap();
    let mut octets = Vec::new();
    flate2::read::MultiGzDecoder::new(&*packed).read_to_end(&mut octets).unwrap();
    let truth = std::fs::read_to_string(folder.join(format!("{name}.jsonl"))).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let truth = truth.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let truth = truth.filter(|one| one["type"] == "failing").map(|one| {
        let upstream = one["upstream"].as_str().map(str::to_owned);
        ((text(&one["client"]), text(&one["target"])), (text(&one["cause"]), upstream))
    });
    (octets, truth.collect())
}

fn written(name: &str, octets: &[u8]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, octets).unwrap();
    path
}

fn is_right(found: &Diagnosed, truth: &Truth) -> bool {
    let key = (found.client.clone(), found.target.clone());
    let said = found.verdict.upstream.map(|upstream| upstream.to_string());
    truth.get(&key).is_some_and(|(cause, upstream)| {
        found.verdict.cause.id == cause && (cause == "client-gave-up" || said == *upstream)
    })
}

#[test]
fn mixed_failures_are_told_apart() {
    let (mut right, mut of) = (0, 0);
    for name in ["nginx10.any", "nginx6.both", "haproxy.any", "chain.both"] {
        let (octets, truth) = heldout(name);
        let found = diagnose(&written(&format!("heldout-{name}"), &octets));
        for one in found.iter().filter(|one| !is_right(one, &truth)) {
            println!("{name}: {one}");
            assert!(one.verdict.confidence < Confidence::High, "{name}: sure and wrong: {one}");
        }
        right += found.iter().filter(|one| is_right(one, &truth)).count();
        of += truth.len();
    }
    println!("{right} of {of}");
    assert!(right * 100 >= of * 95, "{right} of {of}");
}

/// The packets of a pcap file with microseconds or nanoseconds, little-endian: header and octets.
fn packets(octets: &[u8]) -> (&[u8], Vec<&[u8]>) {
    let (header, mut rest) = octets.split_at(24);
    let mut packets = Vec::new();
    while let Some(length) = rest.get(8..12) {
        let length = u32::from_le_bytes(length.try_into().unwrap()) as usize;
        let (packet, after) = rest.split_at(16 + length);
        packets.push(packet);
        rest = after;
    }
    (header, packets)
}

#[test]
fn damaged_captures_give_nothing_sure_that_is_wrong() {
    for name in ["nginx10.any", "haproxy.any"] {
        let (octets, truth) = heldout(name);
        let (header, all) = packets(&octets);
        // SLL2: behind 20 octets the IPv4 header; its source lies at 12, its destination at 16.
        let address = |packet: &[u8], at: usize| {
            packet.get(16 + 20 + at..16 + 20 + at + 4).map(<[u8]>::to_vec)
        };
        let cut = |packet: &[u8], octets: usize| {
            let kept = packet.get(16..).unwrap().len().min(octets);
            let mut cut = packet.get(..16 + kept).unwrap().to_vec();
            cut[8..12].copy_from_slice(&(kept as u32).to_le_bytes());
            cut
        };
        let upstream: Option<Vec<u8>> = Some(vec![10, 7, 2, 2]);
        let client: Option<Vec<u8>> = Some(vec![10, 7, 1, 2]);
        let whole = |keep: &dyn Fn(usize, &[u8]) -> bool| -> Vec<Vec<u8>> {
            let kept = all.iter().enumerate().filter(|(place, packet)| keep(*place, packet));
            kept.map(|(_, packet)| packet.to_vec()).collect()
        };
        let variants: Vec<(&str, Vec<Vec<u8>>)> = vec![
            ("one in 7 lost", whole(&|place, _| place % 7 != 3)),
            ("one in 20 lost", whole(&|place, _| place % 20 != 11)),
            ("nothing of the upstream", whole(&|_, packet| address(packet, 12) != upstream)),
            ("nothing to the upstream", whole(&|_, packet| address(packet, 16) != upstream)),
            ("nothing of the client", whole(&|_, packet| address(packet, 12) != client)),
            ("nothing to the client", whole(&|_, packet| address(packet, 16) != client)),
            ("the first half", whole(&|place, _| place < all.len() / 2)),
            ("the second half", whole(&|place, _| place >= all.len() / 2)),
            ("cut to 100", all.iter().map(|packet| cut(packet, 100)).collect()),
            ("cut to 150", all.iter().map(|packet| cut(packet, 150)).collect()),
            ("twice", all.iter().flat_map(|packet| [packet.to_vec(), packet.to_vec()]).collect()),
        ];
        let mut wrong = Vec::new();
        for (what, packets) in variants {
            let damaged = [header.to_vec(), packets.concat()].concat();
            let found = diagnose(&written("damaged.pcap", &damaged));
            let sure = found.iter().filter(|one| one.verdict.confidence == Confidence::High);
            // Half of a capture shows the hops as exchanges of their own: those name what they were.
            let own = |one: &&Diagnosed| one.client.starts_with("10.7.1.2:");
            let false_ones = sure.filter(own).filter(|one| !is_right(one, &truth));
            wrong.extend(false_ones.map(|one| format!("{name}, {what}: {one}")));
        }
        assert!(wrong.is_empty(), "{} sure and wrong:\n{}", wrong.len(), wrong.join("\n"));
    }
}
