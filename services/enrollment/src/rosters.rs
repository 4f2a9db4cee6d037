//! 部门名册: rosters of identities from the departments that produce them.
//!
//! [`load`] is one stream of a department: header ([`open`]), rows ([`stage`]), seal ([`seal`]). Until the seal rows are kept
//! in a table of their own and the register is untouched. Behind it [`applier`] works in the background, a batch of persons at
//! a time, each batch one transaction that also moves the roster's own position: [`apply`] the rows, then [`absence`] what a
//! full roster misses. A crash resumes there; two processes never do the same batch, because each holds the roster's row.

mod absence;
mod api;
mod applier;
mod apply;
mod check;
mod digest;
pub mod domain;
mod housekeeping;
mod load;
mod messages;
mod open;
mod query;
mod seal;
mod stage;
mod store;

pub use applier::Applier;
pub use load::{Rosters, load};
pub use query::{abandon_roster, get_roster, list_roster_rows};
