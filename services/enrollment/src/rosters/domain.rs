//! Rules of rosters: pure, no protobuf, no statements.

pub mod roster;
pub mod steps;
