//! The last record: the capture as a whole.

use crate::export::json;
use crate::export::{Secrets, escape};
use crate::http::{Grade, Protocol};
use crate::rules::Severity;
use crate::snapshot::{Input, Summary};
use crate::stats::{Latency, Statistics};
use crate::units::Duration;

use super::key;

pub(super) fn record(
    out: &mut Vec<u8>,
    summary: &Summary,
    statistics: &Statistics,
    secrets: Secrets,
) {
    let outcomes = &statistics.outcomes;
    out.extend_from_slice(b"{\"type\":\"summary\",\"packets\":");
    json::number(out, summary.packets);
    key!(out, "bytes");
    json::number(out, summary.octets);
    key!(out, "first_time");
    json::optional_time(out, summary.first);
    key!(out, "last_time");
    json::optional_time(out, summary.last);
    key!(out, "duration_ns");
    json::optional_duration(out, summary.duration());
    key!(out, "transactions");
    json::number(out, statistics.exchanges);
    key!(out, "connections");
    json::number(out, statistics.connections);
    key!(out, "failed");
    json::number(out, outcomes.failed());
    key!(out, "statuses");
    object(out, statistics.statuses.iter(), |out, code| {
        // Always three digits: codes below 100 exist on the wire.
        out.extend_from_slice(format!("{code:03}").as_bytes());
    });
    key!(out, "unreadable_statuses");
    json::number(out, statistics.statuses.unreadable);
    key!(out, "methods");
    let other = statistics.methods.other;
    let methods = statistics.methods.iter().chain((other > 0).then_some(("other", other)));
    object(out, methods, |out, name| out.extend_from_slice(name.as_bytes()));
    key!(out, "interim");
    json::number(out, statistics.interim);
    key!(out, "unanswered");
    counts(
        out,
        &[
            ("fin", outcomes.closed),
            ("reset", outcomes.reset),
            ("timeout", outcomes.silent),
            ("capture_end", outcomes.open),
            ("not_captured", outcomes.not_captured),
        ],
    );
    key!(out, "cut_short");
    json::number(out, outcomes.cut_short);
    key!(out, "orphans");
    json::number(out, statistics.orphans);
    key!(out, "strays");
    json::number(out, statistics.strays);
    key!(out, "findings");
    let found =
        Severity::ALL.map(|severity| (severity.name(), statistics.findings.count(severity)));
    counts(out, &found);
    key!(out, "think_ns");
    of_all(out, &statistics.think);
    key!(out, "total_ns");
    of_all(out, &statistics.total);
    key!(out, "endings");
    let endings = &statistics.endings;
    counts(
        out,
        &[
            ("fin", endings.closed),
            ("reset_by_client", endings.reset_by_client),
            ("reset_by_server", endings.reset_by_server),
            ("refused", endings.refused),
            ("unanswered", endings.unanswered),
            ("timeout", endings.idle),
            ("replaced", endings.replaced),
            ("evicted", endings.evicted),
            ("open", endings.open),
        ],
    );
    key!(out, "undecoded");
    let protocols = &statistics.protocols;
    counts(
        out,
        &[
            ("tls", protocols.count(Protocol::Tls)),
            ("http2", protocols.count(Protocol::Http2)),
            ("ssh", protocols.count(Protocol::Ssh)),
            ("socks", protocols.count(Protocol::Socks)),
            ("other", protocols.count(Protocol::Unknown)),
        ],
    );
    key!(out, "flaws");
    let flaws = statistics.flaws.iter().map(|count| (count.flaw.name(), count.messages));
    object(out, flaws, |out, name| out.extend_from_slice(name.as_bytes()));
    capture(out, summary, statistics);
    key!(out, "damaged");
    json::boolean(out, summary.is_damaged());
    key!(out, "stopped");
    json::boolean(out, summary.stopped);
    key!(out, "secrets_shown");
    json::boolean(out, secrets == Secrets::Shown);
    key!(out, "inputs");
    list(out, &summary.inputs, input);
    out.extend_from_slice(b"}\n");
}

