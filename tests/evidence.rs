//! `--evidence ID`: a folder that says why an exchange failed, can be handed on, and can be read again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const FILES: [&str; 5] =
    ["README.txt", "exchange.har", "exchange.txt", "packets.pcapng", "records.jsonl"];

fn httpwhy(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpwhy"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).stdin(Stdio::null());
    command.output().unwrap()
}

fn records(arguments: &[&str]) -> Vec<Value> {
    let output = httpwhy(&[arguments, &["--json", "-q"]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn diagnoses(records: &[Value]) -> impl Iterator<Item = &Value> {
    records.iter().filter(|record| record["type"] == "diagnosis")
}

/// What a verdict is about, without numbers of exchanges and packets, which are others.
fn verdict(record: &Value) -> [&Value; 4] {
    ["cause", "upstream", "confidence", "advice"].map(|key| &record[key])
}

#[test]
fn a_bundle_tells_the_same_story_as_the_capture() {
    let folder = scratch("evidence");
    let lab = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/captures");
    let mut captures =
        vec!["samples/502-refused.pcap".to_owned(), "samples/502-keepalive-race.pcap".to_owned()];
    for proxy in ["nginx", "haproxy", "apache", "caddy"] {
        for scenario in ["refused", "timeout", "race-reset", "closed-mid-header"] {
            let path = lab.join(proxy).join(format!("{scenario}.any.pcap.gz"));
            captures.extend(path.exists().then(|| path.to_str().unwrap().to_owned()));
        }
    }
    let mut told = 0;
    for (number, capture) in captures.iter().enumerate() {
        let all = records(&[capture]);
        let Some(diagnosis) = diagnoses(&all).next() else { continue };
        let id = diagnosis["transaction"].to_string();
        let bundle = folder.join(number.to_string());
        let bundle = bundle.to_str().unwrap();
        let output = httpwhy(&[capture, "--evidence", &id, "-o", bundle]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let mut listed: Vec<String> = String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(|line| line.strip_prefix(bundle).unwrap().trim_start_matches('/').to_owned())
            .collect();
        listed.sort();
        assert_eq!(listed, FILES);
        let read = |name: &str| fs::read_to_string(format!("{bundle}/{name}")).unwrap();
        // The records are those of the capture.
        let written: Vec<Value> =
            read("records.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(written.iter().all(|record| all.contains(record)));
        assert!(written.contains(diagnosis));
        let about = |record: &Value| {
            record["type"] == "transaction" && record["id"] == diagnosis["transaction"]
        };
        assert_eq!(written.iter().filter(|record| about(record)).count(), 1);
        let cause = diagnosis["cause"].as_str().unwrap();
        assert!(read("exchange.txt").contains(cause) && read("README.txt").contains(cause));
        let har: Value = serde_json::from_str(&read("exchange.har")).unwrap();
        let exchanges = written.iter().filter(|record| record["type"] == "transaction").count();
        assert_eq!(har["log"]["entries"].as_array().unwrap().len(), exchanges);
        // So is what the packets say, all checksums right.
        let packets = format!("{bundle}/packets.pcapng");
        let again = records(&[&packets, "--verify-checksums"]);
        assert!(
            diagnoses(&again).any(|found| verdict(found) == verdict(diagnosis)),
            "{capture}: {diagnosis} {:?}",
            diagnoses(&again).collect::<Vec<_>>()
        );
        told += 1;
    }
    assert!(told >= 8, "{told}");
}

/// What was sent again shows the same as it did the first time.
#[test]
fn loss_and_repetition_stay_what_they_were() {
    let folder = scratch("evidence-again");
    let mut repeated = 0;
    for sample in ["retransmits-and-loss", "pipelining", "keep-alive", "sll2-any", "vxlan"] {
        let sample = format!("samples/{sample}.pcap");
        let all = records(&[&sample]);
        for record in all.iter().filter(|record| record["type"] == "transaction") {
            let id = record["id"].to_string();
            // Its packet begins with the end of another head, whose beginning is in a packet before.
            if sample.contains("pipelining") && id == "4" {
                continue;
            }
            let bundle = folder.join(format!("{}-{id}", repeated));
            let bundle = bundle.to_str().unwrap();
            let output = httpwhy(&[&sample, "--evidence", &id, "-o", bundle, "-q"]);
            assert!(output.status.success(), "{output:?}");
            let again = records(&[&format!("{bundle}/packets.pcapng"), "--verify-checksums"]);
            let keys = ["time", "method", "target", "status", "retransmissions", "total_ns"];
            let says = |record: &Value| keys.map(|key| record[key].clone());
            let found = again.iter().find(|found| says(found) == says(record));
            assert!(found.is_some(), "{id} of {sample}: {record}\n{again:#?}");
            repeated += 1;
        }
    }
    assert!(repeated > 8, "{repeated}");
}

#[test]
fn nothing_is_overwritten_and_nobody_else_can_read_it() {
    let folder = scratch("evidence-files");
    let (bundle, sample) = (folder.join("b"), "samples/502-refused.pcap");
    let id = diagnoses(&records(&[sample])).next().unwrap()["transaction"].to_string();
    let run = |path: &Path| httpwhy(&[sample, "--evidence", &id, "-o", path.to_str().unwrap()]);
    assert_eq!(run(&bundle).status.code(), Some(0));
    let before: Vec<Vec<u8>> = FILES.map(|name| fs::read(bundle.join(name)).unwrap()).to_vec();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&bundle), 0o700);
        assert!(FILES.iter().all(|name| mode(&bundle.join(name)) == 0o600));
        // A link that somebody laid there leads nowhere.
        std::os::unix::fs::symlink(&bundle, folder.join("link")).unwrap();
        assert_eq!(run(&folder.join("link")).status.code(), Some(2));
    }
    assert_eq!(run(&bundle).status.code(), Some(2));
    fs::write(folder.join("file"), "mine").unwrap();
    assert_eq!(run(&folder.join("file")).status.code(), Some(2));
    assert_eq!(fs::read_to_string(folder.join("file")).unwrap(), "mine");
    let after: Vec<Vec<u8>> = FILES.map(|name| fs::read(bundle.join(name)).unwrap()).to_vec();
    assert!(before == after);
    // The folder has the number of the exchange where no other name is given.
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpwhy"));
    let capture = Path::new(env!("CARGO_MANIFEST_DIR")).join(sample);
    let output = command.current_dir(&folder).arg(capture).args(["--evidence", &id]).output();
    assert!(output.unwrap().status.success());
    assert!(folder.join(format!("evidence-{id}/README.txt")).is_file());
}

#[test]
fn what_cannot_be_is_refused() {
    for (arguments, needle) in [
        (&["samples/hello.pcap", "--evidence", "77"][..], "there is no exchange 77"),
        (&["samples/hello.pcap", "--evidence", "1", "--show-secrets"], "handed on"),
        (&["samples/hello.pcap", "--evidence", "1", "--json"], "cannot be used with"),
        (&["samples/hello.pcap", "--evidence", "0"], "0 is not in 1.."),
        (&["-", "--evidence", "1"], "--evidence reads the capture twice"),
    ] {
        let output = httpwhy(arguments);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
        assert!(told.contains(needle), "{arguments:?}: {told}");
    }
    assert!(!Path::new(env!("CARGO_MANIFEST_DIR")).join("evidence-77").exists());
}
