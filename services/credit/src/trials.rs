//! Schemes on trial: who would stand otherwise, and how far. Nothing is written.

mod api;
mod messages;
mod try_scheme;

pub use api::TrialApi;