/// What became of packets and octets, and what the capture lacks.
fn capture(out: &mut Vec<u8>, summary: &Summary, statistics: &Statistics) {
    let (ledger, quality) = (&summary.ledger, &statistics.quality);
    key!(out, "ledger");
    counts(
        out,
        &[
            ("received", ledger.received),
            ("borrowed", ledger.borrowed),
            ("held", ledger.held),
            ("passed", ledger.passed),
            ("repeated", ledger.repeated),
            ("discarded", ledger.discarded),
            ("holding", ledger.holding),
            ("missing", ledger.missing),
            ("held_segments", ledger.held_segments),
            ("carried", summary.carried),
        ],
    );
    key!(out, "segments");
    json::number(out, summary.segments);
    key!(out, "signals");
    json::number(out, summary.signals);
    key!(out, "skips");
    let skips = summary.skips.iter().map(|skip| (skip.reason.as_str(), skip.packets));
    object(out, skips, |out, reason| out.extend_from_slice(reason.as_bytes()));
    key!(out, "duplicate_capture");
    json::boolean(out, summary.copies().are_notable());
    key!(out, "checksums");
    counts(out, &[("checked", summary.checksums.checked), ("wrong", summary.checksums.wrong)]);
    key!(out, "mostly_wrong_checksums");
    let hosts = &summary.checksums.mostly_wrong;
    list(out, hosts, |out, (host, ..)| json::octets(out, host.to_string().as_bytes()));
    key!(out, "quality");
    counts(
        out,
        &[
            ("missing_bytes", quality.missing),
            ("cut_bytes", quality.cut),
            ("retransmissions", quality.retransmissions),
            ("reordered", quality.reordered),
            ("conflicts", quality.conflicts),
            ("urgent", quality.urgent),
            ("zero_windows", quality.zero_windows),
            ("midstream", quality.midstream),
            ("one_sided", quality.one_sided),
            ("unexamined_failures", quality.unexamined),
            ("earlier_packets", summary.earlier),
        ],
    );
    key!(out, "trust");
    let grade = statistics.trust.grade(summary.dropped().unwrap_or(0));
    json::optional_word(out, grade.map(Grade::name));
    key!(out, "trusted");
    let grades = [Grade::A, Grade::B, Grade::C, Grade::D].map(Grade::name);
    let grades = grades.into_iter().zip(statistics.trust.grades());
    object(out, grades, |out, grade| out.extend_from_slice(grade.as_bytes()));
    key!(out, "doubts");
    let doubts = statistics.trust.doubts().into_iter();
    let doubts = doubts.map(|(doubt, count)| (doubt.name(), count));
    object(out, doubts, |out, doubt| out.extend_from_slice(doubt.as_bytes()));
    key!(out, "heads");
    json::number(out, summary.heads);
    key!(out, "tolerated_heads");
    json::number(out, summary.tolerated);
    key!(out, "evicted");
    json::number(out, summary.population.evicted);
    key!(out, "connection_memory_bytes");
    json::number(out, summary.population.memory);
    key!(out, "forgotten_parties");
    json::number(out, statistics.forgotten.parties);
    key!(out, "forgotten_evidence");
    json::number(out, statistics.forgotten.evidence);
    key!(out, "judged_at_once");
    json::number(out, statistics.forgotten.judged_at_once);
    key!(out, "dropped");
    json::optional_number(out, summary.dropped());
    key!(out, "dropped_by_system");
    json::optional_number(out, summary.drops.system);
    key!(out, "dropped_by_interface");
    json::optional_number(out, summary.drops.interface);
    key!(out, "dropped_by_httpwhy");
    json::number(out, summary.drops.own);
}

fn input(out: &mut Vec<u8>, input: &Input) {
    out.extend_from_slice(b"{\"path\":");
    json::octets(out, input.path.as_os_str().as_encoded_bytes());
    key!(out, "format");
    json::optional_word(out, input.format.as_deref());
    key!(out, "bytes");
    json::number(out, input.octets);
    key!(out, "packets");
    json::number(out, input.packets);
    key!(out, "interfaces");
    list(out, &input.interfaces, |out, interface| {
        out.extend_from_slice(b"{\"name\":");
        json::optional_octets(out, interface.name.as_deref().map(str::as_bytes));
        key!(out, "link_type");
        json::number(out, u64::from(interface.link));
        key!(out, "snaplen");
        json::optional_number(out, interface.snaplen.map(u64::from));
        key!(out, "dropped");
        json::optional_number(out, interface.dropped);
        out.push(b'}');
    });
    key!(out, "damages");
    list(out, &input.damages, |out, damage| {
        out.extend_from_slice(b"{\"offset\":");
        json::number(out, damage.offset);
        key!(out, "message");
        json::octets(out, escape::text(damage.message.as_bytes()).as_bytes());
        out.push(b'}');
    });
    key!(out, "more_damages");
    json::number(out, input.more_damages);
    out.push(b'}');
}

fn of_all(out: &mut Vec<u8>, all: &Latency) {
    latency(out, all.count(), |share| all.quantile(share), all.longest());
}

pub(super) fn latency(
    out: &mut Vec<u8>,
    count: u64,
    quantile: impl Fn(f64) -> Option<Duration>,
    longest: Option<Duration>,
) {
    out.extend_from_slice(b"{\"count\":");
    json::number(out, count);
    for (name, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
        out.push(b',');
        json::word(out, name);
        out.push(b':');
        json::optional_duration(out, quantile(share));
    }
    key!(out, "max");
    json::optional_duration(out, longest);
    out.push(b'}');
}

fn counts(out: &mut Vec<u8>, counts: &[(&str, u64)]) {
    object(out, counts.iter().copied(), |out, name| out.extend_from_slice(name.as_bytes()));
}

/// An object of numbers whose names are ours and need no escaping.
fn object<K>(
    out: &mut Vec<u8>,
    members: impl Iterator<Item = (K, u64)>,
    name: impl Fn(&mut Vec<u8>, K),
) {
    out.push(b'{');
    for (index, (member, count)) in members.enumerate() {
        out.extend_from_slice(if index > 0 { b",\"" } else { b"\"" });
        name(out, member);
        out.extend_from_slice(b"\":");
        json::number(out, count);
    }
    out.push(b'}');
}

fn list<T>(out: &mut Vec<u8>, items: &[T], write: impl Fn(&mut Vec<u8>, &T)) {
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}
