//! Numbers over time as little bars, as a curve, and shares as bars.

const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const ACROSS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// Numbers in exactly so many columns: several of them share a column by their largest. The
/// largest of all is a full bar; what is not 0 is never invisible.
pub(in crate::dashboard) fn sparkline(values: &[f64], columns: usize) -> String {
    let values = columns_of(values, columns);
    let most = values.iter().copied().fold(0.0, f64::max);
    let mut line = String::new();
    for value in &values {
        let eighth = if *value <= 0.0 || most <= 0.0 {
            1
        } else {
            ((value / most * 8.0).ceil() as usize).clamp(2, 8)
        };
        line.push_str(EIGHTHS.get(eighth).copied().unwrap_or(" "));
    }
    line
}

/// Numbers brought to at most so many: each the largest of those that fall together.
fn columns_of(values: &[f64], columns: usize) -> Vec<f64> {
    if values.len() <= columns || columns == 0 {
        return values.get(..values.len().min(columns)).unwrap_or_default().to_vec();
    }
    (0..columns)
        .map(|column| {
            let (from, to) =
                (column * values.len() / columns, (column + 1) * values.len() / columns);
            let part = values.get(from..to.max(from + 1)).unwrap_or_default();
            part.iter().copied().fold(0.0, f64::max)
        })
        .collect()
}

/// A curve in so many rows and columns, the highest row first. Each column is a stretch of time.
pub(in crate::dashboard) fn chart(
    values: &[f64],
    columns: usize,
    rows: usize,
    top: f64,
) -> Vec<String> {
    let mut drawn = vec![vec![" "; columns]; rows];
    if rows == 0 || columns == 0 || values.is_empty() || top <= 0.0 {
        return drawn.into_iter().map(|row| row.concat()).collect();
    }
    // Few values are stretched, so that the curve fills its box.
    let values: Vec<f64> = if values.len() >= columns {
        columns_of(values, columns)
    } else {
        let stretched = |column: usize| values.get(column * values.len() / columns).copied();
        (0..columns).map(|column| stretched(column).unwrap_or(0.0)).collect()
    };
    let level = |value: f64| {
        let level = (value / top * (rows - 1) as f64).round().max(0.0) as usize;
        rows - 1 - level.min(rows - 1)
    };
    let mut set = |row: usize, column: usize, symbol: &'static str| {
        if let Some(cell) = drawn.get_mut(row).and_then(|row| row.get_mut(column)) {
            *cell = symbol;
        }
    };
    let mut before = values.first().map_or(rows - 1, |value| level(*value));
    for (column, value) in values.iter().enumerate() {
        let now = level(*value);
        match now.cmp(&before) {
            std::cmp::Ordering::Equal => set(now, column, "─"),
            std::cmp::Ordering::Less => {
                set(before, column, "╯");
                (now + 1..before).for_each(|row| set(row, column, "│"));
                set(now, column, "╭");
            }
            std::cmp::Ordering::Greater => {
                set(before, column, "╮");
                (before + 1..now).for_each(|row| set(row, column, "│"));
                set(now, column, "╰");
            }
        }
        before = now;
    }
    drawn.into_iter().map(|row| row.concat()).collect()
}

/// A share, 0 to 1, as a bar of at most so many columns; what is not 0 is never invisible.
pub(in crate::dashboard) fn bar(share: f64, columns: usize) -> String {
    let eighths = (share.clamp(0.0, 1.0) * columns as f64 * 8.0).round() as usize;
    let eighths = if share > 0.0 { eighths.max(1) } else { eighths };
    let mut bar = "█".repeat(eighths / 8);
    bar.push_str(ACROSS.get(eighths % 8).copied().unwrap_or(""));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_show_what_there_is() {
        assert_eq!(sparkline(&[0.0, 1.0, 4.0, 8.0], 4), "▁▂▄█");
        assert_eq!(sparkline(&[0.0, 0.0, 9.0, 1.0], 2), "▁█");
        assert_eq!(sparkline(&[0.0, 0.0], 2), "▁▁");
        assert_eq!(sparkline(&[], 3), "");
        assert_eq!((bar(1.0, 3), bar(0.5, 3)), ("███".to_owned(), "█▌".to_owned()));
        assert_eq!((bar(0.0001, 3), bar(0.0, 3)), ("▏".to_owned(), String::new()));
    }

    #[test]
    fn a_curve_goes_up_and_down() {
        let rows = chart(&[0.0, 2.0, 2.0, 0.0], 4, 3, 2.0);
        assert_eq!(rows, [" ╭─╮", " │ │", "─╯ ╰"]);
        assert_eq!(chart(&[], 2, 1, 1.0), ["  "]);
    }
}
