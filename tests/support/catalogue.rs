//! The catalogue of rules that the project was built from, where it is at hand: its examples in,
//! the TCP segments that carry them out.
//!
//! ```text
//! @ [b] client=10.0.0.2:1 server=192.0.2.2:80    who talks on connection b (a without a name)
//! 0.010 [b] C> GET / HTTP/1.1\r\n\r\n              the client says this at 0.010 s
//! 0.020 S! FIN                                   the server closes; also RST, GAP n, SYN
//! repeat 3 step 0.5 newconn … end                three times, each on a connection of its own
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use httpwhy::units::{Duration, Timestamp};

use super::packets::{self, Segment, Stacks};
use super::script::{Connection, Event, Opening, Script, Side, Turn};
use super::transform;

/// One rule of the catalogue.
#[derive(Debug, Default)]
pub struct Entry {
    /// Its name.
    pub id: String,
    /// An example that it has to find.
    pub positive: String,
    /// An example that it must not find.
    pub negative: String,
}

/// The catalogue; `None` where it is not there.
pub fn read() -> Option<Vec<Entry>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/spec/rules.toml");
    let text = fs::read_to_string(path).ok()?;
    let mut entries: Vec<Entry> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line == "[[rule]]" {
            entries.push(Entry::default());
        } else if line.starts_with("[[") {
            continue;
        }
        let Some(entry) = entries.last_mut() else { continue };
        let mut block = || lines.by_ref().take_while(|line| *line != "'''").collect::<Vec<_>>();
        match line.split_once(" = ") {
            Some(("id", name)) if entry.id.is_empty() => {
                entry.id = name.trim_matches('"').to_owned();
            }
            Some(("positive", "'''")) => entry.positive = block().join("\n"),
            Some(("negative", "'''")) => entry.negative = block().join("\n"),
            _ => {}
        }
    }
    Some(entries)
}

/// The segments of an example.
///
/// # Panics
///
/// Where the example is not written as the catalogue says.
pub fn segments(example: &str) -> Vec<Segment> {
    let mut reader = Reader::default();
    let lines: Vec<&str> = example.lines().filter(|line| !line.trim().is_empty()).collect();
    reader.read(&lines, 0.0, None);
    reader.finish()
}

#[derive(Default)]
struct Talk {
    client: Option<String>,
    server: Option<String>,
    midstream: bool,
    half: bool,
    events: Vec<(f64, Side, Event)>,
}

#[derive(Default)]
struct Reader {
    /// Connections in the order in which they are named.
    names: Vec<String>,
    talks: BTreeMap<String, Talk>,
    epoch: Option<i64>,
    rounds: usize,
}

