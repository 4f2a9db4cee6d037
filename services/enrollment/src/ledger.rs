//! 参保台账: who is insured and who is not, counted.

pub(crate) mod api;
mod get_ledger;
mod list_unenrolled;
mod store;
