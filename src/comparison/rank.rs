//! Two samples in, how likely it is that chance alone makes them as different as they are out.
//! Tests that assume nothing about how values are distributed: latencies are never normal.

use crate::units::Duration;

/// Values that each side must have, for the normal approximation to hold.
pub(super) const LEAST: usize = 8;

/// Mann and Whitney's test of two ascending samples, two-sided, with the correction for ties: the
/// probability that two samples of the same distribution differ so much, and how often a value of
/// `after` is the greater one of a pair (ties count half). `None` where a sample is too small.
pub(super) fn mann_whitney(before: &[Duration], after: &[Duration]) -> Option<(f64, f64)> {
    if before.len() < LEAST || after.len() < LEAST {
        return None;
    }
    let (m, n) = (before.len() as f64, after.len() as f64);
    // Ranks of `after` among all, equal values sharing the middle of their ranks.
    let (mut left, mut right) = (before, after);
    let (mut passed, mut rank_sum, mut ties) = (0.0, 0.0, 0.0);
    while let Some(value) = left.first().into_iter().chain(right.first()).min().copied() {
        let equal = |side: &[Duration]| side.iter().take_while(|other| **other == value).count();
        let (from_left, from_right) = (equal(left), equal(right));
        left = left.get(from_left..).unwrap_or_default();
        right = right.get(from_right..).unwrap_or_default();
        let group = (from_left + from_right) as f64;
        rank_sum += from_right as f64 * (passed + (group + 1.0) / 2.0);
        ties += group * (group * group - 1.0);
        passed += group;
    }
    let wins = rank_sum - n * (n + 1.0) / 2.0;
    let all = m + n;
    let variance = m * n / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    let share = wins / (m * n);
    if variance <= 0.0 {
        return Some((1.0, share));
    }
    // Half a step: ranks are whole numbers, the normal distribution is not.
    let distance = ((wins - m * n / 2.0).abs() - 0.5).max(0.0);
    Some((two_sided(distance / variance.sqrt()), share))
}

/// The probability that two parts of two wholes differ so much though the share behind both is
/// the same: Fisher's exact test where parts are few, else the normal approximation. Two-sided.
/// `None` where a whole is empty.
pub(super) fn proportions(before: (u64, u64), after: (u64, u64)) -> Option<f64> {
    let ((a, m), (b, n)) = (before, after);
    if m == 0 || n == 0 || a > m || b > n {
        return None;
    }
    let parts = a.checked_add(b)?;
    let all = m.checked_add(n)?;
    if parts == 0 || parts == all {
        return Some(1.0);
    }
    if parts <= 1_000 {
        return Some(fisher(b, parts, n, all));
    }
    let (pooled, m_all, n_all) = (parts as f64 / all as f64, m as f64, n as f64);
    let deviation = (pooled * (1.0 - pooled) * (1.0 / m_all + 1.0 / n_all)).sqrt();
    let distance = (a as f64 / m_all - b as f64 / n_all).abs();
    Some(two_sided(distance / deviation))
}

/// Fisher's exact test: of `all`, `parts` are of a kind and `n` were drawn, `seen` of the kind
/// among them.
fn fisher(seen: u64, parts: u64, n: u64, all: u64) -> f64 {
    let others = all - parts;
    let least = n.saturating_sub(others);
    let most = parts.min(n);
    let chance = |count: u64| {
        let logarithm = choose(parts, count) + choose(others, n - count) - choose(all, n);
        logarithm.exp()
    };
    let observed = chance(seen) * (1.0 + 1e-7);
    let as_rare = (least..=most).map(chance).filter(|chance| *chance <= observed);
    as_rare.sum::<f64>().min(1.0)
}

/// The logarithm of the number of ways to choose.
fn choose(of: u64, count: u64) -> f64 {
    log_factorial(of) - log_factorial(count) - log_factorial(of - count)
}

/// The logarithm of a factorial: exactly for small numbers, else Stirling's series, whose error is
/// below 1e-9 from there on.
fn log_factorial(number: u64) -> f64 {
    let value = number as f64;
    if number < 32 {
        return (2..=number).map(|factor| (factor as f64).ln()).sum();
    }
    let series = 1.0 / (12.0 * value) - 1.0 / (360.0 * value.powi(3));
    value * value.ln() - value + 0.5 * (std::f64::consts::TAU * value).ln() + series
}

/// The share of the normal distribution further away than so many standard deviations, on both
/// sides (Abramowitz and Stegun 7.1.26: off by 1.5e-7 at most).
fn two_sided(deviations: f64) -> f64 {
    let x = deviations.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let terms = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    let polynomial = terms.iter().fold(0.0, |sum, term| (sum + term) * t);
    (polynomial * (-x * x).exp()).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, truth: f64) -> bool {
        (found - truth).abs() <= 1e-4_f64.max(truth * 0.01)
    }

    fn durations(nanos: &[u64]) -> Vec<Duration> {
        let mut sorted: Vec<Duration> = nanos.iter().copied().map(Duration::from_nanos).collect();
        sorted.sort();
        sorted
    }

    /// Expected values by SciPy 1.15: `mannwhitneyu(after, before, method="asymptotic")`.
    #[test]
    fn ranks_tell_what_scipy_says() {
        let before = durations(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        let after = durations(&[6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        let (chance, share) = mann_whitney(&before, &after).unwrap();
        assert!(near(chance, 0.005_075), "{chance}");
        assert!(near(share, 0.875), "{share}");
        let (chance, share) = mann_whitney(&before, &before).unwrap();
        assert!(near(chance, 1.0) && near(share, 0.5));
        let same = durations(&[5; 20]);
        assert_eq!(mann_whitney(&same, &same), Some((1.0, 0.5)));
        assert_eq!(mann_whitney(&before, &durations(&[1; 7])), None);
    }

    /// Expected values by SciPy 1.15: `fisher_exact` and `chi2_contingency(correction=False)`.
    #[test]
    fn shares_tell_what_scipy_says() {
        for (before, after, truth) in [
            ((1, 100), (9, 100), 0.018_488),
            ((0, 1_000), (5, 1_000), 0.062_187),
            ((3, 10), (3, 10), 1.0),
            ((600, 10_000), (700, 10_000), 0.004_127),
        ] {
            let chance = proportions(before, after).unwrap();
            assert!(near(chance, truth), "{before:?} {after:?}: {chance}");
        }
        assert_eq!(proportions((0, 0), (1, 2)), None);
        assert_eq!(proportions((0, 5), (0, 2)), Some(1.0));
    }
}
