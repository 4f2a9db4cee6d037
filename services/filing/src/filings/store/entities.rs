//! The tables as sea-orm sees them.

pub mod filing;
pub mod filing_step;
