//! Tests of significance: counts or samples in, probabilities out. Pure.

/// ln Γ(x) for x > 0 (Lanczos' approximation, g = 7, good to 1e-13).
fn ln_gamma(x: f64) -> f64 {
    const TERMS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let x = x - 1.0;
    let mut sum = 0.999_999_999_999_809_9;
    let mut place = x;
    for term in TERMS {
        place += 1.0;
        sum += term / place;
    }
    let t = x + 7.5;
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

/// ln of the number of ways to choose k of n.
fn ln_choose(n: f64, k: f64) -> f64 {
    ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0)
}

/// The probability of k hits or more among n where each is a hit with probability p.
pub(super) fn binomial_tail(k: u64, n: u64, p: f64) -> f64 {
    if k == 0 || p >= 1.0 {
        return 1.0;
    }
    if k > n || p <= 0.0 {
        return 0.0;
    }
    let (k, n) = (k as f64, n as f64);
    let mut term = (ln_choose(n, k) + k * p.ln() + (n - k) * (-p).ln_1p()).exp();
    let (mut sum, mut i) = (0.0, k);
    // Behind the mean the terms only get smaller.
    while i <= n && (term > sum * 1e-12 || i < n * p) {
        sum += term;
        term *= (n - i) / (i + 1.0) * p / (1.0 - p);
        i += 1.0;
    }
    sum.min(1.0)
}

/// Fisher's exact test, one-sided: the probability of `k1` hits or more among `n1`, where `k1` and `k0`
/// hits are spread by chance over `n1` and `n0`.
pub(super) fn fisher(k1: u64, n1: u64, k0: u64, n0: u64) -> f64 {
    if k1 > n1 || k0 > n0 {
        return 1.0;
    }
    let (n1, n0, hits) = (n1 as f64, n0 as f64, (k1 + k0) as f64);
    let all = ln_choose(n1 + n0, hits);
    let mut i = k1 as f64;
    let mut term = (ln_choose(n1, i) + ln_choose(n0, hits - i) - all).exp();
    let mut sum = 0.0;
    while i <= n1 && i <= hits && (term > sum * 1e-12 || i < hits * n1 / (n1 + n0)) {
        sum += term;
        term *= (n1 - i) / (i + 1.0) * (hits - i) / (n0 - hits + i + 1.0);
        i += 1.0;
    }
    sum.min(1.0)
}

/// The probability that a normally distributed number lies so many standard deviations above its mean or
/// higher (Abramowitz and Stegun 26.2.17 near the mean, the continued fraction of Mills' ratio far off).
fn normal_tail(z: f64) -> f64 {
    if z < 0.0 {
        return 1.0 - normal_tail(-z);
    }
    let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
    if z > 3.0 {
        let ratio = (1..=12).rev().fold(z, |below, n| z + f64::from(n) / below);
        return density / ratio;
    }
    let t = 1.0 / (1.0 + 0.231_641_9 * z);
    let terms = [1.330_274_429, -1.821_255_978, 1.781_477_937, -0.356_563_782, 0.319_381_530];
    density * terms.iter().fold(0.0, |sum, term| (sum + term) * t)
}

/// Mann and Whitney's test, one-sided, by the normal approximation with correction for ties: the
/// probability that `newer` lies so far above `older` by chance.
pub(super) fn mann_whitney(older: &[f32], newer: &[f32]) -> f64 {
    let mut all: Vec<(f32, bool)> = older.iter().map(|value| (*value, false)).collect();
    all.extend(newer.iter().map(|value| (*value, true)));
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut rank, mut ranks, mut ties) = (0.0, 0.0, 0.0);
    for same in all.chunk_by(|a, b| a.0 == b.0) {
        let count = same.len() as f64;
        let of_newer = same.iter().filter(|(_, newer)| *newer).count() as f64;
        ranks += of_newer * (rank + (count + 1.0) / 2.0);
        ties += count * count * count - count;
        rank += count;
    }
    let (n0, n1) = (older.len() as f64, newer.len() as f64);
    let n = n0 + n1;
    let u = ranks - n1 * (n1 + 1.0) / 2.0;
    let variance = n0 * n1 / 12.0 * (n + 1.0 - ties / (n * (n - 1.0)));
    if variance <= 0.0 {
        return 1.0;
    }
    normal_tail((u - n0 * n1 / 2.0 - 0.5) / variance.sqrt())
}

/// The median, which puts the samples into another order; `None` of none.
pub(in crate::rules) fn median(samples: &mut [f32]) -> Option<f32> {
    let half = samples.len() / 2;
    if samples.is_empty() {
        return None;
    }
    let odd = !samples.len().is_multiple_of(2);
    let (below, middle, _) = samples.select_nth_unstable_by(half, f32::total_cmp);
    let middle = *middle;
    if odd {
        return Some(middle);
    }
    let lower = below.iter().copied().max_by(f32::total_cmp)?;
    Some((lower + middle) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: f64, expected: f64) {
        assert!((value / expected - 1.0).abs() < 1e-5, "{value}, not {expected}");
    }

    #[test]
    fn tests_agree_with_published_values() {
        // R: pbinom(k - 1, n, p, lower.tail = FALSE)
        near(binomial_tail(5, 10, 0.01), 2.416_784_3e-8);
        near(binomial_tail(1, 2, 0.5), 0.75);
        near(binomial_tail(60, 100, 0.5), 0.028_443_97);
        assert_eq!((binomial_tail(0, 5, 0.1), binomial_tail(6, 5, 0.1)), (1.0, 0.0));
        // Fisher's lady tasting tea, 3 of 4 right: 17/70.
        near(fisher(3, 4, 1, 4), 17.0 / 70.0);
        near(fisher(4, 4, 0, 4), 1.0 / 70.0);
        near(normal_tail(1.959_964), 0.025);
        near(normal_tail(4.0), 3.167_12e-5);
        near(normal_tail(-1.0), 0.841_344_7);
    }

    #[test]
    fn samples_that_lie_higher_are_told() {
        let older: Vec<f32> = (0..60).map(|i| 0.02 + (i % 7) as f32 * 0.001).collect();
        let newer: Vec<f32> = (0..30).map(|i| 0.4 + (i % 5) as f32 * 0.01).collect();
        assert!(mann_whitney(&older, &newer) < 1e-12);
        assert!(mann_whitney(&newer, &older) > 0.99);
        assert!(mann_whitney(&older, &older) > 0.3);
        assert_eq!(mann_whitney(&[1.0; 5], &[1.0; 5]), 1.0);
    }

    #[test]
    fn medians_are_in_the_middle() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [3.0]), Some(3.0));
        assert_eq!(median(&mut [4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median(&mut [5.0, 1.0, 3.0]), Some(3.0));
    }
}
