//! 参保人信用: conduct that agencies enter and persons object to, defaults by settlement's feed, and what of both follows for paying later.

mod advance;
mod api;
mod domain;
mod follow;
mod list;
mod messages;
mod persons;
mod record;
mod terms;

pub use api::PersonCreditApi;
pub use follow::FollowDeferrals;
