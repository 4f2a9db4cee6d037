//! The first and the second line of defence: a visit checked while it goes on, and when it is settled.

mod api;
mod check_visit;

pub use api::CheckApi;
