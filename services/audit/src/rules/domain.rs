//! Rules over visits. Pure: no database, no messages, no clock.

mod visit;

pub use visit::{Diagnosis, Line, Operation, Sex, Stage, Visit};
