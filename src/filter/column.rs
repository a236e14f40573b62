//! The name of a field in, its values in an exchange out: what `-e` shows. The names are those that the
//! filter compares, and the values those that it looks at.

use std::net::IpAddr;

use super::evaluate::{Header, Node};
use super::fields::{Field, Read};
use super::kind::Kind;
use super::{Mistake, Subject, grammar};
use crate::http;
use crate::rules::Severity;
use crate::units::{Duration, Timestamp};
use crate::wire::Endpoint;

/// A field that somebody wants to see.
#[derive(Debug, Clone)]
pub struct Column {
    name: Box<str>,
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    Field(&'static Field),
    Header(Header),
}

/// One value of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'v> {
    /// Whether it is so.
    Flag(bool),
    /// A number.
    Number(u64),
    /// Numbers from the first to the last, which differ.
    Range(u64, u64),
    /// A version of HTTP: the number before the point, and behind it.
    Version(u64, u64),
    /// How bad it is.
    Severity(Severity),
    /// A length of time.
    Duration(Duration),
    /// An instant.
    Time(Timestamp),
    /// Address and port.
    Endpoint(Endpoint),
    /// An address.
    Address(IpAddr),
    /// A name of ours.
    Word(&'v [u8]),
    /// A target or a part of one, or a host, as captured.
    Target(&'v [u8]),
    /// The query of a target, as captured.
    Query(&'v [u8]),
    /// Another text, as captured.
    Text(&'v [u8]),
    /// A field of a header, as captured.
    Header(http::Field<'v>),
}

impl Column {
    /// Reads the name of a field, or `header("NAME")`.
    ///
    /// # Errors
    ///
    /// There is no such field.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        let source = match grammar::named(text)? {
            Node::Field(field, _) => Source::Field(field),
            Node::Header(header, _) => Source::Header(header),
            Node::All(_) | Node::Any(_) | Node::Not(_) | Node::Lines(..) => {
                return Err(Mistake {
                    text: text.into(),
                    at: 0,
                    len: text.len(),
                    what: format!("`{text}` is no field"),
                    hint: grammar::ALL_FIELDS.to_owned(),
                });
            }
        };
        Ok(Self { name: text.trim().into(), source })
    }

    /// Its name as it was asked for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it may have several values at a time.
    pub fn is_list(&self) -> bool {
        match &self.source {
            Source::Header(_) => true,
            Source::Field(field) => match field.read {
                Read::Numbers(_) => true,
                Read::Texts(_) => !field.tells_variants(),
                Read::Addresses(_) | Read::Endpoints(_) => field.name == "ip",
                _ => false,
            },
        }
    }

    /// Whether its durations are seconds, as Wireshark has them under this name, and not milliseconds.
    pub fn is_in_seconds(&self) -> bool {
        matches!(&self.source, Source::Field(field) if field.kind == Kind::Duration)
            && self.name.contains('.')
    }

    /// Whether it depends on [`Subject::findings`], and so has to wait for them.
    pub fn asks_for_findings(&self) -> bool {
        matches!(self.source, Source::Field(field) if field.of_rules())
    }

    /// Whether it depends on [`Subject::causes`], and so has to wait for them.
    pub fn asks_for_causes(&self) -> bool {
        matches!(self.source, Source::Field(field) if field.of_diagnosis())
    }

    /// Tells its values; none where there is none.
    pub fn each(&self, subject: &Subject<'_>, see: &mut dyn FnMut(Value<'_>)) {
        match &self.source {
            Source::Field(field) => field.each(subject, see),
            Source::Header(header) => {
                for field in header.fields(subject) {
                    see(Value::Header(field));
                }
            }
        }
    }
}

impl Field {
    /// Whether the texts that it tells are forms of one text, of which the first is the whole of it.
    fn tells_variants(&self) -> bool {
        matches!(self.kind, Kind::Name | Kind::Text)
    }

    fn number<'v>(&self, number: u64) -> Value<'v> {
        match self.kind {
            Kind::Version => Value::Version(number >> 8, number & 0xff),
            Kind::Severity => {
                let place = usize::try_from(number).unwrap_or(usize::MAX);
                Severity::ALL.get(place).map_or(Value::Number(number), |one| Value::Severity(*one))
            }
            _ => Value::Number(number),
        }
    }

    fn text<'v>(&self, text: &'v [u8]) -> Value<'v> {
        match self.name {
            "target" | "path" | "url" | "full_url" | "host" => Value::Target(text),
            "query" => Value::Query(text),
            _ if matches!(self.kind, Kind::Flaw | Kind::Rule | Kind::Cause) => Value::Word(text),
            _ => Value::Text(text),
        }
    }

    fn each(&self, subject: &Subject<'_>, see: &mut dyn FnMut(Value<'_>)) {
        match self.read {
            Read::Flag(read) => see(Value::Flag(read(subject))),
            Read::Number(read) => {
                if let Some(number) = read(subject) {
                    see(self.number(number));
                }
            }
            Read::Count(read) => see(Value::Number(read(subject))),
            Read::Numbers(read) => {
                read(subject, &mut |low, high| {
                    see(if low == high { self.number(low) } else { Value::Range(low, high) });
                    false
                });
            }
            Read::Duration(read) => {
                if let Some(duration) = read(subject) {
                    see(Value::Duration(duration));
                }
            }
            Read::Time(read) => see(Value::Time(read(subject))),
            Read::Text(read) => {
                if let Some(text) = read(subject) {
                    see(self.text(text));
                }
            }
            Read::Texts(read) => {
                let first = self.tells_variants();
                read(subject, &mut |text| {
                    see(self.text(text));
                    first
                });
            }
            Read::Endpoints(read) => {
                read(subject, &mut |endpoint| {
                    see(Value::Endpoint(endpoint));
                    false
                });
            }
            Read::Addresses(read) => {
                read(subject, &mut |endpoint| {
                    see(Value::Address(endpoint.address()));
                    false
                });
            }
        }
    }
}
