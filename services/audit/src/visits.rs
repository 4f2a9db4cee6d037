//! Visits as audit knows them.

mod messages;

pub use messages::read;
