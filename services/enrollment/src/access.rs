//! Looks at another's data: the log of them, chained, and the grants that allow them.

pub mod domain;
pub mod log;
pub mod store;
