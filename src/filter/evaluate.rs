//! A compiled expression and an exchange in, yes or no out.
//!
//! One rule for all comparisons: a field has no value, one, or several, and a comparison holds where
//! it holds for one of them. `!=`, `!~` and `not in` are exactly the opposite of `=`, `~` and `in`.
//! So where a value is absent, `=` and `<` are false and `!=` is true.

use regex::bytes::Regex;

use crate::http::{self, FieldName, Message};
use crate::units::Timestamp;
use crate::wire::Endpoint;

use super::Subject;
use super::fields::{Field, Read};

/// An expression.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// All of them hold; true where there is none.
    All(Vec<Node>),
    /// One of them holds.
    Any(Vec<Node>),
    /// It does not hold.
    Not(Box<Node>),
    /// A value of the field passes the test.
    Field(&'static Field, Test),
    /// A value of the header field passes the test.
    Header(Header, Test),
    /// A field line passes the regular expression, name and value together.
    Lines(Which, Regex),
}

/// What a value has to be. The grammar pairs tests with fields that have such values.
#[derive(Debug, Clone)]
pub(super) enum Test {
    /// Anything; of a flag: set.
    Present,
    /// In one of the intervals.
    Within(Vec<Interval>),
    /// One of these texts.
    OneOf(Vec<Box<[u8]>>),
    /// One of these texts, upper and lower case alike.
    OneOfFolded(Vec<Box<[u8]>>),
    /// Contains this text, upper and lower case alike.
    Contains(Box<[u8]>),
    /// Passes this regular expression.
    Matches(Regex),
    /// In one of these networks.
    Inside(Vec<Network>),
}

/// Where the numbers of an interval begin to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Base {
    /// At 0; of times at 1970.
    Zero,
    /// At the first packet of the capture.
    Start,
    /// At the midnight (UTC) before it.
    FirstDay,
}

/// Numbers from the first to the last, both in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interval {
    pub base: Base,
    pub low: i64,
    pub high: i64,
}

impl Interval {
    fn meets(self, subject: &Subject<'_>, low: i64, high: i64) -> bool {
        const DAY: i64 = 86_400 * 1_000_000_000;
        let base = match self.base {
            Base::Zero => Some(0),
            Base::Start => subject.start.map(Timestamp::as_nanos),
            Base::FirstDay => {
                let start = subject.start.unwrap_or_else(|| subject.exchange.first().at).as_nanos();
                Some(start.saturating_sub(start.rem_euclid(DAY)))
            }
        };
        base.is_some_and(|base| {
            low.saturating_sub(base) <= self.high && self.low <= high.saturating_sub(base)
        })
    }
}

/// A range of addresses, at any port or at one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    /// IPv4 mapped, as in [`Endpoint`].
    pub address: u128,
    /// One bit for each that counts.
    pub mask: u128,
    pub port: Option<u16>,
}

impl Network {
    fn has(&self, endpoint: Endpoint) -> bool {
        let address = u128::from_be_bytes(endpoint.octets());
        (address ^ self.address) & self.mask == 0
            && self.port.is_none_or(|port| port == endpoint.port())
    }
}

/// Whose fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Request,
    Response,
    Either,
}

impl Which {
    fn of<'s>(self, subject: &Subject<'s>) -> impl Iterator<Item = &'s Message> + use<'s> {
        let request = subject.exchange.request.as_deref().filter(|_| self != Self::Response);
        let response = subject.exchange.response.as_deref().filter(|_| self != Self::Request);
        request.into_iter().chain(response)
    }
}

/// A header field by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub which: Which,
    pub known: FieldName,
    pub name: Box<[u8]>,
}

impl Header {
    /// The fields of this name.
    pub fn fields<'s>(&self, subject: &Subject<'s>) -> impl Iterator<Item = http::Field<'s>> {
        self.which.of(subject).flat_map(|message| message.head.fields()).filter(|field| {
            field.name == self.known
                && (field.name != FieldName::Other
                    || field.name_octets.eq_ignore_ascii_case(&self.name))
        })
    }
}

impl Node {
    /// Whether it holds for this exchange.
    pub fn holds(&self, subject: &Subject<'_>) -> bool {
        match self {
            Self::All(nodes) => nodes.iter().all(|node| node.holds(subject)),
            Self::Any(nodes) => nodes.iter().any(|node| node.holds(subject)),
            Self::Not(node) => !node.holds(subject),
            Self::Field(field, test) => test.field(field, subject),
            Self::Header(header, test) => {
                header.fields(subject).any(|field| test.text(field.value))
            }
            Self::Lines(which, regex) => which.of(subject).any(|message| {
                let head = message.head.octets();
                let start = memchr::memchr(b'\n', head).map_or(head.len(), |at| at + 1);
                regex.is_match(head.get(start..).unwrap_or_default())
            }),
        }
    }

