//! The period of `--since` and `--until`: two words in, the part of a [`Filter`] that they mean out.
//! Each word is read by itself, so that it is a time and nothing else, whatever the filter beside it is.

use super::evaluate::{Interval, Node, Test};
use super::kind::Kind;
use super::{Filter, Mistake, fields, operand};

/// What is said where a word is no time.
const EXAMPLE: &str =
    "as in 2026-11-22T12:04:11Z, 12:04:11 (UTC, first day), or +30s from the first packet";

impl Filter {
    /// Exchanges that began at `since` or later, and before `until`: so that of two periods of which
    /// one ends where the other begins no exchange is in both. The words are those that the field
    /// `time` is compared with.
    ///
    /// # Errors
    ///
    /// One of the words is not a time, or nothing could be in the period.
    pub fn period(since: Option<&str>, until: Option<&str>) -> Result<Self, Mistake> {
        let from = since.map(instant).transpose()?;
        let to = until.map(instant).transpose()?;
        if let (Some(from), Some(to), Some(word)) = (from, to, until)
            && from.base == to.base
            && from.low >= to.low
        {
            let what = format!("--until {word} is not behind --since");
            return Err(mistake(word, what, "nothing could be in this period"));
        }
        let (mut nodes, mut texts) = (Vec::new(), Vec::new());
        let bounds = [
            (">=", since, from.map(|from| Interval { high: i64::MAX, ..from })),
            ("<", until, to.map(|to| Interval { low: i64::MIN, high: to.low - 1, ..to })),
        ];
        for (sign, word, bound) in bounds {
            let (Some(word), Some(bound), Some(time)) = (word, bound, fields::find("time")) else {
                continue;
            };
            nodes.push(Node::Field(time, Test::Within(vec![bound])));
            texts.push(format!("time {sign} \"{}\"", word.trim()));
        }
        Ok(Self { text: texts.join(" and ").into(), root: Node::All(nodes) })
    }

    /// Exchanges that both filters ask for.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let text = format!("({}) and {}", self.text, other.text).into();
        Self { text, root: Node::All(vec![self.root, other.root]) }
    }
}

/// The time that a word means, the whole of it: nothing else may stand in it.
fn instant(word: &str) -> Result<Interval, Mistake> {
    let trimmed = word.trim();
    operand::time(trimmed).filter(|found| found.low > i64::MIN).ok_or_else(|| {
        let relative = format!("+{trimmed}");
        let hint = match operand::time(&relative) {
            Some(_) => format!("did you mean `{relative}`?   {EXAMPLE}"),
            None => EXAMPLE.to_owned(),
        };
        mistake(word, format!("`{word}` is not a {}", Kind::Time.name()), &hint)
    })
}

/// A mistake that is the whole word.
fn mistake(word: &str, what: String, hint: &str) -> Mistake {
    Mistake { text: word.into(), at: 0, len: word.len(), what, hint: hint.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_text_is_a_filter_that_means_the_same() {
        let both = Filter::period(Some(" +1m30s"), Some("2026-11-22 12:04")).unwrap();
        assert_eq!(both.text(), "time >= \"+1m30s\" and time < \"2026-11-22 12:04\"");
        let joined = Filter::parse("5xx or unanswered").unwrap().and(both);
        let again = Filter::parse(joined.text()).unwrap();
        assert_eq!(again.text(), joined.text());
    }

    #[test]
    fn nothing_but_a_time_is_taken() {
        for (word, hint) in [
            ("30s", "did you mean `+30s`?"),
            ("+30s or 5xx", "as in 2026"),
            ("+1s..+2s", "as in 2026"),
            ("\"+1s\"", "as in 2026"),
            ("yesterday", "as in 2026"),
            ("", "as in 2026"),
            ("+", "as in 2026"),
            ("2026-13-01", "as in 2026"),
            ("99999-01-01", "as in 2026"),
        ] {
            for (since, until) in
                [(Some(word), None), (None, Some(word)), (Some("+1s"), Some(word))]
            {
                let mistake = Filter::period(since, until).unwrap_err();
                assert!(mistake.hint().starts_with(hint), "{word}: {}", mistake.hint());
                assert!(mistake.what().contains("is not a time"), "{mistake}");
            }
        }
    }

    #[test]
    fn a_period_in_which_nothing_can_be_is_refused() {
        for (since, until) in [("+2s", "+1s"), ("+1s", "+1s"), ("12:04", "12:03:59")] {
            let mistake = Filter::period(Some(since), Some(until)).unwrap_err();
            assert_eq!(mistake.what(), format!("--until {until} is not behind --since"));
        }
        Filter::period(Some("12:04"), Some("12:04:01")).unwrap();
    }
}
