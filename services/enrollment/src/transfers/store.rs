//! Tables of transfers.

pub mod entities;
pub mod moves;
pub mod transfers;
