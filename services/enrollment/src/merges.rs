//! 合并: several records of one person become one.

pub(crate) mod api;
mod domain;
mod merge_persons;
mod store;

pub use merge_persons::merge_persons;
