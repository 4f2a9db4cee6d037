//! x

pub mod entities;
pub mod merges;
