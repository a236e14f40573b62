//! Paths, pipes and what is no capture.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use httpwhy::capture::{Capture, Compression, Fault, Then};

use super::files::{Order, Pcap, Pcapng};
use super::{Dribble, Outcome, gzip, open, read, zstd};

/// A directory of a test's own, removed at its end.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("httpwhy-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, octets: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, octets).unwrap();
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn short_reads_give_what_the_file_gives() {
    for file in [
        Pcap::new().packets(40).octets,
        Pcapng::ethernet(Order::Big).packets(40).octets,
        gzip(&Pcap::new().packets(40).octets),
        zstd(&Pcapng::ethernet(Order::Little).packets(40).octets),
    ] {
        let whole = read(&file);
        let reader = Box::new(Dribble(io::Cursor::new(file), 0));
        let dribbled = Outcome::of(Capture::from_reader("-".into(), reader).unwrap());
        assert_eq!(dribbled.packets, whole.packets);
        assert_eq!((dribbled.packets.len(), dribbled.damages()), (40, vec![]));
    }
}

#[test]
fn what_is_not_a_capture_is_named() {
    for (octets, said) in [
        (&b""[..], "x.pcap is not a capture: it is empty"),
        (b"\xd4", "it has only 1 octet"),
        (b"12:04:11.204113 IP 10.0.0.1.80 > 10.0.0.2.5: Flags [S]\n", "add `-w -`"),
        (b"{\"log\": {\"version\": \"1.2\", \"entries\": []}}", "it is a HAR file"),
        (&[0; 5_000], "it is all zeros"),
        (b"\xfd7zXZ\0\0\x04", "xz -dc FILE | httpwhy -"),
        (&gzip(b"Dear diary"), "it starts with text"),
        (&gzip(b""), "it is empty"),
        (b"\x1f\x8b\x08\0\0", "its gzip stream ends before its first octet"),
        (b"\x28\xb5\x2f\xfd\xff\xff\xff\xff\xff", "its zstd stream"),
    ] {
        let error = open(octets).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(said), "{octets:?} gave {error:?}, which lacks {said:?}");
    }
    let deep = (0..6).fold(Pcap::new().octets, |octets, _| gzip(&octets));
    assert!(open(&deep).is_err_and(|error| error.to_string().contains("compressed more than")));
}

#[test]
fn a_greeting_before_the_capture_is_left_out() {
    let greeting = "tcpdump: listening on eth0, link-type EN10MB (Ethernet)\nsecond line\n";
    for file in [Pcap::new().packets(2).octets, Pcapng::ethernet(Order::Big).packets(2).octets] {
        let octets = [greeting.as_bytes(), &file].concat();
        let outcome = read(&octets);
        assert_eq!(outcome.packets.len(), 2);
        assert_eq!(outcome.notes(), [Fault::Banner { octets: greeting.len() as u64 }]);
        let reader = Box::new(Dribble(io::Cursor::new(octets), 0));
        let dribbled = Outcome::of(Capture::from_reader("-".into(), reader).unwrap());
        assert_eq!(dribbled.packets, outcome.packets);
    }
}

