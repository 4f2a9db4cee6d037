//! Watching over people: whose own share passes a line, and what they may be entitled to; who is insured as nobody should be.

mod advance;
mod api;
mod domain;
mod follow;
mod insured;
mod list;
mod messages;
mod next;
mod own_share;
mod store;

pub use api::PeopleApi;
pub use insured::FollowInsured;
