//! Numbers over time in, drawings out (SVG inside the page). A drawing stretches with the page and
//! holds no text: what its axes say stands beside it, so that it can be read on a telephone too.

use super::super::figure::{clock, share};
use super::page::Page;
use super::series::{Bucket, Kind, ROWS, Series};
use crate::units::{Count, Duration};

/// Height of a drawing in its own units.
const HEIGHT: f64 = 100.0;

/// Columns of a drawing at least.
const FEWEST_COLUMNS: i64 = 24;

/// Part of a bucket's width that its bar takes.
const BAR: f64 = 0.86;

/// Exchanges over time by how they came out.
pub(super) fn over_time(page: &mut Page, series: &Series) {
    let most = series.iter().map(|(_, bucket)| bucket.exchanges()).max().unwrap_or(0);
    if most == 0 {
        return;
    }
    let top = round_up(most);
    let width = Duration::from_nanos(series.width().unsigned_abs());
    page.raw("<figure><figcaption><h2>Exchanges over time</h2><p>each bar ");
    page.show(width).raw(", by the time at which the request began</p></figcaption>");
    page.raw("<div class=\"plot\"><div class=\"up\"><span>").show(Count(top));
    page.raw("</span><span>0</span></div>");
    begin(page, series, HEIGHT, "Exchanges over time by outcome");
    for (place, bucket) in series.iter() {
        page.raw("<g>");
        let mut below = 0;
        for (kind, count) in Kind::ALL.into_iter().zip(bucket.kinds) {
            if count == 0 {
                continue;
            }
            let scaled = |count: u64| count as f64 * HEIGHT / top as f64;
            // A single failure among thousands has to be seen.
            let height = scaled(count).max(1.0);
            let bottom = HEIGHT - scaled(below);
            let x = place as f64 + (1.0 - BAR) / 2.0;
            page.rectangle(kind.class(), [x, (bottom - height).max(0.0), BAR, height]);
            below += count;
        }
        tip(page, series, place, bucket, HEIGHT);
        page.raw("</g>");
    }
    end(page, series);
    let mut total = Bucket::default();
    for (_, bucket) in series.iter() {
        for (sum, count) in total.kinds.iter_mut().zip(bucket.kinds) {
            *sum += count;
        }
    }
    legend(page, &total);
    page.raw("</figure>\n");
}

/// Times to the first octet over time: the more exchanges, the stronger.
pub(super) fn times(page: &mut Page, series: &Series) {
    let counts = |row: usize| {
        series.iter().filter_map(move |(_, bucket)| bucket.times.get(row)).copied().sum::<u64>()
    };
    let used = |row: &usize| counts(*row) > 0;
    let rows = 0..ROWS.len() + 1;
    let (Some(lowest), Some(highest)) = (rows.clone().find(used), rows.rev().find(used)) else {
        return;
    };
    let most = series.iter().flat_map(|(_, bucket)| bucket.times).max().unwrap_or(0).max(1);
    page.raw("<figure><figcaption><h2>Time to first byte</h2>");
    page.raw("<p>the stronger, the more exchanges; the scale is logarithmic</p></figcaption>");
    page.raw("<div class=\"plot\"><div class=\"up\"><span>");
    match ROWS.get(highest) {
        Some(end) => page.show(Duration::from_nanos(*end)),
        None => page.raw("longer"),
    };
    page.raw("</span><span>");
    match lowest.checked_sub(1).and_then(|row| ROWS.get(row)) {
        Some(end) => page.show(Duration::from_nanos(*end)),
        None => page.raw("0"),
    };
    page.raw("</span></div>");
    let height = (highest - lowest + 1) as f64;
    begin(page, series, height, "Times to first byte over time");
    for (place, bucket) in series.iter() {
        page.raw("<g>");
        for (row, count) in (0_usize..).zip(bucket.times) {
            if count == 0 || !(lowest..=highest).contains(&row) {
                continue;
            }
            let y = (highest - row) as f64;
            page.rectangle(shade(count, most), [place as f64, y, 1.0, 1.0]);
        }
        tip(page, series, place, bucket, height);
        page.raw("</g>");
    }
    end(page, series);
    page.raw("</figure>\n");
}

