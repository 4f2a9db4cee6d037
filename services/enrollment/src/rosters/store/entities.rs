//! Rows of those tables.

pub mod roster;
