//! Bodies as a user gets them: `--extract` and `show --body`.

mod support;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use sha2::{Digest, Sha256};
use support::frames::frames;
use support::link::Encapsulation;
use support::packets::{Stacks, segments};
use support::pcap;
use support::script::{Connection, Script, Side};

fn httpwhy(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_httpwhy"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).stdin(Stdio::null());
    command.output().unwrap()
}

/// Runs, asserts the exit code, and gives both streams.
fn expect(code: i32, arguments: &[&str]) -> (String, String) {
    let output = httpwhy(arguments);
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{out}\n{err}");
    (out, err)
}

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

/// A message with a body in chunks of 1,000 octets.
fn chunked(head: &str, body: &[u8]) -> Vec<u8> {
    let mut message = format!("{head}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
    for chunk in body.chunks(1_000) {
        message.extend(format!("{:x}\r\n", chunk.len()).bytes());
        message.extend(chunk);
        message.extend(b"\r\n");
    }
    message.extend(b"0\r\n\r\n");
    message
}

/// Octets that do not repeat themselves.
fn noise(octets: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..octets).map(|_| next()).collect()
}

fn write(script: &Script, path: &Path) {
    let made = segments(script, &Stacks::default());
    fs::write(path, pcap::pcap(&frames(&made, &Encapsulation::ethernet()))).unwrap();
}

/// The index of a folder, each line checked against the file that it tells of.
fn index(folder: &Path) -> Vec<(Value, Vec<u8>)> {
    let index = fs::read_to_string(folder.join("index.jsonl")).unwrap();
    let lines = index.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let read: Vec<(Value, Vec<u8>)> = lines
        .map(|line| {
            let octets = fs::read(folder.join(line["file"].as_str().unwrap())).unwrap();
            assert_eq!(line["octets"], octets.len(), "{line}");
            let digest = Sha256::digest(&octets);
            let digest: String = digest.iter().map(|octet| format!("{octet:02x}")).collect();
            assert_eq!(line["sha256"], digest, "{line}");
            (line, octets)
        })
        .collect();
    // Nothing but what the index tells of.
    assert_eq!(fs::read_dir(folder).unwrap().count(), read.len() + 1);
    read
}

#[test]
fn bodies_come_out_as_they_were_before_they_were_coded() {
    let folder = scratch("bodies-coded");
    let (upload, page) = (noise(700_000), noise(300_000));
    let coded = gzip(&gzip(&page));
    let head = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Encoding: gzip, gzip\r\n";
    let request = format!(
        "PUT /up/../photo.png HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n",
        upload.len()
    );
    let script = Connection::new("10.9.1.2:49690", "10.9.1.1:80")
        .client_says([request.as_bytes(), &upload].concat())
        .server_says(chunked(head, &coded))
        .client_says("GET /none HTTP/1.1\r\nHost: h\r\n\r\n")
        .server_says("HTTP/1.1 204 No Content\r\n\r\n")
        .closed_by(Side::Server)
        .into();
    let capture = folder.join("in.pcap");
    write(&script, &capture);
    let out = folder.join("out");
    let (capture, out_name) = (capture.to_str().unwrap(), out.to_str().unwrap());
    let (_, err) = expect(0, &[capture, "--extract", out_name]);
    assert_eq!(err, "2 bodies written, 1.0 MB, secrets and all\n");
    let read = index(&out);
    let [(request, sent), (response, answered)] = read.as_slice() else { panic!("{read:?}") };
    assert_eq!((&request["file"], sent), (&"000001-request-photo.png.bin".into(), &upload));
    assert_eq!((&response["file"], answered), (&"000001-response-photo.png".into(), &page));
    assert_eq!(response["codings_removed"], serde_json::json!(["gzip", "gzip"]));
    assert_eq!(response["body_bytes"], coded.len());
    assert!(read.iter().all(|(line, _)| line["whole"] == true && line["note"].is_null()));

    // Never over anything that is there.
    let (_, err) = expect(2, &[capture, "--extract", out_name]);
    assert!(err.contains("is not empty; nothing is overwritten"), "{err}");
    assert_eq!(index(&out).len(), 2);
    let none = folder.join("none");
    let none = none.to_str().unwrap();
    let (_, err) = expect(0, &[capture, "-Y", "status = 204", "--extract", none]);
    assert!(err.contains("0 bodies written"), "{err}");
    for arguments in [&["-", "--extract", "x"][..], &["show", "1", "--body", "full"]] {
        let (_, err) = expect(2, arguments);
        assert!(err.contains("a pipe can be read once"), "{err}");
    }
}

