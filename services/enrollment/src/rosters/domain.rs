//! Rules of rosters: pure, no protobuf, no database.

pub mod departments;
pub mod roster;
