//! A comparison of two captures in, a page for people or records out. Draws no conclusions.

use std::collections::BTreeMap;

use super::json;
use super::paint::{Page, Style};
use super::table::{Cell, Table, plain};
use super::{Options, escape};
use crate::comparison::{Comparison, Count, Difference, Numbers, Trend};
use crate::units;

/// What stands where there is nothing.
const NONE: &str = "—";

/// Endpoints named behind a field that is gone or new.
const NAMED: usize = 3;

/// The page. `names` are the captures', as they were given.
pub fn text(comparison: &Comparison, names: [&[u8]; 2], options: Options) -> Vec<u8> {
    let mut page = Page::new(options.colour);
    totals(&mut page, comparison, names);
    endpoints(&mut page, comparison, options);
    counts(&mut page, "CAUSES", &comparison.causes, options);
    counts(&mut page, "FINDINGS", &comparison.findings, options);
    fields(&mut page, comparison, options);
    page.as_bytes().to_vec()
}

fn totals(page: &mut Page, comparison: &Comparison, names: [&[u8]; 2]) {
    let total = &comparison.total;
    for (word, side, name) in
        [("before", &total.before, names[0]), ("after ", &total.after, names[1])]
    {
        let Some(side) = side else { continue };
        page.put(Style::Bold, word).add("   ").add(&escape::text(name)).add("   ");
        page.add(&format!(
            "{} exchange{}, {} failed ({})",
            units::Count(side.exchanges),
            if side.exchanges == 1 { "" } else { "s" },
            units::Count(side.failed),
            share(side.failed, side.exchanges)
        ));
        if let (Some(p50), Some(p95)) = (side.p50, side.p95) {
            page.add(&format!("   p50 {p50}   p95 {p95}"));
        }
        page.end_line();
    }
    page.end_line();
    let count = |is: fn(&&Difference) -> bool| comparison.endpoints.iter().filter(is).count();
    let worse = count(|endpoint| endpoint.is_worse());
    let better = count(|endpoint| endpoint.is_better());
    let new = count(|endpoint| endpoint.before.is_none());
    let gone = count(|endpoint| endpoint.after.is_none());
    let same = comparison.endpoints.len() - worse - better - new - gone;
    let style = if worse > 0 { Style::Failure } else { Style::Plain };
    page.add("  endpoints   ").put(style, &format!("{worse} worse"));
    page.add(&format!(
        "   {better} better   {new} new   {gone} gone   {same} not measurably different"
    ));
    page.end_line();
    if comparison.beyond != (0, 0) {
        let (before, after) = comparison.beyond;
        let line =
            format!("  {before} exchanges before and {after} after are of endpoints beyond these");
        page.put(Style::Warning, &line).end_line();
    }
    page.end_line();
}

fn endpoints(page: &mut Page, comparison: &Comparison, options: Options) {
    let different: Vec<&Difference> =
        comparison.endpoints.iter().filter(|endpoint| !what(endpoint).is_empty()).collect();
    if different.is_empty() {
        return;
    }
    let mut table = Table::new("<<>>>>", &["ENDPOINTS", "", "reqs", "failed", "p50", "p95"]);
    for endpoint in different.iter().take(options.top) {
        let (mark, style) = look(endpoint.is_worse(), endpoint.failures.or(endpoint.latency));
        let place = endpoint.place.as_ref();
        let name = place.map_or(String::new(), |place| format!("{} {}", place.method, place.path));
        let sides = (endpoint.before.as_ref(), endpoint.after.as_ref());
        let of = |number: fn(&Numbers) -> Option<String>| -> Cell {
            let text =
                |side: Option<&Numbers>| side.and_then(number).unwrap_or_else(|| NONE.into());
            plain(format!("{} → {}", text(sides.0), text(sides.1)))
        };
        table.row([
            (format!("{mark} {}", what(endpoint)), style),
            plain(name),
            of(|side| Some(units::Count(side.exchanges).to_string())),
            of(|side| Some(share(side.failed, side.exchanges))),
            of(|side| side.p50.map(|time| time.to_string())),
            of(|side| side.p95.map(|time| time.to_string())),
        ]);
    }
    table.write(page, options.columns);
    further(page, different.len().saturating_sub(options.top));
    page.end_line();
    let changed: Vec<&&Difference> =
        different.iter().take(options.top).filter(|endpoint| endpoint.failures.is_some()).collect();
    if changed.is_empty() {
        return;
    }
    let mut table = Table::new("<<<", &["STATUSES", "before", "after"]);
    for endpoint in changed {
        let (Some(place), Some(before), Some(after)) =
            (&endpoint.place, &endpoint.before, &endpoint.after)
        else {
            continue;
        };
        let name = plain(format!("{} {}", place.method, place.path));
        table.row([name, plain(statuses(before)), plain(statuses(after))]);
    }
    table.write(page, options.columns);
    page.end_line();
}

