//! Rows of those tables.

pub mod access_grant;
pub mod access_log;
