//! 待核查清单: settlements that stand and would be paid otherwise as enrollment's register is known now, found by following its feed.

pub mod api;
pub mod domain;
pub mod follow_register;
pub mod messages;
pub mod queries;
pub mod recheck;
pub mod store;
