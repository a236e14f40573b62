//! Live capture, for real: a veth pair between two network namespaces that the test makes, a server in
//! one and clients in the other. Where that is not permitted, or libpcap is not there, it is skipped,
//! which is said.

#![cfg(all(feature = "live", target_os = "linux"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot do what it needs has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use serde_json::Value;

/// The server's address; the client's ends in 1.
const SERVER: &str = "10.98.76.2";

/// A tenth of a second on a machine with nothing else to do; for ever where it waits for a packet.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Two namespaces, joined by a veth pair, that disappear with this value.
struct Link {
    client: String,
    server: String,
}

impl Link {
    /// `None` where this process may not make namespaces, or there is nothing to capture with.
    fn new(name: &str) -> Option<Self> {
        let (client, server) = (format!("hw-{name}-c"), format!("hw-{name}-s"));
        for namespace in [&client, &server] {
            let _ = ip(&["netns", "del", namespace]);
            if let Err(why) = ip(&["netns", "add", namespace]) {
                println!("skipped: no namespaces: {why}");
                return None;
            }
        }
        let link = Self { client, server };
        let peer = ["peer", "name", "veth0", "netns", &link.server];
        let add = ["-n", &link.client, "link", "add", "veth0", "type", "veth"];
        if let Err(why) = ip(&[&add[..], &peer].concat()) {
            println!("skipped: no veth: {why}");
            return None;
        }
        for (namespace, address) in
            [(&link.client, "10.98.76.1/24"), (&link.server, "10.98.76.2/24")]
        {
            ip(&["-n", namespace, "addr", "add", address, "dev", "veth0"]).unwrap();
            ip(&["-n", namespace, "link", "set", "lo", "up"]).unwrap();
            ip(&["-n", namespace, "link", "set", "veth0", "up"]).unwrap();
        }
        let output = httpwhy(&["interfaces", "--netns", &link.client]).output().unwrap();
        if output.status.code() != Some(0) {
            println!("skipped: {}", String::from_utf8_lossy(&output.stderr));
            return None;
        }
        let out = String::from_utf8(output.stdout).unwrap();
        assert!(out.contains("veth0") && out.contains("10.98.76.1"), "{out}");
        Some(link)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        for namespace in [&self.client, &self.server] {
            let _ = ip(&["netns", "del", namespace]);
        }
    }
}

fn ip(arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("ip").args(arguments).output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(said) }
}

/// Runs something on a thread inside a namespace.
fn inside<T: Send + 'static>(
    namespace: &str,
    act: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    let file = fs::File::open(Path::new("/run/netns").join(namespace)).unwrap();
    thread::spawn(move || {
        move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
        act()
    })
}

