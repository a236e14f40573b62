//! The dashboard on a terminal: however it ends, the terminal is as it was before, and the exit code says
//! whether that was meant. Case 108.
//!
//! `HTTPWHY_ROUNDS=1000 cargo test --test terminal --test sniff -- --nocapture case_108` sends a thousand
//! signals to each, and wants each to be obeyed within a second.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot do what it needs has failed")]
// What was measured is shown.
#![allow(clippy::print_stdout)]

mod support;

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use httpwhy::dashboard::{self, App, Options, Outside, Wanted};
use httpwhy::filter::Filter;
use httpwhy::flow::Trace;
use httpwhy::snapshot::{Board, Whole};
use httpwhy::wire::Endpoint;
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Termios, Winsize, tcgetattr, tcsetwinsize};
use support::random::rounds;

/// Longer than anything takes on a busy machine.
const LONG: Duration = Duration::from_secs(60);

const ENTERS: &str = "\u{1b}[?1049h";
const LEAVES: &str = "\u{1b}[?1049l";
const SHOWS_CURSOR: &str = "\u{1b}[?25h";

/// A program on a terminal of its own.
struct OnTerminal {
    child: Child,
    terminal: File,
    before: Termios,
    drawn: Receiver<Vec<u8>>,
    text: String,
    master: OwnedFd,
}

impl OnTerminal {
    fn start(command: &mut Command) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let terminal = OpenOptions::new().read(true).write(true).open(name).unwrap();
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&terminal, size).unwrap();
        let before = tcgetattr(&terminal).unwrap();
        assert!(before.local_modes.contains(LocalModes::ICANON | LocalModes::ECHO));
        let end = || Stdio::from(terminal.try_clone().unwrap());
        command.stdin(end()).stdout(end()).stderr(end()).env("TERM", "xterm-256color");
        let child = command.spawn().unwrap();
        let mut reader = File::from(master.try_clone().unwrap());
        let (sender, drawn) = mpsc::channel();
        thread::spawn(move || {
            let mut octets = [0; 65_536];
            while let Ok(len) = reader.read(&mut octets) {
                if len == 0 || sender.send(octets[..len].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, terminal, before, drawn, text: String::new(), master }
    }

    /// Waits until something stands on the screen.
    fn shows(&mut self, wanted: &str) {
        let begun = Instant::now();
        while !self.text.contains(wanted) {
            assert!(begun.elapsed() < LONG, "{wanted:?} is not in {:?}", self.text);
            if let Ok(octets) = self.drawn.recv_timeout(Duration::from_millis(100)) {
                self.text.push_str(&String::from_utf8_lossy(&octets));
            }
        }
    }

    /// Presses keys.
    fn press(&self, keys: &str) {
        let mut keyboard = File::from(self.master.try_clone().unwrap());
        keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Becomes so large, and is told.
    fn resize(&self, ws_row: u16, ws_col: u16) {
        let size = Winsize { ws_row, ws_col, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.terminal, size).unwrap();
        // It does not control this terminal, so that the kernel does not tell it.
        kill_process(Pid::from_child(&self.child), Signal::WINCH).unwrap();
    }

    fn send(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// Waits for the end: the exit code. The terminal is as it was, and what was drawn is gone.
    fn ends(&mut self) -> Option<i32> {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < LONG, "it goes on");
            thread::sleep(Duration::from_millis(10));
        };
        self.shows(LEAVES);
        self.shows(SHOWS_CURSOR);
        while let Ok(octets) = self.drawn.recv_timeout(Duration::from_millis(200)) {
            self.text.push_str(&String::from_utf8_lossy(&octets));
        }
        assert!(self.text.rfind(LEAVES) > self.text.rfind(ENTERS), "{:?}", self.text);
        let after = tcgetattr(&self.terminal).unwrap();
        assert_eq!(after.local_modes, self.before.local_modes);
        assert_eq!(after.input_modes, self.before.input_modes);
        assert_eq!(after.output_modes, self.before.output_modes);
        status.code()
    }
}

impl Drop for OnTerminal {
    fn drop(&mut self) {
        // Over already, where nothing failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn httpwhy() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpwhy"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["dashboard", "samples/keep-alive.pcap"]);
    command
}

#[test]
fn case_108_signals_give_the_terminal_back() {
    let tries = rounds(3);
    let mut slowest = Duration::ZERO;
    for signal in tries.clone().map(|round| ["-INT", "-TERM", "-HUP"][round as usize % 3]) {
        let mut shown = OnTerminal::start(&mut httpwhy());
        shown.shows("keep-alive.pcap");
        let begun = Instant::now();
        shown.send(signal);
        while shown.child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < LONG, "it goes on");
            thread::sleep(Duration::from_millis(1));
        }
        let took = begun.elapsed();
        // Whoever counts the tries wants to know it exactly.
        assert!(tries.end <= 3 || took < Duration::from_secs(1), "{signal} took {took:?}");
        slowest = slowest.max(took);
        let code = shown.ends();
        assert!(code == Some(0) || code == Some(129) && signal == "-HUP", "{signal}: {code:?}");
    }
    println!("{tries:?} signals: the slowest took {slowest:?}");
}

