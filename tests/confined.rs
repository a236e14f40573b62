//! What the process gives up before it reads: that it cannot do it any more, and that everything else
//! works as before.

#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn httpwhy(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpwhy"));
    command.args(arguments).output().expect("it can be run")
}

fn samples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let entries = fs::read_dir(folder).expect("there are samples");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    let is_capture = |path: &PathBuf| {
        path.extension().is_some_and(|ending| ending == "pcap" || ending == "pcapng")
    };
    let mut paths: Vec<PathBuf> = paths.filter(is_capture).collect();
    paths.sort();
    paths
}

#[test]
fn what_is_given_up_is_refused() {
    // Cases 111 and 112.
    let output = httpwhy(&["confined"]);
    let text = String::from_utf8_lossy(&output.stdout);
    if text.contains("not there:") {
        println!("skipped: this kernel does not offer all of it: {text}");
        return;
    }
    let says = |line: &str| assert!(text.lines().any(|one| one == line), "{text}");
    says("in force: no new privileges, no capabilities, Landlock, seccomp");
    for what in [
        "read /etc/passwd",
        "make a file",
        "start a program",
        "connect",
        "signal another process",
        "take a file as a tracer",
        "send by the device",
        "write to the device",
        "have the device twice",
        "send to an address",
    ] {
        says(&format!("{what}: refused"));
    }
    assert!(output.status.success(), "{text}");
}

#[test]
fn every_output_is_the_same_with_it() {
    for path in samples() {
        let path = path.to_str().expect("names of samples are text");
        for format in ["jsonl", "wide", "csv", "har", "html"] {
            let confined = httpwhy(&[path, "-T", format]);
            let free = httpwhy(&[path, "-T", format, "--no-sandbox"]);
            assert_eq!(confined.status.code(), free.status.code(), "{path} {format}");
            assert!(confined.stdout == free.stdout, "{path} {format}");
            assert!(confined.stderr == free.stderr, "{path} {format}");
        }
    }
}

#[test]
fn a_pipe_without_a_name_is_read() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/502-refused.pcap");
    let line = format!("{} <(cat {})", env!("CARGO_BIN_EXE_httpwhy"), sample.display());
    let Ok(output) = Command::new("bash").args(["-c", &line]).output() else {
        println!("skipped: there is no bash");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 exchange "), "{text}");
}

#[test]
fn what_was_asked_for_is_written() {
    let folder = std::env::temp_dir().join(format!("httpwhy-confined-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("there is room");
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/502-refused.pcap");
    let sample = sample.to_str().expect("its name is text");
    let inside = |name: &str| folder.join(name).to_str().expect("it is text").to_owned();
    let (report, excerpt, bodies) =
        (inside("report.html"), inside("excerpt.pcapng"), inside("deep/bodies"));
    for arguments in [
        &[sample, "-T", "html", "-o", &report][..],
        &[sample, "-w", &excerpt],
        &[sample, "--extract", &bodies],
    ] {
        let output = httpwhy(arguments);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {told}");
    }
    assert!(fs::metadata(&report).is_ok_and(|file| file.len() > 1_000));
    assert!(fs::metadata(&excerpt).is_ok_and(|file| file.len() > 100));
    assert!(fs::read_dir(&bodies).is_ok_and(|entries| entries.count() >= 1));
    fs::remove_dir_all(&folder).expect("it is ours");
}
