//! A record for each server: what its connections show together.

use super::key;
use crate::diagnosis::{Durations, Race, Upstream};
use crate::export::json;
use crate::units::Duration;

pub(super) fn record(out: &mut Vec<u8>, upstream: &Upstream) {
    out.extend_from_slice(b"{\"type\":\"upstream\",\"server\":");
    json::endpoint(out, upstream.server);
    key!(out, "client");
    json::optional_word(out, upstream.client.map(|address| address.to_string()).as_deref());
    key!(out, "behind_proxy");
    json::boolean(out, upstream.behind_proxy);
    key!(out, "transactions");
    json::number(out, upstream.exchanges);
    key!(out, "connections");
    json::number(out, upstream.connections);
    key!(out, "used");
    json::number(out, upstream.used);
    key!(out, "reused");
    json::number(out, upstream.reused);
    key!(out, "most_transactions");
    json::optional_number(out, (upstream.used > 0).then_some(u64::from(upstream.most_exchanges)));
    key!(out, "peak_connections");
    json::optional_number(out, (upstream.used > 0).then_some(upstream.peak as u64));
    let [client, server] = upstream.first_closer;
    key!(out, "closed_first");
    out.extend_from_slice(b"{\"client\":");
    json::number(out, client);
    key!(out, "server");
    json::number(out, server);
    out.push(b'}');
    let [client, server] = &upstream.idle;
    key!(out, "idle_until_server_closed_ns");
    durations(out, server);
    key!(out, "idle_until_client_closed_ns");
    durations(out, client);
    key!(out, "idle_timeout_promised_ns");
    json::optional_duration(out, upstream.promised);
    key!(out, "longest_reuse_ns");
    json::optional_duration(out, upstream.longest_reuse);
    key!(out, "keepalive_race");
    json::optional_word(out, upstream.race().map(Race::name));
    key!(out, "keepalive_losses");
    json::number(out, upstream.stale);
    key!(out, "client_gave_up_ns");
    durations(out, &upstream.gave_up);
    key!(out, "closed_unanswered_ns");
    durations(out, &upstream.abandoned);
    key!(out, "gateway_timeout_ns");
    durations(out, &upstream.gateway_timeouts);
    key!(out, "late_answers_ns");
    durations(out, &upstream.late);
    key!(out, "retries");
    out.extend_from_slice(b"{\"transactions\":");
    json::number(out, upstream.retries.requests);
    key!(out, "attempts");
    json::number(out, upstream.retries.attempts);
    key!(out, "most");
    let most = upstream.retries.most as u64;
    json::optional_number(out, (upstream.retries.requests > 0).then_some(most));
    out.extend_from_slice(b"}}\n");
}

/// How many there were, between which lengths, and where they gather.
fn durations(out: &mut Vec<u8>, durations: &Durations) {
    out.extend_from_slice(b"{\"count\":");
    json::number(out, durations.count);
    let (shortest, longest) = durations.range.unzip();
    key!(out, "min");
    json::optional_duration(out, shortest);
    key!(out, "max");
    json::optional_duration(out, longest);
    let typical = durations.typical();
    key!(out, "typical");
    json::optional_duration(out, typical.map(|typical| typical.duration));
    key!(out, "alike");
    json::optional_number(out, typical.map(|typical| typical.count as u64));
    key!(out, "spread");
    let spread = typical.map(|typical| {
        let (shortest, longest) = typical.range;
        Duration::from_nanos(longest.as_nanos().saturating_sub(shortest.as_nanos()))
    });
    json::optional_duration(out, spread);
    out.push(b'}');
}
