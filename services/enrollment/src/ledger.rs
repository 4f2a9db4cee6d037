//! 参保台账: who is insured and who is not, counted.

mod api;
mod get_ledger;
mod list_unenrolled;
mod store;

pub use get_ledger::get_ledger;
pub use list_unenrolled::list_unenrolled;
