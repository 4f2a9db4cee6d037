//! Statements that count.

pub mod ledger;
