//! 关系转移接续: opening a transfer, taking its steps, reading it. The rules are [`domain`]'s.

mod advance;
mod api;
pub(crate) mod domain;
mod enrol_mover;
mod finish;
mod messages;
pub(crate) mod parties;
mod read;
mod start;
pub(crate) mod store;

pub use advance::advance_transfer;
pub use enrol_mover::enrol_mover;
pub use read::{get_transfer, list_transfers};
pub use start::start_transfer;
