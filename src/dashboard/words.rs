//! Exchanges, connections and numbers as the short texts that lists have. What comes out is safe to
//! show, without secrets unless they are revealed.

use super::theme::Meaning;
use crate::export::escape;
use crate::flow::{End, Ending, Side};
use crate::http::{Field, FieldName, Unanswered};
use crate::rules::Severity;
use crate::secret::Secrets;
use crate::snapshot::{ConnectionRow, Row};
use crate::stats::{EndpointCount, Outcome};
use crate::units::{Duration, Timestamp};

/// What stands where nothing is known.
pub(super) const DASH: &str = "—";

/// How times are written. `t` goes through them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Times {
    /// `12:04:11.204`, UTC; with microseconds where there is room.
    #[default]
    Clock,
    /// `+8.204 s` since the first packet.
    Since,
    /// `+0.204 s` since the line above.
    Delta,
    /// `22 12:04:11`: the day of the month and the time, UTC.
    Date,
}

impl Times {
    pub const fn next(self) -> Self {
        match self {
            Self::Clock => Self::Since,
            Self::Since => Self::Delta,
            Self::Delta => Self::Date,
            Self::Date => Self::Clock,
        }
    }

    /// What it is, in a few words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clock => "clock, UTC",
            Self::Since => "since the first packet",
            Self::Delta => "since the line above",
            Self::Date => "day and clock, UTC",
        }
    }

    /// A time in so many columns, 8 to 15, given the time of the first packet and of the line above.
    pub fn text(
        self,
        at: Timestamp,
        first: Option<Timestamp>,
        above: Option<Timestamp>,
        columns: usize,
    ) -> String {
        let written = at.to_string();
        let part = |from: usize, len: usize| {
            let end = from + len.min(columns);
            written.get(from..end).unwrap_or_default().replace('T', " ")
        };
        match self {
            Self::Clock => part(11, if columns < 12 { 8 } else { 15 }),
            Self::Date => part(8, 11).trim_end_matches(':').to_owned(),
            Self::Since => seconds(at, first.unwrap_or(at), columns),
            Self::Delta => seconds(at, above.unwrap_or(at), columns),
        }
    }
}

/// From one time to another, as exactly as so many columns allow.
fn seconds(at: Timestamp, since: Timestamp, columns: usize) -> String {
    let (sign, apart) = if at < since { ('-', since.since(at)) } else { ('+', at.since(since)) };
    let micros = apart.as_nanos() / 1_000;
    let (whole, rest) = (micros / 1_000_000, micros % 1_000_000);
    let texts =
        [format!("{sign}{whole}.{rest:06} s"), format!("{sign}{whole}.{:03} s", rest / 1_000)];
    let fits = texts.into_iter().find(|text| text.len() <= columns);
    fits.unwrap_or_else(|| format!("{sign}{whole} s"))
}

/// A duration, or a dash.
pub(super) fn duration(value: Option<Duration>) -> String {
    /// Columns have room for so much.
    const WIDTH: usize = 8;
    let Some(value) = value else { return DASH.to_owned() };
    let text = value.to_string();
    if escape::width(&text) > WIDTH { text.replace(' ', "") } else { text }
}

/// A share, 0 to 1.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// How many.
pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", crate::units::Count(count), if count == 1 { one } else { many })
}

/// Something a second.
pub(super) fn rate(count: u64, time: Option<Duration>) -> String {
    let seconds = time.map_or(0.0, |time| time.as_nanos() as f64 / 1e9);
    // What lasts no second has no rate that anybody could use.
    if seconds < 1.0 {
        return DASH.to_owned();
    }
    let rate = count as f64 / seconds;
    if rate < 1_000.0 { format!("{rate:.1}") } else { short(rate as u64) }
}

/// A count in few columns: `1,948`, `96.9k`, `1.21M`.
pub(super) fn short(count: u64) -> String {
    match count {
        0..10_000 => crate::units::Count(count).to_string(),
        10_000..1_000_000 => format!("{:.1}k", count as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.2}M", count as f64 / 1e6),
        _ => format!("{:.1}G", count as f64 / 1e9),
    }
}

