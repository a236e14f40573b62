//! UPSTREAMS: what the connections to a server show together, where there is something to say:
//! timers, the race of keep-alive, late answers, retries. The sentences are those of Markdown, too.

use super::super::paint::{Page, Style};
use super::problems::{COLUMNS, INDENT, wrapped};
use super::{View, further, many};
use crate::diagnosis::{Durations, Race, Typical, Upstream};
use crate::units::Count;

pub(super) fn write(page: &mut Page, view: &View<'_>) {
    let all = view.statistics.upstreams.iter();
    let telling: Vec<(&Upstream, Vec<String>)> = all
        .map(|upstream| (upstream, sentences(upstream)))
        .filter(|(_, sentences)| !sentences.is_empty())
        .collect();
    if telling.is_empty() {
        return;
    }
    page.put(Style::Bold, "UPSTREAMS").end_line();
    for (upstream, sentences) in telling.iter().take(view.options.top) {
        page.add("  ").put(Style::Bold, &upstream.server.to_string());
        page.put(Style::Dim, &format!("   {}", pool(upstream))).end_line();
        for sentence in sentences {
            let columns = view.options.columns.unwrap_or(COLUMNS);
            for line in wrapped(sentence, columns) {
                page.blanks(INDENT).add(&line).end_line();
            }
        }
    }
    let more = telling.len().saturating_sub(view.options.top) as u64;
    further(page, more, "upstream", "upstreams");
    page.end_line();
}

/// How connections to a server were kept and used.
pub(in crate::export) fn pool(upstream: &Upstream) -> String {
    let Upstream { used, reused, exchanges, most_exchanges, peak, .. } = upstream;
    let mut facts = vec![many(*used, "connection"), many(*exchanges, "exchange")];
    if *reused > 0 {
        facts.push(format!("{} reused", Count(*reused)));
        facts.push(format!("up to {most_exchanges} exchanges on one"));
    }
    if *peak > 1 {
        facts.push(format!("{peak} at once"));
    }
    facts.join(", ")
}

/// What is worth saying of a server, a sentence each.
pub(in crate::export) fn sentences(upstream: &Upstream) -> Vec<String> {
    [race(upstream), waits(upstream), retries(upstream)].into_iter().flatten().flatten().collect()
}

fn race(upstream: &Upstream) -> Option<Vec<String>> {
    let race = upstream.race()?;
    // Clients of the open network lose nothing that they would not send again.
    if race == Race::None || race == Race::Open && !upstream.behind_proxy {
        return None;
    }
    let timeout = match (upstream.idle_timeout(), upstream.promised) {
        (Some(typical), _) => format!("ends connections idle for {}", cases(typical)),
        (None, Some(promised)) => format!("promises to keep idle connections for {promised}"),
        (None, None) => "ended connections that were in use again".to_owned(),
    };
    let reuse = match upstream.longest_reuse {
        Some(reuse) => format!("the longest idle before a reuse that went well: {reuse}"),
        None => "no reuse went well".to_owned(),
    };
    let struck = match race {
        Race::Struck => format!("{} lost by it", many(upstream.stale, "request")),
        Race::Near => "no request was lost by it yet, but one was near".to_owned(),
        Race::Open | Race::None => "no request was lost by it yet".to_owned(),
    };
    Some(vec![format!(
        "keep-alive race: {timeout}; {reuse}; {struck}. The side that asks should close first"
    )])
}

fn waits(upstream: &Upstream) -> Option<Vec<String>> {
    let mut said = Vec::new();
    if let Some(typical) = telling(&upstream.gave_up) {
        said.push(format!("timeout: who asked gave up waiting after {}", cases(typical)));
    }
    if let Some(typical) = telling(&upstream.abandoned) {
        said.push(format!("timeout: closes without a response after {}", cases(typical)));
    }
    if let Some(typical) = telling(&upstream.gateway_timeouts) {
        said.push(format!("timeout: answers 504 after {}", cases(typical)));
    }
    if let Some((shortest, longest)) = upstream.late.range {
        let count = many(upstream.late.count, "response");
        said.push(format!(
            "{count} came when nobody waited any more, {shortest} to {longest} late"
        ));
    }
    Some(said)
}

/// A timer that shows more than chance would: waits that are long, and end alike.
fn telling(durations: &Durations) -> Option<Typical> {
    let least = crate::units::Duration::from_millis(500);
    durations.typical().filter(|typical| typical.duration >= least)
}

fn retries(upstream: &Upstream) -> Option<Vec<String>> {
    let retries = upstream.retries;
    if retries.attempts <= retries.requests {
        return None;
    }
    let each = retries.attempts as f64 / retries.requests as f64;
    Some(vec![format!(
        "retries: {} in trouble became {} upstream, {each:.1} each, {} at most",
        many(retries.requests, "request"),
        many(retries.attempts, "attempt"),
        retries.most,
    )])
}

/// `60.0 s (12 of 12)`, with the range where it is wide.
fn cases(typical: Typical) -> String {
    let Typical { duration, range: (shortest, longest), count, of } = typical;
    let wide = longest.as_nanos() - shortest.as_nanos() > duration.as_nanos() / 20;
    match wide {
        true => format!("{shortest} to {longest} ({count} of {of})"),
        false => format!("{duration} ({count} of {of})"),
    }
}
