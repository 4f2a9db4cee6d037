//! How a visit away from home counts, and what settlement applies.

pub mod domain;
mod find_filing;
mod messages;

pub use find_filing::{batch_find_filing, find_filing};
