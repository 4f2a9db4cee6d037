//! Personal accounts (个人账户).

pub mod api;
pub mod deposit;