#[test]
fn case_107_a_storm_of_sizes_is_outlived() {
    let mut shown = OnTerminal::start(&mut httpwhy());
    shown.shows("keep-alive.pcap");
    for nth in 0..300 {
        let (rows, columns) = [(1, 1), (24, 80), (0, 0), (200, 500), (2, 300), (60, 1)][nth % 6];
        shown.resize(rows, columns);
    }
    shown.resize(24, 80);
    shown.press("2");
    shown.shows("METH");
    shown.press("Q");
    assert_eq!(shown.ends(), Some(0));
}

#[test]
fn case_107_a_terminal_that_cannot_be_drawn_on_is_told_so() {
    let mut command = Command::new("env");
    command.current_dir(env!("CARGO_MANIFEST_DIR")).arg("TERM=dumb");
    command.arg(env!("CARGO_BIN_EXE_httpwhy")).args(["dashboard", "samples/keep-alive.pcap"]);
    let mut shown = OnTerminal::start(&mut command);
    shown.shows("use `httpwhy analyze`");
    assert_eq!(shown.child.wait().unwrap().code(), Some(2));
    assert!(!shown.text.contains('\u{1b}'), "{:?}", shown.text);
}

/// The packets of a capture up to the first request, as a file that is not over.
fn up_to_the_request(path: &str) -> Vec<u8> {
    let file = std::fs::read(path).unwrap();
    let mut end = 24;
    loop {
        let len: [u8; 4] = file[end + 8..end + 12].try_into().unwrap();
        let next = end + 16 + u32::from_le_bytes(len) as usize;
        let is_request = file[end..next].windows(5).any(|octets| octets == b"GET /");
        end = next;
        if is_request {
            return file[..end].to_vec();
        }
    }
}

#[test]
fn a_request_without_an_answer_waits_on_the_screen() {
    let name = format!("waiting-{}", std::process::id());
    let pipe = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpwhy"));
    command.args(["dashboard", "-r"]).arg(&pipe);
    let mut shown = OnTerminal::start(&mut command);
    let mut writer = OpenOptions::new().write(true).open(&pipe).unwrap();
    let root = env!("CARGO_MANIFEST_DIR");
    let sample = format!("{root}/samples/keep-alive.pcap");
    writer.write_all(&up_to_the_request(&sample)).unwrap();
    writer.flush().unwrap();
    // Only what is new is drawn, and blanks are new nowhere.
    shown.shows("waiting");
    shown.shows("oldest");
    drop(writer);
    shown.shows("peak");
    shown.send("-TERM");
    assert_eq!(shown.ends(), Some(0));
    std::fs::remove_file(&pipe).unwrap();
}

