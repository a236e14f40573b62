//! The program as a user runs it: exit codes, streams, files and messages.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The program, at the root of the project, with nothing on standard input and no say of the
/// environment about colours.
fn httpwhy(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpwhy"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).stdin(Stdio::null());
    for name in ["NO_COLOR", "CLICOLOR_FORCE", "CLICOLOR"] {
        command.env_remove(name);
    }
    command
}

fn run(arguments: &[&str]) -> Output {
    httpwhy(arguments).output().unwrap()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).unwrap()
}

/// Runs, asserts the exit code, and gives both streams.
fn expect(code: i32, arguments: &[&str]) -> (String, String) {
    let output = run(arguments);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{out}\n{err}");
    (out, err)
}

/// A folder of one test's own.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

#[test]
fn a_capture_gives_a_report_and_nothing_on_standard_error() {
    for arguments in [
        &["samples/502-refused.pcap"][..],
        &["analyze", "samples/502-refused.pcap"],
        &["-r", "samples/502-refused.pcap", "-n"],
    ] {
        let (out, err) = expect(0, arguments);
        assert!(out.contains("1 failed (100 %)") && out.contains("502 Bad Gateway"), "{out}");
        assert_eq!(err, "");
        assert!(!out.contains('\u{1b}'));
    }
}

#[test]
fn damage_is_told_on_standard_error_and_by_the_exit_code() {
    let (out, err) = expect(3, &["samples/cut-off.pcap"]);
    assert!(out.contains("3 exchanges"), "{out}");
    assert!(
        err.starts_with("warning: samples/cut-off.pcap ends in the middle of packet 14"),
        "{err}"
    );
    assert_eq!(err.lines().count(), 1);
    let (_, err) = expect(3, &["samples/cut-off.pcap", "-q", "--json"]);
    assert_eq!(err, "");
}

#[test]
fn what_cannot_be_done_is_said_in_one_line() {
    let (out, err) = expect(1, &["samples/absent.pcap"]);
    assert_eq!((out.as_str(), err.lines().count()), ("", 1));
    assert!(err.starts_with("error: cannot read samples/absent.pcap: "), "{err}");
    let (_, err) = expect(1, &["README.md"]);
    assert!(err.starts_with("error: README.md is not a capture: "), "{err}");
    let (_, err) = expect(1, &["samples"]);
    assert!(err.contains("directory"), "{err}");
}

#[test]
fn wrong_use_exits_with_two_and_says_what_is_right() {
    let (_, err) = expect(2, &["analize", "samples/hello.pcap"]);
    assert!(err.contains("did you mean `httpwhy analyze`?"), "{err}");
    let (_, err) = expect(2, &["-T", "yaml", "samples/hello.pcap"]);
    assert!(err.contains("jsonl"), "{err}");
    expect(2, &["--no-such-option"]);
    let (_, err) = expect(2, &["show", "9", "-r", "samples/hello.pcap"]);
    assert!(err.contains("there is no exchange 9: the capture holds 1 to 1"), "{err}");
    let (_, err) = expect(2, &["explain", "1000"]);
    assert!(err.contains("three digits"), "{err}");
}

#[test]
fn a_capture_may_come_through_a_pipe() {
    let capture = fs::read("samples/hello.pcap").unwrap();
    for arguments in [&["--json"][..], &["--json", "-"], &["--json", "-r", "-"]] {
        let mut child =
            httpwhy(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(&capture).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        assert!(text(&output.stdout).contains("\"path\":\"-\""));
    }
}

/// SYNs, each from another port and address.
#[cfg(target_os = "linux")]
fn syns(count: u32) -> Vec<u8> {
    let mut octets = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 101] {
        octets.extend_from_slice(&word.to_le_bytes());
    }
    for n in 0..count {
        for word in [1_767_225_600, n % 1_000_000, 40, 40] {
            octets.extend_from_slice(&word.to_le_bytes());
        }
        octets.extend_from_slice(&[0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10]);
        octets.extend_from_slice(&n.to_be_bytes()[1..]);
        octets.extend_from_slice(&[192, 0, 2, 10, 0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0]);
        octets.extend_from_slice(&[0x50, 2, 0xff, 0xff, 0, 0, 0, 0]);
    }
    octets
}

