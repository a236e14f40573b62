//! Exchanges in their order in; how many final responses each server, each client at a server, each
//! endpoint and each server of a host gave, and when, out. Rules about traffic are called only where
//! something fails, and ask here among how many. An ordinary exchange costs a few additions.

use std::cell::RefCell;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Arc;

use hashbrown::DefaultHashBuilder;

use super::asked::Hashes;
use super::lately::Lately;
use super::place::{template, write_template};
use super::remembered::Remembered;
use super::report::path_of;
use super::roster::{Roster, Slot};
use super::shown::shown;
pub(super) use super::tally::Tally;
use super::window::probe::has_front;
use crate::http::{Exchange, Feature, Head};
use crate::limits;
use crate::units::Timestamp;
use crate::wire::Endpoint;

/// One response of a server of so many is a sample.
const SAMPLED: u64 = 32;

/// Where an exchange belongs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub server: Slot,
    /// The client's address at this server.
    pub pair: Slot,
    /// The endpoint; none where there is no request, or it was refused and nothing there was answered yet.
    pub endpoint: Option<Slot>,
    /// A hash of the method and the path template of a request that was refused and has no endpoint.
    pub refused: Option<u64>,
    /// The server for this host; none where there is no Host.
    pub host: Option<Slot>,
    /// The time that its response counts at: never earlier than that of one before it.
    pub at: Timestamp,
    /// Which response of the server it is, from 1; 0 where it does not count as one.
    pub nth: u64,
    /// How many octets at the front of its target are path, and whether [`has_front`] holds of the
    /// path, where that is known.
    pub fronts: Option<(usize, bool)>,
    /// Whether the server failed in it.
    pub failed: bool,
    /// Whether the server has failed lately.
    pub troubled: bool,
    /// Whether it did so, or refused for now, where the same may have been asked for.
    pub in_vain: bool,
}

impl Standing {
    /// Whether the server has failed lately and this is one of a few of its responses.
    pub const fn is_sampled(&self) -> bool {
        self.troubled && self.nth > 0 && self.nth.is_multiple_of(SAMPLED)
    }
}

/// What stays the same on a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parties {
    server: Slot,
    pair: Slot,
    /// Hash of the last Host, and its slot.
    host: Option<(u64, Slot)>,
}

/// A method and a path template, safe to show.
type Names = (Arc<str>, Arc<str>);

/// The names of what a request asks for.
pub(super) fn names(request: &Head) -> Names {
    (shown(request.method_octets()).into(), template(path_of(request)).into())
}

/// An endpoint's names, and how many responses came from there.
#[derive(Debug, Default)]
struct Counted {
    names: Option<Names>,
    count: u64,
    /// Whether the server failed there, or refused for now.
    in_vain: bool,
}

/// What a method and a path ask for.
#[derive(Debug, Clone, Copy)]
enum Known {
    /// An endpoint, and whether [`has_front`] holds of the path.
    Endpoint(Slot, bool),
    /// What was refused, and was no endpoint then: a hash of the method and the path template.
    Refused(u64),
}

/// How many of those that were refused have their names kept.
const REFUSED: usize = 256;

/// A method and a path template at a server.
type EndpointKey = (Slot, u64);
/// A host and one of its servers.
type HostKey = (u64, Slot);

/// See the module's words.
pub struct Traffic {
    servers: Roster<Endpoint, Tally>,
    pairs: Roster<([u8; 16], Endpoint), Tally>,
    endpoints: Roster<EndpointKey, Counted>,
    /// Whether a server failed, or refused for now, where no endpoint is known.
    in_vain_elsewhere: bool,
    /// What paths seen lately ask for.
    lately: Lately<Known>,
    template: Vec<u8>,
    /// The names of what findings are about that was refused and is no endpoint.
    refused: RefCell<Remembered<Option<Names>, REFUSED>>,
    hosts: Roster<HostKey, u64>,
    hasher: DefaultHashBuilder,
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            servers: Roster::new(limits::WATCHED_SERVERS),
            pairs: Roster::new(limits::WATCHED_PAIRS),
            endpoints: Roster::new(limits::WATCHED_ENDPOINTS),
            in_vain_elsewhere: false,
            lately: Lately::default(),
            template: Vec::new(),
            refused: RefCell::default(),
            hosts: Roster::new(limits::WATCHED_HOSTS),
            hasher: DefaultHashBuilder::default(),
        }
    }
}

