//! A seed in, HTTP conversations out whose exchanges are known because they were written, not
//! parsed. They look like what browsers and services say to an API.

use httpwhy::units::Duration;
use httpwhy::wire::Endpoint;

use super::exchange::Exchange;
use super::packets::{self, Acknowledge, Segment, Stacks};
use super::random::Random;
use super::script::{Connection, Event, Script, Side, Turn};

/// What the conversations of one connection look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Fewest and most exchanges.
    pub exchanges: (usize, usize),
    /// Fewest and most octets of a response's body.
    pub body: (usize, usize),
    /// How many of a thousand response bodies are chunked.
    pub chunked: u32,
    /// How many of a thousand connections send all their requests before the first answer.
    pub pipelined: u32,
    /// Whether the last exchange says `Connection: close`.
    pub closes: bool,
    /// Whether every method, status and interim response occurs, or only what downloads have.
    pub varied: bool,
}

impl Shape {
    /// A few small exchanges of every kind.
    pub const SMALL: Self = Self {
        exchanges: (1, 6),
        body: (0, 3_000),
        chunked: 300,
        pipelined: 150,
        closes: true,
        varied: true,
    };
}

/// One to three connections and the segments that carry them.
pub fn capture(shape: &Shape, random: &mut Random) -> (Script, Vec<Segment>) {
    let mut script = Script::default();
    for number in 0..random.between(1, 3) {
        let client = Endpoint::v4([10, 1, 0, number as u8 + 1], 40_000 + number as u16);
        let server = Endpoint::v4([192, 0, 2, 10], 80);
        script.connections.push(connection(client, server, shape, random));
    }
    let stacks = Stacks {
        mss: *random.pick(&[536, 1448, 1460, 9000]),
        acknowledge: *random.pick(&[
            Acknowledge::Never,
            Acknowledge::Turn,
            Acknowledge::EveryOther,
        ]),
        ..Stacks::default()
    };
    let segments = packets::segments(&script, &stacks);
    (script, segments)
}

/// A connection with its exchanges.
pub fn connection(
    client: Endpoint,
    server: Endpoint,
    shape: &Shape,
    random: &mut Random,
) -> Connection {
    let mut connection = Connection::between(client, server);
    let pipelined = random.chance(shape.pipelined);
    let number = random.between(shape.exchanges.0, shape.exchanges.1);
    let mut answers = Vec::new();
    for nth in 1..=number {
        let last = shape.closes && nth == number;
        let made = exchange(shape, last, random);
        let idle = if nth == 1 { 20 } else { random.between(20, 40_000) };
        push(&mut connection, idle, Side::Client, made.request);
        let think = random.between(100, 30_000);
        if let Some(interim) = made.interim.filter(|_| !pipelined) {
            push(&mut connection, think, Side::Server, interim);
        }
        match made.request_body {
            body if body.is_empty() => {}
            body => push(&mut connection, 10, Side::Client, body),
        }
        if pipelined {
            answers.push(made.response);
        } else {
            push(&mut connection, think, Side::Server, made.response);
        }
        connection.exchanges.push(Exchange {
            client,
            server,
            method: Some(made.method.to_owned()),
            target: Some(made.target),
            status: Some(made.status),
            request_body: Some(made.request_octets),
            response_body: Some(made.response_octets),
        });
    }
    for answer in answers {
        push(&mut connection, random.between(100, 30_000), Side::Server, answer);
    }
    if shape.closes {
        connection = connection.closed_by(Side::Server);
    }
    connection
}

fn push(connection: &mut Connection, micros: usize, side: Side, octets: Vec<u8>) {
    let after = Duration::from_nanos(micros as u64 * 1000);
    connection.turns.push(Turn { after, side, event: Event::Octets(octets) });
}

/// The octets of one exchange and what they mean.
struct Made {
    method: &'static str,
    target: String,
    status: u16,
    request: Vec<u8>,
    request_body: Vec<u8>,
    request_octets: u64,
    interim: Option<Vec<u8>>,
    response: Vec<u8>,
    response_octets: u64,
}

const AGENTS: [&str; 4] = [
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:127.0) Gecko/20100101 Firefox/127.0",
    "okhttp/4.12.0",
    "python-requests/2.32.3",
];

/// Statuses with their reasons and how many of a hundred answers to a GET have them.
const STATUSES: [(u16, &str, usize); 8] = [
    (200, "OK", 66),
    (304, "Not Modified", 12),
    (404, "Not Found", 9),
    (301, "Moved Permanently", 4),
    (500, "Internal Server Error", 3),
    (502, "Bad Gateway", 2),
    (503, "Service Unavailable", 2),
    (504, "Gateway Timeout", 2),
];

