//! Looks at another's data: the log of them, each chained to the one before, and the grants that allow them.

pub(crate) mod domain;
pub(crate) mod log;
pub(crate) mod store;