#[test]
fn several_files_are_one_capture_in_order_of_time() {
    let directory = Directory::new("merge");
    let at = |micros| (1_700_000_000, micros);
    let a = Pcap::new().packet(at(10), &[1]).packet(at(30), &[2]).packet(at(20), &[3]);
    let b = Pcapng::ethernet(Order::Big)
        .interface(113, 0, &[])
        .enhanced(1, 1_700_000_000_000_010, &[4], &[])
        .enhanced(0, 1_700_000_000_000_025, &[5], &[]);
    let a = directory.file("a.pcap", &a.octets);
    let b = directory.file("b.pcapng.gz", &gzip(&b.octets));
    let empty = directory.file("c.pcap", b"");

    let outcome = Outcome::of(Capture::open(&[&a, &b, &empty]).unwrap());
    let order: Vec<_> =
        outcome.packets.iter().map(|seen| (seen.octets[0], seen.interface, seen.number)).collect();
    // Equal times in the order of the arguments; a clock that steps back keeps its file's order.
    assert_eq!(order, [(1, 0, 1), (4, 2, 2), (5, 1, 3), (2, 0, 4), (3, 0, 5)]);
    assert_eq!(outcome.damages(), [(0, Fault::Empty, Then::WentOn)]);
    let packets: Vec<u64> = outcome.inputs.iter().map(|input| input.packets).collect();
    assert_eq!(packets, [3, 2, 0]);
    assert_eq!(outcome.inputs[1].compression, [Compression::Gzip]);

    let twice = Outcome::of(Capture::open(&[&a, &a]).unwrap());
    let order: Vec<_> = twice.packets.iter().map(|seen| (seen.octets[0], seen.interface)).collect();
    assert_eq!(order, [(1, 0), (1, 1), (2, 0), (3, 0), (2, 1), (3, 1)]);

    let alone = Outcome::of(Capture::open(&[&a]).unwrap());
    let order: Vec<u8> = alone.packets.iter().map(|seen| seen.octets[0]).collect();
    assert_eq!(order, [1, 2, 3]);
    let error = Capture::open(&[&empty]).err().unwrap().to_string();
    assert!(error.contains("it is empty"), "{error}");
}

#[test]
fn a_thousand_rotated_files_are_read() {
    let directory = Directory::new("rotated");
    let paths: Vec<PathBuf> = (0..1_500_u32)
        .map(|nth| {
            let file = Pcap::new().packet((nth, 0), &[1; 60]).packet((nth, 1), &[2; 60]);
            directory.file(&format!("{nth:05}.pcap"), &file.octets)
        })
        .collect();
    let outcome = Outcome::of(Capture::open(&paths).unwrap());
    assert_eq!((outcome.packets.len(), outcome.damages()), (3_000, vec![]));
    assert!(outcome.packets.is_sorted_by_key(|packet| packet.at));
}

#[test]
fn a_file_that_was_cut_while_it_waited_for_its_turn_ends_there() {
    let directory = Directory::new("late");
    let file =
        |second| Pcap::new().packet((second, 0), &[1; 60]).packet((second, 1), &[2; 60]).octets;
    let paths: Vec<PathBuf> =
        (1..=3).map(|second| directory.file(&format!("{second}.pcap"), &file(second))).collect();
    let capture = Capture::open(&paths).unwrap();
    directory.file("2.pcap", &file(2)[..30]);
    let outcome = Outcome::of(capture);
    let times: Vec<i64> = outcome.packets.iter().map(|packet| packet.at / 1_000_000_000).collect();
    assert_eq!(times, [1, 1, 3, 3]);
    assert_eq!(outcome.damages(), [(24, Fault::CutPacket { number: 1 }, Then::WentOn)]);
}

#[test]
fn paths_that_cannot_be_read_say_why() {
    let directory = Directory::new("refused");
    let said = |path: &Path| Capture::open(&[path]).err().unwrap().to_string();
    let missing = said(&directory.0.join("missing.pcap"));
    assert!(missing.contains("cannot read") && missing.contains("No such file"), "{missing}");
    let refused = said(&directory.0);
    assert!(refused.contains("it is a directory; name its files"), "{refused}");
}

#[test]
fn a_named_pipe_is_read_as_the_file() {
    let directory = Directory::new("fifo");
    let path = directory.0.join("pipe");
    if !Command::new("mkfifo").arg(&path).status().is_ok_and(|status| status.success()) {
        println!("skipped: there is no mkfifo here");
        return;
    }
    let file = Pcap::new().packets(5_000).octets;
    let whole = read(&file).packets;
    let writer = {
        let path = path.clone();
        std::thread::spawn(move || std::fs::write(path, file))
    };
    let outcome = Outcome::of(Capture::open(&[&path]).unwrap());
    writer.join().unwrap().unwrap();
    assert_eq!(outcome.packets, whole);
}
