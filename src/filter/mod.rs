//! One line of text in, a [`Filter`] out that says of an exchange whether it is one of those the line
//! asks for. It serves `--filter` and `--fail-on`; a [`Column`] shows with `-e` what a filter compares.
//!
//! ```text
//! status >= 500 and path ~ /checkout       client in 10.0.0.0/8 and not method = GET
//! ```
//!
//! Pure: it reads nothing but what it is handed, and no text makes it panic. The grammar is in
//! `grammar` and `operand`, what can be asked for in `fields`, the asking in `evaluate`, and what a
//! person is told about a slip in `mistake` and `suggest`.

mod column;
mod compare;
mod evaluate;
mod explain;
mod fields;
mod grammar;
mod kind;
mod mistake;
mod operand;
mod period;
mod suggest;
mod target;
mod term;
mod word;

use std::fmt;
use std::str::FromStr;

use crate::http::Exchange;
use crate::rules::Severity;
use crate::units::Timestamp;
use evaluate::Node;

pub use column::{Column, Value};
pub use explain::{explain, page};
pub use fields::{FIELDS, Field};
pub use kind::Kind;
pub use mistake::Mistake;

/// What a filter or a column is asked about: an exchange, and what others have found out about it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'s> {
    /// The number of the exchange.
    pub id: u64,
    /// The exchange.
    pub exchange: &'s Exchange,
    /// Time of the first packet of the capture, which `time > +30s` counts from; where it is not
    /// known, such a comparison is false.
    pub start: Option<Timestamp>,
    /// What rules have found in the exchange: their names, and how bad it is.
    pub findings: &'s [(&'s str, Severity)],
    /// The names of the causes of its failure.
    pub causes: &'s [&'s str],
}

impl<'s> Subject<'s> {
    /// An exchange that nobody has judged yet, in a capture whose beginning is not known.
    pub const fn new(id: u64, exchange: &'s Exchange) -> Self {
        Self { id, exchange, start: None, findings: &[], causes: &[] }
    }
}

/// A compiled filter. Cheap to ask: well below a microsecond an exchange.
#[derive(Debug, Clone)]
pub struct Filter {
    text: Box<str>,
    root: Node,
}

impl Filter {
    /// Reads an expression.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        let root = grammar::read(text)?;
        Ok(Self { text: text.trim().into(), root })
    }

    /// Whether the exchange is one of those that the filter asks for.
    pub fn matches(&self, subject: &Subject<'_>) -> bool {
        self.root.holds(subject)
    }

    /// The expression as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same while further findings and causes may come: `None` where they decide.
    pub fn matches_by_now(&self, subject: &Subject<'_>) -> Option<bool> {
        self.root.holds_by_now(subject)
    }

    /// Whether the answer depends on [`Subject::findings`], and so has to wait for them.
    pub fn asks_for_findings(&self) -> bool {
        self.root.any_field(&|field| field.of_rules())
    }

    /// Whether the answer depends on [`Subject::causes`], and so has to wait for them.
    pub fn asks_for_causes(&self) -> bool {
        self.root.any_field(&|field| field.of_diagnosis())
    }
}

impl FromStr for Filter {
    type Err = Mistake;

    fn from_str(text: &str) -> Result<Self, Mistake> {
        Self::parse(text)
    }
}

/// As [`Filter::text`].
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}
