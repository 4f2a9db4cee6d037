//! Rows of those tables.

pub mod transfer;
pub mod transfer_step;
