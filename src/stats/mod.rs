//! Exchanges and connections in, numbers out.

use crate::http::{Connection, Exchange, Stray};

/// All numbers of a capture.
#[derive(Debug, Default)]
pub struct Statistics {
    /// Exchanges of any kind.
    pub exchanges: u64,
}

impl Statistics {
    /// Counts an exchange.
    pub fn exchange(&mut self, _exchange: &Exchange) {
        self.exchanges += 1;
    }

    /// Counts octets where none may stand.
    pub fn stray(&mut self, _stray: &Stray) {}

    /// Counts a connection.
    pub fn connection(&mut self, _connection: &Connection) {}
}
