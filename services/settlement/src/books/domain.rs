//! What is booked, and how it balances; what is paid for once.

pub mod claims;
pub mod deferral;
pub mod ledger;
pub mod recovery;
pub mod trace_codes;
pub mod withheld;
