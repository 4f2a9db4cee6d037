//! 追回: audit's decisions followed, booked and undone; recoveries listed.

mod api;
mod book;
pub mod follow_decisions;
mod list;

pub use book::parts;
