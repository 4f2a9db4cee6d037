//! The third line of defence: visits screened behind settlement, what was found, and rules tried on what was settled.

mod api;
mod dismiss;
mod domain;
mod dry_run;
mod follow_register;
mod follow_settlements;
mod heard;
mod list;
pub mod looks;
mod messages;
mod next;
mod people;
mod screen;
mod statistics;
pub mod store;
mod told;

pub use api::FindingApi;
pub use domain::{Origin, State};
pub use follow_register::{FollowRegister, Happened};
pub use follow_settlements::{FollowSettlements, Recovers, Watches};
pub use looks::{check_sees_area, may_see_area};
pub use statistics::{add_up, keep_adding_up};
