//! HTTP-date (RFC 9110 section 5.6.7) in its three forms.

/// Seconds since the beginning of 1970, UTC, of a date in any of the three forms. The day of the week
/// is not compared with the date. Years of two digits from 70 on are of the last century.
pub fn parse(value: &[u8]) -> Option<i64> {
    if let Some(date) = value.try_into().ok().and_then(fixed) {
        return Some(date);
    }
    match value {
        // Sun Nov  6 08:49:37 1994
        [w1, w2, w3, b' ', m1, m2, m3, b' ', d1, d2, b' ', time @ .., b' ', y1, y2, y3, y4]
            if is_weekday([*w1, *w2, *w3]) =>
        {
            let day = if *d1 == b' ' { number([d2])? } else { number([d1, d2])? };
            let year = number([y1, y2, y3, y4])?;
            seconds(year, [*m1, *m2, *m3], day, time_of_day(time)?)
        }
        _ => rfc850(value),
    }
}

/// Sun, 06 Nov 1994 08:49:37 GMT: the form that is sent today, in nearly every response. All its places
/// are looked at without a branch.
fn fixed(date: &[u8; 29]) -> Option<i64> {
    let digit = |at: usize| u32::from(date[at].wrapping_sub(b'0'));
    let two = |at: usize| i64::from(digit(at) * 10 + digit(at + 1));
    let digits = [5, 6, 12, 13, 14, 15, 17, 18, 20, 21, 23, 24];
    let fine = digits.iter().fold(true, |fine, at| fine & (digit(*at) <= 9))
        & (date[3..5] == *b", ")
        & (date[7] == b' ')
        & (date[11] == b' ')
        & (date[16] == b' ')
        & (date[19] == b':')
        & (date[22] == b':')
        & (date[25..] == *b" GMT");
    if !fine || !is_weekday([date[0], date[1], date[2]]) {
        return None;
    }
    let month = [date[8], date[9], date[10]];
    seconds(two(12) * 100 + two(14), month, two(5), clock(two(17), two(20), two(23))?)
}

/// Sunday, 06-Nov-94 08:49:37 GMT
fn rfc850(value: &[u8]) -> Option<i64> {
    let comma = memchr::memchr(b',', value)?;
    let (weekday, rest) = value.split_at_checked(comma)?;
    let [b',', b' ', d1, d2, b'-', m1, m2, m3, b'-', y1, y2, b' ', rest @ ..] = rest else {
        return None;
    };
    WEEKDAYS.iter().find(|known| known.as_bytes() == weekday)?;
    let year = number([y1, y2])?;
    let year = if year < 70 { year + 2000 } else { year + 1900 };
    seconds(year, [*m1, *m2, *m3], number([d1, d2])?, greenwich(rest)?)
}

const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

const fn is_weekday(short: [u8; 3]) -> bool {
    matches!(
        short,
        [b'M', b'o', b'n']
            | [b'T', b'u', b'e']
            | [b'W', b'e', b'd']
            | [b'T', b'h', b'u']
            | [b'F', b'r', b'i']
            | [b'S', b'a', b't']
            | [b'S', b'u', b'n']
    )
}

fn number<const N: usize>(digits: [&u8; N]) -> Option<i64> {
    let mut number = 0;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + i64::from(digit);
    }
    Some(number)
}

/// `08:49:37 GMT`
fn greenwich(rest: &[u8]) -> Option<i64> {
    let [time @ .., b' ', b'G', b'M', b'T'] = rest else { return None };
    time_of_day(time)
}

/// `08:49:37` in seconds.
fn time_of_day(time: &[u8]) -> Option<i64> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = time else { return None };
    clock(number([h1, h2])?, number([m1, m2])?, number([s1, s2])?)
}

/// The seconds of a day; a leap second is allowed.
const fn clock(hour: i64, minute: i64, second: i64) -> Option<i64> {
    if hour < 24 && minute < 60 && second <= 60 {
        return Some((hour * 60 + minute) * 60 + second);
    }
    None
}

const fn number_of_month(short: [u8; 3]) -> Option<i64> {
    Some(match short {
        [b'J', b'a', b'n'] => 1,
        [b'F', b'e', b'b'] => 2,
        [b'M', b'a', b'r'] => 3,
        [b'A', b'p', b'r'] => 4,
        [b'M', b'a', b'y'] => 5,
        [b'J', b'u', b'n'] => 6,
        [b'J', b'u', b'l'] => 7,
        [b'A', b'u', b'g'] => 8,
        [b'S', b'e', b'p'] => 9,
        [b'O', b'c', b't'] => 10,
        [b'N', b'o', b'v'] => 11,
        [b'D', b'e', b'c'] => 12,
        _ => return None,
    })
}

fn seconds(year: i64, month: [u8; 3], day: i64, clock: i64) -> Option<i64> {
    let month = number_of_month(month)?;
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
