//! The captures of `tests/lab` are what their truth says they are: told without our own analyzer,
//! by the files themselves and, where it is installed, by tshark. A quarter of them is shown to
//! tshark, each scenario behind one of the proxies; `LAB_ALL=1` shows it all of them.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PROXIES: [&str; 4] = ["apache", "caddy", "haproxy", "nginx"];

const CAUSES: [&str; 18] = [
    "client-gave-up",
    "no-upstream-attempt",
    "retry-hidden",
    "slow-accept",
    "stale-keepalive",
    "upstream-closed-before-response",
    "upstream-closed-mid-header",
    "upstream-connect-timeout",
    "upstream-error-relayed",
    "upstream-invalid-response",
    "upstream-leg-not-captured",
    "upstream-refused",
    "upstream-reset",
    "upstream-response-rejected",
    "upstream-spoke-tls",
    "upstream-timeout",
    "upstream-truncated-body",
    "upstream-unreachable",
];

/// A capture with its truth, one line an exchange after the line of the capture.
struct Played {
    proxy: &'static str,
    name: String,
    capture: PathBuf,
    truth: Vec<String>,
}

impl Played {
    fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a String> {
        self.truth.iter().filter(move |line| text(line, "type") == Some(kind))
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/captures")
}

/// The value of a key that occurs first at the top of a line, as JSON text: the truth writes the
/// keys of the exchange itself before those of its attempts.
fn raw<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!("\"{key}\": "))?;
    let end = match rest.strip_prefix('"') {
        Some(inner) => inner.find('"')? + 2,
        None => rest.find([',', '}'])?,
    };
    rest.get(..end)
}

fn text<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    raw(line, key)?.strip_prefix('"')?.strip_suffix('"')
}

fn number(line: &str, key: &str) -> Option<usize> {
    raw(line, key)?.parse().ok()
}

/// All that is shipped, in order of names; nothing in a package that leaves the captures out.
fn played() -> Vec<Played> {
    let mut all = Vec::new();
    if !folder().is_dir() {
        println!("skipped: {} is not there", folder().display());
        return all;
    }
    for proxy in PROXIES {
        let mut names: Vec<PathBuf> = fs::read_dir(folder().join(proxy))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        names.sort();
        for capture in names.iter().filter(|path| path.extension().is_some_and(|e| e == "gz")) {
            let file = capture.file_name().unwrap().to_str().unwrap();
            let name = file.split(".pcap").next().unwrap().to_owned();
            let truth = folder().join(proxy).join(format!("{name}.jsonl"));
            let truth = fs::read_to_string(&truth)
                .unwrap_or_else(|error| panic!("{}: {error}", truth.display()));
            all.push(Played {
                proxy,
                name,
                capture: capture.clone(),
                truth: truth.lines().map(str::to_owned).collect(),
            });
        }
        let truths = names.iter().filter(|path| path.extension().is_some_and(|e| e == "jsonl"));
        let captures = all.iter().filter(|one| one.proxy == proxy).count();
        assert_eq!(truths.count(), captures, "{proxy}: a truth without its capture");
    }
    all
}

#[test]
fn each_capture_has_its_truth() {
    for one in played() {
        let head = &one.truth[0];
        let (scenario, point) = one.name.rsplit_once('.').unwrap();
        assert_eq!(text(head, "type"), Some("capture"), "{}", one.name);
        assert_eq!(text(head, "scenario"), Some(scenario), "{}", one.name);
        assert_eq!(text(head, "point"), Some(point), "{}", one.name);
        assert_eq!(text(head, "proxy"), Some(one.proxy), "{}", one.name);
        let failing = one.of_type("failing").count();
        assert_eq!(number(head, "failing"), Some(failing), "{}/{}", one.proxy, one.name);
        assert_eq!(number(head, "passed"), Some(one.of_type("passed").count()), "{}", one.name);
        let healthy = number(head, "healthy").unwrap();
        assert!(failing + healthy > 0 || point == "upstream", "{}: nothing happens", one.name);
        assert!(!scenario.starts_with("healthy") || failing == 0, "{}", one.name);
        for line in one.of_type("failing") {
            let cause = text(line, "cause").unwrap();
            assert!(CAUSES.contains(&cause), "{}: {cause} is no cause", one.name);
            assert!(text(line, "client").is_some() && text(line, "target").is_some());
        }
    }
}