#[test]
fn what_is_missing_of_a_body_is_said() {
    let folder = scratch("bodies-short");
    let whole = gzip(&noise(50_000));
    let response = |fields: &str, body: &[u8], length: usize| {
        let head = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: {length}\r\n\r\n");
        [head.as_bytes(), body].concat()
    };
    let asked = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    let script = Connection::new("10.9.1.2:49690", "10.9.1.1:80")
        .client_says(asked)
        .server_says(response("Content-Encoding: gzip\r\n", b"not gzip at all, but text", 25))
        .client_says(asked)
        .server_says(response("Content-Encoding: compress\r\n", b"LZW", 3))
        .client_says(asked)
        .server_says(response("Content-Encoding: gzip\r\n", &whole[..20_000], whole.len()))
        .closed_by(Side::Server)
        .into();
    let capture = folder.join("in.pcap");
    write(&script, &capture);
    let out = folder.join("out");
    expect(0, &[capture.to_str().unwrap(), "-q", "--extract", out.to_str().unwrap()]);
    let read = index(&out);
    let notes: Vec<&str> = read.iter().map(|(line, _)| line["note"].as_str().unwrap()).collect();
    assert!(notes[0].contains("its gzip is broken"), "{notes:?}");
    assert_eq!(notes[1], "a content coding is still on");
    assert!(notes[2].contains("not whole in the capture"), "{notes:?}");
    assert!(notes[2].contains("its gzip ends too early"), "{notes:?}");
    assert_eq!(read[1].1, b"LZW");
    assert!(noise(50_000).starts_with(&read[2].1) && read[2].1.len() > 15_000);
}

#[test]
fn a_body_is_shown_without_its_codings_and_without_secrets() {
    let folder = scratch("bodies-shown");
    let mut body = b"{\"password\":\"CANARY\",\"orders\":[\n".to_vec();
    for number in 0..2_000 {
        body.extend(format!("{number},\n").bytes());
    }
    body.extend(b"\"the end\"]}");
    let bomb = gzip(&vec![b'a'; 30 << 20]);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n";
    let asked = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    let script = Connection::new("10.9.1.2:49690", "10.9.1.1:80")
        .client_says(asked)
        .server_says(chunked(head, &gzip(&body)))
        .client_says(asked)
        .server_says(chunked(head, &bomb))
        .closed_by(Side::Server)
        .into();
    let capture = folder.join("in.pcap");
    write(&script, &capture);
    let capture = capture.to_str().unwrap();
    let show = |id, more: &[&str]| expect(0, &[&["show", id, "-r", capture], more].concat()).0;
    let front = show("1", &[]);
    assert!(front.contains("(gzip taken off)") && front.contains("<hidden>"), "{front}");
    assert!(!front.contains("the end") && front.contains("… more"), "{front}");
    let full = show("1", &["--body", "full"]);
    assert!(full.contains("  1999,\n  \"the end\"]}\n") && !full.contains("CANARY"), "{full}");
    assert!(!full.contains("… "), "{full}");
    assert!(show("1", &["--body", "40", "--show-secrets"]).contains("CANARY"));
    // It stays as small as was asked for.
    for arguments in [&[][..], &["--body", "5000"]] {
        let shown = show("2", arguments);
        assert!(shown.len() < 8_000, "{}", shown.len());
    }
}

/// Case 74: nothing is decompressed unless asked for, and then no further than asked for.
#[test]
fn case_74_a_bomb_gives_no_more_than_was_asked_for() {
    let bomb = gzip(&gzip(&vec![0; 64 << 20]));
    assert!(bomb.len() < 2_000);
    let values = [&b"gzip, gzip"[..]];
    let decoded = httpwhy::coding::decode(&bomb, values, 1 << 20);
    assert_eq!(decoded.octets.len(), 1 << 20);
    assert!(decoded.rest.is_some());
    // More codings than anybody sends are not taken off at all.
    let many = [&b"gzip, gzip, gzip, gzip, gzip, gzip"[..]];
    let decoded = httpwhy::coding::decode(&bomb, many, 1 << 20);
    assert_eq!((decoded.octets, decoded.removed.len()), (bomb, 0));
}
