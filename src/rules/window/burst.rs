//! Bursts: the hits among the responses of one server, or of one client at a server, in; each burst out
//! once, when it is over.
//!
//! A burst opens where, within a sliding window, there are enough hits, their share is high enough,
//! and a binomial test says that the rate of before does not explain them. It is over when the share
//! falls below half of what opens one. It begins and ends where hits became and ceased to be dense,
//! which a running sum of (hit − mean of both rates) tells, so that stray hits around it do not count.

use std::collections::VecDeque;

use super::statistics::binomial_tail;
use crate::flow::Mark;
use crate::rules::report::Report;
use crate::rules::roster::Slot;
use crate::rules::traffic::Tally;
use crate::units::{Duration, Timestamp};

/// Hits so close to each other, and with the same code, are kept as one.
const TOGETHER: Duration = Duration::from_millis(32);

/// Endpoints that are told apart in one burst.
const ENDPOINTS: usize = 16;

/// What makes a burst; parameters of a rule in this order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub window: Duration,
    min_count: f64,
    min_share: f64,
    alpha: f64,
    prior_rate: f64,
    prior_weight: f64,
}

impl Bounds {
    pub fn of(report: &Report<'_>) -> Self {
        let [window, min_count, min_share, alpha, prior_rate, prior_weight] = report.numbers();
        let window = Duration::from_nanos((window.clamp(0.0, 320.0) * 1e9) as u64);
        Self { window, min_count, min_share, alpha, prior_rate, prior_weight }
    }

    /// The instant at which the window ends that begins now, looking back.
    fn back(&self, at: Timestamp) -> Timestamp {
        let nanos = i64::try_from(self.window.as_nanos()).unwrap_or(i64::MAX);
        Timestamp::from_nanos(at.as_nanos().saturating_sub(nanos))
    }
}

/// One hit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    /// When its response began.
    pub at: Timestamp,
    /// The first packet of the response.
    pub mark: Mark,
    /// The number of the exchange.
    pub id: u64,
    /// Its status; 0 where that is unreadable.
    pub code: u16,
    /// Which of the responses it is, from 1.
    pub nth: u64,
    /// The endpoint.
    pub endpoint: Option<Slot>,
}

/// A burst that is going on, up to some hit.
#[derive(Debug, Clone)]
pub(super) struct Extent {
    /// The first hit.
    pub first: Hit,
    /// The last hit.
    pub last: Hit,
    /// How many hits.
    pub hits: u64,
    /// How many of each code, in order of appearance.
    codes: Vec<(u16, u64)>,
    /// How many of each endpoint.
    endpoints: Vec<(Slot, u64)>,
    /// The rate of hits before.
    pub before: f64,
}

impl Extent {
    /// How many responses there were from the first hit to the last.
    pub fn total(&self) -> u64 {
        self.last.nth.saturating_sub(self.first.nth) + 1
    }

    /// How long it lasted.
    pub fn span(&self) -> Duration {
        self.last.at.since(self.first.at)
    }

    /// `503: 8, 500: 2`, the most frequent first.
    pub fn mix(&self) -> String {
        mix(&self.codes)
    }

    /// The endpoints by number of hits.
    pub fn endpoints(&self) -> Vec<(Slot, u64)> {
        let mut sorted = self.endpoints.clone();
        sorted.sort_by_key(|(slot, count)| (std::cmp::Reverse(*count), *slot));
        sorted
    }

    fn add(&mut self, hit: Hit, count: u64) {
        self.last = hit;
        self.hits += count;
        tally(&mut self.codes, hit.code, count, usize::MAX);
        if let Some(endpoint) = hit.endpoint {
            tally(&mut self.endpoints, endpoint, count, ENDPOINTS);
        }
    }

    /// Takes in what came behind it.
    fn join(&mut self, later: Self) {
        self.last = later.last;
        self.hits += later.hits;
        later.codes.into_iter().for_each(|(code, n)| tally(&mut self.codes, code, n, usize::MAX));
        let endpoints = later.endpoints.into_iter();
        endpoints.for_each(|(slot, n)| tally(&mut self.endpoints, slot, n, ENDPOINTS));
    }
}

/// How many of each code, the most frequent first.
pub(super) fn mix(codes: &[(u16, u64)]) -> String {
    let mut sorted = codes.to_vec();
    sorted.sort_by_key(|(code, count)| (std::cmp::Reverse(*count), *code));
    let shown: Vec<String> = sorted
        .iter()
        .take(6)
        .map(|(code, count)| match code {
            0 => format!("no response: {count}"),
            code => format!("{code}: {count}"),
        })
        .collect();
    shown.join(", ")
}

/// Counts one of few kinds.
pub(super) fn tally<K: PartialEq>(counts: &mut Vec<(K, u64)>, kind: K, more: u64, room: usize) {
    if let Some((_, count)) = counts.iter_mut().find(|(known, _)| *known == kind) {
        *count += more;
    } else if counts.len() < room {
        counts.push((kind, more));
    }
}