fn httpwhy(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpwhy"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// A running capture.
struct Sniff {
    child: Child,
    err: BufReader<std::process::ChildStderr>,
    out: JoinHandle<String>,
}

impl Sniff {
    /// Starts, and waits until it captures.
    fn start(arguments: &[&str]) -> Self {
        let mut command = httpwhy(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let out = thread::spawn(move || {
            let mut all = String::new();
            stdout.read_to_string(&mut all).unwrap();
            all
        });
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let mut first = String::new();
        err.read_line(&mut first).unwrap();
        assert!(first.starts_with("capturing on "), "{first}");
        Self { child, err, out }
    }

    /// Ctrl-C: how long it took to stop, standard output and standard error.
    fn interrupt(mut self) -> (Duration, String, String) {
        let begun = Instant::now();
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        let took = begun.elapsed();
        let mut err = String::new();
        self.err.read_to_string(&mut err).unwrap();
        assert_eq!(status.code(), Some(0), "{err}");
        (took, self.out.join().unwrap(), err)
    }
}

/// Answers `GET /NUMBER/STATUS/OCTETS` as the target says, on so many connections.
fn serve(listener: &TcpListener, connections: usize) {
    thread::scope(|scope| {
        for _ in 0..connections {
            let (stream, _) = listener.accept().unwrap();
            scope.spawn(move || answer(stream).unwrap());
        }
    });
}

fn answer(stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = lines.next().transpose()? {
        let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
        while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
        let parts: Vec<usize> =
            target.split('/').skip(1).map(|part| part.parse().unwrap()).collect();
        let body = vec![b'x'; parts[2]];
        let head = format!("HTTP/1.1 {} X\r\nContent-Length: {}\r\n\r\n", parts[1], body.len());
        out.write_all(&[head.as_bytes(), &body].concat())?;
    }
    Ok(())
}

/// What each number is asked to be answered with.
fn wanted(number: usize) -> (usize, usize) {
    let statuses = [200, 404, 503, 201, 302];
    (statuses[number % statuses.len()], number % 7 * 500)
}

/// Asks for these numbers on one connection.
fn ask(port: u16, numbers: impl Iterator<Item = usize>, pause: Duration) -> io::Result<()> {
    let mut stream = TcpStream::connect((SERVER, port))?;
    stream.set_nodelay(true)?;
    let mut answers = BufReader::new(stream.try_clone()?);
    for number in numbers {
        let (status, octets) = wanted(number);
        write!(stream, "GET /{number}/{status}/{octets} HTTP/1.1\r\nHost: shop.example\r\n\r\n")?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            answers.read_line(&mut line)?;
            if let Some(value) = line.strip_prefix("Content-Length: ") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        io::copy(&mut answers.by_ref().take(length), &mut io::sink())?;
        thread::sleep(pause);
    }
    Ok(())
}

/// A thousand exchanges on twenty connections, at some thousand a second.
const EXCHANGES: usize = 1_000;
const CLIENTS: usize = 20;

fn traffic(link: &Link, port: u16) {
    let (sender, ready) = std::sync::mpsc::channel();
    let server = inside(&link.server, move || {
        let listener = TcpListener::bind((SERVER, port)).unwrap();
        sender.send(()).unwrap();
        serve(&listener, CLIENTS);
    });
    ready.recv().unwrap();
    let clients = inside(&link.client, move || {
        thread::scope(|scope| {
            for client in 0..CLIENTS {
                let numbers = (0..EXCHANGES).skip(client).step_by(CLIENTS);
                scope.spawn(move || ask(port, numbers, Duration::from_millis(2)).unwrap());
            }
        });
    });
    clients.join().unwrap();
    server.join().unwrap();
}

/// Every known exchange is there, right and once.
fn check(records: &str) {
    let mut seen = BTreeMap::new();
    for line in records.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        if record["type"] != "transaction" {
            continue;
        }
        let target = record["target"].as_str().unwrap_or_else(|| panic!("{record}"));
        let number: usize = target.split('/').nth(1).unwrap().parse().unwrap();
        let (status, octets) = wanted(number);
        assert_eq!(record["status"], status, "{record:#}");
        assert_eq!(record["response_body_bytes"], octets, "{record}");
        assert_eq!(record["method"], "GET");
        assert_eq!(record["response_complete"], true, "{record}");
        *seen.entry(number).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), EXCHANGES);
    assert!(seen.values().all(|times| *times == 1), "{seen:?}");
}

