//! Pieces that several screens are made of. They take texts that are safe already and draw them;
//! they know nothing of exchanges.

mod panel;
mod prompt;
mod spark;
mod table;
mod text;

pub(super) use panel::{panel, scroll_mark};
pub(super) use prompt::Prompt;
pub(super) use spark::{bar, chart, sparkline};
pub(super) use table::{Column, Table};
pub(super) use text::{fit, line, padded, put, right, wrapped};