/// A burst that is not over.
#[derive(Debug)]
struct Open {
    /// Up to where the hits were dense.
    burst: Extent,
    /// What came behind that, which belongs to it if they become dense again.
    since: Option<Extent>,
    /// A hit is worth 1 − this, any other response − this.
    threshold: f64,
    score: f64,
    best: f64,
}

impl Open {
    fn add(&mut self, hit: Hit) {
        let last = self.since.as_ref().map_or(self.burst.last, |since| since.last);
        let others = hit.nth.saturating_sub(last.nth) as f64;
        self.score += 1.0 - self.threshold * others;
        match &mut self.since {
            Some(since) => since.add(hit, 1),
            None => self.since = Some(Extent::new(hit, 1, self.burst.before)),
        }
        if self.score >= self.best
            && let Some(since) = self.since.take()
        {
            self.best = self.score;
            self.burst.join(since);
        }
    }
}

impl Extent {
    fn new(hit: Hit, count: u64, before: f64) -> Self {
        let endpoints = hit.endpoint.map(|endpoint| (endpoint, count)).into_iter().collect();
        Self {
            first: hit,
            last: hit,
            hits: count,
            codes: vec![(hit.code, count)],
            endpoints,
            before,
        }
    }
}

/// See the module's words.
#[derive(Debug, Default)]
pub(super) struct Burst {
    /// The hits in the window, with how many each stands for.
    hits: VecDeque<(Hit, u64)>,
    inside: u64,
    before: u64,
    open: Option<Open>,
}

impl Burst {
    /// Takes a hit, and keeps no more than so many; gives out a burst that was over before.
    pub fn hit(&mut self, hit: Hit, tally: &Tally, bounds: &Bounds, room: usize) -> Option<Extent> {
        // What the window held just before this response.
        let over = self.look(hit.at, tally, bounds, 1);
        let same = |last: &Hit| {
            last.code == hit.code
                && last.endpoint == hit.endpoint
                && hit.at.since(last.at) < TOGETHER
        };
        match self.hits.back_mut() {
            Some((last, count)) if same(last) => *count += 1,
            _ => self.hits.push_back((hit, 1)),
        }
        self.inside += 1;
        while self.hits.len() > room
            && let Some((_, count)) = self.hits.pop_front()
        {
            self.forget(count);
        }
        if self.hits.capacity() > 4 * room {
            self.hits.shrink_to(room);
        }
        match &mut self.open {
            Some(open) => open.add(hit),
            None => self.open = self.opens(hit, tally, bounds),
        }
        over
    }

    /// Looks whether the burst that is going on is over at this time, leaving so many of the latest
    /// responses out of account.
    pub fn look(
        &mut self,
        now: Timestamp,
        tally: &Tally,
        bounds: &Bounds,
        newest: u64,
    ) -> Option<Extent> {
        let back = bounds.back(now);
        while let Some((hit, count)) = self.hits.front()
            && hit.at <= back
        {
            let count = *count;
            self.hits.pop_front();
            self.forget(count);
        }
        self.open.as_ref()?;
        let all = tally.behind(back).saturating_sub(newest).max(self.inside);
        let share = self.inside as f64 / all as f64;
        let goes_on = self.inside > 0 && share >= bounds.min_share / 2.0;
        if goes_on { None } else { self.close() }
    }

    /// The burst that is going on is over.
    pub fn close(&mut self) -> Option<Extent> {
        self.open.take().map(|open| open.burst)
    }

    /// How many hits are kept.
    pub fn kept(&self) -> usize {
        self.hits.len()
    }

    /// Whether a burst is going on.
    pub const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    fn forget(&mut self, count: u64) {
        self.inside -= count;
        self.before += count;
    }