#[test]
#[cfg(target_os = "linux")]
fn case_89_without_memory_it_ends_at_once_and_says_so() {
    let capture = syns(200_000);
    let run = |memory: &str, limit: u32| {
        let line = format!("ulimit -v {limit}; exec \"$0\" - -q --threads 1 --memory {memory}");
        let mut command = Command::new("bash");
        command.args(["-c", &line, env!("CARGO_BIN_EXE_httpwhy")]).env("RUST_BACKTRACE", "0");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let Ok(mut child) = command.spawn() else { return None };
        let mut stdin = child.stdin.take().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // Whoever ends early reads no further.
                let _ = stdin.write_all(&capture);
                drop(stdin);
            });
            Some(child.wait_with_output().unwrap())
        })
    };
    let Some(plenty) = run("10M", 4_000_000) else {
        println!("skipped: there is no bash");
        return;
    };
    assert!(plenty.status.success(), "{}", text(&plenty.stderr));
    let short = run("256M", 150_000).unwrap();
    assert!(!short.status.success() && short.stdout.is_empty());
    assert!(text(&short.stderr).starts_with("memory allocation of "), "{}", text(&short.stderr));
    // The cure.
    let less = run("10M", 150_000).unwrap();
    assert!(less.status.success(), "{}", text(&less.stderr));
    assert!(text(&less.stdout).contains("CAPTURE QUALITY"), "{}", text(&less.stdout));
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let mut child = httpwhy(&["--json", "samples/keep-alive.pcap"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}

/// A capture of so many exchanges on one connection.
#[cfg(target_os = "linux")]
fn exchanges(count: u32) -> Vec<u8> {
    let mut octets = syns(1);
    // The question and the answer, and what the other side has sent by then.
    let (asked, told) = (&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..], &b"HTTP/1.1 204 A\r\n\r\n"[..]);
    let (mut client, mut server) = (2_u32, 1_u32);
    for n in 0..2 * count {
        let (payload, sequence, acknowledges) = match n % 2 {
            0 => (asked, client, server),
            _ => (told, server, client),
        };
        let len = 40 + payload.len() as u32;
        for word in [1_767_225_601, n % 1_000_000, len, len] {
            octets.extend_from_slice(&word.to_le_bytes());
        }
        octets.extend_from_slice(&[0x45, 0, 0, len as u8, 0, 0, 0, 0, 64, 6, 0, 0]);
        let ends = [([10, 0, 0, 0], [0x9c, 0x40]), ([192, 0, 2, 10], [0, 80])];
        let (from, to) = (ends[n as usize % 2], ends[1 - n as usize % 2]);
        octets.extend_from_slice(&[from.0, to.0].concat());
        octets.extend_from_slice(&[from.1, to.1].concat());
        octets.extend_from_slice(&sequence.to_be_bytes());
        octets.extend_from_slice(&acknowledges.to_be_bytes());
        octets.extend_from_slice(&[0x50, 0x10, 0xff, 0xff, 0, 0, 0, 0]);
        octets.extend_from_slice(payload);
        let sent = if n % 2 == 0 { &mut client } else { &mut server };
        *sent += payload.len() as u32;
    }
    octets
}

#[test]
#[cfg(target_os = "linux")]
fn case_88_whoever_reads_slowly_gets_everything() {
    let scratch = Scratch::new("slow");
    let (capture, whole) = (scratch.path("capture.pcap"), scratch.path("whole.jsonl"));
    fs::write(&capture, exchanges(1_000)).unwrap();
    expect(0, &["--json", &capture, "-o", &whole]);
    let whole = fs::read(whole).unwrap();
    // Far more than a pipe has room for: it has to wait for its reader.
    assert!(whole.len() > 500_000, "{}", whole.len());
    let mut child = httpwhy(&["--json", &capture]).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut read = vec![0; 70_000];
    for octet in &mut read {
        out.read_exact(std::slice::from_mut(octet)).unwrap();
    }
    out.read_to_end(&mut read).unwrap();
    assert!(child.wait().unwrap().success());
    // The summary says how long it took.
    let lines = |octets: &[u8]| octets.iter().filter(|octet| **octet == b'\n').count();
    assert_eq!(lines(&read), lines(&whole));
    assert_eq!(read[..500_000], whole[..500_000]);
}

