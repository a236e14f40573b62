//! Rates over time: the numbers of a snapshot as what the overview draws.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::app::{App, ZOOMS};
use super::super::theme::Meaning;
use super::super::widget::{chart, line, panel, put, right, sparkline};
use super::super::words::{duration, percent, rate, short};
use crate::export::escape;
use crate::stats::Bucket;
use crate::units::Duration;

/// Numbers over time, as far as the curves show them.
pub(super) struct Curves {
    pub buckets: Vec<Bucket>,
    pub step: Duration,
    /// What they span, in words.
    pub span: String,
}

impl Curves {
    pub fn of(app: &App) -> Self {
        let seconds = ZOOMS.get(app.zoom).copied().unwrap_or(0);
        let (buckets, step) = if seconds == 0 {
            app.shown.series.whole()
        } else {
            (app.shown.series.newest(seconds), Duration::from_secs(1))
        };
        Self { buckets, step, span: span(app.zoom) }
    }

    /// How many a second, in at most so many equal parts of the time: each the mean of its part.
    pub fn per_second(&self, columns: usize, of: impl Fn(&Bucket) -> u64) -> Vec<f64> {
        let step = self.step.as_nanos().max(1) as f64 / 1e9;
        let count = self.buckets.len();
        let columns = columns.clamp(1, count.max(1));
        (0..columns)
            .map(|column| {
                let (from, to) = (column * count / columns, (column + 1) * count / columns);
                let part = self.buckets.get(from..to).unwrap_or_default();
                part.iter().map(&of).sum::<u64>() as f64 / step / part.len().max(1) as f64
            })
            .collect()
    }

    /// How long they are, in seconds.
    pub fn length(&self) -> f64 {
        self.step.as_nanos() as f64 / 1e9 * self.buckets.len() as f64
    }
}

/// What curves show, in words.
pub(in crate::dashboard) fn span(zoom: usize) -> String {
    match ZOOMS.get(zoom).copied().unwrap_or(0) {
        0 => "whole capture".to_owned(),
        60 => "last minute".to_owned(),
        seconds => format!("last {} min", seconds / 60),
    }
}

/// What the head of the screen says in numbers.
pub(super) struct Totals {
    pub rate: String,
    pub peak: String,
    pub share: String,
    pub errors: u64,
    pub exchanges: u64,
    pub quantiles: [String; 4],
    pub in_flight: Vec<f64>,
    /// How many wait now and since when; of what is over, how many did at most and on average.
    pub waiting: [String; 2],
}

impl Totals {
    pub fn of(app: &App) -> Self {
        let statistics = &app.shown.statistics;
        let now = &app.shown.now;
        let lasted = now.first.zip(now.at).map(|(first, at)| at.since(first));
        // Of what happens now the last ten seconds count, of a file all of it.
        let (count, time) = if app.options.live {
            let newest = app.shown.series.newest(10);
            let count = newest.iter().map(|bucket| bucket.begun).sum();
            (count, Some(Duration::from_secs(newest.len() as u64)))
        } else {
            (statistics.exchanges, lasted)
        };
        let errors = statistics.outcomes.server_errors;
        let seconds = app.shown.series.newest(usize::MAX);
        let peak = seconds.iter().map(|bucket| bucket.begun).max().unwrap_or(0);
        let think = &statistics.think;
        let in_flight: Vec<f64> =
            app.shown.series.under_way().into_iter().map(|count| count as f64).collect();
        let waiting = match now.waiting {
            Some(waiting) => {
                let age = waiting.oldest.zip(now.at).map(|(since, at)| at.since(since));
                let oldest = age.map_or_else(String::new, |age| format!("oldest {age}"));
                [format!("{} waiting", short(waiting.requests)), oldest]
            }
            None => {
                let most = in_flight.iter().copied().fold(0.0, f64::max);
                let mean = in_flight.iter().fold(0.0, |sum, count| sum + count)
                    / in_flight.len().max(1) as f64;
                [format!("peak {most:.0}"), format!("mean {mean:.1}")]
            }
        };
        Self {
            rate: rate(count, time),
            peak: short(peak),
            share: percent(errors as f64 / statistics.exchanges.max(1) as f64),
            errors,
            exchanges: statistics.exchanges,
            quantiles: [
                duration(think.quantile(0.5)),
                duration(think.quantile(0.95)),
                duration(think.quantile(0.99)),
                duration(think.longest()),
            ],
            in_flight,
            waiting,
        }
    }
}

