//! What becomes of a case. Pure: no database, no clock.

mod case;
mod refusals;
mod steps;
mod table;

pub use case::{Actor, Case, Inside, MAX_ID, is_id};
pub use steps::{Taken, on, take};
pub use table::{Action, CASES, Role, State};
