//! A finding: which rule spoke about what, with the packets that show it and the words to say it.
//! Owned and final; the message is put together when somebody reads it.

use std::borrow::Cow;
use std::sync::Arc;

use super::packets::Packets;
use super::rule::{Rule, Severity};
use super::words::{self, Value, Values};
use crate::http::{Exchange, Message};
use crate::status::Language;
use crate::units::Timestamp;
use crate::wire::Endpoint;

/// Which part of an exchange a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The request.
    Request,
    /// The interim response at this place.
    Interim(u16),
    /// The final response.
    Response,
    /// The exchange as a whole.
    Exchange,
    /// The connection.
    Connection,
    /// More than one connection.
    Traffic,
}

impl Subject {
    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Interim(_) => "interim-response",
            Self::Response => "response",
            Self::Exchange => "exchange",
            Self::Connection => "connection",
            Self::Traffic => "traffic",
        }
    }

    /// Whether a finding about `self` may make one about `other` superfluous: it is about the same
    /// or about what contains it.
    pub(super) fn covers(self, other: Self) -> bool {
        self == other || self == Self::Exchange || other == Self::Exchange
    }
}

/// What findings are grouped by, beside the rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Place {
    /// The server.
    pub server: Option<Endpoint>,
    /// The method as shown.
    pub method: Option<Arc<str>>,
    /// The path with its changing parts replaced by `{}`.
    pub path: Option<Arc<str>>,
    /// The final status code.
    pub status: Option<u16>,
}

impl Place {
    /// Whether it is the same by numbers and by where its words are kept. Equal places may be said to
    /// differ.
    pub(super) fn is_the_very(&self, other: &Self) -> bool {
        let same = |one: &Option<Arc<str>>, other: &Option<Arc<str>>| match (one, other) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        };
        self.status == other.status
            && self.server == other.server
            && same(&self.path, &other.path)
            && same(&self.method, &other.method)
    }
}

/// See the module's words.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// Its place in the list of the judge that found it.
    pub(super) judged_by: usize,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about.
    pub subject: Subject,
    /// The number of the exchange.
    pub transaction: Option<u64>,
    /// The connection: the number of its first packet.
    pub connection: Option<u64>,
    /// The packets that show it, ascending.
    pub packets: Packets,
    /// When.
    pub at: Timestamp,
    /// What it is grouped by.
    pub place: Place,
    /// Whether it lies behind a message of the same connection whose framing was ambiguous, so that
    /// it may be a consequence.
    pub after_ambiguous_framing: bool,
    /// What stands in the braces of the message as far as the rule said it, made safe to show …
    pub(super) values: Values,
    /// … and where the rest comes from.
    pub(super) origin: Origin,
}

/// Where the words come from that the rule did not say. Most findings are only counted, so that they are
/// put together when somebody reads them.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// It said all.
    Said,
    /// From an exchange, and the message of it that the finding is about.
    Exchange(Arc<Exchange>, Option<Part>),
}

/// A message of an exchange.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    Request,
    Interim(u16),
    Response,
}

impl Part {
    pub fn of(self, exchange: &Exchange) -> Option<&Message> {
        match self {
            Self::Request => exchange.request.as_deref(),
            Self::Interim(place) => exchange.interim.get(usize::from(place)),
            Self::Response => exchange.response.as_deref(),
        }
    }

    pub const fn subject(self) -> Subject {
        match self {
            Self::Request => Subject::Request,
            Self::Interim(place) => Subject::Interim(place),
            Self::Response => Subject::Response,
        }
    }
}

impl Origin {
    pub fn exchange(exchange: &Arc<Exchange>, message: Option<&Message>) -> Self {
        let part = message.and_then(|message| {
            let is = |own: Option<&Message>| own.is_some_and(|own| std::ptr::eq(own, message));
            match () {
                () if is(exchange.request.as_deref()) => Some(Part::Request),
                () if is(exchange.response.as_deref()) => Some(Part::Response),
                () => {
                    let mut numbered = (0..).zip(&exchange.interim);
                    numbered.find(|(_, own)| is(Some(own))).map(|(place, _)| Part::Interim(place))
                }
            }
        });
        Self::Exchange(Arc::clone(exchange), part)
    }

    fn value(&self, name: &str) -> Option<Value> {
        let Self::Exchange(exchange, part) = self else { return None };
        let message = part.and_then(|part| part.of(exchange));
        words::value(exchange, message, name)
    }
}

impl Finding {
    /// What it says.
    pub fn message(&self, language: Language) -> String {
        let mut text =
            fill(self.rule.message.in_language(language), |name| self.value(name, language));
        if self.after_ambiguous_framing {
            text.push_str(match language {
                Language::English => " (after ambiguous framing)",
                Language::Chinese => "(出现在分帧有歧义的报文之后)",
            });
        }
        text
    }

    /// What a name in braces stands for.
    pub fn value(&self, name: &str, language: Language) -> Option<Cow<'_, str>> {
        if let Some(value) = self.values.get(name) {
            return Some(value.text(language));
        }
        let value = self.origin.value(name)?;
        Some(Cow::Owned(value.text(language).into_owned()))
    }

    /// The same finding, which keeps its exchange no longer: for those that are kept for long.
    pub fn detached(&self) -> Self {
        let mut detached = Self { origin: Origin::Said, ..self.clone() };
        for name in names(self.rule.message.english) {
            if detached.values.get(name).is_none()
                && let Some(value) = self.origin.value(name)
            {
                detached.values.add(name, value);
            }
        }
        detached
    }

    /// A number that is the same for findings which are grouped together, and for few others.
    pub(super) fn near(&self) -> usize {
        let path = self.place.path.as_ref().map_or(0, |path| path.as_ptr() as usize >> 4);
        self.judged_by ^ path ^ usize::from(self.place.status.unwrap_or_default())
    }

    /// Where the demand is made.
    pub const fn source(&self) -> &'static str {
        self.rule.source
    }
}

/// The names in the braces of a template, in order.
fn names(template: &'static str) -> impl Iterator<Item = &'static str> {
    template.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

fn fill<'v>(template: &'static str, value: impl Fn(&str) -> Option<Cow<'v, str>>) -> String {
    let mut text = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('{') {
        text.push_str(before);
        let Some((name, behind)) = behind.split_once('}') else { break };
        text.push_str(&value(name).unwrap_or(Cow::Borrowed("?")));
        rest = behind;
    }
    text.push_str(rest);
    text
}
