//! Pure rules of rosters: no protobuf, no database.

pub mod departments;
pub mod roster;
