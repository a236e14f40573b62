//! Plain text in, a [`Script`] out, and back. The text is what a rule's fixtures are written in.
//!
//! ```text
//! # lines before the first mark that begin with # are remarks
//! === 10.9.1.2:49690 10.9.1.1:80        a connection; may be left out for the first
//! >>>                                    the client sends the lines below
//! GET / HTTP/1.1
//! Host: shop.example
//!
//! <<< +1.5s fin                          1.5 s later the server sends these and then closes
//! HTTP/1.1 200 OK
//! Content-Length: 5
//!
//! hello\
//! ><> 120                                120 octets of the client that the capture lost
//! <>< 90                                 90 octets of the server that the capture lost
//! *** 30 +1s                             what stands up to *** is said 30 times, a second from
//! ***                                    the beginning of one round to that of the next
//! !!! GET / 200 0 5                      an exchange that this makes: method, target, status,
//!                                        octets of the request's and of the response's body
//! ```
//!
//! A line stands for its octets and CRLF; a backslash as its last character takes the CRLF away.
//! Escapes: `\r` `\n` `\t` `\0` `\\` and `\xHH`, which may be repeated: `\x61{4096}`. A line of
//! octets that looks like a mark begins with `\x3c`, `\x3d`, `\x3e` or `\x21` instead.
//!
//! Where === stands within a repetition, each round has connections of its own, with the client's
//! port counted up; else all rounds are said on the connection before. `\\#` stands for the number of
//! the round, from 1.
//!
//! After a mark may stand `+TIME` (`ns`, `us`, `ms` or `s`), and after `>>>` and `<<<` `fin` or
//! `rst`. After the endpoints of `===` may stand `+TIME`, `not-captured`, `refused` or
//! `unanswered=N`.

use std::fmt;
use std::net::IpAddr;

use httpwhy::units::Duration;
use httpwhy::wire::Endpoint;

use super::exchange::{Exchange, endpoint};
use super::script::{Connection, Event, Opening, Script, Side, Turn};

/// Who talks to whom where the text does not say.
pub const CLIENT: &str = "10.9.1.2:49690";
/// See [`CLIENT`].
pub const SERVER: &str = "10.9.1.1:80";

/// Most octets that one repeated escape may stand for: a slip of the finger is not a bomb.
const REPEAT_OCTETS: usize = 64 * 1024 * 1024;

/// What is wrong with a dialogue, and in which line, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The line.
    pub line: usize,
    /// What is wrong and what would be right.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// Reads a dialogue.
pub fn parse(text: &str) -> Result<Script, Mistake> {
    let mut reader = Reader::default();
    let lines = text.split_inclusive('\n').map(|line| line.strip_suffix('\n').unwrap_or(line));
    let mut lines = (1..).zip(lines);
    while let Some((number, line)) = lines.next() {
        reader.line = number;
        match line.strip_prefix("***") {
            Some(rest) => {
                let rounds = lines.by_ref().take_while(|(_, line)| *line != "***").collect();
                reader.repeat(rest, rounds)
            }
            None => reader.take(line),
        }
        .map_err(|what| reader.fail(what))?;
    }
    reader.finish_turn().map_err(|what| reader.fail(what))?;
    Ok(reader.script)
}

/// The octets that a side has begun to say.
struct Open {
    line: usize,
    side: Side,
    after: Duration,
    octets: Vec<u8>,
    last: Option<Event>,
}

#[derive(Default)]
struct Reader {
    script: Script,
    open: Option<Open>,
    line: usize,
}

impl Reader {
    fn fail(&self, what: String) -> Mistake {
        Mistake { line: self.line, what }
    }

    fn take(&mut self, line: &str) -> Result<(), String> {
        let (mark, rest) = line.split_at_checked(3).unwrap_or((line, ""));
        let words = || rest.split_ascii_whitespace();
        match mark {
            ">>>" => self.begin(Side::Client, words()),
            "<<<" => self.begin(Side::Server, words()),
            "><>" => self.lost(Side::Client, words()),
            "<><" => self.lost(Side::Server, words()),
            "===" => self.connect(words()),
            "!!!" => self.expect(rest),
            _ => match &mut self.open {
                Some(open) => unescape(line, &mut open.octets),
                None if line.is_empty() || line.starts_with('#') => Ok(()),
                None => Err(format!("{line:?} belongs to nobody: it wants >>> or <<< before it")),
            },
        }
    }