/// A bar that is as long as a share of a whole.
pub(super) fn bar(page: &mut Page, class: &'static str, part: f64) {
    page.raw("<svg class=\"bar\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    page.rectangle(class, [0.0, 0.0, (part * 100.0).clamp(0.0, 100.0), 10.0]).raw("</svg>");
}

/// The phases of an exchange on the scale of the longest one beside it.
pub(super) fn phases(page: &mut Page, phases: &[(&'static str, Duration)], longest: Duration) {
    page.raw("<svg class=\"bar\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    let scale = 100.0 / longest.as_nanos().max(1) as f64;
    let mut x = 0.0;
    for (class, phase) in phases {
        let width = phase.as_nanos() as f64 * scale;
        page.rectangle(class, [x, 0.0, width.max(0.4), 10.0]);
        x += width;
    }
    page.raw("</svg>");
}

/// Columns of a drawing: a short capture gets no bars as broad as a hand.
fn columns(series: &Series) -> i64 {
    series.len().max(FEWEST_COLUMNS)
}

fn begin(page: &mut Page, series: &Series, height: f64, label: &'static str) {
    page.raw("<svg role=\"img\" preserveAspectRatio=\"none\"");
    page.attribute("aria-label", label);
    page.attribute("viewBox", format_args!("0 0 {} {height}", columns(series))).raw(">");
}

fn end(page: &mut Page, series: &Series) {
    page.raw("</svg><div class=\"along\">");
    let places = [0, columns(series) / 2, columns(series)];
    for place in places.into_iter().filter_map(|place| series.begin(place)) {
        let time = clock(place);
        page.raw("<span>").text(time.strip_suffix(".000").unwrap_or(&time)).raw("</span>");
    }
    page.raw("</div></div>");
}

/// What one sees with the pointer on a bucket.
fn tip(page: &mut Page, series: &Series, place: i64, bucket: &Bucket, height: f64) {
    let Some(at) = series.begin(place) else { return };
    page.raw("<rect class=\"tip\"").attribute("x", place).raw(" width=\"1\"");
    page.attribute("height", height).raw("><title>").text(&clock(at));
    for (kind, count) in Kind::ALL.into_iter().zip(bucket.kinds) {
        if count > 0 {
            page.raw("; ").show(Count(count)).raw(" × ").text(kind.name());
        }
    }
    page.raw("</title></rect>");
}

fn legend(page: &mut Page, total: &Bucket) {
    page.raw("<ul class=\"legend\">");
    for (kind, count) in Kind::ALL.into_iter().zip(total.kinds) {
        if count > 0 {
            page.raw("<li><i").attribute("class", kind.class()).raw("></i>").text(kind.name());
            page.raw(" <b>").show(Count(count)).raw("</b> ");
            page.text(&share(count, total.exchanges())).raw("</li>");
        }
    }
    page.raw("</ul>");
}

/// One of five strengths; the root, since few stand beside many.
fn shade(count: u64, most: u64) -> &'static str {
    match (count as f64 / most as f64).sqrt() {
        part if part <= 0.2 => "h1",
        part if part <= 0.4 => "h2",
        part if part <= 0.6 => "h3",
        part if part <= 0.8 => "h4",
        _ => "h5",
    }
}

/// The next number of one digit that is easily halved, and zeros behind it.
fn round_up(number: u64) -> u64 {
    let mut scale = 1_u64;
    loop {
        for first in [1, 2, 4, 6, 8] {
            let round = scale.saturating_mul(first);
            if round >= number {
                return round;
            }
        }
        scale = scale.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers() {
        for (number, round) in [(1, 1), (3, 4), (5, 6), (11, 20), (4_999, 6_000), (8_001, 10_000)] {
            assert_eq!(round_up(number), round);
        }
        assert_eq!(round_up(u64::MAX), u64::MAX);
    }

    #[test]
    fn the_most_are_the_strongest_and_one_is_seen() {
        assert_eq!(
            [1, 100, 1_000, 10_000].map(|count| shade(count, 10_000)),
            ["h1", "h1", "h2", "h5"]
        );
    }
}
