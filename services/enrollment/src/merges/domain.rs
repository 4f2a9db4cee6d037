//! x

pub mod merge;
