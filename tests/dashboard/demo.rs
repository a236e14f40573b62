//! The shop of the pictures in the README: four minutes behind a proxy, of which one server is down for
//! one. Made from a seed, so that the pictures are the same for ever.

use httpwhy::units::Duration;

use super::support::random::Random;
use super::support::script::{Connection, Event, Opening, Script, Side};

/// Method, target, how many of a hundred requests, and milliseconds until the answer.
const ENDPOINTS: [(&str, &str, usize, usize); 5] = [
    ("GET", "/api/v1/products", 34, 12),
    ("GET", "/api/v1/cart/ID", 26, 22),
    ("POST", "/api/v1/checkout", 16, 60),
    ("GET", "/static/app.js", 16, 3),
    ("GET", "/healthz", 8, 1),
];

const SERVERS: [&str; 3] = ["10.0.3.14:8080", "10.0.3.15:8080", "10.0.3.17:8080"];

/// The one that is down, and from which second to which.
const DOWN: (&str, std::ops::Range<u64>) = ("10.0.3.17:8080", 120..180);

/// What the proxy sees on both of its sides.
pub fn shop() -> Script {
    let mut random = Random::new(0x5_4a9);
    let mut script = Script::default();
    let (mut at, mut number) = (0, 0_u64);
    while at < 240_000 {
        at += random.between(60, 260) as u64;
        number += 1;
        exchange(&mut script, &mut random, number, at);
    }
    script
}

fn exchange(script: &mut Script, random: &mut Random, number: u64, at: u64) {
    let (method, target, millis) = endpoint(random);
    let server = *random.pick(&SERVERS);
    let client = format!("192.168.7.{}:{}", 20 + number % 30, 30_000 + number);
    let upstream = format!("10.0.3.1:{}", 30_000 + number);
    let is_down = server == DOWN.0 && DOWN.1.contains(&(at / 1_000));
    let (status, wait) = if is_down { ("502 Bad Gateway", 2) } else { ("200 OK", millis) };
    let body = if is_down { 157 } else { random.between(200, 4_000) };
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: shop.example\r\nX-Request-ID: {:08x}\r\nContent-Length: 0\r\n\r\n",
        number * 0x9e37
    );
    let answer = format!(
        "HTTP/1.1 {status}\r\nServer: nginx/1.25.4\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n\
         Content-Type: text/html\r\nContent-Length: {body}\r\n\r\n{}",
        "x".repeat(body)
    );
    let begins = Duration::from_millis(at);
    let front = Connection::new(&client, "10.0.0.5:80").begins(begins).client_says(&*request);
    let front = front.server_says(&*answer).after(Duration::from_millis(wait + 1));
    script.connections.push(front.closed_by(Side::Client));
    let behind =
        Connection::new(&upstream, server).begins(Duration::from_nanos(at * 1_000_000 + 400_000));
    script.connections.push(if is_down {
        behind.opening(Opening::Refused)
    } else {
        let behind = behind.client_says(request).server_says(answer);
        behind.after(Duration::from_millis(wait)).turn(Side::Client, Event::Fin)
    });
}

fn endpoint(random: &mut Random) -> (&'static str, String, u64) {
    let mut place = random.below(100);
    let mut chosen = ENDPOINTS[0];
    for row in ENDPOINTS {
        chosen = row;
        match place.checked_sub(row.2) {
            Some(rest) => place = rest,
            None => break,
        }
    }
    let (method, target, _, millis) = chosen;
    let id = random.between(1_000, 9_999).to_string();
    // Now and then one takes ten times as long.
    let slow = if random.chance(40) { 10 } else { 1 };
    let millis = random.between(millis, millis * 3) * slow;
    (method, target.replace("ID", &id), millis as u64)
}
