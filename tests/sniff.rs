//! `httpwhy sniff` on pipes and growing files, as people use it: what happened is shown while the pipe
//! is still open, what was seen can be saved, and stopping is no failure. Devices have `live.rs`.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot do what it needs has failed")]
// What was measured is shown.
#![allow(clippy::print_stdout)]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use httpwhy::capture::{Capture, Next, Source};
use support::frames::frames;
use support::link::Encapsulation;
use support::packets::{Stacks, segments};
use support::pcap;
use support::random::rounds;
use support::script::{Connection, Script, Side};

/// Longer than anything takes on a busy machine, and shorter than anybody's patience.
const LONG: Duration = Duration::from_secs(20);

/// A tenth of a second on a machine with nothing else to do; for ever where it waits for a packet.
const AT_ONCE: Duration = Duration::from_secs(5);

fn httpwhy(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpwhy"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).env_remove("CLICOLOR_FORCE");
    command
}

/// A running httpwhy that reads what the test writes.
struct Piped {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Piped {
    fn start(arguments: &[&str]) -> Self {
        let mut command = httpwhy(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let out = child.stdout.take().unwrap();
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let input = child.stdin.take();
        Self { child, input, lines }
    }

    fn write(&mut self, octets: &[u8]) {
        let input = self.input.as_mut().unwrap();
        input.write_all(octets).unwrap();
        input.flush().unwrap();
    }

    /// The next line that is shown, while the pipe stays open.
    fn line(&self) -> String {
        self.lines.recv_timeout(LONG).expect("a line while the pipe is open")
    }

    /// As `kill -SIGNAL` does.
    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{signal}"), &id]).status().unwrap();
        assert!(sent.success());
    }

