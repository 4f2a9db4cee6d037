//! The rules of the register: pure, no I/O, no clock.

pub mod contributions;
pub mod coverage_changes;
pub mod departments;
pub mod enrolment;
pub mod entitlement;
pub mod merge;
pub mod roster;
pub mod transfer;
pub mod waiting;
