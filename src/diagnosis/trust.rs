//! What the capture cannot carry. A verdict that rests on what is *not* in the capture is only as good
//! as the capture: where packets were lost, what is missing may have been on the wire. Counts the
//! signs of loss and names them; knows no cause.

use super::attempt::Attempt;
use super::cause::closed_early;
use crate::flow::{Ending, Mark};
use crate::http::{Connection, Exchange, Protocol};

/// A capture is poor where one in so many connections lacks something.
const POOR: u64 = 10;

/// Signs that the capture lacks packets, counted as they come.
#[derive(Debug, Default)]
pub(super) struct Trust {
    /// Connections that lack octets …
    holed: u64,
    /// … of which half of the opening is missing …
    torn: u64,
    /// … and of which one side is missing.
    one_sided: u64,
    /// Exchanges whose later packets have earlier times.
    back: u64,
    /// Connections that spoke.
    spoke: u64,
    /// What was over last.
    last: Option<Mark>,
}

impl Trust {
    pub fn exchange(&mut self, exchange: &Exchange) {
        // Exchanges come in the order of the packets that ended them.
        let back = self.last.is_some_and(|last| exchange.completed.at < last.at);
        self.back += u64::from(back || exchange.runs_back());
        self.last = Some(exchange.completed);
    }

    pub fn connection(&mut self, connection: &Connection) {
        let spoke = connection.protocol == Some(Protocol::Http1);
        self.spoke += u64::from(spoke);
        self.holed += u64::from(connection.health.missing != [0; 2]);
        self.one_sided += u64::from(connection.one_sided && spoke);
        self.torn += u64::from(is_torn(connection) && !connection.one_sided);
    }

    /// Whether so much is missing that nothing is sure.
    pub const fn is_poor(&self) -> bool {
        (self.holed + self.torn + self.one_sided) * POOR > self.spoke
    }

    /// Why something that is not in the capture may have been on the wire all the same.
    pub fn of_absence(&self, failing: &Exchange) -> Option<String> {
        if failing.circumstances.midstream && failing.nth == 1 {
            return Some("the capture had just begun".to_owned());
        }
        let Self { holed, torn, one_sided, back, .. } = *self;
        let signs = [
            (holed, "connections without all octets"),
            (torn, "without all of the handshake"),
            (one_sided, "without one direction"),
            (back, "exchanges out of order"),
        ];
        let signs = signs.into_iter().filter(|(count, _)| *count > 0);
        let signs: Vec<String> = signs.map(|(count, what)| format!("{what}: {count}")).collect();
        (!signs.is_empty())
            .then(|| format!("the capture lost packets ({}), perhaps here, too", signs.join(", ")))
    }
}

/// Whether a part of the handshake is missing. A SYN alone is an attempt that nobody took, and one that
/// was refused has no more of it.
fn is_torn(connection: &Connection) -> bool {
    let taken = connection.health.packets[1] > 0 && connection.ending != Ending::Refused;
    connection.handshake.is_torn() && taken
}

/// What the connection of an attempt lacks that a verdict on it may turn on.
pub(super) fn of_attempt(attempt: &Attempt<'_>) -> Option<&'static str> {
    let (lost, one_sided, torn) = match (attempt.exchange, attempt.connection) {
        (Some((_, exchange)), connection) => {
            let now = &exchange.circumstances;
            let later = connection.is_some_and(|connection| connection.health.missing != [0; 2]);
            (now.is_holed() || later, now.one_sided, now.handshake.is_torn())
        }
        (None, Some(connection)) => {
            let torn = is_torn(connection);
            (connection.health.missing != [0; 2], false, torn)
        }
        (None, None) => (false, false, false),
    };
    match () {
        () if one_sided => Some("the capture has one direction of the connection alone"),
        () if lost => Some("the capture lacks octets of the connection"),
        () if torn => Some("the capture lacks a part of the connection's opening"),
        () => None,
    }
}

/// What makes a verdict on this failing exchange less sure.
pub(super) fn of_failing(failing: &Exchange) -> Option<&'static str> {
    let now = &failing.circumstances;
    let ended = now.fin.iter().chain(&now.reset).any(Option::is_some);
    match () {
        () if now.one_sided => Some("the capture has one direction of the client's connection"),
        () if now.missing != [0; 2] => Some("the capture lost octets of the client's connection"),
        () if now.unseen != [false; 2] => {
            Some("the capture lacks packets of the client's connection")
        }
        () if failing.response.is_none() && !ended => {
            Some("how the client's connection ended is not in the capture")
        }
        () => None,
    }
}

/// What makes it less sure that it failed by its upstream: the client closed before the response began, and
/// may have gone.
pub(super) fn of_patience(failing: &Exchange) -> Option<&'static str> {
    closed_early(failing, failing.response.as_deref()?)
        .map(|_| "the client had closed its side before the answer")
}