/// `200 ×98, 502 ×2, no answer ×1`.
fn statuses(side: &Numbers) -> String {
    let mut sorted = side.statuses.clone();
    sorted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let answered: u64 = sorted.iter().map(|(_, count)| count).sum();
    let mut parts: Vec<String> = sorted
        .iter()
        .take(4)
        .map(|(status, count)| format!("{status:03} ×{}", units::Count(*count)))
        .collect();
    let rest: u64 = sorted.iter().skip(4).map(|(_, count)| count).sum();
    if rest > 0 {
        parts.push(format!("others ×{}", units::Count(rest)));
    }
    let silent = side.exchanges.saturating_sub(answered);
    if silent > 0 {
        parts.push(format!("no answer ×{}", units::Count(silent)));
    }
    parts.join(", ")
}

fn what(endpoint: &Difference) -> &'static str {
    match (endpoint.failures, endpoint.latency) {
        (Some(Trend::Worse), Some(Trend::Worse)) => "fails more, slower",
        (Some(Trend::Worse), Some(Trend::Better)) => "fails more, faster",
        (Some(Trend::Worse), None) => "fails more",
        (Some(Trend::Better), Some(Trend::Worse)) => "fails less, slower",
        (None, Some(Trend::Worse)) => "slower",
        (Some(Trend::Better), Some(Trend::Better)) => "fails less, faster",
        (Some(Trend::Better), None) => "fails less",
        (None, Some(Trend::Better)) => "faster",
        (None, None) if endpoint.before.is_none() => "new",
        (None, None) if endpoint.after.is_none() => "gone",
        (None, None) => "",
    }
}

const fn look(worse: bool, trend: Option<Trend>) -> (&'static str, Style) {
    match (worse, trend) {
        (true, _) => ("✖", Style::Failure),
        (false, Some(_)) => ("✔", Style::Plain),
        (false, None) => ("·", Style::Plain),
    }
}

fn counts(page: &mut Page, title: &'static str, all: &[Count], options: Options) {
    let different: Vec<&Count> = all.iter().filter(|count| count.trend.is_some()).collect();
    if different.is_empty() {
        return;
    }
    let mut table = Table::new("<<>>", &[title, "", "before", "after"]);
    for count in different.iter().take(options.top) {
        let word = match (count.before, count.after, count.trend) {
            (0, ..) => "new",
            (_, 0, _) => "gone",
            (.., Some(Trend::Worse)) => "more",
            _ => "less",
        };
        let (mark, style) = look(count.trend == Some(Trend::Worse), count.trend);
        let name = match count.severity {
            Some(severity) => format!("{} ({})", count.id, severity.name()),
            None => count.id.to_owned(),
        };
        table.row([
            (format!("{mark} {word}"), style),
            plain(name),
            plain(units::Count(count.before)),
            plain(units::Count(count.after)),
        ]);
    }
    table.write(page, options.columns);
    further(page, different.len().saturating_sub(options.top));
    page.end_line();
}

/// Fields by name: at how many endpoints they are gone or new, and the first of them.
fn fields(page: &mut Page, comparison: &Comparison, options: Options) {
    let mut found: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for endpoint in &comparison.endpoints {
        let Some(place) = &endpoint.place else { continue };
        for (word, names) in [("gone", &endpoint.fields_gone), ("new", &endpoint.fields_new)] {
            for name in names {
                let places = found.entry((word, name)).or_default();
                places.push(format!("{} {}", place.method, place.path));
            }
        }
    }
    if found.is_empty() {
        return;
    }
    let mut table = Table::new("<<<", &["RESPONSE FIELDS", "", "at"]);
    for ((word, name), places) in found.iter().take(options.top) {
        let mut at = places.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        if places.len() > NAMED {
            at.push_str(&format!(" and {} more", places.len() - NAMED));
        }
        table.row([plain(format!("· {word}")), plain(name), plain(at)]);
    }
    table.write(page, options.columns);
    further(page, found.len().saturating_sub(options.top));
    page.end_line();
}

