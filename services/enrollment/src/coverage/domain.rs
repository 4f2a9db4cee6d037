//! Rules of coverages: pure, no protobuf, no database.

pub mod contributions;
pub mod coverage_changes;
pub mod enrolment;
pub mod entitlement;
pub mod refunds;
pub mod take_back;
pub mod waiting;
