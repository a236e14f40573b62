//! Traffic with secrets in it: each planted where traffic carries secrets, and each unlike the others.

use httpwhy::units::Duration;

use super::random::Random;
use super::script::{Connection, Event, Opening, Script, Side};

/// What every secret holds.
pub const MARK: &str = "CANARY";

/// Fields that a secret stands in.
pub const HEADERS: [&str; 14] = [
    "Authorization",
    "Proxy-Authorization",
    "Cookie",
    "Set-Cookie",
    "Authentication-Info",
    "X-Api-Key",
    "X-Auth-Token",
    "Api-Key",
    "X-Amz-Security-Token",
    "X-CSRF-Token",
    "X-Session-Token",
    "Referer",
    "Location",
    "Host",
];

/// Makes secrets and counts them.
pub struct Planter {
    random: Random,
    /// How many there are by now.
    pub planted: usize,
}

impl Planter {
    /// One that plants the same for the same seed.
    pub fn new(seed: u64) -> Self {
        Self { random: Random::new(seed), planted: 0 }
    }

    /// A hundred clients at a time.
    pub fn script(&mut self) -> Script {
        let mut script = Script::default();
        for number in 0..100 {
            script.connections.append(&mut self.conversation(number).connections);
        }
        script
    }

    fn secret(&mut self) -> String {
        self.planted += 1;
        let (left, right) = (self.random.hex(3), self.random.hex(5));
        format!("{left}{MARK}{}x{right}", self.planted)
    }

    fn parameter(&mut self) -> String {
        let names =
            ["access_token", "api_key", "sig", "password", "X-Amz-Signature", "id_token", "sid"];
        let name = *self.random.pick(&names);
        format!("{name}={}", self.secret())
    }

    fn target(&mut self) -> String {
        match self.random.below(3) {
            0 => format!("/orders/1?{}&x=1", self.parameter()),
            1 => format!("/orders/1?x=1&{}", self.parameter()),
            _ => format!("http://u:{}@shop.example/cart?{}", self.secret(), self.parameter()),
        }
    }

    fn request(&mut self, target: &str) -> String {
        let schemes = ["Bearer ", "Basic ", "ApiKey ", "Digest response=", ""];
        let keys = ["X-Api-Key", "X-Auth-Token", "Api-Key", "X-Amz-Security-Token", "X-CSRF-Token"];
        let (one, other) = (*self.random.pick(&schemes), *self.random.pick(&schemes));
        let mut request = format!(
            "POST {target} HTTP/1.1\r\nHost: shop.example\r\nAuthorization: {one}{}\r\n\
             Proxy-Authorization: {other}{}\r\nCookie: sid={}; theme={}; {}\r\n{}: {}\r\n\
             Referer: https://me:{}@shop.example/?a=b&{}\r\n",
            self.secret(),
            self.secret(),
            self.secret(),
            self.secret(),
            self.secret(),
            self.random.pick(&keys),
            self.secret(),
            self.secret(),
            self.parameter(),
        );
        // What a reader takes for a slip, and a rule may quote.
        match self.random.below(6) {
            0 => request.push_str(&format!("Authorization: Bearer {}\r\n", self.secret())),
            1 => request.push_str(&format!("Cookie : sid={}\r\n", self.secret())),
            2 => request.push_str(&format!("Authorization: Bearer\r\n {}\r\n", self.secret())),
            3 => request.push_str("Content-Length: 0\r\n"),
            4 => request.push_str(&format!("Host: {}@shop.example\r\n", self.secret())),
            _ => {}
        }
        let body = if self.random.chance(500) {
            format!("user=a&password={}&x=1", self.secret())
        } else {
            format!("{{\"n\":1,\"token\":\"{}\"}}", self.secret())
        };
        request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        request
    }

    fn response(&mut self) -> String {
        let statuses = [
            "200 OK",
            "302 Found",
            "401 Unauthorized",
            "403 Forbidden",
            "407 Proxy",
            "500 No",
            "502 Bad Gateway",
            "503 Wait",
            "504 Gateway Timeout",
            "999 What",
            "abc",
        ];
        let body = match self.random.below(3) {
            0 => format!("upstream https://svc:{}@db.example failed", self.secret()),
            1 => format!("no: {}", self.parameter()),
            _ => format!("{{\"error\":\"denied\",\"session_token\":\"{}\"}}", self.secret()),
        };
        // Now and then less comes than was said.
        let said = body.len() + if self.random.chance(100) { 100 } else { 0 };
        format!(
            "HTTP/1.1 {}\r\nSet-Cookie: sid={}; Path=/; HttpOnly\r\nSet-Cookie: path={}; Max-Age=x\r\n\
             Location: https://u:{}@shop.example/next?{}#{}\r\nX-Session-Token: {}\r\n\
             Authentication-Info: nextnonce=\"{}\"\r\nContent-Type: text/plain\r\nContent-Length: {said}\r\n\r\n{body}",
            self.random.pick(&statuses),
            self.secret(),
            self.secret(),
            self.secret(),
            self.parameter(),
            self.parameter(),
            self.secret(),
            self.secret(),
        )
    }

    /// One client, its proxy, and now and then what the proxy did behind it.
    fn conversation(&mut self, number: usize) -> Script {
        let target = self.target();
        let request = self.request(&target);
        let begins = Duration::from_millis(number as u64);
        let client = format!("10.9.1.2:{}", 20_000 + number);
        let mut front =
            Connection::new(&client, "10.9.1.1:80").begins(begins).client_says(&*request);
        let behind = format!("10.9.2.1:{}", 20_000 + number);
        let behind = Connection::new(&behind, "10.9.2.2:9001").begins(begins);
        let mut connections = Vec::new();
        match self.random.below(5) {
            0 => connections.push(behind.opening(Opening::Refused)),
            1 => {
                let asked = behind.client_says(request);
                connections.push(asked.turn(Side::Server, Event::Reset));
            }
            2 => connections.push(
                behind.client_says(request).server_says(self.response()).closed_by(Side::Server),
            ),
            _ => {}
        }
        if self.random.chance(900) {
            front = front.server_says(self.response()).after(Duration::from_millis(20));
        }
        let stray = self.random.chance(50).then(|| format!("sid={}\r\n", self.secret()));
        if let Some(stray) = stray {
            front = front.server_says(stray);
        }
        connections.push(front.closed_by(Side::Server));
        Script { connections }
    }
}
