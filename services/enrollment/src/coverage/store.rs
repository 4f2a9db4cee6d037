//! The table of contributions.

pub mod contributions;
pub mod entities;