    /// Reads the lines of a repetition once for each round.
    fn repeat(&mut self, rest: &str, lines: Vec<(usize, &str)>) -> Result<(), String> {
        self.finish_turn()?;
        let want = "want *** TIMES +TIME";
        let (times, step) = rest.trim().split_once(' ').ok_or(want)?;
        let times: u16 = times.parse().map_err(|_| format!("{times:?} is no number; {want}"))?;
        let step = time(step.trim())?;
        let own = lines.iter().any(|(_, line)| line.starts_with("==="));
        for round in 0..times {
            let (connections, turns) = (
                self.script.connections.len(),
                self.script.connections.last().map_or(0, |c| c.turns.len()),
            );
            for (number, line) in &lines {
                self.line = *number;
                self.take(&line.replace("\\#", &(round + 1).to_string()))?;
            }
            self.finish_turn()?;
            if own {
                let later = step.as_nanos() * u64::from(round);
                for connection in self.script.connections.iter_mut().skip(connections) {
                    let client = connection.client;
                    let port =
                        client.port().checked_add(round).ok_or("too many rounds for ports")?;
                    connection.client = with_port(client, port);
                    connection.begins = Duration::from_nanos(connection.begins.as_nanos() + later);
                }
            } else if round > 0 {
                // From the beginning of one round to that of the next.
                let turns = self.connection().turns.get_mut(turns..).unwrap_or_default();
                let took: u64 = turns.iter().skip(1).map(|turn| turn.after.as_nanos()).sum();
                let first = turns.first_mut().ok_or("nothing is repeated")?;
                let idle =
                    step.as_nanos().checked_sub(took).ok_or("a round takes longer than that")?;
                first.after = Duration::from_nanos(idle);
            }
        }
        Ok(())
    }

    fn connection(&mut self) -> &mut Connection {
        if self.script.connections.is_empty() {
            self.script.connections.push(Connection::new(CLIENT, SERVER));
        }
        self.script.connections.last_mut().expect("one was just pushed")
    }

    fn begin<'a>(
        &mut self,
        side: Side,
        words: impl Iterator<Item = &'a str>,
    ) -> Result<(), String> {
        self.finish_turn()?;
        let (mut after, mut last) = (Duration::default(), None);
        for word in words {
            match word {
                "fin" => last = Some(Event::Fin),
                "rst" => last = Some(Event::Reset),
                _ => after = time(word).map_err(|e| format!("{e}; or fin, or rst"))?,
            }
        }
        self.open = Some(Open { line: self.line, side, after, octets: Vec::new(), last });
        Ok(())
    }

    fn finish_turn(&mut self) -> Result<(), String> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let Open { line, side, mut after, octets, last } = open;
        if octets.is_empty() && last.is_none() {
            self.line = line;
            return Err("nothing is said: octets, fin or rst are missing".to_owned());
        }
        let octets = (!octets.is_empty()).then_some(Event::Octets(octets));
        for event in octets.into_iter().chain(last) {
            self.connection().turns.push(Turn { after, side, event });
            after = Duration::default();
        }
        Ok(())
    }

    fn lost<'a>(&mut self, side: Side, words: impl Iterator<Item = &'a str>) -> Result<(), String> {
        self.finish_turn()?;
        let (mut after, mut octets) = (Duration::default(), None);
        for word in words {
            match word.parse() {
                Ok(number) => octets = Some(number),
                Err(_) => after = time(word).map_err(|e| format!("{e}; or a number of octets"))?,
            }
        }
        let octets = octets.ok_or("how many octets were lost?")?;
        self.connection().turns.push(Turn { after, side, event: Event::Lost(octets) });
        Ok(())
    }

    fn connect<'a>(&mut self, mut words: impl Iterator<Item = &'a str>) -> Result<(), String> {
        self.finish_turn()?;
        let (Some(client), Some(server)) = (words.next(), words.next()) else {
            return Err("want === CLIENT:PORT SERVER:PORT".to_owned());
        };
        let mut connection = Connection::between(endpoint(client)?, endpoint(server)?);
        for word in words {
            connection.opening = match (word, word.strip_prefix("unanswered=")) {
                ("not-captured", _) => Opening::NotCaptured,
                ("refused", _) => Opening::Refused,
                (_, Some(tries)) => Opening::Unanswered(
                    tries.parse().map_err(|_| format!("{tries:?} is not a number of tries"))?,
                ),
                _ => {
                    connection.begins = time(word)
                        .map_err(|e| format!("{e}; or not-captured, refused, unanswered=N"))?;
                    continue;
                }
            };
        }
        self.script.connections.push(connection);
        Ok(())
    }

    fn expect(&mut self, rest: &str) -> Result<(), String> {
        self.finish_turn()?;
        let connection = self.connection();
        let exchange = Exchange::parse(connection.client, connection.server, rest)?;
        connection.exchanges.push(exchange);
        Ok(())
    }
}

fn with_port(endpoint: Endpoint, port: u16) -> Endpoint {
    match endpoint.address() {
        IpAddr::V4(address) => Endpoint::v4(address.octets(), port),
        IpAddr::V6(address) => Endpoint::v6(address.octets(), port),
    }
}

