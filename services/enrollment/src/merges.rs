//! 合并: several records of one person become one.

pub mod api;
pub mod domain;
pub mod merge_persons;
pub mod store;
