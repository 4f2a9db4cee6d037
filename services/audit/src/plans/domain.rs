//! Plans and selections: what they are. No database, no clock.

pub mod plan;
pub mod selection;
