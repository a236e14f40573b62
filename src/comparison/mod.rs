//! Two profiles in, what is different about the second out: endpoints that fail more, are slower,
//! are new or gone; causes and findings that are new or gone. Says "different" only where chance
//! alone hardly explains it. Reads nothing and prints nothing.

mod profile;
mod rank;
mod sample;

use std::collections::BTreeSet;

use crate::rules::Severity;
use crate::units::Duration;

pub use profile::{Endpoint, Place, Profile};
pub use sample::Sample;

/// How likely chance alone may be for a difference to count, over all endpoints together: it is
/// shared among them (Bonferroni), so that many endpoints don't make an alarm by themselves.
const CHANCE: f64 = 0.01;

/// How much the median must change, as a share, for a latency to count as different: with many
/// exchanges any difference is beyond chance, and nobody cares for a hundredth.
const CHANGE: f64 = 0.1;

/// Shares of responses that make a field usual, or unusual, at an endpoint.
const USUAL: f64 = 0.95;
const UNUSUAL: f64 = 0.05;

/// Responses that an endpoint must have on both sides for its fields to be compared.
const RESPONSES: u64 = 3;

/// Which way something went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trend {
    /// More failures, or slower.
    Worse,
    /// Fewer failures, or faster.
    Better,
}

impl Trend {
    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Better => "better",
        }
    }
}

/// The numbers of one side.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    /// Exchanges whose outcome the capture shows.
    pub exchanges: u64,
    /// Those that failed.
    pub failed: u64,
    /// Responses by status, ascending.
    pub statuses: Vec<(u16, u64)>,
    /// Half of the responses began within this.
    pub p50: Option<Duration>,
    /// 95 of 100 responses began within this.
    pub p95: Option<Duration>,
}

/// How one endpoint, or all of them together, compares.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Which endpoint; `None` for all together.
    pub place: Option<Place>,
    /// What was; `None` where the endpoint is new.
    pub before: Option<Numbers>,
    /// What is; `None` where the endpoint is gone.
    pub after: Option<Numbers>,
    /// Whether it fails more or less often than before.
    pub failures: Option<Trend>,
    /// How likely chance alone makes the shares of failures so different, 0 to 1.
    pub failures_chance: Option<f64>,
    /// Whether it is slower or faster.
    pub latency: Option<Trend>,
    /// How likely chance alone makes the latencies so different, 0 to 1.
    pub latency_chance: Option<f64>,
    /// In how many of all pairs of one latency before and one after the later is the longer.
    pub slower_share: Option<f64>,
    /// Names of fields that nearly all responses had and hardly one has.
    pub fields_gone: Vec<Box<str>>,
    /// Names of fields that hardly one response had and nearly all have.
    pub fields_new: Vec<Box<str>>,
}

/// A cause or a rule, before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The cause or the rule.
    pub id: &'static str,
    /// How bad findings of the rule are; `None` for a cause.
    pub severity: Option<Severity>,
    /// How often before.
    pub before: u64,
    /// How often after.
    pub after: u64,
    /// Which way the share of exchanges went, where chance hardly explains it; a cause or a rule
    /// that is new or gone went that way in any case.
    pub trend: Option<Trend>,
}

/// See the module's words.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// All endpoints together.
    pub total: Difference,
    /// Each endpoint: worse ones first, then new, gone, better and unchanged ones, the busiest of
    /// each first.
    pub endpoints: Vec<Difference>,
    /// Causes of failures.
    pub causes: Vec<Count>,
    /// What rules found.
    pub findings: Vec<Count>,
    /// Exchanges, before and after, of endpoints beyond those that are told apart.
    pub beyond: (u64, u64),
}

/// Compares two captures.
pub fn compare(before: &Profile, after: &Profile) -> Comparison {
    let places: BTreeSet<&Place> = before.endpoints.keys().chain(after.endpoints.keys()).collect();
    let chance = CHANCE / places.len().max(1) as f64;
    let mut endpoints: Vec<Difference> = places
        .into_iter()
        .map(|place| {
            let sides = (before.endpoints.get(place), after.endpoints.get(place));
            Difference { place: Some(place.clone()), ..difference(sides, chance) }
        })
        .collect();
    endpoints.sort_by_key(|difference| {
        let count = |side: &Option<Numbers>| side.as_ref().map_or(0, |side| side.exchanges);
        let busy = count(&difference.before) + count(&difference.after);
        (difference.order(), std::cmp::Reverse(busy))
    });
    let wholes = (before.exchanges, after.exchanges);
    let ids: BTreeSet<&'static str> =
        before.causes.keys().chain(after.causes.keys()).copied().collect();
    let causes = ids.into_iter().map(|id| {
        let of = |profile: &Profile| profile.causes.get(id).copied().unwrap_or_default();
        count(id, None, (of(before), of(after)), wholes)
    });
    let ids: BTreeSet<&'static str> =
        before.rules.keys().chain(after.rules.keys()).copied().collect();
    let findings = ids.into_iter().map(|id| {
        let of = |profile: &Profile| profile.rules.get(id).copied();
        let (was, is) = (of(before), of(after));
        let severity = was.max(is).map(|(severity, _)| severity);
        let number = |side: Option<(Severity, u64)>| side.map_or(0, |(_, number)| number);
        count(id, severity, (number(was), number(is)), wholes)
    });
    Comparison {
        total: difference((Some(&before.all), Some(&after.all)), CHANCE),
        endpoints,
        causes: worst_first(causes),
        findings: worst_first(findings),
        beyond: (before.beyond, after.beyond),
    }
}

