//! 合并: several records of one person become one; a merge made by mistake is taken back.

mod api;
mod domain;
mod merge_persons;
mod store;
mod unmerge_persons;

pub use merge_persons::merge_persons;
pub use unmerge_persons::unmerge_persons;