/// Whether a status is a failure of the server: 5xx, or none of the five classes (RFC 9110
/// section 15).
pub(super) const fn failing(status: u16) -> bool {
    status >= 500 || status < 100
}

impl Traffic {
    /// Counts an exchange. `known` is what is known of its connection.
    pub(super) fn note(
        &mut self,
        exchange: &Exchange,
        hashes: Option<&Hashes>,
        known: &mut Option<Parties>,
    ) -> Standing {
        let parties = match known {
            Some(parties) if self.keeps(*parties) => *parties,
            _ => Parties {
                server: self.servers.place(exchange.server),
                pair: self.pairs.place((exchange.client.octets(), exchange.server)),
                host: None,
            },
        };
        let mut standing = Standing {
            server: parties.server,
            pair: parties.pair,
            endpoint: None,
            refused: None,
            host: None,
            at: exchange.completed.at,
            nth: 0,
            fronts: None,
            failed: false,
            troubled: false,
            in_vain: false,
        };
        let known = known.insert(parties);
        let request = exchange.request.as_deref().zip(hashes);
        let tally = self.servers.of(parties.server);
        let Some(((request, hashes), response)) = request.zip(exchange.response.as_deref()) else {
            tally.fail();
            self.in_vain_elsewhere = true;
            (standing.failed, standing.troubled, standing.in_vain) = (true, true, true);
            return standing;
        };
        if exchange.circumstances.one_sided {
            return standing;
        }
        standing.at = tally.note(response.first.at);
        standing.nth = tally.seen;
        let status = response.head.status();
        standing.failed = status.is_none_or(failing);
        if standing.failed {
            tally.fail();
        }
        standing.troubled = tally.troubled();
        self.pairs.of(parties.pair).note_coarsely(standing.at);

        let in_vain = standing.failed || matches!(status, Some(408 | 425 | 429));
        // What a scanner asks for in vain is no endpoint.
        let refused = status.is_some_and(|status| (400..500).contains(&status));
        match self.endpoint(parties.server, &request.head, hashes, !refused) {
            Ok((slot, fronts)) => {
                (standing.endpoint, standing.fronts) = (Some(slot), Some(fronts));
                let counted = self.endpoints.of(slot);
                counted.count += 1;
                counted.in_vain |= in_vain;
                standing.in_vain = counted.in_vain;
            }
            Err(template) => {
                self.in_vain_elsewhere |= in_vain;
                (standing.refused, standing.in_vain) = (Some(template), true);
            }
        }
        standing.in_vain = standing.troubled && (standing.in_vain || self.in_vain_elsewhere);
        if let Some(hash) = hashes.host {
            let slot = match known.host {
                Some((same, slot)) if same == hash && self.hosts.keeps(slot) => slot,
                _ => self.hosts.place((hash, parties.server)),
            };
            known.host = Some((hash, slot));
            standing.host = Some(slot);
            *self.hosts.of(slot) += 1;
        }
        standing
    }

    fn keeps(&mut self, parties: Parties) -> bool {
        // Both, since being asked counts as being seen.
        let (server, pair) = (self.servers.keeps(parties.server), self.pairs.keeps(parties.pair));
        server && pair
    }

