//! `-w`: the packets of chosen exchanges as a capture of their own, which says the same about them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn httpwhy(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpwhy"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).stdin(Stdio::null());
    command.output().unwrap()
}

fn records(arguments: &[&str]) -> Vec<Value> {
    let output = httpwhy(&[arguments, &["--json"]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What is said of exchanges, without the numbers of exchanges and packets, which are others.
fn said(records: &[Value]) -> Vec<[Value; 5]> {
    let of = |record: &Value| {
        let keys = match record["type"].as_str()? {
            "transaction" => ["time", "client", "target", "status", "total_ns"],
            "diagnosis" => ["cause", "upstream", "confidence", "summary", "advice"],
            _ => return None,
        };
        Some(keys.map(|key| record[key].clone()))
    };
    records.iter().filter_map(of).collect()
}

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The whole story stands in the excerpt, both legs of it, and no more than belongs to it.
#[test]
fn an_excerpt_says_the_same_of_what_was_chosen() {
    let folder = scratch("excerpt");
    let lab = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/captures");
    let mut captures = vec!["samples/502-refused.pcap".to_owned()];
    for proxy in ["nginx", "haproxy", "apache", "caddy"] {
        for scenario in ["refused", "timeout", "race-reset", "closed-mid-header", "spoke-ssh"] {
            let path = lab.join(proxy).join(format!("{scenario}.any.pcap.gz"));
            captures.extend(path.exists().then(|| path.to_str().unwrap().to_owned()));
        }
    }
    let (mut verdicts, mut smaller) = (0, 0);
    for (number, capture) in captures.iter().enumerate() {
        let written = folder.join(format!("{number}.pcapng"));
        let written = written.to_str().unwrap();
        let chosen = records(&[capture, "-Y", "why ~ .", "-w", written]);
        let again = records(&[written]);
        // The upstream's exchanges are there too, since they show why.
        let (chosen_says, again_says) = (said(&chosen), said(&again));
        for one in &chosen_says {
            assert!(again_says.contains(one), "{capture}: {one:?} is not in {again_says:?}");
        }
        verdicts += chosen.iter().filter(|record| record["type"] == "diagnosis").count();
        let packets = |records: &[Value]| records.last().unwrap()["packets"].as_u64().unwrap();
        assert!(packets(&again) <= packets(&chosen), "{capture}");
        smaller += usize::from(packets(&again) < packets(&chosen));
    }
    assert!(verdicts >= 15 && smaller > 3, "{verdicts} {smaller} of {}", captures.len());
}

#[test]
fn verdicts_are_comments_that_tshark_shows() {
    let folder = scratch("excerpt-comments");
    let written = folder.join("x.pcapng");
    let written = written.to_str().unwrap();
    let output = httpwhy(&["samples/502-refused.pcap", "-q", "-w", written]);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let Ok(shown) = Command::new("tshark")
        .args(["-r", written, "-Y", "frame.comment", "-T", "fields", "-e", "frame.comment"])
        .output()
    else {
        eprintln!("skipped: there is no tshark");
        return;
    };
    assert!(shown.status.success(), "{shown:?}");
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("httpwhy: exchange 1, packet 6: GET /orders/42 → 502"), "{shown}");
    assert!(shown.contains("upstream-refused (high): 10.2.0.2:9001 refused"), "{shown}");
    assert!(shown.contains("packet 11: RST of 10.2.0.2:9001"), "{shown}");
}

/// A target with a token is a comment without it, though the packet has it.
#[test]
fn comments_have_no_secrets() {
    let folder = scratch("excerpt-secrets");
    let (capture, written) = (folder.join("in.pcap"), folder.join("out.pcapng"));
    let packet = b"GET /a?access_token=CANARY HTTP/1.1\r\nHost: h\r\n\r\n";
    fs::write(&capture, raw_ip(packet)).unwrap();
    let output = httpwhy(&[capture.to_str().unwrap(), "-w", written.to_str().unwrap()]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("secrets and all"), "{output:?}");
    let octets = fs::read(&written).unwrap();
    let count = |what: &[u8]| octets.windows(what.len()).filter(|part| *part == what).count();
    assert_eq!(count(b"access_token=CANARY"), 1, "the packet itself");
    assert!(count(b"access_token=<hidden>") >= 1, "the comments");
}

/// A pcap of one TCP segment from port 1024 to port 80 over raw IPv4.
fn raw_ip(payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(40 + payload.len()).unwrap();
    let mut ip = vec![0x45, 0];
    ip.extend(length.to_be_bytes());
    ip.extend([0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    ip.extend([4, 0, 0, 80, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 1, 0, 0, 0, 0, 0]);
    ip.extend(payload);
    let captured = u32::from(length).to_le_bytes();
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    file.extend([0, 0, 4, 0, 101, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    file.extend(captured);
    file.extend(captured);
    file.extend(ip);
    file
}

#[test]
fn no_file_is_lost_and_no_pipe_is_half_read() {
    let folder = scratch("excerpt-refused");
    let copy = folder.join("in.pcapng");
    let copy = copy.to_str().unwrap();
    let sample = "samples/multi-interface.pcapng";
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(sample), copy).unwrap();
    let before = fs::read(copy).unwrap();
    for (arguments, message) in [
        (&[copy, "-w", copy][..], "is the capture that is to be read"),
        (&[copy, "-w", copy, "--force"], "is the capture that is to be read"),
        (&[sample, "-w", copy], "exists already; --force replaces it"),
        (&[sample, "-w", "x.pcap"], "name it .pcapng"),
        (&["-", "-w", "x.pcapng"], "can be read once"),
        (&["-w", "x.pcapng"], "can be read once"),
    ] {
        let output = httpwhy(arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(message), "{arguments:?}: {error}");
        assert_eq!(fs::read(copy).unwrap(), before, "{arguments:?}");
    }
    assert!(!Path::new(env!("CARGO_MANIFEST_DIR")).join("x.pcapng").exists());
    let output = httpwhy(&[sample, "-w", copy, "--force"]);
    assert!(output.status.success(), "{output:?}");
    assert_ne!(fs::read(copy).unwrap(), before);
    let interfaces = |records: &[Value]| records.last().unwrap()["inputs"][0]["interfaces"].clone();
    let names = |records: &[Value]| {
        let interfaces = interfaces(records);
        let names = interfaces.as_array().unwrap().iter().map(|one| one["name"].clone());
        names.collect::<Vec<_>>()
    };
    let kept = names(&records(&[copy]));
    assert!(!kept.is_empty() && kept.iter().all(|name| names(&records(&[sample])).contains(name)));
}