impl Reader {
    fn talk(&mut self, name: &str) -> &mut Talk {
        if !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
        }
        self.talks.entry(name.to_owned()).or_default()
    }

    /// Reads lines; `round` is the number of the repetition, and the connection that is its own.
    fn read(&mut self, lines: &[&str], offset: f64, round: Option<(usize, Option<&str>)>) {
        let mut rest = lines;
        while let [line, behind @ ..] = rest {
            rest = behind;
            if let Some(attributes) = line.strip_prefix('@') {
                self.attributes(attributes);
            } else if let Some(loop_of) = line.trim_start().strip_prefix("repeat ") {
                let mut depth = 1;
                let end = rest.iter().position(|line| {
                    let line = line.trim();
                    depth += usize::from(line.starts_with("repeat "));
                    depth -= usize::from(line == "end");
                    depth == 0
                });
                let end = end.expect("a repetition ends");
                let words: Vec<&str> = loop_of.split_whitespace().collect();
                let times: usize = words[0].parse().expect("how many times");
                let step: f64 = words[2].parse().expect("a step");
                for index in 0..times {
                    let own = words.contains(&"newconn").then(|| {
                        self.rounds += 1;
                        format!("round-{}", self.rounds)
                    });
                    let at = offset + step * index as f64;
                    self.read(&rest[..end], at, Some((index, own.as_deref())));
                }
                rest = &rest[end + 1..];
            } else {
                self.event(line, offset, round);
            }
        }
    }

    fn attributes(&mut self, text: &str) {
        let mut name = "a".to_owned();
        for word in text.split_whitespace() {
            if let Some(named) = word.strip_prefix('[').and_then(|word| word.strip_suffix(']')) {
                name = named.to_owned();
                continue;
            }
            let (key, value) = word.split_once('=').expect("key=value");
            if key == "epoch" {
                self.epoch = Some(value.parse().expect("seconds"));
                continue;
            }
            let talk = self.talk(&name);
            match key {
                "client" => talk.client = Some(value.to_owned()),
                "server" => talk.server = Some(value.to_owned()),
                "midstream" => talk.midstream = value == "1",
                "half" => talk.half = value == "1",
                // What was encrypted is given in clear.
                "tls" => {}
                other => panic!("{other} is no attribute"),
            }
        }
    }

    fn event(&mut self, line: &str, offset: f64, round: Option<(usize, Option<&str>)>) {
        let (time, rest) = line.trim_start().split_once(' ').expect("a time and an event");
        let time: f64 = time.parse().unwrap_or_else(|_| panic!("{time:?} is no time in {line:?}"));
        let rest = rest.trim_start();
        let sides = ["C>", "S>", "C!", "S!"];
        let (name, rest) = match sides.iter().any(|side| rest.starts_with(side)) {
            true => ("a", rest),
            false => rest.split_once(' ').expect("a connection and an event"),
        };
        let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        let name = round.and_then(|(_, own)| own).unwrap_or(name).to_owned();
        let (mark, content) = rest.trim_start().split_at(2);
        let content = content.strip_prefix(' ').unwrap_or(content);
        let side = if mark.starts_with('C') { Side::Client } else { Side::Server };
        let event = if mark.ends_with('>') {
            let content = match round {
                Some((index, _)) => content
                    .replace("{i+1}", &(index + 1).to_string())
                    .replace("{i}", &index.to_string()),
                None => content.to_owned(),
            };
            Event::Octets(unescape(&content))
        } else {
            let mut words = content.split_whitespace();
            match (words.next(), words.next()) {
                (Some("FIN"), _) => Event::Fin,
                (Some("RST"), _) => Event::Reset,
                (Some("GAP" | "SNAP"), Some(octets)) => {
                    Event::Lost(octets.parse().expect("a number of octets"))
                }
                (Some("SYN"), _) => {
                    self.talk(&name);
                    return;
                }
                other => panic!("{other:?} is no event in {line:?}"),
            }
        };
        self.talk(&name).events.push((offset + time, side, event));
    }

    fn finish(mut self) -> Vec<Segment> {
        let mut connections = Vec::new();
        let mut halves = Vec::new();
        for (index, name) in self.names.iter().enumerate() {
            let talk = self.talks.get_mut(name).expect("it was named");
            talk.events.sort_by(|a, b| a.0.total_cmp(&b.0));
            let client = talk.client.clone().unwrap_or(format!("10.0.0.1:{}", 40_000 + index));
            let server = talk.server.clone().unwrap_or("192.0.2.10:80".to_owned());
            let begins = talk.events.first().map_or(0.0, |event| event.0);
            let mut connection = Connection::new(&client, &server).begins(nanos(begins));
            if talk.midstream {
                connection = connection.opening(Opening::NotCaptured);
            }
            let mut clock = begins;
            for (at, side, event) in talk.events.drain(..) {
                let after = nanos((at - clock).max(0.0));
                clock = at;
                connection.turns.push(Turn { after, side, event });
            }
            if talk.half {
                halves.push(index);
            }
            connections.push(connection);
        }
        let mut stacks = Stacks::default();
        if let Some(epoch) = self.epoch {
            stacks.start = Timestamp::from_nanos(epoch * 1_000_000_000);
        }
        let script = Script { connections };
        let all = packets::segments(&script, &stacks);
        if halves.is_empty() {
            return all;
        }
        transform::one_side(&all, Side::Client)
    }
}

fn nanos(seconds: f64) -> Duration {
    Duration::from_nanos((seconds * 1e9).round() as u64)
}

fn unescape(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        octets.extend_from_slice(&rest.as_bytes()[..at]);
        rest = &rest[at + 1..];
        let escape = rest.chars().next().expect("an escape");
        rest = &rest[escape.len_utf8()..];
        match escape {
            'r' => octets.push(b'\r'),
            'n' => octets.push(b'\n'),
            't' => octets.push(b'\t'),
            's' => octets.push(b' '),
            '\\' => octets.push(b'\\'),
            'x' => {
                octets.push(u8::from_str_radix(&rest[..2], 16).expect("two digits"));
                rest = &rest[2..];
            }
            '*' => {
                let (times, behind) = rest.split_once('{').expect("\\*N{text}");
                let (repeated, behind) = behind.split_once('}').expect("\\*N{text}");
                let times: usize = times.parse().expect("a number of times");
                octets.extend(unescape(repeated).repeat(times));
                rest = behind;
            }
            other => panic!("\\{other} is no escape"),
        }
    }
    octets.extend_from_slice(rest.as_bytes());
    octets
}