fn further(page: &mut Page, more: usize) {
    if more > 0 {
        page.put(Style::Dim, &format!("  … and {more} more (--top N)")).end_line();
    }
}

fn share(part: u64, whole: u64) -> String {
    if part == 0 || whole == 0 {
        return "0 %".to_owned();
    }
    format!("{:.1} %", part as f64 * 100.0 / whole as f64)
}

/// The records: `comparison` for all together, `endpoint` for each, `cause` and `rule`.
pub fn jsonl(comparison: &Comparison) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend_from_slice(b"{\"type\":\"comparison\",");
    difference(&mut out, &comparison.total);
    out.extend_from_slice(b",\"beyond\":[");
    json::number(&mut out, comparison.beyond.0);
    out.push(b',');
    json::number(&mut out, comparison.beyond.1);
    out.extend_from_slice(b"]}\n");
    for endpoint in &comparison.endpoints {
        let Some(place) = &endpoint.place else { continue };
        out.extend_from_slice(b"{\"type\":\"endpoint\",\"method\":");
        json::octets(&mut out, place.method.as_bytes());
        out.extend_from_slice(b",\"path\":");
        json::octets(&mut out, place.path.as_bytes());
        out.push(b',');
        difference(&mut out, endpoint);
        out.extend_from_slice(b"}\n");
    }
    for (kind, counts) in [("cause", &comparison.causes), ("rule", &comparison.findings)] {
        for count in counts {
            out.extend_from_slice(b"{\"type\":");
            json::word(&mut out, kind);
            out.extend_from_slice(b",\"id\":");
            json::word(&mut out, count.id);
            out.extend_from_slice(b",\"severity\":");
            json::optional_word(&mut out, count.severity.map(|severity| severity.name()));
            out.extend_from_slice(b",\"before\":");
            json::number(&mut out, count.before);
            out.extend_from_slice(b",\"after\":");
            json::number(&mut out, count.after);
            out.extend_from_slice(b",\"trend\":");
            json::optional_word(&mut out, count.trend.map(Trend::name));
            out.extend_from_slice(b"}\n");
        }
    }
    out
}

fn difference(out: &mut Vec<u8>, difference: &Difference) {
    for (name, side) in [("before", &difference.before), ("after", &difference.after)] {
        json::word(out, name);
        out.push(b':');
        match side {
            None => out.extend_from_slice(b"null"),
            Some(side) => numbers(out, side),
        }
        out.push(b',');
    }
    for (name, trend, chance) in [
        ("failures", difference.failures, difference.failures_chance),
        ("latency", difference.latency, difference.latency_chance),
    ] {
        json::word(out, name);
        out.push(b':');
        json::optional_word(out, trend.map(Trend::name));
        out.extend_from_slice(b",\"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"_chance\":");
        fraction(out, chance);
        out.push(b',');
    }
    out.extend_from_slice(b"\"slower_share\":");
    fraction(out, difference.slower_share);
    for (name, fields) in
        [("fields_gone", &difference.fields_gone), ("fields_new", &difference.fields_new)]
    {
        out.push(b',');
        json::word(out, name);
        out.extend_from_slice(b":[");
        for (index, field) in fields.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            json::octets(out, field.as_bytes());
        }
        out.push(b']');
    }
}

fn numbers(out: &mut Vec<u8>, side: &Numbers) {
    out.extend_from_slice(b"{\"exchanges\":");
    json::number(out, side.exchanges);
    out.extend_from_slice(b",\"failed\":");
    json::number(out, side.failed);
    out.extend_from_slice(b",\"statuses\":{");
    for (index, (status, count)) in side.statuses.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        json::word(out, &format!("{status:03}"));
        out.push(b':');
        json::number(out, *count);
    }
    out.extend_from_slice(b"},\"p50_ns\":");
    json::optional_duration(out, side.p50);
    out.extend_from_slice(b",\"p95_ns\":");
    json::optional_duration(out, side.p95);
    out.push(b'}');
}

/// A number from 0 to 1; JSON has no exponent trouble with six digits.
fn fraction(out: &mut Vec<u8>, value: Option<f64>) {
    match value {
        Some(value) => out.extend_from_slice(format!("{value:.6}").as_bytes()),
        None => out.extend_from_slice(b"null"),
    }
}