    /// The endpoint of a request, and what its path shows; a hash of the method and the path template where
    /// there is none.
    fn endpoint(
        &mut self,
        server: Slot,
        request: &Head,
        hashes: &Hashes,
        new: bool,
    ) -> Result<(Slot, (usize, bool)), u64> {
        let (method, target) = (request.method_octets(), request.target());
        // A target of another form does not begin with its path.
        let end = if request.features().has(Feature::OtherForm) { 0 } else { hashes.path_len };
        let hash = hashes.endpoint.wrapping_add(server.number());
        let template = match self.lately.get(hash) {
            Some(Known::Endpoint(slot, front)) if self.endpoints.keeps(slot) => {
                return Ok((slot, (end, front)));
            }
            Some(Known::Refused(template)) => template,
            _ => {
                self.template.clear();
                write_template(target, &mut self.template);
                let mut hasher = self.hasher.build_hasher();
                hasher.write(method);
                hasher.write(&self.template);
                hasher.finish()
            }
        };
        let known = match new {
            true => Some(self.endpoints.place((server, template))),
            false => self.endpoints.find(&(server, template)),
        };
        let Some(slot) = known else {
            self.lately.keep(hash, Known::Refused(template));
            return Err(template);
        };
        self.endpoints.of(slot).names.get_or_insert_with(|| names(request));
        let front = has_front(path_of(request));
        self.lately.keep(hash, Known::Endpoint(slot, front));
        Ok((slot, (end, front)))
    }

    /// The responses of a server.
    pub(super) fn server(&self, slot: Slot) -> Option<&Tally> {
        self.servers.get(slot)
    }

    /// The responses of a server to one client.
    pub(super) fn pair(&self, slot: Slot) -> Option<&Tally> {
        self.pairs.get(slot)
    }

    /// The server of an endpoint, and how many responses came from there.
    pub(super) fn endpoint_count(&self, slot: Slot) -> Option<(Slot, u64)> {
        let (server, _) = self.endpoints.key(slot)?;
        Some((*server, self.endpoints.get(slot)?.count))
    }

    /// How many endpoints of a server there are.
    pub(super) fn endpoints_of(&self, server: Slot) -> usize {
        self.endpoints.iter().filter(|(_, (of, _), _)| *of == server).count()
    }

    /// Method and path template of what was asked for in an exchange, safe to show.
    pub(super) fn names(&self, standing: &Standing, request: &Head) -> Names {
        let known = standing.endpoint.and_then(|slot| self.endpoint_names(slot));
        known.unwrap_or_else(|| match standing.refused {
            Some(template) => {
                let mut refused = self.refused.borrow_mut();
                refused.of(template).get_or_insert_with(|| names(request)).clone()
            }
            None => names(request),
        })
    }

    /// Method and path template of an endpoint, safe to show.
    pub(super) fn endpoint_names(&self, slot: Slot) -> Option<Names> {
        self.endpoints.get(slot)?.names.clone()
    }

    /// Every server of a host, with the number of its responses for it; `of` is one of them.
    pub(super) fn host_counts(&self, of: Slot) -> Vec<(Slot, u64)> {
        let Some((host, _)) = self.hosts.key(of) else { return Vec::new() };
        let all = self.hosts.iter().filter(|(_, (other, _), _)| other == host);
        all.map(|(slot, _, count)| (slot, *count)).collect()
    }

    /// Whether one of two servers of a host asks the other: a proxy is no equal of what stands behind it.
    pub(super) fn is_proxy_between(&self, one: Slot, other: Slot) -> bool {
        let server = |slot| self.hosts.key(slot).and_then(|(_, server)| self.servers.key(*server));
        let Some((one, other)) = server(one).zip(server(other)) else { return false };
        // On one machine all have the same address, which tells nothing.
        let asks = |one: &Endpoint, other: &Endpoint| self.pairs.knows(&(one.octets(), *other));
        one.octets() != other.octets() && (asks(one, other) || asks(other, one))
    }

    /// How many servers and others had to be forgotten.
    pub(super) const fn forgotten(&self) -> u64 {
        self.servers.replaced + self.pairs.replaced + self.endpoints.replaced + self.hosts.replaced
    }
}
