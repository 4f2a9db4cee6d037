//! Readers of what is said, and what is made of it.

pub mod entries;
pub mod opening;
pub mod payment;
