//! What becomes of a case. Pure: no database, no clock.

mod case;
mod refusals;
mod steps;
mod table;

pub use case::{Actor, Case, Inside, MAX_ID, gives, is_id};
pub use steps::{Taken, allowed, check_officers, on, take};
pub use table::{Action, CASES, Kind, Role, State};
