//! The rules of the register: pure, no I/O, no clock.

pub mod access_chain;
pub mod access_grant;
pub mod certificate;
pub mod codes;
pub mod eligibility;
pub mod entry;
pub mod masking;
pub mod period;
pub mod row_check;
pub mod timeline;
