//! Exchanges in, their numbers by endpoint, host, client or what else one groups them by out: bounded
//! tables.

use hashbrown::HashMap;

use super::distribution::Distribution;
use super::outcome::Outcome;
use crate::http::{Exchange, FieldName};
use crate::rules::{Hashes, Lately};
use crate::units::Duration;
use crate::{limits, rules};

/// What exchanges are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum By {
    /// Method and path, its changing parts replaced: `GET /orders/{}`.
    Endpoint,
    /// The Host that was asked for.
    Host,
    /// The final status code.
    Status,
    /// The address of the client.
    Client,
    /// The method.
    Method,
    /// The media type of the response.
    Type,
}

impl By {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Endpoint, Self::Host, Self::Status, Self::Client, Self::Method, Self::Type];

    /// The name on the command line and in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Endpoint => "endpoint",
            Self::Host => "host",
            Self::Status => "status",
            Self::Client => "client",
            Self::Method => "method",
            Self::Type => "type",
        }
    }

    /// The name of several.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Endpoint => "endpoints",
            Self::Host => "hosts",
            Self::Status => "statuses",
            Self::Client => "clients",
            Self::Method => "methods",
            Self::Type => "types",
        }
    }

    /// Writes what an exchange is grouped under; false where it has none, as a response without its
    /// request has no endpoint.
    fn key(self, exchange: &Exchange, out: &mut Vec<u8>) -> bool {
        let request = exchange.request.as_deref().map(|request| &request.head);
        let response = exchange.response.as_deref().map(|response| &response.head);
        match self {
            Self::Endpoint => {
                let Some(request) = request else { return false };
                out.extend_from_slice(request.method_octets());
                out.push(b' ');
                rules::write_template(request.target(), out);
            }
            Self::Host => {
                let Some(host) = request.and_then(|head| head.value(FieldName::Host)) else {
                    return false;
                };
                out.extend_from_slice(host);
                out.make_ascii_lowercase();
            }
            Self::Status => {
                let Some(status) = response.and_then(|head| head.status()) else { return false };
                out.extend_from_slice(format!("{status:03}").as_bytes());
            }
            Self::Client => {
                out.extend_from_slice(exchange.client.address().to_string().as_bytes());
            }
            Self::Method => {
                let Some(request) = request else { return false };
                out.extend_from_slice(request.method_octets());
            }
            Self::Type => {
                let Some(value) = response.and_then(|head| head.value(FieldName::ContentType))
                else {
                    return false;
                };
                let end = memchr::memchr(b';', value).unwrap_or(value.len());
                out.extend_from_slice(value.get(..end).unwrap_or_default().trim_ascii());
                out.make_ascii_lowercase();
            }
        }
        out.truncate(limits::GROUP_OCTETS);
        true
    }
}

/// The numbers of one group.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// What it is called: captured octets, neither escaped nor without secrets.
    pub name: Box<[u8]>,
    /// Exchanges.
    pub exchanges: u64,
    /// Of those, failures of any kind.
    pub failed: u64,
    /// Of those, server errors.
    pub server_errors: u64,
    /// Octets of content that its responses carried.
    pub content: u64,
    /// Last octet of the request to the first of the response.
    pub think: Distribution,
}

/// One table.
#[derive(Debug, Clone)]
pub struct Groups {
    /// What it groups by.
    pub by: By,
    index: HashMap<Box<[u8]>, usize>,
    known: Vec<Group>,
    other: Group,
    key: Vec<u8>,
    /// The places of endpoints whose paths were seen lately.
    lately: Lately<usize>,
}

impl Groups {
    /// An empty table.
    pub fn new(by: By) -> Self {
        Self {
            by,
            index: HashMap::new(),
            known: Vec::new(),
            other: Group::default(),
            key: Vec::new(),
            lately: Lately::default(),
        }
    }

    /// All groups in the order of their first appearance.
    pub fn iter(&self) -> impl Iterator<Item = &Group> {
        self.known.iter()
    }

    /// All that did not fit the table, together; without a name.
    pub fn others(&self) -> Option<&Group> {
        (self.other.exchanges > 0).then_some(&self.other)
    }

    pub(super) fn exchange(
        &mut self,
        exchange: &Exchange,
        hashes: Option<&Hashes>,
        outcome: Outcome,
        think: Option<Duration>,
    ) {
        // What tells an endpoint from others before it is worked out. The rest costs nothing to work out.
        let hash = hashes.filter(|_| self.by == By::Endpoint).map(|hashes| hashes.endpoint);
        let place = match hash.and_then(|hash| self.lately.get(hash)) {
            Some(place) => Some(place),
            None => {
                self.key.clear();
                if !self.by.key(exchange, &mut self.key) {
                    return;
                }
                let place = self.place();
                if let Some((hash, place)) = hash.zip(place) {
                    self.lately.keep(hash, place);
                }
                place
            }
        };
        let group = place.and_then(|place| self.known.get_mut(place)).unwrap_or(&mut self.other);
        group.exchanges += 1;
        group.failed += u64::from(outcome.is_failure());
        group.server_errors += u64::from(outcome == Outcome::ServerError);
        let content = exchange.response.as_ref().map_or(0, |response| response.content);
        group.content = group.content.saturating_add(content);
        if let Some(think) = think {
            group.think.record(think);
        }
    }

    /// The place of the group of the key; none where the table is full.
    fn place(&mut self) -> Option<usize> {
        match self.index.get(self.key.as_slice()) {
            Some(place) => Some(*place),
            None if self.known.len() >= limits::GROUPS => None,
            None => {
                let place = self.known.len();
                let name = self.key.as_slice().into();
                self.known.push(Group { name, ..Group::default() });
                self.index.insert(self.key.as_slice().into(), place);
                Some(place)
            }
        }
    }
}