/// `+1.5s`, `+200ms`, `+7us`, `+12ns`.
fn time(word: &str) -> Result<Duration, String> {
    let wrong = || format!("{word:?} is not a time such as +200ms or +1.5s");
    let number = word.strip_prefix('+').ok_or_else(wrong)?;
    let unit_at = number.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(wrong)?;
    let (number, unit) = number.split_at(unit_at);
    let digits = match unit {
        "ns" => 0,
        "us" => 3,
        "ms" => 6,
        "s" => 9,
        _ => return Err(wrong()),
    };
    // In whole nanoseconds: 1.1 s must be the same on every machine.
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if part.len() > digits {
        return Err(wrong());
    }
    let digits: String = format!("{whole}{part:0<digits$}");
    digits.parse().map(Duration::from_nanos).map_err(|_| wrong())
}

/// Appends the octets of one line.
fn unescape(line: &str, octets: &mut Vec<u8>) -> Result<(), String> {
    if line.contains('\r') {
        return Err("a carriage return in the text: write \\r, or save with LF ends".to_owned());
    }
    let mut rest = line;
    while let Some(at) = rest.find('\\') {
        octets.extend_from_slice(&rest.as_bytes()[..at]);
        let mut characters = rest[at + 1..].chars();
        let octet = match characters.next() {
            None => return Ok(()), // the line's end is taken away
            Some('r') => b'\r',
            Some('n') => b'\n',
            Some('t') => b'\t',
            Some('0') => 0,
            Some('\\') => b'\\',
            Some('x') => {
                let digits = rest.get(at + 2..at + 4).filter(|d| d.is_ascii()).unwrap_or("");
                characters = rest.get(at + 4..).unwrap_or("").chars();
                u8::from_str_radix(digits, 16)
                    .map_err(|_| format!("\\x wants two hexadecimal digits, got {digits:?}"))?
            }
            Some(other) => return Err(format!("\\{other} is no escape; a backslash is \\\\")),
        };
        rest = characters.as_str();
        let mut times = 1;
        if let Some((number, behind)) = rest.strip_prefix('{').and_then(|r| r.split_once('}')) {
            times = number.parse().map_err(|_| format!("{{{number}}} is not a number of times"))?;
            if times > REPEAT_OCTETS {
                return Err(format!("{{{number}}} is more than {REPEAT_OCTETS}"));
            }
            rest = behind;
        }
        octets.resize(octets.len() + times, octet);
    }
    octets.extend_from_slice(rest.as_bytes());
    octets.extend_from_slice(b"\r\n");
    Ok(())
}

/// The text of a script, which [`parse`] reads back as the same script.
pub fn write(script: &Script) -> String {
    let mut text = String::new();
    for connection in &script.connections {
        text.push_str(&format!("=== {} {}", connection.client, connection.server));
        text.push_str(&delay(connection.begins));
        match connection.opening {
            Opening::Handshake => {}
            Opening::NotCaptured => text.push_str(" not-captured"),
            Opening::Refused => text.push_str(" refused"),
            Opening::Unanswered(tries) => text.push_str(&format!(" unanswered={tries}")),
        }
        text.push('\n');
        for Turn { after, side, event } in &connection.turns {
            let (says, loses) = match side {
                Side::Client => (">>>", "><>"),
                Side::Server => ("<<<", "<><"),
            };
            let delay = delay(*after);
            match event {
                Event::Octets(octets) => {
                    text.push_str(&format!("{says}{delay}\n"));
                    escape(octets, &mut text);
                }
                Event::Lost(octets) => text.push_str(&format!("{loses}{delay} {octets}\n")),
                Event::Fin => text.push_str(&format!("{says}{delay} fin\n")),
                Event::Reset => text.push_str(&format!("{says}{delay} rst\n")),
            }
        }
        for exchange in &connection.exchanges {
            text.push_str(&format!("!!! {exchange}\n"));
        }
    }
    text
}

fn delay(after: Duration) -> String {
    match after.as_nanos() {
        0 => String::new(),
        nanos if nanos.is_multiple_of(1_000_000) => format!(" +{}ms", nanos / 1_000_000),
        nanos => format!(" +{nanos}ns"),
    }
}

fn escape(octets: &[u8], text: &mut String) {
    let mut rest = octets;
    while !rest.is_empty() {
        let end = rest.windows(2).position(|pair| pair == b"\r\n");
        let line = &rest[..end.unwrap_or(rest.len())];
        for (index, &octet) in line.iter().enumerate() {
            match octet {
                b'\\' => text.push_str("\\\\"),
                // `{` may follow an escape, and the first octet may make a mark.
                b'{' => text.push_str("\\x7b"),
                b'<' | b'>' | b'=' | b'!' if index == 0 => {
                    text.push_str(&format!("\\x{octet:02x}"))
                }
                b' '..=b'~' => text.push(char::from(octet)),
                _ => text.push_str(&format!("\\x{octet:02x}")),
            }
        }
        text.push_str(if end.is_some() { "\n" } else { "\\\n" });
        rest = end.map_or(&[], |end| &rest[end + 2..]);
    }
}