#[test]
fn a_thousand_known_exchanges_are_reported_right_and_once() {
    let Some(link) = Link::new("thousand") else { return };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    // On one device, on all of them, and of one port alone; in either namespace; by name, path and
    // process.
    let path = Path::new("/run/netns").join(&link.server);
    let (path, saved) = (path.to_str().unwrap(), folder.join("live.pcapng"));
    let saved = saved.to_str().unwrap();
    for (port, arguments) in [
        (8080, vec!["-i", "veth0", "--netns", &link.client]),
        (8081, vec!["-i", "any", "--netns", path, "tcp", "port", "8081", "-w", saved, "--force"]),
        (8082, vec!["-i", "veth0", "--netns", &link.server, "-p", "-B", "8"]),
    ] {
        let sniff = Sniff::start(&[&["sniff", "--json"][..], &arguments].concat());
        traffic(&link, port);
        let (_, out, err) = sniff.interrupt();
        assert!(err.contains("1,000 exchanges in "), "{err}");
        assert!(err.contains(" 0 dropped by the kernel"), "{err}");
        check(&out);
    }
    // What was saved meanwhile tells the same.
    let output = httpwhy(&["--json", saved]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    check(std::str::from_utf8(&output.stdout).unwrap());
}

#[test]
fn who_does_not_read_the_output_loses_nothing_that_is_saved() {
    let Some(link) = Link::new("blocked") else { return };
    let saved = Path::new(env!("CARGO_TARGET_TMPDIR")).join("blocked.pcapng");
    let saved = saved.to_str().unwrap();
    let arguments =
        ["sniff", "--json", "-i", "veth0", "--netns", &link.client, "-w", saved, "--force"];
    let mut child =
        httpwhy(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    err.read_line(&mut String::new()).unwrap();
    // The pipe holds 64 KiB, and the records of a thousand exchanges take more than a megabyte.
    traffic(&link, 8080);
    let begun = Instant::now();
    loop {
        let output = httpwhy(&["--json", saved]).output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        let exchanges = out.lines().filter(|line| line.contains("\"type\":\"transaction\""));
        if exchanges.count() == EXCHANGES {
            break check(&out);
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "the file is not whole");
        thread::sleep(Duration::from_millis(100));
    }
    // Everything waited for its reader.
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    check(&out);
}

#[test]
fn a_quiet_link_is_left_at_once_and_duration_ends_it() {
    let Some(link) = Link::new("quiet") else { return };
    for device in ["veth0", "lo", "any"] {
        let sniff = Sniff::start(&["sniff", "-i", device, "--netns", &link.client, "tcp"]);
        let (took, out, err) = sniff.interrupt();
        assert!(took < AT_ONCE, "{device} took {took:?}");
        assert_eq!(out, "");
        assert!(err.starts_with("0 exchanges in "), "{err}");
    }
    let begun = Instant::now();
    let timed = ["sniff", "-i", "lo", "--netns", &link.client, "--duration", "400ms"];
    let output = httpwhy(&timed).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let took = begun.elapsed();
    assert!((Duration::from_millis(400)..AT_ONCE).contains(&took), "{took:?}");
}

#[test]
fn a_device_that_goes_away_leaves_a_summary() {
    let Some(link) = Link::new("gone") else { return };
    let mut sniff = Sniff::start(&["sniff", "-i", "veth0", "--netns", &link.client]);
    traffic(&link, 8080);
    ip(&["-n", &link.server, "link", "del", "veth0"]).unwrap();
    let status = sniff.child.wait().unwrap();
    let mut err = String::new();
    sniff.err.read_to_string(&mut err).unwrap();
    assert_eq!(status.code(), Some(1), "{err}");
    // What the kernel had not handed over yet is gone with the device.
    assert!(err.contains(" exchanges in ") && err.contains("warning: veth0 "), "{err}");
}

#[test]
fn what_cannot_be_captured_is_said_with_the_cure() {
    let Some(link) = Link::new("errors") else { return };
    let refused = |code: i32, arguments: &[&str]| {
        let output = httpwhy(arguments).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?} {err}");
        err
    };
    let err = refused(1, &["sniff", "-i", "veth9", "--netns", &link.client]);
    assert!(err.contains("there is no interface `veth9`; there are: "), "{err}");
    assert!(err.contains("veth0"), "{err}");
    let err = refused(1, &["sniff", "-i", "veth0", "--netns", "hw-nowhere"]);
    assert!(err.contains("cannot enter network namespace /run/netns/hw-nowhere"), "{err}");
    let err = refused(1, &["sniff", "-i", "veth0,lo", "--netns", &link.client]);
    assert!(err.contains("there is no interface `veth0,lo`") && err.contains("-i any"), "{err}");
    let err = refused(1, &["sniff", "-i", "lo", "--pid", "4194304"]);
    assert!(err.contains("there is no process with this number here"), "{err}");
    let err = refused(2, &["sniff", "-i", "veth0", "--netns", &link.client, "status", ">=", "500"]);
    assert!(err.contains("capture filter `status >= 500`") && err.contains("-Y"), "{err}");
    ip(&["-n", &link.client, "link", "set", "veth0", "down"]).unwrap();
    let err = refused(1, &["sniff", "-i", "veth0", "--netns", &link.client]);
    assert!(err.contains("cannot capture on veth0: "), "{err}");
    assert!(err.contains("sudo ip link set veth0 up"), "{err}");
}

#[test]
fn case_113_capture_filters_are_refused_or_taken_whatever_they_are() {
    let Some(link) = Link::new("filters") else { return };
    let hosts = |count: usize| {
        let hosts: Vec<String> =
            (0..count).map(|n| format!("host 10.1.{}.{}", n / 250, n % 250)).collect();
        hosts.join(" or ")
    };
    for (filter, code) in [
        ("\u{1b}]0;title\u{7} tcp \u{202e}", 2),
        ("%s%s%n", 2),
        (")", 2),
        ("tcp[99999999999999999999] = 1", 2),
        ("ip[0] / 0 = 1", 2),
        (&format!("{}tcp{}", "(".repeat(4_000), ")".repeat(4_000)), 0),
        (&format!("{}tcp", "not ".repeat(2_000)), 0),
        (&hosts(400), 0),
        (&format!("{} = 1", ["ip[0]"; 1_000].join(" + ")), 0),
        (&hosts(3_000), 2),
    ] {
        let named: String = filter.chars().take(40).collect();
        let begun = Instant::now();
        let namespace = ["--netns", &link.client, "--duration", "100ms", "-f", filter];
        let output =
            httpwhy(&[&["sniff", "-i", "veth0"][..], &namespace].concat()).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        let said: String =
            err.chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect();
        assert_eq!(output.status.code(), Some(code), "{named}: {said}");
        assert!(
            code == 0 || err.starts_with("error: ") && err.contains("capture filter"),
            "{named}"
        );
        let obeyed = |one: char| one.is_control() && one != '\n' || one == '\u{202e}';
        assert!(!err.contains(obeyed), "{named}");
        assert!(begun.elapsed() < Duration::from_secs(30), "{named} took {:?}", begun.elapsed());
    }
}

#[test]
fn whoever_may_not_capture_is_told_how_to() {
    let Some(link) = Link::new("nobody") else { return };
    // Where everybody may look.
    let program = std::env::temp_dir().join(format!("httpwhy-nobody-{}", std::process::id()));
    fs::copy(env!("CARGO_BIN_EXE_httpwhy"), &program).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.args(arguments).current_dir("/").uid(65_534).gid(65_534).stdin(Stdio::null());
        // Another test may have begun a process while the copy was open to be written: that process
        // has it open until it becomes another program.
        let busy = |output: &io::Result<Output>| {
            output.as_ref().is_err_and(|error| error.kind() == ErrorKind::ExecutableFileBusy)
        };
        let mut output = command.output();
        for _ in 0..100 {
            if !busy(&output) {
                break;
            }
            thread::sleep(Duration::from_millis(20));
            output = command.output();
        }
        output
    };
    let (sniff, interfaces) = (run(&["sniff", "-i", "lo"]), run(&["interfaces"]));
    let (inside, _) = (run(&["sniff", "-i", "veth0", "--netns", &link.client]), link);
    fs::remove_file(&program).unwrap();
    let (sniff, interfaces, inside) = (sniff.unwrap(), interfaces.unwrap(), inside.unwrap());
    let err = String::from_utf8(sniff.stderr).unwrap();
    assert_eq!(sniff.status.code(), Some(1));
    assert!(err.starts_with("error: may not capture on lo: "), "{err}");
    let cure = format!("sudo setcap cap_net_raw=eip {}", program.display());
    assert!(err.contains(&cure) && err.contains("sudo tcpdump -i lo -U -w - |"), "{err}");
    let out = String::from_utf8(interfaces.stdout).unwrap();
    assert_eq!(interfaces.status.code(), Some(0));
    assert!(out.contains("You may not capture:") && out.contains(&cure), "{out}");
    let err = String::from_utf8(inside.stderr).unwrap();
    assert_eq!(inside.status.code(), Some(1));
    assert!(err.contains("entering a namespace needs root"), "{err}");
}

#[test]
fn without_libpcap_files_are_read_and_devices_say_what_to_install() {
    // What the loader finds first is no library.
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("no-libpcap");
    fs::create_dir_all(&folder).unwrap();
    for name in ["libpcap.so.0.8", "libpcap.so.1", "libpcap.so"] {
        fs::write(folder.join(name), "").unwrap();
    }
    let run =
        |arguments: &[&str]| httpwhy(arguments).env("LD_LIBRARY_PATH", &folder).output().unwrap();
    for arguments in [&["sniff", "-i", "lo"][..], &["interfaces"], &["-D"]] {
        let output = run(arguments);
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?} {err}");
        assert!(err.starts_with("error: libpcap is not installed"), "{err}");
        assert!(err.contains("apt install libpcap0.8"), "{err}");
    }
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/hello.pcap");
    let output = run(&["sniff", sample.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!output.stdout.is_empty());
}