/// A clock that shows how long something lasts: `00:04:12`, or `15 ms` below a second.
pub(super) fn lasting(time: Option<Duration>) -> String {
    if let Some(time) = time.filter(|time| (1..1_000_000_000).contains(&time.as_nanos())) {
        return time.to_string();
    }
    let seconds = time.map_or(0, |time| time.as_nanos() / 1_000_000_000);
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// The sign of a severity.
pub(super) const fn sign(severity: Severity) -> (&'static str, Meaning) {
    match severity {
        Severity::Error => ("✖", Meaning::Failure),
        Severity::Warning => ("▲", Meaning::Warning),
        Severity::Notice | Severity::Info => ("●", Meaning::Dim),
    }
}

/// Octets that somebody sent, safe to show.
pub(super) fn safe(octets: &[u8]) -> String {
    escape::text(octets).into_owned()
}

/// The target of a row.
pub(super) fn target(row: &Row, secrets: Secrets) -> String {
    if row.method.is_empty() {
        return "(request not captured)".to_owned();
    }
    escape::text(&secrets.target(&row.target)).into_owned()
}

/// A host as sent, without a password in front of it.
pub(super) fn host(octets: &[u8], secrets: Secrets) -> String {
    let field = Field { name: FieldName::Host, name_octets: b"Host", value: octets };
    escape::text(&secrets.value(&field)).into_owned()
}

/// The status of a row.
pub(super) fn status(row: &Row) -> (String, Meaning) {
    match (row.status, row.outcome) {
        (Some(status), _) => (status.to_string(), Meaning::of_status(Some(status))),
        (None, outcome) if outcome.is_failure() => (DASH.to_owned(), Meaning::Failure),
        (None, _) => (DASH.to_owned(), Meaning::Dim),
    }
}

/// Why, in few words with a sign; empty where there is nothing to say.
pub(super) fn why(row: &Row) -> (String, Meaning) {
    if let Some(blame) = &row.blame {
        let failed = row.outcome.is_failure();
        let (sign, meaning) =
            if failed { ("✖", Meaning::Failure) } else { ("▲", Meaning::Warning) };
        return (format!("{sign} {}", blame.cause.title), meaning);
    }
    let worst = row.rules.as_deref().and_then(|rules| rules.first());
    let failure = match row.outcome {
        Outcome::Unanswered => Some(unanswered(row.unanswered)),
        Outcome::CutShort => Some("response cut short"),
        Outcome::ServerError => Some("server error"),
        Outcome::Answered | Outcome::NotSeen => None,
    };
    match (failure, worst) {
        (Some(text), _) => (format!("✖ {text}"), Meaning::Failure),
        (None, Some(rule)) => {
            let (sign, meaning) = sign(rule.severity);
            (format!("{sign} {}", rule.id), meaning)
        }
        (None, None) if row.outcome == Outcome::NotSeen => {
            ("  answer not captured".to_owned(), Meaning::Dim)
        }
        (None, None) => (String::new(), Meaning::Plain),
    }
}

/// Why there is no answer.
pub(super) const fn unanswered(why: Option<Unanswered>) -> &'static str {
    match why {
        Some(Unanswered::Ended(End::Fin)) => "closed, no answer",
        Some(Unanswered::Ended(End::Reset(Side::Server))) => "reset, no answer",
        Some(Unanswered::Ended(End::Reset(Side::Client))) => "client gave up",
        Some(Unanswered::Ended(End::Idle)) => "no answer",
        Some(Unanswered::Ended(_)) => "no answer until the end",
        Some(Unanswered::NotCaptured) => "answer not captured",
        Some(Unanswered::TooMany) => "too many at a time",
        None => "no answer",
    }
}

/// What became of a connection.
pub(super) const fn ending(row: &ConnectionRow) -> (&'static str, Meaning) {
    match row.ending {
        None => ("open", Meaning::Plain),
        Some(Ending::Closed) => ("closed", Meaning::Plain),
        Some(Ending::Reset(Side::Client)) => ("▲ reset by client", Meaning::Warning),
        Some(Ending::Reset(Side::Server)) => ("✖ reset by server", Meaning::Failure),
        Some(Ending::Refused) => ("✖ refused", Meaning::Failure),
        Some(Ending::Unanswered) => ("✖ no answer", Meaning::Failure),
        Some(Ending::Idle) => ("fell silent", Meaning::Dim),
        Some(Ending::Replaced) => ("replaced", Meaning::Dim),
        Some(Ending::Evicted) => ("given up", Meaning::Dim),
        Some(Ending::Open) => ("open at the end", Meaning::Plain),
    }
}

/// The path template of an endpoint, as people write it.
pub(super) fn template(endpoint: &EndpointCount, secrets: Secrets) -> String {
    if endpoint.method.is_empty() && endpoint.template.is_empty() {
        return "(request not captured)".to_owned();
    }
    let template = secrets.target(endpoint.template.as_bytes()).into_owned();
    escape::text(&template).replace("{}", "{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_fit_their_columns() {
        assert_eq!(short(1_948), "1,948");
        assert_eq!(short(96_985), "97.0k");
        assert_eq!(short(1_214_332), "1.21M");
        assert_eq!(rate(100, Some(Duration::from_secs(8))), "12.5");
        assert_eq!(rate(100, None), DASH);
        assert_eq!(rate(100, Some(Duration::from_millis(11))), DASH);
        assert_eq!(lasting(Some(Duration::from_secs(252))), "00:04:12");
        assert_eq!(percent(0.019), "1.9 %");
        let at = Timestamp::from_nanos(1_795_349_051_204_113_852);
        let first = Timestamp::from_nanos(1_795_349_043_000_000_000);
        assert_eq!(Times::Clock.text(at, None, None, 12), "12:04:11.204");
        assert_eq!(Times::Clock.text(at, None, None, 8), "12:04:11");
        assert_eq!(Times::Date.text(at, None, None, 12), "22 12:04:11");
        assert_eq!(Times::Date.text(at, None, None, 8), "22 12:04");
        assert_eq!(Times::Since.text(at, Some(first), None, 12), "+8.204113 s");
        assert_eq!(Times::Since.text(at, Some(first), None, 8), "+8.204 s");
        assert_eq!(Times::Delta.text(first, None, Some(at), 8), "-8.204 s");
        assert_eq!(Times::Delta.text(first, None, None, 8), "+0.000 s");
    }
}
