//! Servers in the order of their first appearance, each with its numbers: a bounded table.

use std::fmt;

use hashbrown::HashMap;

use super::distribution::Distribution;
use super::outcome::Outcome;
use crate::flow::{Ending, Side};
use crate::http::Connection;
use crate::limits;
use crate::units::Duration;
use crate::wire::Endpoint;

/// The numbers of one server.
#[derive(Clone, Default)]
pub struct Server {
    /// Its endpoint; `None` for all that did not fit the table together.
    pub endpoint: Option<Endpoint>,
    /// Connections to it, attempts included.
    pub connections: u64,
    /// Attempts that it refused.
    pub refused: u64,
    /// Attempts that nobody answered.
    pub unanswered: u64,
    /// Connections that it reset.
    pub resets: u64,
    /// Connections that its clients reset.
    pub client_resets: u64,
    /// Exchanges with it.
    pub exchanges: u64,
    /// Of those, server errors.
    pub server_errors: u64,
    /// Of those, failures of any kind.
    pub failed: u64,
    /// Last octet of the request to the first of the response.
    think: Distribution,
}

impl Server {
    /// The think time that the given share of its exchanges, 0 to 1, does not exceed.
    pub fn think(&self, share: f64) -> Option<Duration> {
        self.think.quantile(share)
    }

    fn exchange(&mut self, outcome: Outcome, think: Option<Duration>) {
        self.exchanges += 1;
        self.server_errors += u64::from(outcome == Outcome::ServerError);
        self.failed += u64::from(outcome.is_failure());
        if let Some(think) = think {
            self.think.record(think);
        }
    }

    fn connection(&mut self, ending: Ending) {
        self.connections += 1;
        match ending {
            Ending::Refused => self.refused += 1,
            Ending::Unanswered => self.unanswered += 1,
            Ending::Reset(Side::Server) => self.resets += 1,
            Ending::Reset(Side::Client) => self.client_resets += 1,
            _ => {}
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("endpoint", &self.endpoint)
            .field("connections", &self.connections)
            .field("exchanges", &self.exchanges)
            .finish_non_exhaustive()
    }
}

/// See the module's words.
#[derive(Debug, Clone, Default)]
pub struct Servers {
    index: HashMap<Endpoint, usize>,
    known: Vec<Server>,
    /// Where the latest one stands: exchanges of one server come in runs.
    latest: Option<(Endpoint, usize)>,
    other: Server,
}

impl Servers {
    /// All servers, those of one table line first, the rest (if there was one) last.
    pub fn iter(&self) -> impl Iterator<Item = &Server> {
        let rest = (self.other.connections + self.other.exchanges > 0).then_some(&self.other);
        self.known.iter().chain(rest)
    }

    pub(super) fn exchange(&mut self, server: Endpoint, outcome: Outcome, think: Option<Duration>) {
        self.of(server).exchange(outcome, think);
    }

    pub(super) fn connection(&mut self, connection: &Connection) {
        self.of(connection.server).connection(connection.ending);
    }

    fn of(&mut self, endpoint: Endpoint) -> &mut Server {
        let place = match self.latest {
            Some((latest, place)) if latest == endpoint => place,
            _ => match self.index.get(&endpoint) {
                Some(place) => *place,
                None if self.known.len() >= limits::SERVERS => return &mut self.other,
                None => {
                    let place = self.known.len();
                    self.known.push(Server { endpoint: Some(endpoint), ..Server::default() });
                    self.index.insert(endpoint, place);
                    place
                }
            },
        };
        self.latest = Some((endpoint, place));
        self.known.get_mut(place).unwrap_or(&mut self.other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_bounded_and_the_rest_is_counted_together() {
        let mut servers = Servers::default();
        for number in 0..5_000_u16 {
            let [high, low] = number.to_be_bytes();
            let endpoint = Endpoint::v4([10, 0, high, low], 80);
            servers.exchange(endpoint, Outcome::ServerError, Some(Duration::from_millis(20)));
        }
        assert_eq!(servers.iter().count(), limits::SERVERS + 1);
        assert_eq!(servers.iter().map(|server| server.exchanges).sum::<u64>(), 5_000);
        let rest = servers.iter().last().unwrap();
        assert_eq!((rest.endpoint, rest.server_errors), (None, 5_000 - limits::SERVERS as u64));
        let think = rest.think(0.5).unwrap().as_nanos();
        assert!(think.abs_diff(20_000_000) <= 200_000, "{think}");
    }
}
