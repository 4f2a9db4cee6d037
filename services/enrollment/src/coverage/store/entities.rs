//! Rows of those tables.

pub mod contribution;
