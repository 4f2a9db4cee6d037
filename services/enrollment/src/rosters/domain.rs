//! Rules of rosters: pure, no protobuf, no statements.

pub mod departments;
pub mod roster;
pub mod steps;