fn exchange(shape: &Shape, last: bool, random: &mut Random) -> Made {
    let method = match random.below(100) {
        _ if !shape.varied => "GET",
        0..76 => "GET",
        76..86 => "POST",
        86..90 => "PUT",
        90..94 => "DELETE",
        94..98 => "HEAD",
        _ => "OPTIONS",
    };
    let (status, reason) = match method {
        _ if !shape.varied => (200, "OK"),
        "POST" => (201, "Created"),
        "DELETE" | "OPTIONS" => (204, "No Content"),
        _ => weighted_status(random),
    };
    let target = format!("/api/items/{}?page={}", random.below(400), random.between(1, 99));
    let mut request = request_head(method, &target, last, random);
    let mut request_body = Vec::new();
    let mut request_octets = 0;
    if matches!(method, "POST" | "PUT") {
        let body = text_body(random.between(0, 900), random);
        request_octets = body.len() as u64;
        request_body = frame(&mut request, &body, random.chance(250), random);
    }
    let waits = !request_body.is_empty() && random.chance(200);
    if waits {
        request.extend_from_slice(b"Expect: 100-continue\r\n");
    }
    request.extend_from_slice(b"\r\n");
    if !waits {
        request.append(&mut request_body);
    }

    let mut response = format!(
        "HTTP/1.1 {status} {reason}\r\nServer: nginx/1.22.1\r\n\
         Date: Thu, 01 Jan 2026 00:00:{:02} GMT\r\nContent-Type: application/json\r\n\
         X-Request-Id: {}\r\n",
        random.below(60),
        random.hex(24)
    )
    .into_bytes();
    if last {
        response.extend_from_slice(b"Connection: close\r\n");
    }
    let bodiless = matches!(status, 204 | 304);
    let (mut body, mut response_octets) = (Vec::new(), 0);
    if !bodiless {
        let content = text_body(random.between(shape.body.0, shape.body.1), random);
        // Up to the close (RFC 9112 section 6.3, item 8) is a framing too.
        if last && random.chance(100) {
            body = content.clone();
        } else {
            body = frame(&mut response, &content, random.chance(shape.chunked), random);
        }
        response_octets = content.len() as u64;
    }
    response.extend_from_slice(b"\r\n");
    if method == "HEAD" {
        response_octets = 0;
    } else {
        response.append(&mut body);
    }
    let interim = waits.then(|| b"HTTP/1.1 100 Continue\r\n\r\n".to_vec());
    Made {
        method,
        target,
        status,
        request,
        request_body,
        request_octets,
        interim,
        response,
        response_octets,
    }
}

fn weighted_status(random: &mut Random) -> (u16, &'static str) {
    let mut left = random.below(100);
    for (status, reason, share) in STATUSES {
        if left < share {
            return (status, reason);
        }
        left -= share;
    }
    (200, "OK")
}

fn request_head(method: &str, target: &str, last: bool, random: &mut Random) -> Vec<u8> {
    let mut head = format!(
        "{method} {target} HTTP/1.1\r\nHost: api.shop.example\r\nUser-Agent: {}\r\n\
         Accept: application/json, text/plain, */*\r\nAccept-Language: en-US,en;q=0.9,de;q=0.7\r\n\
         Referer: https://shop.example/catalog/page/{}\r\nCookie: session={}; theme=dark\r\n",
        random.pick(&AGENTS),
        random.between(1, 500),
        random.hex(32)
    );
    if random.chance(500) {
        head.push_str("Sec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin\r\n");
    }
    if random.chance(400) {
        head.push_str(&format!("Authorization: Bearer {}\r\n", random.hex(64)));
    }
    head.push_str(if last { "Connection: close\r\n" } else { "Connection: keep-alive\r\n" });
    head.into_bytes()
}

/// Appends the field that frames a body to a head, and gives the body as it is sent.
fn frame(head: &mut Vec<u8>, body: &[u8], chunked: bool, random: &mut Random) -> Vec<u8> {
    if !chunked {
        head.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
        return body.to_vec();
    }
    head.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
    let mut sent = Vec::with_capacity(body.len() + 64);
    let mut rest = body;
    while !rest.is_empty() {
        let (chunk, behind) = rest.split_at(random.between(1, rest.len().min(8192)));
        let extension = if random.chance(50) { ";part=1" } else { "" };
        sent.extend_from_slice(format!("{:x}{extension}\r\n", chunk.len()).as_bytes());
        sent.extend_from_slice(chunk);
        sent.extend_from_slice(b"\r\n");
        rest = behind;
    }
    let trailer = if random.chance(100) { "X-Checksum: 0\r\n" } else { "" };
    sent.extend_from_slice(format!("0\r\n{trailer}\r\n").as_bytes());
    sent
}

/// What bodies hold now and then: a response that is none. Real ones have another first field.
pub const BAIT: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// So many octets that look like JSON and sometimes like a response of their own, which a reader
/// that loses its place would take for one.
fn text_body(octets: usize, random: &mut Random) -> Vec<u8> {
    let mut body = Vec::with_capacity(octets + 64);
    while body.len() < octets {
        if random.chance(20) {
            body.extend_from_slice(b"\r\n");
            body.extend_from_slice(BAIT.as_bytes());
        }
        body.extend_from_slice(format!("{{\"k\":\"{}\"}},", random.hex(16)).as_bytes());
    }
    body.truncate(octets);
    body
}
