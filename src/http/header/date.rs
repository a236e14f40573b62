//! HTTP-date (RFC 9110 section 5.6.7) in its three forms.

/// Seconds since the beginning of 1970, UTC, of a date in any of the three forms. The day of the week
/// is not compared with the date. Years of two digits from 70 on are of the last century.
pub fn parse(value: &[u8]) -> Option<i64> {
    match value {
        // Sun, 06 Nov 1994 08:49:37 GMT
        [
            w1,
            w2,
            w3,
            b',',
            b' ',
            d1,
            d2,
            b' ',
            m1,
            m2,
            m3,
            b' ',
            y1,
            y2,
            y3,
            y4,
            b' ',
            rest @ ..,
        ] if is_weekday([*w1, *w2, *w3]) => {
            let year = number(&[*y1, *y2, *y3, *y4])?;
            seconds(year, [*m1, *m2, *m3], number(&[*d1, *d2])?, greenwich(rest)?)
        }
        // Sun Nov  6 08:49:37 1994
        [w1, w2, w3, b' ', m1, m2, m3, b' ', d1, d2, b' ', time @ .., b' ', y1, y2, y3, y4]
            if is_weekday([*w1, *w2, *w3]) =>
        {
            let day = if *d1 == b' ' { number(&[*d2])? } else { number(&[*d1, *d2])? };
            let year = number(&[*y1, *y2, *y3, *y4])?;
            seconds(year, [*m1, *m2, *m3], day, clock(time)?)
        }
        _ => rfc850(value),
    }
}

/// Sunday, 06-Nov-94 08:49:37 GMT
fn rfc850(value: &[u8]) -> Option<i64> {
    let comma = memchr::memchr(b',', value)?;
    let (weekday, rest) = value.split_at_checked(comma)?;
    let [b',', b' ', d1, d2, b'-', m1, m2, m3, b'-', y1, y2, b' ', rest @ ..] = rest else {
        return None;
    };
    WEEKDAYS.iter().find(|known| known.as_bytes() == weekday)?;
    let year = number(&[*y1, *y2])?;
    let year = if year < 70 { year + 2000 } else { year + 1900 };
    seconds(year, [*m1, *m2, *m3], number(&[*d1, *d2])?, greenwich(rest)?)
}

const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

const MONTHS: [[u8; 3]; 12] = [
    *b"Jan", *b"Feb", *b"Mar", *b"Apr", *b"May", *b"Jun", *b"Jul", *b"Aug", *b"Sep", *b"Oct",
    *b"Nov", *b"Dec",
];

fn is_weekday(short: [u8; 3]) -> bool {
    matches!(&short, b"Mon" | b"Tue" | b"Wed" | b"Thu" | b"Fri" | b"Sat" | b"Sun")
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number: i64, digit| {
        digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0'))
    })
}

/// `08:49:37 GMT`
fn greenwich(rest: &[u8]) -> Option<i64> {
    clock(rest.strip_suffix(b" GMT")?)
}

/// `08:49:37` in seconds; a leap second is allowed.
fn clock(time: &[u8]) -> Option<i64> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = time else { return None };
    let (hour, minute, second) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?, number(&[*s1, *s2])?);
    (hour < 24 && minute < 60 && second <= 60).then_some((hour * 60 + minute) * 60 + second)
}

fn seconds(year: i64, month: [u8; 3], day: i64, clock: i64) -> Option<i64> {
    let month = (1..).zip(&MONTHS).find(|(_, known)| **known == month)?.0;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1..=days).contains(&day) {
        return None;
    }
    // Days from a March to the same day of the year 1970 (the civil calendar, counted in eras of
    // 400 years).
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(days * 86_400 + clock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_say_the_same() {
        for value in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(parse(value.as_bytes()), Some(784_111_777), "{value}");
        }
        assert_eq!(parse(b"Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(parse(b"Thu, 29 Feb 2024 23:59:60 GMT"), Some(1_709_251_200));
        assert_eq!(parse(b"Tuesday, 01-Jan-30 00:00:00 GMT"), Some(1_893_456_000));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for value in [
            "",
            "0",
            "-1",
            "Sunday",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 +0100",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Son, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "1994-11-06T08:49:37Z",
        ] {
            assert_eq!(parse(value.as_bytes()), None, "{value}");
        }
    }
}
