//! Rows of those tables.

pub mod person_merge;
