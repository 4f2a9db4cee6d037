//! One entity per table.

pub mod person_merge;
