//! What connections carried, by protocol and server port: a bounded table.

use crate::http::{Connection, Protocol};
use crate::limits;

/// Connections of one protocol to one port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortCount {
    /// The protocol.
    pub protocol: Protocol,
    /// The port of the server.
    pub port: u16,
    /// How many.
    pub connections: u64,
}

/// See the module's words.
#[derive(Debug, Clone, Default)]
pub struct Protocols {
    /// Connections by protocol.
    totals: Vec<(Protocol, u64)>,
    /// Sorted by protocol and port.
    ports: Vec<PortCount>,
    /// Connections on which no octet was sent.
    pub empty: u64,
}

impl Protocols {
    pub(super) fn add(&mut self, connection: &Connection) {
        let Some(protocol) = connection.protocol else {
            self.empty += 1;
            return;
        };
        // There are as many as `Protocol` has variants.
        match self.totals.iter_mut().find(|(known, _)| *known == protocol) {
            Some((_, count)) => *count += 1,
            None => self.totals.push((protocol, 1)),
        }
        let port = connection.server.port();
        match self.ports.binary_search_by_key(&(protocol, port), |one| (one.protocol, one.port)) {
            Ok(place) => {
                if let Some(count) = self.ports.get_mut(place) {
                    count.connections += 1;
                }
            }
            Err(place) if self.ports.len() < limits::PROTOCOL_PORTS => {
                self.ports.insert(place, PortCount { protocol, port, connections: 1 });
            }
            Err(_) => {}
        }
    }

    /// Connections of one protocol.
    pub fn count(&self, protocol: Protocol) -> u64 {
        self.totals.iter().find(|(known, _)| *known == protocol).map_or(0, |(_, count)| *count)
    }

    /// The ports of one protocol, the most used first, as far as they fitted the table.
    pub fn ports(&self, protocol: Protocol) -> Vec<PortCount> {
        let of = self.ports.iter().filter(|one| one.protocol == protocol);
        let mut ports: Vec<_> = of.copied().collect();
        ports.sort_by_key(|one| (std::cmp::Reverse(one.connections), one.port));
        ports
    }
}