#[test]
fn case_31_the_dashboard_reads_as_it_is_told_to_and_reads_again_so() {
    let root = env!("CARGO_MANIFEST_DIR");
    let mut file = std::fs::read(format!("{root}/samples/slow-response.pcap")).unwrap();
    let get = file.windows(5).position(|octets| octets == b"GET /").unwrap();
    let ip = file[..get].windows(3).rposition(|octets| octets == [8, 0, 0x45]).unwrap() + 2;
    // The octet behind the slash is urgent.
    let tcp = &mut file[ip + 20..get];
    tcp[13] |= 0x20;
    tcp[18..20].copy_from_slice(&[0, 6]);
    let name = format!("urgent-{}.pcap", std::process::id());
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, file).unwrap();
    for (how, target) in [("inline", "/report"), ("oob", "/eport")] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_httpwhy"));
        command.args(["dashboard", "--urgent", how]).arg(&path);
        let mut shown = OnTerminal::start(&mut command);
        shown.shows("peak");
        shown.press("2");
        shown.shows(target);
        shown.text.clear();
        // The exchange as a whole, for which the capture is read again.
        shown.press("\r");
        shown.shows(target);
        shown.press("q");
        shown.send("-TERM");
        assert_eq!(shown.ends(), Some(0));
    }
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn the_segments_of_a_connection_are_read_again() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpwhy"));
    let root = env!("CARGO_MANIFEST_DIR");
    command.current_dir(root).args(["dashboard", "samples/slow-client-zero-window.pcap"]);
    let mut shown = OnTerminal::start(&mut command);
    shown.shows("slow-client-zero-window.pcap");
    shown.press("2");
    shown.shows("stock.csv");
    shown.press("o");
    shown.shows("REMARK");
    shown.shows("probe");
    // Bodies of 512 octets are kept; the full view reads more of this one.
    // An escape with a key right behind it would be another key.
    shown.text.clear();
    shown.press("\u{1b}");
    shown.shows("METH");
    shown.press("\rG");
    shown.shows("RESPONSE");
    shown.press("Q");
    assert_eq!(shown.ends(), Some(0));
}

/// What is asked for a picture panics.
struct Panics;

impl Outside for Panics {
    fn save(&mut self, _: &str, _: &str, _: &[u8]) -> String {
        String::new()
    }

    fn save_packets(&mut self, _: &str, _: BTreeSet<(Endpoint, Endpoint)>) -> String {
        String::new()
    }

    fn recall(&mut self, _: u64) {}

    fn recalled(&mut self) -> Option<(u64, Option<Whole>)> {
        panic!("as it was meant to")
    }

    fn trace(&mut self, _: Wanted) {}

    fn traced(&mut self) -> Option<(u64, Result<Trace, String>)> {
        None
    }

    fn ask(&mut self, _: Filter) {}

    fn answered(&mut self) -> Option<(String, Vec<u64>)> {
        None
    }

    fn news(&mut self) -> Option<String> {
        None
    }

    fn memory(&self) -> Option<u64> {
        None
    }

    fn sleep(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn case_108_a_panic_gives_the_terminal_back_and_is_read() {
    if std::env::var("HTTPWHY_PANICS").is_ok() {
        let mut app = App::new(Options::default());
        let stop = AtomicBool::new(false);
        let _ = dashboard::run(&mut app, &Board::default(), &stop, &mut Panics);
        return;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([
        "case_108_a_panic_gives_the_terminal_back_and_is_read",
        "--exact",
        "--nocapture",
    ]);
    let mut shown =
        OnTerminal::start(command.env("HTTPWHY_PANICS", "1").env("RUST_BACKTRACE", "0"));
    shown.shows("as it was meant to");
    assert!(shown.text.find(LEAVES) < shown.text.find("as it was meant to"), "{:?}", shown.text);
    assert_eq!(shown.ends(), Some(101));
}