#[test]
#[cfg(target_os = "linux")]
fn case_111_every_thread_has_given_up_its_rights_while_packets_are_read() {
    if text(&run(&["confined"]).stdout).contains("not there:") {
        println!("skipped: this kernel does not offer all of it");
        return;
    }
    let scratch = Scratch::new("rights");
    let capture = scratch.path("capture.pcap");
    fs::write(&capture, exchanges(10_000)).unwrap();
    let mut command = httpwhy(&["--json", "--threads", "2", &capture]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    // It has said something, and cannot say all of it: all its threads are there. They start behind the
    // first few hundred packets.
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut vec![0; 1_000_000]).unwrap();
    let threads = fs::read_dir(format!("/proc/{}/task", child.id())).unwrap();
    let states: Vec<String> = threads
        .filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("status")).ok())
        .collect();
    out.read_to_end(&mut Vec::new()).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(states.len() >= 2, "{states:?}");
    for state in states {
        let is = |name: &str, value: &str| {
            let line = state.lines().find_map(|line| line.strip_prefix(name));
            assert_eq!(line.map(str::trim), Some(value), "{name} {state}");
        };
        for set in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
            is(set, "0000000000000000");
        }
        is("NoNewPrivs:", "1");
        is("Seccomp:", "2");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn case_88_a_full_disk_is_said_and_is_a_failure() {
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let says = "error: cannot write standard output: No space left on device";
    for arguments in [
        &["samples/keep-alive.pcap"][..],
        &["--json", "samples/keep-alive.pcap"],
        &["-T", "har", "samples/keep-alive.pcap"],
        &["-T", "csv", "samples/keep-alive.pcap"],
        &["-T", "html", "samples/keep-alive.pcap"],
        &["sniff", "samples/keep-alive.pcap"],
        &["show", "1", "-r", "samples/keep-alive.pcap"],
        &["explain", "502"],
    ] {
        let output = httpwhy(arguments).stdout(full()).output().unwrap();
        let err = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?} {err}");
        assert!(err.lines().any(|line| line.starts_with(says)), "{arguments:?} {err}");
    }
    let (_, err) = expect(1, &["samples/keep-alive.pcap", "-o", "/dev/full"]);
    assert!(err.starts_with("error: cannot write /dev/full: No space left on device"), "{err}");
}

#[test]
fn counting_stops_early_and_says_so() {
    let (out, _) = expect(0, &["-c", "2", "--json", "samples/keep-alive.pcap"]);
    assert_eq!(out.matches("\"type\":\"transaction\"").count(), 2);
    assert!(out.contains("\"stopped\":true"));
}