#[test]
fn every_cause_is_there_and_most_behind_every_proxy() {
    let all = played();
    let causes_behind = |proxies: &[&str]| -> BTreeSet<String> {
        all.iter()
            .filter(|one| proxies.contains(&one.proxy))
            .flat_map(|one| one.of_type("failing"))
            .map(|line| text(line, "cause").unwrap().to_owned())
            .collect()
    };
    if all.is_empty() {
        return;
    }
    assert_eq!(causes_behind(&PROXIES), CAUSES.iter().map(|&cause| cause.to_owned()).collect());
    for proxy in PROXIES {
        let causes = causes_behind(&[proxy]);
        assert!(causes.len() >= CAUSES.len() - 1, "{proxy} shows only {causes:?}");
    }
}

#[test]
fn what_is_shipped_stays_small() {
    let mut total = 0;
    for one in played() {
        let truth = folder().join(one.proxy).join(format!("{}.jsonl", one.name));
        let octets = fs::metadata(&one.capture).unwrap().len();
        assert!(octets < 40_000, "{} has {octets} octets", one.capture.display());
        total += octets + fs::metadata(truth).unwrap().len();
    }
    assert!(total < 1_500_000, "{total} octets are shipped");
}

/// What tshark says of a packet: two addresses with ports, the status, the address asked by ARP.
struct Packet {
    from: String,
    to: String,
    status: String,
    asked: String,
}

fn packets(capture: &Path) -> Vec<Packet> {
    let fields = ["ip.src", "tcp.srcport", "ip.dst", "tcp.dstport", "http.response.code"];
    let mut command = Command::new("tshark");
    command.args(["-n", "-o", "http.desegment_body:FALSE", "-T", "fields", "-E", "occurrence=a"]);
    for port in ["8085", "8090", "8091"] {
        command.args(["-d", &format!("tcp.port=={port},http")]);
    }
    for field in fields.iter().chain(&["arp.dst.proto_ipv4"]) {
        command.args(["-e", field]);
    }
    let output = command.arg("-r").arg(capture).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            // An ICMP error quotes the packet that it is about: the first address is its own.
            let first = |column: usize| columns[column].split(',').next().unwrap();
            Packet {
                from: format!("{}:{}", first(0), first(1)),
                to: format!("{}:{}", first(2), first(3)),
                status: columns[4].to_owned(),
                asked: columns[5].to_owned(),
            }
        })
        .collect()
}

#[test]
fn tshark_sees_the_same_statuses_and_upstreams() {
    if Command::new("tshark").arg("--version").output().is_err() {
        println!("skipped: tshark is not installed");
        return;
    }
    let everything = std::env::var_os("LAB_ALL").is_some();
    let mut shown = 0;
    for (index, one) in played().iter().enumerate() {
        let failing: Vec<&String> = one.of_type("failing").collect();
        let turn: usize = one.name.bytes().map(usize::from).sum();
        if failing.is_empty() || !(everything || PROXIES[turn % PROXIES.len()] == one.proxy) {
            continue;
        }
        shown += 1;
        let packets = packets(&one.capture);
        for line in failing {
            let about = format!("{index} {}/{}: {line}", one.proxy, one.name);
            let (client, proxy) = (text(line, "client").unwrap(), text(line, "proxy").unwrap());
            let statuses = packets
                .iter()
                .filter(|packet| packet.from == proxy && packet.to == client)
                .flat_map(|packet| packet.status.split(','))
                .filter(|status| !status.is_empty())
                .collect::<Vec<_>>();
            match raw(line, "status").unwrap() {
                "null" => assert!(
                    packets.iter().any(|packet| packet.from == client && packet.to == proxy),
                    "{about}"
                ),
                status => assert!(statuses.contains(&status), "{statuses:?}, {about}"),
            }
            if let Some(upstream) = text(line, "upstream") {
                let host = upstream.split(':').next().unwrap();
                assert!(
                    packets.iter().any(|packet| packet.to == upstream || packet.asked == host),
                    "nothing was sent to the upstream: {about}"
                );
            }
        }
    }
    println!("tshark was shown {shown} captures");
}