fn worst_first(counts: impl Iterator<Item = Count>) -> Vec<Count> {
    let mut sorted: Vec<Count> = counts.collect();
    sorted.sort_by_key(|count| {
        let order = match count.trend {
            Some(Trend::Worse) => 0,
            Some(Trend::Better) => 1,
            None => 2,
        };
        (order, std::cmp::Reverse((count.severity, count.after.max(count.before))))
    });
    sorted
}

fn count(
    id: &'static str,
    severity: Option<Severity>,
    (before, after): (u64, u64),
    wholes: (u64, u64),
) -> Count {
    // A rule may speak more than once about an exchange.
    let part = |part: u64, whole: u64| (part.min(whole), whole);
    let chance = rank::proportions(part(before, wholes.0), part(after, wholes.1));
    let share = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
    let more = share(after, wholes.1) > share(before, wholes.0);
    let different = chance.is_some_and(|chance| chance < CHANCE);
    let trend = match (before, after) {
        (0, 0) => None,
        (0, _) => Some(Trend::Worse),
        (_, 0) => Some(Trend::Better),
        _ if !different => None,
        _ if more => Some(Trend::Worse),
        _ => Some(Trend::Better),
    };
    Count { id, severity, before, after, trend }
}

fn difference(sides: (Option<&Endpoint>, Option<&Endpoint>), chance: f64) -> Difference {
    let mut made = Difference {
        place: None,
        before: sides.0.map(numbers),
        after: sides.1.map(numbers),
        failures: None,
        failures_chance: None,
        latency: None,
        latency_chance: None,
        slower_share: None,
        fields_gone: Vec::new(),
        fields_new: Vec::new(),
    };
    let (Some(before), Some(after)) = sides else { return made };
    made.failures_chance =
        rank::proportions((before.failed, before.exchanges), (after.failed, after.exchanges));
    if made.failures_chance.is_some_and(|found| found < chance) {
        let share = |side: &Endpoint| side.failed as f64 / side.exchanges as f64;
        let more = share(after) > share(before);
        made.failures = Some(if more { Trend::Worse } else { Trend::Better });
    }
    let (was, is) = (before.think.sorted(), after.think.sorted());
    if let Some((found, share)) = rank::mann_whitney(&was, &is) {
        made.latency_chance = Some(found);
        made.slower_share = Some(share);
        let medians = sample::quantile(&was, 0.5).zip(sample::quantile(&is, 0.5));
        let ratio = medians.map(|(was, is)| is.as_nanos() as f64 / was.as_nanos().max(1) as f64);
        made.latency = match ratio {
            _ if found >= chance => None,
            Some(ratio) if ratio >= 1.0 + CHANGE => Some(Trend::Worse),
            Some(ratio) if ratio <= 1.0 / (1.0 + CHANGE) => Some(Trend::Better),
            _ => None,
        };
    }
    if before.responses() >= RESPONSES && after.responses() >= RESPONSES {
        made.fields_gone = moved(before, after);
        made.fields_new = moved(after, before);
    }
    made
}

/// Fields that are usual on one side and unusual on the other.
fn moved(here: &Endpoint, there: &Endpoint) -> Vec<Box<str>> {
    let share = |side: &Endpoint, name: &str| {
        side.fields.get(name).copied().unwrap_or_default() as f64 / side.responses() as f64
    };
    // A table that is full does not tell that a name is absent.
    if there.fields.len() >= crate::limits::COMPARED_FIELDS {
        return Vec::new();
    }
    let names = here.fields.keys();
    names
        .filter(|name| share(here, name) >= USUAL && share(there, name) <= UNUSUAL)
        .cloned()
        .collect()
}

fn numbers(endpoint: &Endpoint) -> Numbers {
    let sorted = endpoint.think.sorted();
    Numbers {
        exchanges: endpoint.exchanges,
        failed: endpoint.failed,
        statuses: endpoint.statuses.iter().map(|(status, count)| (*status, *count)).collect(),
        p50: sample::quantile(&sorted, 0.5),
        p95: sample::quantile(&sorted, 0.95),
    }
}

impl Difference {
    /// Whether it fails more often or is slower.
    pub fn is_worse(&self) -> bool {
        self.failures == Some(Trend::Worse) || self.latency == Some(Trend::Worse)
    }

    /// Whether it fails less often or is faster, and in nothing worse.
    pub fn is_better(&self) -> bool {
        !self.is_worse() && self.failures.or(self.latency).is_some()
    }

    fn order(&self) -> u8 {
        match (&self.before, &self.after) {
            _ if self.failures == Some(Trend::Worse) => 0,
            _ if self.latency == Some(Trend::Worse) => 1,
            (None, _) | (_, None) => 2,
            _ if self.failures.or(self.latency).is_some() => 3,
            _ => 4,
        }
    }
}
