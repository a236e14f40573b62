//! Texts to take elsewhere: an exchange and a letter in, what goes to the clipboard out. Nothing that
//! a shell or a terminal would obey is left in it.

use crate::export::detail::{self, Bodies};
use crate::export::{FORMATS, Options, Sort, escape};
use crate::flow::Mark;
use crate::http::{Exchange, FieldName, Message};
use crate::secret::Secrets;
use crate::snapshot::Whole;

/// What can be copied: the letter, and what it is.
pub(super) static MENU: &[(char, &str)] = &[
    ('u', "URL"),
    ('c', "curl command"),
    ('f', "Wireshark filter: its packets"),
    ('e', "Wireshark filter: the evidence"),
    ('s', "Wireshark filter: its TCP connection"),
    ('j', "record (JSON line)"),
    ('h', "heads of both messages"),
    ('b', "body of the response, or else the request"),
];

/// How records look outside of a file.
pub(super) const fn options(secrets: Secrets) -> Options {
    Options {
        secrets,
        top: 10,
        columns: None,
        colour: false,
        servers: true,
        sort: Sort::Failed,
        accounts: false,
        // As much as is kept of a body, where it is not coded.
        body: 16 * 1024,
    }
}

/// What a letter copies of an exchange, in a word and in full.
pub(super) fn text(
    letter: char,
    id: u64,
    whole: &Whole,
    secrets: Secrets,
) -> Option<(&'static str, String)> {
    let (_, what) = MENU.iter().find(|(known, _)| *known == letter)?;
    let exchange = &*whole.exchange;
    let text = match letter {
        'u' => url(exchange, secrets)?,
        'c' => curl(exchange, secrets)?,
        'f' => filter(&packets(exchange)),
        'e' => filter(&evidence(whole)),
        's' => connection(exchange),
        'j' => {
            let mut line = Vec::new();
            let format = FORMATS.iter().find(|format| format.name == "jsonl")?;
            (format.open)(options(secrets)).exchange(id, exchange, &mut line).ok()?;
            String::from_utf8_lossy(&line).trim_end().to_owned()
        }
        'b' => body(exchange, secrets)?,
        _ => heads(exchange, secrets),
    };
    Some((what, text))
}

fn url(exchange: &Exchange, secrets: Secrets) -> Option<String> {
    let head = &exchange.request.as_ref()?.head;
    let target = secrets.target(head.target()).into_owned();
    let host = head.fields().find(|field| field.name == FieldName::Host);
    let host = match &host {
        Some(field) => secrets.value(field).into_owned(),
        None => exchange.server.to_string().into_bytes(),
    };
    let url = if target.first() == Some(&b'/') {
        [b"http://".as_slice(), &host, &target].concat()
    } else {
        target
    };
    Some(escape::text(&url).into_owned())
}

/// The request for a shell. Fields that curl makes by itself are left out; so is what would only
/// be `<hidden>`.
fn curl(exchange: &Exchange, secrets: Secrets) -> Option<String> {
    let head = &exchange.request.as_ref()?.head;
    let mut line = String::from("curl -i");
    let method = escape::text(head.method_octets());
    match &*method {
        "GET" => {}
        "HEAD" => line.push_str(" -I"),
        _ => {
            line.push_str(" -X ");
            line.push_str(&quoted(&method));
        }
    }
    for field in head.fields() {
        let made = [FieldName::Host, FieldName::ContentLength, FieldName::TransferEncoding];
        if made.contains(&field.name) {
            continue;
        }
        let name = escape::text(field.name_octets);
        let value = secrets.value(&field);
        line.push_str(" -H ");
        line.push_str(&quoted(&format!("{name}: {}", escape::text(&value))));
    }
    line.push(' ');
    line.push_str(&quoted(&url(exchange, secrets)?));
    Some(line)
}

/// A word for a POSIX shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

fn heads(exchange: &Exchange, secrets: Secrets) -> String {
    let messages = [exchange.request.as_deref(), exchange.response.as_deref()];
    let mut text = String::new();
    for message in messages.into_iter().flatten() {
        let line = secrets.target_in_line(message.head.start_line(), message.head.target());
        text.push_str(&escape::text(&line));
        text.push('\n');
        for field in message.head.fields() {
            text.push_str(&escape::text(field.name_octets));
            text.push_str(": ");
            text.push_str(&escape::text(&secrets.value(&field)));
            text.push('\n');
        }
        text.push('\n');
    }
    text
}

/// The message whose body is taken: the response where it has one, or else the request.
pub(super) fn with_body(exchange: &Exchange) -> Option<&Message> {
    let messages = [exchange.response.as_deref(), exchange.request.as_deref()];
    messages.into_iter().flatten().find(|message| !message.preview.is_empty())
}

fn body(exchange: &Exchange, secrets: Secrets) -> Option<String> {
    let mut page = Vec::new();
    let message = with_body(exchange)?;
    detail::write_body(message, options(secrets), Bodies::default(), &mut page).ok()?;
    let page = String::from_utf8_lossy(&page);
    let lines = page.trim_matches('\n').split('\n');
    let lines: Vec<&str> = lines.map(|line| line.strip_prefix("  ").unwrap_or(line)).collect();
    Some(lines.join("\n"))
}

/// The packets that an exchange names.
fn packets(exchange: &Exchange) -> Vec<u64> {
    let of = |message: &Message| [message.first, message.head_end, message.last];
    let messages = [exchange.request.as_deref(), exchange.response.as_deref()];
    let messages = messages.into_iter().flatten().chain(&exchange.interim);
    let marks: Vec<Mark> = messages.flat_map(of).chain([exchange.completed]).collect();
    marks.iter().map(|mark| mark.packet).collect()
}

/// The packets that show why it failed and what rules found; its own where there is nothing of both.
fn evidence(whole: &Whole) -> Vec<u64> {
    let verdicts = whole.verdicts.iter().flat_map(|verdict| &verdict.evidence);
    let mut packets: Vec<u64> = verdicts.map(|evidence| evidence.mark.packet).collect();
    packets.extend(whole.findings.iter().flat_map(|finding| &finding.packets));
    if packets.is_empty() { self::packets(&whole.exchange) } else { packets }
}

fn filter(packets: &[u64]) -> String {
    let mut packets = packets.to_vec();
    packets.sort_unstable();
    packets.dedup();
    let numbers: Vec<String> = packets.iter().map(u64::to_string).collect();
    format!("frame.number in {{{}}}", numbers.join(","))
}

fn connection(exchange: &Exchange) -> String {
    let family = |address: std::net::IpAddr| if address.is_ipv4() { "ip" } else { "ipv6" };
    let (client, server) = (exchange.client, exchange.server);
    format!(
        "{}.addr == {} && {}.addr == {} && tcp.port == {} && tcp.port == {}",
        family(client.address()),
        client.address(),
        family(server.address()),
        server.address(),
        client.port(),
        server.port()
    )
}