    fn opens(&self, hit: Hit, tally: &Tally, bounds: &Bounds) -> Option<Open> {
        let hits = self.inside as f64;
        if hits < bounds.min_count {
            return None;
        }
        let all = tally.behind(bounds.back(hit.at)).max(self.inside);
        let share = hits / all as f64;
        if share < bounds.min_share {
            return None;
        }
        let earlier = tally.seen.saturating_sub(all) as f64 + bounds.prior_weight;
        let known = self.before as f64 + bounds.prior_rate * bounds.prior_weight;
        let before = (known / earlier).max(bounds.prior_rate);
        if binomial_tail(self.inside, all, before) >= bounds.alpha {
            return None;
        }
        // It begins at the hit from which on hits are denser than the mean of both rates by most.
        let threshold = f64::midpoint(before.min(share), share);
        let (mut behind, mut begins) = (0, 0);
        let mut best = f64::NEG_INFINITY;
        for (place, (first, count)) in self.hits.iter().enumerate().rev() {
            behind += count;
            let among = hit.nth.saturating_sub(first.nth) + 1;
            let score = behind as f64 - threshold * among as f64;
            if score >= best {
                (best, begins) = (score, place);
            }
        }
        let mut dense = self.hits.iter().skip(begins);
        let (first, count) = dense.next()?;
        let mut burst = Extent::new(*first, *count, before);
        dense.for_each(|(hit, count)| burst.add(*hit, *count));
        burst.last = hit;
        Some(Open { burst, since: None, threshold, score: 0.0, best: 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits;

    /// Bounds of `burst-5xx`.
    const BOUNDS: Bounds = Bounds {
        window: Duration::from_secs(10),
        min_count: 5.0,
        min_share: 0.2,
        alpha: 1e-5,
        prior_rate: 0.01,
        prior_weight: 50.0,
    };

    /// The bursts among responses at so many milliseconds, with their status.
    fn bursts(responses: impl IntoIterator<Item = (i64, u16)>) -> Vec<Extent> {
        let (mut tally, mut burst, mut found) = (Tally::default(), Burst::default(), Vec::new());
        for ((millis, code), id) in responses.into_iter().zip(1..) {
            let at = tally.note(Timestamp::from_nanos(millis * 1_000_000));
            if code < 500 {
                found.extend(burst.look(at, &tally, &BOUNDS, 0));
                continue;
            }
            let mark = Mark { at, packet: id };
            let hit = Hit { at, mark, id, code, nth: tally.seen, endpoint: None };
            found.extend(burst.hit(hit, &tally, &BOUNDS, limits::WATCHED_FAILURES));
        }
        found.extend(burst.close());
        found
    }

    #[test]
    fn a_burst_is_told_once_with_its_extent() {
        let healthy = (0..300).map(|i| (i * 100, 200));
        // Three failures in four from 30 s to 36 s.
        let failing = (0..60).map(|i| (30_000 + i * 100, if i % 4 == 3 { 200 } else { 503 }));
        let again = (0..300).map(|i| (36_000 + i * 100, 200));
        let found = bursts(healthy.chain(failing).chain(again));
        let [burst] = &found[..] else { panic!("{found:?}") };
        assert_eq!((burst.hits, burst.total(), burst.mix()), (45, 59, "503: 45".to_owned()));
        assert_eq!((burst.first.id, burst.last.id), (301, 359));
        assert_eq!(burst.span(), Duration::from_millis(5_800));
        assert!(burst.before <= 0.01, "{}", burst.before);
    }

    #[test]
    fn two_bursts_are_two() {
        let pair = |from: i64| (0..30).map(move |i| (from + i * 50, 500 + (i % 2) as u16 * 2));
        let quiet = |from: i64| (0..100).map(move |i| (from + i * 200, 200));
        let all = quiet(0).chain(pair(20_000)).chain(quiet(22_000)).chain(pair(42_000));
        let found = bursts(all.chain(quiet(44_000)));
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[1].mix(), "500: 15, 502: 15");
        // And with nothing at all between them.
        assert_eq!(bursts(pair(0).chain(pair(60_000))).len(), 2);
    }

    #[test]
    fn stray_failures_around_it_do_not_belong_to_it() {
        // One failure in fifty all the time, and one burst in it.
        let steady = |from: i64, n: i64| {
            (0..n).map(move |i| (from + i * 20, if i % 50 == 25 { 500 } else { 200 }))
        };
        let burst = (0..100).map(|i| (40_000 + i * 20, 503));
        let found = bursts(steady(0, 2_000).chain(burst).chain(steady(42_000, 2_000)));
        let [burst] = &found[..] else { panic!("{found:?}") };
        assert!((100..=102).contains(&burst.hits), "{burst:?}");
        assert!(burst.total() <= 130, "{}", burst.total());
    }

    #[test]
    fn steady_failures_are_no_burst() {
        let mut random = 1_u64;
        let mut chance = move |per_mille: u64| {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % 1_000 < per_mille
        };
        for (rate, most) in [(0, 0), (10, 0), (50, 0), (100, 1)] {
            let responses = (0..3_000).map(|i| (i * 100, if chance(rate) { 500 } else { 200 }));
            let found = bursts(responses.collect::<Vec<_>>());
            assert!(found.len() <= most, "{rate}: {found:?}");
        }
        // Few among many, and few at all.
        assert!(
            bursts((0..1_000).map(|i| (i * 10, if i % 100 == 0 { 500 } else { 200 }))).is_empty()
        );
        assert!(bursts((0..4).map(|i| (i * 10, 500))).is_empty());
        // As many, but with ten seconds between them.
        assert!(bursts((0..40).map(|i| (i * 10_000, 500))).is_empty());
    }

    #[test]
    fn what_fails_from_the_beginning_is_told_once() {
        let found = bursts((0..1_000).map(|i| (i * 50, 502)));
        let [burst] = &found[..] else { panic!("{found:?}") };
        assert_eq!((burst.hits, burst.total(), burst.first.id), (1_000, 1_000, 1));
    }
}