    /// Closes the pipe and waits; the exit code, what was shown since, and standard error.
    fn end(mut self) -> (Option<i32>, Vec<String>, String) {
        drop(self.input.take());
        let status = self.child.wait().unwrap();
        let mut err = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        (status.code(), self.lines.iter().collect(), err)
    }
}

/// A GET with its answer on a connection of its own, which then ends.
fn exchange(port: u16, target: &str, status: u16) -> Connection {
    Connection::new(&format!("10.0.0.1:{port}"), "10.0.0.2:80")
        .client_says(format!("GET {target} HTTP/1.1\r\nHost: shop.example\r\n\r\n"))
        .server_says(format!("HTTP/1.1 {status} X\r\nContent-Length: 2\r\n\r\nok"))
        .closed_by(Side::Client)
}

fn captured(connections: Vec<Connection>) -> Vec<u8> {
    let made = segments(&Script { connections }, &Stacks::default());
    pcap::pcap(&frames(&made, &Encapsulation::ethernet()))
}

fn many(exchanges: u16) -> Vec<u8> {
    let begins = |n| httpwhy::units::Duration::from_millis(u64::from(n) * 100);
    let one = |n| exchange(2_000 + n, &format!("/{n}"), 200).begins(begins(n));
    captured((0..exchanges).map(one).collect())
}

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("sniff-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

/// Packets as a reader finds them: time, octets, link.
fn packets(path: &str) -> Vec<(i64, Vec<u8>, u16)> {
    let mut capture = Capture::open(&[path]).unwrap_or_else(|error| panic!("{error}"));
    let mut found = Vec::new();
    loop {
        match Source::next(&mut capture).unwrap() {
            Next::Packet(packet) => {
                found.push((packet.at.as_nanos(), packet.bytes.to_vec(), packet.link.0));
            }
            Next::Quiet { .. } => panic!("a file is never quiet"),
            Next::End => break,
        }
    }
    assert!(!capture.is_damaged(), "{path}");
    found
}

fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut command = httpwhy(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = thread::spawn(move || {
        // Whoever has seen enough reads no further.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

#[test]
fn an_exchange_is_shown_while_the_pipe_is_open() {
    let (first, second) = (exchange(4_000, "/first", 200), exchange(4_001, "/second", 503));
    let (first, both) = (
        captured(vec![first.clone()]),
        captured(vec![first, second.begins(httpwhy::units::Duration::from_millis(5_000))]),
    );
    for arguments in
        [&["sniff", "-"][..], &["sniff", "-nlU", "-r", "-"], &["sniff"], &["sniff", "--json"]]
    {
        let mut piped = Piped::start(arguments);
        // The header of the file comes in pieces, and so does the last packet.
        for piece in [&first[..10], &first[10..31], &first[31..first.len() - 5]] {
            piped.write(piece);
            thread::sleep(Duration::from_millis(20));
        }
        piped.write(&first[first.len() - 5..]);
        assert!(piped.line().contains("/first"), "{arguments:?}");
        piped.write(&both[first.len()..]);
        let rest = piped.lines.recv_timeout(LONG).unwrap();
        assert!(rest.contains("/second") || rest.contains("connection"), "{arguments:?} {rest}");
        let (code, _, err) = piped.end();
        assert_eq!(code, Some(0), "{err}");
        assert!(err.contains("2 exchanges in ") && err.contains(", 1 failed; "), "{err}");
    }
}

#[test]
fn case_108_a_signal_ends_it_well_and_at_once_on_a_quiet_pipe() {
    let tries = rounds(3);
    // Whoever counts the tries wants to know it exactly.
    let at_once = if tries.end > 3 { Duration::from_secs(1) } else { AT_ONCE };
    let mut slowest = Duration::ZERO;
    for signal in tries.clone().map(|round| ["INT", "TERM", "HUP"][round as usize % 3]) {
        let mut piped = Piped::start(&["sniff", "-"]);
        let file = captured(vec![exchange(4_000, "/first", 200)]);
        // In the middle of a packet: stopping is no damage.
        piped.write(&file[..file.len() - 3]);
        assert!(piped.line().contains("/first"));
        let begun = Instant::now();
        piped.signal(signal);
        let status = piped.child.wait().unwrap();
        let took = begun.elapsed();
        assert!(took < at_once, "{signal} took {took:?}");
        slowest = slowest.max(took);
        assert_eq!(status.code(), Some(0), "{signal}");
        let (_, _, err) = piped.end();
        assert!(err.contains("1 exchange in "), "{err}");
        assert!(!err.contains("warning"), "{err}");
    }
    println!("{tries:?} signals: the slowest took {slowest:?}");
}

#[test]
fn a_pipe_that_breaks_off_is_damage() {
    let file = captured(vec![exchange(4_000, "/first", 200)]);
    let output = run(&["sniff", "-"], &file[..file.len() - 3]);
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{err}");
    assert!(err.contains("ends in the middle of packet"), "{err}");
    let err = String::from_utf8(run(&["sniff", "-q", "-"], &file).stderr).unwrap();
    assert_eq!(err, "");
}

#[test]
fn as_many_exchanges_are_shown_as_were_asked_for() {
    let output = run(&["sniff", "-c", "3", "-"], &many(40));
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(out.lines().count(), 3, "{out}");
    assert_eq!(output.status.code(), Some(0));

    // The pipe stays open: nobody closes it.
    let mut piped = Piped::start(&["sniff", "-c", "3", "-"]);
    piped.write(&many(40));
    assert!(piped.child.wait().unwrap().success());

    let begun = Instant::now();
    let mut piped = Piped::start(&["sniff", "--duration", "300ms", "-"]);
    piped.write(&many(2));
    assert!(piped.child.wait().unwrap().success());
    assert!(begun.elapsed() >= Duration::from_millis(300));
    assert!(begun.elapsed() < LONG);
}

#[test]
fn case_114_its_own_terminal_makes_no_line() {
    // What is shown goes over the network to whoever looks at it by SSH, and is captured itself: if it
    // made a line of its own, there would be no end.
    let mut ssh = Connection::new("10.0.0.9:50000", "10.0.0.2:22")
        .server_says("SSH-2.0-OpenSSH_9.2\r\n")
        .client_says("SSH-2.0-OpenSSH_9.2\r\n");
    for _ in 0..200 {
        ssh = ssh.server_says([0x5a; 120]).client_says([0xa5; 36]);
    }
    let capture = captured(vec![ssh, exchange(2_000, "/", 200)]);
    for arguments in [&["sniff", "-"][..], &["sniff", "--json", "-Y", "status", "-"]] {
        let output = run(arguments, &capture);
        let out = String::from_utf8(output.stdout).unwrap();
        let lines = out.lines().filter(|line| line.contains("10.0.0.9")).count();
        assert!(lines <= 1 && out.contains("shop.example"), "{out}");
    }
}

#[test]
fn a_closed_output_ends_it_quietly() {
    let mut command = httpwhy(&["sniff", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let mut input = child.stdin.take().unwrap();
    let writer = thread::spawn(move || {
        let _ = input.write_all(&many(400));
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert!(!err.contains("panicked") && !err.contains("error"), "{err}");
}

#[test]
fn a_growing_file_is_followed() {
    let scratch = Scratch::new("follow");
    let path = scratch.path("growing.pcap");
    let file = many(20);
    let (front, back) = file.split_at(file.len() / 2 + 7);
    fs::write(&path, front).unwrap();
    let mut piped = Piped::start(&["sniff", "-F", &path]);
    assert!(piped.line().contains("/0"));
    let mut growing = fs::OpenOptions::new().append(true).open(&path).unwrap();
    growing.write_all(back).unwrap();
    while !piped.line().contains("/19") {}
    piped.signal("INT");
    assert_eq!(piped.child.wait().unwrap().code(), Some(0));
    let (_, _, err) = piped.end();
    assert!(err.contains("20 exchanges in "), "{err}");
    // Begun anew, as a rotation does that keeps the name: what comes next is not what was followed.
    let piped = Piped::start(&["sniff", "-F", &path]);
    while !piped.line().contains("/19") {}
    fs::write(&path, front).unwrap();
    let (code, _, err) = piped.end();
    assert_eq!(code, Some(3), "{err}");
    assert!(err.contains("it was cut or begun anew while it was followed"), "{err}");
    fs::write(&path, &file).unwrap();
    // Or as one that takes another name away and writes a new file.
    let piped = Piped::start(&["sniff", "-F", &path]);
    while !piped.line().contains("/19") {}
    fs::rename(&path, scratch.path("growing.pcap.1")).unwrap();
    fs::write(&path, &file).unwrap();
    let (code, _, err) = piped.end();
    assert_eq!(code, Some(3), "{err}");
    assert!(err.contains("another file has taken its name while it was followed"), "{err}");

    // Without -F a file is read to its end as it is.
    let output = run(&["sniff", &path], &[]);
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 20);
}

#[test]
fn what_was_seen_is_saved_as_it_was() {
    let scratch = Scratch::new("write");
    let original = scratch.path("original.pcap");
    let file = many(10);
    fs::write(&original, &file).unwrap();
    let truth = packets(&original);
    for name in ["saved.pcap", "saved.pcapng"] {
        let saved = scratch.path(name);
        let output = run(&["sniff", "-", "-w", &saved], &file);
        assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 10);
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(packets(&saved), truth, "{name}");
        assert_eq!(fs::metadata(&saved).unwrap().permissions().mode() & 0o777, 0o600);
        // Not once more over it, unless that was asked for.
        let output = run(&["sniff", "-", "-w", &saved], &file);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8(output.stderr).unwrap().contains("--force replaces it"));
        let output = run(&["sniff", "-", "-w", &saved, "--force"], &many(2));
        assert_eq!(output.status.code(), Some(0));
        assert!(packets(&saved).len() < truth.len());
    }
    let output = run(&["sniff", "-", "-w", &scratch.path("x.pcap.gz")], &file);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn with_a_filter_the_packets_of_what_matches_are_saved_as_analyze_saves_them() {
    let scratch = Scratch::new("pick");
    let (live, again) = (scratch.path("live.pcapng"), scratch.path("again.pcapng"));
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut saved = 0;
    for entry in fs::read_dir(samples).unwrap() {
        let sample = entry.unwrap().path();
        if !sample.extension().is_some_and(|ending| ending.to_str().unwrap().starts_with("pcap")) {
            continue;
        }
        let file = fs::read(&sample).unwrap();
        for filter in ["status >= 400", "status >= 100"] {
            let (filter, json) = (["-Y", filter], ["--json", "-q", "--force", "-w"]);
            let output = run(&[&["sniff", "-"][..], &filter, &json, &[&live]].concat(), &file);
            let sample = sample.to_str().unwrap();
            assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{sample}");
            let output = run(&[&[sample][..], &filter, &json, &[&again]].concat(), &[]);
            assert!(output.status.success() || output.status.code() == Some(3));
            let octets = fs::read(&live).unwrap();
            assert!(octets == fs::read(&again).unwrap(), "{sample} {filter:?}");
            saved += packets(&live).len();
        }
    }
    assert!(saved > 300, "{saved}");
    // How many that were is said, and in pcap, too, they are saved.
    let (file, live) = (many(10), scratch.path("live.pcap"));
    let output = run(&["sniff", "-", "-Y", "path = /3", "-w", &live], &file);
    let err = String::from_utf8(output.stderr).unwrap();
    let count = packets(&live).len();
    assert!(count > 0 && err.contains(&format!(", {count} saved")), "{err}");
    let output = run(&[&live], &[]);
    assert!(String::from_utf8(output.stdout).unwrap().contains("1 exchange"), "{err}");
}

#[test]
fn what_began_too_long_ago_to_be_kept_is_said() {
    let scratch = Scratch::new("cut");
    // Between a request and its response come more packets than the least memory holds.
    let second = httpwhy::units::Duration::from_secs;
    let long = Connection::new("10.0.0.9:4000", "10.0.0.2:80")
        .client_says("GET /long HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        .server_says("HTTP/1.1 503 X\r\nContent-Length: 2\r\n\r\nok")
        .after(second(500))
        .closed_by(Side::Client);
    let begins = |n| httpwhy::units::Duration::from_millis(1_000 + u64::from(n) * 100);
    let others = (0..4_000).map(|n| exchange(2_000 + n, "/", 200).begins(begins(n)));
    let file = captured(std::iter::once(long).chain(others).collect());
    let live = scratch.path("live.pcap");
    let least = ["sniff", "-", "--memory", "8MiB", "-Y", "status = 503", "-w", &live];
    let output = run(&least, &file);
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.contains("1 of the exchanges took so long that its first packets"), "{err}");
    assert!(!packets(&live).is_empty());
    // More memory keeps them all.
    let output = run(&["sniff", "-", "-Y", "status = 503", "-w", &live, "--force"], &file);
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(!err.contains("so long"), "{err}");
    let output = run(&[&live], &[]);
    assert!(String::from_utf8(output.stdout).unwrap().contains("8 m 20 s"), "{err}");
}

#[test]
fn saved_packets_are_what_tshark_reads() {
    if Command::new("tshark").arg("--version").output().is_err() {
        println!("skipped: tshark is not there");
        return;
    }
    let scratch = Scratch::new("tshark");
    let fields = ["-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "tcp.payload"];
    let told = |path: &str| {
        let output = Command::new("tshark").args(["-r", path]).args(fields).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    // The second has several interfaces of different link types.
    for (sample, name) in
        [("samples/keep-alive.pcap", "a.pcap"), ("samples/multi-interface.pcapng", "b.pcapng")]
    {
        let saved = scratch.path(name);
        let file = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(sample)).unwrap();
        let output = run(&["sniff", "-", "-w", &saved], &file);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join(sample);
        assert_eq!(told(&saved), told(sample.to_str().unwrap()), "{name}");
    }
    // pcap has no place for them, and says so.
    let file =
        fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/multi-interface.pcapng"));
    let output = run(&["sniff", "-", "-w", &scratch.path("c.pcap")], &file.unwrap());
    assert_eq!(output.status.code(), Some(1));
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.contains("a name that ends in .pcapng takes them"), "{err}");
}

#[test]
fn files_rotate_by_size_and_by_time() {
    let scratch = Scratch::new("rotate");
    let original = scratch.path("original.pcap");
    let file = many(40);
    fs::write(&original, &file).unwrap();
    let truth = packets(&original);
    let names = |prefix: &str| {
        let entries = fs::read_dir(&scratch.0).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name.starts_with(prefix)).collect();
        names.sort();
        names
    };
    let joined = |names: &[String]| -> Vec<_> {
        names.iter().flat_map(|name| packets(&scratch.path(name))).collect()
    };

    let path = scratch.path("size.pcapng");
    run(&["sniff", "-", "-w", &path, "--rotate-size", "4k"], &file);
    let found = names("size");
    assert!(found.len() > 3, "{found:?}");
    assert_eq!(found[0], "size-0001.pcapng");
    assert_eq!(joined(&found), truth, "every packet once, in order");
    for name in &found {
        assert!(fs::metadata(scratch.path(name)).unwrap().len() < 4_000 + 2_000, "{name}");
    }

    // 40 connections that begin 100 ms apart.
    let path = scratch.path("time.pcap");
    run(&["sniff", "-", "-w", &path, "--rotate-every", "1s"], &file);
    let found = names("time");
    assert_eq!(found.len(), 4, "{found:?}");
    assert_eq!(joined(&found), truth);

    let path = scratch.path("kept.pcap");
    let keep = ["--rotate-size", "4k", "--rotate-keep", "2"];
    run(&[&["sniff", "-", "-w", &path][..], &keep].concat(), &file);
    let found = names("kept");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(truth.ends_with(&joined(&found)), "the newest are kept");
}

#[test]
fn what_makes_no_sense_is_refused_with_the_cure() {
    for (arguments, says) in [
        (&["sniff", "-", "tcp", "port", "80"][..], "a capture filter needs an interface (-i)"),
        (&["sniff", "-i", "lo", "-r", "-"], "not both"),
        (&["sniff", "-f", "tcp", "-"], "--interface"),
        (&["sniff", "--rotate-size", "1M", "-"], "--write"),
        (&["sniff", "-", "--duration", "soon"], "a time is a number"),
        (&["sniff", "any", "tcp", "port", "80"], "no file any, but an interface: -i any captures"),
    ] {
        let output = run(arguments, &[]);
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?} {err}");
        assert!(err.contains(says), "{arguments:?} {err}");
    }
    let output = httpwhy(&["sniff"]).stdin(Stdio::null()).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.contains("nothing to read: -i IFACE captures from an interface"), "{err}");
}

#[test]
fn who_waits_for_a_pipe_is_told_so() {
    let mut piped = Piped::start(&["sniff", "-"]);
    let mut err = BufReader::new(piped.child.stderr.take().unwrap());
    let mut first = String::new();
    err.read_line(&mut first).unwrap();
    assert_eq!(first, "reading standard input as it comes; Ctrl-C stops\n");
    // Before anything has come there is nothing to end well.
    piped.signal("INT");
    assert!(!piped.child.wait().unwrap().success());
}
