//! What can be saved: the selected exchange or all that are listed, as records or HAR, and the packets
//! of connections. Makes octets; the file is for others to write.

use std::collections::BTreeSet;

use super::app::{App, Effect, REQUESTS};
use super::copy;
use crate::export::{FORMATS, bodies};
use crate::snapshot::Summary;

/// What can be saved: the letter, and what it is.
pub(super) static MENU: &[(char, &str)] = &[
    ('j', "this exchange: JSON lines"),
    ('h', "this exchange: HAR"),
    ('b', "this exchange: body of the response, or else the request"),
    ('p', "this exchange: packets of its connection (pcap)"),
    ('J', "all listed: JSON lines"),
    ('H', "all listed: HAR"),
    ('P', "all listed: packets of their connections (pcap)"),
];

/// What a letter saves; an error is for the person.
pub(super) fn effect(app: &App, letter: char) -> Option<Result<Effect, String>> {
    let one = letter.is_ascii_lowercase();
    let ids: Vec<u64> = if one { app.chosen().into_iter().collect() } else { listed(app) };
    let Some(first) = ids.first() else { return Some(Err("nothing is listed".to_owned())) };
    let name =
        if one { format!("httpwhy-{first}") } else { format!("httpwhy-{}-exchanges", ids.len()) };
    if letter == 'b' {
        return Some(body(app, *first));
    }
    let (format, ending) = match letter.to_ascii_lowercase() {
        'j' => ("jsonl", "jsonl"),
        'h' => ("har", "har"),
        'p' => {
            let rows = ids.iter().filter_map(|id| app.shown.row(*id));
            let ends: BTreeSet<_> = rows.map(|row| (row.client, row.server)).collect();
            return Some(Ok(Effect::SavePackets { name, ends }));
        }
        _ => return None,
    };
    Some(match records(app, &ids, format) {
        Some((octets, 0)) => Ok(Effect::Save { name, ending, octets }),
        Some((_, missing)) if missing == ids.len() => {
            Err(format!("not kept whole any more; httpwhy -T {format} has all of them"))
        }
        Some((octets, missing)) => {
            let name = format!("{name}-{missing}-missing");
            Ok(Effect::Save { name, ending, octets })
        }
        None => Err("it could not be written".to_owned()),
    })
}

/// The body of an exchange as a file, as much as is kept of it: the name says where that is not all.
fn body(app: &App, id: u64) -> Result<Effect, String> {
    let whole = app.whole(id);
    let whole = whole.ok_or_else(|| format!("exchange {id} is not kept whole; open it first"))?;
    let bodies = bodies::of(id, &whole.exchange, app.secrets);
    let message = copy::with_body(&whole.exchange);
    let (Some(body), Some(message)) = (bodies.into_iter().next_back(), message) else {
        return Err("nothing of a body is kept".to_owned());
    };
    let is_front = (message.preview.len() as u64) < message.content;
    let part = if is_front { "-front" } else { "" };
    let octets = app.secrets.text(&body.octets).into_owned();
    Ok(Effect::Save {
        name: format!("httpwhy-{id}-{}{part}", body.side),
        ending: body.ending,
        octets,
    })
}

/// The numbers of all exchanges of the list, in their order.
fn listed(app: &App) -> Vec<u64> {
    let order = &app.list(REQUESTS).order;
    let mut ids: Vec<u64> = (0..order.len())
        .filter_map(|place| order.at(place))
        .map(|number| u64::from(number) + 1)
        .collect();
    ids.sort_unstable();
    ids
}

/// Exchanges in a format, and how many of them are not kept whole.
fn records(app: &App, ids: &[u64], format: &str) -> Option<(Vec<u8>, usize)> {
    let format = FORMATS.iter().find(|known| known.name == format)?;
    let mut exporter = (format.open)(copy::options(app.secrets));
    let mut out = Vec::new();
    let mut missing = 0;
    exporter.begin(&mut out).ok()?;
    for id in ids {
        let Some(whole) = app.whole(*id) else {
            missing += 1;
            continue;
        };
        exporter.exchange(*id, &whole.exchange, &mut out).ok()?;
        for finding in &whole.findings {
            exporter.finding(finding, &mut out).ok()?;
        }
        for verdict in &whole.verdicts {
            exporter.verdict(verdict, &mut out).ok()?;
        }
    }
    // The end of a JSON-lines file sums up a whole capture, which this is not.
    if format.name != "jsonl" {
        exporter.end(&Summary::default(), &app.shown.statistics, &mut out).ok()?;
    }
    Some((out, missing))
}
