//! `--since` and `--until`: what they choose is what the times in the records say, counted from the
//! first packet of the capture whatever it carries, and the filter's `time > +30s` means the same.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use httpwhy::units::{Duration, Timestamp};
use httpwhy::wire::LinkType;
use serde_json::Value;
use support::frames::{Frame, frames};
use support::link::Encapsulation;
use support::packets::{Stacks, segments};
use support::{dialogue, pcap};

/// Requests 0, 1, 2 and 3 s behind the begin of the script, whose answers take 700 ms.
const TALK: &str = "\
=== 10.0.0.2:40000 10.0.0.1:80
>>>
GET /0 HTTP/1.1
Host: a.example

<<< +700ms
HTTP/1.1 204 No Content

>>> +300ms
GET /1 HTTP/1.1
Host: a.example

<<< +700ms
HTTP/1.1 502 Bad Gateway
Content-Length: 0

>>> +300ms
GET /2 HTTP/1.1
Host: a.example

<<< +700ms
HTTP/1.1 204 No Content

>>> +300ms
GET /3 HTTP/1.1
Host: a.example

<<< +700ms
HTTP/1.1 503 Service Unavailable
Content-Length: 0

";

fn ten_before(at: Timestamp) -> Timestamp {
    Timestamp::from_nanos(at.as_nanos() - 10_000_000_000)
}

/// The talk, behind a packet that is no TCP; its time is made from that of the first one that is.
fn capture(name: &str, shift: impl Fn(Timestamp) -> Timestamp) -> (PathBuf, Timestamp) {
    let script = dialogue::parse(TALK).unwrap_or_else(|error| panic!("{error}"));
    let mut made = frames(&segments(&script, &Stacks::default()), &Encapsulation::ethernet());
    let first = shift(made[0].at);
    // An ARP question.
    let mut octets = vec![0xff; 6];
    octets.extend([2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 2]);
    octets.extend([0, 0, 0, 0, 0, 0, 10, 0, 0, 1]);
    made.insert(0, Frame::new(first, LinkType(1), octets));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("period");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, pcap::pcap(&made)).unwrap();
    (path, first)
}

fn run(arguments: &[&str], path: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpwhy"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).arg(path).args(arguments).output().unwrap()
}

/// Number and time of every exchange, from the records.
fn listed(arguments: &[&str], path: &Path) -> Vec<(u64, String)> {
    let output = run(&[&["--json", "-q"], arguments].concat(), path);
    assert_eq!(output.status.code(), Some(0), "{arguments:?} {output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|record| record["type"] == "transaction")
        .map(|record| (record["id"].as_u64().unwrap(), record["time"].as_str().unwrap().to_owned()))
        .collect()
}

fn ids(arguments: &[&str], path: &Path) -> Vec<u64> {
    listed(arguments, path).into_iter().map(|(id, _)| id).collect()
}

fn written(at: Timestamp) -> String {
    String::from_utf8(at.to_rfc3339().to_vec()).unwrap()
}

#[test]
fn relative_times_count_from_the_first_packet_of_whatever_kind() {
    let earlier = ten_before;
    let later = |at: Timestamp| at.plus(Duration::from_secs(2));
    for (name, (path, first)) in [
        ("earlier", capture("earlier.pcap", earlier)),
        // The first packet is not the earliest one here.
        ("later", capture("later.pcap", later)),
        ("same", capture("same.pcap", |at| at)),
    ] {
        let all = listed(&[], &path);
        assert_eq!(all.len(), 4);
        for offset in [0, 2, 3, 9, 10, 11, 13] {
            let instant = written(first.plus(Duration::from_secs(offset)));
            let behind: Vec<u64> =
                all.iter().filter(|(_, time)| *time >= instant).map(|(id, _)| *id).collect();
            let before: Vec<u64> =
                all.iter().filter(|(_, time)| *time < instant).map(|(id, _)| *id).collect();
            assert_eq!(before.len() + behind.len(), 4);
            let relative = format!("+{offset}s");
            for threads in ["1", "2"] {
                let by = ["--threads", threads];
                for word in [&relative, &instant] {
                    let since = ids(&[&by[..], &["--since", word]].concat(), &path);
                    assert_eq!(since, behind, "{name} --since {word} {threads}");
                    let until = ids(&[&by[..], &["--until", word]].concat(), &path);
                    assert_eq!(until, before, "{name} --until {word} {threads}");
                    let filter = format!("time >= {word}");
                    let filtered = ids(&[&by[..], &["-Y", &filter]].concat(), &path);
                    assert_eq!(filtered, behind, "{name} -Y {filter} {threads}");
                }
            }
        }
    }
}

#[test]
fn a_period_and_a_filter_are_one_question() {
    let (path, _) = capture("both.pcap", ten_before);
    assert_eq!(ids(&["--since", "+10.9s", "--until", "+13s"], &path), [2, 3]);
    assert_eq!(ids(&["--since", "+10.9s", "--until", "+13s", "-Y", "5xx"], &path), [2]);
    assert_eq!(ids(&["--since", "+11.1s", "-Y", "5xx or path = /0"], &path), [4]);
    // A filter is no way out of the period, nor the period one out of the filter.
    assert_eq!(ids(&["--until", "+11s", "-Y", "5xx or all"], &path), [1]);
    assert_eq!(run(&["--until", "+11s", "--fail-on", "5xx"], &path).status.code(), Some(0));
    assert_eq!(run(&["--since", "+11s", "--fail-on", "5xx"], &path).status.code(), Some(4));
    // So does the filter that follows a live capture.
    let sniffed = Command::new(env!("CARGO_BIN_EXE_httpwhy"))
        .args(["sniff", "-q", "--json", "--since", "+13s", "-r"])
        .arg(&path)
        .output()
        .unwrap();
    let text = String::from_utf8(sniffed.stdout).unwrap();
    assert!(text.contains("\"/3\"") && !text.contains("\"/2\""), "{text}");
}

#[test]
fn a_word_that_is_no_time_is_refused_with_its_cure() {
    let (path, _) = capture("refused.pcap", |at| at);
    for (arguments, needles) in [
        (&["--since", "30s"][..], &["`30s` is not a time", "did you mean `+30s`?"][..]),
        (&["--until", "+1s or all"], &["`+1s or all` is not a time"]),
        (&["--since", "-30s"], &["`-30s` is not a time"]),
        (&["--since", "+2s", "--until", "+1s"], &["--until +1s is not behind --since"]),
        (&["--since", "+2s", "-Y", "staus = 404"], &["unknown field `staus`"]),
    ] {
        let output = run(arguments, &path);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
        for needle in needles {
            assert!(told.contains(needle), "{arguments:?}: {told}");
        }
    }
}
