//! The samples that no real program makes on demand, written by `UPDATE_SAMPLES=1 cargo test
//! --test generate_samples`. Without that, the committed files must be what would be written, and
//! every sample must be described and its exchanges stated.

// A test binary says by panics and prints what is wrong.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use httpwhy::units::Duration;
use httpwhy::wire::Flags;
use support::dialogue;
use support::exchange::Exchange;
use support::frames::{Frame, fragmented, frames};
use support::link::{Encapsulation, Layer, Link};
use support::packets::{Segment, Stacks, segments, stamp_anew};
use support::script::{Script, Side};
use support::transform;
use support::{exchange, pcap};

/// The columns of `expected.tsv`.
const COLUMNS: &str =
    "file\tclient\tserver\tmethod\ttarget\tstatus\trequest_body\tresponse_body\tcomplete";

/// What a sample may weigh, octets: people clone them.
const LARGEST: u64 = 60_000;

/// A file, and each exchange with whether the capture holds both of its messages whole.
struct Sample {
    name: &'static str,
    octets: Vec<u8>,
    exchanges: Vec<(Exchange, bool)>,
}

fn sample(name: &'static str, octets: Vec<u8>, script: &Script) -> Sample {
    let exchanges = script.exchanges().into_iter().map(|exchange| (exchange, true)).collect();
    Sample { name, octets, exchanges }
}

fn read(text: &str) -> Script {
    dialogue::parse(text).unwrap_or_else(|mistake| panic!("{mistake}\n{text}"))
}

fn on_ethernet(segments: &[Segment]) -> Vec<u8> {
    pcap::pcap(&frames(segments, &Encapsulation::ethernet()))
}

fn all() -> Vec<Sample> {
    vec![
        mid_stream(),
        one_sided(),
        ipv6_vlan(),
        multi_interface(),
        cut_off(),
        smuggling(),
        fragments(),
        vxlan(),
        zero_window(),
        without_answers(),
    ]
}