/// A round number that is no less.
fn round_up(value: f64) -> f64 {
    let mut step = 1.0;
    while step * 10.0 < value {
        step *= 10.0;
    }
    [1.0, 2.0, 4.0, 6.0, 8.0, 10.0]
        .into_iter()
        .map(|times| times * step)
        .find(|round| *round >= value)
        .unwrap_or(value)
}

pub(super) fn curve(app: &App, buffer: &mut Buffer, area: Rect, curves: &Curves) {
    let theme = app.theme;
    let title = format!("Requests/s and 5xx, {}", curves.span);
    let inside = panel(buffer, area, theme, &title, "z zoom");
    let rows = usize::from(inside.height.saturating_sub(2));
    let columns = usize::from(inside.width.saturating_sub(8));
    let begun = curves.per_second(columns, |bucket| bucket.begun);
    let most = round_up(begun.iter().copied().fold(1.0, f64::max));
    // Levels that lie evenly are labelled.
    let drawn = chart(&begun, columns, rows, most);
    for (row, text) in (0..).zip(&drawn) {
        let level = most * (rows - 1 - usize::from(row)) as f64 / (rows.max(2) - 1) as f64;
        let label = if level >= 10_000.0 {
            short(level as u64)
        } else if most < 10.0 && level.fract() > 0.01 {
            format!("{level:.1}")
        } else {
            format!("{level:.0}")
        };
        let axis = if usize::from(row) + 1 == rows { "┼" } else { "┤" };
        let spans = vec![
            Span::styled(format!("{} {axis}", right(&label, 5)), theme.style(Meaning::Dim)),
            Span::styled(text.clone(), theme.style(Meaning::Line)),
        ];
        line(buffer, inside, row, &Line::from(spans));
    }
    let errors = curves.per_second(columns, |bucket| bucket.server_errors);
    let stretched: Vec<f64> = if errors.len() < columns {
        (0..columns)
            .map(|column| {
                errors.get(column * errors.len() / columns.max(1)).copied().unwrap_or(0.0)
            })
            .collect()
    } else {
        errors
    };
    let any = stretched.iter().any(|value| *value > 0.0);
    let spark = sparkline(&stretched, columns).replace('▁', " ");
    let spans = vec![
        Span::styled("  5xx │", theme.style(Meaning::Dim)),
        Span::styled(if any { spark } else { String::new() }, theme.style(Meaning::Failure)),
    ];
    let row = u16::try_from(rows).unwrap_or(0);
    line(buffer, inside, row, &Line::from(spans));
    let length = curves.length();
    if length <= 0.0 {
        return;
    }
    let ago = |part: f64| {
        let seconds = length * part;
        if seconds >= 120.0 {
            format!("-{:.0}m", seconds / 60.0)
        } else if seconds >= 10.0 {
            format!("-{seconds:.0}s")
        } else if seconds >= 1.0 {
            format!("-{seconds:.1}s")
        } else if seconds >= 0.01 {
            format!("-{:.0}ms", seconds * 1e3)
        } else if seconds >= 0.001 {
            format!("-{:.1}ms", seconds * 1e3)
        } else {
            format!("-{:.0}µs", seconds * 1e6)
        }
    };
    let mut axis = " ".repeat(columns + 7);
    // From the end, so that a letter of two octets moves no place that is still to be written.
    for (part, label) in [
        (0.0, "end".to_owned()),
        (0.25, ago(0.25)),
        (0.5, ago(0.5)),
        (0.75, ago(0.75)),
        (1.0, ago(1.0)),
    ] {
        let at = 7 + (columns as f64 * (1.0 - part)) as usize;
        let wide = escape::width(&label);
        let at = at.min((columns + 7).saturating_sub(wide));
        if at + wide <= columns + 7 {
            axis.replace_range(at..at + wide, &label);
        }
    }
    put(buffer, inside, row + 1, &axis, theme.style(Meaning::Dim));
}
