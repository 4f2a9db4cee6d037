//! Personal accounts (个人账户), and whose account helps whom (家庭共济).

pub mod api;
pub mod booking;
pub mod cancel;
pub mod contribution;
pub mod deposit;
pub mod domain;
pub mod list;
pub mod relative;
pub mod store;
