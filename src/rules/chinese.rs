//! A rule in, what its documentation says in Simplified Chinese out.
//!
//! English stands in the block of the rule, Chinese in `chinese/FAMILY.md`, where the folder follows
//! that of the rules: `status/code_204.rs` has `chinese/status/code_204.md`. A section is
//!
//! ```text
//! # `rule-id` title
//!
//! * `parameter` its meaning
//! * `severity` when it is that bad, if the rule has more than one
//!
//! ## 它看什么
//! ## 为什么重要
//! ## 何时无妨
//! ## 怎么办
//! ```
//!
//! Read when somebody asks, never while traffic is judged. A test holds that nothing is missing.

use super::rule::Rule;

/// The headings that every section has, in this order.
pub const CHINESE_HEADINGS: [&str; 4] =
    ["## 它看什么", "## 为什么重要", "## 何时无妨", "## 怎么办"];

macro_rules! sections {
    ($($family:literal)+) => {
        &[$(include_str!(concat!("chinese/", $family, ".md"))),+]
    };
}

/// The text of each family.
static FAMILIES: &[&str] = sections! {
    "connection/closing"
    "connection/early"
    "connection/pairing"
    "connection/protocol"
    "connection/race"
    "connection/unanswered"
    "content"
    "date"
    "framing/bodiless"
    "framing/chunk"
    "framing/coding"
    "framing/length"
    "framing/truncated"
    "latency/outlier"
    "latency/slow"
    "status/code_100"
    "status/code_101"
    "status/code_102"
    "status/code_103"
    "status/code_104"
    "status/code_1xx"
    "status/code_200"
    "status/code_201"
    "status/code_201_location"
    "status/code_202"
    "status/code_203"
    "status/code_204"
    "status/code_205"
    "status/code_206"
    "status/code_300"
    "status/code_301"
    "status/code_304"
    "status/code_3xx"
    "status/code_400"
    "status/code_401"
    "status/code_405"
    "status/code_408"
    "status/code_409"
    "status/code_412"
    "status/code_414"
    "status/code_416"
    "status/code_42x"
    "status/code_5xx"
    "status/error_contradicted"
    "status/error_repeated"
    "status/gateway"
    "status/multipart"
    "status/not_modified_history"
    "status/range"
    "status/redirect_chain"
    "status/redirect_followed"
    "status/repeated"
    "status/retry_after"
    "status/validator"
    "status/webdav"
    "status/websocket"
    "status_line"
    "syntax/field"
    "syntax/host"
    "syntax/line_end"
    "syntax/smuggling"
    "syntax/start_line"
    "window/abandoned"
    "window/authentication"
    "window/burst_rules"
    "window/change"
    "window/health"
    "window/latency_shift"
    "window/missing"
    "window/outage"
    "window/portal"
    "window/probe"
    "window/retry"
    "window/skew"
    "window/slowloris"
};

/// What the documentation of one rule says in Chinese.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chinese {
    /// What it finds, in a few words.
    pub title: &'static str,
    /// What its parameters bound, and when it has another severity, by their names.
    pub notes: Vec<(&'static str, &'static str)>,
    /// Its text under the four headings.
    pub documentation: String,
}

impl Chinese {
    /// The text of a rule; `None` for a rule that nobody has translated yet.
    pub fn of(rule: &Rule) -> Option<Self> {
        sections().find(|(id, _)| *id == rule.id).map(|(_, text)| text)
    }

    /// What is said of a parameter or a severity.
    pub fn note(&self, name: &str) -> Option<&'static str> {
        self.notes.iter().find(|(known, _)| *known == name).map(|(_, note)| *note)
    }
}

/// Every section with the name of its rule, file by file.
pub fn sections() -> impl Iterator<Item = (&'static str, Chinese)> {
    FAMILIES.iter().flat_map(|family| read(family))
}

fn read(family: &'static str) -> Vec<(&'static str, Chinese)> {
    let mut sections: Vec<(&str, Chinese)> = Vec::new();
    for line in family.lines() {
        if let Some((id, title)) = line.strip_prefix("# `").and_then(|line| line.split_once("` ")) {
            sections.push((id, Chinese { title, notes: Vec::new(), documentation: String::new() }));
            continue;
        }
        let Some((_, section)) = sections.last_mut() else { continue };
        let text = &mut section.documentation;
        match line.strip_prefix("* `").and_then(|line| line.split_once("` ")) {
            Some(note) if text.is_empty() => section.notes.push(note),
            _ if text.is_empty() && line.is_empty() => {}
            _ => text.extend([line, "\n"]),
        }
    }
    for (_, section) in &mut sections {
        section.documentation.truncate(section.documentation.trim_end().len());
        section.documentation.push('\n');
    }
    sections
}
