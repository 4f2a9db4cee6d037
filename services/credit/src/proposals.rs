//! 待记分: audit's decisions followed; what practitioners may get points for waits here until the agency decides on it.

mod api;
mod domain;
mod follow;
mod list;
mod settle;
mod store;

pub use api::ProposalApi;
pub use follow::FollowDecisions;
pub use list::waiting;
pub use settle::{Named, decided, undecided};
