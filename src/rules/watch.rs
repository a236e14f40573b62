//! Rules that remember: exchanges and connections in their order in, findings about many of them
//! out. Time is the capture's. Every watcher bounds what it keeps.

use super::report::{Report, Scene};
use crate::flow::Mark;
use crate::http::{Connection, Stray};

/// The memory of one rule. What it has to say goes to the report.
pub trait Watcher: Send {
    /// An exchange is over.
    fn exchange(&mut self, _scene: &Scene<'_>, _report: &mut Report<'_>) {}

    /// Octets stood where none may.
    fn stray(&mut self, _stray: &Stray, _report: &mut Report<'_>) {}

    /// A connection is over.
    fn connection(&mut self, _connection: &Connection, _report: &mut Report<'_>) {}

    /// Another second of the capture has begun.
    fn tick(&mut self, _now: Mark, _report: &mut Report<'_>) {}

    /// The capture is over.
    fn finish(&mut self, _now: Mark, _report: &mut Report<'_>) {}
}
