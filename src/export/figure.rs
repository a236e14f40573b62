//! Numbers in, the words that reports for people write for them out.

use crate::stats::Latency;
use crate::units::{Duration, Timestamp};

/// The time of day with milliseconds.
pub(super) fn clock(at: Timestamp) -> String {
    at.to_string().chars().skip(11).take(12).collect()
}

/// The quantiles that reports have, and the longest.
pub(super) fn quantiles(latency: &Latency) -> String {
    let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|share| or_dash(latency.quantile(share)));
    format!("{p50} / {p95} / {p99} / {}", or_dash(latency.longest()))
}

/// What is not known is a dash.
pub(super) fn or_dash(duration: Option<Duration>) -> String {
    duration.map_or_else(|| "—".to_owned(), |duration| duration.to_string())
}

/// A share in per cent.
pub(super) fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "—".to_owned();
    }
    let percent = part as f64 * 100.0 / whole as f64;
    format!("{percent:.1} %")
}
