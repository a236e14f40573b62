//! What fuzzing has found, and where it begins: every stored input goes through the function that the
//! fuzzer calls, whole and cut off.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::fs;
use std::path::{Path, PathBuf};

type Target = (&'static str, fn(&[u8]));

const TARGETS: [Target; 9] = [
    ("file", targets::file),
    ("packet", targets::packet),
    ("segments", targets::segments),
    ("connection", targets::connection),
    ("head", targets::head),
    ("chunk", targets::chunk),
    ("filter", targets::filter),
    ("sanitiser", targets::sanitiser),
    ("capture", targets::capture),
];

fn stored(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("fuzz/corpus").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut inputs: Vec<_> = entries
        .map(|entry| entry.expect("a readable folder").path())
        .map(|path| (path.clone(), fs::read(path).expect("a file")))
        .collect();
    inputs.sort();
    inputs
}

#[test]
fn every_stored_input_holds_what_is_claimed() {
    for (name, target) in TARGETS {
        let inputs = stored(name);
        assert!(!inputs.is_empty(), "{name}");
        for (path, input) in inputs {
            let held = std::panic::catch_unwind(|| target(&input));
            assert!(held.is_ok(), "{}", path.display());
        }
    }
}

#[test]
fn every_front_of_a_seed_holds_what_is_claimed() {
    for (name, target) in TARGETS {
        // Of captures a few, since each front is written in every format.
        let (few, step) = if name == "capture" { (3, 37) } else { (usize::MAX, 1) };
        let inputs = stored(name).into_iter().filter(|(_, input)| input.len() <= 2_000);
        for (path, input) in inputs.take(few) {
            for len in (0..input.len()).step_by(step.max(input.len() / 80)) {
                let held = std::panic::catch_unwind(|| target(&input[..len]));
                assert!(held.is_ok(), "{len} octets of {}", path.display());
            }
        }
    }
}

/// Where fuzzing begins: small samples, and what is odd in as few octets as possible.
fn seeds() -> Vec<(&'static str, String, Vec<u8>)> {
    let mut seeds = Vec::new();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    for entry in fs::read_dir(samples).expect("samples") {
        let path = entry.expect("a readable folder").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let octets = fs::read(&path).expect("a file");
        if !name.contains(".pcap") || octets.len() > 6_000 {
            continue;
        }
        seeds.push(("packet", name.clone(), frames_of(&path)));
        seeds.push(("file", name.clone(), octets.clone()));
        seeds.push(("capture", name, octets));
    }
    let mut add = |target, lines: &[&[u8]]| {
        for (number, line) in (1..).zip(lines) {
            seeds.push((target, format!("seed-{number:02}"), line.to_vec()));
        }
    };
    add("head", HEADS);
    add("chunk", CHUNKS);
    add("filter", FILTERS);
    add("connection", CONVERSATIONS);
    add("sanitiser", TEXTS);
    // Side, flags, sequence and acknowledgement, urgent, time, length; then the octets.
    let segment = |side: u8, flags: u8, sequence: u16, acknowledgement: u16, octets: &[u8]| {
        let (s, a) = ((sequence + 1_000).to_le_bytes(), (acknowledgement + 1_000).to_le_bytes());
        let head = [side, flags, s[0], s[1], a[0], a[1], 0, 5, 0, octets.len() as u8];
        [&head, octets].concat()
    };
    let conversation = [
        segment(0, 2, 0, 0, b""),
        segment(1, 18, 0, 1, b""),
        segment(0, 16, 1, 1, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        segment(1, 24, 20, 28, b"ontent-Length: 0\r\n\r\n"),
        segment(1, 24, 1, 28, b"HTTP/1.1 200 OK\r\nCo"),
        segment(0, 17, 28, 40, b""),
        segment(1, 20, 40, 29, b"no"),
    ];
    for from in 0..3 {
        let octets = conversation[from..].concat();
        seeds.push(("segments", format!("seed-{from:02}"), octets));
    }
    seeds
}

fn frames_of(path: &Path) -> Vec<u8> {
    let mut capture = httpwhy::capture::Capture::open(&[path]).expect("a capture");
    let mut frames = Vec::new();
    while let Some(packet) = capture.next().expect("a packet") {
        if frames.is_empty() {
            frames.extend_from_slice(&packet.link.0.to_le_bytes());
        }
        let len = packet.bytes.len().min(0x7ff);
        frames.extend_from_slice(&(len as u16).to_le_bytes());
        frames.extend_from_slice(&packet.bytes[..len]);
        if frames.len() > 3_000 {
            break;
        }
    }
    frames
}

const HEADS: &[&[u8]] = &[
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /a?b HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 304 \r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n\x81\x05",
    b"\r\n\n GET\t/a b HTTP/1.1 \nHost : a\n folded\nX\r\r\n: e\n\n",
    b"POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET ",
    b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n\x16\x03\x01",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"HTTP/1.1 999 \xff\x1b[2J\r\nContent-Length: 1, 1\r\nContent-Length: +1\r\n\r\nx",
    b"ICY 200 OK\r\n\r\n",
    b"GET /\r\n",
    b"HTTP/1.1 200\r\n\r\n",
];

const CHUNKS: &[&[u8]] = &[
    b"5\r\nhello\r\n0\r\n\r\n",
    b"5;a=b;c=\"d\"\r\nhello\r\n0\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    b"5\nhello\n0\n\n",
    b"ffffffffffffffff\r\nx",
    b"10000000000000000\r\nx",
    b"\r\n\r\n",
    b"0x5\r\nhello\r\n-1\r\n",
    b"5\r\nhelloX\r\n0\r\n\r\n",
    b"00000000000000000005 \r\nhello\r\n0\r\nContent-Length: 3\r\n\r\n",
];

const FILTERS: &[&[u8]] = &[
    b"status >= 500 and path ~ /checkout",
    b"5xx or not (method = GET and host = \"a\\\"b\")",
    b"ttfb > 2s and client = 10.0.0.0/8",
    b"problems and why = upstream-refused",
    b"request.header[\"X-A\"] ~ \"(a|b){2,9}\" or id in {1, 2..5}",
    b"time > +30s and size < 1.5MiB",
    b"((((((((not not not 4xx))))))))",
];

const CONVERSATIONS: &[&[u8]] = &[
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\xffHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"GET / HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n\xffHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n\
      HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
    b"HEAD / HTTP/1.1\r\n\r\n\xffHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n\xffGET / HTTP/1.1\r\n\r\n",
    b"CONNECT a:1 HTTP/1.1\r\n\r\nearly\xffHTTP/1.1 200 OK\r\n\r\n\xffGET / HTTP/1.1\r\n\r\n\xffx",
    b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x80\xff\
      HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x00",
    b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n\xff\
      HTTP/1.1 100 Continue\r\n\r\n\xffhello\xffHTTP/1.1 204 No Content\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n\xffHTTP/1.1 413 Large\r\n\r\n\xffGET / HTTP/1.1\r\n\r\n",
    b"\x05\x01\x00\xff\x05\x00\xff\x05\x01\x00\x03\x01a\x00\x50\xff\x05\x00\x00\x01\0\0\0\0\0\0\xff\
      GET / HTTP/1.1\r\n\r\n",
    b"\xffSSH-2.0-x\r\n\xffSSH-2.0-y\r\n",
];

const TEXTS: &[&[u8]] = &[
    b"plain",
    b"\x1b]0;x\x07\x1b[2J\r\n\t\x00",
    "\u{9b}31m\u{202e}\u{200b}\u{feff}\u{e0041}\u{301}\u{301}\u{301}\u{301}\u{301}".as_bytes(),
    b"\xc2\x9b \xff\xfe \xed\xa0\x80",
    "日本語 ｶﾅ 👩‍👩‍👧".as_bytes(),
    b"Authorization: Bearer x; token=y&password=z%20\\x1b",
    b"https://u:p@a/?sig=1&access_token=%41#id_token=2",
];

/// `UPDATE_CORPUS=1 cargo test --test corpus` stores them.
#[test]
fn every_seed_is_stored() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let update = std::env::var_os("UPDATE_CORPUS").is_some();
    for (target, name, octets) in seeds() {
        let path = root.join(target).join(name);
        if update {
            fs::create_dir_all(root.join(target)).expect("a folder");
            fs::write(&path, &octets).expect("a file");
        }
        assert!(fs::read(&path).ok() == Some(octets), "{} is not stored", path.display());
    }
}
