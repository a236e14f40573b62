//! Rules that remember: exchanges in their order in, findings about many of them out. Time is the capture's. Every watcher bounds what it keeps.

use super::report::{Report, Scene};
use super::traffic::Traffic;
use crate::flow::Mark;
use crate::http::Exchange;
use crate::wire::Endpoint;

/// Why an exchange failed, as far as a rule may point to it.
#[derive(Debug, Clone, Copy)]
pub struct Explained<'e> {
    /// The number of the exchange.
    pub transaction: u64,
    /// The cause, in a few words.
    pub cause: &'e str,
    /// The server to blame or to look at next.
    pub upstream: Option<Endpoint>,
    /// How many requests or connections upstream belong to it.
    pub attempts: usize,
    /// The packets that show it.
    pub packets: &'e [u64],
}

/// The memory of one rule. What it has to say goes to the report.
pub trait Watcher: Send {
    /// An exchange is over.
    fn exchange(&mut self, _scene: &Scene<'_>, _report: &mut Report<'_>) {}

    /// Whether it waits for what its trigger does not name, so that it has to see every exchange: for what it
    /// remembers to be too old, say. While it remembers nothing, it need not; `None` where it never does.
    /// A request for an address that a client was told of has a trigger: [`Trigger::Awaited`].
    ///
    /// [`Trigger::Awaited`]: super::Trigger::Awaited
    fn waits(&self) -> Option<bool> {
        None
    }

    /// Another second of the capture has begun.
    fn tick(&mut self, _now: Mark, _traffic: &Traffic, _report: &mut Report<'_>) {}

    /// The capture is over.
    fn finish(&mut self, _now: Mark, _traffic: &Traffic, _report: &mut Report<'_>) {}

    /// Whether it wants to know why exchanges failed.
    fn asks_why(&self) -> bool {
        false
    }

    /// Why an exchange failed is known.
    fn explained(&mut self, _explained: &Explained<'_>, _report: &mut Report<'_>) {}

    /// Whether a finding about this exchange says nothing that a finding about many will not say; it is
    /// asked for findings of the rules that this one supersedes.
    fn covers(&self, _exchange: &Exchange) -> bool {
        false
    }
}
