//! Times and sizes as people type them: text in, numbers out, or a sentence that says what can be
//! typed.

use httpwhy::units::Duration;

/// `10s`, `500ms`, `5m`, `2h`; a number alone is seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let scale = |unit: &str| match unit {
        "ms" => Some(1_000_000),
        "" | "s" => Some(1_000_000_000),
        "m" | "min" => Some(60 * 1_000_000_000),
        "h" => Some(3_600 * 1_000_000_000),
        "d" => Some(86_400 * 1_000_000_000),
        _ => None,
    };
    let nanos = scaled(text, scale).ok_or("a time is a number and ms, s, m, h or d, as in 10s")?;
    Ok(Duration::from_nanos(nanos))
}

/// `100M`, `1G`, `500k`, in powers of ten as sizes are shown; `MiB` and the like in powers of two.
pub(super) fn octets(text: &str) -> Result<u64, String> {
    let scale = |unit: &str| match unit.to_ascii_lowercase().trim_end_matches('b') {
        "" => Some(1),
        "k" => Some(1_000),
        "m" => Some(1_000_000),
        "g" => Some(1_000_000_000),
        "ki" => Some(1 << 10),
        "mi" => Some(1 << 20),
        "gi" => Some(1 << 30),
        _ => None,
    };
    let octets = scaled(text, scale);
    Ok(octets.ok_or("a size is a number and k, M or G (or KiB, MiB, GiB), as in 100M")?)
}

/// A positive number times what its unit means.
fn scaled(text: &str, scale: impl Fn(&str) -> Option<u64>) -> Option<u64> {
    let end = text.find(|one: char| !one.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    number.checked_mul(scale(unit.trim())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_type_them() {
        for (text, millis) in
            [("10s", 10_000), ("10", 10_000), ("500ms", 500), ("5m", 300_000), ("2 h", 7_200_000)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "0s", "-1s", "1.5s", "1w", "99999999999999999999", "99999999999d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_read_as_people_type_them() {
        for (text, found) in [
            ("100M", 100_000_000),
            ("1G", 1_000_000_000),
            ("500kB", 500_000),
            ("1MiB", 1 << 20),
            ("7", 7),
        ] {
            assert_eq!(octets(text), Ok(found), "{text}");
        }
        for text in ["", "M", "0", "1T", "99999999999G"] {
            assert!(octets(text).is_err(), "{text}");
        }
    }
}
