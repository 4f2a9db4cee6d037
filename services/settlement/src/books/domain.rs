//! What is booked, and how it balances.

pub mod ledger;
