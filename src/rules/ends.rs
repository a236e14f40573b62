//! Who ended a connection, and when: its facts in, the first close or reset of each side out.

use crate::flow::{Mark, Side};
use crate::http::Connection;

/// When each side closed or reset a connection first.
pub(super) struct Ends {
    pub client: Option<Mark>,
    pub server: Option<Mark>,
}

impl Ends {
    pub fn of(connection: &Connection) -> Self {
        let first = |side: Side| {
            let marks = [connection.fin[side.index()], connection.reset[side.index()]];
            marks.into_iter().flatten().min_by_key(|mark| mark.packet)
        };
        Self { client: first(Side::Client), server: first(Side::Server) }
    }

    /// Whether the client ended the connection, and before the server did.
    pub fn client_first(&self) -> bool {
        self.client
            .is_some_and(|client| self.server.is_none_or(|server| client.packet < server.packet))
    }
}
