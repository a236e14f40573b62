//! Snapshots and keys in, screens out: the dashboard on a terminal.
//!
//! ```text
//! Board ─Arc<Snapshot>→ app ←─ input ←─ keys       view → tab/, detail, widget/ → cells → terminal
//! ```
//!
//! It draws from a snapshot that never changes, so that drawing does not hold up reading, at most ten
//! times a second unless somebody presses keys. It reads no capture and opens no file: what it wants
//! from outside is an [`Effect`]. Every captured text passes `export::escape` on its way to the screen.

mod app;
mod ask;
mod copy;
mod detail;
mod input;
mod keys;
mod list;
mod message;
mod open;
mod order;
mod popup;
mod problems;
mod save;
mod segments;
mod tab;
mod terminal;
mod theme;
mod timeline;
mod typing;
mod view;
mod widget;
mod words;

pub use app::{App, Effect, Options};
pub use keys::{HELP, Help};
pub use segments::Wanted;
pub use terminal::{Outside, leave, run};
pub use theme::Theme;
pub use view::draw;
