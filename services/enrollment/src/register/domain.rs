//! Rules of entitlement on a day: pure, no protobuf, no database.

pub mod decision;
pub mod eligibility;
pub mod kinship;
pub mod reward;
pub mod spans;