/// One connection is picked up inside a response's body, the other between a request and its
/// response. What was before is not stated: nobody can know it.
fn mid_stream() -> Sample {
    let script = read(
        "=== 10.1.0.2:50000 10.1.0.1:80
<<<
,\"row\":119},{\"row\":120}]\\
>>> +40ms
GET /items/1.json HTTP/1.1
Host: shop.example

<<< +3ms
HTTP/1.1 200 OK
Content-Type: application/json
Content-Length: 10

{\"item\":1}\\
>>> +20ms
GET /items/9.json HTTP/1.1
Host: shop.example

<<< +2ms
HTTP/1.1 404 Not Found
Content-Length: 8

no such\\n\\
<<< +5s fin
>>> fin
!!! GET /items/1.json 200 0 10
!!! GET /items/9.json 404 0 8
=== 10.1.0.3:50000 10.1.0.1:80 +10ms not-captured
<<<
HTTP/1.1 200 OK
Content-Length: 6

hello\\n\\
>>> +10ms
DELETE /cart/7 HTTP/1.1
Host: shop.example

<<< +4ms
HTTP/1.1 204 No Content

>>> +1s fin
<<< fin
!!! - - 200 - 6
!!! DELETE /cart/7 204 0 0
",
    );
    let made = segments(&script, &Stacks::default());
    let handshake = made.iter().take_while(|segment| segment.payload.is_empty()).count();
    let made = transform::begin_at(&made, handshake);
    let mut sample = sample("mid-stream.pcap", on_ethernet(&made), &script);
    sample.exchanges[2].1 = false;
    sample
}

const THREE_ANSWERS: &str = "=== 10.1.0.2:50000 10.1.0.1:80
>>>
GET / HTTP/1.1
Host: shop.example

<<< +2ms
HTTP/1.1 200 OK
Content-Type: text/plain
Content-Length: 6

hello\\n\\
>>> +15ms
POST /cart HTTP/1.1
Host: shop.example
Content-Length: 6

lamp=3\\
<<< +6ms
HTTP/1.1 204 No Content

>>> +15ms
GET /missing HTTP/1.1
Host: shop.example

<<< +1ms
HTTP/1.1 404 Not Found
Content-Length: 8

no such\\n\\
>>> +1s fin
<<< fin
!!! GET / 200 0 6
!!! POST /cart 204 6 0
!!! GET /missing 404 0 8
";

/// Only what the server sent: the requests took another way.
fn one_sided() -> Sample {
    let script = read(THREE_ANSWERS);
    let made = segments(&script, &Stacks::default());
    let made = transform::one_side(&made, Side::Server);
    let mut sample = sample("one-sided.pcap", on_ethernet(&made), &script);
    for (exchange, complete) in &mut sample.exchanges {
        *complete = false;
        (exchange.method, exchange.target, exchange.request_body) = (None, None, None);
    }
    sample
}

fn ipv6_vlan() -> Sample {
    let text = THREE_ANSWERS
        .replace("10.1.0.2:50000", "[2001:db8:1::2]:50000")
        .replace("10.1.0.1:80", "[2001:db8:1::1]:80");
    let script = read(&text);
    let made = segments(&script, &Stacks::default());
    let tagged = Encapsulation::on(Link::Ethernet, &[Layer::ServiceVlan(100), Layer::Vlan(42)]);
    sample("ipv6-vlan.pcap", pcap::pcap(&frames(&made, &tagged)), &script)
}

/// A proxy's two legs, one on Ethernet and one on a tunnel without link layer.
fn multi_interface() -> Sample {
    let script = read(
        "=== 10.1.0.2:50000 10.1.0.1:80
>>>
GET /orders/42 HTTP/1.1
Host: shop.example

<<< +9ms
HTTP/1.1 500 Internal Server Error
Server: proxy
Content-Type: text/plain
Content-Length: 14

out of lamps\\r\\n\\
>>> +30ms fin
<<< fin
!!! GET /orders/42 500 0 14
=== 10.2.0.1:51000 10.2.0.2:9001 +1ms
>>>
GET /orders/42 HTTP/1.0
Host: app
X-Forwarded-For: 10.1.0.2

<<< +5ms fin
HTTP/1.0 500 Internal Server Error
Content-Type: text/plain

out of lamps\\r\\n\\
>>> fin
!!! GET /orders/42 500 0 14
",
    );
    let made = segments(&script, &Stacks::default());
    let link = |segment: &Segment| [Link::Ethernet, Link::Raw][segment.connection];
    let frame = |segment: &Segment| {
        let own = std::slice::from_ref(segment);
        let mut frame = frames(own, &Encapsulation::on(link(segment), &[])).remove(0);
        frame.interface = segment.connection as u32;
        frame
    };
    let all: Vec<Frame> = made.iter().map(frame).collect();
    sample("multi-interface.pcapng", pcap::pcapng(&all, &["eth0", "tun0"]), &script)
}

/// The file ends inside the record of the last response, as when the disk was full.
fn cut_off() -> Sample {
    let script = read(THREE_ANSWERS);
    let made = segments(&script, &Stacks::default());
    let last = made.iter().rposition(|segment| !segment.payload.is_empty()).unwrap();
    let whole = on_ethernet(&made[..=last]);
    let mut sample = sample("cut-off.pcap", whole[..whole.len() - 30].to_vec(), &script);
    let (exchange, complete) = sample.exchanges.last_mut().unwrap();
    *complete = false;
    (exchange.status, exchange.response_body) = (None, None);
    sample
}

/// A request with Content-Length and Transfer-Encoding. Who reads the length sees one request,
/// who reads the chunks (RFC 9112 section 6.3, item 3) sees a second one for /admin.
fn smuggling() -> Sample {
    let script = read(
        "=== 10.1.0.66:50000 10.1.0.1:80
>>>
POST /search HTTP/1.1
Host: shop.example
Content-Type: application/x-www-form-urlencoded
Content-Length: 54
Transfer-Encoding: chunked

0

GET /admin HTTP/1.1
Host: shop.example
X: y

<<< +3ms
HTTP/1.1 200 OK
Content-Length: 9

no match\\n\\
<<< +1ms
HTTP/1.1 403 Forbidden
Content-Length: 10

forbidden\\n\\
>>> +20ms fin
<<< fin
!!! POST /search 200 0 9
!!! GET /admin 403 0 10
",
    );
    let made = segments(&script, &Stacks::default());
    sample("smuggling.pcap", on_ethernet(&made), &script)
}

/// An upload whose segments were cut by a router with an MTU of 576.
fn fragments() -> Sample {
    let script = read(
        "=== 10.1.0.2:50000 192.0.2.80:80
>>>
POST /photos HTTP/1.1
Host: shop.example
Content-Type: text/plain
Content-Length: 3000

\\x61{1500}\\x62{1500}\\
<<< +12ms
HTTP/1.1 201 Created
Location: /photos/8
Content-Length: 0

>>> +20ms fin
<<< fin
!!! POST /photos 201 3000 0
",
    );
    let made = segments(&script, &Stacks::default());
    let pieces = fragmented(&made, &Encapsulation::ethernet(), 576);
    sample("fragments.pcap", pcap::pcap(&pieces), &script)
}

fn vxlan() -> Sample {
    let script = read(THREE_ANSWERS);
    let made = segments(&script, &Stacks { mss: 1398, ..Stacks::default() });
    let mirrored = Encapsulation::on(Link::Ethernet, &[Layer::Vxlan(5001)]);
    sample("vxlan.pcap", pcap::pcap(&frames(&made, &mirrored)), &script)
}

/// The client stops reading for 3 s: its window closes, the server probes it, then it opens.
fn zero_window() -> Sample {
    let text = "=== 10.1.0.2:50000 10.1.0.1:80
>>>
GET /stock.csv HTTP/1.1
Host: shop.example

<<< +4ms
HTTP/1.1 200 OK
Content-Type: text/csv
Content-Length: 12000

\\x31{7000}\\
<<< +3s
\\x32{5000}\\
>>> +5ms fin
<<< fin
!!! GET /stock.csv 200 0 12000
";
    let script = read(text);
    let mut made = segments(&script, &Stacks::default());
    let pause = made
        .windows(2)
        .position(|pair| pair[1].at.since(pair[0].at) > Duration::from_secs(2))
        .unwrap();
    made[pause].window = 0;
    let (closed, before) = (made[pause].clone(), made[pause - 1].clone());
    let mut stalled = Vec::new();
    for millis in [210, 630, 1470] {
        // Linux probes with an old sequence number and no octet.
        let mut probe = before.clone();
        probe.sequence = closed.acknowledgement.wrapping_sub(1);
        probe.payload.clear();
        probe.flags = Flags(Flags::ACK);
        probe.at = closed.at.plus(Duration::from_millis(millis));
        let mut answer = closed.clone();
        answer.at = probe.at.plus(Duration::from_nanos(30_000));
        stalled.extend([probe, answer]);
    }
    let mut opened = closed.clone();
    opened.window = 502;
    opened.at = made[pause + 1].at;
    stalled.push(opened);
    for (index, segment) in (0x100_u16..).zip(&mut stalled) {
        stamp_anew(segment);
        segment.identification = segment.identification.wrapping_add(index);
    }
    made.splice(pause + 1..pause + 1, stalled);
    sample("slow-client-zero-window.pcap", on_ethernet(&made), &script)
}

/// A server that is away, one that refuses, and one that takes the request and says nothing.
fn without_answers() -> Sample {
    let script = read(
        "=== 10.1.0.2:50000 10.1.0.7:80 unanswered=4
=== 10.1.0.2:50001 10.1.0.8:80 +100ms refused
=== 10.1.0.2:50002 10.1.0.9:80 +200ms
>>>
GET /health HTTP/1.1
Host: shop.example

>>> +5s fin
!!! GET /health - 0 -
",
    );
    let made = segments(&script, &Stacks::default());
    sample("no-answers.pcap", on_ethernet(&made), &script)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

fn rows(sample: &Sample) -> Vec<String> {
    sample
        .exchanges
        .iter()
        .map(|(exchange, complete)| {
            let said = exchange.to_string().replace(' ', "\t");
            let complete = if *complete { "yes" } else { "no" };
            let Exchange { client, server, .. } = exchange;
            format!("{}\t{client}\t{server}\t{said}\t{complete}", sample.name)
        })
        .collect()
}

fn file_of(row: &str) -> &str {
    row.split('\t').next().unwrap_or_default()
}

#[test]
fn the_generated_samples_are_what_is_committed() {
    let expected = folder().join("expected.tsv");
    let table = fs::read_to_string(&expected).unwrap();
    let samples = all();
    if std::env::var_os("UPDATE_SAMPLES").is_some() {
        let ours: BTreeSet<&str> = samples.iter().map(|sample| sample.name).collect();
        let others = table.lines().skip(1).filter(|row| !ours.contains(file_of(row)));
        let mut all: Vec<String> = others.map(str::to_owned).collect();
        all.extend(samples.iter().flat_map(rows));
        all.sort_by(|a, b| file_of(a).cmp(file_of(b)));
        fs::write(&expected, format!("{COLUMNS}\n{}\n", all.join("\n"))).unwrap();
        for sample in &samples {
            fs::write(folder().join(sample.name), &sample.octets).unwrap();
            println!("wrote {} ({} octets)", sample.name, sample.octets.len());
        }
        return;
    }
    for sample in &samples {
        let committed = fs::read(folder().join(sample.name)).unwrap_or_default();
        let same = committed == sample.octets;
        assert!(same, "{} is not what is generated: set UPDATE_SAMPLES=1", sample.name);
        let stated: Vec<&str> = table.lines().filter(|row| file_of(row) == sample.name).collect();
        assert_eq!(stated, rows(sample), "expected.tsv: set UPDATE_SAMPLES=1");
    }
}

#[test]
fn every_sample_is_small_described_and_stated() {
    let readme = fs::read_to_string(folder().join("README.md")).unwrap();
    let table = fs::read_to_string(folder().join("expected.tsv")).unwrap();
    let is_capture = |name: &String| name.ends_with(".pcap") || name.ends_with(".pcapng");
    let present: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(is_capture)
        .collect();
    for name in &present {
        let size = fs::metadata(folder().join(name)).unwrap().len();
        assert!(size <= LARGEST, "{name} weighs {size} octets, more than {LARGEST}");
    }
    let described: BTreeSet<String> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next().map(str::to_owned))
        .collect();
    assert_eq!(described, present, "README.md has one line for each sample");

    let mut lines = table.lines();
    assert_eq!(lines.next(), Some(COLUMNS));
    let mut stated = BTreeSet::new();
    for row in lines {
        let cells: Vec<&str> = row.split('\t').collect();
        let &[file, client, server, .., complete] = cells.as_slice() else { panic!("{row:?}") };
        let (client, server) = (exchange::endpoint(client), exchange::endpoint(server));
        let said = cells[3..8].join(" ");
        let read = Exchange::parse(client.unwrap(), server.unwrap(), &said).unwrap();
        assert_eq!(read.to_string(), said);
        assert!(["yes", "no"].contains(&complete), "{row:?}");
        stated.insert(file.to_owned());
    }
    stated.insert("tls-and-http2.pcap".to_owned()); // holds no HTTP/1, and so no exchange
    assert_eq!(stated, present, "expected.tsv states the exchanges of each sample");
}
