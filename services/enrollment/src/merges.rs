//! 合并: several records of one person become one.

mod api;
mod domain;
mod merge_persons;
mod store;

pub use merge_persons::merge_persons;
