//! 参保台账: who is insured, who is not, counted.

pub mod api;
pub mod get_ledger;
pub mod list_unenrolled;
pub mod store;
