//! A cause in, what its documentation says in Simplified Chinese out.
//!
//! English stands with the cause, Chinese in `chinese.md`, a section a cause:
//!
//! ```text
//! # `cause-id` title
//!
//! ## 含义
//! ## 证据
//! ## 何时另有原因
//! ## 怎么办
//!
//! * `software` what to set or to look at there
//! ```
//!
//! Read when somebody asks, never while traffic is judged. A test holds that nothing is missing.

use super::cause::Cause;

/// The headings of a section: meaning, proof, caution, advice.
const HEADINGS: [&str; 4] = ["## 含义", "## 证据", "## 何时另有原因", "## 怎么办"];

static SECTIONS: &str = include_str!("chinese.md");

/// What the documentation of one cause says in Chinese.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chinese {
    /// As [`Cause::title`].
    pub title: &'static str,
    /// As [`Cause::meaning`].
    pub meaning: &'static str,
    /// As [`Cause::proof`].
    pub proof: &'static str,
    /// As [`Cause::caution`].
    pub caution: &'static str,
    /// As [`Cause::advice`].
    pub advice: &'static str,
    /// As [`Cause::cures`]: the software and the text.
    pub cures: Vec<(&'static str, &'static str)>,
}

impl Chinese {
    /// The text of a cause; `None` for a cause that nobody has translated yet.
    pub fn of(cause: &Cause) -> Option<Self> {
        let mark = format!("# `{}` ", cause.id);
        let section = SECTIONS.split("\n# `").find_map(|section| {
            let section = section.strip_prefix("# `").unwrap_or(section);
            section.strip_prefix(mark.trim_start_matches("# `"))
        })?;
        let (title, mut rest) = section.split_once('\n')?;
        let mut parts = [""; 4];
        for (heading, part) in HEADINGS.into_iter().zip(&mut parts).rev() {
            let (before, text) = rest.split_once(heading)?;
            (*part, rest) = (text.trim(), before);
        }
        let [meaning, proof, caution, last] = parts;
        let (advice, cures) = last.split_once("\n\n").unwrap_or((last, ""));
        let cures = cures.lines().filter_map(|line| line.strip_prefix("* `")?.split_once("` "));
        Some(Self { title, meaning, proof, caution, advice, cures: cures.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::CAUSES;
    use super::*;

    fn is_chinese(text: &str) -> bool {
        text.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter))
    }

    /// What is typed, and so the same in every language.
    fn typed(text: &str) -> Vec<&str> {
        text.split('`').skip(1).step_by(2).collect()
    }

    #[test]
    fn every_cause_says_the_same_in_chinese() {
        assert_eq!(SECTIONS.lines().filter(|line| line.starts_with("# ")).count(), CAUSES.len());
        for cause in CAUSES {
            let text = Chinese::of(cause).unwrap_or_else(|| {
                panic!("{} has no section in src/diagnosis/chinese.md", cause.id)
            });
            for (english, chinese) in [
                (cause.title, text.title),
                (cause.meaning, text.meaning),
                (cause.proof, text.proof),
                (cause.caution, text.caution),
                (cause.advice, text.advice),
            ] {
                assert!(is_chinese(chinese), "{}: {chinese}", cause.id);
                assert_eq!(typed(english), typed(chinese), "{}: {chinese}", cause.id);
            }
            assert!(!text.title.ends_with('。') && text.advice.ends_with('。'), "{text:?}");
            let software: Vec<&str> = cause.cures.iter().map(|cure| cure.software).collect();
            let translated: Vec<&str> = text.cures.iter().map(|cure| cure.0).collect();
            assert_eq!(software, translated, "{}", cause.id);
            for (cure, (_, chinese)) in cause.cures.iter().zip(&text.cures) {
                assert!(is_chinese(chinese), "{}: {chinese}", cause.id);
                let sorted = |mut words: Vec<&'static str>| {
                    words.sort_unstable();
                    words
                };
                let (english, chinese) = (sorted(typed(cure.text)), sorted(typed(chinese)));
                assert_eq!(english, chinese, "{} {}", cause.id, cure.software);
            }
        }
    }
}