#[test]
fn an_output_file_is_new_and_nobody_elses() {
    let scratch = Scratch::new("output");
    let file = scratch.path("records.jsonl");
    let (out, _) = expect(0, &["--json", "samples/hello.pcap", "-o", &file]);
    assert_eq!(out, "");
    let first = fs::read(&file).unwrap();
    assert!(first.starts_with(b"{\"type\":\"transaction\""));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let (_, err) = expect(2, &["samples/hello.pcap", "-o", &file]);
    assert!(err.contains("exists already; --force replaces it"), "{err}");
    assert_eq!(fs::read(&file).unwrap(), first);
    expect(0, &["samples/hello.pcap", "-o", &file, "--force"]);
    assert!(fs::read(&file).unwrap().starts_with(b"samples/hello.pcap"));
    // What cannot be analysed replaces nothing and leaves nothing.
    expect(1, &["README.md", "-o", &file, "--force"]);
    assert!(fs::read(&file).unwrap().starts_with(b"samples/hello.pcap"));
    assert_eq!(fs::read_dir(&scratch.0).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn a_link_is_not_followed() {
    let scratch = Scratch::new("link");
    let (victim, link) = (scratch.path("victim"), scratch.path("link"));
    fs::write(&victim, "precious").unwrap();
    std::os::unix::fs::symlink(&victim, &link).unwrap();
    expect(2, &["samples/hello.pcap", "-o", &link]);
    expect(0, &["samples/hello.pcap", "-o", &link, "--force"]);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    let dangling = scratch.path("dangling");
    std::os::unix::fs::symlink(scratch.path("nowhere"), &dangling).unwrap();
    expect(2, &["samples/hello.pcap", "-o", &dangling]);
}

#[test]
fn colours_come_when_asked_for() {
    let colours = |configure: &dyn Fn(&mut Command)| {
        let mut command = httpwhy(&["samples/502-refused.pcap"]);
        configure(&mut command);
        command.output().unwrap().stdout.contains(&0x1b)
    };
    assert!(!colours(&|_| {}));
    assert!(colours(&|command| {
        command.arg("--color=always");
    }));
    assert!(colours(&|command| {
        command.env("CLICOLOR_FORCE", "1");
    }));
    assert!(!colours(&|command| {
        command.env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1");
    }));
    assert!(!colours(&|command| {
        command.env("CLICOLOR_FORCE", "1").arg("--color=never");
    }));
}

#[cfg(unix)]
#[test]
fn names_of_files_are_safe_to_show() {
    let scratch = Scratch::new("names");
    let hostile = scratch.path("\u{1b}]0;owned\u{7}\u{202e}.pcap");
    fs::copy("samples/cut-off.pcap", &hostile).unwrap();
    let absent = scratch.path("\u{1b}[2J");
    for arguments in [&[hostile.as_str()][..], &["--json", &hostile], &[&absent]] {
        let output = run(arguments);
        let shown = text(&output.stdout) + &text(&output.stderr);
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{}", shown.escape_debug());
    }
}

#[test]
fn one_exchange_is_shown_in_full() {
    let (out, _) = expect(0, &["show", "2", "-r", "samples/smuggling.pcap"]);
    assert!(out.contains("GET /admin") && out.contains("TIMELINE"), "{out}");
    let (out, _) = expect(0, &["show", "3", "1", "-r", "samples/keep-alive.pcap"]);
    assert_eq!(out.matches("TIMELINE").count(), 2);
}

#[test]
fn codes_and_flaws_are_explained() {
    let (english, _) = expect(0, &["explain", "502"]);
    assert!(english.contains("Bad Gateway"), "{english}");
    let (chinese, _) = expect(0, &["explain", "bad gateway", "--lang", "zh"]);
    assert!(chinese.contains("网关"), "{chinese}");
    let (cause, _) = expect(0, &["explain", "stale-keepalive", "--lang", "zh"]);
    assert!(cause.starts_with("stale-keepalive：keep-alive 竞争\n\n含义\n"), "{cause}");
    assert!(cause.lines().all(|line| httpwhy::export::escape::width(line) <= 80), "{cause}");
    let (list, _) = expect(0, &["explain", "--lang", "zh"]);
    assert!(list.contains("upstream-refused                连接被拒绝"), "{list}");
    let (flaw, _) = expect(0, &["explain", "bare-lf"]);
    assert!(flaw.contains("lone LF"), "{flaw}");
    let (list, _) = expect(0, &["explain"]);
    assert!(list.contains("404") && list.contains("bare-lf"));
    // Whatever a report or record says can be looked up.
    for name in httpwhy::http::Flaw::ALL {
        expect(0, &["explain", name.name()]);
    }
}

#[test]
fn help_lists_what_works_and_nothing_else() {
    let (help, _) = expect(0, &["--help"]);
    for word in [
        "analyze",
        "sniff",
        "dashboard",
        "interfaces",
        "show",
        "diff",
        "explain",
        "completions",
        "man",
    ] {
        assert!(help.contains(&format!("\n  {word} ")), "{word}\n{help}");
    }
    for word in ["jsonl", "Exit codes"] {
        assert!(help.contains(word), "{word}\n{help}");
    }
    let (man, _) = expect(0, &["man"]);
    assert!(man.contains(".TH httpwhy"));
    for shell in ["bash", "zsh", "fish"] {
        let (script, _) = expect(0, &["completions", shell]);
        assert!(script.contains("httpwhy"));
    }
    let (version, _) = expect(0, &["--version"]);
    assert_eq!(version, format!("httpwhy {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_dashboard_needs_a_terminal() {
    let (_, said) = expect(2, &["dashboard", "samples/hello.pcap"]);
    assert!(said.contains("httpwhy analyze"), "{said}");
    // What is wrong with the command line is said first.
    let (_, said) = expect(2, &["dash", "samples/hello.pcap", "-Y", "staus = 1"]);
    assert!(said.contains("did you mean `status`?"), "{said}");
    let (_, said) = expect(2, &["top", "samples/hello.pcap", "--theme", "pink"]);
    assert!(said.contains("high-contrast"), "{said}");
}

#[test]
fn the_accounts_balance() {
    let (out, _) = expect(0, &["--stats", "samples/retransmits-and-loss.pcap"]);
    assert_eq!(out.matches("✔ it balances").count(), 2, "{out}");
}

#[test]
fn bodies_go_into_har_as_far_as_asked() {
    let sample = "samples/post-upload.pcap";
    let (without, _) = expect(0, &["-T", "har", sample]);
    assert!(!without.contains("LAMP-1"), "{without}");
    let (front, _) = expect(0, &["-T", "har", "--body", "40", sample]);
    assert!(front.contains(r#"sku\":\"LAMP-1"#), "{front}");
    assert!(front.contains("cut: the first 40 of 4,574 octets"), "{front}");
    let (_, err) = expect(2, &["-T", "har", "--body", "1048577", sample]);
    assert!(err.contains("at most 1048576"), "{err}");
}

#[test]
fn what_a_rule_found_can_be_looked_up() {
    let (report, _) = expect(0, &["samples/smuggling.pcap"]);
    assert!(report.contains("error   request-inside-body"), "{report}");
    let (shown, _) = expect(0, &["show", "1", "-r", "samples/smuggling.pcap"]);
    assert!(shown.contains("FOUND   exchange 1   error   request-inside-body"), "{shown}");
    let (page, _) = expect(0, &["explain", "request-inside-body"]);
    assert!(page.contains("## When it is innocent"), "{page}");
    let (page, _) = expect(0, &["explain", "request-inside-body", "--lang", "zh"]);
    assert!(page.contains("## 何时无妨") && page.contains("**检查对象**"), "{page}");
    assert!(!page.contains("What it sees") && !page.contains("**severity**"), "{page}");
    let (list, _) = expect(0, &["explain", "--lang", "zh"]);
    assert!(list.contains("body-on-204") && list.contains("204 响应报头之后还有数据"), "{list}");
}

#[test]
fn exchanges_are_grouped_by_what_was_asked_for() {
    let sample = "samples/keep-alive.pcap";
    let (plain, _) = expect(0, &[sample]);
    assert!(plain.contains("BY SERVER") && plain.contains("BY ENDPOINT"), "{plain}");
    let (report, _) = expect(0, &[sample, "--by", "status,type", "--sort", "name"]);
    assert!(!report.contains("BY SERVER") && !report.contains("BY ENDPOINT"), "{report}");
    let statuses = report.split("BY STATUS").nth(1).unwrap();
    let (ok, missing) = (statuses.find("200").unwrap(), statuses.find("404").unwrap());
    assert!(ok < missing && report.contains("BY TYPE"), "{report}");
    // Records have groups only where they were asked for.
    let (records, _) = expect(0, &[sample, "--json"]);
    assert!(!records.contains("\"type\":\"group\""), "{records}");
    let (records, _) = expect(0, &[sample, "--json", "--by", "endpoint"]);
    assert_eq!(records.matches("\"by\":\"endpoint\"").count(), 3, "{records}");
    expect(2, &[sample, "--by", "nonsense"]);
}

#[test]
fn memory_is_as_much_as_was_asked_for() {
    let (out, _) = expect(0, &["samples/hello.pcap", "--memory", "64M"]);
    assert!(out.contains("200"));
    let (_, err) = expect(2, &["samples/hello.pcap", "--memory", "1k"]);
    assert!(err.contains("at least 8.4 MB are needed"), "{err}");
    expect(2, &["samples/hello.pcap", "--memory", "much"]);
}

/// Case 32.
#[test]
fn case_54_a_short_snap_length_leaves_the_start_lines_and_is_said_once() {
    let scratch = Scratch::new("snap");
    let path = scratch.path("short.pcap");
    let whole = fs::read("samples/keep-alive.pcap").unwrap();
    let (header, mut records) = whole.split_at(24);
    let mut file = header.to_vec();
    // As `tcpdump -s 96` has it.
    while let Some((head, rest)) = records.split_first_chunk::<16>() {
        let [time, len] = [&head[..8], &head[12..]];
        let (packet, rest) =
            rest.split_at(u32::from_le_bytes(head[8..12].try_into().unwrap()) as usize);
        let kept = &packet[..packet.len().min(96)];
        file.extend([time, &(kept.len() as u32).to_le_bytes(), len, kept].concat());
        records = rest;
    }
    fs::write(&path, file).unwrap();
    let lines = |path: &str| {
        let (out, _) = expect(0, &[path, "-e", "method,target,status", "-T", "csv"]);
        out
    };
    assert_eq!(lines(&path), lines("samples/keep-alive.pcap"));
    let (out, _) = expect(0, &[&path]);
    assert_eq!(out.matches("by the snap length; capture whole packets").count(), 1, "{out}");
}

#[test]
#[cfg(unix)]
fn case_100_what_has_no_end_and_holds_nothing_is_refused_at_once() {
    let scratch = Scratch::new("endless");
    let holes = scratch.path("holes.pcap");
    // Five tebibytes of nothing, and the same behind a capture; not every file system has files so large.
    let file = fs::File::create(&holes).unwrap();
    let large = file.set_len(5 << 40).is_ok();
    for path in ["/dev/zero", "/dev/null", &holes] {
        let (out, said) = expect(1, &[path]);
        assert!(out.is_empty() && said.contains("is not a capture: it is "), "{path}: {said}");
    }
    fs::copy("samples/hello.pcap", &holes).unwrap();
    if large {
        fs::OpenOptions::new().write(true).open(&holes).unwrap().set_len(5 << 40).unwrap();
        let (out, said) = expect(3, &[&holes]);
        assert!(
            out.contains("1 exchange ") && said.contains("is zeros from here on"),
            "{out}{said}"
        );
    }
}

#[test]
fn wrong_checksums_count_only_where_asked_for() {
    let scratch = Scratch::new("checksums");
    let path = scratch.path("wrong.pcap");
    let mut file = fs::read("samples/hello.pcap").unwrap();
    // The TCP checksum of the first packet with IPv4.
    let ipv4 = file.windows(3).position(|octets| octets == [0x08, 0x00, 0x45]).unwrap() + 2;
    file[ipv4 + 20 + 16] ^= 0xff;
    fs::write(&path, file).unwrap();
    for (arguments, skipped) in [(&[][..], 0), (&["--verify-checksums"][..], 1)] {
        let arguments = [&[&*path, "--json"][..], arguments].concat();
        for threads in ["1", "2", "4"] {
            let arguments = [&arguments[..], &["--threads", threads]].concat();
            let (out, _) = expect(0, &arguments);
            let summary = out.lines().find(|line| line.contains("\"type\":\"summary\"")).unwrap();
            let summary: serde_json::Value = serde_json::from_str(summary).unwrap();
            let skips = summary["skips"].as_object().unwrap();
            let wrong: Vec<_> =
                skips.iter().filter(|(name, _)| name.contains("checksum")).collect();
            assert_eq!(wrong.len(), skipped, "{skips:?} with {threads}");
        }
    }
}

/// A connection that is reset is an input that can be read up to there.
#[test]
fn json_is_whole_where_the_input_fails() {
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::OwnedFd;

    let capture = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/keep-alive.pcap"));
    let capture = capture.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    for (arguments, begins) in [
        (&["-T", "json", "-"][..], "[\n{\"type\":\"transaction\",\"id\":1,"),
        (&["-T", "har", "-"], "{\"log\":"),
        (&["-T", "json", "--threads", "2", "-"], "[\n{\"type\":\"transaction\",\"id\":1,"),
        (&["sniff", "-T", "json", "-"], "[\n{\"type\":\"transaction\",\"id\":1,"),
        (&["sniff", "-T", "har", "-"], "{\"log\":"),
    ] {
        let mut writer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut reader, _) = listener.accept().unwrap();
        // What nobody reads makes the end of this one a reset.
        reader.write_all(b"x").unwrap();
        writer.peek(&mut [0]).unwrap();
        writer.write_all(&capture).unwrap();
        drop(writer);
        let output = httpwhy(arguments).stdin(OwnedFd::from(reader)).output().unwrap();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(3), "{arguments:?}\n{out}\n{err}");
        assert!(err.contains("reset"), "{err}");
        assert!(out.starts_with(begins), "{arguments:?}\n{out}");
        let document: serde_json::Value = serde_json::from_str(&out).expect(&out);
        let listed = document.as_array().or(document["log"]["entries"].as_array()).unwrap();
        assert!(!listed.is_empty(), "{out}");
    }
}