    /// The same while further findings and causes of the exchange may come: `None` where it depends
    /// on them. More of them can only make a comparison with them true, never false again.
    pub fn holds_by_now(&self, subject: &Subject<'_>) -> Option<bool> {
        match self {
            Self::All(nodes) => decided(nodes, subject, false),
            Self::Any(nodes) => decided(nodes, subject, true),
            Self::Not(node) => node.holds_by_now(subject).map(|holds| !holds),
            Self::Field(field, test) if field.of_rules() || field.of_diagnosis() => {
                test.field(field, subject).then_some(true)
            }
            node => Some(node.holds(subject)),
        }
    }

    /// Whether a field of it is such a one.
    pub fn any_field(&self, such: &dyn Fn(&Field) -> bool) -> bool {
        match self {
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().any(|node| node.any_field(such)),
            Self::Not(node) => node.any_field(such),
            Self::Field(field, _) => such(field),
            Self::Header(..) | Self::Lines(..) => false,
        }
    }
}

/// The answer of several nodes of which one that is `decisive` decides.
fn decided(nodes: &[Node], subject: &Subject<'_>, decisive: bool) -> Option<bool> {
    let mut all_known = true;
    for node in nodes {
        match node.holds_by_now(subject) {
            Some(holds) if holds == decisive => return Some(decisive),
            Some(_) => {}
            None => all_known = false,
        }
    }
    all_known.then_some(!decisive)
}

impl Test {
    fn field(&self, field: &Field, subject: &Subject<'_>) -> bool {
        let number = |number: u64| {
            let number = i64::try_from(number).unwrap_or(i64::MAX);
            self.number(subject, number, number)
        };
        match field.read {
            Read::Flag(read) => read(subject),
            Read::Number(read) => read(subject).is_some_and(number),
            Read::Count(read) => match self {
                Self::Present => read(subject) > 0,
                _ => number(read(subject)),
            },
            Read::Numbers(read) => read(subject, &mut |low, high| {
                let high = i64::try_from(high).unwrap_or(i64::MAX);
                self.number(subject, i64::try_from(low).unwrap_or(i64::MAX), high)
            }),
            Read::Duration(read) => {
                read(subject).is_some_and(|duration| number(duration.as_nanos()))
            }
            Read::Time(read) => {
                let at = read(subject).as_nanos();
                self.number(subject, at, at)
            }
            Read::Text(read) => read(subject).is_some_and(|text| self.text(text)),
            Read::Texts(read) => read(subject, &mut |text| self.text(text)),
            Read::Endpoints(read) => read(subject, &mut |endpoint| self.endpoint(endpoint)),
            Read::Addresses(read) => read(subject, &mut |endpoint| match self {
                Self::Contains(_) | Self::Matches(_) => {
                    self.text(endpoint.address().to_string().as_bytes())
                }
                _ => self.endpoint(endpoint),
            }),
        }
    }

    fn number(&self, subject: &Subject<'_>, low: i64, high: i64) -> bool {
        match self {
            Self::Within(intervals) => {
                intervals.iter().any(|interval| interval.meets(subject, low, high))
            }
            _ => matches!(self, Self::Present),
        }
    }

    fn text(&self, text: &[u8]) -> bool {
        match self {
            Self::Present => true,
            Self::OneOf(texts) => texts.iter().any(|one| **one == *text),
            Self::OneOfFolded(texts) => texts.iter().any(|one| one.eq_ignore_ascii_case(text)),
            Self::Contains(wanted) => contains(text, wanted),
            Self::Matches(regex) => regex.is_match(text),
            Self::Within(_) | Self::Inside(_) => false,
        }
    }

    fn endpoint(&self, endpoint: Endpoint) -> bool {
        match self {
            Self::Present => true,
            Self::Inside(networks) => networks.iter().any(|network| network.has(endpoint)),
            _ => self.text(endpoint.to_string().as_bytes()),
        }
    }
}

/// Whether a text is in another, upper and lower case alike.
fn contains(text: &[u8], wanted: &[u8]) -> bool {
    let Some(first) = wanted.first() else { return true };
    let Some(starts) = text.len().checked_sub(wanted.len()).and_then(|last| text.get(..=last))
    else {
        return false;
    };
    memchr::memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), starts).any(|at| {
        text.get(at..at + wanted.len()).is_some_and(|found| found.eq_ignore_ascii_case(wanted))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_in_another_whatever_its_case() {
        for (text, wanted, found) in [
            ("/api/Checkout", "checkout", true),
            ("/api/checkout", "CHECKOUT", true),
            ("checkou", "checkout", false),
            ("ccheckout", "checkout", true),
            ("", "", true),
            ("a", "", true),
            ("", "a", false),
            ("a[", "a{", false),
        ] {
            assert_eq!(contains(text.as_bytes(), wanted.as_bytes()), found, "{text} {wanted}");
        }
    }
}
