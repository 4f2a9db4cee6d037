//! One entity per table.

pub mod person_merge;
pub mod transfer;
pub mod transfer_step;
