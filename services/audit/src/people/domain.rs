//! Whose own share passes a line, and the steps of an item. Pure: no database, no clock.

mod share;
mod table;

pub use share::{Month, Passed, passed};
pub use table::{Action, ITEMS, Kind, Need, Role, State, is_open};
