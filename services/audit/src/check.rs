//! The first and the second line of defence: a visit checked while it goes on, and when it is settled.

mod answer;
mod api;
mod check_visit;
mod domain;
mod store;

pub use api::CheckApi;
pub use store::reasons;
