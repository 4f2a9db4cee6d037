//! Figures of institutions: what the feeds of settlement and audit come to, by paying area and month. Scorecards are made from them.
//!
//! By the area that paid, not that of the institution: both feeds tell it, so that what was found and what was paid are of the same money, and an
//! agency sees what its own fund paid for.

mod api;
mod decisions;
mod domain;
mod follow;
mod list;
mod store;
mod year;

pub use api::FigureApi;
pub use decisions::hear as hear_decision;
pub use domain::DECISIONS;
pub use follow::FollowSettlements;
pub use year::of_year;
