//! Commands that the README and the pages of `docs` show run as they are written there, but for those that
//! capture, take the screen or need another machine. Those with `jq` or `python3` skip, saying so, where
//! that is not installed, and their answers are counted a second time from the records.

#![cfg(unix)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use httpwhy::units::Duration;
use serde_json::Value;
use support::frames::frames;
use support::link::Encapsulation;
use support::packets::{Stacks, segments};
use support::pcap;
use support::planter::Planter;
use support::script::{Connection, Side};

const PAGES: [&str; 4] = ["README.md", "docs/csv.md", "docs/records.md", "docs/filter.md"];

/// What is not run: it captures, fills a screen, or takes place elsewhere.
const ELSEWHERE: [&str; 6] = [" -i ", "dashboard", "ssh ", "kubectl ", "docker ", "cargo "];

/// The lines of all blocks for a shell.
fn commands() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut commands = Vec::new();
    for page in PAGES {
        let page = fs::read_to_string(root.join(page)).unwrap().replace("\r\n", "\n");
        let blocks =
            page.split("\n```sh\n").skip(1).filter_map(|block| block.split("\n```").next());
        commands.extend(blocks.flat_map(str::lines).map(str::to_owned));
    }
    commands.retain(|line| !ELSEWHERE.iter().any(|word| line.contains(word)));
    commands
}

/// A folder with what the commands name.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let mut script = Planter::new(0x9a9e).script();
    script.connections.push(
        Connection::new("10.9.1.7:50000", "10.9.1.1:80")
            .client_says("GET /export HTTP/1.1\r\nHost: shop.example\r\n\r\n")
            .server_says("HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno")
            .after(Duration::from_secs(3))
            .closed_by(Side::Server),
    );
    let made = frames(&segments(&script, &Stacks::default()), &Encapsulation::ethernet());
    for name in ["x.pcap", "before.pcap", "after.pcap"] {
        fs::write(folder.join(name), pcap::pcap(&made)).unwrap();
    }
    std::os::unix::fs::symlink(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("samples"),
        folder.join("samples"),
    )
    .unwrap();
    folder
}

fn run(line: &str, folder: &Path) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_httpwhy"));
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", program.parent().unwrap().display());
    let mut command = Command::new("sh");
    let command = command.args(["-c", line]).current_dir(folder).env("PATH", path);
    command.stdin(Stdio::null()).output().unwrap()
}

fn there_is(tool: &str) -> bool {
    let output = Command::new(tool).arg("--version").output();
    let there = output.is_ok_and(|output| output.status.success());
    if !there {
        println!("skipped: there is no {tool}");
    }
    there
}

#[test]
fn commands_of_the_pages_run_as_they_are_written() {
    let (folder, commands) = (folder("commands"), commands());
    let (jq, python) = (there_is("jq"), there_is("python3"));
    let mut ran = 0;
    for line in &commands {
        if line.contains("| jq ") && !jq || line.starts_with("python3") && !python {
            continue;
        }
        let output = run(line, &folder);
        if String::from_utf8_lossy(&output.stderr).starts_with("error: libpcap is not installed") {
            println!("skipped: {line}: there is no libpcap");
            continue;
        }
        let (asked, _) = line.split_once(" # ").unwrap_or((line, ""));
        let code = if asked.contains("--fail-on") { 4 } else { 0 };
        assert_eq!(output.status.code(), Some(code), "{line}\n{output:?}");
        let writes = [" > ", " -o "].iter().any(|word| line.contains(word));
        assert!(writes || !output.stdout.is_empty(), "{line} says nothing: {output:?}");
        ran += 1;
    }
    assert!(ran >= 20, "{ran} of {commands:#?}");
    for made in ["x.csv", "x.html", "y.pcapng", "DIR/index.jsonl", "evidence-14/README.txt"] {
        assert!(folder.join(made).is_file(), "{made}");
    }
}

fn is(record: &Value, kind: &str) -> bool {
    record["type"] == kind
}

/// A word of a command, and what its records are.
type Counted = (&'static str, fn(&Value) -> bool);

#[test]
fn jq_finds_what_is_there() {
    if !there_is("jq") {
        return;
    }
    let folder = folder("commands-jq");
    let records = run("httpwhy --json x.pcap", &folder).stdout;
    let records: Vec<Value> = String::from_utf8(records)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let counts: [Counted; 5] = [
        (".status>=500", |r| is(r, "transaction") && r["status"].as_u64() >= Some(500)),
        (".think_ns>2e9", |r| is(r, "transaction") && r["think_ns"].as_u64() > Some(2_000_000_000)),
        ("\"diagnosis\"", |r| is(r, "diagnosis")),
        ("\"finding\"", |r| is(r, "finding") && r["severity"] == "error"),
        ("\"connection\"", |r| is(r, "connection") && r["end"] == "refused"),
    ];
    for line in commands().iter().filter(|line| line.contains("| jq ")) {
        let (_, such) = counts
            .iter()
            .find(|(word, ..)| line.contains(word))
            .unwrap_or_else(|| panic!("nobody counts for {line}"));
        let expected = records.iter().filter(|record| such(record)).count();
        let found = String::from_utf8(run(line, &folder).stdout).unwrap();
        let lines = found.lines();
        // An object takes several lines.
        let found = match found.starts_with('{') {
            true => lines.filter(|line| *line == "{").count(),
            false => lines.count(),
        };
        assert!(expected > 0, "{line}");
        assert_eq!(found, expected, "{line}");
    }
}
