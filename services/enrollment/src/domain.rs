//! The rules of the register: pure, no I/O, no clock.

pub mod basic_schemes;
pub mod certificate;
pub mod codes;
pub mod contributions;
pub mod coverage_changes;
pub mod departments;
pub mod eligibility;
pub mod enrolment;
pub mod entitlement;
pub mod entry;
pub mod gaps;
pub mod masking;
pub mod merge;
pub mod period;
pub mod reward;
pub mod roster;
pub mod row_check;
pub mod timeline;
pub mod transfer;
pub mod waiting;
